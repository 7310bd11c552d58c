/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rpoll, rselect: rsockets and ordinary descriptors together.
 *
 * A look at all of them, for a bounded time again and again, then sleep: on the ordinary descriptors, on the
 * channels of the rsockets and on this thread's eventfd, by which other threads tell that they changed one.
 */
#include <stdlib.h>

#include "ual/verbs/rsocket/fd_sets.h"
#include "ual/verbs/rsocket/rs.h"

#define POLL_FEW 16

struct entry {
	struct rs *rs;			/* NULL: an ordinary descriptor */
	struct rs_waiter waiter;
};

struct poller {
	struct pollfd *fds;
	nfds_t n;
	struct entry *entries;
	struct pollfd *sys;		/* up to two for each, and the eventfd */
	unsigned ordinary;
};

short abi_rs_revents(const struct rs *rs, short events)
{
	short in = events & (POLLIN | POLLRDNORM), out = events & (POLLOUT | POLLWRNORM);

	if (rs->closed)
		return POLLNVAL;
	switch (rs->state) {
	case RS_INIT:
	case RS_BOUND:
	case RS_RESOLVING_ADDR:
	case RS_RESOLVING_ROUTE:
	case RS_CONNECTING:
	case RS_ACCEPTING:
		return 0;
	case RS_LISTENING:
		return list_empty(&rs->accept_queue) ? 0 : in;
	case RS_CONNECTED:
		return (rs->len_n || !rs->readable ? in : 0) |
		       (abi_rs_can_send(rs) || !rs->writable ? out : 0) |
		       (rs->readable ? 0 : events & POLLRDHUP);
	case RS_DISCONNECTED:
		/* a program that looks at POLLHUP first would lose what is still to be read */
		return in | out | (events & POLLRDHUP) | (rs->len_n ? 0 : POLLHUP);
	case RS_REFUSED:
	case RS_BROKEN:
		return in | out | (events & POLLRDHUP) | POLLERR;
	}
	return 0;
}

static short look(struct rs *rs, short events)
{
	short revents;

	pthread_mutex_lock(&rs->lock);
	abi_rs_process(rs);
	revents = abi_rs_revents(rs, events);
	pthread_mutex_unlock(&rs->lock);
	return revents;
}

/* Without sleeping.  Returns how many have something to tell. */
static int look_all(struct poller *p)
{
	int count = 0, ret;
	unsigned n = 0;
	nfds_t i;

	for (i = 0; i < p->n; i++) {
		p->fds[i].revents = 0;
		if (p->entries[i].rs)
			p->fds[i].revents = look(p->entries[i].rs, p->fds[i].events);
		else
			p->sys[n++] = p->fds[i];
		count += p->fds[i].revents != 0;
	}
	if (!n)
		return count;
	ret = poll(p->sys, n, 0);
	if (ret < 0)
		return -errno;
	for (i = 0, n = 0; i < p->n; i++)
		if (!p->entries[i].rs)
			p->fds[i].revents = p->sys[n++].revents;
	return count + ret;
}

/* On every list first, then armed, then looked at: what happens after that wakes us. */
static bool wait_begin(struct poller *p, unsigned *sys_n)
{
	bool ready = false;
	unsigned n = 0;
	struct rs *rs;
	nfds_t i;

	for (i = 0; i < p->n; i++) {
		rs = p->entries[i].rs;
		if (!rs) {
			p->sys[n++] = p->fds[i];
			continue;
		}
		pthread_mutex_lock(&rs->lock);
		p->entries[i].waiter.fd = abi_rs_wake_fd();
		list_add(&p->entries[i].waiter.link, &rs->waiters);
		abi_rs_arm(rs);
		abi_rs_process(rs);
		ready |= abi_rs_revents(rs, p->fds[i].events) != 0;
		n += abi_rs_poll_fds(rs, &p->sys[n]);
		pthread_mutex_unlock(&rs->lock);
	}
	p->sys[n++] = (struct pollfd){ .fd = abi_rs_wake_fd(), .events = POLLIN };
	*sys_n = n;
	return ready;
}

static void wait_end(struct poller *p, bool events)
{
	struct rs *rs;
	nfds_t i;

	for (i = 0; i < p->n; i++) {
		rs = p->entries[i].rs;
		if (!rs)
			continue;
		pthread_mutex_lock(&rs->lock);
		list_del(&p->entries[i].waiter.link);
		if (events && rs->state != RS_LISTENING)
			abi_rs_take_events(rs);
		pthread_mutex_unlock(&rs->lock);
	}
	abi_rs_wake_clear();
}

static int sleep_once(struct poller *p, int timeout_ms)
{
	unsigned n;
	int ret = 0, err = 0;

	if (!wait_begin(p, &n)) {
		ret = poll(p->sys, n, timeout_ms);
		err = ret < 0 ? -errno : 0;
	}
	wait_end(p, ret > 0);
	return err;
}

static int poll_all(struct poller *p, int timeout_ms)
{
	const struct abi_rs_config *config = abi_rs_config();
	uint64_t start = abi_rs_now_us(), now, left;
	int ret, sleep_ms;

	for (;;) {
		ret = look_all(p);
		if (ret || !timeout_ms)
			return ret;
		now = abi_rs_now_us();
		if (timeout_ms > 0 && now - start >= timeout_ms * 1000ull)
			return 0;
		if (now - start < config->spin_us)
			continue;
		sleep_ms = config->wake_ms;
		left = timeout_ms < 0 ? UINT64_MAX : timeout_ms - (now - start) / 1000;
		ret = sleep_once(p, left < (uint64_t)sleep_ms ? (int)left : sleep_ms);
		if (ret)
			return ret;
	}
}

static bool poller_init(struct poller *p)
{
	bool any = false;
	nfds_t i;

	for (i = 0; i < p->n; i++) {
		p->entries[i].rs = abi_rs_get(p->fds[i].fd);
		any |= p->entries[i].rs != NULL;
	}
	return any;
}

RS_EXPORT int rpoll(struct pollfd *fds, nfds_t nfds, int timeout)
{
	struct entry few[POLL_FEW];
	struct pollfd few_sys[2 * POLL_FEW + 1];
	struct poller p = { .fds = fds, .n = nfds, .entries = few, .sys = few_sys };
	int ret = -ENOMEM;
	nfds_t i;

	if (nfds > RS_FDS_MAX || (nfds && !fds))
		return rs_errno(nfds > RS_FDS_MAX ? -EINVAL : -EFAULT);
	if (nfds > POLL_FEW) {
		p.entries = calloc(nfds, sizeof(*p.entries));
		p.sys = calloc(2 * nfds + 1, sizeof(*p.sys));
		if (!p.entries || !p.sys)
			goto out;
	}
	if (poller_init(&p))
		ret = abi_rs_wake_fd() < 0 ? -errno : poll_all(&p, timeout);
	else
		ret = poll(fds, nfds, timeout) < 0 ? -errno : 0;
	if (!ret)
		for (i = 0; i < nfds; i++)
			ret += fds[i].revents != 0;
	for (i = 0; i < nfds; i++)
		abi_rs_put(p.entries[i].rs);
out:
	if (nfds > POLL_FEW) {
		free(p.entries);
		free(p.sys);
	}
	return rs_errno(ret);
}

RS_EXPORT int rselect(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
		      struct timeval *timeout)
{
	struct pollfd fds[FD_SETSIZE];
	int timeout_ms = -1, count = 0, ret;
	nfds_t i, n;

	if (nfds < 0 || nfds > FD_SETSIZE)
		return rs_errno(-EINVAL);
	if (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0))
		return rs_errno(-EINVAL);
	if (timeout && timeout->tv_sec < 2000000)
		timeout_ms = timeout->tv_sec * 1000 + (timeout->tv_usec + 999) / 1000;
	n = from_sets(fds, nfds, readfds, writefds, exceptfds);
	ret = rpoll(fds, n, timeout_ms);
	if (ret < 0)
		return ret;
	for (i = 0; i < n; i++) {
		if (fds[i].revents & POLLNVAL)
			return rs_errno(-EBADF);
		count += keep(readfds, fds[i].fd, fds[i].revents & (POLLIN | POLLHUP | POLLERR));
		count += keep(writefds, fds[i].fd, fds[i].revents & (POLLOUT | POLLERR));
		count += keep(exceptfds, fds[i].fd, fds[i].revents & POLLPRI);
	}
	return count;
}
