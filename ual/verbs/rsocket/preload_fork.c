/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Servers that accept and then fork: an RDMA connection cannot move to the child, so with RDMAV_FORK_SAFE=1 at
 * both ends sockets begin as TCP, and the RDMA connection is made when data first flows, by the process that has
 * the socket then.
 *
 *   passive: listens for RDMA, says where in four bytes on the TCP connection, accepts
 *   active:  waits for the four bytes, connects there
 *
 * Zero means the port of the TCP connection.  Where RDMA and TCP share ports (iWARP in software) that one is
 * taken, and the bytes are RENDEZVOUS and another port.  When any of it fails, TCP goes on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

#include "ual/verbs/rsocket/preload.h"

#define RENDEZVOUS	0x4f520000u	/* in network order, with the port in its lower half */
#define RENDEZVOUS_S	5

static void port_set(struct sockaddr_storage *addr, uint16_t port)
{
	if (addr->ss_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)addr)->sin_port = htons(port);
}

static uint16_t port_of(const struct sockaddr_storage *addr)
{
	return ntohs(addr->ss_family == AF_INET6 ? ((struct sockaddr_in6 *)addr)->sin6_port
						 : ((struct sockaddr_in *)addr)->sin_port);
}

static int blocking(int fd)
{
	int flags = preload_real()->fcntl(fd, F_GETFL);

	preload_real()->fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return flags;
}

/* Where the peer listens; false when it said something else, which is data then and still there. */
static bool rendezvous_read(int fd, struct sockaddr_storage *addr, socklen_t *len)
{
	int flags = blocking(fd);
	uint32_t msg;
	ssize_t n = preload_real()->recv(fd, &msg, sizeof(msg), MSG_PEEK | MSG_WAITALL);

	preload_real()->fcntl(fd, F_SETFL, flags);
	if (n != sizeof(msg) || preload_real()->getpeername(fd, (struct sockaddr *)addr, len))
		return false;
	msg = ntohl(msg);
	if (msg && (msg & 0xffff0000) != RENDEZVOUS)
		return false;
	if (msg)
		port_set(addr, msg & 0xffff);
	return true;
}

/* Called by the first of the data calls; others of the same socket see the outcome. */
void preload_fork_active(int fd, struct preload_socket *s)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int rs;

	if (!rendezvous_read(fd, &addr, &len))
		goto tcp;
	rs = rsocket(addr.ss_family, SOCK_STREAM, 0);
	if (rs < 0)
		goto tcp;
	preload_options_set(rs);
	if (!rconnect(rs, (struct sockaddr *)&addr, len) && !preload_fd_to_rdma(fd, s, rs))
		return;
	rclose(rs);
tcp:
	preload_fd_forget(fd);
}

static int listen_at(struct sockaddr_storage *addr, socklen_t len, uint16_t port)
{
	struct timeval limit = { .tv_sec = RENDEZVOUS_S };
	int rs = rsocket(addr->ss_family, SOCK_STREAM, 0), one = 1;

	if (rs < 0)
		return -1;
	port_set(addr, port);
	rsetsockopt(rs, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	rsetsockopt(rs, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	preload_options_set(rs);
	if (!rbind(rs, (struct sockaddr *)addr, len) && !rlisten(rs, 1))
		return rs;
	rclose(rs);
	return -1;
}

static int rendezvous_listen(int fd, uint32_t *msg)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr), got = sizeof(addr);
	int rs;

	if (preload_real()->getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	*msg = 0;
	rs = listen_at(&addr, len, port_of(&addr));
	if (rs >= 0)
		return rs;
	rs = listen_at(&addr, len, 0);
	if (rs < 0)
		return -1;
	if (rgetsockname(rs, (struct sockaddr *)&addr, &got)) {
		rclose(rs);
		return -1;
	}
	*msg = htonl(RENDEZVOUS | port_of(&addr));
	return rs;
}

void preload_fork_passive(int fd, struct preload_socket *s)
{
	int flags = blocking(fd), listener, rs = -1;
	uint32_t msg;

	listener = rendezvous_listen(fd, &msg);
	if (listener >= 0 && preload_real()->write(fd, &msg, sizeof(msg)) == sizeof(msg))
		rs = raccept(listener, NULL, NULL);
	preload_real()->fcntl(fd, F_SETFL, flags);
	if (listener >= 0)
		rclose(listener);
	if (rs >= 0 && !preload_fd_to_rdma(fd, s, rs))
		return;
	if (rs >= 0)
		rclose(rs);
	preload_fd_forget(fd);
}
