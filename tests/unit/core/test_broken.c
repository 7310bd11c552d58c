// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Broken promises of the host, or of the engine itself, as the kernel takes them: the word is said, and the QP that it
 * is about ends.  Nothing else does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/qp/qp_priv.h"
#include "tests/unit/core/pair.h"

static unsigned words;

/* In the place of core/user/broken.c, which ends the process. */
bool core_broke(const char *what, const char *file, int line)
{
	words++;
	return true;
}

static void break_rx(struct end *e)
{
	const u8 octets[4] = { 0 };
	struct core_input in = { .data = octets, .len = 2, .pos = 3 };
	struct qp_place place;

	assert_int_equal(qp_rx(e->qp, &in, &place), QP_RX_BROKEN);
	assert_int_equal(in.pos, in.len);
}

static void break_placed(struct end *e)
{
	qp_rx_placed(e->qp, 1);
}

static void break_sent(struct end *e)
{
	struct qp_iov iov[QP_TX_SPANS_MAX];
	unsigned iov_n;

	qp_tx_sent(e->qp, qp_tx_gather(e->qp, iov, QP_TX_SPANS_MAX, 1 << 20, &iov_n) + 1);
}

/* A request that is done without the wire, in a place where only others can be. */
static void break_queue(struct end *e)
{
	struct qp_iov iov[QP_TX_SPANS_MAX];
	unsigned iov_n;

	sq_at(&e->qp->sq, e->qp->sq.next)->opcode = WR_LOCAL_INV;
	e->qp->tx.source = TX_SQ;
	assert_int_equal(qp_tx_gather(e->qp, iov, QP_TX_SPANS_MAX, 1 << 20, &iov_n), 0);
}

static void send_one(struct end *from, struct end *to)
{
	const struct wr_sge sge = end_sge(from, 0, 100);

	assert_int_equal(end_recv(to, 1, 0, 100), 0);
	assert_int_equal(end_post(from, &(struct wr_send){ .wr_id = 2,
							   .opcode = WR_SEND,
							   .sges = &sge,
							   .sge_n = 1,
							   .flags = WR_SIGNALED }),
			 0);
}

static void test_the_qp_ends(void **state)
{
	static void (*const breaks[])(struct end *) = { break_rx, break_placed, break_sent,
							break_queue };

	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		const struct pair_opt opt = { .how = { .crc = true } };
		struct pair *p = pair_create(&opt), *other = pair_create(&opt);
		struct end *e = &p->end[0];
		struct core_input in = { .data = (const u8 *)"", .len = 1 };
		struct qp_place place;
		struct wc wc;

		words = 0;
		send_one(e, &p->end[1]);
		assert_int_equal(end_recv(e, 3, 0, 100), 0);
		breaks[i](e);
		assert_int_equal(words, 1);
		assert_int_equal(qp_state(e->qp), QP_ERROR);
		/* all that was posted comes back, once, and nothing else happens */
		assert_true(end_poll(e, &wc) && wc.wr_id == 2 && wc.status == WC_WR_FLUSH_ERR);
		assert_true(end_poll(e, &wc) && wc.wr_id == 3 && wc.status == WC_WR_FLUSH_ERR);
		assert_false(end_poll(e, &wc));
		assert_false(qp_tx_pending(e->qp));
		assert_int_equal(qp_rx(e->qp, &in, &place), QP_RX_MORE);
		assert_int_equal(end_recv(e, 4, 0, 100), -ENOTCONN);
		/* those beside it go on */
		send_one(&other->end[0], &other->end[1]);
		pair_run(other);
		assert_true(end_poll(&other->end[1], &wc) && wc.status == WC_SUCCESS);
		assert_int_equal(words, 1);
		pair_destroy(p);
		pair_destroy(other);
	}
}

/* An object that was never right holds nothing. */
static void test_made_wrong(void **state)
{
	static const u32 depths[] = { 0, 3, 12 };
	struct mem_slot slots[2] = { 0 };
	struct mem_table t;
	struct stag_key key = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		struct wc ring[16], wc = { 0 };
		struct rq_entry entries[16];
		struct wr_sge sges[16];
		const struct wr_recv wr = { 0 }, *bad;
		struct cq cq;
		struct rq rq;

		words = 0;
		cq_init(&cq, ring, depths[i], NULL);
		cq_push(&cq, &wc);
		assert_true(cq.overrun);
		assert_int_equal(cq_poll(&cq, &wc, 1), 0);
		rq_init(&rq, entries, sges, depths[i], 1);
		assert_int_equal(rq_post(&rq, &wr, &bad), -ENOMEM);
		assert_int_equal(words, 2);
	}
	words = 0;
	assert_int_equal(mem_table_init(&t, slots, 1, &key), -EINVAL);
	assert_int_equal(mem_table_init(&t, slots, (1u << 22) + 1, &key), -EINVAL);
	assert_int_equal(mem_table_init(&t, slots, 2, &key), 0);
	assert_int_equal(words, 0);
}

static void test_start_up(void **state)
{
	const u8 octets[4] = { 0 };
	struct core_input in = { .data = octets, .len = 2, .pos = 3 };
	struct mpa_start start = { 0 };

	words = 0;
	assert_int_equal(mpa_start_rx(&start, &in), MPA_START_FAULT);
	assert_int_equal(start.fault, MPA_FAULT_BROKEN);
	assert_int_equal(words, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_qp_ends),
		cmocka_unit_test(test_made_wrong),
		cmocka_unit_test(test_start_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
