/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Completion queue and shared receive queue objects.  Rings in memory that the host gives at init.
 *
 * Owner: one thread.  A CQ must be as deep as everything that can complete into it; an overflow
 * sets `overrun`, which the host reports as an asynchronous error (verbs: CQ error, its QPs die).
 */
#ifndef CORE_QP_CQ_H
#define CORE_QP_CQ_H

#include "core/env.h"
#include "core/qp/wr.h"

struct cq {
	struct wc *ring;
	u32 depth;		/* power of two */
	u32 head, tail;		/* head: next to poll; free running */
	bool overrun;
	/* a solicited or failed completion was added since last cleared */
	bool solicited;
	/* host's list of CQs with completions; engine adds, host removes */
	struct list_head ready;
	struct list_head *ready_list;	/* where to add; NULL: none */
};

void cq_init(struct cq *cq, struct wc *ring, u32 depth, struct list_head *ready_list);
u32 cq_poll(struct cq *cq, struct wc *wc, u32 wc_n);
void cq_push(struct cq *cq, const struct wc *wc);
static inline u32 cq_used(const struct cq *cq)
{
	return cq->tail - cq->head;
}

/* One posted receive, in a QP's receive queue or an SRQ. */
struct rq_entry {
	u64 wr_id;
	u32 sge_n;
	u32 len;		/* sum of the sges */
};

struct rq {
	struct rq_entry *entries;
	struct wr_sge *sges;	/* sge_max for each entry */
	u32 depth;		/* power of two */
	u32 sge_max;
	u32 head, tail;
	u32 limit;		/* SRQ: report when fewer are posted; 0: off */
	bool limit_hit;
};

void rq_init(struct rq *rq, struct rq_entry *entries, struct wr_sge *sges, u32 depth, u32 sge_max);
/* -ENOMEM: full, -EINVAL: too many sges.  *bad is the first not posted. */
int rq_post(struct rq *rq, const struct wr_recv *wr, const struct wr_recv **bad);
static inline u32 rq_used(const struct rq *rq)
{
	return rq->tail - rq->head;
}

#endif
