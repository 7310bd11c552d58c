/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the fio engine `openrdma` (openrdma-fio.so).
 *
 *   engine.c    what fio sees: set-up of jobs, open, size, clean-up, the table
 *   io.c        the data path: queue, commit, getevents, event
 *   mem.c       I/O memory, one region for all buffers of a job
 *   options.c   the engine's own options
 *   compat.c    is this the fio that the engine was built for?
 *
 * A job works on what its URL names, a disk or a file of an NFS server (fio-profiles/disk.h).  Each has one
 * session and drives it in its own thread; there is no other thread.  fio's calls map onto the loop so:
 *
 *   queue()      bench_disk_submit()
 *   commit()     one pass of the loop that does not wait: all that was queued leaves together
 *   getevents()  passes of the loop until enough operations have ended; it spins a while, then sleeps
 *   event()      next one of those that have ended
 */
#ifndef FIO_PROFILES_ENGINE_H
#define FIO_PROFILES_ENGINE_H

#include "config-host.h"
#include "fio.h"

#include "fio-profiles/disk.h"

struct engine_options {
	void *td;			/* fio's; keeps our first option away from offset 0 */
	char *url;
	unsigned int reconnect_timeout;	/* s */
	unsigned int spin_us;
};
extern struct fio_option engine_options[];

/* One for each io_u, for as long as the job lives. */
struct engine_io {
	struct bench_io io;
	struct io_u *io_u;
	struct engine *engine;
};

struct engine {
	struct bench_disk *disk;

	struct engine_io *ios;		/* iodepth of them */
	unsigned int ios_n;
	unsigned int in_flight;		/* submitted, not called back */
	unsigned int unsent;		/* submitted since the last pass of the loop */
	bool closing;			/* what ends now ends for nobody: the io_us are gone */

	/* Ended and not yet handed to fio: a ring of ended_size (a power of two, at least iodepth). */
	struct io_u **ended;
	unsigned int ended_size, head, tail;
};

/* io.c */
int engine_io_init(struct thread_data *td, struct io_u *io_u);
enum fio_q_status engine_queue(struct thread_data *td, struct io_u *io_u);
int engine_commit(struct thread_data *td);
int engine_getevents(struct thread_data *td, unsigned int min, unsigned int max,
		     const struct timespec *limit);
struct io_u *engine_event(struct thread_data *td, int event);

/* mem.c */
int engine_mem_alloc(struct thread_data *td, size_t len);
void engine_mem_free(struct thread_data *td);

/* compat.c */
bool engine_fits(struct thread_data *td);	/* logs why not */

#endif
