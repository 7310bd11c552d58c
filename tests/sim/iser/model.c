/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/sim/iser/model.h"

#include <string.h>

void model_init(struct model *m, uint64_t seed, bool may_lose)
{
	memset(m, 0, sizeof(*m));
	m->seed = seed;
	m->may_lose = may_lose;
	for (uint32_t i = 0; i < LUN_BLOCKS; i++)
		m->blocks[i].n = 1;	/* VERSION_ZERO */
}

bool model_hold(struct model *m, uint32_t block, uint32_t n, bool write)
{
	for (uint32_t i = block; i < block + n; i++)
		if (m->writer[i] || (write && m->readers[i]))
			return false;
	for (uint32_t i = block; i < block + n; i++) {
		if (write)
			m->writer[i] = true;
		else
			m->readers[i]++;
	}
	return true;
}

void model_release(struct model *m, uint32_t block, uint32_t n, bool write)
{
	for (uint32_t i = block; i < block + n; i++) {
		if (write)
			m->writer[i] = false;
		else
			m->readers[i]--;
	}
}

bool model_is_writing(const struct model *m, uint32_t block, uint32_t n)
{
	if (block >= LUN_BLOCKS || n > LUN_BLOCKS - block)
		return false;
	for (uint32_t i = block; i < block + n; i++)
		if (!m->writer[i])
			return false;
	return true;
}

static void settle(struct model *m, uint32_t block)
{
	m->blocks[block].version[0] = m->blocks[block].version[m->blocks[block].n - 1];
	m->blocks[block].n = 1;
}

void model_set(struct model *m, uint32_t block, uint32_t n, uint32_t version, bool stable)
{
	m->changes++;
	for (uint32_t i = block; i < block + n; i++) {
		if (m->blocks[i].n == VERSIONS_MAX) {
			m->blocks[i].version[0] = VERSION_ANY;
			m->blocks[i].n = 1;
		}
		m->blocks[i].version[m->blocks[i].n++] = version;
		m->blocks[i].change = m->changes;
		m->blocks[i].told = false;
		if (stable || !m->may_lose)
			settle(m, i);
	}
}

void model_flushed(struct model *m, uint64_t changes, bool well)
{
	for (uint32_t i = 0; i < LUN_BLOCKS; i++) {
		if (!well)
			m->blocks[i].told = true;
		else if (!m->blocks[i].told && m->blocks[i].change <= changes)
			settle(m, i);
	}
}

static uint64_t word(uint64_t seed, uint32_t block, uint32_t version, uint32_t i)
{
	uint64_t z = seed ^ (uint64_t)block << 40 ^ (uint64_t)version << 16 ^ i;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	return z ^ z >> 27;
}

static void fill_block(const struct model *m, uint64_t *words, uint32_t block, uint32_t version)
{
	for (uint32_t i = 0; i < LUN_BLOCK / 8; i++)
		words[i] = version == VERSION_ZERO ? 0 : word(m->seed, block, version, i);
}

void model_fill(const struct model *m, void *buf, uint32_t block, uint32_t n, uint32_t version)
{
	for (uint32_t i = 0; i < n; i++)
		fill_block(m, (uint64_t *)buf + (size_t)i * LUN_BLOCK / 8, block + i, version);
}

uint32_t model_compare(const struct model *m, const void *buf, uint32_t block, uint32_t n)
{
	uint64_t want[LUN_BLOCK / 8];

	for (uint32_t i = 0; i < n; i++) {
		const void *got = (const uint8_t *)buf + (size_t)i * LUN_BLOCK;
		bool found = false;

		for (unsigned v = m->blocks[block + i].n; v-- > 0 && !found;) {
			uint32_t version = m->blocks[block + i].version[v];

			fill_block(m, want, block + i, version);
			found = version == VERSION_ANY || memcmp(want, got, LUN_BLOCK) == 0;
		}
		if (!found)
			return i;
	}
	return n;
}
