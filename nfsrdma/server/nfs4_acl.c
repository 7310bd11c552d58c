// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * acl, dacl: what a mode or a POSIX ACL is as nfsace4.  RFC 8881 6.2.1, 6.3.1; draft-ietf-nfsv4-acl-mapping-05 as to
 * named users and groups.
 *
 * POSIX lets the first class that fits decide: the owner has what the owner's bits say, though the group's or the
 * others' may say more.  Here each ACE adds to what others gave, so what a class has less than one behind it is denied
 * before that one comes.  Of groups any that gives is enough: they are denied something only when all have given.
 */
#include "nfsrdma/engine/nfs4_acl.h"
#include "nfsrdma/server/nfs4_attr.h"

#define OF_ALL		(ACE4_READ_ATTRIBUTES | ACE4_READ_ACL | ACE4_SYNCHRONIZE)
#define OF_OWNER	(ACE4_WRITE_ATTRIBUTES | ACE4_WRITE_ACL)
enum { PERM_X = 1, PERM_W = 2, PERM_R = 4, PERM_ALL = 7 };

struct writer {
	struct xdr_out *out;
	bool is_dir;
	u32 n;
};

void nfs4_acl_of_mode(mode_t mode, struct nfs_acl *acl)
{
	*acl = (struct nfs_acl){
		.owner = mode >> 6 & PERM_ALL,
		.group = mode >> 3 & PERM_ALL,
		.other = mode & PERM_ALL,
	};
}

static u32 mask_of(const struct writer *w, unsigned perm)
{
	u32 mask = 0;

	if (perm & PERM_R)
		mask |= ACE4_READ_DATA;
	if (perm & PERM_W)
		mask |= ACE4_WRITE_DATA | ACE4_APPEND_DATA | (w->is_dir ? ACE4_DELETE_CHILD : 0);
	if (perm & PERM_X)
		mask |= ACE4_EXECUTE;
	return mask;
}

static void head(struct writer *w, u32 type, u32 flag, u32 mask)
{
	xdr_out_u32(w->out, type);
	xdr_out_u32(w->out, flag);
	xdr_out_u32(w->out, mask);
	w->n++;
}

static void allow(struct writer *w, const char *who, u32 more, unsigned perm)
{
	head(w, ACE4_ACCESS_ALLOWED_ACE_TYPE, 0, OF_ALL | more | mask_of(w, perm));
	xdr_out_opaque(w->out, who, (u32)strlen(who));
}

static void deny(struct writer *w, const char *who, unsigned perm)
{
	if (!perm)
		return;
	head(w, ACE4_ACCESS_DENIED_ACE_TYPE, 0, mask_of(w, perm));
	xdr_out_opaque(w->out, who, (u32)strlen(who));
}

static void allow_named(struct writer *w, const struct nfs_acl_named *named)
{
	head(w, ACE4_ACCESS_ALLOWED_ACE_TYPE, named->is_group ? ACE4_IDENTIFIER_GROUP : 0,
	     OF_ALL | mask_of(w, named->perm));
	nfs4_id_encode(w->out, named->id);
}

static void deny_named(struct writer *w, const struct nfs_acl_named *named, unsigned perm)
{
	if (!perm)
		return;
	head(w, ACE4_ACCESS_DENIED_ACE_TYPE, named->is_group ? ACE4_IDENTIFIER_GROUP : 0,
	     mask_of(w, perm));
	nfs4_id_encode(w->out, named->id);
}

void nfs4_acl_encode(struct xdr_out *out, const struct nfs_acl *acl, bool is_dir)
{
	struct writer w = { .out = out, .is_dir = is_dir };
	const struct nfs_acl_named *end = acl->named + acl->named_n, *e;
	unsigned users = 0, groups = acl->group;
	u8 *count = xdr_out_reserve(out, 4);

	for (e = acl->named; e < end; e++) {
		if (e->is_group)
			groups |= e->perm;
		else
			users |= e->perm;
	}
	deny(&w, "OWNER@", ~acl->owner & (users | groups | acl->other));
	allow(&w, "OWNER@", OF_OWNER, acl->owner);
	for (e = acl->named; e < end; e++)
		if (!e->is_group) {
			deny_named(&w, e, ~e->perm & (groups | acl->other));
			allow_named(&w, e);
		}
	allow(&w, "GROUP@", 0, acl->group);
	for (e = acl->named; e < end; e++)
		if (e->is_group)
			allow_named(&w, e);
	deny(&w, "GROUP@", ~acl->group & acl->other);
	for (e = acl->named; e < end; e++)
		if (e->is_group)
			deny_named(&w, e, ~e->perm & acl->other);
	allow(&w, "EVERYONE@", 0, acl->other);
	if (xdr_out_ok(out))
		xdr_put_u32(count, w.n);
}
