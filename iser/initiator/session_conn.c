/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The connection under a session, and what happens to it.
 *
 *   immediate start-up:  ual_connect() -> ESTABLISHED -> login over RDMA -> up
 *   streaming login:     ual_stream_connect() -> login over TCP -> ual_stream_to_rdma_active()
 *                        -> ESTABLISHED -> up      (RFC 7145 5.1; a discovery session stays on TCP)
 */
#include <stdio.h>

#include "iser/initiator/session_priv.h"

static bool is_timeout(int err)
{
	return err == -ETIMEDOUT;
}

/* The connection did not come about. */
static void connect_failed(struct oriser_session *s, int err)
{
	switch (err) {
	case -ECONNREFUSED:
		session_down(s, ORISER_DOWN_CONNECT, err,
			     "%s: connection refused (is the target running?)", s->peer);
		break;
	case -EPROTO:
	case -EBADMSG:
		session_down(s, ORISER_DOWN_NOT_ISER, err,
			     "%s answered, but not as an iSER target (expected an MPA reply frame)",
			     s->peer);
		break;
	case -ECONNRESET:
	case -ECONNABORTED:
	case -EPIPE:
		session_down(
			s, ORISER_DOWN_NOT_ISER, err,
			"%s closed the connection instead of answering as an iSER target (expected "
			"an MPA reply frame)",
			s->peer);
		break;
	default:
		session_down(s, ORISER_DOWN_CONNECT, err, "%s: cannot connect: %s", s->peer,
			     is_timeout(err) ? "no answer in time" : strerror(-err));
	}
}

static void disconnected(struct oriser_session *s, int err)
{
	if (err == 0)
		err = -ECONNRESET;
	switch (s->state) {
	case SESSION_CONNECTING:
	case SESSION_TURNING:
		connect_failed(s, err);
		break;
	case SESSION_LOGIN:
		/* LIO does so instead of saying which of them it is */
		session_down(s, ORISER_DOWN_CONNECT, err,
			     "%s closed the connection during login: %s", s->peer,
			     *s->term_text ? s->term_text
					   : "wrong target name, or this initiator is not allowed");
		break;
	case SESSION_UP:
	case SESSION_LEAVING:
		session_down(s, ORISER_DOWN_LOST, err, "%s: connection lost: %s", s->peer,
			     *s->term_text ? s->term_text : strerror(-err));
		break;
	case SESSION_LOGOUT:
		session_down(s, s->logout_asked ? ORISER_DOWN_TARGET_ASKED : ORISER_DOWN_LOGOUT, 0,
			     s->logout_asked ? "%s asked for a logout" : "%s: logged out", s->peer);
		break;
	case SESSION_DOWN:
		break;
	}
}

static void established(struct oriser_session *s, const struct ual_event *ev)
{
	struct iser_caps caps;

	iser_pdata_decode(ev->pdata, ev->pdata_len, &caps);
	s->remote_inv = caps.send_inv && s->use_mw;
	if (s->state == SESSION_TURNING)
		session_enter_up(s);
	else
		session_login_start(s);
}

/* ---- completions ----------------------------------------------------------------------------------- */

static const char *wc_text(enum wc_status status)
{
	switch (status) {
	case WC_SUCCESS:
		return "success";
	case WC_LOC_LEN_ERR:
		return "a message longer than the receive buffer";
	case WC_LOC_PROT_ERR:
		return "a buffer outside of its registered region";
	case WC_WR_FLUSH_ERR:
		return "flushed";
	case WC_REM_ACCESS_ERR:
		return "the target refused access";
	case WC_REM_OP_ERR:
		return "the target could not do it";
	case WC_REM_INV_REQ_ERR:
		return "the target found the request invalid";
	case WC_MW_BIND_ERR:
		return "a memory window could not be bound or invalidated";
	case WC_FATAL_ERR:
		return "fatal error";
	}
	return "unknown error";
}

static void completion_failed(struct oriser_session *s, const struct wc *wc)
{
	/* Flushed work says only that the stream is over; the QP's event says why. */
	if (wc->status == WC_WR_FLUSH_ERR)
		return;
	if (wc->status == WC_LOC_LEN_ERR)
		session_protocol(s, wc_text(wc->status));
	else
		session_down(s, ORISER_DOWN_LOST, -EIO, "%s: %s", s->peer, wc_text(wc->status));
}

static void completed(struct oriser_session *s, const struct wc *wc)
{
	u32 index = (u32)wc->wr_id;

	if (wc->status != WC_SUCCESS) {
		completion_failed(s, wc);
	} else if (wc->wr_id & SESSION_WR_RECV) {
		session_rx_message(s, s->recvs[index].buf, wc->byte_len, wc);
		session_recv_again(s, index);
	} else {
		s->sq_done = wc->wr_id;
		session_invalidated(s);
	}
}

static void poll_completions(struct oriser_session *s)
{
	struct wc wc[SESSION_WC_BATCH];
	int n;

	do {
		n = ual_cq_poll(s->cq, wc, SESSION_WC_BATCH);
		for (int i = 0; i < n && s->state != SESSION_DOWN; i++)
			completed(s, &wc[i]);
		/* before anything is sent that may be answered into them */
		session_recv_flush(s);
	} while (n == SESSION_WC_BATCH && s->state != SESSION_DOWN);
}

static void on_cq(struct ual_cq *cq)
{
	struct oriser_session *s = cq->ctx;

	session_enter(s);
	poll_completions(s);
	session_kick(s);
	session_leave(s);
}

/* ---- events ---------------------------------------------------------------------------------------- */

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct oriser_session *s = qp->cfg.ctx;

	if (s->state == SESSION_DOWN)
		return;
	session_enter(s);
	/* What came before the end counts: a login refused, an answer that need not be replayed. */
	poll_completions(s);
	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		established(s, ev);
		break;
	case UAL_EV_REJECTED:
		session_down(s, ORISER_DOWN_CONNECT, -ECONNREFUSED,
			     "%s refused the RDMA connection", s->peer);
		break;
	case UAL_EV_FAILED:
		connect_failed(s, ev->err);
		break;
	case UAL_EV_DISCONNECTED:
		disconnected(s, ev->err);
		break;
	case UAL_EV_TERMINATED:
		ual_term_str(ev, s->term_text, sizeof(s->term_text));
		if (ev->term.local)
			session_down(s, ORISER_DOWN_PROTOCOL, -EPROTO, "%s: %s", s->peer,
				     s->term_text);
		break;
	case UAL_EV_CQ_OVERRUN:
		session_down(s, ORISER_DOWN_LOST, -EOVERFLOW, "%s: completion queue overrun",
			     s->peer);
		break;
	}
	session_leave(s);
}

/* ---- streaming mode -------------------------------------------------------------------------------- */

static void on_stream_up(struct ual_stream *stream)
{
	struct oriser_session *s = stream->ctx;

	session_enter(s);
	if (s->state == SESSION_CONNECTING)
		session_login_start(s);
	session_leave(s);
}

/* After on_data has returned, so that the stream knows which bytes were used. */
static void turn_to_rdma(struct ual_defer *d)
{
	struct oriser_session *s = d->ctx;
	int ret;

	if (s->state != SESSION_TURNING || !s->stream)
		return;
	session_enter(s);
	ret = ual_stream_to_rdma_active(s->stream, s->qp, &s->conn);
	if (ret)
		connect_failed(s, ret);
	else
		s->stream = NULL;
	session_leave(s);
}

static void not_iscsi(struct oriser_session *s)
{
	session_down(s, ORISER_DOWN_NOT_ISER, -EPROTO,
		     "%s answered, but not as an iSCSI target (expected a Login Response)",
		     s->peer);
}

static size_t on_stream_data(struct ual_stream *stream, const uint8_t *data, size_t len)
{
	struct oriser_session *s = stream->ctx;
	struct core_input in = { .data = data, .len = len };
	bool more = true;

	session_enter(s);
	s->rx_at_ns = ual_loop_now(s->loop);
	/* What comes behind the last login response belongs to MPA: it stays in the stream. */
	while (more && s->state != SESSION_TURNING && s->state != SESSION_DOWN) {
		switch (iscsi_stream_step(&s->stream_rx, &in)) {
		case STREAM_MORE:
			more = false;
			break;
		case STREAM_PDU:
			session_rx_pdu(s, &s->stream_rx.pdu, s->stream_rx.data, NULL);
			break;
		case STREAM_FAULT:
			if (s->state == SESSION_LOGIN)
				not_iscsi(s);
			else
				session_protocol(s, "a PDU that cannot be read");
			break;
		}
	}
	if (s->state == SESSION_TURNING)
		ual_defer(s->loop, &s->turn_defer);
	session_leave(s);
	return s->state == SESSION_DOWN ? len : in.pos;
}

static void on_stream_closed(struct ual_stream *stream, int err)
{
	struct oriser_session *s = stream->ctx;

	session_enter(s);
	s->stream = NULL;
	if (s->state == SESSION_LOGIN && s->stream_rx.held)
		not_iscsi(s);	/* it said something, shorter than any PDU */
	disconnected(s, err);
	session_leave(s);
}

static void on_stream_request(struct ual_conn_req *req)
{
	ual_reject(req, NULL, 0);	/* passive side only */
}

static const struct ual_stream_ops stream_ops = {
	.on_up = on_stream_up,
	.on_data = on_stream_data,
	.on_closed = on_stream_closed,
	.on_request = on_stream_request,
};

/* ---- start and end --------------------------------------------------------------------------------- */

int session_conn_init(struct oriser_session *s)
{
	const struct ual_device_info *info = &s->dev->info;
	struct ual_qp_cfg cfg = {
		.pd = s->pd,
		.sq_depth = s->sq_depth,
		.rq_depth = s->recv_n,
		.sq_sge_max = 2,
		.rq_sge_max = 1,
		/* the target reads write data of many tasks at once; we never read */
		.ird = min_t(u32, info->ird_max ? info->ird_max : 1, s->depth),
		.ord = 1,
		.fn = on_event,
		.ctx = s,
	};
	int ret;

	s->turn_defer = (struct ual_defer){ .fn = turn_to_rdma, .ctx = s };
	ret = ual_cq_create(s->dev, s->sq_depth + s->recv_n, on_cq, s, &s->cq);
	if (ret)
		return ret;
	cfg.scq = s->cq;
	cfg.rcq = s->cq;
	ret = ual_qp_create(&cfg, &s->qp);
	if (ret)
		return ret;
	return session_recv_post_all(s);
}

void session_conn_start(struct oriser_session *s)
{
	const struct sockaddr *addr = (const struct sockaddr *)&s->addr;
	int ret;

	if (s->login_mode == ORISER_LOGIN_STREAMING)
		ret = ual_stream_connect(s->dev, addr, s->addr_len, s->conn.timeout_ms, &stream_ops,
					 s, &s->stream);
	else
		ret = ual_connect(s->qp, addr, s->addr_len, &s->conn);
	if (ret == -EOPNOTSUPP)
		session_down(s, ORISER_DOWN_CONNECT, ret,
			     "device %s cannot log in over a TCP stream", s->dev->info.name);
	else if (ret)
		connect_failed(s, ret);
}

void session_conn_deinit(struct oriser_session *s)
{
	ual_defer_cancel(s->loop, &s->turn_defer);
	if (s->stream)
		ual_stream_close(s->stream);
	s->stream = NULL;
	ual_qp_destroy(s->qp);
	s->qp = NULL;
}
