// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/unit/drivers/pair.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static void on_cq(struct ual_cq *cq)
{
	struct side *s = cq->ctx;
	int n;

	do {
		assert_true(s->wc_n < PAIR_WC_MAX);
		n = ual_cq_poll(cq, s->wcs + s->wc_n, PAIR_WC_MAX - s->wc_n);
		for (int i = 0; i < n; i++)
			assert_ptr_equal(s->wcs[s->wc_n + (unsigned)i].qp_ctx, s);
		s->wc_n += (unsigned)n;
	} while (n);
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct side *s = qp->cfg.ctx;

	assert_true(s->ev_n < PAIR_EV_MAX);
	s->evs[s->ev_n] = *ev;
	assert_true(ev->pdata_len < sizeof(s->pdata[0]));
	if (ev->pdata_len)
		memcpy(s->pdata[s->ev_n], ev->pdata, ev->pdata_len);
	s->evs[s->ev_n].pdata = s->pdata[s->ev_n];
	s->ev_n++;
	if (s->destroy_in_event) {
		assert_int_equal(ual_qp_destroy(qp), 0);
		s->qp = NULL;
	}
}

void side_qp_create(struct side *s)
{
	const struct pair_cfg *c = &s->pair->cfg;
	struct ual_qp_cfg cfg = {
		.pd = s->pd,
		.scq = s->cq,
		.rcq = s->cq,
		.srq = s->srq,
		.sq_depth = c->depth,
		.rq_depth = s->srq ? 0 : c->depth,
		.sq_sge_max = 4,
		.rq_sge_max = 4,
		.inline_max = 256,
		.ird = c->ird,
		.ord = c->ord,
		.recv_wait_ms = c->recv_wait_ms,
		.fn = on_event,
		.ctx = s,
	};

	assert_int_equal(ual_qp_create(&cfg, &s->qp), 0);
}

static void side_open(struct side *s, struct pair *p)
{
	s->pair = p;
	s->buf = calloc(1, PAIR_BUF);
	assert_non_null(s->buf);
	assert_int_equal(ual_device_open(p->ual, p->loop, NULL, &s->dev), 0);
	assert_int_equal(ual_pd_create(s->dev, &s->pd), 0);
	assert_int_equal(ual_cq_create(s->dev, 4 * p->cfg.depth, on_cq, s, &s->cq), 0);
	if (p->cfg.srq)
		assert_int_equal(ual_srq_create(s->pd, p->cfg.depth, 4, &s->srq), 0);
	assert_int_equal(ual_mr_reg(s->pd, s->buf, PAIR_BUF,
				    ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
					    ACCESS_REMOTE_ATOMIC | ACCESS_MW_BIND,
				    &s->mr),
			 0);
	side_qp_create(s);
}

void pair_open(struct pair *p, const struct pair_cfg *cfg)
{
	struct ual_loop_cfg lcfg = { .spin_us = 5, .clock = cfg->clock };

	memset(p, 0, sizeof(*p));
	p->cfg = *cfg;
	if (!p->cfg.depth)
		p->cfg.depth = 64;
	if (!p->cfg.ird)
		p->cfg.ird = 8;
	if (!p->cfg.ord)
		p->cfg.ord = 8;
	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &p->ual),
			 0);
	assert_int_equal(ual_provider_add(p->ual, cfg->ops, cfg->ctx), 0);
	assert_int_equal(ual_loop_create(&lcfg, &p->loop), 0);
	side_open(&p->a, p);
	side_open(&p->b, p);
}

static void on_request(struct ual_conn_req *req)
{
	struct pair *p = req->ctx;

	p->req = req;
	p->req_n++;
	if (p->cfg.keep)
		return;
	if (p->cfg.reject)
		ual_reject(req, p->cfg.passive.pdata, p->cfg.passive.pdata_len);
	else
		assert_int_equal(ual_accept(req, p->b.qp, &p->cfg.passive), 0);
}

void pair_listen(struct pair *p)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	pair_listen_at(p, (struct sockaddr *)&any, sizeof(any));
}

void pair_listen_at(struct pair *p, const struct sockaddr *addr, socklen_t addr_len)
{
	struct ual_listen_cfg cfg = {
		.addr = addr, .addr_len = addr_len, .on_request = on_request, .ctx = p
	};

	assert_int_equal(ual_listen(p->b.dev, &cfg, &p->listener), 0);
	assert_int_equal(ual_listener_addr(p->listener, &p->addr), 0);
}

void pair_start(struct pair *p)
{
	pair_listen(p);
	assert_int_equal(ual_connect(p->a.qp, (struct sockaddr *)&p->addr,
				     sizeof(struct sockaddr_in), &p->cfg.active),
			 0);
}

void pair_connect(struct pair *p)
{
	pair_start(p);
	pair_until_event(p, &p->a, UAL_EV_ESTABLISHED);
	pair_until_event(p, &p->b, UAL_EV_ESTABLISHED);
}

static void side_close(struct side *s)
{
	assert_int_equal(ual_qp_destroy(s->qp), 0);
	assert_int_equal(ual_mr_dereg(s->mr), 0);
	assert_int_equal(ual_srq_destroy(s->srq), 0);
	assert_int_equal(ual_cq_destroy(s->cq), 0);
	assert_int_equal(ual_pd_destroy(s->pd), 0);
	assert_int_equal(ual_device_close(s->dev), 0);
	free(s->buf);
}

void pair_close(struct pair *p)
{
	ual_listener_destroy(p->listener);
	side_close(&p->a);
	side_close(&p->b);
	ual_loop_destroy(p->loop);
	ual_destroy(p->ual);
}

static void step(struct pair *p, uint64_t until_ns)
{
	uint64_t now = ual_loop_now(p->loop);

	if (now >= until_ns)
		fail_msg("nothing came for %llu ms", PAIR_WAIT_NS / 1000000);
	if (ual_loop_step(p->loop, until_ns - now) == -EDEADLK)
		fail_msg("the simulation has no more events");
}

void pair_until(struct pair *p, bool (*done)(struct pair *))
{
	uint64_t until_ns = ual_loop_now(p->loop) + PAIR_WAIT_NS;

	while (!done(p))
		step(p, until_ns);
}

void pair_until_wcs(struct pair *p, struct side *s, unsigned n)
{
	uint64_t until_ns = ual_loop_now(p->loop) + PAIR_WAIT_NS;

	while (s->wc_n < n)
		step(p, until_ns);
}

const struct ual_event *side_event(const struct side *s, enum ual_event_kind kind)
{
	for (unsigned i = 0; i < s->ev_n; i++)
		if (s->evs[i].kind == kind)
			return &s->evs[i];
	return NULL;
}

void pair_until_event(struct pair *p, struct side *s, enum ual_event_kind kind)
{
	uint64_t until_ns = ual_loop_now(p->loop) + PAIR_WAIT_NS;

	while (!side_event(s, kind))
		step(p, until_ns);
}

void pair_run_ms(struct pair *p, unsigned ms)
{
	uint64_t until_ns = ual_loop_now(p->loop) + ms * 1000000ull;

	while (ual_loop_now(p->loop) < until_ns)
		if (ual_loop_step(p->loop, until_ns - ual_loop_now(p->loop)) == -EDEADLK)
			return;
}

void side_recv(struct side *s, uint64_t id, size_t off, uint32_t len)
{
	struct wr_sge sge = { .addr = (uintptr_t)s->buf + off, .len = len, .lkey = s->mr->lkey };
	struct wr_recv wr = { .wr_id = id, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	if (s->srq)
		assert_int_equal(ual_srq_post(s->srq, &wr, &bad), 0);
	else
		assert_int_equal(ual_post_recv(s->qp, &wr, &bad), 0);
}

int side_send(struct side *s, uint64_t id, size_t off, uint32_t len, uint32_t flags)
{
	struct wr_sge sge = { .addr = (uintptr_t)s->buf + off, .len = len, .lkey = s->mr->lkey };
	struct wr_send wr = {
		.wr_id = id, .opcode = WR_SEND, .flags = flags, .sges = &sge, .sge_n = 1
	};
	const struct wr_send *bad;

	return ual_post_send(s->qp, &wr, &bad);
}

int side_rdma(struct side *s, enum wr_opcode op, uint64_t id, size_t off, uint32_t len,
	      const struct side *peer, size_t peer_off, uint32_t flags)
{
	struct wr_sge sge = { .addr = (uintptr_t)s->buf + off, .len = len, .lkey = s->mr->lkey };
	struct wr_send wr = { .wr_id = id,
			      .opcode = op,
			      .flags = flags,
			      .sges = &sge,
			      .sge_n = 1,
			      .remote = { (uintptr_t)peer->buf + peer_off, peer->mr->rkey } };
	const struct wr_send *bad;

	return ual_post_send(s->qp, &wr, &bad);
}

void fill(uint8_t *p, size_t n, unsigned seed)
{
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
}

bool filled(const uint8_t *p, size_t n, unsigned seed)
{
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		if (p[i] != (uint8_t)(x >> 24))
			return false;
	}
	return true;
}
