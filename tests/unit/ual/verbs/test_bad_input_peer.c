// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Peers that do not behave: a program that dies with its queues full, bytes that are no MPA, a client that
 * says nothing.  Who is connected to them is told and gets everything back; who listens goes on listening.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/ual/verbs/ends.h"

/* The child's side of the pipes that the parent talks to it by. */
struct child {
	pid_t pid;
	int to, from;
};

/* Starts before this process has anything of the libraries: they do not survive fork(). */
static struct child start(void (*run)(int in, int out))
{
	int to[2], from[2];
	struct child child;

	assert_int_equal(pipe(to) | pipe(from), 0);
	child = (struct child){ .pid = fork(), .to = to[1], .from = from[0] };
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		close(from[0]);
		run(to[0], from[1]);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	return child;
}

static void finish(struct child *child)
{
	close(child->to);
	close(child->from);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}

static void fill_queues(struct end *end)
{
	struct ibv_sge sge = { (uintptr_t)end->memory, MEMORY_BYTES, end->mr->lkey };
	struct ibv_recv_wr recv = { .sg_list = &sge, .num_sge = 1 }, *bad_recv;
	struct ibv_send_wr send = { .sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_SEND }, *bad;

	while (ibv_post_recv(end->qp, &recv, &bad_recv) == 0)
		;
	while (ibv_post_send(end->qp, &send, &bad) == 0)
		;
}

/* Connects to the port that it reads, fills its queues, and waits to be killed. */
static void client_that_dies(int in, int out)
{
	struct end end = { 0 };
	uint16_t port;

	if (read(in, &port, sizeof(port)) != sizeof(port))
		return;
	end_open(&end, port);
	end_connect(&end);
	fill_queues(&end);
	if (write(out, "r", 1) == 1)
		pause();
}

static void test_client_dies(void **state)
{
	struct child child = start(client_that_dies);
	struct ends e;
	uint16_t port;
	char byte;

	ends_listen(&e);
	port = ends_port(&e);
	assert_int_equal(write(child.to, &port, sizeof(port)), sizeof(port));
	ends_accept(&e);
	ends_expect(e.channel, RDMA_CM_EVENT_ESTABLISHED);
	end_post_recv(&e.server, 55, 64);
	assert_int_equal(read(child.from, &byte, 1), 1);
	kill(child.pid, SIGKILL);
	finish(&child);
	/* Its first message was longer than the receive; in either order, the rest is flushed. */
	end_expect(&e.server, 55, IBV_WC_WR_FLUSH_ERR);
	ends_expect(e.channel, RDMA_CM_EVENT_DISCONNECTED);
	ends_close(&e);
}

/* Listens, accepts, fills its queues, waits to be killed. */
static void server_that_dies(int in, int out)
{
	struct ends e;
	uint16_t port;

	ends_listen(&e);
	port = ends_port(&e);
	if (write(out, &port, sizeof(port)) != sizeof(port))
		return;
	ends_accept(&e);
	ends_expect(e.channel, RDMA_CM_EVENT_ESTABLISHED);
	if (write(out, "r", 1) == 1)
		pause();
}

static void test_server_dies(void **state)
{
	struct child child;
	struct end end = { 0 };
	uint16_t port;
	char byte;

#ifdef __SANITIZE_THREAD__
	skip();		/* it cannot follow a fork of a process with threads */
#endif
	child = start(server_that_dies);
	assert_int_equal(read(child.from, &port, sizeof(port)), sizeof(port));
	end_open(&end, port);
	end_connect(&end);
	assert_int_equal(read(child.from, &byte, 1), 1);
	kill(child.pid, SIGKILL);
	finish(&child);
	end_post_recv(&end, 56, 64);
	end_expect(&end, 56, IBV_WC_WR_FLUSH_ERR);
	ends_expect(end.channel, RDMA_CM_EVENT_DISCONNECTED);
	end_close(&end);
	rdma_destroy_event_channel(end.channel);
}

static int connect_tcp(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* None of it is a connection request, so the program that listens hears of nothing. */
static void test_no_mpa(void **state)
{
	static const char *const said[] = {
		"GET / HTTP/1.0\r\n\r\n",
		"MPA ID Req Frame",			/* and no more */
		"MPA ID Req Frame\x40\x02\xff\xff",	/* more private data than may be */
		"MPA ID Rep Frame\x40\x01\x00\x00",
		"MPA ID Req Frame\x40\x09\x00\x00....",	/* revision 9 */
		"",
	};
	struct pollfd ready = { .events = POLLIN };
	struct ends e;
	int silent;

	ends_listen(&e);
	silent = connect_tcp(ends_port(&e));
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		size_t len = i < 2 ? strlen(said[i]) : i == 4 ? 24 : i == 5 ? 0 : 20;
		int fd = connect_tcp(ends_port(&e));
		char answer[256];

		assert_int_equal(send(fd, said[i], len, MSG_NOSIGNAL), len);
		shutdown(fd, SHUT_WR);
		ready.fd = fd;
		do
			assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		while (recv(fd, answer, sizeof(answer), 0) > 0);
		close(fd);
	}
	ready.fd = e.channel->fd;
	assert_int_equal(poll(&ready, 1, 50), 0);

	end_open(&e.client, ends_port(&e));
	assert_int_equal(rdma_connect(e.client.id, &(struct rdma_conn_param){ 0 }), 0);
	ends_accept(&e);
	ends_expect(e.client.channel, RDMA_CM_EVENT_ESTABLISHED);
	ends_expect(e.channel, RDMA_CM_EVENT_ESTABLISHED);
	close(silent);
	ends_close(&e);
}

/* A good start and then bytes that are no FPDU: the connection ends, with an event and a flush. */
static void test_no_fpdu(void **state)
{
	static const char request[] = "MPA ID Req Frame\x00\x01\x00\x00";
	struct ends e;
	static char garbage[65536];	/* more than the length that its first octets say */
	char answer[64];
	int fd;

	ends_listen(&e);
	fd = connect_tcp(ends_port(&e));
	assert_int_equal(send(fd, request, 20, MSG_NOSIGNAL), 20);
	ends_accept(&e);
	end_post_recv(&e.server, 55, 64);
	assert_int_equal(recv(fd, answer, 20, MSG_WAITALL), 20);
	memset(garbage, 0x7f, sizeof(garbage));
	assert_true(send(fd, garbage, sizeof(garbage), MSG_NOSIGNAL) > 0);
	ends_expect(e.channel, RDMA_CM_EVENT_ESTABLISHED);
	end_expect(&e.server, 55, IBV_WC_WR_FLUSH_ERR);
	ends_expect(e.channel, RDMA_CM_EVENT_DISCONNECTED);
	close(fd);
	ends_close(&e);
}

int main(void)
{
	/* Those that fork first come first. */
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_dies),
		cmocka_unit_test(test_server_dies),
		cmocka_unit_test(test_no_mpa),
		cmocka_unit_test(test_no_fpdu),
	};

	alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
