// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * For who runs a loop's passes from several threads, one at a time under a lock of his own, and sleeps by
 * himself on the loop's descriptor beside others.
 *
 *   lock; ual_loop_step(loop, 0) finds nothing
 *         ual_loop_look_again()?    yes: unlock, sched_yield(), again
 *         ual_loop_sleep_begin()    what is posted from now on wakes the descriptor
 *   unlock; poll() with ual_loop_fd(), until ual_loop_deadline(); ual_loop_sleep_end()
 */
#include "core/env.h"
#include "ual/loop_priv.h"

int ual_loop_fd(const struct ual_loop *loop)
{
	return loop->epoll_fd;
}

int ual_loop_flush(struct ual_loop *loop)
{
	int done = loop_defers_run(loop);

	done += loop_stage_run(loop, UAL_STAGE_FLUSH);
	/* What has left is complete, and nobody may run the next pass before there is input. */
	return done + loop_stage_run(loop, UAL_STAGE_COMPLETE);
}

bool ual_loop_look_again(struct ual_loop *loop)
{
	if (loop_spun_enough(loop))
		return false;
	loop->gave_way_ns = loop->now_ns;
	return true;
}

bool ual_loop_sleep_begin(struct ual_loop *loop)
{
	/* Pairs with wake_up(): one of the two sees what the other wrote. */
	atomic_fetch_add(&loop->outside, 1);
	if (!loop->event_n && !loop->defer_head && !loop_posts_waiting(loop))
		return true;
	atomic_fetch_sub(&loop->outside, 1);
	return false;
}

void ual_loop_sleep_end(struct ual_loop *loop)
{
	atomic_fetch_sub(&loop->outside, 1);
}
