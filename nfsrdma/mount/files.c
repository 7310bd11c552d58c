// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Open files.  Opening asks the server whether the user may, and for the attributes: that is close-to-open.  What the
 * kernel has cached is dropped when they changed.  It takes a new size from attributes only, so when that is another
 * one the open is answered with ESTALE, once: the kernel then looks the path up anew, and opens again.
 */
#include <stdlib.h>

#include "nfsrdma/mount/mnt.h"

#define FMODE_EXEC 040		/* include/linux/fs.h: opened to be executed */

static struct mnt_handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct mnt_handle *)(uintptr_t)fi->fh;
}

struct mnt_handle *mnt_handle_new(struct mnt_node *node, struct mnt_who *who, int flags)
{
	struct mnt_handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return NULL;
	handle->refs = 1;
	list_add(&handle->link, &node->mnt->handles);
	handle->node = node;
	handle->who = mnt_who_get(who);
	handle->errors_told = node->errors;
	handle->flags = flags;
	mnt_node_get(node);
	node->opens++;
	node->mnt->open_n++;
	return handle;
}

void mnt_handle_free(struct mnt_handle *handle)
{
	struct mnt_node *node = handle->node;

	list_del_init(&handle->link);
	node->mnt->open_n--;
	if (!--node->opens && node->silly && !node->removing)
		mnt_silly_remove(node, handle->who);
	mnt_handle_put(handle);
}

void mnt_handle_put(struct mnt_handle *handle)
{
	if (--handle->refs)
		return;
	mnt_node_put(handle->node);
	mnt_who_put(handle->who);
	free(handle);
}

void mnt_handles_free(struct nfs_mount *mnt)
{
	while (!list_empty(&mnt->handles))
		mnt_handle_free(list_first_entry(&mnt->handles, struct mnt_handle, link));
}

void mnt_silly_remove_all(struct nfs_mount *mnt)
{
	struct mnt_handle *handle;

	list_for_each_entry(handle, &mnt->handles, link)
		if (handle->node->silly && !handle->node->removing)
			mnt_silly_remove(handle->node, handle->who);
}

/* ---- open ------------------------------------------------------------------------------------- */

static void reply_open(struct mnt_op *op)
{
	struct mnt_handle *handle = mnt_handle_new(op->node, op->who, op->fi.flags);

	if (!handle) {
		mnt_op_fail(op, -ENOMEM);
		return;
	}
	op->fi.fh = (uintptr_t)handle;
	if (mnt_reply(op, fuse_reply_open, &op->fi))
		mnt_handle_free(handle);
	mnt_op_end(op);
}

static void ask_access(struct mnt_op *op, int err);

static void open_now(struct mnt_op *op, int err)
{
	op->mnt->opening_n--;
	reply_open(op);
}

static void open_end(struct mnt_op *op, int err)
{
	if (!err && (op->fi.flags & O_ACCMODE) != O_RDONLY) {
		mnt_limit_know(op, op->node->file, op->node->fsid, open_now);
		return;
	}
	if (!err) {
		open_now(op, 0);
		return;
	}
	op->mnt->opening_n--;
	mnt_op_fail(op, err);
}

/* A name was removed since the server was asked, or is now: what it said of the file may be over. */
static bool may_be_gone(const struct mnt_op *op)
{
	const struct mnt_node *node = op->node;
	const struct nfs_mount *mnt = op->mnt;

	return node->removing || node->going || node->gone_at > op->clock || mnt->going ||
	       mnt->gone_at > op->clock;
}

static void opened(struct mnt_op *op, int err)
{
	struct mnt_node *node = op->node;
	const struct stat *st = &op->nfs.stat.st;
	bool grown;

	if (err) {
		open_end(op, err);
		return;
	}
	if (may_be_gone(op)) {
		ask_access(op, 0);
		return;
	}
	if (!op->nfs.has_stat) {	/* ACCESS need not tell them */
		ornfs_getattr(op->mnt->client, node->file, mnt_op_call(op, opened));
		return;
	}
	/* Our own writing is no news: the kernel asks for times by itself after it. */
	grown = !mnt_write_pending(node) && node->written_at <= op->clock &&
		(u64)st->st_size != node->told_size;
	op->fi.keep_cache = node->told && !grown && st->st_mtim.tv_sec == node->told_mtime.tv_sec &&
			    st->st_mtim.tv_nsec == node->told_mtime.tv_nsec &&
			    st->st_ctim.tv_sec == node->told_ctime.tv_sec &&
			    st->st_ctim.tv_nsec == node->told_ctime.tv_nsec;
	if (!op->fi.keep_cache)
		/* Attributes only: it does not wait for pages. */
		fuse_lowlevel_notify_inval_inode(op->mnt->session, mnt_node_ino(node), -1, 0);
	if (grown && !node->sent_back) {
		node->sent_back = true;
		open_end(op, -ESTALE);
		return;
	}
	node->sent_back = false;
	open_end(op, 0);
}

static void ask_access(struct mnt_op *op, int err)
{
	int mode = op->fi.flags & O_ACCMODE;
	unsigned want = mode == O_WRONLY ? W_OK : mode == O_RDWR ? R_OK | W_OK : R_OK;

	if (op->fi.flags & FMODE_EXEC)
		want = X_OK;
	ornfs_access(op->mnt->client, op->node->file, want, mnt_op_call(op, opened));
}

void mnt_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return;
	op->fi = *fi;
	if (op->mnt->opt->nocto && op->node->told &&
	    mnt_now(op->mnt) - op->node->seen_ns < op->node->valid_ns) {
		op->fi.keep_cache = 1;
		reply_open(op);
		return;
	}
	op->mnt->opening_n++;
	ask_access(op, 0);
}

/* ---- read ------------------------------------------------------------------------------------- */

static void read_more(struct mnt_op *op);
static void read_begin(struct mnt_op *op, int err);

static void have_read(struct mnt_op *op, int err)
{
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	op->have += op->nfs.count;
	if (op->have < op->len && op->nfs.count && !op->nfs.eof) {
		read_more(op);
		return;
	}
	/* What it lacked may have been written again, and committed, before it was answered. */
	if (op->lost != op->node->lost) {
		read_begin(op, 0);
		return;
	}
	op->have = mnt_write_overlay(op->node, op->offset, op->msg->data, op->have, op->len);
	mnt_reply(op, fuse_reply_buf, (const char *)op->msg->data, op->have);
	mnt_op_end(op);
}

static void read_more(struct mnt_op *op)
{
	ornfs_read(op->mnt->client, op->node->file, op->offset + op->have, op->msg->data + op->have,
		   op->len - op->have, mnt_op_call(op, have_read));
}

static void read_begin(struct mnt_op *op, int err)
{
	op->have = 0;
	op->lost = op->node->lost;
	read_more(op);
}

void mnt_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off, struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return;
	mnt_op_as(op, handle_of(fi));
	op->msg = mnt_msg_take(op->mnt);
	op->offset = (u64)off;
	op->len = min_t(size_t, len, op->mnt->msg_bytes);
	mnt_write_wait_behind(op, op->offset, read_begin);
}

/* ---- write ------------------------------------------------------------------------------------ */

/* The error of what was acknowledged before: each open file tells it once. */
static int take_error(struct mnt_handle *handle)
{
	struct mnt_node *node = handle->node;

	if (handle->errors_told == node->errors)
		return 0;
	handle->errors_told = node->errors;
	return node->err;
}

void mnt_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t len, off_t off,
	       struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);
	u64 max;
	int err;

	if (!op)
		return;
	mnt_op_as(op, handle_of(fi));
	err = fi->writepage ? 0 : take_error(op->handle);
	max = mnt_limit(op->node);
	if (!err && len && (u64)off >= max)
		err = -EFBIG;
	len = min_t(u64, len, max - min_t(u64, (u64)off, max));
	if (err || !len) {
		if (!err)
			mnt_reply(op, fuse_reply_write, 0);
		mnt_op_fail(op, err);
		return;
	}
	/* The server takes these bits away, from who is not root; the kernel asks again and sees it. */
	if (op->node->mode & (S_ISUID | S_ISGID))
		fuse_lowlevel_notify_inval_inode(op->mnt->session, ino, -1, 0);
	op->msg = mnt_msg_take(op->mnt);
	op->offset = (u64)off;
	op->data = (u8 *)data;
	op->len = len;
	op->flags = fi->flags;
	mnt_write_take(op);
}

static void tell_error(struct mnt_op *op, int err)
{
	mnt_op_fail(op, take_error(op->handle));
}

static void let_go(struct mnt_op *op, int err)
{
	mnt_locks_flush(op, tell_error);
}

/* goes_on: also when nobody waits for it. */
static void write_out(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, bool goes_on,
		      void (*then)(struct mnt_op *op, int err))
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return;
	mnt_op_as(op, handle_of(fi));
	op->fi = *fi;
	op->goes_on = goes_on;
	mnt_write_wait(op, true, then);
}

/* Each close() of a descriptor. */
void mnt_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	write_out(req, ino, fi, true, let_go);
}

void mnt_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	write_out(req, ino, fi, false, tell_error);
}

static void released(struct mnt_op *op, int err)
{
	mnt_handle_free(op->handle);
	mnt_op_fail(op, 0);
}

static void release_locks(struct mnt_op *op, int err)
{
	mnt_locks_release(op, released);
}

/* What was written by mapped memory comes after the last close(). */
void mnt_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op) {
		mnt_handle_free(handle_of(fi));
		return;
	}
	mnt_op_as(op, handle_of(fi));
	op->goes_on = true;
	mnt_locks_releasing(op);
	mnt_write_wait(op, true, release_locks);
}
