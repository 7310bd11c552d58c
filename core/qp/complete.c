// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Completions in the order of submission (RFC 5040 5.5, rule 15), and the ways in which a stream
 * ends.
 *
 * The end: receives are flushed at once.  Sends are flushed at once too, unless an FPDU that points
 * at their buffers is half gone: then when it has left, because until then the buffers are still
 * read.
 */
#include "core/qp/qp_priv.h"

static enum wc_opcode wc_opcode_of(enum wr_opcode opcode)
{
	switch (opcode) {
	case WR_SEND:
	case WR_SEND_INV:
	case WR_SEND_IMM:
		return WC_SEND;
	case WR_WRITE:
	case WR_WRITE_IMM:
		return WC_WRITE;
	case WR_READ:
		return WC_READ;
	case WR_CMP_SWAP:
		return WC_CMP_SWAP;
	case WR_FETCH_ADD:
		return WC_FETCH_ADD;
	case WR_REG_MR:
		return WC_REG_MR;
	case WR_BIND_MW:
		return WC_BIND_MW;
	case WR_LOCAL_INV:
		break;
	}
	return WC_LOCAL_INV;
}

static void complete_sqe(struct qp *qp, const struct sqe *sqe, enum wc_status status)
{
	const struct wc wc = {
		.wr_id = sqe->wr_id,
		.status = status,
		.opcode = wc_opcode_of(sqe->opcode),
		.byte_len = sqe->len,
		.qp_ctx = qp->cfg.ctx,
	};

	if (status != WC_SUCCESS || sqe->flags & WR_SIGNALED)
		cq_push(qp->cfg.scq, &wc);
}

void qp_complete(struct qp *qp)
{
	struct sq *sq = &qp->sq;

	while (sq->head != sq->tail && sq_at(sq, sq->head)->state == SQE_DONE)
		complete_sqe(qp, sq_at(sq, sq->head++), WC_SUCCESS);
}

void qp_complete_recv(struct qp *qp, struct wc *wc)
{
	wc->wr_id = qp->rx.recv.wr_id;
	wc->qp_ctx = qp->cfg.ctx;
	qp->rx.recv.taken = false;
	cq_push(qp->cfg.rcq, wc);
}

/* What is done and only waited for its turn is not flushed. */
void qp_flush_sq(struct qp *qp)
{
	struct sq *sq = &qp->sq;

	for (; sq->head != sq->tail; sq->head++) {
		const struct sqe *sqe = sq_at(sq, sq->head);

		if (sqe->status != WC_SUCCESS)
			complete_sqe(qp, sqe, sqe->status);
		else if (sqe->state == SQE_DONE)
			complete_sqe(qp, sqe, WC_SUCCESS);
		else
			complete_sqe(qp, sqe, WC_WR_FLUSH_ERR);
	}
	sq->next = sq->tail;
	qp->tx.source = TX_IDLE;
}

static void flush_recv(struct qp *qp, u64 wr_id, enum wc_status status)
{
	const struct wc wc = {
		.wr_id = wr_id,
		.status = status,
		.opcode = WC_RECV,
		.qp_ctx = qp->cfg.ctx,
	};

	cq_push(qp->cfg.rcq, &wc);
}

static void flush_rq(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	struct rq *rq = &qp->own_rq;

	if (rx->recv.taken) {
		rx->recv.taken = false;
		flush_recv(qp, rx->recv.wr_id,
			   rx->recv.status != WC_SUCCESS ? rx->recv.status : WC_WR_FLUSH_ERR);
	}
	while (rq_used(rq))
		flush_recv(qp, rq->entries[rq->head++ & (rq->depth - 1)].wr_id, WC_WR_FLUSH_ERR);
}

void qp_flush(struct qp *qp)
{
	flush_rq(qp);
	if (!qp->tx.flush_wait)
		qp_flush_sq(qp);
	qp->orq.head = qp->orq.tail;
	qp->irq.head = qp->irq.tail;
}

static void enter_terminate(struct qp *qp, const struct term_cause *cause, bool sent)
{
	qp->state = QP_TERMINATE;
	qp->term = (struct qp_term){
		.layer = cause->layer,
		.etype = cause->etype,
		.code = cause->code,
		.sent = sent,
		.received = !sent,
	};
}

void qp_fail(struct qp *qp, const struct term_report *report)
{
	struct tx *tx = &qp->tx;

	enter_terminate(qp, &report->cause, true);
	tx->flush_wait = mpa_tx_cut(tx);
	tx->flush_at = tx->built;
	/* RFC 5044 7.1.2, rule 4: a responder that has seen no valid FPDU can only close. */
	if (tx->hold)
		qp->term.sent = false;
	else
		rdmap_tx_terminate(qp, report);
	qp_flush(qp);
}

/* RFC 5040 7.1, rule 1: the Terminate goes instead of the request that cannot be. */
void qp_fail_local(struct qp *qp, struct sqe *sqe, enum wc_status status)
{
	const struct term_report report = {
		.cause = { TERM_LAYER_RDMAP, RDMAP_TERM_CATASTROPHIC, 0 },
	};

	sqe->status = status;
	qp_fail(qp, &report);
}

/* --- the peer's Terminate --- */

static enum wc_status blamed_status(const struct term_cause *cause)
{
	if (cause->layer == TERM_LAYER_RDMAP && cause->etype == RDMAP_TERM_OPERATION)
		return WC_REM_OP_ERR;
	if ((cause->layer == TERM_LAYER_RDMAP && cause->etype == RDMAP_TERM_PROTECTION) ||
	    (cause->layer == TERM_LAYER_DDP && cause->etype == DDP_TERM_TAGGED))
		return WC_REM_ACCESS_ERR;
	if (cause->layer == TERM_LAYER_DDP && cause->etype == DDP_TERM_UNTAGGED)
		return WC_REM_INV_REQ_ERR;
	return WC_REM_OP_ERR;
}

/* The Read or atomic whose request had this MSN. */
static struct sqe *blame_request(struct qp *qp, u32 msn)
{
	u32 i;

	for (i = qp->orq.head; i != qp->orq.tail; i++)
		if (orq_at(&qp->orq, i)->msn == msn && !orq_at(&qp->orq, i)->own)
			return sq_at(&qp->sq, orq_at(&qp->orq, i)->sq_index);
	return NULL;
}

/* The RDMA Write that covers this offset, if it has not completed yet. */
static struct sqe *blame_write(struct qp *qp, u32 stag, u64 to)
{
	u32 i;

	for (i = qp->sq.head; i != qp->sq.tail; i++) {
		struct sqe *sqe = sq_at(&qp->sq, i);

		if (sqe->state == SQE_POSTED)
			break;
		if ((sqe->opcode == WR_WRITE || sqe->opcode == WR_WRITE_IMM) && sqe->rkey == stag &&
		    to - sqe->addr < sqe->len)
			return sqe;
	}
	return NULL;
}

/* The request that the Terminate shows, if one of ours is still open for it. */
static struct sqe *blame(struct qp *qp, const struct term_report *report)
{
	u8 hdr[sizeof(struct ddp_untagged)];
	struct ddp_untagged untagged;
	struct ddp_tagged tagged;

	memcpy(hdr + 2, report->ddp, sizeof(hdr) - 2);
	if (report->ddp_len == DDP_UNTAGGED_LEN) {
		memcpy(&untagged, hdr, sizeof(untagged));
		if (be32_to_cpu(untagged.qn) == RDMAP_QN_READ)
			return blame_request(qp, be32_to_cpu(untagged.msn));
	} else if (report->ddp_len == DDP_TAGGED_LEN) {
		memcpy(&tagged, hdr, sizeof(tagged));
		return blame_write(qp, be32_to_cpu(tagged.stag), be64_to_cpu(tagged.to));
	}
	return NULL;
}

void qp_terminated(struct qp *qp, const struct term_report *report)
{
	struct sqe *sqe = blame(qp, report);

	if (sqe)
		sqe->status = blamed_status(&report->cause);
	enter_terminate(qp, &report->cause, false);
	mpa_tx_clear(&qp->tx);
	qp_flush(qp);
}

void qp_close(struct qp *qp)
{
	if (qp->state == QP_RTS)
		qp->state = QP_CLOSING;
}

void qp_stream_gone(struct qp *qp)
{
	if (qp->state == QP_ERROR)
		return;
	qp->state = QP_ERROR;
	mpa_tx_clear(&qp->tx);
	qp->tx.flush_wait = false;
	qp_flush(qp);
}
