// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Posting: requests are checked for form and copied; keys and bounds count when they run. */
#include "core/qp/qp_priv.h"

static bool is_local(enum wr_opcode opcode)
{
	return opcode == WR_REG_MR || opcode == WR_BIND_MW || opcode == WR_LOCAL_INV;
}

/* What each opcode may carry. */
static bool form_right(const struct qp *qp, const struct wr_send *wr)
{
	bool inlined = wr->flags & WR_INLINE;

	if (wr->sge_n > qp->sq.sge_max)
		return false;
	switch (wr->opcode) {
	case WR_SEND:
	case WR_SEND_INV:
	case WR_WRITE:
		return true;
	case WR_SEND_IMM:
	case WR_WRITE_IMM:
		return qp->cfg.caps & QP_CAP_IMM;
	case WR_READ:
		return wr->sge_n <= 1 && !inlined && qp->ord;
	case WR_CMP_SWAP:
	case WR_FETCH_ADD:
		return qp->cfg.caps & QP_CAP_ATOMIC && wr->sge_n == 1 && !inlined && qp->ord &&
		       wr->sges[0].len == sizeof(u64);
	case WR_REG_MR:
	case WR_BIND_MW:
	case WR_LOCAL_INV:
		return !wr->sge_n;
	}
	return false;
}

/* Inline payload moves into the queue; the one sge that is left points there. */
static void copy_inline(struct qp *qp, const struct wr_send *wr, struct wr_sge *sges, u32 len)
{
	u32 slot = qp->sq.tail & (qp->sq.depth - 1);
	u8 *to = qp->sq.inlined + (size_t)slot * qp->cfg.inline_max;
	u32 i;

	sges[0] = (struct wr_sge){ .addr = (uintptr_t)to, .len = len };
	for (i = 0; i < wr->sge_n; i++) {
		if (wr->sges[i].len)
			memcpy(to, (const void *)(uintptr_t)wr->sges[i].addr, wr->sges[i].len);
		to += wr->sges[i].len;
	}
}

static void copy_params(struct sqe *sqe, const struct wr_send *wr)
{
	switch (wr->opcode) {
	case WR_CMP_SWAP:
	case WR_FETCH_ADD:
		sqe->rkey = wr->atomic.rkey;
		sqe->addr = wr->atomic.addr;
		sqe->atomic.compare_add = wr->atomic.compare_add;
		sqe->atomic.swap = wr->atomic.swap;
		sqe->atomic.compare_mask = wr->atomic.compare_mask;
		sqe->atomic.swap_mask = wr->atomic.swap_mask;
		break;
	case WR_REG_MR:
		sqe->rkey = wr->reg.key;
		sqe->addr = wr->reg.addr;
		sqe->bind.len = wr->reg.len;
		sqe->bind.access = wr->reg.access;
		break;
	case WR_BIND_MW:
		sqe->rkey = wr->bind.mw_key;
		sqe->addr = wr->bind.addr;
		sqe->bind.len = wr->bind.len;
		sqe->bind.access = wr->bind.access;
		sqe->bind.mr_lkey = wr->bind.mr_lkey;
		break;
	case WR_WRITE:
	case WR_WRITE_IMM:
	case WR_READ:
		sqe->rkey = wr->remote.rkey;
		sqe->addr = wr->remote.addr;
		break;
	case WR_SEND:
	case WR_SEND_INV:
	case WR_SEND_IMM:
	case WR_LOCAL_INV:
		break;
	}
	sqe->inv_rkey = wr->inv_rkey;
	sqe->imm = wr->imm;
}

static int post_one(struct qp *qp, const struct wr_send *wr)
{
	struct sq *sq = &qp->sq;
	struct sqe *sqe = sq_at(sq, sq->tail);
	struct wr_sge *sges = sq_sges(sq, sq->tail);
	u64 len = 0;
	u32 i;

	if (qp->state != QP_RTS)
		return -ENOTCONN;
	if (sq->tail - sq->head == sq->depth)
		return -ENOMEM;
	if (!form_right(qp, wr))
		return -EINVAL;
	for (i = 0; i < wr->sge_n; i++)
		len += wr->sges[i].len;
	if (len > (wr->flags & WR_INLINE ? qp->cfg.inline_max : (u32)~0))
		return -EINVAL;
	if (wr->opcode == WR_SEND_IMM && len)
		return -EINVAL;

	sqe->wr_id = wr->wr_id;
	sqe->opcode = wr->opcode;
	sqe->flags = wr->flags | (qp->cfg.sq_sig_all ? WR_SIGNALED : 0);
	sqe->state = SQE_POSTED;
	sqe->status = WC_SUCCESS;
	sqe->len = (u32)len;
	sqe->sge_n = wr->sge_n;
	copy_params(sqe, wr);
	if (wr->flags & WR_INLINE)
		copy_inline(qp, wr, sges, (u32)len);
	else
		for (i = 0; i < wr->sge_n; i++)
			sges[i] = wr->sges[i];
	sq->tail++;
	if (is_local(wr->opcode))
		sq_tx_local(qp);
	return 0;
}

int qp_post_send(struct qp *qp, const struct wr_send *wr, const struct wr_send **bad)
{
	int err;

	for (; wr; wr = wr->next) {
		err = post_one(qp, wr);
		if (err) {
			*bad = wr;
			return err;
		}
	}
	return 0;
}

int qp_post_recv(struct qp *qp, const struct wr_recv *wr, const struct wr_recv **bad)
{
	int err = 0;

	if (qp->cfg.srq)
		err = -EINVAL;	/* its receives come from the SRQ */
	else if (qp->state == QP_TERMINATE || qp->state == QP_ERROR)
		err = -ENOTCONN;
	if (err) {
		*bad = wr;
		return err;
	}
	return rq_post(qp->rq, wr, bad);
}
