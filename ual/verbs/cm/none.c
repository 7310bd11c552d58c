// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Calls for what iWARP does not have, or does by itself: the errors that its devices give in the kernel. */
#include "ual/verbs/cm/cm.h"

int rdma_notify(struct rdma_cm_id *rdma, enum ibv_event_type event)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	/* Events of a connection that is being made mean nothing here: MPA has its own messages. */
	return id && id->device ? 0 : abi_cm_result(-EINVAL);
}

/* For QPs that the program drives itself through the states; here rdma_connect() does all of it. */
int rdma_establish(struct rdma_cm_id *id)
{
	return abi_cm_result(-EINVAL);
}

int rdma_join_multicast(struct rdma_cm_id *rdma, struct sockaddr *addr, void *context)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	if (!id || !abi_cm_addr_len(addr))
		return abi_cm_result(-EINVAL);
	return abi_cm_result(id->device ? -EINVAL : -ENODEV);
}

int rdma_join_multicast_ex(struct rdma_cm_id *id, struct rdma_cm_join_mc_attr_ex *attr,
			   void *context)
{
	const uint32_t needed = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS;

	if (!attr)
		return abi_cm_result(-EINVAL);
	if (attr->comp_mask >= RDMA_CM_JOIN_MC_ATTR_RESERVED)
		return abi_cm_result(-ENOTSUP);
	if ((attr->comp_mask & needed) != needed || attr->join_flags >= RDMA_MC_JOIN_FLAG_RESERVED)
		return abi_cm_result(-EINVAL);
	return rdma_join_multicast(id, attr->addr, context);
}

int rdma_leave_multicast(struct rdma_cm_id *id, struct sockaddr *addr)
{
	return abi_cm_result(abi_cm_id(id) && abi_cm_addr_len(addr) ? -EADDRNOTAVAIL : -EINVAL);
}

/* Enhanced connection establishment is kept for the program and never agreed on: no peer offers it. */
int rdma_set_local_ece(struct rdma_cm_id *rdma, struct ibv_ece *ece)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	if (!id || rdma->qp || !ece || !ece->vendor_id || ece->comp_mask)
		return abi_cm_result(-EINVAL);
	id->local_ece = *ece;
	return 0;
}

int rdma_get_remote_ece(struct rdma_cm_id *rdma, struct ibv_ece *ece)
{
	if (!abi_cm_id(rdma) || rdma->qp || !ece)
		return abi_cm_result(-EINVAL);
	*ece = (struct ibv_ece){ .vendor_id = 0 };
	return 0;
}
