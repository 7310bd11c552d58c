/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rshutdown, rclose.  A close tells the peer, waits a bounded time until everything has left, ends the connection
 * in order and gives the peer a moment to do the same: a socket that is torn down while the other end still
 * writes would be reset, and what is under way to the peer lost.
 */
#include <unistd.h>

#include "ual/verbs/rsocket/rs.h"

static bool ctrl_possible(const struct rs *rs)
{
	return rs->ctrl_left || !rs_connected(rs);
}

static bool all_sent(const struct rs *rs)
{
	return rs->ctrl_left + rs->sq_left == rs->sq_size || !rs_connected(rs);
}

static bool gone(const struct rs *rs)
{
	return rs->gone;
}

static int tell(struct rs *rs, enum rs_ctrl ctrl)
{
	int ret = ctrl_possible(rs) ? 0 : abi_rs_wait(rs, ctrl_possible, RS_CLOSE_MS);

	if (ret || !rs_connected(rs))
		return ret;
	ret = abi_rs_post_ctrl(rs, ctrl);
	if (ret)
		return ret;
	if (ctrl != RS_CTRL_DISCONNECT)
		return 0;
	abi_rs_wait(rs, all_sent, RS_CLOSE_MS);
	rs->said_goodbye = rs_connected(rs);
	abi_rs_fail(rs, RS_DISCONNECTED, 0);
	return 0;
}

int abi_rs_shutdown(struct rs *rs, int how)
{
	bool read = how != SHUT_WR, write = how != SHUT_RD;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (!rs_connected(rs))
		return rs->state > RS_CONNECTED && rs->state != RS_REFUSED ? 0 : -ENOTCONN;
	if (!(read && rs->readable) && !(write && rs->writable))
		return 0;
	if (read)
		rs->readable = false;
	if (write)
		rs->writable = false;
	abi_rs_wake(rs);
	if (rs->writable)
		return 0;	/* that we read no more is our own business */
	return tell(rs, rs->readable ? RS_CTRL_SHUTDOWN : RS_CTRL_DISCONNECT);
}

RS_EXPORT int rshutdown(int socket, int how)
{
	struct rs *rs = abi_rs_get(socket);
	int ret;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	ret = abi_rs_shutdown(rs, how);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return rs_errno(ret);
}

/* Of before fork(): the connection is the parent's, the descriptors are copies. */
static void abandon(struct rs *rs)
{
	if (rs->comp)
		close(rs->comp->fd);
	if (rs->accept_fd >= 0)
		close(rs->accept_fd);
	close(rs->fd);
	abi_rs_ref(rs);	/* never freed: its objects are not this process's */
	abi_rs_table_remove(rs);
	abi_rs_put(rs);
}

static void part(struct rs *rs)
{
	if (rs_connected(rs)) {
		rs->readable = true;	/* so that it is the end of both */
		rs->writable = true;
		abi_rs_shutdown(rs, SHUT_RDWR);
	}
	if (!rs->said_goodbye || rs->gone)
		return;
	if (!rdma_disconnect(rs->id))
		abi_rs_wait(rs, gone, RS_PART_MS);
}

RS_EXPORT int rclose(int socket)
{
	struct rs *rs = abi_rs_get_inherited(socket);
	bool closed;

	if (!rs)
		return rs_errno(-EBADF);
	if (rs->generation != abi_rs_generation()) {
		abandon(rs);
		return 0;
	}
	pthread_mutex_lock(&rs->lock);
	closed = rs->closed;
	if (!closed) {
		rs->closed = true;
		abi_rs_service_keepalive(rs, false);
		abi_rs_service_unwatch(rs);
		if (rs->state == RS_LISTENING)
			abi_rs_listen_close(rs);
		part(rs);
		if (rs_opening(rs))
			abi_rs_fail(rs, RS_REFUSED, ECANCELED);
		abi_rs_wake(rs);
	}
	pthread_mutex_unlock(&rs->lock);
	if (!closed)
		abi_rs_table_remove(rs);
	abi_rs_put(rs);
	return closed ? rs_errno(-EBADF) : 0;
}
