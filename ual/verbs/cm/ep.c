// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* rdma_create_ep: from an address to an id that is ready to listen or to connect, in one call. */
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/cm/cm.h"

#define RESOLVE_MS 2000

/* Kept for the QPs of what comes in: rdma_get_request(). */
static int prepare_passive(struct abi_cm_id *id, const struct rdma_addrinfo *res, struct ibv_pd *pd,
			   const struct ibv_qp_init_attr *attr)
{
	int err = abi_cm_bind(id, res->ai_src_addr);

	if (err)
		return err;
	if (pd)
		id->rdma.pd = pd;
	if (!attr)
		return 0;
	id->ep_attr = malloc(sizeof(*attr));
	if (!id->ep_attr)
		return -ENOMEM;
	*id->ep_attr = *attr;
	id->ep_attr->qp_type = (enum ibv_qp_type)res->ai_qp_type;
	return 0;
}

static int keep_connect_data(struct abi_cm_id *id, const struct rdma_addrinfo *res)
{
	if (!res->ai_connect_len)
		return 0;
	if (res->ai_connect_len > ABI_CM_PDATA_SEND_MAX)
		return -EINVAL;
	id->connect = malloc(res->ai_connect_len);
	if (!id->connect)
		return -ENOMEM;
	memcpy(id->connect, res->ai_connect, res->ai_connect_len);
	id->connect_len = res->ai_connect_len;
	return 0;
}

static int prepare_active(struct abi_cm_id *id, const struct rdma_addrinfo *res, struct ibv_pd *pd,
			  struct ibv_qp_init_attr *attr)
{
	if (rdma_resolve_addr(&id->rdma, res->ai_src_addr, res->ai_dst_addr, RESOLVE_MS) ||
	    rdma_resolve_route(&id->rdma, RESOLVE_MS))
		return -errno;
	if (attr) {
		attr->qp_type = (enum ibv_qp_type)res->ai_qp_type;
		if (rdma_create_qp(&id->rdma, pd, attr))
			return -errno;
	}
	return keep_connect_data(id, res);
}

int rdma_create_ep(struct rdma_cm_id **out, struct rdma_addrinfo *res, struct ibv_pd *pd,
		   struct ibv_qp_init_attr *qp_init_attr)
{
	struct rdma_cm_id *rdma;
	struct abi_cm_id *id;
	int err;

	if (!out || !res)
		return abi_cm_result(-EINVAL);
	err = abi_cm_id_create(NULL, &rdma, NULL, (enum rdma_port_space)res->ai_port_space,
			       (enum ibv_qp_type)res->ai_qp_type);
	if (err)
		return abi_cm_result(err);
	id = abi_cm_id(rdma);
	err = res->ai_flags & RAI_PASSIVE ? prepare_passive(id, res, pd, qp_init_attr)
					  : prepare_active(id, res, pd, qp_init_attr);
	if (err) {
		rdma_destroy_ep(rdma);
		return abi_cm_result(err);
	}
	*out = rdma;
	return 0;
}

void rdma_destroy_ep(struct rdma_cm_id *id)
{
	if (!abi_cm_id_any(id))
		return;
	if (id->qp)
		rdma_destroy_qp(id);
	if (id->srq)
		rdma_destroy_srq(id);
	rdma_destroy_id(id);
}
