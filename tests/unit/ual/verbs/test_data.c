// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Every kind of work request, what it moves and how it completes; queue pairs at their end. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/ual/verbs/pair.h"

static void test_send(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_sge parts[3];
	struct ibv_send_wr wr;
	struct ibv_wc wc;

	pair_open(&p, NULL);
	memcpy(a->memory, "one two three", 13);
	parts[0] = side_sge(a, 8, 5);
	parts[1] = side_sge(a, 4, 3);
	parts[2] = side_sge(a, 0, 3);
	side_recv(b, 1, 100, 64);
	wr = side_wr(parts, b, IBV_WR_SEND);
	wr.wr_id = 2;
	wr.num_sge = 3;
	side_post(a, &wr);
	wc = side_expect(a, 2, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_SEND);
	wc = side_expect(b, 1, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RECV);
	assert_int_equal(wc.byte_len, 11);
	assert_int_equal(wc.wc_flags, 0);
	assert_memory_equal(b->memory + 100, "threetwoone", 11);
	pair_close(&p);
}

/* Inline: the buffer is the program's again at once, and needs no key. */
static void test_inline(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	char text[INLINE_BYTES + 1] = "gone at once";
	struct ibv_sge sge = { .addr = (uintptr_t)text, .length = 12, .lkey = 0xbad };
	struct ibv_send_wr wr, *bad;

	pair_open(&p, NULL);
	side_recv(b, 1, 0, 64);
	wr = side_wr(&sge, b, IBV_WR_SEND);
	wr.send_flags = IBV_SEND_INLINE;
	side_post(a, &wr);
	memset(text, 0, sizeof(text));
	side_expect(b, 1, IBV_WC_SUCCESS);
	assert_memory_equal(b->memory, "gone at once", 12);
	sge.length = INLINE_BYTES + 1;
	assert_int_equal(ibv_post_send(a->qp, &wr, &bad), EINVAL);
	assert_ptr_equal(bad, &wr);
	pair_close(&p);
}

static void test_write_and_read(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_sge sge[2];
	struct ibv_send_wr wr, *bad;
	struct ibv_wc wc;

	pair_open(&p, NULL);
	memset(a->memory, 0x5a, 20000);
	sge[0] = side_sge(a, 0, 15000);
	sge[1] = side_sge(a, 15000, 5000);
	wr = side_wr(sge, b, IBV_WR_RDMA_WRITE);
	wr.num_sge = 2;
	wr.wr.rdma.remote_addr += 7;
	side_post(a, &wr);
	wc = side_expect(a, 0, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RDMA_WRITE);

	sge[0] = side_sge(a, 30000, 20010);
	wr = side_wr(sge, b, IBV_WR_RDMA_READ);
	wr.wr_id = 3;
	side_post(a, &wr);
	wc = side_expect(a, 3, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RDMA_READ);
	assert_int_equal(wc.byte_len, 20010);
	assert_memory_equal(a->memory + 30007, a->memory, 20000);
	assert_int_equal(a->memory[30006] | a->memory[50007], 0);

	wr.num_sge = 2;		/* max_sge_rd is 1 */
	assert_int_equal(ibv_post_send(a->qp, &wr, &bad), EINVAL);
	pair_close(&p);
}

/* A Write with immediate takes a receive; a Send with immediate has no payload on iWARP. */
static void test_immediate(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_sge sge;
	struct ibv_send_wr wr, *bad;
	struct ibv_wc wc;

	pair_open(&p, NULL);
	side_recv(b, 1, 1000, 64);
	side_recv(b, 2, 1000, 64);
	memset(a->memory, 7, 500);
	sge = side_sge(a, 0, 500);
	wr = side_wr(&sge, b, IBV_WR_RDMA_WRITE_WITH_IMM);
	wr.imm_data = htonl(0x01020304);
	side_post(a, &wr);
	wc = side_expect(b, 1, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RECV_RDMA_WITH_IMM);
	assert_int_equal(wc.wc_flags, IBV_WC_WITH_IMM);
	assert_int_equal(ntohl(wc.imm_data), 0x01020304);
	assert_int_equal(wc.byte_len, 500);
	assert_memory_equal(b->memory, a->memory, 500);

	wr = side_wr(NULL, b, IBV_WR_SEND_WITH_IMM);
	wr.num_sge = 0;
	wr.imm_data = htonl(0xfffffffe);
	side_post(a, &wr);
	wc = side_expect(b, 2, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RECV);
	assert_int_equal(wc.wc_flags, IBV_WC_WITH_IMM);
	assert_int_equal(ntohl(wc.imm_data), 0xfffffffe);

	wr.sg_list = &sge;
	wr.num_sge = 1;
	assert_int_equal(ibv_post_send(a->qp, &wr, &bad), EINVAL);
	pair_close(&p);
}

static void test_atomics(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	uint64_t *word, *result;
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct ibv_wc wc;

	pair_open(&p, NULL);
	word = (uint64_t *)b->memory;
	result = (uint64_t *)a->memory;
	*word = 40;
	sge = side_sge(a, 0, 8);
	wr = side_wr(&sge, b, IBV_WR_ATOMIC_FETCH_AND_ADD);
	wr.wr.atomic.compare_add = 2;
	side_post(a, &wr);
	wc = side_expect(a, 0, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_FETCH_ADD);
	assert_int_equal(*result, 40);
	assert_int_equal(*word, 42);
	wr = side_wr(&sge, b, IBV_WR_ATOMIC_CMP_AND_SWP);
	wr.wr.atomic.compare_add = 42;
	wr.wr.atomic.swap = 99;
	side_post(a, &wr);
	wc = side_expect(a, 0, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_COMP_SWAP);
	assert_int_equal(*result, 42);
	assert_int_equal(*word, 99);
	pair_close(&p);
}

/* A window, bound by work request, written through by the peer, invalidated by the peer's Send. */
static void test_window(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_mw *mw;
	struct ibv_sge sge;
	struct ibv_send_wr wr = { .opcode = IBV_WR_BIND_MW };
	struct ibv_wc wc;

	pair_open(&p, NULL);
	mw = ibv_alloc_mw(b->pd, IBV_MW_TYPE_2);
	assert_non_null(mw);
	wr.bind_mw.mw = mw;
	wr.bind_mw.rkey = ibv_inc_rkey(mw->rkey);
	wr.bind_mw.bind_info = (struct ibv_mw_bind_info){ b->mr, (uintptr_t)b->memory + 16, 32,
							  IBV_ACCESS_REMOTE_WRITE };
	side_post(b, &wr);
	wc = side_expect(b, 0, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_BIND_MW);
	mw->rkey = wr.bind_mw.rkey;

	side_recv(b, 1, 100, 8);
	memset(a->memory, 3, 32);
	sge = side_sge(a, 0, 32);
	wr = side_wr(&sge, b, IBV_WR_RDMA_WRITE);
	wr.wr.rdma.remote_addr += 16;
	wr.wr.rdma.rkey = mw->rkey;
	side_post(a, &wr);
	wr = side_wr(&sge, b, IBV_WR_SEND_WITH_INV);
	sge.length = 8;
	wr.invalidate_rkey = mw->rkey;
	side_post(a, &wr);
	wc = side_expect(b, 1, IBV_WC_SUCCESS);
	assert_int_equal(wc.wc_flags, IBV_WC_WITH_INV);
	assert_int_equal(wc.invalidated_rkey, mw->rkey);
	assert_memory_equal(b->memory + 16, a->memory, 32);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
	pair_close(&p);
}

static void test_window_type1(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_mw_bind bind = { .send_flags = IBV_SEND_SIGNALED };
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct ibv_mw *mw;

	pair_open(&p, NULL);
	mw = ibv_alloc_mw(b->pd, IBV_MW_TYPE_1);
	assert_non_null(mw);
	/* bound twice: the second takes the place of the first */
	for (uint64_t i = 0; i < 2; i++) {
		bind.wr_id = 10 + i;
		bind.bind_info = (struct ibv_mw_bind_info){ b->mr, (uintptr_t)b->memory + 64 * i,
							    64, IBV_ACCESS_REMOTE_WRITE };
		assert_int_equal(ibv_bind_mw(b->qp, mw, &bind), 0);
		while (side_completion(b).wr_id != 10 + i)
			;
	}
	a->memory[0] = 77;
	sge = side_sge(a, 0, 1);
	wr = side_wr(&sge, b, IBV_WR_RDMA_WRITE);
	wr.wr.rdma.remote_addr += 64;
	wr.wr.rdma.rkey = mw->rkey;
	side_post(a, &wr);
	wr = side_wr(&sge, b, IBV_WR_RDMA_READ);
	wr.wr_id = 5;
	side_post(a, &wr);
	side_expect(a, 0, IBV_WC_SUCCESS);
	side_expect(a, 5, IBV_WC_SUCCESS);
	assert_int_equal(b->memory[64], 77);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
	pair_close(&p);
}

/* A chain longer than what is converted at once; only the last asks for a completion. */
static void test_chain(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_send_wr wr[DEPTH], *bad;
	struct ibv_sge sge[DEPTH];

	pair_open(&p, &(struct pair_cfg){ .unsignaled = 1 });
	for (uint32_t i = 0; i < DEPTH; i++) {
		side_recv(b, 100 + i, 16 * i, 16);
		a->memory[i] = (uint8_t)i;
		sge[i] = side_sge(a, i, 1);
		wr[i] = side_wr(&sge[i], b, IBV_WR_SEND);
		wr[i].wr_id = i;
		wr[i].next = i + 1 < DEPTH ? &wr[i + 1] : NULL;
	}
	wr[DEPTH - 1].send_flags = IBV_SEND_SIGNALED;
	side_post(a, wr);
	side_expect(a, DEPTH - 1, IBV_WC_SUCCESS);
	for (uint32_t i = 0; i < DEPTH; i++) {
		side_expect(b, 100 + i, IBV_WC_SUCCESS);
		assert_int_equal(b->memory[16 * i], i);
	}
	/* The first fault is named, wherever in the chain it is. */
	for (uint32_t i = 0; i < 20; i++)
		side_recv(b, i, 0, 16);
	wr[20].num_sge = SGES + 1;
	assert_int_equal(ibv_post_send(a->qp, wr, &bad), EINVAL);
	assert_ptr_equal(bad, &wr[20]);
	for (uint32_t i = 0; i < 20; i++)
		side_expect(b, i, IBV_WC_SUCCESS);
	pair_close(&p);
}

/* To ERR by the program: everything posted comes back, and so does what is posted after. */
static void test_error_flushes(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };
	struct ibv_qp_init_attr init;
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	uint32_t qp_num;

	pair_open(&p, NULL);
	qp_num = a->qp->qp_num;
	for (uint64_t i = 0; i < 3; i++)
		side_recv(a, i, 0, 8);
	side_recv(b, 50, 0, 8);
	assert_int_equal(ibv_modify_qp(a->qp, &attr, IBV_QP_STATE), 0);
	assert_int_equal(a->qp->state, IBV_QPS_ERR);
	for (uint64_t i = 0; i < 3; i++)
		side_expect(a, i, IBV_WC_WR_FLUSH_ERR);
	side_expect(b, 50, IBV_WC_WR_FLUSH_ERR);
	sge = side_sge(a, 0, 8);
	wr = side_wr(&sge, b, IBV_WR_SEND);
	wr.wr_id = 9;
	side_post(a, &wr);
	side_recv(a, 8, 0, 8);
	side_expect(a, 9, IBV_WC_WR_FLUSH_ERR);
	side_expect(a, 8, IBV_WC_WR_FLUSH_ERR);

	attr.qp_state = IBV_QPS_RESET;
	assert_int_equal(ibv_modify_qp(a->qp, &attr, IBV_QP_STATE), 0);
	assert_int_equal(ibv_query_qp(a->qp, &attr, IBV_QP_STATE, &init), 0);
	assert_int_equal(attr.qp_state, IBV_QPS_RESET);
	assert_int_equal(a->qp->qp_num, qp_num);
	pair_close(&p);
}

/* Posted while the connection is being closed: flushed when it is, after what was posted before. */
static void test_post_at_the_end(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_sge sge;
	struct ibv_send_wr wr;

	pair_open(&p, NULL);
	side_recv(a, 1, 0, 8);
	assert_int_equal(rdma_disconnect(a->id), 0);
	sge = side_sge(a, 0, 8);
	wr = side_wr(&sge, b, IBV_WR_SEND);
	for (wr.wr_id = 2; wr.wr_id < 5; wr.wr_id++)
		side_post(a, &wr);
	for (uint64_t i = 1; i < 5; i++)
		side_expect(a, i, IBV_WC_WR_FLUSH_ERR);
	pair_close(&p);
}

/* To ERR without ever having been connected. */
static void test_error_unconnected(void **state)
{
	struct pair p;
	struct side *a = &p.side[0];
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_INIT, .port_num = 1 };
	struct ibv_qp_init_attr init = { .send_cq = NULL,
					 .qp_type = IBV_QPT_RC,
					 .cap = { 4, 4, 1, 1, 0 } };
	struct ibv_qp *qp;
	struct ibv_recv_wr recv = { .wr_id = 6 }, *bad;
	struct ibv_wc wc;

	pair_open(&p, NULL);
	init.send_cq = init.recv_cq = a->cq;
	qp = ibv_create_qp(a->pd, &init);
	assert_non_null(qp);
	assert_int_not_equal(qp->qp_num, a->qp->qp_num);
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PORT), 0);
	assert_int_equal(ibv_post_recv(qp, &recv, &bad), 0);
	attr.qp_state = IBV_QPS_ERR;
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), 0);
	assert_int_equal(ibv_poll_cq(a->cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 6);
	assert_int_equal(wc.status, IBV_WC_WR_FLUSH_ERR);
	assert_int_equal(wc.qp_num, qp->qp_num);
	/* What nobody polled goes with its queue pair. */
	assert_int_equal(ibv_post_recv(qp, &recv, &bad), 0);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	assert_int_equal(ibv_poll_cq(a->cq, 1, &wc), 0);
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_immediate),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_window_type1),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_error_flushes),
		cmocka_unit_test(test_post_at_the_end),
		cmocka_unit_test(test_error_unconnected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
