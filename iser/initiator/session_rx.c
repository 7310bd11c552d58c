/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What the target sends: messages to PDUs, PDUs to those who wait for them. */
#include "iser/initiator/session_priv.h"

#define SENSE_LEN_BYTES	2	/* RFC 7143 11.4.7.2 */

static struct session_slot *task_slot(struct oriser_session *s, u32 itt)
{
	u32 index = itt & SESSION_TAG_INDEX;

	if (index >= s->depth || s->slots[index].itt != itt || !s->slots[index].task)
		return NULL;
	return &s->slots[index];
}

/* The answer to a task that a task management function ended before. */
static bool is_late(const struct oriser_session *s, u32 itt)
{
	u32 index = itt & SESSION_TAG_INDEX;

	return index < s->depth && s->slots[index].was_aborted &&
	       s->slots[index].aborted_itt == itt;
}

/*
 * The target may have taken away the STag of this very task and no other.  After that, or if nothing was
 * told to the target, the memory is the task's own again.
 */
static bool take_invalidation(struct oriser_session *s, struct session_slot *slot,
			      const struct wc *wc)
{
	if (!(wc->flags & WC_WITH_INV))
		return true;
	if (!slot->bound || wc->inv_rkey != slot->tag) {
		session_protocol(s, "it invalidated an STag that is not the task's");
		return false;
	}
	slot->bound = false;
	return true;
}

static void take_sense(struct oriser_task *t, const u8 *data, u32 len)
{
	u32 sense_len;

	if (len < SENSE_LEN_BYTES)
		return;
	sense_len = get_unaligned_be16(data);
	sense_len = min_t(u32, sense_len, len - SENSE_LEN_BYTES);
	t->sense_len = (u8)min_t(u32, sense_len, sizeof(t->sense));
	memcpy(t->sense, data + SENSE_LEN_BYTES, t->sense_len);
}

static void scsi_response(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data,
			  const struct wc *wc)
{
	struct session_slot *slot = task_slot(s, pdu->itt);
	struct oriser_task *t;

	if (!slot) {
		if (!is_late(s, pdu->itt))
			session_protocol(s, "a response to a task that is not there");
		return;
	}
	if (!take_invalidation(s, slot, wc))
		return;
	t = slot->task;
	t->status = pdu->rsp.status;
	t->overflow = pdu->rsp.over;
	t->residual = pdu->rsp.over || pdu->rsp.under ? pdu->rsp.residual : 0;
	if (pdu->rsp.under && t->residual > t->len) {
		session_protocol(s, "a residual longer than the task's data");
		return;
	}
	take_sense(t, data, pdu->data_len);
	session_task_answered(s, slot,
			      pdu->rsp.response == ISCSI_RESPONSE_COMPLETED ? ORISER_TASK_DONE
									    : ORISER_TASK_FAULT);
}

/* Which responses take a StatSN of their own: all but a NOP-In that asks (RFC 7143 11.19.2). */
static bool advances(const struct iscsi_pdu *pdu)
{
	return pdu->opcode != ISCSI_NOP_IN || pdu->itt != ISCSI_TAG_NONE;
}

static void full_feature_pdu(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data,
			     const struct wc *wc)
{
	if (pdu->opcode < ISCSI_NOP_IN) {
		session_protocol(s, "a request of the kind that initiators send");
		return;
	}
	seq_initiator_response(&s->seq, pdu->stat_sn, pdu->exp_cmd_sn, pdu->max_cmd_sn,
			       advances(pdu));
	if (wc && (wc->flags & WC_WITH_INV) && pdu->opcode != ISCSI_SCSI_RSP) {
		session_protocol(s, "it invalidated an STag with a PDU that is no SCSI response");
		return;
	}
	switch (pdu->opcode) {
	case ISCSI_SCSI_RSP:
		if (wc)
			scsi_response(s, pdu, data, wc);
		else
			session_protocol(s, "a SCSI response in a discovery session");
		break;
	case ISCSI_NOP_IN:
		session_nop_in(s, pdu);
		break;
	case ISCSI_TMF_RSP:
		session_tmf_rsp(s, pdu);
		break;
	case ISCSI_TEXT_RSP:
		session_text_rsp(s, pdu, data);
		break;
	case ISCSI_LOGOUT_RSP:
		session_logout_rsp(s, pdu);
		break;
	case ISCSI_ASYNC:
		session_async(s, pdu);
		break;
	case ISCSI_REJECT:
		session_reject(s, pdu, data);
		break;
	case ISCSI_DATA_IN:
	case ISCSI_R2T:
		/* RFC 7145 7.3: these never travel; they become RDMA operations */
		session_protocol(s, "a Data-In or R2T PDU, which iSER replaces by RDMA");
		break;
	case ISCSI_LOGIN_RSP:
		session_protocol(s, "a Login Response after login");
		break;
	case ISCSI_NOP_OUT:
	case ISCSI_SCSI_CMD:
	case ISCSI_TMF_REQ:
	case ISCSI_LOGIN_REQ:
	case ISCSI_TEXT_REQ:
	case ISCSI_DATA_OUT:
	case ISCSI_LOGOUT_REQ:
	case ISCSI_SNACK_REQ:
		break;
	}
}

void session_rx_pdu(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data,
		    const struct wc *wc)
{
	switch (s->state) {
	case SESSION_LOGIN:
		session_login_pdu(s, pdu, data);
		break;
	case SESSION_UP:
	case SESSION_LEAVING:
	case SESSION_LOGOUT:
		full_feature_pdu(s, pdu, data, wc);
		break;
	case SESSION_CONNECTING:
	case SESSION_TURNING:
	case SESSION_DOWN:
		break;
	}
}

static void unreadable(struct oriser_session *s, const char *what)
{
	if (s->state == SESSION_LOGIN)
		session_down(s, ORISER_DOWN_NOT_ISER, -EPROTO,
			     "%s answered, but not as an iSER target: %s", s->peer, what);
	else
		session_protocol(s, what);
}

void session_rx_message(struct oriser_session *s, const u8 *msg, size_t len, const struct wc *wc)
{
	const u8 *ahs, *data;
	struct iscsi_pdu pdu;
	struct iser_hdr hdr;

	s->rx_at_ns = ual_loop_now(s->loop);
	if (iser_hdr_decode(msg, len, &hdr) != ISER_MSG_CONTROL) {
		unreadable(s, "a message without an iSER control header");
		return;
	}
	if (len < SESSION_HDRS) {
		unreadable(s, "a message shorter than the PDU header");
		return;
	}
	if (iscsi_pdu_decode(msg + ISER_HDR_BYTES, &pdu) != ISCSI_PDU_OK) {
		unreadable(s, "a PDU header with an unknown opcode or an invalid field");
		return;
	}
	if (!iscsi_pdu_split(&pdu, msg + SESSION_HDRS, len - SESSION_HDRS, &ahs, &data)) {
		unreadable(s, "a PDU whose lengths disagree with the message");
		return;
	}
	session_rx_pdu(s, &pdu, data, wc);
}
