/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Everything that is not a SCSI task: pings, task management, logout, and what the target says unasked.
 *
 * These requests are immediate: they pass a closed command window and use no CmdSN (RFC 7143 4.2.2.1).
 */
#include "iser/initiator/session_priv.h"

#define NS_PER_MS 1000000ull

int session_ctl_take(struct oriser_session *s, enum ctl_kind kind, struct session_ctl **ctl,
		     u32 *slot)
{
	for (u32 i = 0; i < SESSION_CTL_SLOTS; i++) {
		if (s->ctl[i].kind != CTL_FREE)
			continue;
		s->ctl[i] = (struct session_ctl){ .kind = kind };
		*slot = s->depth + i;
		session_slot_tag(s, *slot);
		*ctl = &s->ctl[i];
		return 0;
	}
	return -EBUSY;
}

struct session_ctl *session_ctl_find(struct oriser_session *s, u32 itt)
{
	u32 index = itt & SESSION_TAG_INDEX;

	if (index < s->depth || index >= s->depth + SESSION_CTL_SLOTS ||
	    s->slots[index].itt != itt || s->ctl[index - s->depth].kind == CTL_FREE)
		return NULL;
	return &s->ctl[index - s->depth];
}

static void send_header(struct oriser_session *s, u8 *unit, struct iscsi_pdu *pdu)
{
	static const struct iser_hdr hdr = { .msg = ISER_MSG_CONTROL };
	u32 len = pdu->data_len;

	pdu->immediate = true;
	pdu->final = true;
	pdu->cmd_sn = s->seq.cmd_sn;
	pdu->exp_stat_sn = s->seq.exp_stat_sn;
	iser_hdr_encode(&hdr, unit);
	iscsi_pdu_encode(pdu, unit + ISER_HDR_BYTES);
	if (s->stream) {
		int ret;

		memset(unit + SESSION_HDRS + len, 0, iscsi_pad(len));
		ret = ual_stream_send(s->stream, unit + ISER_HDR_BYTES,
				      ISCSI_BHS_BYTES + len + iscsi_pad(len));
		if (ret)
			session_down(s, ORISER_DOWN_LOST, ret, "%s: cannot send: %s", s->peer,
				     strerror(-ret));
		return;
	}
	session_wr_send(s, unit, SESSION_HDRS + len, NULL, 0, 0);
	session_kick(s);
}

void session_ctl_send(struct oriser_session *s, u32 slot, struct iscsi_pdu *pdu)
{
	struct session_ctl *ctl = &s->ctl[slot - s->depth];

	pdu->itt = s->slots[slot].itt;
	ctl->cmd_sn = s->seq.cmd_sn;
	send_header(s, pdu->data_len ? s->big : session_unit(s, slot), pdu);
}

/* ---- pings ------------------------------------------------------------------------------------------ */

void session_ping(struct oriser_session *s)
{
	struct iscsi_pdu pdu = { .opcode = ISCSI_NOP_OUT, .ttt = ISCSI_TAG_NONE };
	struct session_ctl *ctl;
	u32 slot;

	/* all control requests waiting for answers: as good as a ping */
	s->ping_out = true;
	s->ping_at_ns = ual_loop_now(s->loop);
	if (session_ctl_take(s, CTL_NOP, &ctl, &slot) == 0)
		session_ctl_send(s, slot, &pdu);
}

void session_nop_in(struct oriser_session *s, const struct iscsi_pdu *pdu)
{
	struct session_ctl *ctl;

	if (pdu->itt != ISCSI_TAG_NONE) {
		ctl = session_ctl_find(s, pdu->itt);
		if (ctl && ctl->kind == CTL_NOP)
			ctl->kind = CTL_FREE;
		else
			session_protocol(s, "an answer to a ping that was not sent");
		return;
	}
	if (pdu->ttt != ISCSI_TAG_NONE) {
		/* A header unit of its own, in turn: the answer before may not have left yet. */
		u32 unit = s->depth + SESSION_CTL_SLOTS + SESSION_DATA_OUTS +
			   s->pong_n++ % SESSION_PONGS;
		struct iscsi_pdu answer = {
			.opcode = ISCSI_NOP_OUT,
			.itt = ISCSI_TAG_NONE,
			.ttt = pdu->ttt,
		};

		memcpy(answer.lun, pdu->lun, sizeof(answer.lun));
		send_header(s, session_unit(s, unit), &answer);
	}
}

/* ---- task management -------------------------------------------------------------------------------- */

int oriser_tmf(struct oriser_session *s, uint8_t function, const uint8_t lun[8],
	       void (*fn)(void *ctx, int response), void *ctx)
{
	struct iscsi_pdu pdu = {
		.opcode = ISCSI_TMF_REQ,
		.tmf = { .function = function, .ref_itt = ISCSI_TAG_NONE },
	};
	struct session_ctl *ctl;
	u32 slot;
	int ret;

	if (s->state != SESSION_UP)
		return -ENOTCONN;
	if (s->discovery || function <= ISCSI_TMF_ABORT_TASK || function >= ISCSI_TMF_TASK_REASSIGN)
		return -EINVAL;
	ret = session_ctl_take(s, CTL_TMF, &ctl, &slot);
	if (ret)
		return ret;
	ctl->function = function;
	memcpy(ctl->lun, lun, sizeof(ctl->lun));
	ctl->fn = fn;
	ctl->ctx = ctx;
	memcpy(pdu.lun, lun, sizeof(pdu.lun));
	session_ctl_send(s, slot, &pdu);
	return 0;
}

static void tmf_done(struct oriser_session *s, struct session_ctl *ctl, int response)
{
	struct session_ctl done = *ctl;

	ctl->kind = CTL_FREE;
	/* No such task: it was answered before, or never arrived; no response comes in either case. */
	if (response == ISCSI_TMF_COMPLETE ||
	    (done.kind == CTL_ABORT && response == ISCSI_TMF_NO_TASK))
		session_abort_covered(s, &done);
	if (done.fn)
		done.fn(done.ctx, response);
}

void session_tmf_rsp(struct oriser_session *s, const struct iscsi_pdu *pdu)
{
	struct session_ctl *ctl = session_ctl_find(s, pdu->itt);

	if (ctl && (ctl->kind == CTL_ABORT || ctl->kind == CTL_TMF))
		tmf_done(s, ctl, pdu->tmf_rsp.response);
	else
		session_protocol(s, "a response to a task management function that was not sent");
}

void session_ctl_end_all(struct oriser_session *s)
{
	for (u32 i = 0; i < SESSION_CTL_SLOTS; i++) {
		struct session_ctl ctl = s->ctl[i];

		s->ctl[i].kind = CTL_FREE;
		if (ctl.kind == CTL_TMF && ctl.fn)
			ctl.fn(ctl.ctx, -ENOTCONN);
	}
	session_text_end(s, s->down.err ? s->down.err : -ENOTCONN);
}

/* ---- logout ----------------------------------------------------------------------------------------- */

static void logout_send(struct oriser_session *s)
{
	struct iscsi_pdu pdu = {
		.opcode = ISCSI_LOGOUT_REQ,
		.logout = { .reason = ISCSI_LOGOUT_SESSION, .cid = s->params.cid },
	};
	struct session_ctl *ctl;
	u32 slot;

	if (session_ctl_take(s, CTL_LOGOUT, &ctl, &slot)) {
		/* control requests without answers: this target does not listen any more */
		session_down(s, s->logout_asked ? ORISER_DOWN_TARGET_ASKED : ORISER_DOWN_LOGOUT, 0,
			     "%s: dropped without a logout", s->peer);
		return;
	}
	s->state = SESSION_LOGOUT;
	session_ctl_send(s, slot, &pdu);
}

void session_logout_begin(struct oriser_session *s)
{
	if (s->state != SESSION_UP)
		return;
	s->state = SESSION_LEAVING;
	ual_timer_arm(s->loop, &s->timer, ual_loop_now(s->loop) + SESSION_END_MS * NS_PER_MS);
	session_kick(s);
}

void session_logout_when_idle(struct oriser_session *s)
{
	if (s->state == SESSION_LEAVING && list_empty(&s->sent) && list_empty(&s->invalidating))
		logout_send(s);
}

void oriser_session_logout(struct oriser_session *s)
{
	switch (s->state) {
	case SESSION_CONNECTING:
	case SESSION_LOGIN:
	case SESSION_TURNING:
		session_down(s, ORISER_DOWN_LOGOUT, 0, "%s: given up before login", s->peer);
		break;
	case SESSION_UP:
		session_logout_begin(s);
		break;
	case SESSION_LEAVING:
	case SESSION_LOGOUT:
	case SESSION_DOWN:
		break;
	}
}

void session_logout_rsp(struct oriser_session *s, const struct iscsi_pdu *pdu)
{
	struct session_ctl *ctl = session_ctl_find(s, pdu->itt);

	if (!ctl || ctl->kind != CTL_LOGOUT) {
		session_protocol(s, "a response to a logout that was not sent");
		return;
	}
	ctl->kind = CTL_FREE;
	if (s->stream)
		session_down(s, s->logout_asked ? ORISER_DOWN_TARGET_ASKED : ORISER_DOWN_LOGOUT, 0,
			     "%s: logged out", s->peer);
	else
		/*
		 * The target closes (RFC 7143 6.2.3.1: after its response).  If we closed first, isert would see
		 * its response fail and hold up the next login.
		 */
		ual_timer_arm(s->loop, &s->timer,
			      ual_loop_now(s->loop) + SESSION_CLOSE_MS * NS_PER_MS);
}

/* ---- what the target says unasked ------------------------------------------------------------------- */

void session_async(struct oriser_session *s, const struct iscsi_pdu *pdu)
{
	switch (pdu->async.event) {
	case ISCSI_ASYNC_LOGOUT:
	case ISCSI_ASYNC_RENEGOTIATE:
		/* 11.9.1: answered by a logout in time, whatever the parameters say */
		s->logout_asked = true;
		session_logout_begin(s);
		break;
	case ISCSI_ASYNC_DROP_CONNECTION:
	case ISCSI_ASYNC_DROP_SESSION:
		session_down(s, ORISER_DOWN_TARGET_ASKED, -ECONNRESET, "%s drops the session",
			     s->peer);
		break;
	default:
		/* SCSI events come again as unit attentions; nothing else asks for an answer */
		break;
	}
}

static struct session_slot *rejected_task(struct oriser_session *s, const struct iscsi_pdu *bad)
{
	u32 index = bad->itt & SESSION_TAG_INDEX;

	if (bad->opcode != ISCSI_SCSI_CMD && bad->opcode != ISCSI_DATA_OUT)
		return NULL;
	if (index >= s->depth || s->slots[index].itt != bad->itt || !s->slots[index].task)
		return NULL;
	return &s->slots[index];
}

void session_reject(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data)
{
	struct session_slot *slot;
	struct session_ctl *ctl;
	struct iscsi_pdu bad;

	if (pdu->data_len < ISCSI_BHS_BYTES) {
		session_protocol(s, "a Reject without the header that it rejects");
		return;
	}
	/* our own header comes back; a fault in it still leaves opcode and tag */
	iscsi_pdu_decode(data, &bad);
	ctl = session_ctl_find(s, bad.itt);
	slot = rejected_task(s, &bad);
	if (slot) {
		/* A command that was not counted leaves a gap in CmdSN: nothing after it is executed. */
		bool counted = seq_lt(slot->cmd_sn, pdu->exp_cmd_sn);

		session_task_answered(s, slot, ORISER_TASK_FAULT);
		if (!counted)
			session_down(s, ORISER_DOWN_PROTOCOL, -EPROTO,
				     "%s rejected a command (reason 0x%02x)", s->peer,
				     pdu->reject.reason);
	} else if (ctl && (ctl->kind == CTL_ABORT || ctl->kind == CTL_TMF)) {
		tmf_done(s, ctl, ISCSI_TMF_REJECTED);
	} else if (ctl && ctl->kind == CTL_TEXT) {
		ctl->kind = CTL_FREE;
		session_text_end(s, -EPROTO);
	} else if (ctl && ctl->kind == CTL_NOP) {
		ctl->kind = CTL_FREE;	/* alive enough to reject */
	} else if (ctl) {
		session_down(s, s->logout_asked ? ORISER_DOWN_TARGET_ASKED : ORISER_DOWN_LOGOUT, 0,
			     "%s rejected the logout", s->peer);
	}
}
