// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A request, and who makes it: the groups of a process come from /proc, so they are remembered for a moment. */
#include <stdlib.h>

#include "nfsrdma/mount/mnt.h"

#define WHO_NS		MNT_NS
#define GROUPS_MAX	ARRAY_SIZE(((struct ornfs_caller *)0)->groups)

struct mnt_who *mnt_who_get(struct mnt_who *who)
{
	who->refs++;
	return who;
}

void mnt_who_put(struct mnt_who *who)
{
	if (who && !--who->refs)
		free(who);
}

void mnt_whos_forget(struct nfs_mount *mnt)
{
	for (size_t i = 0; i < ARRAY_SIZE(mnt->whos); i++) {
		mnt_who_put(mnt->whos[i].who);
		mnt->whos[i].who = NULL;
	}
}

static struct mnt_who *who_new(fuse_req_t req, const struct fuse_ctx *ctx)
{
	struct mnt_who *who = calloc(1, sizeof(*who));
	gid_t groups[GROUPS_MAX];
	int n;

	if (!who)
		return NULL;
	who->refs = 1;
	who->caller.uid = ctx->uid;
	who->caller.gid = ctx->gid;
	/* What the kernel does by itself has no process. */
	n = ctx->uid && ctx->pid ? fuse_req_getgroups(req, GROUPS_MAX, groups) : 0;
	for (int i = 0; i < n && i < (int)GROUPS_MAX; i++)
		who->caller.groups[who->caller.group_n++] = groups[i];
	return who;
}

static struct mnt_who *who_of(struct nfs_mount *mnt, fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	size_t slot = (unsigned)ctx->pid % ARRAY_SIZE(mnt->whos);
	struct mnt_who *who = mnt->whos[slot].who;

	if (who && mnt->whos[slot].pid == ctx->pid && who->caller.uid == ctx->uid &&
	    who->caller.gid == ctx->gid && mnt_now(mnt) < mnt->whos[slot].until_ns)
		return mnt_who_get(who);
	who = who_new(req, ctx);
	if (!who)
		return NULL;
	mnt_who_put(mnt->whos[slot].who);
	mnt->whos[slot].pid = ctx->pid;
	mnt->whos[slot].until_ns = mnt_now(mnt) + WHO_NS;
	mnt->whos[slot].who = mnt_who_get(who);
	return who;
}

static void called_back(struct ornfs_req *nfs, int err)
{
	struct mnt_op *op = container_of(nfs, struct mnt_op, nfs);

	op->calling = false;
	op->then(op, err);
}

struct ornfs_req *mnt_op_call(struct mnt_op *op, void (*then)(struct mnt_op *op, int err))
{
	op->then = then;
	op->calling = true;
	op->clock = op->mnt->clock;
	return &op->nfs;
}

struct mnt_op *mnt_op_own(struct nfs_mount *mnt, struct mnt_node *node, struct mnt_who *who)
{
	struct mnt_op *op = calloc(1, sizeof(*op));

	if (!op)
		return NULL;
	op->mnt = mnt;
	op->nfs.fn = called_back;
	INIT_LIST_HEAD(&op->link);
	INIT_LIST_HEAD(&op->asked);
	op->node = node;
	mnt_node_get(node);
	if (who) {
		op->who = mnt_who_get(who);
		op->nfs.caller = &who->caller;
	}
	mnt->op_n++;
	return op;
}

struct mnt_op *mnt_op_new(fuse_req_t req, fuse_ino_t ino)
{
	struct nfs_mount *mnt = fuse_req_userdata(req);
	struct mnt_who *who = who_of(mnt, req);
	struct mnt_op *op = who ? mnt_op_own(mnt, mnt_node_of(mnt, ino), who) : NULL;

	mnt_who_put(who);
	if (!op) {
		fuse_reply_err(req, ENOMEM);
		return NULL;
	}
	op->req = req;
	mnt_killed_watch(op);
	return op;
}

void mnt_op_as(struct mnt_op *op, struct mnt_handle *handle)
{
	op->handle = handle;
	handle->refs++;
	mnt_who_put(op->who);
	op->who = mnt_who_get(handle->who);
	op->nfs.caller = &op->who->caller;
	op->nfs.lock_owner = handle->lock_owner;
}

void mnt_op_end(struct mnt_op *op)
{
	struct nfs_mount *mnt = op->mnt;

	list_del(&op->link);
	list_del(&op->asked);
	if (op->handle)
		mnt_handle_put(op->handle);
	if (op->msg)
		mnt_msg_put(mnt, op->msg);
	ornfs_file_put(op->nfs.file);
	mnt_node_put(op->node);
	mnt_node_put(op->other);
	mnt_node_put(op->to_dir);
	mnt_who_put(op->who);
	free(op->name);
	free(op->name2);
	free(op);
	mnt->op_n--;
	mnt_check_end(mnt);
}

fuse_req_t mnt_op_answered(struct mnt_op *op)
{
	fuse_req_t req = op->req;

	op->req = NULL;
	list_del_init(&op->asked);
	return req;
}

void mnt_op_fail(struct mnt_op *op, int err)
{
	mnt_reply(op, fuse_reply_err, -err);
	mnt_op_end(op);
}
