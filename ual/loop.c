// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The loop itself: what a pass is, when to spin and when to sleep.
 *
 * Time is asked for once in a pass.  An idle loop goes on looking for spin_ns since the first pass that
 * found nothing (not since the last that found something, which may have taken longer than that).
 *
 * Looking is worth it only on a processor that nobody else wants: the one who wants it may be the peer that
 * is waited for.  So each look gives way first.  If that took long somebody else has run, and the loop
 * sleeps at once from then on, for a time that doubles with each such finding in a row.
 */
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "core/env.h"
#include "ual/loop_priv.h"

static uint64_t monotonic_ns(void *ctx)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool never_idle(void *ctx, uint64_t until_ns)
{
	return false;
}

static const struct ual_clock real_clock = { .now_ns = monotonic_ns, .idle = never_idle };

int ual_loop_create(const struct ual_loop_cfg *cfg, struct ual_loop **out)
{
	static const struct ual_loop_cfg defaults = { .spin_us = UAL_SPIN_DEFAULT };
	struct ual_loop *loop;
	int err;

	if (!cfg)
		cfg = &defaults;
	if (cfg->spin_us > LOOP_SPIN_MAX_US)
		return -EINVAL;
	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	loop->clock = cfg->clock ? *cfg->clock : real_clock;
	loop->simulated = cfg->clock != NULL;
	loop->spin_ns = (uint64_t)cfg->spin_us * 1000;
	loop->now_ns = loop->clock.now_ns(loop->clock.ctx);
	loop->defer_tail = &loop->defer_head;
	loop->post_tail = &loop->post_head;

	err = loop_watch_init(loop);
	if (err)
		goto err_free;
	err = loop_post_init(loop);
	if (err)
		goto err_watch;
	*out = loop;
	return 0;

err_watch:
	loop_watch_deinit(loop);
err_free:
	free(loop);
	return err;
}

void ual_loop_destroy(struct ual_loop *loop)
{
	if (!loop)
		return;
	/* What other threads posted last is not lost; it may still undo what it had made here. */
	while (loop_posts_run(loop))
		;
	loop_post_deinit(loop);
	core_assert(!loop->timers);
	core_assert(!loop->pollers && !loop->stages[0] && !loop->stages[1]);
	core_assert(!loop->defer_head);
	core_assert(!loop->watch_n);
	loop_watch_deinit(loop);
	free(loop);
}

uint64_t ual_loop_now(const struct ual_loop *loop)
{
	return loop->now_ns;
}

uint64_t ual_loop_deadline(const struct ual_loop *loop)
{
	if (loop->defer_head || loop_posts_waiting(loop))
		return 0;
	return loop->timers ? loop->timers->at_ns : UINT64_MAX;
}

/* The look that gave way at gave_way_ns has come back: was it alone on its processor? */
static void judge_crowd(struct ual_loop *loop)
{
	if (loop->now_ns - loop->gave_way_ns < LOOP_CROWD_NS)
		return;
	loop->no_spin_ns = min_t(uint64_t,
				 max_t(uint64_t, loop->no_spin_ns * 2, LOOP_NO_SPIN_MIN_NS),
				 LOOP_NO_SPIN_MAX_NS);
	loop->no_spin_until = loop->now_ns + loop->no_spin_ns;
}

/* A pass that polled so many things may leave the descriptors for later. */
static bool skips_epoll(struct ual_loop *loop, int polled)
{
	unsigned every = polled ? LOOP_EPOLL_EVERY : loop->hot ? LOOP_EPOLL_EVERY_HOT : 0;

	if (loop->event_n || ++loop->epoll_skipped >= every) {
		loop->epoll_skipped = 0;
		return false;
	}
	return true;
}

static int run_pass(struct ual_loop *loop)
{
	int done, polled;

	if (loop->gave_way_ns) {
		judge_crowd(loop);
		loop->gave_way_ns = 0;
	}
	done = loop_timers_run(loop);
	done += loop_posts_run(loop);
	polled = loop_pollers_run(loop);
	if (!skips_epoll(loop, polled))
		done += loop_watches_run(loop);
	done += polled;
	done += loop_stage_run(loop, UAL_STAGE_COMPLETE);
	done += loop_defers_run(loop);
	done += loop_stage_run(loop, UAL_STAGE_FLUSH);
	return done;
}

bool loop_spun_enough(struct ual_loop *loop)
{
	if (!loop->idle_since)
		loop->idle_since = loop->now_ns;
	if (loop->now_ns < loop->no_spin_until)
		return true;
	if (loop->now_ns - loop->idle_since < loop->spin_ns)
		return false;
	if (loop->spin_ns)
		loop->no_spin_ns /= 2;
	return true;
}

static void give_way(struct ual_loop *loop)
{
	loop->gave_way_ns = loop->now_ns;
	sched_yield();
}

static int wait_until(struct ual_loop *loop, uint64_t until_ns)
{
	uint64_t wake_ns = min_t(uint64_t, until_ns, ual_loop_deadline(loop));

	if (loop->simulated)
		return loop->clock.idle(loop->clock.ctx, wake_ns) ? 0 : -EDEADLK;
	if (!loop_spun_enough(loop)) {
		give_way(loop);
		return 0;
	}
	if (wake_ns <= loop->now_ns)
		return 0;
	return loop_watches_sleep(loop,
				  wake_ns == UINT64_MAX ? UINT64_MAX : wake_ns - loop->now_ns);
}

int ual_loop_step(struct ual_loop *loop, uint64_t timeout_ns)
{
	uint64_t until_ns;
	int done, err;

	loop->now_ns = loop->clock.now_ns(loop->clock.ctx);
	until_ns = timeout_ns < UINT64_MAX - loop->now_ns ? loop->now_ns + timeout_ns : UINT64_MAX;
	for (;;) {
		done = run_pass(loop);
		if (done) {
			loop->idle_since = 0;
			return done;
		}
		if (loop->now_ns >= until_ns || timeout_ns == 0 || atomic_load(&loop->stop))
			return 0;
		err = wait_until(loop, until_ns);
		if (err)
			return err;
		loop->now_ns = loop->clock.now_ns(loop->clock.ctx);
	}
}

int ual_loop_run(struct ual_loop *loop)
{
	int done = 0;

	while (!atomic_load(&loop->stop)) {
		done = ual_loop_step(loop, UINT64_MAX);
		if (done == -EDEADLK)
			break;
	}
	atomic_store(&loop->stop, false);
	return done == -EDEADLK ? done : 0;
}
