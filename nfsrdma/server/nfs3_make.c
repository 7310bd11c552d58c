// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* CREATE, MKDIR, SYMLINK, MKNOD, LINK.  RFC 1813 3.3.8 to 3.3.11, 3.3.15. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "nfsrdma/server/nfs3.h"

/* Where something is to be made, and under which name. */
struct where {
	struct nfs3_fh_arg fh;
	char name[NFS_NAME_MAX + 1];
	enum nfs3_status name_status;
	struct nfs3_obj dir;
};

static void where_decode(struct xdr_in *in, struct where *where)
{
	nfs3_fh_decode(in, &where->fh);
	where->name_status = nfs3_name_decode(in, where->name);
}

static enum nfs3_status where_get(struct nfs_call *call, struct where *where)
{
	enum nfs3_status status = nfs3_obj_get(call, &where->fh, true, &where->dir);

	nfs3_obj_before(&where->dir);
	if (status == NFS3_OK)
		status = where->name_status;
	if (status == NFS3_OK && (!strcmp(where->name, ".") || !strcmp(where->name, "..")))
		status = NFS3ERR_EXIST;
	return status;
}

/* The common end: handle and attributes of what was made, weak cache consistency of its directory. */
static enum nfs_outcome made(struct nfs_call *call, struct where *where, int err,
			     enum nfs3_status status, struct nfs_node *node)
{
	if (status == NFS3_OK)
		status = nfs3_status_of(err);
	xdr_out_u32(&call->reply, status);
	if (status == NFS3_OK) {
		nfs3_post_new(&call->reply, &where->dir, node);
		where->dir.export->vfs->put(node);
	}
	nfs3_wcc(&call->reply, &where->dir);
	nfs3_obj_put(&where->dir);
	return NFS_DONE;
}

enum nfs_outcome nfs3_create(struct nfs_call *call, bool may_block)
{
	struct nfs_set_attr set = { 0 };
	const u8 *verifier = NULL;
	struct nfs_node *node = NULL;
	enum nfs3_status status;
	struct where where;
	int err = 0;
	u32 how;

	where_decode(&call->args, &where);
	how = xdr_in_u32(&call->args);
	if (how == NFS3_EXCLUSIVE)
		verifier = xdr_in_fixed(&call->args, NFS3_CREATEVERFSIZE);
	else
		nfs3_sattr_decode(&call->args, &set);
	if (!xdr_in_ok(&call->args) || how > NFS3_EXCLUSIVE)
		return NFS_GARBAGE;
	status = where_get(call, &where);
	if (status == NFS3_OK)
		err = where.dir.export->vfs->create(where.dir.node, &where.dir.cred, where.name,
						    how != NFS3_UNCHECKED, verifier, &set, &node);
	return made(call, &where, err, status, node);
}

enum nfs_outcome nfs3_mkdir(struct nfs_call *call, bool may_block)
{
	struct nfs_node *node = NULL;
	struct nfs_set_attr set;
	enum nfs3_status status;
	struct where where;
	int err = 0;

	where_decode(&call->args, &where);
	nfs3_sattr_decode(&call->args, &set);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = where_get(call, &where);
	if (status == NFS3_OK)
		err = where.dir.export->vfs->mkdir(where.dir.node, &where.dir.cred, where.name,
						   &set, &node);
	return made(call, &where, err, status, node);
}

enum nfs_outcome nfs3_symlink(struct nfs_call *call, bool may_block)
{
	char target[NFS_PATH_MAX + 1];
	struct nfs_node *node = NULL;
	struct nfs_set_attr set;
	enum nfs3_status status;
	struct where where;
	const u8 *path;
	int err = 0;
	u32 len;

	where_decode(&call->args, &where);
	nfs3_sattr_decode(&call->args, &set);
	path = nfs_call_data_in(call, NFS_PATH_MAX, &len);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = where_get(call, &where);
	if (status == NFS3_OK && (!len || memchr(path, '\0', len)))
		status = NFS3ERR_INVAL;
	if (status == NFS3_OK) {
		memcpy(target, path, len);
		target[len] = '\0';
		err = where.dir.export->vfs->symlink(where.dir.node, &where.dir.cred, where.name,
						     target, &node);
	}
	return made(call, &where, err, status, node);
}

/* Type and what goes with it; false: not one that can be made so. */
static bool mknod_decode(struct xdr_in *in, struct nfs_set_attr *set, mode_t *type, dev_t *dev)
{
	u32 ftype = xdr_in_u32(in), major_no, minor_no;

	*dev = 0;
	*set = (struct nfs_set_attr){ 0 };
	if (ftype == NF3CHR || ftype == NF3BLK) {
		nfs3_sattr_decode(in, set);
		major_no = xdr_in_u32(in);
		minor_no = xdr_in_u32(in);
		*dev = makedev(major_no, minor_no);
		*type = ftype == NF3CHR ? S_IFCHR : S_IFBLK;
		return true;
	}
	if (ftype == NF3SOCK || ftype == NF3FIFO) {
		nfs3_sattr_decode(in, set);
		*type = ftype == NF3SOCK ? S_IFSOCK : S_IFIFO;
		return true;
	}
	return false;
}

enum nfs_outcome nfs3_mknod(struct nfs_call *call, bool may_block)
{
	struct nfs_node *node = NULL;
	struct nfs_set_attr set;
	enum nfs3_status status;
	struct where where;
	bool type_ok;
	mode_t type = 0;
	int err = 0;
	dev_t dev;

	where_decode(&call->args, &where);
	type_ok = mknod_decode(&call->args, &set, &type, &dev);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = where_get(call, &where);
	if (status == NFS3_OK && !type_ok)
		status = NFS3ERR_BADTYPE;
	if (status == NFS3_OK)
		err = where.dir.export->vfs->mknod(
			where.dir.node, &where.dir.cred, where.name,
			type | (set.set & NFS_SET_MODE ? set.mode : 0600), 0, dev, &node);
	return made(call, &where, err, status, node);
}

enum nfs_outcome nfs3_link(struct nfs_call *call, bool may_block)
{
	enum nfs3_status status, dir_status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj file;
	struct where where;

	nfs3_fh_decode(&call->args, &fh);
	where_decode(&call->args, &where);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, true, &file);
	dir_status = where_get(call, &where);
	if (status == NFS3_OK)
		status = dir_status;
	if (status == NFS3_OK && file.export != where.dir.export)
		status = NFS3ERR_XDEV;
	if (status == NFS3_OK)
		status = nfs3_status_of(where.dir.export->vfs->link(file.node, where.dir.node,
								    where.name, &where.dir.cred));
	xdr_out_u32(&call->reply, status);
	nfs3_post_attr(&call->reply, &file);
	nfs3_wcc(&call->reply, &where.dir);
	nfs3_obj_put(&file);
	nfs3_obj_put(&where.dir);
	return NFS_DONE;
}
