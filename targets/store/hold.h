/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Who reads and who writes which part of a memory store, across reactors and without locks.
 *
 * The RNIC sends from the store's own memory, and a source must not change before it has left (its
 * checksum was computed in place).  The store is cut into stripes, hashed into a table of counters:
 *
 *   reader   hold_read()    counts itself in each stripe; a writer there: takes itself back, false, and
 *                           the caller sends a snapshot instead.  Never waits.
 *   writer   hold_write()   counts itself, so no reader comes any more; true once no reader is left,
 *                           else the caller asks again with hold_write_ready() when it is woken.
 *
 * Writers overlap: two writes to the same blocks at once have no order on any disk.
 */
#ifndef TARGETS_STORE_HOLD_H
#define TARGETS_STORE_HOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/env.h"

#define HOLD_STRIPE	65536u
#define HOLD_WORDS	4096u

struct hold {
	_Atomic uint64_t word[HOLD_WORDS];	/* low half: readers, high half: writers */
};

/* wake (here and below), set to true: a writer may wait for a reader, and the last one has just left. */
bool hold_read(struct hold *hold, uint64_t off, uint64_t len, bool *wake) __must_check;
void hold_read_end(struct hold *hold, uint64_t off, uint64_t len, bool *wake);
bool hold_write(struct hold *hold, uint64_t off, uint64_t len) __must_check;
bool hold_write_ready(struct hold *hold, uint64_t off, uint64_t len) __must_check;
void hold_write_end(struct hold *hold, uint64_t off, uint64_t len);

#endif
