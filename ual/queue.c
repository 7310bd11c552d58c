// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Completion queues, shared receive queues, queue pairs: checks and counts, then the provider. */
#include "core/env.h"
#include "ual/provider.h"

int ual_cq_create(struct ual_device *dev, uint32_t depth, void (*fn)(struct ual_cq *), void *ctx,
		  struct ual_cq **out)
{
	struct ual_cq *cq;
	int err;

	if (!depth || depth > dev->info.cq_depth_max)
		return -EINVAL;
	err = dev->ops->cq_create(dev, depth, &cq);
	if (err)
		return err;
	cq->dev = dev;
	cq->fn = fn;
	cq->ctx = ctx;
	dev->objects++;
	*out = cq;
	return 0;
}

int ual_cq_destroy(struct ual_cq *cq)
{
	if (!cq)
		return 0;
	if (cq->objects)
		return -EBUSY;
	cq->dev->objects--;
	cq->dev->ops->cq_destroy(cq);
	return 0;
}

int ual_cq_poll(struct ual_cq *cq, struct wc *wc, unsigned wc_n)
{
	return cq->dev->ops->cq_poll(cq, wc, wc_n);
}

int ual_srq_create(struct ual_pd *pd, uint32_t depth, uint32_t sge_max, struct ual_srq **out)
{
	const struct ual_device_info *info = &pd->dev->info;
	struct ual_srq *srq;
	int err;

	if (!depth || depth > info->qp_depth_max || !sge_max || sge_max > info->sge_max)
		return -EINVAL;
	err = pd->dev->ops->srq_create(pd, depth, sge_max, &srq);
	if (err)
		return err;
	srq->pd = pd;
	pd->objects++;
	*out = srq;
	return 0;
}

int ual_srq_destroy(struct ual_srq *srq)
{
	if (!srq)
		return 0;
	if (srq->objects)
		return -EBUSY;
	srq->pd->objects--;
	srq->pd->dev->ops->srq_destroy(srq);
	return 0;
}

int ual_srq_post(struct ual_srq *srq, const struct wr_recv *wr, const struct wr_recv **bad)
{
	return srq->pd->dev->ops->srq_post(srq, wr, bad);
}

int ual_srq_limit(struct ual_srq *srq, uint32_t limit, void (*fn)(struct ual_srq *, void *ctx),
		  void *ctx)
{
	int err;

	if (limit && !fn)
		return -EINVAL;
	err = srq->pd->dev->ops->srq_limit(srq, limit);
	if (err)
		return err;
	srq->limit_fn = limit ? fn : NULL;
	srq->limit_ctx = ctx;
	return 0;
}

static bool qp_cfg_ok(const struct ual_qp_cfg *cfg)
{
	const struct ual_device_info *info;

	if (!cfg->pd || !cfg->scq || !cfg->rcq || !cfg->fn)
		return false;
	info = &cfg->pd->dev->info;
	if (cfg->scq->dev != cfg->pd->dev || cfg->rcq->dev != cfg->pd->dev)
		return false;
	if (cfg->srq ? cfg->srq->pd->dev != cfg->pd->dev || cfg->rq_depth : !cfg->rq_depth)
		return false;
	return cfg->sq_depth && cfg->sq_depth <= info->qp_depth_max &&
	       cfg->rq_depth <= info->qp_depth_max && cfg->sq_sge_max <= info->sge_max &&
	       cfg->rq_sge_max <= info->sge_max && cfg->inline_max <= info->inline_max &&
	       cfg->ird <= info->ird_max && cfg->ord <= info->ord_max;
}

int ual_qp_create(const struct ual_qp_cfg *cfg, struct ual_qp **out)
{
	struct ual_qp *qp;
	int err;

	if (!qp_cfg_ok(cfg))
		return -EINVAL;
	err = cfg->pd->dev->ops->qp_create(cfg, &qp);
	if (err)
		return err;
	qp->dev = cfg->pd->dev;
	qp->cfg = *cfg;
	cfg->pd->objects++;
	cfg->scq->objects++;
	cfg->rcq->objects++;
	if (cfg->srq)
		cfg->srq->objects++;
	*out = qp;
	return 0;
}

int ual_qp_destroy(struct ual_qp *qp)
{
	struct ual_qp_cfg cfg;

	if (!qp)
		return 0;
	cfg = qp->cfg;
	qp->dev->ops->qp_destroy(qp);
	cfg.pd->objects--;
	cfg.scq->objects--;
	cfg.rcq->objects--;
	if (cfg.srq)
		cfg.srq->objects--;
	return 0;
}

int ual_post_send(struct ual_qp *qp, const struct wr_send *wr, const struct wr_send **bad)
{
	return qp->dev->ops->post_send(qp, wr, bad);
}

int ual_post_recv(struct ual_qp *qp, const struct wr_recv *wr, const struct wr_recv **bad)
{
	return qp->dev->ops->post_recv(qp, wr, bad);
}

int ual_disconnect(struct ual_qp *qp)
{
	return qp->dev->ops->disconnect(qp);
}

int ual_abort(struct ual_qp *qp)
{
	return qp->dev->ops->abort(qp);
}
