/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rsocket, rbind, rconnect: the active side.
 *
 *   RS_INIT -> RESOLVING_ADDR -> RESOLVING_ROUTE -> CONNECTING -> CONNECTED or REFUSED
 *
 * Each step is taken on an event of the connection manager by whichever thread sees it: the one that waits in
 * rconnect(), or the service thread when the socket does not block or the wait was interrupted.
 */
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/rsocket/rs.h"

static bool settled(const struct rs *rs)
{
	return !rs_opening(rs);
}

static void refused(struct rs *rs, int err)
{
	abi_rs_fail(rs, RS_REFUSED, err ? err : ECONNREFUSED);
}

static int resolve_addr(struct rs *rs)
{
	rs->state = RS_RESOLVING_ADDR;
	if (rdma_resolve_addr(rs->id, NULL, (struct sockaddr *)&rs->peer,
			      RS_RESOLVE_MS << rs->retries))
		return -errno;
	return 0;
}

static int resolve_route(struct rs *rs)
{
	rs->state = RS_RESOLVING_ROUTE;
	if (rs->route)	/* the program knows it: RDMA_ROUTE */
		return rdma_set_option(rs->id, RDMA_OPTION_IB, RDMA_OPTION_IB_PATH, rs->route,
				       rs->route_len)
			       ? -errno
			       : 0;
	return rdma_resolve_route(rs->id, RS_RESOLVE_MS << rs->retries) ? -errno : 0;
}

static int connect_now(struct rs *rs)
{
	struct rs_conn_data data;
	struct rdma_conn_param param = {
		.private_data = &data,
		.private_data_len = sizeof(data),
		.flow_control = 1,
		.retry_count = 7,
		.rnr_retry_count = 7,
	};
	int ret = abi_rs_endpoint_create(rs);

	if (ret)
		return ret;
	abi_rs_conn_data_encode(rs, &data);
	/* iWARP's ready-to-receive message may be an RDMA Read */
	param.initiator_depth = rs->imm ? 0 : 1;
	rs->state = RS_CONNECTING;
	return rdma_connect(rs->id, &param) ? -errno : 0;
}

static void established(struct rs *rs, const struct rdma_cm_event *ev)
{
	int ret = 0;

	if (rs->state == RS_CONNECTING)
		ret = abi_rs_conn_data_decode(rs, ev->param.conn.private_data,
					      ev->param.conn.private_data_len);
	if (ret) {
		refused(rs, EPROTO);
		return;
	}
	rs->state = RS_CONNECTED;
	rs->readable = rs->writable = true;
	abi_rs_arm(rs);	/* what waits was not told of yet: the first window goes out */
	abi_rs_process(rs);
	abi_rs_wake(rs);
}

static int event_error(const struct rdma_cm_event *ev)
{
	if (ev->event == RDMA_CM_EVENT_REJECTED)
		return ECONNREFUSED;
	if (ev->event == RDMA_CM_EVENT_DEVICE_REMOVAL)
		return ENODEV;
	return ev->status < 0 ? -ev->status : ev->status ? ev->status : EHOSTUNREACH;
}

static bool retry(struct rs *rs, const struct rdma_cm_event *ev)
{
	return event_error(ev) == ETIMEDOUT && ++rs->retries < RS_RESOLVE_RETRIES;
}

void abi_rs_connect_event(struct rs *rs, struct rdma_cm_event *ev)
{
	int ret = 0;

	switch ((int)ev->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		rs->retries = 0;
		ret = resolve_route(rs);
		break;
	case RDMA_CM_EVENT_ADDR_ERROR:
		ret = retry(rs, ev) ? resolve_addr(rs) : -event_error(ev);
		break;
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		ret = connect_now(rs);
		break;
	case RDMA_CM_EVENT_ROUTE_ERROR:
		ret = retry(rs, ev) ? resolve_route(rs) : -event_error(ev);
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		established(rs, ev);
		break;
	case RDMA_CM_EVENT_CONNECT_ERROR:
	case RDMA_CM_EVENT_UNREACHABLE:
	case RDMA_CM_EVENT_REJECTED:
	case RDMA_CM_EVENT_DISCONNECTED:
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		ret = -event_error(ev);
		break;
	default:
		break;
	}
	if (ret)
		refused(rs, -ret);
	if (settled(rs) && rs->listener)
		abi_rs_accept_done(rs);
	if (settled(rs))
		abi_rs_wake(rs);
}

RS_EXPORT int rsocket(int domain, int type, int protocol)
{
	int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct rs *rs;
	int ret;

	/* datagrams need a transport with UD queue pairs, which iWARP is not */
	if ((domain != AF_INET && domain != AF_INET6) || (type & ~flags) != SOCK_STREAM ||
	    (protocol && protocol != IPPROTO_TCP))
		return rs_errno(-EOPNOTSUPP);
	rs = abi_rs_create(domain, NULL);
	if (!rs)
		return rs_errno(errno ? -errno : -ENOMEM);
	rs->flags = flags & SOCK_NONBLOCK ? O_NONBLOCK : 0;
	if (rdma_create_id(rs->channel, &rs->id, rs, RDMA_PS_TCP)) {
		ret = -errno;
		goto put;
	}
	ret = abi_rs_table_add(rs);
	if (!ret)
		ret = rs->fd;
put:
	abi_rs_put(rs);
	return rs_errno(ret);
}

static bool addr_valid(const struct rs *rs, const struct sockaddr *addr, socklen_t len)
{
	if (!addr || len < sizeof(struct sockaddr_in) || len > sizeof(rs->peer))
		return false;
	if (addr->sa_family == AF_INET6)
		return rs->family == AF_INET6 && len >= sizeof(struct sockaddr_in6);
	return addr->sa_family == AF_INET;
}

RS_EXPORT int rbind(int socket, const struct sockaddr *addr, socklen_t addrlen)
{
	struct rs *rs = abi_rs_get(socket);
	int ret;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	if (!addr_valid(rs, addr, addrlen))
		ret = -EINVAL;
	else if (rs->state != RS_INIT)
		ret = -EINVAL;
	else
		ret = rdma_bind_addr(rs->id, (struct sockaddr *)addr) ? -errno : 0;
	if (!ret)
		rs->state = RS_BOUND;
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

static int connect_result(struct rs *rs)
{
	int err;

	if (rs->state != RS_REFUSED)
		return 0;
	err = rs->err ? rs->err : ECONNREFUSED;
	rs->err = 0;
	return -err;
}

static int connect_start(struct rs *rs, const struct sockaddr *addr, socklen_t len)
{
	int ret;

	if (rs->state == RS_CONNECTED)
		return -EISCONN;
	if (rs_opening(rs))
		return -EALREADY;
	if (rs->state == RS_REFUSED)
		return connect_result(rs);
	if (rs->state != RS_INIT && rs->state != RS_BOUND)
		return -EINVAL;
	if (!addr_valid(rs, addr, len))
		return addr && addr->sa_family != rs->family ? -EAFNOSUPPORT : -EINVAL;
	memcpy(&rs->peer, addr, len);
	ret = resolve_addr(rs);
	if (ret)
		refused(rs, -ret);
	return 0;
}

RS_EXPORT int rconnect(int socket, const struct sockaddr *addr, socklen_t addrlen)
{
	struct rs *rs = abi_rs_get(socket);
	int ret, service;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	ret = connect_start(rs, addr, addrlen);
	if (ret)
		goto unlock;
	if (rs->flags & O_NONBLOCK)
		ret = rs_opening(rs) ? -EINPROGRESS : 0;
	else
		ret = abi_rs_wait(rs, settled, rs->send_timeout_ms ? rs->send_timeout_ms : -1);
	if (ret == -EAGAIN)
		ret = -EINPROGRESS;
	if (ret && rs_opening(rs)) {
		service = abi_rs_service_watch(rs);
		if (service)
			refused(rs, -service);
	}
	if (settled(rs))
		ret = connect_result(rs);
unlock:
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

int abi_rs_connect_wait(struct rs *rs, bool nonblock)
{
	return settled(rs) ? 0 : abi_rs_wait(rs, settled, nonblock ? 0 : -1);
}
