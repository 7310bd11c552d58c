/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The sessions of a disk.
 *
 *   OPENING --probed--> UP --on_down--> RECONNECTING --probed, same LUN--> UP
 *      |                                     |  ^ the next address, then ual/base/backoff.h
 *      +--any failure--> FAILED <--another LUN--+
 *
 * All sessions use one ISID and one initiator name.  So the target ends the session before, with whatever
 * it is still executing for it, before it lets the next one in (RFC 7143 6.3.5): a write of the old session
 * cannot land after its replay, or after a later write of the new session.
 */
#include <inttypes.h>
#include <stdio.h>

#include "iser/initiator/disk_priv.h"

static void tell_state(struct oriser_disk *d)
{
	if (d->ops->on_state && !d->closing)
		d->ops->on_state(d, d->state, d->why);
}

/* ---- states ----------------------------------------------------------------------------------------- */

static void enter_up(struct oriser_disk *d)
{
	d->state = ORISER_DISK_UP;
	d->expired = false;
	d->restart_seen = false;
	ual_timer_disarm(d->loop, &d->expire_timer);
}

static void enter_reconnecting(struct oriser_disk *d)
{
	d->state = ORISER_DISK_RECONNECTING;
	ual_timer_arm(d->loop, &d->expire_timer, ual_loop_now(d->loop) + d->timeout_ms * NS_PER_MS);
	tell_state(d);
}

/* d->why says why. */
static void enter_failed(struct oriser_disk *d, int err)
{
	d->state = ORISER_DISK_FAILED;
	d->failed_err = err;
	ual_timer_disarm(d->loop, &d->expire_timer);
	ual_timer_disarm(d->loop, &d->retry_timer);
	disk_link_drop(d);
	if (!d->open_told) {
		d->open_told = true;
		if (!d->closing)
			d->ops->on_open(d, err, d->why);
	} else {
		tell_state(d);
	}
}

/* ---- a session comes and goes ----------------------------------------------------------------------- */

static void arm_retry(struct oriser_disk *d)
{
	u64 now = ual_loop_now(d->loop);
	bool other = (d->unreached || d->refused) && disk_addr_next(d);

	/* The next address at once; when all have been tried it is time to wait. */
	ual_timer_arm(d->loop, &d->retry_timer,
		      other ? now : now + backoff_next_ns(&d->backoff, now));
}

/* A disk that has never been there: its name may have an address that answers. */
static bool try_another(struct oriser_disk *d)
{
	char first[sizeof(d->why)];

	if (d->closing || !d->unreached)
		return false;
	if (disk_addr_next(d)) {
		ual_timer_arm(d->loop, &d->retry_timer, ual_loop_now(d->loop));
		return true;
	}
	if (d->addrs.n > 1) {
		memcpy(first, d->why, sizeof(first));
		snprintf(d->why, sizeof(d->why), "%.300s (the last of %u addresses of %.60s)",
			 first, d->addrs.n, d->url.host);
	}
	return false;
}

/* There is no session any more; d->why says why, err in short. */
static void session_lost(struct oriser_disk *d, int err)
{
	snprintf(d->last_error, sizeof(d->last_error), "%s", d->why);
	disk_size_lost(d);
	switch (d->state) {
	case ORISER_DISK_OPENING:
		if (!try_another(d))
			enter_failed(d, err);
		break;
	case ORISER_DISK_UP:
		enter_reconnecting(d);
		arm_retry(d);
		break;
	case ORISER_DISK_RECONNECTING:
		arm_retry(d);
		break;
	case ORISER_DISK_FAILED:
		disk_fail_waiting(d, d->failed_err);
		break;
	}
}

/* What a user of the disk gets for it. */
static int down_err(const struct oriser_down_info *info)
{
	if (info->why != ORISER_DOWN_LOGIN)
		return info->err ? info->err : -ECONNRESET;
	switch (info->login_class << 8 | info->login_detail) {
	case 0x0203:
	case 0x0204:
		return -ENOENT;
	case 0x0301:
	case 0x0302:
		return -EBUSY;
	default:
		return -EACCES;
	}
}

static void on_up(struct oriser_session *s)
{
	struct oriser_disk *d = oriser_session_ctx(s);

	d->session_up = true;
	d->epoch++;
	/* a target that pings but never answers a question is as good as gone */
	ual_timer_arm(d->loop, &d->retry_timer,
		      ual_loop_now(d->loop) + d->login_timeout_ms * NS_PER_MS);
	disk_probe_start(d);
}

static void on_down(struct oriser_session *s, const struct oriser_down_info *info)
{
	struct oriser_disk *d = oriser_session_ctx(s);

	if (!d->session_dead && !d->leaving) {
		snprintf(d->why, sizeof(d->why), "%s", info->text);
		d->lost_err = down_err(info);
		disk_cache_down(d, info);
		d->refused = info->why == ORISER_DOWN_LOGIN;
		d->unreached = info->why == ORISER_DOWN_CONNECT ||
			       info->why == ORISER_DOWN_NOT_ISER;
	}
	disk_link_drop(d);
}

static const struct oriser_session_ops session_ops = { .on_up = on_up, .on_down = on_down };

int disk_link_start(struct oriser_disk *d)
{
	struct oriser_session_cfg cfg = {
		.dev = d->dev,
		.addr = addr_list_now(&d->addrs),
		.addr_len = addr_list_now_len(&d->addrs),
		.initiator = d->url.initiator[0] ? d->url.initiator : NULL,
		.target = d->url.target,
		.login_mode = d->url.login_mode,
		.depth = d->depth,
		.login_timeout_ms = d->login_timeout_ms,
		.no_immediate_data = d->url.no_immediate_data,
		.conn = { .crc = d->url.crc, .mpa_revision = d->url.mpa_revision },
		.pd = d->pd,
		.isid = d->isid,
	};

	d->unreached = d->refused = false;
	return oriser_session_open(&cfg, &session_ops, d, &d->session);
}

/* The session goes at the end of the pass, without callbacks of its own besides those of its tasks. */
void disk_link_drop(struct oriser_disk *d)
{
	d->session_up = false;
	disk_probe_stop(d);
	ual_timer_disarm(d->loop, &d->retry_timer);
	d->session_dead = true;
	ual_defer(d->loop, &d->reap_defer);
}

/* The same with a logout first: the target has done nothing wrong. */
static void leave(struct oriser_disk *d)
{
	d->session_up = false;
	disk_probe_stop(d);
	ual_timer_disarm(d->loop, &d->retry_timer);
	d->leaving = true;
	oriser_session_logout(d->session);
}

static void reap(struct ual_defer *defer)
{
	struct oriser_disk *d = defer->ctx;
	struct oriser_session *s = d->session;

	d->session = NULL;
	d->session_dead = false;
	d->leaving = false;
	oriser_session_destroy(s);
	if (d->closing && (d->close_forced || d->ios == 0))
		disk_close_finish(d);
	else
		session_lost(d, d->lost_err);
}

/* Time to connect again, or login and probe have taken too long. */
static void on_retry(struct ual_timer *timer)
{
	struct oriser_disk *d = timer->ctx;
	int ret;

	if (d->session) {
		snprintf(d->why, sizeof(d->why),
			 "%s does not answer questions about LUN %u in time", d->peer, d->url.lun);
		d->lost_err = -ETIMEDOUT;
		disk_link_drop(d);
		return;
	}
	ret = disk_link_start(d);
	if (ret) {
		snprintf(d->why, sizeof(d->why), "cannot make a session: %s", strerror(-ret));
		session_lost(d, ret);
	}
}

static void on_expire(struct ual_timer *timer)
{
	struct oriser_disk *d = timer->ctx;

	d->expired = true;
	snprintf(d->why, sizeof(d->why),
		 "no session for %u ms, operations fail until there is one (%.160s)", d->timeout_ms,
		 d->last_error);
	disk_fail_waiting(d, -ETIMEDOUT);
	tell_state(d);
}

void disk_link_init(struct oriser_disk *d)
{
	d->reap_defer = (struct ual_defer){ .fn = reap, .ctx = d };
	d->retry_timer = (struct ual_timer){ .fn = on_retry, .ctx = d };
	d->expire_timer = (struct ual_timer){ .fn = on_expire, .ctx = d };
}

/* ---- what the LUN says ------------------------------------------------------------------------------ */

void disk_recheck(struct oriser_disk *d)
{
	if (d->state == ORISER_DISK_UP && d->session_up && !d->probe.running)
		disk_probe_start(d);
	else
		d->recheck = true;
}

static void take_facts(struct oriser_disk *d)
{
	struct oriser_session_info session;

	d->facts = d->probe.facts;
	ini_lun_to_info(&d->facts, max_t(u32, d->io_limit, d->facts.block_size), &d->info);
	oriser_session_get_info(d->session, &session);
	d->write_max = max_t(u32, session.write_max, d->info.block_size);
}

static void another_lun(struct oriser_disk *d)
{
	if (d->facts.in_memory && strcmp(d->probe.facts.wwid, d->facts.wwid) == 0)
		snprintf(
			d->why, sizeof(d->why),
			"LUN %u of %.100s is in memory, and the target was started anew: it is another, "
			"empty one now",
			d->url.lun, d->url.target);
	else
		snprintf(d->why, sizeof(d->why), "LUN %u of %.100s is another one now (%s, was %s)",
			 d->url.lun, d->url.target, d->probe.facts.wwid, d->facts.wwid);
	enter_failed(d, -EREMCHG);
}

static void rechecked(struct oriser_disk *d)
{
	u64 size = d->info.size;

	take_facts(d);
	if (size == d->info.size)
		return;
	snprintf(d->why, sizeof(d->why), "the size is now %" PRIu64 " bytes, was %" PRIu64,
		 d->info.size, size);
	tell_state(d);
}

static void say_back(struct oriser_disk *d, bool lost)
{
	int n = snprintf(
		d->why, sizeof(d->why), "connected again to %s%s", d->peer,
		lost ? ", which was started anew: what was written since the last flush may be lost, "
		       "and the next flush fails for it"
		     : "");

	if (!d->io_refused)
		return;
	snprintf(
		d->why + n, sizeof(d->why) - (size_t)n,
		"; it ended %u sessions that had asked it for %u KiB at once, now it is asked for at "
		"most %u KiB",
		DISK_IO_LOSSES, d->io_refused >> 10, d->io_limit >> 10);
	d->io_refused = 0;
}

static void probe_failed(struct oriser_disk *d, int err)
{
	/* A check of a session that works: the operations themselves will tell. */
	if (d->state == ORISER_DISK_UP)
		return;
	d->lost_err = err;
	leave(d);
}

void disk_probed(struct oriser_disk *d, int err)
{
	bool lost;

	ual_timer_disarm(d->loop, &d->retry_timer);
	if (err) {
		probe_failed(d, err);
		return;
	}
	switch (d->state) {
	case ORISER_DISK_OPENING:
		take_facts(d);
		enter_up(d);
		d->open_told = true;
		d->ops->on_open(d, 0, "");
		break;
	case ORISER_DISK_RECONNECTING:
		if (!ini_lun_is_same(&d->facts, &d->probe.facts)) {
			another_lun(d);
			break;
		}
		lost = disk_cache_back(d);
		enter_up(d);
		say_back(d, lost);
		tell_state(d);
		rechecked(d);
		disk_pump(d);
		break;
	case ORISER_DISK_UP:
		if (!ini_lun_is_same(&d->facts, &d->probe.facts)) {
			another_lun(d);
		} else {
			disk_cache_back(d);
			rechecked(d);
		}
		break;
	case ORISER_DISK_FAILED:
		break;
	}
	if (d->recheck && d->state == ORISER_DISK_UP) {
		d->recheck = false;
		disk_recheck(d);
	}
}
