/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Attributes of version 4, from what the file system says to fattr4.  RFC 8881 5, RFC 7862 12.2, RFC 8275, RFC 8276 8.2.
 *
 *   nfs4_fattr.c      the table: what each attribute is and how it is encoded
 *   nfs4_fattr_in.c   fattr4 of SETATTR, CREATE and OPEN into what the file system can set
 *   nfs4_bitmap.c     bitmap4
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
#define NFS4_FATTR_BYTES_MAX	2048
#define NFS4_MINOR_MAX		2

struct nfs4_attr_src {
	const struct nfs4_obj *obj;
	u32 minor, lease_s;
	struct nfs_attr attr;
	struct statvfs fs;
	u64 covered_id;			/* mounted_on_fileid */
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

static inline bool nfs4_bitmap_any(const struct nfs4_bitmap *m)
{
	return m->word[0] | m->word[1] | m->word[2];
}

/* As nfs4_bitmap_decode(); whether bits that are in no nfs4_bitmap were set. */
bool nfs4_bitmap_decode_all(struct xdr_in *in, struct nfs4_bitmap *m);

#endif
