// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The two ways into a loop from outside: posts and stop.
 *
 * Posts are pushed on a lock-free stack that the loop takes as a whole.  The eventfd is written only
 * when the loop sleeps, so posting to a busy loop costs no system call.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/env.h"
#include "ual/loop_priv.h"

static void drain_wake_fd(struct ual_watch *w, uint32_t events)
{
	uint64_t n;

	while (read(w->fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

int loop_post_init(struct ual_loop *loop)
{
	int err;

	loop->wake_fd = -1;
	if (loop->simulated)
		return 0;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0)
		return -errno;
	loop->wake =
		(struct ual_watch){ .fd = loop->wake_fd, .events = EPOLLIN, .fn = drain_wake_fd };
	err = ual_watch_add(loop, &loop->wake);
	if (err)
		close(loop->wake_fd);
	return err;
}

void loop_post_deinit(struct ual_loop *loop)
{
	core_assert(!loop_posts_waiting(loop));
	if (loop->wake_fd < 0)
		return;
	ual_watch_del(loop, &loop->wake);
	close(loop->wake_fd);
}

static void wake_up(struct ual_loop *loop)
{
	static const uint64_t one = 1;
	int saved = errno;	/* may be called by a signal handler */

	if (loop->wake_fd >= 0 &&
	    (atomic_exchange(&loop->sleeping, false) || atomic_load(&loop->outside)))
		while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
	errno = saved;
}

void ual_loop_stop(struct ual_loop *loop)
{
	atomic_store(&loop->stop, true);
	wake_up(loop);
}

void ual_loop_post(struct ual_loop *loop, struct ual_post *p)
{
	struct ual_post *head = atomic_load_explicit(&loop->posted, memory_order_relaxed);

	do {
		p->next = head;
	} while (!atomic_compare_exchange_weak(&loop->posted, &head, p));
	wake_up(loop);
}

bool loop_posts_waiting(const struct ual_loop *loop)
{
	return loop->post_head || atomic_load(&loop->posted);
}

static void take_posted(struct ual_loop *loop)
{
	struct ual_post *p, *fifo = NULL, *last = NULL;

	if (!atomic_load_explicit(&loop->posted, memory_order_relaxed))
		return;
	p = atomic_exchange(&loop->posted, NULL);
	while (p) {
		struct ual_post *next = p->next;

		p->next = fifo;
		fifo = p;
		if (!last)
			last = p;
		p = next;
	}
	*loop->post_tail = fifo;
	loop->post_tail = &last->next;
}

bool ual_loop_unpost(struct ual_loop *loop, struct ual_post *p)
{
	take_posted(loop);
	for (struct ual_post **at = &loop->post_head; *at; at = &(*at)->next) {
		if (*at != p)
			continue;
		*at = p->next;
		if (loop->post_tail == &p->next)
			loop->post_tail = at;
		return true;
	}
	return false;
}

int loop_posts_run(struct ual_loop *loop)
{
	int done = 0;

	take_posted(loop);
	while (loop->post_head) {
		struct ual_post *p = loop->post_head;

		loop->post_head = p->next;
		if (!loop->post_head)
			loop->post_tail = &loop->post_head;
		p->fn(p);
		done++;
	}
	return done;
}
