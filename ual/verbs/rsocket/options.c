/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Options, names and file status flags.  What rdma-core's rsockets know is known with the same values, SO_RCVTIMEO,
 * SO_SNDTIMEO and what merely asks about the socket besides; anything else is EOPNOTSUPP.
 */
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/rsocket/rs.h"

#define KEEPALIVE_DEFAULT_S 7200

static void flag_set(uint64_t *flags, int bit, int on)
{
	*flags = on ? *flags | 1ull << bit : *flags & ~(1ull << bit);
}

static int flag_get(uint64_t flags, int bit)
{
	return flags >> bit & 1;
}

static int id_option(struct rs *rs, int name, int on)
{
	if (!rdma_set_option(rs->id, RDMA_OPTION_ID, name, &on, sizeof(on)))
		return 0;
	/* bound already, or the connection manager is too old: as harmless as for a bound TCP socket */
	return errno == ENOSYS || rs->state != RS_INIT ? 0 : -errno;
}

static uint32_t buffer_size(int value)
{
	if (value < RS_BUFFER_MIN / 2)
		return RS_BUFFER_MIN;
	return value > RS_BUFFER_MAX / 2 ? RS_BUFFER_MAX : 2 * (uint32_t)value;
}

static int timeout_set(const void *value, socklen_t len, int *timeout_ms)
{
	struct timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000 || tv.tv_sec > 2000000)
		return -EDOM;
	*timeout_ms = tv.tv_sec < 0 ? 0 : tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;
	return 0;
}

static int set_socket(struct rs *rs, int name, const void *value, socklen_t len, int on)
{
	int ret = 0;

	switch (name) {
	case SO_REUSEADDR:
		ret = id_option(rs, RDMA_OPTION_ID_REUSEADDR, on);
		break;
	case SO_RCVBUF:
		if (!rs->rbuf)
			rs->rbuf_size = buffer_size(on);
		return 0;
	case SO_SNDBUF:
		if (!rs->sbuf)
			rs->sbuf_size = buffer_size(on);
		return 0;
	case SO_LINGER:
		rs->no_linger = !on;
		return 0;
	case SO_KEEPALIVE:
		if (!rs->keepalive_s)
			rs->keepalive_s = KEEPALIVE_DEFAULT_S;
		ret = abi_rs_service_keepalive(rs, on);
		break;
	case SO_OOBINLINE:
		break;
	case SO_RCVTIMEO:
		return timeout_set(value, len, &rs->recv_timeout_ms);
	case SO_SNDTIMEO:
		return timeout_set(value, len, &rs->send_timeout_ms);
	default:
		return -EOPNOTSUPP;
	}
	if (!ret)
		flag_set(&rs->so_opts, name, on);
	return ret;
}

static int set_tcp(struct rs *rs, int name, int value)
{
	switch (name) {
	case TCP_KEEPCNT: /* the connection is reliable: it breaks when the transport says so */
	case TCP_KEEPINTVL:
	case TCP_MAXSEG:
		return 0;
	case TCP_KEEPIDLE:
		if (value <= 0)
			return -EINVAL;
		rs->keepalive_s = value;
		return rs->keepalive_at_ms ? abi_rs_service_keepalive(rs, true) : 0;
	case TCP_NODELAY:
		flag_set(&rs->tcp_opts, name, value);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int set_ipv6(struct rs *rs, int name, int value)
{
	int ret;

	if (name != IPV6_V6ONLY)
		return -EOPNOTSUPP;
	ret = id_option(rs, RDMA_OPTION_ID_AFONLY, value);
	if (!ret)
		flag_set(&rs->ipv6_opts, name, value);
	return ret;
}

static int set_route(struct rs *rs, const void *value, socklen_t len)
{
	void *route = malloc(len);

	if (!route)
		return -ENOMEM;
	free(rs->route);
	rs->route = memcpy(route, value, len);
	rs->route_len = len;
	return 0;
}

static int set_rdma(struct rs *rs, int name, const void *value, socklen_t len, int n)
{
	if (rs->state > RS_LISTENING || n < 0)
		return -EINVAL;
	switch (name) {
	case RDMA_SQSIZE:
		rs->sq_size = n > RS_QUEUE_MAX ? RS_QUEUE_MAX : n;
		return 0;
	case RDMA_RQSIZE:
		rs->rq_size = n > RS_QUEUE_MAX ? RS_QUEUE_MAX : n;
		return 0;
	case RDMA_INLINE:
		rs->inline_size = n > RS_BUFFER_MIN ? RS_BUFFER_MIN : n;
		return 0;
	case RDMA_IOMAPSIZE:
		rs->iomap_size = rs_scale_decode(rs_scale_encode(n));
		return 0;
	case RDMA_ROUTE:
		return set_route(rs, value, len);
	default:
		return -EOPNOTSUPP;
	}
}

RS_EXPORT int rsetsockopt(int socket, int level, int optname, const void *optval, socklen_t optlen)
{
	struct rs *rs = abi_rs_get(socket);
	int ret = -EOPNOTSUPP, n = 0;

	if (!rs)
		return rs_errno(-EBADF);
	if (!optval || optlen < sizeof(n)) {
		abi_rs_put(rs);
		return rs_errno(optval ? -EINVAL : -EFAULT);
	}
	memcpy(&n, optval, sizeof(n));
	pthread_mutex_lock(&rs->lock);
	if (level == SOL_SOCKET)
		ret = set_socket(rs, optname, optval, optlen, n);
	else if (level == IPPROTO_TCP)
		ret = set_tcp(rs, optname, n);
	else if (level == IPPROTO_IPV6)
		ret = set_ipv6(rs, optname, n);
	else if (level == SOL_RDMA)
		ret = set_rdma(rs, optname, optval, optlen, n);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

/* A value of len bytes, cut to what the program has room for. */
static int give(void *optval, socklen_t *optlen, const void *value, socklen_t len)
{
	if (*optlen < len)
		len = *optlen;
	memcpy(optval, value, len);
	*optlen = len;
	return 0;
}

static int give_int(void *optval, socklen_t *optlen, int value)
{
	return give(optval, optlen, &value, sizeof(value));
}

static int give_timeout(void *optval, socklen_t *optlen, int timeout_ms)
{
	struct timeval tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };

	return give(optval, optlen, &tv, sizeof(tv));
}

static int get_socket(struct rs *rs, int name, void *value, socklen_t *len)
{
	struct linger linger = { .l_onoff = !rs->no_linger };
	int err;

	switch (name) {
	case SO_REUSEADDR:
	case SO_KEEPALIVE:
	case SO_OOBINLINE:
		return give_int(value, len, flag_get(rs->so_opts, name));
	case SO_RCVBUF:
		return give_int(value, len, rs->rbuf_size);
	case SO_SNDBUF:
		return give_int(value, len, rs->sbuf_size);
	case SO_LINGER:
		return give(value, len, &linger, sizeof(linger));
	case SO_ERROR:
		err = rs->err;
		rs->err = 0;
		return give_int(value, len, err);
	case SO_RCVTIMEO:
		return give_timeout(value, len, rs->recv_timeout_ms);
	case SO_SNDTIMEO:
		return give_timeout(value, len, rs->send_timeout_ms);
	case SO_TYPE:
		return give_int(value, len, SOCK_STREAM);
	case SO_DOMAIN:
		return give_int(value, len, rs->family);
	case SO_PROTOCOL:
		return give_int(value, len, IPPROTO_TCP);
	case SO_ACCEPTCONN:
		return give_int(value, len, rs->state == RS_LISTENING);
	default:
		return -EOPNOTSUPP;
	}
}

static int get_tcp(struct rs *rs, int name, void *value, socklen_t *len)
{
	const struct rdma_route *route = &rs->id->route;

	switch (name) {
	case TCP_KEEPCNT:
	case TCP_KEEPINTVL:
		return give_int(value, len, 1);
	case TCP_KEEPIDLE:
		return give_int(value, len,
				rs->keepalive_s ? rs->keepalive_s : KEEPALIVE_DEFAULT_S);
	case TCP_NODELAY:
		return give_int(value, len, flag_get(rs->tcp_opts, name));
	case TCP_MAXSEG:
		return give_int(value, len,
				route->num_paths && route->path_rec
					? 1 << (7 + (route->path_rec->mtu & 7))
					: 2048);
	default:
		return -EOPNOTSUPP;
	}
}

static int get_rdma(struct rs *rs, int name, void *value, socklen_t *len)
{
	switch (name) {
	case RDMA_SQSIZE:
		return give_int(value, len, rs->sq_size);
	case RDMA_RQSIZE:
		return give_int(value, len, rs->rq_size);
	case RDMA_INLINE:
		return give_int(value, len, rs->inline_size);
	case RDMA_IOMAPSIZE:
		return give_int(value, len, rs->iomap_size);
	case RDMA_ROUTE:
		if (*len < rs->route_len)
			return -EINVAL;
		return give(value, len, rs->route ? rs->route : value, rs->route_len);
	default:
		return -EOPNOTSUPP;
	}
}

RS_EXPORT int rgetsockopt(int socket, int level, int optname, void *optval, socklen_t *optlen)
{
	struct rs *rs = abi_rs_get(socket);
	int ret = -EOPNOTSUPP;

	if (!rs)
		return rs_errno(-EBADF);
	if (!optval || !optlen) {
		abi_rs_put(rs);
		return rs_errno(-EFAULT);
	}
	pthread_mutex_lock(&rs->lock);
	if (level == SOL_SOCKET)
		ret = get_socket(rs, optname, optval, optlen);
	else if (level == IPPROTO_TCP)
		ret = get_tcp(rs, optname, optval, optlen);
	else if (level == IPPROTO_IPV6 && optname == IPV6_V6ONLY)
		ret = give_int(optval, optlen, flag_get(rs->ipv6_opts, optname));
	else if (level == SOL_RDMA)
		ret = get_rdma(rs, optname, optval, optlen);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

RS_EXPORT int rfcntl(int socket, int cmd, ...)
{
	struct rs *rs = abi_rs_get(socket);
	int ret = -EOPNOTSUPP, arg;
	va_list args;

	if (!rs)
		return rs_errno(-EBADF);
	va_start(args, cmd);
	arg = cmd == F_SETFL || cmd == F_SETFD ? va_arg(args, int) : 0;
	va_end(args);
	pthread_mutex_lock(&rs->lock);
	switch (cmd) {
	case F_GETFL:
		ret = O_RDWR | rs->flags;
		break;
	case F_SETFL:
		rs->flags = arg & O_NONBLOCK;
		ret = 0;
		break;
	case F_GETFD:
	case F_SETFD:
		ret = fcntl(rs->fd, cmd, arg) < 0 ? -errno : 0;
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

/* An address that is not set yet is the wildcard of the socket's family. */
static int name_give(struct rs *rs, const struct sockaddr *from, struct sockaddr *addr,
		     socklen_t *addrlen)
{
	struct sockaddr_storage any = { .ss_family = rs->family };
	socklen_t len;

	if (!from || (from->sa_family != AF_INET && from->sa_family != AF_INET6))
		from = (struct sockaddr *)&any;
	len = from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					  : sizeof(struct sockaddr_in);
	if (addr)
		memcpy(addr, from, *addrlen < len ? *addrlen : len);
	*addrlen = len;
	return 0;
}

RS_EXPORT int rgetpeername(int socket, struct sockaddr *addr, socklen_t *addrlen)
{
	struct rs *rs = abi_rs_get(socket);
	int ret = -ENOTCONN;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	if (!addrlen)
		ret = -EFAULT;
	else if (rs->state >= RS_CONNECTED && rs->state != RS_REFUSED)
		ret = name_give(rs, rdma_get_peer_addr(rs->id), addr, addrlen);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

RS_EXPORT int rgetsockname(int socket, struct sockaddr *addr, socklen_t *addrlen)
{
	struct rs *rs = abi_rs_get(socket);
	int ret = -EFAULT;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	if (addrlen)
		ret = name_give(rs, rdma_get_local_addr(rs->id), addr, addrlen);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}
