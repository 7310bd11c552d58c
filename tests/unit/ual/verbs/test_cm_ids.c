// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Ids that connect to nobody: addresses, ports, options, names, devices. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <rdma/rdma_cma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = port,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static struct rdma_cm_id *new_id(void)
{
	struct rdma_cm_id *id;

	assert_int_equal(rdma_create_id(NULL, &id, NULL, RDMA_PS_TCP), 0);
	return id;
}

static int bind_to(struct rdma_cm_id *id, struct sockaddr_in addr)
{
	errno = 0;
	return rdma_bind_addr(id, (struct sockaddr *)&addr);
}

static void ports(void **state)
{
	struct rdma_cm_id *a = new_id(), *b = new_id(), *any = new_id();
	struct sockaddr_in addr = loopback(0);

	assert_int_equal(bind_to(a, addr), 0);
	addr = loopback(rdma_get_src_port(a));
	assert_int_not_equal(addr.sin_port, 0);
	assert_int_equal(bind_to(b, addr), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_null(b->verbs);
	addr.sin_addr.s_addr = htonl(INADDR_ANY);
	assert_int_equal(bind_to(any, addr), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(bind_to(a, loopback(0)), -1);
	assert_int_equal(errno, EINVAL);
	/* one goes, the other may have it */
	assert_int_equal(rdma_destroy_id(a), 0);
	assert_int_equal(bind_to(any, addr), 0);
	assert_null(any->verbs);
	assert_int_equal(rdma_listen(any, 1), 0);
	assert_int_equal(bind_to(b, loopback(addr.sin_port)), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(rdma_destroy_id(b), 0);
	assert_int_equal(rdma_destroy_id(any), 0);
}

static void shared_port(void **state)
{
	struct rdma_cm_id *a = new_id(), *b = new_id();
	int on = 1;

	assert_int_equal(
		rdma_set_option(a, RDMA_OPTION_ID, RDMA_OPTION_ID_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(
		rdma_set_option(b, RDMA_OPTION_ID, RDMA_OPTION_ID_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind_to(a, loopback(0)), 0);
	assert_int_equal(bind_to(b, loopback(rdma_get_src_port(a))), 0);
	assert_int_equal(rdma_listen(a, 1), 0);
	assert_int_equal(rdma_listen(b, 1), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(rdma_destroy_id(a), 0);
	assert_int_equal(rdma_destroy_id(b), 0);
}

static void port_of_a_stranger(void **state)
{
	struct sockaddr_in addr = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(addr);
	struct rdma_cm_id *id = new_id();

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(bind_to(id, addr), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	assert_int_equal(rdma_destroy_id(id), 0);
}

static void foreign_addresses(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000207) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in here = loopback(htons(1));
	struct sockaddr odd = { .sa_family = AF_UNIX };
	struct rdma_cm_id *id = new_id();

	assert_int_equal(bind_to(id, addr), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_int_equal(rdma_bind_addr(id, &odd), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(rdma_bind_addr(id, NULL), -1);
	assert_int_equal(rdma_resolve_addr(id, NULL, NULL, 1000), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(
		rdma_resolve_addr(id, (struct sockaddr *)&six, (struct sockaddr *)&here, 1000), -1);
	assert_int_equal(errno, EINVAL);
	/* the id is as good as new */
	assert_int_equal(rdma_resolve_addr(id, NULL, (struct sockaddr *)&here, 1000), 0);
	assert_non_null(id->verbs);
	assert_non_null(id->pd);
	assert_int_equal(rdma_destroy_id(id), 0);
}

static void options(void **state)
{
	static const struct {
		int level, name;
		size_t len;
		int err;
	} cases[] = {
		{ RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, 1, 0 },
		{ RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, 4, EINVAL },
		{ RDMA_OPTION_ID, RDMA_OPTION_ID_REUSEADDR, 4, 0 },
		{ RDMA_OPTION_ID, RDMA_OPTION_ID_REUSEADDR, 1, EINVAL },
		{ RDMA_OPTION_ID, RDMA_OPTION_ID_AFONLY, 4, 0 },
		{ RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, 1, 0 },
		{ RDMA_OPTION_ID, 99, 4, ENOSYS },
		{ RDMA_OPTION_IB, RDMA_OPTION_IB_PATH, 4, ENOSYS },
		{ 99, 0, 4, ENOSYS },
	};
	struct rdma_cm_id *id = new_id();
	int value = 1;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		errno = 0;
		assert_int_equal(rdma_set_option(id, cases[i].level, cases[i].name, &value,
						 cases[i].len),
				 cases[i].err ? -1 : 0);
		assert_int_equal(errno, cases[i].err);
	}
	assert_int_equal(rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, NULL, 1), -1);
	assert_int_equal(rdma_destroy_id(id), 0);
}

static void not_ids(void **state)
{
	/* one too small to be ours, with room behind it */
	struct rdma_cm_id foreign[2] = { { .verbs = NULL } };
	struct rdma_cm_id *ids[] = { NULL, foreign }, *out;
	struct rdma_cm_event *event;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(rdma_destroy_id(ids[i]), -1);
		assert_int_equal(rdma_connect(ids[i], NULL), -1);
		assert_int_equal(rdma_accept(ids[i], NULL), -1);
		assert_int_equal(rdma_reject(ids[i], NULL, 0), -1);
		assert_int_equal(rdma_disconnect(ids[i]), -1);
		assert_int_equal(rdma_listen(ids[i], 0), -1);
		assert_int_equal(rdma_migrate_id(ids[i], NULL), -1);
		assert_int_equal(rdma_get_request(ids[i], &out), -1);
		assert_int_equal(rdma_notify(ids[i], IBV_EVENT_COMM_EST), -1);
		assert_int_equal(rdma_establish(ids[i]), -1);
		assert_int_equal(errno, EINVAL);
		rdma_destroy_qp(ids[i]);
		rdma_destroy_ep(ids[i]);
	}
	assert_int_equal(rdma_create_id(NULL, &out, NULL, (enum rdma_port_space)7), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(rdma_get_cm_event(NULL, &event), -1);
	assert_int_equal(rdma_ack_cm_event(NULL), -1);
	rdma_destroy_event_channel(NULL);
}

static void datagrams(void **state)
{
	struct ibv_qp_init_attr attr = { .cap = { 1, 1, 1, 1, 0 }, .qp_type = IBV_QPT_UD };
	struct sockaddr_in here = loopback(htons(1));
	struct rdma_cm_id *id;

	assert_int_equal(rdma_create_id(NULL, &id, NULL, RDMA_PS_UDP), 0);
	assert_int_equal(rdma_resolve_addr(id, NULL, (struct sockaddr *)&here, 1000), 0);
	assert_int_equal(rdma_create_qp(id, NULL, &attr), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_null(id->send_cq);
	assert_int_equal(rdma_join_multicast(id, (struct sockaddr *)&here, NULL), -1);
	assert_int_equal(rdma_destroy_id(id), 0);
}

static void names(void **state)
{
	struct rdma_addrinfo hints = { .ai_flags = RAI_NUMERICHOST }, *res;
	const struct sockaddr_in *sin;

	assert_int_equal(rdma_getaddrinfo("127.0.0.1", "7174", &hints, &res), 0);
	sin = (struct sockaddr_in *)res->ai_dst_addr;
	assert_int_equal(ntohs(sin->sin_port), 7174);
	assert_int_equal(res->ai_port_space, RDMA_PS_TCP);
	assert_int_equal(res->ai_dst_len, sizeof(*sin));
	assert_null(res->ai_src_addr);
	rdma_freeaddrinfo(res);
	assert_int_equal(rdma_getaddrinfo("not a number", "7174", &hints, &res), EAI_NONAME);
	assert_int_equal(rdma_getaddrinfo(NULL, NULL, NULL, &res), -1);
	hints = (struct rdma_addrinfo){ .ai_flags = RAI_PASSIVE, .ai_port_space = RDMA_PS_UDP };
	assert_int_equal(rdma_getaddrinfo(NULL, "1", &hints, &res), 0);
	assert_int_equal(res->ai_qp_type, IBV_QPT_UD);
	assert_int_equal(res->ai_flags, RAI_PASSIVE);
	assert_non_null(res->ai_src_addr);
	rdma_freeaddrinfo(res);
	assert_string_equal(rdma_event_str((enum rdma_cm_event_type)999), "UNKNOWN EVENT");
}

static void devices(void **state)
{
	int n = 0, again = 0;
	struct ibv_context **list = rdma_get_devices(&n), **same = rdma_get_devices(&again);
	struct rdma_cm_id *id = new_id();
	bool found = false;

	assert_non_null(list);
	assert_true(n > 0);
	assert_int_equal(n, again);
	assert_null(list[n]);
	assert_int_equal(bind_to(id, loopback(0)), 0);
	for (int i = 0; i < n; i++) {
		assert_ptr_equal(list[i], same[i]);
		found |= list[i] == id->verbs;
	}
	assert_true(found);
	rdma_free_devices(list);
	rdma_free_devices(same);
	assert_int_equal(rdma_destroy_id(id), 0);
}

static void channel_goes_first(void **state)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct sockaddr_in here = loopback(htons(1));
	struct rdma_cm_id *id;

	assert_int_equal(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_resolve_addr(id, NULL, (struct sockaddr *)&here, 1000), 0);
	rdma_destroy_event_channel(channel);
	assert_int_equal(rdma_destroy_id(id), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),
		cmocka_unit_test(shared_port),
		cmocka_unit_test(port_of_a_stranger),
		cmocka_unit_test(foreign_addresses),
		cmocka_unit_test(options),
		cmocka_unit_test(not_ids),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(names),
		cmocka_unit_test(devices),
		cmocka_unit_test(channel_goes_first),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
