/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Serves an nfs_server over RDMA: a listener whose connections are spread over device instances, one for each
 * reactor.
 *
 * nfs_rdma_stop() on the listener's loop ends new connections; then nfs_rdma_reactor_stop() on each loop drops its
 * connections and calls fn once the last call has come back; then nfs_rdma_destroy().
 */
#ifndef NFSRDMA_NFS_RDMA_H
#define NFSRDMA_NFS_RDMA_H

#include "nfsrdma/server/server.h"
#include "ual/ual.h"

struct nfs_rdma;

struct nfs_rdma_cfg {
	struct ual_device *const *devices; /* one for each reactor; the first has the listener */
	unsigned device_n;
	const struct sockaddr *addr;		/* port 0: 20049 */
	socklen_t addr_len;
	unsigned conns_max;			/* 0: NFS_CONNS_MAX for each reactor */
	enum ual_crc crc;			/* as in ual_conn_param */
};

/* On the first device's loop, or before the loops run. */
int nfs_rdma_create(struct nfs_server *server, const struct nfs_rdma_cfg *cfg,
		    struct nfs_rdma **rdma);
int nfs_rdma_addr(const struct nfs_rdma *rdma, struct sockaddr_storage *addr);
void nfs_rdma_stop(struct nfs_rdma *rdma);
/* True: it is empty.  False: call again later, on the same loop. */
bool nfs_rdma_reactor_stop(struct nfs_rdma *rdma, unsigned i);
void nfs_rdma_destroy(struct nfs_rdma *rdma);

#endif
