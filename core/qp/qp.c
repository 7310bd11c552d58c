// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Life of a queue pair: one piece of memory, laid out here.  Contract: qp.h. */
#include "core/qp/qp_priv.h"

#define ALIGN_BYTES 64

/* Hands out pieces of the QP's memory in order; with base NULL it only counts. */
struct layout {
	u8 *base;
	size_t used;
};

static void *carve(struct layout *l, size_t n, size_t bytes)
{
	size_t at = l->used;

	l->used += (n * bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
	return l->base ? l->base + at : NULL;
}

static u32 pow2_above(u32 n)
{
	u32 p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static bool cfg_right(const struct qp_cfg *cfg)
{
	return cfg->sq_depth <= QP_DEPTH_MAX && cfg->rq_depth <= QP_DEPTH_MAX &&
	       cfg->sq_sge_max <= QP_SGE_MAX && cfg->rq_sge_max <= QP_SGE_MAX &&
	       cfg->inline_max <= QP_INLINE_MAX && cfg->ird <= QP_IRD_MAX &&
	       cfg->ord <= QP_ORD_MAX && cfg->qpn && cfg->mem && cfg->scq && cfg->rcq &&
	       (!cfg->srq || (!cfg->rq_depth && cfg->srq->sge_max <= QP_SGE_MAX));
}

static struct qp *lay_out(struct layout *l, const struct qp_cfg *cfg)
{
	u32 sq_depth = pow2_above(cfg->sq_depth), rq_depth = pow2_above(cfg->rq_depth);
	u32 sq_sge_max = max_t(u32, cfg->sq_sge_max, 1);	/* inline needs one */
	/* One more each: the ready-to-receive Read is not counted by either side's upper layer. */
	u32 orq_depth = pow2_above(cfg->ord + 1), irq_depth = pow2_above(cfg->ird + 1);
	struct qp *qp = carve(l, 1, sizeof(*qp));
	struct sqe *sqes = carve(l, sq_depth, sizeof(*sqes));
	struct wr_sge *sq_sges = carve(l, (size_t)sq_depth * sq_sge_max, sizeof(*sq_sges));
	u8 *inlined = carve(l, sq_depth, cfg->inline_max);
	struct rq_entry *rqes = carve(l, rq_depth, sizeof(*rqes));
	struct wr_sge *rq_sges = carve(l, (size_t)rq_depth * cfg->rq_sge_max, sizeof(*rq_sges));
	struct orq_entry *orqes = carve(l, orq_depth, sizeof(*orqes));
	struct irq_entry *irqes = carve(l, irq_depth, sizeof(*irqes));
	struct qp_iov *spans = carve(l, QP_TX_SPANS_MAX, sizeof(*spans));
	struct tx_fpdu *fpdus = carve(l, QP_TX_FPDU_MAX, sizeof(*fpdus));
	u8 *ctl = carve(l, 1, TX_CTL_BYTES);

	if (!qp)
		return NULL;
	memset(qp, 0, sizeof(*qp));
	qp->sq = (struct sq){ .entries = sqes,
			      .sges = sq_sges,
			      .inlined = inlined,
			      .depth = sq_depth,
			      .sge_max = sq_sge_max };
	rq_init(&qp->own_rq, rqes, rq_sges, rq_depth, cfg->rq_sge_max);
	qp->orq = (struct orq){ .entries = orqes, .depth = orq_depth };
	qp->irq = (struct irq){ .entries = irqes, .depth = irq_depth };
	qp->tx.spans = spans;
	qp->tx.fpdus = fpdus;
	qp->tx.ctl = ctl;
	return qp;
}

size_t qp_bytes(const struct qp_cfg *cfg)
{
	struct layout l = { .base = NULL };

	if (!cfg_right(cfg))
		return 0;
	lay_out(&l, cfg);
	return l.used;
}

int qp_init(void *memory, const struct qp_cfg *cfg, struct qp **out)
{
	struct layout l = { .base = memory };
	struct qp *qp;
	u32 i;

	if (!cfg_right(cfg))
		return -EINVAL;
	if (core_broken((uintptr_t)memory % ALIGN_BYTES))
		return -EINVAL;
	qp = lay_out(&l, cfg);
	qp->cfg = *cfg;
	qp->rq = cfg->srq ? cfg->srq : &qp->own_rq;
	/* RFC 5041 4.3: the first message of each queue has MSN 1. */
	for (i = 0; i < ARRAY_SIZE(qp->tx.msn); i++) {
		qp->tx.msn[i] = 1;
		qp->rx.queue[i].msn = 1;
	}
	*out = qp;
	return 0;
}

void qp_deinit(struct qp *qp)
{
	qp->state = QP_ERROR;
	mem_stream_gone(qp->cfg.mem, qp->cfg.qpn);
}

int qp_enter_rts(struct qp *qp, const struct mpa_result *how, u32 emss)
{
	if (qp->state != QP_IDLE)
		return -EINVAL;
	qp->how = *how;
	qp->ord = min_t(u32, qp->cfg.ord, how->ord);
	qp->irq.limit = min_t(u32, qp->cfg.ird, how->ird);
	if (how->p2p && how->rtr == MPA_RTR_READ && !how->initiator)
		qp->irq.limit = max_t(u32, qp->irq.limit, 1);
	mpa_tx_init(&qp->tx, how->crc, how->markers_tx, emss);
	qp->tx.hold = !how->initiator;
	if (how->p2p && how->initiator)
		qp->tx.rtr = how->rtr;
	qp->rx.crc_on = how->crc;
	qp->rx.crc = ~0u;
	qp->rx.markers = how->markers_rx;
	qp->rx.rtr_send = how->p2p && how->rtr == MPA_RTR_SEND && !how->initiator;
	qp->rx.recv_wait = qp->cfg.recv_wait;
	qp->state = QP_RTS;
	return 0;
}

void qp_speak_first(struct qp *qp)
{
	qp->tx.hold = false;
}

enum qp_state qp_state(const struct qp *qp)
{
	return qp->state;
}

const struct qp_term *qp_term(const struct qp *qp)
{
	return &qp->term;
}
