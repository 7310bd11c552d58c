// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * sim_nfs seeds FIRST COUNT [--trace]   whole mounts over a network that cuts connections at random bytes, stalls them,
 *                                       falls silent: no data is wrong, no change is done twice, nothing leaks, and
 *                                       the same seed is the same run again (every 20th is compared).
 * sim_nfs cuts LAST STEP                the first connection is cut once, at each STEP-th byte up to LAST, in each
 *                                       direction: of versions 3 and 4.1, and so before, in and behind each message of
 *                                       the beginning of a session.  Then the same with three connections.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/iser/heap.h"
#include "tests/sim/nfsrdma/world.h"

#define REPLAY_EVERY	20

static struct world_result total;

static void add(const struct world_result *r)
{
	total.requests += r->requests;
	total.connections += r->connections;
	total.mounts_lost += r->mounts_lost;
	total.bytes += r->bytes;
}

static void check_heap(uint64_t seed)
{
	if (!heap_blocks())
		return;
	fprintf(stderr, "seed %llu: %ld blocks of memory leaked\n", (unsigned long long)seed,
		heap_blocks());
	exit(1);
}

static void check_replay(uint64_t seed, const struct world_result *first)
{
	struct world_result again = world_run(seed, NULL, false);

	if (memcmp(first, &again, sizeof(again)) == 0)
		return;
	fprintf(stderr, "seed %llu: another run of it is different (digest %llx, %llx)\n",
		(unsigned long long)seed, (unsigned long long)first->digest,
		(unsigned long long)again.digest);
	exit(1);
}

static void seeds(uint64_t first, uint64_t count, bool trace)
{
	for (uint64_t seed = first; seed < first + count; seed++) {
		struct world_result result = world_run(seed, NULL, trace);

		if (seed % REPLAY_EVERY == 0)
			check_replay(seed, &result);
		check_heap(seed);
		add(&result);
	}
}

static void cut_once(uint64_t seed, const struct world_cut *cut)
{
	struct world_result result = world_run(seed, cut, false);

	check_heap(seed);
	add(&result);
	/* A cut that does not strike tests nothing. */
	if (result.connections <= cut->nconnect) {
		fprintf(stderr, "seed %llu: cut at byte %llu: the connection lived on\n",
			(unsigned long long)seed, (unsigned long long)cut->at_byte);
		exit(1);
	}
}

static void cuts(uint64_t last, uint64_t step, unsigned nconnect)
{
	static const enum sim_fault_kind kinds[] = { SIM_RESET, SIM_FIN, SIM_SILENCE };

	for (uint64_t i = 0; i * step <= last; i++) {
		struct world_cut cut = { .nconnect = nconnect,
					 .kind = kinds[i % 3],
					 .at_byte = i * step };

		for (unsigned passive = 0; passive < 2; passive++) {
			cut.passive = passive;
			cut_once(4 * i, &cut);		/* version 3: world_run() */
			cut_once(4 * i + 1, &cut);	/* version 4.1 */
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t a = argc > 3 ? strtoull(argv[2], NULL, 0) : 0;
	uint64_t b = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;

	if (argc > 3 && strcmp(argv[1], "seeds") == 0) {
		seeds(a, b, argc > 4 && strcmp(argv[4], "--trace") == 0);
	} else if (argc > 3 && strcmp(argv[1], "cuts") == 0 && b) {
		cuts(a, b, 1);
		cuts(a, 4 * b, 3);
	} else {
		fprintf(stderr, "usage: sim_nfs seeds FIRST COUNT [--trace]\n"
				"       sim_nfs cuts LAST STEP\n");
		return 2;
	}
	printf("%llu requests, %llu MB, %llu connections, %llu mounts lost on the way\n",
	       (unsigned long long)total.requests, (unsigned long long)(total.bytes / 1000000),
	       (unsigned long long)total.connections, (unsigned long long)total.mounts_lost);
	return 0;
}
