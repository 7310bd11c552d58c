// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Local addresses and ports.  A port that an id is bound to is held by a TCP socket, so that the number is
 * known at once and the system sees it taken, until the listener or the connection has it.  All such sockets
 * allow reuse (connections that ended must not block a port); collisions of ids in this process are found here.
 */
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "ual/verbs/cm/cm.h"

static struct list_head ports = LIST_HEAD_INIT(ports);	/* under the engine's lock */

socklen_t abi_cm_addr_len(const struct sockaddr *addr)
{
	if (!addr)
		return 0;
	if (addr->sa_family == AF_INET)
		return sizeof(struct sockaddr_in);
	return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : 0;
}

bool abi_cm_addr_is_any(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ((const struct sockaddr_in *)addr)->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)addr)->sin6_addr);
}

static bool is_loopback(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >>
			       IN_CLASSA_NSHIFT ==
		       IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)addr)->sin6_addr);
}

uint16_t abi_cm_addr_port(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ((const struct sockaddr_in *)addr)->sin_port;
	return addr->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)addr)->sin6_port : 0;
}

void abi_cm_addr_set_port(struct sockaddr *addr, uint16_t port)
{
	if (addr->sa_family == AF_INET)
		((struct sockaddr_in *)addr)->sin_port = port;
	else if (addr->sa_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = port;
}

void abi_cm_addr_put(struct sockaddr_storage *to, const struct sockaddr *addr)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)addr;
	struct sockaddr_in four = { .sin_family = AF_INET };

	if (addr->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		four.sin_port = six->sin6_port;
		memcpy(&four.sin_addr, &six->sin6_addr.s6_addr[12], sizeof(four.sin_addr));
		addr = (struct sockaddr *)&four;
	}
	/* Field by field: struct rdma_addr has no room behind its own storage to be sloppy with. */
	memcpy(to, addr, abi_cm_addr_len(addr));
}

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)a)->sin6_addr,
				  &((const struct sockaddr_in6 *)b)->sin6_addr);
}

static bool collides(const struct abi_cm_id *id, const struct sockaddr *addr)
{
	struct abi_cm_id *other;

	list_for_each_entry(other, &ports, on_ports) {
		const struct sockaddr *theirs = (const struct sockaddr *)&other->bound;

		if (abi_cm_addr_port(theirs) != abi_cm_addr_port(addr) ||
		    theirs->sa_family != addr->sa_family)
			continue;
		if (!abi_cm_addr_is_any(theirs) && !abi_cm_addr_is_any(addr) &&
		    !same_host(theirs, addr))
			continue;
		if (!id->reuseaddr || !other->reuseaddr || other->state == CM_LISTENING)
			return true;
	}
	return false;
}

/* A bound socket; fills in the port if the system is to choose. */
static int hold_port(struct sockaddr_storage *addr)
{
	struct sockaddr *sa = (struct sockaddr *)addr;
	socklen_t len = abi_cm_addr_len(sa);
	int one = 1, err;
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (sa->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, sa, len) < 0 || getsockname(fd, sa, &len) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int bind_port(struct abi_cm_id *id, struct sockaddr_storage *addr)
{
	int fd;

	if (abi_cm_addr_port((struct sockaddr *)addr) && collides(id, (struct sockaddr *)addr))
		return -EADDRINUSE;
	fd = hold_port(addr);
	if (fd < 0)
		return fd;
	id->port_fd = fd;
	id->bound = *addr;
	list_add_tail(&id->on_ports, &ports);
	id->state = CM_BOUND;
	return 0;
}

void abi_cm_port_release(struct abi_cm_id *id)
{
	if (id->port_fd >= 0)
		close(id->port_fd);
	id->port_fd = -1;
}

void abi_cm_port_forget(struct abi_cm_id *id)
{
	abi_cm_port_release(id);
	list_del_init(&id->on_ports);
}

static void unbind(struct abi_cm_id *id)
{
	abi_lock(id->engine);
	abi_cm_port_forget(id);
	id->state = CM_IDLE;
	abi_unlock(id->engine);
}

/* The system says first whether the address is the machine's at all, then the devices whether it is theirs. */
int abi_cm_bind(struct abi_cm_id *id, const struct sockaddr *addr)
{
	struct sockaddr_storage local = { .ss_family = AF_UNSPEC };
	int err;

	if (!abi_cm_addr_len(addr))
		return -EINVAL;
	memcpy(&local, addr, abi_cm_addr_len(addr));
	abi_lock(id->engine);
	err = id->state == CM_IDLE ? bind_port(id, &local) : -EINVAL;
	abi_unlock(id->engine);
	if (err)
		return err;
	if (!abi_cm_addr_is_any(addr))
		err = abi_cm_device_bind(id, addr);
	/* Of a loopback address that no device shows, the kernel's rdma_cm makes any: libfabric asks with it. */
	if (err == -ENODEV && is_loopback(addr))
		err = 0;
	if (err) {
		unbind(id);
		return err;
	}
	abi_cm_addr_put(&id->rdma.route.addr.src_storage, (struct sockaddr *)&local);
	return 0;
}

int rdma_bind_addr(struct rdma_cm_id *rdma, struct sockaddr *addr)
{
	struct abi_cm_id *id = abi_cm_id(rdma);

	return id ? abi_cm_result(abi_cm_bind(id, addr)) : -1;
}
