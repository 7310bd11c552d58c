/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rsend and family.  Short data goes from the program's memory (inline), longer data through a ring of registered
 * memory, so a call returns when everything is posted.
 *
 * A long send is cut into pieces that start small and double: the first is on its way while the next is copied.
 */
#include <limits.h>
#include <string.h>

#include "ual/verbs/rsocket/rs.h"

bool abi_rs_can_send(const struct rs *rs)
{
	uint32_t low = rs->sbuf_size / 2 < RS_LOW_WATER ? rs->sbuf_size / 2 : RS_LOW_WATER;

	return rs_connected(rs) && rs->writable && rs->window_n && rs->sq_left >= abi_rs_wrs(rs) &&
	       rs->sbuf_left >= low &&
	       (uint16_t)(rs->credits_given - rs->credits_used) > rs->credits_kept;
}

static bool send_decided(const struct rs *rs)
{
	return abi_rs_can_send(rs) || !rs->writable;
}

bool abi_rs_nonblocking(const struct rs *rs, int flags)
{
	return (rs->flags & O_NONBLOCK) || (flags & MSG_DONTWAIT);
}

static int send_error(struct rs *rs)
{
	int err = rs->err;

	rs->err = 0;
	if (err)
		return -err;
	if (rs->state == RS_DISCONNECTED)
		return -ECONNRESET;
	return rs->state == RS_CONNECTED || rs->state > RS_DISCONNECTED ? -EPIPE : -ENOTCONN;
}

int abi_rs_writable_wait(struct rs *rs, int flags)
{
	int timeout_ms = rs->send_timeout_ms ? rs->send_timeout_ms : -1, ret;

	if (rs->posts_unpolled >= RS_POSTS_UNPOLLED)
		abi_rs_process(rs);
	if (abi_rs_can_send(rs))
		return 0;
	if (rs->writable) {
		ret = abi_rs_wait(rs, send_decided, abi_rs_nonblocking(rs, flags) ? 0 : timeout_ms);
		if (ret)
			return ret;
	}
	return rs->writable ? 0 : send_error(rs);
}

int abi_rs_cursor_init(struct rs_cursor *c, const struct iovec *iov, int n)
{
	int i;

	if (n < 0 || n > IOV_MAX || (n && !iov))
		return -EINVAL;
	*c = (struct rs_cursor){ .iov = iov, .n = n };
	for (i = 0; i < n; i++) {
		if (iov[i].iov_len > SSIZE_MAX - c->left)
			return -EINVAL;
		if (iov[i].iov_len && !iov[i].iov_base)
			return -EFAULT;
		c->left += iov[i].iov_len;
	}
	return 0;
}

static void *cursor_piece(struct rs_cursor *c, size_t *len)
{
	while (c->offset == c->iov->iov_len) {
		c->iov++;
		c->n--;
		c->offset = 0;
	}
	if (*len > c->iov->iov_len - c->offset)
		*len = c->iov->iov_len - c->offset;
	return (char *)c->iov->iov_base + c->offset;
}

static void cursor_advance(struct rs_cursor *c, size_t len)
{
	c->offset += len;
	c->left -= len;
}

void abi_rs_cursor_copy_out(struct rs_cursor *c, void *to, size_t len)
{
	size_t piece;
	void *from;

	for (; len; len -= piece, to = (char *)to + piece) {
		piece = len;
		from = cursor_piece(c, &piece);
		memcpy(to, from, piece);
		cursor_advance(c, piece);
	}
}

void abi_rs_cursor_copy_in(struct rs_cursor *c, const void *from, size_t len)
{
	size_t piece;
	void *to;

	for (; len; len -= piece, from = (const char *)from + piece) {
		piece = len;
		to = cursor_piece(c, &piece);
		memcpy(to, from, piece);
		cursor_advance(c, piece);
	}
}

/*
 * Into the ring, without the lock: the sender alone takes from what is free.  Returns the pieces it lies in.
 */
uint32_t abi_rs_stage(struct rs *rs, struct rs_cursor *from, uint32_t len, struct ibv_sge sgl[2])
{
	uint32_t first = rs->sbuf_size - rs->sbuf_head, n = 1;
	uint32_t lkey = rs->smr->lkey;

	first = len < first ? len : first;
	abi_rs_cursor_copy_out(from, rs->sbuf + rs->sbuf_head, first);
	sgl[0] = (struct ibv_sge){ (uintptr_t)rs->sbuf + rs->sbuf_head, first, lkey };
	if (len > first) {
		abi_rs_cursor_copy_out(from, rs->sbuf, len - first);
		sgl[n++] = (struct ibv_sge){ (uintptr_t)rs->sbuf, len - first, lkey };
	}
	rs->sbuf_head = (rs->sbuf_head + len) % rs->sbuf_size;
	return n;
}

static int send_inline(struct rs *rs, struct rs_cursor *c, uint32_t len)
{
	struct ibv_sge sge = { .length = len };

	sge.addr = (uintptr_t)c->iov->iov_base + c->offset;
	cursor_advance(c, len);
	return abi_rs_post_data(rs, &sge, 1, len, 0, true);
}

static int send_staged(struct rs *rs, struct rs_cursor *c, uint32_t len)
{
	struct ibv_sge sgl[2];
	uint32_t n;

	if (len > rs->sbuf_left)
		len = rs->sbuf_left;
	pthread_mutex_unlock(&rs->lock);
	n = abi_rs_stage(rs, c, len, sgl);
	pthread_mutex_lock(&rs->lock);
	if (!rs_connected(rs) || !rs->writable) {
		c->left += len;		/* not sent */
		return send_error(rs);
	}
	return abi_rs_post_data(rs, sgl, n, len, len, false);
}

/* With both locks; as much as fits when it must not block. */
static int send_all(struct rs *rs, struct rs_cursor *c, int flags)
{
	uint32_t piece = RS_TRANSFER_FIRST, len;
	size_t contiguous;
	int ret;

	if (!list_empty(&rs->regions_new)) {
		ret = abi_rs_iomap_tell(rs, flags);
		if (ret)
			return ret;
	}
	while (c->left) {
		ret = abi_rs_writable_wait(rs, flags);
		if (ret)
			return ret;
		len = c->left < piece ? c->left : piece;
		if (len > rs->windows[0].left)
			len = rs->windows[0].left;
		contiguous = len;
		cursor_piece(c, &contiguous);
		if (len <= rs->inline_size && contiguous == len)
			ret = send_inline(rs, c, len);
		else
			ret = send_staged(rs, c, len);
		if (ret)
			return ret;
		if (piece < RS_TRANSFER_MAX)
			piece *= 2;
	}
	return 0;
}

static ssize_t send_iov(int socket, const struct iovec *iov, int n, int flags)
{
	struct rs *rs = abi_rs_get(socket);
	struct rs_cursor c;
	size_t len;
	int ret;

	if (!rs)
		return rs_errno(-EBADF);
	ret = abi_rs_cursor_init(&c, iov, n);
	if (!ret && (flags & MSG_OOB))
		ret = -EOPNOTSUPP;
	if (ret)
		goto put;
	len = c.left;
	pthread_mutex_lock(&rs->sending);
	pthread_mutex_lock(&rs->lock);
	ret = abi_rs_connect_wait(rs, abi_rs_nonblocking(rs, flags));
	if (!ret && rs->state < RS_CONNECTED)
		ret = -ENOTCONN;
	if (!ret)
		ret = send_all(rs, &c, flags);
	pthread_mutex_unlock(&rs->lock);
	pthread_mutex_unlock(&rs->sending);
	if (len && c.left < len) {
		abi_rs_put(rs);
		return len - c.left;
	}
put:
	abi_rs_put(rs);
	return rs_errno(ret);
}

RS_EXPORT ssize_t rsend(int socket, const void *buf, size_t len, int flags)
{
	struct iovec iov = { (void *)buf, len };

	return send_iov(socket, &iov, 1, flags);
}

/* An address is of no use on a connection; as TCP, one that is given is not looked at when it is empty. */
RS_EXPORT ssize_t rsendto(int socket, const void *buf, size_t len, int flags,
			  const struct sockaddr *dest_addr, socklen_t addrlen)
{
	if (dest_addr || addrlen)
		return rs_errno(-EISCONN);
	return rsend(socket, buf, len, flags);
}

RS_EXPORT ssize_t rsendmsg(int socket, const struct msghdr *msg, int flags)
{
	if (!msg)
		return rs_errno(-EFAULT);
	if (msg->msg_control && msg->msg_controllen)
		return rs_errno(-EOPNOTSUPP);
	return send_iov(socket, msg->msg_iov, msg->msg_iovlen > IOV_MAX ? -1 : msg->msg_iovlen,
			flags);
}

RS_EXPORT ssize_t rwrite(int socket, const void *buf, size_t count)
{
	return rsend(socket, buf, count, 0);
}

RS_EXPORT ssize_t rwritev(int socket, const struct iovec *iov, int iovcnt)
{
	return send_iov(socket, iov, iovcnt, 0);
}
