// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What librdmacm says to a program that calls with nothing, in the wrong order, or with addresses and
 * parameters that cannot be: -1 and errno, or an event, as rdma_*(3) have it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/ual/verbs/ends.h"

#define REFUSED(call, error)						\
	do {								\
		errno = 0;						\
		assert_int_equal(call, -1);				\
		assert_int_equal(errno, error);				\
	} while (0)

static struct sockaddr_in address(const char *text, uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, text, &addr.sin_addr), 1);
	return addr;
}

static void test_nothing(void **state)
{
	struct sockaddr_in addr = address("127.0.0.1", 0);
	struct sockaddr *to = (struct sockaddr *)&addr;
	struct rdma_conn_param param = { 0 };
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	REFUSED(rdma_create_id(NULL, NULL, NULL, RDMA_PS_TCP), EINVAL);
	REFUSED(rdma_bind_addr(NULL, to), EINVAL);
	REFUSED(rdma_resolve_addr(NULL, NULL, to, 1), EINVAL);
	REFUSED(rdma_resolve_route(NULL, 1), EINVAL);
	REFUSED(rdma_connect(NULL, &param), EINVAL);
	REFUSED(rdma_listen(NULL, 1), EINVAL);
	REFUSED(rdma_accept(NULL, &param), EINVAL);
	REFUSED(rdma_reject(NULL, NULL, 0), EINVAL);
	REFUSED(rdma_disconnect(NULL), EINVAL);
	REFUSED(rdma_destroy_id(NULL), EINVAL);
	REFUSED(rdma_get_cm_event(NULL, &event), EINVAL);
	REFUSED(rdma_ack_cm_event(NULL), EINVAL);
	REFUSED(rdma_migrate_id(NULL, NULL), EINVAL);
	REFUSED(rdma_create_qp(NULL, NULL, NULL), EINVAL);
	REFUSED(rdma_get_request(NULL, &id), EINVAL);
	REFUSED(rdma_set_option(NULL, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, "", 1), EINVAL);
	rdma_destroy_event_channel(NULL);
	rdma_free_devices(NULL);
	rdma_freeaddrinfo(NULL);
	rdma_destroy_qp(NULL);
}

/* Memory that never was an id. */
static void test_foreign(void **state)
{
	static struct {
		struct rdma_cm_id id;
		uint8_t behind[2048];
	} foreign;
	struct rdma_conn_param param = { 0 };

	REFUSED(rdma_connect(&foreign.id, &param), EINVAL);
	REFUSED(rdma_listen(&foreign.id, 1), EINVAL);
	REFUSED(rdma_accept(&foreign.id, &param), EINVAL);
	REFUSED(rdma_disconnect(&foreign.id), EINVAL);
	REFUSED(rdma_destroy_id(&foreign.id), EINVAL);
}

static void test_order(void **state)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct sockaddr_in addr = address("127.0.0.1", 9);
	struct rdma_conn_param param = { 0 };
	struct rdma_cm_id *id;

	assert_non_null(channel);
	assert_int_equal(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), 0);
	REFUSED(rdma_resolve_route(id, 100), EINVAL);
	REFUSED(rdma_connect(id, &param), EINVAL);
	REFUSED(rdma_accept(id, &param), EINVAL);
	REFUSED(rdma_reject(id, NULL, 0), EINVAL);
	REFUSED(rdma_disconnect(id), EINVAL);
	assert_int_equal(rdma_resolve_addr(id, NULL, (struct sockaddr *)&addr, WAIT_MS), 0);
	ends_expect(channel, RDMA_CM_EVENT_ADDR_RESOLVED);
	REFUSED(rdma_connect(id, &param), EINVAL);
	assert_int_equal(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
}

static void test_addresses(void **state)
{
	struct ends e;
	struct sockaddr_in taken, strange = address("192.0.2.77", 0);
	struct sockaddr unknown = { .sa_family = 0x7f };
	struct rdma_cm_id *id;

	ends_listen(&e);
	taken = address("127.0.0.1", ends_port(&e));
	assert_int_equal(rdma_create_id(e.channel, &id, NULL, RDMA_PS_TCP), 0);
	REFUSED(rdma_bind_addr(id, (struct sockaddr *)&taken), EADDRINUSE);
	REFUSED(rdma_bind_addr(id, (struct sockaddr *)&strange), EADDRNOTAVAIL);
	errno = 0;
	assert_int_equal(rdma_bind_addr(id, &unknown), -1);
	assert_true(errno == EINVAL || errno == EAFNOSUPPORT);
	assert_int_equal(rdma_destroy_id(id), 0);
	ends_close(&e);
}

/* Private data of 200 octets pass; more than an MPA frame takes is refused before anything is sent. */
static void test_private_data(void **state)
{
	struct ends e;
	uint8_t data[255];
	struct rdma_conn_param param = { .private_data = data, .private_data_len = 255 };
	struct rdma_cm_event *event;

	memset(data, 0xda, sizeof(data));
	ends_listen(&e);
	end_open(&e.client, ends_port(&e));
	REFUSED(rdma_connect(e.client.id, &param), EINVAL);
	param.private_data_len = 200;
	assert_int_equal(rdma_connect(e.client.id, &param), 0);
	event = ends_event(e.channel, RDMA_CM_EVENT_CONNECT_REQUEST);
	assert_int_equal(event->param.conn.private_data_len, 200);
	assert_memory_equal(event->param.conn.private_data, data, 200);
	assert_int_equal(rdma_reject(event->id, "no", 2), 0);
	REFUSED(rdma_accept(event->id, &param), EINVAL);
	assert_int_equal(rdma_reject(event->id, "no", 2), -1);
	e.server.id = event->id;
	assert_int_equal(rdma_ack_cm_event(event), 0);
	event = ends_event(e.client.channel, RDMA_CM_EVENT_REJECTED);
	assert_true(event->param.conn.private_data_len >= 2);
	assert_memory_equal(event->param.conn.private_data, "no", 2);
	assert_int_equal(rdma_ack_cm_event(event), 0);
	ends_close(&e);
}

static void test_nobody_listens(void **state)
{
	struct rdma_cm_event *event;
	struct ends e;
	struct end end = { 0 };
	uint16_t port;

	ends_listen(&e);
	port = ends_port(&e);
	ends_close(&e);
	end_open(&end, port);
	assert_int_equal(rdma_connect(end.id, &(struct rdma_conn_param){ 0 }), 0);
	event = ends_event(end.channel, RDMA_CM_EVENT_REJECTED);
	assert_int_equal(event->status, -ECONNREFUSED);
	assert_int_equal(rdma_ack_cm_event(event), 0);
	end_close(&end);
	rdma_destroy_event_channel(end.channel);
}

/* A request that the program destroys instead of answering is a refusal to the client. */
static void test_request_dropped(void **state)
{
	struct rdma_cm_event *event;
	struct rdma_cm_id *request;
	struct ends e;

	ends_listen(&e);
	end_open(&e.client, ends_port(&e));
	assert_int_equal(rdma_connect(e.client.id, &(struct rdma_conn_param){ 0 }), 0);
	event = ends_event(e.channel, RDMA_CM_EVENT_CONNECT_REQUEST);
	request = event->id;
	assert_int_equal(rdma_ack_cm_event(event), 0);
	assert_int_equal(rdma_destroy_id(request), 0);
	event = ends_event(e.client.channel, RDMA_CM_EVENT_REJECTED);
	assert_int_equal(rdma_ack_cm_event(event), 0);
	ends_close(&e);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_order),		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_private_data),	cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_request_dropped),
	};

	alarm(50);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
