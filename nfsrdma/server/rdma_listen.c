// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The listener, and the reactors that its connections are spread over. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "nfsrdma/server/rdma.h"

static void reactor_deinit(struct nfs_rdma_reactor *r)
{
	core_assert(list_empty(&r->conns) && list_empty(&r->hosts));
	ual_defer_cancel(r->dev->loop, &r->feed);
	rdma_arena_deinit(&r->arena);
	ual_pd_destroy(r->pd);
}

static int reactor_init(struct nfs_rdma *rdma, struct nfs_rdma_reactor *r, struct ual_device *dev)
{
	int err;

	r->rdma = rdma;
	r->dev = dev;
	INIT_LIST_HEAD(&r->conns);
	INIT_LIST_HEAD(&r->hosts);
	INIT_LIST_HEAD(&r->turns);
	room_init(&r->silent, NFS_SILENT_MAX, NFS_SILENT_OF_HOST);
	r->feed = (struct ual_defer){ .fn = rdma_host_feed, .ctx = r };
	err = ual_pd_create(dev, &r->pd);
	if (err)
		return err;
	err = rdma_arena_init(&r->arena, r->pd);
	if (err)
		ual_pd_destroy(r->pd);
	return err;
}

/* A port of zero in a copy of the address is the standard's. */
static void default_port(struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	if (addr->ss_family == AF_INET6 && !in6->sin6_port)
		in6->sin6_port = htons(RPCRDMA_PORT);
	if (addr->ss_family == AF_INET && !in->sin_port)
		in->sin_port = htons(RPCRDMA_PORT);
}

/* Before it asked for a connection. */
static void on_refused(struct ual_device *dev, const struct sockaddr_storage *peer, int err,
		       void *ctx)
{
	struct nfs_rdma *rdma = ctx;

	nfs_conn_refused(rdma->server, dev->loop, peer,
			 err == -EBUSY	    ? "it said nothing while others came"
			 : err == -ETIMEDOUT ? "it did not say in time what it wants"
					     : "what came is no start-up of RDMA");
}

static int listen_on(struct nfs_rdma *rdma, const struct nfs_rdma_cfg *cfg)
{
	struct sockaddr_storage addr = { 0 };
	struct ual_listen_cfg listen = {
		.addr = (struct sockaddr *)&addr,
		.addr_len = cfg->addr_len,
		.spread = cfg->devices,
		.spread_n = cfg->device_n,
		.pending_max = NFS_SILENT_MAX * cfg->device_n,
		.pending_share = NFS_SILENT_OF_HOST * cfg->device_n,
		.on_request = rdma_conn_request,
		.on_refused = on_refused,
		.ctx = rdma,
	};

	if (cfg->addr_len > sizeof(addr))
		return -EINVAL;
	memcpy(&addr, cfg->addr, cfg->addr_len);
	default_port(&addr);
	return ual_listen(cfg->devices[0], &listen, &rdma->listener);
}

int nfs_rdma_create(struct nfs_server *server, const struct nfs_rdma_cfg *cfg,
		    struct nfs_rdma **out)
{
	struct nfs_rdma *rdma;
	int err;

	if (!cfg->device_n)
		return -EINVAL;
	rdma = calloc(1, sizeof(*rdma) + cfg->device_n * sizeof(rdma->reactors[0]));
	if (!rdma)
		return -ENOMEM;
	rdma->server = server;
	rdma->cfg = *cfg;
	if (!rdma->cfg.conns_max)
		rdma->cfg.conns_max = NFS_CONNS_MAX;
	for (unsigned i = 0; i < cfg->device_n; i++) {
		err = reactor_init(rdma, &rdma->reactors[i], cfg->devices[i]);
		if (err)
			goto err_reactors;
		rdma->reactor_n++;
	}
	err = listen_on(rdma, cfg);
	if (err)
		goto err_reactors;
	*out = rdma;
	return 0;

err_reactors:
	nfs_rdma_destroy(rdma);
	return err;
}

int nfs_rdma_addr(const struct nfs_rdma *rdma, struct sockaddr_storage *addr)
{
	return ual_listener_addr(rdma->listener, addr);
}

void nfs_rdma_stop(struct nfs_rdma *rdma)
{
	ual_listener_destroy(rdma->listener);
	rdma->listener = NULL;
}

bool nfs_rdma_reactor_stop(struct nfs_rdma *rdma, unsigned i)
{
	struct nfs_rdma_reactor *r = &rdma->reactors[i];
	struct rdma_conn *conn;

	r->stopping = true;
	list_for_each_entry(conn, &r->conns, link)
		if (!conn->dead)
			rdma_conn_kill(conn);
	return list_empty(&r->conns);
}

void nfs_rdma_destroy(struct nfs_rdma *rdma)
{
	if (!rdma)
		return;
	if (rdma->listener)
		ual_listener_destroy(rdma->listener);
	for (unsigned i = 0; i < rdma->reactor_n; i++)
		reactor_deinit(&rdma->reactors[i]);
	free(rdma);
}
