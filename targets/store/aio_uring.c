// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * io_uring engine.  What is submitted during a pass waits in `queued`; the deferred call at its end moves
 * it to the ring and enters the kernel once.  At most URING_DEPTH operations are with the kernel, so that
 * the completion queue never overflows; the others stay queued.
 *
 * A read or write that io_uring cannot do without blocking is given to the kernel's own worker threads;
 * their number is bounded so that a slow disk does not become hundreds of threads.
 */
#include <liburing.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "targets/store/aio_engine.h"

#define URING_DEPTH	256
#define URING_WORKERS	16
#define URING_RETRY_NS	1000000		/* the kernel was out of memory for requests */

struct aio_uring {
	struct ual_loop *loop;
	struct io_uring ring;
	struct ual_watch watch;
	struct ual_poller poller;
	struct ual_defer flush;
	struct ual_timer retry;
	struct aio_op *queued, **queued_end;
	unsigned in_flight;		/* with the kernel, or in the submission queue */
};

static void prepare(struct io_uring_sqe *sqe, struct aio_op *op)
{
	switch (op->kind) {
	case AIO_READ:
		io_uring_prep_read(sqe, op->fd, op->buf, (unsigned)op->len, op->off);
		break;
	case AIO_WRITE:
		io_uring_prep_write(sqe, op->fd, op->buf, (unsigned)op->len, op->off);
		sqe->rw_flags = op->dsync ? RWF_DSYNC : 0;
		break;
	case AIO_FDATASYNC:
		io_uring_prep_fsync(sqe, op->fd, IORING_FSYNC_DATASYNC);
		sqe->off = op->off;
		sqe->len = (uint32_t)op->len;
		break;
	case AIO_FALLOCATE:
		io_uring_prep_fallocate(sqe, op->fd, op->mode, (off_t)op->off, (off_t)op->len);
		break;
	case AIO_DISCARD:
		core_assert(false);	/* aio_submit() gives them to the threads */
		break;
	}
	io_uring_sqe_set_data(sqe, op);
}

static void flush(struct aio_uring *uring)
{
	int n;

	while (uring->queued && uring->in_flight < URING_DEPTH) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);
		struct aio_op *op = uring->queued;

		if (!sqe)
			break;
		uring->queued = op->next;
		prepare(sqe, op);
		uring->in_flight++;
	}
	if (!uring->queued)
		uring->queued_end = &uring->queued;
	if (!io_uring_sq_ready(&uring->ring))
		return;
	n = io_uring_submit(&uring->ring);
	/* Whatever it did not take stays in the queue; a shortage passes. */
	if (n < 0 || io_uring_sq_ready(&uring->ring))
		ual_timer_arm(uring->loop, &uring->retry,
			      ual_loop_now(uring->loop) + URING_RETRY_NS);
}

static void flush_deferred(struct ual_defer *defer)
{
	flush(defer->ctx);
}

static void flush_retry(struct ual_timer *timer)
{
	flush(timer->ctx);
}

static int reap(struct aio_uring *uring)
{
	struct io_uring_cqe *cqes[32];
	int done = 0;
	unsigned n;

	/* Copied out first: done() may submit, and a callback sees a ring with room. */
	while ((n = io_uring_peek_batch_cqe(&uring->ring, cqes, ARRAY_SIZE(cqes)))) {
		struct aio_op *ops[ARRAY_SIZE(cqes)];

		for (unsigned i = 0; i < n; i++) {
			ops[i] = io_uring_cqe_get_data(cqes[i]);
			ops[i]->res = cqes[i]->res;
		}
		io_uring_cq_advance(&uring->ring, n);
		uring->in_flight -= n;
		for (unsigned i = 0; i < n; i++)
			ops[i]->done(ops[i], ops[i]->res);
		done += (int)n;
	}
	if (done && uring->queued)
		ual_defer(uring->loop, &uring->flush);
	return done;
}

static int reap_polled(struct ual_poller *poller)
{
	struct aio_uring *uring = poller->ctx;

	return uring->in_flight ? reap(uring) : 0;
}

static void reap_watched(struct ual_watch *watch, uint32_t events)
{
	reap(watch->ctx);
}

int aio_uring_create(struct ual_loop *loop, struct aio_uring **out)
{
	struct aio_uring *uring = calloc(1, sizeof(*uring));
	unsigned workers[2] = { URING_WORKERS, URING_WORKERS };
	int err;

	if (!uring)
		return -ENOMEM;
	uring->loop = loop;
	uring->queued_end = &uring->queued;
	uring->flush = (struct ual_defer){ .fn = flush_deferred, .ctx = uring };
	uring->retry = (struct ual_timer){ .fn = flush_retry, .ctx = uring };
	err = io_uring_queue_init(URING_DEPTH, &uring->ring, 0);
	if (err)
		goto free_uring;
	/* a wish: older kernels lack it */
	io_uring_register_iowq_max_workers(&uring->ring, workers);

	uring->watch = (struct ual_watch){
		.fd = uring->ring.ring_fd,
		.events = EPOLLIN,
		.fn = reap_watched,
		.ctx = uring,
	};
	err = ual_watch_add(loop, &uring->watch);
	if (err)
		goto exit_ring;
	uring->poller = (struct ual_poller){ .fn = reap_polled, .ctx = uring };
	ual_poller_add(loop, &uring->poller);
	*out = uring;
	return 0;

exit_ring:
	io_uring_queue_exit(&uring->ring);
free_uring:
	free(uring);
	return err;
}

void aio_uring_destroy(struct aio_uring *uring)
{
	if (!uring)
		return;
	core_assert(!uring->in_flight && !uring->queued);
	ual_defer_cancel(uring->loop, &uring->flush);
	ual_timer_disarm(uring->loop, &uring->retry);
	ual_poller_del(uring->loop, &uring->poller);
	ual_watch_del(uring->loop, &uring->watch);
	io_uring_queue_exit(&uring->ring);
	free(uring);
}

void aio_uring_submit(struct aio_uring *uring, struct aio_op *op)
{
	op->next = NULL;
	*uring->queued_end = op;
	uring->queued_end = &op->next;
	ual_defer(uring->loop, &uring->flush);
}
