// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What requests do to each other: order, ORD and IRD, fences, shared receives, registration by work
 * request, windows, invalidation, immediate data, atomics, peer-to-peer start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/core/pair.h"

static const struct pair_opt plain = { .how = { .crc = true }, .caps = QP_CAP_IMM | QP_CAP_ATOMIC };

#define EXPECT(e, id, st, ...) \
	expect_(e, &(struct wc){ .wr_id = id, .status = st, __VA_ARGS__ }, __LINE__)

static void expect_(struct end *e, const struct wc *want, int line)
{
	struct wc wc;

	if (!end_poll(e, &wc))
		fail_msg("line %d: no completion", line);
	if (wc.wr_id != want->wr_id || wc.status != want->status)
		fail_msg("line %d: completion of %llu with status %d", line,
			 (unsigned long long)wc.wr_id, wc.status);
	if (wc.status == WC_SUCCESS && (wc.opcode != want->opcode || wc.flags != want->flags ||
					wc.imm != want->imm || wc.inv_rkey != want->inv_rkey))
		fail_msg("line %d: wrong completion", line);
}

static void expect_none(struct end *e)
{
	struct wc wc;

	assert_false(end_poll(e, &wc));
}

static int post_read(struct end *e, struct end *peer, u64 id, u32 len, u32 flags)
{
	const struct wr_sge sge = end_sge(e, id * 4096, len);

	return end_post(e, &(struct wr_send){ .wr_id = id,
					      .opcode = WR_READ,
					      .sges = &sge,
					      .sge_n = 1,
					      .flags = flags | WR_SIGNALED,
					      .remote = { end_addr(peer, 0), peer->stag } });
}

static int post_send(struct end *e, u64 id, u32 len, u32 flags)
{
	const struct wr_sge sge = end_sge(e, 0, len);

	return end_post(e, &(struct wr_send){ .wr_id = id,
					      .opcode = WR_SEND,
					      .sges = &sge,
					      .sge_n = 1,
					      .flags = flags | WR_SIGNALED });
}

/* RFC 5040 5.5 rule 15: a Send behind a Read has left long before, yet completes after it. */
static void test_order(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];

	assert_int_equal(end_recv(b, 50, 0, 64), 0);
	assert_int_equal(post_read(a, b, 1, 100, 0), 0);
	assert_int_equal(post_send(a, 2, 10, 0), 0);
	end_send(p, a);
	expect_none(a);
	end_feed(p, b, a->wire, a->wire_len);
	a->wire_len = 0;
	EXPECT(b, 50, WC_SUCCESS, .opcode = WC_RECV);
	expect_none(a);
	pair_run(p);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_READ);
	EXPECT(a, 2, WC_SUCCESS, .opcode = WC_SEND);
	pair_destroy(p);
}

/* Successful requests that are not signaled complete in silence, in their turn. */
static void test_unsignaled(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];

	for (u64 i = 0; i < 40; i++) {
		const struct wr_sge sge = end_sge(a, 0, 8);

		assert_int_equal(end_recv(b, i, 0, 64), 0);
		assert_int_equal(
			end_post(a, &(struct wr_send){ .wr_id = i,
						       .opcode = WR_SEND,
						       .sges = &sge,
						       .sge_n = 1,
						       .flags = i % 16 == 15 ? WR_SIGNALED : 0 }),
			0);
		pair_run(p);
		EXPECT(b, i, WC_SUCCESS, .opcode = WC_RECV);
		if (i % 16 == 15)
			EXPECT(a, i, WC_SUCCESS, .opcode = WC_SEND);
		expect_none(a);
	}
	pair_destroy(p);
}

/* RFC 5040 6.1: no more Reads on their way than ORD; the others wait in the queue. */
static void test_ord(void **state)
{
	struct pair_opt opt = plain;
	struct pair *p;
	struct end *a, *b;
	size_t one;

	opt.ord = 2;
	opt.ird = 2;
	opt.how.ird = 2;
	opt.how.ord = 2;
	p = pair_create(&opt);
	a = &p->end[0];
	b = &p->end[1];
	for (u64 i = 1; i <= 5; i++)
		assert_int_equal(post_read(a, b, i, 4096, 0), 0);
	assert_true(qp_tx_pending(a->qp));
	end_send(p, a);
	one = 20 + 28 + 4;
	assert_int_equal(a->wire_len, 2 * one);
	assert_false(qp_tx_pending(a->qp));	/* nothing may go before a response */
	pair_run(p);
	for (u64 i = 1; i <= 5; i++)
		EXPECT(a, i, WC_SUCCESS, .opcode = WC_READ);
	assert_int_equal(qp_state(b->qp), QP_RTS);
	pair_destroy(p);
}

/* The negotiated limit counts, not only our own. */
static void test_ord_negotiated(void **state)
{
	struct pair_opt opt = plain;
	struct pair *p;

	opt.how.ird = 4;
	opt.how.ord = 1;
	p = pair_create(&opt);
	assert_int_equal(post_read(&p->end[0], &p->end[1], 1, 16, 0), 0);
	assert_int_equal(post_read(&p->end[0], &p->end[1], 2, 16, 0), 0);
	end_send(p, &p->end[0]);
	assert_int_equal(p->end[0].wire_len, 52);
	pair_destroy(p);

	opt.how.ord = 0;
	opt.how.ird = 1;
	p = pair_create(&opt);
	assert_int_equal(post_read(&p->end[0], &p->end[1], 1, 16, 0), -EINVAL);
	pair_destroy(p);
}

static void test_fence(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];

	assert_int_equal(end_recv(b, 50, 0, 64), 0);
	assert_int_equal(post_read(a, b, 1, 100, 0), 0);
	assert_int_equal(post_send(a, 2, 10, WR_FENCE), 0);
	end_send(p, a);
	assert_int_equal(a->wire_len, 52);
	pair_run(p);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_READ);
	EXPECT(a, 2, WC_SUCCESS, .opcode = WC_SEND);
	EXPECT(b, 50, WC_SUCCESS, .opcode = WC_RECV);
	pair_destroy(p);
}

/* A long response and the send queue take turns: neither waits for all of the other. */
static void test_turns(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];

	for (u64 i = 0; i < 4; i++) {
		assert_int_equal(end_recv(a, i, i * 64, 64), 0);
		assert_int_equal(post_read(a, b, i + 1, 4096, 0), 0);
	}
	end_send(p, a);
	end_feed(p, b, a->wire, a->wire_len);
	a->wire_len = 0;
	for (u64 i = 0; i < 4; i++)
		assert_int_equal(post_send(b, i, 8, 0), 0);
	end_send(p, b);
	/* Send, response, Send, response...: opcodes at the starts of the FPDUs */
	for (size_t at = 0, i = 0; at < b->wire_len; i++) {
		u16 len = get_unaligned_be16(b->wire + at);

		assert_int_equal(b->wire[at + 3] & 0xf, i % 2 ? 2 : 3);
		at += ((size_t)len + 2 + 3) / 4 * 4 + 4;
	}
	pair_destroy(p);
}

static void test_srq(void **state)
{
	struct pair_opt opt = plain;
	struct pair *p;
	struct end *a, *b;
	const struct wr_recv *bad;
	struct wr_sge sge;

	opt.srq = true;
	p = pair_create(&opt);
	a = &p->end[0];
	b = &p->end[1];
	assert_int_equal(end_recv(b, 1, 0, 16), -EINVAL);	/* its receives come from the SRQ */
	sge = end_sge(b, 0, 16);
	b->srq.limit = 1;
	for (u64 i = 0; i < 2; i++)
		assert_int_equal(rq_post(&b->srq,
					 &(struct wr_recv){ .wr_id = i, .sges = &sge, .sge_n = 1 },
					 &bad),
				 0);
	assert_int_equal(post_send(a, 7, 8, 0), 0);
	pair_run(p);
	assert_false(b->srq.limit_hit);
	assert_int_equal(post_send(a, 8, 8, 0), 0);
	pair_run(p);
	assert_true(b->srq.limit_hit);
	EXPECT(b, 0, WC_SUCCESS, .opcode = WC_RECV);
	EXPECT(b, 1, WC_SUCCESS, .opcode = WC_RECV);
	assert_int_equal(post_send(a, 9, 8, 0), 0);
	pair_run(p);
	assert_int_equal(qp_term(b->qp)->code, 2);
	/* what others may still use is not flushed */
	assert_int_equal(rq_post(&b->srq, &(struct wr_recv){ .wr_id = 3, .sges = &sge, .sge_n = 1 },
				 &bad),
			 0);
	qp_stream_gone(b->qp);
	assert_int_equal(rq_used(&b->srq), 1);
	pair_destroy(p);
}

static void test_inline(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	char text[64] = "inline payload is copied when it is posted";
	const struct wr_sge sges[2] = { { (uintptr_t)text, 30, 0 },
					{ (uintptr_t)text + 30, 34, 0 } };
	struct wr_send wr = { .wr_id = 1,
			      .opcode = WR_SEND,
			      .flags = WR_INLINE | WR_SIGNALED,
			      .sges = sges,
			      .sge_n = 2 };

	assert_int_equal(end_recv(b, 2, 0, 64), 0);
	assert_int_equal(end_post(a, &wr), 0);
	memset(text, 0, sizeof(text));
	pair_run(p);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_SEND);
	EXPECT(b, 2, WC_SUCCESS, .opcode = WC_RECV);
	assert_string_equal((char *)b->memory, "inline payload is copied when it is posted");

	wr.sges = &(struct wr_sge){ (uintptr_t)text, 65, 0 };
	wr.sge_n = 1;
	assert_int_equal(end_post(a, &wr), -EINVAL);
	pair_destroy(p);
}

/* Registration, use by the peer, remote invalidation, registration anew: all by work requests. */
static void test_fast_reg(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	struct wr_sge sge = end_sge(b, 0, 100);
	u32 key;

	assert_int_equal(mem_mr_alloc(&a->mem, END_PD, 4096, &key), 0);
	for (u32 round = 0; round < 3; round++) {
		struct wr_send inv = { .wr_id = 3, .opcode = WR_SEND_INV, .flags = WR_SIGNALED };

		key = (key & ~0xffu) | round;
		assert_int_equal(
			end_post(a,
				 &(struct wr_send){
					 .wr_id = 1,
					 .opcode = WR_REG_MR,
					 .flags = WR_SIGNALED,
					 .reg = { key, ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE,
						  end_addr(a, 8192), 4096 } }),
			0);
		EXPECT(a, 1, WC_SUCCESS, .opcode = WC_REG_MR);
		assert_int_equal(end_recv(a, 5, 0, 16), 0);
		assert_int_equal(end_recv(b, 6, 0, 16), 0);
		assert_int_equal(post_send(a, 7, 1, 0), 0);	/* a speaks first */
		pair_run(p);
		EXPECT(a, 7, WC_SUCCESS, .opcode = WC_SEND);
		EXPECT(b, 6, WC_SUCCESS, .opcode = WC_RECV);
		memset(b->memory, 0x40 + (int)round, 100);
		assert_int_equal(
			end_post(b, &(struct wr_send){ .wr_id = 2,
						       .opcode = WR_WRITE,
						       .sges = &sge,
						       .sge_n = 1,
						       .flags = WR_SIGNALED,
						       .remote = { end_addr(a, 8192), key } }),
			0);
		inv.inv_rkey = key;
		assert_int_equal(end_post(b, &inv), 0);
		pair_run(p);
		EXPECT(b, 2, WC_SUCCESS, .opcode = WC_WRITE);
		EXPECT(b, 3, WC_SUCCESS, .opcode = WC_SEND);
		EXPECT(a, 5, WC_SUCCESS, .opcode = WC_RECV, .flags = WC_WITH_INV, .inv_rkey = key);
		assert_int_equal(a->memory[8192 + 99], 0x40 + round);
	}
	/* what the peer invalidated may be invalidated here too */
	assert_int_equal(end_post(a, &(struct wr_send){ .wr_id = 9,
							.opcode = WR_LOCAL_INV,
							.flags = WR_SIGNALED,
							.inv_rkey = key }),
			 0);
	EXPECT(a, 9, WC_SUCCESS, .opcode = WC_LOCAL_INV);
	pair_destroy(p);
}

/* A registration takes effect in its turn: a Send behind it may use the new key. */
static void test_reg_then_send(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	struct wr_sge sge;
	u32 key;

	assert_int_equal(mem_mr_alloc(&a->mem, END_PD, 4096, &key), 0);
	assert_int_equal(end_recv(b, 5, 0, 64), 0);
	sge = (struct wr_sge){ .addr = end_addr(a, 100), .len = 8, .lkey = key };
	assert_int_equal(post_read(a, b, 1, 64, 0), 0);
	assert_int_equal(end_post(a, &(struct wr_send){ .wr_id = 2,
							.opcode = WR_REG_MR,
							.flags = WR_SIGNALED | WR_FENCE,
							.reg = { key, 0, end_addr(a, 100), 8 } }),
			 0);
	assert_int_equal(end_post(a, &(struct wr_send){ .wr_id = 3,
							.opcode = WR_SEND,
							.sges = &sge,
							.sge_n = 1,
							.flags = WR_SIGNALED }),
			 0);
	expect_none(a);
	pair_run(p);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_READ);
	EXPECT(a, 2, WC_SUCCESS, .opcode = WC_REG_MR);
	EXPECT(a, 3, WC_SUCCESS, .opcode = WC_SEND);
	EXPECT(b, 5, WC_SUCCESS, .opcode = WC_RECV);
	pair_destroy(p);
}

static void test_window(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	const struct wr_sge sge = end_sge(b, 0, 16);
	u32 mw;

	assert_int_equal(mem_mw_alloc(&a->mem, END_PD, &mw), 0);
	assert_int_equal(end_post(a, &(struct wr_send){ .wr_id = 1,
							.opcode = WR_BIND_MW,
							.flags = WR_SIGNALED,
							.bind = { mw, a->stag, end_addr(a, 4096),
								  16, ACCESS_REMOTE_WRITE } }),
			 0);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_BIND_MW);
	assert_int_equal(end_recv(b, 2, 0, 16), 0);
	assert_int_equal(post_send(a, 3, 1, 0), 0);
	pair_run(p);
	memset(b->memory, 0x77, 16);
	assert_int_equal(end_post(b, &(struct wr_send){ .wr_id = 4,
							.opcode = WR_WRITE,
							.sges = &sge,
							.sge_n = 1,
							.remote = { end_addr(a, 4096), mw } }),
			 0);
	pair_run(p);
	assert_int_equal(a->memory[4096 + 15], 0x77);
	assert_int_equal(mem_dereg(&a->mem, a->stag), -EBUSY);
	assert_int_equal(
		end_post(a,
			 &(struct wr_send){ .wr_id = 5, .opcode = WR_LOCAL_INV, .inv_rkey = mw }),
		0);
	assert_int_equal(end_post(b, &(struct wr_send){ .wr_id = 4,
							.opcode = WR_WRITE,
							.sges = &sge,
							.sge_n = 1,
							.remote = { end_addr(a, 4096), mw } }),
			 0);
	pair_run(p);
	assert_int_equal(qp_state(a->qp), QP_TERMINATE);
	assert_int_equal(qp_term(b->qp)->received, true);
	pair_destroy(p);
}

/* Errors of WR_BIND_MW, WR_REG_MR and WR_LOCAL_INV end the stream, as verbs say. */
static void test_local_errors(void **state)
{
	const struct {
		struct wr_send wr;
	} cases[] = {
		{ { .opcode = WR_LOCAL_INV, .inv_rkey = 0x12345678 } },
		{ { .opcode = WR_REG_MR, .reg = { 0x12345678, 0, 0, 8 } } },
		{ { .opcode = WR_BIND_MW, .bind = { 0x12345678, 0x12345678, 0, 8, 0 } } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair *p = pair_create(&plain);
		struct wr_send wr = cases[i].wr;

		wr.wr_id = 1;
		assert_int_equal(end_recv(&p->end[0], 2, 0, 8), 0);
		assert_int_equal(end_post(&p->end[0], &wr), 0);
		EXPECT(&p->end[0], 1, WC_MW_BIND_ERR);
		EXPECT(&p->end[0], 2, WC_WR_FLUSH_ERR);
		pair_run(p);
		assert_int_equal(p->end[1].last, QP_RX_TERM_RECEIVED);
		assert_int_equal(qp_term(p->end[1].qp)->layer | qp_term(p->end[1].qp)->etype, 0);
		pair_destroy(p);
	}
}

static void test_immediate(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	const struct wr_sge sge = end_sge(a, 0, 1000);

	memset(a->memory, 0x31, 1000);
	assert_int_equal(end_recv(b, 1, 0, 0), 0);
	assert_int_equal(end_recv(b, 2, 0, 0), 0);
	assert_int_equal(end_post(a, &(struct wr_send){ .wr_id = 3,
							.opcode = WR_WRITE_IMM,
							.imm = 77,
							.flags = WR_SIGNALED | WR_SOLICITED,
							.sges = &sge,
							.sge_n = 1,
							.remote = { end_addr(b, 4096), b->stag } }),
			 0);
	assert_int_equal(end_post(a, &(struct wr_send){ .wr_id = 4,
							.opcode = WR_SEND_IMM,
							.imm = ~0ull,
							.flags = WR_SIGNALED }),
			 0);
	pair_run(p);
	EXPECT(a, 3, WC_SUCCESS, .opcode = WC_WRITE);
	EXPECT(a, 4, WC_SUCCESS, .opcode = WC_SEND);
	EXPECT(b, 1, WC_SUCCESS, .opcode = WC_RECV_IMM, .byte_len = 1000,
	       .flags = WC_WITH_IMM | WC_WITH_SE | WC_WITH_WRITE, .imm = 77);
	EXPECT(b, 2, WC_SUCCESS, .opcode = WC_RECV_IMM, .flags = WC_WITH_IMM, .imm = ~0ull);
	assert_int_equal(b->memory[4096 + 999], 0x31);
	pair_destroy(p);
}

static void test_atomics(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];
	const struct wr_sge sge = end_sge(a, 0, 8);
	struct wr_send add = {
		.wr_id = 1,
		.opcode = WR_FETCH_ADD,
		.flags = WR_SIGNALED,
		.sges = &sge,
		.sge_n = 1,
		.atomic = { .addr = end_addr(b, 64), .rkey = b->stag, .compare_add = 3 }
	};
	struct wr_send swap = { .wr_id = 2,
				.opcode = WR_CMP_SWAP,
				.flags = WR_SIGNALED,
				.sges = &sge,
				.sge_n = 1,
				.atomic = { .addr = end_addr(b, 64),
					    .rkey = b->stag,
					    .compare_add = 13,
					    .swap = 99 } };
	u64 word = 10, got;

	memcpy(b->memory + 64, &word, 8);
	assert_int_equal(end_post(a, &add), 0);
	pair_run(p);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_FETCH_ADD);
	memcpy(&got, a->memory, 8);
	assert_int_equal(got, 10);
	assert_int_equal(end_post(a, &swap), 0);
	assert_int_equal(end_post(a, &swap), 0);	/* the second finds 99 */
	pair_run(p);
	EXPECT(a, 2, WC_SUCCESS, .opcode = WC_CMP_SWAP);
	EXPECT(a, 2, WC_SUCCESS, .opcode = WC_CMP_SWAP);
	memcpy(&got, a->memory, 8);
	assert_int_equal(got, 99);
	memcpy(&word, b->memory + 64, 8);
	assert_int_equal(word, 99);
	pair_destroy(p);
}

/* RFC 6581 9.2: with each type the responder may speak without a message of the upper layer. */
static void test_p2p(void **state)
{
	static const u8 types[] = { MPA_RTR_SEND, MPA_RTR_WRITE, MPA_RTR_READ };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct pair_opt opt = plain;
		struct pair *p;
		struct end *a, *b;

		opt.how.p2p = true;
		opt.how.enhanced = true;
		opt.how.rtr = types[i];
		opt.cut = i ? 0 : 1;
		p = pair_create(&opt);
		a = &p->end[0];
		b = &p->end[1];
		assert_int_equal(end_recv(a, 1, 0, 16), 0);
		assert_int_equal(end_recv(b, 2, 0, 16), 0);
		assert_int_equal(post_send(b, 3, 4, 0), 0);
		assert_false(end_send(p, b));		/* silent until the first FPDU */
		assert_true(qp_tx_pending(a->qp));
		pair_run(p);
		EXPECT(b, 3, WC_SUCCESS, .opcode = WC_SEND);
		EXPECT(a, 1, WC_SUCCESS, .opcode = WC_RECV);
		expect_none(a);
		expect_none(b);			/* the message itself is nobody's */
		assert_int_equal(post_send(a, 4, 4, 0), 0);
		assert_int_equal(post_read(a, b, 5, 4, 0), 0);
		pair_run(p);
		EXPECT(a, 4, WC_SUCCESS, .opcode = WC_SEND);
		EXPECT(a, 5, WC_SUCCESS, .opcode = WC_READ);
		EXPECT(b, 2, WC_SUCCESS, .opcode = WC_RECV);
		pair_destroy(p);
	}
}

/* Without peer-to-peer mode a responder waits for the initiator's first message. */
static void test_responder_waits(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];

	assert_int_equal(end_recv(a, 1, 0, 16), 0);
	assert_int_equal(end_recv(b, 2, 0, 16), 0);
	assert_int_equal(post_send(b, 3, 4, 0), 0);
	assert_false(qp_tx_pending(b->qp));
	pair_run(p);
	expect_none(a);
	assert_int_equal(post_send(a, 4, 4, 0), 0);
	pair_run(p);
	EXPECT(a, 4, WC_SUCCESS, .opcode = WC_SEND);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_RECV);
	pair_destroy(p);
}

/* Two programs that know no such rule: the peer's waits for ours. */
static void test_responder_gives_up(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0], *b = &p->end[1];

	assert_int_equal(end_recv(a, 1, 0, 16), 0);
	assert_int_equal(post_send(b, 3, 4, 0), 0);
	assert_false(qp_tx_pending(b->qp));
	qp_speak_first(b->qp);
	assert_true(qp_tx_pending(b->qp));
	pair_run(p);
	EXPECT(b, 3, WC_SUCCESS, .opcode = WC_SEND);
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_RECV);
	pair_destroy(p);
}

/* Orderly close: what was posted still goes, also what waits for a response; nothing new. */
static void test_close(void **state)
{
	struct pair_opt opt = plain;
	struct pair *p;
	struct end *a, *b;

	opt.how.ord = 1;
	opt.how.ird = 1;
	p = pair_create(&opt);
	a = &p->end[0];
	b = &p->end[1];
	assert_int_equal(post_read(a, b, 1, 16, 0), 0);
	assert_int_equal(post_read(a, b, 2, 16, 0), 0);
	qp_close(a->qp);
	assert_int_equal(qp_state(a->qp), QP_CLOSING);
	assert_int_equal(post_send(a, 3, 4, 0), -ENOTCONN);
	end_send(p, a);
	assert_true(qp_tx_pending(a->qp));
	pair_run(p);
	assert_false(qp_tx_pending(a->qp));
	EXPECT(a, 1, WC_SUCCESS, .opcode = WC_READ);
	EXPECT(a, 2, WC_SUCCESS, .opcode = WC_READ);
	qp_stream_gone(a->qp);
	assert_int_equal(qp_state(a->qp), QP_ERROR);
	assert_int_equal(end_recv(a, 4, 0, 4), -ENOTCONN);
	pair_destroy(p);
}

/* Somebody writes the source all the time; `copies`: of this much room, 0: sent from where it is. */
static void changing(bool markers, size_t copies, size_t send_max)
{
	const u32 len = 200000;
	struct pair_opt opt = plain;
	struct qp_iov iov[256];
	struct pair *p;
	struct end *a, *b;
	struct wr_sge sge;
	void *room = NULL;
	unsigned n;

	opt.how.markers_tx = opt.how.markers_rx = markers;
	opt.send_max = send_max;
	p = pair_create(&opt);
	a = &p->end[0];
	b = &p->end[1];
	if (copies) {
		room = malloc(copies);
		qp_tx_copies(a->qp, room, copies);
	}
	memset(a->memory, 1, len);
	sge = end_sge(a, 0, len);
	for (u64 id = 1; id <= 2; id++)
		assert_int_equal(
			end_post(a, &(struct wr_send){ .wr_id = id,
						       .opcode = WR_WRITE,
						       .sges = &sge,
						       .sge_n = 1,
						       .flags = WR_SIGNALED | WR_CHANGING,
						       .remote = { end_addr(b, 0), b->stag } }),
			0);
	assert_true(qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 256 << 10, &n) > 0);
	memset(a->memory, 2, len);
	pair_run(p);
	if (copies) {
		EXPECT(a, 1, WC_SUCCESS, .opcode = WC_WRITE);
		EXPECT(a, 2, WC_SUCCESS, .opcode = WC_WRITE);
		assert_int_equal(qp_state(b->qp), QP_RTS);
		assert_int_equal(b->memory[0], 2); /* the second one's */
		assert_int_equal(b->memory[len - 1], 2);
	} else {
		assert_int_not_equal(qp_state(b->qp), QP_RTS);
	}
	pair_destroy(p);
	free(room);
}

static void test_changing(void **state)
{
	changing(false, 0, 0);
	for (unsigned markers = 0; markers < 2; markers++) {
		changing(markers, QP_TX_COPIES_MIN, 0);
		changing(markers, QP_TX_COPIES_MIN, 777);
		changing(markers, 3 * QP_TX_COPIES_MIN, 70000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_unsignaled),
		cmocka_unit_test(test_ord),
		cmocka_unit_test(test_ord_negotiated),
		cmocka_unit_test(test_fence),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_srq),
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_fast_reg),
		cmocka_unit_test(test_reg_then_send),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_local_errors),
		cmocka_unit_test(test_immediate),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_p2p),
		cmocka_unit_test(test_responder_waits),
		cmocka_unit_test(test_responder_gives_up),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_changing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
