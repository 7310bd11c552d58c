// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/sim/nfsrdma/world.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nfsrdma/server/nfs3.h"
#include "nfsrdma/server/nfs4_pseudo.h"
#include "nfsrdma/server/nfs4_state.h"
#include "nfsrdma/server/replay.h"
#include "tests/sim/nfsrdma/client.h"

#define LIMIT_NS	(24ull * 3600 * 1000000000)
#define LEASE_S		3600	/* longer than any silence: a session lives as long as its client */

static struct world *world;

struct world *world_now(void)
{
	return world;
}

_Noreturn void world_fail(const struct world *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "seed %llu, version %u: ", (unsigned long long)w->seed, w->version);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\nreplay: sim_nfs seeds %llu 1 --trace\n", (unsigned long long)w->seed);
	va_end(args);
	exit(1);
}

/* ---- the server ------------------------------------------------------------------------------------- */

static void on_tried(void *ctx, const struct memfs_try *try)
{
	struct world *w = ctx;

	if (try->uid < MEMFS_UID || try->uid >= MEMFS_UID + w->client_n)
		world_fail(w, "a change for a user that there is not");
	client_tried(w->clients[try->uid - MEMFS_UID], try);
}

static bool on_read(void *ctx)
{
	return sim_random(((struct world *)ctx)->sim, 4) == 0;
}

static u64 now_ms(void)
{
	return sim_now(world->sim) / 1000000;
}

static void export_files(struct world *w)
{
	w->fs.tried = on_tried;
	w->fs.blocks = on_read;
	w->fs.ctx = w;
	w->rule =
		(struct nfs_export_rule){ .rw = true, .insecure = true, .squash = NFS_SQUASH_NONE };
	/* fsid 0: version 4 has it as its root */
	w->export = (struct nfs_export){
		.path = "/sim", .vfs = &memfs_ops, .fs = &w->fs, .rules = &w->rule
	};
	w->exports.first = &w->export;
	w->server.exports = &w->exports;
	if (memfs_init(&w->fs))
		world_fail(w, "no memory");
}

static void server_start(struct world *w)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET };
	struct nfs4_state_cfg state = { .lease_s = LEASE_S, .dir_fd = -1, .now_ms = now_ms };
	struct nfs_rdma_cfg rdma = { .devices = &w->dev,
				     .device_n = 1,
				     .addr = (const struct sockaddr *)&addr,
				     .addr_len = sizeof(addr),
				     .conns_max = w->conns_max,
				     .crc = world_crc(w) };
	int ret;

	export_files(w);
	w->server.programs = &nfs_program;
	ret = nfs_replay_create(&w->server.replay);
	if (!ret)
		ret = nfs4_state_create(&state, &w->state4);
	if (!ret)
		ret = nfs4_pseudo_create(&w->exports, &w->pseudo4);
	w->server.state4 = w->state4;
	w->server.pseudo4 = w->pseudo4;
	if (!ret)
		ret = nfs_rdma_create(&w->server, &rdma, &w->rdma);
	if (ret)
		world_fail(w, "server: %s", strerror(-ret));
}

static bool server_gone(void *ctx)
{
	struct world *w = ctx;

	return nfs_rdma_reactor_stop(w->rdma, 0) && !w->jobs;
}

static void server_destroy(struct world *w)
{
	nfs_rdma_destroy(w->rdma);
	nfs4_state_destroy(w->state4);
	nfs4_pseudo_destroy(w->pseudo4);
	nfs_replay_destroy(w->server.replay);
	memfs_deinit(&w->fs);
}

/* ---- beginning and end ------------------------------------------------------------------------------ */

static void trace_line(void *ctx, const char *line)
{
	puts(line);
}

static void make_network(struct world *w, const struct world_cut *cut, bool trace)
{
	struct sim_cfg cfg = {
		.seed = w->seed,
		.stall_ppm = !cut && w->seed % 3 ? 2000 : 0,
		.break_pct = cut ? 0 : (uint32_t)(w->seed % 5) * 22,
		.break_span = 1u << 20,
		.sink_remote = w->seed % 4 == 3,
		.trace = trace ? trace_line : NULL,
	};
	struct ual_loop_cfg loop = { .spin_us = 0 };
	int ret = sim_create(&cfg, &w->sim);

	if (!ret && cut) {
		struct sim_fault fault = { .passive = cut->passive,
					   .kind = cut->kind,
					   .at_byte = cut->at_byte };

		ret = sim_fault_add(w->sim, &fault);
	}
	if (!ret)
		ret = ual_create(NULL, &w->ual);
	if (!ret)
		ret = ual_provider_add(w->ual, sim_provider(w->sim), w->sim);
	if (!ret) {
		loop.clock = sim_clock(w->sim);
		ret = ual_loop_create(&loop, &w->loop);
	}
	if (!ret)
		ret = ual_device_open(w->ual, w->loop, "sim0", &w->dev);
	if (ret)
		world_fail(w, "network: %s", strerror(-ret));
}

/* Or one wants to be mounted again, which is not done from a callback. */
static bool clients_done(void *ctx)
{
	struct world *w = ctx;
	bool done = true;

	for (unsigned i = 0; i < w->client_n; i++) {
		if (client_state(w->clients[i]) == CLIENT_BROKEN)
			return true;
		done &= client_state(w->clients[i]) == CLIENT_DONE;
	}
	return done;
}

static void run(struct world *w, bool (*done)(void *), const char *what)
{
	int ret = sim_run(w->sim, &w->loop, 1, done, w, LIMIT_NS);

	if (ret)
		world_fail(w, "%s: %s after %llu ms", what, strerror(-ret),
			   (unsigned long long)(sim_now(w->sim) / 1000000));
}

static void run_clients(struct world *w)
{
	bool again;

	do {
		again = false;
		run(w, clients_done, "clients");
		for (unsigned i = 0; i < w->client_n; i++) {
			if (client_state(w->clients[i]) == CLIENT_BROKEN) {
				client_again(w->clients[i]);
				again = true;
			}
		}
	} while (again);
}

static void result_of(struct world *w, struct world_result *result)
{
	struct sim_stats stats = sim_stats(w->sim);

	result->digest = stats.digest;
	result->connections = stats.connections;
	result->bytes = stats.bytes;
	result->end_ns = sim_now(w->sim);
}

struct world_result world_run(uint64_t seed, const struct world_cut *cut, bool trace)
{
	static const unsigned versions[] = { 3, 41, 42, 41 };
	struct world_result result = { .digest = 0 };
	struct world *w = calloc(1, sizeof(*w));
	int ret;

	if (!w)
		abort();
	world = w;
	w->seed = seed;
	w->version = versions[seed % ARRAY_SIZE(versions)];
	w->nconnect = cut ? cut->nconnect : 1 + (unsigned)(seed / 8 % 3) * 2;
	w->todo = cut ? 150 : 250;
	make_network(w, cut, trace);
	w->client_n = cut ? 1 : 1 + (unsigned)sim_random(w->sim, WORLD_CLIENTS);
	/* Not enough for all that the client wants: what a connection had has to go by another. */
	if (!cut && w->client_n == 1 && w->nconnect > 1 && seed % 2)
		w->conns_max = w->nconnect - 1;
	server_start(w);
	for (unsigned i = 0; i < w->client_n; i++)
		client_create(w, i, &w->clients[i]);
	run_clients(w);
	for (unsigned i = 0; i < w->client_n; i++) {
		result.requests += client_requests(w->clients[i]);
		result.mounts_lost += client_losses(w->clients[i]);
		client_destroy(w->clients[i]);
	}
	nfs_rdma_stop(w->rdma);
	run(w, server_gone, "server");
	server_destroy(w);
	ret = ual_device_close(w->dev);
	if (ret)
		world_fail(w, "objects are left on the device: %s", strerror(-ret));
	result_of(w, &result);
	ual_loop_destroy(w->loop);
	ual_destroy(w->ual);
	sim_destroy(w->sim);
	world = NULL;
	free(w);
	return result;
}
