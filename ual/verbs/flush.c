// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Work that is posted to a QP whose connection has ended: it completes as flushed.
 *
 * A program may post between the end of the stream and the news of it.  What it posted before is then still to be
 * flushed by the access layer, so this waits for that: completions keep the order of posting, and who posts one
 * request more to find the end of the queue finds it.
 */
#include <stdlib.h>

#include "ual/verbs/post.h"

struct late {
	struct list_head node;
	uint64_t wr_id;
	enum ibv_wc_opcode opcode;
};

static void flush_one(struct abi_qp *qp, uint64_t wr_id, enum ibv_wc_opcode opcode)
{
	const struct ibv_qp *ibv = &qp->ibv.qp_base;
	struct abi_cq *cq = abi_cq(opcode & IBV_WC_RECV ? ibv->recv_cq : ibv->send_cq);
	const struct ibv_wc wc = {
		.wr_id = wr_id,
		.status = IBV_WC_WR_FLUSH_ERR,
		.opcode = opcode,
		.vendor_err = WC_WR_FLUSH_ERR,
		.qp_num = ibv->qp_num,
	};

	abi_cq_push(cq, qp, &wc, false);
}

int abi_qp_post_dead(struct abi_qp *qp, uint64_t wr_id, enum ibv_wc_opcode opcode)
{
	struct late *late;

	if (qp->attr.qp_state == IBV_QPS_ERR) {
		flush_one(qp, wr_id, opcode);
		return 0;
	}
	late = malloc(sizeof(*late));
	if (!late)
		return -ENOMEM;
	late->wr_id = wr_id;
	late->opcode = opcode;
	list_add_tail(&late->node, &qp->late);
	return 0;
}

void abi_qp_flush_late(struct abi_qp *qp)
{
	while (!list_empty(&qp->late)) {
		struct late *late = list_first_entry(&qp->late, struct late, node);

		list_del(&late->node);
		flush_one(qp, late->wr_id, late->opcode);
		free(late);
	}
}

void abi_qp_forget_late(struct abi_qp *qp)
{
	while (!list_empty(&qp->late)) {
		struct late *late = list_first_entry(&qp->late, struct late, node);

		list_del(&late->node);
		free(late);
	}
}
