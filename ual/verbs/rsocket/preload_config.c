/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Which sockets are intercepted: all TCP sockets, or, where /etc/rdma/rsocket/preload_config exists and has a line,
 * those that one matches:
 *
 *   program  domain          type        protocol      each may be *, # begins a comment
 *   iperf3   INET or INET6   STREAM      TCP
 *
 * Environment: RS_SQ_SIZE, RS_RQ_SIZE, RS_INLINE (options of each rsocket), RDMAV_FORK_SAFE (preload_fork.c).
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ual/verbs/rsocket/preload.h"

#define CONFIG_FILE	"/etc/rdma/rsocket/preload_config"
#define RULES_MAX	64

struct rule {
	char program[64];
	int domain, type, protocol;	/* 0: any; -1: a word that means nothing here */
};

static struct rule rules[RULES_MAX];
static unsigned rules_n;
static int sq_size, rq_size, inline_size;
static bool fork_safe;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A word with or without its prefix. */
static int word(const char *w, const char *prefix, const char *name, int value)
{
	size_t len = strlen(prefix);

	if (!strncasecmp(w, prefix, len))
		w += len;
	return strcasecmp(w, name) ? -1 : value;
}

static int domain_of(const char *w)
{
	int family = !strncasecmp(w, "PF_", 3) ? word(w, "PF_", "INET", AF_INET)
					       : word(w, "AF_", "INET", AF_INET);

	if (!strcmp(w, "*"))
		return 0;
	if (family >= 0)
		return family;
	return !strncasecmp(w, "PF_", 3) ? word(w, "PF_", "INET6", AF_INET6)
					 : word(w, "AF_", "INET6", AF_INET6);
}

static void rule_read(const char *line)
{
	char program[64], domain[16], type[16], protocol[16];
	struct rule *rule = &rules[rules_n];

	if (line[0] == '#' || rules_n == RULES_MAX ||
	    sscanf(line, "%63s %15s %15s %15s", program, domain, type, protocol) != 4)
		return;
	strcpy(rule->program, program);
	rule->domain = domain_of(domain);
	rule->type = !strcmp(type, "*") ? 0 : word(type, "SOCK_", "STREAM", SOCK_STREAM);
	rule->protocol = !strcmp(protocol, "*") ? 0
						: word(protocol, "IPPROTO_", "TCP", IPPROTO_TCP);
	rules_n++;
}

static int number(const char *name)
{
	const char *value = getenv(name);

	return value ? atoi(value) : 0;
}

static void load(void)
{
	FILE *file = fopen(CONFIG_FILE, "re");
	char line[256];

	sq_size = number("RS_SQ_SIZE");
	rq_size = number("RS_RQ_SIZE");
	inline_size = number("RS_INLINE");
	fork_safe = number("RDMAV_FORK_SAFE");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		rule_read(line);
	fclose(file);
}

static bool rule_matches(const struct rule *rule, int domain)
{
	if (strcmp(rule->program, "*") &&
	    strncasecmp(rule->program, program_invocation_short_name, strlen(rule->program)))
		return false;
	return (!rule->domain || rule->domain == domain) &&
	       (!rule->type || rule->type == SOCK_STREAM) &&
	       (!rule->protocol || rule->protocol == IPPROTO_TCP);
}

bool preload_wanted(int domain, int type, int protocol)
{
	unsigned i;

	if ((domain != AF_INET && domain != AF_INET6) ||
	    (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM ||
	    (protocol && protocol != IPPROTO_TCP))
		return false;
	pthread_once(&once, load);
	for (i = 0; i < rules_n; i++)
		if (rule_matches(&rules[i], domain))
			return true;
	return !rules_n;
}

bool preload_fork_safe(void)
{
	pthread_once(&once, load);
	return fork_safe;
}

void preload_options_set(int rs)
{
	if (sq_size > 0)
		rsetsockopt(rs, SOL_RDMA, RDMA_SQSIZE, &sq_size, sizeof(sq_size));
	if (rq_size > 0)
		rsetsockopt(rs, SOL_RDMA, RDMA_RQSIZE, &rq_size, sizeof(rq_size));
	if (inline_size > 0)
		rsetsockopt(rs, SOL_RDMA, RDMA_INLINE, &inline_size, sizeof(inline_size));
}
