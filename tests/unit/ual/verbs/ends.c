// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/ual/verbs/ends.h"

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct rdma_cm_event *ends_event(struct rdma_event_channel *channel, enum rdma_cm_event_type type)
{
	struct pollfd ready = { .fd = channel->fd, .events = POLLIN };
	struct rdma_cm_event *event;

	if (poll(&ready, 1, WAIT_MS) != 1)
		fail_msg("no event: %s expected", rdma_event_str(type));
	assert_int_equal(rdma_get_cm_event(channel, &event), 0);
	if (event->event != type)
		fail_msg("%s (status %d), %s expected", rdma_event_str(event->event), event->status,
			 rdma_event_str(type));
	return event;
}

void ends_expect(struct rdma_event_channel *channel, enum rdma_cm_event_type type)
{
	assert_int_equal(rdma_ack_cm_event(ends_event(channel, type)), 0);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

void ends_listen(struct ends *e)
{
	struct sockaddr_in any = loopback(0);

	*e = (struct ends){ .channel = rdma_create_event_channel() };
	assert_non_null(e->channel);
	assert_int_equal(rdma_create_id(e->channel, &e->listener, e, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_bind_addr(e->listener, (struct sockaddr *)&any), 0);
	assert_int_equal(rdma_listen(e->listener, 4), 0);
}

uint16_t ends_port(const struct ends *e)
{
	return ntohs(rdma_get_src_port(e->listener));
}

void end_resources(struct end *end)
{
	struct ibv_qp_init_attr attr = { .qp_type = IBV_QPT_RC,
					 .sq_sig_all = 1,
					 .cap = { .max_send_wr = SEND_WR,
						  .max_recv_wr = RECV_WR,
						  .max_send_sge = SGE,
						  .max_recv_sge = SGE,
						  .max_inline_data = INLINE_BYTES } };

	end->pd = ibv_alloc_pd(end->id->verbs);
	assert_non_null(end->pd);
	end->cq = ibv_create_cq(end->id->verbs, 4 * (SEND_WR + RECV_WR), end, NULL, 0);
	assert_non_null(end->cq);
	end->memory = calloc(1, MEMORY_BYTES);
	assert_non_null(end->memory);
	end->mr = ibv_reg_mr(end->pd, end->memory, MEMORY_BYTES,
			     IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
				     IBV_ACCESS_REMOTE_READ);
	assert_non_null(end->mr);
	attr.send_cq = attr.recv_cq = end->cq;
	assert_int_equal(rdma_create_qp(end->id, end->pd, &attr), 0);
	end->qp = end->id->qp;
}

void end_open(struct end *end, uint16_t port)
{
	struct sockaddr_in addr = loopback(port);

	end->channel = rdma_create_event_channel();
	assert_non_null(end->channel);
	assert_int_equal(rdma_create_id(end->channel, &end->id, end, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_resolve_addr(end->id, NULL, (struct sockaddr *)&addr, WAIT_MS), 0);
	ends_expect(end->channel, RDMA_CM_EVENT_ADDR_RESOLVED);
	assert_int_equal(rdma_resolve_route(end->id, WAIT_MS), 0);
	ends_expect(end->channel, RDMA_CM_EVENT_ROUTE_RESOLVED);
	end_resources(end);
}

void end_connect(struct end *end)
{
	struct rdma_conn_param param = { .responder_resources = 4, .initiator_depth = 4 };

	assert_int_equal(rdma_connect(end->id, &param), 0);
	ends_expect(end->channel, RDMA_CM_EVENT_ESTABLISHED);
}

void ends_accept(struct ends *e)
{
	struct rdma_conn_param param = { .responder_resources = 4, .initiator_depth = 4 };
	struct rdma_cm_event *event = ends_event(e->channel, RDMA_CM_EVENT_CONNECT_REQUEST);

	e->server.id = event->id;
	e->server.channel = e->channel;
	assert_int_equal(rdma_ack_cm_event(event), 0);
	end_resources(&e->server);
	end_post_recv(&e->server, 0, 64);
	assert_int_equal(rdma_accept(e->server.id, &param), 0);
}

void ends_connect(struct ends *e)
{
	struct rdma_conn_param param = { .responder_resources = 4, .initiator_depth = 4 };

	ends_listen(e);
	end_open(&e->client, ends_port(e));
	assert_int_equal(rdma_connect(e->client.id, &param), 0);
	ends_accept(e);
	ends_expect(e->client.channel, RDMA_CM_EVENT_ESTABLISHED);
	ends_expect(e->channel, RDMA_CM_EVENT_ESTABLISHED);
}

void end_post_recv(struct end *end, uint64_t wr_id, uint32_t len)
{
	struct ibv_sge sge = { (uintptr_t)end->memory, len, end->mr->lkey };
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = &sge, .num_sge = 1 }, *bad;

	assert_int_equal(ibv_post_recv(end->qp, &wr, &bad), 0);
}

void end_post_send(struct end *end, uint64_t wr_id, uint32_t len)
{
	struct ibv_sge sge = { (uintptr_t)end->memory, len, end->mr->lkey };
	struct ibv_send_wr wr = { .wr_id = wr_id,
				  .sg_list = &sge,
				  .num_sge = 1,
				  .opcode = IBV_WR_SEND },
			   *bad;

	assert_int_equal(ibv_post_send(end->qp, &wr, &bad), 0);
}

struct ibv_wc end_completion(struct end *end)
{
	uint64_t until = now_ms() + WAIT_MS;
	struct ibv_wc wc = { 0 };
	int n;

	do {
		n = ibv_poll_cq(end->cq, 1, &wc);
		assert_true(n >= 0);
	} while (n == 0 && now_ms() < until);
	if (n == 0)
		fail_msg("no completion within %d ms", WAIT_MS);
	return wc;
}

/* Send queue and receive queue complete in no order between them: what is not asked for now is kept. */
static bool kept(struct end *end, uint64_t wr_id, struct ibv_wc *wc)
{
	for (unsigned i = 0; i < end->kept_n; i++) {
		if (end->kept[i].wr_id != wr_id)
			continue;
		*wc = end->kept[i];
		end->kept[i] = end->kept[--end->kept_n];
		return true;
	}
	return false;
}

void end_expect(struct end *end, uint64_t wr_id, enum ibv_wc_status status)
{
	struct ibv_wc wc;

	while (!kept(end, wr_id, &wc)) {
		assert_true(end->kept_n < KEPT_MAX);
		end->kept[end->kept_n++] = end_completion(end);
	}
	if (wc.status != status)
		fail_msg("work request %llu: %s, %s expected", (unsigned long long)wr_id,
			 ibv_wc_status_str(wc.status), ibv_wc_status_str(status));
}

void end_close(struct end *end)
{
	if (end->qp)
		rdma_destroy_qp(end->id);
	if (end->mr)
		assert_int_equal(ibv_dereg_mr(end->mr), 0);
	if (end->cq)
		assert_int_equal(ibv_destroy_cq(end->cq), 0);
	if (end->pd)
		assert_int_equal(ibv_dealloc_pd(end->pd), 0);
	free(end->memory);
	if (end->id)
		assert_int_equal(rdma_destroy_id(end->id), 0);
	*end = (struct end){ .channel = end->channel };
}

void ends_close(struct ends *e)
{
	end_close(&e->client);
	end_close(&e->server);
	assert_int_equal(rdma_destroy_id(e->listener), 0);
	rdma_destroy_event_channel(e->channel);
	if (e->client.channel)
		rdma_destroy_event_channel(e->client.channel);
}
