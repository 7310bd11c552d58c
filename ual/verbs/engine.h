/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The process's RNIC behind the ABI-compatible libraries: one loop, one device instance, one lock.
 *
 * Programs written for libibverbs call from any thread and expect the passive side of RDMA to make progress
 * while they sleep.  So the engine has a progress thread, which runs the loop whenever no thread of the
 * program does:
 *
 *   program polls (ibv_poll_cq)        its own thread runs passes of the loop; the progress thread stays away
 *                                      until it stops, or asks to be notified (ibv_req_notify_cq)
 *   program waits (ibv_get_cq_event)   the waiting thread runs the loop until its event is there
 *   program does something else        the progress thread sleeps in epoll on the loop and runs it
 *
 * All ibv_contexts of a process share one engine; devices are names and addresses in front of it.  It is made
 * by the first abi_engine_get(), which starts the thread; before that the libraries own no thread, no
 * descriptor and no memory to speak of.  After fork() the child has no engine: what it inherited is dead
 * (calls on it fail with EIO), what it opens anew gets a new engine.
 *
 * Owner: references (open devices, event channels of rdma_cm that have ids).  The last put stops the thread.
 * Lock: abi_engine.lock, over everything made on the loop and every object of objects.h.  All callbacks of the
 * access layer run with it held; no code of the program ever does.  Errors: negative errno inside; the ABI's
 * own convention (positive errno, or -1 and errno) is applied in the exported function alone.
 */
#ifndef UAL_VERBS_ENGINE_H
#define UAL_VERBS_ENGINE_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ual/ual.h"

/* What the thread that holds the lock had when it took it, and has again when it gives it back. */
struct abi_caller {
	int cancel_state;
	int program_errno; /* calls that succeed leave it alone; the loop's system calls do not */
};

struct abi_engine {
	pthread_mutex_t lock;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	bool dead;			/* a parent's, in the child of a fork() */
	/* the rest is engine.c's and progress.c's */
	unsigned refs;
	struct abi_caller caller;
	unsigned empty_passes;
	uint64_t timer_at_ns;	/* when `timer` wakes who sleeps; UINT64_MAX: it is not set */
	struct ual_watch timer;		/* a timerfd: the loop's deadline as a descriptor */
	atomic_uint sleepers;		/* threads that sleep on the loop's descriptor */
	atomic_uint passes;		/* counts those of the program's own threads, which poll */
	atomic_uint waits;		/* counts beginnings and ends of abi_wait() */
	atomic_uint waiters;		/* threads in abi_wait() */
	atomic_uint alarm;		/* futex of the progress thread when it stays away */
	atomic_bool napping;		/* the progress thread stays away for a moment */
	atomic_bool away;		/* it does, until the last waiter leaves */
	atomic_bool stop;
	pthread_t thread;
};

/* References.  -ENODEV: no provider; -EAGAIN, -ENOMEM, -EMFILE from the system. */
int abi_engine_get(struct abi_engine **engine);
void abi_engine_put(struct abi_engine *engine);

/* No thread is cancelled while it holds the lock: the loop's system calls are cancellation points. */
static inline void abi_lock(struct abi_engine *engine)
{
	struct abi_caller caller = { .program_errno = errno };

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &caller.cancel_state);
	pthread_mutex_lock(&engine->lock);
	engine->caller = caller;
}

/* Also wakes who sleeps on the loop if there is something to do sooner than he knows. */
void abi_unlock(struct abi_engine *engine);

/* With the lock held: what was posted leaves now, without looking for input. */
void abi_flush(struct abi_engine *engine);

/*
 * With the lock held, from a thread of the program that polls: one pass, not waiting.  Gives the processor
 * away now and then when passes find nothing, for the peer may need it.  Returns what the pass did.
 */
int abi_progress(struct abi_engine *engine);
/* With the lock held: the program will sleep until it is told. */
void abi_will_sleep(struct abi_engine *engine);

/*
 * Without the lock: runs the loop until fd is readable (returns 0), or timeout_ms passed (-1: no limit;
 * -ETIMEDOUT), or a signal came (-EINTR; when all the program's handlers are SA_RESTART it goes on, as the
 * read() would that programs believe this to be).  Several threads may wait at once.  A cancellation point.
 * -EIO: a parent's engine.
 */
int abi_wait(struct abi_engine *engine, int fd, int timeout_ms);

/* Counts the fork()s that led to this process; what was made under another count is a parent's. */
unsigned abi_generation(void);

/* engine.c and progress.c between themselves */
int abi_progress_start(struct abi_engine *engine);
void abi_progress_stop(struct abi_engine *engine);
/* fork.c: every call on the device of a parent fails, and touches nothing that the parent shares */
void abi_device_bury(struct ual_device *dev);

#endif
