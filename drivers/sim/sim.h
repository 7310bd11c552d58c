/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A simulated network under the software RNIC: both ends, any number of loops, one thread, virtual time.
 *
 *   sim_create(&cfg, &sim);
 *   ual_provider_add(ual, sim_provider(sim), sim);          device "sim0", opened once for each end
 *   ual_loop_create(&(struct ual_loop_cfg){ .clock = sim_clock(sim) }, &loop);
 *   ... listen, connect: any IPv4 or IPv6 address, only the port counts ...
 *   sim_run(sim, &loop, 1, done, ctx);                      or ual_loop_step(), with one loop
 *
 * The seed decides how streams are cut into segments, how long each travels, who stalls, and which
 * connections break where.  The same seed and the same program give the same run, to the nanosecond:
 * sim_stats().digest says so.  Nothing depends on real time, addresses in memory or hash orders.
 */
#ifndef DRIVERS_SIM_SIM_H
#define DRIVERS_SIM_SIM_H

#include "ual/provider.h"

struct sim;

struct sim_cfg {
	uint64_t seed;
	/* Zero means the default. */
	uint32_t latency_max_us;	/* of a segment; default 200 */
	/* bytes on the way in one direction; default 256 KiB, power of 2 */
	uint32_t window_max;
	uint32_t mr_max;		/* of a device; default 1024 */
	/* Faults that the seed hands out; zero means none. */
	/* segments that take 1 ms to 2 s, of a million */
	uint32_t stall_ppm;
	uint32_t break_pct;		/* connections that break, of a hundred */
	/* at a byte below this, either direction; default 64 KiB */
	uint32_t break_span;
	bool calm;			/* whole segments, no cutting: for measuring */
	/* The sinks of RDMA Reads must be remotely writable when they are posted, as some RNICs have it. */
	bool sink_remote;
	void (*trace)(void *ctx, const char *line);	/* or NULL */
	void *trace_ctx;
};

int sim_create(const struct sim_cfg *cfg, struct sim **sim);
/* Devices on it are closed before. */
void sim_destroy(struct sim *sim);
/* ctx of ual_provider_add(): the sim */
const struct ual_provider_ops *sim_provider(struct sim *sim);
const struct ual_clock *sim_clock(struct sim *sim);
uint64_t sim_now(const struct sim *sim);
/* 0 to n - 1, from the seed but not from the stream of numbers that the network uses. */
uint64_t sim_random(struct sim *sim, uint64_t n);

/* Connections are numbered from 0 in the order in which they were started. */
enum sim_fault_kind {
	SIM_RESET,	/* both ends: ECONNRESET */
	SIM_FIN,	/* this direction ends as if it were finished; what follows is lost */
	SIM_SILENCE,	/* nothing arrives any more, either way; TCP gives up after 60 s */
	SIM_STALL,	/* this direction rests for for_ns */
	SIM_REFUSE,	/* at the start: ECONNREFUSED */
};
struct sim_fault {
	unsigned conn;
	bool passive;		/* the direction from the passive end; else from the active */
	enum sim_fault_kind kind;
	uint64_t at_byte;	/* before this byte arrives */
	uint64_t for_ns;
};
/* Before the connection is started; one for each direction, the last one counts.  -ENOMEM. */
int sim_fault_add(struct sim *sim, const struct sim_fault *fault);

struct sim_stats {
	uint64_t connections, refused, segments, bytes, stalls, resets, fins, silences;
	uint64_t digest;	/* of all that happened, in order and with times */
};
struct sim_stats sim_stats(const struct sim *sim);

/*
 * Steps all loops until done(ctx) is true: 0.  -EDEADLK: nothing will ever happen again; -ETIME: more
 * than limit_ns of virtual time; -ELOOP: loops go on without time passing.
 */
int sim_run(struct sim *sim, struct ual_loop *const *loops, unsigned loop_n,
	    bool (*done)(void *ctx), void *ctx, uint64_t limit_ns);

#endif
