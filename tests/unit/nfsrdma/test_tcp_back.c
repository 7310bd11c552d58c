// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Calls from the server to a client on the client's TCP connection: among the client's own calls, answered in any order,
 * never, or by a connection that goes.  A socket pair is the connection, the clock is the test's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "targets/nfsd/tcp_conn.h"

#define CALL_BYTES	40
#define REPLY_BYTES	24

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

struct fixture {
	struct ual_loop *loop;
	struct nfs_server server;
	struct tcp_reactor *reactor;
	struct nfs_conn *conn;		/* NULL: gone */
	int client;			/* its end of the connection */
};
static struct fixture *the_fixture;

static void conn_up(struct nfs_server *server, struct nfs_conn *conn)
{
	the_fixture->conn = conn;
}

static void conn_down(struct nfs_server *server, struct nfs_conn *conn)
{
	assert_ptr_equal(the_fixture->conn, conn);
	the_fixture->conn = NULL;
}

static void steps(struct fixture *f)
{
	for (unsigned i = 0; i < 8; i++)
		ual_loop_step(f->loop, 0);
}

static int setup(void **state)
{
	const struct ual_loop_cfg cfg = { .clock = &the_clock };
	struct fixture *f = the_fixture = calloc(1, sizeof(*f));
	int ends[2];

	now_ns = 1000000000;
	f->reactor = calloc(1, sizeof(*f->reactor));
	if (ual_loop_create(&cfg, &f->loop) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return -1;
	f->server.conn_up = conn_up;
	f->server.conn_down = conn_down;
	tcp_reactor_init(f->reactor, &f->server, f->loop);
	tcp_conn_open(f->reactor, ends[0]);
	f->client = ends[1];
	*state = f;
	return f->conn ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->client);
	steps(f);
	assert_null(f->conn);
	ual_loop_destroy(f->loop);
	free(f->reactor);
	free(f);
	return 0;
}

/* ---- calls ------------------------------------------------------------------------------------------ */

struct answer {
	unsigned n;
	int err;
	u32 len, xid;
};

static void answered(void *ctx, int err, const u8 *reply, u32 len)
{
	struct answer *answer = ctx;

	answer->n++;
	answer->err = err;
	answer->len = len;
	answer->xid = reply ? get_unaligned_be32(reply) : 0;
}

static int call(struct fixture *f, u32 xid, struct answer *answer)
{
	u8 msg[CALL_BYTES];
	struct xdr_out out;

	*answer = (struct answer){ 0 };
	xdr_out_init(&out, msg, sizeof(msg));
	rpc_call_encode(&out, xid, 0x40000000, 1, 0, NULL);
	assert_int_equal(xdr_out_len(&out), CALL_BYTES);
	return f->conn->call_back(f->conn, msg, CALL_BYTES, answered, answer);
}

/* At the client: a record with a message of len bytes. */
static void receive(struct fixture *f, u8 *msg, size_t len)
{
	u8 record[4 + 64];

	steps(f);
	assert_int_equal(recv(f->client, record, 4 + len, 0), 4 + len);
	assert_int_equal(get_unaligned_be32(record), 0x80000000 | len);
	memcpy(msg, record + 4, len);
}

static void send_message(struct fixture *f, const struct xdr_out *message)
{
	u8 record[4 + 64];
	size_t len = xdr_out_len(message);

	put_unaligned_be32(0x80000000 | (u32)len, record);
	memcpy(record + 4, message->start, len);
	assert_int_equal(send(f->client, record, 4 + len, 0), 4 + len);
	steps(f);
}

static void reply(struct fixture *f, u32 xid)
{
	u8 msg[REPLY_BYTES];
	struct xdr_out out;

	xdr_out_init(&out, msg, sizeof(msg));
	rpc_accepted_encode(&out, xid, RPC_SUCCESS);
	send_message(f, &out);
}

static void test_answers(void **state)
{
	struct fixture *f = *state;
	struct answer one, two;
	u8 msg[64];

	assert_int_equal(call(f, 1, &one), 0);
	assert_int_equal(call(f, 2, &two), 0);
	for (u32 xid = 1; xid <= 2; xid++) {
		receive(f, msg, CALL_BYTES);
		assert_int_equal(get_unaligned_be32(msg), xid);
		assert_int_equal(get_unaligned_be32(msg + 4), RPC_CALL);
	}
	reply(f, 3);			/* of a call that nobody made */
	reply(f, 2);
	assert_int_equal(one.n, 0);
	assert_int_equal(two.n, 1);
	assert_int_equal(two.err, 0);
	assert_int_equal(two.len, REPLY_BYTES);
	assert_int_equal(two.xid, 2);
	reply(f, 2);			/* once more */
	reply(f, 1);
	assert_int_equal(one.n, 1);
	assert_int_equal(one.xid, 1);
	assert_int_equal(two.n, 1);
	assert_non_null(f->conn);
}

/* The client's own calls go on beside; it may have the same xid. */
static void test_both_directions(void **state)
{
	struct fixture *f = *state;
	struct answer one;
	struct xdr_out out;
	u8 msg[64];

	assert_int_equal(call(f, 7, &one), 0);
	receive(f, msg, CALL_BYTES);
	xdr_out_init(&out, msg, sizeof(msg));
	rpc_call_encode(&out, 7, 100099, 1, 0, NULL);
	send_message(f, &out);
	receive(f, msg, REPLY_BYTES);
	assert_int_equal(get_unaligned_be32(msg), 7);
	assert_int_equal(get_unaligned_be32(msg + 4), RPC_REPLY);
	assert_int_equal(get_unaligned_be32(msg + 20), RPC_PROG_UNAVAIL);
	assert_int_equal(one.n, 0);
	reply(f, 7);
	assert_int_equal(one.n, 1);
}

/* A record with len bytes of a call's header in it: its credential and its verifier have lengths of their own. */
static void send_header(struct fixture *f, u32 type, u32 cred_len, u32 verf_len, size_t len)
{
	u8 record[4 + 1024] = { 0 };
	struct xdr_out out;

	put_unaligned_be32(0x80000000 | (u32)len, record);
	xdr_out_init(&out, record + 4, sizeof(record) - 4);
	xdr_out_u32(&out, 7);
	xdr_out_u32(&out, type);
	xdr_out_u32(&out, RPC_VERSION);
	xdr_out_u32(&out, 100099);
	xdr_out_u32(&out, 1);
	xdr_out_u32(&out, 0);
	xdr_out_u32(&out, RPC_AUTH_SYS);
	xdr_out_u32(&out, cred_len);
	xdr_out_reserve(&out, cred_len + xdr_pad(cred_len));
	xdr_out_u32(&out, RPC_AUTH_NONE);
	xdr_out_u32(&out, verf_len);
	assert_int_equal(send(f->client, record, 4 + len, 0), 4 + len);
	steps(f);
}

/* Each call whose header cannot be understood is answered; what is no call at all ends the connection. */
static void test_headers(void **state)
{
	static const struct {
		u32 type, cred_len, verf_len, len;
		u32 words[4];		/* of the reply behind its type */
		unsigned word_n;	/* 0: the connection ends */
	} cases[] = {
		{ RPC_CALL, 416, 0, 464, { RPC_MSG_DENIED, RPC_AUTH_ERROR, RPC_AUTH_BADCRED }, 3 },
		{ RPC_CALL, 404, 0, 32, { RPC_MSG_DENIED, RPC_AUTH_ERROR, RPC_AUTH_BADCRED }, 3 },
		{ RPC_CALL, 400, 404, 440, { RPC_MSG_DENIED, RPC_AUTH_ERROR, RPC_AUTH_BADVERF }, 3 },
		{ RPC_CALL, 400, 0, 436, { RPC_MSG_ACCEPTED, 0, 0, RPC_GARBAGE_ARGS }, 4 },
		{ RPC_CALL, 0, 0, 8, { RPC_MSG_ACCEPTED, 0, 0, RPC_GARBAGE_ARGS }, 4 },
		{ RPC_CALL, 0, 0, 4, { 0 }, 0 },
		{ 2, 0, 0, 40, { 0 }, 0 },
	};
	struct fixture *f = *state;
	u8 msg[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!f->conn) {
			teardown(state);
			assert_int_equal(setup(state), 0);
			f = *state;
		}
		send_header(f, cases[i].type, cases[i].cred_len, cases[i].verf_len, cases[i].len);
		if (!cases[i].word_n) {
			assert_null(f->conn);
			continue;
		}
		assert_non_null(f->conn);
		receive(f, msg, 8 + 4 * cases[i].word_n);
		assert_int_equal(get_unaligned_be32(msg), 7);
		assert_int_equal(get_unaligned_be32(msg + 4), RPC_REPLY);
		for (unsigned w = 0; w < cases[i].word_n; w++)
			assert_int_equal(get_unaligned_be32(msg + 8 + 4 * w), cases[i].words[w]);
	}
}

static void test_lost(void **state)
{
	struct fixture *f = *state;
	struct answer one, two;

	assert_int_equal(call(f, 1, &one), 0);
	assert_int_equal(call(f, 2, &two), 0);
	shutdown(f->client, SHUT_RDWR);
	steps(f);
	assert_int_equal(one.n, 1);
	assert_int_equal(one.err, -ENOTCONN);
	assert_int_equal(two.err, -ENOTCONN);
	assert_null(f->conn);
}

/* Who does not answer loses the connection, by the oldest call. */
static void test_silent(void **state)
{
	struct fixture *f = *state;
	struct answer one, two;

	assert_int_equal(call(f, 1, &one), 0);
	now_ns += 10 * 1000000000ull;
	steps(f);
	assert_int_equal(call(f, 2, &two), 0);
	reply(f, 1);
	assert_int_equal(one.n, 1);
	now_ns += (NFS_CALL_BACK_S - 1) * 1000000000ull;
	steps(f);
	assert_int_equal(two.n, 0);
	assert_non_null(f->conn);
	now_ns += 2 * 1000000000ull;
	steps(f);
	assert_int_equal(two.n, 1);
	assert_int_equal(two.err, -ENOTCONN);
	assert_null(f->conn);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	struct answer answers[65];
	unsigned n = 0;
	u8 msg[4] = { 0 };

	assert_int_equal(f->conn->call_back(f->conn, msg, 3, answered, &answers[0]), -EMSGSIZE);
	while (n < 64) {
		assert_int_equal(call(f, n, &answers[n]), 0);
		n++;
	}
	assert_int_equal(call(f, n, &answers[n]), -ENOMEM);
	reply(f, 5);
	assert_int_equal(call(f, n, &answers[n]), 0);
	shutdown(f->client, SHUT_RDWR);
	steps(f);
	for (unsigned i = 0; i <= n; i++)
		assert_int_equal(answers[i].n, 1);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers), TEST(test_both_directions), TEST(test_lost),
		TEST(test_headers), TEST(test_silent),		TEST(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
