// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * File descriptors of a loop: epoll, level-triggered.
 *
 * A watch may be deleted, with its storage, from inside any callback: it is then struck from the events
 * that were fetched and wait to be dispatched.
 */
#include <time.h>
#include <unistd.h>

#include "core/env.h"
#include "ual/loop_priv.h"

static int open_epoll(struct ual_loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll_fd < 0 ? -errno : 0;
}

int loop_watch_init(struct ual_loop *loop)
{
	loop->epoll_fd = -1;
	return loop->simulated ? 0 : open_epoll(loop);
}

void loop_watch_deinit(struct ual_loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
}

int ual_watch_add(struct ual_loop *loop, struct ual_watch *w)
{
	struct epoll_event ev = { .events = w->events, .data.ptr = w };
	int err = loop->epoll_fd < 0 ? open_epoll(loop) : 0;

	if (err)
		return err;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, w->fd, &ev) < 0)
		return -errno;
	loop->watch_n++;
	return 0;
}

int ual_watch_mod(struct ual_loop *loop, struct ual_watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (w->events == events)
		return 0;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev) < 0)
		return -errno;
	w->events = events;
	return 0;
}

void ual_watch_del(struct ual_loop *loop, struct ual_watch *w)
{
	core_assert(loop->watch_n > 0);
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	loop->watch_n--;
	for (int i = loop->event_i; i < loop->event_n; i++)
		if (loop->events[i].data.ptr == w)
			loop->events[i].data.ptr = NULL;
}

static int dispatch(struct ual_loop *loop)
{
	int done = 0;

	while (loop->event_i < loop->event_n) {
		struct epoll_event *ev = &loop->events[loop->event_i++];
		struct ual_watch *w = ev->data.ptr;

		if (!w)
			continue;
		done += w != &loop->wake;	/* what it woke the loop for counts by itself */
		w->fn(w, ev->events);
	}
	loop->event_i = loop->event_n = 0;
	return done;
}

int loop_watches_run(struct ual_loop *loop)
{
	if (!loop->event_n) {
		if (!loop->watch_n)
			return 0;
		loop->event_n =
			max_t(int, 0, epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, 0));
	}
	return dispatch(loop);
}

static int wait_events(struct ual_loop *loop, uint64_t timeout_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(timeout_ns / 1000000000),
			       .tv_nsec = (long)(timeout_ns % 1000000000) };
	int timeout_ms =
		timeout_ns >= INT32_MAX * 1000000ull ? -1 : (int)((timeout_ns + 999999) / 1000000);
	int n;

	if (!loop->coarse_wait) {
		n = epoll_pwait2(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX,
				 timeout_ns == UINT64_MAX ? NULL : &ts, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		loop->coarse_wait = true;
	}
	return epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, timeout_ms);
}

/* Fetches events for the next pass; spurious early returns are harmless. */
int loop_watches_sleep(struct ual_loop *loop, uint64_t timeout_ns)
{
	int n;

	/* Pairs with wake_up(): one of the two sees what the other wrote. */
	atomic_store(&loop->sleeping, true);
	if (loop_posts_waiting(loop) || atomic_load(&loop->stop)) {
		atomic_store(&loop->sleeping, false);
		return 0;
	}
	n = wait_events(loop, timeout_ns);
	atomic_store(&loop->sleeping, false);
	if (n < 0)
		return errno == EINTR ? -EINTR : 0;
	loop->event_n = n;
	return 0;
}
