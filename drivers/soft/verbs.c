// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Protection domains, memory and queues: thin objects around those of core/. */
#include <stdlib.h>

#include "drivers/soft/conn.h"

static u32 round_up_pow2(u32 n)
{
	u32 p = 1;

	while (p < n)
		p *= 2;
	return p;
}

int soft_pd_create(struct ual_device *base, struct ual_pd **out)
{
	struct soft_pd *pd = calloc(1, sizeof(*pd));

	if (!pd)
		return -ENOMEM;
	pd->id = ++to_dev(base)->pd_last;
	*out = &pd->base;
	return 0;
}

void soft_pd_destroy(struct ual_pd *pd)
{
	free(to_pd(pd));
}

int soft_mr_reg(struct ual_pd *pd, void *addr, size_t len, uint64_t iova, uint32_t access,
		struct ual_mr **out)
{
	struct soft_mr *mr = calloc(1, sizeof(*mr));
	u32 stag;
	int err;

	if (!mr)
		return -ENOMEM;
	err = mem_mr_reg(&to_dev(pd->dev)->mem, to_pd(pd)->id, addr, iova, len, access, &stag);
	if (err) {
		free(mr);
		return err;
	}
	mr->memory = addr;
	INIT_LIST_HEAD(&mr->file_node);
	mr->base.lkey = mr->base.rkey = stag;
	*out = &mr->base;
	return 0;
}

int soft_mr_alloc(struct ual_pd *pd, size_t len_max, struct ual_mr **out)
{
	struct soft_mr *mr = calloc(1, sizeof(*mr));
	u32 stag;
	int err;

	if (!mr)
		return -ENOMEM;
	err = mem_mr_alloc(&to_dev(pd->dev)->mem, to_pd(pd)->id, len_max, &stag);
	if (err) {
		free(mr);
		return err;
	}
	INIT_LIST_HEAD(&mr->file_node);
	mr->base.lkey = mr->base.rkey = stag;
	*out = &mr->base;
	return 0;
}

int soft_mr_dereg(struct ual_mr *base)
{
	struct soft_mr *mr = container_of(base, struct soft_mr, base);
	struct soft_device *dev = to_dev(base->pd->dev);
	int err = mem_dereg(&dev->mem, base->lkey);

	if (err)
		return err;
	soft_file_forget(dev, mr);
	soft_tx_release(dev, mr->memory, base->len);
	free(mr);
	return 0;
}

int soft_mw_alloc(struct ual_pd *pd, struct ual_mw **out)
{
	struct soft_mw *mw = calloc(1, sizeof(*mw));
	u32 stag;
	int err;

	if (!mw)
		return -ENOMEM;
	err = mem_mw_alloc(&to_dev(pd->dev)->mem, to_pd(pd)->id, &stag);
	if (err) {
		free(mw);
		return err;
	}
	mw->base.rkey = stag;
	*out = &mw->base;
	return 0;
}

int soft_mw_dealloc(struct ual_mw *mw)
{
	struct soft_device *dev = to_dev(mw->pd->dev);
	int err = mem_dereg(&dev->mem, mw->rkey);

	if (err)
		return err;
	soft_tx_release(dev, NULL, 0);
	free(container_of(mw, struct soft_mw, base));
	return 0;
}

int soft_cq_create(struct ual_device *base, uint32_t depth, struct ual_cq **out)
{
	struct soft_device *dev = to_dev(base);
	struct soft_cq *cq;

	depth = round_up_pow2(depth);
	cq = calloc(1, sizeof(*cq) + depth * sizeof(cq->ring[0]));
	if (!cq)
		return -ENOMEM;
	cq->dev = dev;
	cq_init(&cq->cq, cq->ring, depth, &dev->cq_ready);
	*out = &cq->base;
	return 0;
}

void soft_cq_destroy(struct ual_cq *base)
{
	struct soft_cq *cq = to_cq(base);

	list_del_init(&cq->cq.ready);
	if (cq->dev->calling_cq == cq)
		cq->dev->calling_cq = NULL;
	free(cq);
}

int soft_cq_poll(struct ual_cq *base, struct wc *wc, unsigned wc_n)
{
	u32 n = cq_poll(&to_cq(base)->cq, wc, wc_n);

	/* The engine says which QP; the consumer wants its own context. */
	for (u32 i = 0; i < n; i++)
		wc[i].qp_ctx = ((struct soft_qp *)wc[i].qp_ctx)->base.cfg.ctx;
	return (int)n;
}

/* Takes out what belongs to a QP that goes away; the rest keeps its order. */
void soft_cq_purge(struct soft_cq *cq, const struct soft_qp *qp)
{
	struct cq *c = &cq->cq;
	u32 to = c->head;

	for (u32 from = c->head; from != c->tail; from++) {
		const struct wc *wc = &c->ring[from & (c->depth - 1)];

		if (wc->qp_ctx != qp)
			c->ring[to++ & (c->depth - 1)] = *wc;
	}
	c->tail = to;
}

int soft_srq_create(struct ual_pd *pd, uint32_t depth, uint32_t sge_max, struct ual_srq **out)
{
	struct soft_srq *srq;
	struct rq_entry *entries;
	struct wr_sge *sges;

	depth = round_up_pow2(depth);
	srq = calloc(1, sizeof(*srq) + depth * (sizeof(*entries) + sge_max * sizeof(*sges)));
	if (!srq)
		return -ENOMEM;
	entries = (struct rq_entry *)(srq + 1);
	sges = (struct wr_sge *)(entries + depth);
	rq_init(&srq->rq, entries, sges, depth, sge_max);
	INIT_LIST_HEAD(&srq->limit_node);
	*out = &srq->base;
	return 0;
}

void soft_srq_destroy(struct ual_srq *base)
{
	struct soft_srq *srq = to_srq(base);

	list_del_init(&srq->limit_node);
	free(srq);
}

/* Who has waited longest has the first of the new receives; who finds none left waits again. */
static void sate(struct ual_srq *srq)
{
	struct soft_device *dev = to_dev(srq->pd->dev);
	struct soft_conn *conn, *next;

	list_for_each_entry_safe(conn, next, &dev->starved, starve_node)
		if (conn->qp->base.cfg.srq == srq)
			soft_conn_sated(conn);
}

int soft_srq_post(struct ual_srq *srq, const struct wr_recv *wr, const struct wr_recv **bad)
{
	int err = rq_post(&to_srq(srq)->rq, wr, bad);

	sate(srq);
	return err;
}

/* The engines note when they take the receive that passes it. */
int soft_srq_limit(struct ual_srq *base, uint32_t limit)
{
	struct soft_srq *srq = to_srq(base);
	struct soft_device *dev = to_dev(base->pd->dev);

	if (limit > srq->rq.depth)
		return -EINVAL;
	srq->rq.limit = limit;
	srq->rq.limit_hit = rq_used(&srq->rq) < limit;
	list_del_init(&srq->limit_node);
	if (limit)
		list_add_tail(&srq->limit_node, &dev->limits);
	if (srq->rq.limit_hit)
		soft_device_wake(dev);
	return 0;
}

int soft_srq_tell(struct soft_device *dev)
{
	struct list_head work;
	int done = 0;

	if (list_empty(&dev->limits))
		return 0;
	INIT_LIST_HEAD(&work);
	list_splice_tail_init(&dev->limits, &work);
	while (!list_empty(&work)) {
		struct soft_srq *srq = list_first_entry(&work, struct soft_srq, limit_node);
		void (*fn)(struct ual_srq *, void *) = srq->base.limit_fn;

		if (!srq->rq.limit_hit) {
			list_move_tail(&srq->limit_node, &dev->limits);
			continue;
		}
		list_del_init(&srq->limit_node);
		srq->rq.limit = 0;
		srq->base.limit_fn = NULL;
		done++;
		fn(&srq->base, srq->base.limit_ctx);
	}
	return done;
}
