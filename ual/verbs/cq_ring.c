// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The ring of completions behind a CQ: filled by the access layer's callback, emptied by the program.
 *
 * It holds as many as the program asked for; one more is an overrun: the CQ tells so (IBV_EVENT_CQ_ERR), and the
 * QP that has lost a completion ends.  Only flushed work makes the ring grow: requests that were posted unsignaled
 * are flushed with a completion each, for which no program makes room.
 */
#include <stdlib.h>

#include "ual/verbs/post.h"

#define DRAIN_BATCH	16
#define GROWTH_MAX	64	/* flushed work makes a ring at most so many times as deep */

static uint32_t used(const struct abi_cq *cq)
{
	return cq->tail - cq->head;
}

static struct abi_wc *at(const struct abi_cq *cq, uint32_t i)
{
	return &cq->ring[i & (cq->depth - 1)];
}

/* ---- completions in ------------------------------------------------------------------------------- */

int abi_cq_move(struct abi_cq *cq, uint32_t depth)
{
	struct abi_wc *ring = malloc(depth * sizeof(*ring));
	uint32_t n = used(cq);

	if (!ring)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		ring[i] = *at(cq, cq->head + i);
	free(cq->ring);
	cq->ring = ring;
	cq->depth = depth;
	cq->head = 0;
	cq->tail = n;
	return 0;
}

static bool has_room(struct abi_cq *cq, const struct ibv_wc *wc)
{
	if (used(cq) < (uint32_t)cq->ibv.cqe)
		return true;
	if (wc->status != IBV_WC_WR_FLUSH_ERR)
		return false;
	if (used(cq) < cq->depth)
		return true;
	return cq->depth / GROWTH_MAX < (uint32_t)cq->ibv.cqe && !abi_cq_move(cq, cq->depth * 2);
}

static void overrun(struct abi_cq *cq, struct abi_qp *qp)
{
	if (!cq->overrun)
		abi_async_raise(abi_context(cq->ibv.context), IBV_EVENT_CQ_ERR, &cq->ibv);
	cq->overrun = true;
	ual_abort(qp->ual);
}

static void notify(struct abi_cq *cq, bool solicited)
{
	if (cq->armed == CQ_UNARMED || (cq->armed == CQ_ARMED_SOLICITED && !solicited))
		return;
	cq->armed = CQ_UNARMED;
	abi_channel_raise(cq);
}

void abi_cq_push(struct abi_cq *cq, struct abi_qp *qp, const struct ibv_wc *wc, bool solicited)
{
	struct abi_wc *to;

	if (!has_room(cq, wc)) {
		overrun(cq, qp);
		return;
	}
	if (cq->head == cq->tail)
		cq->head = cq->tail = 0; /* the same few lines of cache, as long as they do */
	to = at(cq, cq->tail++);
	to->wc = *wc;
	to->qp = qp;
	notify(cq, solicited || wc->status != IBV_WC_SUCCESS);
}

static const enum ibv_wc_status statuses[] = {
	[WC_SUCCESS] = IBV_WC_SUCCESS,
	[WC_LOC_LEN_ERR] = IBV_WC_LOC_LEN_ERR,
	[WC_LOC_PROT_ERR] = IBV_WC_LOC_PROT_ERR,
	[WC_WR_FLUSH_ERR] = IBV_WC_WR_FLUSH_ERR,
	[WC_REM_ACCESS_ERR] = IBV_WC_REM_ACCESS_ERR,
	[WC_REM_OP_ERR] = IBV_WC_REM_OP_ERR,
	[WC_REM_INV_REQ_ERR] = IBV_WC_REM_INV_REQ_ERR,
	[WC_MW_BIND_ERR] = IBV_WC_MW_BIND_ERR,
	[WC_FATAL_ERR] = IBV_WC_FATAL_ERR,
};

static const enum ibv_wc_opcode opcodes[] = {
	[WC_SEND] = IBV_WC_SEND,
	[WC_WRITE] = IBV_WC_RDMA_WRITE,
	[WC_READ] = IBV_WC_RDMA_READ,
	[WC_CMP_SWAP] = IBV_WC_COMP_SWAP,
	/* verbs in user space do not post it */
	[WC_FETCH_ADD] = IBV_WC_FETCH_ADD,
	[WC_REG_MR] = IBV_WC_LOCAL_INV,
	[WC_BIND_MW] = IBV_WC_BIND_MW,
	[WC_LOCAL_INV] = IBV_WC_LOCAL_INV,
	[WC_RECV] = IBV_WC_RECV,
	[WC_RECV_IMM] = IBV_WC_RECV,
};

static void convert(const struct wc *wc, struct ibv_wc *to)
{
	const struct abi_qp *qp = wc->qp_ctx;

	*to = (struct ibv_wc){
		.wr_id = wc->wr_id,
		.status = statuses[wc->status],
		.opcode = opcodes[wc->opcode],
		.vendor_err = wc->status,
		.byte_len = wc->byte_len,
		.qp_num = qp->ibv.qp_base.qp_num,
	};
	if (wc->flags & WC_WITH_WRITE)
		to->opcode = IBV_WC_RECV_RDMA_WITH_IMM;
	if (wc->flags & WC_WITH_IMM) {
		to->wc_flags = IBV_WC_WITH_IMM;
		to->imm_data = abi_imm_from_wire(wc->imm);
	} else if (wc->flags & WC_WITH_INV) {
		to->wc_flags = IBV_WC_WITH_INV;
		to->invalidated_rkey = wc->inv_rkey;
	}
}

void abi_cq_drain(struct abi_cq *cq)
{
	struct wc wc[DRAIN_BATCH];
	struct ibv_wc ibv;
	int n;

	do {
		n = ual_cq_poll(cq->ual, wc, DRAIN_BATCH);
		for (int i = 0; i < n; i++) {
			convert(&wc[i], &ibv);
			abi_cq_push(cq, wc[i].qp_ctx, &ibv, wc[i].flags & WC_WITH_SE);
		}
	} while (n == DRAIN_BATCH);
}

/* ---- completions out ------------------------------------------------------------------------------ */

static void release(const struct abi_wc *wc)
{
	struct abi_qp *qp = wc->qp;
	uint32_t *in_use = wc->wc.opcode & IBV_WC_RECV ? &qp->rq_used : &qp->sq_used;

	if (*in_use)
		--*in_use;
}

int abi_cq_pop(struct abi_cq *cq, struct ibv_wc *wc, int n)
{
	int got = (int)min_t(uint32_t, (uint32_t)n, used(cq));

	for (int i = 0; i < got; i++) {
		const struct abi_wc *from = at(cq, cq->head++);

		wc[i] = from->wc;
		release(from);
	}
	return got;
}

void abi_cq_purge(struct abi_cq *cq, const struct abi_qp *qp)
{
	uint32_t to = cq->head;

	for (uint32_t from = cq->head; from != cq->tail; from++)
		if (at(cq, from)->qp != qp)
			*at(cq, to++) = *at(cq, from);
	cq->tail = to;
}
