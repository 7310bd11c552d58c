/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Disk requests of any alignment, on a disk of whole blocks.
 *
 *   host (FUSE, NBD, ublk)  --->  dio_submit()  --->  oriser_disk_submit()
 *
 * Aligned requests go through as they are.  A read of part of a block reads the block and says where in
 * the buffer the wanted bytes lie.  A write that begins or ends inside a block reads, merges and writes the
 * blocks at its ends, alone in its range (range_gate.h).  A discard leaves such blocks alone.
 *
 * Owner: the attachment.  Context: the loop's thread.
 */
#ifndef OPENRDMA_DIO_H
#define OPENRDMA_DIO_H

#include "tools/openrdma/buf_pool.h"
#include "tools/openrdma/range_gate.h"

struct dio;

/* Bytes that a read's buffer must have beyond the length: parts of a block at both ends. */
#define DIO_SLACK(info) (2 * (size_t)(info)->block_size)

struct dio_req {		/* storage of the caller; the library's from submit to fn */
	enum oriser_op op;
	uint32_t flags;		/* enum oriser_io_flags */
	uint64_t offset, len;	/* bytes; within the disk */
	struct buf *buf;	/* read, write: the buffer that holds data */
	/* write: the bytes; read: set by dio_submit() to where they will be */
	uint8_t *data;
	uint32_t *told;		/* flush: as in oriser_io */
	void (*fn)(struct dio_req *, int err);	/* as for oriser_io */
	void *ctx;

	/* dio's own */
	struct dio *dio;
	struct range_pass pass;
	struct oriser_io io;
	struct buf *bounce;	/* a block that is being merged */
	struct dio_req *next;
	uint8_t step;
	int err;
};

/* -EINVAL: the disk's block size is no power of two up to 64 KiB. */
int dio_create(struct ual_loop *loop, struct oriser_disk *disk, bool read_only, struct dio **dio);
void dio_destroy(struct dio *dio);	/* nothing is in flight */

/* fn is called later, never from inside. */
void dio_submit(struct dio *dio, struct dio_req *r);

unsigned dio_in_flight(const struct dio *dio);
const struct oriser_disk_info *dio_info(const struct dio *dio);
struct oriser_disk *dio_disk(const struct dio *dio);
bool dio_read_only(const struct dio *dio);	/* the disk is, or was attached so */

#endif
