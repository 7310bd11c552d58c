// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * How long a target may take.
 *
 * A target can hold its session, answer pings, and yet never answer a command; or break every session as soon
 * as it sees one.  Half of the disk's time limit is what one sending of a command may take: then the session
 * is made anew, which ends the command at the target, and it is sent again.  A command that is not answered in
 * all of the limit, however often it was sent, ends its operation; what waits behind such commands ends when
 * nothing was answered for as long.
 */
#include <stdio.h>

#include "iser/initiator/disk_priv.h"

#define CHECKS 16	/* in the time limit: how exactly it is kept */

static u64 limit_ns(const struct oriser_disk *d)
{
	return d->timeout_ms * NS_PER_MS;
}

bool disk_cmd_expired(const struct oriser_disk *d, const struct disk_cmd *cmd)
{
	return ual_loop_now(d->loop) - cmd->first_ns >= limit_ns(d);
}

static struct disk_cmd *oldest_sent(struct oriser_disk *d)
{
	struct disk_cmd *oldest = NULL;

	for (u32 i = 0; i < d->depth; i++) {
		struct disk_cmd *cmd = &d->cmds[i];

		if (cmd->sent_ns && (!oldest || cmd->sent_ns < oldest->sent_ns))
			oldest = cmd;
	}
	return oldest;
}

static void session_is_stuck(struct oriser_disk *d)
{
	snprintf(d->why, sizeof(d->why), "%s has not answered a command for %u ms", d->peer,
		 d->timeout_ms / 2);
	d->lost_err = -ETIMEDOUT;
	disk_link_drop(d);
}

static void on_check(struct ual_timer *timer)
{
	struct oriser_disk *d = timer->ctx;
	u64 now = ual_loop_now(d->loop);
	struct disk_cmd *oldest = oldest_sent(d);

	if (now - d->answered_ns >= limit_ns(d))
		disk_fail_queued(d, now - limit_ns(d), -ETIMEDOUT);
	if (!oldest && list_empty(&d->queue))
		return;
	if (oldest && d->session_up && now - oldest->sent_ns >= limit_ns(d) / 2)
		session_is_stuck(d);
	disk_limit_watch(d);
}

void disk_limit_watch(struct oriser_disk *d)
{
	if (!ual_timer_armed(&d->limit_timer))
		ual_timer_arm(d->loop, &d->limit_timer,
			      ual_loop_now(d->loop) + limit_ns(d) / CHECKS);
}

void disk_limit_init(struct oriser_disk *d)
{
	d->limit_timer = (struct ual_timer){ .fn = on_check, .ctx = d };
}
