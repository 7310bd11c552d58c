// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Threads for what may block: one queue, first come, first served.
 *
 * Lock: `lock` over the queue and `stop`.  A call belongs to the queue while it is in it, then to the thread that
 * took it, which gives it back to its reactor.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "nfsrdma/server/server.h"

struct nfs_workers {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct nfs_call *head, **tail;
	bool stop;
	unsigned thread_n;
	pthread_t threads[];
};

static void *worker(void *arg)
{
	struct nfs_workers *w = arg;
	struct nfs_call *call;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->head && !w->stop)
			pthread_cond_wait(&w->more, &w->lock);
		call = w->head;
		if (!call)
			break;
		w->head = call->next;
		if (!w->head)
			w->tail = &w->head;
		pthread_mutex_unlock(&w->lock);
		nfs_call_run_blocking(call);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int nfs_workers_create(unsigned threads, struct nfs_workers **out)
{
	struct nfs_workers *w;
	int err;

	core_assert(threads);
	w = calloc(1, sizeof(*w) + threads * sizeof(w->threads[0]));
	if (!w)
		return -ENOMEM;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	w->tail = &w->head;
	while (w->thread_n < threads) {
		err = pthread_create(&w->threads[w->thread_n], NULL, worker, w);
		if (err) {
			nfs_workers_destroy(w);
			return -err;
		}
		w->thread_n++;
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
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->thread_n; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void nfs_workers_add(struct nfs_workers *w, struct nfs_call *call)
{
	call->next = NULL;
	pthread_mutex_lock(&w->lock);
	*w->tail = call;
	w->tail = &call->next;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}
