/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * One simulated world: a network that misbehaves, our NFS server with files in memory, our NFS clients.
 *
 *   client --ornfs_client--> sim0 ~~ network ~~ sim0 --nfs_rdma--> nfs3, nfs4 programs --> memfs
 *      \__ model: what its files and names must be                ^                        |
 *                                                                 | worker: after a while  | each change is compared
 *                                                                 | of virtual time        v with what is outstanding
 *
 * All of it runs on one loop with the simulator's clock.  The seed decides everything.
 */
#ifndef TESTS_SIM_NFSRDMA_WORLD_H
#define TESTS_SIM_NFSRDMA_WORLD_H

#include "drivers/sim/sim.h"
#include "nfsrdma/server/nfs_rdma.h"
#include "tests/sim/nfsrdma/memfs.h"

#define WORLD_CLIENTS	2

struct client;
struct nfs4_pseudo;
struct nfs4_state;

struct world {
	uint64_t seed;
	unsigned version;		/* 3, 41 or 42 */
	unsigned nconnect;		/* connections of each client */
	unsigned conns_max;		/* that the server takes; 0: any */
	struct sim *sim;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;		/* the server's; each client opens its own */
	struct memfs fs;
	struct nfs_export export;
	struct nfs_export_rule rule;
	struct nfs_exports exports;
	struct nfs_server server;
	struct nfs4_state *state4;
	struct nfs4_pseudo *pseudo4;
	struct nfs_rdma *rdma;
	struct client *clients[WORLD_CLIENTS];
	unsigned client_n;
	unsigned todo;			/* requests of each client */
	unsigned jobs;			/* calls that workers have */
};

/* Without a CRC parts of files are lent, and large spans are sent otherwise. */
static inline enum ual_crc world_crc(const struct world *w)
{
	return w->seed % 2 ? UAL_CRC_OFF : UAL_CRC_ON;
}

/* What a run was, for comparing it with its replay. */
struct world_result {
	uint64_t digest, end_ns, connections, requests, mounts_lost, bytes;
};

/* A cut at a byte of the first connection instead of the seed's faults. */
struct world_cut {
	unsigned nconnect;
	bool passive;
	enum sim_fault_kind kind;
	uint64_t at_byte;
};

/* Runs a seed to its end; aborts with a message and the seed when a promise is broken.  cut: NULL or one. */
struct world_result world_run(uint64_t seed, const struct world_cut *cut, bool trace);

/* Aborts: prints the seed and how to replay it. */
_Noreturn void world_fail(const struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The one that runs; NULL: none.  For what has no pointer of ours. */
struct world *world_now(void);

#endif
