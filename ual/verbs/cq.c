// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Completion queues.
 *
 * The access layer's CQ is emptied into a ring of the ABI's completions in each pass of the loop, so what a
 * program does with its CQ does not depend on who runs the loop.
 */
#include <errno.h>
#include <stdlib.h>

#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

#define UAL_DEPTH_MIN	4096	/* what a pass of the loop may complete at once */

static uint32_t round_up_pow2(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static void on_completions(struct ual_cq *ual)
{
	abi_cq_drain(ual->ctx);
}

int abi_op_poll_cq(struct ibv_cq *ibv, int num_entries, struct ibv_wc *wc)
{
	struct abi_cq *cq = abi_cq_of(ibv);
	struct abi_engine *engine;
	int n;

	if (!cq || num_entries < 0 || (num_entries && !wc))
		return -EINVAL;
	engine = abi_engine_of(ibv->context);
	abi_lock(engine);
	n = abi_cq_pop(cq, wc, num_entries);
	if (!n && num_entries) {
		abi_progress(engine);
		n = abi_cq_pop(cq, wc, num_entries);
	}
	abi_unlock(engine);
	return n;
}

int abi_op_req_notify_cq(struct ibv_cq *ibv, int solicited_only)
{
	struct abi_cq *cq = abi_cq_of(ibv);
	struct abi_engine *engine;

	if (!cq)
		return EINVAL;
	engine = abi_engine_of(ibv->context);
	abi_lock(engine);
	/* Armed for all is more than armed for solicited ones. */
	if (cq->armed != CQ_ARMED)
		cq->armed = solicited_only ? CQ_ARMED_SOLICITED : CQ_ARMED;
	abi_will_sleep(engine);
	abi_unlock(engine);
	return 0;
}

/* ---- create, resize, destroy ---------------------------------------------------------------------- */

static uint32_t cqe_max(const struct abi_context *context)
{
	return context->engine->dev->info.cq_depth_max;
}

static int check(const struct abi_context *context, uint32_t cqe,
		 const struct ibv_comp_channel *channel, uint32_t comp_vector)
{
	if (!cqe || cqe > cqe_max(context))
		return -EINVAL;
	if (comp_vector >= (uint32_t)context->vctx.context.num_comp_vectors)
		return -EINVAL;
	return channel && channel->context != &context->vctx.context ? -EINVAL : 0;
}

static int create_ual(struct abi_context *context, struct abi_cq *cq)
{
	uint32_t depth =
		min_t(uint32_t, max_t(uint32_t, 2 * cq->depth, UAL_DEPTH_MIN), cqe_max(context));
	int err;

	abi_lock(context->engine);
	err = ual_cq_create(context->engine->dev, depth, on_completions, cq, &cq->ual);
	if (!err) {
		context->objects++;
		if (cq->ibv.channel)
			cq->ibv.channel->refcnt++;
	}
	abi_unlock(context->engine);
	return err;
}

int abi_cq_create(struct abi_context *context, uint32_t cqe, void *cq_context,
		  struct ibv_comp_channel *channel, uint32_t comp_vector, struct abi_cq **out)
{
	int err = check(context, cqe, channel, comp_vector);
	struct abi_cq *cq;

	if (err)
		return err;
	cq = calloc(1, sizeof(*cq));
	if (!cq)
		return -ENOMEM;
	err = abi_cq_move(cq, round_up_pow2(cqe));
	if (err)
		goto err_cq;
	cq->ibv.context = &context->vctx.context;
	cq->ibv.channel = channel;
	cq->ibv.cq_context = cq_context;
	cq->ibv.cqe = (int)cqe;
	INIT_LIST_HEAD(&cq->event);
	pthread_mutex_init(&cq->ibv.mutex, NULL);
	pthread_cond_init(&cq->ibv.cond, NULL);
	err = create_ual(context, cq);
	if (err)
		goto err_ring;
	cq->magic = ABI_CQ;
	*out = cq;
	return 0;

err_ring:
	pthread_cond_destroy(&cq->ibv.cond);
	pthread_mutex_destroy(&cq->ibv.mutex);
	free(cq->ring);
err_cq:
	free(cq);
	return err;
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int comp_vector)
{
	struct abi_context *ctx = abi_context_of(context);
	struct abi_cq *cq;
	int err = -EINVAL;

	if (ctx && cqe > 0 && comp_vector >= 0)
		err = abi_cq_create(ctx, (uint32_t)cqe, cq_context, channel, (uint32_t)comp_vector,
				    &cq);
	return err ? abi_null(err) : ibv_cq_ex_to_cq(&cq->ibv);
}

/* What is in it stays in it. */
static int resize(struct abi_cq *cq, uint32_t cqe)
{
	uint32_t depth = round_up_pow2(cqe);
	int err;

	if (cqe < cq->tail - cq->head)
		return -EINVAL;
	err = depth == cq->depth ? 0 : abi_cq_move(cq, depth);
	if (!err)
		cq->ibv.cqe = (int)cqe;
	return err;
}

int ibv_resize_cq(struct ibv_cq *ibv, int cqe)
{
	struct abi_cq *cq = abi_cq_of(ibv);
	struct abi_context *context;
	int err;

	if (!cq)
		return EINVAL;
	context = abi_context(ibv->context);
	if (cqe <= 0 || (uint32_t)cqe > cqe_max(context))
		return EINVAL;
	abi_lock(context->engine);
	err = resize(cq, (uint32_t)cqe);
	abi_unlock(context->engine);
	return -err;
}

static int retire(struct abi_context *context, struct abi_cq *cq)
{
	int err = ual_cq_destroy(cq->ual);

	if (err)
		return err;
	abi_channel_leave(cq);
	while (cq->events_told && !context->engine->dead)
		abi_cond_wait(context->engine, &context->acked);
	abi_async_drain(context, &cq->ibv, &cq->async_told);
	cq->magic = ABI_DEAD;
	context->objects--;
	if (cq->ibv.channel)
		cq->ibv.channel->refcnt--;
	return 0;
}

int ibv_destroy_cq(struct ibv_cq *ibv)
{
	struct abi_cq *cq = abi_cq_of(ibv);
	struct abi_context *context;
	int err;

	if (!cq)
		return EINVAL;
	context = abi_context(ibv->context);
	abi_lock(context->engine);
	err = retire(context, cq);
	abi_unlock(context->engine);
	if (err)
		return -err;
	pthread_cond_destroy(&cq->ibv.cond);
	pthread_mutex_destroy(&cq->ibv.mutex);
	free(cq->ring);
	free(cq);
	return 0;
}
