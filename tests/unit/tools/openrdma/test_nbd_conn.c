// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The transmission phase over a socketpair: requests as the protocol's document lays them out, cut at every
 * place, payloads of every kind of size, and clients that break off or talk nonsense.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/tools/openrdma/rig.h"
#include "tools/openrdma/nbd_conn.h"

#define SIZE	(64u << 20)
#define WAIT_NS	60000000000ull	/* long: sanitizers and valgrind are slow */

struct client {
	struct rig rig;
	struct buf_pool *pool;
	struct nbd_conn *conn;
	int fd;
	bool closed;
	int err;
};

static void on_closed(void *ctx, int err)
{
	struct client *c = ctx;

	c->closed = true;
	c->err = err;
}

static void on_freed(void *ctx)
{
	struct client *c = ctx;

	nbd_conn_resume(c->conn);
}

static void client_open_as(struct client *c, uint32_t depth, const char *early, size_t early_len,
			   bool own_user)
{
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 512, .jitter_us = 100 };
	struct nbd_conn_cfg conn = { .on_closed = on_closed, .ctx = c };
	int fds[2];

	*c = (struct client){ 0 };
	rig_open(&c->rig, &cfg);
	assert_int_equal(nbd_pool_create(c->rig.dio, depth, on_freed, c, &c->pool), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	c->fd = fds[1];
	conn.loop = c->rig.loop;
	conn.dio = c->rig.dio;
	conn.pool = c->pool;
	conn.fd = fds[0];
	conn.early = early;
	conn.early_len = early_len;
	conn.own_user = own_user;
	assert_int_equal(nbd_conn_create(&conn, &c->conn), 0);
}

static void client_open(struct client *c, uint32_t depth, const char *early, size_t early_len)
{
	client_open_as(c, depth, early, early_len, false);
}

/* The client is gone already, or leaves now. */
static void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	rig_run(&c->rig, &c->closed);
	nbd_conn_destroy(c->conn);
	buf_pool_destroy(c->pool);
	rig_close(&c->rig);
}

/* Both directions at once: neither end waits for the other's buffer. */
static void exchange(struct client *c, const uint8_t *out, size_t out_len, uint8_t *in,
		     size_t in_len)
{
	uint64_t until = ual_loop_now(c->rig.loop) + WAIT_NS;
	size_t sent = 0, got = 0;

	while (sent < out_len || got < in_len) {
		ssize_t n;

		if (sent < out_len) {
			n = send(c->fd, out + sent, out_len - sent, MSG_NOSIGNAL);
			if (n > 0)
				sent += (size_t)n;
		}
		ual_loop_step(c->rig.loop, 100000);
		if (got < in_len) {
			n = recv(c->fd, in + got, in_len - got, 0);
			assert_true(n != 0);
			if (n > 0)
				got += (size_t)n;
		}
		assert_true(ual_loop_now(c->rig.loop) < until);
	}
}

static size_t put_request(uint8_t *to, uint16_t flags, uint16_t type, uint64_t cookie,
			  uint64_t offset, uint32_t len)
{
	static const uint8_t magic[] = { 0x25, 0x60, 0x95, 0x13 };

	memcpy(to, magic, 4);
	to[4] = (uint8_t)(flags >> 8);
	to[5] = (uint8_t)flags;
	to[6] = (uint8_t)(type >> 8);
	to[7] = (uint8_t)type;
	put_unaligned_be64(cookie, to + 8);
	put_unaligned_be64(offset, to + 16);
	put_unaligned_be32(len, to + 24);
	return 28;
}

static void check_reply(const uint8_t *at, uint32_t error, uint64_t cookie)
{
	static const uint8_t magic[] = { 0x67, 0x44, 0x66, 0x98 };

	assert_memory_equal(at, magic, 4);
	assert_int_equal(get_unaligned_be32(at + 4), error);
	assert_int_equal(get_unaligned_be64(at + 8), cookie);
}

/* ---- one request ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *request;
	uint32_t error;
	size_t data;		/* bytes behind the reply */
} requests[] = {
	{ "read of 512", "%`\x95\x13\0\0\0\0COOKIE..\0\0\0\0\0\0\2\0\0\0\2\0", 0, 512 },
	{ "read of 3 at 1", "%`\x95\x13\0\0\0\0COOKIE..\0\0\0\0\0\0\0\1\0\0\0\3", 0, 3 },
	{ "read of nothing", "%`\x95\x13\0\0\0\0COOKIE..\0\0\0\0\0\0\0\0\0\0\0\0", 22, 0 },
	{ "read past the end", "%`\x95\x13\0\0\0\0COOKIE..\0\0\0\0\4\0\0\0\0\0\0\1", 22, 0 },
	{ "read across the end", "%`\x95\x13\0\0\0\0COOKIE..\0\0\0\0\3\xff\xff\xff\0\0\0\2", 22,
	  0 },
	{ "read whose end wraps",
	  "%`\x95\x13\0\0\0\0COOKIE..\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\2", 22, 0 },
	{ "read of 4 GiB", "%`\x95\x13\0\0\0\0COOKIE..\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 22, 0 },
	{ "flush", "%`\x95\x13\0\0\0\3COOKIE..\0\0\0\0\0\0\0\0\0\0\0\0", 0, 0 },
	{ "flush with a place", "%`\x95\x13\0\0\0\3COOKIE..\xff\0\0\0\0\0\0\0\0\0\2\0", 0, 0 },
	{ "trim", "%`\x95\x13\0\0\0\4COOKIE..\0\0\0\0\0\0\x10\0\0\0\x10\0", 0, 0 },
	{ "trim with FUA", "%`\x95\x13\0\1\0\4COOKIE..\0\0\0\0\0\0\x10\0\0\0\x10\0", 0, 0 },
	{ "trim past the end", "%`\x95\x13\0\0\0\4COOKIE..\0\0\0\0\4\0\0\0\0\0\x10\0", 28, 0 },
	{ "write zeroes", "%`\x95\x13\0\0\0\6COOKIE..\0\0\0\0\0\0\x10\0\0\0\x10\0", 0, 0 },
	{ "write zeroes without a hole", "%`\x95\x13\0\2\0\6COOKIE..\0\0\0\0\0\0\x10\0\0\0\x10\1",
	  0, 0 },
	{ "a command that was not offered", "%`\x95\x13\0\0\0\5COOKIE..\0\0\0\0\0\0\0\0\0\0\2\0",
	  22, 0 },
	{ "a command that nobody knows",
	  "%`\x95\x13\0\0\xff\xff"
	  "COOKIE..\0\0\0\0\0\0\0\0\0\0\2\0",
	  22, 0 },
};

static void test_requests(void **state)
{
	static uint8_t in[4096], want[4096];
	struct client c;

	client_open(&c, 64, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		for (size_t cut = 0; cut < 28; cut++) {
			const uint8_t *request = (const uint8_t *)requests[i].request;
			uint64_t offset = get_unaligned_be64(request + 16);

			rig_pattern(want, sizeof(want), (unsigned)cut);
			rig_poke(&c.rig, 0, want, sizeof(want));
			exchange(&c, request, cut, NULL, 0);
			ual_loop_step(c.rig.loop, 0);
			exchange(&c, request + cut, 28 - cut, in, 16 + requests[i].data);
			check_reply(in, requests[i].error, get_unaligned_be64("COOKIE.."));
			assert_memory_equal(in + 16, want + (requests[i].data ? offset : 0),
					    requests[i].data);
		}
	client_close(&c);
	assert_int_equal(c.err, 0);
}

/* ---- payload ---------------------------------------------------------------------------------------- */

static const struct {
	uint64_t offset;
	uint32_t len;
} writes[] = {
	{ 0, 512 },	      { 1, 1 },		 { 511, 2 },
	{ 4096, 4096 },	      { 100, 32768 },	 { 0, 32769 },
	{ 513, 65536 },	      { 8192, 1 << 20 }, { 3, (1 << 20) - 1 },
	{ 0, (1 << 20) + 1 }, { 7, 5 << 20 },	 { 0, 32 << 20 },
};

static void test_writes(void **state)
{
	uint8_t *out = malloc(28 + (32 << 20)), *back = malloc(32 << 20), in[16];

	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		size_t len = writes[i].len;
		struct client c;

		client_open(&c, 64, NULL, 0);
		put_request(out, i & 1, 1, i, writes[i].offset, writes[i].len);
		rig_pattern(out + 28, len, (unsigned)i);
		exchange(&c, out, 28 + len, in, 16);
		check_reply(in, 0, i);
		rig_peek(&c.rig, writes[i].offset, back, len);
		assert_memory_equal(back, out + 28, len);
		client_close(&c);
	}
	free(back);
	free(out);
}

/* A write and what follows it, cut everywhere: the payload ends and the next request begins in any read. */
static void test_write_cut(void **state)
{
	static uint8_t out[28 + 700 + 28], in[16 + 16 + 700], back[700];
	struct client c;
	size_t n;

	client_open(&c, 64, NULL, 0);
	for (size_t cut = 0; cut <= sizeof(out); cut++) {
		n = put_request(out, 0, 1, 1, 333, 700);
		rig_pattern(out + n, 700, (unsigned)cut);
		put_request(out + n + 700, 0, 3, 2, 0, 0);
		exchange(&c, out, cut, NULL, 0);
		ual_loop_step(c.rig.loop, 0);
		exchange(&c, out + cut, sizeof(out) - cut, in, 32);
		rig_peek(&c.rig, 333, back, 700);
		assert_memory_equal(back, out + 28, 700);
	}
	client_close(&c);
}

/* More at once than there are buffers or operations: it goes on as they come free. */
static void test_flood(void **state)
{
	enum { N = 1000, LEN = 4096 };
	static uint8_t out[N * (28 + LEN)], in[N * (16 + LEN)], back[LEN];
	static bool seen[N];
	struct client c;
	size_t n = 0;

	client_open(&c, 4, NULL, 0);
	for (unsigned i = 0; i < N; i++) {
		n += put_request(out + n, 0, 1, i, (uint64_t)i * LEN, LEN);
		rig_pattern(out + n, LEN, i);
		n += LEN;
	}
	exchange(&c, out, n, in, N * 16);
	for (unsigned i = 0; i < N; i++) {
		uint64_t cookie = get_unaligned_be64(in + i * 16 + 8);

		assert_true(cookie < N && !seen[cookie]);
		seen[cookie] = true;
		check_reply(in + i * 16, 0, cookie);
	}
	n = 0;
	for (unsigned i = 0; i < N; i++)
		n += put_request(out + n, 0, 0, i, (uint64_t)i * LEN, LEN);
	exchange(&c, out, n, in, N * (16 + LEN));
	for (unsigned i = 0; i < N; i++) {
		const uint8_t *reply = in + i * (16 + LEN);
		uint64_t cookie = get_unaligned_be64(reply + 8);

		check_reply(reply, 0, cookie);
		rig_pattern(back, LEN, (unsigned)cookie);
		assert_memory_equal(reply + 16, back, LEN);
	}
	client_close(&c);
}

/* ---- ends ------------------------------------------------------------------------------------------- */

static void test_disconnect(void **state)
{
	uint8_t out[2 * 28 + 512], in[17];
	struct client c;
	size_t n;

	/* What came before is answered. */
	client_open(&c, 64, NULL, 0);
	n = put_request(out, 0, 1, 5, 0, 512);
	memset(out + n, 'x', 512);
	n += 512;
	n += put_request(out + n, 0, 2, 6, 0, 0);
	exchange(&c, out, n, in, 16);
	check_reply(in, 0, 5);
	rig_run(&c.rig, &c.closed);
	assert_int_equal(recv(c.fd, in, sizeof(in), 0), -1);
	nbd_conn_destroy(c.conn);
	assert_int_equal(recv(c.fd, in, sizeof(in), 0), 0);
	c.conn = NULL;
	client_close(&c);
}

/* Whatever a client was doing when it vanished, nothing is left of it. */
static void test_vanish(void **state)
{
	static uint8_t out[28 + 65536];
	static const size_t places[] = { 1, 27, 28, 29, 1000, 28 + 65535, 28 + 65536 };

	for (uint16_t type = 0; type <= 1; type++)
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			struct client c;

			client_open(&c, 64, NULL, 0);
			put_request(out, 0, type, 0, 0, 65536);
			exchange(&c, out, type ? places[i] : min_t(size_t, 28, places[i]), NULL, 0);
			client_close(&c);
			assert_int_equal(c.err, 0);
		}
}

static void test_nonsense(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
	} cases[] = {
		{ "no magic", "GET / HTTP/1.1\r\nHost: a\r\n\r\n...", 30 },
		{ "a write of 32 MiB and a byte",
		  "%`\x95\x13\0\0\0\1COOKIE..\0\0\0\0\0\0\0\0\2\0\0\1", 28 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct client c;

		client_open(&c, 64, NULL, 0);
		exchange(&c, (const uint8_t *)cases[i].bytes, cases[i].len, NULL, 0);
		rig_run(&c.rig, &c.closed);
		assert_int_equal(c.err, -EPROTO);
		client_close(&c);
	}
}

static void test_early(void **state)
{
	uint8_t out[56], in[16 + 512 + 16];
	struct client c;

	put_request(out, 0, 0, 1, 0, 512);
	put_request(out + 28, 0, 3, 2, 0, 0);
	for (size_t early = 0; early <= sizeof(out); early++) {
		client_open(&c, 64, (const char *)out, early);
		exchange(&c, out + early, sizeof(out) - early, in, sizeof(in));
		client_close(&c);
	}
}

/* One after the other flushes; own: clients that are told each by itself. */
static unsigned failed_flushes(bool own)
{
	uint8_t out[28], in[16];
	struct client c, other;
	struct nbd_conn_cfg conn = { .on_closed = on_closed, .own_user = own };
	unsigned failed = 0;
	int fds[2];

	/* The first is made before the loss, the second after it: nobody was told by then. */
	client_open_as(&c, 64, NULL, 0, own);
	put_request(out, 0, 3, 1, 0, 0);
	fake_disk_lose(c.rig.disk);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	other = (struct client){ .rig = c.rig, .fd = fds[1] };
	conn.loop = c.rig.loop;
	conn.dio = c.rig.dio;
	conn.pool = c.pool;
	conn.fd = fds[0];
	conn.ctx = &other;
	assert_int_equal(nbd_conn_create(&conn, &other.conn), 0);
	for (unsigned i = 0; i < 4; i++) {
		exchange(i % 2 ? &other : &c, out, sizeof(out), in, sizeof(in));
		failed += get_unaligned_be32(in + 4) == 5;
	}
	close(other.fd);
	rig_run(&c.rig, &other.closed);
	nbd_conn_destroy(other.conn);
	client_close(&c);
	return failed;
}

static void test_loss(void **state)
{
	/* the connections of one device are one user */
	assert_int_equal(failed_flushes(false), 1);
	assert_int_equal(failed_flushes(true), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),   cmocka_unit_test(test_writes),
		cmocka_unit_test(test_write_cut),  cmocka_unit_test(test_flood),
		cmocka_unit_test(test_disconnect), cmocka_unit_test(test_vanish),
		cmocka_unit_test(test_nonsense),   cmocka_unit_test(test_early),
		cmocka_unit_test(test_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
