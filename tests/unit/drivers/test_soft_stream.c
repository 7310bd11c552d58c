// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Streaming mode and delayed start-up (RFC 5044 7.1.4): an upper layer talks over TCP, then both sides turn
 * the connection into RDMA, whatever bytes were read or lie in the socket by then.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/sim/sim.h"
#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

/*
 * The upper layer of this test: the active side sends "login", the passive side answers "yes" as its last
 * streaming message and turns to RDMA; the active side turns when it has read that.
 */
struct talk {
	struct pair p;
	struct ual_stream *active, *passive;
	unsigned up, closed;
	int closed_err;
	char heard[2][64];
	size_t heard_n[2];
	size_t greedy;		/* the passive side wants this many bytes before it takes any */
	bool close_on_data;
};

static size_t hear(struct talk *t, int side, const uint8_t *data, size_t len)
{
	assert_true(t->heard_n[side] + len < sizeof(t->heard[0]));
	memcpy(t->heard[side] + t->heard_n[side], data, len);
	t->heard_n[side] += len;
	return len;
}

static void active_up(struct ual_stream *s)
{
	struct talk *t = s->ctx;

	t->up++;
	assert_int_equal(ual_stream_send(s, "log", 3), 0);
	assert_int_equal(ual_stream_send(s, "in", 2), 0);
}

static size_t active_data(struct ual_stream *s, const uint8_t *data, size_t len)
{
	struct talk *t = s->ctx;

	/* "yes" and not a byte more: what follows is MPA */
	if (len < 3)
		return 0;
	hear(t, 0, data, 3);
	assert_memory_equal(data, "yes", 3);
	assert_int_equal(ual_stream_to_rdma_active(s, t->p.a.qp, &t->p.cfg.active), 0);
	t->active = NULL;
	return 3;
}

static void on_closed(struct ual_stream *s, int err)
{
	struct talk *t = s->ctx;

	if (s == t->passive)
		t->passive = NULL;
	else
		t->active = NULL;
	t->closed++;
	t->closed_err = err;
	ual_stream_close(s);	/* superfluous, harmless */
}

static size_t passive_data(struct ual_stream *s, const uint8_t *data, size_t len)
{
	struct talk *t = s->ctx;

	if (t->close_on_data) {
		t->passive = NULL;
		ual_stream_close(s);
		return 0;
	}
	if (len < 5 || len < t->greedy)
		return 0;
	assert_memory_equal(data, "login", 5);
	hear(t, 1, data, 5);
	assert_int_equal(ual_stream_to_rdma_passive(s, "yes", 3), 0);
	assert_int_equal(ual_stream_send(s, "x", 1), -ENOTCONN);
	return 5;
}

static void passive_request(struct ual_conn_req *req)
{
	struct talk *t = req->ctx;

	t->passive = NULL;
	t->p.req_n++;
	assert_int_equal(ual_accept(req, t->p.b.qp, &t->p.cfg.passive), 0);
}

static const struct ual_stream_ops active_ops = {
	.on_up = active_up,
	.on_data = active_data,
	.on_closed = on_closed,
};
static const struct ual_stream_ops passive_ops = {
	.on_data = passive_data,
	.on_closed = on_closed,
	.on_request = passive_request,
};

static void on_stream(struct ual_stream *s, struct ual_device *dev, void *ctx)
{
	struct talk *t = ctx;

	assert_ptr_equal(dev, t->p.b.dev);
	s->ops = &passive_ops;
	s->ctx = t;
	t->passive = s;
}

static void immediate_request(struct ual_conn_req *req)
{
	struct talk *t = req->ctx;

	t->p.req_n++;
	assert_int_equal(ual_accept(req, t->p.b.qp, NULL), 0);
}

static void talk_open(struct talk *t, const struct pair_cfg *cfg)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ual_listen_cfg lcfg = { .addr = (struct sockaddr *)&any,
				       .addr_len = sizeof(any),
				       .on_request = immediate_request,
				       .on_stream = on_stream,
				       .ctx = t };

	memset(t, 0, sizeof(*t));
	pair_open(&t->p, cfg);
	for (unsigned i = 0; i < 8; i++)
		side_recv(&t->p.b, i, 4096u * i, 4096);
	assert_int_equal(ual_listen(t->p.b.dev, &lcfg, &t->p.listener), 0);
	assert_int_equal(ual_listener_addr(t->p.listener, &t->p.addr), 0);
}

static void talk_connect(struct talk *t)
{
	assert_int_equal(ual_stream_connect(t->p.a.dev, (struct sockaddr *)&t->p.addr,
					    sizeof(struct sockaddr_in), 1000, &active_ops, t,
					    &t->active),
			 0);
}

static void use(struct talk *t)
{
	struct pair *p = &t->p;

	pair_until_event(p, &p->a, UAL_EV_ESTABLISHED);
	pair_until_event(p, &p->b, UAL_EV_ESTABLISHED);
	fill(p->a.buf, 3000, 4);
	assert_int_equal(side_send(&p->a, 1, 0, 3000, WR_SIGNALED), 0);
	pair_until_wcs(p, &p->b, 1);
	assert_true(filled(p->b.buf, 3000, 4));
	assert_true(((struct sockaddr_in *)&p->a.qp->peer)->sin_port ==
		    ((struct sockaddr_in *)&p->addr)->sin_port);
}

static const struct pair_cfg sockets = { .ops = &soft_provider_ops };

static void login_then_rdma(void **state)
{
	struct talk t;

	talk_open(&t, &sockets);
	talk_connect(&t);
	use(&t);
	assert_int_equal(t.up, 1);
	assert_int_equal(t.p.req_n, 1);
	assert_int_equal(t.closed, 0);
	assert_string_equal(t.heard[1], "login");
	assert_string_equal(t.heard[0], "yes");
	pair_close(&t.p);
}

/* The same port takes both kinds of start. */
static void immediate_start_on_the_same_port(void **state)
{
	struct talk t;

	talk_open(&t, &sockets);
	assert_int_equal(ual_connect(t.p.a.qp, (struct sockaddr *)&t.p.addr,
				     sizeof(struct sockaddr_in), NULL),
			 0);
	use(&t);
	assert_null(t.passive);
	pair_close(&t.p);
}

static void simulated_in_all_cuts(void **state)
{
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct sim_cfg scfg = { .seed = seed, .stall_ppm = 20000 };
		struct pair_cfg cfg = { .active.mpa_rtr = seed % 3 ? 0 : MPA_RTR_READ };
		struct sim *sim;
		struct talk t;

		assert_int_equal(sim_create(&scfg, &sim), 0);
		cfg.ops = sim_provider(sim);
		cfg.ctx = sim;
		cfg.clock = sim_clock(sim);
		talk_open(&t, &cfg);
		talk_connect(&t);
		use(&t);
		pair_close(&t.p);
		sim_destroy(sim);
	}
}

/* ---- adopted sockets -------------------------------------------------------------------------------- */

static int tcp_pair(int fds[2])
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(any);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(l, (struct sockaddr *)&any, len), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&any, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&any, len), 0);
	fds[1] = accept(l, NULL, NULL);
	assert_true(fds[1] >= 0);
	close(l);
	return ntohs(any.sin_port);
}

/*
 * The passive side's program has read some of what came, in every possible amount, before it hands the
 * socket over; the rest lies in the socket.  The active side's is adopted too.
 */
static void adopted_with_bytes_already_read(void **state)
{
	/* RFC 6581 section 6: "login", then an MPA request as a bare peer sends it */
	static const char bytes[] = "loginMPA ID Req Frame\x50\x02\x00\x04\x00\x04\x00\x04";
	const size_t n = sizeof(bytes) - 1;

	for (size_t early = 0; early <= n; early++) {
		char reply[64];
		size_t got = 0;
		struct talk t;
		int fds[2];

		talk_open(&t, &sockets);
		tcp_pair(fds);
		assert_int_equal(write(fds[0], bytes, n), n);
		assert_int_equal(recv(fds[1], reply, early, MSG_WAITALL), early);
		assert_int_equal(ual_stream_adopt(t.p.b.dev, fds[1], bytes, early, &passive_ops, &t,
						  &t.passive),
				 0);
		assert_int_equal(t.heard_n[1], 0);	/* not from inside the call */
		pair_until_event(&t.p, &t.p.b, UAL_EV_ESTABLISHED);
		assert_string_equal(t.heard[1], "login");
		/* "yes" in streaming mode, then the reply: revision 2, CRC, IRD and ORD */
		while (got < 27) {
			ssize_t r = recv(fds[0], reply + got, sizeof(reply) - got, 0);

			assert_true(r > 0);
			got += (size_t)r;
		}
		assert_int_equal(got, 27);
		assert_memory_equal(reply, "yesMPA ID Rep Frame\x50\x02\x00\x04", 23);
		close(fds[0]);
		pair_until_event(&t.p, &t.p.b, UAL_EV_DISCONNECTED);
		pair_close(&t.p);
	}
}

/* All that the peer has to say lies in the buffer before the first callback: reply and first FPDU. */
static void active_finds_everything_at_once(void **state)
{
	/* RFC 5044: a revision 1 reply without CRC; then a Send, "hello", queue 0, MSN 1, no checksum */
	static const char bytes[] =
		"yesMPA ID Rep Frame\x00\x01\x00\x00"
		"\x00\x17\x41\x43\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0hello\0\0\0\0\0\0\0";
	const size_t n = sizeof(bytes) - 1;

	for (size_t early = 0; early <= n; early += 1 + early / 8) {
		struct pair_cfg cfg = { .ops = &soft_provider_ops,
					.active = { .crc = UAL_CRC_OFF, .mpa_revision = 1 } };
		struct talk t;
		int fds[2];

		talk_open(&t, &cfg);
		side_recv(&t.p.a, 9, 0, 100);
		tcp_pair(fds);
		assert_int_equal(write(fds[1], bytes + early, n - early), n - early);
		assert_int_equal(ual_stream_adopt(t.p.a.dev, fds[0], bytes, early, &active_ops, &t,
						  &t.active),
				 0);
		pair_until_wcs(&t.p, &t.p.a, 1);
		assert_int_equal(t.p.a.evs[0].kind, UAL_EV_ESTABLISHED);
		assert_int_equal(t.p.a.wcs[0].status, WC_SUCCESS);
		assert_int_equal(t.p.a.wcs[0].byte_len, 5);
		assert_memory_equal(t.p.a.buf, "hello", 5);
		close(fds[1]);
		pair_close(&t.p);
	}
}

static void adopting_nonsense_leaves_the_socket(void **state)
{
	struct ual_stream *s;
	struct talk t;
	int fds[2];

	talk_open(&t, &sockets);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(ual_stream_adopt(t.p.a.dev, fds[0], NULL, 0, &active_ops, &t, &s),
			 -ENOTSOCK);
	assert_int_equal(ual_stream_adopt(t.p.a.dev, -1, NULL, 0, &active_ops, &t, &s), -EBADF);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(ual_stream_adopt(t.p.a.dev, fds[0], NULL, 0, &active_ops, &t, &s),
			 -EPROTOTYPE);
	assert_int_equal(write(fds[0], "x", 1), 1);
	close(fds[0]);
	close(fds[1]);
	/* a socket that is not connected */
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(ual_stream_adopt(t.p.a.dev, fds[0], NULL, 0, &active_ops, &t, &s),
			 -ENOTCONN);
	assert_int_equal(close(fds[0]), 0);
	pair_close(&t.p);
}

/* ---- ends ------------------------------------------------------------------------------------------- */

static void stream_ends_and_limits(void **state)
{
	static char big[1 << 20];
	struct talk t;
	char c;
	int fds[2];

	talk_open(&t, &sockets);
	/* the peer closes */
	tcp_pair(fds);
	assert_int_equal(
		ual_stream_adopt(t.p.b.dev, fds[1], "abc", 3, &passive_ops, &t, &t.passive), 0);
	close(fds[0]);
	for (int i = 0; i < 100 && !t.closed; i++)
		pair_run_ms(&t.p, 5);
	assert_int_equal(t.closed, 1);
	assert_int_equal(t.closed_err, 0);

	/* what was sent leaves before we close; the limit of what waits */
	tcp_pair(fds);
	assert_int_equal(ual_stream_adopt(t.p.b.dev, fds[1], NULL, 0, &passive_ops, &t, &t.passive),
			 0);
	assert_int_equal(ual_stream_send(t.passive, big, sizeof(big)), 0);
	assert_int_equal(ual_stream_send(t.passive, big, 1), -ENOBUFS);
	ual_stream_close(t.passive);
	for (size_t got = 0; got < sizeof(big);) {
		ssize_t r;

		pair_run_ms(&t.p, 1);
		r = recv(fds[0], big, sizeof(big), MSG_DONTWAIT);
		assert_true(r > 0 || errno == EAGAIN);
		got += r > 0 ? (size_t)r : 0;
	}
	pair_run_ms(&t.p, 5);
	assert_int_equal(recv(fds[0], &c, 1, MSG_DONTWAIT), 0);
	close(fds[0]);

	/* a consumer that never takes anything */
	tcp_pair(fds);
	t.closed = 0;
	t.greedy = SIZE_MAX;
	assert_int_equal(ual_stream_adopt(t.p.b.dev, fds[1], NULL, 0, &passive_ops, &t, &t.passive),
			 0);
	for (int i = 0; i < 2000 && !t.closed; i++) {
		(void)!send(fds[0], big, 65536, MSG_DONTWAIT | MSG_NOSIGNAL);
		pair_run_ms(&t.p, 1);
	}
	assert_int_equal(t.closed, 1);
	assert_int_equal(t.closed_err, -ENOBUFS);
	close(fds[0]);

	/* closing inside on_data */
	tcp_pair(fds);
	t.close_on_data = true;
	assert_int_equal(
		ual_stream_adopt(t.p.b.dev, fds[1], "abc", 3, &passive_ops, &t, &t.passive), 0);
	pair_run_ms(&t.p, 5);
	assert_null(t.passive);
	assert_int_equal(recv(fds[0], &c, 1, 0), 0);
	close(fds[0]);
	pair_close(&t.p);
}

static void transition_can_fail(void **state)
{
	struct talk t;
	int fds[2];

	/* garbage instead of the request */
	talk_open(&t, &sockets);
	tcp_pair(fds);
	assert_int_equal(ual_stream_adopt(t.p.b.dev, fds[1], "loginMPA", 8, &passive_ops, &t,
					  &t.passive),
			 0);
	assert_int_equal(write(fds[0], "garbage garbage garbage", 23), 23);
	for (int i = 0; i < 100 && !t.closed; i++)
		pair_run_ms(&t.p, 5);
	assert_int_equal(t.closed_err, -EPROTO);
	close(fds[0]);

	/* end of stream instead of the request */
	tcp_pair(fds);
	t.closed = 0;
	assert_int_equal(
		ual_stream_adopt(t.p.b.dev, fds[1], "login", 5, &passive_ops, &t, &t.passive), 0);
	shutdown(fds[0], SHUT_WR);
	for (int i = 0; i < 100 && !t.closed; i++)
		pair_run_ms(&t.p, 5);
	assert_int_equal(t.closed_err, -ECONNRESET);
	close(fds[0]);

	/* connection refused */
	ual_listener_destroy(t.p.listener);
	t.p.listener = NULL;
	t.closed = 0;
	talk_connect(&t);
	for (int i = 0; i < 100 && !t.closed; i++)
		pair_run_ms(&t.p, 5);
	assert_int_equal(t.closed_err, -ECONNREFUSED);
	assert_int_equal(t.up, 0);
	pair_close(&t.p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_then_rdma),
		cmocka_unit_test(immediate_start_on_the_same_port),
		cmocka_unit_test(simulated_in_all_cuts),
		cmocka_unit_test(adopted_with_bytes_already_read),
		cmocka_unit_test(active_finds_everything_at_once),
		cmocka_unit_test(adopting_nonsense_leaves_the_socket),
		cmocka_unit_test(stream_ends_and_limits),
		cmocka_unit_test(transition_can_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
