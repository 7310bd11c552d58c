// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * RDMAP and DDP, sending side: which message goes next, and its segments.  RFC 5040 5, RFC 5041
 * 5.2.
 *
 * Two sources take turns, a message each: the send queue and the responses that the peer waits for.
 * Messages are not mixed segment by segment, since DDP transmits them in the order of submission
 * (RFC 5041 5.3).
 *
 * A request of the send queue starts when it is its turn: then its keys are checked (an earlier
 * WR_REG_MR counts) and its sges become host pointers.  It waits for a fence, and for ORD if it is
 * a Read or atomic.
 */
#include "core/qp/qp_priv.h"
#include "core/wire/rfc5044_mpa.h"

/* A zero-length tagged message names no memory; some receivers refuse STag 0 all the same. */
#define STAG_NOTHING	1

#define CTL_WORD(opcode) (FIELD(DDP_VERSION, DDP_VERSION_IETF) | \
			  FIELD(RDMAP_VERSION, RDMAP_VERSION_IETF) | (u32)(opcode))

static void put_tagged(struct tx *tx, u32 opcode, bool last, u32 stag, u64 to, u32 len)
{
	const struct ddp_tagged hdr = {
		.c.mpa_len = cpu_to_be16((u16)(DDP_TAGGED_LEN + len)),
		.c.ctl = cpu_to_be16((u16)(CTL_WORD(opcode) | DDP_TAGGED | (last ? DDP_LAST : 0))),
		.stag = cpu_to_be32(stag),
		.to = cpu_to_be64(to),
	};

	memcpy(mpa_tx_begin(tx), &hdr, sizeof(hdr));
	mpa_tx_header(tx, sizeof(hdr));
}

static void put_untagged(struct tx *tx, u32 opcode, bool last, u32 qn, u32 mo, u32 inv_stag,
			 u32 len)
{
	const struct ddp_untagged hdr = {
		.c.mpa_len = cpu_to_be16((u16)(DDP_UNTAGGED_LEN + len)),
		.c.ctl = cpu_to_be16((u16)(CTL_WORD(opcode) | (last ? DDP_LAST : 0))),
		.rsvd_ulp = cpu_to_be32(inv_stag),
		.qn = cpu_to_be32(qn),
		.msn = cpu_to_be32(tx->msn[qn]),
		.mo = cpu_to_be32(mo),
	};

	memcpy(mpa_tx_begin(tx), &hdr, sizeof(hdr));
	mpa_tx_header(tx, sizeof(hdr));
	if (last)
		tx->msn[qn]++;
}

/* A whole untagged message of the engine's own making. */
static void put_control(struct tx *tx, u32 opcode, u32 qn, const void *body, u32 len)
{
	put_untagged(tx, opcode, true, qn, 0, 0, len);
	if (len)
		mpa_tx_put(tx, body, len);
}

static u32 tagged_room(const struct tx *tx)
{
	return tx->ulpdu_max - DDP_TAGGED_LEN;
}

static u32 untagged_room(const struct tx *tx)
{
	return tx->ulpdu_max - DDP_UNTAGGED_LEN;
}

/* The next octets of the message, from wherever its sges have them. */
static void put_payload(struct tx *tx, const struct wr_sge *sges, u32 len)
{
	bool copy = len <= TX_COPY_MAX;

	tx->off += len;
	while (len) {
		const struct wr_sge *sge = &sges[tx->sge];
		const u8 *at = (const u8 *)(uintptr_t)sge->addr + tx->sge_off;
		u32 take = min_t(u32, len, sge->len - tx->sge_off);

		if (copy && take)
			mpa_tx_put(tx, at, take);
		else if (take)
			mpa_tx_ref(tx, at, take);
		len -= take;
		tx->sge_off += take;
		if (tx->sge_off == sge->len) {
			tx->sge++;
			tx->sge_off = 0;
		}
	}
}

static void enter_message(struct tx *tx, enum tx_source source)
{
	tx->source = source;
	tx->off = 0;
	tx->sge = 0;
	tx->sge_off = 0;
}

/* --- the send queue --- */

static bool is_local(const struct sqe *sqe)
{
	return sqe->opcode == WR_REG_MR || sqe->opcode == WR_BIND_MW || sqe->opcode == WR_LOCAL_INV;
}

static bool is_request(const struct sqe *sqe)
{
	return sqe->opcode == WR_READ || sqe->opcode == WR_CMP_SWAP || sqe->opcode == WR_FETCH_ADD;
}

/* An invalidated region is the consumer's again, so nothing that points into it may still wait to leave. */
static bool is_blocked(const struct qp *qp, const struct sqe *sqe)
{
	u32 used = orq_used(&qp->orq);

	return (sqe->flags & WR_FENCE && used) || (is_request(sqe) && used >= qp->ord) ||
	       (sqe->opcode == WR_LOCAL_INV && mpa_tx_uses(&qp->tx, sqe->inv_rkey));
}

static bool run_local(struct qp *qp, const struct sqe *sqe)
{
	const struct qp_cfg *cfg = &qp->cfg;

	if (sqe->opcode == WR_LOCAL_INV)
		return mem_invalidate(cfg->mem, cfg->pd, cfg->qpn, sqe->inv_rkey, false) == MEM_OK;
	if (sqe->opcode == WR_REG_MR)
		return mem_fast_reg(cfg->mem, cfg->pd, cfg->qpn, sqe->rkey, sqe->addr,
				    sqe->bind.len, sqe->bind.access) == MEM_OK;
	return mem_mw_bind(cfg->mem, cfg->pd, cfg->qpn, sqe->rkey, sqe->bind.mr_lkey, sqe->addr,
			   sqe->bind.len, sqe->bind.access) == MEM_OK;
}

void rdmap_tx_local(struct qp *qp)
{
	struct sq *sq = &qp->sq;
	bool done = false;

	while (qp_running(qp) && qp->tx.source == TX_IDLE && sq->next != sq->tail) {
		struct sqe *sqe = sq_at(sq, sq->next);

		if (!is_local(sqe) || is_blocked(qp, sqe))
			break;
		if (!run_local(qp, sqe)) {
			qp_fail_local(qp, sqe, WC_MW_BIND_ERR);
			return;
		}
		sqe->state = SQE_DONE;
		sq->next++;
		done = true;
	}
	if (done)
		qp_complete(qp);
}

/* Checks every key and turns addresses into host pointers. */
static bool start_sges(struct qp *qp, struct sqe *sqe, struct wr_sge *sges)
{
	u32 access = is_request(sqe) ? ACCESS_LOCAL_WRITE : 0;
	u8 *at;
	u32 i;

	if (sqe->flags & WR_INLINE)
		return true;
	for (i = 0; i < sqe->sge_n; i++) {
		if (!sges[i].len)
			continue;
		if (mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, sges[i].lkey, sges[i].addr,
			      sges[i].len, access, &at) != MEM_OK)
			return false;
		/* A sink stays an address: the response is checked against it, maybe much later. */
		if (!access)
			sges[i].addr = (uintptr_t)at;
	}
	return true;
}

static void orq_add(struct qp *qp, const struct orq_entry *entry)
{
	*orq_at(&qp->orq, qp->orq.tail++) = *entry;
}

static void build_read(struct qp *qp, struct sqe *sqe, const struct wr_sge *sge)
{
	struct tx *tx = &qp->tx;
	struct orq_entry entry = {
		.sq_index = qp->sq.next,
		.stag = sqe->sge_n ? sge->lkey : STAG_NOTHING,
		.to = sqe->sge_n ? sge->addr : 0,
		.len = sqe->len,
		.msn = tx->msn[RDMAP_QN_READ],
	};
	struct rdmap_read_req req = {
		.sink_stag = cpu_to_be32(entry.stag),
		.sink_to = cpu_to_be64(entry.to),
		.size = cpu_to_be32(entry.len),
		.source_stag = cpu_to_be32(sqe->rkey),
		.source_to = cpu_to_be64(sqe->addr),
	};

	orq_add(qp, &entry);
	put_control(tx, RDMAP_READ_REQ, RDMAP_QN_READ, &req, sizeof(req));
	mpa_tx_end(tx, DDP_UNTAGGED_LEN + sizeof(req));
}

static void build_atomic(struct qp *qp, struct sqe *sqe, const struct wr_sge *sge)
{
	bool swap = sqe->opcode == WR_CMP_SWAP;
	struct tx *tx = &qp->tx;
	struct orq_entry entry = {
		.sq_index = qp->sq.next,
		.atomic = true,
		.stag = sge->lkey,
		.to = sge->addr,
		.len = sge->len,
		.msn = tx->msn[RDMAP_QN_READ],
	};
	u64 compare_mask = sqe->atomic.compare_mask ? sqe->atomic.compare_mask : ~0ull;
	u64 swap_mask = sqe->atomic.swap_mask ? sqe->atomic.swap_mask : ~0ull;
	/* RFC 7306 figure 5: an add mask of 0 is one field of 64 bits. */
	struct rdmap_atomic_req req = {
		.aopcode = cpu_to_be32(swap ? RDMAP_AOP_CMP_SWAP : RDMAP_AOP_FETCH_ADD),
		.request_id = cpu_to_be32(entry.msn),
		.remote_stag = cpu_to_be32(sqe->rkey),
		.remote_to = cpu_to_be64(sqe->addr),
		.add_swap = cpu_to_be64(swap ? sqe->atomic.swap : sqe->atomic.compare_add),
		.add_swap_mask = cpu_to_be64(swap ? swap_mask : sqe->atomic.swap_mask),
		.compare = cpu_to_be64(swap ? sqe->atomic.compare_add : 0),
		.compare_mask = cpu_to_be64(swap ? compare_mask : ~0ull),
	};

	orq_add(qp, &entry);
	put_control(tx, RDMAP_ATOMIC_REQ, RDMAP_QN_READ, &req, sizeof(req));
	mpa_tx_end(tx, DDP_UNTAGGED_LEN + sizeof(req));
}

static u32 send_opcode(const struct sqe *sqe)
{
	bool solicited = sqe->flags & WR_SOLICITED;

	if (sqe->opcode == WR_SEND_INV)
		return solicited ? RDMAP_SEND_SE_INV : RDMAP_SEND_INV;
	return solicited ? RDMAP_SEND_SE : RDMAP_SEND;
}

static void leave_sqe(struct qp *qp)
{
	qp->sq.next++;
	qp->tx.source = TX_IDLE;
}

/* An FPDU of the request at sq.next; with the one that completes, it has left. */
static void end_of_sqe(struct qp *qp, u32 ulpdu_len, bool completes)
{
	struct tx_fpdu *fpdu = mpa_tx_end(&qp->tx, ulpdu_len);

	fpdu->completes = completes;
	fpdu->sq_index = qp->sq.next;
}

static void build_imm(struct qp *qp, const struct sqe *sqe)
{
	u32 opcode = sqe->flags & WR_SOLICITED ? RDMAP_IMM_SE : RDMAP_IMM;
	__be64 imm = cpu_to_be64(sqe->imm);

	put_control(&qp->tx, opcode, RDMAP_QN_SEND, &imm, sizeof(imm));
	end_of_sqe(qp, DDP_UNTAGGED_LEN + sizeof(imm), true);
	leave_sqe(qp);
}

/* One segment of the Send at sq.next. */
static void build_send(struct qp *qp, const struct sqe *sqe)
{
	u32 inv_stag = sqe->opcode == WR_SEND_INV ? sqe->inv_rkey : 0;
	struct tx *tx = &qp->tx;
	u32 len = min_t(u32, sqe->len - tx->off, untagged_room(tx));
	bool last = tx->off + len == sqe->len;

	put_untagged(tx, send_opcode(sqe), last, RDMAP_QN_SEND, tx->off, inv_stag, len);
	put_payload(tx, sq_sges(&qp->sq, qp->sq.next), len);
	end_of_sqe(qp, DDP_UNTAGGED_LEN + len, last);
	if (last)
		leave_sqe(qp);
}

static void build_write(struct qp *qp, const struct sqe *sqe)
{
	struct tx *tx = &qp->tx;
	u32 len = min_t(u32, sqe->len - tx->off, tagged_room(tx));
	bool last = tx->off + len == sqe->len;
	bool with_imm = sqe->opcode == WR_WRITE_IMM;

	put_tagged(tx, RDMAP_WRITE, last, sqe->rkey, sqe->addr + tx->off, len);
	put_payload(tx, sq_sges(&qp->sq, qp->sq.next), len);
	end_of_sqe(qp, DDP_TAGGED_LEN + len, last && !with_imm);
	if (last && with_imm)
		enter_message(tx, TX_SQ_IMM);
	else if (last)
		leave_sqe(qp);
}

/* The front of the queue if it may go now. */
static struct sqe *sq_ready(struct qp *qp)
{
	struct sqe *sqe;

	rdmap_tx_local(qp);
	if (!qp_running(qp) || qp->sq.next == qp->sq.tail)
		return NULL;
	sqe = sq_at(&qp->sq, qp->sq.next);
	return is_blocked(qp, sqe) ? NULL : sqe;
}

static void build_sq(struct qp *qp, struct sqe *sqe)
{
	struct wr_sge *sges = sq_sges(&qp->sq, qp->sq.next);

	if (sqe->state == SQE_POSTED) {
		if (!start_sges(qp, sqe, sges)) {
			qp_fail_local(qp, sqe, WC_LOC_PROT_ERR);
			return;
		}
		sqe->state = SQE_STARTED;
		enter_message(&qp->tx, TX_SQ);
	}
	switch (sqe->opcode) {
	case WR_SEND:
	case WR_SEND_INV:
		build_send(qp, sqe);
		break;
	case WR_WRITE:
	case WR_WRITE_IMM:
		build_write(qp, sqe);
		break;
	case WR_SEND_IMM:
		build_imm(qp, sqe);
		break;
	case WR_READ:
		build_read(qp, sqe, sges);
		leave_sqe(qp);
		break;
	case WR_CMP_SWAP:
	case WR_FETCH_ADD:
		build_atomic(qp, sqe, sges);
		leave_sqe(qp);
		break;
	case WR_REG_MR:
	case WR_BIND_MW:
	case WR_LOCAL_INV:
		core_assert(false);	/* rdmap_tx_local() took them */
		break;
	}
}

/* --- responses --- */

u8 rdmap_protection_code(enum mem_fault fault)
{
	static const u8 codes[] = {
		[MEM_BAD_STAG] = RDMAP_TERM_STAG,     [MEM_BAD_BOUNDS] = RDMAP_TERM_BOUNDS,
		[MEM_BAD_ACCESS] = RDMAP_TERM_ACCESS, [MEM_BAD_STREAM] = RDMAP_TERM_STREAM,
		[MEM_TO_WRAP] = RDMAP_TERM_WRAP,
	};

	return codes[fault];
}

/*
 * The source went away after the request was accepted.  The Terminate carries the request with its
 * position moved to what has not been sent.  RFC 5040 4.8.
 */
static void response_fault(struct qp *qp, const struct irq_entry *req, enum mem_fault fault)
{
	struct term_report report = {
		.cause = { TERM_LAYER_RDMAP, RDMAP_TERM_PROTECTION,
			   rdmap_protection_code(fault) },
		.segment_len = DDP_UNTAGGED_LEN + sizeof(struct rdmap_read_req),
		.ddp_len = DDP_UNTAGGED_LEN,
		.has_request = !req->atomic,
		.request = {
			.sink_stag = cpu_to_be32(req->sink_stag),
			.sink_to = cpu_to_be64(req->sink_to + qp->tx.off),
			.size = cpu_to_be32(req->len - qp->tx.off),
			.source_stag = cpu_to_be32(req->stag),
			.source_to = cpu_to_be64(req->to + qp->tx.off),
		},
	};
	struct ddp_untagged hdr = {
		.c.ctl = cpu_to_be16((u16)(CTL_WORD(RDMAP_READ_REQ) | DDP_LAST)),
		.qn = cpu_to_be32(RDMAP_QN_READ),
		.msn = cpu_to_be32(req->msn),
	};

	if (req->atomic) {
		hdr.c.ctl = cpu_to_be16((u16)(CTL_WORD(RDMAP_ATOMIC_REQ) | DDP_LAST));
		report.segment_len = DDP_UNTAGGED_LEN + sizeof(struct rdmap_atomic_req);
	}
	memcpy(report.ddp, (const u8 *)&hdr + MPA_LEN_BYTES, DDP_UNTAGGED_LEN);
	qp_fail(qp, &report);
}

static void leave_response(struct qp *qp)
{
	qp->irq.head++;
	qp->tx.source = TX_IDLE;
	qp->tx.response_turn = false;
}

static void build_read_response(struct qp *qp, const struct irq_entry *req)
{
	struct tx *tx = &qp->tx;
	u32 len = min_t(u32, req->len - tx->off, tagged_room(tx));
	bool last = tx->off + len == req->len;
	struct tx_fpdu *fpdu;
	enum mem_fault fault;
	u8 *at = NULL;

	/* Checked each time: the region may be revoked midway.  Not if empty: 5.2.1. */
	if (len) {
		fault = mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, req->stag,
				  req->to + tx->off, len, ACCESS_REMOTE_READ, &at);
		if (fault) {
			response_fault(qp, req, fault);
			return;
		}
	}
	put_tagged(tx, RDMAP_READ_RESP, last, req->sink_stag, req->sink_to + tx->off, len);
	if (len > TX_COPY_MAX)
		mpa_tx_ref(tx, at, len);
	else if (len)
		mpa_tx_put(tx, at, len);
	tx->off += len;
	fpdu = mpa_tx_end(tx, DDP_TAGGED_LEN + len);
	fpdu->response = len > TX_COPY_MAX;
	fpdu->source_stag = req->stag;
	if (last)
		leave_response(qp);
}

/* RFC 7306 5.1.1: fields end at the set bits of the mask; no carry leaves a field. */
static u64 masked_add(u64 a, u64 b, u64 mask)
{
	u64 tops = mask | 1ull << 63;
	u64 sum = (a & ~tops) + (b & ~tops);

	return sum ^ ((a ^ b) & tops);
}

static u64 atomic_result(const struct irq_entry *req, u64 old)
{
	if (req->aopcode == RDMAP_AOP_FETCH_ADD)
		return masked_add(old, req->add_swap, req->add_swap_mask);
	if ((req->compare ^ old) & req->compare_mask)
		return old;
	return (old & ~req->add_swap_mask) | (req->add_swap & req->add_swap_mask);
}

static void build_atomic_response(struct qp *qp, const struct irq_entry *req)
{
	struct rdmap_atomic_resp resp = { .request_id = cpu_to_be32(req->request_id) };
	struct tx *tx = &qp->tx;
	enum mem_fault fault;
	u64 old, new;
	u8 *at;

	fault = mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, req->stag, req->to, sizeof(old),
			  ACCESS_REMOTE_ATOMIC, &at);
	if (fault) {
		response_fault(qp, req, fault);
		return;
	}
	/* One thread runs all streams of a device: nothing comes between these two. */
	memcpy(&old, at, sizeof(old));
	new = atomic_result(req, old);
	memcpy(at, &new, sizeof(new));
	resp.original = cpu_to_be64(old);
	put_control(tx, RDMAP_ATOMIC_RESP, RDMAP_QN_ATOMIC_RESP, &resp, sizeof(resp));
	mpa_tx_end(tx, DDP_UNTAGGED_LEN + sizeof(resp));
	leave_response(qp);
}

static void build_response(struct qp *qp)
{
	const struct irq_entry *req = irq_at(&qp->irq, qp->irq.head);

	if (req->atomic)
		build_atomic_response(qp, req);
	else
		build_read_response(qp, req);
}

/* --- which one --- */

/* RFC 6581 9.2: the initiator's first message in peer-to-peer mode. */
static void build_rtr(struct qp *qp)
{
	const struct rdmap_read_req req = { .sink_stag = cpu_to_be32(STAG_NOTHING) };
	struct tx *tx = &qp->tx;

	if (tx->rtr == MPA_RTR_READ) {
		orq_add(qp, &(struct orq_entry){ .own = true,
						 .stag = STAG_NOTHING,
						 .msn = tx->msn[RDMAP_QN_READ] });
		put_control(tx, RDMAP_READ_REQ, RDMAP_QN_READ, &req, sizeof(req));
		mpa_tx_end(tx, DDP_UNTAGGED_LEN + sizeof(req));
	} else if (tx->rtr == MPA_RTR_SEND) {
		put_control(tx, RDMAP_SEND, RDMAP_QN_SEND, NULL, 0);
		mpa_tx_end(tx, DDP_UNTAGGED_LEN);
	} else {
		put_tagged(tx, RDMAP_WRITE, true, STAG_NOTHING, 0, 0);
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
		rdmap_tx_local(qp);
		return false;
	}
	if (tx->rtr) {
		build_rtr(qp);
		return true;
	}
	switch (tx->source) {
	case TX_SQ:
		build_sq(qp, sq_at(&qp->sq, qp->sq.next));
		return true;
	case TX_SQ_IMM:
		build_imm(qp, sq_at(&qp->sq, qp->sq.next));
		return true;
	case TX_RESPONSE:
		build_response(qp);
		return true;
	case TX_IDLE:
		break;
	}
	if (!irq_used(&qp->irq) || !tx->response_turn)
		sqe = sq_ready(qp);
	if (sqe) {
		tx->response_turn = true;
		build_sq(qp, sqe);
		return true;
	}
	if (!irq_used(&qp->irq) || !qp_running(qp))
		return false;
	enter_message(tx, TX_RESPONSE);
	build_response(qp);
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
	return qp->state == QP_CLOSING || !is_blocked(qp, sqe);
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
