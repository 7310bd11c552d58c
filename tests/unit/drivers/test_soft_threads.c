// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * One listener, three loops on three threads.  Made to be run under the thread sanitizer too.
 *
 *   main thread: clients           thread 0: listener and a third of the connections
 *                                  threads 1, 2: the other thirds
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

enum { LOOPS = 3, CLIENTS = 24, SLOTS = 8, MSG = 1024 };

/* A server's end of a connection: sends back what comes. */
struct echo {
	struct server *server;
	struct ual_qp *qp;
	struct ual_mr *mr;
	uint8_t buf[SLOTS * MSG];
	struct echo *next;
};

struct server {
	pthread_t thread;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct echo *echoes;
	struct ual_post stop;
	atomic_uint requests, alive;
};

static struct server servers[LOOPS];

static void echo_recv(struct echo *e, uint64_t slot)
{
	struct wr_sge sge = { (uintptr_t)e->buf + slot * MSG, MSG, e->mr->lkey };
	struct wr_recv wr = { .wr_id = slot, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	ual_post_recv(e->qp, &wr, &bad);	/* fails once the client has gone */
}

static void echo_cq(struct ual_cq *cq)
{
	struct wc wc[16];
	int n;

	while ((n = ual_cq_poll(cq, wc, 16)) > 0) {
		for (int i = 0; i < n; i++) {
			struct echo *e = wc[i].qp_ctx;
			struct wr_sge sge = { (uintptr_t)e->buf + wc[i].wr_id * MSG, wc[i].byte_len,
					      e->mr->lkey };
			struct wr_send wr = { .wr_id = wc[i].wr_id,
					      .opcode = WR_SEND,
					      .flags = WR_SIGNALED,
					      .sges = &sge,
					      .sge_n = 1 };
			const struct wr_send *bad;

			if (wc[i].status != WC_SUCCESS)
				continue;
			if (wc[i].opcode == WC_RECV)
				ual_post_send(e->qp, &wr, &bad);
			else
				echo_recv(e, wc[i].wr_id);
		}
	}
}

static void echo_free(struct echo *e)
{
	struct echo **at = &e->server->echoes;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	ual_qp_destroy(e->qp);
	ual_mr_dereg(e->mr);
	atomic_fetch_sub(&e->server->alive, 1);
	free(e);
}

static void echo_event(struct ual_qp *qp, const struct ual_event *ev)
{
	if (ev->kind != UAL_EV_ESTABLISHED)
		echo_free(qp->cfg.ctx);
}

static void on_request(struct ual_conn_req *req)
{
	struct server *s = NULL;
	struct echo *e = calloc(1, sizeof(*e));
	struct ual_qp_cfg cfg;

	for (int i = 0; i < LOOPS; i++)
		if (servers[i].dev == req->dev)
			s = &servers[i];
	assert_non_null(s);
	assert_true(pthread_equal(s->thread, pthread_self()));
	atomic_fetch_add(&s->requests, 1);
	atomic_fetch_add(&s->alive, 1);
	e->server = s;
	e->next = s->echoes;
	s->echoes = e;
	assert_int_equal(ual_mr_reg(s->pd, e->buf, sizeof(e->buf), ACCESS_LOCAL_WRITE, &e->mr), 0);
	cfg = (struct ual_qp_cfg){ .pd = s->pd,
				   .scq = s->cq,
				   .rcq = s->cq,
				   .sq_depth = SLOTS,
				   .rq_depth = SLOTS,
				   .sq_sge_max = 1,
				   .rq_sge_max = 1,
				   .fn = echo_event,
				   .ctx = e };
	assert_int_equal(ual_qp_create(&cfg, &e->qp), 0);
	for (uint64_t k = 0; k < SLOTS; k++)
		echo_recv(e, k);
	assert_int_equal(ual_accept(req, e->qp, NULL), 0);
}

static void *serve(void *arg)
{
	struct server *s = arg;

	ual_loop_run(s->loop);
	return NULL;
}

/* ---- clients ---------------------------------------------------------------------------------------- */

struct client {
	struct ual_qp *qp;
	uint8_t buf[2 * MSG];
	struct ual_mr *mr;
	unsigned up, echoed, down, failed;
};

static struct client clients[CLIENTS];

static void client_cq(struct ual_cq *cq)
{
	struct wc wc[16];
	int n;

	while ((n = ual_cq_poll(cq, wc, 16)) > 0)
		for (int i = 0; i < n; i++) {
			struct client *c = wc[i].qp_ctx;

			if (wc[i].status != WC_SUCCESS || wc[i].opcode != WC_RECV)
				continue;
			assert_memory_equal(c->buf, c->buf + MSG, MSG);
			c->echoed++;
			assert_int_equal(ual_disconnect(c->qp), 0);
		}
}

static void client_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct client *c = qp->cfg.ctx;
	struct wr_sge sge = { (uintptr_t)c->buf + MSG, MSG, c->mr->lkey };
	struct wr_send wr = { .opcode = WR_SEND, .sges = &sge, .sge_n = 1 };
	const struct wr_send *bad;

	if (ev->kind == UAL_EV_ESTABLISHED) {
		c->up++;
		assert_int_equal(ual_post_send(qp, &wr, &bad), 0);
	} else if (ev->kind == UAL_EV_DISCONNECTED) {
		c->down++;
	} else {
		c->failed++;
	}
}

static void client_start(struct client *c, struct ual_pd *pd, struct ual_cq *cq,
			 const struct sockaddr_storage *addr)
{
	struct ual_qp_cfg cfg = { .pd = pd,
				  .scq = cq,
				  .rcq = cq,
				  .sq_depth = 4,
				  .rq_depth = 4,
				  .sq_sge_max = 1,
				  .rq_sge_max = 1,
				  .fn = client_event,
				  .ctx = c };
	const struct wr_recv *bad;
	struct wr_recv wr;
	struct wr_sge sge;

	memset(c, 0, sizeof(*c));
	fill(c->buf + MSG, MSG, (unsigned)(c - clients));
	assert_int_equal(ual_mr_reg(pd, c->buf, sizeof(c->buf), ACCESS_LOCAL_WRITE, &c->mr), 0);
	assert_int_equal(ual_qp_create(&cfg, &c->qp), 0);
	sge = (struct wr_sge){ (uintptr_t)c->buf, MSG, c->mr->lkey };
	wr = (struct wr_recv){ .sges = &sge, .sge_n = 1 };
	assert_int_equal(ual_post_recv(c->qp, &wr, &bad), 0);
	assert_int_equal(ual_connect(c->qp, (const struct sockaddr *)addr,
				     sizeof(struct sockaddr_in), NULL),
			 0);
}

/* ---- a listener destroyed on its own thread, while the others run ------------------------------------ */

struct destroy_post {
	struct ual_post post;
	struct ual_listener *l;
	atomic_bool done;
};

static void destroy_listener(struct ual_post *post)
{
	struct destroy_post *d = post->ctx;

	ual_listener_destroy(d->l);
	atomic_store(&d->done, true);
}

static void stop_loop(struct ual_post *post)
{
	ual_loop_stop(post->ctx);
}

static void three_loops_share_a_listener(void **state)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ual_device *spread[LOOPS], *dev;
	struct ual_listen_cfg lcfg;
	struct sockaddr_storage addr;
	struct destroy_post destroy = { .post = { .fn = destroy_listener, .ctx = &destroy } };
	struct ual_loop *loop;
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct ual *ual;
	unsigned total = 0;

	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &ual), 0);
	assert_int_equal(ual_provider_add(ual, &soft_provider_ops, NULL), 0);
	for (int i = 0; i < LOOPS; i++) {
		struct server *s = &servers[i];

		assert_int_equal(ual_loop_create(&(struct ual_loop_cfg){ .spin_us = 0 }, &s->loop),
				 0);
		assert_int_equal(ual_device_open(ual, s->loop, "soft0", &s->dev), 0);
		assert_int_equal(ual_pd_create(s->dev, &s->pd), 0);
		assert_int_equal(ual_cq_create(s->dev, 1024, echo_cq, s, &s->cq), 0);
		spread[i] = s->dev;
	}
	lcfg = (struct ual_listen_cfg){ .addr = (struct sockaddr *)&any,
					.addr_len = sizeof(any),
					.spread = spread,
					.spread_n = LOOPS,
					.on_request = on_request };
	assert_int_equal(ual_listen(spread[0], &lcfg, &destroy.l), 0);
	assert_int_equal(ual_listener_addr(destroy.l, &addr), 0);
	for (int i = 0; i < LOOPS; i++)
		assert_int_equal(pthread_create(&servers[i].thread, NULL, serve, &servers[i]), 0);

	assert_int_equal(ual_loop_create(NULL, &loop), 0);
	assert_int_equal(ual_device_open(ual, loop, NULL, &dev), 0);
	assert_int_equal(ual_pd_create(dev, &pd), 0);
	assert_int_equal(ual_cq_create(dev, 1024, client_cq, NULL, &cq), 0);
	for (int round = 0; round < 4; round++) {
		unsigned over = 0;

		for (int i = 0; i < CLIENTS; i++)
			client_start(&clients[i], pd, cq, &addr);
		if (round == 3)		/* in the middle of it */
			ual_loop_post(servers[0].loop, &destroy.post);
		for (uint64_t end = ual_loop_now(loop) + PAIR_WAIT_NS; over < CLIENTS;) {
			assert_true(ual_loop_now(loop) < end);
			ual_loop_step(loop, 100000000);
			over = 0;
			for (int i = 0; i < CLIENTS; i++)
				over += clients[i].down || clients[i].failed;
		}
		for (int i = 0; i < CLIENTS; i++) {
			if (round < 3) {
				assert_int_equal(clients[i].echoed, 1);
				assert_int_equal(clients[i].failed, 0);
			}
			ual_qp_destroy(clients[i].qp);
			ual_mr_dereg(clients[i].mr);
		}
	}
	while (!atomic_load(&destroy.done))
		usleep(1000);
	for (int i = 0; i < LOOPS; i++) {
		total += atomic_load(&servers[i].requests);
		assert_true(atomic_load(&servers[i].requests) >= CLIENTS);
		while (atomic_load(&servers[i].alive))
			usleep(1000);
	}
	assert_true(total >= 3 * CLIENTS && total <= 4 * CLIENTS);
	for (int i = 0; i < LOOPS; i++) {
		struct server *s = &servers[i];

		s->stop = (struct ual_post){ .fn = stop_loop, .ctx = s->loop };
		ual_loop_post(s->loop, &s->stop);
		pthread_join(s->thread, NULL);
		assert_int_equal(ual_cq_destroy(s->cq), 0);
		assert_int_equal(ual_pd_destroy(s->pd), 0);
		assert_int_equal(ual_device_close(s->dev), 0);
		ual_loop_destroy(s->loop);
	}
	assert_int_equal(ual_cq_destroy(cq), 0);
	assert_int_equal(ual_pd_destroy(pd), 0);
	assert_int_equal(ual_device_close(dev), 0);
	ual_loop_destroy(loop);
	ual_destroy(ual);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_loops_share_a_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
