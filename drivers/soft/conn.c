// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The life of a connection: making, states, timer, the ways to end.  The picture is in conn.h. */
#include <stdlib.h>

#include "drivers/soft/conn.h"

#define BUF_FIRST 512

int soft_buf_append(struct soft_buf *b, const void *data, size_t len, size_t max)
{
	size_t kept = b->len - b->pos;
	size_t cap = b->cap ? b->cap : BUF_FIRST;
	u8 *grown;

	if (!len)
		return 0;
	if (len > max || kept > max - len)
		return -ENOBUFS;
	if (b->pos) {
		memmove(b->data, b->data + b->pos, kept);
		b->pos = 0;
		b->len = kept;
	}
	while (cap < kept + len)
		cap *= 2;
	if (cap != b->cap) {
		grown = realloc(b->data, cap);
		if (!grown)
			return -ENOMEM;
		b->data = grown;
		b->cap = cap;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

void soft_buf_free(struct soft_buf *b)
{
	free(b->data);
	*b = (struct soft_buf){ .data = NULL };
}

static unsigned wanted(const struct soft_conn *conn)
{
	unsigned out = conn->tx_blocked && !conn->tx_err ? LINK_OUT : 0;

	switch (conn->state) {
	case CONN_CONNECTING:
		return LINK_OUT;
	case CONN_RDMA:
		return out | (conn->starved ? 0 : LINK_IN);
	case CONN_SNIFF:
	case CONN_STREAM:
	case CONN_ASKING:
	case CONN_ASKED:
	case CONN_ENDING:
	case CONN_TERMINATING:
	case CONN_LINGER:
		return out | (conn->rx_eof ? 0 : LINK_IN);
	case CONN_DECIDING:
	case CONN_REPLYING:
		return out;
	case CONN_DEAD:
		break;
	}
	return 0;
}

void soft_conn_watch(struct soft_conn *conn)
{
	unsigned events = wanted(conn);

	if (conn->state == CONN_DEAD || events == conn->watched)
		return;
	if (conn->link->ops->watch(conn->link, events) == 0)
		conn->watched = events;
}

void soft_conn_lay_out(struct soft_conn *conn, bool laid_out)
{
	if (conn->laid_out == laid_out)
		return;
	conn->laid_out = laid_out;
	conn->dev->laid_out_n += laid_out ? 1 : -1u;
}

void soft_conn_speak(struct soft_conn *conn)
{
	conn->listening = false;
	qp_speak_first(conn->qp->engine);
	soft_conn_tx_schedule(conn);
}

static void timer_fired(struct ual_timer *t)
{
	struct soft_conn *conn = container_of(t, struct soft_conn, timer);
	struct soft_device *dev = conn->dev;
	int err;

	soft_device_enter(dev);
	if (conn->state == CONN_RDMA && conn->settling) {
		conn->settling = false;
		soft_conn_tx_schedule(conn);
	} else if (conn->state == CONN_RDMA && conn->listening && !conn->tx_err) {
		soft_conn_speak(conn);
	} else if (conn->state == CONN_CONNECTING && !conn->link) {
		err = soft_start_retry(conn);
		if (err)
			soft_conn_fail(conn, err);
	} else if (conn->state == CONN_LINGER) {
		soft_conn_kill(conn, !conn->fin_sent);
	} else {
		soft_conn_fail(conn, conn->tx_err ? conn->tx_err : -ETIMEDOUT);
	}
	soft_device_leave(dev);
}

static void end_starving(struct soft_conn *conn)
{
	conn->starved = false;
	list_del_init(&conn->starve_node);
	ual_timer_disarm(conn->dev->loop, &conn->starve_timer);
}

void soft_conn_sated(struct soft_conn *conn)
{
	end_starving(conn);
	soft_conn_watch(conn);
	soft_conn_kick(conn);
}

/* None came in time: the engine tells the peer. */
static void starve_timer_fired(struct ual_timer *t)
{
	struct soft_conn *conn = container_of(t, struct soft_conn, starve_timer);

	qp_rx_give_up(conn->qp->engine);
	soft_conn_sated(conn);
}

static void link_ready(struct soft_link *link, unsigned events)
{
	struct soft_conn *conn = link->ctx;
	struct soft_device *dev = conn->dev;
	int err;

	soft_device_enter(dev);
	if (conn->state == CONN_CONNECTING) {
		err = link->ops->error(link);
		if (!err)
			err = soft_start_ask(conn);
		if (err && !(err == -ECONNREFUSED && soft_start_refused(conn)))
			soft_conn_fail(conn, err);
	} else {
		if (events & LINK_OUT) {
			conn->tx_blocked = false;
			soft_conn_tx_schedule(conn);
		}
		if (events & (LINK_IN | LINK_HUP))
			soft_conn_input(conn);
	}
	soft_device_leave(dev);
}

void soft_conn_link(struct soft_conn *conn, struct soft_link *link)
{
	conn->link = link;
	link->fn = link_ready;
	link->ctx = conn;
}

int soft_conn_create(struct soft_device *dev, struct soft_link *link, struct soft_conn **out)
{
	struct soft_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return -ENOMEM;
	conn->dev = dev;
	conn->rx_chunk = SOFT_SCRATCH_BYTES;
	conn->timer.fn = timer_fired;
	conn->starve_timer.fn = starve_timer_fired;
	INIT_LIST_HEAD(&conn->tx_node);
	INIT_LIST_HEAD(&conn->hot_node);
	INIT_LIST_HEAD(&conn->kick_node);
	INIT_LIST_HEAD(&conn->starve_node);
	soft_conn_link(conn, link);
	list_add_tail(&conn->node, &dev->conns);
	*out = conn;
	return 0;
}

int soft_conn_attach(struct soft_conn *conn, enum conn_state state, u32 timeout_ms)
{
	int err;

	conn->state = state;
	conn->watched = wanted(conn);
	err = conn->link->ops->attach(conn->link, conn->dev->net_cookie, conn->dev->loop,
				      conn->watched);
	if (!err)
		soft_conn_timeout(conn, timeout_ms);
	return err;
}

void soft_conn_enter(struct soft_conn *conn, enum conn_state state)
{
	conn->state = state;
	if (conn->starved)
		end_starving(conn);
	soft_conn_watch(conn);
}

void soft_conn_timeout(struct soft_conn *conn, u32 timeout_ms)
{
	struct ual_loop *loop = conn->dev->loop;

	if (timeout_ms)
		ual_timer_arm(loop, &conn->timer,
			      ual_loop_now(loop) + (uint64_t)timeout_ms * 1000000);
	else
		ual_timer_disarm(loop, &conn->timer);
}

void soft_conn_kick(struct soft_conn *conn)
{
	if (conn->in.pos == conn->in.len || !list_empty(&conn->kick_node))
		return;
	list_add_tail(&conn->kick_node, &conn->dev->kicked);
	ual_defer(conn->dev->loop, &conn->dev->kick);
}

void soft_conn_kill(struct soft_conn *conn, bool abort)
{
	if (conn->state == CONN_DEAD)
		return;
	conn->tx_blocked = false;
	soft_conn_lay_out(conn, false);
	conn->state = CONN_DEAD;
	ual_timer_disarm(conn->dev->loop, &conn->timer);
	if (conn->starved)
		end_starving(conn);
	if (conn->link)
		conn->link->ops->destroy(conn->link, abort);
	conn->link = NULL;
	list_del_init(&conn->tx_node);
	list_del_init(&conn->kick_node);
	soft_conn_cool(conn);
	room_leave(&conn->guest);
	if (conn->share)
		soft_share_answered(conn->share);
	conn->share = NULL;
	list_move_tail(&conn->node, &conn->dev->dead);
}

void soft_conn_free(struct soft_conn *conn)
{
	core_assert(conn->state == CONN_DEAD);
	list_del_init(&conn->node);
	soft_buf_free(&conn->in);
	soft_buf_free(&conn->out);
	soft_start_free(conn->start);
	free(conn);
}

static void fail_qp(struct soft_conn *conn, int err)
{
	struct soft_qp *qp = conn->qp;

	conn->qp = NULL;
	qp->conn = NULL;
	soft_qp_raise(qp, EV_FAILED, err);
}

void soft_conn_fail(struct soft_conn *conn, int err)
{
	enum conn_state state = conn->state;
	struct soft_start *start = conn->start;

	if (conn->share)
		soft_share_refused(conn, err);
	switch (state) {
	case CONN_CONNECTING:
	case CONN_ASKING:
	case CONN_REPLYING:
	case CONN_STREAM:
	case CONN_ASKED:
		soft_conn_kill(conn, err != 0);
		err = err || state == CONN_STREAM ? err : -ECONNRESET;
		if (conn->qp)
			fail_qp(conn, err);
		else if (conn->stream)
			soft_stream_closed(conn, err);
		break;
	case CONN_DECIDING:
		conn->start = NULL;	/* the consumer's, until it answers */
		start->conn = NULL;
		start->err = err ? err : -ECONNRESET;
		soft_conn_kill(conn, false);
		break;
	case CONN_RDMA:
	case CONN_ENDING:
	case CONN_TERMINATING:
		soft_qp_down(conn->qp, state == CONN_TERMINATING ? -EPROTO : err);
		/* After our FIN the system sees to what the peer has not read yet. */
		soft_conn_kill(conn, err != 0 && !conn->fin_sent);
		break;
	case CONN_SNIFF:
	case CONN_LINGER:
		soft_conn_kill(conn, err != 0);
		break;
	case CONN_DEAD:
		break;
	}
}

/* Output leaves, the peer may finish; nobody is told any more. */
void soft_conn_linger(struct soft_conn *conn)
{
	static const struct sockaddr_storage nobody;
	struct room_guest *oldest = room_must_go(&conn->dev->leaving, &nobody);

	/* A peer that makes us refuse a thousand a second does not get two seconds for each. */
	if (oldest)
		soft_conn_kill(container_of(oldest, struct soft_conn, guest), false);
	room_enter(&conn->dev->leaving, &conn->guest, &nobody);
	soft_conn_cool(conn);
	soft_conn_timeout(conn, CONN_LINGER_MS);
	soft_conn_enter(conn, CONN_LINGER);
	soft_conn_tx_schedule(conn);
}

/*
 * Programs disconnect and destroy the QP at once.  Sends that have completed are TCP's, and a reset would take them
 * from a peer that has not read them yet; what is half gone is finished for the sake of its framing.
 */
void soft_conn_leave(struct soft_conn *conn)
{
	bool orderly = conn->state == CONN_ENDING && !soft_tx_take_over(conn);

	soft_conn_lay_out(conn, false);
	conn->qp->conn = NULL;
	conn->qp = NULL;
	if (orderly)
		soft_conn_linger(conn);
	else
		soft_conn_kill(conn, true);
}

/* The engine has a TERMINATE to send: nothing else leaves, and little time is left for it. */
void soft_conn_terminate(struct soft_conn *conn)
{
	soft_conn_cool(conn);
	soft_conn_timeout(conn, CONN_LINGER_MS);
	soft_conn_enter(conn, CONN_TERMINATING);
	/* Now: the consumer may destroy the QP as soon as it sees the flushed work. */
	soft_conn_tx(conn);
}
