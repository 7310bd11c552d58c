// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Messages that come before their receives and wait for them: QP_RX_NO_RECV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/wire/rfc5041_ddp.h"
#include "tests/unit/core/pair.h"

#define CAPS (QP_CAP_IMM | QP_CAP_ATOMIC)

static int post(struct end *e, u64 id, enum wr_opcode opcode, u64 off, u32 len, struct end *peer)
{
	const struct wr_sge sge = end_sge(e, off, len);

	return end_post(e, &(struct wr_send){ .wr_id = id,
					      .opcode = opcode,
					      .sges = &sge,
					      .sge_n = opcode != WR_SEND_IMM,
					      .flags = WR_SIGNALED,
					      .remote = { end_addr(peer, off), peer->stag } });
}

static void expect(struct end *e, u64 id)
{
	struct wc wc;

	assert_true(end_poll(e, &wc));
	assert_int_equal(wc.wr_id, id);
	assert_int_equal(wc.status, WC_SUCCESS);
}

static void expect_none(struct end *e)
{
	struct wc wc;

	assert_false(end_poll(e, &wc));
}

/* However the input is cut: nothing behind the Send happens before its receive, and then all of it does. */
static void check_wait(struct pair_opt opt)
{
	struct pair *p = pair_create(&opt);
	struct end *a = &p->end[0], *b = &p->end[1];

	for (unsigned i = 0; i < 20000; i++)
		a->memory[i] = (u8)(i * 7);
	assert_int_equal(end_recv(b, 100, 100000, 5000), 0);
	assert_int_equal(post(a, 1, WR_SEND, 0, 5000, b), 0);
	assert_int_equal(post(a, 2, WR_SEND, 5000, 5000, b), 0);
	assert_int_equal(post(a, 3, WR_WRITE, 10000, 5000, b), 0);
	assert_int_equal(post(a, 4, WR_SEND_IMM, 0, 0, b), 0);
	assert_int_equal(post(a, 5, WR_SEND, 0, 0, b), 0);
	pair_run(p);
	for (u64 id = 1; id <= 5; id++)
		expect(a, id);
	expect(b, 100);
	expect_none(b);
	assert_int_equal(b->last, QP_RX_NO_RECV);
	assert_int_equal(qp_state(b->qp), QP_RTS);
	assert_int_equal(b->memory[14999], 0);

	end_resume(p, b);	/* for nothing */
	assert_true(b->waits);
	assert_int_equal(end_recv(b, 101, 105000, 5000), 0);
	assert_int_equal(post(b, 9, WR_WRITE, 300000, 100, a), 0);	/* the other way is free */
	pair_run(p);
	expect(b, 9);
	end_resume(p, b);
	expect(b, 101);
	assert_memory_equal(b->memory + 100000, a->memory, 10000);
	assert_memory_equal(b->memory + 10000, a->memory + 10000, 5000);
	assert_true(b->waits);	/* immediate data takes a receive, too */
	assert_int_equal(end_recv(b, 102, 0, 0), 0);
	end_resume(p, b);
	expect(b, 102);
	assert_true(b->waits);
	assert_int_equal(end_recv(b, 103, 0, 0), 0);
	end_resume(p, b);
	expect(b, 103);
	assert_false(b->waits);
	pair_destroy(p);
}

static void test_wait(void **state)
{
	static const size_t cuts[] = { 0, 1, 3, 20, 64, 1000 };

	for (unsigned i = 0; i < ARRAY_SIZE(cuts); i++)
		for (unsigned how = 0; how < 8; how++)
			check_wait(
				(struct pair_opt){ .how = { .crc = how & 1, .markers_tx = how & 2 },
						   .caps = CAPS,
						   .emss = 1460,
						   .want = how & 4,
						   .cut = cuts[i],
						   .recv_wait = true });
}

static void test_give_up(void **state)
{
	struct pair *p =
		pair_create(&(struct pair_opt){ .how = { .crc = true }, .recv_wait = true });
	struct end *a = &p->end[0], *b = &p->end[1];

	assert_int_equal(post(a, 1, WR_SEND, 0, 100, b), 0);
	pair_run(p);
	assert_true(b->waits);
	qp_rx_give_up(b->qp);
	end_resume(p, b);
	assert_int_equal(b->last, QP_RX_TERM_SENT);
	assert_int_equal(qp_term(b->qp)->layer, 1);
	assert_int_equal(qp_term(b->qp)->etype, DDP_TERM_UNTAGGED);
	assert_int_equal(qp_term(b->qp)->code, DDP_TERM_U_NO_BUFFER);
	pair_destroy(p);
}

static void test_closing(void **state)
{
	struct pair *p =
		pair_create(&(struct pair_opt){ .how = { .crc = true }, .recv_wait = true });
	struct end *a = &p->end[0], *b = &p->end[1];

	qp_close(b->qp);
	assert_int_equal(post(a, 1, WR_SEND, 0, 100, b), 0);
	pair_run(p);
	assert_false(b->waits);
	assert_int_equal(b->last, QP_RX_TERM_SENT);
	pair_destroy(p);
}

/* What is wrong with a header is told at once, and the ready-to-receive message takes no receive. */
static void test_no_wait(void **state)
{
	struct pair *p = pair_create(&(struct pair_opt){
		.how = { .crc = true, .p2p = true, .rtr = MPA_RTR_SEND }, .recv_wait = true });
	struct end *a = &p->end[0], *b = &p->end[1];

	pair_run(p);
	assert_false(b->waits);
	assert_int_equal(qp_state(b->qp), QP_RTS);
	assert_int_equal(post(a, 1, WR_SEND, 0, 100, b), 0);
	end_send(p, a);
	a->wire[12 + 3] ^= 4;	/* MSN */
	end_feed(p, b, a->wire, a->wire_len);
	a->wire_len = 0;
	assert_false(b->waits);
	assert_int_equal(b->last, QP_RX_TERM_SENT);
	pair_destroy(p);
}

static void test_srq(void **state)
{
	struct pair *p = pair_create(
		&(struct pair_opt){ .how = { .crc = true }, .recv_wait = true, .srq = true });
	struct end *a = &p->end[0], *b = &p->end[1];
	const struct wr_sge sge = end_sge(b, 0, 100);
	const struct wr_recv *bad;

	assert_int_equal(post(a, 1, WR_SEND, 0, 100, b), 0);
	pair_run(p);
	assert_true(b->waits);
	assert_int_equal(rq_post(&b->srq, &(struct wr_recv){ .wr_id = 7, .sges = &sge, .sge_n = 1 },
				 &bad),
			 0);
	end_resume(p, b);
	expect(b, 7);
	pair_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),	cmocka_unit_test(test_give_up),
		cmocka_unit_test(test_closing), cmocka_unit_test(test_no_wait),
		cmocka_unit_test(test_srq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
