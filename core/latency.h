/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * How long things took, counted in buckets.  One thread adds; another one that wants to know asks that thread.
 *
 * Buckets are those of latency_bound_ns(): up to and with 50 us, 100 us, ... 2.5 s, and what took longer.
 */
#ifndef CORE_LATENCY_H
#define CORE_LATENCY_H

#include <stdint.h>

#define LATENCY_BOUNDS	15

struct latency {
	uint64_t n[LATENCY_BOUNDS + 1];	/* each its own, not added up */
	uint64_t sum_ns;
};

static inline uint64_t latency_bound_ns(unsigned i)	/* i < LATENCY_BOUNDS */
{
	static const uint64_t us[LATENCY_BOUNDS] = {
		50,    100,   250,    500,    1000,   2500,    5000,	10000,
		25000, 50000, 100000, 250000, 500000, 1000000, 2500000,
	};

	return us[i] * 1000;
}

static inline void latency_add(struct latency *l, uint64_t ns)
{
	unsigned i = 0;

	while (i < LATENCY_BOUNDS && ns > latency_bound_ns(i))
		i++;
	l->n[i]++;
	l->sum_ns += ns;
}

static inline void latency_merge(struct latency *to, const struct latency *from)
{
	for (unsigned i = 0; i <= LATENCY_BOUNDS; i++)
		to->n[i] += from->n[i];
	to->sum_ns += from->sum_ns;
}

#endif
