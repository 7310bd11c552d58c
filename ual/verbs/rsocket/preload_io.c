/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Data.  Also the names that fortified programs call: they were checked for the same bounds by the compiler. */
#include <errno.h>
#include <unistd.h>
#include <sys/sendfile.h>

#include "ual/verbs/rsocket/preload.h"

#define SENDFILE_PIECE 65536

/* The result of the rsocket's call, or of the C library's. */
#define EITHER(fd, ours, others)				\
	({							\
		struct preload_socket *s = preload_get_data(fd); \
		ssize_t ret_ = s ? (ours) : (others);		\
								\
		preload_put(s);					\
		ret_;						\
	})

PRELOAD_EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return EITHER(fd, rrecv(s->rs, buf, len, flags), preload_real()->recv(fd, buf, len, flags));
}

PRELOAD_EXPORT ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
				socklen_t *addrlen)
{
	return EITHER(fd, rrecvfrom(s->rs, buf, len, flags, addr, addrlen),
		      preload_real()->recvfrom(fd, buf, len, flags, addr, addrlen));
}

PRELOAD_EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	return EITHER(fd, rrecvmsg(s->rs, msg, flags), preload_real()->recvmsg(fd, msg, flags));
}

PRELOAD_EXPORT ssize_t read(int fd, void *buf, size_t count)
{
	return EITHER(fd, rread(s->rs, buf, count), preload_real()->read(fd, buf, count));
}

PRELOAD_EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return EITHER(fd, rreadv(s->rs, iov, n), preload_real()->readv(fd, iov, n));
}

PRELOAD_EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return EITHER(fd, rsend(s->rs, buf, len, flags), preload_real()->send(fd, buf, len, flags));
}

PRELOAD_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags,
			      const struct sockaddr *addr, socklen_t addrlen)
{
	return EITHER(fd, rsendto(s->rs, buf, len, flags, addr, addrlen),
		      preload_real()->sendto(fd, buf, len, flags, addr, addrlen));
}

PRELOAD_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return EITHER(fd, rsendmsg(s->rs, msg, flags), preload_real()->sendmsg(fd, msg, flags));
}

PRELOAD_EXPORT ssize_t write(int fd, const void *buf, size_t count)
{
	return EITHER(fd, rwrite(s->rs, buf, count), preload_real()->write(fd, buf, count));
}

PRELOAD_EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return EITHER(fd, rwritev(s->rs, iov, n), preload_real()->writev(fd, iov, n));
}

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
		       socklen_t *addrlen);
ssize_t __read_chk(int fd, void *buf, size_t count, size_t room);

PRELOAD_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	if (len > room)
		__builtin_trap();
	return recv(fd, buf, len, flags);
}

PRELOAD_EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
				      struct sockaddr *addr, socklen_t *addrlen)
{
	if (len > room)
		__builtin_trap();
	return recvfrom(fd, buf, len, flags, addr, addrlen);
}

PRELOAD_EXPORT ssize_t __read_chk(int fd, void *buf, size_t count, size_t room)
{
	if (count > room)
		__builtin_trap();
	return read(fd, buf, count);
}

/* A piece of the file; with a given offset its position stays. */
static ssize_t file_send(int rs, int in, off_t at, size_t count)
{
	char buf[SENDFILE_PIECE];
	ssize_t n = pread(in, buf, count < sizeof(buf) ? count : sizeof(buf), at);

	return n > 0 ? rwrite(rs, buf, n) : n;
}

static ssize_t file_send_all(int rs, int in, off_t *offset, size_t count)
{
	off_t at = offset ? *offset : lseek(in, 0, SEEK_CUR);
	size_t sent = 0;
	ssize_t n = at < 0 ? -1 : 0;

	while (at >= 0 && sent < count) {
		n = file_send(rs, in, at, count - sent);
		if (n <= 0)
			break;
		sent += n;
		at += n;
	}
	if (offset && at >= 0)
		*offset = at;
	else if (sent)
		lseek(in, at, SEEK_SET);
	return sent ? (ssize_t)sent : n;
}

PRELOAD_EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t count)
{
	return EITHER(out, file_send_all(s->rs, in, offset, count),
		      preload_real()->sendfile(out, in, offset, count));
}

PRELOAD_EXPORT ssize_t sendfile64(int out, int in, off64_t *offset, size_t count)
{
	return sendfile(out, in, offset, count);
}
