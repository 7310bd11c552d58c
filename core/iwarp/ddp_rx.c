// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * DDP, receiving side: checks a segment's header and says where its payload belongs.
 * RFC 5041 section 7; RFC 5040 4.1 and 7.2 for the RDMAP octet in the same header.
 *
 * Queue 0 fills receive requests.  Queues 1 to 3 (Read and atomic requests, Terminate, atomic
 * responses) have one small buffer each inside the engine; whether a message may come is asked of
 * the structure that will take it.  RDMA Read Responses are bounded by the request that asked for
 * them, not by the region.
 *
 * TCP delivers in order, so exactly one MSN and one MO are legal on each queue at any time.
 */
#include "core/qp/qp_priv.h"
#include "core/wire/rfc5044_mpa.h"

/* Remembers the first fault of the segment; the rest of it is dropped. */
void ddp_rx_fault(struct qp *qp, u8 layer, u8 etype, u8 code)
{
	struct rx *rx = &qp->rx;
	bool untagged = !(rx->hdr[2] & (DDP_TAGGED >> 8));

	if (rx->faulty)
		return;
	rx->faulty = true;
	rx->sink = RX_DROP;
	rx->run.left = rx->left;
	rx->fault = (struct term_report){
		.cause = { layer, etype, code },
		.segment_len = rx->ulpdu_len,
		.ddp_len = untagged ? DDP_UNTAGGED_LEN : DDP_TAGGED_LEN,
	};
	memcpy(rx->fault.ddp, rx->hdr + MPA_LEN_BYTES, rx->fault.ddp_len);
}

static void tagged_fault(struct qp *qp, enum ddp_term_tagged code)
{
	ddp_rx_fault(qp, TERM_LAYER_DDP, DDP_TERM_TAGGED, code);
}

static void untagged_fault(struct qp *qp, enum ddp_term_untagged code)
{
	ddp_rx_fault(qp, TERM_LAYER_DDP, DDP_TERM_UNTAGGED, code);
}

static void operation_fault(struct qp *qp, enum rdmap_term_code code)
{
	ddp_rx_fault(qp, TERM_LAYER_RDMAP, RDMAP_TERM_OPERATION, code);
}

/* --- runs --- */

static enum mem_fault run_lookup(struct qp *qp)
{
	struct rx *rx = &qp->rx;

	rx->run.revoked = qp->cfg.mem->revoked;
	return mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, rx->run.stag, rx->run.to,
			 rx->run.left, rx->run.access, &rx->run.dst);
}

static void run_fault(struct qp *qp, enum mem_fault fault)
{
	/* DDP has no code for rights: to this peer the STag is not valid. */
	static const u8 codes[] = {
		[MEM_BAD_STAG] = DDP_TERM_T_STAG,     [MEM_BAD_BOUNDS] = DDP_TERM_T_BOUNDS,
		[MEM_BAD_ACCESS] = DDP_TERM_T_STAG,   [MEM_BAD_STREAM] = DDP_TERM_T_STREAM,
		[MEM_TO_WRAP] = DDP_TERM_T_WRAP,
	};
	struct rx *rx = &qp->rx;

	if (rx->hdr[2] & (DDP_TAGGED >> 8)) {
		tagged_fault(qp, codes[fault]);
		return;
	}
	/* A receive request with a bad lkey: not the peer's doing. */
	rx->recv.status = WC_LOC_PROT_ERR;
	ddp_rx_fault(qp, TERM_LAYER_DDP, DDP_TERM_CATASTROPHIC, 0);
}

/* Looks the rest of the run up again if an STag was revoked since.  False: the run is dropped. */
bool ddp_rx_run_check(struct qp *qp)
{
	enum mem_fault fault;

	if (likely(qp->rx.run.revoked == qp->cfg.mem->revoked))
		return true;
	fault = run_lookup(qp);
	if (fault)
		run_fault(qp, fault);
	return !fault;
}

static void start_run(struct qp *qp, u32 stag, u64 to, u32 len, u32 access)
{
	struct rx *rx = &qp->rx;
	enum mem_fault fault;

	rx->sink = RX_MEMORY;
	rx->run.stag = stag;
	rx->run.to = to;
	rx->run.left = len;
	rx->run.access = access;
	fault = run_lookup(qp);
	if (fault)
		run_fault(qp, fault);
}

/* The next piece of the receive request. */
static void start_recv_run(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	const struct wr_sge *sge = &rx->recv.sges[rx->recv.sge];

	while (rx->recv.sge_off == sge->len) {
		rx->recv.sge_off = 0;
		rx->recv.sge++;
		sge++;
	}
	start_run(qp, sge->lkey, sge->addr + rx->recv.sge_off,
		  min_t(u32, rx->left, sge->len - rx->recv.sge_off), ACCESS_LOCAL_WRITE);
}

void ddp_rx_advance(struct qp *qp, u32 n)
{
	struct rx *rx = &qp->rx;

	rx->run.left -= n;
	rx->left -= n;
	if (rx->sink == RX_DROP)
		return;
	rx->run.dst += n;
	rx->run.to += n;
	if (rx->sink == RX_CONTROL || rx->hdr[2] & (DDP_TAGGED >> 8))
		return;
	rx->recv.sge_off += n;
	if (!rx->run.left && rx->left)
		start_recv_run(qp);
}

/* --- untagged --- */

static bool is_rtr_send(u8 opcode, bool last, u32 len)
{
	return opcode == RDMAP_SEND && last && !len;
}

/* A buffer for the first segment of a message on queue 0. */
static bool take_recv(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	struct rq *rq = qp->rq;
	const struct rq_entry *entry;
	const struct wr_sge *sges;
	u32 slot, i;

	if (rx->recv.taken)
		return true;
	if (!rq_used(rq))
		return false;
	slot = rq->head++ & (rq->depth - 1);
	entry = &rq->entries[slot];
	rx->recv.taken = true;
	rx->recv.wr_id = entry->wr_id;
	rx->recv.len = entry->len;
	rx->recv.sge_n = entry->sge_n;
	rx->recv.sge = 0;
	rx->recv.sge_off = 0;
	rx->recv.status = WC_SUCCESS;
	sges = rq->sges + (size_t)slot * rq->sge_max;
	for (i = 0; i < entry->sge_n; i++)
		rx->recv.sges[i] = sges[i];
	if (rq_used(rq) < rq->limit)
		rq->limit_hit = true;
	return true;
}

/* Asked of the plain header, before anything of it is checked: what else is wrong with it is told at once. */
bool ddp_rx_no_recv(const struct qp *qp)
{
	u16 ctl = get_unaligned_be16(qp->rx.hdr + MPA_LEN_BYTES);
	const struct rx *rx = &qp->rx;
	struct ddp_untagged hdr;

	if (ctl & DDP_TAGGED || rx->recv.taken || rq_used(qp->rq))
		return false;
	memcpy(&hdr, rx->hdr, sizeof(hdr));
	if (be32_to_cpu(hdr.qn) != RDMAP_QN_SEND ||
	    be32_to_cpu(hdr.msn) != rx->queue[RDMAP_QN_SEND].msn ||
	    be16_to_cpu(hdr.c.mpa_len) < DDP_UNTAGGED_LEN)
		return false;
	return !(rx->rtr_send && is_rtr_send(ctl & RDMAP_OPCODE, ctl & DDP_LAST,
					     be16_to_cpu(hdr.c.mpa_len) - DDP_UNTAGGED_LEN));
}

static bool is_imm(u8 opcode)
{
	return opcode == RDMAP_IMM || opcode == RDMAP_IMM_SE;
}

/* The most a message on this queue may hold; false: nothing waits for one. */
static bool queue_room(struct qp *qp, u32 qn, u32 *max)
{
	struct rx *rx = &qp->rx;

	switch (qn) {
	case RDMAP_QN_SEND:
		if (rx->rtr_send && is_rtr_send(rx->opcode, rx->last, rx->left)) {
			*max = 0;
			return true;
		}
		if (!take_recv(qp))
			return false;
		*max = is_imm(rx->opcode) ? RDMAP_IMM_BYTES : rx->recv.len;
		return true;
	case RDMAP_QN_READ:
		*max = sizeof(struct rdmap_atomic_req);
		return irq_used(&qp->irq) < qp->irq.limit;
	case RDMAP_QN_TERMINATE:
		*max = RX_CONTROL_BYTES;
		return true;
	default:
		*max = sizeof(struct rdmap_atomic_resp);
		return orq_used(&qp->orq) && orq_at(&qp->orq, qp->orq.head)->atomic;
	}
}

/* RFC 5040 figure 4, RFC 7306 figure 2. */
static bool opcode_fits(const struct qp *qp, u32 qn, u8 opcode)
{
	switch (opcode) {
	case RDMAP_SEND:
	case RDMAP_SEND_INV:
	case RDMAP_SEND_SE:
	case RDMAP_SEND_SE_INV:
		return qn == RDMAP_QN_SEND;
	case RDMAP_IMM:
	case RDMAP_IMM_SE:
		return qn == RDMAP_QN_SEND && qp->cfg.caps & QP_CAP_IMM;
	case RDMAP_READ_REQ:
		return qn == RDMAP_QN_READ;
	case RDMAP_ATOMIC_REQ:
		return qn == RDMAP_QN_READ && qp->cfg.caps & QP_CAP_ATOMIC;
	case RDMAP_TERMINATE:
		return qn == RDMAP_QN_TERMINATE;
	case RDMAP_ATOMIC_RESP:
		return qn == RDMAP_QN_ATOMIC_RESP;
	default:
		return false;
	}
}

static bool rdmap_version_right(u16 ctl)
{
	return FIELD_OF(RDMAP_VERSION, ctl) <= RDMAP_VERSION_IETF;
}

static void untagged_segment(struct qp *qp, u16 ctl)
{
	u32 queues = qp->cfg.caps & QP_CAP_ATOMIC ? 4 : 3;
	struct rx *rx = &qp->rx;
	struct ddp_untagged hdr;
	struct rx_queue *q;
	u32 qn, mo, max;

	memcpy(&hdr, rx->hdr, sizeof(hdr));
	qn = be32_to_cpu(hdr.qn);
	mo = be32_to_cpu(hdr.mo);
	if (FIELD_OF(DDP_VERSION, ctl) != DDP_VERSION_IETF) {
		untagged_fault(qp, DDP_TERM_U_VERSION);
		return;
	}
	if (qn >= queues) {
		untagged_fault(qp, DDP_TERM_U_QN);
		return;
	}
	q = &rx->queue[qn];
	if (be32_to_cpu(hdr.msn) != q->msn) {
		untagged_fault(qp, DDP_TERM_U_MSN);
		return;
	}
	if (!queue_room(qp, qn, &max)) {
		untagged_fault(qp, DDP_TERM_U_NO_BUFFER);
		return;
	}
	if (mo != q->got) {
		untagged_fault(qp, DDP_TERM_U_MO);
		return;
	}
	if ((u64)mo + rx->left > max) {
		if (qn == RDMAP_QN_SEND)
			rx->recv.status = WC_LOC_LEN_ERR;
		untagged_fault(qp, DDP_TERM_U_TOO_LONG);
		return;
	}
	if (!rdmap_version_right(ctl)) {
		operation_fault(qp, RDMAP_TERM_VERSION);
		return;
	}
	if (!opcode_fits(qp, qn, rx->opcode) || (q->open && rx->opcode != q->opcode)) {
		operation_fault(qp, RDMAP_TERM_OPCODE);
		return;
	}
	q->open = true;
	q->opcode = rx->opcode;
	q->got += rx->left;
	if (qn == RDMAP_QN_SEND)
		rx->recv.inv_stag = be32_to_cpu(hdr.rsvd_ulp);
	if (!rx->left)
		return;
	if (qn == RDMAP_QN_SEND && !is_imm(rx->opcode)) {
		start_recv_run(qp);
		return;
	}
	rx->sink = RX_CONTROL;
	rx->run.dst = rx->control[qn] + mo;
	rx->run.left = rx->left;
}

/* --- tagged --- */

/* Only what the oldest RDMA Read still waits for may be placed. */
static void response_segment(struct qp *qp, u32 stag, u64 to)
{
	struct rx *rx = &qp->rx;
	const struct orq_entry *req;

	if (!orq_used(&qp->orq) || orq_at(&qp->orq, qp->orq.head)->atomic) {
		operation_fault(qp, RDMAP_TERM_OPCODE);
		return;
	}
	if (!rx->left)
		return;
	req = orq_at(&qp->orq, qp->orq.head);
	if (stag != req->stag)
		tagged_fault(qp, DDP_TERM_T_STAG);
	else if (to != req->to + req->got || rx->left > req->len - req->got)
		tagged_fault(qp, DDP_TERM_T_BOUNDS);
	else
		start_run(qp, stag, to, rx->left, ACCESS_LOCAL_WRITE);
}

static void tagged_segment(struct qp *qp, u16 ctl)
{
	struct rx *rx = &qp->rx;
	struct ddp_tagged hdr;
	u32 stag;
	u64 to;

	memcpy(&hdr, rx->hdr, sizeof(hdr));
	stag = be32_to_cpu(hdr.stag);
	to = be64_to_cpu(hdr.to);
	if (FIELD_OF(DDP_VERSION, ctl) != DDP_VERSION_IETF)
		tagged_fault(qp, DDP_TERM_T_VERSION);
	else if (!rdmap_version_right(ctl))
		operation_fault(qp, RDMAP_TERM_VERSION);
	else if (rx->opcode == RDMAP_READ_RESP)
		response_segment(qp, stag, to);
	else if (rx->opcode != RDMAP_WRITE)
		operation_fault(qp, RDMAP_TERM_OPCODE);
	else if (rx->left)
		start_run(qp, stag, to, rx->left, ACCESS_REMOTE_WRITE);
}

/* hdr[] is there: sets sink, run and left for the payload. */
void ddp_rx_segment(struct qp *qp)
{
	struct rx *rx = &qp->rx;
	u16 ctl = get_unaligned_be16(rx->hdr + MPA_LEN_BYTES);
	bool tagged = ctl & DDP_TAGGED;
	u32 hdr_len = tagged ? DDP_TAGGED_LEN : DDP_UNTAGGED_LEN;

	rx->ulpdu_len = get_unaligned_be16(rx->hdr);
	rx->opcode = ctl & RDMAP_OPCODE;
	rx->last = ctl & DDP_LAST;
	rx->sink = RX_DROP;
	rx->left = 0;
	rx->run.left = 0;
	if (rx->ulpdu_len < hdr_len) {
		rx->left = rx->ulpdu_len < sizeof(__be16) ? 0 : rx->ulpdu_len - sizeof(__be16);
		ddp_rx_fault(qp, TERM_LAYER_DDP, DDP_TERM_CATASTROPHIC, 0);
		rx->fault.ddp_len = 0;	/* there is no whole header to show */
		return;
	}
	rx->left = rx->ulpdu_len - hdr_len;
	if (tagged)
		tagged_segment(qp, ctl);
	else
		untagged_segment(qp, ctl);
}
