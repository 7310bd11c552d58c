// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * RDMAP, receiving side: what a delivered segment means.  RFC 5040 5 and 7, RFC 7306.
 *
 * Called for each segment whose checksum is right.  Only the last segment of a message does
 * anything.
 */
#include "core/qp/qp_priv.h"

static bool refuse(struct qp *qp, u8 etype, u8 code)
{
	ddp_rx_fault(qp, TERM_LAYER_RDMAP, etype, code);
	return false;
}

/* --- queue 0 --- */

static bool is_solicited(u8 opcode)
{
	return opcode == RDMAP_SEND_SE || opcode == RDMAP_SEND_SE_INV || opcode == RDMAP_IMM_SE;
}

/* Not under a response to the peer's own Read that is still leaving from there. */
static bool invalidate(struct qp *qp, u32 stag)
{
	if (mpa_tx_uses(&qp->tx, stag))
		return refuse(qp, RDMAP_TERM_PROTECTION, RDMAP_TERM_CANNOT_INV);
	switch (mem_invalidate(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, stag, true)) {
	case MEM_OK:
		return true;
	case MEM_BAD_STAG:
		return refuse(qp, RDMAP_TERM_PROTECTION, RDMAP_TERM_STAG);
	case MEM_BAD_BOUNDS:
	case MEM_BAD_ACCESS:
	case MEM_BAD_STREAM:
	case MEM_TO_WRAP:
		break;
	}
	return refuse(qp, RDMAP_TERM_PROTECTION, RDMAP_TERM_CANNOT_INV);
}

/* RFC 5040 5.3: invalidation comes before the completion. */
static bool deliver_send(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	struct wc wc = { .opcode = WC_RECV, .byte_len = rx->queue[RDMAP_QN_SEND].got };

	if (!rx->recv.taken)
		return true;	/* the ready-to-receive message: nobody waits for it */
	if (rx->opcode == RDMAP_SEND_INV || rx->opcode == RDMAP_SEND_SE_INV) {
		if (!invalidate(qp, rx->recv.inv_stag))
			return false;
		wc.flags |= WC_WITH_INV;
		wc.inv_rkey = rx->recv.inv_stag;
	}
	if (is_solicited(rx->opcode))
		wc.flags |= WC_WITH_SE;
	qp_complete_recv(qp, &wc);
	return true;
}

static bool deliver_imm(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	struct wc wc = { .opcode = WC_RECV_IMM, .flags = WC_WITH_IMM };

	if (rx->queue[RDMAP_QN_SEND].got != RDMAP_IMM_BYTES)
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_UNSPECIFIED);
	wc.imm = get_unaligned_be64(rx->control[RDMAP_QN_SEND]);
	if (rx->write.latest) {
		wc.flags |= WC_WITH_WRITE;
		wc.byte_len = rx->write.got;
	}
	if (is_solicited(rx->opcode))
		wc.flags |= WC_WITH_SE;
	qp_complete_recv(qp, &wc);
	return true;
}

/* --- queue 1 --- */

static void irq_add(struct qp *qp, const struct irq_entry *req)
{
	*irq_at(&qp->irq, qp->irq.tail++) = *req;
}

static bool deliver_read_req(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	const struct rx_queue *q = &rx->queue[RDMAP_QN_READ];
	struct rdmap_read_req hdr;
	struct irq_entry req;
	enum mem_fault fault = MEM_OK;
	u8 *at;

	if (q->got != sizeof(hdr))
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_UNSPECIFIED);
	memcpy(&hdr, rx->control[RDMAP_QN_READ], sizeof(hdr));
	req = (struct irq_entry){
		.msn = q->msn,
		.sink_stag = be32_to_cpu(hdr.sink_stag),
		.sink_to = be64_to_cpu(hdr.sink_to),
		.len = be32_to_cpu(hdr.size),
		.stag = be32_to_cpu(hdr.source_stag),
		.to = be64_to_cpu(hdr.source_to),
	};
	/* 5.2.1: a Read of nothing names no memory. */
	if (req.len)
		fault = mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, req.stag, req.to, req.len,
				  ACCESS_REMOTE_READ, &at);
	if (fault) {
		refuse(qp, RDMAP_TERM_PROTECTION, rdmap_protection_code(fault));
		rx->fault.has_request = true;
		rx->fault.request = hdr;
		return false;
	}
	irq_add(qp, &req);
	return true;
}

static bool deliver_atomic_req(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	const struct rx_queue *q = &rx->queue[RDMAP_QN_READ];
	struct rdmap_atomic_req hdr;
	struct irq_entry req;
	enum mem_fault fault;
	u8 *at;

	if (q->got != sizeof(hdr))
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_UNSPECIFIED);
	memcpy(&hdr, rx->control[RDMAP_QN_READ], sizeof(hdr));
	req = (struct irq_entry){
		.atomic = true,
		.msn = q->msn,
		.stag = be32_to_cpu(hdr.remote_stag),
		.to = be64_to_cpu(hdr.remote_to),
		.request_id = be32_to_cpu(hdr.request_id),
		.aopcode = be32_to_cpu(hdr.aopcode) & RDMAP_AOPCODE,
		.add_swap = be64_to_cpu(hdr.add_swap),
		.add_swap_mask = be64_to_cpu(hdr.add_swap_mask),
		.compare = be64_to_cpu(hdr.compare),
		.compare_mask = be64_to_cpu(hdr.compare_mask),
	};
	if (req.aopcode != RDMAP_AOP_FETCH_ADD && req.aopcode != RDMAP_AOP_CMP_SWAP)
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_OPCODE);
	fault = mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, req.stag, req.to, sizeof(u64),
			  ACCESS_REMOTE_ATOMIC, &at);
	if (fault)
		return refuse(qp, RDMAP_TERM_PROTECTION, rdmap_protection_code(fault));
	/* RFC 7306 8.2 */
	if ((uintptr_t)at % sizeof(u64))
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_CAT_STREAM);
	irq_add(qp, &req);
	return true;
}

/* --- responses to us --- */

static void orq_complete(struct qp *qp)
{
	const struct orq_entry *req = orq_at(&qp->orq, qp->orq.head++);

	if (req->own)
		return;
	sq_at(&qp->sq, req->sq_index)->state = SQE_DONE;
	qp_complete(qp);
	sq_tx_local(qp);		/* one may have waited behind a fence */
}

static bool deliver_read_resp(struct qp *qp)
{
	const struct orq_entry *req = orq_at(&qp->orq, qp->orq.head);

	if (req->got != req->len)
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_UNSPECIFIED);
	orq_complete(qp);
	return true;
}

static bool deliver_atomic_resp(struct qp *qp)
{
	const struct orq_entry *req = orq_at(&qp->orq, qp->orq.head);
	const struct rx *rx = &qp->rx;
	struct rdmap_atomic_resp hdr;
	enum mem_fault fault;
	u64 original;
	u8 *at;

	if (rx->queue[RDMAP_QN_ATOMIC_RESP].got != sizeof(hdr))
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_UNSPECIFIED);
	memcpy(&hdr, rx->control[RDMAP_QN_ATOMIC_RESP], sizeof(hdr));
	if (be32_to_cpu(hdr.request_id) != req->msn)
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_UNSPECIFIED);
	fault = mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, req->stag, req->to,
			  sizeof(original), ACCESS_LOCAL_WRITE, &at);
	if (fault) {
		sq_at(&qp->sq, req->sq_index)->status = WC_LOC_PROT_ERR;
		return refuse(qp, RDMAP_TERM_CATASTROPHIC, 0);
	}
	original = be64_to_cpu(hdr.original);
	memcpy(at, &original, sizeof(original));
	orq_complete(qp);
	return true;
}

static bool deliver_terminate(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	struct term_report report;

	if (!term_decode(rx->control[RDMAP_QN_TERMINATE], rx->queue[RDMAP_QN_TERMINATE].got,
			 &report))
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_UNSPECIFIED);
	qp_terminated(qp, &report);
	return false;
}

static bool deliver_untagged(struct qp *qp)
{
	switch (qp->rx.opcode) {
	case RDMAP_SEND:
	case RDMAP_SEND_INV:
	case RDMAP_SEND_SE:
	case RDMAP_SEND_SE_INV:
		return deliver_send(qp);
	case RDMAP_IMM:
	case RDMAP_IMM_SE:
		return deliver_imm(qp);
	case RDMAP_READ_REQ:
		return deliver_read_req(qp);
	case RDMAP_ATOMIC_REQ:
		return deliver_atomic_req(qp);
	case RDMAP_ATOMIC_RESP:
		return deliver_atomic_resp(qp);
	case RDMAP_TERMINATE:
		return deliver_terminate(qp);
	default:
		return refuse(qp, RDMAP_TERM_OPERATION, RDMAP_TERM_OPCODE);
	}
}

/* An RDMA Write is placed, not delivered; but Immediate Data behind it tell of it (RFC 7306 6). */
static void count_write(struct rx *rx)
{
	if (!rx->write.open)
		rx->write.got = 0;
	rx->write.got += rx->ulpdu_len - DDP_TAGGED_LEN;
	rx->write.open = !rx->last;
	rx->write.latest = rx->last;
}

bool rdmap_rx_segment(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	struct rx_queue *q;
	u32 qn;

	if (rx->hdr[2] & (DDP_TAGGED >> 8)) {
		if (rx->opcode != RDMAP_READ_RESP) {
			count_write(rx);
			return true;
		}
		orq_at(&qp->orq, qp->orq.head)->got += rx->ulpdu_len - DDP_TAGGED_LEN;
		return rx->last ? deliver_read_resp(qp) : true;
	}
	if (!rx->last)
		return true;
	if (!deliver_untagged(qp))
		return false;
	qn = get_unaligned_be32(rx->hdr + offsetof(struct ddp_untagged, qn));
	if (qn <= RDMAP_QN_READ)
		rx->write.latest = false;
	q = &rx->queue[qn];
	*q = (struct rx_queue){ .msn = q->msn + 1 };
	return true;
}
