// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Completion queues.
 *
 * The access layer's CQ is emptied into a ring of the ABI's completions in each pass of the loop, so what a
 * program does with its CQ does not depend on who runs the loop.  The ring holds as many as the program asked
 * for; one more is an overrun: the CQ tells so (IBV_EVENT_CQ_ERR), and the QP that has lost a completion ends.
 * Only flushed work makes the ring grow: requests that were posted unsignaled are flushed with a completion each,
 * for which no program makes room.
 */
#include <errno.h>
#include <stdlib.h>

#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

#define UAL_DEPTH_MIN	4096	/* what a pass of the loop may complete at once */
#define DRAIN_BATCH	16
#define GROWTH_MAX	64	/* flushed work makes a ring at most so many times as deep */

static uint32_t round_up_pow2(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static uint32_t used(const struct abi_cq *cq)
{
	return cq->tail - cq->head;
}

static struct abi_wc *at(const struct abi_cq *cq, uint32_t i)
{
	return &cq->ring[i & (cq->depth - 1)];
}

/* ---- completions in ------------------------------------------------------------------------------- */

static int move_ring(struct abi_cq *cq, uint32_t depth)
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
	return cq->depth / GROWTH_MAX < (uint32_t)cq->ibv.cqe && !move_ring(cq, cq->depth * 2);
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
	[WC_SEND] = IBV_WC_SEND,	   [WC_WRITE] = IBV_WC_RDMA_WRITE,
	[WC_READ] = IBV_WC_RDMA_READ,	   [WC_CMP_SWAP] = IBV_WC_COMP_SWAP,
	/* verbs in user space do not post it */
	[WC_FETCH_ADD] = IBV_WC_FETCH_ADD, [WC_REG_MR] = IBV_WC_LOCAL_INV,
	[WC_BIND_MW] = IBV_WC_BIND_MW,	   [WC_LOCAL_INV] = IBV_WC_LOCAL_INV,
	[WC_RECV] = IBV_WC_RECV,	   [WC_RECV_IMM] = IBV_WC_RECV,
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

static void on_completions(struct ual_cq *ual)
{
	abi_cq_drain(ual->ctx);
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
	err = move_ring(cq, round_up_pow2(cqe));
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

	if (cqe < used(cq))
		return -EINVAL;
	err = depth == cq->depth ? 0 : move_ring(cq, depth);
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
