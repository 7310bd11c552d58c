// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Clients of the TCP transport that go too far: floods of calls and connections, halves of messages, replies that nobody
 * takes, no descriptors.  At each limit all is well, past it the server helps itself.  The clock is the test's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "targets/nfsd/tcp_conn.h"

#define NS_PER_S	1000000000ull
#define PROG		400000
#define HELD_MAX	256
#define CALL_BYTES	40
#define REPLY_BYTES	24
#define BIG_BYTES	(1u << 20)	/* as if read */

enum { PROC_WAITS, PROC_BIG };

static uint64_t now_ns;

static uint64_t clock_now(void *ctx)
{
	return now_ns;
}

static bool clock_idle(void *ctx, uint64_t until_ns)
{
	return true;
}

static const struct ual_clock the_clock = { .now_ns = clock_now, .idle = clock_idle };

/* ---- a server whose calls wait until the test lets them go ------------------------------------------------ */

static struct nfs_call *held[HELD_MAX];
static unsigned held_n;

void nfs_workers_add(struct nfs_workers *w, struct nfs_call *call)
{
	assert_true(held_n < HELD_MAX);
	held[held_n++] = call;
}

static enum nfs_outcome waits(struct nfs_call *call, bool may_block)
{
	return NFS_DONE;
}

static enum nfs_outcome big(struct nfs_call *call, bool may_block)
{
	u8 *data = nfs_call_data_out(call, BIG_BYTES);

	if (!data)
		return NFS_SYSTEM_ERR;
	memset(data, 0, BIG_BYTES);
	nfs_call_data_set(call, data, BIG_BYTES);
	return NFS_DONE;
}

static const struct nfs_proc procs[] = {
	[PROC_WAITS] = { .name = "WAITS", .fn = waits },
	[PROC_BIG] = { .name = "BIG", .fn = big },
};
static const struct nfs_proc *const tables[] = { procs };
static const unsigned proc_ns[] = { 2 };
static struct nfs_program program = {
	.prog = PROG, .vers_low = 1, .vers_high = 1, .procs = tables, .proc_n = proc_ns
};

struct fixture {
	struct ual_loop *loop;
	struct nfs_server server;
	struct nfsd_tcp *tcp;
	struct sockaddr_in addr;
	unsigned up;			/* connections */
	const char *why;		/* the last one went */
	unsigned refused;
};
static struct fixture *the_fixture;

static void conn_up(struct nfs_server *server, struct nfs_conn *conn)
{
	the_fixture->up++;
}

static void conn_down(struct nfs_server *server, struct nfs_conn *conn)
{
	the_fixture->up--;
	the_fixture->why = conn->why;
}

static void refusal(struct nfs_reactor *reactor, const struct sockaddr_storage *peer,
		    const char *why)
{
	the_fixture->refused++;
}

/* False: it did something in every pass, as one that spins does. */
static bool settles(struct fixture *f)
{
	for (unsigned i = 0; i < 200; i++)
		if (ual_loop_step(f->loop, 0) == 0)
			return true;
	return false;
}

static void release(struct fixture *f, unsigned n)
{
	assert_true(n <= held_n);
	for (unsigned i = 0; i < n; i++)
		nfs_call_run_blocking(held[i]);
	held_n -= n;
	memmove(held, held + n, held_n * sizeof(held[0]));
	assert_true(settles(f));
}

static void pass(struct fixture *f, uint64_t ns)
{
	now_ns += ns;
	assert_true(settles(f));
}

static int setup(void **state)
{
	const struct ual_loop_cfg cfg = { .clock = &the_clock };
	struct fixture *f = the_fixture = calloc(1, sizeof(*f));
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct sockaddr_storage bound;
	struct rlimit limit;

	now_ns = NS_PER_S;
	held_n = 0;
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (ual_loop_create(&cfg, &f->loop))
		return -1;
	f->server.programs = &program;
	f->server.conn_up = conn_up;
	f->server.conn_down = conn_down;
	f->server.refusal_log = refusal;
	f->server.reactors = calloc(1, sizeof(f->server.reactors[0]));
	f->server.reactor_n = 1;
	nfs_reactor_init(f->server.reactors, f->loop);
	if (nfsd_tcp_create(&f->server, &f->loop, 1, (struct sockaddr *)&any, sizeof(any),
			    &f->tcp) ||
	    nfsd_tcp_addr(f->tcp, &bound))
		return -1;
	memcpy(&f->addr, &bound, sizeof(f->addr));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	nfsd_tcp_stop(f->tcp);
	nfsd_tcp_reactor_stop(f->tcp, 0);
	assert_true(settles(f));
	release(f, held_n);
	assert_true(nfsd_tcp_reactor_stop(f->tcp, 0));
	assert_int_equal(f->up, 0);
	nfsd_tcp_destroy(f->tcp);
	ual_loop_destroy(f->loop);
	free(f->server.reactors);
	free(f);
	return 0;
}

/* ---- clients ---------------------------------------------------------------------------------------- */

/* From 127.0.0.host. */
static int client(struct fixture *f, unsigned host)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(0x7f000000 | host) };
	struct sockaddr_in to = f->addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_true(settles(f));
	return fd;
}

static size_t call_encode(u8 *record, u32 xid, u32 proc, u32 args)
{
	struct xdr_out out;

	put_unaligned_be32(0x80000000 | (CALL_BYTES + args), record);
	xdr_out_init(&out, record + 4, CALL_BYTES);
	rpc_call_encode(&out, xid, PROG, 1, proc, NULL);
	assert_int_equal(xdr_out_len(&out), CALL_BYTES);
	return 4 + CALL_BYTES + args;
}

/* While the server reads: more than the sockets hold. */
static void put(struct fixture *f, int fd, const u8 *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = send(fd, data + at, len - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			fail_msg("send: %s", strerror(errno));
		if (n > 0)
			at += (size_t)n;
		assert_true(settles(f));
		if (n < 0)
			return;		/* it does not read */
	}
}

static void calls(struct fixture *f, int fd, unsigned n)
{
	u8 *records = malloc(n * (4 + CALL_BYTES));
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += call_encode(records + len, i, PROC_WAITS, 0);
	put(f, fd, records, len);
	free(records);
	assert_true(settles(f));
}

static bool is_open(int fd)
{
	u8 byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

static unsigned replies(int fd)
{
	u8 record[4 + REPLY_BYTES];
	unsigned n = 0;

	while (recv(fd, record, sizeof(record), MSG_DONTWAIT) == sizeof(record))
		n++;
	return n;
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static void test_calls(void **state)
{
	struct fixture *f = *state;
	int fd = client(f, 1);

	calls(f, fd, TCP_CALLS_MAX + 22);
	assert_int_equal(held_n, TCP_CALLS_MAX);
	release(f, 1);
	assert_int_equal(held_n, TCP_CALLS_MAX);
	calls(f, fd, 50);
	assert_int_equal(held_n, TCP_CALLS_MAX);
	while (held_n)
		release(f, 1);
	assert_int_equal(replies(fd), TCP_CALLS_MAX + 72);
	close(fd);
}

/* At the limit nothing is read, and the end of the connection is told in every pass. */
static void test_gone_at_the_limit(void **state)
{
	const struct linger reset = { 1, 0 };
	struct fixture *f = *state;
	int fd = client(f, 1);

	calls(f, fd, TCP_CALLS_MAX + 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	assert_true(settles(f));
	assert_int_equal(f->up, 1);	/* its calls are still under way */
	release(f, TCP_CALLS_MAX);
	assert_int_equal(f->up, 0);
	assert_int_equal(held_n, 0);
}

static void test_window(void **state)
{
	const u32 args = BIG_BYTES - CALL_BYTES;
	u8 *record = calloc(1, 4 + BIG_BYTES);
	struct fixture *f = *state;
	size_t len = call_encode(record, 1, PROC_WAITS, args);
	int fd = client(f, 1);

	for (unsigned i = 0; i < TCP_WINDOW / BIG_BYTES + 4; i++)
		put(f, fd, record, len);
	/* With what has come of the next one. */
	assert_int_equal(held_n, TCP_WINDOW / BIG_BYTES - 1);
	for (unsigned i = 0; i < 4; i++) {
		release(f, 1);
		assert_int_equal(held_n, TCP_WINDOW / BIG_BYTES - 1);
	}
	close(fd);
	free(record);
}

/* ---- time ------------------------------------------------------------------------------------------- */

static void test_half_message(void **state)
{
	static const size_t halves[] = { 1, 3, 4, 5, 4 + CALL_BYTES - 1 };
	u8 record[4 + CALL_BYTES];

	call_encode(record, 1, PROC_WAITS, 0);
	for (unsigned i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		struct fixture *f = *state;
		int fd = client(f, 1);

		pass(f, 3600 * NS_PER_S);	/* nothing at all is no half */
		put(f, fd, record, halves[i]);
		pass(f, TCP_SILENCE_S * NS_PER_S - 1);
		assert_true(is_open(fd));
		pass(f, 1);
		assert_false(is_open(fd));
		assert_string_equal(f->why, "a message did not come to its end");
		close(fd);
	}
}

static void test_trickle(void **state)
{
	struct fixture *f = *state;
	u8 record[4 + CALL_BYTES + 400];
	int fd = client(f, 1);
	unsigned at = 0;

	memset(record, 0, sizeof(record));
	call_encode(record, 1, PROC_WAITS, 400);
	for (uint64_t s = 0; s < TCP_MESSAGE_S; s += 20) {
		assert_true(is_open(fd));
		put(f, fd, record + at++, 1);
		pass(f, 20 * NS_PER_S);
	}
	assert_false(is_open(fd));
	close(fd);
}

/* Messages that follow each other closely are each a message of its own. */
static void test_busy_for_long(void **state)
{
	struct fixture *f = *state;
	u8 record[4 + CALL_BYTES];
	size_t len = call_encode(record, 1, PROC_WAITS, 0);
	int fd = client(f, 1);

	put(f, fd, record, 10);
	for (unsigned i = 0; i < 2 * TCP_MESSAGE_S / 20; i++) {
		put(f, fd, record + 10, len - 10);
		put(f, fd, record, 10);
		pass(f, 20 * NS_PER_S);
		release(f, 1);
	}
	assert_int_equal(replies(fd), 2 * TCP_MESSAGE_S / 20);
	assert_true(is_open(fd));
	close(fd);
}

/* A wait of ours is not held against it. */
static void test_our_wait(void **state)
{
	struct fixture *f = *state;
	u8 record[4 + CALL_BYTES];
	int fd = client(f, 1);

	call_encode(record, 1, PROC_WAITS, 0);
	calls(f, fd, TCP_CALLS_MAX);
	put(f, fd, record, 10);
	pass(f, 1000 * NS_PER_S);
	release(f, 1);
	pass(f, (TCP_SILENCE_S - 1) * NS_PER_S);
	put(f, fd, record + 10, sizeof(record) - 10);
	assert_int_equal(held_n, TCP_CALLS_MAX);
	assert_int_equal(f->up, 1);
	close(fd);
}

static unsigned ask_big(struct fixture *f, int fd, unsigned n)
{
	u8 record[4 + CALL_BYTES];

	for (unsigned i = 0; i < n; i++)
		put(f, fd, record, call_encode(record, i, PROC_BIG, 0));
	n = held_n;
	release(f, held_n);
	return n;
}

static void test_replies_not_taken(void **state)
{
	struct fixture *f = *state;
	int fd = client(f, 1);

	/* More than the sockets take; then no more is asked for. */
	ask_big(f, fd, 64);
	ask_big(f, fd, 1);
	assert_int_equal(held_n, 0);
	pass(f, TCP_SILENCE_S * NS_PER_S - 1);
	assert_int_equal(f->up, 1);
	pass(f, 1);
	assert_int_equal(f->up, 0);
	assert_string_equal(f->why, "it does not take its replies");
	close(fd);
}

/* Who holds the memory of all and does nothing goes as soon as others need it. */
static void test_memory_of_all(void **state)
{
	const unsigned each = 100, n = TCP_REACTOR_BYTES / BIG_BYTES / each + 2;
	struct fixture *f = *state;
	int fds[16];

	assert_true(n <= 16);
	for (unsigned i = 0; i < n; i++) {
		fds[i] = client(f, 1 + i);
		assert_int_equal(ask_big(f, fds[i], each), each);
		pass(f, TCP_STUCK_MS * 1000000ull);
	}
	assert_in_range(f->up, 2, n - 1);
	assert_false(is_open(fds[n - 1]));	/* has replies to read */
	assert_string_equal(f->why, "it holds memory that others need");
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
}

/* ---- connections ------------------------------------------------------------------------------------ */

static void test_silent(void **state)
{
	struct fixture *f = *state;
	int fds[NFS_SILENT_MAX + 2];
	unsigned n = 0;

	for (; n < NFS_SILENT_OF_HOST; n++)
		fds[n] = client(f, 1);
	assert_true(is_open(fds[0]));
	fds[n++] = client(f, 1);
	assert_false(is_open(fds[0]));	/* the oldest of that host */
	assert_true(is_open(fds[1]));
	assert_int_equal(f->refused, 1);
	for (; n < NFS_SILENT_MAX + 1; n++)
		fds[n] = client(f, 2 + n / NFS_SILENT_OF_HOST);
	assert_int_equal(f->up, NFS_SILENT_MAX);
	assert_true(is_open(fds[1]));
	fds[n++] = client(f, 200);
	assert_false(is_open(fds[1]));	/* the oldest of all */
	assert_int_equal(f->up, NFS_SILENT_MAX);
	assert_int_equal(f->refused, 2);
	calls(f, fds[n - 1], 1);
	assert_int_equal(held_n, 1);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
}

/* Connections that have called are not pushed out, but their number has an end. */
static void test_conns(void **state)
{
	struct fixture *f = *state;
	static int fds[NFS_CONNS_MAX + 3];
	struct rlimit limit;
	unsigned n = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < 2 * NFS_CONNS_MAX + 64)
		skip();
	for (; n < NFS_CONNS_MAX; n++) {
		fds[n] = client(f, n < NFS_CONNS_OF_HOST ? 1 : 2);
		calls(f, fds[n], 1);
		release(f, 1);
		assert_int_equal(replies(fds[n]), 1);
		if (n + 1 == NFS_CONNS_OF_HOST) {
			int more = client(f, 1);

			assert_false(is_open(more));
			close(more);
		}
	}
	assert_int_equal(f->up, NFS_CONNS_MAX);
	fds[n++] = client(f, 3);
	assert_false(is_open(fds[n - 1]));
	assert_int_equal(f->refused, 2);
	close(fds[0]);
	assert_true(settles(f));
	fds[n++] = client(f, 3);
	assert_true(is_open(fds[n - 1]));	/* silent: goes for the next */
	fds[n++] = client(f, 4);
	assert_false(is_open(fds[n - 2]));
	assert_true(is_open(fds[n - 1]));
	for (unsigned i = 1; i < n; i++)
		close(fds[i]);
}

static void test_no_descriptors(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, less;
	const char *preloaded = getenv("LD_PRELOAD");
	int fd = client(f, 1), waiting, next;

	/* valgrind keeps the limit to itself: the kernel accepts, and valgrind closes what is one too many. */
	if (preloaded && strstr(preloaded, "vgpreload")) {
		close(fd);
		skip();
	}
	waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(waiting >= 0);
	next = dup(waiting);
	close(next);
	getrlimit(RLIMIT_NOFILE, &limit);
	less = limit;
	less.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	f->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(waiting, (struct sockaddr *)&f->addr, sizeof(f->addr)), 0);
	assert_true(settles(f));
	pass(f, TCP_PAUSE_MS * 1000000ull);	/* tries again, and rests again */
	assert_int_equal(f->up, 1);
	calls(f, fd, 1);			/* the others are served meanwhile */
	assert_int_equal(held_n, 1);
	setrlimit(RLIMIT_NOFILE, &limit);
	pass(f, TCP_PAUSE_MS * 1000000ull);
	assert_int_equal(f->up, 2);
	close(waiting);
	close(fd);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls),	  TEST(test_gone_at_the_limit),
		TEST(test_window),	  TEST(test_half_message),
		TEST(test_trickle),	  TEST(test_busy_for_long),
		TEST(test_our_wait),	  TEST(test_replies_not_taken),
		TEST(test_memory_of_all), TEST(test_silent),
		TEST(test_conns),	  TEST(test_no_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
