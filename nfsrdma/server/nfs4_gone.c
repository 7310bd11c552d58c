// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* REMOVE, RENAME.  RFC 8881 18.25, 18.26.  Where another export hangs is left as it is, like a mount. */
#include <errno.h>

#include "nfsrdma/server/nfs4_pseudo.h"

enum nfs4_status nfs4_op_remove(struct nfs4_compound *c)
{
	const struct nfs4_obj *dir = &c->cur;
	char name[NFS_NAME_MAX + 1];
	enum nfs4_status status = nfs4_name_decode(c->in, name);
	struct nfs4_change before;
	int err;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (status != NFS4_OK)
		return status;
	if (nfs4_pseudo_below(c, dir, name))
		return NFS4ERR_FILE_OPEN;
	before = nfs4_change_of(dir);
	err = dir->export->vfs->unlink(dir->node, &dir->cred, name);
	if (err == -EISDIR)
		err = dir->export->vfs->rmdir(dir->node, &dir->cred, name);
	if (err == -ENOTDIR)
		return nfs4_obj_not_dir(dir);
	if (err)
		return nfs4_status_of(err);
	nfs4_change_info(c->out, &before, dir, 1);
	return NFS4_OK;
}

static enum nfs4_status rename_status(int err)
{
	return err == -EISDIR ? NFS4ERR_EXIST : nfs4_status_of(err);	/* 18.26.3 */
}

enum nfs4_status nfs4_op_rename(struct nfs4_compound *c)
{
	char from_name[NFS_NAME_MAX + 1], to_name[NFS_NAME_MAX + 1];
	const struct nfs4_obj *from = &c->saved, *to = &c->cur;
	enum nfs4_status from_status, to_status;
	struct nfs4_change from_before, to_before;
	unsigned own = from->node == to->node ? 2 : 1;
	int err;

	from_status = nfs4_name_decode(c->in, from_name);
	to_status = nfs4_name_decode(c->in, to_name);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (!nfs4_obj_is(from))
		return NFS4ERR_NOFILEHANDLE;
	if (from_status != NFS4_OK || to_status != NFS4_OK)
		return from_status != NFS4_OK ? from_status : to_status;
	if (from->pseudo)
		return NFS4ERR_ROFS;
	if (from->export != to->export)
		return NFS4ERR_XDEV;
	if (nfs4_pseudo_below(c, from, from_name) || nfs4_pseudo_below(c, to, to_name))
		return NFS4ERR_FILE_OPEN;
	from_before = nfs4_change_of(from);
	to_before = nfs4_change_of(to);
	err = to->export->vfs->rename(from->node, from_name, to->node, to_name, &to->cred);
	if (err)
		return rename_status(err);
	nfs4_change_info(c->out, &from_before, from, own);
	nfs4_change_info(c->out, &to_before, to, own);
	return NFS4_OK;
}
