// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Ends of streams.  Every request completes exactly once, buffers are the
 * consumer's again only when nothing reads them any more, and memory that was revoked is not
 * touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/crc32c.h"
#include "tests/unit/core/pair.h"

static const struct pair_opt plain = { .how = { .crc = true } };

static void expect(struct end *e, u64 wr_id, enum wc_status status)
{
	struct wc wc;

	if (!end_poll(e, &wc))
		fail_msg("no completion of %llu", (unsigned long long)wr_id);
	if (wc.wr_id != wr_id || wc.status != status)
		fail_msg("completion of %llu with status %d instead of %llu with %d",
			 (unsigned long long)wc.wr_id, wc.status, (unsigned long long)wr_id,
			 status);
}

static void expect_none(struct end *e)
{
	struct wc wc;

	assert_false(end_poll(e, &wc));
}

static void expect_term(struct end *e, u8 layer, u8 etype, u8 code)
{
	const struct qp_term *term = qp_term(e->qp);

	assert_int_equal(qp_state(e->qp), QP_TERMINATE);
	assert_int_equal(term->layer, layer);
	assert_int_equal(term->etype, etype);
	assert_int_equal(term->code, code);
}

static int post(struct end *e, u64 id, enum wr_opcode opcode, u64 off, u32 len, u64 remote,
		u32 rkey)
{
	const struct wr_sge sge = end_sge(e, off, len);

	return end_post(e, &(struct wr_send){ .wr_id = id,
					      .opcode = opcode,
					      .sges = &sge,
					      .sge_n = 1,
					      .flags = WR_SIGNALED,
					      .remote = { remote, rkey } });
}

static void deliver(struct pair *p, struct end *from, struct end *to, size_t len)
{
	end_feed(p, to, from->wire, len);
	memmove(from->wire, from->wire + len, from->wire_len - len);
	from->wire_len -= len;
}

/* The peer's refusal of a Write or Read, as the requester sees it. */
static void test_refused(void **state)
{
	const struct {
		enum wr_opcode opcode;
		u32 rkey_xor;
		u64 off;
		u8 layer, code;
		enum wc_status status;
	} cases[] = {
		{ WR_READ, 1, 0, 0, 0, WC_REM_ACCESS_ERR },
		{ WR_READ, 0, END_MEMORY, 0, 1, WC_REM_ACCESS_ERR },
		{ WR_WRITE, 1, 0, 1, 0, WC_SUCCESS },		/* it had left */
		{ WR_WRITE, 0, END_MEMORY - 3, 1, 1, WC_SUCCESS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair *p = pair_create(&plain);
		struct end *a = &p->end[0], *b = &p->end[1];

		assert_int_equal(end_recv(a, 8, 0, 8), 0);
		assert_int_equal(end_recv(b, 9, 0, 8), 0);
		assert_int_equal(post(a, 1, cases[i].opcode, 0, 4, end_addr(b, cases[i].off),
				      b->stag ^ cases[i].rkey_xor),
				 0);
		pair_run(p);
		expect_term(b, cases[i].layer, 1, cases[i].code);
		expect_term(a, cases[i].layer, 1, cases[i].code);
		assert_int_equal(b->last, QP_RX_TERM_SENT);
		assert_int_equal(a->last, QP_RX_TERM_RECEIVED);
		expect(a, 1, cases[i].status);
		expect(a, 8, WC_WR_FLUSH_ERR);
		expect(b, 9, WC_WR_FLUSH_ERR);
		assert_false(qp_tx_pending(a->qp) || qp_tx_pending(b->qp));
		assert_int_equal(post(a, 2, WR_SEND, 0, 4, 0, 0), -ENOTCONN);
		assert_int_equal(end_recv(a, 2, 0, 4), -ENOTCONN);
		pair_destroy(p);
	}
}

/* A Write not all gone when the peer refuses it gets the blame; what follows is flushed. */
static void test_refused_midway(void **state)
{
	struct pair_opt opt = plain;
	struct qp_iov iov[8];
	struct pair *p;
	struct end *a, *b;
	unsigned n;
	size_t len;

	opt.emss = 1460;
	p = pair_create(&opt);
	a = &p->end[0];
	b = &p->end[1];
	assert_int_equal(post(a, 1, WR_WRITE, 0, 100000, end_addr(b, 0), b->stag ^ 1), 0);
	assert_int_equal(post(a, 2, WR_SEND, 0, 10, 0, 0), 0);
	len = qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 1, &n);
	for (unsigned i = 0; i < n; i++) {
		end_feed(p, b, iov[i].base, iov[i].len);
		qp_tx_sent(a->qp, iov[i].len);
	}
	assert_int_not_equal(len, 0);
	while (end_send(p, b))
		;
	deliver(p, b, a, b->wire_len);
	expect_term(a, 1, 1, 0);
	expect(a, 1, WC_REM_ACCESS_ERR);
	expect(a, 2, WC_WR_FLUSH_ERR);
	pair_destroy(p);
}

/*
 * A fault while an FPDU is half gone: it is finished, because the peer could not find the Terminate
 * otherwise, and until then its buffer is not given back.
 */
static void test_half_gone(void **state)
{
	for (size_t cut = 1; cut < 2000; cut += 37) {
		struct pair *p = pair_create(&plain);
		struct end *a = &p->end[0], *b = &p->end[1];
		u8 bad[20 + 4] = { 0, 18, 0x41, 0x43, 0, 0, 0, 0, 0, 0, 0, 9 };	/* queue 9 */
		__le32 crc = core_crc32c_final(core_crc32c(CRC32C_SEED, bad, 20));
		struct qp_iov iov[8];
		unsigned n;
		size_t len, left = cut;

		memcpy(bad + 20, &crc, 4);
		assert_int_equal(end_recv(a, 7, 0, 8), 0);
		assert_int_equal(post(a, 1, WR_WRITE, 0, 2000, end_addr(b, 0), b->stag), 0);
		assert_int_equal(post(a, 2, WR_WRITE, 0, 2000, end_addr(b, 0), b->stag), 0);
		len = qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 1 << 20, &n);
		assert_int_equal(len, 2 * 2020);
		for (unsigned i = 0; left; i++) {
			size_t take = min_t(size_t, left, iov[i].len);

			end_feed(p, b, iov[i].base, take);
			left -= take;
		}
		qp_tx_sent(a->qp, cut);
		end_feed(p, a, bad, sizeof(bad));
		expect_term(a, 1, 2, 1);
		expect(a, 7, WC_WR_FLUSH_ERR);
		expect_none(a);			/* the first Write's buffer is still read */
		while (pair_step(p))
			;
		expect(a, 1, WC_SUCCESS);
		expect(a, 2, WC_WR_FLUSH_ERR);
		expect_term(b, 1, 2, 1);
		assert_true(qp_term(b->qp)->received);
		pair_destroy(p);
	}
}

/* The same when the stream breaks instead. */
static void test_half_gone_and_broken(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0];
	struct qp_iov iov[8];
	unsigned n;

	assert_int_equal(post(a, 1, WR_WRITE, 0, 2000, 0, 1), 0);
	qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 1 << 20, &n);
	qp_tx_sent(a->qp, 100);
	assert_int_equal(post(a, 2, WR_LOCAL_INV, 0, 0, 0, 0), -EINVAL); /* no sges with it */
	assert_int_equal(end_post(a, &(struct wr_send){ .wr_id = 2, .opcode = WR_LOCAL_INV }), 0);
	expect_none(a);
	qp_stream_gone(a->qp);
	expect(a, 1, WC_WR_FLUSH_ERR);
	expect(a, 2, WC_MW_BIND_ERR);
	expect_none(a);
	qp_stream_gone(a->qp);
	expect_none(a);
	assert_false(qp_tx_pending(a->qp));
	pair_destroy(p);
}

/* A whole conversation cut at every octet: each request completes once, on both ends. */
static void test_cut_off(void **state)
{
	for (size_t cut = 0;; cut++) {
		struct pair_opt opt = plain;
		struct pair *p;
		struct end *a, *b;
		size_t done = 0;
		struct wc wc;

		opt.emss = 200;
		p = pair_create(&opt);
		a = &p->end[0];
		b = &p->end[1];
		assert_int_equal(end_recv(b, 1, 0, 300), 0);
		assert_int_equal(end_recv(b, 2, 0, 300), 0);
		assert_int_equal(post(a, 3, WR_SEND, 0, 250, 0, 0), 0);
		assert_int_equal(post(a, 4, WR_WRITE, 0, 300, end_addr(b, 400), b->stag), 0);
		assert_int_equal(post(a, 5, WR_READ, 900, 300, end_addr(b, 400), b->stag), 0);
		assert_int_equal(post(a, 6, WR_SEND, 0, 0, 0, 0), 0);
		end_send(p, a);
		if (cut > a->wire_len) {
			pair_destroy(p);
			break;
		}
		end_feed(p, b, a->wire, cut);
		end_send(p, b);
		end_feed(p, a, b->wire, b->wire_len);
		qp_stream_gone(a->qp);
		qp_stream_gone(b->qp);
		while (end_poll(a, &wc))
			done |= 1u << wc.wr_id;
		assert_int_equal(done, 0x78);
		while (end_poll(b, &wc))
			done |= 1u << wc.wr_id;
		assert_int_equal(done, 0x7e);
		pair_destroy(p);
	}
}

/* Regions that are deregistered while an FPDU is on its way into or out of them. */
static void test_revoked_midway(void **state)
{
	static const bool want[] = { false, true };

	for (size_t w = 0; w < ARRAY_SIZE(want); w++) {
		struct pair_opt opt = plain;
		struct core_span dst;
		struct pair *p;
		struct end *a, *b;
		u32 stag;

		opt.want = want[w];
		p = pair_create(&opt);
		a = &p->end[0];
		b = &p->end[1];
		assert_int_equal(mem_mr_reg(&b->mem, END_PD, b->memory, 0, 4096,
					    ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE, &stag),
				 0);
		memset(a->memory, 0x55, 4096);
		assert_int_equal(post(a, 1, WR_WRITE, 0, 4096, 0, stag), 0);
		end_send(p, a);
		deliver(p, a, b, 1000);
		assert_true(qp_rx_want(b->qp, &dst));
		assert_int_equal(dst.len, 4096 + 16 - 1000);
		assert_int_equal(b->memory[900], 0x55);
		assert_int_equal(mem_dereg(&b->mem, stag), 0);
		assert_false(qp_rx_want(b->qp, &dst));
		deliver(p, a, b, a->wire_len);
		assert_int_equal(b->memory[1000], 0);
		expect_term(b, 1, 1, 0);
		pair_destroy(p);
	}
}

/* The revocation of another STag only makes the engine look this one up again. */
static void test_revoked_other(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	u32 stag;

	assert_int_equal(mem_mr_alloc(&b->mem, END_PD, 4096, &stag), 0);
	memset(a->memory, 0x55, 4096);
	assert_int_equal(post(a, 1, WR_WRITE, 0, 4096, end_addr(b, 0), b->stag), 0);
	end_send(p, a);
	deliver(p, a, b, 1000);
	assert_int_equal(mem_dereg(&b->mem, stag), 0);
	deliver(p, a, b, a->wire_len);
	assert_memory_equal(a->memory, b->memory, 4096);
	assert_int_equal(qp_state(b->qp), QP_RTS);
	pair_destroy(p);
}

/* RFC 5040 4.8: the Terminate shows how far the response had come. */
static void test_source_revoked(void **state)
{
	struct pair_opt opt = plain;
	struct qp_iov iov[4];
	struct pair *p;
	struct end *a, *b;
	unsigned n;
	u32 stag;
	u8 term[96];
	size_t len = 0;

	opt.emss = 1460;
	p = pair_create(&opt);
	a = &p->end[0];
	b = &p->end[1];
	assert_int_equal(
		mem_mr_reg(&b->mem, END_PD, b->memory, 0x7000, 8192, ACCESS_REMOTE_READ, &stag), 0);
	assert_int_equal(post(a, 1, WR_READ, 64, 8000, 0x7000, stag), 0);
	end_send(p, a);
	deliver(p, a, b, a->wire_len);
	qp_tx_gather(b->qp, iov, ARRAY_SIZE(iov), 1, &n);	/* one FPDU */
	for (unsigned i = 0; i < n; i++) {
		end_feed(p, a, iov[i].base, iov[i].len);
		qp_tx_sent(b->qp, iov[i].len);
	}
	assert_int_equal(mem_dereg(&b->mem, stag), 0);
	qp_tx_gather(b->qp, iov, ARRAY_SIZE(iov), 1000, &n);
	expect_term(b, 0, 1, 0);
	for (unsigned i = 0; i < n; i++) {
		memcpy(term + len, iov[i].base, iov[i].len);
		len += iov[i].len;
	}
	/* length, header, control, segment length, DDP header: then sink STag, TO, size, source */
	assert_int_equal(len, 20 + 4 + 2 + 18 + 28 + 4);
	assert_int_equal(get_unaligned_be16(term + 24), 18 + 28);
	assert_int_equal(get_unaligned_be32(term + 44), a->stag);
	assert_int_equal(get_unaligned_be64(term + 48), end_addr(a, 64) + 1440);
	assert_int_equal(get_unaligned_be32(term + 56), 8000 - 1440);
	assert_int_equal(get_unaligned_be32(term + 60), stag);
	assert_int_equal(get_unaligned_be64(term + 64), 0x7000 + 1440);
	end_feed(p, a, term, len);
	expect(a, 1, WC_REM_ACCESS_ERR);
	pair_destroy(p);
}

/*
 * A response that is laid out and not gone points at its source.  Invalidation waits for it, and is
 * refused to the peer that asked for both.
 */
static void test_source_in_use(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	struct wr_send reg = { .wr_id = 1, .opcode = WR_REG_MR };
	struct wr_send inv = { .opcode = WR_LOCAL_INV, .flags = WR_SIGNALED };
	struct qp_iov iov[8];
	unsigned n;
	u32 key;

	assert_int_equal(mem_mr_alloc(&b->mem, END_PD, 4096, &key), 0);
	reg.reg.key = key;
	reg.reg.access = ACCESS_REMOTE_READ;
	reg.reg.addr = end_addr(b, 0);
	reg.reg.len = 4096;
	inv.inv_rkey = key;

	assert_int_equal(end_post(b, &reg), 0);
	assert_int_equal(post(a, 2, WR_READ, 0, 4096, end_addr(b, 0), key), 0);
	end_send(p, a);
	deliver(p, a, b, a->wire_len);
	assert_true(qp_tx_gather(b->qp, iov, ARRAY_SIZE(iov), 1 << 20, &n) > 4096);
	inv.wr_id = 3;
	assert_int_equal(end_post(b, &inv), 0);
	expect_none(b);
	pair_run(p);
	expect(a, 2, WC_SUCCESS);
	expect(b, 3, WC_SUCCESS);

	/* the peer's own invalidation, with the response still here */
	assert_int_equal(end_post(b, &reg), 0);
	assert_int_equal(end_recv(b, 4, 0, 16), 0);
	assert_int_equal(post(a, 5, WR_READ, 0, 4096, end_addr(b, 0), key), 0);
	end_send(p, a);
	deliver(p, a, b, a->wire_len);
	qp_tx_gather(b->qp, iov, ARRAY_SIZE(iov), 1 << 20, &n);
	inv.wr_id = 6;
	inv.opcode = WR_SEND_INV;
	assert_int_equal(end_post(a, &inv), 0);
	end_send(p, a);
	deliver(p, a, b, a->wire_len);
	expect_term(b, 0, 1, 9);
	pair_destroy(p);
}

/* A receive buffer with a bad lkey: its poster's fault, told to both. */
static void test_bad_receive(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	const struct wr_sge sge = { .addr = 1, .len = 100, .lkey = 0x12345678 };
	const struct wr_recv *bad;

	assert_int_equal(qp_post_recv(b->qp,
				      &(struct wr_recv){ .wr_id = 4, .sges = &sge, .sge_n = 1 },
				      &bad),
			 0);
	assert_int_equal(post(a, 1, WR_SEND, 0, 10, 0, 0), 0);
	pair_run(p);
	expect(b, 4, WC_LOC_PROT_ERR);
	expect_term(a, 1, 0, 0);
	pair_destroy(p);
}

/* A sge of a Send with a bad lkey: RFC 5040 7.1, rule 1. */
static void test_bad_send(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];

	assert_int_equal(end_recv(b, 9, 0, 100), 0);
	assert_int_equal(post(a, 1, WR_SEND, 0, 10, 0, 0), 0);
	assert_int_equal(post(a, 2, WR_SEND, END_MEMORY - 9, 10, 0, 0), 0);
	assert_int_equal(post(a, 3, WR_SEND, 0, 10, 0, 0), 0);
	pair_run(p);
	/* the first was built but had not left: it goes with the others */
	expect(a, 1, WC_WR_FLUSH_ERR);
	expect(a, 2, WC_LOC_PROT_ERR);
	expect(a, 3, WC_WR_FLUSH_ERR);
	expect_term(b, 0, 0, 0);
	expect(b, 9, WC_WR_FLUSH_ERR);
	pair_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_refused_midway),
		cmocka_unit_test(test_half_gone),     cmocka_unit_test(test_half_gone_and_broken),
		cmocka_unit_test(test_cut_off),	      cmocka_unit_test(test_revoked_midway),
		cmocka_unit_test(test_revoked_other), cmocka_unit_test(test_source_revoked),
		cmocka_unit_test(test_source_in_use), cmocka_unit_test(test_bad_receive),
		cmocka_unit_test(test_bad_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
