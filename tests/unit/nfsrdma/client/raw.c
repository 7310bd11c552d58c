// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/unit/nfsrdma/client/raw.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define MEM_LEN ((RAW_RECVS + RAW_SENDS) * RAW_BUF + RAW_DATA)

/* ---- the part of mounting that goes by TCP ---------------------------------------------------------- */

void mount_start(struct ornfs_client *c, void (*then)(struct ornfs_client *c))
{
	static const u8 fh[8] = "the root";

	strcpy(c->export, "/raw");
	c->root = nfs3_file_new(fh, sizeof(fh), 1);
	assert_non_null(c->root);
	client_step(c, then);
}

/* ---- messages --------------------------------------------------------------------------------------- */

static u8 *recv_buf(struct raw *r, u64 i)
{
	return r->mem + i * RAW_BUF;
}

static u8 *send_buf(struct raw *r)
{
	return r->mem + RAW_RECVS * RAW_BUF;
}

u8 *raw_data(struct raw *r)
{
	return send_buf(r) + RAW_SENDS * RAW_BUF;
}

static void post_recv(struct raw *r, u64 i)
{
	struct wr_sge sge = { (uintptr_t)recv_buf(r, i), RAW_BUF, r->mr->lkey };
	struct wr_recv wr = { .wr_id = i, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	ual_post_recv(r->qp, &wr, &bad);
}

static void post(struct raw *r, struct wr_send wr, const u8 *at, u32 len)
{
	struct wr_sge sge = { (uintptr_t)at, len, r->mr->lkey };
	const struct wr_send *bad;

	wr.sges = &sge;
	wr.sge_n = 1;
	if (r->connected)
		ual_post_send(r->qp, &wr, &bad);
}

void raw_rdma_write(struct raw *r, u32 key, u64 to, u32 len)
{
	struct wr_send wr = { .opcode = WR_WRITE, .remote = { .addr = to, .rkey = key } };

	post(r, wr, raw_data(r), len);
}

void raw_rdma_read(struct raw *r, u32 key, u64 from, u32 len)
{
	struct wr_send wr = { .opcode = WR_READ, .remote = { .addr = from, .rkey = key } };

	post(r, wr, raw_data(r), len);
}

void raw_send(struct raw *r, const void *bytes, u32 len, u32 inv_rkey)
{
	/* What it has read is there before it says so. */
	struct wr_send wr = { .opcode = inv_rkey ? WR_SEND_INV : WR_SEND,
			      .flags = WR_FENCE,
			      .inv_rkey = inv_rkey };
	u8 *buf = send_buf(r) + (r->send_n++ % RAW_SENDS) * RAW_BUF;

	memcpy(buf, bytes, len);
	post(r, wr, buf, len);
}

void raw_answer_send(struct raw *r, struct raw_answer *a, u32 inv_rkey)
{
	assert_true(xdr_out_ok(&a->out));
	raw_send(r, a->bytes, (u32)xdr_out_len(&a->out), inv_rkey);
}

void raw_answer_init(struct raw_answer *a, const struct rpcrdma_hdr *hdr)
{
	struct rpcrdma_hdr mine = *hdr;

	mine.proc = RDMA_MSG;
	mine.credits = 16;
	mine.read_n = 0;
	xdr_out_init(&a->out, a->bytes, sizeof(a->bytes));
	rpcrdma_hdr_encode(&a->out, &mine);
	xdr_out_u32(&a->out, hdr->xid);
	xdr_out_u32(&a->out, RPC_REPLY);
	xdr_out_u32(&a->out, RPC_MSG_ACCEPTED);
	xdr_out_u32(&a->out, RPC_AUTH_NONE);
	xdr_out_u32(&a->out, 0);
	xdr_out_u32(&a->out, RPC_SUCCESS);
}

static void answer_fsinfo(struct raw *r, const struct rpcrdma_hdr *hdr)
{
	static const u32 sizes[] = { 65536, 65536, 4096, 65536, 65536, 4096, 4096 };
	struct raw_answer a;

	raw_answer_init(&a, hdr);
	xdr_out_u32(&a.out, NFS3_OK);
	xdr_out_bool(&a.out, false);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		xdr_out_u32(&a.out, sizes[i]);
	xdr_out_u64(&a.out, 1ull << 40);
	xdr_out_u64(&a.out, 1);
	xdr_out_u32(&a.out, 0);
	raw_answer_send(r, &a, 0);
}

static void got_message(struct raw *r, const u8 *msg, u32 len)
{
	struct rpcrdma_hdr hdr;
	struct rpc_call call = { .proc = 0 };
	struct xdr_in in;

	xdr_in_init(&in, msg, len);
	assert_int_equal(rpcrdma_hdr_decode(&in, &hdr), RPCRDMA_OK);
	/* A message that goes by a chunk has none here. */
	if (hdr.proc == RDMA_MSG)
		assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_OK);
	if (hdr.proc == RDMA_MSG && call.proc == NFS3_FSINFO)
		answer_fsinfo(r, &hdr);
	else if (r->on_call)
		r->on_call(r, &hdr, call.proc, &in);
}

/* ---- connections ------------------------------------------------------------------------------------ */

static void on_cq(struct ual_cq *cq)
{
	struct raw *r = cq->ctx;
	struct wc wc;

	while (ual_cq_poll(cq, &wc, 1)) {
		if (wc.status != WC_SUCCESS || wc.opcode != WC_RECV)
			continue;
		got_message(r, recv_buf(r, wc.wr_id), wc.byte_len);
		if (r->qp)
			post_recv(r, wc.wr_id);
	}
}

static void drop(struct raw *r)
{
	struct ual_qp *qp = r->qp;

	r->qp = NULL;
	r->connected = false;
	ual_qp_destroy(qp);
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct raw *r = qp->cfg.ctx;

	if (ev->kind == UAL_EV_ESTABLISHED)
		r->connected = true;
	if (ev->kind == UAL_EV_TERMINATED)
		r->terminated = true;
	if (ev->kind == UAL_EV_DISCONNECTED && qp == r->qp) {
		r->ended++;
		drop(r);
	}
}

static void on_request(struct ual_conn_req *req)
{
	struct raw *r = req->ctx;
	struct ual_qp_cfg cfg = { .pd = r->pd,
				  .scq = r->cq,
				  .rcq = r->cq,
				  .sq_depth = 256,
				  .rq_depth = RAW_RECVS,
				  .sq_sge_max = 1,
				  .rq_sge_max = 1,
				  .ird = 4,
				  .ord = 16,
				  .fn = on_event,
				  .ctx = r };
	const struct rpcrdma_pdata mine = { .remote_inv = true,
					    .send_bytes = RAW_BUF,
					    .recv_bytes = RAW_BUF };
	u8 pdata[RPCRDMA_PDATA_BYTES];
	struct ual_conn_param param = { .pdata = pdata, .pdata_len = sizeof(pdata) };

	drop(r);
	rpcrdma_pdata_encode(pdata, &mine);
	rpcrdma_pdata_decode(req->pdata, req->pdata_len, &r->peer);
	assert_int_equal(ual_qp_create(&cfg, &r->qp), 0);
	for (u64 i = 0; i < RAW_RECVS; i++)
		post_recv(r, i);
	r->conns++;
	r->terminated = false;
	assert_int_equal(ual_accept(req, r->qp, &param), 0);
}

static void listen_here(struct raw *r)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(RPCRDMA_PORT) };
	struct ual_listen_cfg cfg = { .addr = (struct sockaddr *)&addr,
				      .addr_len = sizeof(addr),
				      .on_request = on_request,
				      .ctx = r };

	assert_int_equal(ual_listen(r->dev, &cfg, &r->listener), 0);
}

/* ---- the world -------------------------------------------------------------------------------------- */

static u32 caps_without;

static int device_get(void *ctx, unsigned i, struct ual_device_info *info)
{
	int ret = sim_provider(ctx)->device_get(ctx, i, info);

	info->caps &= ~caps_without;
	return ret;
}

static void make_network(struct raw *r)
{
	struct sim_cfg cfg = { .seed = 1, .latency_max_us = 1 };
	struct ual_loop_cfg loop = { .spin_us = 0 };

	assert_int_equal(sim_create(&cfg, &r->sim), 0);
	assert_int_equal(ual_create(NULL, &r->ual), 0);
	r->ops = *sim_provider(r->sim);
	r->ops.device_get = device_get;
	assert_int_equal(ual_provider_add(r->ual, &r->ops, r->sim), 0);
	loop.clock = sim_clock(r->sim);
	assert_int_equal(ual_loop_create(&loop, &r->loop), 0);
}

static void on_up(struct ornfs_client *client, int err, struct ornfs_file *root, void *ctx)
{
	struct raw *r = ctx;

	assert_int_equal(err, 0);
	r->root = root;
}

static bool is_mounted(void *ctx)
{
	return ((struct raw *)ctx)->root != NULL;
}

void raw_open(struct raw *r, u32 without)
{
	struct ornfs_client_cfg cfg = { .device = "sim0",
					.host = "192.0.2.1",
					.path = "/raw",
					.version = 3,
					.on_up = on_up,
					.ctx = r };

	memset(r, 0, sizeof(*r));
	caps_without = without;
	r->mem = calloc(1, MEM_LEN);
	assert_non_null(r->mem);
	make_network(r);
	assert_int_equal(ual_device_open(r->ual, r->loop, "sim0", &r->dev), 0);
	assert_int_equal(ual_pd_create(r->dev, &r->pd), 0);
	assert_int_equal(ual_mr_reg(r->pd, r->mem, MEM_LEN, ACCESS_LOCAL_WRITE, &r->mr), 0);
	assert_int_equal(ual_cq_create(r->dev, 1024, on_cq, r, &r->cq), 0);
	listen_here(r);
	cfg.ual = r->ual;
	cfg.loop = r->loop;
	assert_int_equal(ornfs_client_create(&cfg, &r->client), 0);
	raw_until(r, is_mounted, r, 1000);
}

void raw_close(struct raw *r)
{
	ornfs_file_put(r->root);
	ornfs_client_destroy(r->client);
	drop(r);
	ual_listener_destroy(r->listener);
	assert_int_equal(ual_cq_destroy(r->cq), 0);
	assert_int_equal(ual_mr_dereg(r->mr), 0);
	assert_int_equal(ual_pd_destroy(r->pd), 0);
	assert_int_equal(ual_device_close(r->dev), 0);
	ual_loop_destroy(r->loop);
	ual_destroy(r->ual);
	sim_destroy(r->sim);
	free(r->mem);
}

void raw_until(struct raw *r, bool (*done)(void *ctx), void *ctx, u64 limit_ms)
{
	int ret = sim_run(r->sim, &r->loop, 1, done, ctx, limit_ms * 1000000);

	if (ret)
		fail_msg("it did not happen within %llu ms: %s", (unsigned long long)limit_ms,
			 strerror(-ret));
}

static void tick(struct ual_timer *timer)
{
	*(bool *)timer->ctx = true;
}

static bool is_set(void *ctx)
{
	return *(bool *)ctx;
}

void raw_run_ms(struct raw *r, u64 ms)
{
	bool over = false;
	struct ual_timer timer = { .fn = tick, .ctx = &over };

	ual_timer_arm(r->loop, &timer, ual_loop_now(r->loop) + ms * 1000000);
	raw_until(r, is_set, &over, 2 * ms);
}
