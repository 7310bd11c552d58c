// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Resolving: which device leads to an address.  The system's routing answers at once (it names the source
 * address that it would use), so outcomes are queued before the calls return; finding a peer's hardware address
 * is TCP's business.
 */
#include <string.h>
#include <unistd.h>

#include "ual/verbs/cm/cm.h"

/* The source address on the way to dst, from src if that is not a wildcard. */
static int route_source(const struct sockaddr *dst, const struct sockaddr *src,
			struct sockaddr_storage *out)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	struct sockaddr_storage to = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(*out);
	int err = 0;
	int fd = socket(dst->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd < 0)
		return -errno;
	memcpy(&to, dst, abi_cm_addr_len(dst));
	if (!abi_cm_addr_port(dst)) /* a datagram socket does not connect to port 0 everywhere */
		abi_cm_addr_set_port((struct sockaddr *)&to, htons(9));
	if (src && !abi_cm_addr_is_any(src)) {
		memcpy(&from, src, abi_cm_addr_len(src));
		abi_cm_addr_set_port((struct sockaddr *)&from, 0);
		if (bind(fd, (struct sockaddr *)&from, abi_cm_addr_len(src)) < 0)
			err = -errno;
	}
	if (!err && (connect(fd, (struct sockaddr *)&to, abi_cm_addr_len(dst)) < 0 ||
		     getsockname(fd, (struct sockaddr *)out, &len) < 0))
		err = -errno;
	close(fd);
	if (!err)
		abi_cm_addr_set_port((struct sockaddr *)out, src ? abi_cm_addr_port(src) : 0);
	return err;
}

/* The wildcard as a destination means this machine. */
static void put_destination(struct rdma_cm_id *rdma, const struct sockaddr *dst,
			    const struct sockaddr_storage *local)
{
	uint16_t port = abi_cm_addr_port(dst);

	if (abi_cm_addr_is_any(dst))
		dst = (const struct sockaddr *)local;
	abi_cm_addr_put(&rdma->route.addr.dst_storage, dst);
	abi_cm_addr_set_port(&rdma->route.addr.dst_addr, port);
}

static int tell(struct abi_cm_id *id, enum rdma_cm_event_type type, int status,
		enum abi_cm_state from, enum abi_cm_state to)
{
	struct abi_cm_event *event = NULL;
	int err = -EINVAL;

	abi_lock(id->engine);
	if (id->state == from) {
		event = abi_cm_event_new(id, type, status);
		err = event ? 0 : -ENOMEM;
	}
	if (event) {
		id->state = to;
		abi_cm_event_push(event);
	}
	abi_unlock(id->engine);
	return err ? err : abi_cm_wait_outcome(id);
}

static int resolve_addr(struct abi_cm_id *id, const struct sockaddr *src,
			const struct sockaddr *dst)
{
	struct sockaddr_storage local;
	enum abi_cm_state from;
	int err = 0;

	if (!abi_cm_addr_len(dst) || (src && src->sa_family != dst->sa_family))
		return -EINVAL;
	abi_lock(id->engine);
	from = id->state;
	abi_unlock(id->engine);
	if (from != CM_IDLE && from != CM_BOUND)
		return -EINVAL;
	if (from == CM_BOUND)
		src = &id->rdma.route.addr.src_addr;
	else if (src && abi_cm_addr_port(src)) {
		err = abi_cm_bind(id, src);
		from = CM_BOUND;
	}
	if (src && src->sa_family != dst->sa_family)
		return -EINVAL;
	if (!err)
		err = route_source(dst, src, &local);
	if (err)
		return err;
	if (!id->device && abi_cm_device_bind(id, (struct sockaddr *)&local))
		return tell(id, RDMA_CM_EVENT_ADDR_ERROR, -ENODEV, from, from);
	abi_cm_addr_put(&id->rdma.route.addr.src_storage, (struct sockaddr *)&local);
	put_destination(&id->rdma, dst, &local);
	return tell(id, RDMA_CM_EVENT_ADDR_RESOLVED, 0, from, CM_ADDR_RESOLVED);
}

int rdma_resolve_addr(struct rdma_cm_id *rdma, struct sockaddr *src_addr, struct sockaddr *dst_addr,
		      int timeout_ms)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	return id ? abi_cm_result(resolve_addr(id, src_addr, dst_addr)) : -1;
}

int rdma_resolve_route(struct rdma_cm_id *rdma, int timeout_ms)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	if (!id)
		return -1;
	return abi_cm_result(
		tell(id, RDMA_CM_EVENT_ROUTE_RESOLVED, 0, CM_ADDR_RESOLVED, CM_ROUTE_RESOLVED));
}
