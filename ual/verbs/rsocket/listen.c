/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rlisten, raccept: the passive side.  As a kernel does for TCP, the service thread answers requests while the
 * program does something else; raccept() takes what is established from a queue, which a semaphore counts so that
 * one can sleep on it.
 *
 * A request that is no rsocket's, or that finds the queue full, is rejected; nothing a peer sends ends a listener.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ual/verbs/rsocket/rs.h"

static int accept_request(struct rs *listener, struct rdma_cm_id *id, const void *private_data,
			  size_t len, struct rdma_conn_param *param)
{
	struct rs_conn_data answer;
	struct rs *rs = abi_rs_create(listener->family, listener);
	int ret;

	if (!rs)
		return -ENOMEM;
	ret = rdma_migrate_id(id, rs->channel) ? -errno : 0;
	if (ret)
		goto put;
	rs->id = id;
	id->context = rs;
	ret = abi_rs_endpoint_create(rs);
	if (!ret)
		ret = abi_rs_conn_data_decode(rs, private_data, len);
	if (!ret)
		ret = abi_rs_table_add(rs);
	if (ret)
		goto disown;

	abi_rs_conn_data_encode(rs, &answer);
	param->private_data = &answer;
	param->private_data_len = sizeof(answer);
	rs->state = RS_ACCEPTING;
	rs->listener = listener;
	abi_rs_ref(listener);
	listener->accepting++;
	ret = rdma_accept(id, param) ? -errno : abi_rs_service_watch(rs);
	if (!ret) {
		abi_rs_put(rs);	/* the table's remains */
		return 0;
	}
	listener->accepting--;
	abi_rs_table_remove(rs);
disown:
	rs->id = NULL;		/* the caller rejects and destroys it */
	if (id->qp)
		rdma_destroy_qp(id);
put:
	abi_rs_put(rs);
	return ret;
}

/* With the listener's lock held; acknowledges the event. */
void abi_rs_listen_event(struct rs *rs, struct rdma_cm_event *ev)
{
	unsigned char private_data[256];
	struct rdma_conn_param param = ev->param.conn;
	struct rdma_cm_id *id = ev->id;
	bool request = ev->event == RDMA_CM_EVENT_CONNECT_REQUEST;
	size_t len = param.private_data_len;

	if (request && param.private_data && len)
		memcpy(private_data, param.private_data, len);
	else
		len = 0;
	rdma_ack_cm_event(ev);
	if (!request)
		return;
	if (rs->accepting >= rs->backlog || accept_request(rs, id, private_data, len, &param)) {
		rdma_reject(id, NULL, 0);
		rdma_destroy_id(id);
	}
}

/* A new socket has settled, with its lock held: into the queue, or away. */
void abi_rs_accept_done(struct rs *rs)
{
	struct rs *listener = rs->listener;
	uint64_t one = 1;
	bool queued = false;

	rs->listener = NULL;
	/* order of locks: a listener's is never taken before that of a socket that it made, but for new ones */
	pthread_mutex_lock(&listener->lock);
	if (rs->state == RS_REFUSED || listener->closed) {
		listener->accepting--;
	} else {
		queued = true;
		abi_rs_ref(rs);
		list_add_tail(&rs->accept_link, &listener->accept_queue);
		if (write(listener->accept_fd, &one, sizeof(one)) < 0)
			listener->err = errno;
		abi_rs_wake(listener);
	}
	pthread_mutex_unlock(&listener->lock);
	abi_rs_put(listener);
	if (!queued) {
		abi_rs_fail(rs, RS_DISCONNECTED, 0);
		abi_rs_table_remove(rs);	/* the service holds a reference while it is here */
	}
}

static struct rs *queue_take(struct rs *listener)
{
	struct rs *rs = list_first_entry_or_null(&listener->accept_queue, struct rs, accept_link);

	if (!rs)
		return NULL;
	list_del(&rs->accept_link);
	listener->accepting--;
	return rs;
}

RS_EXPORT int rlisten(int socket, int backlog)
{
	struct rs *rs = abi_rs_get(socket);
	int ret = 0;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	if (rs->state == RS_LISTENING)
		goto unlock;
	ret = -EINVAL;
	if (rs->state != RS_BOUND && rs->state != RS_INIT)
		goto unlock;
	rs->accept_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
	ret = rs->accept_fd < 0 ? -errno : 0;
	if (ret)
		goto unlock;
	/* one of 1 would turn away a second client that came at the same time: TCP is as lenient */
	rs->backlog = backlog < 8 ? 8 : backlog > RS_BACKLOG_MAX ? RS_BACKLOG_MAX : backlog;
	ret = rdma_listen(rs->id, rs->backlog) ? -errno : 0;
	if (!ret)
		ret = abi_rs_service_watch(rs);
	if (!ret) {
		rs->state = RS_LISTENING;
		goto unlock;
	}
	close(rs->accept_fd);
	rs->accept_fd = -1;
unlock:
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

/* Sleeps on the semaphore; -EAGAIN when the socket does not block. */
static int accept_wait(struct rs *rs)
{
	struct pollfd fd = { .fd = rs->accept_fd, .events = POLLIN };
	int timeout_ms, program_errno = errno;
	uint64_t n;

	pthread_mutex_lock(&rs->lock);
	timeout_ms = rs->flags & O_NONBLOCK ? 0 : rs->recv_timeout_ms ? rs->recv_timeout_ms : -1;
	pthread_mutex_unlock(&rs->lock);
	for (;;) {
		if (read(rs->accept_fd, &n, sizeof(n)) == sizeof(n)) {
			errno = program_errno;
			return 0;
		}
		if (errno != EAGAIN || !timeout_ms)
			return -errno;
		if (poll(&fd, 1, timeout_ms) < 0)
			return -errno;
		if (!fd.revents)
			return -EAGAIN;
	}
}

RS_EXPORT int raccept(int socket, struct sockaddr *addr, socklen_t *addrlen)
{
	struct rs *rs = abi_rs_get(socket), *new = NULL;
	int ret;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	ret = rs->state == RS_LISTENING ? 0 : -EINVAL;
	pthread_mutex_unlock(&rs->lock);
	if (!ret)
		ret = accept_wait(rs);
	if (!ret) {
		pthread_mutex_lock(&rs->lock);
		new = queue_take(rs);
		pthread_mutex_unlock(&rs->lock);
		ret = new ? new->fd : -EBADF;	/* closed: the queue was emptied */
	}
	abi_rs_put(rs);
	if (ret < 0)
		return rs_errno(ret);
	if (addr && addrlen)
		rgetpeername(ret, addr, addrlen);
	abi_rs_put(new);
	return ret;
}

/* With the lock held, once: what was established and not accepted goes; sleepers in raccept() wake. */
void abi_rs_listen_close(struct rs *rs)
{
	uint64_t many = RS_BACKLOG_MAX;
	struct rs *new;

	while ((new = queue_take(rs))) {
		pthread_mutex_unlock(&rs->lock);
		rclose(new->fd);
		abi_rs_put(new);
		pthread_mutex_lock(&rs->lock);
	}
	if (write(rs->accept_fd, &many, sizeof(many)) < 0)
		rs->err = errno;
}
