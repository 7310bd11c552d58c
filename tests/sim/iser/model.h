/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a LUN must hold.  Each block has a version, the number of the write that was answered last; its
 * content follows from seed, block and version.  Ranges are held while an operation on them is out, so
 * that there is always one right answer.
 *
 * Where the target may lose its cache there are several: any version since the last that is known to be stable,
 * by FUA or by a flush that was submitted after it was answered and ended well.  After a flush that failed for
 * it these stay possible until the block is written again.
 */
#ifndef TESTS_SIM_ISER_MODEL_H
#define TESTS_SIM_ISER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/iser/world.h"

#define VERSION_ZERO	0u
#define VERSION_ANY	UINT32_MAX	/* discarded: anything goes until it is written */
#define VERSIONS_MAX	16		/* that a block may have; more: anything goes */

struct model {
	uint64_t seed;
	bool may_lose;			/* the target's cache */
	uint64_t changes;		/* answered */
	struct {
		uint32_t version[VERSIONS_MAX];	/* possible ones, the last answered last */
		unsigned n;
		uint64_t change;	/* when it was changed last */
		bool told;		/* since then a flush failed */
	} blocks[LUN_BLOCKS];
	uint16_t readers[LUN_BLOCKS];
	bool writer[LUN_BLOCKS];
};

void model_init(struct model *m, uint64_t seed, bool may_lose);
/* False: something conflicting is out there. */
bool model_hold(struct model *m, uint32_t block, uint32_t n, bool write);
void model_release(struct model *m, uint32_t block, uint32_t n, bool write);
void model_set(struct model *m, uint32_t block, uint32_t n, uint32_t version, bool stable);
/* A flush has ended, submitted when so many changes had been answered. */
void model_flushed(struct model *m, uint64_t changes, bool well);
bool model_is_writing(const struct model *m, uint32_t block, uint32_t n);
/* What a write of that version carries. */
void model_fill(const struct model *m, void *buf, uint32_t block, uint32_t n, uint32_t version);
/* First block that is wrong, or n. */
uint32_t model_compare(const struct model *m, const void *buf, uint32_t block, uint32_t n);

#endif
