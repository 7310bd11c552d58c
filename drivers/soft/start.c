// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MPA start-up of connections, both roles.  The exchange itself is core/iwarp/mpa_start.c; here it meets
 * QPs, requests and time limits.
 */
#include <stdlib.h>

#include "drivers/soft/conn.h"

#define RTR_ALL (MPA_RTR_SEND | MPA_RTR_WRITE | MPA_RTR_READ)

void soft_start_free(struct soft_start *start)
{
	if (start)
		free(start->target);
	free(start);
}

static struct mpa_cfg mpa_cfg_of(const struct soft_qp *qp, const struct ual_conn_param *param,
				 bool active)
{
	return (struct mpa_cfg){
		.revision = param->mpa_revision ? param->mpa_revision : 2,
		.crc = param->crc == UAL_CRC_ON,
		.markers = param->mpa_markers,
		.p2p = active && param->mpa_rtr,
		/* A responder takes what it is asked for unless it was told not to. */
		.rtr = param->mpa_rtr ? param->mpa_rtr
		       : active	      ? 0
				      : RTR_ALL,
		.ird = param->ird ? param->ird : (u16)qp->base.cfg.ird,
		.ord = param->ord ? param->ord : (u16)qp->base.cfg.ord,
	};
}

/* A QP can be started once; after a failed start it may try again. */
static int qp_free_to_start(const struct soft_qp *qp, const struct ual_conn_param *param)
{
	if (qp->conn || qp->used || qp->events)
		return -EISCONN;
	if (param->ird > qp->base.cfg.ird || param->ord > qp->base.cfg.ord)
		return -EINVAL;
	return 0;
}

static int fault_errno(enum mpa_start_fault fault)
{
	return fault == MPA_FAULT_REVISION ? -EPROTONOSUPPORT : -EPROTO;
}

/* ---- active ---------------------------------------------------------------------------------------- */

int soft_start_new(struct soft_qp *qp, const struct ual_conn_param *param, struct soft_start **out)
{
	struct mpa_cfg cfg = mpa_cfg_of(qp, param, true);
	int err = qp_free_to_start(qp, param);
	struct soft_start *start;

	if (err)
		return err;
	start = calloc(1, sizeof(*start));
	if (!start)
		return -ENOMEM;
	err = mpa_start_active(&start->mpa, &cfg, param->pdata, param->pdata_len);
	if (err) {
		soft_start_free(start);
		return err;
	}
	*out = start;
	return 0;
}

static int keep_target(struct soft_start *start, struct ual_loop *loop, const struct sockaddr *addr,
		       socklen_t addr_len, const struct ual_conn_param *param, u32 timeout_ms)
{
	struct soft_target *t;

	if (!param->refused_ms || addr_len > sizeof(t->addr))
		return 0;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	memcpy(&t->addr, addr, addr_len);
	t->addr_len = addr_len;
	if (param->local)
		memcpy(&t->local, param->local, addr_len);	/* of one family */
	t->until_ns = ual_loop_now(loop) + timeout_ms * 1000000ull;
	t->refused_until_ns = ual_loop_now(loop) + param->refused_ms * 1000000ull;
	start->target = t;
	return 0;
}

bool soft_start_refused(struct soft_conn *conn)
{
	const struct soft_target *t = conn->start ? conn->start->target : NULL;

	if (!t || ual_loop_now(conn->dev->loop) >= t->refused_until_ns)
		return false;
	conn->link->ops->destroy(conn->link, false);
	conn->link = NULL;
	soft_conn_timeout(conn, CONN_AGAIN_MS);
	return true;
}

int soft_start_retry(struct soft_conn *conn)
{
	struct soft_device *dev = conn->dev;
	const struct soft_target *t = conn->start->target;
	const struct sockaddr *local = t->local.ss_family ? (const struct sockaddr *)&t->local
							  : NULL;
	u64 now = ual_loop_now(dev->loop);
	struct soft_link *link;
	int err;

	if (now >= t->until_ns)
		return -ETIMEDOUT;
	err = dev->net->connect(dev->net_ctx, (const struct sockaddr *)&t->addr, t->addr_len, local,
				&link);
	if (err)
		return err;
	soft_conn_link(conn, link);
	return soft_conn_attach(conn, CONN_CONNECTING, (u32)((t->until_ns - now) / 1000000 + 1));
}

int soft_connect(struct ual_qp *base, const struct sockaddr *addr, socklen_t addr_len,
		 const struct ual_conn_param *param)
{
	struct soft_qp *qp = to_qp(base);
	struct soft_device *dev = qp->dev;
	struct soft_start *start;
	struct soft_conn *conn;
	u32 timeout_ms = param->timeout_ms ? param->timeout_ms : CONN_START_TIMEOUT_MS;
	struct soft_link *link;
	int err;

	err = soft_start_new(qp, param, &start);
	if (err)
		return err;
	err = keep_target(start, dev->loop, addr, addr_len, param, timeout_ms);
	if (err)
		goto err_start;
	err = dev->net->connect(dev->net_ctx, addr, addr_len, param->local, &link);
	if (err)
		goto err_start;
	err = soft_conn_create(dev, link, &conn);
	if (err) {
		link->ops->destroy(link, true);
		goto err_start;
	}
	err = soft_conn_attach(conn, CONN_CONNECTING, timeout_ms);
	if (err) {
		soft_conn_kill(conn, true);
		goto err_start;
	}
	conn->start = start;
	start->conn = conn;
	conn->qp = qp;
	qp->conn = conn;
	return 0;

err_start:
	soft_start_free(start);
	return err;
}

/* The link is up, or the stream becomes RDMA: the request goes out behind what is queued. */
int soft_start_ask(struct soft_conn *conn)
{
	struct sockaddr_storage *local = conn->stream ? &conn->stream->base.local
						      : &conn->qp->base.local;
	struct sockaddr_storage *peer = conn->stream ? &conn->stream->base.peer
						     : &conn->qp->base.peer;
	int err = conn->link->ops->info(conn->link, local, peer, &conn->emss);

	if (err)
		return err;
	if (conn->stream) {
		soft_conn_timeout(conn, 0);
		soft_conn_enter(conn, CONN_STREAM);
		conn->stream->base.ops->on_up(&conn->stream->base);
		return 0;
	}
	err = soft_buf_append(&conn->out, conn->start->mpa.tx, conn->start->mpa.tx_len, SIZE_MAX);
	if (err)
		return err;
	soft_conn_enter(conn, CONN_ASKING);
	soft_conn_tx_schedule(conn);
	return 0;
}

/* Both frames were exchanged: the engine takes over. */
void soft_start_rdma(struct soft_conn *conn)
{
	struct soft_start *start = conn->start;
	const struct mpa_result *how = &start->mpa.result;
	struct soft_qp *qp = conn->qp;
	int err = qp_enter_rts(qp->engine, how, conn->emss);

	if (err) {
		soft_conn_fail(conn, err);
		return;
	}
	qp->used = true;
	qp->base.ird = how->ird;
	qp->base.ord = how->ord;
	qp->base.crc = how->crc ? UAL_CRC_ON : UAL_CRC_OFF;
	qp->start = start;
	start->conn = NULL;
	conn->start = NULL;
	conn->listening = !how->initiator && !how->p2p && start->silent_ms;
	soft_conn_timeout(conn, conn->listening ? start->silent_ms : 0);
	soft_conn_enter(conn, CONN_RDMA);
	soft_qp_raise(qp, EV_ESTABLISHED, 0);
	if (qp_tx_pending(qp->engine))
		soft_conn_tx_schedule(conn);
}

static void reply_rejected(struct soft_conn *conn)
{
	struct soft_qp *qp = conn->qp;

	conn->qp = NULL;
	qp->conn = NULL;
	soft_start_free(qp->start);
	qp->start = conn->start;
	conn->start = NULL;
	soft_qp_raise(qp, EV_REJECTED, 0);
	soft_conn_kill(conn, false);
}

/* The reply is no good; a TERMINATE may say so (RFC 6581 9.1, 9.2). */
static void reply_fault(struct soft_conn *conn)
{
	struct mpa_start *mpa = &conn->start->mpa;
	struct soft_qp *qp = conn->qp;
	int err = fault_errno(mpa->fault);

	if (!mpa->tx_len || soft_buf_append(&conn->out, mpa->tx, mpa->tx_len, SIZE_MAX)) {
		soft_conn_fail(conn, err);
		return;
	}
	conn->qp = NULL;
	qp->conn = NULL;
	soft_qp_raise(qp, EV_FAILED, err);
	soft_conn_linger(conn);
}

static size_t feed_active(struct soft_conn *conn, const u8 *data, size_t len)
{
	struct mpa_start *mpa = &conn->start->mpa;
	struct core_input in = { .data = data, .len = len };

	mpa->tx_len = 0;	/* the request has left: what is there after this is an answer */
	switch (mpa_start_rx(mpa, &in)) {
	case MPA_START_MORE:
		break;
	case MPA_START_DONE:
		soft_start_rdma(conn);
		if (conn->state == CONN_RDMA) {
			conn->settling = true;
			soft_conn_timeout(conn, CONN_SETTLE_MS);
		}
		break;
	case MPA_START_REJECTED:
		reply_rejected(conn);
		return len;
	case MPA_START_REQUEST:
	case MPA_START_FAULT:
		reply_fault(conn);
		return len;
	}
	return in.pos;
}

/* ---- passive --------------------------------------------------------------------------------------- */

int soft_start_passive(struct soft_conn *conn)
{
	static const struct mpa_cfg cfg = { .revision = 2, .crc = true, .rtr = RTR_ALL };
	struct soft_start *start = calloc(1, sizeof(*start));

	if (!start)
		return -ENOMEM;
	mpa_start_passive(&start->mpa, &cfg);
	start->conn = conn;
	conn->start = start;
	soft_conn_enter(conn, CONN_ASKED);
	return 0;
}

static void request_fill(struct soft_conn *conn, struct soft_start *start, void *ctx)
{
	start->req.dev = &conn->dev->base;
	start->req.pdata = start->mpa.pdata;
	start->req.pdata_len = start->mpa.pdata_len;
	start->req.peer_ird = start->mpa.peer.ird;
	start->req.peer_ord = start->mpa.peer.ord;
	start->req.ctx = ctx;
	conn->dev->base.objects++;
	soft_conn_timeout(conn, 0);
	soft_conn_enter(conn, CONN_DECIDING);
}

static void request_arrived(struct soft_conn *conn)
{
	struct soft_start *start = conn->start;
	struct soft_share *share = conn->share;
	void (*on_request)(struct ual_conn_req *);
	void *ctx;
	int err;

	err = conn->link->ops->info(conn->link, &start->req.local, &start->req.peer, &conn->emss);
	if (err) {
		soft_conn_fail(conn, err);
		return;
	}
	if (conn->stream) {
		on_request = conn->stream->base.ops->on_request;
		ctx = conn->stream->base.ctx;
		soft_stream_free(conn);
		request_fill(conn, start, ctx);
		on_request(&start->req);
		return;
	}
	if (!soft_share_enter(conn->dev, share)) {
		soft_conn_kill(conn, false);
		return;
	}
	start->share = share;	/* counted as pending until it is answered */
	conn->share = NULL;
	room_leave(&conn->guest);
	request_fill(conn, start, share->ctx);
	share->on_request(&start->req);
	soft_share_leave(conn->dev, share);
}

static size_t feed_passive(struct soft_conn *conn, const u8 *data, size_t len)
{
	struct mpa_start *mpa = &conn->start->mpa;
	struct core_input in = { .data = data, .len = len };
	enum mpa_start_event ev = mpa_start_rx(mpa, &in);

	/* Nothing may follow the request before our reply: let the engine judge what does. */
	if (ev == MPA_START_REQUEST && in.pos < in.len && mpa_start_rx(mpa, &in) == MPA_START_FAULT)
		ev = MPA_START_FAULT;
	if (ev == MPA_START_REQUEST)
		request_arrived(conn);
	else if (ev != MPA_START_MORE)
		soft_conn_fail(conn, fault_errno(mpa->fault));
	return len;
}

size_t soft_start_feed(struct soft_conn *conn, const u8 *data, size_t len)
{
	return conn->state == CONN_ASKING ? feed_active(conn, data, len)
					  : feed_passive(conn, data, len);
}

/* The request is answered, one way or the other, and no longer the consumer's. */
static void request_done(struct soft_start *start)
{
	struct ual_device *dev = start->req.dev;

	dev->objects--;
	if (start->share)
		soft_share_answered(start->share);
	start->share = NULL;
}

/* Between request and reply: the peer left, or spoke out of turn. */
static int peer_still_waits(struct soft_conn *conn)
{
	u8 byte;
	ssize_t n = conn->link->ops->recv(conn->link, &(struct qp_iov){ &byte, 1 }, 1);

	if (n == -EAGAIN)
		return 0;
	return n > 0 ? -EPROTO : n < 0 ? (int)n : -ECONNRESET;
}

int soft_accept(struct ual_conn_req *req, struct ual_qp *base, const struct ual_conn_param *param)
{
	struct soft_start *start = container_of(req, struct soft_start, req);
	struct soft_conn *conn = start->conn;
	struct soft_qp *qp = to_qp(base);
	struct mpa_cfg cfg = mpa_cfg_of(qp, param, false);
	int err = qp_free_to_start(qp, param);

	if (err)
		return err;
	err = conn ? peer_still_waits(conn) : start->err;
	if (err) {
		request_done(start);
		soft_qp_raise(qp, EV_FAILED, err);
		if (conn)
			soft_conn_kill(conn, true);
		else
			soft_start_free(start);
		return 0;
	}
	err = mpa_start_accept(&start->mpa, &cfg, param->pdata, param->pdata_len);
	if (err)
		return err;
	err = soft_buf_append(&conn->out, start->mpa.tx, start->mpa.tx_len, SIZE_MAX);
	if (err)
		return err;
	request_done(start);
	base->local = req->local;
	base->peer = req->peer;
	start->silent_ms = param->silent_ms;
	conn->qp = qp;
	qp->conn = conn;
	soft_conn_timeout(conn, CONN_START_TIMEOUT_MS);
	soft_conn_enter(conn, CONN_REPLYING);
	soft_conn_tx_schedule(conn);
	return 0;
}

void soft_reject(struct ual_conn_req *req, const void *pdata, uint16_t pdata_len)
{
	struct soft_start *start = container_of(req, struct soft_start, req);
	struct soft_conn *conn = start->conn;

	request_done(start);
	if (!conn) {
		soft_start_free(start);
		return;
	}
	if (mpa_start_reject(&start->mpa, pdata, pdata_len) ||
	    soft_buf_append(&conn->out, start->mpa.tx, start->mpa.tx_len, SIZE_MAX))
		soft_conn_kill(conn, true);
	else
		soft_conn_linger(conn);
}
