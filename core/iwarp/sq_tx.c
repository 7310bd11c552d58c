// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The send queue, sending side: work requests become segments.  RFC 5040 5.1 to 5.3, RFC 7306.
 *
 * A request starts when it is its turn: then its keys are checked (an earlier WR_REG_MR counts) and
 * its sges become host pointers.  It waits for a fence, and for ORD if it is a Read or atomic.
 */
#include "core/qp/qp_priv.h"

/* The next octets of the message, from wherever its sges have them. */
static void put_payload(struct tx *tx, const struct wr_sge *sges, u32 len, u32 flags)
{
	bool copy = len <= TX_COPY_MAX;

	tx->off += len;
	while (len) {
		const struct wr_sge *sge = &sges[tx->sge];
		const u8 *at = (const u8 *)(uintptr_t)sge->addr + tx->sge_off;
		u32 take = min_t(u32, len, sge->len - tx->sge_off);

		if (copy && take)
			mpa_tx_put(tx, at, take);
		else if (take && flags & WR_CHANGING)
			mpa_tx_copy(tx, at, take);
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

static bool is_local(const struct sqe *sqe)
{
	return sqe->opcode == WR_REG_MR || sqe->opcode == WR_BIND_MW || sqe->opcode == WR_LOCAL_INV;
}

static bool is_request(const struct sqe *sqe)
{
	return sqe->opcode == WR_READ || sqe->opcode == WR_CMP_SWAP || sqe->opcode == WR_FETCH_ADD;
}

/* An invalidated region is the consumer's again, so nothing that points into it may still wait to leave. */
bool sq_tx_blocked(const struct qp *qp, const struct sqe *sqe)
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

void sq_tx_local(struct qp *qp)
{
	struct sq *sq = &qp->sq;
	bool done = false;

	while (qp_running(qp) && qp->tx.source == TX_IDLE && sq->next != sq->tail) {
		struct sqe *sqe = sq_at(sq, sq->next);

		if (!is_local(sqe) || sq_tx_blocked(qp, sqe))
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

static void build_read(struct qp *qp, struct sqe *sqe, const struct wr_sge *sge)
{
	struct tx *tx = &qp->tx;
	struct orq_entry entry = {
		.sq_index = qp->sq.next,
		.stag = sqe->sge_n ? sge->lkey : DDP_STAG_NOTHING,
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

	orq_add(&qp->orq, &entry);
	ddp_tx_control(tx, RDMAP_READ_REQ, RDMAP_QN_READ, &req, sizeof(req));
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

	orq_add(&qp->orq, &entry);
	ddp_tx_control(tx, RDMAP_ATOMIC_REQ, RDMAP_QN_READ, &req, sizeof(req));
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

void sq_tx_build_imm(struct qp *qp, const struct sqe *sqe)
{
	u32 opcode = sqe->flags & WR_SOLICITED ? RDMAP_IMM_SE : RDMAP_IMM;
	__be64 imm = cpu_to_be64(sqe->imm);

	ddp_tx_control(&qp->tx, opcode, RDMAP_QN_SEND, &imm, sizeof(imm));
	end_of_sqe(qp, DDP_UNTAGGED_LEN + sizeof(imm), true);
	leave_sqe(qp);
}

/* One segment of the Send at sq.next. */
static void build_send(struct qp *qp, const struct sqe *sqe)
{
	u32 inv_stag = sqe->opcode == WR_SEND_INV ? sqe->inv_rkey : 0;
	struct tx *tx = &qp->tx;
	u32 len = min_t(u32, sqe->len - tx->off, tx->ulpdu_max - DDP_UNTAGGED_LEN);
	bool last = tx->off + len == sqe->len;

	ddp_tx_untagged(tx, send_opcode(sqe), last, RDMAP_QN_SEND, tx->off, inv_stag, len);
	put_payload(tx, sq_sges(&qp->sq, qp->sq.next), len, sqe->flags);
	end_of_sqe(qp, DDP_UNTAGGED_LEN + len, last);
	if (last)
		leave_sqe(qp);
}

/*
 * Segments that are large end where a page of their source ends: a host that sends pages by reference then has whole
 * ones.  Only so large that what it costs is little.
 */
static u32 write_len(const struct tx *tx, const struct wr_sge *sges, u32 left)
{
	u32 max = tx->ulpdu_max - DDP_TAGGED_LEN;

	if (left <= max)
		return left;
	if (max < 8 * TX_PAGE)
		return max;
	return max - (u32)((sges[tx->sge].addr + tx->sge_off + max) % TX_PAGE);
}

static void build_write(struct qp *qp, const struct sqe *sqe)
{
	struct tx *tx = &qp->tx;
	const struct wr_sge *sges = sq_sges(&qp->sq, qp->sq.next);
	u32 len = write_len(tx, sges, sqe->len - tx->off);
	bool last = tx->off + len == sqe->len;
	bool with_imm = sqe->opcode == WR_WRITE_IMM;

	ddp_tx_tagged(tx, RDMAP_WRITE, last, sqe->rkey, sqe->addr + tx->off, len);
	put_payload(tx, sges, len, sqe->flags);
	end_of_sqe(qp, DDP_TAGGED_LEN + len, last && !with_imm);
	if (last && with_imm)
		rdmap_tx_enter(tx, TX_SQ_IMM);
	else if (last)
		leave_sqe(qp);
}

/* The front of the queue if it may go now. */
struct sqe *sq_tx_ready(struct qp *qp)
{
	struct sqe *sqe;

	sq_tx_local(qp);
	if (!qp_running(qp) || qp->sq.next == qp->sq.tail)
		return NULL;
	sqe = sq_at(&qp->sq, qp->sq.next);
	return sq_tx_blocked(qp, sqe) ? NULL : sqe;
}

void sq_tx_build(struct qp *qp, struct sqe *sqe)
{
	struct wr_sge *sges = sq_sges(&qp->sq, qp->sq.next);

	if (sqe->state == SQE_POSTED) {
		if (!start_sges(qp, sqe, sges)) {
			qp_fail_local(qp, sqe, WC_LOC_PROT_ERR);
			return;
		}
		sqe->state = SQE_STARTED;
		rdmap_tx_enter(&qp->tx, TX_SQ);
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
		sq_tx_build_imm(qp, sqe);
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
		(void)core_broken(true);	/* sq_tx_local() took them */
		qp_stream_gone(qp);
		break;
	}
}
