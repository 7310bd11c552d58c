// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* CREATE (of what is not a regular file), LINK.  RFC 8881 18.4, 18.9. */
#include <sys/sysmacros.h>

#include "nfsrdma/server/nfs4_attr.h"

#define MODE_DEFAULT	0600

/* createtype4, and what goes with it. */
struct make {
	u32 type;
	char target[NFS_PATH_MAX + 1];
	dev_t dev;
	struct nfs_set_attr set;
};

static enum nfs4_status type_decode(struct nfs4_compound *c, struct make *make)
{
	u32 len, major_no, minor_no;
	const u8 *path;

	make->type = xdr_in_u32(c->in);
	switch (make->type) {
	case NF4LNK:
		path = nfs_call_data_in(c->call, UINT32_MAX, &len);
		if (!xdr_in_ok(c->in))
			return NFS4ERR_BADXDR;
		if (!len || memchr(path, '\0', len))
			return NFS4ERR_INVAL;
		if (len > NFS_PATH_MAX)
			return NFS4ERR_NAMETOOLONG;
		memcpy(make->target, path, len);
		make->target[len] = '\0';
		return NFS4_OK;
	case NF4BLK:
	case NF4CHR:
		major_no = xdr_in_u32(c->in);
		minor_no = xdr_in_u32(c->in);
		make->dev = makedev(major_no, minor_no);
		return NFS4_OK;
	case NF4DIR:
	case NF4SOCK:
	case NF4FIFO:
		return NFS4_OK;
	default:
		return xdr_in_ok(c->in) ? NFS4ERR_BADTYPE : NFS4ERR_BADXDR;
	}
}

static mode_t type_mode(u32 type)
{
	switch (type) {
	case NF4BLK:
		return S_IFBLK;
	case NF4CHR:
		return S_IFCHR;
	case NF4SOCK:
		return S_IFSOCK;
	default:
		return S_IFIFO;
	}
}

/* The rest of the attributes, for what is made with a mode at most. */
static int set_rest(const struct nfs4_obj *dir, const struct nfs_set_attr *set,
		    struct nfs_node *node)
{
	struct nfs_set_attr rest = *set;
	int err;

	rest.set &= ~(unsigned)NFS_SET_MODE;
	if (!rest.set)
		return 0;
	err = dir->export->vfs->setattr(node, &dir->cred, &rest);
	if (err)
		dir->export->vfs->put(node);
	return err;
}

static int make_node(const struct nfs4_obj *dir, const char *name, const struct make *make,
		     struct nfs_node **node)
{
	const struct nfs_vfs_ops *vfs = dir->export->vfs;
	const struct nfs_set_attr *set = &make->set;
	int err;

	switch (make->type) {
	case NF4DIR:
		return vfs->mkdir(dir->node, &dir->cred, name, set, node);
	case NF4LNK:
		err = vfs->symlink(dir->node, &dir->cred, name, make->target, node);
		break;
	default:
		err = vfs->mknod(dir->node, &dir->cred, name,
				 type_mode(make->type) |
					 (set->set & NFS_SET_MODE ? set->mode : MODE_DEFAULT),
				 set->umask, make->dev, node);
	}
	return err ? err : set_rest(dir, set, *node);
}

static enum nfs4_status create(struct nfs4_compound *c, const char *name, const struct make *make,
			       const struct nfs4_bitmap *given)
{
	struct nfs4_change before = nfs4_change_of(&c->cur);
	enum nfs4_status status;
	struct nfs_node *node;
	struct nfs4_obj obj;
	int err = make_node(&c->cur, name, make, &node);

	if (err == -ENOTDIR)
		return nfs4_obj_not_dir(&c->cur);
	if (err)
		return nfs4_status_of(err);
	status = nfs4_obj_from_node(c, c->cur.export, node, &obj);
	if (status != NFS4_OK)
		return status;
	nfs4_change_info(c->out, &before, &c->cur, 1);
	nfs4_bitmap_encode(c->out, given);
	nfs4_cur_set(c, &obj);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_create(struct nfs4_compound *c)
{
	enum nfs4_status type_status, name_status, attr_status;
	char name[NFS_NAME_MAX + 1];
	struct nfs4_bitmap given;
	struct make make = { 0 };

	type_status = type_decode(c, &make);
	if (type_status == NFS4ERR_BADTYPE)
		return type_status;	/* what follows it is not known either */
	name_status = nfs4_name_decode(c->in, name);
	attr_status = nfs4_fattr_decode(c->in, &make.set, &given);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (type_status != NFS4_OK || name_status != NFS4_OK)
		return type_status != NFS4_OK ? type_status : name_status;
	if (attr_status != NFS4_OK)
		return attr_status;
	if (make.set.set & NFS_SET_SIZE)
		return NFS4ERR_INVAL;
	attr_status = nfs4_acl_suits(&make.set, make.type == NF4DIR   ? S_IFDIR
						: make.type == NF4LNK ? S_IFLNK
								      : S_IFREG);
	if (attr_status != NFS4_OK)
		return attr_status;
	return create(c, name, &make, &given);
}

/* ---- LINK ------------------------------------------------------------------------------------------- */

enum nfs4_status nfs4_op_link(struct nfs4_compound *c)
{
	const struct nfs4_obj *file = &c->saved, *dir = &c->cur;
	char name[NFS_NAME_MAX + 1];
	enum nfs4_status status = nfs4_name_decode(c->in, name);
	struct nfs4_change before;
	int err;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (!nfs4_obj_is(file))
		return NFS4ERR_NOFILEHANDLE;
	if (status != NFS4_OK)
		return status;
	if (file->pseudo)
		return NFS4ERR_ISDIR;
	if (file->export != dir->export)
		return NFS4ERR_XDEV;
	before = nfs4_change_of(dir);
	err = dir->export->vfs->link(file->node, dir->node, name, &dir->cred);
	if (err == -ENOTDIR)
		return nfs4_obj_not_dir(dir);
	if (err)
		return nfs4_status_of(err);
	nfs4_change_info(c->out, &before, dir, 1);
	return NFS4_OK;
}
