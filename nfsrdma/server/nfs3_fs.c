// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* FSSTAT, FSINFO, PATHCONF.  RFC 1813 3.3.18 to 3.3.20. */
#include "nfsrdma/server/nfs3.h"

#define LINK_MAX_TOLD	32000
#define MULTIPLE	4096

/* The one argument of all three. */
static bool begin(struct nfs_call *call, struct nfs3_obj *obj, enum nfs3_status *status)
{
	struct nfs3_fh_arg fh;

	nfs3_fh_decode(&call->args, &fh);
	if (!xdr_in_ok(&call->args))
		return false;
	*status = nfs3_obj_get(call, &fh, false, obj);
	return true;
}

static void end(struct nfs_call *call, struct nfs3_obj *obj, enum nfs3_status status)
{
	xdr_out_u32(&call->reply, status);
	nfs3_post_attr(&call->reply, obj);
	nfs3_obj_put(obj);
}

enum nfs_outcome nfs3_fsstat(struct nfs_call *call, bool may_block)
{
	struct xdr_out *out = &call->reply;
	struct statvfs st = { 0 };
	enum nfs3_status status;
	struct nfs3_obj obj;

	if (!begin(call, &obj, &status))
		return NFS_GARBAGE;
	if (status == NFS3_OK)
		status = nfs3_status_of(obj.export->vfs->statfs(obj.node, &st));
	end(call, &obj, status);
	if (status != NFS3_OK)
		return NFS_DONE;
	xdr_out_u64(out, (u64)st.f_blocks * st.f_frsize);
	xdr_out_u64(out, (u64)st.f_bfree * st.f_frsize);
	xdr_out_u64(out, (u64)st.f_bavail * st.f_frsize);
	xdr_out_u64(out, st.f_files);
	xdr_out_u64(out, st.f_ffree);
	xdr_out_u64(out, st.f_favail);
	xdr_out_u32(out, 0);		/* how long these will hold: unknown */
	return NFS_DONE;
}

enum nfs_outcome nfs3_fsinfo(struct nfs_call *call, bool may_block)
{
	struct xdr_out *out = &call->reply;
	enum nfs3_status status;
	u64 max_bytes = INT64_MAX;
	struct nfs3_obj obj;

	if (!begin(call, &obj, &status))
		return NFS_GARBAGE;
	if (status == NFS3_OK && obj.export->vfs->max_bytes)
		max_bytes = obj.export->vfs->max_bytes(obj.node);
	end(call, &obj, status);
	if (status != NFS3_OK)
		return NFS_DONE;
	for (unsigned i = 0; i < 2; i++) {		/* reads, writes: most, best, multiple of */
		xdr_out_u32(out, NFS_DATA_MAX);
		xdr_out_u32(out, NFS_DATA_MAX);
		xdr_out_u32(out, MULTIPLE);
	}
	xdr_out_u32(out, NFS_DATA_MAX);			/* READDIR */
	xdr_out_u64(out, max_bytes);
	xdr_out_u32(out, 0);				/* times are kept to the nanosecond */
	xdr_out_u32(out, 1);
	xdr_out_u32(out,
		    NFS3_FSF_LINK | NFS3_FSF_SYMLINK | NFS3_FSF_HOMOGENEOUS | NFS3_FSF_CANSETTIME);
	return NFS_DONE;
}

enum nfs_outcome nfs3_pathconf(struct nfs_call *call, bool may_block)
{
	struct xdr_out *out = &call->reply;
	enum nfs3_status status;
	struct nfs3_obj obj;

	if (!begin(call, &obj, &status))
		return NFS_GARBAGE;
	end(call, &obj, status);
	if (status != NFS3_OK)
		return NFS_DONE;
	xdr_out_u32(out, LINK_MAX_TOLD);
	xdr_out_u32(out, NFS_NAME_MAX);
	xdr_out_bool(out, true);		/* no_trunc */
	xdr_out_bool(out, true);		/* chown_restricted */
	xdr_out_bool(out, false);		/* case_insensitive */
	xdr_out_bool(out, true);		/* case_preserving */
	return NFS_DONE;
}
