// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Threads engine: workers take operations from a queue, do them with blocking calls, and post the results
 * to the loop, many at once.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "targets/store/aio_engine.h"

#define WORKERS_MAX	8
#define WORKER_IDLE_S	5

struct op_list {
	struct aio_op *first, **end;
};

/*
 * Owner: the loop's thread.  References: workers; destroy waits for the last.
 * Lock: lock guards everything but loop and in_flight (loop's thread only).
 * Context: loop's thread and workers.
 */
struct aio_threads {
	struct ual_loop *loop;
	unsigned in_flight;

	pthread_mutex_t lock;
	pthread_cond_t work, gone;
	struct op_list todo, finished;
	unsigned todo_n, workers, idle;
	bool stop, posted;
	struct ual_post post;
};

static void list_init(struct op_list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void list_put(struct op_list *list, struct aio_op *op)
{
	op->next = NULL;
	*list->end = op;
	list->end = &op->next;
}

static struct aio_op *list_take(struct op_list *list)
{
	struct aio_op *op = list->first;

	if (op) {
		list->first = op->next;
		if (!list->first)
			list->end = &list->first;
	}
	return op;
}

static ssize_t perform(const struct aio_op *op)
{
	struct iovec iov = { .iov_base = op->buf, .iov_len = op->len };
	uint64_t range[2] = { op->off, op->len };
	ssize_t res = -1;

	switch (op->kind) {
	case AIO_READ:
		res = preadv2(op->fd, &iov, 1, (off_t)op->off, 0);
		break;
	case AIO_WRITE:
		res = pwritev2(op->fd, &iov, 1, (off_t)op->off, op->dsync ? RWF_DSYNC : 0);
		break;
	case AIO_FDATASYNC:
		res = fdatasync(op->fd);
		break;
	case AIO_FALLOCATE:
		res = fallocate(op->fd, op->mode, (off_t)op->off, (off_t)op->len);
		break;
	case AIO_DISCARD:
		res = ioctl(op->fd, BLKDISCARD, range);
		break;
	}
	return res < 0 ? -errno : res;
}

/* With the lock.  NULL: nothing came for a while, or the end. */
static struct aio_op *wait_for_work(struct aio_threads *at)
{
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WORKER_IDLE_S;
	at->idle++;
	while (!at->todo.first && !at->stop && !err)
		err = pthread_cond_timedwait(&at->work, &at->lock, &until);
	at->idle--;
	if (at->todo.first)
		at->todo_n--;
	return list_take(&at->todo);
}

static void *worker(void *arg)
{
	struct aio_threads *at = arg;
	struct aio_op *op;

	pthread_mutex_lock(&at->lock);
	while ((op = wait_for_work(at))) {
		pthread_mutex_unlock(&at->lock);
		op->res = perform(op);
		pthread_mutex_lock(&at->lock);
		list_put(&at->finished, op);
		if (!at->posted) {
			at->posted = true;
			ual_loop_post(at->loop, &at->post);
		}
	}
	at->workers--;
	pthread_cond_signal(&at->gone);
	pthread_mutex_unlock(&at->lock);
	return NULL;
}

static void deliver(struct ual_post *post)
{
	struct aio_threads *at = post->ctx;
	struct aio_op *op, *next;

	pthread_mutex_lock(&at->lock);
	op = at->finished.first;
	list_init(&at->finished);
	at->posted = false;
	pthread_mutex_unlock(&at->lock);
	for (; op; op = next) {
		next = op->next;
		at->in_flight--;
		op->done(op, op->res);
	}
}

/* With the lock.  Signals are the main thread's. */
static int worker_start(struct aio_threads *at)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 128 * 1024);
	err = pthread_create(&thread, &attr, worker, at);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		at->workers++;
	return -err;
}

int aio_threads_create(struct ual_loop *loop, struct aio_threads **out)
{
	struct aio_threads *at = calloc(1, sizeof(*at));
	pthread_condattr_t attr;

	if (!at)
		return -ENOMEM;
	at->loop = loop;
	at->post = (struct ual_post){ .fn = deliver, .ctx = at };
	list_init(&at->todo);
	list_init(&at->finished);
	pthread_mutex_init(&at->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&at->work, &attr);
	pthread_cond_init(&at->gone, NULL);
	pthread_condattr_destroy(&attr);
	*out = at;
	return 0;
}

void aio_threads_destroy(struct aio_threads *at)
{
	if (!at)
		return;
	core_assert(at->in_flight == 0);
	pthread_mutex_lock(&at->lock);
	at->stop = true;
	pthread_cond_broadcast(&at->work);
	while (at->workers)
		pthread_cond_wait(&at->gone, &at->lock);
	pthread_mutex_unlock(&at->lock);
	pthread_cond_destroy(&at->gone);
	pthread_cond_destroy(&at->work);
	pthread_mutex_destroy(&at->lock);
	free(at);
}

void aio_threads_submit(struct aio_threads *at, struct aio_op *op)
{
	int err = 0;

	at->in_flight++;
	pthread_mutex_lock(&at->lock);
	list_put(&at->todo, op);
	if (++at->todo_n > at->idle && at->workers < WORKERS_MAX)
		err = worker_start(at);
	pthread_cond_signal(&at->work);
	if (err && !at->workers) {
		/* No thread can be had: this operation is answered, the loop goes on. */
		list_init(&at->todo);
		at->todo_n = 0;
		op->res = err;
		list_put(&at->finished, op);
		if (!at->posted) {
			at->posted = true;
			ual_loop_post(at->loop, &at->post);
		}
	}
	pthread_mutex_unlock(&at->lock);
}
