/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Names, options, descriptor flags and duplicates. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ual/verbs/rsocket/preload.h"

#define READABLE_MAX (1 << 20)	/* that FIONREAD counts up to */

static struct preload_socket *get_rdma(int fd)
{
	struct preload_socket *s = preload_get(fd);

	if (s && s->kind != PRELOAD_RDMA) {
		preload_put(s);
		s = NULL;
	}
	return s;
}

PRELOAD_EXPORT int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct preload_socket *s = get_rdma(fd);
	int ret = s ? rgetsockname(s->rs, addr, len) : preload_real()->getsockname(fd, addr, len);

	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct preload_socket *s = get_rdma(fd);
	int ret = s ? rgetpeername(s->rs, addr, len) : preload_real()->getpeername(fd, addr, len);

	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct preload_socket *s = get_rdma(fd);
	int ret = s ? rgetsockopt(s->rs, level, name, value, len)
		    : preload_real()->getsockopt(fd, level, name, value, len);

	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct preload_socket *s = get_rdma(fd);
	int ret = s ? rsetsockopt(s->rs, level, name, value, len)
		    : preload_real()->setsockopt(fd, level, name, value, len);

	preload_put(s);
	return ret;
}

/* The duplicate of a stand-in stands for the same socket. */
static int duplicated(struct preload_socket *s, int fd)
{
	if (!s || fd < 0)
		return fd;
	if (preload_fd_share(s, fd) >= 0)
		return fd;
	preload_real()->close(fd);
	errno = EMFILE;
	return -1;
}

static int fcntl_rdma(struct preload_socket *s, int fd, int cmd, void *arg)
{
	switch (cmd) {
	case F_GETFL:
		return rfcntl(s->rs, cmd);
	case F_SETFL:
		return rfcntl(s->rs, cmd, (int)(long)arg);
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return duplicated(s, preload_real()->fcntl(fd, cmd, arg));
	default:
		return preload_real()->fcntl(fd, cmd, arg);
	}
}

/* Whatever the third argument is, it is passed as a pointer's worth of bits, as the C library does. */
static int fcntl_any(int fd, int cmd, void *arg)
{
	struct preload_socket *s = preload_get(fd);
	int ret;

	if (s && s->kind == PRELOAD_RDMA)
		ret = fcntl_rdma(s, fd, cmd, arg);
	else if (s && (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC))
		ret = duplicated(s, preload_real()->fcntl(fd, cmd, arg));
	else
		ret = preload_real()->fcntl(fd, cmd, arg);
	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int fcntl(int fd, int cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	return fcntl_any(fd, cmd, arg);
}

PRELOAD_EXPORT int fcntl64(int fd, int cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	return fcntl_any(fd, cmd, arg);
}

static int readable(int rs, int *count)
{
	void *buf = malloc(READABLE_MAX);
	ssize_t n;

	if (!buf)
		return -1;
	n = rrecv(rs, buf, READABLE_MAX, MSG_PEEK | MSG_DONTWAIT);
	free(buf);
	if (n < 0 && errno != EAGAIN)
		return -1;
	*count = n < 0 ? 0 : n;
	return 0;
}

PRELOAD_EXPORT int ioctl(int fd, unsigned long request, ...)
{
	struct preload_socket *s = get_rdma(fd);
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (s && request == FIONBIO)
		ret = rfcntl(s->rs, F_SETFL, *(int *)arg ? O_NONBLOCK : 0);
	else if (s && request == FIONREAD)
		ret = readable(s->rs, arg);
	else
		ret = preload_real()->ioctl(fd, request, arg);
	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int dup(int fd)
{
	struct preload_socket *s = preload_get(fd);
	int ret = duplicated(s, preload_real()->dup(fd));

	preload_put(s);
	return ret;
}

/* What was there ends only when the duplicate is made. */
static int replaced(struct preload_socket *s, int from, int to, int ret)
{
	if (ret < 0 || from == to)
		return ret;
	if (!s)
		preload_fd_forget(to);
	return duplicated(s, ret);
}

PRELOAD_EXPORT int dup2(int from, int to)
{
	struct preload_socket *s = preload_get(from);
	int ret = replaced(s, from, to, preload_real()->dup2(from, to));

	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int dup3(int from, int to, int flags)
{
	struct preload_socket *s = preload_get(from);
	int ret = replaced(s, from, to, preload_real()->dup3(from, to, flags));

	preload_put(s);
	return ret;
}
