/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Descriptors of the program to sockets, and how one becomes the other kind under the same number. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>

#include "ual/verbs/rsocket/preload.h"

static _Atomic(struct preload_socket *) table[PRELOAD_FDS_MAX];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct preload_real real;
static pthread_once_t real_once = PTHREAD_ONCE_INIT;

static void real_find(void)
{
#define FIND(name) real.name = dlsym(RTLD_NEXT, #name)
	FIND(socket);
	FIND(bind);
	FIND(listen);
	FIND(accept);
	FIND(accept4);
	FIND(connect);
	FIND(shutdown);
	FIND(close);
	FIND(recv);
	FIND(recvfrom);
	FIND(recvmsg);
	FIND(read);
	FIND(readv);
	FIND(send);
	FIND(sendto);
	FIND(sendmsg);
	FIND(write);
	FIND(writev);
	FIND(sendfile);
	FIND(poll);
	FIND(ppoll);
	FIND(select);
	FIND(pselect);
	FIND(epoll_ctl);
	FIND(getsockname);
	FIND(getpeername);
	FIND(getsockopt);
	FIND(setsockopt);
	FIND(fcntl);
	FIND(ioctl);
	FIND(dup);
	FIND(dup2);
	FIND(dup3);
#undef FIND
}

const struct preload_real *preload_real(void)
{
	pthread_once(&real_once, real_find);
	return &real;
}

/* Most descriptors are not ours: they cost one load. */
struct preload_socket *preload_get(int fd)
{
	struct preload_socket *s;

	if (fd < 0 || fd >= PRELOAD_FDS_MAX || !atomic_load(&table[fd]))
		return NULL;
	pthread_mutex_lock(&table_lock);
	s = atomic_load(&table[fd]);
	if (s)
		atomic_fetch_add(&s->refs, 1);
	pthread_mutex_unlock(&table_lock);
	return s;
}

struct preload_socket *preload_get_data(int fd)
{
	struct preload_socket *s = preload_get(fd);

	if (s && s->kind == PRELOAD_ACTIVE)
		preload_fork_active(fd, s);
	else if (s && s->kind == PRELOAD_PASSIVE)
		preload_fork_passive(fd, s);
	if (s && s->kind != PRELOAD_RDMA) {
		preload_put(s);
		s = NULL;
	}
	return s;
}

void preload_put(struct preload_socket *s)
{
	int saved = errno;

	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	if (s->kind == PRELOAD_RDMA && s->rs >= 0)
		rclose(s->rs);
	free(s);
	errno = saved;
}

static struct preload_socket *socket_create(enum preload_kind kind, int rs)
{
	struct preload_socket *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	s->kind = kind;
	s->rs = rs;
	return s;
}

int preload_fd_share(struct preload_socket *s, int fd)
{
	struct preload_socket *old;

	if (fd < 0 || fd >= PRELOAD_FDS_MAX) {
		errno = EMFILE;
		return -1;
	}
	pthread_mutex_lock(&table_lock);
	old = atomic_load(&table[fd]);
	atomic_fetch_add(&s->refs, 1);
	atomic_store(&table[fd], s);
	pthread_mutex_unlock(&table_lock);
	preload_put(old);
	return fd;
}

void preload_fd_forget(int fd)
{
	struct preload_socket *old;

	if (fd < 0 || fd >= PRELOAD_FDS_MAX || !atomic_load(&table[fd]))
		return;
	pthread_mutex_lock(&table_lock);
	old = atomic_load(&table[fd]);
	atomic_store(&table[fd], NULL);
	pthread_mutex_unlock(&table_lock);
	preload_put(old);
}

static int stand_in(bool cloexec)
{
	return real.socket(AF_UNIX, SOCK_STREAM | (cloexec ? SOCK_CLOEXEC : 0), 0);
}

int preload_fd_create(int rs, bool cloexec)
{
	struct preload_socket *s = socket_create(PRELOAD_RDMA, rs);
	int fd = -1, ret = -1;

	if (s)
		fd = stand_in(cloexec);
	if (fd >= 0)
		ret = preload_fd_share(s, fd);
	if (ret < 0 && fd >= 0)
		real.close(fd);
	if (s)
		preload_put(s);
	else
		rclose(rs);
	return ret;
}

int preload_fd_watch(int fd, enum preload_kind kind)
{
	struct preload_socket *s = socket_create(kind, -1);
	int ret;

	if (!s)
		return -1;
	ret = preload_fd_share(s, fd);
	preload_put(s);
	return ret;
}

int preload_fd_to_rdma(int fd, struct preload_socket *s, int rs)
{
	int cloexec = real.fcntl(fd, F_GETFD), flags = real.fcntl(fd, F_GETFL);
	int new = stand_in(false);

	if (new < 0)
		return -1;
	if (real.dup3(new, fd, cloexec & FD_CLOEXEC ? O_CLOEXEC : 0) < 0) {
		real.close(new);
		return -1;
	}
	real.close(new);
	rfcntl(rs, F_SETFL, flags & O_NONBLOCK);
	s->rs = rs;
	s->kind = PRELOAD_RDMA;
	return 0;
}

static void option_copy(int from, int to, int level, int name)
{
	socklen_t len = sizeof(int);
	int value;

	if (!rgetsockopt(from, level, name, &value, &len) && value)
		real.setsockopt(to, level, name, &value, len);
}

static bool bound(const struct sockaddr_storage *addr)
{
	return (addr->ss_family == AF_INET && ((struct sockaddr_in *)addr)->sin_port) ||
	       (addr->ss_family == AF_INET6 && ((struct sockaddr_in6 *)addr)->sin6_port);
}

int preload_fd_to_tcp(int fd, struct preload_socket *s)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr), intlen = sizeof(int);
	int cloexec = real.fcntl(fd, F_GETFD), listening = 0, tcp;

	if (rgetsockname(s->rs, (struct sockaddr *)&addr, &len))
		return -1;
	rgetsockopt(s->rs, SOL_SOCKET, SO_ACCEPTCONN, &listening, &intlen);
	tcp = real.socket(addr.ss_family, SOCK_STREAM, 0);
	if (tcp < 0)
		return -1;
	option_copy(s->rs, tcp, SOL_SOCKET, SO_REUSEADDR);
	option_copy(s->rs, tcp, SOL_SOCKET, SO_KEEPALIVE);
	option_copy(s->rs, tcp, IPPROTO_TCP, TCP_NODELAY);
	real.fcntl(tcp, F_SETFL, rfcntl(s->rs, F_GETFL) & O_NONBLOCK);
	/* the rsocket has the port, where RDMA shares ports with TCP */
	rclose(s->rs);
	s->rs = -1;
	if (bound(&addr) && real.bind(tcp, (struct sockaddr *)&addr, len))
		goto fail;
	if (listening && real.listen(tcp, SOMAXCONN))
		goto fail;
	if (real.dup3(tcp, fd, cloexec & FD_CLOEXEC ? O_CLOEXEC : 0) < 0)
		goto fail;
	real.close(tcp);
	preload_fd_forget(fd);
	return 0;
fail:
	real.close(tcp);
	return -1;
}
