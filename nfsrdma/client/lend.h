/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A key that the server gets for one exchange: of the bytes that this exchange moves, in the direction that it moves
 * them, until its answer is believed.
 *
 *   lent_give()      -> a work request ahead of the call's Send, or none
 *   ... the server reads or writes, and answers ...
 *   lent_taken()     it invalidated the key with its answer (RFC 8797), or
 *   lent_end()       -> a work request whose completion is waited for, or none
 *
 * The key is a window's where the provider has them, and then costs no call; else it is that of a region that is
 * registered for the exchange.  What a key stood for is the caller's own again only when lent_is_out() is false, or
 * when the queue pair is gone.
 */
#ifndef NFSRDMA_LEND_H
#define NFSRDMA_LEND_H

#include "ual/ual.h"
#include "core/env.h"

struct mem;

struct lent {
	struct ual_mw *mw;
	struct ual_mr *mr;		/* without windows: registered while the key is out */
	u32 key;
	bool out;
};

enum lent_way { LENT_TO_READ, LENT_TO_WRITE };	/* what the server may do with it */

/* What the client's own regions need, so that parts of them can be lent. */
u32 lend_access(const struct ual_device *dev);
/* Can a peer's answer take a key away? */
bool lend_remote_inv(const struct ual_device *dev);

int lent_init(struct lent *lent, struct ual_pd *pd);
void lent_deinit(struct lent *lent);	/* after the queue pair */

/*
 * Lends len bytes at `at`, which lie in mem.  1: wr is filled in and goes out ahead of what tells the key; 0: nothing
 * has to; negative errno.
 */
int lent_give(struct lent *lent, const struct mem *mem, const void *at, u32 len, enum lent_way way,
	      struct wr_send *wr);
/* The server invalidated `key`.  False: it is not this one, or was not out. */
bool lent_taken(struct lent *lent, u32 key);
/* 1: wr is filled in, and the key is out until lent_ended() at its completion; 0: the key is out no more. */
int lent_end(struct lent *lent, struct wr_send *wr);
void lent_ended(struct lent *lent);

static inline bool lent_is_out(const struct lent *lent)
{
	return lent->out;
}

#endif
