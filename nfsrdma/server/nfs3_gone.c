// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* REMOVE, RMDIR, RENAME.  RFC 1813 3.3.12 to 3.3.14. */
#include <errno.h>

#include "nfsrdma/server/nfs3.h"

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static enum nfs_outcome remove_name(struct nfs_call *call, bool is_dir)
{
	enum nfs3_status status, name_status;
	char name[NFS_NAME_MAX + 1];
	struct nfs3_fh_arg fh;
	struct nfs3_obj dir;
	int err;

	nfs3_fh_decode(&call->args, &fh);
	name_status = nfs3_name_decode(&call->args, name);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, true, &dir);
	nfs3_obj_before(&dir);
	if (status == NFS3_OK)
		status = name_status;
	if (status == NFS3_OK && is_dots(name))
		status = !strcmp(name, ".") ? NFS3ERR_INVAL : NFS3ERR_EXIST;
	if (status == NFS3_OK) {
		err = is_dir ? dir.export->vfs->rmdir(dir.node, &dir.cred, name)
			     : dir.export->vfs->unlink(dir.node, &dir.cred, name);
		status = nfs3_status_of(err);
	}
	xdr_out_u32(&call->reply, status);
	nfs3_wcc(&call->reply, &dir);
	nfs3_obj_put(&dir);
	return NFS_DONE;
}

enum nfs_outcome nfs3_remove(struct nfs_call *call, bool may_block)
{
	return remove_name(call, false);
}

enum nfs_outcome nfs3_rmdir(struct nfs_call *call, bool may_block)
{
	return remove_name(call, true);
}

enum nfs_outcome nfs3_rename(struct nfs_call *call, bool may_block)
{
	char from_name[NFS_NAME_MAX + 1], to_name[NFS_NAME_MAX + 1];
	enum nfs3_status status, to_status, names[2];
	struct nfs3_fh_arg from_fh, to_fh;
	struct nfs3_obj from, to;

	nfs3_fh_decode(&call->args, &from_fh);
	names[0] = nfs3_name_decode(&call->args, from_name);
	nfs3_fh_decode(&call->args, &to_fh);
	names[1] = nfs3_name_decode(&call->args, to_name);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &from_fh, true, &from);
	to_status = nfs3_obj_get(call, &to_fh, true, &to);
	nfs3_obj_before(&from);
	nfs3_obj_before(&to);
	if (status == NFS3_OK)
		status = to_status;
	for (unsigned i = 0; i < 2 && status == NFS3_OK; i++)
		status = names[i];
	if (status == NFS3_OK && (is_dots(from_name) || is_dots(to_name)))
		status = NFS3ERR_INVAL;
	if (status == NFS3_OK && from.export != to.export)
		status = NFS3ERR_XDEV;
	if (status == NFS3_OK)
		status = nfs3_status_of(from.export->vfs->rename(from.node, from_name, to.node,
								 to_name, &from.cred));
	xdr_out_u32(&call->reply, status);
	nfs3_wcc(&call->reply, &from);
	nfs3_wcc(&call->reply, &to);
	nfs3_obj_put(&from);
	nfs3_obj_put(&to);
	return NFS_DONE;
}
