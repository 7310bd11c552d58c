// SPDX-License-Identifier: GPL-2.0-only
/* The data path: fio's io_u in, operations of the disk out, and back through the ring of ended ones. */

#include "fio-profiles/engine/engine.h"

/* How often a wait looks whether fio wants to stop although the target does not answer. */
#define STOP_CHECK_NS	500000000ull

static void on_done(struct bench_io *io, int err)
{
	struct engine_io *eio = io->ctx;
	struct engine *e = eio->engine;

	if (e->closing)
		return;
	eio->io_u->error = (unsigned int)-err;
	e->ended[e->tail++ & (e->ended_size - 1)] = eio->io_u;
	e->in_flight--;
}

static unsigned int ended_count(const struct engine *e)
{
	return e->tail - e->head;
}

int engine_io_init(struct thread_data *td, struct io_u *io_u)
{
	struct engine *e = td->io_ops_data;
	struct engine_io *eio;

	if (io_u->index >= e->ios_n)
		return EINVAL;
	eio = &e->ios[io_u->index];
	eio->io_u = io_u;
	eio->engine = e;
	eio->io.fn = on_done;
	eio->io.ctx = eio;
	io_u->engine_data = eio;	/* takes the place of index, which has served */
	return 0;
}

/* False: fio asks for something that there is not. */
static bool fill(const struct thread_data *td, const struct io_u *io_u, struct bench_io *io)
{
	io->durable = false;
	io->offset = io_u->offset;
	io->len = io_u->xfer_buflen;
	io->buf = io_u->xfer_buf;

	switch ((int)io_u->ddir) {
	case DDIR_READ:
		io->op = BENCH_OP_READ;
		return true;
	case DDIR_WRITE:
		io->op = BENCH_OP_WRITE;
		/* sync=sync or dsync: stable before it is answered */
		io->durable = td->o.sync_io;
		return true;
	case DDIR_TRIM:
		io->op = BENCH_OP_DISCARD;
		io->buf = NULL;
		return true;
	case DDIR_SYNC:
	case DDIR_DATASYNC:
	case DDIR_SYNC_FILE_RANGE:
		io->op = BENCH_OP_FLUSH;
		io->offset = 0;
		io->len = 0;
		io->buf = NULL;
		return true;
	default: /* DDIR_WAIT and others that fio does itself; each version has more of them */
		break;
	}
	return false;
}

enum fio_q_status engine_queue(struct thread_data *td, struct io_u *io_u)
{
	struct engine *e = td->io_ops_data;
	struct engine_io *eio = io_u->engine_data;
	int r;

	fio_ro_check(td, io_u);
	if (!fill(td, io_u, &eio->io)) {
		io_u->error = EINVAL;
		return FIO_Q_COMPLETED;
	}
	e->in_flight++;
	r = bench_disk_submit(e->disk, &eio->io);
	if (r < 0) {
		e->in_flight--;
		io_u->error = (unsigned int)-r;
		return FIO_Q_COMPLETED;
	}
	e->unsent++;
	return FIO_Q_QUEUED;
}

static int step(struct engine *e, uint64_t timeout_ns)
{
	e->unsent = 0;
	return bench_disk_step(e->disk, timeout_ns);
}

/* fio calls this for a full batch and again before getevents(); the second time nothing is left to send. */
int engine_commit(struct thread_data *td)
{
	struct engine *e = td->io_ops_data;

	if (e->unsent)
		step(e, 0);
	return 0;
}

/* fio wants to end and the target is away: its operations are left to cleanup(), which drops them. */
static bool given_up(const struct thread_data *td, const struct engine *e)
{
	return td->terminate && !e->disk->up;
}

static int wait_for(struct thread_data *td, struct engine *e, unsigned int min)
{
	while (ended_count(e) < min) {
		if (given_up(td, e)) {
			log_err("openrdma: %u operations were given up, the target does not answer: %s\n",
				e->in_flight, e->disk->why);
			return -ETIMEDOUT;
		}
		step(e, STOP_CHECK_NS);
	}
	return 0;
}

static void wait_until(struct engine *e, unsigned int min, const struct timespec *limit)
{
	uint64_t left_ns = (uint64_t)limit->tv_sec * 1000000000ull + (uint64_t)limit->tv_nsec;
	uint64_t end_ns;

	step(e, 0);
	end_ns = ual_loop_now(e->disk->loop) + left_ns;
	while (ended_count(e) < min && left_ns) {
		step(e, left_ns);
		left_ns = ual_loop_now(e->disk->loop);
		left_ns = left_ns < end_ns ? end_ns - left_ns : 0;
	}
}

int engine_getevents(struct thread_data *td, unsigned int min, unsigned int max,
		     const struct timespec *limit)
{
	struct engine *e = td->io_ops_data;
	int r = 0;

	if (limit)
		wait_until(e, min, limit);
	else if (min)
		r = wait_for(td, e, min);
	else if (!ended_count(e) || e->unsent)
		step(e, 0);
	if (r)
		return r;
	return (int)(ended_count(e) < max ? ended_count(e) : max);
}

/* fio takes the events of one getevents() in order, each once. */
struct io_u *engine_event(struct thread_data *td, int event)
{
	struct engine *e = td->io_ops_data;

	return e->ended[e->head++ & (e->ended_size - 1)];
}
