// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A session's connection: queue pair, completions, events, and its end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "iser/target/target_priv.h"

#define WC_BATCH	32
#define NS_PER_MS	1000000ull

/* wr_id: a pointer with its kind in the low bits. */
#define WR_KIND		3u
#define WR_RECV		0u
#define WR_TASK		1u	/* xfer.c */
#define WR_CTL		2u	/* ctl.c */

const char *tsess_name(struct tsess *s)
{
	char text[TGT_ADDR_TEXT];

	snprintf(s->name, sizeof(s->name), "%s (%s)",
		 s->pub.initiator[0] ? s->pub.initiator : "a connection without login",
		 taddr_text(&s->peer, text));
	return s->name;
}

/* ---- end ------------------------------------------------------------------------------------ */

void tsess_defer(struct tsess *s)
{
	ual_defer(s->pub.dev->loop, &s->defer);
}

void tsess_kill(struct tsess *s, const char *why)
{
	if (tsess_dead(s))
		return;
	if (why)
		tlog(s->reactor, LOG_NOTICE, "%s: session ended: %s", tsess_name(s), why);
	else if (s->up && !s->params.discovery)
		tlog(s->reactor, LOG_INFO, "%s: session ended: %s", tsess_name(s),
		     s->state == TSESS_CLOSING ? "logged out"
		     : s->stopping	       ? "this server ends"
					       : "the initiator closed the connection");
	if (!s->up)
		s->reactor->info.logins_failed++;
	else if (why)
		s->reactor->info.broken++;
	s->state = TSESS_DEAD;
	tsess_defer(s);
}

void tsess_close(struct tsess *s)
{
	if (tsess_dead(s))
		return;
	s->state = TSESS_CLOSING;
	tsess_arm(s, TGT_CLOSE_MS);
	if (s->qp) {
		ual_disconnect(s->qp);
		return;
	}
	if (s->stream)
		ual_stream_close(s->stream);
	s->stream = NULL;
	tsess_kill(s, NULL);
}

/* After this nothing calls in for the session but the backend. */
static void teardown(struct tsess *s)
{
	s->torn_down = true;
	ual_timer_disarm(s->pub.dev->loop, &s->timer);
	ual_timer_disarm(s->pub.dev->loop, &s->stall);
	room_leave(&s->guest);
	if (s->stream)
		ual_stream_close(s->stream);
	s->stream = NULL;
	ual_qp_destroy(s->qp);
	s->qp = NULL;
	ual_cq_destroy(s->cq);
	s->cq = NULL;
	tmem_dereg(s);
	ttmf_session_gone(s);
	ttask_teardown(s);
}

static void reap(struct tsess *s)
{
	struct treactor *r = s->reactor;
	struct oriser_server *server = r->server;

	if (s->logged_in)
		server->cfg.ops->end(&s->pub);
	nexus_leave(s);
	ual_loop_unpost(r->dev->loop, &s->kill_post);
	ual_loop_unpost(r->dev->loop, &s->go_post);
	ual_defer_cancel(r->dev->loop, &s->defer);
	if (s->counted)
		atomic_fetch_sub(&server->sessions, 1);
	tinfo_session_gone(s);
	list_del(&s->link);
	tmem_free(s);
	ttext_free(&s->text);
	free(s->signals);
	free(s->login);
	free(s);
	treactor_session_gone(r);
}

static void on_defer(struct ual_defer *d)
{
	struct tsess *s = d->ctx;

	if (tsess_dead(s) && !s->torn_down)
		teardown(s);
	ttask_run_later(s);
	if (!tsess_dead(s)) {
		trx_resume(s);
		trecv_flush(s);
	}
	if (tsess_dead(s) && s->torn_down && list_empty(&s->tasks_active) && list_empty(&s->later))
		reap(s);
}

/* ---- time ----------------------------------------------------------------------------------- */

void tsess_arm(struct tsess *s, u64 ms)
{
	struct ual_loop *loop = s->pub.dev->loop;

	ual_timer_arm(loop, &s->timer, ual_loop_now(loop) + ms * NS_PER_MS);
}

/* Full feature phase: a ping after silence, the end after more of it. */
static void on_idle(struct tsess *s)
{
	u64 now = ual_loop_now(s->pub.dev->loop);
	u64 interval = tsess_cfg(s)->nop_interval_ms * NS_PER_MS;

	if (s->stopping) {
		tsess_kill(s, NULL);
	} else if (s->ping_ttt) {
		tsess_kill(s, "no answer to a ping");
	} else if (now - s->heard_ns < interval) {
		tsess_arm(s, (interval - (now - s->heard_ns)) / NS_PER_MS + 1);
	} else {
		tctl_ping(s);
		tsess_arm(s, TGT_NOP_ANSWER_MS);
	}
}

static void on_timer(struct ual_timer *timer)
{
	struct tsess *s = timer->ctx;

	switch (s->state) {
	case TSESS_LOGIN:
	case TSESS_ASKED:
	case TSESS_TURNING:
		tsess_kill(s, "the login took too long");
		break;
	case TSESS_FULL:
		on_idle(s);
		break;
	case TSESS_CLOSING:
		tsess_kill(s, NULL);
		break;
	case TSESS_DEAD:
		break;
	}
}

/* ---- completions ---------------------------------------------------------------------------- */

static void on_completion(struct tsess *s, const struct wc *wc)
{
	void *ptr = (void *)(uintptr_t)(wc->wr_id & ~(u64)WR_KIND);
	struct trecv *r = ptr;

	if (wc->status == WC_WR_FLUSH_ERR)
		return;		/* the event says why */
	if (wc->status != WC_SUCCESS) {
		tsess_kill(s, wc->status == WC_LOC_LEN_ERR ? "a message longer than was agreed on"
			      : wc->status == WC_REM_ACCESS_ERR
				      ? "the initiator refused access to its own buffer"
				      : "a work request failed");
		return;
	}
	switch (wc->wr_id & WR_KIND) {
	case WR_RECV:
		r->len = wc->byte_len;
		trx_message(s, r);
		break;
	case WR_TASK:
		txfer_completed(ptr);
		break;
	default:
		tctl_sent(s, ptr);
		break;
	}
}

static void on_cq(struct ual_cq *cq)
{
	struct tsess *s = cq->ctx;
	struct wc wc[WC_BATCH];
	int n;

	s->heard_ns = ual_loop_now(s->pub.dev->loop);
	do {
		n = ual_cq_poll(cq, wc, WC_BATCH);
		for (int i = 0; i < n && !tsess_dead(s); i++)
			on_completion(s, &wc[i]);
	} while (n == WC_BATCH);
	trecv_flush(s);
}

/* ---- events --------------------------------------------------------------------------------- */

static void on_disconnected(struct tsess *s, const struct ual_event *ev)
{
	bool orderly = s->state == TSESS_CLOSING || s->stopping || ev->err == 0;

	tsess_kill(s, orderly ? NULL : "the connection broke");
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct tsess *s = qp->cfg.ctx;
	char text[128];

	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		s->local = qp->local;
		if (s->state == TSESS_TURNING)
			tlogin_turned(s);
		break;
	case UAL_EV_REJECTED:
	case UAL_EV_FAILED:
		tsess_kill(s, "the connection was not established");
		break;
	case UAL_EV_DISCONNECTED:
		on_disconnected(s, ev);
		break;
	case UAL_EV_TERMINATED:
		tsess_kill(s, ual_term_str(ev, text, sizeof(text)));
		break;
	case UAL_EV_CQ_OVERRUN:
		tsess_kill(s, "completion queue overrun");
		break;
	}
}

/* ---- making --------------------------------------------------------------------------------- */

static void on_kill_post(struct ual_post *p)
{
	tsess_kill(p->ctx, "replaced by a new login of the same initiator, or reset");
}

static void on_go_post(struct ual_post *p)
{
	tlogin_go(p->ctx);
}

static void make_room(struct treactor *r, const struct sockaddr_storage *peer)
{
	struct room_guest *guest = room_must_go(&r->room, peer);

	if (!guest)
		return;
	treactor_refused(r, &guest->peer, "it did not log in while others came");
	room_leave(guest);
	tsess_kill(container_of(guest, struct tsess, guest), "it did not log in, and others came");
}

struct tsess *tsess_create(struct treactor *r, const struct sockaddr_storage *peer)
{
	struct tsess *s = r->stopping ? NULL : calloc(1, sizeof(*s));

	r->info.connections++;
	if (!s) {
		treactor_refused(r, peer, r->stopping ? "this server ends" : "no memory");
		return NULL;
	}
	make_room(r, peer);
	room_enter(&r->room, &s->guest, peer);
	s->peer = *peer;
	s->pub.server = r->server;
	s->pub.dev = r->dev;
	s->pub.pd = r->pd;
	s->pub.reactor = r->index;
	s->reactor = r;
	s->state = TSESS_LOGIN;
	ttask_session_init(s);
	s->timer.fn = on_timer;
	s->timer.ctx = s;
	s->stall.fn = tsq_on_timer;
	s->stall.ctx = s;
	s->defer.fn = on_defer;
	s->defer.ctx = s;
	s->kill_post.fn = on_kill_post;
	s->kill_post.ctx = s;
	s->go_post.fn = on_go_post;
	s->go_post.ctx = s;
	s->heard_ns = ual_loop_now(r->dev->loop);
	list_add_tail(&s->link, &r->sessions);
	tsess_arm(s, r->server->cfg.login_timeout_ms);
	return s;
}

int tsess_make_qp(struct tsess *s)
{
	const struct ual_device_info *dev = &s->pub.dev->info;
	struct ual_qp_cfg qp = {
		.pd = s->pub.pd,
		.sq_depth = max_t(u32, 2 * s->depth, 4 * TGT_SQ_RESERVE),
		.rq_depth = s->depth * s->recvs_per_cmd + TGT_RECV_SPARE + TGT_LOGIN_RECVS,
		.sq_sge_max = min_t(u32, dev->sge_max, TGT_SGE_MAX),
		.rq_sge_max = 1,
		.ird = min_t(u32, dev->ird_max, 1),
		.ord = min_t(u32, dev->ord_max, TGT_ORD),
		.fn = on_event,
		.ctx = s,
	};
	int err;

	qp.sq_depth = min_t(u32, qp.sq_depth, dev->qp_depth_max);
	s->sq_depth = qp.sq_depth;
	s->signals = calloc(s->sq_depth, sizeof(*s->signals));
	if (!s->signals)
		return -ENOMEM;
	err = ual_cq_create(s->pub.dev, qp.sq_depth + qp.rq_depth, on_cq, s, &s->cq);
	if (err)
		return err;
	qp.scq = qp.rcq = s->cq;
	return ual_qp_create(&qp, &s->qp);
}

int tsess_accept(struct tsess *s, struct ual_conn_req *req)
{
	const struct oriser_server_cfg *cfg = tsess_cfg(s);
	struct ual_conn_param param = cfg->conn;
	struct iser_caps ours = {
		.send_inv = (s->pub.dev->info.caps & UAL_CAP_REMOTE_INV) && !cfg->no_remote_inv,
	};
	u8 pdata[ISER_PDATA_BYTES];

	iser_pdata_decode(req->pdata, req->pdata_len, &s->caps);
	s->remote_inv = ours.send_inv && s->caps.send_inv;
	iser_pdata_encode(&ours, pdata);
	param.pdata = pdata;
	param.pdata_len = sizeof(pdata);
	return ual_accept(req, s->qp, &param);
}

/* Immediate start-up: an MPA request is the first that came. */
void tsess_on_request(struct ual_conn_req *req)
{
	struct oriser_server *server = req->ctx;
	struct treactor *r = treactor_of(server, req->dev);
	struct tsess *s = tsess_create(r, &req->peer);

	if (!s) {
		ual_reject(req, NULL, 0);
		return;
	}
	s->local = req->local;
	if (tlogin_begin(s, true) != 0 || tsess_make_qp(s) != 0) {
		tsess_kill(s, "no memory for another connection");
		ual_reject(req, NULL, 0);
		return;
	}
	trecv_flush(s);
	if (tsess_dead(s) || tsess_accept(s, req) != 0) {
		tsess_kill(s, "the connection could not be accepted");
		ual_reject(req, NULL, 0);
	}
}
