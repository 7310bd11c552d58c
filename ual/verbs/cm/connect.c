// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Connections of ids: the active side's start, parameters of both sides, outcomes, ends.
 *
 *   rdma_connect()   CM_CONNECTING --ESTABLISHED--> CM_CONNECTED --DISCONNECTED--> CM_DISCONNECTED
 *   rdma_accept()    CM_ACCEPTING  --ESTABLISHED-->    |  rdma_disconnect(): CM_CLOSING, then the same
 *                    both --REJECTED, FAILED--> CM_FAILED
 *
 * Either side may send first, as programs written for InfiniBand expect: the MPA request asks for peer-to-peer
 * mode (RFC 6581), so that the connecting side's RNIC speaks first if its program does not.  A peer that did not
 * ask (siw) gets SILENT_MS to speak first: time enough to be ready for us, should its program wait for ours.
 */
#include <string.h>

#include "core/iwarp/mpa_start.h"
#include "ual/verbs/cm/cm.h"

#define SILENT_MS 20
#define REFUSED_MS 200	/* a program that listens anew on the same port is not listening for a moment */

static struct abi_qp *qp_of(struct abi_cm_id *id)
{
	struct abi_qp *qp = id->rdma.qp ? abi_qp(id->rdma.qp) : NULL;

	return qp && qp->magic == ABI_QP ? qp : NULL;
}

/* A depth as the program gives it; at least 1, for a peer that reads none is refused by some. */
static int depth(bool given, uint8_t wish, uint8_t any, uint32_t ours, uint32_t max, uint16_t *to)
{
	if (!given || wish == any)
		wish = (uint8_t)min_t(uint32_t, ours, any);
	else if (wish > max)
		return -EINVAL;
	*to = (uint16_t)min_t(uint32_t, max_t(uint32_t, wish, 1), max);
	return 0;
}

/* What rdma_getaddrinfo() said goes before the program's own. */
static int fill_pdata(const struct abi_cm_id *id, const struct rdma_conn_param *param,
		      struct ual_conn_param *to, uint8_t *pdata)
{
	size_t own = param && param->private_data ? param->private_data_len : 0;

	if (id->connect_len + own > ABI_CM_PDATA_SEND_MAX)
		return -EINVAL;
	if (id->connect_len)
		memcpy(pdata, id->connect, id->connect_len);
	if (own)
		memcpy(pdata + id->connect_len, param->private_data, own);
	to->pdata = pdata;
	to->pdata_len = (uint16_t)(id->connect_len + own);
	return 0;
}

int abi_cm_param_fill(struct abi_cm_id *id, const struct rdma_conn_param *param,
		      struct ual_conn_param *to, uint8_t *pdata)
{
	const struct ual_qp_cfg *cfg = &qp_of(id)->ual->cfg;
	bool passive = id->state == CM_REQUESTED;
	uint32_t ird = passive ? min_t(uint32_t, id->peer_ord, cfg->ird) : cfg->ird;
	uint32_t ord = passive ? min_t(uint32_t, id->peer_ird, cfg->ord) : cfg->ord;
	int err;

	*to = (struct ual_conn_param){ .crc = abi_crc(), .silent_ms = SILENT_MS };
	err = depth(param, param ? param->responder_resources : 0, RDMA_MAX_RESP_RES, ird, cfg->ird,
		    &to->ird);
	if (!err)
		err = depth(param, param ? param->initiator_depth : 0, RDMA_MAX_INIT_DEPTH, ord,
			    cfg->ord, &to->ord);
	return err ? err : fill_pdata(id, param, to, pdata);
}

/* ---- what the access layer tells --------------------------------------------------------------------- */

/* As the kernel's rdma_cm tells the outcomes of iWARP. */
static enum rdma_cm_event_type failure(const struct abi_cm_id *id, int err)
{
	if (id->state == CM_ACCEPTING)
		return RDMA_CM_EVENT_CONNECT_ERROR;
	switch (err) {
	case -ECONNREFUSED:
	case -ECONNRESET:
		return RDMA_CM_EVENT_REJECTED;
	case -ETIMEDOUT:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
		return RDMA_CM_EVENT_UNREACHABLE;
	}
	return RDMA_CM_EVENT_CONNECT_ERROR;
}

static void enter(struct abi_cm_id *id, enum abi_cm_state state)
{
	id->state = state;
	pthread_cond_broadcast(&id->changed);
}

static void up(struct abi_cm_id *id, const struct ual_qp *qp, const struct ual_event *ev)
{
	struct abi_cm_event *event = abi_cm_event_reserved(id, RDMA_CM_EVENT_ESTABLISHED, 0);

	abi_cm_event_pdata(event, ev->pdata, ev->pdata_len);
	event->rdma.param.conn.responder_resources = (uint8_t)min_t(uint32_t, qp->ird, UINT8_MAX);
	event->rdma.param.conn.initiator_depth = (uint8_t)min_t(uint32_t, qp->ord, UINT8_MAX);
	event->local = qp->local;
	event->peer = qp->peer;
	enter(id, CM_CONNECTED);
	abi_cm_event_push(event);
}

static void failed(struct abi_cm_id *id, int err, const struct ual_event *ev)
{
	struct abi_cm_event *event = abi_cm_event_reserved(id, failure(id, err), err);

	abi_cm_event_pdata(event, ev->pdata, ev->pdata_len);
	abi_qp_attach_cm(id->qp, NULL, NULL);
	id->qp = NULL;
	enter(id, CM_FAILED);
	abi_cm_event_push(event);
}

static void down(struct abi_cm_id *id, int err)
{
	/* One that we asked for is no failure, however it went. */
	int status = id->state == CM_CLOSING ? 0 : err;

	abi_qp_attach_cm(id->qp, NULL, NULL);
	id->qp = NULL;
	enter(id, CM_DISCONNECTED);
	abi_cm_event_push(abi_cm_event_reserved(id, RDMA_CM_EVENT_DISCONNECTED, status));
}

/* The program destroyed the QP: its connection went with it, and nothing else will tell. */
static void qp_gone(struct abi_cm_id *id)
{
	if (id->state == CM_CONNECTED || id->state == CM_CLOSING) {
		down(id, 0);
		return;
	}
	id->qp = NULL;
	enter(id, CM_FAILED);
}

void abi_cm_conn_event(struct abi_qp *qp, const struct ual_event *ev, void *ctx)
{
	struct abi_cm_id *id = ctx;

	if (!ev) {
		qp_gone(id);
		return;
	}
	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		up(id, qp->ual, ev);
		break;
	case UAL_EV_REJECTED:
		failed(id, -ECONNREFUSED, ev);
		break;
	case UAL_EV_FAILED:
		failed(id, ev->err, ev);
		break;
	case UAL_EV_DISCONNECTED:
		down(id, ev->err);
		break;
	case UAL_EV_TERMINATED:
	case UAL_EV_CQ_OVERRUN:
		break;		/* events of the QP; DISCONNECTED follows */
	}
}

/* ---- calls ------------------------------------------------------------------------------------------- */

static int start(struct abi_cm_id *id, const struct rdma_conn_param *param)
{
	const struct sockaddr *dst = &id->rdma.route.addr.dst_addr;
	uint8_t pdata[ABI_CM_PDATA_SEND_MAX];
	struct abi_qp *qp = qp_of(id);
	struct ual_conn_param to;
	int err;

	if (id->state != CM_ROUTE_RESOLVED || !qp)
		return -EINVAL;
	err = abi_cm_param_fill(id, param, &to, pdata);
	if (!err)
		err = abi_cm_event_reserve(id);
	if (err)
		return err;
	to.mpa_rtr = MPA_RTR_WRITE | MPA_RTR_READ;
	to.local = &id->rdma.route.addr.src_addr;
	to.refused_ms = REFUSED_MS;
	abi_qp_attach_cm(qp, abi_cm_conn_event, id);
	abi_cm_port_release(id);
	err = ual_connect(qp->ual, dst, abi_cm_addr_len(dst), &to);
	if (err) {
		abi_qp_attach_cm(qp, NULL, NULL);
		return err;
	}
	id->qp = qp;
	id->connect_len = 0;
	enter(id, CM_CONNECTING);
	abi_flush(id->engine);
	return 0;
}

int rdma_connect(struct rdma_cm_id *rdma, struct rdma_conn_param *conn_param)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	int err;

	if (!id)
		return -1;
	abi_lock(id->engine);
	err = start(id, conn_param);
	abi_unlock(id->engine);
	return abi_cm_result(err ? err : abi_cm_wait_outcome(id));
}

static bool end_is_queued(const struct abi_cm_id *id)
{
	struct abi_cm_event *event;

	if (!id->channel)
		return false;
	list_for_each_entry(event, &id->channel->queue.events, node)
		if (event->owner == id && event->rdma.event == RDMA_CM_EVENT_DISCONNECTED)
			return true;
	return false;
}

/* Positive: there is an event to wait for. */
static int disconnect(struct abi_cm_id *id)
{
	switch (id->state) {
	case CM_CONNECTED:
		enter(id, CM_CLOSING);
		ual_disconnect(id->qp->ual);
		abi_flush(id->engine);
		return 1;
	case CM_CLOSING:
		return 1;
	case CM_DISCONNECTED:
		return end_is_queued(id);	/* the peer was first */
	case CM_IDLE:
	case CM_BOUND:
	case CM_ADDR_RESOLVED:
	case CM_ROUTE_RESOLVED:
	case CM_CONNECTING:
	case CM_LISTENING:
	case CM_REQUESTED:
	case CM_ACCEPTING:
	case CM_FAILED:
		break;
	}
	return -EINVAL;
}

int rdma_disconnect(struct rdma_cm_id *rdma)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	int waits;

	if (!id)
		return -1;
	abi_lock(id->engine);
	waits = disconnect(id);
	abi_unlock(id->engine);
	return abi_cm_result(waits > 0 ? abi_cm_wait_outcome(id) : waits);
}

void abi_cm_conn_leave(struct abi_cm_id *id)
{
	if (id->req)
		ual_reject(id->req, NULL, 0);
	id->req = NULL;
	if (!id->qp)
		return;
	abi_qp_attach_cm(id->qp, NULL, NULL);
	if (id->state == CM_CONNECTED)
		ual_disconnect(id->qp->ual);
	else if (id->state == CM_CONNECTING || id->state == CM_ACCEPTING)
		ual_abort(id->qp->ual);
	id->qp = NULL;
}
