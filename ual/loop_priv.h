/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Inside of the loop, shared by the loop_*.c files.
 *
 * Owner: who created it.  Context: one thread, except `posted`, `stop`, `sleeping`, `outside` and
 * `wake_fd`, which ual_loop_post() and ual_loop_stop() touch from any.
 */
#ifndef UAL_LOOP_PRIV_H
#define UAL_LOOP_PRIV_H

#include <stdatomic.h>
#include <sys/epoll.h>

#include "ual/loop.h"
#include "ual/provider.h"

#define LOOP_EVENTS_MAX		64	/* descriptors handled in a pass */
#define LOOP_SPIN_MAX_US	1000000
/* Giving way for longer than this means that somebody with work of his own ran, not just the peer. */
#define LOOP_CROWD_NS		200000
#define LOOP_NO_SPIN_MIN_NS	500000
#define LOOP_NO_SPIN_MAX_NS	100000000
/*
 * Busy or hot pollers may keep epoll waiting for so many passes: other descriptors are not starved, and a
 * program that polls pays for a look at its connection only.
 */
#define LOOP_EPOLL_EVERY	4
#define LOOP_EPOLL_EVERY_HOT	16	/* passes that find nothing are short */

struct ual_loop {
	struct ual_clock clock;
	bool simulated;		/* clock is the caller's; never sleeps in the kernel */
	uint64_t now_ns;	/* of this pass */
	uint64_t spin_ns;
	uint64_t idle_since;	/* first pass that found nothing; 0: busy */
	uint64_t gave_way_ns;	/* the last pass ended by giving way; 0: it did not */
	uint64_t no_spin_until, no_spin_ns;	/* the processor is wanted by others */

	struct ual_timer *timers;	/* pairing heap, earliest at the root */

	int epoll_fd;		/* made with the first watch under a simulated clock */
	unsigned watch_n;
	unsigned epoll_skipped;
	bool coarse_wait;	/* Linux before 5.11: whole milliseconds, rounded up */
	int event_i, event_n;	/* events[event_i .. event_n) wait to be dispatched */
	struct epoll_event events[LOOP_EVENTS_MAX];

	struct ual_poller *pollers, *poller_next;
	bool hot;		/* one of them was, when it ran last */
	struct ual_stage_hook *stages[2], *stage_next[2];
	struct ual_defer *defer_head, **defer_tail, *defer_run;

	_Atomic(struct ual_post *) posted;	/* newest first */
	struct ual_post *post_head, **post_tail;	/* taken over, oldest first */
	atomic_bool stop;
	atomic_bool sleeping;
	atomic_uint outside;	/* threads that sleep by themselves (loop_outside.c) */
	int wake_fd;		/* eventfd; -1 under a simulated clock */
	struct ual_watch wake;
};

/* loop.c: looked in vain for long enough, or looking is no use */
bool loop_spun_enough(struct ual_loop *loop);

/* loop_timer.c */
int loop_timers_run(struct ual_loop *loop);

/* loop_watch.c */
int loop_watch_init(struct ual_loop *loop);
void loop_watch_deinit(struct ual_loop *loop);
int loop_watches_run(struct ual_loop *loop);	/* looks, does not wait */
int loop_watches_sleep(struct ual_loop *loop, uint64_t timeout_ns);	/* 0 or -EINTR */

/* loop_post.c */
int loop_post_init(struct ual_loop *loop);
void loop_post_deinit(struct ual_loop *loop);
int loop_posts_run(struct ual_loop *loop);
bool loop_posts_waiting(const struct ual_loop *loop);

/* loop_hook.c */
int loop_pollers_run(struct ual_loop *loop);
int loop_stage_run(struct ual_loop *loop, enum ual_stage stage);
int loop_defers_run(struct ual_loop *loop);

#endif
