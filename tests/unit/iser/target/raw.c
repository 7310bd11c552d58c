// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The initiator's side of the rig: bytes in, bytes out, no protocol of its own. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iser/target/rig.h"

#define HEADERS 76
#define TX_AT	(RAW_BUF - 64 * RAW_MSG_LEN)	/* of buf: messages on their way, in turn */

/* ---- connection ----------------------------------------------------------------------------- */

static void post_recv(struct raw *i, unsigned int n)
{
	struct wr_sge sge = { (uintptr_t)i->recvs + n * RAW_RECV_LEN, RAW_RECV_LEN,
			      i->recv_mr->lkey };
	struct wr_recv wr = { .wr_id = n, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	assert_int_equal(ual_post_recv(i->qp, &wr, &bad), 0);
}

static void on_wc(struct raw *i, const struct wc *wc)
{
	struct raw_msg *m = &i->msgs[i->msg_n];

	if (wc->opcode != WC_RECV || wc->status != WC_SUCCESS)
		return;
	assert_true(i->msg_n < RAW_MSGS);
	m->len = wc->byte_len;
	m->inv = wc->flags & WC_WITH_INV;
	m->inv_rkey = wc->inv_rkey;
	memcpy(m->bytes, i->recvs + wc->wr_id * RAW_RECV_LEN, wc->byte_len);
	i->msg_n++;
	post_recv(i, (unsigned int)wc->wr_id);
}

static void on_cq(struct ual_cq *cq)
{
	struct raw *i = cq->ctx;
	struct wc wc[16];
	int n;

	do {
		n = ual_cq_poll(cq, wc, 16);
		for (int k = 0; k < n; k++)
			on_wc(i, &wc[k]);
	} while (n == 16);
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct raw *i = qp->cfg.ctx;

	i->up |= ev->kind == UAL_EV_ESTABLISHED;
	i->down |= ev->kind == UAL_EV_DISCONNECTED || ev->kind == UAL_EV_FAILED ||
		   ev->kind == UAL_EV_REJECTED;
	i->terminated |= ev->kind == UAL_EV_TERMINATED;
	if (ev->kind == UAL_EV_ESTABLISHED) {
		i->pdata_len = ev->pdata_len;
		if (ev->pdata_len == sizeof(i->pdata))
			memcpy(i->pdata, ev->pdata, sizeof(i->pdata));
	}
}

void raw_make(struct rig *r, struct raw *i)
{
	struct ual_qp_cfg cfg = { .sq_depth = 512,
				  .rq_depth = 512,
				  .sq_sge_max = 1,
				  .rq_sge_max = 1,
				  .ird = 16,
				  .ord = 1,
				  .fn = on_event,
				  .ctx = i };

	memset(i, 0, sizeof(*i));
	i->rig = r;
	i->name = "iqn.2026-11.test:raw";
	i->cmd_sn = 0xfffffff0;		/* soon wraps */
	i->buf = calloc(1, RAW_BUF);
	i->recvs = malloc(RAW_RECVS * RAW_RECV_LEN);
	i->msgs = malloc(RAW_MSGS * sizeof(*i->msgs));
	assert_int_equal(ual_pd_create(r->idev, &i->pd), 0);
	assert_int_equal(ual_cq_create(r->idev, 1024, on_cq, i, &i->cq), 0);
	assert_int_equal(ual_mr_reg(i->pd, i->buf, RAW_BUF,
				    ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
					    ACCESS_MW_BIND,
				    &i->mr),
			 0);
	assert_int_equal(ual_mr_reg(i->pd, i->recvs, RAW_RECVS * RAW_RECV_LEN, ACCESS_LOCAL_WRITE,
				    &i->recv_mr),
			 0);
	assert_int_equal(ual_mw_alloc(i->pd, &i->mw), 0);
	cfg.pd = i->pd;
	cfg.scq = cfg.rcq = i->cq;
	assert_int_equal(ual_qp_create(&cfg, &i->qp), 0);
	for (unsigned int n = 0; n < RAW_RECVS; n++)
		post_recv(i, n);
}

static bool up_or_down(void *ctx)
{
	struct raw *i = ctx;

	return i->up || i->down;
}

bool raw_connect(struct raw *i, unsigned int pdata_flags)
{
	uint8_t pdata[4] = { (uint8_t)pdata_flags };
	struct ual_conn_param param = { .pdata = pdata,
					.pdata_len = pdata_flags & RAW_NO_PDATA ? 0 : 4 };

	if (ual_connect(i->qp, (struct sockaddr *)&i->rig->addr, sizeof(struct sockaddr_in),
			&param) != 0)
		return false;
	rig_until(i->rig, up_or_down, i);
	return i->up;
}

void raw_open(struct rig *r, struct raw *i, unsigned int pdata_flags)
{
	raw_make(r, i);
	assert_true(raw_connect(i, pdata_flags));
}

void raw_close(struct raw *i)
{
	if (i->stream && !i->stream_closed)
		ual_stream_close(i->stream);
	assert_int_equal(ual_qp_destroy(i->qp), 0);
	assert_int_equal(ual_mw_dealloc(i->mw), 0);
	assert_int_equal(ual_mr_dereg(i->mr), 0);
	assert_int_equal(ual_mr_dereg(i->recv_mr), 0);
	assert_int_equal(ual_cq_destroy(i->cq), 0);
	assert_int_equal(ual_pd_destroy(i->pd), 0);
	free(i->buf);
	free(i->recvs);
	free(i->msgs);
}

/* ---- sending -------------------------------------------------------------------------------- */

uint8_t *raw_begin(struct raw *i, uint8_t opcode, uint8_t flags)
{
	uint8_t *bhs = i->msg + ISER_HDR_BYTES;

	memset(i->msg, 0, HEADERS);
	i->msg[0] = 0x10;
	bhs[0] = opcode;
	bhs[1] = flags;
	put_unaligned_be32(++i->itt, bhs + 16);
	put_unaligned_be32(i->cmd_sn, bhs + 24);
	put_unaligned_be32(i->exp_stat_sn, bhs + 28);
	if (!(opcode & 0x40) && opcode != ISCSI_DATA_OUT && opcode != ISCSI_SNACK_REQ)
		i->cmd_sn++;
	i->len = HEADERS;
	return bhs;
}

void raw_data(struct raw *i, const void *data, uint32_t len)
{
	uint8_t *bhs = i->msg + ISER_HDR_BYTES;

	assert_true(i->len + len <= RAW_MSG_LEN);
	memcpy(i->msg + i->len, data, len);
	i->len += len;
	put_unaligned_be32(get_unaligned_be32(bhs + 4) + len, bhs + 4);
}

void raw_read_stag(struct raw *i, uint32_t stag, uint64_t at)
{
	i->msg[0] |= 0x04;
	put_unaligned_be32(stag, i->msg + 16);
	put_unaligned_be64(at, i->msg + 20);
}

void raw_write_stag(struct raw *i, uint32_t stag, uint64_t at)
{
	i->msg[0] |= 0x08;
	put_unaligned_be32(stag, i->msg + 4);
	put_unaligned_be64(at, i->msg + 8);
}

uint32_t raw_window(struct raw *i, uint32_t off, uint32_t len)
{
	uint32_t key = (i->mw->rkey & ~0xffu) | ++i->mw_uses;
	struct wr_send wr = {
		.opcode = WR_BIND_MW,
		.bind = {
			.mw_key = key,
			.mr_lkey = i->mr->lkey,
			.addr = (uintptr_t)i->buf + off,
			.len = len,
			.access = ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ,
		},
	};
	const struct wr_send *bad;

	assert_int_equal(ual_post_send(i->qp, &wr, &bad), 0);
	return key;
}

void raw_send(struct raw *i)
{
	static unsigned int turn;
	uint8_t *at = i->buf + TX_AT + turn++ % 64 * RAW_MSG_LEN;
	struct wr_sge sge = { (uintptr_t)at, i->len, i->mr->lkey };
	struct wr_send wr = { .opcode = WR_SEND, .sges = &sge, .sge_n = 1 };
	const struct wr_send *bad;

	memcpy(at, i->msg, i->len);
	assert_int_equal(ual_post_send(i->qp, &wr, &bad), 0);
}

uint8_t *raw_cmd(struct raw *i, uint8_t flags, uint8_t cdb, uint32_t lba, uint32_t len)
{
	uint8_t *bhs = raw_begin(i, ISCSI_SCSI_CMD, flags);

	put_unaligned_be32(len, bhs + 20);
	bhs[32] = cdb;
	put_unaligned_be32(lba, bhs + 34);
	return bhs;
}

/* ---- receiving ------------------------------------------------------------------------------ */

struct wanted {
	struct raw *i;
	uint8_t opcode;
};

static int find(struct raw *i, uint8_t opcode)
{
	for (unsigned int n = 0; n < i->msg_n; n++) {
		const uint8_t *b = i->msgs[n].bytes;

		if (opcode == 0xff ? b[0] != 0x10 : b[0] == 0x10 && (b[28] & 0x3f) == opcode)
			return (int)n;
	}
	return -1;
}

static bool is_there(void *ctx)
{
	struct wanted *w = ctx;

	return find(w->i, w->opcode) >= 0 || w->i->down;
}

bool raw_has(struct raw *i, uint8_t opcode)
{
	return find(i, opcode) >= 0;
}

uint8_t *raw_expect(struct raw *i, uint8_t opcode)
{
	struct wanted w = { i, opcode };
	uint8_t *bhs = i->in.bytes + ISER_HDR_BYTES;
	int n;

	rig_until(i->rig, is_there, &w);
	n = find(i, opcode);
	if (n < 0)
		fail_msg("no %s: the connection ended; log: %s",
			 iscsi_opcode_str((enum iscsi_opcode)opcode), i->rig->log);
	i->in = i->msgs[n];
	memmove(&i->msgs[n], &i->msgs[n + 1], (--i->msg_n - (unsigned int)n) * sizeof(i->msgs[0]));
	if (opcode == 0xff)
		return i->in.bytes;
	/* What a Linux initiator has room for. */
	if (opcode != ISCSI_LOGIN_RSP && opcode != ISCSI_TEXT_RSP)
		assert_true(i->in.len <= HEADERS + ISER_PEER_DATA_MAX);
	i->exp_stat_sn = get_unaligned_be32(bhs + 24) + 1;
	i->max_cmd_sn = get_unaligned_be32(bhs + 32);
	return bhs;
}

void raw_expect_status(struct raw *i, uint8_t status)
{
	uint8_t *bhs = raw_expect(i, ISCSI_SCSI_RSP);

	if (bhs[3] != status)
		fail_msg("status 0x%02x, expected 0x%02x", bhs[3], status);
}

static bool is_down(void *ctx)
{
	struct raw *i = ctx;

	return i->stream ? i->stream_closed : i->down;
}

void raw_expect_down(struct raw *i)
{
	rig_until(i->rig, is_down, i);
}

/* ---- login ---------------------------------------------------------------------------------- */

static void put_text(struct raw *i, const char *text)
{
	char copy[2048];
	size_t len = strlen(text);

	memcpy(copy, text, len + 1);
	for (size_t n = 0; n < len; n++)
		if (copy[n] == ' ')
			copy[n] = '\0';
	raw_data(i, copy, (uint32_t)len + 1);
}

static void login_request(struct raw *i, const char *target, const char *extra)
{
	char keys[2048] = "InitiatorName=";
	uint8_t *bhs = raw_begin(i, ISCSI_LOGIN_REQ | ISCSI_IMMEDIATE, 0x87);

	strcat(keys, i->name);
	if (target) {
		strcat(keys, " RDMAExtensions=Yes FirstBurstLength=8192 TargetName=");
		strcat(keys, target);
	} else {
		strcat(keys, " SessionType=Discovery");
	}
	if (extra) {
		strcat(keys, " ");
		strcat(keys, extra);
	}
	bhs[8] = 0x80;
	bhs[13] = i->isid;
	put_unaligned_be16(i->tsih, bhs + 14);
	put_unaligned_be16(i->cid, bhs + 20);
	put_text(i, keys);
}

void raw_login_start(struct raw *i, const char *target)
{
	login_request(i, target, NULL);
	raw_send(i);
}

uint16_t raw_try_login(struct raw *i, const char *target, const char *extra)
{
	uint8_t *bhs;

	login_request(i, target, extra);
	if (i->stream) {
		raw_stream_send(i);
		bhs = raw_stream_expect(i, ISCSI_LOGIN_RSP);
	} else {
		raw_send(i);
		bhs = raw_expect(i, ISCSI_LOGIN_RSP);
	}
	i->tsih = get_unaligned_be16(bhs + 14);
	return get_unaligned_be16(bhs + 36);
}

void raw_login(struct raw *i, const char *extra)
{
	uint16_t status = raw_try_login(i, TARGET_A, extra);

	if (status)
		fail_msg("login: 0x%04x; log: %s", status, i->rig->log);
}

/* ---- streaming mode ------------------------------------------------------------------------- */

static void on_up(struct ual_stream *s)
{
	((struct raw *)s->ctx)->stream_up = true;
}

static size_t on_data(struct ual_stream *s, const uint8_t *data, size_t len)
{
	struct raw *i = s->ctx;

	assert_true(i->stream_len + len <= sizeof(i->stream_in));
	memcpy(i->stream_in + i->stream_len, data, len);
	i->stream_len += (uint32_t)len;
	return len;
}

static void on_closed(struct ual_stream *s, int err)
{
	((struct raw *)s->ctx)->stream_closed = true;
}

static const struct ual_stream_ops stream_ops = {
	.on_up = on_up,
	.on_data = on_data,
	.on_closed = on_closed,
};

static bool stream_is_up(void *ctx)
{
	return ((struct raw *)ctx)->stream_up;
}

void raw_stream_open(struct rig *r, struct raw *i)
{
	raw_make(r, i);
	assert_int_equal(ual_stream_connect(r->idev, (struct sockaddr *)&r->addr,
					    sizeof(struct sockaddr_in), 10000, &stream_ops, i,
					    &i->stream),
			 0);
	rig_until(r, stream_is_up, i);
}

void raw_stream_send(struct raw *i)
{
	static const uint8_t zero[3];
	uint32_t len = i->len - ISER_HDR_BYTES;

	assert_int_equal(ual_stream_send(i->stream, i->msg + ISER_HDR_BYTES, len), 0);
	assert_int_equal(ual_stream_send(i->stream, zero, -len & 3), 0);
}

/* Of the PDU in front, with its padding. */
static uint32_t stream_pdu_len(const struct raw *i)
{
	uint32_t len = 48 + (get_unaligned_be32(i->stream_in + 4) & 0xffffff);

	return len + (-len & 3);
}

static bool stream_has_pdu(void *ctx)
{
	struct raw *i = ctx;

	if (i->stream_closed)
		return true;
	return i->stream_len >= 48 && i->stream_len >= stream_pdu_len(i);
}

uint8_t *raw_stream_expect(struct raw *i, uint8_t opcode)
{
	uint8_t *bhs = i->in.bytes + ISER_HDR_BYTES;
	uint32_t len;

	rig_until(i->rig, stream_has_pdu, i);
	assert_true(i->stream_len >= 48);
	len = stream_pdu_len(i);
	memcpy(bhs, i->stream_in, len);
	memmove(i->stream_in, i->stream_in + len, i->stream_len -= len);
	assert_int_equal(bhs[0], opcode);
	i->exp_stat_sn = get_unaligned_be32(bhs + 24) + 1;
	return bhs;
}

void raw_stream_turn(struct raw *i)
{
	uint8_t pdata[4] = { RAW_DEFAULT };
	struct ual_conn_param param = { .pdata = pdata, .pdata_len = 4 };

	assert_int_equal(ual_stream_to_rdma_active(i->stream, i->qp, &param), 0);
	i->stream = NULL;
	rig_until(i->rig, up_or_down, i);
	assert_true(i->up);
}
