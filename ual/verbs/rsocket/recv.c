/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rrecv and family.  The peer has written the bytes into the receive buffer already; what is left is to copy them
 * and to grant the room again.  What came before the end of the stream is delivered before it.
 */
#include <limits.h>

#include "ual/verbs/rsocket/rs.h"

static bool recv_decided(const struct rs *rs)
{
	return rs->len_n || !rs->readable;
}

/* Nothing there and nothing will come: the end of the stream, or why. */
static int recv_end(struct rs *rs)
{
	int err = rs->err;

	rs->err = 0;
	if (err)
		return -err;
	return rs->state < RS_CONNECTED || rs->state == RS_REFUSED ? -ENOTCONN : 0;
}

static void consume(struct rs *rs, uint32_t len)
{
	uint32_t *first;

	rs->rbuf_tail = (rs->rbuf_tail + len) % rs->rbuf_size;
	rs->rbuf_freed += len;
	rs->rbuf_unread -= len;
	while (len) {
		first = &rs->lens[rs->len_head];
		if (len < *first) {
			*first -= len;
			return;
		}
		len -= *first;
		rs->len_head = (rs->len_head + 1) % rs->len_max;
		rs->len_n--;
		rs->consumed++;
	}
}

/* The copy is without the lock: the receiver alone has what was told of and not yet consumed. */
static void take(struct rs *rs, struct rs_cursor *c)
{
	uint32_t len;

	while (c->left && rs->rbuf_unread) {
		len = rs->rbuf_size - rs->rbuf_tail;
		len = len < rs->rbuf_unread ? len : rs->rbuf_unread;
		len = len < c->left ? len : c->left;
		pthread_mutex_unlock(&rs->lock);
		abi_rs_cursor_copy_in(c, rs->rbuf + rs->rbuf_tail, len);
		pthread_mutex_lock(&rs->lock);
		consume(rs, len);
	}
	abi_rs_grant(rs);
}

static void peek(struct rs *rs, struct rs_cursor *c)
{
	uint32_t len = c->left < rs->rbuf_unread ? c->left : rs->rbuf_unread;
	uint32_t first = rs->rbuf_size - rs->rbuf_tail;

	first = len < first ? len : first;
	abi_rs_cursor_copy_in(c, rs->rbuf + rs->rbuf_tail, first);
	abi_rs_cursor_copy_in(c, rs->rbuf, len - first);
}

static int receive(struct rs *rs, struct rs_cursor *c, int flags)
{
	int timeout_ms = rs->recv_timeout_ms ? rs->recv_timeout_ms : -1, ret;

	do {
		if (!rs->len_n && rs->readable) {
			ret = abi_rs_wait(rs, recv_decided,
					  abi_rs_nonblocking(rs, flags) ? 0 : timeout_ms);
			if (ret)
				return ret;
		}
		if (!rs->len_n)
			return recv_end(rs);
		if (flags & MSG_PEEK) {
			peek(rs, c);
			return 0;
		}
		take(rs, c);
	} while (c->left && (flags & MSG_WAITALL));
	return 0;
}

static ssize_t recv_iov(int socket, const struct iovec *iov, int n, int flags)
{
	struct rs *rs = abi_rs_get(socket);
	struct rs_cursor c;
	size_t len = 0;
	int ret;

	if (!rs)
		return rs_errno(-EBADF);
	ret = abi_rs_cursor_init(&c, iov, n);
	if (!ret && (flags & (MSG_OOB | MSG_ERRQUEUE)))
		ret = -EOPNOTSUPP;
	if (ret)
		goto put;
	len = c.left;
	pthread_mutex_lock(&rs->receiving);
	pthread_mutex_lock(&rs->lock);
	ret = abi_rs_connect_wait(rs, abi_rs_nonblocking(rs, flags));
	if (!ret && len)
		ret = receive(rs, &c, flags);
	pthread_mutex_unlock(&rs->lock);
	pthread_mutex_unlock(&rs->receiving);
put:
	abi_rs_put(rs);
	if (len && c.left < len)
		return len - c.left;
	return rs_errno(ret);
}

RS_EXPORT ssize_t rrecv(int socket, void *buf, size_t len, int flags)
{
	struct iovec iov = { buf, len };

	return recv_iov(socket, &iov, 1, flags);
}

RS_EXPORT ssize_t rrecvfrom(int socket, void *buf, size_t len, int flags, struct sockaddr *src_addr,
			    socklen_t *addrlen)
{
	ssize_t ret = rrecv(socket, buf, len, flags);

	if (ret > 0 && src_addr && addrlen)
		rgetpeername(socket, src_addr, addrlen);
	return ret;
}

RS_EXPORT ssize_t rrecvmsg(int socket, struct msghdr *msg, int flags)
{
	ssize_t ret;

	if (!msg)
		return rs_errno(-EFAULT);
	ret = recv_iov(socket, msg->msg_iov, msg->msg_iovlen > IOV_MAX ? -1 : msg->msg_iovlen,
		       flags);
	if (ret >= 0) {
		msg->msg_flags = 0;
		msg->msg_controllen = 0;
		msg->msg_namelen = 0;
	}
	return ret;
}

RS_EXPORT ssize_t rread(int socket, void *buf, size_t count)
{
	return rrecv(socket, buf, count, 0);
}

RS_EXPORT ssize_t rreadv(int socket, const struct iovec *iov, int iovcnt)
{
	return recv_iov(socket, iov, iovcnt, 0);
}
