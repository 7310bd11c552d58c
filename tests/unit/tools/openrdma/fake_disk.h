/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iser_disk_* over a file, without a network: what the hosts of `openrdma attach` are tested with.
 *
 * Operations end after a random time, so in any order, and touch the file only then: two that should not
 * have been in flight together show as wrong data.
 *
 * For the program made with it the environment says what the disk is:
 *   FAKE_DISK_FILE   where the bytes are; made if need be
 *   FAKE_DISK_SIZE   bytes; default 64 MiB
 *   FAKE_DISK_BLOCK  block size; default 512
 *   FAKE_DISK_GROW   set: it has twice the size one second later
 *   FAKE_DISK_TRACE  a file that gets a line "OP OFFSET LENGTH FLAGS" for each operation but reads and writes
 */
#ifndef TESTS_FAKE_DISK_H
#define TESTS_FAKE_DISK_H

#include "iser/iser_disk.h"

struct fake_disk_cfg {
	const char *file;
	uint64_t size;
	uint32_t block_size;
	uint32_t jitter_us;	/* operations take up to this long */
	bool no_write_zeroes, no_fua, no_cache;
	const char *trace;
};

/* An open disk; close it with oriser_disk_close(). */
struct oriser_disk *fake_disk_make(struct ual_loop *loop, const struct fake_disk_cfg *cfg);
/* operations that ended well */
unsigned fake_disk_count(const struct oriser_disk *disk, enum oriser_op op);
/* of the last operation of this kind */
uint32_t fake_disk_flags(const struct oriser_disk *disk, enum oriser_op op);
void fake_disk_set_cache(struct oriser_disk *disk, bool on);
/* Its target has lost what it had cached. */
void fake_disk_lose(struct oriser_disk *disk);
/* The next operation of this kind ends with err. */
void fake_disk_fail_next(struct oriser_disk *disk, enum oriser_op op, int err);

#endif
