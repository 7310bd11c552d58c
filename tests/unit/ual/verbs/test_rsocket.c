// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* rsockets over loopback, both ends in this process: streams, ends, waiting, options, mapped memory. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <rdma/rsocket.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#define WAIT_MS		10000
#define STREAM_BYTES	(3 << 20)

struct ends {
	struct sockaddr_in addr;
	int listener, client, server;
};

static int listener(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = rsocket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr = { htonl(INADDR_LOOPBACK) } };
	assert_int_equal(rbind(fd, (struct sockaddr *)addr, sizeof(*addr)), 0);
	assert_int_equal(rlisten(fd, 4), 0);
	assert_int_equal(rgetsockname(fd, (struct sockaddr *)addr, &len), 0);
	assert_int_equal(len, sizeof(*addr));
	assert_true(addr->sin_port != 0);
	return fd;
}

static void connect_with(struct ends *e, int buffer, int iomaps)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	e->listener = listener(&e->addr);
	e->client = rsocket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	assert_true(e->client >= 0);
	for (int i = 0; i < 2; i++) {
		int fd = i ? e->client : e->listener;

		assert_int_equal(rsetsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)),
				 0);
		assert_int_equal(rsetsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)),
				 0);
		assert_int_equal(rsetsockopt(fd, SOL_RDMA, RDMA_IOMAPSIZE, &iomaps, sizeof(iomaps)),
				 0);
	}
	errno = 0;
	assert_int_equal(rconnect(e->client, (struct sockaddr *)&e->addr, sizeof(e->addr)), 0);
	e->server = raccept(e->listener, (struct sockaddr *)&peer, &len);
	assert_true(e->server >= 0);
	assert_int_equal(errno, 0);	/* what is tried in vain inside is not the program's */
	assert_int_equal(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

static void disconnect(struct ends *e)
{
	assert_int_equal(rclose(e->client), 0);
	assert_int_equal(rclose(e->server), 0);
	assert_int_equal(rclose(e->listener), 0);
}

static uint8_t byte_at(size_t at)
{
	return (uint8_t)(at * 31 + (at >> 8));
}

/* Pieces of every size up to 70000, so that they cross the ends of buffers anywhere. */
static void *send_stream(void *arg)
{
	int fd = *(int *)arg;
	uint8_t *data = malloc(STREAM_BYTES);
	size_t at, piece = 1;
	ssize_t n;

	for (at = 0; at < STREAM_BYTES; at++)
		data[at] = byte_at(at);
	for (at = 0; at < STREAM_BYTES; at += (size_t)n) {
		piece = piece * 3 % 70001;
		n = rsend(fd, data + at, piece < STREAM_BYTES - at ? piece : STREAM_BYTES - at, 0);
		if (n <= 0)
			break;
	}
	free(data);
	rshutdown(fd, SHUT_WR);
	return at == STREAM_BYTES ? NULL : "send";
}

static void *recv_stream(void *arg)
{
	int fd = *(int *)arg;
	uint8_t buf[5000];
	size_t at = 0;
	ssize_t n, i;

	while ((n = rrecv(fd, buf, sizeof(buf), 0)) > 0)
		for (i = 0; i < n; i++, at++)
			if (buf[i] != byte_at(at))
				return "content";
	return n == 0 && at == STREAM_BYTES ? NULL : "length";
}

/* Both directions at once: a sender and a receiver on each socket. */
static void streams(int buffer)
{
	struct ends e;
	pthread_t thread[4];
	void *wrong;

	connect_with(&e, buffer, 0);
	pthread_create(&thread[0], NULL, send_stream, &e.client);
	pthread_create(&thread[1], NULL, recv_stream, &e.client);
	pthread_create(&thread[2], NULL, send_stream, &e.server);
	pthread_create(&thread[3], NULL, recv_stream, &e.server);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &wrong);
		if (wrong)
			fail_msg("thread %d: wrong %s", i, (char *)wrong);
	}
	disconnect(&e);
}

static void test_streams(void **state)
{
	streams(1 << 16);
}

static void test_streams_through_small_buffers(void **state)
{
	streams(1);
}

static void poll_for(int fd, short events, short expected)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(rpoll(&p, 1, WAIT_MS), 1);
	assert_int_equal(p.revents, expected);
}

static void test_nonblocking(void **state)
{
	struct sockaddr_in addr;
	int l = listener(&addr), c = rsocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), s, err = -1;
	socklen_t len = sizeof(err);
	char buf[8], *much = calloc(1, 1 << 20);
	ssize_t n, sent = 0;

	assert_int_equal(rfcntl(c, F_GETFL), O_RDWR | O_NONBLOCK);
	assert_int_equal(rfcntl(l, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(raccept(l, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(rconnect(c, (struct sockaddr *)&addr, sizeof(addr)), -1);
	assert_int_equal(errno, EINPROGRESS);
	poll_for(c, POLLOUT, POLLOUT);
	assert_int_equal(rgetsockopt(c, SOL_SOCKET, SO_ERROR, &err, &len), 0);
	assert_int_equal(err, 0);
	poll_for(l, POLLIN, POLLIN);
	s = raccept(l, NULL, NULL);
	assert_true(s >= 0);

	assert_int_equal(rrecv(c, buf, sizeof(buf), 0), -1);
	assert_int_equal(errno, EAGAIN);
	while ((n = rsend(c, much, 1 << 20, 0)) > 0)
		sent += n;
	assert_int_equal(errno, EAGAIN);
	assert_true(sent > 0);
	while (sent > 0) {
		n = rrecv(s, much, 1 << 20, 0);
		assert_true(n > 0);
		sent -= n;
	}
	poll_for(c, POLLOUT, POLLOUT);
	rclose(s);
	poll_for(c, POLLIN, POLLIN | POLLHUP);
	assert_int_equal(rrecv(c, buf, sizeof(buf), 0), 0);
	rclose(c);
	rclose(l);
	free(much);
}

static void test_refused(void **state)
{
	struct sockaddr_in addr;
	int l = listener(&addr), c;

	rclose(l);
	c = rsocket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(rconnect(c, (struct sockaddr *)&addr, sizeof(addr)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(rsend(c, "x", 1, 0), -1);
	rclose(c);
}

static void test_peek_vectors_and_end(void **state)
{
	char a[3], b[8], buf[16];
	struct iovec out[] = { { "hel", 3 }, { NULL, 0 }, { "lo", 2 } };
	struct iovec in[] = { { a, sizeof(a) }, { b, sizeof(b) } };
	struct msghdr msg = { .msg_iov = in, .msg_iovlen = 2 };
	struct ends e;

	connect_with(&e, 1 << 15, 0);
	assert_int_equal(rwritev(e.client, out, 3), 5);
	poll_for(e.server, POLLIN, POLLIN);
	assert_int_equal(rrecv(e.server, buf, sizeof(buf), MSG_PEEK), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(rrecvmsg(e.server, &msg, 0), 5);
	assert_memory_equal(a, "hel", 3);
	assert_memory_equal(b, "lo", 2);

	/* what was sent before the end is read before the end */
	assert_int_equal(rsend(e.client, "bye", 3, 0), 3);
	assert_int_equal(rshutdown(e.client, SHUT_WR), 0);
	assert_int_equal(rsend(e.client, "x", 1, 0), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(rrecv(e.server, buf, sizeof(buf), MSG_WAITALL), 3);
	errno = 0;
	assert_int_equal(rrecv(e.server, buf, sizeof(buf), 0), 0);
	assert_int_equal(errno, 0);
	/* the other direction still goes */
	assert_int_equal(rwrite(e.server, "yes", 3), 3);
	assert_int_equal(rread(e.client, buf, 3), 3);
	disconnect(&e);
}

static void *write_later(void *arg)
{
	usleep(100000);
	return write(*(int *)arg, "x", 1) == 1 ? NULL : arg;
}

static void test_files_beside_rsockets(void **state)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	int pipes[2], n;
	pthread_t thread;
	fd_set readable;
	struct ends e;

	connect_with(&e, 1 << 15, 0);
	assert_int_equal(pipe(pipes), 0);
	pthread_create(&thread, NULL, write_later, &pipes[1]);
	FD_ZERO(&readable);
	FD_SET(pipes[0], &readable);
	FD_SET(e.server, &readable);
	n = (pipes[0] > e.server ? pipes[0] : e.server) + 1;
	assert_int_equal(rselect(n, &readable, NULL, NULL, &limit), 1);
	assert_true(FD_ISSET(pipes[0], &readable));
	assert_false(FD_ISSET(e.server, &readable));
	pthread_join(thread, NULL);
	close(pipes[0]);
	close(pipes[1]);
	disconnect(&e);
}

static void test_options(void **state)
{
	struct timeval tv = { .tv_usec = 50000 };
	int on = 1, value = 0, idle = 3;
	socklen_t len = sizeof(value);
	struct ends e;
	char c;

	connect_with(&e, 1 << 15, 0);
	assert_int_equal(rgetsockopt(e.client, SOL_SOCKET, SO_RCVBUF, &value, &len), 0);
	assert_int_equal(value, 1 << 16);
	assert_int_equal(rsetsockopt(e.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	assert_int_equal(rgetsockopt(e.client, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
	assert_int_equal(value, 1);
	assert_int_equal(rsetsockopt(e.client, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)), 0);
	assert_int_equal(rsetsockopt(e.client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), 0);
	assert_int_equal(rgetsockopt(e.client, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len), 0);
	assert_int_equal(value, 3);
	assert_int_equal(rsetsockopt(e.client, SOL_RDMA, RDMA_SQSIZE, &on, sizeof(on)), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(rsetsockopt(e.client, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(rsetsockopt(e.client, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	assert_int_equal(rrecv(e.client, &c, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	disconnect(&e);
}

static void test_mapped_memory(void **state)
{
	static uint8_t target[100000];
	uint8_t *data = malloc(sizeof(target));
	struct ends e;
	char c = 0;

	memset(data, 0x5a, sizeof(target));
	connect_with(&e, 1 << 15, 2);
	assert_int_equal(riowrite(e.client, data, 1, 0, 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(riomap(e.server, target, sizeof(target), PROT_WRITE, 0, 4096), 4096);
	assert_int_equal(rsend(e.server, &c, 1, 0), 1);		/* tells of it */
	assert_int_equal(rrecv(e.client, &c, 1, 0), 1);
	assert_int_equal(riowrite(e.client, data, sizeof(target), 4096, 0), sizeof(target));
	assert_int_equal(rsend(e.client, &c, 1, 0), 1);
	assert_int_equal(rrecv(e.server, &c, 1, 0), 1);
	assert_memory_equal(target, data, sizeof(target));
	assert_int_equal(riounmap(e.server, target, sizeof(target)), 0);
	assert_int_equal(riounmap(e.server, target, sizeof(target)), -1);
	disconnect(&e);
	free(data);
}

static void test_bad_calls(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int fd = rsocket(AF_INET, SOCK_STREAM, 0);
	char c;

	assert_int_equal(rsocket(AF_INET, SOCK_DGRAM, 0), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(rsocket(AF_UNIX, SOCK_STREAM, 0), -1);
	for (int bad = -1; bad < 1 << 21; bad = bad < 0 ? 0 : bad ? bad * 128 : 1) {
		assert_int_equal(rsend(bad, &c, 1, 0), -1);
		assert_int_equal(errno, EBADF);
		assert_int_equal(rclose(bad), -1);
		assert_int_equal(errno, EBADF);
	}
	assert_int_equal(rrecv(fd, &c, 1, 0), -1);
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(rsend(fd, &c, 1, 0), -1);
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(raccept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(rconnect(fd, (struct sockaddr *)&addr, 3), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(rshutdown(fd, SHUT_RDWR), -1);
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(rsetsockopt(fd, SOL_SOCKET, SO_REUSEADDR, NULL, 4), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(riomap(fd, &c, 1, PROT_WRITE, 0, 0), -1);
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(rclose(fd), 0);
	assert_int_equal(rclose(fd), -1);
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_calls),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_streams_through_small_buffers),
		cmocka_unit_test(test_nonblocking),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_peek_vectors_and_end),
		cmocka_unit_test(test_files_beside_rsockets),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_mapped_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
