// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Extended polling: a completion at a time, its fields by calls.
 *
 * The current completion is a copy, so the loop goes on filling the ring meanwhile.  The ABI's mutex of the CQ is
 * held from a start that finds something to the end: threads may share the CQ, one of them polls.
 */
#include <errno.h>

#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

#define WC_KNOWN (IBV_WC_EX_WITH_BYTE_LEN | IBV_WC_EX_WITH_IMM | IBV_WC_EX_WITH_QP_NUM |	\
		  IBV_WC_EX_WITH_SRC_QP | IBV_WC_EX_WITH_SLID | IBV_WC_EX_WITH_SL |		\
		  IBV_WC_EX_WITH_DLID_PATH_BITS)
#define FLAGS_KNOWN (IBV_CREATE_CQ_ATTR_SINGLE_THREADED | IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN)
#define MASK_KNOWN (IBV_CQ_INIT_ATTR_MASK_FLAGS | IBV_CQ_INIT_ATTR_MASK_PD)

static struct abi_cq *of(struct ibv_cq_ex *cq)
{
	return container_of(cq, struct abi_cq, ibv);
}

/* look: a pass of the loop when the ring is empty */
static int take(struct abi_cq *cq, bool look)
{
	struct abi_engine *engine = abi_engine_of(cq->ibv.context);
	int n;

	abi_lock(engine);
	n = abi_cq_pop(cq, &cq->cur, 1);
	if (!n && look) {
		abi_progress(engine);
		n = abi_cq_pop(cq, &cq->cur, 1);
	}
	abi_unlock(engine);
	if (!n)
		return ENOENT;
	cq->ibv.wr_id = cq->cur.wr_id;
	cq->ibv.status = cq->cur.status;
	return 0;
}

static int start_poll(struct ibv_cq_ex *ibv, struct ibv_poll_cq_attr *attr)
{
	int ret;

	if (!attr || attr->comp_mask)
		return EINVAL;
	pthread_mutex_lock(&ibv->mutex);
	ret = take(of(ibv), true);
	if (ret)
		pthread_mutex_unlock(&ibv->mutex);
	return ret;
}

static int next_poll(struct ibv_cq_ex *ibv)
{
	return take(of(ibv), false);
}

static void end_poll(struct ibv_cq_ex *ibv)
{
	pthread_mutex_unlock(&ibv->mutex);
}

static enum ibv_wc_opcode read_opcode(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.opcode;
}

static uint32_t read_vendor_err(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.vendor_err;
}

static uint32_t read_byte_len(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.byte_len;
}

static __be32 read_imm_data(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.imm_data;	/* or the key that was invalidated */
}

static uint32_t read_qp_num(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.qp_num;
}

static uint32_t read_src_qp(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.src_qp;
}

static unsigned int read_wc_flags(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.wc_flags;
}

static uint32_t read_slid(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.slid;
}

static uint8_t read_sl(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.sl;
}

static uint8_t read_dlid_path_bits(struct ibv_cq_ex *cq)
{
	return of(cq)->cur.dlid_path_bits;
}

static void set_calls(struct ibv_cq_ex *cq)
{
	cq->start_poll = start_poll;
	cq->next_poll = next_poll;
	cq->end_poll = end_poll;
	cq->read_opcode = read_opcode;
	cq->read_vendor_err = read_vendor_err;
	cq->read_byte_len = read_byte_len;
	cq->read_imm_data = read_imm_data;
	cq->read_qp_num = read_qp_num;
	cq->read_src_qp = read_src_qp;
	cq->read_wc_flags = read_wc_flags;
	cq->read_slid = read_slid;
	cq->read_sl = read_sl;
	cq->read_dlid_path_bits = read_dlid_path_bits;
}

struct ibv_cq_ex *abi_op_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	struct abi_context *ctx = abi_context_of(context);
	struct abi_cq *cq;
	int err;

	if (!ctx || !attr)
		return abi_null(-EINVAL);
	if (attr->comp_mask & ~(uint32_t)MASK_KNOWN || attr->wc_flags & ~(uint64_t)WC_KNOWN ||
	    (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS && attr->flags & ~(uint32_t)FLAGS_KNOWN))
		return abi_null(-EOPNOTSUPP);
	err = abi_cq_create(ctx, attr->cqe, attr->cq_context, attr->channel, attr->comp_vector,
			    &cq);
	if (err)
		return abi_null(err);
	set_calls(&cq->ibv);
	return &cq->ibv;
}

/* Moderation asks a card to interrupt more rarely; nothing here interrupts. */
int abi_op_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr)
{
	if (!abi_cq_of(cq) || !attr)
		return EINVAL;
	return attr->attr_mask & ~(uint32_t)IBV_CQ_ATTR_MODERATE ? EOPNOTSUPP : 0;
}
