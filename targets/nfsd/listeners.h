/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* All that the daemon listens on: each address by TCP and RDMA; and what rpcbind is told of it. */
#ifndef TARGETS_NFSD_LISTENERS_H
#define TARGETS_NFSD_LISTENERS_H

#include "nfsrdma/server/nfs_rdma.h"
#include "targets/daemon/reactor.h"
#include "targets/nfsd/options.h"
#include "targets/nfsd/tcp.h"

struct listeners {
	const struct nfsd_options *options;
	struct nfsd_tcp *tcp[NFSD_LISTENS_MAX + 2];
	struct nfs_rdma *rdma[NFSD_LISTENS_MAX + 2];
	unsigned tcp_n, rdma_n;
	uint16_t tcp_port;
	char ready[1024];		/* " tcp 0.0.0.0:2049 rdma 0.0.0.0:20049" */
	bool registered;
};

/* Before the reactors run.  What failed has been logged. */
int listeners_open(struct listeners *l, const struct nfsd_options *options,
		   struct nfs_server *server, struct daemon_reactor *reactors, unsigned reactor_n);
void listeners_stop(struct listeners *l);			/* on the first reactor */
/* on reactor i, again and again until true */
bool listeners_reactor_quiet(struct listeners *l, unsigned i);
void listeners_close(struct listeners *l);

void listeners_register(struct listeners *l);
void listeners_unregister(struct listeners *l);

#endif
