// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Connections of rdma_cm over loopback: events, private data, the ways to end, both kinds of ids. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <rdma/rdma_cma.h>
#include <rdma/rdma_verbs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define WAIT_MS 10000

/* ---- asynchronous ids -------------------------------------------------------------------------------- */

struct host {
	struct rdma_event_channel *server, *client;
	struct rdma_cm_id *listener, *active, *passive;
	struct sockaddr_in addr;
};

static struct rdma_cm_event *next_event(struct rdma_event_channel *channel)
{
	struct pollfd pfd = { .fd = channel->fd, .events = POLLIN };
	struct rdma_cm_event *event = NULL;

	if (poll(&pfd, 1, WAIT_MS) != 1)
		fail_msg("no event");
	assert_int_equal(rdma_get_cm_event(channel, &event), 0);
	return event;
}

static void expect(struct rdma_event_channel *channel, const struct rdma_cm_id *id,
		   enum rdma_cm_event_type type)
{
	struct rdma_cm_event *event = next_event(channel);

	assert_string_equal(rdma_event_str(event->event), rdma_event_str(type));
	assert_ptr_equal(event->id, id);
	assert_int_equal(rdma_ack_cm_event(event), 0);
}

static bool quiet(struct rdma_event_channel *channel)
{
	return poll(&(struct pollfd){ .fd = channel->fd, .events = POLLIN }, 1, 100) == 0;
}

static void qp(struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = {
		.cap = { .max_send_wr = 8, .max_recv_wr = 8, .max_send_sge = 1, .max_recv_sge = 1 },
		.qp_type = IBV_QPT_RC,
	};

	assert_int_equal(rdma_create_qp(id, NULL, &attr), 0);
	assert_non_null(id->send_cq);
	assert_non_null(id->recv_cq_channel);
	assert_ptr_equal(id->qp->context, id->verbs);
}

static void listen_any(struct host *h)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	memset(h, 0, sizeof(*h));
	h->server = rdma_create_event_channel();
	h->client = rdma_create_event_channel();
	assert_non_null(h->server);
	assert_non_null(h->client);
	assert_int_equal(rdma_create_id(h->server, &h->listener, h, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_bind_addr(h->listener, (struct sockaddr *)&any), 0);
	assert_int_not_equal(rdma_get_src_port(h->listener), 0);
	assert_non_null(h->listener->verbs);
	assert_int_equal(rdma_listen(h->listener, 4), 0);
	h->addr = *(struct sockaddr_in *)rdma_get_local_addr(h->listener);
}

static void resolve(struct host *h)
{
	assert_int_equal(rdma_create_id(h->client, &h->active, h, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_resolve_addr(h->active, NULL, (struct sockaddr *)&h->addr, 1000), 0);
	expect(h->client, h->active, RDMA_CM_EVENT_ADDR_RESOLVED);
	assert_ptr_equal(h->active->verbs, h->listener->verbs);
	assert_int_equal(h->active->port_num, 1);
	assert_int_equal(rdma_resolve_route(h->active, 1000), 0);
	expect(h->client, h->active, RDMA_CM_EVENT_ROUTE_RESOLVED);
	qp(h->active);
}

static void ask(struct host *h)
{
	struct rdma_conn_param param = { .private_data = "knock",
					 .private_data_len = 5,
					 .responder_resources = 3,
					 .initiator_depth = 2 };
	struct rdma_cm_event *event;

	resolve(h);
	assert_int_equal(rdma_connect(h->active, &param), 0);
	event = next_event(h->server);
	assert_int_equal(event->event, RDMA_CM_EVENT_CONNECT_REQUEST);
	assert_int_equal(event->status, 0);
	assert_ptr_equal(event->listen_id, h->listener);
	assert_int_equal(event->param.conn.private_data_len, 5);
	assert_memory_equal(event->param.conn.private_data, "knock", 5);
	/* as the receiver sees them */
	assert_int_equal(event->param.conn.responder_resources, 2);
	assert_int_equal(event->param.conn.initiator_depth, 3);
	h->passive = event->id;
	assert_ptr_not_equal(h->passive, h->listener);
	assert_ptr_equal(h->passive->context, h);
	assert_ptr_equal(h->passive->verbs, h->listener->verbs);
	assert_ptr_equal(h->passive->channel, h->server);
	assert_int_equal(rdma_get_src_port(h->passive), h->addr.sin_port);
	assert_int_equal(rdma_ack_cm_event(event), 0);
}

static void connect_both(struct host *h)
{
	struct rdma_conn_param param = { .private_data = "come in",
					 .private_data_len = 7,
					 .responder_resources = RDMA_MAX_RESP_RES,
					 .initiator_depth = RDMA_MAX_INIT_DEPTH };
	struct rdma_cm_event *event;

	ask(h);
	qp(h->passive);
	assert_int_equal(rdma_accept(h->passive, &param), 0);
	event = next_event(h->client);
	assert_int_equal(event->event, RDMA_CM_EVENT_ESTABLISHED);
	assert_int_equal(event->param.conn.private_data_len, 7);
	assert_memory_equal(event->param.conn.private_data, "come in", 7);
	assert_int_equal(event->param.conn.responder_resources, 3);
	assert_int_equal(event->param.conn.initiator_depth, 2);
	rdma_ack_cm_event(event);
	expect(h->server, h->passive, RDMA_CM_EVENT_ESTABLISHED);
	assert_int_equal(rdma_get_src_port(h->active), rdma_get_dst_port(h->passive));
}

static void destroy(struct rdma_cm_id *id)
{
	if (id && id->qp)
		rdma_destroy_qp(id);
	if (id)
		assert_int_equal(rdma_destroy_id(id), 0);
}

static void clean(struct host *h)
{
	destroy(h->active);
	destroy(h->passive);
	destroy(h->listener);
	rdma_destroy_event_channel(h->client);
	rdma_destroy_event_channel(h->server);
}

static void orderly_end(void **state)
{
	struct host h;

	listen_any(&h);
	connect_both(&h);
	assert_int_equal(rdma_disconnect(h.active), 0);
	expect(h.client, h.active, RDMA_CM_EVENT_DISCONNECTED);
	expect(h.server, h.passive, RDMA_CM_EVENT_DISCONNECTED);
	/* the peer was first: nothing more is told */
	assert_int_equal(rdma_disconnect(h.passive), 0);
	assert_true(quiet(h.server));
	assert_true(quiet(h.client));
	clean(&h);
}

static void qp_first_id_first(void **state)
{
	struct host h;

	listen_any(&h);
	connect_both(&h);
	rdma_destroy_qp(h.active);
	expect(h.client, h.active, RDMA_CM_EVENT_DISCONNECTED);
	expect(h.server, h.passive, RDMA_CM_EVENT_DISCONNECTED);
	clean(&h);

	listen_any(&h);
	connect_both(&h);
	struct ibv_qp *left = h.active->qp;
	struct ibv_cq *cqs[] = { h.active->send_cq, h.active->recv_cq };
	struct ibv_comp_channel *channels[] = { h.active->send_cq_channel,
						h.active->recv_cq_channel };

	assert_int_equal(rdma_destroy_id(h.active), 0);
	h.active = NULL;
	expect(h.server, h.passive, RDMA_CM_EVENT_DISCONNECTED);
	assert_int_equal(ibv_destroy_qp(left), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ibv_destroy_cq(cqs[i]), 0);
		assert_int_equal(ibv_destroy_comp_channel(channels[i]), 0);
	}
	clean(&h);
}

static void reject(void **state)
{
	struct rdma_cm_event *event;
	struct host h;

	listen_any(&h);
	ask(&h);
	assert_int_equal(rdma_reject(h.passive, "full", 4), 0);
	assert_int_equal(rdma_reject(h.passive, "full", 4), -1);
	assert_int_equal(errno, EINVAL);
	event = next_event(h.client);
	assert_int_equal(event->event, RDMA_CM_EVENT_REJECTED);
	assert_int_equal(event->status, -ECONNREFUSED);
	assert_int_equal(event->param.conn.private_data_len, 4);
	assert_memory_equal(event->param.conn.private_data, "full", 4);
	rdma_ack_cm_event(event);
	clean(&h);
}

static void destroyed_request_is_rejected(void **state)
{
	struct host h;

	listen_any(&h);
	ask(&h);
	destroy(h.passive);
	h.passive = NULL;
	expect(h.client, h.active, RDMA_CM_EVENT_REJECTED);
	clean(&h);
}

/* Requests that nobody took go with the listener. */
static void listener_goes(void **state)
{
	struct host h;

	listen_any(&h);
	resolve(&h);
	assert_int_equal(rdma_connect(h.active, NULL), 0);
	assert_int_equal(poll(&(struct pollfd){ .fd = h.server->fd, .events = POLLIN }, 1, WAIT_MS),
			 1);
	destroy(h.listener);
	h.listener = NULL;
	expect(h.client, h.active, RDMA_CM_EVENT_REJECTED);
	assert_true(quiet(h.server));
	clean(&h);
}

static void refused(void **state)
{
	struct rdma_cm_event *event;
	struct host h;

	listen_any(&h);
	resolve(&h);
	destroy(h.listener);
	h.listener = NULL;
	assert_int_equal(rdma_connect(h.active, NULL), 0);
	event = next_event(h.client);
	assert_int_equal(event->event, RDMA_CM_EVENT_REJECTED);
	assert_int_equal(event->status, -ECONNREFUSED);
	rdma_ack_cm_event(event);
	clean(&h);
}

static void migrated(void **state)
{
	struct rdma_event_channel *other = rdma_create_event_channel();
	struct host h;

	listen_any(&h);
	ask(&h);
	qp(h.passive);
	assert_int_equal(rdma_migrate_id(h.passive, other), 0);
	assert_ptr_equal(h.passive->channel, other);
	assert_int_equal(rdma_accept(h.passive, NULL), 0);
	expect(h.client, h.active, RDMA_CM_EVENT_ESTABLISHED);
	expect(other, h.passive, RDMA_CM_EVENT_ESTABLISHED);
	/* what waits moves along */
	assert_int_equal(rdma_disconnect(h.active), 0);
	expect(h.client, h.active, RDMA_CM_EVENT_DISCONNECTED);
	assert_int_equal(poll(&(struct pollfd){ .fd = other->fd, .events = POLLIN }, 1, WAIT_MS),
			 1);
	assert_int_equal(rdma_migrate_id(h.passive, h.server), 0);
	assert_true(quiet(other));
	expect(h.server, h.passive, RDMA_CM_EVENT_DISCONNECTED);
	clean(&h);
	rdma_destroy_event_channel(other);
}

static void *ack_later(void *event)
{
	usleep(100000);
	return (void *)(intptr_t)rdma_ack_cm_event(event);
}

static void destroying_waits_for_acks(void **state)
{
	struct rdma_cm_event *event;
	struct timespec from, to;
	pthread_t thread;
	struct host h;

	listen_any(&h);
	assert_int_equal(rdma_create_id(h.client, &h.active, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_resolve_addr(h.active, NULL, (struct sockaddr *)&h.addr, 1000), 0);
	event = next_event(h.client);
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(pthread_create(&thread, NULL, ack_later, event), 0);
	assert_int_equal(rdma_destroy_id(h.active), 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	pthread_join(thread, NULL);
	h.active = NULL;
	assert_true((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec > 50000000);
	clean(&h);
}

static void wrong_states(void **state)
{
	struct rdma_conn_param big = { .private_data = "", .private_data_len = 253 };
	struct host h;

	listen_any(&h);
	assert_int_equal(rdma_listen(h.listener, 1), -1);
	assert_int_equal(rdma_connect(h.listener, NULL), -1);
	assert_int_equal(rdma_accept(h.listener, NULL), -1);
	assert_int_equal(rdma_disconnect(h.listener), -1);
	assert_int_equal(errno, EINVAL);
	resolve(&h);
	assert_int_equal(rdma_resolve_route(h.active, 1000), -1);
	assert_int_equal(rdma_accept(h.active, NULL), -1);
	assert_int_equal(rdma_connect(h.active, &big), -1);
	assert_int_equal(errno, EINVAL);
	assert_true(quiet(h.client));
	clean(&h);
}

static void nonblocking(void **state)
{
	struct rdma_cm_event *event;
	struct host h;

	listen_any(&h);
	assert_int_equal(fcntl(h.server->fd, F_SETFL, fcntl(h.server->fd, F_GETFL) | O_NONBLOCK),
			 0);
	assert_int_equal(rdma_get_cm_event(h.server, &event), -1);
	assert_int_equal(errno, EAGAIN);
	connect_both(&h);
	clean(&h);
}

/* RFC 5044 7.1.1: a request of revision 1 says nothing of IRD and ORD; its private data are 3 octets. */
static void old_peer(void **state)
{
	static const char request[] = "MPA ID Req Frame\x40\x01\x00\x03old";
	struct rdma_cm_event *event;
	char reply[64] = "";
	struct host h;
	int fd;

	listen_any(&h);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&h.addr, sizeof(h.addr)), 0);
	assert_int_equal(write(fd, request, 23), 23);
	event = next_event(h.server);
	assert_int_equal(event->event, RDMA_CM_EVENT_CONNECT_REQUEST);
	assert_int_equal(event->param.conn.private_data_len, 3);
	assert_memory_equal(event->param.conn.private_data, "old", 3);
	assert_true(event->param.conn.responder_resources > 0);
	assert_true(event->param.conn.initiator_depth > 0);
	h.passive = event->id;
	rdma_ack_cm_event(event);
	qp(h.passive);
	assert_int_equal(rdma_accept(h.passive, NULL), 0);
	expect(h.server, h.passive, RDMA_CM_EVENT_ESTABLISHED);
	assert_int_equal(read(fd, reply, sizeof(reply)), 20);
	assert_memory_equal(reply, "MPA ID Rep Frame\x40\x01\x00\x00", 20);
	close(fd);
	expect(h.server, h.passive, RDMA_CM_EVENT_DISCONNECTED);
	clean(&h);
}

/* ---- synchronous ids --------------------------------------------------------------------------------- */

struct service {
	struct rdma_cm_id *listener;
	int result;
};

static const char question[] = "what is the answer";

/* rdma_server(1) in short: receives, answers with the same, leaves. */
static void *serve(void *arg)
{
	struct service *s = arg;
	struct rdma_cm_id *id;
	char buf[64] = "";
	struct ibv_mr *mr;
	struct ibv_wc wc;

	s->result = rdma_get_request(s->listener, &id);
	if (s->result)
		return NULL;
	mr = rdma_reg_msgs(id, buf, sizeof(buf));
	s->result = rdma_post_recv(id, NULL, buf, sizeof(buf), mr) || rdma_accept(id, NULL) ||
		    rdma_get_recv_comp(id, &wc) != 1 || wc.status != IBV_WC_SUCCESS ||
		    rdma_post_send(id, NULL, buf, sizeof(buf), mr, 0) ||
		    rdma_get_send_comp(id, &wc) != 1 || wc.status != IBV_WC_SUCCESS;
	rdma_disconnect(id);
	rdma_dereg_mr(mr);
	rdma_destroy_ep(id);
	return NULL;
}

static void endpoints(void **state)
{
	struct rdma_addrinfo hints = { .ai_flags = RAI_PASSIVE, .ai_port_space = RDMA_PS_TCP };
	struct ibv_qp_init_attr attr = {
		.cap = { .max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1 },
		.sq_sig_all = 1,
	};
	struct service s = { .result = -1 };
	struct rdma_addrinfo *res;
	struct rdma_cm_id *id;
	char buf[64] = "", port[8];
	pthread_t thread;
	struct ibv_mr *mr;
	struct ibv_wc wc;

	assert_int_equal(rdma_getaddrinfo("127.0.0.1", "0", &hints, &res), 0);
	assert_int_equal(res->ai_qp_type, IBV_QPT_RC);
	assert_int_equal(rdma_create_ep(&s.listener, res, NULL, &attr), 0);
	rdma_freeaddrinfo(res);
	assert_int_equal(rdma_listen(s.listener, 0), 0);
	snprintf(port, sizeof(port), "%u", ntohs(rdma_get_src_port(s.listener)));
	assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);

	hints.ai_flags = 0;
	assert_int_equal(rdma_getaddrinfo("127.0.0.1", port, &hints, &res), 0);
	assert_int_equal(rdma_create_ep(&id, res, NULL, &attr), 0);
	rdma_freeaddrinfo(res);
	mr = rdma_reg_msgs(id, buf, sizeof(buf));
	assert_non_null(mr);
	assert_int_equal(rdma_post_recv(id, NULL, buf, sizeof(buf), mr), 0);
	assert_int_equal(rdma_connect(id, NULL), 0);
	assert_non_null(id->event);
	char ask_buf[64] = "";
	struct ibv_mr *ask_mr = rdma_reg_msgs(id, ask_buf, sizeof(ask_buf));

	memcpy(ask_buf, question, sizeof(question));
	assert_int_equal(rdma_post_send(id, NULL, ask_buf, sizeof(ask_buf), ask_mr, 0), 0);
	assert_int_equal(rdma_get_send_comp(id, &wc), 1);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	assert_int_equal(rdma_get_recv_comp(id, &wc), 1);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	assert_string_equal(buf, question);
	assert_int_equal(rdma_disconnect(id), 0);
	pthread_join(thread, NULL);
	assert_int_equal(s.result, 0);
	rdma_dereg_mr(mr);
	rdma_dereg_mr(ask_mr);
	rdma_destroy_ep(id);
	rdma_destroy_ep(s.listener);
}

static void synchronous_refusal(void **state)
{
	struct sockaddr_in addr;
	struct rdma_cm_id *id;
	struct host h;

	listen_any(&h);
	addr = h.addr;
	clean(&h);
	assert_int_equal(rdma_create_id(NULL, &id, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_resolve_addr(id, NULL, (struct sockaddr *)&addr, 1000), 0);
	assert_int_equal(rdma_resolve_route(id, 1000), 0);
	qp(id);
	assert_int_equal(rdma_connect(id, NULL), -1);
	assert_int_equal(errno, ECONNREFUSED);
	destroy(id);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(orderly_end),
		cmocka_unit_test(qp_first_id_first),
		cmocka_unit_test(reject),
		cmocka_unit_test(destroyed_request_is_rejected),
		cmocka_unit_test(listener_goes),
		cmocka_unit_test(refused),
		cmocka_unit_test(migrated),
		cmocka_unit_test(destroying_waits_for_acks),
		cmocka_unit_test(wrong_states),
		cmocka_unit_test(nonblocking),
		cmocka_unit_test(old_peer),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(synchronous_refusal),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
