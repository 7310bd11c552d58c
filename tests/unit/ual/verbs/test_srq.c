// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Shared receive queues: their receives, their limit, and the end of a queue pair that used them. */
#include <errno.h>

#include "tests/unit/ual/verbs/pair.h"

static void send_one(struct pair *p, uint64_t wr_id)
{
	struct ibv_sge sge = side_sge(&p->side[0], 0, 4);
	struct ibv_send_wr wr = side_wr(&sge, &p->side[1], IBV_WR_SEND);

	wr.wr_id = wr_id;
	side_post(&p->side[0], &wr);
	side_expect(&p->side[0], wr_id, IBV_WC_SUCCESS);
}

static void test_limit(void **state)
{
	struct pair p;
	struct side *b = &p.side[1];
	struct ibv_srq_attr attr = { .srq_limit = 3 };
	struct ibv_recv_wr recv = { 0 }, *bad;

	pair_open(&p, &(struct pair_cfg){ .srq = 1 });
	assert_int_equal(ibv_post_recv(b->qp, &recv, &bad), EINVAL);
	for (uint64_t i = 0; i < 5; i++)
		side_recv(b, i, 8 * (uint32_t)i, 8);
	assert_int_equal(ibv_modify_srq(b->srq, &attr, IBV_SRQ_LIMIT), 0);
	assert_int_equal(ibv_query_srq(b->srq, &attr), 0);
	assert_int_equal(attr.srq_limit, 3);
	assert_true(attr.max_wr >= DEPTH && attr.max_sge >= 1);
	for (uint64_t i = 0; i < 3; i++) {
		send_one(&p, i);
		side_expect(b, i, IBV_WC_SUCCESS);
	}
	side_async(b, IBV_EVENT_SRQ_LIMIT_REACHED, b->srq);
	assert_int_equal(ibv_query_srq(b->srq, &attr), 0);
	assert_int_equal(attr.srq_limit, 0);	/* once */
	pair_close(&p);
}

static void test_last_wqe(void **state)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };
	struct pair p;
	struct side *b = &p.side[1];

	pair_open(&p, &(struct pair_cfg){ .srq = 1 });
	side_recv(b, 1, 0, 8);
	side_recv(b, 2, 0, 8);
	send_one(&p, 0);
	side_expect(b, 1, IBV_WC_SUCCESS);
	assert_int_equal(ibv_modify_qp(p.side[0].qp, &attr, IBV_QP_STATE), 0);
	side_async(b, IBV_EVENT_QP_LAST_WQE_REACHED, b->qp);
	pair_close(&p);
}

static void test_full(void **state)
{
	struct ibv_recv_wr recv = { 0 }, *bad = NULL;
	struct ibv_srq_attr attr;
	struct pair p;
	struct side *b = &p.side[1];

	pair_open(&p, &(struct pair_cfg){ .srq = 1 });
	assert_int_equal(ibv_query_srq(b->srq, &attr), 0);
	for (uint32_t i = 0; i < attr.max_wr; i++)
		assert_int_equal(ibv_post_srq_recv(b->srq, &recv, &bad), 0);
	assert_int_equal(ibv_post_srq_recv(b->srq, &recv, &bad), ENOMEM);
	assert_ptr_equal(bad, &recv);
	recv.num_sge = 99;
	assert_int_equal(ibv_post_srq_recv(b->srq, &recv, &bad), EINVAL);
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_last_wqe),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
