/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Memory in front of a writer.
 *
 * A page that nobody has written to is made and cleared when the first write comes, and the reactor stands meanwhile.
 * A thread of its own does it ahead of a writer that goes through a LUN in order: chunk by chunk, AHEAD_CHUNKS at
 * most that are not written to yet, so that a writer who stops or jumps has cost no more than these.  Who writes here
 * and there gets nothing ahead of time.
 *
 * Context: ahead_write() and ahead_drop() any reactor; no locks unless a chunk is written to for the first time.
 */
#ifndef TARGETS_STORE_AHEAD_H
#define TARGETS_STORE_AHEAD_H

#include <stdatomic.h>
#include <stdint.h>

#define AHEAD_CHUNK	(2u << 20)	/* a huge page */
#define AHEAD_CHUNKS	8u

enum ahead_state { AHEAD_UNTOUCHED, AHEAD_ASKED, AHEAD_WRITTEN };

struct ahead {
	uint64_t chunk_n;
	struct ahead_thread *thread;
	_Atomic uint8_t state[];	/* enum ahead_state */
};

/* mem: len bytes, mapped, page-aligned; outlives the object.  NULL: no memory. */
struct ahead *ahead_create(void *mem, uint64_t len);
void ahead_destroy(struct ahead *ahead);

void ahead_first_write(struct ahead *ahead, uint64_t chunk);
/* [off, off + len), len > 0, is about to be written. */
static inline void ahead_write(struct ahead *ahead, uint64_t off, uint64_t len)
{
	uint64_t last = (off + len - 1) / AHEAD_CHUNK;

	for (uint64_t c = off / AHEAD_CHUNK; c <= last; c++)
		if (atomic_load_explicit(&ahead->state[c], memory_order_relaxed) != AHEAD_WRITTEN)
			ahead_first_write(ahead, c);
}
/* Its pages were given back. */
void ahead_drop(struct ahead *ahead, uint64_t off, uint64_t len);

#endif
