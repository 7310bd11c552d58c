// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Clients of the RDMA transport that go too far, over the simulated network: all that a call holds counts, an RDMA Read that
 * is never answered ends, one host cannot have all of the memory, silent connections make room.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "drivers/sim/sim.h"
#include "nfsrdma/server/rdma.h"

#define MS		1000000ull
#define BUF_BYTES	(2u << 20)
#define RECVS		80
#define PROG		400000
#define MANY		((RDMA_ARENA_BYTES / RDMA_WINDOW) + 4)	/* connections that would have it all */

static struct nfs_call *held[256];
static unsigned held_n;

void nfs_workers_add(struct nfs_workers *w, struct nfs_call *call)
{
	held[held_n++] = call;
}

static enum nfs_outcome waits(struct nfs_call *call, bool may_block)
{
	return NFS_DONE;
}

static const struct nfs_proc procs[] = { { .name = "WAITS", .fn = waits } };
static const struct nfs_proc *const tables[] = { procs };
static const unsigned proc_ns[] = { 1 };
static struct nfs_program program = {
	.prog = PROG, .vers_low = 1, .vers_high = 1, .procs = tables, .proc_n = proc_ns
};

struct fixture {
	struct sim *sim;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *sdev, *cdev;
	struct nfs_server server;
	struct nfs_rdma *rdma;
	struct sockaddr_storage addr;
	unsigned up, refused;
	const char *why;
};
static struct fixture *the_fixture;

static void conn_up(struct nfs_server *server, struct nfs_conn *conn)
{
	the_fixture->up++;
}

static void conn_down(struct nfs_server *server, struct nfs_conn *conn)
{
	the_fixture->up--;
	if (conn->why)
		the_fixture->why = conn->why;
}

static void refusal(struct nfs_reactor *reactor, const struct sockaddr_storage *peer,
		    const char *why)
{
	the_fixture->refused++;
}

static void ring(struct ual_timer *timer)
{
	*(bool *)timer->ctx = true;
}

static bool rung(void *ctx)
{
	return *(bool *)ctx;
}

static void pass(struct fixture *f, u64 ns)
{
	bool over = false;
	struct ual_timer timer = { .fn = ring, .ctx = &over };

	ual_timer_arm(f->loop, &timer, sim_now(f->sim) + ns);
	assert_int_equal(sim_run(f->sim, &f->loop, 1, rung, &over, 2 * ns + MS), 0);
}

/* ---- clients ---------------------------------------------------------------------------------------- */

struct client {
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct ual_qp *qp;
	struct ual_mr *mr;
	u8 *buf;
	unsigned replies;
	bool up, down;
};

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct client *c = qp->cfg.ctx;

	c->up |= ev->kind == UAL_EV_ESTABLISHED;
	c->down |= ev->kind == UAL_EV_DISCONNECTED || ev->kind == UAL_EV_FAILED;
}

static void on_cq(struct ual_cq *cq)
{
	struct client *c = cq->ctx;
	struct wc wc;

	while (ual_cq_poll(cq, &wc, 1) == 1)
		c->replies += wc.status == WC_SUCCESS && wc.wr_id;
}

static void client_open(struct fixture *f, struct client *c)
{
	struct ual_qp_cfg cfg = { .sq_depth = 128,
				  .rq_depth = RECVS,
				  .sq_sge_max = 1,
				  .rq_sge_max = 1,
				  .ird = 16,
				  .ord = 1,
				  .fn = on_event,
				  .ctx = c };
	struct ual_conn_param param = { 0 };
	struct xdr_out msg;

	*c = (struct client){ .buf = calloc(1, BUF_BYTES) };
	/* The message of all calls in Position Zero chunks: what is being sent may not change. */
	xdr_out_init(&msg, c->buf + RDMA_INLINE_BYTES, 64);
	rpc_call_encode(&msg, 1, PROG, 1, 0, NULL);
	assert_int_equal(ual_pd_create(f->cdev, &c->pd), 0);
	assert_int_equal(ual_cq_create(f->cdev, 256, on_cq, c, &c->cq), 0);
	assert_int_equal(ual_mr_reg(c->pd, c->buf, BUF_BYTES,
				    ACCESS_LOCAL_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_WRITE,
				    &c->mr),
			 0);
	cfg.pd = c->pd;
	cfg.scq = cfg.rcq = c->cq;
	assert_int_equal(ual_qp_create(&cfg, &c->qp), 0);
	for (unsigned i = 0; i < RECVS; i++) {
		struct wr_sge sge = { (uintptr_t)c->buf, RDMA_INLINE_BYTES, c->mr->lkey };
		struct wr_recv wr = { .wr_id = 1, .sges = &sge, .sge_n = 1 };
		const struct wr_recv *bad;

		assert_int_equal(ual_post_recv(c->qp, &wr, &bad), 0);
	}
	assert_int_equal(ual_connect(c->qp, (struct sockaddr *)&f->addr, sizeof(struct sockaddr_in),
				     &param),
			 0);
	pass(f, 20 * MS);
	assert_true(c->up);
}

static void client_close(struct client *c)
{
	ual_qp_destroy(c->qp);
	ual_mr_dereg(c->mr);
	ual_cq_destroy(c->cq);
	ual_pd_destroy(c->pd);
	free(c->buf);
}

/* A call of PROG whose message is in the Position Zero chunk of len bytes; reply_len: of a Reply chunk. */
static void call(struct client *c, u32 xid, u32 len, u32 reply_len)
{
	u8 *at = c->buf + BUF_BYTES - (1 + xid % 64) * 1024;
	struct rpcrdma_hdr hdr = { .xid = xid, .vers = 1, .credits = 1 };
	const struct wr_send *bad;
	struct xdr_out out;
	struct wr_sge sge;
	struct wr_send wr = { .opcode = WR_SEND, .sges = &sge, .sge_n = 1 };

	hdr.proc = len ? RDMA_NOMSG : RDMA_MSG;
	if (len) {
		hdr.read_n = 1;
		assert_true(rpcrdma_hdr_add_seg(&hdr, &hdr.reads[0], c->mr->rkey,
						(uintptr_t)c->buf + RDMA_INLINE_BYTES, len));
	}
	if (reply_len) {
		hdr.has_reply = true;
		assert_true(rpcrdma_hdr_add_seg(&hdr, &hdr.reply, c->mr->rkey, (uintptr_t)c->buf,
						reply_len));
	}
	xdr_out_init(&out, at, 1024);
	rpcrdma_hdr_encode(&out, &hdr);
	if (!len)
		rpc_call_encode(&out, xid, PROG, 1, 0, NULL);
	sge = (struct wr_sge){ (uintptr_t)at, (u32)xdr_out_len(&out), c->mr->lkey };
	assert_int_equal(ual_post_send(c->qp, &wr, &bad), 0);
}

/* ---- the server ------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	struct sim_cfg cfg = { .seed = 7, .mr_max = 4096 };
	struct fixture *f = the_fixture = calloc(1, sizeof(*f));
	struct nfs_rdma_cfg rdma = { .device_n = 1,
				     .addr = (const struct sockaddr *)&any,
				     .addr_len = sizeof(any) };
	struct ual_loop_cfg loop = { .spin_us = 0 };

	held_n = 0;
	if (sim_create(&cfg, &f->sim) || ual_create(NULL, &f->ual) ||
	    ual_provider_add(f->ual, sim_provider(f->sim), f->sim))
		return -1;
	loop.clock = sim_clock(f->sim);
	if (ual_loop_create(&loop, &f->loop) ||
	    ual_device_open(f->ual, f->loop, "sim0", &f->sdev) ||
	    ual_device_open(f->ual, f->loop, "sim0", &f->cdev))
		return -1;
	rdma.devices = &f->sdev;
	f->server.programs = &program;
	f->server.conn_up = conn_up;
	f->server.conn_down = conn_down;
	f->server.refusal_log = refusal;
	f->server.reactors = calloc(1, sizeof(f->server.reactors[0]));
	f->server.reactor_n = 1;
	nfs_reactor_init(f->server.reactors, f->loop);
	if (nfs_rdma_create(&f->server, &rdma, &f->rdma) || nfs_rdma_addr(f->rdma, &f->addr))
		return -1;
	*state = f;
	return 0;
}

static void release(struct fixture *f)
{
	while (held_n)
		nfs_call_run_blocking(held[--held_n]);
	pass(f, 10 * MS);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	nfs_rdma_stop(f->rdma);
	release(f);
	for (unsigned i = 0; i < 100 && !nfs_rdma_reactor_stop(f->rdma, 0); i++)
		pass(f, MS);
	assert_int_equal(f->up, 0);
	nfs_rdma_destroy(f->rdma);
	assert_int_equal(ual_device_close(f->cdev), 0);
	assert_int_equal(ual_device_close(f->sdev), 0);
	ual_loop_destroy(f->loop);
	ual_destroy(f->ual);
	sim_destroy(f->sim);
	free(f->server.reactors);
	free(f);
	return 0;
}

static struct nfs_rdma_reactor *reactor(const struct fixture *f)
{
	return &f->rdma->reactors[0];
}

static unsigned held_of_host(const struct fixture *f, unsigned class)
{
	return list_empty(&reactor(f)->hosts)
		       ? 0
		       : list_first_entry(&reactor(f)->hosts, struct rdma_host, link)->held[class];
}

/* From now on nothing of what this client sends arrives. */
static void mute(struct fixture *f, unsigned conn, u64 at_byte, u64 for_ns)
{
	const struct sim_fault fault = {
		.conn = conn, .kind = SIM_STALL, .at_byte = at_byte, .for_ns = for_ns
	};

	assert_int_equal(sim_fault_add(f->sim, &fault), 0);
}

/* ---- tests ------------------------------------------------------------------------------------------ */

/* Position Zero and Reply chunks fill the window as data do. */
static void test_all_counts(void **state)
{
	struct fixture *f = *state;
	struct client c;

	client_open(f, &c);
	for (u32 i = 0; i < 16; i++)
		call(&c, i, 1 << 20, 0);
	pass(f, 200 * MS);
	assert_int_equal(held_n, RDMA_WINDOW >> 20);
	assert_int_equal(held_of_host(f, 2), RDMA_WINDOW >> 20);
	for (unsigned i = 0; i < 4; i++) {
		release(f);
		pass(f, 200 * MS);
	}
	assert_int_equal(c.replies, 16);
	for (u32 i = 0; i < 40; i++)
		call(&c, i, 0, RDMA_REPLY_BYTES);
	pass(f, 20 * MS);
	assert_int_equal(held_n, RDMA_WINDOW / RDMA_REPLY_BYTES);
	while (held_n)
		release(f);
	assert_int_equal(c.replies, 56);
	assert_int_equal(held_of_host(f, 2), 0);
	client_close(&c);
	pass(f, 100 * MS);
}

static void test_read_not_answered(void **state)
{
	struct fixture *f = *state;
	struct client c, other;

	mute(f, 0, 300000, 1000000 * MS);
	client_open(f, &c);
	client_open(f, &other);
	call(&c, 1, 1 << 20, 0);
	pass(f, RDMA_STALL_S * 1000 * MS - 200 * MS);
	assert_int_equal(f->up, 2);
	assert_int_equal(held_of_host(f, 2), 1);
	call(&other, 2, 0, 0);		/* served meanwhile */
	pass(f, MS);
	release(f);
	assert_int_equal(other.replies, 1);
	pass(f, 400 * MS);
	assert_int_equal(f->up, 1);
	assert_string_equal(f->why, "it does not answer RDMA Reads, or takes no data");
	assert_int_equal(held_of_host(f, 2), 0);
	assert_int_equal(held_n, 0);	/* the call was dropped */
	client_close(&c);
	client_close(&other);
	pass(f, 100 * MS);
}

static void test_read_slow(void **state)
{
	struct fixture *f = *state;
	struct client c;

	mute(f, 0, 300000, RDMA_STALL_S * 1000 * MS - 1000 * MS);
	client_open(f, &c);
	call(&c, 1, 1 << 20, 0);
	pass(f, RDMA_STALL_S * 1000 * MS + 500 * MS);
	assert_int_equal(held_n, 1);
	release(f);
	pass(f, 2 * RDMA_STALL_S * 1000 * MS);
	assert_int_equal(c.replies, 1);
	assert_int_equal(f->up, 1);
	client_close(&c);
	pass(f, 100 * MS);
}

/* With as many connections as it likes. */
static void test_share_of_host(void **state)
{
	struct fixture *f = *state;
	static struct client c[MANY];
	struct rdma_host other = { 0 };
	struct rdma_buf buf;

	for (unsigned i = 0; i < MANY; i++) {
		mute(f, i, 300000, 1000000 * MS);
		client_open(f, &c[i]);
		for (u32 n = 0; n < 4; n++)
			call(&c[i], n, 1 << 20, 0);
		pass(f, 5 * MS);
	}
	assert_int_equal(held_of_host(f, 2), RDMA_SHARE_OF_HOST(47));
	assert_int_equal(rdma_buf_get(&reactor(f)->arena, &other, 1 << 20, &buf), RDMA_MEM_OK);
	rdma_buf_put(&reactor(f)->arena, &other, &buf);
	/* Those that had some go; then those that waited have their turn, and go too. */
	for (unsigned i = 0; i < 6 && f->up; i++)
		pass(f, RDMA_STALL_S * 1000 * MS + 100 * MS);
	assert_int_equal(held_of_host(f, 2), 0);
	assert_int_equal(held_n, 0);
	for (unsigned i = 0; i < MANY; i++)
		client_close(&c[i]);
	pass(f, 100 * MS);
	assert_true(list_empty(&reactor(f)->hosts));
}

static void test_shares(void **state)
{
	static const struct {
		u32 len;
		unsigned n;
	} classes[] = { { 8192, 512 }, { 65536, 64 }, { 1 << 20, 23 } };
	static struct rdma_buf bufs[2][512 + 64 + 23];
	struct rdma_host hosts[2] = { 0 };
	struct fixture *f = *state;
	struct rdma_arena *arena = &reactor(f)->arena;
	struct rdma_buf one;

	for (unsigned h = 0; h < 2; h++) {
		unsigned n = 0;

		/* The largest first: small ones go into larger buffers when theirs are given out. */
		for (unsigned c = RDMA_CLASSES; c-- > 0;) {
			for (unsigned i = 0; i < classes[c].n; i++)
				assert_int_equal(rdma_buf_get(arena, &hosts[h], classes[c].len,
							      &bufs[h][n++]),
						 RDMA_MEM_OK);
			assert_int_equal(rdma_buf_get(arena, &hosts[h], classes[c].len, &one),
					 RDMA_MEM_SHARE);
		}
	}
	for (unsigned h = 0; h < 2; h++)
		for (unsigned i = 0; i < ARRAY_SIZE(bufs[0]); i++)
			rdma_buf_put(arena, &hosts[h], &bufs[h][i]);
	for (unsigned c = 0; c < RDMA_CLASSES; c++)
		assert_int_equal(hosts[0].held[c] + hosts[1].held[c], 0);
}

static void test_silent(void **state)
{
	static struct client c[NFS_SILENT_OF_HOST + 1];
	struct fixture *f = *state;

	for (unsigned i = 0; i < NFS_SILENT_OF_HOST; i++)
		client_open(f, &c[i]);
	call(&c[0], 1, 0, 0);		/* is silent no more */
	release(f);
	client_open(f, &c[NFS_SILENT_OF_HOST]);
	assert_int_equal(f->refused, 0);
	assert_int_equal(f->up, NFS_SILENT_OF_HOST + 1);
	for (unsigned i = 0; i <= NFS_SILENT_OF_HOST; i++)
		client_close(&c[i]);
	pass(f, 100 * MS);
	for (unsigned i = 0; i <= NFS_SILENT_OF_HOST; i++)
		client_open(f, &c[i]);
	pass(f, 10 * MS);
	assert_true(c[0].down);
	assert_false(c[1].down);
	assert_int_equal(f->refused, 1);
	for (unsigned i = 0; i <= NFS_SILENT_OF_HOST; i++)
		client_close(&c[i]);
	pass(f, 100 * MS);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_counts), TEST(test_read_not_answered),
		TEST(test_read_slow),  TEST(test_share_of_host),
		TEST(test_shares),     TEST(test_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
