// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Extended attributes: those of the namespace "user.", which version 4.2 has.  The kernel asks for others by itself, at
 * each write for security.capability: these are answered here.  With versions that have none it is told so once.
 */
#include "nfsrdma/mount/mnt.h"

static bool are_none(const struct mnt_node *node)
{
	const struct nfs_mount *mnt = node->mnt;

	for (unsigned i = 0; i < mnt->no_xattrs.n; i++)
		if (mnt->no_xattrs.fsid[i] == node->fsid)
			return true;
	return false;
}

/* The server has told, of this file system, for good; of too many one asks each time. */
static void know_none(const struct mnt_node *node)
{
	struct nfs_mount *mnt = node->mnt;

	if (mnt->no_xattrs.n < MNT_FSIDS && !are_none(node))
		mnt->no_xattrs.fsid[mnt->no_xattrs.n++] = node->fsid;
}

/* NULL: it was answered.  name NULL: of all names. */
static struct mnt_op *begin(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct nfs_mount *mnt = fuse_req_userdata(req);

	if (mnt->opt->version != 42) {
		fuse_reply_err(req, ENOSYS);
		return NULL;
	}
	/* What the protocol has no name for must not look like what the server has not. */
	if (name && !strcmp(name, "user.")) {
		fuse_reply_err(req, EINVAL);
		return NULL;
	}
	if ((name && strncmp(name, "user.", 5)) || are_none(mnt_node_of(mnt, ino))) {
		fuse_reply_err(req, EOPNOTSUPP);
		return NULL;
	}
	return mnt_op_new(req, ino);
}

static void got(struct mnt_op *op, int err)
{
	if (err == -EOPNOTSUPP)
		know_none(op->node);
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	if (!op->len)
		mnt_reply(op, fuse_reply_xattr, op->nfs.count);
	else
		mnt_reply(op, fuse_reply_buf, (const char *)op->msg->data, op->nfs.count);
	mnt_op_end(op);
}

static void changed(struct mnt_op *op, int err)
{
	if (err == -EOPNOTSUPP)
		know_none(op->node);
	mnt_op_fail(op, err);
}

void mnt_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t len)
{
	struct mnt_op *op = begin(req, ino, name);

	if (!op)
		return;
	op->len = min_t(size_t, len, op->mnt->msg_bytes);
	op->msg = mnt_msg_take(op->mnt);
	ornfs_getxattr(op->mnt->client, op->node->file, name, op->msg->data, op->len,
		       mnt_op_call(op, got));
}

/* Only files and directories have some of "user."; servers refuse to be asked for those of others. */
static bool has_list(const struct mnt_node *node)
{
	return !node->mode || S_ISREG(node->mode) || S_ISDIR(node->mode);
}

void mnt_listxattr(fuse_req_t req, fuse_ino_t ino, size_t len)
{
	struct mnt_op *op;

	if (!has_list(mnt_node_of(fuse_req_userdata(req), ino))) {
		if (len)
			fuse_reply_buf(req, NULL, 0);
		else
			fuse_reply_xattr(req, 0);
		return;
	}
	op = begin(req, ino, NULL);
	if (!op)
		return;
	op->len = min_t(size_t, len, op->mnt->msg_bytes);
	op->msg = mnt_msg_take(op->mnt);
	ornfs_listxattr(op->mnt->client, op->node->file, (char *)op->msg->data, op->len,
			mnt_op_call(op, got));
}

void mnt_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t len,
		  int flags)
{
	struct mnt_op *op = begin(req, ino, name);

	if (!op)
		return;
	op->msg = mnt_msg_take(op->mnt);	/* has the value */
	ornfs_setxattr(op->mnt->client, op->node->file, name, value, len, flags,
		       mnt_op_call(op, changed));
}

void mnt_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct mnt_op *op = begin(req, ino, name);

	if (op)
		ornfs_removexattr(op->mnt->client, op->node->file, name, mnt_op_call(op, changed));
}
