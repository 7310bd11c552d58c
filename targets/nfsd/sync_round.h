/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Syncing a file that many threads write: one at a time, and what one sync says is said to all who waited for it.
 *
 * The kernel (and libcephfs) tells of data that is lost once for each open file, and the threads share one.  Were two
 * of them to sync at once, one would get the error and the other would hear that all is well, before anybody knows of
 * the loss.  So there are rounds: who comes while one is under way waits for the next, which begins after that one has
 * ended and its loss was made known, and which covers all who wait.
 */
#ifndef TARGETS_NFSD_SYNC_ROUND_H
#define TARGETS_NFSD_SYNC_ROUND_H

#include <pthread.h>

#include "core/env.h"

/* Owner: a node.  Lock: all of it.  Context: any thread that may wait. */
struct sync_round {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	u64 ended;			/* rounds */
	bool running;
	bool all_next;			/* somebody wants more than data of the next */
	u64 failed;			/* the last that did */
	int err;			/* of it */
};

struct sync_round_ops {
	int (*sync)(void *ctx, bool all);	/* all: attributes too */
	void (*lost)(void *ctx);		/* it failed; before anybody hears of it */
};

void sync_round_init(struct sync_round *round);
void sync_round_deinit(struct sync_round *round);
/* What was written before this call is durable; -errno: it may be lost, and ops->lost() was called. */
int sync_round_run(struct sync_round *round, bool all, const struct sync_round_ops *ops,
		   void *ctx) __must_check;

#endif
