// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Four threads share two queue pairs and their completion queues: two post and poll at one side, one waits for
 * events and answers at the other, one looks at states and sizes all the while.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "tests/unit/ual/verbs/pair.h"

#define MESSAGES	1000	/* of each sender */
#define SENDERS		2

struct shared {
	struct pair p;
	atomic_uint sent, received;
	atomic_bool stop, failed;
};

/* Any thread may find any other's completion. */
static void poll_some(struct shared *s)
{
	struct ibv_wc wc[8];
	int n = ibv_poll_cq(s->p.side[0].cq, 8, wc);

	for (int i = 0; i < n; i++) {
		if (wc[i].status != IBV_WC_SUCCESS)
			atomic_store(&s->failed, true);
		atomic_fetch_add(&s->sent, 1);
	}
	if (n < 0)
		atomic_store(&s->failed, true);
}

static void *sender(void *ctx)
{
	struct shared *s = ctx;
	struct side *a = &s->p.side[0];
	unsigned posted = 0;

	while (posted < MESSAGES && !atomic_load(&s->failed)) {
		struct ibv_sge sge = side_sge(a, 0, 64);
		struct ibv_send_wr wr = side_wr(&sge, &s->p.side[1], IBV_WR_SEND), *bad;

		/* Never more on their way than the other side has receives. */
		if (posted * SENDERS < atomic_load(&s->received) + DEPTH / 2 &&
		    ibv_post_send(a->qp, &wr, &bad) == 0)
			posted++;
		poll_some(s);
	}
	return NULL;
}

static void receive_some(struct shared *s)
{
	struct side *b = &s->p.side[1];
	struct ibv_wc wc[4];
	int n;

	while ((n = ibv_poll_cq(b->cq, 4, wc)) > 0)
		for (int i = 0; i < n; i++) {
			struct ibv_sge sge = side_sge(b, 0, 64);
			struct ibv_recv_wr wr = { .sg_list = &sge, .num_sge = 1 }, *bad;

			if (wc[i].status != IBV_WC_SUCCESS || ibv_post_recv(b->qp, &wr, &bad))
				atomic_store(&s->failed, true);
			atomic_fetch_add(&s->received, 1);
		}
}

static void *receiver(void *ctx)
{
	struct shared *s = ctx;
	struct side *b = &s->p.side[1];

	while (atomic_load(&s->received) < SENDERS * MESSAGES && !atomic_load(&s->failed)) {
		struct ibv_cq *cq;
		void *context;

		ibv_req_notify_cq(b->cq, 0);
		receive_some(s);
		if (atomic_load(&s->received) == SENDERS * MESSAGES)
			break;
		if (ibv_get_cq_event(b->channel, &cq, &context))
			atomic_store(&s->failed, true);
		else
			ibv_ack_cq_events(cq, 1);
	}
	return NULL;
}

static void *looker(void *ctx)
{
	struct shared *s = ctx;
	struct ibv_qp_attr attr;
	struct ibv_qp_init_attr init;
	int cqe = 4 * DEPTH;

	while (!atomic_load(&s->stop)) {
		if (ibv_query_qp(s->p.side[1].qp, &attr, 0, &init) ||
		    attr.qp_state != IBV_QPS_RTS || ibv_resize_cq(s->p.side[0].cq, cqe))
			atomic_store(&s->failed, true);
		cqe = 6 * DEPTH - cqe / 2;
	}
	return NULL;
}

static void test_shared(void **state)
{
	struct shared s = { .sent = 0 };
	pthread_t threads[SENDERS + 2];

	pair_open(&s.p, NULL);
	for (int i = 0; i < DEPTH; i++)
		side_recv(&s.p.side[1], 0, 0, 64);
	for (int i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, sender, &s);
	pthread_create(&threads[SENDERS], NULL, receiver, &s);
	pthread_create(&threads[SENDERS + 1], NULL, looker, &s);
	for (int i = 0; i <= SENDERS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&s.stop, true);
	pthread_join(threads[SENDERS + 1], NULL);
	for (uint64_t until = pair_now_ms() + WAIT_MS;
	     atomic_load(&s.sent) < SENDERS * MESSAGES && pair_now_ms() < until;)
		poll_some(&s);
	assert_false(atomic_load(&s.failed));
	assert_int_equal(atomic_load(&s.sent), SENDERS * MESSAGES);
	assert_int_equal(atomic_load(&s.received), SENDERS * MESSAGES);
	pair_close(&s.p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_shared) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
