// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Queue pairs: reliable connections, the one kind of service that iWARP has.
 *
 * The access layer's QP lives for one connection; a program's is told apart by its number, which it keeps when it
 * is reset and gets a fresh one behind it.
 */
#include <errno.h>
#include <stdlib.h>

#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

#define ATTR_KNOWN	(IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS | \
			 IBV_QP_INIT_ATTR_CREATE_FLAGS)

/* Cards give some to who asks for none, and programs have come to rely on it (rdma_xclient). */
#define INLINE_MIN	64

static int check_type(enum ibv_qp_type type)
{
	switch ((int)type) {
	case IBV_QPT_RC:
		return 0;
	case IBV_QPT_UC:
	case IBV_QPT_UD:
	case IBV_QPT_RAW_PACKET:
	case IBV_QPT_XRC_SEND:
	case IBV_QPT_XRC_RECV:
	case IBV_QPT_DRIVER:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

static int check_cap(const struct ual_device_info *info, const struct ibv_qp_cap *cap)
{
	bool ok = cap->max_send_wr <= info->qp_depth_max &&
		  cap->max_recv_wr <= info->qp_depth_max && cap->max_send_sge <= info->sge_max &&
		  cap->max_recv_sge <= info->sge_max && cap->max_inline_data <= info->inline_max;

	return ok ? 0 : -EINVAL;
}

/* Everything in it is of the domain's context. */
static int check(const struct abi_pd *pd, const struct ibv_qp_init_attr_ex *attr)
{
	const struct ibv_context *context = pd->ibv.context;
	const struct abi_srq *srq = abi_srq_of(attr->srq);
	int err = check_type(attr->qp_type);

	if (err)
		return err;
	if (!abi_cq_of(attr->send_cq) || attr->send_cq->context != context ||
	    !abi_cq_of(attr->recv_cq) || attr->recv_cq->context != context)
		return -EINVAL;
	if (attr->srq && (!srq || srq->ibv.context != context))
		return -EINVAL;
	return check_cap(&abi_context(pd->ibv.context)->engine->dev->info, &attr->cap);
}

/* What it really has, for the program to see. */
static struct ibv_qp_cap real_cap(const struct ibv_qp_init_attr_ex *attr)
{
	const struct ibv_qp_cap *asked = &attr->cap;

	return (struct ibv_qp_cap){
		.max_send_wr = max_t(uint32_t, asked->max_send_wr, 1),
		.max_recv_wr = attr->srq ? 0 : max_t(uint32_t, asked->max_recv_wr, 1),
		.max_send_sge = max_t(uint32_t, asked->max_send_sge, 1),
		.max_recv_sge = attr->srq ? 0 : max_t(uint32_t, asked->max_recv_sge, 1),
		.max_inline_data = max_t(uint32_t, asked->max_inline_data, INLINE_MIN),
	};
}

static int create_ual(const struct abi_qp *qp, struct ual_qp **ual)
{
	const struct ibv_qp *ibv = &qp->ibv.qp_base;
	const struct ual_device_info *info = &abi_engine_of(ibv->context)->dev->info;
	const struct ual_qp_cfg cfg = {
		.pd = container_of(ibv->pd, struct abi_pd, ibv)->ual,
		.scq = abi_cq(ibv->send_cq)->ual,
		.rcq = abi_cq(ibv->recv_cq)->ual,
		.srq = ibv->srq ? abi_srq(ibv->srq)->ual : NULL,
		.sq_depth = qp->cap.max_send_wr,
		.rq_depth = qp->cap.max_recv_wr,
		.sq_sge_max = qp->cap.max_send_sge,
		.rq_sge_max = qp->cap.max_recv_sge,
		.inline_max = qp->cap.max_inline_data,
		.ird = info->ird_max,
		.ord = info->ord_max,
		.recv_wait_ms = abi_recv_wait_ms(),
		.fn = abi_qp_event,
		.ctx = (void *)qp,
	};

	return ual_qp_create(&cfg, ual);
}

static void purge(struct abi_qp *qp)
{
	struct ibv_qp *ibv = &qp->ibv.qp_base;

	abi_cq_purge(abi_cq(ibv->send_cq), qp);
	abi_cq_purge(abi_cq(ibv->recv_cq), qp);
	abi_qp_forget_late(qp);
	qp->sq_used = qp->rq_used = 0;
}

/* Its connection ends by this, and the connection manager does not hear of that from the QP any more. */
static void leave_cm(struct abi_qp *qp)
{
	void (*fn)(struct abi_qp *, const struct ual_event *, void *) = qp->cm_fn;

	qp->cm_fn = NULL;
	if (fn)
		fn(qp, NULL, qp->cm_ctx);
}

int abi_qp_renew(struct abi_qp *qp)
{
	struct ual_qp *fresh;
	int err = create_ual(qp, &fresh);

	if (err)
		return err;
	leave_cm(qp);
	ual_qp_destroy(qp->ual);
	qp->ual = fresh;
	purge(qp);
	return 0;
}

static void fill(struct abi_qp *qp, struct abi_pd *pd, const struct ibv_qp_init_attr_ex *attr)
{
	struct ibv_qp *ibv = &qp->ibv.qp_base;

	ibv->context = pd->ibv.context;
	ibv->qp_context = attr->qp_context;
	ibv->pd = &pd->ibv;
	ibv->send_cq = attr->send_cq;
	ibv->recv_cq = attr->recv_cq;
	ibv->srq = attr->srq;
	ibv->state = IBV_QPS_RESET;
	ibv->qp_type = IBV_QPT_RC;
	qp->cap = real_cap(attr);
	qp->sig_all = attr->sq_sig_all;
	qp->attr.qp_state = IBV_QPS_RESET;
	INIT_LIST_HEAD(&qp->late);
}

static int enlist(struct abi_qp *qp, struct abi_pd *pd)
{
	struct abi_context *context = abi_context(pd->ibv.context);
	int err;

	abi_lock(context->engine);
	err = create_ual(qp, &qp->ual);
	if (!err) {
		qp->ibv.qp_base.handle = qp->ibv.qp_base.qp_num = qp->ual->qpn;
		context->objects++;
		pd->objects++;
	}
	abi_unlock(context->engine);
	return err;
}

static int create(struct abi_pd *pd, struct ibv_qp_init_attr_ex *attr, uint64_t ops,
		  struct abi_qp **out)
{
	struct abi_qp *qp;
	int err = check(pd, attr);

	if (err)
		return err;
	qp = calloc(1, sizeof(*qp));
	if (!qp)
		return -ENOMEM;
	fill(qp, pd, attr);
	err = ops ? abi_build_create(qp, ops) : 0;
	if (err)
		goto err_qp;
	err = enlist(qp, pd);
	if (err)
		goto err_build;
	pthread_mutex_init(&qp->ibv.qp_base.mutex, NULL);
	pthread_cond_init(&qp->ibv.qp_base.cond, NULL);
	qp->magic = ABI_QP;
	attr->cap = qp->cap;
	*out = qp;
	return 0;

err_build:
	abi_build_destroy(qp->building);
err_qp:
	free(qp);
	return err;
}

struct ibv_qp *ibv_create_qp(struct ibv_pd *ibv, struct ibv_qp_init_attr *attr)
{
	struct abi_pd *pd = abi_pd_of(ibv);
	struct ibv_qp_init_attr_ex ex;
	struct abi_qp *qp;
	int err;

	if (!pd || !attr)
		return abi_null(-EINVAL);
	ex = (struct ibv_qp_init_attr_ex){
		.qp_context = attr->qp_context,
		.send_cq = attr->send_cq,
		.recv_cq = attr->recv_cq,
		.srq = attr->srq,
		.cap = attr->cap,
		.qp_type = attr->qp_type,
		.sq_sig_all = attr->sq_sig_all,
	};
	err = create(pd, &ex, 0, &qp);
	if (err)
		return abi_null(err);
	attr->cap = ex.cap;
	return &qp->ibv.qp_base;
}

struct ibv_qp *abi_op_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	struct abi_pd *pd;
	struct abi_qp *qp;
	uint64_t ops;
	int err;

	if (!attr || !(attr->comp_mask & IBV_QP_INIT_ATTR_PD))
		return abi_null(-EINVAL);
	if (attr->comp_mask & ~(uint32_t)ATTR_KNOWN ||
	    (attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS && attr->create_flags))
		return abi_null(-EOPNOTSUPP);
	pd = abi_pd_of(attr->pd);
	if (!pd || pd->ibv.context != context)
		return abi_null(-EINVAL);
	ops = attr->comp_mask & IBV_QP_INIT_ATTR_SEND_OPS_FLAGS ? attr->send_ops_flags : 0;
	err = create(pd, attr, ops, &qp);
	return err ? abi_null(err) : &qp->ibv.qp_base;
}

static void retire(struct abi_context *context, struct abi_qp *qp)
{
	leave_cm(qp);
	ual_qp_destroy(qp->ual);
	purge(qp);
	abi_flush(context->engine);
	abi_async_drain(context, &qp->ibv, &qp->events_told);
	qp->magic = ABI_DEAD;
	container_of(qp->ibv.qp_base.pd, struct abi_pd, ibv)->objects--;
	context->objects--;
}

int ibv_destroy_qp(struct ibv_qp *ibv)
{
	struct abi_qp *qp = abi_qp_of(ibv);
	struct abi_context *context;

	if (!qp)
		return EINVAL;
	context = abi_context(ibv->context);
	abi_lock(context->engine);
	retire(context, qp);
	abi_unlock(context->engine);
	abi_build_destroy(qp->building);
	pthread_cond_destroy(&ibv->cond);
	pthread_mutex_destroy(&ibv->mutex);
	free(qp);
	return 0;
}
