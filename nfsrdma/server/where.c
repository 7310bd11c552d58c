// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Which file system a call is about, without asking any: calls of one that does not answer wait behind each other, not before
 * those of others (workers.c).  Only a guess is needed: what is decoded here is decoded again by the procedure.
 */
#include "nfsrdma/engine/nfs3.h"
#include "nfsrdma/engine/nfs4.h"
#include "nfsrdma/server/export.h"
#include "nfsrdma/server/nfs4_pseudo.h"
#include "nfsrdma/server/server.h"
#include "nfsrdma/server/vfs.h"

#define OPS_MAX		 16		/* of a COMPOUND that are looked at */
#define SEQUENCE_BYTES	 32		/* of its arguments, RFC 8881 18.46 */
#define TAG_MAX		 1024

/* FNV-1a: of the names that lead from the root to an export, which is not entered yet. */
static u64 add(u64 where, const void *data, u32 len)
{
	const u8 *p = data;

	for (u32 i = 0; i < len; i++)
		where = (where ^ p[i]) * 0x100000001b3ull;
	return where;
}

/* *inside: of an export; else names may lead on from it. */
static u64 of_fh(struct xdr_in *in, bool *inside)
{
	u32 len;
	const u8 *fh = xdr_in_opaque(in, NFS_FH_BYTES_MAX, &len);
	u64 fsid;

	*inside = fh && nfs_fh_fsid(fh, len, &fsid);
	if (*inside)
		return add(2, &fsid, sizeof(fsid));
	return fh ? add(1, fh, len) : 0;
}

static u64 of_compound(struct xdr_in *in)
{
	bool inside = false;
	u64 where = 0;
	u32 len, n;

	xdr_in_opaque(in, TAG_MAX, &len);
	xdr_in_u32(in);			/* minor version */
	n = min_t(u32, xdr_in_u32(in), OPS_MAX);
	for (u32 i = 0; i < n && !inside && xdr_in_ok(in); i++) {
		const u8 *name;

		switch (xdr_in_u32(in)) {
		case NFS4_OP_SEQUENCE:
			xdr_in_fixed(in, SEQUENCE_BYTES);
			break;
		case NFS4_OP_PUTFH:
			where = of_fh(in, &inside);
			break;
		case NFS4_OP_PUTROOTFH:
		case NFS4_OP_PUTPUBFH:
			where = 1;
			break;
		case NFS4_OP_LOOKUP:
			name = xdr_in_opaque(in, NFS_NAME_MAX, &len);
			if (name && where)
				where = add(where, name, len);
			break;
		case NFS4_OP_GETFH:
		case NFS4_OP_SAVEFH:
			break;
		default:
			return where;
		}
	}
	return where;
}

u64 nfs_call_where(const struct nfs_call *call, const struct xdr_in *args)
{
	struct xdr_in in = *args;
	const u8 *path;
	bool inside;
	u32 len;

	if (call->rpc.proc == 0)
		return 0;
	if (call->rpc.prog == NFS_PROGRAM)
		return call->rpc.vers == NFS3_VERSION ? of_fh(&in, &inside) : of_compound(&in);
	if (call->rpc.prog != MOUNT_PROGRAM || call->rpc.proc != MOUNT3_MNT)
		return 0;
	path = xdr_in_opaque(&in, NFS_PATH_MAX, &len);
	return path ? add(1, path, len) : 0;
}

bool nfs_export_is_where(const struct nfs_export *e, u64 where)
{
	const struct nfs4_pseudo *p = nfs_export_pseudo(e);
	struct nfs_fh up;

	if (where == add(2, &e->fsid, sizeof(e->fsid)) ||
	    where == add(1, e->path, (u32)strlen(e->path)))
		return true;
	if (!p || !p->parent)
		return p && where == 1;
	nfs4_pseudo_fh(p->parent, &up);
	return where == add(add(1, up.data, up.len), p->name, (u32)strlen(p->name));
}
