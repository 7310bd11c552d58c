/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What makes and ends sockets.  See preload.h. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ual/verbs/rsocket/preload.h"

#define CONNECT_PATIENCE_MS 2000

static __thread unsigned inside;

/* The RDMA libraries have TCP sockets of their own, also in threads of their own. */
static bool from_below(const void *caller)
{
	static const char *const below[] = { "libopenrdma", "libibverbs", "librdmacm",
					     "librspreload", "openrdma-soft" };
	Dl_info info;
	const char *name;
	size_t i;

	if (inside)
		return true;
	if (!dladdr(caller, &info) || !info.dli_fname)
		return false;
	name = basename(info.dli_fname);
	for (i = 0; i < sizeof(below) / sizeof(below[0]); i++)
		if (!strncmp(name, below[i], strlen(below[i])))
			return true;
	return false;
}

static int socket_rdma(int domain, int type, int protocol)
{
	int rs;

	inside++;
	rs = rsocket(domain, SOCK_STREAM, protocol);
	inside--;
	if (rs < 0)
		return -1;
	preload_options_set(rs);
	if (type & SOCK_NONBLOCK)
		rfcntl(rs, F_SETFL, O_NONBLOCK);
	return preload_fd_create(rs, type & SOCK_CLOEXEC);
}

PRELOAD_EXPORT int socket(int domain, int type, int protocol)
{
	const struct preload_real *real = preload_real();
	bool ours = preload_wanted(domain, type, protocol) &&
		    !from_below(__builtin_return_address(0));
	int fd = -1;

	if (ours && !preload_fork_safe())
		fd = socket_rdma(domain, type, protocol);
	if (fd >= 0)
		return fd;
	fd = real->socket(domain, type, protocol);
	if (fd >= 0 && ours && preload_fork_safe())
		preload_fd_watch(fd, PRELOAD_NEW);
	return fd;
}

PRELOAD_EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct preload_socket *s = preload_get(fd);
	int ret;

	if (!s || s->kind != PRELOAD_RDMA) {
		ret = preload_real()->bind(fd, addr, len);
	} else {
		inside++;
		ret = rbind(s->rs, addr, len);
		inside--;
		/* an address without RDMA */
		if (ret && errno == ENODEV && !preload_fd_to_tcp(fd, s))
			ret = preload_real()->bind(fd, addr, len);
	}
	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int listen(int fd, int backlog)
{
	struct preload_socket *s = preload_get(fd);
	int ret;

	if (s && s->kind == PRELOAD_RDMA) {
		inside++;
		ret = rlisten(s->rs, backlog);
		inside--;
	} else {
		ret = preload_real()->listen(fd, backlog);
		if (!ret && s)
			s->kind = PRELOAD_LISTENING;
	}
	preload_put(s);
	return ret;
}

static int accept_any(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct preload_socket *s = preload_get(fd);
	enum preload_kind kind = s ? s->kind : PRELOAD_NEW;
	int ret;

	if (kind == PRELOAD_RDMA) {
		ret = raccept(s->rs, addr, len);
		if (ret >= 0 && (flags & SOCK_NONBLOCK))
			rfcntl(ret, F_SETFL, O_NONBLOCK);
		if (ret >= 0)
			ret = preload_fd_create(ret, flags & SOCK_CLOEXEC);
	} else {
		ret = preload_real()->accept4(fd, addr, len, flags);
		if (ret >= 0 && kind == PRELOAD_LISTENING)
			preload_fd_watch(ret, PRELOAD_PASSIVE);
	}
	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept_any(fd, addr, len, 0);
}

PRELOAD_EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return accept_any(fd, addr, len, flags);
}

static int connect_outcome(int rs)
{
	struct pollfd fd = { .fd = rs, .events = POLLOUT };
	socklen_t errlen = sizeof(int);
	int ret, err = 0;

	do {
		ret = rpoll(&fd, 1, CONNECT_PATIENCE_MS);
	} while (ret < 0 && errno == EINTR);
	if (ret == 0)
		err = ETIMEDOUT;
	else if (ret < 0 || rgetsockopt(rs, SOL_SOCKET, SO_ERROR, &err, &errlen))
		err = errno;
	errno = err;
	return err ? -1 : 0;
}

/*
 * Also a socket that does not block waits here for a moment: only now a server without RDMA can still be reached
 * by TCP.  Such a server may well keep silent at what it cannot understand.
 */
static int connect_rdma(int rs, const struct sockaddr *addr, socklen_t len)
{
	int flags = rfcntl(rs, F_GETFL), ret, saved;

	inside++;
	rfcntl(rs, F_SETFL, flags | O_NONBLOCK);
	ret = rconnect(rs, addr, len);
	if (ret && errno == EINPROGRESS)
		ret = connect_outcome(rs);
	saved = errno;
	rfcntl(rs, F_SETFL, flags);
	inside--;
	errno = saved;
	return ret;
}

PRELOAD_EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct preload_socket *s = preload_get(fd);
	int ret;

	if (s && s->kind == PRELOAD_RDMA) {
		ret = connect_rdma(s->rs, addr, len);
		if (ret && errno != EALREADY && errno != EISCONN && errno != EINVAL &&
		    !preload_fd_to_tcp(fd, s))
			ret = preload_real()->connect(fd, addr, len);
	} else {
		ret = preload_real()->connect(fd, addr, len);
		if (s && s->kind == PRELOAD_NEW && (!ret || errno == EINPROGRESS))
			s->kind = PRELOAD_ACTIVE;
	}
	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int shutdown(int fd, int how)
{
	struct preload_socket *s = preload_get_data(fd);
	int ret = s ? rshutdown(s->rs, how) : preload_real()->shutdown(fd, how);

	preload_put(s);
	return ret;
}

PRELOAD_EXPORT int close(int fd)
{
	preload_fd_forget(fd);
	return preload_real()->close(fd);
}
