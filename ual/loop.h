/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The event loop.  One loop, one thread; everything that is made on a loop is used on its thread only,
 * so the data path has no locks.  ual_loop_stop() and ual_loop_post() are the two calls that any
 * thread may make.
 *
 * A pass: timers that are due; file descriptors and pollers (the RNIC's input among them); completion
 * queue callbacks; deferred calls (each once: where work is submitted in batches); the RNIC's output.
 * With nothing to do the loop goes on looking for spin_us, then sleeps until a descriptor or timer.
 *
 * Time comes from the loop's clock, which a simulator may replace; nobody above this asks the OS.
 */
#ifndef UAL_LOOP_H
#define UAL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct ual_loop;

/* A clock and a way to sleep; the default is CLOCK_MONOTONIC and epoll. */
struct ual_clock {
	uint64_t (*now_ns)(void *ctx);
	/*
	 * Nothing to do until until_ns (UINT64_MAX: no timer).  A simulator advances its time to its next
	 * event, or to until_ns, and returns false if neither will ever come.
	 */
	bool (*idle)(void *ctx, uint64_t until_ns);
	void *ctx;
};

struct ual_loop_cfg {
	/* 0: sleep at once; up to 1000000; default UAL_SPIN_DEFAULT */
	uint32_t spin_us;
	const struct ual_clock *clock;	/* NULL: the real one; kept by reference */
};

#define UAL_SPIN_DEFAULT 30

/* cfg NULL: defaults */
int ual_loop_create(const struct ual_loop_cfg *cfg, struct ual_loop **loop);
/* Asserts that everything made on it is gone. */
void ual_loop_destroy(struct ual_loop *loop);

/* Runs until ual_loop_stop().  0, or -EDEADLK from a simulated clock that has no more events. */
int ual_loop_run(struct ual_loop *loop);
/*
 * One pass.  Waits (after spinning) up to timeout_ns when there is nothing to do; 0: does not wait;
 * UINT64_MAX: no limit.  Returns the number of things that were done, 0 at the time limit or after
 * ual_loop_stop(), -EINTR, or -EDEADLK as ual_loop_run().
 */
int ual_loop_step(struct ual_loop *loop, uint64_t timeout_ns);
/* When the loop must run again by its own account: now, its next timer, UINT64_MAX.  For who drives several
 * loops with timeout 0 under one simulated clock. */
uint64_t ual_loop_deadline(const struct ual_loop *loop);
void ual_loop_stop(struct ual_loop *loop);		/* any thread, signal handlers */
uint64_t ual_loop_now(const struct ual_loop *loop);	/* ns; as of this pass */

/* All of the following are storage of the caller, zeroed before first use. */

struct ual_timer {
	void (*fn)(struct ual_timer *);
	void *ctx;
	uint64_t at_ns;		/* of the loop's clock */
	uint32_t slot;		/* the loop's; 0: not armed */
	struct ual_timer *child, *next, *prev;	/* the loop's */
};
void ual_timer_arm(struct ual_loop *loop, struct ual_timer *t, uint64_t at_ns);	/* re-arms */
void ual_timer_disarm(struct ual_loop *loop, struct ual_timer *t);
static inline bool ual_timer_armed(const struct ual_timer *t)
{
	return t->slot != 0;
}

struct ual_watch {		/* a file descriptor; level-triggered */
	int fd;
	uint32_t events;	/* EPOLLIN, EPOLLOUT */
	void (*fn)(struct ual_watch *, uint32_t events);
	void *ctx;
};
int ual_watch_add(struct ual_loop *loop, struct ual_watch *w);
int ual_watch_mod(struct ual_loop *loop, struct ual_watch *w, uint32_t events);
void ual_watch_del(struct ual_loop *loop, struct ual_watch *w);

/* Called in each pass; returns how many things it did.  Must not be the only way to wake up: sleeping
 * loops do not call it, so add a watch as well. */
struct ual_poller {
	int (*fn)(struct ual_poller *);
	void *ctx;
	/* Where input is likely: while one says so, descriptors are looked at in every few passes only. */
	bool hot;
	struct ual_poller *next;	/* the loop's */
	bool added;
};
void ual_poller_add(struct ual_loop *loop, struct ual_poller *p);
void ual_poller_del(struct ual_loop *loop, struct ual_poller *p);

/* Once, at the end of this pass; adding one that is already waiting does nothing. */
struct ual_defer {
	void (*fn)(struct ual_defer *);
	void *ctx;
	struct ual_defer *next, **pprev;	/* the loop's */
};
void ual_defer(struct ual_loop *loop, struct ual_defer *d);
void ual_defer_cancel(struct ual_loop *loop, struct ual_defer *d);

/* From any thread: fn runs on the loop's thread soon.  The storage is the loop's until fn is called. */
struct ual_post {
	void (*fn)(struct ual_post *);
	void *ctx;
	struct ual_post *next;
};
void ual_loop_post(struct ual_loop *loop, struct ual_post *p);
/* On the loop's thread: takes back what was posted and has not run.  False: it is not waiting. */
bool ual_loop_unpost(struct ual_loop *loop, struct ual_post *p);

/*
 * Several threads may share a loop when a lock of theirs lets one at a time run its passes, with timeout 0, and
 * they sleep by themselves (loop_outside.c shows how).
 */
/* To be polled for input; -1: simulated.  Timers do not wake it: see ual_loop_deadline(). */
int ual_loop_fd(const struct ual_loop *loop);
/* The end of a pass alone: deferred calls, the output leaves, and what is complete by that is told. */
int ual_loop_flush(struct ual_loop *loop);
/* After a pass that found nothing: look once more, after sched_yield()?  No: it is time to sleep. */
bool ual_loop_look_again(struct ual_loop *loop);
/* From here to the end ual_loop_post() wakes the descriptor.  False: do not sleep, there is something to do. */
bool ual_loop_sleep_begin(struct ual_loop *loop);
void ual_loop_sleep_end(struct ual_loop *loop);		/* any thread */

#endif
