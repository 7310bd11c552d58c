/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the software RNIC needs of a network: reliable byte streams (links) and ports that take them.
 *
 * Two implementations: TCP sockets (tcp.c) and the simulator (drivers/sim).  Calls never block.  A link
 * reports through fn: IN while receiving would not return -EAGAIN, OUT while sending would not, both
 * level-triggered and only if asked for with watch(); HUP at any time, once nothing will come any more.
 */
#ifndef DRIVERS_SOFT_LINK_H
#define DRIVERS_SOFT_LINK_H

#include <sys/socket.h>
#include <sys/types.h>

#include "core/env.h"
#include "core/qp/qp.h"
#include "ual/loop.h"

enum link_event {
	LINK_IN		= 1 << 0,
	LINK_OUT	= 1 << 1,
	LINK_HUP	= 1 << 2,
};

struct soft_net_ops;

struct soft_link {
	const struct soft_net_ops *ops;
	void (*fn)(struct soft_link *, unsigned events);	/* set before attach() */
	void *ctx;
};

struct soft_port {
	const struct soft_net_ops *ops;
	void (*fn)(struct soft_port *);		/* connections wait; set before port_watch() */
	void *ctx;
};

struct soft_net_ops {
	/* A device on this loop begins and ends to use the network; cookie: the network's mark on it. */
	int (*open)(void *net, struct ual_loop *loop, void **cookie);
	void (*close)(void *net, void *cookie);
	u64 (*random)(void *net);

	/*
	 * OUT is reported when the link is up or failed; error() then says which.  local: where from, of the
	 * same family, or NULL.
	 */
	int (*connect)(void *net, const struct sockaddr *addr, socklen_t addr_len,
		       const struct sockaddr *local, struct soft_link **link);
	int (*adopt)(void *net, int fd, struct soft_link **link);	/* a duplicate of the fd */
	int (*error)(struct soft_link *link);		/* 0 or negative errno */
	int (*attach)(struct soft_link *link, void *cookie, struct ual_loop *loop, unsigned events);
	int (*watch)(struct soft_link *link, unsigned events);
	/* emss: the largest segment, for the size of FPDUs. */
	int (*info)(struct soft_link *link, struct sockaddr_storage *local,
		    struct sockaddr_storage *peer, u32 *emss);
	/* more: the rest comes at once, nothing has to leave yet. */
	ssize_t (*send)(struct soft_link *link, const struct qp_iov *iov, unsigned iov_n,
			bool more);
	/* Optional.  Bytes of a file, by reference; 0: there are none at offset. */
	ssize_t (*send_file)(struct soft_link *link, int fd, u64 offset, size_t len);
	/* 0: end */
	ssize_t (*recv)(struct soft_link *link, const struct qp_iov *iov, unsigned iov_n);
	/* no more output: FIN */
	void (*shutdown)(struct soft_link *link);
	/* abort: RST */
	void (*destroy)(struct soft_link *link, bool abort);

	int (*listen)(void *net, void *cookie, struct ual_loop *loop, const struct sockaddr *addr,
		      socklen_t addr_len, int backlog, struct soft_port **port);
	int (*port_watch)(struct soft_port *port, bool on);
	int (*port_accept)(struct soft_port *port, struct soft_link **link); /* not attached yet */
	int (*port_addr)(const struct soft_port *port, struct sockaddr_storage *addr);
	void (*port_destroy)(struct soft_port *port);
};

extern const struct soft_net_ops soft_tcp_ops;

#endif
