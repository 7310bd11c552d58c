/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Registered buffers of a reactor, lent by the piece.
 *
 * Memory comes in arenas that are mapped and registered on demand and given back when nothing of them has
 * been lent for a while, so an idle daemon is small and a busy one bounded.  Inside an arena a buddy system:
 * any length up to an arena is one contiguous piece, aligned to its size (and so fit for O_DIRECT).
 * Who gets nothing waits in line; a large request is not overtaken by small ones.
 *
 * What is lent may stay away for long: a peer that has died takes no data any more, and its buffers come back
 * when that is noticed.  An account bounds what one peer can have meanwhile; beyond it that peer alone waits.
 */
#ifndef TARGETS_STORE_POOL_H
#define TARGETS_STORE_POOL_H

#include "core/env.h"
#include "ual/ual.h"

#define POOL_PAGE	4096u	/* the smallest piece */

struct pool;
struct pool_arena;

struct pool_account {
	uint64_t lent;			/* bytes, promised ones included */
	uint64_t max;			/* one request may always be lent */
	struct list_head waiters;
};

struct pool_buf {
	void *data;		/* NULL: none */
	struct pool_arena *arena;
	struct pool_account *account;
	uint32_t lkey;
};

struct pool_cfg {
	struct ual_loop *loop;
	struct ual_pd *pd;
	uint32_t arena_len;	/* a power of two, the largest piece */
	uint64_t max;		/* bytes of all arenas; at least one arena */
	uint64_t idle_ns;	/* an unused arena is given back after this; 0: 2 s */
};

int pool_create(const struct pool_cfg *cfg, struct pool **pool);
void pool_destroy(struct pool *pool);		/* asserts that nothing is lent */

void pool_account_init(struct pool_account *account, uint64_t max);

/* Storage of the caller while it waits. */
struct pool_wait {
	struct list_head node;
	struct pool_account *account;
	uint32_t len;
	bool promised;		/* waits in the pool's line, not in the account's */
	struct pool_buf buf;	/* result */
	void (*fn)(struct pool_wait *);
};

/*
 * account: whose, or NULL for nobody's.  0: *buf is lent.  -EAGAIN: all is in use; wait->fn is called once, with wait->buf, when there is some.
 * -ENOMEM: there is none and nothing will come back.
 */
int pool_get(struct pool *pool, struct pool_account *account, uint32_t len, struct pool_buf *buf,
	     struct pool_wait *wait);
/* Waiters are served from the loop, not from within. */
void pool_put(struct pool *pool, struct pool_buf *buf);
void pool_cancel(struct pool *pool, struct pool_wait *wait);
uint64_t pool_bytes(const struct pool *pool);	/* mapped now */

#endif
