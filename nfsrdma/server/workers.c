// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Threads for what may block.  Each exported file system has a queue of its own, first come, first served, and threads of
 * its own, made as they are needed: one whose calls never come back holds its threads and nobody else's.
 *
 *   call->where --> queue --> at most `max` threads of it
 *
 * The first queue is for calls that are about no file system that could be told, and has a thread from the beginning: it
 * also serves where no more threads can be made.  When there are more file systems than queues some share.
 *
 * Lock: `lock` over all of it.  A call belongs to its queue while it is in it, then to the thread that took it, which gives
 * it back to its reactor.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "nfsrdma/server/limits.h"
#include "nfsrdma/server/server.h"

struct queue {
	struct nfs_workers *workers;
	u64 where;
	struct nfs_call *head, **tail;
	unsigned waiting, running;	/* calls */
	pthread_cond_t more;
	unsigned thread_n, idle;
};

struct nfs_workers {
	pthread_mutex_t lock;
	bool stop;
	unsigned max;			/* threads of a queue */
	unsigned queue_n;
	struct queue queues[NFS_QUEUES_MAX];
	unsigned thread_n;
	pthread_t threads[];		/* NFS_QUEUES_MAX * max */
};

static void *worker(void *arg)
{
	struct queue *q = arg;
	struct nfs_workers *w = q->workers;
	struct nfs_call *call;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		q->idle++;
		while (!q->head && !w->stop)
			pthread_cond_wait(&q->more, &w->lock);
		q->idle--;
		call = q->head;
		if (!call)
			break;
		q->head = call->next;
		if (!q->head)
			q->tail = &q->head;
		q->waiting--;
		q->running++;
		pthread_mutex_unlock(&w->lock);
		nfs_call_run_blocking(call);
		pthread_mutex_lock(&w->lock);
		q->running--;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int thread_start(struct nfs_workers *w, struct queue *q)
{
	int err = pthread_create(&w->threads[w->thread_n], NULL, worker, q);

	if (err)
		return -err;
	w->thread_n++;
	q->thread_n++;
	return 0;
}

static struct queue *queue_open(struct nfs_workers *w, u64 where)
{
	struct queue *q = &w->queues[w->queue_n++];

	q->workers = w;
	q->where = where;
	q->tail = &q->head;
	pthread_cond_init(&q->more, NULL);
	return q;
}

static struct queue *queue_of(struct nfs_workers *w, u64 where)
{
	struct queue *unused = NULL;

	for (unsigned i = 0; i < w->queue_n; i++) {
		struct queue *q = &w->queues[i];

		if (q->where == where)
			return q;
		if (i && !q->waiting && !q->running)
			unused = q;
	}
	if (w->queue_n < NFS_QUEUES_MAX)
		return queue_open(w, where);
	if (!unused)
		return &w->queues[1 + where % (NFS_QUEUES_MAX - 1)];
	unused->where = where;		/* with the threads that it has */
	return unused;
}

int nfs_workers_create(unsigned threads, struct nfs_workers **out)
{
	struct nfs_workers *w;
	int err;

	core_assert(threads);
	w = calloc(1, sizeof(*w) + NFS_QUEUES_MAX * threads * sizeof(w->threads[0]));
	if (!w)
		return -ENOMEM;
	pthread_mutex_init(&w->lock, NULL);
	w->max = threads;
	err = thread_start(w, queue_open(w, 0));
	if (err) {
		nfs_workers_destroy(w);
		return err;
	}
	*out = w;
	return 0;
}

void nfs_workers_destroy(struct nfs_workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	for (unsigned i = 0; i < w->queue_n; i++)
		pthread_cond_broadcast(&w->queues[i].more);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->thread_n; i++)
		pthread_join(w->threads[i], NULL);
	for (unsigned i = 0; i < w->queue_n; i++)
		pthread_cond_destroy(&w->queues[i].more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void nfs_workers_add(struct nfs_workers *w, struct nfs_call *call)
{
	struct queue *q;

	call->next = NULL;
	pthread_mutex_lock(&w->lock);
	q = queue_of(w, call->where);
	if (q->waiting >= q->idle && q->thread_n < w->max && thread_start(w, q) && !q->thread_n)
		q = &w->queues[0];
	*q->tail = call;
	q->tail = &call->next;
	q->waiting++;
	pthread_cond_signal(&q->more);
	pthread_mutex_unlock(&w->lock);
}

unsigned nfs_workers_busy(struct nfs_workers *w, u64 wheres[])
{
	unsigned n = 0;

	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < w->queue_n; i++)
		if (w->queues[i].waiting || w->queues[i].running)
			wheres[n++] = w->queues[i].where;
	pthread_mutex_unlock(&w->lock);
	return n;
}
