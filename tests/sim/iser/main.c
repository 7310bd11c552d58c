/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * sim_iser FIRST COUNT [--trace]: runs COUNT seeds from FIRST.
 *
 * Each seed is whole sessions of our initiator against our target over a network that cuts connections at
 * random bytes, stalls and resets them: no write is lost or done twice, nothing leaks, and the same seed is
 * the same run again (every 20th is compared).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/iser/heap.h"
#include "tests/sim/iser/world.h"

#define REPLAY_EVERY	20

static void check_replay(uint64_t seed, const struct world_result *first)
{
	struct world_result again = world_run(seed, false);

	if (memcmp(first, &again, sizeof(again)) == 0)
		return;
	fprintf(stderr, "seed %llu: another run of it is different (digest %llx, %llx)\n",
		(unsigned long long)seed, (unsigned long long)first->digest,
		(unsigned long long)again.digest);
	exit(1);
}

int main(int argc, char **argv)
{
	uint64_t first, count, ios = 0, connections = 0, lost = 0;
	bool trace = argc > 3 && strcmp(argv[3], "--trace") == 0;

	if (argc < 3) {
		fprintf(stderr, "usage: sim_iser FIRST COUNT [--trace]\n");
		return 2;
	}
	first = strtoull(argv[1], NULL, 0);
	count = strtoull(argv[2], NULL, 0);
	for (uint64_t seed = first; seed < first + count; seed++) {
		struct world_result result = world_run(seed, trace);

		if (seed % REPLAY_EVERY == 0)
			check_replay(seed, &result);
		if (heap_blocks()) {
			fprintf(stderr, "seed %llu: %ld blocks of memory leaked\n",
				(unsigned long long)seed, heap_blocks());
			return 1;
		}
		ios += result.ios;
		connections += result.connections;
		lost += result.sessions_lost;
	}
	printf("%llu seeds: %llu operations, %llu connections, %llu sessions lost on the way\n",
	       (unsigned long long)count, (unsigned long long)ios, (unsigned long long)connections,
	       (unsigned long long)lost);
	return 0;
}
