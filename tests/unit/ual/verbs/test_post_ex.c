// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The extended post interface: requests built by calls, all of them posted or none. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/ual/verbs/pair.h"

static const struct pair_cfg cfg = {
	.ops = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM | IBV_QP_EX_WITH_RDMA_WRITE |
	       IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |
	       IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD | IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP,
	.unsignaled = 1,
};

static void test_batch(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	char text[] = "inline";
	struct ibv_data_buf bufs[] = { { text, 2 }, { text + 2, 4 } };
	struct ibv_sge sges[2];
	struct ibv_qp_ex *qp;
	struct ibv_wc wc;

	pair_open(&p, &cfg);
	qp = ibv_qp_to_qp_ex(a->qp);
	assert_non_null(qp);
	for (uint64_t i = 0; i < 4; i++)
		side_recv(b, i, 1000 + 64 * (uint32_t)i, 64);
	memcpy(a->memory, "headbody", 8);
	sges[0] = side_sge(a, 4, 4);
	sges[1] = side_sge(a, 0, 4);

	ibv_wr_start(qp);
	qp->wr_id = 10;
	qp->wr_flags = 0;
	ibv_wr_rdma_write(qp, b->mr->rkey, (uintptr_t)b->memory);
	ibv_wr_set_sge(qp, a->mr->lkey, (uintptr_t)a->memory, 8);
	qp->wr_id = 11;
	ibv_wr_send(qp);
	ibv_wr_set_inline_data(qp, text, 6);
	qp->wr_id = 12;
	ibv_wr_send(qp);
	ibv_wr_set_inline_data_list(qp, 2, bufs);
	memset(text, 0, sizeof(text));
	qp->wr_id = 13;
	ibv_wr_send(qp);
	ibv_wr_set_sge_list(qp, 2, sges);
	qp->wr_id = 14;
	qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_rdma_write_imm(qp, b->mr->rkey, (uintptr_t)b->memory + 8, htonl(5));
	ibv_wr_set_sge(qp, a->mr->lkey, (uintptr_t)a->memory, 8);
	assert_int_equal(ibv_wr_complete(qp), 0);

	side_expect(a, 14, IBV_WC_SUCCESS);
	for (uint64_t i = 0; i < 3; i++)
		side_expect(b, i, IBV_WC_SUCCESS);
	wc = side_expect(b, 3, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RECV_RDMA_WITH_IMM);
	assert_int_equal(ntohl(wc.imm_data), 5);
	assert_memory_equal(b->memory, "headbodyheadbody", 16);
	assert_memory_equal(b->memory + 1000, "inline", 6);
	assert_memory_equal(b->memory + 1064, "inline", 6);
	assert_memory_equal(b->memory + 1128, "bodyhead", 8);
	pair_close(&p);
}

static void test_read_and_atomics(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	uint64_t *word, *result;
	struct ibv_qp_ex *qp;

	pair_open(&p, &cfg);
	qp = ibv_qp_to_qp_ex(a->qp);
	word = (uint64_t *)b->memory;
	result = (uint64_t *)a->memory;
	*word = 5;
	ibv_wr_start(qp);
	qp->wr_flags = 0;
	ibv_wr_atomic_fetch_add(qp, b->mr->rkey, (uintptr_t)word, 3);
	ibv_wr_set_sge(qp, a->mr->lkey, (uintptr_t)&result[0], 8);
	ibv_wr_atomic_cmp_swp(qp, b->mr->rkey, (uintptr_t)word, 8, 100);
	ibv_wr_set_sge(qp, a->mr->lkey, (uintptr_t)&result[1], 8);
	qp->wr_flags = IBV_SEND_SIGNALED;
	qp->wr_id = 1;
	ibv_wr_rdma_read(qp, b->mr->rkey, (uintptr_t)word);
	ibv_wr_set_sge(qp, a->mr->lkey, (uintptr_t)&result[2], 8);
	assert_int_equal(ibv_wr_complete(qp), 0);
	side_expect(a, 1, IBV_WC_SUCCESS);
	assert_int_equal(result[0], 5);
	assert_int_equal(result[1], 8);
	assert_int_equal(result[2], 100);
	pair_close(&p);
}

static void begin_write(struct ibv_qp_ex *qp, const struct side *to)
{
	ibv_wr_start(qp);
	ibv_wr_rdma_write(qp, to->mr->rkey, (uintptr_t)to->memory);
}

/* One fault, and nothing is posted; the next start is a new one. */
static void test_faults(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_sge sges[SGES + 1];
	uint8_t much[INLINE_BYTES + 1] = { 0 };
	struct ibv_qp_ex *qp;

	pair_open(&p, &cfg);
	qp = ibv_qp_to_qp_ex(a->qp);
	qp->wr_flags = IBV_SEND_SIGNALED;
	begin_write(qp, b);
	ibv_wr_local_inv(qp, 1);		/* not among the operations asked for */
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	begin_write(qp, b);
	ibv_wr_set_sge_list(qp, SGES + 1, sges);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	begin_write(qp, b);
	ibv_wr_set_inline_data(qp, much, sizeof(much));
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_set_sge(qp, 0, 0, 0);		/* of what? */
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	begin_write(qp, b);
	for (int i = 0; i < DEPTH; i++)
		ibv_wr_rdma_write(qp, b->mr->rkey, (uintptr_t)b->memory);
	assert_int_equal(ibv_wr_complete(qp), ENOMEM);
	begin_write(qp, b);
	ibv_wr_abort(qp);
	begin_write(qp, b);
	qp->wr_id = 7;
	ibv_wr_rdma_write(qp, b->mr->rkey, (uintptr_t)b->memory);
	assert_int_equal(ibv_wr_complete(qp), 0);
	side_completion(a);
	side_expect(a, 7, IBV_WC_SUCCESS);
	pair_close(&p);
}

/* As a program does that was compiled with rdma-core 50 or later: behind what the headers of 44 have. */
static void flush(struct ibv_qp_ex *qp, const struct side *to)
{
	void (*wr_flush)(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, size_t len,
			 uint8_t type, uint8_t level);

	memcpy(&wr_flush, (const char *)&qp->wr_atomic_write + sizeof(void *), sizeof(wr_flush));
	wr_flush(qp, to->mr->rkey, (uintptr_t)to->memory, 8, 1, 0);
}

/* iWARP cannot do them: said when the batch is complete, and the queue pair goes on. */
static void test_foreign(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	uint8_t word[8] = { 0 };
	struct ibv_qp_ex *qp;

	pair_open(&p, &cfg);
	qp = ibv_qp_to_qp_ex(a->qp);
	qp->wr_flags = IBV_SEND_SIGNALED;
	begin_write(qp, b);
	flush(qp, b);
	assert_int_equal(ibv_wr_complete(qp), EOPNOTSUPP);
	begin_write(qp, b);
	ibv_wr_atomic_write(qp, b->mr->rkey, (uintptr_t)b->memory, word);
	assert_int_equal(ibv_wr_complete(qp), EOPNOTSUPP);
	begin_write(qp, b);
	ibv_wr_send_tso(qp, word, sizeof(word), 1000);
	assert_int_equal(ibv_wr_complete(qp), EOPNOTSUPP);
	begin_write(qp, b);
	ibv_wr_set_xrc_srqn(qp, 1);
	assert_int_equal(ibv_wr_complete(qp), EOPNOTSUPP);
	begin_write(qp, b);
	ibv_wr_set_ud_addr(qp, NULL, 1, 1);
	assert_int_equal(ibv_wr_complete(qp), EOPNOTSUPP);
	begin_write(qp, b);
	qp->wr_id = 9;
	ibv_wr_rdma_write(qp, b->mr->rkey, (uintptr_t)b->memory);
	assert_int_equal(ibv_wr_complete(qp), 0);
	side_completion(a);
	side_expect(a, 9, IBV_WC_SUCCESS);
	pair_close(&p);
}

static void test_not_asked_for(void **state)
{
	static const uint64_t unknown[] = {
		IBV_QP_EX_WITH_TSO,
		1 << 11 /* IBV_QP_EX_WITH_FLUSH of 50 */,
		IBV_QP_EX_WITH_ATOMIC_WRITE,
		UINT64_C(1) << 40,
	};
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_RC,
		.cap = { 1, 1, 1, 1, 0 },
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
	};
	struct pair p;
	struct side *a = &p.side[0];

	pair_open(&p, NULL);
	assert_null(ibv_qp_to_qp_ex(a->qp));
	attr.pd = a->pd;
	attr.send_cq = attr.recv_cq = a->cq;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		attr.send_ops_flags = unknown[i];
		errno = 0;
		assert_null(ibv_create_qp_ex(a->id->verbs, &attr));
		assert_int_equal(errno, EOPNOTSUPP);
	}
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),	      cmocka_unit_test(test_read_and_atomics),
		cmocka_unit_test(test_faults),	      cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
