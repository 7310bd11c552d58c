// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Moving data: RDMA Writes followed by the response, RDMA Reads.
 *
 * One chain of work requests for a command, signaled at its end, so that data and response leave in
 * one system call and cost one completion.  A transfer that the send queue has no room for goes on
 * when completions come, in the order in which transfers were asked for; it keeps a copy of its
 * sges then. Reads beyond the negotiated ORD wait in the queue pair.
 */
#include <stdlib.h>

#include "iser/target/target_priv.h"

#define CHAIN_MAX	16
#define WR_TASK		1u		/* low bits of wr_id, conn.c */
#define NS_PER_MS	1000000ull

/* ---- the send queue ------------------------------------------------------------------------- */

static u32 room(const struct tsess *s)
{
	return s->sq_depth - TGT_SQ_RESERVE - min_t(u32, s->sq_used, s->sq_depth - TGT_SQ_RESERVE);
}

static void stall_arm(struct tsess *s)
{
	ual_timer_arm(s->pub.dev->loop, &s->stall, s->sq_moved_ns + TGT_STALL_MS * NS_PER_MS);
}

bool tsq_post(struct tsess *s, const struct wr_send *first, u32 n)
{
	const struct wr_send *bad;

	if (ual_post_send(s->qp, first, &bad) != 0) {
		tsess_kill(s, "sends could not be posted");
		return false;
	}
	if (!s->sq_used)
		s->sq_moved_ns = ual_loop_now(s->pub.dev->loop);
	s->sq_used += n;
	if (!ual_timer_armed(&s->stall))
		stall_arm(s);
	s->signals[s->signal_tail++ % s->sq_depth] = (u16)n;
	return true;
}

void tsq_completed(struct tsess *s)
{
	core_assert(s->signal_head != s->signal_tail);
	s->sq_used -= s->signals[s->signal_head++ % s->sq_depth];
	s->sq_moved_ns = ual_loop_now(s->pub.dev->loop);
}

static bool fetches_for_too_long(const struct tsess *s, u64 now)
{
	const struct ttask *t;

	list_for_each_entry(t, &s->tasks_active, link)
		if (t->state == TASK_FETCH && now - t->fetch_ns >= TGT_FETCH_MS * NS_PER_MS)
			return true;
	return false;
}

/* Memory of the backend is held for what is under way: an initiator that does not do its part may not keep it. */
void tsq_on_timer(struct ual_timer *timer)
{
	struct tsess *s = timer->ctx;
	u64 now = ual_loop_now(s->pub.dev->loop);

	if (tsess_dead(s) || !s->sq_used)
		return;
	if (now - s->sq_moved_ns >= TGT_STALL_MS * NS_PER_MS || fetches_for_too_long(s, now))
		tsess_kill(s, "the initiator does not answer RDMA Reads, or takes no data");
	else
		stall_arm(s);
}

/* ---- one chain ------------------------------------------------------------------------------ */

struct chain {
	struct wr_send wr[CHAIN_MAX];
	struct wr_sge sge[CHAIN_MAX * TGT_SGE_MAX];
	u32 n, sges, max;
};

static struct wr_send *chain_add(struct chain *c, struct ttask *t, enum wr_opcode opcode)
{
	struct wr_send *wr = &c->wr[c->n];

	*wr = (struct wr_send){
		.wr_id = (uintptr_t)t | WR_TASK,
		.opcode = opcode,
		.sges = &c->sge[c->sges],
	};
	if (c->n > 0)
		c->wr[c->n - 1].next = wr;
	c->n++;
	return wr;
}

/* The next piece of the transfer into one sge; false: nothing left, or len_max reached. */
static bool take_sge(struct txfer *x, struct chain *c, struct wr_send *wr, u32 len_max)
{
	const struct wr_sge *from;
	u32 len;

	while (x->sge < x->sge_n && x->sge_off == x->sges[x->sge].len) {
		x->sge++;
		x->sge_off = 0;
	}
	if (x->left == 0 || len_max == 0)
		return false;
	core_assert(x->sge < x->sge_n);		/* the sges hold len bytes: the backend's promise */
	from = &x->sges[x->sge];
	len = min_t(u32, min_t(u32, from->len - x->sge_off, x->left), len_max);
	c->sge[c->sges++] = (struct wr_sge){ from->addr + x->sge_off, len, from->lkey };
	wr->sge_n++;
	x->sge_off += len;
	x->left -= len;
	x->to += len;
	return true;
}

static void chain_data(struct chain *c, struct ttask *t, u32 sge_max, u32 len_max)
{
	struct txfer *x = &t->x;

	while (x->left > 0 && c->n < c->max) {
		struct wr_send *wr = chain_add(c, t, t->write ? WR_WRITE : WR_READ);
		u64 at = x->to;

		wr->remote.addr = at;
		wr->remote.rkey = x->rkey;
		while (wr->sge_n < sge_max && take_sge(x, c, wr, len_max - (u32)(x->to - at)))
			;
	}
}

static void chain_response(struct chain *c, struct ttask *t)
{
	struct tsess *s = task_sess(t);
	bool stag = t->hdr.read_valid || t->hdr.write_valid;
	struct wr_send *wr = chain_add(c, t, s->remote_inv && stag ? WR_SEND_INV : WR_SEND);

	/* Credits in the response are good only with the receives behind them. */
	trecv_flush(s);
	tcmd_build_response(t);
	wr->flags = WR_SOLICITED;
	wr->inv_rkey = t->hdr.read_valid ? t->hdr.read_stag : t->hdr.write_stag;
	wr->sge_n = 1;
	c->sge[c->sges++] = (struct wr_sge){
		(uintptr_t)t->tx,
		HEADERS_BYTES + (t->sense_len > 0 ? 2u + t->sense_len : 0),
		t->tx_lkey,
	};
	t->responding = true;
}

/* ---- transfers ------------------------------------------------------------------------------ */

static void wait_for_room(struct ttask *t)
{
	struct tsess *s = task_sess(t);
	struct txfer *x = &t->x;

	if (x->left > 0 && !x->copy) {
		size_t bytes = (x->sge_n - x->sge) * sizeof(*x->copy);

		x->copy = malloc(bytes);
		if (!x->copy) {
			tsess_kill(s, "no memory for a transfer that has to wait");
			return;
		}
		memcpy(x->copy, x->sges + x->sge, bytes);
		x->sges = x->copy;
		x->sge_n -= x->sge;
		x->sge = 0;
	}
	list_add_tail(&t->later, &s->sq_wait);
}

int txfer_open_sinks(struct ttask *t)
{
	struct ual_pd *pd = task_sess(t)->reactor->pd;
	struct txfer *x = &t->x;

	x->copy = malloc(x->sge_n * sizeof(*x->copy));
	x->sinks = calloc(x->sge_n, sizeof(*x->sinks));
	if (!x->copy || !x->sinks)
		return -ENOMEM;
	memcpy(x->copy, x->sges, x->sge_n * sizeof(*x->copy));
	x->sges = x->copy;
	x->sink_n = x->sge_n;
	for (unsigned int i = 0; i < x->sge_n; i++) {
		int err = ual_sink_open(pd, &x->copy[i], &x->sinks[i]);

		if (err)
			return err;
	}
	return 0;
}

void txfer_release(struct txfer *x)
{
	for (unsigned int i = 0; i < x->sink_n; i++)
		ual_sink_close(&x->sinks[i]);
	free(x->sinks);
	free(x->copy);
	x->sinks = NULL;
	x->copy = NULL;
	x->sink_n = 0;
}

static bool step(struct ttask *t)
{
	struct tsess *s = task_sess(t);
	u32 len_max = s->qp->dev->info.msg_len_max;
	struct chain c;

	c.n = c.sges = 0;
	c.max = min_t(u32, CHAIN_MAX, room(s));
	if (t->write) {
		chain_data(&c, t, s->qp->cfg.sq_sge_max, len_max);
		if (t->x.left == 0 && c.n < c.max)
			chain_response(&c, t);
	} else {
		chain_data(&c, t, 1, min_t(u32, len_max, s->params.max_burst));
	}
	if (c.n == 0)
		return false;
	c.wr[c.n - 1].flags |= WR_SIGNALED;
	t->signals++;
	return tsq_post(s, c.wr, c.n);
}

static bool all_posted(const struct ttask *t)
{
	return t->x.left == 0 && (!t->write || t->responding);
}

void txfer_run(struct ttask *t)
{
	struct tsess *s = task_sess(t);

	if (list_empty(&s->sq_wait))
		while (!all_posted(t) && step(t))
			;
	if (!all_posted(t) && !tsess_dead(s))
		wait_for_room(t);
}

void txfer_resume(struct tsess *s)
{
	while (!list_empty(&s->sq_wait) && room(s) > 0 && !tsess_dead(s)) {
		struct ttask *t = list_first_entry(&s->sq_wait, struct ttask, later);

		if (all_posted(t) || !step(t) || all_posted(t))
			list_del(&t->later);
	}
}

/* One signaled work request of the task has completed. */
void txfer_completed(struct ttask *t)
{
	struct tsess *s = task_sess(t);

	tsq_completed(s);
	t->signals--;
	if (t->signals == 0 && all_posted(t)) {
		if (t->write)
			tcmd_answered(t);
		else
			tcmd_fetched(t);
	}
	if (!list_empty(&s->sq_wait))
		txfer_resume(s);
}
