// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Everything that is not a SCSI response: NOP, logout, reject, asynchronous messages, Hello.
 *
 * Each needs a send buffer; a request is taken from the queue only when one is free (tctl_ready()),
 * and the send queue keeps room for all of them.
 */
#include "iser/target/target_priv.h"

#define WR_CTL		2u	/* low bits of wr_id, conn.c */

/* ---- buffers and numbers -------------------------------------------------------------------- */

/* Small ones in front: those of login are for what fits no other. */
static struct tctl *find(const struct tsess *s, u32 data_len)
{
	struct tctl *c;

	list_for_each_entry(c, &s->ctls_free, link)
		if (HEADERS_BYTES + data_len <= c->size)
			return c;
	return NULL;
}

bool tctl_ready(const struct tsess *s, u32 data_len)
{
	return s->stream || find(s, data_len);
}

struct tctl *tctl_get(struct tsess *s, u32 data_len)
{
	struct tctl *c;

	if (s->stream)
		return NULL;
	c = find(s, data_len);
	core_assert(c);
	list_del(&c->link);
	return c;
}

void tctl_put(struct tsess *s, struct tctl *c)
{
	if (c->size > TX_BYTES)
		list_add_tail(&c->link, &s->ctls_free);
	else
		list_add(&c->link, &s->ctls_free);
}

void tctl_sent(struct tsess *s, struct tctl *c)
{
	tsq_completed(s);
	tctl_put(s, c);
	if (!list_empty(&s->stalled))
		tsess_defer(s);
}

/* Data that the initiator takes in one PDU besides login responses. */
u32 tctl_data_max(const struct tsess *s)
{
	if (!s->params.discovery)
		return ISER_PEER_DATA_MAX;
	return min_t(u32, s->params.initiator_max_recv, ISCSI_LOGIN_DSL);
}

void tctl_numbers(struct tsess *s, struct iscsi_pdu *hdr, bool advance)
{
	s->seq.max_cmd_sn = s->seq.exp_cmd_sn + (s->window - s->outstanding) - 1;
	hdr->stat_sn = s->seq.stat_sn;
	s->seq.stat_sn += advance;
	hdr->exp_cmd_sn = s->seq.exp_cmd_sn;
	hdr->max_cmd_sn = s->seq.max_cmd_sn;
}

static void post(struct tsess *s, struct tctl *c, u32 len)
{
	struct wr_sge sge = { (uintptr_t)c->buf, len, c->lkey };
	struct wr_send wr = {
		.wr_id = (uintptr_t)c | WR_CTL,
		.opcode = WR_SEND,
		.flags = WR_SIGNALED | WR_SOLICITED,
		.sges = &sge,
		.sge_n = 1,
	};

	if (tsess_dead(s))
		return;
	trecv_flush(s);
	tsq_post(s, &wr, 1);
}

/* The header is complete. */
static void send_pdu(struct tsess *s, struct tctl *c, const struct iscsi_pdu *hdr, const void *data)
{
	static const struct iser_hdr plain = { .msg = ISER_MSG_CONTROL };

	if (s->stream) {
		tstream_send(s, hdr, data);
		return;
	}
	core_assert(HEADERS_BYTES + hdr->data_len <= c->size);
	iser_hdr_encode(&plain, c->buf);
	iscsi_pdu_encode(hdr, c->buf + ISER_HDR_BYTES);
	if (hdr->data_len > 0)
		memcpy(c->buf + HEADERS_BYTES, data, hdr->data_len);
	post(s, c, HEADERS_BYTES + hdr->data_len);
}

void tctl_send_on(struct tsess *s, struct tctl *c, struct iscsi_pdu *hdr, const void *data,
		  bool advance)
{
	if (hdr->opcode != ISCSI_LOGIN_RSP)	/* the login engine numbers its own */
		tctl_numbers(s, hdr, advance);
	send_pdu(s, c, hdr, data);
}

void tctl_send(struct tsess *s, struct iscsi_pdu *hdr, const void *data, bool advance)
{
	tctl_send_on(s, tctl_get(s, hdr->data_len), hdr, data, advance);
}

/* ---- NOP ------------------------------------------------------------------------------------ */

void tctl_nop_out(struct tsess *s, const struct iscsi_pdu *pdu, const u8 *data)
{
	struct iscsi_pdu rsp = {
		.opcode = ISCSI_NOP_IN,
		.final = true,
		.itt = pdu->itt,
		.ttt = ISCSI_TAG_NONE,
		.data_len = min_t(u32, pdu->data_len, tctl_data_max(s)),
	};

	/* The answer to our ping, or no more than an acknowledgement. */
	if (pdu->itt == ISCSI_TAG_NONE)
		return;
	memcpy(rsp.lun, pdu->lun, sizeof(rsp.lun));
	tctl_send(s, &rsp, data, true);
}

void tctl_ping(struct tsess *s)
{
	struct iscsi_pdu nop = { .opcode = ISCSI_NOP_IN, .final = true, .itt = ISCSI_TAG_NONE };

	if (!tctl_ready(s, 0))
		return;		/* it would be the initiator that does not take what we send */
	if (++s->ping_count == ISCSI_TAG_NONE)
		s->ping_count = 1;
	s->ping_ttt = nop.ttt = s->ping_count;
	tctl_send(s, &nop, NULL, false);
}

/* ---- reject, asynchronous messages ---------------------------------------------------------- */

/*
 * One Reject at a time may be unacknowledged (RFC 7145 8.1.2); an initiator that goes on sending
 * what has to be rejected is cut off.
 */
void tctl_reject(struct tsess *s, const u8 *bhs, u8 reason)
{
	struct iscsi_pdu rsp = {
		.opcode = ISCSI_REJECT,
		.final = true,
		.itt = ISCSI_TAG_NONE,
		.data_len = ISCSI_BHS_BYTES,
		.reject = { .reason = reason },
	};

	if ((s->rejected && seq_le(s->seq.exp_stat_sn, s->reject_sn)) ||
	    !tctl_ready(s, ISCSI_BHS_BYTES)) {
		tsess_kill(s, "one PDU after another that has to be rejected");
		return;
	}
	tlog(s->reactor, LOG_WARNING, "%s: rejected a %s (reason 0x%02x)", tsess_name(s),
	     iscsi_opcode_str(bhs[0] & ISCSI_OPCODE), reason);
	s->rejected = true;
	s->reject_sn = s->seq.stat_sn;
	tctl_send(s, &rsp, bhs, true);
}

void tctl_ask_logout(struct tsess *s)
{
	struct iscsi_pdu msg = {
		.opcode = ISCSI_ASYNC,
		.final = true,
		.itt = ISCSI_TAG_NONE,
		.async = { .event = ISCSI_ASYNC_LOGOUT, .parameter3 = TGT_ASYNC_SECONDS },
	};

	if (tctl_ready(s, 0))
		tctl_send(s, &msg, NULL, true);
}

/* ---- logout --------------------------------------------------------------------------------- */

static void answer_logout(struct tsess *s, u32 itt, u8 response)
{
	struct iscsi_pdu rsp = {
		.opcode = ISCSI_LOGOUT_RSP,
		.final = true,
		.itt = itt,
		.logout_rsp = {
			.response = response,
			.time2wait = s->params.time2wait,
			.time2retain = 0,	/* nothing is retained at ErrorRecoveryLevel 0 */
		},
	};

	tctl_send(s, &rsp, NULL, true);
}

void tctl_logout(struct tsess *s, const struct iscsi_pdu *pdu)
{
	if (pdu->logout.reason == ISCSI_LOGOUT_CONNECTION && pdu->logout.cid != s->params.cid)
		answer_logout(s, pdu->itt, ISCSI_LOGOUT_NO_CID);
	else if (pdu->logout.reason > ISCSI_LOGOUT_CONNECTION)
		answer_logout(s, pdu->itt, ISCSI_LOGOUT_NO_RECOVERY);
	else
		ttmf_logout(s, pdu);
}

/* ---- Hello ---------------------------------------------------------------------------------- */

void tctl_hello(struct tsess *s, const struct iser_hdr *hello)
{
	struct iser_hdr reply;
	struct tctl *c;

	if (!tctl_ready(s, 0)) {
		tsess_kill(s, "iSER Hello that cannot be answered");
		return;
	}
	iser_hello_answer(hello, (u16)min_t(u32, s->qp->ord, UINT16_MAX), &reply);
	c = tctl_get(s, 0);
	iser_hdr_encode(&reply, c->buf);
	post(s, c, ISER_HDR_BYTES);
	if (reply.reject) {
		tlog(s->reactor, LOG_WARNING, "%s: iSER Hello refused (version or read depth)",
		     tsess_name(s));
		tsess_close(s);
	}
}
