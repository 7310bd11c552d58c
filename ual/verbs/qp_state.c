// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * States of a queue pair.
 *
 *   RESET -> INIT      by the program (rdma_create_qp() does it): receives may be posted
 *   INIT -> RTS        by the connection manager, when the connection is there
 *   any -> ERR         the connection ended or could not be had, or the program says so: all work is flushed
 *   any -> RESET       a fresh one
 *
 * There is no RTR or RTS by hand: iWARP's connections are TCP's and are made by rdma_connect() and rdma_accept().
 */
#include <errno.h>
#include <string.h>

#include "core/wire/rfc5040_rdmap.h"
#include "core/wire/rfc5041_ddp.h"
#include "ual/verbs/post.h"

#define PORT		1

static void raise_event(struct abi_qp *qp, enum ibv_event_type type)
{
	abi_async_raise(abi_context(qp->ibv.qp_base.context), type, &qp->ibv);
}

static void enter_reset(struct abi_qp *qp)
{
	qp->attr = (struct ibv_qp_attr){ .qp_state = IBV_QPS_RESET };
}

static void enter_init(struct abi_qp *qp)
{
	qp->attr.qp_state = IBV_QPS_INIT;
}

static void enter_rts(struct abi_qp *qp)
{
	qp->attr.qp_state = IBV_QPS_RTS;
}

/* What was posted is flushed by the access layer already: it comes before what was posted late. */
static void enter_err(struct abi_qp *qp)
{
	struct ibv_qp *ibv = &qp->ibv.qp_base;
	bool connected = qp->attr.qp_state == IBV_QPS_RTS;

	if (qp->attr.qp_state == IBV_QPS_ERR)
		return;
	abi_cq_drain(abi_cq(ibv->send_cq));
	abi_cq_drain(abi_cq(ibv->recv_cq));
	qp->attr.qp_state = IBV_QPS_ERR;
	abi_qp_flush_late(qp);
	if (ibv->srq && connected)
		raise_event(qp, IBV_EVENT_QP_LAST_WQE_REACHED);
}

/* ---- what happens to it ---------------------------------------------------------------------------- */

/* A fault that our side found is the peer's doing, but for catastrophes; one that the peer found is ours. */
static enum ibv_event_type term_event(const struct ual_event *ev)
{
	uint8_t layer = ev->term.layer, etype = ev->term.etype;

	if (!ev->term.local)
		return IBV_EVENT_QP_FATAL;
	if ((layer == TERM_LAYER_RDMAP && etype == RDMAP_TERM_PROTECTION) ||
	    (layer == TERM_LAYER_DDP && etype == DDP_TERM_TAGGED))
		return IBV_EVENT_QP_ACCESS_ERR;
	if ((layer == TERM_LAYER_RDMAP && etype == RDMAP_TERM_OPERATION) ||
	    (layer == TERM_LAYER_DDP && etype == DDP_TERM_UNTAGGED))
		return IBV_EVENT_QP_REQ_ERR;
	return IBV_EVENT_QP_FATAL;
}

void abi_qp_event(struct ual_qp *ual, const struct ual_event *ev)
{
	struct abi_qp *qp = ual->cfg.ctx;

	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		enter_rts(qp);
		break;
	case UAL_EV_REJECTED:
	case UAL_EV_FAILED:
		ual_abort(ual);
		enter_err(qp);
		break;
	case UAL_EV_TERMINATED:
		raise_event(qp, term_event(ev));
		break;
	case UAL_EV_CQ_OVERRUN:
		raise_event(qp, IBV_EVENT_QP_FATAL);
		break;
	case UAL_EV_DISCONNECTED:
		enter_err(qp);
		break;
	}
	if (qp->cm_fn)
		qp->cm_fn(qp, ev, qp->cm_ctx);
}

void abi_qp_attach_cm(struct abi_qp *qp,
		      void (*fn)(struct abi_qp *qp, const struct ual_event *ev, void *ctx),
		      void *ctx)
{
	qp->cm_fn = fn;
	qp->cm_ctx = ctx;
}

/* ---- what the program does to it ------------------------------------------------------------------- */

static int move_to(struct abi_qp *qp, enum ibv_qp_state to)
{
	enum ibv_qp_state from = qp->attr.qp_state;
	int err;

	switch (to) {
	case IBV_QPS_RESET:
		err = abi_qp_renew(qp);
		if (!err)
			enter_reset(qp);
		return err;
	case IBV_QPS_INIT:
		if (from != IBV_QPS_RESET && from != IBV_QPS_INIT)
			return -EINVAL;
		enter_init(qp);
		return 0;
	case IBV_QPS_RTS:
		return from == IBV_QPS_RTS ? 0 : -EINVAL;
	case IBV_QPS_ERR:
		ual_abort(qp->ual);
		enter_err(qp);
		return 0;
	case IBV_QPS_RTR:
	case IBV_QPS_SQD:
	case IBV_QPS_SQE:
	case IBV_QPS_UNKNOWN:
		break;
	}
	return -EINVAL;
}

static int modify(struct abi_qp *qp, const struct ibv_qp_attr *attr, int mask)
{
	int err = 0;

	if (mask & IBV_QP_CUR_STATE && attr->cur_qp_state != qp->attr.qp_state)
		return -EINVAL;
	if (mask & IBV_QP_PORT && attr->port_num != PORT)
		return -EINVAL;
	if (mask & (IBV_QP_CAP | IBV_QP_ALT_PATH | IBV_QP_PATH_MIG_STATE))
		return -EOPNOTSUPP;
	if (mask & IBV_QP_STATE)
		err = move_to(qp, attr->qp_state);
	if (!err && mask & IBV_QP_ACCESS_FLAGS)
		qp->attr.qp_access_flags = attr->qp_access_flags;
	return err;
}

int ibv_modify_qp(struct ibv_qp *ibv, struct ibv_qp_attr *attr, int mask)
{
	struct abi_qp *qp = abi_qp_of(ibv);
	struct abi_engine *engine;
	int err;

	if (!qp || !attr || mask & ~((IBV_QP_RATE_LIMIT << 1) - 1))
		return EINVAL;
	engine = abi_engine_of(ibv->context);
	abi_lock(engine);
	err = modify(qp, attr, mask);
	if (!err && mask & IBV_QP_STATE)
		ibv->state = qp->attr.qp_state;
	abi_flush(engine);
	abi_unlock(engine);
	return abi_errno(err);
}

static uint8_t depth_told(uint32_t n)
{
	return (uint8_t)min_t(uint32_t, n, UINT8_MAX);
}

static void fill(const struct abi_qp *qp, struct ibv_qp_attr *attr)
{
	bool up = qp->attr.qp_state == IBV_QPS_RTS;

	*attr = (struct ibv_qp_attr){
		.qp_state = qp->attr.qp_state,
		.cur_qp_state = qp->attr.qp_state,
		.path_mtu = IBV_MTU_4096,
		.path_mig_state = IBV_MIG_MIGRATED,
		.qp_access_flags = qp->attr.qp_access_flags,
		.cap = qp->cap,
		.max_rd_atomic = depth_told(up ? qp->ual->ord : qp->ual->cfg.ord),
		.max_dest_rd_atomic = depth_told(up ? qp->ual->ird : qp->ual->cfg.ird),
		.port_num = PORT,
	};
}

int ibv_query_qp(struct ibv_qp *ibv, struct ibv_qp_attr *attr, int mask,
		 struct ibv_qp_init_attr *init)
{
	struct abi_qp *qp = abi_qp_of(ibv);
	struct abi_engine *engine;

	if (!qp || !attr || !init)
		return EINVAL;
	engine = abi_engine_of(ibv->context);
	abi_lock(engine);
	fill(qp, attr);
	abi_unlock(engine);
	*init = (struct ibv_qp_init_attr){
		.qp_context = ibv->qp_context,
		.send_cq = ibv->send_cq,
		.recv_cq = ibv->recv_cq,
		.srq = ibv->srq,
		.cap = attr->cap,
		.qp_type = ibv->qp_type,
		.sq_sig_all = qp->sig_all,
	};
	if (mask & IBV_QP_STATE)
		ibv->state = attr->qp_state;
	return 0;
}

/* Memory is what a program may look at after a completion, not before (RFC 5040 5.5). */
int ibv_query_qp_data_in_order(struct ibv_qp *ibv, enum ibv_wr_opcode op, uint32_t flags)
{
	return 0;
}

int ibv_query_ece(struct ibv_qp *ibv, struct ibv_ece *ece)
{
	if (!abi_qp_of(ibv) || !ece)
		return EINVAL;
	memset(ece, 0, sizeof(*ece));
	return 0;
}

int ibv_set_ece(struct ibv_qp *ibv, struct ibv_ece *ece)
{
	if (!abi_qp_of(ibv) || !ece)
		return EINVAL;
	return ece->vendor_id ? EOPNOTSUPP : 0;
}
