// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A connection: bytes in, calls to the programs, replies out, its end. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "targets/nfsd/tcp_conn.h"

#define SPANS_MAX	64
#define READS_PER_PASS	16	/* other connections get their turn */
#define ID_BASE		(1ull << 63)	/* apart from those of the RDMA side */

static void update_events(struct tcp_conn *conn)
{
	u32 events = (!conn->held && tcp_limit_reads(conn) ? EPOLLIN : 0u) |
		     (list_empty(&conn->out) ? 0u : EPOLLOUT);

	if (conn->dead)
		return;
	if (conn->watch.events != events)
		ual_watch_mod(conn->pub.loop, &conn->watch, events);
	if (conn->held && tcp_limit_reads(conn))
		ual_defer(conn->pub.loop, &conn->defer);
	tcp_limit_watch(conn);
}

static void conn_free(struct tcp_conn *conn)
{
	nfs_conn_down(conn->reactor->server, &conn->pub);
	conn->reactor->conn_n--;
	ual_defer_cancel(conn->pub.loop, &conn->defer);
	list_del(&conn->link);
	free(conn);
}

static void go_on(struct tcp_conn *conn);

static void on_defer(struct ual_defer *d)
{
	struct tcp_conn *conn = d->ctx;

	if (!conn->dead)
		go_on(conn);
	if (!conn->dead)
		return;
	if (conn->watch.fd >= 0) {
		tcp_back_gone(conn);
		tcp_limit_gone(conn);
		ual_watch_del(conn->pub.loop, &conn->watch);
		close(conn->watch.fd);
		conn->watch.fd = -1;
		tcp_call_free(conn->coming);
		conn->coming = NULL;
		free(conn->held);
		conn->held = NULL;
		while (!list_empty(&conn->out)) {
			struct tcp_call *c = list_first_entry(&conn->out, struct tcp_call, link);

			list_del(&c->link);
			tcp_call_free(c);
			conn->calls--;
		}
	}
	if (!conn->calls)
		conn_free(conn);
}

void tcp_conn_kill(struct tcp_conn *conn)
{
	conn->dead = true;
	ual_defer(conn->pub.loop, &conn->defer);
}

void tcp_conn_fail(struct tcp_conn *conn, const char *why)
{
	if (!conn->pub.why)
		conn->pub.why = why;
	tcp_conn_kill(conn);
}

static void on_drop(struct nfs_conn *pub)
{
	tcp_conn_kill(container_of(pub, struct tcp_conn, pub));
}

void tcp_conn_call_gone(struct tcp_conn *conn)
{
	conn->calls--;
	if (conn->dead)
		ual_defer(conn->pub.loop, &conn->defer);
	else
		update_events(conn);
}

/* Takes n sent bytes off the replies that wait. */
static void sent(struct tcp_conn *conn, size_t n)
{
	while (n) {
		struct tcp_call *c = list_first_entry(&conn->out, struct tcp_call, link);
		size_t part = min_t(size_t, n, tcp_call_left(c));

		c->sent += part;
		n -= part;
		if (tcp_call_left(c))
			return;
		list_del(&c->link);
		tcp_call_free(c);
		conn->calls--;
		tcp_limit_ended(conn, &conn->out_way);
	}
}

static void flush(struct tcp_conn *conn)
{
	struct iovec iov[SPANS_MAX];
	struct tcp_call *c;

	while (!conn->dead && !list_empty(&conn->out)) {
		struct msghdr msg = { .msg_iov = iov };
		ssize_t n;

		list_for_each_entry(c, &conn->out, link) {
			if (msg.msg_iovlen > SPANS_MAX - 5)
				break;
			msg.msg_iovlen += tcp_call_spans(c, iov + msg.msg_iovlen);
		}
		n = sendmsg(conn->watch.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			tcp_conn_fail(conn, "the connection broke");
			return;
		}
		if (n < 0)
			break;
		sent(conn, (size_t)n);
		tcp_limit_moved(conn, &conn->out_way);
	}
	update_events(conn);
}

void tcp_conn_send(struct tcp_conn *conn, struct tcp_call *call)
{
	if (list_empty(&conn->out))
		tcp_limit_ended(conn, &conn->out_way);
	list_add_tail(&call->link, &conn->out);
	flush(conn);
}

static void message_end(struct tcp_conn *conn)
{
	struct tcp_call *c = conn->coming;

	conn->coming = NULL;
	tcp_limit_ended(conn, &conn->in);
	room_leave(&conn->guest);
	if (tcp_back_reply(conn, c->msg, c->msg_len)) {
		tcp_call_free(c);
		return;
	}
	conn->calls++;
	c->call.msg = c->msg;
	c->call.msg_len = c->msg_len;
	nfs_call_run(&c->call);
}

/*
 * Whole messages in what was read go to the programs, as long as there is room for calls.  False: the connection is no
 * use any more.
 */
static bool feed(struct tcp_conn *conn, struct core_input *in)
{
	while (tcp_limit_reads(conn)) {
		if (!conn->coming)
			conn->coming = tcp_call_create(conn);
		if (!conn->coming)
			return false;
		switch (rpc_record_step(&conn->record, in)) {
		case RPC_RECORD_MORE:
			return true;
		case RPC_RECORD_FAULT:
			return false;
		case RPC_RECORD_RUN:
			if (!tcp_call_append(conn->coming, conn->record.run, conn->record.run_len))
				return false;
			break;
		case RPC_RECORD_END:
			message_end(conn);
			if (conn->dead)
				return false;
			break;
		}
	}
	return true;
}

/* False: the connection has failed.  What was not used of the input is kept, and nothing read before it is. */
static bool take(struct tcp_conn *conn, struct core_input *in)
{
	size_t left;

	if (!feed(conn, in)) {
		tcp_conn_fail(conn, "what came is no RPC, or there is no memory for it");
		return false;
	}
	left = in->len - in->pos;
	if (!left || conn->held)
		return true;
	conn->held = malloc(left);
	if (!conn->held) {
		tcp_conn_fail(conn, "there is no memory for what came");
		return false;
	}
	memcpy(conn->held, in->data + in->pos, left);
	conn->held_len = left;
	conn->held_pos = 0;
	return true;
}

/* Calls have left: those that had to wait come before what is still to be read. */
static void go_on(struct tcp_conn *conn)
{
	struct core_input in = { .data = conn->held, .len = conn->held_len, .pos = conn->held_pos };

	if (!conn->held)
		return;
	tcp_limit_moved(conn, &conn->in);	/* the wait was ours */
	if (!take(conn, &in))
		return;
	conn->held_pos = in.pos;
	if (in.pos == in.len) {
		free(conn->held);
		conn->held = NULL;
	}
	update_events(conn);
}

static void on_readable(struct tcp_conn *conn)
{
	struct core_input in;
	ssize_t n;

	for (unsigned i = 0;
	     i < READS_PER_PASS && !conn->dead && !conn->held && tcp_limit_reads(conn); i++) {
		n = recv(conn->watch.fd, conn->reactor->scratch, TCP_READ_BYTES, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n == 0 || (n < 0 && errno == ECONNRESET)) {
			tcp_conn_kill(conn);
			return;
		}
		if (n < 0) {
			tcp_conn_fail(conn, "the connection broke");
			return;
		}
		tcp_limit_came(conn);
		in = (struct core_input){ .data = conn->reactor->scratch, .len = (size_t)n };
		if (!take(conn, &in))
			return;
		if ((size_t)n < TCP_READ_BYTES)
			break;
	}
	update_events(conn);
}

static void on_watch(struct ual_watch *watch, uint32_t events)
{
	struct tcp_conn *conn = watch->ctx;

	if (!conn->dead && events & EPOLLOUT)
		flush(conn);
	if (conn->dead)
		return;
	/* Told again in every pass, and nothing is read: nobody is there any more who would take a reply. */
	if (events & (EPOLLHUP | EPOLLERR) && (conn->held || !tcp_limit_reads(conn)))
		tcp_conn_kill(conn);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_readable(conn);
}

void tcp_reactor_init(struct tcp_reactor *reactor, struct nfs_server *server, struct ual_loop *loop)
{
	reactor->server = server;
	reactor->loop = loop;
	INIT_LIST_HEAD(&reactor->conns);
	room_init(&reactor->silent, NFS_SILENT_MAX, NFS_SILENT_OF_HOST);
}

static void set_int(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

/* A peer without power says nothing: it is asked, and what is sent to it must be acknowledged. */
static void socket_setup(int fd)
{
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, TCP_KEEPALIVE_IDLE_S);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, TCP_KEEPALIVE_EVERY_S);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, TCP_KEEPALIVE_PROBES);
	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, TCP_UNACKED_MS);
}

static struct tcp_conn *conn_new(struct tcp_reactor *reactor, int fd)
{
	struct tcp_conn *conn = calloc(1, sizeof(*conn));
	socklen_t len = sizeof(conn->pub.peer);

	if (!conn || reactor->stopping ||
	    getpeername(fd, (struct sockaddr *)&conn->pub.peer, &len) ||
	    !tcp_limit_admit(reactor, &conn->pub.peer)) {
		free(conn);
		return NULL;
	}
	len = sizeof(conn->pub.local);
	getsockname(fd, (struct sockaddr *)&conn->pub.local, &len);
	return conn;
}

void tcp_conn_open(struct tcp_reactor *reactor, int fd)
{
	static atomic_ullong ids = ID_BASE;
	struct tcp_conn *conn = conn_new(reactor, fd);

	if (!conn) {
		close(fd);
		return;
	}
	socket_setup(fd);
	conn->reactor = reactor;
	conn->pub.loop = reactor->loop;
	conn->pub.inline_max = TCP_REPLY_BYTES;
	conn->pub.drop = on_drop;
	conn->pub.id = atomic_fetch_add(&ids, 1);
	rpc_record_init(&conn->record, TCP_MSG_MAX);
	INIT_LIST_HEAD(&conn->out);
	tcp_back_init(conn);
	conn->defer.fn = on_defer;
	conn->defer.ctx = conn;
	conn->watch =
		(struct ual_watch){ .fd = fd, .events = EPOLLIN, .fn = on_watch, .ctx = conn };
	if (ual_watch_add(reactor->loop, &conn->watch)) {
		close(fd);
		free(conn);
		return;
	}
	list_add_tail(&conn->link, &reactor->conns);
	reactor->conn_n++;
	tcp_limit_init(conn);
	nfs_conn_up(reactor->server, &conn->pub);
}
