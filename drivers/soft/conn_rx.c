// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Input of a connection.
 *
 *   many small FPDUs:    socket --one large recv--> scratch --engine, memcpy--> destinations
 *   inside a large FPDU: socket --recvmsg--> [destination | tail: trailer and next header]
 *
 * In the second form payload is moved once, by the kernel.  The tail is small: what lands in it of the next
 * payload must be copied.  After large payload the next plain read is small for the same reason, and grows
 * again while it comes back full.
 */
#include <stdatomic.h>

#include "drivers/soft/conn.h"

#define RX_DIRECT_MIN	8192	/* below, a memcpy is cheaper than a system call for each FPDU */
#define RX_TAIL		128
#define RX_CHUNK_MIN	4096
#define RX_STREAM_CHUNK	16384
#define RX_BUDGET	(1u << 20)	/* bytes of one connection before others have their turn */

#define HOT_MAX		4	/* connections that are read without asking epoll */
#define HOT_VAIN_MAX	64	/* vain reads before epoll is asked again */

static void heat(struct soft_conn *conn)
{
	conn->heat = HOT_VAIN_MAX;
	if (conn->dev->hot_n == HOT_MAX || !list_empty(&conn->hot_node))
		return;
	list_add_tail(&conn->hot_node, &conn->dev->hot);
	conn->dev->hot_n++;
	conn->dev->poller.hot = true;
}

void soft_conn_cool(struct soft_conn *conn)
{
	if (list_empty(&conn->hot_node))
		return;
	list_del_init(&conn->hot_node);
	conn->dev->hot_n--;
	conn->dev->poller.hot = conn->dev->hot_n > 0;
}

/*
 * As hardware places: the last byte comes last, and once, and with the aligned word that it ends.  Programs look
 * for it and then use the memory again; a memcpy of the C library may store overlapping halves, the second over
 * what the program has written meanwhile.
 */
static void place_bytes(u8 *dst, const u8 *src, size_t len)
{
	size_t i, tail;
	u64 word;

	if (!len)
		return;
	tail = min_t(size_t, len, (((uintptr_t)dst + len - 1) & 7) + 1);
	memcpy(dst, src, len - tail);
	if (tail == sizeof(word)) {
		memcpy(&word, src + len - tail, sizeof(word));
		atomic_store_explicit((_Atomic u64 *)(dst + len - tail), word,
				      memory_order_release);
		return;
	}
	for (i = len - tail; i < len; i++)
		atomic_store_explicit((_Atomic u8 *)dst + i, src[i], memory_order_release);
}

/* Nothing more is read, so TCP holds the peer back, until a receive is posted or the time is over. */
static void starve(struct soft_conn *conn)
{
	struct ual_loop *loop = conn->dev->loop;
	u64 wait_ns = (u64)conn->qp->base.cfg.recv_wait_ms * 1000000;

	conn->starved = true;
	list_add_tail(&conn->starve_node, &conn->dev->starved);
	ual_timer_arm(loop, &conn->starve_timer, ual_loop_now(loop) + wait_ns);
	soft_conn_cool(conn);
	soft_conn_watch(conn);
}

/*
 * Returns how many bytes were used: of a starved connection perhaps not all.  The connection may have ended, or be
 * about to.
 */
static size_t feed_engine(struct soft_conn *conn, const u8 *data, size_t len)
{
	struct core_input in = { .data = data, .len = len };
	struct qp_place place;

	for (;;) {
		switch (qp_rx(conn->qp->engine, &in, &place)) {
		case QP_RX_MORE:
			return len;
		case QP_RX_PLACE:
			place_bytes(place.dst, place.src, place.len);
			break;
		case QP_RX_NO_RECV:
			starve(conn);
			return in.pos;
		case QP_RX_TERM_SENT:
			soft_conn_terminate(conn);
			return len;
		case QP_RX_TERM_RECEIVED:
			soft_conn_fail(conn, -ECONNABORTED);
			return len;
		case QP_RX_BROKEN:
			soft_conn_fail(conn, -EIO);
			return len;
		}
	}
}

static bool is_rdma(const struct soft_conn *conn)
{
	return conn->state == CONN_RDMA || conn->state == CONN_ENDING;
}

/* False: nothing is read any more, for now or for good. */
static bool feed_new(struct soft_conn *conn, const u8 *data, size_t len)
{
	size_t used = feed_engine(conn, data, len);
	int err;

	if (!is_rdma(conn))
		return false;
	if (!conn->starved)
		return true;
	if (qp_tx_pending(conn->qp->engine))
		soft_conn_tx_schedule(conn);
	err = soft_buf_append(&conn->in, data + used, len - used, CONN_IN_MAX);
	if (err)
		soft_conn_fail(conn, err);
	return false;
}

/* recv() said this: 0 or a negative errno other than -EAGAIN. */
static void ended(struct soft_conn *conn, ssize_t why)
{
	if (why == 0 && conn->state == CONN_LINGER && !conn->fin_sent) {
		conn->rx_eof = true;	/* our last bytes may still leave */
		soft_conn_watch(conn);
		return;
	}
	soft_conn_fail(conn, conn->tx_err ? conn->tx_err : (int)why);
}

static int input_rdma(struct soft_conn *conn)
{
	struct qp *engine = conn->qp->engine;
	const struct soft_net_ops *net = conn->link->ops;
	u8 *scratch = conn->dev->scratch;
	size_t total = 0;

	while (total < RX_BUDGET) {
		struct core_span dst;
		bool direct = qp_rx_want(engine, &dst) && dst.len >= RX_DIRECT_MIN;
		size_t asked = direct ? dst.len + RX_TAIL : conn->rx_chunk;
		size_t placed = 0;
		ssize_t n;

		if (direct)
			n = net->recv(conn->link,
				      (struct qp_iov[]){ { dst.data, dst.len },
							 { scratch, RX_TAIL } },
				      2);
		else
			n = net->recv(conn->link, &(struct qp_iov){ scratch, asked }, 1);
		if (n == -EAGAIN && !conn->tx_err)
			break;
		if (n <= 0) {
			ended(conn, n);
			return 1;
		}
		if (direct) {
			placed = min_t(size_t, (size_t)n, dst.len);
			qp_rx_placed(engine, placed);
			conn->rx_chunk = RX_CHUNK_MIN;
		} else if ((size_t)n == asked) {
			conn->rx_chunk = min_t(u32, conn->rx_chunk * 2, SOFT_SCRATCH_BYTES);
		}
		if ((size_t)n > placed && !feed_new(conn, scratch, (size_t)n - placed))
			return 1;
		total += (size_t)n;
		if ((size_t)n < asked)
			break;
	}
	if (!total)
		return 0;
	if (qp_tx_pending(engine))
		soft_conn_tx_schedule(conn);
	if (!conn->tx_blocked)
		heat(conn);
	return 1;
}

static int input_bytes(struct soft_conn *conn)
{
	u8 *scratch = conn->dev->scratch;
	ssize_t n =
		conn->link->ops->recv(conn->link, &(struct qp_iov){ scratch, RX_STREAM_CHUNK }, 1);

	if (n == -EAGAIN && !conn->tx_err)
		return 0;
	if (n <= 0)
		ended(conn, n);
	else
		soft_conn_feed(conn, scratch, (size_t)n);
	return 1;
}

int soft_conn_input(struct soft_conn *conn)
{
	/* What was held comes before what is new, the end of the stream above all. */
	if (!list_empty(&conn->kick_node)) {
		list_del_init(&conn->kick_node);
		soft_conn_feed(conn, NULL, 0);
		return 1;	/* level-triggered: the rest is told again */
	}
	if (conn->starved) {
		soft_conn_fail(conn, -ECONNRESET);	/* a hangup, of a peer that does not wait */
		return 1;
	}
	switch (conn->state) {
	case CONN_RDMA:
	case CONN_ENDING:
		return input_rdma(conn);
	case CONN_SNIFF:
	case CONN_STREAM:
	case CONN_ASKING:
	case CONN_ASKED:
	case CONN_TERMINATING:
	case CONN_LINGER:
		if (!conn->rx_eof)
			return input_bytes(conn);
		fallthrough;
	case CONN_DECIDING:
	case CONN_REPLYING:
		soft_conn_fail(conn, -ECONNRESET);	/* only a hangup calls us here */
		return 1;
	case CONN_CONNECTING:
	case CONN_DEAD:
		break;
	}
	return 0;
}

/* Returns how many were taken; the state may be another one after. */
static size_t feed_once(struct soft_conn *conn, const u8 *data, size_t len)
{
	size_t used;

	switch (conn->state) {
	case CONN_SNIFF:
		return soft_sniff_feed(conn, data, len);
	case CONN_STREAM:
		return soft_stream_feed(conn, data, len);
	case CONN_ASKING:
	case CONN_ASKED:
		return soft_start_feed(conn, data, len);
	case CONN_RDMA:
	case CONN_ENDING:
		used = conn->starved ? 0 : feed_engine(conn, data, len);
		if (is_rdma(conn) && qp_tx_pending(conn->qp->engine))
			soft_conn_tx_schedule(conn);
		return used;
	case CONN_TERMINATING:
	case CONN_LINGER:
	case CONN_DEAD:
		return len;	/* thrown away */
	case CONN_CONNECTING:
	case CONN_DECIDING:
	case CONN_REPLYING:
		break;
	}
	return 0;
}

/* A new state may take what the old one left, even nothing at first. */
static size_t feed_all(struct soft_conn *conn, const u8 *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		enum conn_state before = conn->state;
		size_t n = feed_once(conn, data + done, len - done);

		done += n;
		if (!n && conn->state == before)
			break;
	}
	return done;
}

void soft_conn_feed(struct soft_conn *conn, const u8 *data, size_t len)
{
	struct soft_buf *in = &conn->in;
	size_t done = 0;
	int err = 0;

	if (in->pos == in->len) {
		done = feed_all(conn, data, len);
		if (conn->state == CONN_DEAD || done == len)
			return;
		err = soft_buf_append(in, data + done, len - done, CONN_IN_MAX);
	} else {
		err = soft_buf_append(in, data, len, CONN_IN_MAX);
		if (!err)
			in->pos += feed_all(conn, in->data + in->pos, in->len - in->pos);
	}
	if (err)
		soft_conn_fail(conn, err);
	else if (in->pos == in->len && conn->state != CONN_DEAD)
		soft_buf_free(in);
}
