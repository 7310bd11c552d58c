// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Start-up of the software RNIC when the other side is late, absent, rude or not RDMA at all. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

#define SOFT .ops = &soft_provider_ops

static const struct pair_cfg plain = { SOFT };

/* RFC 5044 7.1.1: an MPA request, revision 1, CRC, no private data. */
static const char request[] = "MPA ID Req Frame\x40\x01\x00\x00";
#define REQUEST_BYTES (sizeof(request) - 1)

/* ---- a peer that is a bare socket ------------------------------------------------------------------- */

static int raw_connect(const struct pair *p)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&p->addr, sizeof(struct sockaddr_in)),
			 0);
	return fd;
}

static int raw_listen(struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(*addr);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)addr, sizeof(*addr)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)addr, &len), 0);
	return fd;
}

/* Runs the loop until the bare socket can be read, then reads: -1 means reset. */
static ssize_t raw_read(struct pair *p, int fd, void *buf, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < 500 && poll(&pfd, 1, 0) == 0; i++)
		pair_run_ms(p, 10);
	if (poll(&pfd, 1, 0) == 0)
		fail_msg("the socket stays silent");
	return read(fd, buf, len);
}

static const struct ual_event *wait_failed(struct pair *p)
{
	pair_until_event(p, &p->a, UAL_EV_FAILED);
	assert_int_equal(p->a.ev_n, 1);
	return side_event(&p->a, UAL_EV_FAILED);
}

/* ---- active side ------------------------------------------------------------------------------------ */

static void reject_brings_its_reason(void **state)
{
	struct pair_cfg cfg = { SOFT, .reject = true, .passive = { "no room", 7 } };
	struct pair p;

	pair_open(&p, &cfg);
	pair_start(&p);
	pair_until_event(&p, &p.a, UAL_EV_REJECTED);
	assert_int_equal(p.a.ev_n, 1);
	assert_int_equal(p.a.evs[0].pdata_len, 7);
	assert_memory_equal(p.a.evs[0].pdata, "no room", 7);
	/* a QP that was not started may try again */
	p.cfg.reject = false;
	p.a.ev_n = 0;
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&p.addr, sizeof(struct sockaddr_in),
				     NULL),
			 0);
	pair_until_event(&p, &p.a, UAL_EV_ESTABLISHED);
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&p.addr, sizeof(struct sockaddr_in),
				     NULL),
			 -EISCONN);
	pair_close(&p);
}

static void refused(void **state)
{
	struct sockaddr_in addr;
	struct pair p;

	close(raw_listen(&addr));
	pair_open(&p, &plain);
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr), NULL), 0);
	assert_int_equal(wait_failed(&p)->err, -ECONNREFUSED);
	pair_close(&p);
}

/* The address and port that a connection comes from are the consumer's choice. */
static void chosen_source(void **state)
{
	struct sockaddr_in from, *seen;
	struct pair p;

	close(raw_listen(&from));	/* a free port */
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 7);
	pair_open(&p, &plain);
	p.cfg.active.local = (struct sockaddr *)&from;
	pair_connect(&p);
	seen = (struct sockaddr_in *)&p.b.qp->peer;
	assert_int_equal(seen->sin_addr.s_addr, from.sin_addr.s_addr);
	assert_int_equal(seen->sin_port, from.sin_port);
	seen = (struct sockaddr_in *)&p.a.qp->local;
	assert_int_equal(seen->sin_port, from.sin_port);
	pair_close(&p);
	/* not this machine's */
	pair_open(&p, &plain);
	pair_listen(&p);
	from = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000209) };
	p.cfg.active.local = (struct sockaddr *)&from;
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&p.addr, sizeof(from),
				     &p.cfg.active),
			 -EADDRNOTAVAIL);
	from.sin_family = AF_INET6;
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&p.addr, sizeof(from),
				     &p.cfg.active),
			 -EAFNOSUPPORT);
	pair_close(&p);
}

static void bad_arguments(void **state)
{
	struct sockaddr_in addr;
	struct sockaddr nowhere = { .sa_family = AF_UNIX };
	char big[253] = "";
	struct pair p;

	pair_open(&p, &plain);
	pair_listen(&p);
	addr = *(struct sockaddr_in *)&p.addr;
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr),
				     &(struct ual_conn_param){ .pdata = big, .pdata_len = 253 }),
			 -EMSGSIZE);
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr),
				     &(struct ual_conn_param){ .mpa_revision = 3 }),
			 -EINVAL);
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr),
				     &(struct ual_conn_param){ .ord = 9 }),
			 -EINVAL);
	assert_true(ual_connect(p.a.qp, &nowhere, sizeof(nowhere), NULL) < 0);
	assert_int_equal(ual_disconnect(p.a.qp), -ENOTCONN);
	assert_int_equal(side_send(&p.a, 1, 0, 1, 0), -ENOTCONN);
	pair_run_ms(&p, 5);
	assert_int_equal(p.a.ev_n, 0);
	assert_int_equal(ual_device_close(p.a.dev), -EBUSY);
	assert_int_equal(ual_pd_destroy(p.a.pd), -EBUSY);
	assert_int_equal(ual_cq_destroy(p.a.cq), -EBUSY);
	/* the address that is taken */
	{
		struct ual_listen_cfg cfg = { .addr = (struct sockaddr *)&addr,
					      .addr_len = sizeof(addr),
					      .on_request = (void *)1 };
		struct ual_listener *l;

		assert_int_equal(ual_listen(p.a.dev, &cfg, &l), -EADDRINUSE);
		addr.sin_addr.s_addr = inet_addr("192.0.2.1");
		assert_int_equal(ual_listen(p.a.dev, &cfg, &l), -EADDRNOTAVAIL);
	}
	pair_close(&p);
}

static void silent_server_times_out(void **state)
{
	struct pair_cfg cfg = { SOFT, .active.timeout_ms = 50 };
	struct sockaddr_in addr;
	int fd = raw_listen(&addr);
	struct pair p;

	pair_open(&p, &cfg);
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr), &cfg.active),
			 0);
	assert_int_equal(wait_failed(&p)->err, -ETIMEDOUT);
	pair_close(&p);
	close(fd);
}

static void strange_servers(void **state)
{
	static const struct {
		const char *name;
		const char *say;
		size_t len;
		int err;
	} cases[] = {
#define S(text) text, sizeof(text) - 1
		{ "closes", S(""), -ECONNRESET },
		{ "closes in the reply", S("MPA ID Rep Frame\x40"), -ECONNRESET },
		{ "speaks HTTP", S("HTTP/1.1 400 Bad Request\r\n"), -EPROTO },
		{ "sends a request", S("MPA ID Req Frame\x40\x02\x00\x00"), -EPROTO },
		{ "old revision", S("MPA ID Rep Frame\x40\x01\x00\x00"), -EPROTONOSUPPORT },
		{ "too much private data", S("MPA ID Rep Frame\x50\x02\xff\xff"), -EPROTO },
#undef S
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sockaddr_in addr;
		int listener = raw_listen(&addr), fd;
		struct pair p;

		print_message("  %s\n", cases[i].name);
		pair_open(&p, &plain);
		assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr), NULL),
				 0);
		fd = accept(listener, NULL, NULL);
		pair_run_ms(&p, 5);
		assert_int_equal(write(fd, cases[i].say, cases[i].len), cases[i].len);
		shutdown(fd, SHUT_WR);
		assert_int_equal(wait_failed(&p)->err, cases[i].err);
		close(fd);
		close(listener);
		pair_close(&p);
	}
}

static void ipv6(void **state)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct ual_listen_cfg cfg = { .addr = (struct sockaddr *)&any,
				      .addr_len = sizeof(any),
				      .on_request = (void *)1 };
	struct ual_listener *l;
	struct sockaddr_storage addr;
	struct pair p;
	int err;

	pair_open(&p, &plain);
	err = ual_listen(p.b.dev, &cfg, &l);
	if (err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT) {
		print_message("  no ::1 here\n");
		pair_close(&p);
		skip();
	}
	assert_int_equal(err, 0);
	ual_listener_destroy(l);
	pair_listen_at(&p, (struct sockaddr *)&any, sizeof(any));
	assert_int_equal(ual_listener_addr(p.listener, &addr), 0);
	assert_int_equal(addr.ss_family, AF_INET6);
	side_recv(&p.b, 1, 0, 100);
	assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(any), NULL), 0);
	pair_until_event(&p, &p.a, UAL_EV_ESTABLISHED);
	assert_int_equal(p.a.qp->peer.ss_family, AF_INET6);
	assert_int_equal(side_send(&p.a, 1, 0, 100, WR_SIGNALED), 0);
	pair_until_wcs(&p, &p.b, 1);
	pair_close(&p);
}

static void destroyed_while_starting(void **state)
{
	for (int run_ms = 0; run_ms <= 20; run_ms += 10) {
		struct sockaddr_in addr;
		int fd = raw_listen(&addr);
		struct pair p;

		pair_open(&p, &plain);
		assert_int_equal(ual_connect(p.a.qp, (struct sockaddr *)&addr, sizeof(addr), NULL),
				 0);
		if (run_ms)
			pair_run_ms(&p, (unsigned)run_ms);
		assert_int_equal(ual_qp_destroy(p.a.qp), 0);
		p.a.qp = NULL;
		pair_close(&p);
		close(fd);
	}
}

/* ---- passive side ----------------------------------------------------------------------------------- */

static void strange_clients_are_dropped(void **state)
{
	static const struct {
		const char *name;
		const char *say;
		size_t len;
		bool half_close;
	} cases[] = {
#define S(text) text, sizeof(text) - 1
		{ "speaks HTTP", S("GET / HTTP/1.0\r\n\r\n"), false },
		{ "closes at once", S(""), true },
		{ "closes in the request", S("MPA ID Req Fr"), true },
		{ "bad revision", S("MPA ID Req Frame\x40\x07\x00\x00"), false },
		{ "too much private data", S("MPA ID Req Frame\x40\x01\x02\x01"), false },
		{ "words that are too short", S("MPA ID Req Frame\x50\x02\x00\x03"), false },
		{ "speaks out of turn",
		  S("MPA ID Req Frame\x40\x01\x00\x00"
		    "more"),
		  false },
#undef S
	};
	struct pair p;

	pair_open(&p, &plain);
	pair_listen(&p);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = raw_connect(&p);
		char buf[64];

		print_message("  %s\n", cases[i].name);
		assert_int_equal(write(fd, cases[i].say, cases[i].len), cases[i].len);
		if (cases[i].half_close)
			shutdown(fd, SHUT_WR);
		assert_true(raw_read(&p, fd, buf, sizeof(buf)) <= 0);
		close(fd);
	}
	assert_int_equal(p.req_n, 0);
	pair_close(&p);
}

static void silent_client_times_out(void **state)
{
	struct pair p;
	struct ual_listen_cfg cfg;
	struct sockaddr_in any = { .sin_family = AF_INET };
	char buf[4];
	int fd;

	pair_open(&p, &plain);
	cfg = (struct ual_listen_cfg){ .addr = (struct sockaddr *)&any,
				       .addr_len = sizeof(any),
				       .timeout_ms = 40,
				       .on_request = (void *)1 };
	assert_int_equal(ual_listen(p.b.dev, &cfg, &p.listener), 0);
	assert_int_equal(ual_listener_addr(p.listener, &p.addr), 0);
	fd = raw_connect(&p);
	assert_int_equal(write(fd, request, 10), 10);
	assert_true(raw_read(&p, fd, buf, 4) <= 0);
	close(fd);
	pair_close(&p);
}

static void byte_by_byte(void **state)
{
	struct pair p;
	char reply[64];
	int fd;

	pair_open(&p, &plain);
	pair_listen(&p);
	fd = raw_connect(&p);
	for (size_t i = 0; i < REQUEST_BYTES; i++) {
		assert_int_equal(p.req_n, 0);
		assert_int_equal(write(fd, request + i, 1), 1);
		pair_run_ms(&p, 1);
	}
	/* RFC 5044 7.1.1: revision 1, CRC on, accepted, no private data */
	assert_int_equal(raw_read(&p, fd, reply, sizeof(reply)), 20);
	assert_memory_equal(reply, "MPA ID Rep Frame\x40\x01\x00\x00", 20);
	pair_until_event(&p, &p.b, UAL_EV_ESTABLISHED);
	assert_int_equal(p.req_n, 1);
	close(fd);
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	assert_int_equal(side_event(&p.b, UAL_EV_DISCONNECTED)->err, 0);
	pair_close(&p);
}

static void answer_may_come_late(void **state)
{
	struct pair_cfg cfg = { SOFT, .keep = true };
	struct pair p;

	pair_open(&p, &cfg);
	pair_start(&p);
	for (int i = 0; i < 100 && !p.req_n; i++)
		pair_run_ms(&p, 5);
	assert_int_equal(p.req_n, 1);
	assert_int_equal(p.req->peer_ird, 8);
	assert_int_equal(p.a.ev_n, 0);
	assert_int_equal(ual_accept(p.req, p.b.qp, NULL), 0);
	pair_until_event(&p, &p.a, UAL_EV_ESTABLISHED);
	pair_until_event(&p, &p.b, UAL_EV_ESTABLISHED);
	pair_close(&p);
}

static void peer_left_before_the_answer(void **state)
{
	static const struct {
		bool accept, reset, speak;
		int err;
	} cases[] = {
		{ true, false, false, -ECONNRESET }, { true, true, false, -ECONNRESET },
		{ true, false, true, -EPROTO },	     { false, false, false, 0 },
		{ false, true, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair_cfg cfg = { SOFT, .keep = true };
		struct linger reset = { .l_onoff = 1 };
		struct pair p;
		int fd;

		pair_open(&p, &cfg);
		pair_listen(&p);
		fd = raw_connect(&p);
		assert_int_equal(write(fd, request, REQUEST_BYTES), REQUEST_BYTES);
		for (int k = 0; k < 100 && !p.req_n; k++)
			pair_run_ms(&p, 5);
		if (cases[i].speak)
			assert_int_equal(write(fd, "x", 1), 1);
		if (cases[i].reset)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
		pair_run_ms(&p, 10);
		assert_int_equal(ual_device_close(p.b.dev), -EBUSY);
		if (cases[i].accept) {
			assert_int_equal(ual_accept(p.req, p.b.qp, NULL), 0);
			pair_until_event(&p, &p.b, UAL_EV_FAILED);
			assert_int_equal(side_event(&p.b, UAL_EV_FAILED)->err, cases[i].err);
		} else {
			ual_reject(p.req, NULL, 0);
		}
		pair_run_ms(&p, 5);
		pair_close(&p);
	}
}

static struct {
	unsigned n;
	int err;
} refusals;

static void on_refused(struct ual_device *dev, const struct sockaddr_storage *peer, int err,
		       void *ctx)
{
	assert_int_equal(peer->ss_family, AF_INET);
	refusals.n++;
	refusals.err = err;
}

/* The one that has waited for longest. */
static void too_many_waiting_are_reset(void **state)
{
	struct pair p;
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct ual_listen_cfg cfg = { .addr = (struct sockaddr *)&any,
				      .addr_len = sizeof(any),
				      .pending_max = 2,
				      .on_request = (void *)1,
				      .on_refused = on_refused };
	int fds[3];
	char c;

	pair_open(&p, &plain);
	assert_int_equal(ual_listen(p.b.dev, &cfg, &p.listener), 0);
	assert_int_equal(ual_listener_addr(p.listener, &p.addr), 0);
	refusals.n = 0;
	fds[0] = raw_connect(&p);
	fds[1] = raw_connect(&p);
	pair_run_ms(&p, 5);
	assert_int_equal(refusals.n, 0);
	fds[2] = raw_connect(&p);
	assert_int_equal(raw_read(&p, fds[0], &c, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(refusals.n, 1);
	assert_int_equal(refusals.err, -EBUSY);
	for (int i = 1; i < 3; i++)
		assert_int_equal(recv(fds[i], &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	pair_run_ms(&p, 5);
	/* room again */
	fds[0] = raw_connect(&p);
	assert_int_equal(write(fds[0], "?", 1), 1);
	assert_true(raw_read(&p, fds[0], &c, 1) <= 0);
	assert_int_equal(refusals.n, 2);
	assert_int_equal(refusals.err, -EPROTO);	/* no start-up, and no streams are taken */
	close(fds[0]);
	pair_close(&p);
}

/* One host has its share: it pushes out its own. */
static void a_share_of_waiting(void **state)
{
	struct pair p;
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct ual_listen_cfg cfg = { .addr = (struct sockaddr *)&any,
				      .addr_len = sizeof(any),
				      .pending_max = 8,
				      .pending_share = 2,
				      .timeout_ms = 50,
				      .on_request = (void *)1,
				      .on_refused = on_refused };
	int fds[3];
	char c;

	pair_open(&p, &plain);
	assert_int_equal(ual_listen(p.b.dev, &cfg, &p.listener), 0);
	assert_int_equal(ual_listener_addr(p.listener, &p.addr), 0);
	refusals.n = 0;
	for (int i = 0; i < 3; i++)
		fds[i] = raw_connect(&p);
	assert_int_equal(raw_read(&p, fds[0], &c, 1), -1);
	assert_int_equal(refusals.n, 1);
	assert_true(raw_read(&p, fds[2], &c, 1) <= 0);
	pair_run_ms(&p, 5);
	assert_int_equal(refusals.n, 3);
	assert_int_equal(refusals.err, -ETIMEDOUT);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	pair_close(&p);
}

/* Out of descriptors: connections wait in the backlog, the loop does not spin on them. */
static void no_descriptors_left(void **state)
{
	const char *preload = getenv("LD_PRELOAD");
	struct rlimit limit, low;
	struct timespec cpu[2];
	struct pair p;
	int fd, spare;
	char reply[64];

	/* valgrind closes what lies above the limit only after the kernel has accepted it */
	if (preload && strstr(preload, "vgpreload"))
		skip();
	pair_open(&p, &plain);
	pair_listen(&p);
	fd = raw_connect(&p);
	assert_int_equal(write(fd, request, REQUEST_BYTES), REQUEST_BYTES);
	spare = dup(fd);
	assert_true(spare >= 0);
	close(spare);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){ .rlim_cur = (rlim_t)spare, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu[0]);
	pair_run_ms(&p, 250);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu[1]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(p.req_n, 0);
	assert_true((cpu[1].tv_sec - cpu[0].tv_sec) * 1000 +
			    (cpu[1].tv_nsec - cpu[0].tv_nsec) / 1000000 <
		    50);
	assert_int_equal(raw_read(&p, fd, reply, sizeof(reply)), 20);
	close(fd);
	pair_close(&p);
}

/* A peer that resets the connection while everything is under way. */
static void reset_under_load(void **state)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct pair p;
	char reply[64];
	int fd;

	pair_open(&p, &plain);
	for (unsigned i = 0; i < 32; i++)
		side_recv(&p.b, i, 0, 100);
	pair_listen(&p);
	fd = raw_connect(&p);
	assert_int_equal(write(fd, request, REQUEST_BYTES), REQUEST_BYTES);
	assert_int_equal(raw_read(&p, fd, reply, sizeof(reply)), 20);
	/* an FPDU that never ends: untagged, last, Send, queue 0, MSN 1 */
	assert_int_equal(write(fd, "\x00\x80\x41\x43\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0payload", 27),
			 27);
	pair_run_ms(&p, 5);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	assert_int_equal(side_event(&p.b, UAL_EV_DISCONNECTED)->err, -ECONNRESET);
	assert_int_equal(p.b.wc_n, 32);
	pair_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reject_brings_its_reason),
		cmocka_unit_test(refused),
		cmocka_unit_test(chosen_source),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(silent_server_times_out),
		cmocka_unit_test(strange_servers),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(destroyed_while_starting),
		cmocka_unit_test(strange_clients_are_dropped),
		cmocka_unit_test(silent_client_times_out),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(answer_may_come_late),
		cmocka_unit_test(peer_left_before_the_answer),
		cmocka_unit_test(too_many_waiting_are_reset),
		cmocka_unit_test(a_share_of_waiting),
		cmocka_unit_test(no_descriptors_left),
		cmocka_unit_test(reset_under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
