// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * rdma_cm from many threads: clients with channels of their own connect, are refused, leave early; two threads
 * serve one event channel; what fork() leaves to a child.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <rdma/rdma_cma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define CLIENTS 4
#define SERVERS 2
#define ROUNDS	30

struct service {
	struct rdma_event_channel *channel;
	struct rdma_cm_id *listener;
	struct sockaddr_in addr;
	unsigned requests, established, ended;	/* atomics */
	bool stop;
};

static int qp(struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = { .cap = { 4, 4, 1, 1, 0 }, .qp_type = IBV_QPT_RC };

	return rdma_create_qp(id, NULL, &attr);
}

static void drop(struct rdma_cm_id *id)
{
	if (id->qp)
		rdma_destroy_qp(id);
	rdma_destroy_id(id);
}

/* Every third request is refused. */
static void answer(struct service *s, struct rdma_cm_id *id)
{
	unsigned n = __atomic_add_fetch(&s->requests, 1, __ATOMIC_RELAXED);

	if (n % 3 == 0) {
		rdma_reject(id, "later", 5);
		drop(id);
	} else if (qp(id) || rdma_accept(id, NULL)) {
		drop(id);
	}
}

static void handle(struct service *s, struct rdma_cm_event *event)
{
	struct rdma_cm_id *id = event->id;
	enum rdma_cm_event_type type = event->event;

	rdma_ack_cm_event(event);
	if (type == RDMA_CM_EVENT_CONNECT_REQUEST) {
		answer(s, id);
	} else if (type == RDMA_CM_EVENT_ESTABLISHED) {
		__atomic_add_fetch(&s->established, 1, __ATOMIC_RELAXED);
	} else {
		__atomic_add_fetch(&s->ended, 1, __ATOMIC_RELAXED);
		drop(id);
	}
}

/* Events of one id may come to two threads at once; a lock keeps them apart, as programs do. */
static void *serve(void *arg)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct service *s = arg;
	struct pollfd pfd = { .fd = s->channel->fd, .events = POLLIN };
	struct rdma_cm_event *event;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		if (poll(&pfd, 1, 20) <= 0)
			continue;
		pthread_mutex_lock(&lock);
		if (poll(&pfd, 1, 0) == 1 && rdma_get_cm_event(s->channel, &event) == 0)
			handle(s, event);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

/* 1: connected; 0: refused; -1: neither */
static int round_trip(const struct service *s, unsigned i)
{
	struct rdma_cm_id *id;
	int ret = -1;

	if (rdma_create_id(NULL, &id, NULL, RDMA_PS_TCP))
		return -1;
	if (!rdma_resolve_addr(id, NULL, (struct sockaddr *)&s->addr, 1000) &&
	    !rdma_resolve_route(id, 1000) && !qp(id)) {
		if (!rdma_connect(id, NULL))
			ret = 1;
		else if (errno == ECONNREFUSED)
			ret = 0;
	}
	if (ret == 1 && i % 2)
		rdma_disconnect(id);
	drop(id);
	return ret;
}

static void *connect_often(void *arg)
{
	const struct service *s = arg;
	uintptr_t failed = 0;

	for (unsigned i = 0; i < ROUNDS; i++)
		failed += round_trip(s, i) < 0;
	return (void *)failed;
}

static void serve_start(struct service *s)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	memset(s, 0, sizeof(*s));
	s->channel = rdma_create_event_channel();
	assert_non_null(s->channel);
	assert_int_equal(rdma_create_id(s->channel, &s->listener, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_bind_addr(s->listener, (struct sockaddr *)&any), 0);
	assert_int_equal(rdma_listen(s->listener, 64), 0);
	s->addr = *(struct sockaddr_in *)rdma_get_local_addr(s->listener);
}

static void many_at_once(void **state)
{
	pthread_t clients[CLIENTS], servers[SERVERS];
	struct service s;
	void *failed;

	serve_start(&s);
	for (int i = 0; i < SERVERS; i++)
		assert_int_equal(pthread_create(&servers[i], NULL, serve, &s), 0);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&clients[i], NULL, connect_often, &s), 0);
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i], &failed);
		assert_null(failed);
	}
	for (int i = 0;
	     i < 200 && __atomic_load_n(&s.ended, __ATOMIC_RELAXED) < CLIENTS * ROUNDS * 2 / 3; i++)
		usleep(20000);
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < SERVERS; i++)
		pthread_join(servers[i], NULL);
	assert_int_equal(s.requests, CLIENTS * ROUNDS);
	assert_int_equal(s.established, CLIENTS * ROUNDS * 2 / 3);
	assert_int_equal(s.ended, s.established);
	assert_int_equal(rdma_destroy_id(s.listener), 0);
	rdma_destroy_event_channel(s.channel);
}

static void *wait_for_event(void *channel)
{
	struct rdma_cm_event *event;

	rdma_get_cm_event(channel, &event);
	return NULL;
}

static void cancelled_while_waiting(void **state)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct rdma_cm_id *id;
	pthread_t thread;
	void *result;

	assert_int_equal(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_event, channel), 0);
	usleep(50000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
}

/* In the child: what was inherited fails and can be let go; what is made anew works. */
static int child(struct rdma_event_channel *old, struct rdma_cm_id *inherited,
		 struct rdma_event_channel *unused)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	if (rdma_resolve_addr(inherited, NULL, (struct sockaddr *)&to, 1000) != -1 || errno != EIO)
		return 1;
	if (rdma_create_id(old, &id, NULL, RDMA_PS_TCP) != -1 || errno != EIO)
		return 2;
	if (rdma_destroy_id(inherited))
		return 3;
	rdma_destroy_event_channel(old);
	if (rdma_create_id(unused, &id, NULL, RDMA_PS_TCP) ||
	    rdma_resolve_addr(id, NULL, (struct sockaddr *)&to, 1000) ||
	    rdma_get_cm_event(unused, &event) || event->event != RDMA_CM_EVENT_ADDR_RESOLVED)
		return 4;
	rdma_ack_cm_event(event);
	return rdma_destroy_id(id) ? 5 : 0;
}

static void after_fork(void **state)
{
	struct rdma_event_channel *unused = rdma_create_event_channel();
	struct service s;
	pthread_t server;
	int status;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	skip();		/* it ends a child of fork() that starts threads */
#endif
	serve_start(&s);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(10);
		_exit(child(s.channel, s.listener, unused));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* the parent's listener was not touched */
	assert_int_equal(pthread_create(&server, NULL, serve, &s), 0);
	assert_int_equal(round_trip(&s, 0), 1);
	for (int i = 0; i < 200 && !__atomic_load_n(&s.ended, __ATOMIC_RELAXED); i++)
		usleep(20000);
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	pthread_join(server, NULL);
	assert_int_equal(s.ended, 1);
	assert_int_equal(rdma_destroy_id(s.listener), 0);
	rdma_destroy_event_channel(s.channel);
	rdma_destroy_event_channel(unused);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(cancelled_while_waiting),
		cmocka_unit_test(after_fork),
	};

	alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
