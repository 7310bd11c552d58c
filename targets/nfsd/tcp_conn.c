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
	u32 events = (conn->calls < TCP_CALLS_MAX ? EPOLLIN : 0u) |
		     (list_empty(&conn->out) ? 0u : EPOLLOUT);

	if (!conn->dead && conn->watch.events != events)
		ual_watch_mod(conn->pub.loop, &conn->watch, events);
}

static void conn_free(struct tcp_conn *conn)
{
	nfs_conn_down(conn->reactor->server, &conn->pub);
	ual_defer_cancel(conn->pub.loop, &conn->defer);
	list_del(&conn->link);
	free(conn);
}

static void on_defer(struct ual_defer *d)
{
	struct tcp_conn *conn = d->ctx;

	if (conn->watch.fd >= 0) {
		tcp_back_gone(conn);
		ual_watch_del(conn->pub.loop, &conn->watch);
		close(conn->watch.fd);
		conn->watch.fd = -1;
		tcp_call_free(conn->coming);
		conn->coming = NULL;
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

static void fail(struct tcp_conn *conn, const char *why)
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
	}
}

void tcp_conn_flush(struct tcp_conn *conn)
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
			fail(conn, "the connection broke");
			return;
		}
		if (n < 0)
			break;
		sent(conn, (size_t)n);
	}
	update_events(conn);
}

/* Whole messages in what was read go to the programs.  False: the connection is no use any more. */
static bool feed(struct tcp_conn *conn, struct core_input *in)
{
	for (;;) {
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
		case RPC_RECORD_END: {
			struct tcp_call *c = conn->coming;

			conn->coming = NULL;
			if (tcp_back_reply(conn, c->msg, c->msg_len)) {
				tcp_call_free(c);
				break;
			}
			conn->calls++;
			c->call.msg = c->msg;
			c->call.msg_len = c->msg_len;
			nfs_call_run(&c->call);
			if (conn->dead)
				return false;
			break;
		}
		}
	}
}

static void on_readable(struct tcp_conn *conn)
{
	struct core_input in;
	ssize_t n;

	for (unsigned i = 0; i < READS_PER_PASS && conn->calls < TCP_CALLS_MAX; i++) {
		n = recv(conn->watch.fd, conn->reactor->scratch, TCP_READ_BYTES, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n == 0 || (n < 0 && errno == ECONNRESET)) {
			tcp_conn_kill(conn);
			return;
		}
		if (n < 0) {
			fail(conn, "the connection broke");
			return;
		}
		in = (struct core_input){ .data = conn->reactor->scratch, .len = (size_t)n };
		if (!feed(conn, &in)) {
			fail(conn, "what came is no RPC, or there is no memory for it");
			return;
		}
		if ((size_t)n < TCP_READ_BYTES)
			break;
	}
	update_events(conn);
}

static void on_watch(struct ual_watch *watch, uint32_t events)
{
	struct tcp_conn *conn = watch->ctx;

	if (!conn->dead && events & EPOLLOUT)
		tcp_conn_flush(conn);
	if (!conn->dead && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_readable(conn);
}

void tcp_conn_open(struct tcp_reactor *reactor, int fd)
{
	static atomic_ullong ids = ID_BASE;
	struct tcp_conn *conn = calloc(1, sizeof(*conn));
	socklen_t len = sizeof(conn->pub.peer);
	int one = 1;

	if (!conn || reactor->stopping ||
	    getpeername(fd, (struct sockaddr *)&conn->pub.peer, &len)) {
		free(conn);
		close(fd);
		return;
	}
	len = sizeof(conn->pub.local);
	getsockname(fd, (struct sockaddr *)&conn->pub.local, &len);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
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
	nfs_conn_up(reactor->server, &conn->pub);
}
