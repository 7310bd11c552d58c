// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * RDMAP, sending side: which message goes next.  RFC 5040 5.5.
 *
 * Two sources take turns, a message each: the send queue (sq_tx.c) and the responses that the peer
 * waits for (response_tx.c).  Messages are not mixed segment by segment, since DDP transmits them
 * in the order of submission (RFC 5041 5.3).
 */
#include "core/qp/qp_priv.h"

void rdmap_tx_enter(struct tx *tx, enum tx_source source)
{
	tx->source = source;
	tx->off = 0;
	tx->sge = 0;
	tx->sge_off = 0;
}

/* RFC 6581 9.2: the initiator's first message in peer-to-peer mode. */
static void build_rtr(struct qp *qp)
{
	const struct rdmap_read_req req = { .sink_stag = cpu_to_be32(DDP_STAG_NOTHING) };
	struct tx *tx = &qp->tx;

	if (tx->rtr == MPA_RTR_READ) {
		orq_add(&qp->orq, &(struct orq_entry){ .own = true,
						       .stag = DDP_STAG_NOTHING,
						       .msn = tx->msn[RDMAP_QN_READ] });
		ddp_tx_control(tx, RDMAP_READ_REQ, RDMAP_QN_READ, &req, sizeof(req));
		mpa_tx_end(tx, DDP_UNTAGGED_LEN + sizeof(req));
	} else if (tx->rtr == MPA_RTR_SEND) {
		ddp_tx_control(tx, RDMAP_SEND, RDMAP_QN_SEND, NULL, 0);
		mpa_tx_end(tx, DDP_UNTAGGED_LEN);
	} else {
		ddp_tx_tagged(tx, RDMAP_WRITE, true, DDP_STAG_NOTHING, 0, 0);
		mpa_tx_end(tx, DDP_TAGGED_LEN);
	}
	tx->rtr = MPA_RTR_NONE;
}

/* Builds one FPDU; false: there is nothing to say now. */
bool rdmap_tx_build(struct qp *qp)
{
	struct tx *tx = &qp->tx;
	struct sqe *sqe = NULL;

	if (!qp_running(qp))
		return false;
	if (tx->hold) {
		sq_tx_local(qp);
		return false;
	}
	if (tx->rtr) {
		build_rtr(qp);
		return true;
	}
	switch (tx->source) {
	case TX_SQ:
		sq_tx_build(qp, sq_at(&qp->sq, qp->sq.next));
		return true;
	case TX_SQ_IMM:
		sq_tx_build_imm(qp, sq_at(&qp->sq, qp->sq.next));
		return true;
	case TX_RESPONSE:
		response_tx_build(qp);
		return true;
	case TX_IDLE:
		break;
	}
	if (!irq_used(&qp->irq) || !tx->response_turn)
		sqe = sq_tx_ready(qp);
	if (sqe) {
		tx->response_turn = true;
		sq_tx_build(qp, sqe);
		return true;
	}
	if (!irq_used(&qp->irq) || !qp_running(qp))
		return false;
	rdmap_tx_enter(tx, TX_RESPONSE);
	response_tx_build(qp);
	return true;
}

bool rdmap_tx_ready(const struct qp *qp)
{
	const struct tx *tx = &qp->tx;
	const struct sq *sq = &qp->sq;
	const struct sqe *sqe;

	if (!qp_running(qp) || tx->hold)
		return false;
	if (tx->rtr || tx->source != TX_IDLE || irq_used(&qp->irq))
		return true;
	if (sq->next == sq->tail)
		return false;
	/* What waits for a response cannot go now, but must before the stream is closed. */
	sqe = &sq->entries[sq->next & (sq->depth - 1)];
	return qp->state == QP_CLOSING || !sq_tx_blocked(qp, sqe);
}

void rdmap_tx_terminate(struct qp *qp, const struct term_report *report)
{
	struct ddp_untagged hdr = term_header();
	u8 body[TERM_BYTES_MAX];
	u32 len = (u32)term_encode(report, body);

	hdr.c.mpa_len = cpu_to_be16((u16)(DDP_UNTAGGED_LEN + len));
	memcpy(mpa_tx_begin(&qp->tx), &hdr, sizeof(hdr));
	mpa_tx_header(&qp->tx, sizeof(hdr));
	mpa_tx_put(&qp->tx, body, len);
	mpa_tx_end(&qp->tx, DDP_UNTAGGED_LEN + len);
}
