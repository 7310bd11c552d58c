// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What initiators send, sorted.
 *
 * Requests are taken in the order in which they came.  One for which nothing is free (a task slot
 * whose response has not left yet) stalls, and all behind it; Data-Out overtakes, because slots
 * wait for it.
 */
#include "iser/target/target_priv.h"

/* ---- full feature phase --------------------------------------------------------------------- */

static bool has_room(const struct tsess *s, enum iscsi_opcode opcode)
{
	/* A discovery session has no tasks: there it is rejected. */
	if (opcode == ISCSI_SCSI_CMD && !s->params.discovery)
		return !list_empty(&s->tasks_free);
	return tctl_ready(s, tctl_data_max(s));
}

/* False: the request is to be ignored, or the session is gone. */
static bool in_sequence(struct tsess *s, const struct iscsi_pdu *pdu)
{
	/* SNACK has no CmdSN, what a target sends has none of ours: both are rejected. */
	if (pdu->opcode == ISCSI_SNACK_REQ || pdu->opcode >= ISCSI_NOP_IN)
		return true;
	switch (seq_target_request(&s->seq, pdu->cmd_sn, pdu->immediate)) {
	case SEQ_OK:
		return true;
	case SEQ_OLD:
	case SEQ_BEYOND:
		return false;
	case SEQ_GAP:
		tsess_kill(s, "a command number is missing");
		return false;
	}
	return false;
}

static enum trx_result discovery_request(struct tsess *s, const u8 *bhs,
					 const struct iscsi_pdu *pdu, const u8 *data)
{
	switch ((int)pdu->opcode) {
	case ISCSI_TEXT_REQ:
		ttext_request(s, pdu, data);
		break;
	case ISCSI_LOGOUT_REQ:
		tctl_logout(s, pdu);
		break;
	case ISCSI_NOP_OUT:
		tctl_nop_out(s, pdu, data);
		break;
	default:
		tctl_reject(s, bhs, ISCSI_REJECT_PROTOCOL);
		break;
	}
	return TRX_DONE;
}

enum trx_result trx_request(struct tsess *s, struct trecv *r, const u8 *bhs,
			    const struct iscsi_pdu *pdu, const struct iser_hdr *hdr, const u8 *data)
{
	if (!has_room(s, pdu->opcode))
		return TRX_NO_ROOM;
	seq_target_ack(&s->seq, pdu->exp_stat_sn);
	if (!in_sequence(s, pdu))
		return TRX_DONE;
	if (s->params.discovery)
		return discovery_request(s, bhs, pdu, data);
	switch ((int)pdu->opcode) {
	case ISCSI_SCSI_CMD:
		return tcmd_start(s, r, bhs, pdu, hdr, data);
	case ISCSI_TMF_REQ:
		ttmf_request(s, pdu);
		break;
	case ISCSI_NOP_OUT:
		tctl_nop_out(s, pdu, data);
		break;
	case ISCSI_TEXT_REQ:
		ttext_request(s, pdu, data);
		break;
	case ISCSI_LOGOUT_REQ:
		tctl_logout(s, pdu);
		break;
	case ISCSI_SNACK_REQ:
		tctl_reject(s, bhs, ISCSI_REJECT_SNACK);
		break;
	default:
		tctl_reject(s, bhs, ISCSI_REJECT_PROTOCOL);
		break;
	}
	return TRX_DONE;
}

/* ---- messages ------------------------------------------------------------------------------- */

struct message {
	struct iser_hdr hdr;
	struct iscsi_pdu pdu;
	enum iscsi_pdu_fault fault;
	const u8 *bhs, *data;
};

/* NULL, or what is wrong with the message as such. */
static const char *decode(struct trecv *r, struct message *m)
{
	const u8 *ahs;

	switch (iser_hdr_decode(r->buf, r->len, &m->hdr)) {
	case ISER_MSG_CONTROL:
		break;
	case ISER_MSG_HELLO:
		return NULL;
	case ISER_MSG_HELLO_REPLY:
	case ISER_MSG_BAD:
		return "a message without a valid iSER header";
	}
	if (r->len < HEADERS_BYTES)
		return "a message shorter than its headers";
	m->bhs = r->buf + ISER_HDR_BYTES;
	m->fault = iscsi_pdu_decode(m->bhs, &m->pdu);
	if (!iscsi_pdu_split(&m->pdu, r->buf + HEADERS_BYTES, r->len - HEADERS_BYTES, &ahs,
			     &m->data))
		return "a PDU whose lengths do not fit its message";
	return NULL;
}

static void login_message(struct tsess *s, const struct message *m)
{
	if (m->hdr.msg == ISER_MSG_HELLO || m->fault != ISCSI_PDU_OK)
		tsess_kill(s, "what came before the login is no login request");
	else
		tlogin_request(s, &m->pdu, m->data);
}

static void hello_message(struct tsess *s, const struct message *m)
{
	/* RFC 7145 5.1.3: first, and not if it was declared away */
	if (s->heard || s->params.hello_refused) {
		tsess_kill(s, "an iSER Hello out of place");
		return;
	}
	s->hello_due = false;
	tctl_hello(s, &m->hdr);
}

static enum trx_result full_message(struct tsess *s, struct trecv *r, const struct message *m)
{
	if (m->hdr.msg == ISER_MSG_HELLO) {
		hello_message(s, m);
		s->heard = true;
		return TRX_DONE;
	}
	if (s->hello_due) {
		tsess_kill(s, "the iSER Hello that was agreed on is missing");
		return TRX_DONE;
	}
	s->heard = true;
	if (m->fault != ISCSI_PDU_OK) {
		tctl_reject(s, m->bhs,
			    m->fault == ISCSI_PDU_OPCODE ? ISCSI_REJECT_UNSUPPORTED
							 : ISCSI_REJECT_INVALID_FIELD);
		return TRX_DONE;
	}
	if (m->pdu.opcode == ISCSI_DATA_OUT)
		return tcmd_data_out(s, r, &m->pdu, m->data);
	if (!list_empty(&s->stalled))
		return TRX_NO_ROOM;
	return trx_request(s, r, m->bhs, &m->pdu, &m->hdr, m->data);
}

void trx_message(struct tsess *s, struct trecv *r)
{
	enum trx_result result = TRX_DONE;
	struct message m;
	const char *why = decode(r, &m);

	s->ping_ttt = 0;	/* whatever it is, the initiator lives */
	if (why) {
		tsess_kill(s, why);
		return;
	}
	switch (s->state) {
	case TSESS_LOGIN:
	case TSESS_ASKED:
		login_message(s, &m);
		break;
	case TSESS_TURNING:
		tlogin_turned(s);	/* the event comes a little later */
		result = full_message(s, r, &m);
		break;
	case TSESS_FULL:
		result = full_message(s, r, &m);
		break;
	case TSESS_CLOSING:
	case TSESS_DEAD:
		break;
	}
	if (result == TRX_DONE)
		trecv_release(s, r);
	else if (result == TRX_NO_ROOM)
		list_add_tail(&r->link, &s->stalled);
}

void trx_resume(struct tsess *s)
{
	while (s->state == TSESS_FULL && !list_empty(&s->stalled)) {
		struct trecv *r = list_first_entry(&s->stalled, struct trecv, link);
		enum trx_result result;
		struct message m;
		const char *why;

		why = decode(r, &m);
		core_assert(!why);	/* it was right when it came */
		list_del(&r->link);
		result = trx_request(s, r, m.bhs, &m.pdu, &m.hdr, m.data);
		if (result == TRX_NO_ROOM) {
			list_add(&r->link, &s->stalled);
			return;
		}
		if (result == TRX_DONE)
			trecv_release(s, r);
	}
}
