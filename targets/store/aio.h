/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Asynchronous file operations of one event loop.
 *
 * io_uring where the kernel grants it: submitted once in each pass of the loop, completions are found by
 * the loop's watch on the ring.  Elsewhere (old kernels, containers that forbid it) a few threads; they
 * also do what io_uring has no operation for.  Operations have no order among each other.
 */
#ifndef TARGETS_STORE_AIO_H
#define TARGETS_STORE_AIO_H

#include <sys/types.h>

#include "core/env.h"
#include "ual/loop.h"

enum aio_engine { AIO_AUTO, AIO_URING, AIO_THREADS };

enum aio_kind {
	AIO_READ,
	AIO_WRITE,		/* dsync: this data is on stable storage when it completes */
	AIO_FDATASYNC,		/* of a range, or of more; len 0: of the whole file */
	AIO_FALLOCATE,		/* mode */
	AIO_DISCARD,		/* ioctl BLKDISCARD */
};

/* Storage of the caller from submission to done(). */
struct aio_op {
	enum aio_kind kind;
	int fd;
	bool dsync;
	int mode;
	void *buf;
	uint64_t off, len;		/* reads and writes: at most 1 GiB */
	void (*done)(struct aio_op *, ssize_t res);	/* bytes or 0; negative errno */
	ssize_t res;
	struct aio_op *next;		/* the engine's */
};

struct aio;

/* AIO_URING: -ENOSYS, -EPERM ... where there is none; AIO_AUTO takes threads then. */
int aio_create(struct ual_loop *loop, enum aio_engine engine, struct aio **aio);
void aio_destroy(struct aio *aio);	/* asserts that nothing is in flight */
/* done() is never called from within. */
void aio_submit(struct aio *aio, struct aio_op *op);
enum aio_engine aio_engine(const struct aio *aio);

#endif
