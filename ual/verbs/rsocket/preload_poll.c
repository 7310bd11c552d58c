/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Waiting.  Anything without an rsocket goes to the C library as it came.  epoll knows descriptors of the kernel
 * only: a socket that is put into it before it is connected goes on as TCP; a connected one is refused (EPERM, as
 * a file that cannot be waited for).  A signal mask is set around the wait, not atomically with it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "ual/verbs/rsocket/fd_sets.h"
#include "ual/verbs/rsocket/preload.h"

#define POLL_FEW 64

/* Descriptors to what rpoll() knows.  Returns whether there is an rsocket; the references are in `held`. */
static bool translate(const struct pollfd *fds, struct pollfd *out, struct preload_socket **held,
		      nfds_t n)
{
	bool any = false;
	nfds_t i;

	for (i = 0; i < n; i++) {
		out[i] = fds[i];
		out[i].revents = 0;
		held[i] = preload_get_data(fds[i].fd);
		if (held[i])
			out[i].fd = held[i]->rs;
		any |= held[i] != NULL;
	}
	return any;
}

static int poll_translated(struct pollfd *fds, struct pollfd *rfds, struct preload_socket **held,
			   nfds_t n, int timeout)
{
	int ret;
	nfds_t i;

	if (translate(fds, rfds, held, n))
		ret = rpoll(rfds, n, timeout);
	else
		ret = preload_real()->poll(rfds, n, timeout);
	for (i = 0; i < n; i++) {
		fds[i].revents = rfds[i].revents;
		preload_put(held[i]);
	}
	return ret;
}

/* Only looks: whether any of them needs us at all. */
static bool concerns(const struct pollfd *fds, nfds_t n)
{
	struct preload_socket *s;
	nfds_t i;

	for (i = 0; i < n; i++) {
		s = preload_get(fds[i].fd);
		preload_put(s);
		if (s)
			return true;
	}
	return false;
}

PRELOAD_EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct preload_socket *few_held[POLL_FEW], **held = few_held;
	struct pollfd few[POLL_FEW], *rfds = few;
	int ret = -1;

	if (n > PRELOAD_FDS_MAX || !concerns(fds, n))
		return preload_real()->poll(fds, n, timeout);
	if (n > POLL_FEW) {
		rfds = calloc(n, sizeof(*rfds));
		held = calloc(n, sizeof(*held));
	}
	if (rfds && held)
		ret = poll_translated(fds, rfds, held, n, timeout);
	else
		errno = ENOMEM;
	if (n > POLL_FEW) {
		free(rfds);
		free(held);
	}
	return ret;
}

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room);

PRELOAD_EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room)
{
	if (n > room / sizeof(*fds))
		__builtin_trap();
	return poll(fds, n, timeout);
}

static int timeout_ms(const struct timespec *t)
{
	if (!t || t->tv_sec >= INT_MAX / 1000 - 1)
		return -1;
	return t->tv_sec * 1000 + (t->tv_nsec + 999999) / 1000000;
}

PRELOAD_EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			 const sigset_t *mask)
{
	sigset_t old;
	int ret;

	if (n > PRELOAD_FDS_MAX || !concerns(fds, n))
		return preload_real()->ppoll(fds, n, timeout, mask);
	if (mask)
		pthread_sigmask(SIG_SETMASK, mask, &old);
	ret = poll(fds, n, timeout_ms(timeout));
	if (mask)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static int select_polled(struct pollfd *fds, nfds_t n, fd_set *r, fd_set *w, fd_set *e, int timeout)
{
	int count = 0;
	nfds_t i;

	if (poll(fds, n, timeout) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (fds[i].revents & POLLNVAL) {
			errno = EBADF;
			return -1;
		}
		count += keep(r, fds[i].fd, fds[i].revents & (POLLIN | POLLHUP | POLLERR));
		count += keep(w, fds[i].fd, fds[i].revents & (POLLOUT | POLLERR));
		count += keep(e, fds[i].fd, fds[i].revents & POLLPRI);
	}
	return count;
}

PRELOAD_EXPORT int select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
	struct pollfd fds[FD_SETSIZE];
	struct timespec t;
	nfds_t count;

	if (n < 0 || n > FD_SETSIZE)
		return preload_real()->select(n, r, w, e, timeout);
	count = from_sets(fds, n, r, w, e);
	if (!concerns(fds, count))
		return preload_real()->select(n, r, w, e, timeout);
	if (timeout)
		t = (struct timespec){ timeout->tv_sec, timeout->tv_usec * 1000 };
	return select_polled(fds, count, r, w, e, timeout_ms(timeout ? &t : NULL));
}

PRELOAD_EXPORT int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout,
			   const sigset_t *mask)
{
	struct pollfd fds[FD_SETSIZE];
	sigset_t old;
	nfds_t count;
	int ret;

	if (n < 0 || n > FD_SETSIZE)
		return preload_real()->pselect(n, r, w, e, timeout, mask);
	count = from_sets(fds, n, r, w, e);
	if (!concerns(fds, count))
		return preload_real()->pselect(n, r, w, e, timeout, mask);
	if (mask)
		pthread_sigmask(SIG_SETMASK, mask, &old);
	ret = select_polled(fds, count, r, w, e, timeout_ms(timeout));
	if (mask)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static bool connected(int rs)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	return !rgetpeername(rs, (struct sockaddr *)&addr, &len);
}

PRELOAD_EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct preload_socket *s = preload_get(fd);
	int ret = -1;

	if (!s || s->kind != PRELOAD_RDMA || op != EPOLL_CTL_ADD)
		ret = preload_real()->epoll_ctl(epfd, op, fd, event);
	else if (connected(s->rs))
		errno = EPERM;
	else if (!preload_fd_to_tcp(fd, s))
		ret = preload_real()->epoll_ctl(epfd, op, fd, event);
	preload_put(s);
	return ret;
}
