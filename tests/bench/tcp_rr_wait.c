// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Clock, waiting and complete sends for both ends of tcp_rr. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/bench/tcp_rr.h"

uint64_t rr_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void rr_idle(struct rr_waiter *waiter, short events)
{
	struct pollfd ready = { .fd = waiter->fd, .events = events };
	uint64_t now = waiter->spin_ns ? rr_now_ns() : 0;

	if (waiter->idle_since_ns == 0)
		waiter->idle_since_ns = now;
	if (now - waiter->idle_since_ns < waiter->spin_ns) {
		/* The other end may have to run on this very processor. */
		sched_yield();
		return;
	}
	poll(&ready, 1, -1);
	waiter->idle_since_ns = 0;
}

int rr_send_all(struct rr_waiter *waiter, struct iovec *iov, int iov_n)
{
	struct msghdr msg = { .msg_iov = iov };
	ssize_t sent;

	while (iov_n > 0) {
		msg.msg_iovlen = (size_t)(iov_n < IOV_MAX ? iov_n : IOV_MAX);
		sent = sendmsg(waiter->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0) {
			if (errno != EAGAIN && errno != EINTR)
				return -errno;
			rr_idle(waiter, POLLOUT);
			continue;
		}
		rr_progress(waiter);
		while (iov_n > 0 && (size_t)sent >= msg.msg_iov->iov_len) {
			sent -= (ssize_t)msg.msg_iov->iov_len;
			msg.msg_iov++;
			iov_n--;
		}
		if (sent > 0) {
			msg.msg_iov->iov_base = (char *)msg.msg_iov->iov_base + sent;
			msg.msg_iov->iov_len -= (size_t)sent;
		}
	}
	return 0;
}
