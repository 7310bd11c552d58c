// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The thread that closes what nobody uses.  What it takes out of the cache may be found again meanwhile: then there are
 * two nodes of one inode for a moment, and libcephfs sees to it that both mean the same file.
 */
#include <errno.h>
#include <time.h>

#include "targets/nfsd/ceph.h"

#define LOOK_MS 2000

u64 cfs_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

static void wait_some(struct cfs *fs)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_MS / 1000;
	pthread_cond_timedwait(&fs->idle_wake, &fs->lock, &until);
}

static void close_idle(struct cfs *fs, bool all)
{
	struct nfs_node *node;

	while ((node = cfs_node_take_idle(fs, all))) {
		pthread_mutex_unlock(&fs->lock);
		cfs_node_free(node);
		pthread_mutex_lock(&fs->lock);
	}
}

static void *idle_main(void *arg)
{
	struct cfs *fs = arg;

	pthread_mutex_lock(&fs->lock);
	while (!fs->ending) {
		wait_some(fs);
		close_idle(fs, false);
	}
	close_idle(fs, true);
	pthread_mutex_unlock(&fs->lock);
	return NULL;
}

int cfs_idle_start(struct cfs *fs)
{
	pthread_condattr_t attr;
	int err;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&fs->idle_wake, &attr);
	pthread_condattr_destroy(&attr);
	err = -pthread_create(&fs->idle_thread, NULL, idle_main, fs);
	if (err)
		pthread_cond_destroy(&fs->idle_wake);
	return err;
}

void cfs_idle_stop(struct cfs *fs)
{
	pthread_mutex_lock(&fs->lock);
	fs->ending = true;
	pthread_cond_signal(&fs->idle_wake);
	pthread_mutex_unlock(&fs->lock);
	pthread_join(fs->idle_thread, NULL);
	pthread_cond_destroy(&fs->idle_wake);
	core_assert(!fs->node_n);
}
