// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * acl, dacl into a mode: only those that say exactly what a mode says.  RFC 8881 6.2.1, 6.3.2, 6.4.1.2.
 *
 * There are four kinds of users: who owns the file or not, in its group or not.  For each it is worked out what the
 * ACL gives and what it denies, the first ACE that names a right being the one that counts.  It is a mode if for the
 * owner it makes no difference whether he is in the group, and if rights that a mode has together are given together.
 *
 * What is given beyond a mode (the right to change the ACL for the group, say) is left out: that is stricter, and
 * allowed (6.2.1.3).  What is denied by name and cannot be denied here is refused: ATTRNOTSUPP.
 */
#include "nfsrdma/engine/nfs4_acl.h"
#include "nfsrdma/server/nfs4_attr.h"

#define KINDS		4
#define KIND_GROUP	1u
#define KIND_OWNER	2u

#define W_BITS		(ACE4_WRITE_DATA | ACE4_APPEND_DATA)
#define MODE_BITS	(ACE4_READ_DATA | W_BITS | ACE4_EXECUTE)
/* What users have whatever an ACL says; the directory decides on DELETE. */
#define FIXED_ALL	(ACE4_READ_ATTRIBUTES | ACE4_READ_ACL | ACE4_DELETE)
#define FIXED_OWNER	(ACE4_WRITE_ATTRIBUTES | ACE4_WRITE_ACL | ACE4_WRITE_OWNER)

struct judged {
	u32 allowed[KINDS], denied[KINDS];
};

static bool is(const u8 *who, u32 len, const char *name)
{
	return len == strlen(name) && !memcmp(who, name, len);
}

/* Which users it names: those whose number has one of these bits, or all.  ATTRNOTSUPP: others than a mode knows. */
static enum nfs4_status who_in(struct xdr_in *in, unsigned *kinds, bool *all)
{
	static const char *const beyond[] = { "INTERACTIVE@", "NETWORK@",	"DIALUP@", "BATCH@",
					      "ANONYMOUS@",   "AUTHENTICATED@", "SERVICE@" };
	u32 len, id;
	const u8 *who = xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &len);

	*kinds = 0;
	*all = false;
	if (is(who, len, "OWNER@")) {
		*kinds = KIND_OWNER;
		return NFS4_OK;
	}
	if (is(who, len, "GROUP@")) {
		*kinds = KIND_GROUP;
		return NFS4_OK;
	}
	if (is(who, len, "EVERYONE@")) {
		*all = true;
		return NFS4_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++)
		if (is(who, len, beyond[i]))
			return NFS4ERR_ATTRNOTSUPP;
	return nfs4_id_parse(who, len, &id) ? NFS4ERR_ATTRNOTSUPP : NFS4ERR_BADOWNER;
}

static enum nfs4_status ace_in(struct xdr_in *in, struct judged *j)
{
	u32 type = xdr_in_u32(in), flag = xdr_in_u32(in), mask = xdr_in_u32(in);
	unsigned kinds;
	bool all;
	enum nfs4_status who = who_in(in, &kinds, &all);

	if (type > ACE4_SYSTEM_ALARM_ACE_TYPE || flag & ~(u32)ACE4_FLAGS_ALL ||
	    mask & ~(u32)ACE4_MASK_ALL)
		return NFS4ERR_INVAL;
	if (who != NFS4_OK)
		return who;
	/* Nothing is inherited, nothing watched.  6.2.1.4.1: the flag of groups means nothing here. */
	if (type > ACE4_ACCESS_DENIED_ACE_TYPE || flag & ~(u32)ACE4_IDENTIFIER_GROUP)
		return NFS4ERR_ATTRNOTSUPP;
	for (unsigned k = 0; k < KINDS; k++) {
		if (!all && !(k & kinds))
			continue;
		if (type == ACE4_ACCESS_ALLOWED_ACE_TYPE)
			j->allowed[k] |= mask & ~j->denied[k];
		else
			j->denied[k] |= mask & ~j->allowed[k];
	}
	return NFS4_OK;
}

static unsigned perm_of(u32 allowed)
{
	return (allowed & ACE4_READ_DATA ? 4u : 0) | (allowed & ACE4_WRITE_DATA ? 2u : 0) |
	       (allowed & ACE4_EXECUTE ? 1u : 0);
}

static enum nfs4_status judge(const struct judged *j, struct nfs_set_attr *set)
{
	const u32 *a = j->allowed;
	u32 w;

	set->acl_no_dir = false;
	for (unsigned k = 0; k < KINDS; k++) {
		w = a[k] & W_BITS;
		if ((w && w != W_BITS) || j->denied[k] & FIXED_ALL ||
		    (k & KIND_OWNER && j->denied[k] & FIXED_OWNER))
			return NFS4ERR_ATTRNOTSUPP;
		if (!w != !(a[k] & ACE4_DELETE_CHILD))
			set->acl_no_dir = true;
	}
	if ((a[KIND_OWNER] ^ a[KIND_OWNER | KIND_GROUP]) & MODE_BITS)
		return NFS4ERR_ATTRNOTSUPP;
	set->acl_mode = perm_of(a[KIND_OWNER]) << 6 | perm_of(a[KIND_GROUP]) << 3 | perm_of(a[0]);
	return NFS4_OK;
}

enum nfs4_status nfs4_acl_decode(struct xdr_in *in, struct nfs_set_attr *set)
{
	u32 n = xdr_in_u32(in);
	enum nfs4_status status, first = NFS4_OK;
	struct judged j = { 0 };

	/* 6.4.1: the two are not to be set together. */
	if (set->set & NFS_SET_ACL)
		first = NFS4ERR_INVAL;
	else if (n > NFS4_ACES_MAX)
		first = NFS4ERR_ATTRNOTSUPP;
	set->set |= NFS_SET_ACL;
	for (u32 i = 0; i < n && xdr_in_ok(in); i++) {
		status = ace_in(in, &j);
		if (first == NFS4_OK)
			first = status;
	}
	if (!xdr_in_ok(in))
		return NFS4ERR_BADXDR;
	return first == NFS4_OK ? judge(&j, set) : first;
}

enum nfs4_status nfs4_dacl_decode(struct xdr_in *in, struct nfs_set_attr *set)
{
	u32 flags = xdr_in_u32(in);
	enum nfs4_status status = nfs4_acl_decode(in, set);

	if (flags & ~(u32)ACL4_FLAGS_ALL)
		return NFS4ERR_INVAL;
	return flags ? NFS4ERR_ATTRNOTSUPP : status;
}

enum nfs4_status nfs4_acl_suits(const struct nfs_set_attr *set, mode_t type)
{
	if (!(set->set & NFS_SET_ACL))
		return NFS4_OK;
	return type == S_IFLNK || (type == S_IFDIR && set->acl_no_dir) ? NFS4ERR_ATTRNOTSUPP
								       : NFS4_OK;
}
