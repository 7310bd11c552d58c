// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Contract: ahead.h. */
#include "targets/store/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23		/* Linux 5.14 */
#endif

#define STACK_BYTES	(128u << 10)
#define PAGE		4096u

/*
 * Owner: the store.  Lock: `lock` over queue, queue_n, started, stop.  The thread itself starts when it is first asked: a
 * process of one thread has cheaper system calls.  `unwritten` counts chunks that are asked for and not
 * written to: no more than AHEAD_CHUNKS, so the queue has room for each.
 */
struct ahead_thread {
	struct ahead *ahead;
	uint8_t *mem;
	uint64_t len;
	atomic_uint unwritten;
	atomic_bool useless;		/* the kernel does not know how, or there is no thread */
	pthread_t id;
	pthread_mutex_t lock;
	pthread_cond_t work;
	uint64_t queue[AHEAD_CHUNKS];
	unsigned queue_n;
	bool started, stop;
};

/* With the lock, which is given up while it waits.  False: the end. */
static bool next_chunk(struct ahead_thread *t, uint64_t *chunk)
{
	while (!t->queue_n && !t->stop)
		pthread_cond_wait(&t->work, &t->lock);
	if (t->stop)
		return false;
	*chunk = t->queue[0];
	t->queue_n--;
	for (unsigned i = 0; i < t->queue_n; i++)
		t->queue[i] = t->queue[i + 1];
	return true;
}

/* Contents stay as they are, whoever writes there meanwhile. */
static void populate(struct ahead_thread *t, uint64_t chunk)
{
	uint64_t at = chunk * AHEAD_CHUNK;
	uint64_t len = t->len - at < AHEAD_CHUNK ? t->len - at : AHEAD_CHUNK;

	if (atomic_load(&t->ahead->state[chunk]) != AHEAD_ASKED)
		return;			/* the writer was faster */
	len = (len + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	if (madvise(t->mem + at, len, MADV_POPULATE_WRITE) != 0 && errno == EINVAL)
		atomic_store(&t->useless, true);
}

static void *run(void *arg)
{
	struct ahead_thread *t = arg;
	uint64_t chunk;

	pthread_mutex_lock(&t->lock);
	while (next_chunk(t, &chunk)) {
		pthread_mutex_unlock(&t->lock);
		populate(t, chunk);
		pthread_mutex_lock(&t->lock);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* With the lock.  Signals are the main thread's. */
static void thread_start(struct ahead_thread *t)
{
	sigset_t all, old;
	pthread_attr_t attr;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (pthread_create(&t->id, &attr, run, t) == 0)
		t->started = true;
	else
		atomic_store(&t->useless, true);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct ahead *ahead_create(void *mem, uint64_t len)
{
	uint64_t chunk_n = (len + AHEAD_CHUNK - 1) / AHEAD_CHUNK;
	struct ahead *ahead = calloc(1, sizeof(*ahead) + chunk_n * sizeof(ahead->state[0]));
	struct ahead_thread *t = calloc(1, sizeof(*t));

	if (!ahead || !t) {
		free(ahead);
		free(t);
		return NULL;
	}
	ahead->chunk_n = chunk_n;
	t->ahead = ahead;
	t->mem = mem;
	t->len = len;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	ahead->thread = t;
	return ahead;
}

void ahead_destroy(struct ahead *ahead)
{
	struct ahead_thread *t = ahead->thread;

	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	if (t->started)
		pthread_join(t->id, NULL);
	pthread_cond_destroy(&t->work);
	pthread_mutex_destroy(&t->lock);
	free(t);
	free(ahead);
}

/* False: as much is ahead as may be. */
static bool ask(struct ahead_thread *t, uint64_t chunk)
{
	uint8_t untouched = AHEAD_UNTOUCHED;

	if (atomic_fetch_add(&t->unwritten, 1) >= AHEAD_CHUNKS) {
		atomic_fetch_sub(&t->unwritten, 1);
		return false;
	}
	if (!atomic_compare_exchange_strong(&t->ahead->state[chunk], &untouched, AHEAD_ASKED)) {
		atomic_fetch_sub(&t->unwritten, 1);
		return true;
	}
	pthread_mutex_lock(&t->lock);
	if (!t->started)
		thread_start(t);
	/* Full of chunks that were written to meanwhile: then it has no use for this one either. */
	if (t->queue_n < AHEAD_CHUNKS)
		t->queue[t->queue_n++] = chunk;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	return true;
}

void ahead_first_write(struct ahead *ahead, uint64_t chunk)
{
	struct ahead_thread *t = ahead->thread;
	uint8_t before = atomic_exchange(&ahead->state[chunk], AHEAD_WRITTEN);

	if (before == AHEAD_ASKED)
		atomic_fetch_sub(&t->unwritten, 1);
	if (before == AHEAD_WRITTEN || !chunk || atomic_load(&t->useless) ||
	    atomic_load(&ahead->state[chunk - 1]) != AHEAD_WRITTEN)
		return;
	for (uint64_t c = chunk + 1; c <= chunk + AHEAD_CHUNKS && c < ahead->chunk_n; c++)
		if (!ask(t, c))
			return;
}

void ahead_drop(struct ahead *ahead, uint64_t off, uint64_t len)
{
	uint64_t from = (off + AHEAD_CHUNK - 1) / AHEAD_CHUNK, to = (off + len) / AHEAD_CHUNK;

	for (uint64_t c = from; c < to; c++)
		if (atomic_exchange(&ahead->state[c], AHEAD_UNTOUCHED) == AHEAD_ASKED)
			atomic_fetch_sub(&ahead->thread->unwritten, 1);
}
