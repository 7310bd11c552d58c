/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The instance of a store: a number that stays the same for as long as nothing that a write was answered for
 * can have been lost.  Initiators read it after each login (VPD page C0h): the same as before, and a break of
 * the session was one of the network alone; another, and what was not flushed may be gone.
 *
 *   what happens                                      what is written and not flushed    number
 *   the daemon ends, all was flushed                  on stable storage                  stays
 *   the daemon is killed                              in the page cache                  stays
 *   the machine loses power, the kernel crashes       lost                               another
 *   a flush was refused, then the daemon restarts     nobody knows                       another
 *   a store in memory is opened                       lost, and all the rest             another
 *
 *   another file or disk has its name                                                    another
 *
 * A record in the state folder tells these apart: number, whether the store was closed with everything
 * flushed, and the boot of the kernel in which it was opened.  Without such a folder each start has a number
 * of its own, which is never wrong, only more cautious than need be.
 */
#ifndef TARGETS_STORE_INSTANCE_H
#define TARGETS_STORE_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_INSTANCE_LEN	16
#define STORE_RECORD_MAX	512	/* path of a record; longer: none is kept */

struct store_instance {
	uint8_t id[STORE_INSTANCE_LEN];
	char record[STORE_RECORD_MAX];	/* empty: none is kept */
	char path[STORE_RECORD_MAX];	/* of the file or device, resolved */
	bool is_block;
	/* what path names: inode, or the kernel's sequence number of a disk; 0: unknown */
	uint64_t object;
};

/* A number of its own, no record. */
void store_instance_random(struct store_instance *inst);
/*
 * That of the file or device at path, by its record in the folder dir; the record is durable when this returns,
 * before anything is served.  Negative errno: it cannot be kept, and the number is a random one.
 */
int store_instance_open(struct store_instance *inst, const char *dir, const char *path);
/* The store was closed; flushed: with all of it on stable storage. */
int store_instance_close(struct store_instance *inst, bool flushed);
/* Something was lost: the next one is another.  Any thread; what it uses does not change while a store is open. */
void store_instance_forget(const struct store_instance *inst);

#endif
