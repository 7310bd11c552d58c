// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What programs for verbs ask of the software RNIC: limits of SRQs, the error state, regions whose tagged
 * offsets are not addresses, immediate data with the length of its Write.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

#define SOFT .ops = &soft_provider_ops

static const struct wc *wc_of(const struct side *s, uint64_t id)
{
	for (unsigned i = 0; i < s->wc_n; i++)
		if (s->wcs[i].wr_id == id)
			return &s->wcs[i];
	return NULL;
}

/* ---- shared receive queues -------------------------------------------------------------------------- */

struct limit {
	unsigned told;
	uint32_t again;			/* set by the callback; 0: not */
};

static void on_limit(struct ual_srq *srq, void *ctx)
{
	struct limit *limit = ctx;

	limit->told++;
	if (limit->again)
		assert_int_equal(ual_srq_limit(srq, limit->again, on_limit, limit), 0);
	limit->again = 0;
}

static void tells_when_an_srq_runs_low(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .srq = true };
	struct limit limit = { .told = 0 };
	struct pair p;

	pair_open(&p, &cfg);
	for (unsigned i = 0; i < 4; i++)
		side_recv(&p.b, 200 + i, 4096 * i, 4096);
	assert_int_equal(ual_srq_limit(p.b.srq, 3, NULL, NULL), -EINVAL);
	assert_int_equal(ual_srq_limit(p.b.srq, 1000, on_limit, &limit), -EINVAL);
	assert_int_equal(ual_srq_limit(p.b.srq, 3, on_limit, &limit), 0);
	pair_connect(&p);
	assert_int_equal(side_send(&p.a, 1, 0, 8, 0), 0);
	pair_until_wcs(&p, &p.b, 1);
	assert_int_equal(limit.told, 0);	/* 3 are posted: not fewer than 3 */
	assert_int_equal(side_send(&p.a, 2, 0, 8, 0), 0);
	pair_until_wcs(&p, &p.b, 2);
	assert_int_equal(limit.told, 1);
	assert_int_equal(side_send(&p.a, 3, 0, 8, 0), 0);
	pair_until_wcs(&p, &p.b, 3);
	assert_int_equal(limit.told, 1);	/* once */
	pair_close(&p);
}

/* So already when it is set: the loop tells at once, though nothing comes from outside. */
static void tells_of_an_srq_that_is_low(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .srq = true };
	struct limit limit = { .again = 2 };
	struct pair p;

	pair_open(&p, &cfg);
	side_recv(&p.b, 200, 0, 4096);
	assert_int_equal(ual_srq_limit(p.b.srq, 2, on_limit, &limit), 0);
	assert_true(ual_loop_deadline(p.loop) == 0);
	for (int i = 0; i < 3; i++)
		assert_true(ual_loop_step(p.loop, 0) >= 0);
	assert_int_equal(limit.told, 2);	/* the second was set in the callback */
	assert_int_equal(ual_srq_limit(p.b.srq, 2, on_limit, &limit), 0);
	assert_int_equal(ual_srq_limit(p.b.srq, 0, NULL, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_true(ual_loop_step(p.loop, 0) >= 0);
	assert_int_equal(limit.told, 2);
	/* destroyed with a limit set */
	assert_int_equal(ual_srq_limit(p.b.srq, 1, on_limit, &limit), 0);
	pair_close(&p);
}

static void empty_srq_ends_the_connection(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .srq = true };
	struct pair p;

	pair_open(&p, &cfg);
	side_recv(&p.b, 200, 0, 4096);
	pair_connect(&p);
	assert_int_equal(side_send(&p.a, 1, 0, 8, 0), 0);
	assert_int_equal(side_send(&p.a, 2, 0, 8, 0), 0);
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	assert_int_equal(wc_of(&p.b, 200)->status, WC_SUCCESS);
	/* RFC 5041 8.2: invalid MSN, no buffer available */
	assert_int_equal(side_event(&p.a, UAL_EV_TERMINATED)->term.layer, 1);
	assert_int_equal(side_event(&p.a, UAL_EV_TERMINATED)->term.etype, 2);
	assert_int_equal(side_event(&p.a, UAL_EV_TERMINATED)->term.code, 2);
	pair_close(&p);
}

/* ---- the error state -------------------------------------------------------------------------------- */

/* Of `n` receives from `first` on, all were given back unused. */
static void assert_flushed(const struct side *s, uint64_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_non_null(wc_of(s, first + i));
		assert_int_equal(wc_of(s, first + i)->status, WC_WR_FLUSH_ERR);
	}
}

static void abort_before_any_connection(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	struct pair p;

	pair_open(&p, &cfg);
	for (unsigned i = 0; i < 3; i++)
		side_recv(&p.a, 100 + i, 0, 64);
	assert_int_equal(ual_abort(p.a.qp), 0);
	assert_true(ual_loop_deadline(p.loop) == 0);
	pair_until_wcs(&p, &p.a, 3);
	assert_flushed(&p.a, 100, 3);
	assert_int_equal(p.a.ev_n, 0);
	assert_int_equal(ual_abort(p.a.qp), 0);
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr), NULL),
			 -EISCONN);
	pair_close(&p);
}

static void abort_while_connecting(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .keep = true };
	struct pair p;

	pair_open(&p, &cfg);
	side_recv(&p.a, 100, 0, 64);
	pair_start(&p);
	while (!p.req_n)
		pair_run_ms(&p, 1);
	assert_int_equal(ual_abort(p.a.qp), 0);
	pair_until_event(&p, &p.a, UAL_EV_FAILED);
	assert_int_equal(p.a.ev_n, 1);
	assert_int_equal(p.a.evs[0].err, -ECONNABORTED);
	assert_flushed(&p.a, 100, 1);
	/* and the one who accepts it afterwards hears of it */
	assert_int_equal(ual_accept(p.req, p.b.qp, NULL), 0);
	pair_until_event(&p, &p.b, UAL_EV_FAILED);
	pair_close(&p);
}

static void check_completions_precede_the_end(struct side *s)
{
	if (s->ev_n && s->evs[s->ev_n - 1].kind == UAL_EV_DISCONNECTED)
		assert_true(s->wc_n >= 10);
}

static void abort_flushes_before_it_tells(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct pair p;

	for (int passive = 0; passive <= 1; passive++) {
		struct side *s, *t;

		pair_open(&p, &cfg);
		for (unsigned i = 0; i < 4; i++) {
			side_recv(&p.a, 100 + i, 0, 64);
			side_recv(&p.b, 100 + i, 0, 64);
		}
		pair_connect(&p);
		s = passive ? &p.b : &p.a;
		t = passive ? &p.a : &p.b;
		for (unsigned i = 0; i < 6; i++)
			assert_int_equal(side_rdma(s, WR_WRITE, i, 0, 1 << 20, t, 0, 0), 0);
		assert_int_equal(ual_abort(s->qp), 0);
		assert_int_equal(side_send(s, 9, 0, 8, 0), -ENOTCONN);
		while (!side_event(s, UAL_EV_DISCONNECTED)) {
			pair_run_ms(&p, 1);
			check_completions_precede_the_end(s);
		}
		assert_int_equal(side_event(s, UAL_EV_DISCONNECTED)->err, -ECONNABORTED);
		assert_null(side_event(s, UAL_EV_TERMINATED));
		assert_int_equal(s->wc_n, 10);
		assert_flushed(s, 0, 6);
		assert_flushed(s, 100, 4);
		pair_until_event(&p, t, UAL_EV_DISCONNECTED);
		assert_flushed(t, 100, 4);
		assert_true(side_event(t, UAL_EV_DISCONNECTED)->err < 0);
		pair_close(&p);
	}
}

/* While it is on its way to an orderly end. */
static void abort_of_a_disconnect(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct pair p;

	pair_open(&p, &cfg);
	side_recv(&p.a, 100, 0, 64);
	pair_connect(&p);
	assert_int_equal(side_rdma(&p.a, WR_WRITE, 1, 0, 1 << 20, &p.b, 0, WR_SIGNALED), 0);
	assert_int_equal(ual_disconnect(p.a.qp), 0);
	assert_int_equal(ual_abort(p.a.qp), 0);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	assert_int_equal(side_event(&p.a, UAL_EV_DISCONNECTED)->err, -ECONNABORTED);
	assert_flushed(&p.a, 1, 1);
	assert_flushed(&p.a, 100, 1);
	pair_close(&p);
}

static void aborting_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct side *s = qp->cfg.ctx;

	s->evs[s->ev_n++] = *ev;
	if (ev->kind == UAL_EV_ESTABLISHED)
		assert_int_equal(ual_abort(qp), 0);
}

static void abort_in_the_callback(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct pair p;

	pair_open(&p, &cfg);
	p.a.qp->cfg.fn = aborting_event;
	side_recv(&p.a, 100, 0, 64);
	pair_start(&p);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	assert_int_equal(p.a.ev_n, 2);
	assert_flushed(&p.a, 100, 1);
	pair_close(&p);
}

/* ---- peers that are about to listen --------------------------------------------------------------------- */

static void start_refused(struct pair *p, const struct pair_cfg *cfg)
{
	pair_open(p, cfg);
	pair_listen(p);
	ual_listener_destroy(p->listener);
	p->listener = NULL;
	assert_int_equal(ual_loop_step(p->loop, 0) >= 0, true);
	assert_int_equal(ual_connect(p->a.qp, (struct sockaddr *)&p->addr,
				     sizeof(struct sockaddr_in), &cfg->active),
			 0);
}

static void refused_connections_are_tried_again(void **state)
{
	static const struct pair_cfg once = { SOFT };
	static const struct pair_cfg cfg = { SOFT, .active.refused_ms = 300 };
	struct sockaddr_storage addr;
	struct pair p;
	uint64_t from;

	start_refused(&p, &once);
	pair_until_event(&p, &p.a, UAL_EV_FAILED);
	assert_int_equal(p.a.evs[0].err, -ECONNREFUSED);
	pair_close(&p);
	/* the peer listens late */
	start_refused(&p, &cfg);
	pair_run_ms(&p, 50);
	assert_int_equal(p.a.ev_n, 0);
	addr = p.addr;
	pair_listen_at(&p, (struct sockaddr *)&addr, sizeof(struct sockaddr_in));
	pair_until_event(&p, &p.a, UAL_EV_ESTABLISHED);
	pair_close(&p);
	/* or never */
	start_refused(&p, &cfg);
	from = ual_loop_now(p.loop);
	pair_until_event(&p, &p.a, UAL_EV_FAILED);
	assert_int_equal(p.a.evs[0].err, -ECONNREFUSED);
	assert_in_range(ual_loop_now(p.loop) - from, 290000000ull, 2000000000ull);
	pair_close(&p);
	/* aborted, or destroyed, between two tries */
	for (int destroyed = 0; destroyed <= 1; destroyed++) {
		start_refused(&p, &cfg);
		pair_run_ms(&p, 2);
		if (!destroyed)
			assert_int_equal(ual_abort(p.a.qp), 0);
		pair_close(&p);
	}
}

/* ---- regions at offsets of their own ------------------------------------------------------------------ */

static void tagged_offsets_of_ones_own(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	static const uint64_t iovas[] = { 0, 0x1000, 0xffffffffffff0000 };
	const uint32_t all = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ;

	for (size_t i = 0; i < ARRAY_SIZE(iovas); i++) {
		const struct wr_send *bad;
		struct ual_mr *near, *far, *no;
		struct wr_sge sge;
		struct wr_send wr;
		struct pair p;

		pair_open(&p, &cfg);
		assert_int_equal(ual_mr_reg_iova(p.a.pd, p.a.buf + 4096, 65536, -(uint64_t)65535,
						 all, &no),
				 -EINVAL);
		assert_int_equal(
			ual_mr_reg_iova(p.a.pd, p.a.buf + 4096, 65536, iovas[i], all, &near), 0);
		assert_int_equal(
			ual_mr_reg_iova(p.b.pd, p.b.buf + 4096, 65536, iovas[i], all, &far), 0);
		assert_true(near->addr == iovas[i] && near->len == 65536);
		pair_connect(&p);
		fill(p.a.buf + 4096 + 100, 60000, 1);
		sge = (struct wr_sge){ iovas[i] + 100, 60000, near->lkey };
		wr = (struct wr_send){ .wr_id = 1,
				       .opcode = WR_WRITE,
				       .flags = WR_SIGNALED,
				       .sges = &sge,
				       .sge_n = 1,
				       .remote = { iovas[i] + 200, far->rkey } };
		assert_int_equal(ual_post_send(p.a.qp, &wr, &bad), 0);
		sge = (struct wr_sge){ iovas[i], 60000, near->lkey };
		wr.opcode = WR_READ;
		wr.wr_id = 2;
		assert_int_equal(ual_post_send(p.a.qp, &wr, &bad), 0);
		pair_until_wcs(&p, &p.a, 2);
		assert_int_equal(p.a.wcs[0].status, WC_SUCCESS);
		assert_int_equal(p.a.wcs[1].status, WC_SUCCESS);
		assert_true(filled(p.b.buf + 4096 + 200, 60000, 1));
		assert_true(filled(p.a.buf + 4096, 60000, 1));
		/* the address itself is nowhere in the region */
		wr.opcode = WR_WRITE;
		wr.remote.addr = (uintptr_t)p.b.buf + 4096;
		assert_int_equal(ual_post_send(p.a.qp, &wr, &bad), 0);
		pair_until_event(&p, &p.a, UAL_EV_TERMINATED);
		assert_int_equal(ual_mr_dereg(near), 0);
		assert_int_equal(ual_mr_dereg(far), 0);
		pair_close(&p);
	}
}

/* ---- work that needs no network ----------------------------------------------------------------------- */

/* Done while it is posted; a loop that sleeps must not wait for input to tell of it. */
static void local_work_is_told_at_once(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	const struct wr_send *bad;
	struct wr_send wr;
	struct ual_mw *mw;
	struct pair p;

	pair_open(&p, &cfg);
	pair_connect(&p);
	while (ual_loop_step(p.loop, 0) > 0)
		;
	assert_int_equal(ual_mw_alloc(p.a.pd, &mw), 0);
	wr = (struct wr_send){ .wr_id = 7,
			       .opcode = WR_BIND_MW,
			       .flags = WR_SIGNALED,
			       .bind = { mw->rkey, p.a.mr->lkey, (uintptr_t)p.a.buf, 4096,
					 ACCESS_REMOTE_READ } };
	assert_int_equal(ual_post_send(p.a.qp, &wr, &bad), 0);
	assert_true(ual_loop_deadline(p.loop) == 0);
	assert_true(ual_loop_step(p.loop, 0) > 0);
	assert_int_equal(wc_of(&p.a, 7)->status, WC_SUCCESS);
	assert_int_equal(ual_qp_destroy(p.a.qp), 0);
	p.a.qp = NULL;
	assert_int_equal(ual_mw_dealloc(mw), 0);
	pair_close(&p);
}

/* ---- immediate data ----------------------------------------------------------------------------------- */

static int post_imm(struct side *s, enum wr_opcode op, uint64_t imm, uint32_t len,
		    const struct side *peer)
{
	struct wr_sge sge = { (uintptr_t)s->buf, len, s->mr->lkey };
	struct wr_send wr = { .opcode = op,
			      .sges = &sge,
			      .sge_n = 1,
			      .imm = imm,
			      .remote = { (uintptr_t)peer->buf + (1 << 20), peer->mr->rkey } };
	const struct wr_send *bad;

	return ual_post_send(s->qp, &wr, &bad);
}

static void immediate_data_tells_of_its_write(void **state)
{
	static const struct {
		enum wr_opcode op;
		uint32_t len;
		enum wc_opcode seen;
		uint32_t flags;
	} cases[] = {
		{ WR_WRITE_IMM, 300000, WC_RECV_IMM, WC_WITH_IMM | WC_WITH_WRITE },
		{ WR_SEND_IMM, 0, WC_RECV_IMM, WC_WITH_IMM },
		{ WR_WRITE_IMM, 0, WC_RECV_IMM, WC_WITH_IMM | WC_WITH_WRITE },
		{ WR_SEND, 17, WC_RECV, 0 },
		{ WR_WRITE_IMM, 1, WC_RECV_IMM, WC_WITH_IMM | WC_WITH_WRITE },
		{ WR_WRITE_IMM, 5000, WC_RECV_IMM, WC_WITH_IMM | WC_WITH_WRITE },
	};
	static const struct pair_cfg cfg = { SOFT };
	struct pair p;

	pair_open(&p, &cfg);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		side_recv(&p.b, i, 65536u * i, 64);
	pair_connect(&p);
	assert_int_equal(post_imm(&p.a, WR_SEND_IMM, 1, 1, &p.b), -EINVAL);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(post_imm(&p.a, cases[i].op, 7 + i, cases[i].len, &p.b), 0);
	pair_until_wcs(&p, &p.b, ARRAY_SIZE(cases));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(p.b.wcs[i].wr_id, i);
		assert_int_equal(p.b.wcs[i].opcode, cases[i].seen);
		assert_int_equal(p.b.wcs[i].flags, cases[i].flags);
		assert_int_equal(p.b.wcs[i].byte_len, cases[i].len);
		if (cases[i].flags)
			assert_true(p.b.wcs[i].imm == 7 + i);
	}
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_when_an_srq_runs_low),
		cmocka_unit_test(tells_of_an_srq_that_is_low),
		cmocka_unit_test(empty_srq_ends_the_connection),
		cmocka_unit_test(abort_before_any_connection),
		cmocka_unit_test(abort_while_connecting),
		cmocka_unit_test(abort_flushes_before_it_tells),
		cmocka_unit_test(abort_of_a_disconnect),
		cmocka_unit_test(abort_in_the_callback),
		cmocka_unit_test(refused_connections_are_tried_again),
		cmocka_unit_test(tagged_offsets_of_ones_own),
		cmocka_unit_test(local_work_is_told_at_once),
		cmocka_unit_test(immediate_data_tells_of_its_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
