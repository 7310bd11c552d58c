/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/sim/iser/world.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "tests/sim/iser/cache.h"
#include "tests/sim/iser/client.h"

#define LIMIT_NS	(24ull * 3600 * 1000000000)

/* The backend's callbacks have no pointer of ours; there is one world at a time. */
static struct world *world;

_Noreturn void world_fail(const struct world *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "seed %llu: ", (unsigned long long)w->seed);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\nreplay: sim_iser %llu 1 --trace\n", (unsigned long long)w->seed);
	va_end(args);
	exit(1);
}

/* ---- the target ------------------------------------------------------------------------------------- */

/*
 * A command of a session that was replaced must not arrive any more: by now its client may have been
 * answered on the new session, and have written something else there.
 */
static void check_command(struct oriser_cmd *cmd)
{
	const u8 *cdb = cmd->cdb;
	struct client *c = NULL;
	u64 lba;
	u32 n;

	for (unsigned i = 0; i < world->client_n; i++)
		if (strcmp(cmd->session->target, world->luns[i]->target) == 0)
			c = world->clients[i];
	switch (cdb[0]) {
	case 0x2a:
		lba = get_unaligned_be32(cdb + 2);
		n = get_unaligned_be16(cdb + 7);
		break;
	case 0x8a:
	case 0x93:
		lba = get_unaligned_be64(cdb + 2);
		n = get_unaligned_be32(cdb + 10);
		break;
	default:
		return;
	}
	if (!c || lba >= LUN_BLOCKS || !client_expects(c, (u32)lba, n))
		world_fail(world, "target: a write of %u blocks at %llu that nobody waits for", n,
			   (unsigned long long)lba);
}

static void on_command(struct oriser_cmd *cmd)
{
	check_command(cmd);
	scsi_backend_ops.command(cmd);
}

static void target_start(struct world *w)
{
	static struct oriser_backend_ops ops;
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(WORLD_PORT) };
	struct store_reactor_cfg reactor = { .loop = w->loop, .pool_max = 8u << 20 };
	int ret;

	ops = scsi_backend_ops;
	ops.command = on_command;
	ret = scsi_server_create(w->luns, w->client_n, &w->scsi);
	if (!ret) {
		w->server_cfg.devs = &w->target_dev;
		w->server_cfg.dev_n = 1;
		w->server_cfg.ops = &ops;
		w->server_cfg.ctx = w->scsi;
		ret = oriser_server_create(&w->server_cfg, &w->server);
	}
	if (!ret) {
		reactor.pd = oriser_server_pd(w->server, 0);
		ret = scsi_server_reactor_add(w->scsi, &reactor);
	}
	if (!ret)
		ret = oriser_server_listen(w->server, (struct sockaddr *)&addr, sizeof(addr), NULL);
	if (ret)
		world_fail(w, "target: %s", strerror(-ret));
	w->server_stopped = false;
}

static void target_stopped(void *ctx)
{
	((struct world *)ctx)->server_stopped = true;
}

static void target_destroy(struct world *w)
{
	scsi_server_destroy(w->scsi);
	oriser_server_destroy(w->server);
	w->scsi = NULL;
	w->server = NULL;
}

static void restart(struct ual_timer *timer)
{
	struct world *w = timer->ctx;

	if (w->server && w->server_stopped && scsi_server_quiet(w->scsi, 0)) {
		target_destroy(w);
		ual_timer_arm(w->loop, timer,
			      ual_loop_now(w->loop) + sim_random(w->sim, 3000) * 1000000);
	} else if (w->server) {
		ual_timer_arm(w->loop, timer, ual_loop_now(w->loop) + 1000000);
	} else {
		w->restarts_done++;
		for (unsigned i = 0; i < w->client_n && w->power_cut; i++)
			cache_power_cut(w->caches[i], w->sim);
		target_start(w);
	}
}

void world_restart_target(struct world *w)
{
	if (w->restarts_done || ual_timer_armed(&w->restart_timer))
		return;
	oriser_server_stop(w->server, target_stopped, w);
	ual_timer_arm(w->loop, &w->restart_timer, ual_loop_now(w->loop) + 1000000);
}

/* ---- beginning and end ------------------------------------------------------------------------------ */

static void trace_line(void *ctx, const char *line)
{
	puts(line);
}

static void make_network(struct world *w, bool trace)
{
	struct sim_cfg cfg = {
		.seed = w->seed,
		.stall_ppm = w->seed % 3 ? 2000 : 0,
		.break_pct = (uint32_t)(w->seed % 5) * 22,
		.break_span = 256u << 10,
		.sink_remote = w->seed % 4 == 3,
		.trace = trace ? trace_line : NULL,
	};
	struct ual_loop_cfg loop = { .spin_us = 0 };
	int ret = sim_create(&cfg, &w->sim);

	if (!ret)
		ret = ual_create(NULL, &w->ual);
	if (!ret)
		ret = ual_provider_add(w->ual, sim_provider(w->sim), w->sim);
	if (!ret) {
		loop.clock = sim_clock(w->sim);
		ret = ual_loop_create(&loop, &w->loop);
	}
	if (!ret)
		ret = ual_device_open(w->ual, w->loop, "sim0", &w->target_dev);
	if (!ret)
		ret = ual_device_open(w->ual, w->loop, "sim0", &w->initiator_dev);
	if (ret)
		world_fail(w, "network: %s", strerror(-ret));
}

static void make_luns(struct world *w)
{
	char name[64], why[200];

	w->client_n = 1 + (unsigned)sim_random(w->sim, WORLD_CLIENTS);
	for (unsigned i = 0; i < w->client_n; i++) {
		struct store_cfg store = { .name = "sim",
					   .path = "ram:",
					   .size = (u64)LUN_BLOCKS * LUN_BLOCK,
					   .block_size = LUN_BLOCK };
		struct lun_cfg lun = { .target = name, .serial = name };
		int ret;

		snprintf(name, sizeof(name), "iqn.2026-11.org.openrdma:sim%u", i);
		ret = store_open(&store, &w->stores[i], why, sizeof(why));
		if (ret)
			world_fail(w, "store: %s", why);
		cache_new_instance(w->stores[i], w->sim);
		if (w->power_cut || w->seed % 3 == 1)
			w->caches[i] = cache_create(w->stores[i]);
		lun.store = w->stores[i];
		ret = lun_create(&lun, &w->luns[i]);
		if (ret)
			world_fail(w, "lun: %s", strerror(-ret));
	}
}

static bool clients_gone(void *ctx)
{
	struct world *w = ctx;

	for (unsigned i = 0; i < w->client_n; i++)
		if (client_state(w->clients[i]) != CLIENT_GONE)
			return false;
	return !ual_timer_armed(&w->restart_timer);
}

static bool server_gone(void *ctx)
{
	struct world *w = ctx;

	return w->server_stopped && scsi_server_quiet(w->scsi, 0);
}

static void run(struct world *w, bool (*done)(void *), const char *what)
{
	int ret = sim_run(w->sim, &w->loop, 1, done, w, LIMIT_NS);

	if (ret)
		world_fail(w, "%s: %s after %llu ms", what, strerror(-ret),
			   (unsigned long long)(sim_now(w->sim) / 1000000));
}

struct world_result world_run(uint64_t seed, bool trace)
{
	struct world_result result = { .digest = 0 };
	struct world w = { .seed = seed };
	struct sim_stats stats;
	int ret;

	world = &w;
	w.restart_timer = (struct ual_timer){ .fn = restart, .ctx = &w };
	w.power_cut = seed % 4 == 2;
	w.restarts = seed % 7 == 3 || w.power_cut;
	make_network(&w, trace);
	make_luns(&w);
	w.server_cfg.depth = 1u << sim_random(w.sim, 8);
	w.server_cfg.terms.initial_r2t = sim_random(w.sim, 4) == 0 ? ORISER_YES : ORISER_AUTO;
	w.server_cfg.terms.immediate_data = sim_random(w.sim, 8) == 0 ? ORISER_NO : ORISER_AUTO;
	w.server_cfg.no_remote_inv = sim_random(w.sim, 4) == 0;
	target_start(&w);
	for (unsigned i = 0; i < w.client_n; i++) {
		ret = client_create(&w, i, &w.clients[i]);
		if (ret)
			world_fail(&w, "client %u: %s", i, strerror(-ret));
	}
	run(&w, clients_gone, "clients");
	for (unsigned i = 0; i < w.client_n; i++) {
		result.ios += client_ios(w.clients[i]);
		result.sessions_lost += client_losses(w.clients[i]);
		client_destroy(w.clients[i]);
	}
	oriser_server_stop(w.server, target_stopped, &w);
	run(&w, server_gone, "target");
	target_destroy(&w);
	for (unsigned i = 0; i < w.client_n; i++) {
		lun_destroy(w.luns[i]);
		cache_destroy(w.caches[i]);
		store_close(w.stores[i]);
	}
	ret = ual_device_close(w.initiator_dev);
	if (!ret)
		ret = ual_device_close(w.target_dev);
	if (ret)
		world_fail(&w, "objects are left on a device: %s", strerror(-ret));
	stats = sim_stats(w.sim);
	result.digest = stats.digest;
	result.connections = stats.connections;
	result.end_ns = sim_now(w.sim);
	ual_loop_destroy(w.loop);
	ual_destroy(w.ual);
	sim_destroy(w.sim);
	return result;
}
