// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Output of a connection.
 *
 * Everything that was queued in a pass leaves at its end: first the bytes of streaming and start-up, then as
 * many FPDUs as the engine can lay out, headers, payload and checksums of all of them in one system call.
 * What TCP does not take waits for LINK_OUT; the engine keeps the spans.
 */
#include "drivers/soft/conn.h"

#define TX_SPANS_MAX	256
#define TX_BYTES	(64u << 10)	/* a call: still in the cache when the kernel copies it, and the peer
					 * works on it while we lay out the next */
#define TX_ERR_TIMEOUT_MS 1000
#define TX_BUDGET	(1u << 20)	/* a pass: then input has its turn */

void soft_conn_tx_schedule(struct soft_conn *conn)
{
	if (list_empty(&conn->tx_node) && !conn->tx_blocked && conn->state != CONN_DEAD)
		list_add_tail(&conn->tx_node, &conn->dev->tx_ready);
}

/* Of so many bytes TCP took n, or said why it does not.  Less than all: blocked, by TCP or for good. */
static size_t taken(struct soft_conn *conn, ssize_t n, size_t bytes)
{
	if (n < 0) {
		/* What the peer said last may explain it: read on until the link hangs up. */
		if (n != -EAGAIN) {
			conn->tx_err = (int)n;
			soft_conn_timeout(conn, TX_ERR_TIMEOUT_MS);
		}
		n = 0;
	}
	if ((size_t)n < bytes) {
		conn->tx_blocked = true;
		soft_conn_cool(conn);
	}
	return (size_t)n;
}

/* Sends; returns what was taken.  more: the rest follows at once. */
static size_t send_spans(struct soft_conn *conn, const struct qp_iov *iov, unsigned iov_n,
			 size_t bytes, bool more)
{
	ssize_t n = conn->link->ops->send(conn->link, iov, iov_n, more);

	if (unlikely(n == -EFAULT) && soft_file_touch(conn->dev, iov, iov_n))
		n = conn->link->ops->send(conn->link, iov, iov_n, more);
	return taken(conn, n, bytes);
}

/* The same where spans of files leave by reference.  Less than all may also mean: gather again. */
static size_t send_with_files(struct soft_conn *conn, const struct qp_iov *iov, unsigned iov_n)
{
	size_t total = 0;

	for (unsigned i = 0; i < iov_n && !conn->tx_blocked; i++) {
		unsigned first = i;
		size_t bytes = 0;
		struct soft_mr *file = NULL;
		ssize_t n;

		for (; i < iov_n && !(file = soft_file_of(conn->dev, &iov[i])); i++)
			bytes += iov[i].len;
		if (bytes)
			total += send_spans(conn, iov + first, i - first, bytes, file);
		if (!file || conn->tx_blocked)
			break;
		n = soft_file_send(conn->link, file, &iov[i]);
		if (file->copied)
			break;
		total += taken(conn, n, iov[i].len);
	}
	return total;
}

static void send_out(struct soft_conn *conn)
{
	struct soft_buf *out = &conn->out;
	size_t bytes = out->len - out->pos;

	out->pos +=
		send_spans(conn, &(struct qp_iov){ out->data + out->pos, bytes }, 1, bytes, false);
	if (out->pos == out->len)
		soft_buf_free(out);
}

static void send_fpdus(struct soft_conn *conn)
{
	struct qp *engine = conn->qp->engine;
	struct qp_iov iov[TX_SPANS_MAX];
	size_t total = 0, bytes;
	unsigned iov_n;
	bool files;

	while (!conn->tx_blocked) {
		if (total >= TX_BUDGET) {
			soft_conn_tx_schedule(conn);
			break;
		}
		files = soft_file_any(conn);
		bytes = qp_tx_gather(engine, iov, TX_SPANS_MAX, files ? TX_BUDGET : TX_BYTES,
				     &iov_n);
		if (!bytes)
			break;
		if (files)
			bytes = send_with_files(conn, iov, iov_n);
		else
			bytes = send_spans(conn, iov, iov_n, bytes, false);
		qp_tx_sent(engine, bytes);
		total += bytes;
	}
	soft_conn_lay_out(conn, qp_tx_laid_out(engine) != 0);
}

static void send_fin(struct soft_conn *conn)
{
	if (conn->fin_sent)
		return;
	conn->fin_sent = true;
	conn->link->ops->shutdown(conn->link);
}

/* All output has left: what the state waited for. */
static void drained(struct soft_conn *conn)
{
	switch (conn->state) {
	case CONN_REPLYING:
		soft_start_rdma(conn);
		break;
	case CONN_RDMA:
		/* A fault of our own, found on the way out. */
		if (qp_state(conn->qp->engine) != QP_TERMINATE)
			break;
		fallthrough;
	case CONN_TERMINATING:
		soft_qp_down(conn->qp, -EPROTO);
		soft_conn_linger(conn);
		send_fin(conn);
		break;
	case CONN_ENDING:
		send_fin(conn);
		break;
	case CONN_LINGER:
		send_fin(conn);
		if (conn->rx_eof)
			soft_conn_kill(conn, false);
		break;
	case CONN_CONNECTING:
	case CONN_SNIFF:
	case CONN_STREAM:
	case CONN_ASKING:
	case CONN_ASKED:
	case CONN_DECIDING:
	case CONN_DEAD:
		break;
	}
}

void soft_conn_tx(struct soft_conn *conn)
{
	bool waiting;

	if (conn->state == CONN_DEAD || conn->state == CONN_CONNECTING || conn->tx_blocked)
		return;
	if (conn->state == CONN_RDMA && conn->settling)
		return;
	if (conn->out.pos < conn->out.len)
		send_out(conn);
	waiting = conn->out.pos < conn->out.len;
	if (!waiting && conn->qp &&
	    (conn->state == CONN_RDMA || conn->state == CONN_ENDING ||
	     conn->state == CONN_TERMINATING)) {
		send_fpdus(conn);
		waiting = qp_tx_pending(conn->qp->engine);
	}
	if (!waiting)
		drained(conn);
	soft_conn_watch(conn);
}

static bool overlaps(const struct qp_iov *iov, unsigned iov_n, const u8 *addr, u64 len)
{
	for (unsigned i = 0; i < iov_n; i++)
		if ((const u8 *)iov[i].base < addr + len &&
		    addr < (const u8 *)iov[i].base + iov[i].len)
			return true;
	return false;
}

/* What the engine has laid out and TCP has not taken becomes our own bytes. */
static int take_over(struct soft_conn *conn, const u8 *addr, u64 len)
{
	struct qp *engine = conn->qp->engine;
	struct qp_iov iov[TX_SPANS_MAX];
	unsigned iov_n;
	size_t bytes = qp_tx_gather(engine, iov, TX_SPANS_MAX, 0, &iov_n);
	int err;

	if (!bytes || (len && !overlaps(iov, iov_n, addr, len)))
		return 0;
	for (unsigned i = 0; i < iov_n; i++) {
		err = soft_buf_append(&conn->out, iov[i].base, iov[i].len, SIZE_MAX);
		if (err)
			return err;
	}
	qp_tx_sent(engine, bytes);
	soft_conn_lay_out(conn, false);
	return 0;
}

int soft_tx_take_over(struct soft_conn *conn)
{
	return take_over(conn, NULL, 0);
}

void soft_tx_release(struct soft_device *dev, const void *addr, u64 len)
{
	struct soft_conn *conn, *next;

	if (!dev->laid_out_n)
		return;
	list_for_each_entry_safe(conn, next, &dev->conns, node) {
		int err = conn->laid_out && conn->qp ? take_over(conn, addr, len) : 0;

		if (err)
			soft_conn_fail(conn, err);
	}
}
