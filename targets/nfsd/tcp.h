/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The TCP side of the server: RPC with record marking, for the same programs.  RFC 5531 11.
 *
 * One listener on the first reactor; connections are spread over all of them.  Replies leave in the order in which
 * calls end.  A connection with TCP_CALLS_MAX calls or TCP_WINDOW bytes under way is not read from until there are
 * fewer; what a peer may do is in nfsrdma/server/limits.h.
 */
#ifndef TARGETS_NFSD_TCP_H
#define TARGETS_NFSD_TCP_H

#include "nfsrdma/server/server.h"
#include "ual/ual.h"

struct nfsd_tcp;

/* addr: with its port; 0 picks one.  On the first loop, or before the loops run. */
int nfsd_tcp_create(struct nfs_server *server, struct ual_loop *const *loops, unsigned loop_n,
		    const struct sockaddr *addr, socklen_t addr_len, struct nfsd_tcp **tcp);
int nfsd_tcp_addr(const struct nfsd_tcp *tcp, struct sockaddr_storage *addr);
/* No new connections; on the first loop. */
void nfsd_tcp_stop(struct nfsd_tcp *tcp);
/* On reactor i's loop: drops its connections.  True when the last has gone. */
bool nfsd_tcp_reactor_stop(struct nfsd_tcp *tcp, unsigned i);
void nfsd_tcp_destroy(struct nfsd_tcp *tcp);

#endif
