// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Shared receive queues. */
#include <errno.h>
#include <stdlib.h>

#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

static int srq_recv_one(struct abi_srq *srq, const struct ibv_recv_wr *wr)
{
	const struct wr_recv *bad;
	struct wr_recv to;

	if (!abi_recv_convert(wr, srq->sge_max, &to))
		return -EINVAL;
	return ual_srq_post(srq->ual, &to, &bad);
}

int abi_op_post_srq_recv(struct ibv_srq *ibv, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct abi_srq *srq = abi_srq_of(ibv);
	struct abi_engine *engine;
	int err = srq ? 0 : -EINVAL;

	if (srq) {
		engine = abi_engine_of(ibv->context);
		abi_lock(engine);
		for (; wr; wr = wr->next) {
			err = srq_recv_one(srq, wr);
			if (err)
				break;
		}
		abi_unlock(engine);
	}
	if (err && bad_wr)
		*bad_wr = wr;
	return -err;
}

static uint32_t round_up_pow2(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static int create_ual(struct abi_context *context, struct abi_pd *pd, struct abi_srq *srq)
{
	int err;

	abi_lock(context->engine);
	err = ual_srq_create(pd->ual, srq->depth, srq->sge_max, &srq->ual);
	if (!err) {
		context->objects++;
		pd->objects++;
	}
	abi_unlock(context->engine);
	return err;
}

static int create(struct abi_pd *pd, void *srq_context, struct ibv_srq_attr *attr,
		  struct abi_srq **out)
{
	struct abi_context *context = abi_context(pd->ibv.context);
	const struct ual_device_info *info = &context->engine->dev->info;
	struct abi_srq *srq;
	int err;

	if (!attr->max_wr || attr->max_wr > info->qp_depth_max || attr->max_sge > info->sge_max)
		return -EINVAL;
	srq = calloc(1, sizeof(*srq));
	if (!srq)
		return -ENOMEM;
	srq->depth = min_t(uint32_t, round_up_pow2(attr->max_wr), info->qp_depth_max);
	srq->sge_max = max_t(uint32_t, attr->max_sge, 1);
	err = create_ual(context, pd, srq);
	if (err) {
		free(srq);
		return err;
	}
	srq->ibv.context = pd->ibv.context;
	srq->ibv.srq_context = srq_context;
	srq->ibv.pd = &pd->ibv;
	pthread_mutex_init(&srq->ibv.mutex, NULL);
	pthread_cond_init(&srq->ibv.cond, NULL);
	srq->magic = ABI_SRQ;
	attr->max_wr = srq->depth;
	attr->max_sge = srq->sge_max;
	*out = srq;
	return 0;
}

struct ibv_srq *ibv_create_srq(struct ibv_pd *ibv, struct ibv_srq_init_attr *attr)
{
	struct abi_pd *pd = abi_pd_of(ibv);
	struct abi_srq *srq;
	int err = pd && attr ? create(pd, attr->srq_context, &attr->attr, &srq) : -EINVAL;

	return err ? abi_null(err) : &srq->ibv;
}

/* What the inline function has no answer for: other types than the basic one, which are InfiniBand's. */
struct ibv_srq *abi_op_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	struct abi_pd *pd;
	struct abi_srq *srq;
	int err;

	if (!attr || !(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD))
		return abi_null(-EINVAL);
	if (attr->comp_mask & ~(uint32_t)(IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_TYPE) ||
	    (attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE && attr->srq_type != IBV_SRQT_BASIC))
		return abi_null(-EOPNOTSUPP);
	pd = abi_pd_of(attr->pd);
	if (!pd || pd->ibv.context != context)
		return abi_null(-EINVAL);
	err = create(pd, attr->srq_context, &attr->attr, &srq);
	return err ? abi_null(err) : &srq->ibv;
}

static void limit_reached(struct ual_srq *ual, void *ctx)
{
	struct abi_srq *srq = ctx;

	srq->limit = 0;
	abi_async_raise(abi_context(srq->ibv.context), IBV_EVENT_SRQ_LIMIT_REACHED, &srq->ibv);
}

static int modify(struct abi_srq *srq, const struct ibv_srq_attr *attr, int mask)
{
	int err;

	if (mask & ~(IBV_SRQ_MAX_WR | IBV_SRQ_LIMIT))
		return -EINVAL;
	if (mask & IBV_SRQ_MAX_WR)
		return -EOPNOTSUPP;	/* the device does not resize (no IBV_DEVICE_SRQ_RESIZE) */
	if (!(mask & IBV_SRQ_LIMIT))
		return 0;
	if (attr->srq_limit > srq->depth)
		return -EINVAL;
	err = ual_srq_limit(srq->ual, attr->srq_limit, limit_reached, srq);
	if (!err)
		srq->limit = attr->srq_limit;
	return err;
}

int ibv_modify_srq(struct ibv_srq *ibv, struct ibv_srq_attr *attr, int mask)
{
	struct abi_srq *srq = abi_srq_of(ibv);
	struct abi_engine *engine;
	int err;

	if (!srq || !attr)
		return EINVAL;
	engine = abi_engine_of(ibv->context);
	abi_lock(engine);
	err = modify(srq, attr, mask);
	abi_unlock(engine);
	return abi_errno(err);
}

int ibv_query_srq(struct ibv_srq *ibv, struct ibv_srq_attr *attr)
{
	struct abi_srq *srq = abi_srq_of(ibv);

	if (!srq || !attr)
		return EINVAL;
	abi_lock(abi_engine_of(ibv->context));
	*attr = (struct ibv_srq_attr){ .max_wr = srq->depth,
				       .max_sge = srq->sge_max,
				       .srq_limit = srq->limit };
	abi_unlock(abi_engine_of(ibv->context));
	return 0;
}

int abi_op_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num)
{
	return EOPNOTSUPP;	/* XRC's */
}

static int retire(struct abi_context *context, struct abi_srq *srq)
{
	int err = ual_srq_destroy(srq->ual);

	if (err)
		return err;
	abi_async_drain(context, &srq->ibv, &srq->events_told);
	srq->magic = ABI_DEAD;
	container_of(srq->ibv.pd, struct abi_pd, ibv)->objects--;
	context->objects--;
	return 0;
}

int ibv_destroy_srq(struct ibv_srq *ibv)
{
	struct abi_srq *srq = abi_srq_of(ibv);
	struct abi_context *context;
	int err;

	if (!srq)
		return EINVAL;
	context = abi_context(ibv->context);
	abi_lock(context->engine);
	err = retire(context, srq);
	abi_unlock(context->engine);
	if (err)
		return abi_errno(err);
	pthread_cond_destroy(&srq->ibv.cond);
	pthread_mutex_destroy(&srq->ibv.mutex);
	free(srq);
	return 0;
}
