// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <stdlib.h>

#include "tests/unit/core/pair.h"

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static u32 or_default(u32 value, u32 fallback)
{
	return value ? value : fallback;
}

static void end_init(struct pair *p, struct end *e, u32 index)
{
	struct mpa_result how = p->opt.how;
	struct qp_cfg cfg = {
		.sq_depth = or_default(p->opt.sq_depth, 16),
		.rq_depth = p->opt.srq ? 0 : or_default(p->opt.rq_depth, 16),
		.sq_sge_max = or_default(p->opt.sge_max, 4),
		.rq_sge_max = or_default(p->opt.sge_max, 4),
		.inline_max = or_default(p->opt.inline_max, 64),
		.ird = or_default(p->opt.ird, 4),
		.ord = or_default(p->opt.ord, 4),
		.caps = p->opt.caps,
		.recv_wait = p->opt.recv_wait,
		.pd = END_PD,
		.qpn = index + 1,
		.ctx = e,
		.mem = &e->mem,
		.scq = &e->scq,
		.rcq = &e->rcq,
		.srq = p->opt.srq ? &e->srq : NULL,
	};

	how.initiator = !index;
	if (!how.ird && !how.ord)
		how.ird = how.ord = 4;
	if (index) {
		bool m = how.markers_rx;

		how.markers_rx = how.markers_tx;
		how.markers_tx = m;
	}
	mem_table_init(&e->mem, e->slots, ARRAY_SIZE(e->slots),
		       &(struct stag_key){ { 0x1234, index } });
	cq_init(&e->scq, e->sring, ARRAY_SIZE(e->sring), NULL);
	cq_init(&e->rcq, e->rring, ARRAY_SIZE(e->rring), NULL);
	rq_init(&e->srq, e->srq_entries, e->srq_sges, ARRAY_SIZE(e->srq_entries), 4);
	e->memory = must(calloc(1, END_MEMORY));
	if (mem_mr_reg(&e->mem, END_PD, e->memory, (uintptr_t)e->memory, END_MEMORY,
		       ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
			       ACCESS_REMOTE_ATOMIC | ACCESS_MW_BIND,
		       &e->stag))
		abort();
	e->qp_memory = must(aligned_alloc(64, qp_bytes(&cfg)));
	if (qp_init(e->qp_memory, &cfg, &e->qp) || qp_enter_rts(e->qp, &how, p->opt.emss))
		abort();
}

struct pair *pair_create(const struct pair_opt *opt)
{
	struct pair *p = must(calloc(1, sizeof(*p)));

	p->opt = *opt;
	end_init(p, &p->end[0], 0);
	end_init(p, &p->end[1], 1);
	return p;
}

void pair_destroy(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		struct end *e = &p->end[i];

		qp_deinit(e->qp);
		free(e->qp_memory);
		free(e->memory);
		free(e->wire);
		free(e->held);
	}
	free(p);
}

bool end_send(struct pair *p, struct end *e)
{
	struct qp_iov iov[32];
	bool any = false;
	unsigned n;
	size_t len;

	while ((len = qp_tx_gather(e->qp, iov, ARRAY_SIZE(iov), 256 << 10, &n))) {
		size_t sent = p->opt.send_max ? min_t(size_t, len, p->opt.send_max) : len;
		size_t left = sent;

		if (e->wire_len + sent > e->wire_cap) {
			e->wire_cap = 2 * (e->wire_len + sent);
			e->wire = must(realloc(e->wire, e->wire_cap));
		}
		for (unsigned i = 0; left; i++) {
			size_t take = min_t(size_t, left, iov[i].len);

			memcpy(e->wire + e->wire_len, iov[i].base, take);
			e->wire_len += take;
			left -= take;
		}
		qp_tx_sent(e->qp, sent);
		any = true;
	}
	return any;
}

/* Straight into the destination if the engine names one. */
static size_t feed_direct(struct end *e, const u8 *data, size_t len)
{
	struct core_span dst;
	size_t n;

	if (!qp_rx_want(e->qp, &dst))
		return 0;
	n = min_t(size_t, len, dst.len);
	memcpy(dst.data, data, n);
	qp_rx_placed(e->qp, n);
	return n;
}

static void hold(struct end *e, const u8 *data, size_t len)
{
	if (!len)
		return;
	e->held = must(realloc(e->held, e->held_len + len));
	memcpy(e->held + e->held_len, data, len);
	e->held_len += len;
}

static void feed_piece(struct pair *p, struct end *e, const u8 *data, size_t len)
{
	u8 *copy = must(malloc(len));	/* exactly this long, so that reading on is noticed */
	struct core_input in = { .data = copy, .len = len };
	struct qp_place place;
	enum qp_rx_event ev;

	memcpy(copy, data, len);
	if (p->opt.want)
		in.pos = feed_direct(e, copy, len);
	while (!e->waits && (ev = qp_rx(e->qp, &in, &place)) != QP_RX_MORE) {
		if (ev == QP_RX_PLACE)
			memcpy(place.dst, place.src, place.len);
		else
			e->last = ev;
		e->waits = ev == QP_RX_NO_RECV;
	}
	if (e->waits)
		hold(e, copy + in.pos, in.len - in.pos);
	else if (in.pos != in.len)
		abort();
	free(copy);
}

void end_feed(struct pair *p, struct end *e, const u8 *data, size_t len)
{
	while (len && !e->waits) {
		size_t n = p->opt.cut ? min_t(size_t, len, p->opt.cut) : len;

		feed_piece(p, e, data, n);
		data += n;
		len -= n;
	}
	hold(e, data, len);
}

void end_resume(struct pair *p, struct end *e)
{
	u8 *data = e->held;
	size_t len = e->held_len;

	e->held = NULL;
	e->held_len = 0;
	e->waits = false;
	end_feed(p, e, data, len);
	free(data);
}

bool pair_step(struct pair *p)
{
	bool any = false;

	for (int i = 0; i < 2; i++) {
		struct end *from = &p->end[i], *to = &p->end[!i];

		any |= end_send(p, from);
		end_feed(p, to, from->wire, from->wire_len);
		from->wire_len = 0;
	}
	return any;
}

void pair_run(struct pair *p)
{
	while (pair_step(p))
		;
}

int end_post(struct end *e, const struct wr_send *wr)
{
	const struct wr_send *bad;

	return qp_post_send(e->qp, wr, &bad);
}

int end_recv(struct end *e, u64 wr_id, u64 off, u32 len)
{
	const struct wr_sge sge = end_sge(e, off, len);
	const struct wr_recv wr = { .wr_id = wr_id, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	return qp_post_recv(e->qp, &wr, &bad);
}

struct wr_sge end_sge(struct end *e, u64 off, u32 len)
{
	return (struct wr_sge){ .addr = end_addr(e, off), .len = len, .lkey = e->stag };
}

u64 end_addr(const struct end *e, u64 off)
{
	return (uintptr_t)e->memory + off;
}

bool end_poll(struct end *e, struct wc *wc)
{
	return cq_poll(&e->scq, wc, 1) || cq_poll(&e->rcq, wc, 1);
}
