// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/exports_rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define ANON_ID		65534

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

/* ---- options --------------------------------------------------------------------------------------- */

/* What is the default here, or changes nothing for this server; accepted so that files can be shared with knfsd. */
static const char *const without_effect[] = {
	"wdelay",      "no_wdelay",    "no_subtree_check", "auth_nlm",
	"no_auth_nlm", "secure_locks", "insecure_locks",   "acl",
	"no_acl",      "no_pnfs",      "sec=sys",
};

static bool is_without_effect(const char *word)
{
	for (size_t i = 0; i < sizeof(without_effect) / sizeof(without_effect[0]); i++)
		if (!strcmp(word, without_effect[i]))
			return true;
	return false;
}

static bool number(const char *text, u64 max, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value <= max;
}

/* Options whose value is text; NULL: none of them. */
static char *text_option(const char *word, struct export_options *options)
{
	const struct {
		const char *name;
		char *value;
	} table[] = {
		{ "pseudo=", options->pseudo },
		{ "ceph_user=", options->ceph_user },
		{ "ceph_fs=", options->ceph_fs },
		{ "ceph_conf=", options->ceph_conf },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strncmp(word, table[i].name, strlen(table[i].name)))
			return table[i].value;
	return NULL;
}

static int valued(const char *word, struct nfs_export_rule *rule, struct export_options *options,
		  char *why, size_t why_len)
{
	char *text = text_option(word, options);
	u64 value;

	if (text) {
		/* It fits: no longer than what it was cut from. */
		snprintf(text, EXPORT_TEXT_MAX, "%s", strchr(word, '=') + 1);
		return *text ? 0 : BAD(why, why_len, "%s: expected a value", word);
	}
	if (!strncmp(word, "anonuid=", 8) || !strncmp(word, "anongid=", 8)) {
		if (!number(word + 8, UINT32_MAX - 1, &value))
			return BAD(why, why_len, "%s: expected a numeric id", word);
		if (word[4] == 'u')
			rule->anon_uid = (uid_t)value;
		else
			rule->anon_gid = (gid_t)value;
		return 0;
	}
	if (!strncmp(word, "fsid=", 5)) {
		if (!strcmp(word + 5, "root"))
			value = 0;
		else if (!number(word + 5, UINT64_MAX, &value))
			return BAD(why, why_len, "%s: expected a number or root", word);
		options->has_fsid = true;
		options->fsid = value;
		return 0;
	}
	if (!strncmp(word, "sec=", 4))
		return BAD(why, why_len, "%s: only sec=sys is served (no Kerberos)", word);
	return BAD(why, why_len, "%s: unknown option; see openrdma-nfsd(8)", word);
}

static int option(const char *word, struct nfs_export_rule *rule, struct export_options *options,
		  char *why, size_t why_len)
{
	if (!strcmp(word, "rw"))
		rule->rw = true;
	else if (!strcmp(word, "ro"))
		rule->rw = false;
	else if (!strcmp(word, "insecure"))
		rule->insecure = true;
	else if (!strcmp(word, "secure"))
		rule->insecure = false;
	else if (!strcmp(word, "no_root_squash"))
		rule->squash = NFS_SQUASH_NONE;
	else if (!strcmp(word, "root_squash") || !strcmp(word, "no_all_squash"))
		rule->squash = rule->squash == NFS_SQUASH_NONE ? NFS_SQUASH_NONE : NFS_SQUASH_ROOT;
	else if (!strcmp(word, "all_squash"))
		rule->squash = NFS_SQUASH_ALL;
	else if (!strcmp(word, "crossmnt"))
		options->crossmnt = true;
	else if (!strcmp(word, "nohide") || !strcmp(word, "hide"))
		options->nohide = word[0] == 'n';
	else if (!strcmp(word, "async") || !strcmp(word, "sync"))
		options->async = word[0] == 'a';
	else if (!strcmp(word, "subtree_check"))
		return BAD(why, why_len,
			   "subtree_check: handles carry a code instead; leave it out");
	else if (!is_without_effect(word))
		return valued(word, rule, options, why, why_len);
	return 0;
}

static int options_parse(char *text, struct nfs_export_rule *rule, struct export_options *options,
			 char *why, size_t why_len)
{
	char *save, *word;
	int err = 0;

	for (word = strtok_r(text, ",", &save); word && !err; word = strtok_r(NULL, ",", &save))
		err = option(word, rule, options, why, why_len);
	return err;
}

/* ---- hosts ------------------------------------------------------------------------------------------- */

static unsigned bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* 24 or 255.255.255.0 */
static bool prefix_parse(const char *text, int family, unsigned *prefix)
{
	struct in_addr mask;
	u64 value;

	if (number(text, bits_of(family), &value)) {
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

static int rule_add(const struct nfs_export_rule *rule, struct nfs_export_rule ***tail)
{
	struct nfs_export_rule *r = malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = *rule;
	r->next = NULL;
	**tail = r;
	*tail = &r->next;
	return 0;
}

/* A name: each of its addresses. */
static int named(const char *host, struct nfs_export_rule *rule, struct nfs_export_rule ***tail,
		 char *why, size_t why_len)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *a;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err)
		return BAD(why, why_len, "host %s: %s", host, gai_strerror(err));
	for (a = found; a && !err; a = a->ai_next) {
		memcpy(&rule->net, a->ai_addr, a->ai_addrlen);
		rule->prefix = bits_of(a->ai_family);
		err = rule_add(rule, tail);
	}
	freeaddrinfo(found);
	return err;
}

static int host_parse(char *host, struct nfs_export_rule *rule, struct nfs_export_rule ***tail,
		      char *why, size_t why_len)
{
	char *slash;

	if (!*host || !strcmp(host, "*"))
		return rule_add(rule, tail);
	if (host[0] == '@')
		return BAD(why, why_len, "host %s: netgroups are not served; name networks instead",
			   host);
	if (strpbrk(host, "*?"))
		return BAD(why, why_len,
			   "host %s: patterns of names are not served; name a network", host);
	slash = strchr(host, '/');
	if (slash)
		*slash++ = '\0';
	if (!numeric(host, rule)) {
		if (slash)
			return BAD(why, why_len, "host %s/%s: expected ADDRESS/PREFIX", host,
				   slash);
		return named(host, rule, tail, why, why_len);
	}
	rule->prefix = bits_of(rule->net.ss_family);
	if (slash && !prefix_parse(slash, rule->net.ss_family, &rule->prefix))
		return BAD(why, why_len, "host %s/%s: the prefix is not one", host, slash);
	return rule_add(rule, tail);
}

int exports_rule_parse(const char *text, struct nfs_export_rule ***tail,
		       struct export_options *options, char *why, size_t why_len)
{
	struct nfs_export_rule rule = { .anon_uid = ANON_ID, .anon_gid = ANON_ID };
	char copy[EXPORT_TEXT_MAX], *open;
	size_t len = strlen(text);
	int err;

	if (len >= sizeof(copy))
		return BAD(why, why_len, "%.40s...: longer than %d characters", text,
			   EXPORT_TEXT_MAX - 1);
	memcpy(copy, text, len + 1);
	open = strchr(copy, '(');
	if (open) {
		if (copy[len - 1] != ')')
			return BAD(why, why_len, "%s: expected HOST(OPTION,...)", text);
		copy[len - 1] = '\0';
		*open++ = '\0';
		err = options_parse(open, &rule, options, why, why_len);
		if (err)
			return err;
	}
	return host_parse(copy, &rule, tail, why, why_len);
}
