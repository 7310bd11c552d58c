// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The extended post interface: a program builds requests by calls between ibv_wr_start() and ibv_wr_complete().
 *
 * They are built in storage of the QP, as deep as its send queue, and posted at once when they are complete.
 * Inline data are copied when they are named, for the program may reuse them at once.  The first fault sticks;
 * complete reports it and nothing is posted.  The ABI's mutex of the QP is held from start to complete or abort:
 * threads may share the QP, and the engine's lock is never held while code of the program runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

#define OPS_KNOWN (IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM |	\
		   IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM |			\
		   IBV_QP_EX_WITH_RDMA_READ | IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |	\
		   IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD | IBV_QP_EX_WITH_LOCAL_INV |	\
		   IBV_QP_EX_WITH_BIND_MW | IBV_QP_EX_WITH_SEND_WITH_INV)

struct abi_build {
	uint64_t ops;
	unsigned n, max;
	uint32_t sge_max, inline_max;
	int err;
	struct wr_send *wr;		/* max */
	struct wr_sge *sges;		/* sge_max for each */
	uint8_t *inlined;		/* inline_max for each */
	struct wr_send none;		/* what calls after a fault write to */
};

static struct abi_qp *of(struct ibv_qp_ex *qp)
{
	return container_of(qp, struct abi_qp, ibv);
}

static void fault(struct abi_build *b, int err)
{
	if (!b->err)
		b->err = err;
}

/* ---- requests ------------------------------------------------------------------------------------- */

static struct wr_send *begin(struct ibv_qp_ex *ibv, enum wr_opcode opcode, uint64_t op)
{
	struct abi_qp *qp = of(ibv);
	struct abi_build *b = qp->building;
	struct wr_send *wr;

	if (!(b->ops & op))
		fault(b, -EINVAL);
	else if (b->n == b->max)
		fault(b, -ENOMEM);
	wr = b->err ? &b->none : &b->wr[b->n++];
	*wr = (struct wr_send){ .wr_id = ibv->wr_id,
				.opcode = opcode,
				.flags = abi_send_flags(qp, ibv->wr_flags & ~IBV_SEND_INLINE) };
	return wr;
}

static void wr_send(struct ibv_qp_ex *qp)
{
	begin(qp, WR_SEND, IBV_QP_EX_WITH_SEND);
}

static void wr_send_imm(struct ibv_qp_ex *qp, __be32 imm_data)
{
	begin(qp, WR_SEND_IMM, IBV_QP_EX_WITH_SEND_WITH_IMM)->imm = abi_imm_to_wire(imm_data);
}

static void wr_send_inv(struct ibv_qp_ex *qp, uint32_t invalidate_rkey)
{
	begin(qp, WR_SEND_INV, IBV_QP_EX_WITH_SEND_WITH_INV)->inv_rkey = invalidate_rkey;
}

static struct wr_send *begin_remote(struct ibv_qp_ex *qp, enum wr_opcode opcode, uint64_t op,
				    uint32_t rkey, uint64_t remote_addr)
{
	struct wr_send *wr = begin(qp, opcode, op);

	wr->remote.rkey = rkey;
	wr->remote.addr = remote_addr;
	return wr;
}

static void wr_rdma_read(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	begin_remote(qp, WR_READ, IBV_QP_EX_WITH_RDMA_READ, rkey, remote_addr);
}

static void wr_rdma_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	begin_remote(qp, WR_WRITE, IBV_QP_EX_WITH_RDMA_WRITE, rkey, remote_addr);
}

static void wr_rdma_write_imm(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			      __be32 imm_data)
{
	begin_remote(qp, WR_WRITE_IMM, IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM, rkey, remote_addr)->imm =
		abi_imm_to_wire(imm_data);
}

static struct wr_send *begin_atomic(struct ibv_qp_ex *qp, enum wr_opcode opcode, uint64_t op,
				    uint32_t rkey, uint64_t remote_addr)
{
	struct wr_send *wr = begin(qp, opcode, op);

	wr->atomic.rkey = rkey;
	wr->atomic.addr = remote_addr;
	return wr;
}

static void wr_atomic_cmp_swp(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			      uint64_t compare, uint64_t swap)
{
	struct wr_send *wr =
		begin_atomic(qp, WR_CMP_SWAP, IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP, rkey, remote_addr);

	wr->atomic.compare_add = compare;
	wr->atomic.swap = swap;
}

static void wr_atomic_fetch_add(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
				uint64_t add)
{
	begin_atomic(qp, WR_FETCH_ADD, IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD, rkey, remote_addr)
		->atomic.compare_add = add;
}

static void wr_local_inv(struct ibv_qp_ex *qp, uint32_t invalidate_rkey)
{
	begin(qp, WR_LOCAL_INV, IBV_QP_EX_WITH_LOCAL_INV)->inv_rkey = invalidate_rkey;
}

static void wr_bind_mw(struct ibv_qp_ex *qp, struct ibv_mw *mw, uint32_t rkey,
		       const struct ibv_mw_bind_info *bind_info)
{
	struct wr_send *wr = begin(qp, WR_BIND_MW, IBV_QP_EX_WITH_BIND_MW);
	int err = abi_bind_wr(of(qp), mw, rkey, bind_info, wr);

	if (err)
		fault(of(qp)->building, err);
}

/* ---- what an RNIC does not have -------------------------------------------------------------------- */

static void wr_send_tso(struct ibv_qp_ex *qp, void *hdr, uint16_t hdr_sz, uint16_t mss)
{
	fault(of(qp)->building, -EOPNOTSUPP);
}

static void wr_set_ud_addr(struct ibv_qp_ex *qp, struct ibv_ah *ah, uint32_t remote_qpn,
			   uint32_t remote_qkey)
{
	fault(of(qp)->building, -EOPNOTSUPP);
}

static void wr_set_xrc_srqn(struct ibv_qp_ex *qp, uint32_t remote_srqn)
{
	fault(of(qp)->building, -EOPNOTSUPP);
}

static void wr_atomic_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			    const void *atomic_wr)
{
	fault(of(qp)->building, -EOPNOTSUPP);
}

static void wr_flush(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, size_t len,
		     uint8_t type, uint8_t level)
{
	fault(of(qp)->building, -EOPNOTSUPP);
}

/* ---- payload of the request begun last ------------------------------------------------------------- */

static struct wr_send *current(struct abi_build *b)
{
	if (!b->n)
		fault(b, -EINVAL);
	return b->err ? &b->none : &b->wr[b->n - 1];
}

static struct wr_sge *current_sges(const struct abi_build *b)
{
	return b->sges + (size_t)(b->n - 1) * b->sge_max;
}

static void wr_set_sge_list(struct ibv_qp_ex *qp, size_t num_sge, const struct ibv_sge *sg_list)
{
	struct abi_build *b = of(qp)->building;
	struct wr_send *wr = current(b);

	if (num_sge > b->sge_max)
		fault(b, -EINVAL);
	if (b->err)
		return;
	wr->sges = current_sges(b);
	wr->sge_n = (uint32_t)num_sge;
	if (num_sge)
		memcpy(current_sges(b), sg_list, num_sge * sizeof(*sg_list));
}

static void wr_set_sge(struct ibv_qp_ex *qp, uint32_t lkey, uint64_t addr, uint32_t length)
{
	const struct ibv_sge sge = { .addr = addr, .length = length, .lkey = lkey };

	wr_set_sge_list(qp, 1, &sge);
}

static void wr_set_inline_data_list(struct ibv_qp_ex *qp, size_t num_buf,
				    const struct ibv_data_buf *bufs)
{
	struct abi_build *b = of(qp)->building;
	struct wr_send *wr = current(b);
	uint8_t *to;
	size_t len = 0;

	for (size_t i = 0; i < num_buf && !b->err; i++) {
		if (bufs[i].length > b->inline_max - len)
			fault(b, -EINVAL);
		else
			len += bufs[i].length;
	}
	if (b->err)
		return;
	to = b->inlined + (size_t)(b->n - 1) * b->inline_max;
	*current_sges(b) = (struct wr_sge){ .addr = (uintptr_t)to, .len = (uint32_t)len };
	for (size_t i = 0; i < num_buf; i++) {
		if (bufs[i].length)
			memcpy(to, bufs[i].addr, bufs[i].length);
		to += bufs[i].length;
	}
	wr->sges = current_sges(b);
	wr->sge_n = 1;
	wr->flags |= WR_INLINE;
}

static void wr_set_inline_data(struct ibv_qp_ex *qp, void *addr, size_t length)
{
	const struct ibv_data_buf buf = { .addr = addr, .length = length };

	wr_set_inline_data_list(qp, 1, &buf);
}

/* ---- from start to end ------------------------------------------------------------------------------ */

static void wr_start(struct ibv_qp_ex *qp)
{
	pthread_mutex_lock(&qp->qp_base.mutex);
	of(qp)->building->n = 0;
	of(qp)->building->err = 0;
}

static int post_all(struct abi_qp *qp, struct abi_build *b)
{
	struct abi_engine *engine = abi_engine_of(qp->ibv.qp_base.context);
	unsigned done;
	int err;

	abi_lock(engine);
	/* All or nothing: what else can be wrong with a request was looked at when it was built. */
	if (qp->sq_used + b->n > qp->cap.max_send_wr)
		err = -ENOMEM;
	else
		err = abi_qp_send(qp, b->wr, b->n, &done);
	abi_flush(engine);
	abi_unlock(engine);
	return err;
}

static int wr_complete(struct ibv_qp_ex *ibv)
{
	struct abi_qp *qp = of(ibv);
	struct abi_build *b = qp->building;
	int err = b->err;

	if (!err && b->n)
		err = post_all(qp, b);
	pthread_mutex_unlock(&ibv->qp_base.mutex);
	return abi_errno(err);
}

static void wr_abort(struct ibv_qp_ex *ibv)
{
	pthread_mutex_unlock(&ibv->qp_base.mutex);
}

static void set_calls(struct ibv_qp_ex *qp)
{
	qp->wr_atomic_cmp_swp = wr_atomic_cmp_swp;
	qp->wr_atomic_fetch_add = wr_atomic_fetch_add;
	qp->wr_bind_mw = wr_bind_mw;
	qp->wr_local_inv = wr_local_inv;
	qp->wr_rdma_read = wr_rdma_read;
	qp->wr_rdma_write = wr_rdma_write;
	qp->wr_rdma_write_imm = wr_rdma_write_imm;
	qp->wr_send = wr_send;
	qp->wr_send_imm = wr_send_imm;
	qp->wr_send_inv = wr_send_inv;
	qp->wr_send_tso = wr_send_tso;
	qp->wr_set_ud_addr = wr_set_ud_addr;
	qp->wr_set_xrc_srqn = wr_set_xrc_srqn;
	qp->wr_set_inline_data = wr_set_inline_data;
	qp->wr_set_inline_data_list = wr_set_inline_data_list;
	qp->wr_set_sge = wr_set_sge;
	qp->wr_set_sge_list = wr_set_sge_list;
	qp->wr_start = wr_start;
	qp->wr_complete = wr_complete;
	qp->wr_abort = wr_abort;
	qp->wr_atomic_write = wr_atomic_write;
}

int abi_build_create(struct abi_qp *qp, uint64_t ops)
{
	const struct ibv_qp_cap *cap = &qp->cap;
	size_t max = cap->max_send_wr;
	struct abi_build *b;

	if (ops & ~(uint64_t)OPS_KNOWN)
		return -EOPNOTSUPP;
	b = calloc(1, sizeof(*b) + max * (sizeof(struct wr_send) +
					  cap->max_send_sge * sizeof(struct wr_sge) +
					  cap->max_inline_data));
	if (!b)
		return -ENOMEM;
	b->ops = ops;
	b->max = (unsigned)max;
	b->sge_max = cap->max_send_sge;
	b->inline_max = cap->max_inline_data;
	b->wr = (struct wr_send *)(b + 1);
	b->sges = (struct wr_sge *)(b->wr + max);
	b->inlined = (uint8_t *)(b->sges + max * cap->max_send_sge);
	qp->building = b;
	set_calls(&qp->ibv);
	qp->ibv_50.wr_flush = wr_flush;
	return 0;
}

void abi_build_destroy(struct abi_build *build)
{
	free(build);
}

struct ibv_qp_ex *ibv_qp_to_qp_ex(struct ibv_qp *ibv)
{
	struct abi_qp *qp = abi_qp_of(ibv);

	return qp && qp->building ? &qp->ibv : NULL;
}
