// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Writing.  What the kernel writes is acknowledged once it is in an extent: bytes of a file, one after another.
 *
 *   GATHERING  grows while the kernel goes on behind it    full, needed, or old -> WRITE
 *   SENT       its WRITE is under way                      answered ->
 *   WRITTEN    the server has it, maybe in memory only     COMMIT with the same verifier -> gone; another -> SENT
 *
 * Where extents overlap their bytes are the same (what comes later is put into both), so it does not matter in which
 * order the server gets them, nor which of them it loses.  One that is SENT cannot be changed: a write into it is
 * held, as is one for which there is no room, and answered later.
 *
 * A small file, written and closed, is one WRITE that is stable by itself.
 *
 * A server that restarted may answer a READ without what it has lost, so what is in extents goes over what is read.
 */
#include <stdlib.h>

#include "nfsrdma/mount/mnt.h"

#define HELD_MAX	(128ull << 20)	/* bytes in memory of all files */
#define COMMIT_BYTES	(32ull << 20)	/* begin to commit before there is no room */
#define EXTENTS_MAX	1024		/* of all files */
#define COMMIT_EXTENTS	512
#define GATHER_MIN	4096u		/* memory for it, to begin with */
#define GATHER_NS	(MNT_NS / 10)

enum extent_state { GATHERING, SENT, WRITTEN };

/* Owner: its node's list, until it is committed or has failed.  data is its own, or in msg. */
struct mnt_extent {
	struct ornfs_req nfs;
	struct list_head link;
	struct mnt_node *node;		/* referenced */
	struct mnt_who *who;		/* referenced */
	struct mnt_op *writer;		/* is answered when the WRITE is */
	enum extent_state state;
	u64 seq, offset, born_ns;
	u32 len, room, done;
	u64 charge;			/* its part of mnt.held_bytes */
	bool stable;
	bool committing;		/* the COMMIT under way covers it */
	bool has_verf;
	u8 verf[8];
	u8 *data;
	struct mnt_msg *msg;
};

static void node_step(struct mnt_node *node);

static void park(struct mnt_op *op, struct list_head *list)
{
	list_add_tail(&op->link, list);
	op->parked = true;
}

static void unpark(struct mnt_op *op)
{
	list_del_init(&op->link);
	op->parked = false;
}

static u64 end_of(const struct mnt_extent *e)
{
	return e->offset + e->len;
}

static void set_charge(struct mnt_extent *e, u64 bytes)
{
	e->node->mnt->held_bytes += bytes - e->charge;
	e->charge = bytes;
}

static void extent_free(struct mnt_extent *e)
{
	struct mnt_node *node = e->node;
	struct nfs_mount *mnt = node->mnt;

	set_charge(e, 0);
	mnt->extent_n--;
	list_del(&e->link);
	if (list_empty(&node->extents))
		list_del(&node->dirty_link);
	if (e->msg)
		mnt_msg_put(mnt, e->msg);
	else
		free(e->data);
	mnt_who_put(e->who);
	free(e);
	mnt_node_put(node);
}

/* What was acknowledged is lost: told by the next write, fsync or close of each who has it open. */
static void extent_failed(struct mnt_extent *e, int err)
{
	struct mnt_node *node = e->node;

	node->mnt->lost_bytes += e->len;
	node->err = err;
	node->errors++;
	node->told = false;	/* the kernel has cached what is not so */
	extent_free(e);
}

/* ---- WRITE ------------------------------------------------------------------------------------ */

static void send_rest(struct mnt_extent *e)
{
	ornfs_write(e->node->mnt->client, e->node->file, e->offset + e->done, e->data + e->done,
		    e->len - e->done, e->stable, &e->nfs);
}

static void extent_send(struct mnt_extent *e)
{
	e->state = SENT;
	e->done = 0;
	e->has_verf = e->committing = false;
	send_rest(e);
}

static void answer_writer(struct mnt_extent *e, int err)
{
	struct mnt_op *op = e->writer;

	e->writer = NULL;
	if (!err)
		mnt_reply(op, fuse_reply_write, op->len);
	else
		mnt_reply(op, fuse_reply_err, -err);
	mnt_op_end(op);
}

/* All of it is answered, or it has failed. */
static void extent_over(struct mnt_extent *e, int err)
{
	struct mnt_node *node = e->node;

	mnt_node_get(node);
	node->written_at = ++node->mnt->clock;
	e->state = WRITTEN;
	if (e->writer && err) {
		answer_writer(e, err);
		extent_free(e);
	} else if (err) {
		extent_failed(e, err);
	} else {
		if (e->writer)
			answer_writer(e, 0);
		if (!e->has_verf)
			extent_free(e);
	}
	node_step(node);
	mnt_node_put(node);
}

static void extent_done(struct ornfs_req *nfs, int err)
{
	struct mnt_extent *e = container_of(nfs, struct mnt_extent, nfs);

	if (!err && !nfs->count)
		err = -EIO;
	if (err) {
		extent_over(e, err);
		return;
	}
	if (e->has_verf && !nfs->durable && memcmp(e->verf, nfs->verf, sizeof(e->verf))) {
		extent_send(e);		/* the server restarted between two parts */
		return;
	}
	e->done += (u32)nfs->count;
	if (!nfs->durable) {
		e->has_verf = true;
		memcpy(e->verf, nfs->verf, sizeof(e->verf));
	}
	if (e->done < e->len)
		send_rest(e);
	else
		extent_over(e, 0);
}

/* now: whoever waits wants it committed; one that is all there is needs no COMMIT then. */
static void send_gathered(struct mnt_node *node, u64 seq, bool now)
{
	struct mnt_extent *e, *next;
	bool only = !list_empty(&node->extents) && node->extents.next->next == &node->extents;

	list_for_each_entry_safe(e, next, &node->extents, link) {
		if (e->state != GATHERING || e->seq > seq)
			continue;
		e->stable = only && now && e->len <= node->mnt->info.wsize;
		extent_send(e);
	}
}

/* ---- COMMIT ----------------------------------------------------------------------------------- */

static void committed(struct mnt_op *op, int err)
{
	struct mnt_node *node = op->node;
	struct mnt_extent *e, *next;

	node->commit = NULL;
	if (err == -EAGAIN)
		err = 0;	/* each extent knows its verifier */
	list_for_each_entry_safe(e, next, &node->extents, link) {
		if (!e->committing)
			continue;
		if (err) {
			extent_failed(e, err);
		} else if (!memcmp(e->verf, op->nfs.verf, sizeof(e->verf))) {
			extent_free(e);
		} else {
			node->lost++;
			extent_send(e);
		}
	}
	node_step(node);
	mnt_op_end(op);
}

static void commit(struct mnt_node *node)
{
	struct nfs_mount *mnt = node->mnt;
	struct mnt_extent *e, *any = NULL;

	if (node->commit)
		return;
	list_for_each_entry(e, &node->extents, link)
		if (e->state == WRITTEN)
			any = e;
	if (!any)
		return;
	node->commit = mnt_op_own(mnt, node, any->who);
	if (!node->commit)
		return;		/* the timer comes back */
	list_for_each_entry(e, &node->extents, link)
		e->committing = e->state == WRITTEN;
	ornfs_commit(mnt->client, node->file, mnt_op_call(node->commit, committed));
}

/* ---- the kernel's writes ---------------------------------------------------------------------- */

static bool is_in(const struct mnt_op *op, const struct mnt_extent *e)
{
	return op->offset >= e->offset && op->offset + op->len <= end_of(e);
}

/* The bytes that both have. */
static bool patch(struct mnt_extent *e, const struct mnt_op *op)
{
	u64 from = max_t(u64, e->offset, op->offset);
	u64 to = min_t(u64, end_of(e), op->offset + op->len);

	if (from >= to)
		return false;
	memcpy(e->data + (from - e->offset), op->data + (from - op->offset), to - from);
	return true;
}

static bool is_stable(const struct mnt_op *op)
{
	return op->mnt->opt->sync || op->mnt->opt->noac || op->flags & O_DSYNC;
}

/* Others see it when it is answered. */
static bool is_direct(const struct mnt_op *op)
{
	return is_stable(op) || op->flags & O_DIRECT;
}

/* An extent in the way: one that is under way, for what is not buffered any. */
static bool is_blocked(const struct mnt_op *op)
{
	struct mnt_extent *e;

	list_for_each_entry(e, &op->node->extents, link)
		if (e->offset < op->offset + op->len && op->offset < end_of(e) &&
		    (e->state == SENT || is_direct(op)))
			return true;
	return false;
}

/* True: an extent that is still to be sent has all of it now. */
static bool patch_all(const struct mnt_op *op)
{
	struct mnt_extent *e, *next;
	bool covered = false;

	list_for_each_entry_safe(e, next, &op->node->extents, link) {
		if (!patch(e, op))
			continue;
		if (e->state == GATHERING && is_in(op, e))
			covered = true;
		/* Nothing of it is needed any more, not even if the server loses it. */
		if (e->state == WRITTEN && e->offset >= op->offset &&
		    end_of(e) <= op->offset + op->len)
			extent_free(e);
	}
	return covered;
}

static bool append(struct mnt_extent *e, const struct mnt_op *op)
{
	u32 need = e->len + (u32)op->len, room = e->room;
	u8 *data;

	if (e->state != GATHERING || e->msg || end_of(e) != op->offset || e->who != op->who ||
	    e->nfs.lock_owner != op->nfs.lock_owner || need > op->mnt->info.wsize)
		return false;
	while (room < need)
		room *= 2;
	if (room != e->room) {
		data = realloc(e->data, room);
		if (!data)
			return false;
		e->data = data;
		e->room = room;
		set_charge(e, room);
	}
	memcpy(e->data + e->len, op->data, op->len);
	e->len = need;
	return true;
}

static bool append_any(const struct mnt_op *op)
{
	struct mnt_extent *e;

	list_for_each_entry(e, &op->node->extents, link) {
		if (!append(e, op))
			continue;
		/* Another one would not fit. */
		if (e->len + op->len > op->mnt->info.wsize)
			extent_send(e);
		return true;
	}
	return false;
}

static bool fill(struct mnt_extent *e, struct mnt_op *op)
{
	e->len = (u32)op->len;
	if (op->len >= op->mnt->info.wsize / 2) {
		e->msg = op->msg;
		e->data = op->data;
		op->msg = NULL;
		set_charge(e, op->mnt->msg_bytes);
		return true;
	}
	for (e->room = GATHER_MIN; e->room < op->len;)
		e->room *= 2;
	e->data = malloc(e->room);
	if (!e->data)
		return false;
	memcpy(e->data, op->data, op->len);
	set_charge(e, e->room);
	return true;
}

static struct mnt_extent *extent_new(struct mnt_op *op)
{
	struct nfs_mount *mnt = op->mnt;
	struct mnt_node *node = op->node;
	struct mnt_extent *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->node = node;
	if (!fill(e, op)) {
		free(e);
		return NULL;
	}
	mnt_node_get(node);
	e->who = mnt_who_get(op->who);
	e->nfs.fn = extent_done;
	e->nfs.caller = &e->who->caller;
	e->nfs.lock_owner = op->nfs.lock_owner;
	e->offset = op->offset;
	e->seq = ++mnt->seq;
	e->born_ns = mnt_now(mnt);
	if (list_empty(&node->extents))
		list_add_tail(&node->dirty_link, &mnt->dirty);
	list_add_tail(&e->link, &node->extents);
	mnt->extent_n++;
	return e;
}

static void arm(struct nfs_mount *mnt)
{
	if (!list_empty(&mnt->dirty) && !ual_timer_armed(&mnt->write_timer))
		ual_timer_arm(mnt->cfg.loop, &mnt->write_timer, mnt_now(mnt) + GATHER_NS);
}

static void reply_written(struct mnt_op *op)
{
	mnt_reply(op, fuse_reply_write, op->len);
	mnt_op_end(op);
}

static void add(struct mnt_op *op)
{
	struct nfs_mount *mnt = op->mnt;
	struct mnt_extent *e;

	if (!is_direct(op) && (patch_all(op) || append_any(op))) {
		reply_written(op);
		return;
	}
	/* The kernel goes on elsewhere. */
	send_gathered(op->node, UINT64_MAX, false);
	e = extent_new(op);
	if (!e) {
		mnt_op_fail(op, -ENOMEM);
		return;
	}
	if (is_direct(op)) {
		e->stable = is_stable(op);
		e->writer = op;
		extent_send(e);
		return;
	}
	if (e->msg)
		extent_send(e);
	arm(mnt);
	reply_written(op);
}

/* False: it has to wait. */
static bool try_add(struct mnt_op *op)
{
	struct nfs_mount *mnt = op->mnt;
	struct mnt_node *node = op->node;

	if (mnt->held_bytes + mnt->msg_bytes > HELD_MAX || mnt->extent_n >= EXTENTS_MAX ||
	    is_blocked(op))
		return false;
	if (list_empty(&node->extents))
		node->write_end = 0;
	node->write_end = max_t(u64, node->write_end, op->offset + op->len);
	node->told_size = max_t(u64, node->told_size, op->offset + op->len);
	add(op);
	return true;
}

static void make_room(struct nfs_mount *mnt)
{
	struct mnt_node *node;

	list_for_each_entry(node, &mnt->dirty, dirty_link) {
		send_gathered(node, UINT64_MAX, false);
		commit(node);
	}
}

static void try_held(struct nfs_mount *mnt)
{
	struct list_head held;

	INIT_LIST_HEAD(&held);
	list_splice_tail_init(&mnt->held, &held);
	while (!list_empty(&held)) {
		struct mnt_op *op = list_first_entry(&held, struct mnt_op, link);

		unpark(op);
		if (!try_add(op))
			park(op, &mnt->held);
	}
	if (!list_empty(&mnt->held))
		make_room(mnt);
}

void mnt_write_take(struct mnt_op *op)
{
	if (list_empty(&op->mnt->held) && try_add(op))
		return;
	park(op, &op->mnt->held);
	make_room(op->mnt);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

/* 0: not for anything; 1: for WRITEs; 2: for a COMMIT. */
static int waits_for(const struct mnt_op *op)
{
	const struct mnt_extent *e;
	int what = 0;

	list_for_each_entry(e, &op->node->extents, link) {
		if (e->seq > op->seq || end_of(e) <= op->wait_from)
			continue;
		if (e->state != WRITTEN)
			return 1;
		if (op->durable)
			what = 2;
	}
	return what;
}

static void node_step(struct mnt_node *node)
{
	struct nfs_mount *mnt = node->mnt;
	struct list_head ready;
	struct mnt_op *op, *next;

	INIT_LIST_HEAD(&ready);
	list_for_each_entry_safe(op, next, &node->waiters, link) {
		int what = waits_for(op);

		if (!what)
			list_move_tail(&op->link, &ready);
		else if (what == 2)
			commit(node);
	}
	if (mnt->held_bytes >= COMMIT_BYTES || mnt->extent_n >= COMMIT_EXTENTS)
		commit(node);
	mnt_node_get(node);
	while (!list_empty(&ready)) {
		op = list_first_entry(&ready, struct mnt_op, link);
		unpark(op);
		op->then(op, 0);
	}
	mnt_node_put(node);
	if (!list_empty(&mnt->held))
		try_held(mnt);
}

static void wait_for(struct mnt_op *op, bool durable, u64 from,
		     void (*then)(struct mnt_op *op, int err))
{
	op->seq = op->mnt->seq;
	op->durable = durable;
	op->wait_from = from;
	op->then = then;
	if (!waits_for(op)) {
		then(op, 0);
		return;
	}
	park(op, &op->node->waiters);
	send_gathered(op->node, op->seq, durable);
	if (waits_for(op) == 2)
		commit(op->node);
}

void mnt_write_wait(struct mnt_op *op, bool durable, void (*then)(struct mnt_op *op, int err))
{
	wait_for(op, durable, 0, then);
}

void mnt_write_wait_behind(struct mnt_op *op, u64 offset, void (*then)(struct mnt_op *op, int err))
{
	wait_for(op, false, offset, then);
}

bool mnt_write_pending(const struct mnt_node *node)
{
	return !list_empty(&node->extents);
}

size_t mnt_write_overlay(const struct mnt_node *node, u64 offset, u8 *data, size_t have, size_t len)
{
	const struct mnt_extent *e;

	list_for_each_entry(e, &node->extents, link) {
		u64 from = max_t(u64, e->offset, offset), to = min_t(u64, end_of(e), offset + len);

		/* The file goes on, or up to, what the server may not have: a hole until there. */
		if (end_of(e) > offset + have) {
			size_t end = (size_t)(min_t(u64, end_of(e), offset + len) - offset);

			memset(data + have, 0, end - have);
			have = end;
		}
		if (from < to)
			memcpy(data + (from - offset), e->data + (from - e->offset), to - from);
	}
	return have;
}

/* ---- all files -------------------------------------------------------------------------------- */

static bool wants_commit(const struct mnt_node *node)
{
	const struct mnt_op *op;

	list_for_each_entry(op, &node->waiters, link)
		if (waits_for(op) == 2)
			return true;
	return false;
}

static void on_timer(struct ual_timer *t)
{
	struct nfs_mount *mnt = t->ctx;
	struct mnt_extent *e;
	struct mnt_node *node;

	list_for_each_entry(node, &mnt->dirty, dirty_link) {
		list_for_each_entry(e, &node->extents, link)
			if (e->state == GATHERING && e->born_ns + GATHER_NS <= mnt_now(mnt))
				extent_send(e);
		if (wants_commit(node))
			commit(node);
	}
	arm(mnt);
}

void mnt_write_init(struct nfs_mount *mnt)
{
	INIT_LIST_HEAD(&mnt->dirty);
	INIT_LIST_HEAD(&mnt->held);
	mnt->write_timer.fn = on_timer;
	mnt->write_timer.ctx = mnt;
}

static void saved(struct mnt_op *op, int err)
{
	mnt_op_end(op);
}

void mnt_write_all(struct nfs_mount *mnt)
{
	struct mnt_node *node;

	list_for_each_entry(node, &mnt->dirty, dirty_link) {
		struct mnt_op *op = mnt_op_own(mnt, node, NULL);

		if (op)
			mnt_write_wait(op, true, saved);
	}
}

static void one_saved(struct mnt_op *one, int err)
{
	struct mnt_op *op = one->ptr;

	mnt_op_end(one);
	if (!--op->len)
		mnt_op_fail(op, 0);
}

void mnt_write_sync(struct mnt_op *op)
{
	struct mnt_node *node;

	op->len = 1;
	list_for_each_entry(node, &op->mnt->dirty, dirty_link) {
		struct mnt_op *one = mnt_op_own(op->mnt, node, NULL);

		if (!one)
			break;
		one->ptr = op;
		op->len++;
		mnt_write_wait(one, true, one_saved);
	}
	if (!--op->len)
		mnt_op_fail(op, 0);
}

/* What is under way comes back when the client goes. */
void mnt_write_abandon(struct nfs_mount *mnt)
{
	struct mnt_extent *e, *next;
	struct mnt_node *node, *next_node;

	ual_timer_disarm(mnt->cfg.loop, &mnt->write_timer);
	list_for_each_entry_safe(node, next_node, &mnt->dirty, dirty_link) {
		mnt_node_get(node);
		list_for_each_entry_safe(e, next, &node->extents, link)
			if (e->state != SENT)
				extent_failed(e, -EIO);
			else
				mnt->lost_bytes += e->len;
		mnt_node_put(node);
	}
}
