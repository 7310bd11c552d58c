// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * QPs of ids.  An id makes the completion queues and their channels that the program does not bring; the
 * inline calls of rdma_verbs.h use them.
 */
#include <string.h>

#include "ual/verbs/cm/cm.h"

#define QP_CLOSE_MS 1000	/* what was sent before rdma_disconnect() may take so long to leave */

void abi_cm_cqs_destroy(struct rdma_cm_id *id)
{
	if (id->send_cq && id->send_cq != id->recv_cq)
		ibv_destroy_cq(id->send_cq);
	if (id->recv_cq)
		ibv_destroy_cq(id->recv_cq);
	if (id->send_cq_channel && id->send_cq_channel != id->recv_cq_channel)
		ibv_destroy_comp_channel(id->send_cq_channel);
	if (id->recv_cq_channel)
		ibv_destroy_comp_channel(id->recv_cq_channel);
	id->send_cq = id->recv_cq = NULL;
	id->send_cq_channel = id->recv_cq_channel = NULL;
}

static int cq_create(struct rdma_cm_id *id, uint32_t size, struct ibv_comp_channel **channel,
		     struct ibv_cq **cq)
{
	if (!size)
		return 0;
	*channel = ibv_create_comp_channel(id->verbs);
	if (*channel)
		*cq = ibv_create_cq(id->verbs, (int)size, id, *channel, 0);
	if (!*channel || !*cq)
		return errno ? -errno : -ENOMEM;
	return 0;
}

int abi_cm_cqs_create(struct rdma_cm_id *id, uint32_t send_size, uint32_t recv_size)
{
	int err = cq_create(id, recv_size, &id->recv_cq_channel, &id->recv_cq);

	if (!err)
		err = cq_create(id, send_size, &id->send_cq_channel, &id->send_cq);
	if (err)
		abi_cm_cqs_destroy(id);
	return err;
}

/* What the program left open is filled in from the id. */
static int complete_attr(struct rdma_cm_id *id, struct ibv_qp_init_attr_ex *attr)
{
	int err;

	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD) || !attr->pd) {
		attr->comp_mask |= IBV_QP_INIT_ATTR_PD;
		attr->pd = id->pd;
	}
	if (!attr->pd || attr->pd->context != id->verbs)
		return -EINVAL;
	if ((id->recv_cq && attr->recv_cq && id->recv_cq != attr->recv_cq) ||
	    (id->send_cq && attr->send_cq && id->send_cq != attr->send_cq))
		return -EINVAL;
	err = abi_cm_cqs_create(id, attr->send_cq || id->send_cq ? 0 : attr->cap.max_send_wr,
				attr->recv_cq || id->recv_cq ? 0 : attr->cap.max_recv_wr);
	if (err)
		return err;
	if (!attr->send_cq)
		attr->send_cq = id->send_cq;
	if (!attr->recv_cq)
		attr->recv_cq = id->recv_cq;
	if (!attr->srq)
		attr->srq = id->srq;
	return 0;
}

static int init_attr(const struct abi_cm_id *id, enum ibv_qp_state state, struct ibv_qp_attr *attr)
{
	attr->qp_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ;
	attr->port_num = id->rdma.port_num;
	switch (state) {
	case IBV_QPS_INIT:
	case IBV_QPS_RTR:
		return IBV_QP_STATE | IBV_QP_ACCESS_FLAGS | IBV_QP_PORT;
	case IBV_QPS_RTS:
		return IBV_QP_STATE;
	case IBV_QPS_RESET:
	case IBV_QPS_SQD:
	case IBV_QPS_SQE:
	case IBV_QPS_ERR:
	case IBV_QPS_UNKNOWN:
		break;
	}
	return -EINVAL;
}

int rdma_init_qp_attr(struct rdma_cm_id *rdma, struct ibv_qp_attr *attr, int *mask)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	int bits;

	if (!id || !id->device || !attr || !mask)
		return abi_cm_result(-EINVAL);
	bits = init_attr(id, attr->qp_state, attr);
	if (bits < 0)
		return abi_cm_result(bits);
	*mask = bits;
	return 0;
}

/* Receives may be posted from here on. */
static int make_ready(struct abi_cm_id *id, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_INIT };
	int mask = init_attr(id, IBV_QPS_INIT, &attr);

	return -ibv_modify_qp(qp, &attr, mask);
}

static int create(struct abi_cm_id *id, struct ibv_qp_init_attr_ex *attr)
{
	struct rdma_cm_id *rdma = &id->rdma;
	struct ibv_qp *qp;
	int err;

	if (rdma->qp || !rdma->verbs)
		return -EINVAL;
	err = complete_attr(rdma, attr);
	if (err)
		return err;
	qp = ibv_create_qp_ex(rdma->verbs, attr);
	if (!qp) {
		err = errno ? -errno : -ENOMEM;
		goto err_cqs;
	}
	err = make_ready(id, qp);
	if (err)
		goto err_qp;
	rdma->pd = qp->pd;
	rdma->qp = qp;
	return 0;

err_qp:
	ibv_destroy_qp(qp);
err_cqs:
	abi_cm_cqs_destroy(rdma);
	return err;
}

int rdma_create_qp_ex(struct rdma_cm_id *rdma, struct ibv_qp_init_attr_ex *attr)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	if (!id || !attr)
		return abi_cm_result(-EINVAL);
	return abi_cm_result(create(id, attr));
}

int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	struct ibv_qp_init_attr_ex ex = { .comp_mask = 0 };
	int ret;

	if (!attr)
		return abi_cm_result(-EINVAL);
	/* The old structure is the beginning of the new one. */
	memcpy(&ex, attr, sizeof(*attr));
	ex.comp_mask = IBV_QP_INIT_ATTR_PD;
	ex.pd = pd;
	ret = rdma_create_qp_ex(id, &ex);
	memcpy(attr, &ex, sizeof(*attr));
	return ret;
}

/* Destroying would cut off what an orderly end still has to send. */
static void wait_closed(struct abi_cm_id *id)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += QP_CLOSE_MS / 1000;
	abi_lock(id->engine);
	abi_flush(id->engine);
	while (id->state == CM_CLOSING && !abi_cm_id_wait(id, &until))
		;
	abi_unlock(id->engine);
}

void rdma_destroy_qp(struct rdma_cm_id *rdma)
{
	struct abi_cm_id *id = abi_cm_id_any(rdma);

	if (!id || !rdma->qp)
		return;
	if (!id->engine->dead)
		wait_closed(id);
	ibv_destroy_qp(rdma->qp);
	rdma->qp = NULL;
	abi_cm_cqs_destroy(rdma);
}
