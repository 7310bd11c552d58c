// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Receive queue, a QP's own or shared: a ring of buffers.  Contract: cq.h. */
#include "core/qp/cq.h"

void rq_init(struct rq *rq, struct rq_entry *entries, struct wr_sge *sges, u32 depth, u32 sge_max)
{
	if (core_broken(!depth || depth & (depth - 1)))
		depth = 0;	/* nothing can be posted */
	*rq = (struct rq){ .entries = entries, .sges = sges, .depth = depth, .sge_max = sge_max };
}

static int rq_post_one(struct rq *rq, const struct wr_recv *wr)
{
	u32 slot = rq->tail & (rq->depth - 1);
	struct wr_sge *sges = rq->sges + (size_t)slot * rq->sge_max;
	u64 len = 0;
	u32 i;

	if (rq_used(rq) == rq->depth)
		return -ENOMEM;
	if (wr->sge_n > rq->sge_max)
		return -EINVAL;
	for (i = 0; i < wr->sge_n; i++) {
		sges[i] = wr->sges[i];
		len += wr->sges[i].len;
	}
	if (len > (u32)~0)
		return -EINVAL;
	rq->entries[slot] = (struct rq_entry){
		.wr_id = wr->wr_id,
		.sge_n = wr->sge_n,
		.len = (u32)len,
	};
	rq->tail++;
	return 0;
}

int rq_post(struct rq *rq, const struct wr_recv *wr, const struct wr_recv **bad)
{
	int err;

	for (; wr; wr = wr->next) {
		err = rq_post_one(rq, wr);
		if (err) {
			*bad = wr;
			return err;
		}
	}
	return 0;
}
