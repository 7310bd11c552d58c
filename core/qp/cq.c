// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Completion queue: a ring, free-running counters.  Contract: cq.h. */
#include "core/qp/cq.h"

void cq_init(struct cq *cq, struct wc *ring, u32 depth, struct list_head *ready_list)
{
	if (core_broken(!depth || depth & (depth - 1)))
		depth = 0;	/* the first completion is one too many */
	*cq = (struct cq){ .ring = ring, .depth = depth, .ready_list = ready_list };
	INIT_LIST_HEAD(&cq->ready);
}

void cq_push(struct cq *cq, const struct wc *wc)
{
	if (cq_used(cq) == cq->depth)
		cq->overrun = true;
	else
		cq->ring[cq->tail++ & (cq->depth - 1)] = *wc;
	if (wc->status != WC_SUCCESS || wc->flags & WC_WITH_SE)
		cq->solicited = true;
	if (cq->ready_list && list_empty(&cq->ready))
		list_add_tail(&cq->ready, cq->ready_list);
}

u32 cq_poll(struct cq *cq, struct wc *wc, u32 wc_n)
{
	u32 n = min_t(u32, wc_n, cq_used(cq));
	u32 i;

	for (i = 0; i < n; i++)
		wc[i] = cq->ring[cq->head++ & (cq->depth - 1)];
	return n;
}
