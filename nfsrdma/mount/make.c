// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What makes a name: directories, links, devices, new files. */
#include <stdlib.h>

#include "nfsrdma/mount/mnt.h"

static void made(struct mnt_op *op, int err)
{
	if (err)
		mnt_op_fail(op, err);
	else
		mnt_reply_entry(op);
}

/* The umask is the server's to apply. */
static struct mnt_op *make_begin(fuse_req_t req, fuse_ino_t dir)
{
	struct mnt_op *op = mnt_op_new(req, dir);

	if (op)
		op->nfs.umask = fuse_req_ctx(req)->umask;
	return op;
}

void mnt_mkdir(fuse_req_t req, fuse_ino_t dir, const char *name, mode_t mode)
{
	struct mnt_op *op = make_begin(req, dir);

	if (op)
		ornfs_mkdir(op->mnt->client, op->node->file, name, mode, mnt_op_call(op, made));
}

void mnt_mknod(fuse_req_t req, fuse_ino_t dir, const char *name, mode_t mode, dev_t rdev)
{
	struct mnt_op *op = make_begin(req, dir);

	if (!op)
		return;
	if (S_ISREG(mode))
		ornfs_open(op->mnt->client, op->node->file, name, O_CREAT | O_EXCL, mode & 07777,
			   mnt_op_call(op, made));
	else
		ornfs_mknod(op->mnt->client, op->node->file, name, mode, rdev,
			    mnt_op_call(op, made));
}

void mnt_symlink(fuse_req_t req, const char *target, fuse_ino_t dir, const char *name)
{
	struct mnt_op *op = mnt_op_new(req, dir);

	if (op)
		ornfs_symlink(op->mnt->client, op->node->file, name, target, mnt_op_call(op, made));
}

/* The inode is the one that the kernel knows; its attributes are asked for. */
static void linked(struct mnt_op *op, int err)
{
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	op->nfs.has_stat = false;
	op->nfs.file = op->other->file;
	ornfs_file_get(op->nfs.file);
	mnt_reply_entry(op);
}

void mnt_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t dir, const char *name)
{
	struct mnt_op *op = mnt_op_new(req, dir);

	if (!op)
		return;
	op->other = mnt_node_of(op->mnt, ino);
	mnt_node_get(op->other);
	ornfs_link(op->mnt->client, op->other->file, op->node->file, name, mnt_op_call(op, linked));
}

/* ---- a new file, open ------------------------------------------------------------------------- */

static void created_end(struct mnt_op *op, int err)
{
	struct fuse_entry_param entry;
	struct mnt_handle *handle = NULL;

	if (!err)
		err = mnt_entry_fill(op->mnt, op->node, op->ptr, op->clock, &op->nfs.stat, &entry);
	ornfs_file_put(op->ptr);
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	handle = mnt_handle_new(mnt_node_of(op->mnt, entry.ino), op->who, op->fi.flags);
	if (!handle) {
		mnt_node_forget(mnt_node_of(op->mnt, entry.ino), 1);
		mnt_op_fail(op, -ENOMEM);
		return;
	}
	op->fi.fh = (uintptr_t)handle;
	if (mnt_reply(op, fuse_reply_create, &entry, &op->fi)) {
		mnt_handle_free(handle);
		mnt_node_forget(mnt_node_of(op->mnt, entry.ino), 1);
	}
	mnt_op_end(op);
}

static void created_known(struct mnt_op *op, int err)
{
	if (err)
		created_end(op, err);
	else
		mnt_limit_know(op, op->ptr, op->nfs.stat.fsid, created_end);
}

static void created(struct mnt_op *op, int err)
{
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	op->ptr = op->nfs.file;
	op->nfs.file = NULL;
	if (op->nfs.has_stat)
		created_known(op, 0);
	else
		ornfs_getattr(op->mnt->client, op->ptr, mnt_op_call(op, created_known));
}

void mnt_create(fuse_req_t req, fuse_ino_t dir, const char *name, mode_t mode,
		struct fuse_file_info *fi)
{
	struct mnt_op *op = make_begin(req, dir);

	if (!op)
		return;
	op->fi = *fi;
	ornfs_open(op->mnt->client, op->node->file, name,
		   O_CREAT | (fi->flags & (O_EXCL | O_TRUNC)), mode & 07777,
		   mnt_op_call(op, created));
}
