// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See sync_round.h. */
#include "targets/nfsd/sync_round.h"

void sync_round_init(struct sync_round *round)
{
	*round = (struct sync_round){ 0 };
	pthread_mutex_init(&round->lock, NULL);
	pthread_cond_init(&round->cond, NULL);
}

void sync_round_deinit(struct sync_round *round)
{
	pthread_cond_destroy(&round->cond);
	pthread_mutex_destroy(&round->lock);
}

/* With the lock, which is let go of meanwhile. */
static void lead(struct sync_round *round, const struct sync_round_ops *ops, void *ctx)
{
	bool all = round->all_next;
	int err;

	round->running = true;
	round->all_next = false;
	pthread_mutex_unlock(&round->lock);
	err = ops->sync(ctx, all);
	if (err)
		ops->lost(ctx);
	pthread_mutex_lock(&round->lock);
	round->running = false;
	round->ended++;
	if (err) {
		round->failed = round->ended;
		round->err = err;
	}
	pthread_cond_broadcast(&round->cond);
}

int sync_round_run(struct sync_round *round, bool all, const struct sync_round_ops *ops, void *ctx)
{
	u64 mine;
	int err;

	pthread_mutex_lock(&round->lock);
	/* One that is under way may have begun before what the caller wrote. */
	mine = round->ended + 1 + round->running;
	round->all_next |= all;
	while (round->ended < mine) {
		if (round->running)
			pthread_cond_wait(&round->cond, &round->lock);
		else
			lead(round, ops, ctx);
	}
	/* One that failed later counts too: it is not known which of them lost what. */
	err = round->failed >= mine ? round->err : 0;
	pthread_mutex_unlock(&round->lock);
	return err;
}
