/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * librspreload: socket programs over rsockets, by LD_PRELOAD.
 *
 *   preload.c        socket() to close(): what makes, names and ends a socket      preload_io.c    data
 *   preload_fd.c     descriptors of the program to sockets                         preload_poll.c  waiting
 *   preload_config.c which program's sockets, environment                          preload_opt.c   options, names, dup
 *   preload_fork.c   connections that are made after fork()
 *
 * A descriptor that the program gets for an rsocket is an unconnected local socket that stands in for it: it takes
 * the number, is duplicated and inherited as any other, and fails clearly in calls that nobody intercepts.  A
 * socket that turns out to be better off on TCP (no RDMA there, epoll) is put in its place under the same number.
 */
#ifndef UAL_VERBS_RSOCKET_PRELOAD_H
#define UAL_VERBS_RSOCKET_PRELOAD_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <rdma/rsocket.h>

#define PRELOAD_EXPORT	__attribute__((visibility("default")))
#define PRELOAD_FDS_MAX	(1 << 16)

enum preload_kind {
	PRELOAD_RDMA,		/* rs is an rsocket, the descriptor stands in for it */
	/* with RDMAV_FORK_SAFE: the descriptor is a TCP socket that may become an rsocket */
	PRELOAD_NEW,
	PRELOAD_LISTENING,
	PRELOAD_ACTIVE,
	PRELOAD_PASSIVE,
};

/* References: each descriptor, each call under way.  The last put closes the rsocket. */
struct preload_socket {
	atomic_uint refs;
	enum preload_kind kind;
	int rs;
};

/* The C library's own. */
struct preload_real {
	int (*socket)(int domain, int type, int protocol);
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*accept)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*accept4)(int fd, struct sockaddr *addr, socklen_t *len, int flags);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*shutdown)(int fd, int how);
	int (*close)(int fd);
	ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
	ssize_t (*recvfrom)(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
			    socklen_t *addrlen);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	ssize_t (*read)(int fd, void *buf, size_t count);
	ssize_t (*readv)(int fd, const struct iovec *iov, int n);
	ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
	ssize_t (*sendto)(int fd, const void *buf, size_t len, int flags,
			  const struct sockaddr *addr, socklen_t addrlen);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	ssize_t (*write)(int fd, const void *buf, size_t count);
	ssize_t (*writev)(int fd, const struct iovec *iov, int n);
	ssize_t (*sendfile)(int out, int in, off_t *offset, size_t count);
	int (*poll)(struct pollfd *fds, nfds_t n, int timeout);
	int (*ppoll)(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		     const sigset_t *mask);
	int (*select)(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout);
	int (*pselect)(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout,
		       const sigset_t *mask);
	int (*epoll_ctl)(int epfd, int op, int fd, struct epoll_event *event);
	int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*getpeername)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *len);
	int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t len);
	int (*fcntl)(int fd, int cmd, ...);
	int (*ioctl)(int fd, unsigned long request, ...);
	int (*dup)(int fd);
	int (*dup2)(int from, int to);
	int (*dup3)(int from, int to, int flags);
};
const struct preload_real *preload_real(void);

/* preload_fd.c: get returns NULL for descriptors that are the kernel's business. */
struct preload_socket *preload_get(int fd);
struct preload_socket *preload_get_data(int fd); /* also makes what was put off until data flows */
void preload_put(struct preload_socket *s);
/* A descriptor for rs, which becomes its; -1 and errno, and rs is closed. */
int preload_fd_create(int rs, bool cloexec);
int preload_fd_watch(int fd, enum preload_kind kind); /* a TCP socket that may become an rsocket */
int preload_fd_share(struct preload_socket *s, int fd);
void preload_fd_forget(int fd);
/* The stand-in takes the number of the TCP socket, which ends. */
int preload_fd_to_rdma(int fd, struct preload_socket *s, int rs);
/* A TCP socket with the same options and address takes the place; -1 and errno: it could not. */
int preload_fd_to_tcp(int fd, struct preload_socket *s);

/* preload_config.c */
bool preload_wanted(int domain, int type, int protocol);
bool preload_fork_safe(void);
void preload_options_set(int rs);

/* preload_fork.c: kind is RDMA after, or fd is forgotten. */
void preload_fork_active(int fd, struct preload_socket *s);
void preload_fork_passive(int fd, struct preload_socket *s);

#endif
