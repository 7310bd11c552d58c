// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Completion queues and channels: events, waiting, resizing, overruns, extended polling. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/ual/verbs/pair.h"

static void send_one(struct side *from, const struct side *to, uint64_t wr_id, unsigned flags)
{
	struct ibv_sge sge = side_sge(from, 0, 4);
	struct ibv_send_wr wr = side_wr(&sge, to, IBV_WR_SEND);

	wr.wr_id = wr_id;
	wr.send_flags = flags;
	side_post(from, &wr);
}

static int readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms);
}

static void take_event(struct side *s)
{
	struct ibv_cq *cq;
	void *context;

	assert_int_equal(ibv_get_cq_event(s->channel, &cq, &context), 0);
	assert_ptr_equal(cq, s->cq);
	assert_ptr_equal(context, s);
	ibv_ack_cq_events(cq, 1);
}

/* The program sleeps in poll(): the progress thread sees to its event. */
static void test_event(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];

	pair_open(&p, NULL);
	for (uint64_t i = 0; i < 4; i++)
		side_recv(b, i, 0, 8);
	send_one(a, b, 0, 0);
	side_expect(b, 0, IBV_WC_SUCCESS);
	assert_int_equal(readable(b->channel->fd, 0), 0);	/* it was not armed */
	for (uint64_t i = 1; i < 4; i++) {
		assert_int_equal(ibv_req_notify_cq(b->cq, 0), 0);
		send_one(a, b, i, 0);
		assert_int_equal(readable(b->channel->fd, WAIT_MS), 1);
		take_event(b);
		assert_int_equal(readable(b->channel->fd, 0), 0);
		side_expect(b, i, IBV_WC_SUCCESS);
	}
	pair_close(&p);
}

static void test_nonblocking(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_cq *cq;
	void *context;

	pair_open(&p, NULL);
	assert_int_equal(fcntl(b->channel->fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(ibv_get_cq_event(b->channel, &cq, &context), -1);
	assert_int_equal(errno, EAGAIN);
	side_recv(b, 1, 0, 8);
	ibv_req_notify_cq(b->cq, 0);
	send_one(a, b, 0, 0);
	assert_int_equal(readable(b->channel->fd, WAIT_MS), 1);
	take_event(b);
	pair_close(&p);
}

/* Armed for solicited ones: others pass, failures do not. */
static void test_solicited(void **state)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];

	pair_open(&p, NULL);
	for (uint64_t i = 0; i < 3; i++)
		side_recv(b, i, 0, 8);
	ibv_req_notify_cq(b->cq, 1);
	send_one(a, b, 0, 0);
	side_expect(b, 0, IBV_WC_SUCCESS);
	assert_int_equal(readable(b->channel->fd, 0), 0);
	send_one(a, b, 0, IBV_SEND_SOLICITED);
	assert_int_equal(readable(b->channel->fd, WAIT_MS), 1);
	take_event(b);
	side_expect(b, 1, IBV_WC_SUCCESS);
	ibv_req_notify_cq(b->cq, 1);
	assert_int_equal(ibv_modify_qp(a->qp, &attr, IBV_QP_STATE), 0);
	assert_int_equal(readable(b->channel->fd, WAIT_MS), 1);
	take_event(b);
	side_expect(b, 2, IBV_WC_WR_FLUSH_ERR);
	pair_close(&p);
}

static void *send_later(void *ctx)
{
	struct pair *p = ctx;

	usleep(50000);
	send_one(&p->side[0], &p->side[1], 0, 0);
	return NULL;
}

static void test_blocking(void **state)
{
	struct pair p;
	struct side *b = &p.side[1];
	pthread_t thread;

	pair_open(&p, NULL);
	side_recv(b, 1, 0, 8);
	ibv_req_notify_cq(b->cq, 0);
	assert_int_equal(pthread_create(&thread, NULL, send_later, &p), 0);
	take_event(b);
	side_expect(b, 1, IBV_WC_SUCCESS);
	pthread_join(thread, NULL);
	pair_close(&p);
}

static void *acknowledge_later(void *ctx)
{
	struct ibv_cq *cq = ctx;

	usleep(50000);
	ibv_ack_cq_events(cq, 1);
	return NULL;
}

/* A CQ does not go before its events are acknowledged; one that nobody got goes with it. */
static void test_destroy_waits(void **state)
{
	struct ibv_qp_init_attr init = { .qp_type = IBV_QPT_RC, .cap = { 4, 4, 1, 1, 0 } };
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_INIT };
	struct ibv_recv_wr recv = { .wr_id = 1 }, *bad;
	uint64_t since = pair_now_ms();
	struct pair p;
	struct side *a = &p.side[0];
	struct ibv_qp *qp;
	struct ibv_cq *cq, *told;
	pthread_t thread;
	void *context;

	pair_open(&p, NULL);
	cq = ibv_create_cq(a->id->verbs, 8, NULL, a->channel, 0);
	assert_non_null(cq);
	init.send_cq = init.recv_cq = cq;
	qp = ibv_create_qp(a->pd, &init);
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), 0);
	attr.qp_state = IBV_QPS_ERR;
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), 0);
	ibv_req_notify_cq(cq, 0);
	assert_int_equal(ibv_post_recv(qp, &recv, &bad), 0);
	assert_int_equal(ibv_get_cq_event(a->channel, &told, &context), 0);
	assert_ptr_equal(told, cq);
	ibv_req_notify_cq(cq, 0);
	assert_int_equal(ibv_post_recv(qp, &recv, &bad), 0);
	assert_int_equal(ibv_destroy_cq(cq), EBUSY);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	since = pair_now_ms();
	assert_int_equal(pthread_create(&thread, NULL, acknowledge_later, cq), 0);
	assert_int_equal(ibv_destroy_cq(cq), 0);
	assert_true(pair_now_ms() - since >= 45);
	pthread_join(thread, NULL);
	assert_int_equal(readable(a->channel->fd, 0), 0);
	pair_close(&p);
}

/* What is in the CQ when its size changes stays, in order. */
static void test_resize(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];

	pair_open(&p, NULL);
	for (uint64_t i = 0; i < 20; i++)
		side_recv(b, i, 0, 8);
	for (uint64_t i = 0; i < 20; i++) {
		send_one(a, b, i, 0);
		side_expect(a, i, IBV_WC_SUCCESS);
		if (i == 2)
			side_expect(b, 0, IBV_WC_SUCCESS);
	}
	side_recv(b, 20, 0, 8);
	send_one(a, b, 20, 0);
	side_expect(a, 20, IBV_WC_SUCCESS);
	usleep(50000);			/* the progress thread takes in what has come */
	assert_int_equal(ibv_resize_cq(b->cq, 10), EINVAL);
	assert_int_equal(ibv_resize_cq(b->cq, 500), 0);
	assert_true(b->cq->cqe >= 500);
	for (uint64_t i = 1; i < 10; i++)
		side_expect(b, i, IBV_WC_SUCCESS);
	assert_int_equal(ibv_resize_cq(b->cq, 16), 0);
	for (uint64_t i = 10; i < 21; i++)
		side_expect(b, i, IBV_WC_SUCCESS);
	pair_close(&p);
}

/* More completions than it holds: it says so, its queue pair ends, what it held is still there. */
static void test_overrun(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];

	pair_open(&p, &(struct pair_cfg){ .cqe = 4 });
	for (uint64_t i = 0; i < 6; i++)
		side_recv(b, i, 0, 8);
	for (uint64_t i = 0; i < 5; i++) {
		send_one(a, b, i, 0);
		side_expect(a, i, IBV_WC_SUCCESS);
	}
	side_async(b, IBV_EVENT_CQ_ERR, b->cq);
	for (uint64_t i = 0; i < 4; i++)
		side_expect(b, i, IBV_WC_SUCCESS);
	pair_close(&p);
}

/* A queue is full until its completions are polled, so a CQ as deep as its queues does not overrun. */
static void test_full(void **state)
{
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];
	struct ibv_sge sge;
	struct ibv_send_wr wr, *bad;
	struct ibv_wc wc[DEPTH];
	int n = 0;

	pair_open(&p, &(struct pair_cfg){ .cqe = DEPTH });
	sge = side_sge(a, 0, 8);
	wr = side_wr(&sge, b, IBV_WR_RDMA_WRITE);
	for (int i = 0; i < DEPTH; i++)
		side_post(a, &wr);
	assert_int_equal(ibv_post_send(a->qp, &wr, &bad), ENOMEM);
	usleep(20000);
	assert_int_equal(ibv_post_send(a->qp, &wr, &bad), ENOMEM);
	for (uint64_t until = pair_now_ms() + WAIT_MS; n < DEPTH && pair_now_ms() < until;)
		n += ibv_poll_cq(a->cq, DEPTH - n, wc + n);
	assert_int_equal(n, DEPTH);
	side_post(a, &wr);
	side_expect(a, 0, IBV_WC_SUCCESS);
	pair_close(&p);
}

static void test_extended_polling(void **state)
{
	struct ibv_poll_cq_attr attr = { 0 };
	struct ibv_modify_cq_attr moderate = { .attr_mask = IBV_CQ_ATTR_MODERATE };
	struct ibv_cq_init_attr_ex init = { .cqe = 4,
					    .wc_flags = IBV_WC_EX_WITH_COMPLETION_TIMESTAMP };
	struct ibv_cq_ex *cq;
	struct pair p;
	struct side *a = &p.side[0], *b = &p.side[1];

	pair_open(&p, &(struct pair_cfg){ .extended_cq = 1 });
	cq = (struct ibv_cq_ex *)b->cq;
	assert_int_equal(ibv_start_poll(cq, &attr), ENOENT);
	for (uint64_t i = 0; i < 3; i++) {
		side_recv(b, 100 + i, 0, 8);
		ibv_req_notify_cq(b->cq, 0);
		send_one(a, b, i, 0);
		take_event(b);
	}
	assert_int_equal(ibv_start_poll(cq, &attr), 0);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(cq->wr_id, 100 + i);
		assert_int_equal(cq->status, IBV_WC_SUCCESS);
		assert_int_equal(ibv_wc_read_opcode(cq), IBV_WC_RECV);
		assert_int_equal(ibv_wc_read_byte_len(cq), 4);
		assert_int_equal(ibv_wc_read_qp_num(cq), b->qp->qp_num);
		assert_int_equal(ibv_wc_read_wc_flags(cq), 0);
		assert_int_equal(ibv_next_poll(cq), i < 2 ? 0 : ENOENT);
	}
	ibv_end_poll(cq);
	assert_int_equal(ibv_start_poll(cq, &attr), ENOENT);
	assert_int_equal(ibv_modify_cq(b->cq, &moderate), 0);
	assert_null(ibv_create_cq_ex(b->id->verbs, &init));
	assert_int_equal(errno, EOPNOTSUPP);
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_nonblocking),
		cmocka_unit_test(test_solicited),
		cmocka_unit_test(test_blocking),
		cmocka_unit_test(test_destroy_waits),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_extended_polling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
