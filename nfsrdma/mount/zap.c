// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Dropping the pages that the kernel has cached of a file, so that who has got a lock reads what others wrote before.
 * The kernel waits for pages that are being read, by us: so a thread of its own asks for it while the loop goes on.
 *
 * Lock: of the two lists and `stop`; an op is its list's.  Context: mnt_zap() and then() on the loop's thread.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "nfsrdma/mount/mnt.h"

struct mnt_zap {
	struct nfs_mount *mnt;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct list_head todo, done;
	bool stop;
	struct ual_watch watch;		/* of an eventfd: there is something in done */
};

static struct mnt_op *take(struct list_head *list)
{
	struct mnt_op *op = NULL;

	if (!list_empty(list)) {
		op = list_first_entry(list, struct mnt_op, link);
		list_del_init(&op->link);
	}
	return op;
}

static void *work(void *arg)
{
	struct mnt_zap *zap = arg;
	const uint64_t one = 1;
	struct mnt_op *op;

	pthread_mutex_lock(&zap->lock);
	for (;;) {
		op = take(&zap->todo);
		if (!op && zap->stop)
			break;
		if (!op) {
			pthread_cond_wait(&zap->more, &zap->lock);
			continue;
		}
		pthread_mutex_unlock(&zap->lock);
		fuse_lowlevel_notify_inval_inode(zap->mnt->session, mnt_node_ino(op->node), 0, 0);
		pthread_mutex_lock(&zap->lock);
		list_add_tail(&op->link, &zap->done);
		/* The counter cannot be full. */
		if (write(zap->watch.fd, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&zap->lock);
	return NULL;
}

static void finish(struct mnt_zap *zap)
{
	struct mnt_op *op;

	for (;;) {
		pthread_mutex_lock(&zap->lock);
		op = take(&zap->done);
		pthread_mutex_unlock(&zap->lock);
		if (!op)
			return;
		op->then(op, 0);
	}
}

static void on_done(struct ual_watch *w, uint32_t events)
{
	struct mnt_zap *zap = w->ctx;
	uint64_t n;

	if (read(w->fd, &n, sizeof(n)) == sizeof(n))
		finish(zap);
}

static int start(struct nfs_mount *mnt)
{
	struct mnt_zap *zap = calloc(1, sizeof(*zap));
	int err;

	if (!zap)
		return -ENOMEM;
	zap->mnt = mnt;
	INIT_LIST_HEAD(&zap->todo);
	INIT_LIST_HEAD(&zap->done);
	pthread_mutex_init(&zap->lock, NULL);
	pthread_cond_init(&zap->more, NULL);
	zap->watch = (struct ual_watch){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
					 .events = EPOLLIN,
					 .fn = on_done,
					 .ctx = zap };
	err = zap->watch.fd < 0 ? -errno : ual_watch_add(mnt->cfg.loop, &zap->watch);
	if (!err) {
		err = -pthread_create(&zap->thread, NULL, work, zap);
		if (err)
			ual_watch_del(mnt->cfg.loop, &zap->watch);
	}
	if (!err) {
		mnt->zap = zap;
		return 0;
	}
	if (zap->watch.fd >= 0)
		close(zap->watch.fd);
	pthread_cond_destroy(&zap->more);
	pthread_mutex_destroy(&zap->lock);
	free(zap);
	return err;
}

void mnt_zap(struct mnt_op *op, void (*then)(struct mnt_op *op, int err))
{
	int err = op->mnt->zap ? 0 : start(op->mnt);
	struct mnt_zap *zap = op->mnt->zap;

	op->then = then;
	if (err) {
		then(op, err);
		return;
	}
	pthread_mutex_lock(&zap->lock);
	list_add_tail(&op->link, &zap->todo);
	pthread_cond_signal(&zap->more);
	pthread_mutex_unlock(&zap->lock);
}

void mnt_zap_end(struct nfs_mount *mnt)
{
	struct mnt_zap *zap = mnt->zap;

	if (!zap)
		return;
	pthread_mutex_lock(&zap->lock);
	zap->stop = true;
	pthread_cond_signal(&zap->more);
	pthread_mutex_unlock(&zap->lock);
	pthread_join(zap->thread, NULL);
	finish(zap);
	ual_watch_del(mnt->cfg.loop, &zap->watch);
	close(zap->watch.fd);
	pthread_cond_destroy(&zap->more);
	pthread_mutex_destroy(&zap->lock);
	free(zap);
	mnt->zap = NULL;
}
