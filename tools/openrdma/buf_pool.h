/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Buffers that the library may use in place: one mapping, registered with the disk once, cut into small and
 * large buffers.  Pages that no request has touched cost nothing.
 *
 * Owner: the host that made it.  Context: the loop's thread.
 */
#ifndef OPENRDMA_BUF_POOL_H
#define OPENRDMA_BUF_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "iser/iser_disk.h"

struct buf_pool;

struct buf {
	uint8_t *data;
	size_t len;		/* capacity */
	struct oriser_mem *mem;
	struct buf_pool *pool;
	struct buf *next;	/* the pool's */
	unsigned refs;		/* the user's, to share one buffer; 1 when it comes from the pool */
	uint8_t kind;		/* the pool's */
};

struct buf_pool_cfg {
	struct oriser_disk *disk;
	unsigned small_n, large_n;
	size_t small_len, large_len;	/* rounded up to pages */
	/* A buffer came back after buf_get() had failed.  May be NULL. */
	void (*freed)(void *ctx);
	void *ctx;
};

int buf_pool_create(const struct buf_pool_cfg *cfg, struct buf_pool **pool);
/* All buffers have come back. */
void buf_pool_destroy(struct buf_pool *pool);

/* A buffer of at least len bytes.  NULL: none is free now, freed() will be called. */
struct buf *buf_get(struct buf_pool *pool, size_t len);
/* For the rare request above large_len: a mapping of its own.  0, -ENOMEM or the library's error. */
int buf_get_huge(struct buf_pool *pool, size_t len, struct buf **buf);
void buf_ref(struct buf *b);
void buf_put(struct buf *b);	/* gives it back with the last reference; NULL does nothing */

#endif
