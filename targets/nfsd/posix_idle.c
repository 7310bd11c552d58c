// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The thread that closes nodes which nobody uses.
 *
 * An open node keeps a file's space when its last name is removed on this machine, beside the server, which nobody tells.
 * So each second those in the cache are looked at, which costs a system call without I/O for each: a removed file
 * is closed soon, unless a client has it open.  What was not used for POSIX_IDLE_S is closed too, so that the thread of
 * an export without calls sleeps.
 *
 * What owes a sync has it here before it may be closed (posix_sync.c): its node stays in the cache meanwhile, so that
 * who commits it waits for the same sync.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "targets/nfsd/posix.h"

#define LOOK_S	1

time_t posix_idle_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

/* What is known of it here, without asking another machine. */
static bool is_gone(const struct nfs_node *node)
{
	struct statx stx;

	return !statx(node->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_NLINK, &stx) &&
	       stx.stx_mask & STATX_NLINK && !stx.stx_nlink;
}

/* Few are in a bucket: the lock is not held for long. */
static void close_gone(struct posix_fs *fs)
{
	struct nfs_node *node, *next;
	struct list_head gone;

	for (unsigned i = 0; i < POSIX_HASH; i++) {
		INIT_LIST_HEAD(&gone);
		pthread_mutex_lock(&fs->lock);
		list_for_each_entry_safe(node, next, &fs->hash[i], hash)
			if (!node->refs && is_gone(node)) {
				posix_node_unhash(node);
				list_add(&node->lru, &gone);
			}
		pthread_mutex_unlock(&fs->lock);
		list_for_each_entry_safe(node, next, &gone, lru)
			posix_node_free(node);
	}
}

static struct nfs_node *oldest(const struct list_head *list, time_t since)
{
	struct nfs_node *node = list_first_entry_or_null(list, struct nfs_node, lru);

	return node && node->idle_s <= since ? node : NULL;
}

/* With the lock.  Its end is where it is put: behind those that are clean. */
static void sync_owing(struct posix_fs *fs, time_t since)
{
	struct nfs_node *node;

	while ((node = oldest(&fs->owing, since)) && !fs->ending) {
		node->refs++;
		list_del_init(&node->lru);
		pthread_mutex_unlock(&fs->lock);
		nfs_told_by_verifier(posix_sync(node, false));
		posix_node_put(node);
		pthread_mutex_lock(&fs->lock);
	}
}

static void close_old(struct posix_fs *fs, time_t since)
{
	struct nfs_node *node;

	while ((node = oldest(&fs->lru, fs->node_n > fs->node_max ? posix_idle_now() : since))) {
		posix_node_unhash(node);
		pthread_mutex_unlock(&fs->lock);
		posix_node_free(node);
		pthread_mutex_lock(&fs->lock);
	}
}

static void *idle_main(void *arg)
{
	struct posix_fs *fs = arg;
	struct timespec until;
	time_t now;

	pthread_mutex_lock(&fs->lock);
	while (!fs->ending) {
		if (list_empty(&fs->lru) && list_empty(&fs->owing)) {
			fs->idle_sleeps = true;
			pthread_cond_wait(&fs->idle_wake, &fs->lock);
			fs->idle_sleeps = false;
			continue;
		}
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += LOOK_S;
		if (pthread_cond_timedwait(&fs->idle_wake, &fs->lock, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&fs->lock);
		close_gone(fs);
		pthread_mutex_lock(&fs->lock);
		now = posix_idle_now();
		sync_owing(fs, now - POSIX_OWING_S);
		close_old(fs, now - POSIX_IDLE_S);
	}
	pthread_mutex_unlock(&fs->lock);
	return NULL;
}

int posix_idle_start(struct posix_fs *fs)
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

void posix_idle_stop(struct posix_fs *fs)
{
	pthread_mutex_lock(&fs->lock);
	fs->ending = true;
	pthread_cond_signal(&fs->idle_wake);
	pthread_mutex_unlock(&fs->lock);
	pthread_join(fs->idle_thread, NULL);
	pthread_cond_destroy(&fs->idle_wake);
}
