// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/exports_option.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/nfsd/siphash.h"

#define ANON_ID	    65534
#define UUID_DIGITS 32

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

/* What is the default here, or changes nothing for this server; accepted so that files can be shared with knfsd. */
static const char *const without_effect[] = {
	"wdelay",      "no_wdelay",    "no_subtree_check", "auth_nlm",
	"no_auth_nlm", "secure_locks", "insecure_locks",   "acl",
	"no_acl",      "pnfs",	       "no_pnfs",	   "nordirplus",
};

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

void export_entry_init(struct export_entry *entry)
{
	*entry = (struct export_entry){ .anon_uid = ANON_ID, .anon_gid = ANON_ID };
}

/* ---- ro, rw, squash words and their flavours ------------------------------------------------------------ */

static bool flavoured(const char *word, struct export_words *w)
{
	if (!strcmp(word, "rw"))
		w->rw = true;
	else if (!strcmp(word, "ro"))
		w->rw = false;
	else if (!strcmp(word, "root_squash"))
		w->no_root_squash = false;
	else if (!strcmp(word, "no_root_squash"))
		w->no_root_squash = true;
	else if (!strcmp(word, "all_squash"))
		w->all_squash = true;
	else if (!strcmp(word, "no_all_squash"))
		w->all_squash = false;
	else
		return false;
	return true;
}

static int flavours(const char *word, struct export_entry *entry, char *why, size_t why_len)
{
	static const char *const known[] = {
		"sys", "unix", "none", "null", "krb5", "krb5i", "krb5p"
	};
	char copy[EXPORT_TEXT_MAX], *save, *flavour;

	entry->sys_now = false;
	snprintf(copy, sizeof(copy), "%s", strchr(word, '=') + 1);
	flavour = strtok_r(copy, ":", &save);
	if (!flavour)
		return BAD(why, why_len, "%s: expected flavours, such as sec=sys", word);
	for (; flavour; flavour = strtok_r(NULL, ":", &save)) {
		if (!is_one_of(flavour, known, ARRAY_SIZE(known)))
			return BAD(why, why_len, "%s: %s is no flavour", word, flavour);
		entry->sys_now |= !strcmp(flavour, "sys") || !strcmp(flavour, "unix");
	}
	if (entry->sys_now && !entry->has_sys)
		entry->sys = entry->any;
	entry->has_sys |= entry->sys_now;
	entry->has_sec = true;
	snprintf(entry->sec, sizeof(entry->sec), "%s", word);
	return 0;
}

/* ---- options with values ------------------------------------------------------------------------------ */

static bool number(const char *text, u64 max, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return isdigit((unsigned char)*text) && !*end && !errno && *value <= max;
}

/* Decimal, as numbers of users are; -2 is 4294967294.  -1 is nobody's. */
static bool id(const char *text, u32 *value)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end || errno || n < INT32_MIN || n > UINT32_MAX ||
	    (u32)n == NFS_ID_NONE)
		return false;
	*value = (u32)n;
	return true;
}

/* Hexadecimal digits with any punctuation. */
static bool uuid(const char *text, u64 *value)
{
	static const u8 key[16] = "openrdma exports";
	u8 digits[UUID_DIGITS];
	unsigned n = 0;

	for (; *text; text++) {
		if (isxdigit((unsigned char)*text) && n < UUID_DIGITS)
			digits[n++] = (u8)tolower((unsigned char)*text);
		else if (!ispunct((unsigned char)*text))
			return false;
	}
	*value = siphash(key, digits, n);
	*value = *value ? *value : 1;	/* 0 is the root's */
	return n == UUID_DIGITS;
}

/* A number and a UUID may both be given, for old kernels and new ones: the number counts. */
static int fsid(const char *word, struct export_options *options, char *why, size_t why_len)
{
	const char *text = strchr(word, '=') + 1;
	bool is_uuid = uuid(text, &(u64){ 0 });
	u64 value = 0;

	if (is_uuid)
		uuid(text, &value);
	else if (strcmp(text, "root") && !number(text, UINT64_MAX, &value))
		return BAD(why, why_len, "%s: expected a number, root or a UUID", word);
	if (is_uuid && options->has_fsid && !options->fsid_is_uuid)
		return 0;
	options->has_fsid = true;
	options->fsid_is_uuid = is_uuid;
	options->fsid = value;
	return 0;
}

/* Options whose value is text; NULL: none of them. */
static char *text_option(const char *word, struct export_options *options)
{
	const struct {
		const char *name;
		char *value;
	} table[] = {
		{ "pseudo=", options->pseudo },	  { "ceph_user=", options->ceph_user },
		{ "ceph_fs=", options->ceph_fs }, { "ceph_conf=", options->ceph_conf },
		{ "mp=", options->mount_point },  { "mountpoint=", options->mount_point },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strncmp(word, table[i].name, strlen(table[i].name)))
			return table[i].value;
	return NULL;
}

/* Of the transport: that it may do without TLS is all that can be granted here. */
static int transport(const char *word, char *why, size_t why_len)
{
	char copy[EXPORT_TEXT_MAX], *save, *policy;

	snprintf(copy, sizeof(copy), "%s", strchr(word, '=') + 1);
	for (policy = strtok_r(copy, ":", &save); policy; policy = strtok_r(NULL, ":", &save))
		if (!strcmp(policy, "none"))
			return 0;
	return BAD(why, why_len, "%s: only xprtsec=none is served (no TLS)", word);
}

static int valued(const char *word, struct export_entry *entry, struct export_options *options,
		  char *why, size_t why_len)
{
	char *text = text_option(word, options);

	if (text) {
		/* It fits: no longer than what it was cut from. */
		snprintf(text, EXPORT_TEXT_MAX, "%s", strchr(word, '=') + 1);
		options->must_be_mounted |= word[0] == 'm';
		return *text ? 0 : BAD(why, why_len, "%s: expected a value", word);
	}
	if (!strncmp(word, "anonuid=", 8) || !strncmp(word, "anongid=", 8))
		return id(word + 8, word[4] == 'u' ? &entry->anon_uid : &entry->anon_gid)
			       ? 0
			       : BAD(why, why_len, "%s: expected a numeric id, and not -1", word);
	if (!strncmp(word, "fsid=", 5))
		return fsid(word, options, why, why_len);
	if (!strncmp(word, "sec=", 4))
		return flavours(word, entry, why, why_len);
	if (!strncmp(word, "xprtsec=", 8))
		return transport(word, why, why_len);
	return BAD(why, why_len, "%s: unknown option; see openrdma-nfsd(8)", word);
}

/* ---- a word, all of them ------------------------------------------------------------------------------- */

static int option(const char *word, struct export_entry *entry, struct export_options *options,
		  char *why, size_t why_len)
{
	if (flavoured(word, &entry->any)) {
		if (entry->sys_now)
			flavoured(word, &entry->sys);
	} else if (!strcmp(word, "insecure") || !strcmp(word, "secure")) {
		entry->insecure = word[0] == 'i';
	} else if (!strcmp(word, "async") || !strcmp(word, "sync")) {
		entry->async = word[0] == 'a';
	} else if (!strcmp(word, "crossmnt") || !strcmp(word, "nocrossmnt")) {
		options->crossmnt = word[0] == 'c';
	} else if (!strcmp(word, "nohide") || !strcmp(word, "hide")) {
		options->nohide = word[0] == 'n';
	} else if (!strcmp(word, "mp") || !strcmp(word, "mountpoint")) {
		options->must_be_mounted = true;
	} else if (!strcmp(word, "subtree_check")) {
		return BAD(why, why_len,
			   "subtree_check: handles carry a code instead; leave it out");
	} else if (!is_one_of(word, without_effect, ARRAY_SIZE(without_effect))) {
		return valued(word, entry, options, why, why_len);
	}
	return 0;
}

int export_options_parse(char *text, struct export_entry *entry, struct export_options *options,
			 char *why, size_t why_len)
{
	char *save, *word;
	int err = 0;

	for (word = strtok_r(text, ",", &save); word && !err; word = strtok_r(NULL, ",", &save))
		err = option(word, entry, options, why, why_len);
	return err;
}

int export_entry_rule(const struct export_entry *entry, struct nfs_export_rule *rule, char *why,
		      size_t why_len)
{
	const struct export_words *w = entry->has_sec ? &entry->sys : &entry->any;

	if (entry->has_sec && !entry->has_sys)
		return BAD(why, why_len, "%s: only sec=sys is served (no Kerberos)", entry->sec);
	*rule = (struct nfs_export_rule){
		.rw = w->rw,
		.insecure = entry->insecure,
		.squash = w->all_squash	      ? NFS_SQUASH_ALL
			  : w->no_root_squash ? NFS_SQUASH_NONE
					      : NFS_SQUASH_ROOT,
		.anon_uid = entry->anon_uid,
		.anon_gid = entry->anon_gid,
	};
	return 0;
}
