// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Login around the engine, the same for both modes: who is it, may it in, what is made for it.
 *
 * Until full feature phase a connection holds TGT_LOGIN_RECVS receives and one engine; a block of
 * receives and slots is made when the login has succeeded, before its last response.
 */
#include <stdlib.h>

#include "iser/target/target_priv.h"

/* Receives that one command may take: itself, and Data-Out if InitialR2T is No, as it may be before p is known. */
static u32 recvs_per_cmd(const struct oriser_server_cfg *cfg, const struct iscsi_params *p)
{
	u32 immediate;

	if (!p)
		return 1 + DIV_ROUND_UP(min_t(u32, cfg->first_burst, TGT_UNSOLICITED_MAX),
					TGT_RECV_DSL);
	if (p->initial_r2t)
		return 1;
	immediate = p->immediate_data ? p->target_recv_dsl : 0;
	return 1 + DIV_ROUND_UP(p->first_burst - min_t(u32, p->first_burst, immediate),
				p->target_recv_dsl);
}

/* Each command may send that much unasked, and there must be a receive for each piece. */
static void set_terms(struct login_cfg *login, const struct oriser_server_cfg *cfg,
		      const struct oriser_terms *terms)
{
	login->offer.initial_r2t = terms->initial_r2t == ORISER_YES;
	login->offer.immediate_data = terms->immediate_data != ORISER_NO;
	login->wary_r2t = terms->initial_r2t == ORISER_AUTO;
	login->wary_immediate = terms->immediate_data == ORISER_AUTO;
	login->offer.first_burst = cfg->first_burst;
	if (!login->offer.initial_r2t)
		login->offer.first_burst = min_t(u32, cfg->first_burst, TGT_UNSOLICITED_MAX);
}

static void engine_init(struct tsess *s, bool rdma)
{
	const struct oriser_server_cfg *cfg = tsess_cfg(s);
	struct login_cfg login = {
		.rdma = rdma,
		.rdma_wanted = !rdma && (s->pub.dev->info.caps & UAL_CAP_STREAM),
		.window = min_t(u32, TGT_WINDOW_FIRST, s->depth),
	};

	iscsi_params_default(&login.offer);
	login.offer.tpgt = 1;
	set_terms(&login, cfg, &cfg->terms);
	login.offer.max_burst = cfg->max_burst;
	login.offer.time2retain = 0;
	login.offer.target_recv_dsl = TGT_RECV_DSL;
	login.offer.initiator_recv_dsl = TGT_INITIATOR_DSL;
	login.offer.target_max_recv = ISCSI_LOGIN_DSL;
	login.offer.target_unexpected = TGT_UNEXPECTED;
	login_target_init(&s->login->engine, &login);
}

int tlogin_begin(struct tsess *s, bool rdma)
{
	const struct oriser_server_cfg *cfg = tsess_cfg(s);

	s->depth = min_t(u32, cfg->depth, s->pub.dev->info.qp_depth_max / 4);
	s->recvs_per_cmd = recvs_per_cmd(cfg, NULL);
	s->login = calloc(1, sizeof(*s->login));
	if (!s->login)
		return -ENOMEM;
	engine_init(s, rdma);
	return rdma ? tmem_login_init(s) : 0;
}

static void send_login(struct tsess *s)
{
	struct login_pdu *out = &s->login->out;

	if (!tctl_ready(s, out->hdr.data_len)) {
		tsess_kill(s, "a login request before the answer to the last one");
		return;
	}
	tctl_send(s, &out->hdr, out->data, true);
}

/* The engine was content; we are not. */
static void refuse_late(struct tsess *s, u16 status)
{
	struct iscsi_pdu *hdr = &s->login->out.hdr;

	tlog(s->reactor, LOG_WARNING, "%s: login refused: %s", tsess_name(s),
	     login_status_str(status));
	hdr->final = false;
	hdr->data_len = 0;
	hdr->login.csg = ISCSI_STAGE_SECURITY;
	hdr->login.tsih = 0;
	hdr->login.status_class = (u8)(status >> 8);
	hdr->login.status_detail = (u8)status;
	send_login(s);
	tsess_close(s);
}

/* ---- full feature phase --------------------------------------------------------------------- */

static void enter_full(struct tsess *s)
{
	const struct oriser_server_cfg *cfg = tsess_cfg(s);

	s->state = TSESS_FULL;
	s->heard_ns = ual_loop_now(s->pub.dev->loop);
	room_leave(&s->guest);
	s->counted = true;
	s->up = true;
	s->up_ns = s->heard_ns;
	s->reactor->info.logins++;
	atomic_fetch_add(&s->reactor->server->sessions, 1);
	if (cfg->nop_interval_ms == UINT32_MAX)
		ual_timer_disarm(s->pub.dev->loop, &s->timer);
	else
		tsess_arm(s, cfg->nop_interval_ms);
	if (!s->params.discovery)
		tlog(s->reactor, LOG_INFO, "%s: logged in to %s", tsess_name(s), s->pub.target);
}

void tlogin_turned(struct tsess *s)
{
	enter_full(s);
}

/* The memory of a normal session; its login buffers serve the first requests and then no more. */
static int make_normal(struct tsess *s)
{
	s->recvs_per_cmd = recvs_per_cmd(tsess_cfg(s), &s->params);
	for (unsigned int i = 0; i < TGT_LOGIN_RECVS; i++)
		s->login_recv[i].once = true;
	s->hello_due = s->params.hello_required;
	return tmem_grow(s, min_t(u32, TGT_WINDOW_FIRST, s->depth));
}

static void done_discovery(struct tsess *s)
{
	s->window = s->login->engine.cfg.window;	/* as was said; it sends one at a time */
	send_login(s);
	if (!tsess_dead(s))
		enter_full(s);
}

static void done_immediate(struct tsess *s)
{
	if (make_normal(s) != 0) {
		refuse_late(s, ISCSI_STATUS_NO_RESOURCES);
		return;
	}
	trecv_flush(s);
	send_login(s);
	if (!tsess_dead(s))
		enter_full(s);
}

static void done_streaming(struct tsess *s)
{
	struct login_pdu *out = &s->login->out;

	if (tsess_make_qp(s) != 0 || make_normal(s) != 0) {
		refuse_late(s, ISCSI_STATUS_NO_RESOURCES);
		return;
	}
	trecv_flush(s);
	if (tsess_dead(s))
		return;
	if (tstream_turn(s, &out->hdr, out->data) != 0)
		tsess_kill(s, "the connection could not be turned into RDMA");
	else
		s->state = TSESS_TURNING;
}

static void done(struct tsess *s)
{
	struct login_target *l = &s->login->engine;

	s->params = l->params;
	seq_target_init(&s->seq, l->cmd_sn, l->stat_sn, l->cfg.window);
	if (s->params.discovery)
		done_discovery(s);
	else if (s->stream)
		done_streaming(s);
	else
		done_immediate(s);
	/* The engine has done its work; a discovery session over TCP still uses the buffer. */
	if (!s->stream || !s->params.discovery) {
		free(s->login);
		s->login = NULL;
	}
}

/* ---- requests ------------------------------------------------------------------------------- */

static void handle(struct tsess *s, enum login_event event)
{
	struct login_target *l = &s->login->engine;

	switch (event) {
	case LOGIN_ASK:
		memcpy(s->pub.initiator, l->params.initiator, sizeof(s->pub.initiator));
		memcpy(s->pub.target, l->params.target, sizeof(s->pub.target));
		memcpy(s->pub.isid, l->params.isid, sizeof(s->pub.isid));
		s->params = l->params;	/* names, handle and connection for the nexus table */
		s->state = TSESS_ASKED;
		tlogin_go(s);
		break;
	case LOGIN_SEND:
		send_login(s);
		break;
	case LOGIN_DONE:
		done(s);
		break;
	case LOGIN_REFUSED:
		tlog(s->reactor, LOG_WARNING, "%s: login refused: %s", tsess_name(s), l->why);
		send_login(s);
		tsess_close(s);
		break;
	case LOGIN_FAULT:
		tsess_kill(s, l->why);
		break;
	}
}

static u16 backend_verdict(struct tsess *s)
{
	struct oriser_server *server = s->reactor->server;
	const struct oriser_backend_ops *ops = server->cfg.ops;
	struct oriser_terms terms = server->cfg.terms;

	if (atomic_load(&server->sessions) >= server->cfg.sessions_max)
		return ISCSI_STATUS_NO_RESOURCES;
	if (s->params.discovery)
		return ISCSI_STATUS_SUCCESS;
	switch (ops->login(server->cfg.ctx, &s->pub, &terms, &s->pub.ctx)) {
	case ORISER_LOGIN_OK:
		set_terms(&s->login->engine.cfg, &server->cfg, &terms);
		s->logged_in = true;
		return ISCSI_STATUS_SUCCESS;
	case ORISER_LOGIN_NO_TARGET:
		return ISCSI_STATUS_NOT_FOUND;
	case ORISER_LOGIN_FORBIDDEN:
		return ISCSI_STATUS_FORBIDDEN;
	case ORISER_LOGIN_BUSY:
		return ISCSI_STATUS_NO_RESOURCES;
	}
	return ISCSI_STATUS_TARGET_ERROR;
}

void tlogin_go(struct tsess *s)
{
	struct tlogin *login = s->login;
	u16 status = ISCSI_STATUS_SUCCESS;

	if (s->state != TSESS_ASKED)
		return;
	switch (nexus_claim(s)) {
	case NEXUS_OURS:
		status = backend_verdict(s);
		break;
	case NEXUS_WAIT:
		return;
	case NEXUS_NO_SESSION:
		status = ISCSI_STATUS_NO_SESSION;
		break;
	case NEXUS_TOO_MANY:
		status = ISCSI_STATUS_TOO_MANY_CONNS;
		break;
	}
	s->state = TSESS_LOGIN;
	handle(s, login_target_verdict(&login->engine, status, s->pub.tsih, &login->out));
}

void tlogin_request(struct tsess *s, const struct iscsi_pdu *req, const u8 *data)
{
	struct tlogin *login = s->login;

	if (s->state == TSESS_ASKED)
		tsess_kill(s, "a login request before the answer to the last one");
	else
		handle(s, login_target_step(&login->engine, req, data, &login->out));
}
