// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Work requests: the program's chains become the access layer's, a bounded batch at a time, on the stack.
 *
 * iWARP's limits show here: an RDMA Read has one sink segment, a Send with Immediate no payload (RFC 7306's
 * Immediate Data is a message of its own).  What breaks them is EINVAL, found by the access layer.
 */
#include <errno.h>

#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

#define BATCH	16
#define SEND_FLAGS (IBV_SEND_FENCE | IBV_SEND_SIGNALED | IBV_SEND_SOLICITED | IBV_SEND_INLINE)

static enum ibv_wc_opcode wc_opcode(enum wr_opcode opcode)
{
	switch (opcode) {
	case WR_SEND:
	case WR_SEND_INV:
	case WR_SEND_IMM:
		return IBV_WC_SEND;
	case WR_WRITE:
	case WR_WRITE_IMM:
		return IBV_WC_RDMA_WRITE;
	case WR_READ:
		return IBV_WC_RDMA_READ;
	case WR_CMP_SWAP:
		return IBV_WC_COMP_SWAP;
	case WR_FETCH_ADD:
		return IBV_WC_FETCH_ADD;
	case WR_BIND_MW:
		return IBV_WC_BIND_MW;
	case WR_REG_MR:
	case WR_LOCAL_INV:
		break;
	}
	return IBV_WC_LOCAL_INV;
}

static unsigned count_signaled(const struct wr_send *wr, unsigned n)
{
	unsigned signaled = 0;

	for (unsigned i = 0; i < n; i++)
		signaled += !!(wr[i].flags & WR_SIGNALED);
	return signaled;
}

static int send_dead(struct abi_qp *qp, const struct wr_send *wr, unsigned n, unsigned *done)
{
	int err = 0;

	for (; *done < n && !err; *done += !err) {
		err = abi_qp_post_dead(qp, wr[*done].wr_id, wc_opcode(wr[*done].opcode));
		if (!err)
			qp->sq_used++;	/* flushed work completes, signaled or not */
	}
	return err;
}

static int send_live(struct abi_qp *qp, struct wr_send *wr, unsigned n, unsigned *done)
{
	const struct wr_send *bad;
	int err;

	for (unsigned i = 0; i < n; i++)
		wr[i].next = i + 1 < n ? &wr[i + 1] : NULL;
	err = ual_post_send(qp->ual, wr, &bad);
	*done = err ? (unsigned)(bad - wr) : n;
	qp->sq_used += count_signaled(wr, *done);
	return err == -ENOTCONN ? send_dead(qp, wr, n, done) : err;
}

int abi_qp_send(struct abi_qp *qp, struct wr_send *wr, unsigned n, unsigned *done)
{
	unsigned room = qp->cap.max_send_wr - min_t(uint32_t, qp->sq_used, qp->cap.max_send_wr);
	int err = -EINVAL;

	*done = 0;
	if (!room)
		return -ENOMEM;
	if (qp->attr.qp_state == IBV_QPS_RTS)
		err = send_live(qp, wr, min_t(unsigned, n, room), done);
	else if (qp->attr.qp_state == IBV_QPS_ERR)
		err = send_dead(qp, wr, min_t(unsigned, n, room), done);
	return !err && n > room ? -ENOMEM : err;
}

int abi_bind_wr(struct abi_qp *qp, struct ibv_mw *mw, uint32_t rkey,
		const struct ibv_mw_bind_info *info, struct wr_send *wr)
{
	static const unsigned rights = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ |
				       IBV_ACCESS_REMOTE_ATOMIC;
	const struct abi_mr *mr = info->mr ? container_of(info->mr, struct abi_mr, ibv) : NULL;

	if (!mw || container_of(mw, struct abi_mw, ibv)->magic != ABI_MW || !mr ||
	    mr->magic != ABI_MR || mw->pd != qp->ibv.qp_base.pd || mr->ibv.pd != mw->pd)
		return -EINVAL;
	if (info->mw_access_flags & ~rights)
		return -EOPNOTSUPP;	/* zero-based windows among them */
	wr->opcode = WR_BIND_MW;
	wr->bind.mw_key = rkey;
	wr->bind.mr_lkey = info->mr->lkey;
	wr->bind.addr = info->addr;
	wr->bind.len = info->length;
	wr->bind.access = info->mw_access_flags;
	return 0;
}

static void set_remote(struct wr_send *to, const struct ibv_send_wr *wr, enum wr_opcode opcode)
{
	to->opcode = opcode;
	to->remote.addr = wr->wr.rdma.remote_addr;
	to->remote.rkey = wr->wr.rdma.rkey;
}

static void set_atomic(struct wr_send *to, const struct ibv_send_wr *wr, enum wr_opcode opcode)
{
	to->opcode = opcode;
	to->atomic.addr = wr->wr.atomic.remote_addr;
	to->atomic.rkey = wr->wr.atomic.rkey;
	to->atomic.compare_add = wr->wr.atomic.compare_add;
	to->atomic.swap = wr->wr.atomic.swap;
	to->atomic.compare_mask = 0;
	to->atomic.swap_mask = 0;
}

static int set_opcode(struct abi_qp *qp, const struct ibv_send_wr *wr, struct wr_send *to)
{
	switch ((int)wr->opcode) {
	case IBV_WR_SEND:
		to->opcode = WR_SEND;
		return 0;
	case IBV_WR_SEND_WITH_IMM:
		to->opcode = WR_SEND_IMM;
		to->imm = abi_imm_to_wire(wr->imm_data);
		return 0;
	case IBV_WR_SEND_WITH_INV:
		to->opcode = WR_SEND_INV;
		to->inv_rkey = wr->invalidate_rkey;
		return 0;
	case IBV_WR_RDMA_WRITE:
		set_remote(to, wr, WR_WRITE);
		return 0;
	case IBV_WR_RDMA_WRITE_WITH_IMM:
		set_remote(to, wr, WR_WRITE_IMM);
		to->imm = abi_imm_to_wire(wr->imm_data);
		return 0;
	case IBV_WR_RDMA_READ:
		set_remote(to, wr, WR_READ);
		return 0;
	case IBV_WR_ATOMIC_CMP_AND_SWP:
		set_atomic(to, wr, WR_CMP_SWAP);
		return 0;
	case IBV_WR_ATOMIC_FETCH_AND_ADD:
		set_atomic(to, wr, WR_FETCH_ADD);
		return 0;
	case IBV_WR_LOCAL_INV:
		to->opcode = WR_LOCAL_INV;
		to->inv_rkey = wr->invalidate_rkey;
		to->sge_n = 0;
		return 0;
	case IBV_WR_BIND_MW:
		to->sge_n = 0;
		return abi_bind_wr(qp, wr->bind_mw.mw, wr->bind_mw.rkey, &wr->bind_mw.bind_info,
				   to);
	case IBV_WR_TSO:
	case IBV_WR_DRIVER1:
	case IBV_WR_ATOMIC_WRITE:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

uint32_t abi_send_flags(const struct abi_qp *qp, unsigned flags)
{
	uint32_t to = qp->sig_all || flags & IBV_SEND_SIGNALED ? WR_SIGNALED : 0;

	if (flags & IBV_SEND_SOLICITED)
		to |= WR_SOLICITED;
	if (flags & IBV_SEND_INLINE)
		to |= WR_INLINE;
	if (flags & IBV_SEND_FENCE)
		to |= WR_FENCE;
	return to;
}

static int convert(struct abi_qp *qp, const struct ibv_send_wr *wr, struct wr_send *to)
{
	if (wr->num_sge < 0 || (uint32_t)wr->num_sge > qp->cap.max_send_sge ||
	    (wr->num_sge && !wr->sg_list) || wr->send_flags & ~(unsigned)SEND_FLAGS)
		return -EINVAL;
	to->wr_id = wr->wr_id;
	to->flags = abi_send_flags(qp, wr->send_flags);
	to->sges = (const struct wr_sge *)wr->sg_list;
	to->sge_n = (uint32_t)wr->num_sge;
	to->inv_rkey = 0;
	to->imm = 0;
	return set_opcode(qp, wr, to);
}

/* Up to BATCH of the chain, up to the first that cannot be: *wr is the first that was not posted. */
static int post_batch(struct abi_qp *qp, struct ibv_send_wr **wr)
{
	struct wr_send batch[BATCH];
	struct ibv_send_wr *next = *wr;
	unsigned n = 0, done = 0;
	int err = 0, post_err = 0;

	for (; n < BATCH && next && !err; next = next->next) {
		err = convert(qp, next, &batch[n]);
		n += !err;
	}
	if (n)
		post_err = abi_qp_send(qp, batch, n, &done);
	while (done--)
		*wr = (*wr)->next;
	return post_err ? post_err : err;
}

int abi_op_post_send(struct ibv_qp *ibv, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	struct abi_qp *qp = abi_qp_of(ibv);
	struct abi_engine *engine;
	int err = qp ? 0 : -EINVAL;

	if (qp) {
		engine = abi_engine_of(ibv->context);
		abi_lock(engine);
		while (wr && !err)
			err = post_batch(qp, &wr);
		abi_flush(engine);
		abi_unlock(engine);
	}
	if (err && bad_wr)
		*bad_wr = wr;
	return -err;
}

/* Type 1: what it was bound to before is given up by the same call. */
static int bind_type1(struct abi_qp *qp, struct ibv_mw *mw, const struct ibv_mw_bind *bind)
{
	struct wr_send wr[2] = { { .opcode = WR_LOCAL_INV, .inv_rkey = mw->rkey } };
	uint32_t rkey = ibv_inc_rkey(mw->rkey);
	unsigned n = 1, done;
	int err = 0;

	if (bind->bind_info.length) {
		err = abi_bind_wr(qp, mw, rkey, &bind->bind_info, &wr[1]);
		n = 2;
	}
	wr[n - 1].wr_id = bind->wr_id;
	wr[n - 1].flags = abi_send_flags(qp, bind->send_flags);
	if (!err)
		err = abi_qp_send(qp, wr, n, &done);
	if (!err && n == 2)
		mw->rkey = rkey;
	return err;
}

int abi_op_bind_mw(struct ibv_qp *ibv, struct ibv_mw *mw, struct ibv_mw_bind *bind)
{
	struct abi_qp *qp = abi_qp_of(ibv);
	struct abi_engine *engine;
	int err;

	if (!qp || !mw || !bind || container_of(mw, struct abi_mw, ibv)->magic != ABI_MW)
		return EINVAL;
	engine = abi_engine_of(ibv->context);
	abi_lock(engine);
	err = bind_type1(qp, mw, bind);
	abi_flush(engine);
	abi_unlock(engine);
	return -err;
}
