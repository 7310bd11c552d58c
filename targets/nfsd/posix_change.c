// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The change attribute: grows with each change of data or metadata.
 *
 * The kernel tells the time of the last change, by a clock that may stand still for 10 ms (its own counter, where the
 * file system has one, it does not tell to programs).  So changes made through a node are counted: one that has left
 * the time as it was makes the value one larger.  A change on this machine, beside the server, is seen by the time
 * alone.
 *
 * A node is forgotten when the server ends or its cache is full, the count with it.  So the first value of a node must
 * not be below what clients were told before: it is the time plus what has passed since, but no more than the clock may
 * stand still.  It is then above all that were given for this time, and below any later time.
 */
#include <errno.h>

#include "targets/nfsd/posix.h"

#define STANDS_STILL_MAX	(1u << 24)	/* in ns: ticks are 10 ms at most */

/* 2^30 is more than the ns of a second, by more than the above: sums do not reach the next second. */
static u64 of_time(const struct timespec *t)
{
	return (u64)t->tv_sec << 30 | (u64)t->tv_nsec;
}

u64 posix_change_next(u64 value, const struct timespec *ctime, const struct timespec *now)
{
	u64 t = of_time(ctime), n = of_time(now);

	if (!value)
		return t + (n < t ? 0 : min_t(u64, n - t, STANDS_STILL_MAX));
	return value < t ? t : value + 1;
}

void posix_changed(struct nfs_node *node)
{
	atomic_fetch_add(&node->change.done, 1);
}

/* What was told last, if it still holds for this time; 0: it does not, or is being changed. */
static u64 told(struct posix_change *c, unsigned seq, u64 done, u64 ctime)
{
	u64 value = atomic_load(&c->value);
	bool holds = atomic_load(&c->ctime) == ctime && atomic_load(&c->seen) == done;

	return holds && !(seq & 1) && atomic_load(&c->seq) == seq ? value : 0;
}

/* The count is read before the attributes, and both are read again where another thread may have told of a later change. */
int posix_change_stat(struct nfs_node *node, struct stat *st, u64 *value, u64 *count)
{
	struct posix_change *c = &node->change;
	unsigned seq = atomic_load(&c->seq);
	u64 done = atomic_load(&c->done);
	struct timespec now;
	int err = 0;

	if (fstat(node->fd, st))
		return -errno;
	*value = told(c, seq, done, of_time(&st->st_ctim));
	*count = done;
	if (*value)
		return 0;
	pthread_mutex_lock(&c->lock);
	*count = done = atomic_load(&c->done);
	clock_gettime(CLOCK_REALTIME, &now);
	if (fstat(node->fd, st)) {
		err = -errno;
	} else {
		*value = atomic_load(&c->value);
		if (!*value || done != atomic_load(&c->seen) ||
		    of_time(&st->st_ctim) != atomic_load(&c->ctime)) {
			atomic_fetch_add(&c->seq, 1);
			*value = posix_change_next(*value, &st->st_ctim, &now);
			atomic_store(&c->ctime, of_time(&st->st_ctim));
			atomic_store(&c->seen, done);
			atomic_store(&c->value, *value);
			atomic_fetch_add(&c->seq, 1);
		}
	}
	pthread_mutex_unlock(&c->lock);
	return err;
}
