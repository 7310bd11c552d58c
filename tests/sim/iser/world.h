/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * One simulated world: a network that misbehaves, our target with RAM LUNs, our initiator disks.
 *
 *   client --oriser_disk--> sim0 ~~ network ~~ sim0 --oriser_server--> SCSI server --> RAM store
 *      \__ model: what the LUN must hold                  ^
 *                                                         |  each command that arrives is compared with
 *                                                         +- what its client has outstanding
 *
 * All of it runs on one loop with the simulator's clock.  The seed decides everything.
 */
#ifndef TESTS_SIM_ISER_WORLD_H
#define TESTS_SIM_ISER_WORLD_H

#include "drivers/sim/sim.h"
#include "iser/iser_disk.h"
#include "iser/iser_target.h"
#include "targets/scsi/server.h"

#define WORLD_CLIENTS	2
#define WORLD_PORT	3260
#define LUN_BLOCK	512u
#define LUN_BLOCKS	2048u

struct cache;
struct client;

struct world {
	uint64_t seed;
	struct sim *sim;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *target_dev, *initiator_dev;

	struct store *stores[WORLD_CLIENTS];
	struct lun *luns[WORLD_CLIENTS];
	struct cache *caches[WORLD_CLIENTS];	/* NULL: without */
	struct scsi_server *scsi;
	struct oriser_server *server;
	struct oriser_server_cfg server_cfg;
	bool server_stopped;
	bool restarts;			/* the target is stopped and started again on the way */
	bool power_cut;			/* and loses what it had only cached */
	struct ual_timer restart_timer;
	unsigned restarts_done;

	struct client *clients[WORLD_CLIENTS];
	unsigned client_n;
};

/* What a run was, for comparing it with its replay. */
struct world_result {
	uint64_t digest, end_ns, connections, ios, sessions_lost;
};

/* Runs a seed to its end; aborts with a message and the seed when a promise is broken. */
struct world_result world_run(uint64_t seed, bool trace);

/* Aborts: prints the seed and how to replay it. */
_Noreturn void world_fail(const struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Stops the target and starts it again after a while. */
void world_restart_target(struct world *w);

#endif
