// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The simulation as an object: virtual time, random numbers, the queue of events.  Contract: sim.h. */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/sim/sim_priv.h"

#define LATENCY_MAX_US	200
#define WINDOW_MAX	(256u << 10)
#define MR_MAX		1024
#define BREAK_SPAN	65536
#define PORT_FIRST	40000
#define STEPS_AT_ONCE	1000000		/* passes without time passing: something spins */

/* SplitMix64: any seed is as good as any other. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t sim_rand(struct sim *sim, uint64_t n)
{
	return n ? next_random(&sim->rng) % n : next_random(&sim->rng);
}

uint64_t sim_random(struct sim *sim, uint64_t n)
{
	return n ? next_random(&sim->user_rng) % n : 0;
}

/* FNV-1a over numbers: equal digests mean equal runs. */
void sim_note(struct sim *sim, const struct sim_wire *wire, const char *what, uint64_t n)
{
	const uint64_t words[] = { sim->now_ns, wire->id,
				   (uint64_t)what[0] << 8 | (uint64_t)what[1], n };
	char line[96];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		sim->stats.digest = (sim->stats.digest ^ words[i]) * 0x100000001b3ull;
	if (!sim->cfg.trace)
		return;
	snprintf(line, sizeof(line), "%12llu ns  conn %u  %s %llu", (unsigned long long)sim->now_ns,
		 wire->id, what, (unsigned long long)n);
	sim->cfg.trace(sim->cfg.trace_ctx, line);
}

/* ---- queue: a binary heap by time, then by order of entry -------------------------------------------- */

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

int sim_event_add(struct sim_wire *wire, enum sim_event_kind kind, unsigned dir, uint64_t delay_ns)
{
	struct sim *sim = wire->sim;
	struct sim_event ev = { .at_ns = sim->now_ns + delay_ns,
				.seq = sim->seq++,
				.kind = kind,
				.dir = dir,
				.wire = wire };
	unsigned i;

	if (sim->heap_n == sim->heap_cap) {
		unsigned cap = sim->heap_cap ? 2 * sim->heap_cap : 64;
		struct sim_event *grown = realloc(sim->heap, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		sim->heap = grown;
		sim->heap_cap = cap;
	}
	for (i = sim->heap_n++; i && earlier(&ev, &sim->heap[(i - 1) / 2]); i = (i - 1) / 2)
		sim->heap[i] = sim->heap[(i - 1) / 2];
	sim->heap[i] = ev;
	wire->refs++;
	return 0;
}

static struct sim_event take_first(struct sim *sim)
{
	struct sim_event first = sim->heap[0], last = sim->heap[--sim->heap_n];
	unsigned i = 0, child;

	while ((child = 2 * i + 1) < sim->heap_n) {
		if (child + 1 < sim->heap_n && earlier(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (!earlier(&sim->heap[child], &last))
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	if (sim->heap_n)
		sim->heap[i] = last;
	return first;
}

/* ---- clock ------------------------------------------------------------------------------------------- */

static uint64_t clock_now(void *ctx)
{
	return ((struct sim *)ctx)->now_ns;
}

static bool clock_idle(void *ctx, uint64_t until_ns)
{
	struct sim *sim = ctx;

	if (!sim->heap_n || sim->heap[0].at_ns > until_ns) {
		if (until_ns == UINT64_MAX)
			return false;
		if (until_ns > sim->now_ns)
			sim->now_ns = until_ns;
		return true;
	}
	sim->now_ns = sim->heap[0].at_ns;
	while (sim->heap_n && sim->heap[0].at_ns == sim->now_ns) {
		struct sim_event ev = take_first(sim);

		sim_wire_event(ev.wire, ev.kind, ev.dir);
		sim_wire_put(ev.wire);
	}
	return true;
}

const struct ual_clock *sim_clock(struct sim *sim)
{
	return &sim->clock;
}

uint64_t sim_now(const struct sim *sim)
{
	return sim->now_ns;
}

struct sim_stats sim_stats(const struct sim *sim)
{
	return sim->stats;
}

/* ---- the object -------------------------------------------------------------------------------------- */

int sim_create(const struct sim_cfg *cfg, struct sim **out)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return -ENOMEM;
	sim->cfg = *cfg;
	if (!sim->cfg.latency_max_us)
		sim->cfg.latency_max_us = LATENCY_MAX_US;
	if (!sim->cfg.window_max)
		sim->cfg.window_max = WINDOW_MAX;
	if (!sim->cfg.mr_max)
		sim->cfg.mr_max = MR_MAX;
	if (!sim->cfg.break_span)
		sim->cfg.break_span = BREAK_SPAN;
	if (sim->cfg.window_max < 1024 || sim->cfg.window_max & (sim->cfg.window_max - 1)) {
		free(sim);
		return -EINVAL;
	}
	sim->rng = cfg->seed;
	sim->user_rng = ~cfg->seed;
	/* Not zero: a timer or time stamp of 0 often means none. */
	sim->now_ns = 1000000000;
	sim->clock = (struct ual_clock){ .now_ns = clock_now, .idle = clock_idle, .ctx = sim };
	sim->port_next = PORT_FIRST;
	sim->stats.digest = 0xcbf29ce484222325ull;
	INIT_LIST_HEAD(&sim->hosts);
	INIT_LIST_HEAD(&sim->ports);
	*out = sim;
	return 0;
}

void sim_destroy(struct sim *sim)
{
	if (!sim)
		return;
	core_assert(list_empty(&sim->hosts) && list_empty(&sim->ports));
	while (sim->heap_n)
		sim_wire_put(take_first(sim).wire);
	core_assert(sim->wire_n == 0);
	free(sim->heap);
	free(sim->faults);
	free(sim);
}

int sim_fault_add(struct sim *sim, const struct sim_fault *fault)
{
	struct sim_fault *grown = realloc(sim->faults, (sim->fault_n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	sim->faults = grown;
	sim->faults[sim->fault_n++] = *fault;
	return 0;
}

int sim_run(struct sim *sim, struct ual_loop *const *loops, unsigned loop_n,
	    bool (*done)(void *ctx), void *ctx, uint64_t limit_ns)
{
	uint64_t end_ns = limit_ns < UINT64_MAX - sim->now_ns ? sim->now_ns + limit_ns : UINT64_MAX;

	for (;;) {
		uint64_t wake_ns = UINT64_MAX;
		unsigned steps = 0;
		int did;

		do {
			did = 0;
			for (unsigned i = 0; i < loop_n; i++)
				did += ual_loop_step(loops[i], 0);
			if (done(ctx))
				return 0;
			if (++steps == STEPS_AT_ONCE)
				return -ELOOP;
		} while (did);
		for (unsigned i = 0; i < loop_n; i++)
			wake_ns = min_t(uint64_t, wake_ns, ual_loop_deadline(loops[i]));
		if (sim->now_ns >= end_ns)
			return -ETIME;
		if (!clock_idle(sim, wake_ns))
			return -EDEADLK;
	}
}
