// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The software RNIC over sockets of 127.0.0.1: start-up, every operation, every way to end. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

#define SOFT .ops = &soft_provider_ops

static void connects_with_private_data(void **state)
{
	static const struct {
		const char *name;
		struct pair_cfg cfg;
	} cases[] = {
		{ "revision 2", { SOFT } },
		{ "revision 1", { SOFT, .active.mpa_revision = 1 } },
		{ "no CRC", { SOFT, .active.crc = UAL_CRC_OFF, .passive.crc = UAL_CRC_OFF } },
		{ "CRC asked by one", { SOFT, .active.crc = UAL_CRC_OFF } },
		{ "markers to us", { SOFT, .active.mpa_markers = true } },
		{ "markers both ways",
		  { SOFT, .active.mpa_markers = true, .passive.mpa_markers = true } },
		{ "RTR Send", { SOFT, .active.mpa_rtr = MPA_RTR_SEND } },
		{ "RTR Write", { SOFT, .active.mpa_rtr = MPA_RTR_WRITE } },
		{ "RTR Read", { SOFT, .active.mpa_rtr = MPA_RTR_READ } },
		{ "SRQ", { SOFT, .srq = true } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair_cfg cfg = cases[i].cfg;
		struct pair p;

		print_message("  %s\n", cases[i].name);
		cfg.active.pdata = "hello";
		cfg.active.pdata_len = 5;
		cfg.passive.pdata = "welcome";
		cfg.passive.pdata_len = 7;
		pair_open(&p, &cfg);
		for (int k = 0; k < 8; k++) {
			side_recv(&p.a, 100 + (unsigned)k, 4096u * (unsigned)k, 4096);
			side_recv(&p.b, 200 + (unsigned)k, 4096u * (unsigned)k, 4096);
		}
		pair_connect(&p);
		assert_int_equal(p.a.evs[0].pdata_len, 7);
		assert_memory_equal(p.a.evs[0].pdata, "welcome", 7);
		assert_int_equal(p.b.evs[0].pdata_len, 5);
		assert_memory_equal(p.b.evs[0].pdata, "hello", 5);
		assert_int_equal(p.a.qp->ord, 8);
		assert_int_equal(((struct sockaddr_in *)&p.a.qp->peer)->sin_port,
				 ((struct sockaddr_in *)&p.addr)->sin_port);
		assert_int_equal(((struct sockaddr_in *)&p.b.qp->peer)->sin_port,
				 ((struct sockaddr_in *)&p.a.qp->local)->sin_port);

		/* the initiator speaks first, then both */
		fill(p.a.buf + 65536, 4000, 1);
		fill(p.b.buf + 65536, 3000, 2);
		assert_int_equal(side_send(&p.a, 1, 65536, 4000, WR_SIGNALED), 0);
		pair_until_wcs(&p, &p.b, 1);
		assert_int_equal(p.b.wcs[0].wr_id, 200);
		assert_int_equal(p.b.wcs[0].status, WC_SUCCESS);
		assert_int_equal(p.b.wcs[0].byte_len, 4000);
		assert_true(filled(p.b.buf, 4000, 1));
		assert_int_equal(side_send(&p.b, 2, 65536, 3000, WR_SIGNALED), 0);
		pair_until_wcs(&p, &p.a, 2);
		assert_true(filled(p.a.buf, 3000, 2));
		pair_close(&p);
	}
}

/* ---- operations ------------------------------------------------------------------------------------- */

static void connect_pair(struct pair *p, const struct pair_cfg *cfg)
{
	pair_open(p, cfg);
	for (unsigned k = 0; k < 16; k++) {
		side_recv(&p->a, 100 + k, 65536u * k, 65536);
		side_recv(&p->b, 200 + k, 65536u * k, 65536);
	}
	pair_connect(p);
}

static const struct wc *wc_of(const struct side *s, uint64_t id)
{
	for (unsigned i = 0; i < s->wc_n; i++)
		if (s->wcs[i].wr_id == id)
			return &s->wcs[i];
	return NULL;
}

static int post(struct side *s, struct wr_send wr)
{
	const struct wr_send *bad;

	wr.flags |= WR_SIGNALED;
	return ual_post_send(s->qp, &wr, &bad);
}

static struct wr_sge sge_at(const struct side *s, size_t off, uint32_t len)
{
	return (struct wr_sge){ (uintptr_t)s->buf + off, len, s->mr->lkey };
}

static void all_sizes_all_ways(void **state)
{
	static const uint32_t sizes[] = { 0,	1,    3,     4,	    511,   1448,   4096,
					  8191, 8192, 65483, 65536, 70001, 262144, 1000003 };
	static const struct pair_cfg cfgs[] = {
		{ SOFT },
		{ SOFT, .active.crc = UAL_CRC_OFF, .passive.crc = UAL_CRC_OFF },
		{ SOFT, .active.mpa_markers = true, .passive.mpa_markers = true },
	};

	for (size_t c = 0; c < ARRAY_SIZE(cfgs); c++) {
		struct pair p;

		connect_pair(&p, &cfgs[c]);
		for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
			uint32_t n = sizes[i];
			unsigned wcs = p.a.wc_n;

			fill(p.a.buf + (2 << 20), n, i);
			fill(p.b.buf + (3 << 20), n, i + 100);
			p.b.buf[(2 << 20) + n] = 0xee;
			p.a.buf[(3 << 20) + n] = 0xee;
			assert_int_equal(side_rdma(&p.a, WR_WRITE, 1, 2 << 20, n, &p.b, 2 << 20,
						   WR_SIGNALED),
					 0);
			assert_int_equal(side_rdma(&p.a, WR_READ, 2, 3 << 20, n, &p.b, 3 << 20,
						   WR_SIGNALED),
					 0);
			pair_until_wcs(&p, &p.a, wcs + 2);
			assert_int_equal(p.a.wcs[wcs].status, WC_SUCCESS);
			assert_int_equal(p.a.wcs[wcs + 1].status, WC_SUCCESS);
			assert_int_equal(p.a.wcs[wcs + 1].byte_len, n);
			/* the Read came back, so the Write before it is there */
			assert_true(filled(p.b.buf + (2 << 20), n, i));
			assert_true(filled(p.a.buf + (3 << 20), n, i + 100));
			assert_int_equal(p.b.buf[(2 << 20) + n], 0xee);
			assert_int_equal(p.a.buf[(3 << 20) + n], 0xee);
			if (n > 65536)
				continue;
			wcs = p.b.wc_n;
			assert_int_equal(side_send(&p.a, 3, 2 << 20, n, 0), 0);
			pair_until_wcs(&p, &p.b, wcs + 1);
			assert_int_equal(p.b.wcs[wcs].byte_len, n);
			assert_true(filled(p.b.buf + 65536 * (p.b.wcs[wcs].wr_id - 200), n, i));
		}
		pair_close(&p);
	}
}

static void both_ways_at_once(void **state)
{
	enum { N = 24 };
	static const struct pair_cfg cfg = { SOFT };
	struct pair p;

	connect_pair(&p, &cfg);
	fill(p.a.buf + (2 << 20), 1 << 20, 1);
	fill(p.b.buf + (2 << 20), 1 << 20, 2);
	for (unsigned i = 0; i < N; i++) {
		enum wr_opcode op = i % 2 ? WR_WRITE : WR_READ;
		size_t from = op == WR_WRITE ? 2 << 20 : 3 << 20;
		size_t to = op == WR_WRITE ? 3 << 20 : 2 << 20;

		assert_int_equal(side_rdma(&p.a, op, i, from, 1 << 20, &p.b, to, WR_SIGNALED), 0);
		assert_int_equal(side_rdma(&p.b, op, i, from, 1 << 20, &p.a, to, WR_SIGNALED), 0);
	}
	pair_until_wcs(&p, &p.a, N);
	pair_until_wcs(&p, &p.b, N);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(p.a.wcs[i].status, WC_SUCCESS);
		assert_int_equal(p.a.wcs[i].wr_id, i);
		assert_int_equal(p.b.wcs[i].status, WC_SUCCESS);
	}
	assert_true(filled(p.a.buf + (3 << 20), 1 << 20, 2));
	assert_true(filled(p.b.buf + (3 << 20), 1 << 20, 1));
	pair_close(&p);
}

static void immediate_and_inline(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct wr_sge sge;
	struct pair p;
	char text[] = "inline text";

	connect_pair(&p, &cfg);
	assert_int_equal(post(&p.a,
			      (struct wr_send){ .opcode = WR_SEND_IMM, .imm = 0x1122334455667788 }),
			 0);
	sge = sge_at(&p.a, 2 << 20, 5000);
	fill(p.a.buf + (2 << 20), 5000, 9);
	assert_int_equal(post(&p.a, (struct wr_send){ .opcode = WR_WRITE_IMM,
						      .sges = &sge,
						      .sge_n = 1,
						      .imm = 42,
						      .remote = { (uintptr_t)p.b.buf + (3 << 20),
								  p.b.mr->rkey } }),
			 0);
	sge = (struct wr_sge){ (uintptr_t)text, sizeof(text), 0 };
	assert_int_equal(post(&p.a, (struct wr_send){ .opcode = WR_SEND,
						      .sges = &sge,
						      .sge_n = 1,
						      .flags = WR_INLINE | WR_SOLICITED }),
			 0);
	memset(text, 0, sizeof(text));
	pair_until_wcs(&p, &p.b, 3);
	assert_int_equal(p.b.wcs[0].opcode, WC_RECV_IMM);
	assert_true(p.b.wcs[0].imm == 0x1122334455667788);
	assert_true(p.b.wcs[1].flags & WC_WITH_IMM);
	assert_true(p.b.wcs[1].imm == 42);
	assert_true(filled(p.b.buf + (3 << 20), 5000, 9));
	assert_int_equal(p.b.wcs[2].byte_len, sizeof(text));
	assert_true(p.b.wcs[2].flags & WC_WITH_SE);
	assert_string_equal((const char *)p.b.buf + 2 * 65536, "inline text");
	pair_close(&p);
}

static void atomics(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct wr_sge sge;
	struct pair p;
	uint64_t value = 1000, old;

	connect_pair(&p, &cfg);
	memcpy(p.b.buf + (3 << 20), &value, 8);
	sge = sge_at(&p.a, 2 << 20, 8);
	assert_int_equal(post(&p.a,
			      (struct wr_send){ .opcode = WR_FETCH_ADD,
						.sges = &sge,
						.sge_n = 1,
						.atomic = { .addr = (uintptr_t)p.b.buf + (3 << 20),
							    .rkey = p.b.mr->rkey,
							    .compare_add = 23 } }),
			 0);
	pair_until_wcs(&p, &p.a, 1);
	assert_int_equal(p.a.wcs[0].status, WC_SUCCESS);
	memcpy(&old, p.a.buf + (2 << 20), 8);
	assert_true(old == 1000);
	assert_int_equal(post(&p.a,
			      (struct wr_send){ .opcode = WR_CMP_SWAP,
						.sges = &sge,
						.sge_n = 1,
						.atomic = { .addr = (uintptr_t)p.b.buf + (3 << 20),
							    .rkey = p.b.mr->rkey,
							    .compare_add = 1023,
							    .swap = 7 } }),
			 0);
	pair_until_wcs(&p, &p.a, 2);
	memcpy(&old, p.a.buf + (2 << 20), 8);
	memcpy(&value, p.b.buf + (3 << 20), 8);
	assert_true(old == 1023 && value == 7);
	pair_close(&p);
}

static void fast_registration_and_remote_invalidation(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct wr_sge sge;
	struct ual_mr *mr;
	struct pair p;
	uint32_t key;

	connect_pair(&p, &cfg);
	assert_int_equal(ual_mr_alloc(p.b.pd, 65536, &mr), 0);
	key = (mr->rkey & ~0xffu) | 0x5a;
	assert_int_equal(
		post(&p.b, (struct wr_send){ .wr_id = 1,
					     .opcode = WR_REG_MR,
					     .reg = { key, ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE,
						      (uintptr_t)p.b.buf + (3 << 20), 65536 } }),
		0);
	pair_until_wcs(&p, &p.b, 1);
	assert_int_equal(p.b.wcs[0].status, WC_SUCCESS);
	assert_int_equal(p.b.wcs[0].opcode, WC_REG_MR);
	fill(p.a.buf, 65536, 3);
	sge = sge_at(&p.a, 0, 65536);
	assert_int_equal(
		post(&p.a, (struct wr_send){ .opcode = WR_WRITE,
					     .sges = &sge,
					     .sge_n = 1,
					     .remote = { (uintptr_t)p.b.buf + (3 << 20), key } }),
		0);
	sge = sge_at(&p.a, 0, 10);
	assert_int_equal(post(&p.a, (struct wr_send){ .opcode = WR_SEND_INV,
						      .inv_rkey = key,
						      .sges = &sge,
						      .sge_n = 1 }),
			 0);
	pair_until_wcs(&p, &p.b, 2);
	assert_true(filled(p.b.buf + (3 << 20), 65536, 3));
	assert_true(p.b.wcs[1].flags & WC_WITH_INV);
	assert_int_equal(p.b.wcs[1].inv_rkey, key);
	/* invalid now: another write ends the connection */
	assert_int_equal(side_rdma(&p.a, WR_WRITE, 5, 0, 1, &p.b, 0, WR_SIGNALED), 0);
	sge = sge_at(&p.a, 0, 65536);
	assert_int_equal(
		post(&p.a, (struct wr_send){ .opcode = WR_WRITE,
					     .sges = &sge,
					     .sge_n = 1,
					     .remote = { (uintptr_t)p.b.buf + (3 << 20), key } }),
		0);
	pair_until_event(&p, &p.a, UAL_EV_TERMINATED);
	assert_int_equal(ual_qp_destroy(p.b.qp), 0);
	p.b.qp = NULL;
	assert_int_equal(ual_mr_dereg(mr), 0);
	pair_close(&p);
}

static void memory_windows(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct wr_sge sge;
	struct ual_mw *mw;
	struct pair p;
	uint32_t key;

	connect_pair(&p, &cfg);
	assert_int_equal(ual_mw_alloc(p.b.pd, &mw), 0);
	key = (mw->rkey & ~0xffu) | 0x17;
	assert_int_equal(
		post(&p.b, (struct wr_send){ .wr_id = 1,
					     .opcode = WR_BIND_MW,
					     .bind = { key, p.b.mr->lkey, (uintptr_t)p.b.buf + 4096,
						       4096, ACCESS_REMOTE_WRITE } }),
		0);
	pair_until_wcs(&p, &p.b, 1);
	assert_int_equal(p.b.wcs[0].status, WC_SUCCESS);
	assert_int_equal(ual_mr_dereg(p.b.mr), -EBUSY);
	fill(p.a.buf, 4096, 3);
	sge = sge_at(&p.a, 0, 4096);
	assert_int_equal(post(&p.a,
			      (struct wr_send){ .opcode = WR_WRITE,
						.sges = &sge,
						.sge_n = 1,
						.remote = { (uintptr_t)p.b.buf + 4096, key } }),
			 0);
	assert_int_equal(side_send(&p.a, 9, 8192, 1, 0), 0);
	pair_until_wcs(&p, &p.b, 2);
	assert_true(filled(p.b.buf + 4096, 4096, 3));
	assert_int_equal(post(&p.b, (struct wr_send){ .opcode = WR_LOCAL_INV, .inv_rkey = key }),
			 0);
	pair_until_wcs(&p, &p.b, 3);
	assert_int_equal(p.b.wcs[2].status, WC_SUCCESS);
	assert_int_equal(ual_mw_dealloc(mw), 0);
	pair_close(&p);
}

static void gathers_and_scatters(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct wr_sge from[3], to[2];
	struct wr_recv recv = { .wr_id = 7, .sges = to, .sge_n = 2 };
	const struct wr_recv *bad;
	struct pair p;

	pair_open(&p, &cfg);
	to[0] = sge_at(&p.b, 0, 1000);
	to[1] = sge_at(&p.b, 5000, 2000);
	assert_int_equal(ual_post_recv(p.b.qp, &recv, &bad), 0);
	pair_connect(&p);
	fill(p.a.buf, 3000, 1);
	from[0] = sge_at(&p.a, 0, 7);
	from[1] = sge_at(&p.a, 7, 2000);
	from[2] = sge_at(&p.a, 2007, 993);
	assert_int_equal(
		post(&p.a, (struct wr_send){ .opcode = WR_SEND, .sges = from, .sge_n = 3 }), 0);
	pair_until_wcs(&p, &p.b, 1);
	assert_memory_equal(p.b.buf, p.a.buf, 1000);
	assert_memory_equal(p.b.buf + 5000, p.a.buf + 1000, 2000);
	pair_close(&p);
}

/* ---- the ways to end -------------------------------------------------------------------------------- */

static void orderly_end_delivers_first(void **state)
{
	for (int passive = 0; passive <= 1; passive++) {
		static const struct pair_cfg cfg = { SOFT };
		struct side *s, *t;
		struct pair p;

		connect_pair(&p, &cfg);
		/* RFC 5044: the initiator speaks first */
		assert_int_equal(side_send(&p.a, 1, 0, 8, 0), 0);
		pair_until_wcs(&p, &p.b, 1);
		s = passive ? &p.b : &p.a;
		t = passive ? &p.a : &p.b;
		fill(s->buf + (2 << 20), 1 << 20, 5);
		assert_int_equal(side_rdma(s, WR_WRITE, 2, 2 << 20, 1 << 20, t, 2 << 20, 0), 0);
		assert_int_equal(side_send(s, 3, 0, 100, WR_SIGNALED), 0);
		assert_int_equal(ual_disconnect(s->qp), 0);
		assert_int_equal(ual_disconnect(s->qp), -ENOTCONN);
		assert_int_equal(side_send(s, 4, 0, 100, 0), -ENOTCONN);
		pair_until_event(&p, s, UAL_EV_DISCONNECTED);
		pair_until_event(&p, t, UAL_EV_DISCONNECTED);
		assert_int_equal(side_event(s, UAL_EV_DISCONNECTED)->err, 0);
		assert_int_equal(side_event(t, UAL_EV_DISCONNECTED)->err, 0);
		assert_null(side_event(s, UAL_EV_TERMINATED));
		assert_int_equal(wc_of(s, 3)->status, WC_SUCCESS);
		assert_true(filled(t->buf + (2 << 20), 1 << 20, 5));
		/* all receives were given back */
		assert_int_equal(t->wc_n + s->wc_n, 32 + 1);
		assert_int_equal(wc_of(t, passive ? 115 : 215)->status, WC_WR_FLUSH_ERR);
		pair_close(&p);
	}
}

static void destroying_aborts(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct pair p;

	connect_pair(&p, &cfg);
	assert_int_equal(side_rdma(&p.a, WR_WRITE, 2, 0, 1 << 20, &p.b, 0, WR_SIGNALED), 0);
	assert_int_equal(ual_qp_destroy(p.a.qp), 0);
	p.a.qp = NULL;
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	assert_int_equal(side_event(&p.b, UAL_EV_DISCONNECTED)->err, -ECONNRESET);
	assert_int_equal(p.a.wc_n, 0);
	assert_int_equal(p.b.wc_n, 16);
	pair_close(&p);
}

static void destroying_in_the_callback(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct pair p;

	connect_pair(&p, &cfg);
	p.b.destroy_in_event = true;
	assert_int_equal(ual_disconnect(p.a.qp), 0);
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	assert_null(p.b.qp);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	pair_close(&p);

	pair_open(&p, &cfg);
	p.a.destroy_in_event = p.b.destroy_in_event = true;
	pair_start(&p);
	pair_until_event(&p, &p.b, UAL_EV_ESTABLISHED);
	pair_run_ms(&p, 20);
	pair_close(&p);
}

static void faults_terminate(void **state)
{
	static const struct {
		const char *name;
		enum wr_opcode op;
		bool bad_key, past_end, no_recv, too_long;
		uint8_t layer, etype, code;
	} cases[] = {
		{ "Write, unknown STag", WR_WRITE, .bad_key = true, .layer = 1, .etype = 1,
		  .code = 0 },
		{ "Write, past the end", WR_WRITE, .past_end = true, .layer = 1, .etype = 1,
		  .code = 1 },
		{ "Read, unknown STag", WR_READ, .bad_key = true, .layer = 0, .etype = 1,
		  .code = 0 },
		{ "Read, past the end", WR_READ, .past_end = true, .layer = 0, .etype = 1,
		  .code = 1 },
		{ "Send, no receive", WR_SEND, .no_recv = true, .layer = 1, .etype = 2, .code = 2 },
		{ "Send, too long", WR_SEND, .too_long = true, .layer = 1, .etype = 2, .code = 5 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const struct pair_cfg cfg = { SOFT };
		const struct ual_event *at, *bt;
		struct wr_sge sge;
		struct pair p;

		print_message("  %s\n", cases[i].name);
		pair_open(&p, &cfg);
		if (!cases[i].no_recv)
			side_recv(&p.b, 1, 0, 1000);
		pair_connect(&p);
		sge = sge_at(&p.a, 0, cases[i].too_long ? 1001 : 1000);
		assert_int_equal(
			post(&p.a,
			     (struct wr_send){
				     .opcode = cases[i].op,
				     .sges = &sge,
				     .sge_n = 1,
				     .remote = { (uintptr_t)p.b.buf +
							 (cases[i].past_end ? PAIR_BUF - 999 : 0),
						 p.b.mr->rkey ^ (cases[i].bad_key ? 0x100 : 0) } }),
			0);
		pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
		pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
		at = side_event(&p.a, UAL_EV_TERMINATED);
		bt = side_event(&p.b, UAL_EV_TERMINATED);
		assert_non_null(at);
		assert_non_null(bt);
		assert_false(at->term.local);
		assert_true(bt->term.local);
		assert_int_equal(at->term.layer, cases[i].layer);
		assert_int_equal(at->term.etype, cases[i].etype);
		assert_int_equal(at->term.code, cases[i].code);
		assert_int_equal(bt->term.layer, cases[i].layer);
		assert_true(side_event(&p.a, UAL_EV_DISCONNECTED)->err < 0);
		assert_true(side_event(&p.b, UAL_EV_DISCONNECTED)->err < 0);
		pair_close(&p);
	}
}

static void bad_local_key_is_a_completion(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct wr_sge sge;
	struct pair p;

	connect_pair(&p, &cfg);
	sge = sge_at(&p.a, 0, 100);
	sge.lkey ^= 0x100;
	assert_int_equal(
		post(&p.a,
		     (struct wr_send){ .wr_id = 3, .opcode = WR_SEND, .sges = &sge, .sge_n = 1 }),
		0);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	assert_int_equal(wc_of(&p.a, 3)->status, WC_LOC_PROT_ERR);
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	pair_close(&p);
}

static void cq_overrun_is_told(void **state)
{
	static const struct pair_cfg cfg = { SOFT };
	struct ual_qp_cfg qcfg;
	struct ual_cq *small;
	struct pair p;

	pair_open(&p, &cfg);
	qcfg = p.a.qp->cfg;
	assert_int_equal(ual_qp_destroy(p.a.qp), 0);
	assert_int_equal(ual_cq_create(p.a.dev, 4, NULL, NULL, &small), 0);
	qcfg.scq = small;
	assert_int_equal(ual_qp_create(&qcfg, &p.a.qp), 0);
	for (unsigned i = 0; i < 8; i++)
		side_recv(&p.b, i, 0, 100);
	pair_connect(&p);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(side_send(&p.a, i, 0, 10, WR_SIGNALED), 0);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	assert_int_equal(p.a.evs[1].kind, UAL_EV_CQ_OVERRUN);
	assert_int_equal(ual_qp_destroy(p.a.qp), 0);
	p.a.qp = NULL;
	assert_int_equal(ual_cq_destroy(small), 0);
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects_with_private_data),
		cmocka_unit_test(all_sizes_all_ways),
		cmocka_unit_test(both_ways_at_once),
		cmocka_unit_test(immediate_and_inline),
		cmocka_unit_test(atomics),
		cmocka_unit_test(fast_registration_and_remote_invalidation),
		cmocka_unit_test(memory_windows),
		cmocka_unit_test(gathers_and_scatters),
		cmocka_unit_test(orderly_end_delivers_first),
		cmocka_unit_test(destroying_aborts),
		cmocka_unit_test(destroying_in_the_callback),
		cmocka_unit_test(faults_terminate),
		cmocka_unit_test(bad_local_key_is_a_completion),
		cmocka_unit_test(cq_overrun_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
