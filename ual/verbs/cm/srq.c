// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* SRQs of ids. */
#include <string.h>

#include "ual/verbs/cm/cm.h"

int rdma_create_srq_ex(struct rdma_cm_id *rdma, struct ibv_srq_init_attr_ex *attr)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	struct ibv_srq *srq;

	if (!id || !attr || !rdma->verbs || !(attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE))
		return abi_cm_result(-EINVAL);
	if (attr->srq_type != IBV_SRQT_BASIC)
		return abi_cm_result(-EOPNOTSUPP);	/* XRC and tag matching are InfiniBand's */
	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD) || !attr->pd) {
		attr->pd = rdma->pd;
		attr->comp_mask |= IBV_SRQ_INIT_ATTR_PD;
	}
	srq = ibv_create_srq_ex(rdma->verbs, attr);
	if (!srq)
		return -1;
	if (!rdma->pd)
		rdma->pd = attr->pd;
	rdma->srq = srq;
	return 0;
}

int rdma_create_srq(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	struct ibv_srq_init_attr_ex ex = { .comp_mask = 0 };
	int ret;

	if (!attr)
		return abi_cm_result(-EINVAL);
	memcpy(&ex, attr, sizeof(*attr));
	ex.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD;
	ex.srq_type = IBV_SRQT_BASIC;
	ex.pd = pd;
	ret = rdma_create_srq_ex(id, &ex);
	memcpy(attr, &ex, sizeof(*attr));
	return ret;
}

void rdma_destroy_srq(struct rdma_cm_id *id)
{
	if (!abi_cm_id_any(id) || !id->srq)
		return;
	ibv_destroy_srq(id->srq);
	id->srq = NULL;
	if (!id->qp)
		abi_cm_cqs_destroy(id);
}
