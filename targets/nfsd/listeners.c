// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "nfsrdma/engine/nfs3.h"
#include "targets/daemon/addr.h"
#include "targets/daemon/log.h"
#include "targets/nfsd/rpcbind.h"

static socklen_t addr_len(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : sizeof(struct sockaddr_in);
}

static void port_set(struct sockaddr_storage *addr, unsigned port)
{
	if (addr->ss_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)addr)->sin_port = htons((uint16_t)port);
}

static uint16_t port_of(const struct sockaddr_storage *addr)
{
	return ntohs(addr->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)addr)->sin6_port
						 : ((const struct sockaddr_in *)addr)->sin_port);
}

static void add_ready(struct listeners *l, const char *what, const struct sockaddr_storage *addr)
{
	size_t used = strlen(l->ready);
	char text[DAEMON_ADDR_TEXT];

	daemon_addr_text(addr, text);
	snprintf(l->ready + used, sizeof(l->ready) - used, " %s %s", what, text);
}

static int say(const char *what, const struct sockaddr_storage *addr, int err, bool by_default)
{
	char text[DAEMON_ADDR_TEXT];

	daemon_addr_text(addr, text);
	if (by_default && (err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL)) {
		daemon_log(LOG_NOTICE, "%s %s: this machine has no such address", what, text);
		return 0;
	}
	daemon_log(LOG_ERR, "%s %s: %s%s", what, text, strerror(-err),
		   err == -EADDRINUSE
			   ? "; stop what listens there (the kernel's nfsd?) or choose another port"
		   : err == -EADDRNOTAVAIL ? "; give an address of this machine"
		   : err == -EACCES	   ? "; ports below 1024 need root"
					   : "");
	return err;
}

static int open_tcp(struct listeners *l, struct nfs_server *server, struct sockaddr_storage addr,
		    bool by_default, struct daemon_reactor *reactors, unsigned n)
{
	struct ual_loop *loops[NFSD_REACTORS_MAX];
	int err;

	for (unsigned i = 0; i < n; i++)
		loops[i] = reactors[i].loop;
	port_set(&addr, l->tcp_port);
	err = nfsd_tcp_create(server, loops, n, (struct sockaddr *)&addr, addr_len(&addr),
			      &l->tcp[l->tcp_n]);
	if (err)
		return say("tcp", &addr, err, by_default);
	nfsd_tcp_addr(l->tcp[l->tcp_n++], &addr);
	l->tcp_port = port_of(&addr); /* one that was picked serves the other addresses too */
	add_ready(l, "tcp", &addr);
	return 0;
}

static int open_rdma(struct listeners *l, struct nfs_server *server, struct sockaddr_storage addr,
		     bool by_default, struct daemon_reactor *reactors, unsigned n)
{
	struct ual_device *devices[NFSD_REACTORS_MAX];
	struct nfs_rdma_cfg cfg = {
		.devices = devices,
		.device_n = n,
		.addr = (struct sockaddr *)&addr,
		.addr_len = addr_len(&addr),
		.crc = l->options->crc,
	};
	int err;

	for (unsigned i = 0; i < n; i++)
		devices[i] = reactors[i].dev;
	port_set(&addr, l->options->rdma_port);
	err = nfs_rdma_create(server, &cfg, &l->rdma[l->rdma_n]);
	if (err)
		return say("rdma", &addr, err, by_default);
	nfs_rdma_addr(l->rdma[l->rdma_n++], &addr);
	add_ready(l, "rdma", &addr);
	return 0;
}

int listeners_open(struct listeners *l, const struct nfsd_options *options,
		   struct nfs_server *server, struct daemon_reactor *reactors, unsigned reactor_n)
{
	struct sockaddr_storage any[2] = { { .ss_family = AF_INET }, { .ss_family = AF_INET6 } };
	const struct sockaddr_storage *addrs = options->listen_n ? options->listens : any;
	unsigned n = options->listen_n ? options->listen_n : 2;
	int err = 0;

	*l = (struct listeners){ .options = options, .tcp_port = (uint16_t)options->tcp_port };
	for (unsigned i = 0; i < n && !err; i++) {
		if (!options->no_tcp)
			err = open_tcp(l, server, addrs[i], addrs == any, reactors, reactor_n);
		if (!err && !options->no_rdma)
			err = open_rdma(l, server, addrs[i], addrs == any, reactors, reactor_n);
	}
	if (!err && !l->tcp_n && !l->rdma_n) {
		daemon_log(LOG_ERR, "there is no address to listen on");
		err = -EADDRNOTAVAIL;
	}
	return err;
}

void listeners_stop(struct listeners *l)
{
	for (unsigned i = 0; i < l->tcp_n; i++)
		nfsd_tcp_stop(l->tcp[i]);
	for (unsigned i = 0; i < l->rdma_n; i++)
		nfs_rdma_stop(l->rdma[i]);
}

bool listeners_reactor_quiet(struct listeners *l, unsigned reactor)
{
	bool quiet = true;

	for (unsigned i = 0; i < l->tcp_n; i++)
		quiet &= nfsd_tcp_reactor_stop(l->tcp[i], reactor);
	for (unsigned i = 0; i < l->rdma_n; i++)
		quiet &= nfs_rdma_reactor_stop(l->rdma[i], reactor);
	return quiet;
}

void listeners_close(struct listeners *l)
{
	for (unsigned i = 0; i < l->tcp_n; i++)
		nfsd_tcp_destroy(l->tcp[i]);
	for (unsigned i = 0; i < l->rdma_n; i++)
		nfs_rdma_destroy(l->rdma[i]);
}

/* ---- rpcbind ------------------------------------------------------------------------------------------ */

static const struct {
	uint32_t prog, vers;
	const char *netid;
	bool rdma;
} services[] = {
	{ NFS_PROGRAM, 3, "tcp", false },     { NFS_PROGRAM, 3, "tcp6", false },
	{ NFS_PROGRAM, 4, "tcp", false },     { NFS_PROGRAM, 4, "tcp6", false },
	{ NFS_PROGRAM, 3, "rdma", true },     { NFS_PROGRAM, 3, "rdma6", true },
	{ MOUNT_PROGRAM, 3, "tcp", false },   { MOUNT_PROGRAM, 3, "tcp6", false },
};

void listeners_register(struct listeners *l)
{
	int err = 0;

	if (l->options->no_rpcbind)
		return;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]) && !err; i++) {
		if (services[i].rdma ? !l->rdma_n : !l->tcp_n)
			continue;
		err = rpcbind_set(services[i].prog, services[i].vers, services[i].netid,
				  services[i].rdma ? (uint16_t)l->options->rdma_port : l->tcp_port);
	}
	if (err == -ENOENT)
		daemon_log(
			LOG_NOTICE,
			"no rpcbind here: NFSv3 clients need the options port, mountport and nolock");
	else if (err)
		daemon_log(LOG_WARNING, "rpcbind: %s; is another NFS server registered?",
			   strerror(-err));
	l->registered = !err;
}

void listeners_unregister(struct listeners *l)
{
	if (!l->registered)
		return;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		rpcbind_unset(services[i].prog, services[i].vers, services[i].netid);
}
