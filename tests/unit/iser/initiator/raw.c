/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/unit/iser/initiator/raw.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define MEM_LEN (RAW_RECVS * RAW_BUF + RAW_SENDS * RAW_BUF + RAW_DATA)

static u8 *recv_buf(struct raw *r, u64 i)
{
	return r->mem + i * RAW_BUF;
}

static void post_recv(struct raw *r, u64 i)
{
	struct wr_sge sge = { (uintptr_t)recv_buf(r, i), RAW_BUF, r->mr->lkey };
	struct wr_recv wr = { .wr_id = i, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	ual_post_recv(r->qp, &wr, &bad);
}

/* ---- PDUs ------------------------------------------------------------------------------------------- */

void raw_pdu_init(struct raw *r, struct raw_pdu *pdu, u8 opcode, u8 flags, u32 itt)
{
	u8 *bhs;

	memset(pdu->b, 0, MSG_DATA);
	bhs = pdu->b + MSG_BHS;
	pdu->b[0] = 0x10;
	bhs[0] = opcode;
	bhs[1] = flags;
	put_unaligned_be32(itt, bhs + BHS_ITT);
	put_unaligned_be32(0xffffffff, bhs + 20);
	put_unaligned_be32(r->stat_sn++, bhs + 24);
	put_unaligned_be32(r->exp_cmd_sn, bhs + 28);
	put_unaligned_be32(r->exp_cmd_sn + r->window - 1, bhs + 32);
	pdu->len = MSG_DATA;
}

void raw_pdu_data(struct raw_pdu *pdu, const void *data, size_t len)
{
	memcpy(pdu->b + pdu->len, data, len);
	pdu->len += len;
	put_unaligned_be32((u32)(pdu->len - MSG_DATA), pdu->b + MSG_BHS + 4);
}

static void post(struct raw *r, struct wr_send wr, const void *bytes, size_t len)
{
	u8 *buf = r->mem + (RAW_RECVS + r->send_next++ % RAW_SENDS) * RAW_BUF;
	struct wr_sge sge = { (uintptr_t)buf, (u32)len, r->mr->lkey };
	const struct wr_send *bad;

	if (len > RAW_BUF) { /* data: one at a time is enough for these tests */
		buf = r->mem + (RAW_RECVS + RAW_SENDS) * RAW_BUF;
		sge.addr = (uintptr_t)buf;
	}
	if (!r->connected)
		return;
	memcpy(buf, bytes, len);
	wr.flags = WR_SIGNALED;
	wr.sges = &sge;
	wr.sge_n = 1;
	ual_post_send(r->qp, &wr, &bad);
}

void raw_send(struct raw *r, const void *bytes, size_t len, u32 inv_rkey)
{
	struct wr_send wr = { .opcode = inv_rkey ? WR_SEND_INV : WR_SEND, .inv_rkey = inv_rkey };

	post(r, wr, bytes, len);
}

void raw_rdma_write(struct raw *r, u32 rkey, u64 to, const void *data, size_t len)
{
	struct wr_send wr = { .opcode = WR_WRITE, .remote = { .addr = to, .rkey = rkey } };

	post(r, wr, data, len);
}

static u32 stag_of(const u8 *msg)
{
	if (msg[0] & 0x04)
		return get_unaligned_be32(msg + MSG_RSTAG);
	if (msg[0] & 0x08)
		return get_unaligned_be32(msg + MSG_WSTAG);
	return 0;
}

void raw_respond(struct raw *r, const u8 *msg, u8 status, const u8 *sense, size_t sense_len,
		 bool invalidate)
{
	struct raw_pdu pdu;
	u8 len[2];

	raw_pdu_init(r, &pdu, 0x21, 0x80, raw_itt(msg));
	pdu.b[MSG_BHS + 3] = status;
	if (sense) {
		put_unaligned_be16((u16)sense_len, len);
		raw_pdu_data(&pdu, len, sizeof(len));
		raw_pdu_data(&pdu, sense, sense_len);
	}
	raw_send(r, pdu.b, pdu.len, invalidate ? stag_of(msg) : 0);
}

void raw_data_in(struct raw *r, const u8 *msg, const void *data, size_t len)
{
	u32 expected = get_unaligned_be32(msg + MSG_BHS + 20);
	struct raw_pdu pdu;

	if (len > expected)
		len = expected;
	if (len)
		raw_rdma_write(r, get_unaligned_be32(msg + MSG_RSTAG),
			       get_unaligned_be64(msg + MSG_RBASE), data, len);
	raw_pdu_init(r, &pdu, 0x21, len < expected ? 0x82 : 0x80, raw_itt(msg));
	put_unaligned_be32(expected - (u32)len, pdu.b + MSG_BHS + 44);
	raw_send_pdu(r, &pdu);
}

/* ---- login ------------------------------------------------------------------------------------------ */

static void answer_login(struct raw *r, const u8 *msg)
{
	const char *text =
		r->login_text
			? r->login_text
			: "TargetPortalGroupTag=1,RDMAExtensions=Yes,InitialR2T=Yes,ImmediateData=Yes,"
			  "MaxBurstLength=1048576,FirstBurstLength=65536,"
			  "InitiatorRecvDataSegmentLength=512,TargetRecvDataSegmentLength=8192,";
	struct raw_pdu pdu;
	u8 *bhs = pdu.b + MSG_BHS;

	raw_pdu_init(r, &pdu, 0x23, r->login_status ? 0x04 : 0x87, raw_itt(msg));
	memcpy(bhs + 8, msg + MSG_BHS + 8, 6);
	memset(bhs + 20, 0, 4);
	if (r->login_status) {
		put_unaligned_be16(r->login_status, bhs + 36);
	} else {
		bhs[15] = 1;	/* TSIH */
		raw_pdu_data(&pdu, text, strlen(text));
		for (size_t i = MSG_DATA; i < pdu.len; i++)
			if (pdu.b[i] == ',')
				pdu.b[i] = '\0';
	}
	raw_send_pdu(r, &pdu);
}

static void got_login(struct raw *r, const u8 *msg, size_t len)
{
	memcpy(r->isid, msg + MSG_BHS + 8, sizeof(r->isid));
	r->exp_cmd_sn = get_unaligned_be32(msg + MSG_BHS + BHS_CMD_SN);
	r->logins++;
	if (r->on_login)
		r->on_login(r, msg, len);
	else if (!r->silent_login)
		answer_login(r, msg);
}

static void got_message(struct raw *r, const u8 *msg, size_t len)
{
	assert_true(len >= MSG_DATA);
	assert_int_equal(msg[0] & 0xf0, 0x10);
	if (raw_opcode(msg) == 0x03) {
		got_login(r, msg, len);
		return;
	}
	if (!(msg[MSG_BHS] & 0x40) && raw_opcode(msg) == 0x01) {
		/* commands come in order, none twice, none above the window */
		assert_int_equal(get_unaligned_be32(msg + MSG_BHS + BHS_CMD_SN), r->exp_cmd_sn);
		r->exp_cmd_sn++;
	}
	if (r->on_pdu)
		r->on_pdu(r, msg, len);
}

/* ---- connections ------------------------------------------------------------------------------------ */

static void on_cq(struct ual_cq *cq)
{
	struct raw *r = cq->ctx;
	struct wc wc;

	while (ual_cq_poll(cq, &wc, 1)) {
		if (wc.status != WC_SUCCESS) {
			r->write_failed |= wc.opcode != WC_RECV && wc.status != WC_WR_FLUSH_ERR;
			continue;
		}
		if (wc.opcode != WC_RECV)
			continue;
		got_message(r, recv_buf(r, wc.wr_id), wc.byte_len);
		if (r->qp)
			post_recv(r, wc.wr_id);
	}
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct raw *r = qp->cfg.ctx;

	if (ev->kind == UAL_EV_ESTABLISHED)
		r->connected = true;
	if (ev->kind == UAL_EV_TERMINATED)
		r->term = *ev;
	if (ev->kind == UAL_EV_DISCONNECTED && qp == r->qp)
		raw_drop(r);
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
	struct ual_conn_param param = { .pdata = r->pdata,
					.pdata_len = r->pdata_len,
					.crc = r->crc };

	raw_drop(r);
	if (req->pdata_len == sizeof(r->peer_pdata))
		memcpy(r->peer_pdata, req->pdata, sizeof(r->peer_pdata));
	if (r->reject || ual_qp_create(&cfg, &r->qp)) {
		ual_reject(req, NULL, 0);
		return;
	}
	for (u64 i = 0; i < RAW_RECVS; i++)
		post_recv(r, i);
	r->conns++;
	r->stat_sn = 1000 * r->conns;
	if (ual_accept(req, r->qp, &param)) {
		raw_drop(r);
		ual_reject(req, NULL, 0);
	}
}

void raw_drop(struct raw *r)
{
	struct ual_qp *qp = r->qp;

	r->qp = NULL;
	r->connected = false;
	ual_qp_destroy(qp);
}

void raw_listen(struct raw *r)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(RAW_PORT) };
	struct ual_listen_cfg cfg = { .addr = (struct sockaddr *)&addr,
				      .addr_len = sizeof(addr),
				      .on_request = on_request,
				      .ctx = r };

	assert_int_equal(ual_listen(r->dev, &cfg, &r->listener), 0);
}

void raw_unlisten(struct raw *r)
{
	ual_listener_destroy(r->listener);
	r->listener = NULL;
}

/* ---- the world -------------------------------------------------------------------------------------- */

static u32 caps_without;

static int device_get(void *ctx, unsigned i, struct ual_device_info *info)
{
	int ret = sim_provider(ctx)->device_get(ctx, i, info);

	info->caps &= ~caps_without;
	return ret;
}

void raw_open(struct raw *r)
{
	raw_open_without(r, 0);
}

void raw_open_without(struct raw *r, u32 caps)
{
	struct sim_cfg cfg = { .seed = 1, .latency_max_us = 1 };
	struct ual_loop_cfg loop = { .spin_us = 0 };

	memset(r, 0, sizeof(*r));
	r->window = 64;
	r->pdata_len = sizeof(r->pdata);
	r->pdata[0] = 0x80;
	r->mem = calloc(1, MEM_LEN);
	assert_non_null(r->mem);
	assert_int_equal(sim_create(&cfg, &r->sim), 0);
	assert_int_equal(ual_create(NULL, &r->ual), 0);
	caps_without = caps;
	r->ops = *sim_provider(r->sim);
	r->ops.device_get = device_get;
	assert_int_equal(ual_provider_add(r->ual, &r->ops, r->sim), 0);
	loop.clock = sim_clock(r->sim);
	assert_int_equal(ual_loop_create(&loop, &r->loop), 0);
	assert_int_equal(ual_device_open(r->ual, r->loop, "sim0", &r->dev), 0);
	assert_int_equal(ual_device_open(r->ual, r->loop, "sim0", &r->initiator), 0);
	assert_int_equal(ual_pd_create(r->dev, &r->pd), 0);
	assert_int_equal(ual_mr_reg(r->pd, r->mem, MEM_LEN, ACCESS_LOCAL_WRITE, &r->mr), 0);
	assert_int_equal(ual_cq_create(r->dev, 1024, on_cq, r, &r->cq), 0);
	raw_listen(r);
}

void raw_close(struct raw *r)
{
	raw_drop(r);
	raw_unlisten(r);
	assert_int_equal(ual_cq_destroy(r->cq), 0);
	assert_int_equal(ual_mr_dereg(r->mr), 0);
	assert_int_equal(ual_pd_destroy(r->pd), 0);
	assert_int_equal(ual_device_close(r->initiator), 0);
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

struct run_limit {
	struct raw *r;
	u64 until_ns;
};

static void tick(struct ual_timer *timer)
{
}

static bool time_is_over(void *ctx)
{
	struct run_limit *limit = ctx;

	return ual_loop_now(limit->r->loop) >= limit->until_ns;
}

void raw_run_ms(struct raw *r, u64 ms)
{
	struct run_limit limit = { r, ual_loop_now(r->loop) + ms * 1000000 };
	struct ual_timer timer = { .fn = tick };

	ual_timer_arm(r->loop, &timer, limit.until_ns);
	sim_run(r->sim, &r->loop, 1, time_is_over, &limit, (ms + 1000) * 1000000);
	ual_timer_disarm(r->loop, &timer);
}
