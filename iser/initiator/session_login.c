/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Login: carries the engine's PDUs over the connection, RDMA or stream, and takes over what it settled. */
#include <stdlib.h>

#include "iser/initiator/session_priv.h"

#define LOGIN_ITT	0	/* no other request is out */
#define LOGIN_CMD_SN	1

int session_login_init(struct oriser_session *s, const struct oriser_session_cfg *cfg)
{
	struct login_cfg login = {
		.rdma = s->login_mode == ORISER_LOGIN_IMMEDIATE,
		.rdma_wanted = s->login_mode == ORISER_LOGIN_STREAMING && !s->discovery,
		.initiator = s->initiator,
		.target = s->discovery ? NULL : s->target,
		.itt = LOGIN_ITT,
		.cmd_sn = LOGIN_CMD_SN,
	};
	struct iscsi_params *offer = &login.offer;

	s->login = malloc(sizeof(*s->login));
	if (!s->login)
		return -ENOMEM;
	iscsi_params_default(offer);
	offer->discovery = s->discovery;
	offer->initial_r2t = cfg->initial_r2t;
	offer->immediate_data = !cfg->no_immediate_data;
	offer->first_burst = cfg->first_burst ? cfg->first_burst : 65536;
	offer->max_burst = cfg->max_burst ? cfg->max_burst : 1 << 20;
	offer->initiator_recv_dsl = SESSION_RECV_DSL;
	offer->target_recv_dsl = ISCSI_LOGIN_DSL;
	offer->initiator_max_recv = ISCSI_LOGIN_DSL;
	/* Whoever comes back after a failure does so at once. */
	offer->time2wait = 0;
	offer->time2retain = 0;
	offer->solicited_only = true;
	offer->initiator_unexpected = SESSION_EXTRA_RECVS / 2;
	if (cfg->isid) {
		memcpy(offer->isid, cfg->isid, sizeof(offer->isid));
	} else {
		offer->isid[0] = 0x80;	/* RFC 7143 11.12.5: random format */
		for (unsigned i = 1; i < 6; i++)
			offer->isid[i] = session_random_byte(s);
	}
	login_initiator_init(s->login, &login);
	iscsi_stream_init(&s->stream_rx, s->big + SESSION_HDRS, ISCSI_LOGIN_DSL);
	return 0;
}

void session_login_deinit(struct oriser_session *s)
{
	free(s->login);
	s->login = NULL;
}

static void login_send(struct oriser_session *s, const struct login_pdu *pdu)
{
	static const struct iser_hdr hdr = { .msg = ISER_MSG_CONTROL };
	u8 *bhs = s->big + ISER_HDR_BYTES;
	u32 len = pdu->hdr.data_len;

	iser_hdr_encode(&hdr, s->big);
	iscsi_pdu_encode(&pdu->hdr, bhs);
	memcpy(s->big + SESSION_HDRS, pdu->data, len);
	memset(s->big + SESSION_HDRS + len, 0, iscsi_pad(len));
	if (s->stream) {
		int ret = ual_stream_send(s->stream, bhs, ISCSI_BHS_BYTES + len + iscsi_pad(len));

		if (ret)
			session_down(s, ORISER_DOWN_CONNECT, ret, "%s: cannot send: %s", s->peer,
				     strerror(-ret));
		return;
	}
	session_wr_send(s, s->big, SESSION_HDRS + len, NULL, 0, 0);
	session_wr_flush(s);
}

void session_login_start(struct oriser_session *s)
{
	struct login_pdu pdu;

	s->state = SESSION_LOGIN;
	login_initiator_start(s->login, &pdu);
	login_send(s, &pdu);
}

static void login_done(struct oriser_session *s)
{
	s->params = s->login->params;
	seq_initiator_init(&s->seq, LOGIN_CMD_SN, s->login->exp_stat_sn, s->login->exp_cmd_sn,
			   s->login->max_cmd_sn);
	session_login_deinit(s);
	if (s->stream && s->params.rdma)
		s->state = SESSION_TURNING;
	else
		session_enter_up(s);
}

static void login_refused(struct oriser_session *s)
{
	const char *what = login_status_str(s->login->status);

	s->down.login_class = (u8)(s->login->status >> 8);
	s->down.login_detail = (u8)s->login->status;
	if (*s->login->redirect)
		session_down(s, ORISER_DOWN_LOGIN, -EACCES, "%s sends us to %s (%s)", s->peer,
			     s->login->redirect, what);
	else
		session_down(s, ORISER_DOWN_LOGIN, -EACCES, "%s refused the login to %.80s: %s",
			     s->peer, s->discovery ? "a discovery session" : s->target, what);
}

void session_login_pdu(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data)
{
	struct login_pdu out;

	if (pdu->opcode != ISCSI_LOGIN_RSP) {
		session_down(s, ORISER_DOWN_NOT_ISER, -EPROTO,
			     "%s answered the login with '%s' (expected a Login Response)", s->peer,
			     iscsi_opcode_str(pdu->opcode));
		return;
	}
	switch (login_initiator_step(s->login, pdu, data, &out)) {
	case LOGIN_SEND:
		login_send(s, &out);
		break;
	case LOGIN_DONE:
		login_done(s);
		break;
	case LOGIN_REFUSED:
		login_refused(s);
		break;
	case LOGIN_ASK:
	case LOGIN_FAULT:
		session_down(s, ORISER_DOWN_PROTOCOL, -EPROTO, "%s: login: %s", s->peer,
			     s->login->why);
		break;
	}
}
