/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Sleeping and waking.  Each thread has an eventfd; while it waits for a socket it is on that socket's list, and
 * whoever handles completions or changes the state writes to it.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "ual/verbs/rsocket/rs.h"

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static __thread int wake_fd = -1;
static __thread unsigned wake_generation;

static void thread_gone(void *unused)
{
	if (wake_fd >= 0)
		close(wake_fd);
	wake_fd = -1;
}

static void key_create(void)
{
	pthread_key_create(&key, thread_gone);
}

/* A child of fork() shares its parent's until it asks. */
int abi_rs_wake_fd(void)
{
	if (wake_fd >= 0 && wake_generation == abi_rs_generation())
		return wake_fd;
	if (wake_fd >= 0)
		close(wake_fd);
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	wake_generation = abi_rs_generation();
	pthread_once(&key_once, key_create);
	pthread_setspecific(key, &key);
	return wake_fd;
}

void abi_rs_wake_clear(void)
{
	int program_errno = errno;
	uint64_t n;
	ssize_t ret __attribute__((unused)) = read(wake_fd, &n, sizeof(n));

	errno = program_errno;	/* it may be clear already */
}

void abi_rs_wake(struct rs *rs)
{
	struct rs_waiter *waiter;
	uint64_t one = 1;
	ssize_t ret __attribute__((unused));

	list_for_each_entry(waiter, &rs->waiters, link) {
		if (waiter->fd != wake_fd)
			ret = write(waiter->fd, &one, sizeof(one));
	}
}

uint64_t abi_rs_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

uint64_t abi_rs_now_ms(void)
{
	return abi_rs_now_us() / 1000;
}

void abi_rs_arm(struct rs *rs)
{
	if (!rs->cq || rs->armed)
		return;
	if (ibv_req_notify_cq(rs->cq, 0))
		abi_rs_fail(rs, RS_BROKEN, EIO);
	rs->armed = true;
}

unsigned abi_rs_poll_fds(const struct rs *rs, struct pollfd *fds)
{
	unsigned n = 0;

	if (rs->state == RS_LISTENING) {
		fds[n++] = (struct pollfd){ .fd = rs->accept_fd, .events = POLLIN };
		return n;
	}
	fds[n++] = (struct pollfd){ .fd = rs->fd, .events = POLLIN };
	if (rs->comp)
		fds[n++] = (struct pollfd){ .fd = rs->comp->fd, .events = POLLIN };
	return n;
}

/* For a bounded time, for what is about to come; others may have the lock in between. */
static bool spin(struct rs *rs, bool (*test)(const struct rs *rs))
{
	uint64_t until = abi_rs_now_us() + abi_rs_config()->spin_us;

	do {
		abi_rs_process(rs);
		if (test(rs))
			return true;
		pthread_mutex_unlock(&rs->lock);
		pthread_mutex_lock(&rs->lock);
	} while (abi_rs_now_us() < until);
	return false;
}

static int sleep_once(struct rs *rs, int timeout_ms)
{
	struct pollfd fds[3];
	unsigned n = abi_rs_poll_fds(rs, fds);
	int ret;

	fds[n++] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	pthread_mutex_unlock(&rs->lock);
	ret = poll(fds, n, timeout_ms);
	if (ret < 0)
		ret = -errno;
	else if (fds[n - 1].revents)
		abi_rs_wake_clear();
	pthread_mutex_lock(&rs->lock);
	return ret < 0 ? ret : 0;
}

int abi_rs_wait(struct rs *rs, bool (*test)(const struct rs *rs), int timeout_ms)
{
	uint64_t until = abi_rs_now_ms() + timeout_ms, now;
	struct rs_waiter waiter;
	int ret = 0, left;

	if (!timeout_ms) {
		abi_rs_take_events(rs);
		abi_rs_process(rs);
		return test(rs) ? 0 : -EAGAIN;
	}
	if (spin(rs, test))
		return 0;
	waiter.fd = abi_rs_wake_fd();
	if (waiter.fd < 0)
		return -errno;
	list_add(&waiter.link, &rs->waiters);
	for (;;) {
		abi_rs_arm(rs);
		abi_rs_process(rs);
		if (test(rs))
			break;
		now = abi_rs_now_ms();
		left = timeout_ms < 0 ? -1 : now >= until ? 0 : (int)(until - now);
		if (!left) {
			ret = -EAGAIN;
			break;
		}
		ret = sleep_once(rs, left);
		if (ret)
			break;
		abi_rs_take_events(rs);
	}
	list_del(&waiter.link);
	return ret;
}
