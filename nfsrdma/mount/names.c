// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Names: found, removed, renamed.  The server of version 3 knows no open files: one that is removed or replaced here
 * while it is open here gets another name, .nfsXXXX, and is removed when it is closed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "nfsrdma/mount/mnt.h"

#define NAME_MAX_BYTES	255
#define NEGATIVE_MAX_S 3.0	/* how long a name may be thought not to exist: nobody tells when it does */

static void found(struct mnt_op *op, int err)
{
	struct fuse_entry_param none = { 0 };

	if (!err) {
		mnt_reply_entry(op);
		return;
	}
	if (err == -ENOENT && op->mnt->opt->lookupcache == MOUNT_LOOKUP_ALL) {
		double valid = mnt_name_valid(op->node);

		none.entry_timeout = valid < NEGATIVE_MAX_S ? valid : NEGATIVE_MAX_S;
		mnt_reply(op, fuse_reply_entry, &none);
		mnt_op_end(op);
		return;
	}
	mnt_op_fail(op, err);
}

/* The kernel looks up whatever it makes, so this is where long names end; a server may just not understand them. */
void mnt_lookup(fuse_req_t req, fuse_ino_t dir, const char *name)
{
	struct mnt_op *op = mnt_op_new(req, dir);

	if (!op)
		return;
	if (strlen(name) > NAME_MAX_BYTES)
		mnt_op_fail(op, -ENAMETOOLONG);
	else
		ornfs_lookup(op->mnt->client, op->node->file, name, mnt_op_call(op, found));
}

void mnt_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	struct nfs_mount *mnt = fuse_req_userdata(req);

	if (ino != FUSE_ROOT_ID)
		mnt_node_forget(mnt_node_of(mnt, ino), n);
	fuse_reply_none(req);
}

void mnt_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct nfs_mount *mnt = fuse_req_userdata(req);

	for (size_t i = 0; i < count; i++)
		if (forgets[i].ino != FUSE_ROOT_ID)
			mnt_node_forget(mnt_node_of(mnt, forgets[i].ino), forgets[i].nlookup);
	fuse_reply_none(req);
}

static void link_read(struct mnt_op *op, int err)
{
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	mnt_reply(op, fuse_reply_readlink, (const char *)op->msg->data);
	mnt_op_end(op);
}

void mnt_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return;
	op->msg = mnt_msg_take(op->mnt);
	ornfs_readlink(op->mnt->client, op->node->file, (char *)op->msg->data, MNT_HEADER + 1,
		       mnt_op_call(op, link_read));
}

/* ---- remove ----------------------------------------------------------------------------------- */

static void silly_put(struct mnt_node *node)
{
	struct mnt_silly *silly = node->silly;

	node->silly = NULL;
	mnt_node_put(silly->dir);
	free(silly);
}

/* A name goes, that of op->other if it is known: opens wait for the end of that, and ask the server again. */
static void goes(struct mnt_op *op)
{
	if (op->other)
		op->other->going++;
	else
		op->mnt->going++;
}

static void went(struct mnt_op *op)
{
	struct nfs_mount *mnt = op->mnt;

	if (op->other) {
		op->other->going--;
		op->other->gone_at = ++mnt->clock;
	} else {
		mnt->going--;
		mnt->gone_at = ++mnt->clock;
	}
}

static void silly_gone(struct mnt_op *op, int err)
{
	went(op);
	mnt_op_end(op);		/* who else should be told */
}

void mnt_silly_remove(struct mnt_node *node, struct mnt_who *who)
{
	struct mnt_op *op = mnt_op_own(node->mnt, node->silly->dir, who);

	if (op) {
		op->other = node;
		mnt_node_get(node);
		goes(op);
		ornfs_remove(op->mnt->client, op->node->file, node->silly->name, false,
			     mnt_op_call(op, silly_gone));
	}
	silly_put(node);
}

static void silly_renamed(struct mnt_op *op, int err)
{
	struct mnt_node *node = op->other;

	node->removing = false;
	if (err) {
		silly_put(node);
		mnt_op_fail(op, err);
		return;
	}
	/* Closed meanwhile. */
	if (!node->opens || op->mnt->unmounted)
		mnt_silly_remove(node, op->who);
	mnt_node_put(op->other);
	op->other = NULL;
	((void (*)(struct mnt_op *))op->ptr)(op);
}

/* Gives op->other, which is `name` in dir, another name; then goes on with `then`. */
static void silly_rename(struct mnt_op *op, struct mnt_node *dir, const char *name,
			 void (*then)(struct mnt_op *op))
{
	struct mnt_node *node = op->other;
	struct mnt_silly *silly = calloc(1, sizeof(*silly));

	if (!silly) {
		mnt_op_fail(op, -ENOMEM);
		return;
	}
	ornfs_file_put(op->nfs.file);
	op->nfs.file = NULL;
	silly->dir = dir;
	mnt_node_get(dir);
	snprintf(silly->name, sizeof(silly->name), ".nfs%016llx%08x",
		 (unsigned long long)ornfs_file_ino(node->file), op->mnt->silly_n++);
	node->silly = silly;
	node->removing = true;
	op->ptr = (void *)then;
	ornfs_rename(op->mnt->client, dir->file, name, dir->file, silly->name,
		     mnt_op_call(op, silly_renamed));
}

/* What a name stands for, if it is open here: then op->other is it, with a reference. */
static void find_open(struct mnt_op *op)
{
	struct mnt_node *node = mnt_node_find(op->mnt, op->nfs.file);

	if (!node || !node->opens)
		return;
	op->other = node;
	mnt_node_get(node);
}

/* The same for one that is not open; false: the kernel does not know it. */
static bool find_closed(struct mnt_op *op)
{
	op->other = mnt_node_find(op->mnt, op->nfs.file);
	if (op->other)
		mnt_node_get(op->other);
	return op->other;
}

static void answered(struct mnt_op *op, int err)
{
	mnt_op_fail(op, err);
}

static void removed(struct mnt_op *op, int err)
{
	went(op);
	mnt_op_fail(op, err);
}

/* Nothing is open or about to be: names may go without a look at what they stand for. */
static bool is_idle(const struct nfs_mount *mnt)
{
	return !mnt->open_n && !mnt->opening_n;
}

static void unlinked(struct mnt_op *op)
{
	mnt_op_fail(op, 0);
}

static void to_be_removed(struct mnt_op *op, int err)
{
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	find_open(op);
	if (op->other && op->other->silly) {
		mnt_op_fail(op, -EBUSY);	/* .nfsXXXX itself */
		return;
	}
	if (op->other) {
		silly_rename(op, op->node, op->name, unlinked);
		return;
	}
	if (find_closed(op))
		goes(op);
	ornfs_file_put(op->nfs.file);
	op->nfs.file = NULL;
	ornfs_remove(op->mnt->client, op->node->file, op->name, false,
		     mnt_op_call(op, op->other ? removed : answered));
}

void mnt_unlink(fuse_req_t req, fuse_ino_t dir, const char *name)
{
	struct mnt_op *op = mnt_op_new(req, dir);

	if (!op)
		return;
	if (is_idle(op->mnt)) {
		goes(op);
		ornfs_remove(op->mnt->client, op->node->file, name, false,
			     mnt_op_call(op, removed));
		return;
	}
	op->name = strdup(name);
	if (op->name)
		ornfs_lookup(op->mnt->client, op->node->file, name, mnt_op_call(op, to_be_removed));
	else
		mnt_op_fail(op, -ENOMEM);
}

void mnt_rmdir(fuse_req_t req, fuse_ino_t dir, const char *name)
{
	struct mnt_op *op = mnt_op_new(req, dir);

	if (op)
		ornfs_remove(op->mnt->client, op->node->file, name, true,
			     mnt_op_call(op, answered));
}

/* ---- rename ----------------------------------------------------------------------------------- */

static struct mnt_node *to_dir_of(struct mnt_op *op)
{
	return op->to_dir;
}

static void rename_then(struct mnt_op *op, void (*then)(struct mnt_op *op, int err))
{
	ornfs_rename(op->mnt->client, op->node->file, op->name, to_dir_of(op)->file, op->name2,
		     mnt_op_call(op, then));
}

/* What had the new name, if it had one, has another one. */
static void rename_now(struct mnt_op *op)
{
	rename_then(op, answered);
}

/* What has the new name, if it is known which one that is, has none when this is done. */
static void rename_over(struct mnt_op *op)
{
	goes(op);
	rename_then(op, removed);
}

/* Nothing to keep, if it is the same file: then a rename does nothing. */
static void source_found(struct mnt_op *op, int err)
{
	struct mnt_node *node = op->other;

	if (!err && node == mnt_node_find(op->mnt, op->nfs.file))
		mnt_op_fail(op, 0);
	else if (err)
		mnt_op_fail(op, err);
	else if (node->silly)
		mnt_op_fail(op, -EBUSY);
	else
		silly_rename(op, to_dir_of(op), op->name2, rename_now);
}

static void target_found(struct mnt_op *op, int err)
{
	bool open, known;

	if (err && err != -ENOENT) {
		mnt_op_fail(op, err);
		return;
	}
	if (!err)
		find_open(op);
	open = op->other;
	known = !err && !open && find_closed(op);
	ornfs_file_put(op->nfs.file);
	op->nfs.file = NULL;
	if (open)
		ornfs_lookup(op->mnt->client, op->node->file, op->name,
			     mnt_op_call(op, source_found));
	else if (known)
		rename_over(op);
	else
		rename_now(op);
}

void mnt_rename(fuse_req_t req, fuse_ino_t dir, const char *name, fuse_ino_t to_dir,
		const char *to_name, unsigned flags)
{
	struct mnt_op *op;

	if (flags) {
		/* the protocol cannot exchange, nor refuse to replace */
		fuse_reply_err(req, EINVAL);
		return;
	}
	op = mnt_op_new(req, dir);
	if (!op)
		return;
	op->to_dir = mnt_node_of(op->mnt, to_dir);
	mnt_node_get(op->to_dir);
	op->name = strdup(name);
	op->name2 = strdup(to_name);
	if (!op->name || !op->name2)
		mnt_op_fail(op, -ENOMEM);
	else if (is_idle(op->mnt))
		rename_over(op);
	else
		ornfs_lookup(op->mnt->client, to_dir_of(op)->file, to_name,
			     mnt_op_call(op, target_found));
}
