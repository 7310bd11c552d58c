// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Completion and receive queues at and past their depth, over the wrap of their counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/qp/cq.h"

static void test_cq(void **state)
{
	struct list_head ready = LIST_HEAD_INIT(ready);
	struct wc ring[4], wc[8];
	struct cq cq;

	cq_init(&cq, ring, 4, &ready);
	cq.head = cq.tail = (u32)-2;	/* counters run freely */
	for (u64 i = 0; i < 4; i++)
		cq_push(&cq, &(struct wc){ .wr_id = i });
	assert_false(cq.overrun);
	assert_false(cq.solicited);
	assert_ptr_equal(ready.next, &cq.ready);
	assert_ptr_equal(ready.prev, &cq.ready);	/* once, not four times */
	cq_push(&cq, &(struct wc){ .wr_id = 9, .flags = WC_WITH_SE });
	assert_true(cq.overrun);
	assert_true(cq.solicited);
	assert_int_equal(cq_poll(&cq, wc, 3), 3);
	assert_int_equal(cq_poll(&cq, wc + 3, 5), 1);
	for (u64 i = 0; i < 4; i++)
		assert_int_equal(wc[i].wr_id, i);
	assert_int_equal(cq_poll(&cq, wc, 8), 0);
}

/* An error is a solicited event even if nobody asked for one. */
static void test_cq_error(void **state)
{
	struct wc ring[1];
	struct cq cq;

	cq_init(&cq, ring, 1, NULL);
	cq_push(&cq, &(struct wc){ .status = WC_WR_FLUSH_ERR });
	assert_true(cq.solicited);
}

static void test_rq(void **state)
{
	const struct wr_sge sges[3] = { { 0, 5, 0 }, { 0, 6, 0 }, { 0, ~0u, 0 } };
	struct rq_entry entries[2];
	struct wr_sge room[2 * 2];
	const struct wr_recv *bad = NULL;
	struct wr_recv third = { .wr_id = 3 };
	struct wr_recv second = { .next = &third, .wr_id = 2, .sges = sges, .sge_n = 2 };
	struct wr_recv first = { .next = &second, .wr_id = 1 };
	struct wr_recv wide = { .sges = sges, .sge_n = 3 };
	struct wr_recv huge = { .sges = sges + 1, .sge_n = 2 };
	struct rq rq;

	rq_init(&rq, entries, room, 2, 2);
	rq.head = rq.tail = (u32)-1;
	assert_int_equal(rq_post(&rq, &wide, &bad), -EINVAL);
	assert_int_equal(rq_post(&rq, &huge, &bad), -EINVAL);
	assert_ptr_equal(bad, &huge);
	assert_int_equal(rq_used(&rq), 0);
	assert_int_equal(rq_post(&rq, &first, &bad), -ENOMEM);
	assert_ptr_equal(bad, &third);
	assert_int_equal(rq_used(&rq), 2);
	assert_int_equal(entries[0].wr_id, 2);
	assert_int_equal(entries[0].len, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cq),
		cmocka_unit_test(test_cq_error),
		cmocka_unit_test(test_rq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
