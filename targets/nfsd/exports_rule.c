// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/exports_rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAPPED_BITS  96		/* of ::ffff:192.0.2.1 before the address of IPv4 */
#define WARNING_TEXT 1024

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

void exports_warn(const struct exports_warning *warning, const char *fmt, ...)
{
	char text[WARNING_TEXT];
	va_list args;
	int n;

	if (!warning->fn)
		return;
	n = snprintf(text, sizeof(text), "export %s: ", warning->path);
	if (n < 0 || (size_t)n >= sizeof(text))
		return;
	va_start(args, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
	va_end(args);
	warning->fn(text);
}

/* ---- the order of rules ------------------------------------------------------------------------------- */

static const u8 *address(const struct nfs_export_rule *rule)
{
	return rule->net.ss_family == AF_INET
		       ? (const u8 *)&((const struct sockaddr_in *)&rule->net)->sin_addr
		       : (const u8 *)&((const struct sockaddr_in6 *)&rule->net)->sin6_addr;
}

static bool same_clients(const struct nfs_export_rule *a, const struct nfs_export_rule *b)
{
	unsigned bytes = a->prefix / 8, rest = a->prefix % 8;

	if (a->kind != b->kind || a->net.ss_family != b->net.ss_family || a->prefix != b->prefix)
		return false;
	if (a->kind == NFS_CLIENT_ANY)
		return true;
	return !memcmp(address(a), address(b), bytes) &&
	       (!rest || !((address(a)[bytes] ^ address(b)[bytes]) >> (8 - rest)));
}

bool exports_rule_insert(struct nfs_export_rule **rules, struct nfs_export_rule *rule,
			 const struct exports_warning *warning)
{
	char text[INET6_ADDRSTRLEN] = "*";

	for (; *rules && (*rules)->kind <= rule->kind; rules = &(*rules)->next) {
		if (!same_clients(*rules, rule))
			continue;
		if (rule->kind != NFS_CLIENT_ANY)
			inet_ntop(rule->net.ss_family, address(rule), text, sizeof(text));
		exports_warn(warning, "%s has more than one entry: the first counts", text);
		return false;
	}
	rule->next = *rules;
	*rules = rule;
	return true;
}

static int rule_add(const struct nfs_export_rule *rule, struct nfs_export_rule **rules,
		    const struct exports_warning *warning)
{
	struct nfs_export_rule *r = malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = *rule;
	if (!exports_rule_insert(rules, r, warning))
		free(r);
	return 0;
}

/* ---- hosts ------------------------------------------------------------------------------------------ */

static unsigned bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* 24 or 255.255.255.0 */
static bool prefix_parse(const char *text, int family, unsigned *prefix)
{
	struct in_addr mask;
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && value <= bits_of(family)) {
		*prefix = (unsigned)value;
		return true;
	}
	if (family != AF_INET || inet_pton(AF_INET, text, &mask) != 1)
		return false;
	*prefix = (unsigned)__builtin_popcount(mask.s_addr);
	return ntohl(mask.s_addr) == (*prefix ? ~0u << (32 - *prefix) : 0);
}

static bool numeric(const char *host, struct nfs_export_rule *rule)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&rule->net;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&rule->net;
	char text[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		return true;
	}
	if (len > 2 && len - 2 < sizeof(text) && host[0] == '[' && host[len - 1] == ']') {
		memcpy(text, host + 1, len - 2);
		text[len - 2] = '\0';
		host = text;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return false;
	in6->sin6_family = AF_INET6;
	return true;
}

/* Clients that come by IPv4 are looked for as such. */
static void unmap(struct nfs_export_rule *rule)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const struct in6_addr *addr = &((struct sockaddr_in6 *)&rule->net)->sin6_addr;

	if (rule->net.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(addr) ||
	    rule->prefix < MAPPED_BITS)
		return;
	memcpy(&in.sin_addr, addr->s6_addr + MAPPED_BITS / 8, sizeof(in.sin_addr));
	rule->prefix -= MAPPED_BITS;
	rule->net = (struct sockaddr_storage){ 0 };
	memcpy(&rule->net, &in, sizeof(in));
}

/* A name: each of its addresses. */
static int named(const char *host, struct nfs_export_rule *rule, struct nfs_export_rule **rules,
		 const struct exports_warning *warning)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *a;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err) {
		exports_warn(warning, "host %s: %s: its entry is left out", host,
			     gai_strerror(err));
		return 0;
	}
	rule->kind = NFS_CLIENT_HOST;
	for (a = found; a && !err; a = a->ai_next) {
		memcpy(&rule->net, a->ai_addr, a->ai_addrlen);
		rule->prefix = bits_of(a->ai_family);
		err = rule_add(rule, rules, warning);
	}
	freeaddrinfo(found);
	return err;
}

static int host_parse(char *host, struct nfs_export_rule *rule, struct nfs_export_rule **rules,
		      const struct exports_warning *warning, char *why, size_t why_len)
{
	char *slash;

	rule->kind = NFS_CLIENT_ANY;
	if (!*host || !strcmp(host, "*"))
		return rule_add(rule, rules, warning);
	if (host[0] == '@')
		return BAD(why, why_len, "host %s: netgroups are not served; name networks instead",
			   host);
	slash = strchr(host, '/');
	if (slash)
		*slash++ = '\0';
	if (!numeric(host, rule)) {
		if (strpbrk(host, "*?["))
			return BAD(why, why_len,
				   "host %s: patterns of names are not served; name a network",
				   host);
		if (slash)
			return BAD(why, why_len, "host %s/%s: expected ADDRESS/PREFIX", host,
				   slash);
		return named(host, rule, rules, warning);
	}
	rule->kind = slash ? NFS_CLIENT_NET : NFS_CLIENT_HOST;
	rule->prefix = bits_of(rule->net.ss_family);
	if (slash && !prefix_parse(slash, rule->net.ss_family, &rule->prefix))
		return BAD(why, why_len, "host %s/%s: the prefix is not one", host, slash);
	unmap(rule);
	return rule_add(rule, rules, warning);
}

int exports_rule_parse(const char *text, const struct export_entry *defaults,
		       struct nfs_export_rule **rules, struct export_options *options,
		       const struct exports_warning *warning, char *why, size_t why_len)
{
	struct export_entry entry = *defaults;
	struct nfs_export_rule rule;
	char copy[EXPORT_TEXT_MAX], *open;
	size_t len = strlen(text);
	int err = 0;

	if (len >= sizeof(copy))
		return BAD(why, why_len, "%.40s...: longer than %d characters", text,
			   EXPORT_TEXT_MAX - 1);
	memcpy(copy, text, len + 1);
	entry.sys_now = false;		/* for whom words are begins anew */
	open = strchr(copy, '(');
	if (open) {
		if (copy[len - 1] != ')')
			return BAD(why, why_len, "%s: expected HOST(OPTION,...)", text);
		copy[len - 1] = '\0';
		*open++ = '\0';
		err = export_options_parse(open, &entry, options, why, why_len);
	}
	options->sync |= !entry.async;
	if (!err)
		err = export_entry_rule(&entry, &rule, why, why_len);
	return err ? err : host_parse(copy, &rule, rules, warning, why, why_len);
}
