// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Locks that other clients see: fcntl(2) and flock(2), the latter as locks of whole files.  The kernel keeps none of
 * them itself: it tells the owner at each close (FLUSH) and, of an open file, at its last (RELEASE).
 *
 *   lock     what is written is committed, the server gives the lock, the kernel drops what it has cached
 *   waiting  the server is asked again, later and later, and at once when somebody here lets go
 *   unlock   what is written is committed, and then the server is told
 */
#include <stdlib.h>
#include <sys/file.h>

#include "nfsrdma/mount/mnt.h"

#define WAIT_MIN_NS	(MNT_NS / 50)
#define WAIT_MAX_NS	MNT_NS

/* An owner that has, or asks for, locks of a node.  Owner: the node's list, until FLUSH or RELEASE. */
struct mnt_locker {
	struct list_head link;
	u64 owner;
	struct mnt_handle *handle;	/* that it was last asked for by */
};

static struct mnt_locker *locker_of(const struct mnt_node *node, u64 owner)
{
	struct mnt_locker *locker;

	list_for_each_entry(locker, &node->lockers, link)
		if (locker->owner == owner)
			return locker;
	return NULL;
}

/* The owner by handle; NULL: none. */
static struct mnt_locker *locker_by(const struct mnt_handle *handle)
{
	struct mnt_locker *locker;

	list_for_each_entry(locker, &handle->node->lockers, link)
		if (locker->handle == handle)
			return locker;
	return NULL;
}

static bool locker_note(struct mnt_handle *handle, u64 owner)
{
	struct mnt_locker *locker = locker_of(handle->node, owner);

	if (!locker) {
		locker = calloc(1, sizeof(*locker));
		if (!locker)
			return false;
		locker->owner = owner;
		list_add(&locker->link, &handle->node->lockers);
	}
	locker->handle = handle;
	return true;
}

static void locker_free(struct mnt_node *node, struct mnt_locker *locker)
{
	struct mnt_handle *handle;

	list_for_each_entry(handle, &node->mnt->handles, link)
		if (handle->node == node && handle->lock_owner == locker->owner)
			handle->lock_owner = 0;
	list_del(&locker->link);
	free(locker);
}

void mnt_lockers_free(struct mnt_node *node)
{
	while (!list_empty(&node->lockers))
		locker_free(node, list_first_entry(&node->lockers, struct mnt_locker, link));
}

/* 0 is nobody, for nfs.h. */
static u64 owner_of(const struct fuse_file_info *fi)
{
	return fi->lock_owner ? fi->lock_owner : 1;
}

static struct mnt_handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct mnt_handle *)(uintptr_t)fi->fh;
}

/* ---- waiting ---------------------------------------------------------------------------------- */

static void try_lock(struct mnt_op *op);

static void arm(struct nfs_mount *mnt)
{
	u64 due = UINT64_MAX;
	struct mnt_op *op;

	list_for_each_entry(op, &mnt->lock_waiters, link)
		due = min_t(u64, due, op->due_ns);
	if (due != UINT64_MAX)
		ual_timer_arm(mnt->cfg.loop, &mnt->lock_timer, due);
}

static void wait_until(struct mnt_op *op, u64 due_ns)
{
	op->due_ns = op->interrupted ? mnt_now(op->mnt) : due_ns;
	list_add_tail(&op->link, &op->mnt->lock_waiters);
	arm(op->mnt);
}

static void on_timer(struct ual_timer *t)
{
	struct nfs_mount *mnt = t->ctx;
	struct mnt_op *op, *next;
	struct list_head due;

	INIT_LIST_HEAD(&due);
	list_for_each_entry_safe(op, next, &mnt->lock_waiters, link)
		if (op->due_ns <= mnt_now(mnt))
			list_move_tail(&op->link, &due);
	while (!list_empty(&due)) {
		op = list_first_entry(&due, struct mnt_op, link);
		list_del_init(&op->link);
		if (op->interrupted)
			mnt_op_fail(op, -EINTR);
		else
			try_lock(op);
	}
	arm(mnt);
}

/* From within libfuse, which holds the request: later. */
static void on_interrupt(fuse_req_t req, void *data)
{
	mnt_lock_interrupted(data);
}

void mnt_lock_interrupted(struct mnt_op *op)
{
	op->interrupted = true;
	op->due_ns = 0;
	if (!list_empty(&op->mnt->lock_waiters))
		ual_timer_arm(op->mnt->cfg.loop, &op->mnt->lock_timer, mnt_now(op->mnt));
}

/* Somebody here has let go of something. */
static void wake(struct mnt_node *node)
{
	struct mnt_op *op;

	list_for_each_entry(op, &node->mnt->lock_waiters, link) {
		if (op->node != node)
			continue;
		op->due_ns = 0;
		op->delay_ns = WAIT_MIN_NS;
	}
	arm(node->mnt);
}

void mnt_locks_init(struct nfs_mount *mnt)
{
	INIT_LIST_HEAD(&mnt->lock_waiters);
	mnt->lock_timer.fn = on_timer;
	mnt->lock_timer.ctx = mnt;
}

/* ---- lock ------------------------------------------------------------------------------------- */

static void locked(struct mnt_op *op, int err)
{
	mnt_op_fail(op, 0);
}

static void asked(struct mnt_op *op, int err)
{
	if (err == -EAGAIN && op->wait && !op->mnt->unmounted) {
		wait_until(op, mnt_now(op->mnt) + op->delay_ns);
		op->delay_ns = min_t(u64, op->delay_ns * 2, WAIT_MAX_NS);
		return;
	}
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	op->handle->lock_owner = op->lock.owner;
	mnt_zap(op, locked);
}

static void ask(struct mnt_op *op, int err)
{
	if (!locker_note(op->handle, op->lock.owner)) {
		mnt_op_fail(op, -ENOMEM);
		return;
	}
	ornfs_lock(op->mnt->client, op->node->file, &op->lock, op->wait, mnt_op_call(op, asked));
}

/* A RELEASE is not waited for by close(), so one that is under way goes first. */
static void try_lock(struct mnt_op *op)
{
	if (op->node->unlocking)
		wait_until(op, UINT64_MAX);
	else
		mnt_write_wait(op, true, ask);
}

static void unlocked(struct mnt_op *op, int err)
{
	wake(op->node);
	mnt_op_fail(op, err);
}

static void tell_unlock(struct mnt_op *op, int err)
{
	ornfs_unlock(op->mnt->client, op->node->file, &op->lock, mnt_op_call(op, unlocked));
}

/* length 0: to the end */
static struct mnt_op *begin(fuse_req_t req, fuse_ino_t ino, const struct fuse_file_info *fi,
			    bool write, u64 start, u64 length)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return NULL;
	mnt_op_as(op, handle_of(fi));
	op->delay_ns = WAIT_MIN_NS;
	op->lock = (struct ornfs_lock){
		.owner = owner_of(fi),
		.first = start,
		.last = length ? start + length - 1 : UINT64_MAX,
		.write = write,
		.flags = op->handle->flags,
	};
	return op;
}

static void set(struct mnt_op *op, bool unlock, bool wait)
{
	if (unlock && !locker_of(op->node, op->lock.owner)) {
		mnt_op_fail(op, 0);
		return;
	}
	if (unlock) {
		op->goes_on = true;
		mnt_write_wait(op, true, tell_unlock);
		return;
	}
	op->wait = wait;
	if (wait)
		fuse_req_interrupt_func(op->req, on_interrupt, op);
	try_lock(op);
}

void mnt_setlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock,
	       int sleep)
{
	struct mnt_op *op =
		begin(req, ino, fi, lock->l_type == F_WRLCK, (u64)lock->l_start, (u64)lock->l_len);

	if (!op)
		return;
	op->lock.pid = lock->l_pid;
	set(op, lock->l_type == F_UNLCK, sleep);
}

void mnt_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int how)
{
	struct mnt_op *op = begin(req, ino, fi, how & LOCK_EX, 0, 0);

	if (!op)
		return;
	op->lock.pid = fuse_req_ctx(req)->pid;
	set(op, how & LOCK_UN, !(how & LOCK_NB));
}

static void tested(struct mnt_op *op, int err)
{
	const struct ornfs_lock *other = &op->nfs.conflict;
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	if (op->nfs.has_conflict) {
		lock.l_type = other->write ? F_WRLCK : F_RDLCK;
		lock.l_start = (off_t)min_t(u64, other->first, INT64_MAX);
		lock.l_len = other->last >= INT64_MAX ? 0 : (off_t)(other->last - other->first + 1);
		lock.l_pid = other->pid;
	}
	mnt_reply(op, fuse_reply_lock, &lock);
	mnt_op_end(op);
}

void mnt_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock)
{
	struct mnt_op *op =
		begin(req, ino, fi, lock->l_type == F_WRLCK, (u64)lock->l_start, (u64)lock->l_len);

	if (op)
		ornfs_lock_test(op->mnt->client, op->node->file, &op->lock,
				mnt_op_call(op, tested));
}

/* ---- close ------------------------------------------------------------------------------------ */

static void flushed(struct mnt_op *op, int err)
{
	wake(op->node);
	op->after(op, 0);
}

void mnt_locks_flush(struct mnt_op *op, void (*after)(struct mnt_op *op, int err))
{
	u64 owner = owner_of(&op->fi);
	struct mnt_locker *locker = locker_of(op->node, owner);

	if (!locker) {
		after(op, 0);
		return;
	}
	op->after = after;
	locker_free(op->node, locker);
	ornfs_lock_release(op->mnt->client, op->node->file, owner, mnt_op_call(op, flushed));
}

static void closed(struct mnt_op *op, int err)
{
	if (op->unlocking) {
		op->node->unlocking--;
		wake(op->node);
	}
	op->after(op, 0);
}

static void let_go(struct mnt_op *op, int err)
{
	struct mnt_locker *locker = locker_by(op->handle);
	struct ornfs_client *client = op->mnt->client;
	u64 owner;

	if (locker) {
		owner = locker->owner;
		locker_free(op->node, locker);
		ornfs_lock_release(client, op->node->file, owner, mnt_op_call(op, let_go));
	} else if (op->node->opens == 1 && ornfs_lock_any(op->node->file)) {
		ornfs_lock_close(client, op->node->file, mnt_op_call(op, closed));
	} else {
		closed(op, 0);
	}
}

void mnt_locks_releasing(struct mnt_op *op)
{
	op->unlocking = ornfs_lock_any(op->node->file);
	op->node->unlocking += op->unlocking;
}

void mnt_locks_release(struct mnt_op *op, void (*after)(struct mnt_op *op, int err))
{
	op->after = after;
	let_go(op, 0);
}

static void left(struct mnt_op *op, int err)
{
	mnt_op_end(op);
}

void mnt_locks_end(struct nfs_mount *mnt)
{
	struct mnt_handle *handle;
	struct mnt_op *op;

	while (!list_empty(&mnt->lock_waiters)) {
		op = list_first_entry(&mnt->lock_waiters, struct mnt_op, link);
		list_del_init(&op->link);
		mnt_op_fail(op, -EINTR);
	}
	list_for_each_entry(handle, &mnt->handles, link) {
		if (!ornfs_lock_any(handle->node->file))
			continue;
		mnt_lockers_free(handle->node);
		op = mnt_op_own(mnt, handle->node, handle->who);
		if (op)
			ornfs_lock_close(mnt->client, op->node->file, mnt_op_call(op, left));
	}
}
