// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What a peer may hold, and for how long: connections, memory, halves of messages, replies that it does not take.
 * The limits are in nfsrdma/server/limits.h.
 */
#include "targets/nfsd/tcp_conn.h"

#define NS_PER_MS	1000000ull
#define NS_PER_S	1000000000ull

/* ---- connections ------------------------------------------------------------------------------------ */

static unsigned of_host(const struct tcp_reactor *reactor, const struct sockaddr_storage *peer)
{
	struct tcp_conn *conn;
	unsigned n = 0;

	if (reactor->conn_n < NFS_CONNS_OF_HOST)
		return 0;
	list_for_each_entry(conn, &reactor->conns, link)
		n += !conn->dead && room_same_host(&conn->pub.peer, peer);
	return n;
}

static void refused(struct tcp_reactor *reactor, const struct sockaddr_storage *peer,
		    const char *why)
{
	nfs_conn_refused(reactor->server, reactor->loop, peer, why);
}

bool tcp_limit_admit(struct tcp_reactor *reactor, const struct sockaddr_storage *peer)
{
	struct room_guest *guest = room_must_go(&reactor->silent, peer);

	if (!guest && reactor->conn_n >= NFS_CONNS_MAX)
		guest = room_oldest(&reactor->silent);
	if (guest) {
		refused(reactor, &guest->peer, "it sent no call while others came");
		room_leave(guest);
		tcp_conn_fail(container_of(guest, struct tcp_conn, guest),
			      "it sent no call, and others came");
	} else if (reactor->conn_n >= NFS_CONNS_MAX) {
		refused(reactor, peer, "there are too many connections");
		return false;
	}
	if (of_host(reactor, peer) >= NFS_CONNS_OF_HOST) {
		refused(reactor, peer, "it has too many connections");
		return false;
	}
	return true;
}

/* ---- time ------------------------------------------------------------------------------------------- */

/* Within a message, and it is not we who do not read. */
static bool owes(const struct tcp_conn *conn)
{
	return (conn->record.mark_have || conn->record.len) && !conn->held && tcp_limit_reads(conn);
}

static bool is_owed(const struct tcp_conn *conn)
{
	return !list_empty(&conn->out);
}

static bool too_long(const struct tcp_way *way, u64 now)
{
	return now - way->moved_ns >= TCP_SILENCE_S * NS_PER_S ||
	       now - way->begun_ns >= TCP_MESSAGE_S * NS_PER_S;
}

static u64 deadline(const struct tcp_way *way)
{
	return min_t(u64, way->moved_ns + TCP_SILENCE_S * NS_PER_S,
		     way->begun_ns + TCP_MESSAGE_S * NS_PER_S);
}

void tcp_limit_watch(struct tcp_conn *conn)
{
	u64 at = UINT64_MAX;

	if (ual_timer_armed(&conn->timer))
		return;			/* it looks again when it comes */
	if (owes(conn))
		at = deadline(&conn->in);
	if (is_owed(conn))
		at = min_t(u64, at, deadline(&conn->out_way));
	if (at != UINT64_MAX)
		ual_timer_arm(conn->pub.loop, &conn->timer, at);
}

static void on_timer(struct ual_timer *timer)
{
	struct tcp_conn *conn = timer->ctx;
	u64 now = ual_loop_now(conn->pub.loop);

	if (conn->dead)
		return;
	if (owes(conn) && too_long(&conn->in, now))
		tcp_conn_fail(conn, "a message did not come to its end");
	else if (is_owed(conn) && too_long(&conn->out_way, now))
		tcp_conn_fail(conn, "it does not take its replies");
	else
		tcp_limit_watch(conn);
}

void tcp_limit_moved(struct tcp_conn *conn, struct tcp_way *way)
{
	way->moved_ns = ual_loop_now(conn->pub.loop);
}

void tcp_limit_ended(struct tcp_conn *conn, struct tcp_way *way)
{
	way->begun_ns = way->moved_ns = ual_loop_now(conn->pub.loop);
}

void tcp_limit_came(struct tcp_conn *conn)
{
	if (conn->record.mark_have || conn->record.len)
		tcp_limit_moved(conn, &conn->in);
	else
		tcp_limit_ended(conn, &conn->in);
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static u64 stuck_ns(const struct tcp_conn *conn, u64 now)
{
	u64 in = owes(conn) ? now - conn->in.moved_ns : 0;
	u64 out = is_owed(conn) ? now - conn->out_way.moved_ns : 0;

	return in > out ? in : out;
}

/* More is held than all may: by those whose peers are busy, who will soon have taken it, and by one that is not. */
static void relieve(struct tcp_reactor *reactor)
{
	u64 now = ual_loop_now(reactor->loop), most = TCP_STUCK_MS * NS_PER_MS;
	struct tcp_conn *conn, *worst = NULL;

	list_for_each_entry(conn, &reactor->conns, link) {
		u64 stuck = conn->dead || !conn->bytes ? 0 : stuck_ns(conn, now);

		if (stuck >= most) {
			most = stuck;
			worst = conn;
		}
	}
	if (worst)
		tcp_conn_fail(worst, "it holds memory that others need");
}

void tcp_limit_count(struct tcp_call *call, u32 bytes)
{
	struct tcp_conn *conn = call->conn;
	bool more = bytes > call->counted;

	conn->bytes += bytes - call->counted;
	conn->reactor->bytes += (u64)bytes - call->counted;
	call->counted = bytes;
	if (more && conn->reactor->bytes > TCP_REACTOR_BYTES)
		relieve(conn->reactor);
}

/* ---- a connection ----------------------------------------------------------------------------------- */

void tcp_limit_init(struct tcp_conn *conn)
{
	conn->timer.fn = on_timer;
	conn->timer.ctx = conn;
	room_enter(&conn->reactor->silent, &conn->guest, &conn->pub.peer);
}

void tcp_limit_gone(struct tcp_conn *conn)
{
	ual_timer_disarm(conn->pub.loop, &conn->timer);
	room_leave(&conn->guest);
}
