// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Receives, posted to a queue pair's own queue. */
#include "ual/verbs/ops.h"
#include "ual/verbs/post.h"

bool abi_recv_convert(const struct ibv_recv_wr *wr, uint32_t sge_max, struct wr_recv *to)
{
	if (wr->num_sge < 0 || (uint32_t)wr->num_sge > sge_max || (wr->num_sge && !wr->sg_list))
		return false;
	*to = (struct wr_recv){ .wr_id = wr->wr_id,
				.sges = (const struct wr_sge *)wr->sg_list,
				.sge_n = (uint32_t)wr->num_sge };
	return true;
}

static int recv_one(struct abi_qp *qp, const struct ibv_recv_wr *wr)
{
	const struct wr_recv *bad;
	struct wr_recv to;
	int err;

	if (qp->attr.qp_state == IBV_QPS_RESET || qp->ibv.qp_base.srq ||
	    !abi_recv_convert(wr, qp->cap.max_recv_sge, &to))
		return -EINVAL;
	if (qp->rq_used >= qp->cap.max_recv_wr)
		return -ENOMEM;
	err = ual_post_recv(qp->ual, &to, &bad);
	if (err == -ENOTCONN)
		err = abi_qp_post_dead(qp, wr->wr_id, IBV_WC_RECV);
	if (!err)
		qp->rq_used++;
	return err;
}

int abi_op_post_recv(struct ibv_qp *ibv, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct abi_qp *qp = abi_qp_of(ibv);
	struct abi_engine *engine;
	int err = qp ? 0 : -EINVAL;

	if (qp) {
		engine = abi_engine_of(ibv->context);
		abi_lock(engine);
		for (; wr; wr = wr->next) {
			err = recv_one(qp, wr);
			if (err)
				break;
		}
		abi_unlock(engine);
	}
	if (err && bad_wr)
		*bad_wr = wr;
	return -err;
}
