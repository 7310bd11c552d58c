// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Contract: pair.h. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/ual/verbs/pair.h"

uint64_t pair_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static struct rdma_cm_id *next_event(struct pair *p, enum rdma_cm_event_type type)
{
	struct pollfd ready = { .fd = p->events->fd, .events = POLLIN };
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	assert_int_equal(rdma_get_cm_event(p->events, &event), 0);
	if (event->event != type)
		fail_msg("%s, %s expected", rdma_event_str(event->event), rdma_event_str(type));
	id = event->id;
	assert_int_equal(rdma_ack_cm_event(event), 0);
	return id;
}

static struct ibv_cq *create_cq(struct side *s, const struct pair_cfg *cfg)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = cfg->cqe ? (uint32_t)cfg->cqe : 4 * DEPTH,
		.cq_context = s,
		.channel = s->channel,
		.wc_flags = IBV_WC_STANDARD_FLAGS,
	};

	if (cfg->extended_cq)
		return ibv_cq_ex_to_cq(ibv_create_cq_ex(s->id->verbs, &attr));
	return ibv_create_cq(s->id->verbs, (int)attr.cqe, s, s->channel, 0);
}

static void create_srq(struct side *s)
{
	struct ibv_srq_init_attr attr = { .attr = { .max_wr = DEPTH, .max_sge = 1 } };

	s->srq = ibv_create_srq(s->pd, &attr);
	assert_non_null(s->srq);
}

static void open_side(struct side *s, const struct pair_cfg *cfg)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_context = s,
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = !cfg->unsignaled,
		.cap = { DEPTH, DEPTH, SGES, SGES, INLINE_BYTES },
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.send_ops_flags = cfg->ops,
	};

	s->pd = ibv_alloc_pd(s->id->verbs);
	s->channel = ibv_create_comp_channel(s->id->verbs);
	s->cq = create_cq(s, cfg);
	s->memory = calloc(1, SIDE_BYTES);
	assert_true(s->pd && s->channel && s->cq && s->memory);
	s->mr = ibv_reg_mr(s->pd, s->memory, SIDE_BYTES,
			   IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
				   IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC |
				   IBV_ACCESS_MW_BIND);
	assert_non_null(s->mr);
	attr.send_cq = attr.recv_cq = s->cq;
	attr.srq = s->srq;
	attr.pd = s->pd;
	if (cfg->ops)
		attr.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	if (cfg->srq) {
		create_srq(s);
		attr.srq = s->srq;
	}
	assert_int_equal(rdma_create_qp_ex(s->id, &attr), 0);
	s->qp = s->id->qp;
}

static void listen_on_any_port(struct pair *p)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	p->events = rdma_create_event_channel();
	assert_non_null(p->events);
	assert_int_equal(rdma_create_id(p->events, &p->listener, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_bind_addr(p->listener, (struct sockaddr *)&addr), 0);
	assert_int_equal(rdma_listen(p->listener, 4), 0);
}

void pair_open(struct pair *p, const struct pair_cfg *cfg)
{
	static const struct pair_cfg plain;
	struct rdma_conn_param param = { .responder_resources = 16, .initiator_depth = 16 };
	struct side *a = &p->side[0], *b = &p->side[1];
	struct pair_cfg first = cfg ? *cfg : plain;

	*p = (struct pair){ 0 };
	first.srq = 0;
	listen_on_any_port(p);
	assert_int_equal(rdma_create_id(p->events, &a->id, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_resolve_addr(a->id, NULL, rdma_get_local_addr(p->listener), WAIT_MS),
			 0);
	next_event(p, RDMA_CM_EVENT_ADDR_RESOLVED);
	assert_int_equal(rdma_resolve_route(a->id, WAIT_MS), 0);
	next_event(p, RDMA_CM_EVENT_ROUTE_RESOLVED);
	open_side(a, &first);
	assert_int_equal(rdma_connect(a->id, &param), 0);
	b->id = next_event(p, RDMA_CM_EVENT_CONNECT_REQUEST);
	open_side(b, cfg ? cfg : &plain);
	assert_int_equal(rdma_accept(b->id, &param), 0);
	next_event(p, RDMA_CM_EVENT_ESTABLISHED);
	next_event(p, RDMA_CM_EVENT_ESTABLISHED);
}

static void close_side(struct side *s)
{
	rdma_destroy_qp(s->id);
	if (s->srq)
		assert_int_equal(ibv_destroy_srq(s->srq), 0);
	assert_int_equal(ibv_dereg_mr(s->mr), 0);
	assert_int_equal(ibv_destroy_cq(s->cq), 0);
	assert_int_equal(ibv_destroy_comp_channel(s->channel), 0);
	assert_int_equal(ibv_dealloc_pd(s->pd), 0);
	assert_int_equal(rdma_destroy_id(s->id), 0);
	free(s->memory);
}

void pair_close(struct pair *p)
{
	close_side(&p->side[0]);
	close_side(&p->side[1]);
	assert_int_equal(rdma_destroy_id(p->listener), 0);
	rdma_destroy_event_channel(p->events);
}

struct ibv_sge side_sge(const struct side *s, uint32_t offset, uint32_t len)
{
	return (struct ibv_sge){ (uintptr_t)s->memory + offset, len, s->mr->lkey };
}

void side_recv(struct side *s, uint64_t wr_id, uint32_t offset, uint32_t len)
{
	struct ibv_sge sge = side_sge(s, offset, len);
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = &sge, .num_sge = 1 }, *bad;

	if (s->srq)
		assert_int_equal(ibv_post_srq_recv(s->srq, &wr, &bad), 0);
	else
		assert_int_equal(ibv_post_recv(s->qp, &wr, &bad), 0);
}

struct ibv_send_wr side_wr(struct ibv_sge *sge, const struct side *to, enum ibv_wr_opcode opcode)
{
	struct ibv_send_wr wr = { .sg_list = sge, .num_sge = 1, .opcode = opcode };

	if (opcode == IBV_WR_ATOMIC_CMP_AND_SWP || opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
		wr.wr.atomic.remote_addr = (uintptr_t)to->memory;
		wr.wr.atomic.rkey = to->mr->rkey;
	} else {
		wr.wr.rdma.remote_addr = (uintptr_t)to->memory;
		wr.wr.rdma.rkey = to->mr->rkey;
	}
	return wr;
}

void side_post(struct side *s, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad;

	assert_int_equal(ibv_post_send(s->qp, wr, &bad), 0);
}

struct ibv_wc side_completion(struct side *s)
{
	uint64_t until = pair_now_ms() + WAIT_MS;
	struct ibv_wc wc = { 0 };
	int n;

	do {
		n = ibv_poll_cq(s->cq, 1, &wc);
		assert_true(n >= 0);
	} while (!n && pair_now_ms() < until);
	if (!n)
		fail_msg("no completion within %d ms", WAIT_MS);
	assert_int_equal(wc.qp_num, s->qp->qp_num);
	return wc;
}

struct ibv_wc side_expect(struct side *s, uint64_t wr_id, enum ibv_wc_status status)
{
	struct ibv_wc wc = side_completion(s);

	if (wc.wr_id != wr_id || wc.status != status)
		fail_msg("%llu: %s, %llu: %s expected", (unsigned long long)wc.wr_id,
			 ibv_wc_status_str(wc.status), (unsigned long long)wr_id,
			 ibv_wc_status_str(status));
	return wc;
}

void side_async(struct side *s, enum ibv_event_type type, const void *element)
{
	struct pollfd ready = { .fd = s->id->verbs->async_fd, .events = POLLIN };
	struct ibv_async_event event;

	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	assert_int_equal(ibv_get_async_event(s->id->verbs, &event), 0);
	if (event.event_type != type)
		fail_msg("%s, %s expected", ibv_event_type_str(event.event_type),
			 ibv_event_type_str(type));
	assert_ptr_equal(event.element.qp, element);
	ibv_ack_async_event(&event);
}
