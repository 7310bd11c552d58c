// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Calls that rdma-core got after Debian 12 (RDMACM_1.4): events of the program's own, names as events. */
#include <stdlib.h>

#include "ual/verbs/cm/cm.h"

int rdma_write_cm_event(struct rdma_cm_id *rdma, enum rdma_cm_event_type type, int status,
			uint64_t arg);
int rdma_resolve_addrinfo(struct rdma_cm_id *rdma, const char *node, const char *service,
			  const struct rdma_addrinfo *hints);
int rdma_query_addrinfo(struct rdma_cm_id *rdma, struct rdma_addrinfo **info);

static int queue(struct abi_cm_id *id, unsigned type, int status, uint64_t arg)
{
	struct abi_cm_event *event;
	int err = 0;

	abi_lock(id->engine);
	event = abi_cm_event_new(id, (enum rdma_cm_event_type)type, status);
	if (!event) {
		err = -ENOMEM;
	} else {
		*(uint64_t *)&event->rdma.param = arg;
		abi_cm_event_push(event);
	}
	abi_unlock(id->engine);
	return err;
}

int rdma_write_cm_event(struct rdma_cm_id *rdma, enum rdma_cm_event_type type, int status,
			uint64_t arg)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	if (!id || (unsigned)type != ABI_CM_USER)
		return abi_cm_result(-EINVAL);
	return abi_cm_result(queue(id, (unsigned)type, status, arg));
}

int rdma_resolve_addrinfo(struct rdma_cm_id *rdma, const char *node, const char *service,
			  const struct rdma_addrinfo *hints)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	int ret, err;

	if (!id || id->addrinfo)
		return abi_cm_result(-EINVAL);
	ret = rdma_getaddrinfo(node, service, hints, &id->addrinfo);
	err = queue(id, ret ? ABI_CM_ADDRINFO_ERROR : ABI_CM_ADDRINFO_RESOLVED, ret ? -ENOENT : 0,
		    0);
	return abi_cm_result(err ? err : abi_cm_wait_outcome(id));
}

int rdma_query_addrinfo(struct rdma_cm_id *rdma, struct rdma_addrinfo **info)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	if (!id || !info || !id->addrinfo)
		return abi_cm_result(-EINVAL);
	*info = id->addrinfo;
	id->addrinfo = NULL;	/* the program's to free */
	return 0;
}
