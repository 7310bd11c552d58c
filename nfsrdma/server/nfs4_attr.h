/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Attributes of version 4, from what the file system says to fattr4.  RFC 8881 5, RFC 7862 12.2, RFC 8275, RFC 8276 8.2.
 *
 *   nfs4_fattr.c      the table: what each attribute is and how it is encoded
 *   nfs4_fattr_in.c   fattr4 of SETATTR, CREATE and OPEN into what the file system can set
 *   nfs4_bitmap.c     bitmap4
 *   nfs4_acl.c        acl and dacl out, nfs4_acl_in.c: in
 *
 * To encode: nfs4_attrs_readable() reduces what was asked for, nfs4_attr_src_get() asks the file system for what
 * that needs, nfs4_fattr_encode() writes.  Nothing is allocated.
 *
 * Owners and groups are numbers in decimal, as clients with sec=sys send them (RFC 8881 5.9); names are not known.
 */
#ifndef NFSRDMA_SERVER_NFS4_ATTR_H
#define NFSRDMA_SERVER_NFS4_ATTR_H

#include "nfsrdma/server/nfs4.h"

/* Attributes of one object fit in this. */
#define NFS4_FATTR_BYTES_MAX	8192
#define NFS4_MINOR_MAX		2

struct nfs4_attr_src {
	const struct nfs4_obj *obj;
	u32 minor, lease_s;
	struct nfs_attr attr;
	struct statvfs fs;
	struct nfs_acl acl;
	u64 covered_id;			/* mounted_on_fileid */
	u64 max_bytes;			/* of a file */
	enum nfs4_status error;		/* rdattr_error */
};

/* All that are known at this minor version, those that can only be set among them. */
void nfs4_attrs_supported(u32 minor, struct nfs4_bitmap *all);
/* Those that can be set. */
void nfs4_attrs_settable(u32 minor, struct nfs4_bitmap *all);
/* want := those of them that can be read.  INVAL: one was asked for that can only be set (18.7.3). */
enum nfs4_status nfs4_attrs_readable(u32 minor, struct nfs4_bitmap *want);
/* Whether they are told without a look at the object: what a directory's entry says is enough. */
bool nfs4_attrs_of_entry(const struct nfs4_bitmap *want);

/*
 * Fills src with what `want` (as nfs4_attrs_readable() left it) needs of obj, which must outlive src; takes away
 * from `want` what this object has not.
 */
enum nfs4_status nfs4_attr_src_get(const struct nfs4_compound *c, const struct nfs4_obj *obj,
				   struct nfs4_bitmap *want, struct nfs4_attr_src *src);
/* fattr4: the bitmap and the values. */
void nfs4_fattr_encode(struct xdr_out *out, const struct nfs4_bitmap *want,
		       const struct nfs4_attr_src *src);
void nfs4_fattr_values(struct xdr_out *out, const struct nfs4_bitmap *want,
		       const struct nfs4_attr_src *src);	/* the values alone */

/* ---- ACLs: a mode, or the file's POSIX ACL, as nfsace4.  RFC 8881 6. */

#define NFS4_ACES_MAX	128	/* of an ACL that is set; more: ATTRNOTSUPP */

void nfs4_acl_of_mode(mode_t mode, struct nfs_acl *acl);
/* fattr4_acl: how many, and each. */
void nfs4_acl_encode(struct xdr_out *out, const struct nfs_acl *acl, bool is_dir);
/*
 * fattr4_acl into set->acl_mode; what is not exactly a mode is refused: ATTRNOTSUPP, INVAL, BADOWNER.  All of it is
 * read unless it is malformed (`in` has the error then).
 */
enum nfs4_status nfs4_acl_decode(struct xdr_in *in, struct nfs_set_attr *set);
/* fattr4_dacl: the same behind flags. */
enum nfs4_status nfs4_dacl_decode(struct xdr_in *in, struct nfs_set_attr *set);
/* Whether what was set as ACL, if anything, can be had by an object of this type (S_IFMT). */
enum nfs4_status nfs4_acl_suits(const struct nfs_set_attr *set, mode_t type);

/* A uid or gid in decimal, without zeros before it; (u32)-1 is not one, chown(2) takes it for "as it is". */
bool nfs4_id_parse(const u8 *text, u32 len, u32 *id);
void nfs4_id_encode(struct xdr_out *out, u32 id);

static inline bool nfs4_bitmap_any(const struct nfs4_bitmap *m)
{
	return m->word[0] | m->word[1] | m->word[2];
}

/* As nfs4_bitmap_decode(); whether bits that are in no nfs4_bitmap were set. */
bool nfs4_bitmap_decode_all(struct xdr_in *in, struct nfs4_bitmap *m);

#endif
