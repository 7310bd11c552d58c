/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a LUN must hold.  Each block has a version, the number of the write that was answered last; its
 * content follows from seed, block and version.  Ranges are held while an operation on them is out, so
 * that there is always one right answer.
 */
#ifndef TESTS_SIM_ISER_MODEL_H
#define TESTS_SIM_ISER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/iser/world.h"

#define VERSION_ZERO	0u
#define VERSION_ANY	UINT32_MAX	/* discarded: anything goes until it is written */

struct model {
	uint64_t seed;
	uint32_t version[LUN_BLOCKS];
	uint16_t readers[LUN_BLOCKS];
	bool writer[LUN_BLOCKS];
};

void model_init(struct model *m, uint64_t seed);
/* False: something conflicting is out there. */
bool model_hold(struct model *m, uint32_t block, uint32_t n, bool write);
void model_release(struct model *m, uint32_t block, uint32_t n, bool write);
void model_set(struct model *m, uint32_t block, uint32_t n, uint32_t version);
bool model_is_writing(const struct model *m, uint32_t block, uint32_t n);
/* What a write of that version carries. */
void model_fill(const struct model *m, void *buf, uint32_t block, uint32_t n, uint32_t version);
/* First block that is wrong, or n. */
uint32_t model_compare(const struct model *m, const void *buf, uint32_t block, uint32_t n);

#endif
