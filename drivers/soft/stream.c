// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Streaming mode: a connection as a plain byte stream, until it is closed or turned into RDMA.
 * RFC 5044 7.1.4; who needs it is iSER, RFC 7145 5.1.
 */
#include <stdlib.h>
#include <unistd.h>

#include "drivers/soft/conn.h"

static struct soft_conn *to_conn(struct ual_stream *s)
{
	return container_of(s, struct soft_stream, base)->conn;
}

int soft_stream_new(struct soft_conn *conn, const struct ual_stream_ops *ops, void *ctx)
{
	struct soft_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->conn = conn;
	stream->base.dev = &conn->dev->base;
	stream->base.ops = ops;
	stream->base.ctx = ctx;
	conn->stream = stream;
	conn->dev->base.objects++;
	return 0;
}

void soft_stream_free(struct soft_conn *conn)
{
	free(conn->stream);
	conn->stream = NULL;
	conn->dev->base.objects--;
}

/* The connection is dead already: closing the stream in the callback finds nothing to do. */
void soft_stream_closed(struct soft_conn *conn, int err)
{
	struct soft_stream *stream = conn->stream;

	conn->stream = NULL;
	conn->dev->base.objects--;
	stream->conn = NULL;
	if (stream->base.ops)
		stream->base.ops->on_closed(&stream->base, err);
	free(stream);
}

size_t soft_stream_feed(struct soft_conn *conn, const u8 *data, size_t len)
{
	struct ual_stream *s = &conn->stream->base;
	size_t used;

	used = s->ops->on_data(s, data, len);
	core_assert(used <= len);
	return used;
}

static int stream_start(struct soft_device *dev, struct soft_link *link,
			const struct ual_stream_ops *ops, void *ctx, struct soft_conn **out)
{
	struct soft_conn *conn;
	int err;

	err = soft_conn_create(dev, link, &conn);
	if (err) {
		link->ops->destroy(link, true);
		return err;
	}
	err = soft_stream_new(conn, ops, ctx);
	if (err) {
		soft_conn_kill(conn, true);
		return err;
	}
	*out = conn;
	return 0;
}

static void stream_undo(struct soft_conn *conn)
{
	soft_stream_free(conn);
	soft_conn_kill(conn, false);
}

int soft_stream_connect(struct ual_device *base, const struct sockaddr *addr, socklen_t addr_len,
			uint32_t timeout_ms, const struct ual_stream_ops *ops, void *ctx,
			struct ual_stream **out)
{
	struct soft_device *dev = to_dev(base);
	struct soft_conn *conn;
	struct soft_link *link;
	int err;

	err = dev->net->connect(dev->net_ctx, addr, addr_len, NULL, &link);
	if (err)
		return err;
	err = stream_start(dev, link, ops, ctx, &conn);
	if (err)
		return err;
	err = soft_conn_attach(conn, CONN_CONNECTING,
			       timeout_ms ? timeout_ms : CONN_START_TIMEOUT_MS);
	if (err) {
		stream_undo(conn);
		return err;
	}
	*out = &conn->stream->base;
	return 0;
}

int soft_stream_adopt(struct ual_device *base, int fd, const void *early, size_t early_len,
		      const struct ual_stream_ops *ops, void *ctx, struct ual_stream **out)
{
	struct soft_device *dev = to_dev(base);
	struct soft_conn *conn;
	struct soft_link *link;
	int err;

	err = dev->net->adopt(dev->net_ctx, fd, &link);
	if (err)
		return err;
	err = stream_start(dev, link, ops, ctx, &conn);
	if (err)
		return err;
	err = link->ops->info(link, &conn->stream->base.local, &conn->stream->base.peer,
			      &conn->emss);
	if (!err)
		err = soft_buf_append(&conn->in, early, early_len, CONN_IN_MAX);
	if (!err)
		err = soft_conn_attach(conn, CONN_STREAM, 0);
	if (err) {
		stream_undo(conn);
		return err;
	}
	close(fd);	/* the link has its duplicate */
	soft_conn_kick(conn);
	*out = &conn->stream->base;
	return 0;
}

int soft_stream_send(struct ual_stream *s, const void *data, size_t len)
{
	struct soft_conn *conn = to_conn(s);
	int err;

	if (!conn || conn->state != CONN_STREAM)
		return -ENOTCONN;
	err = soft_buf_append(&conn->out, data, len, CONN_OUT_MAX);
	if (!err)
		soft_conn_tx_schedule(conn);
	return err;
}

void soft_stream_close(struct ual_stream *s)
{
	struct soft_conn *conn = to_conn(s);

	if (!conn)
		return;
	soft_stream_free(conn);
	if (conn->state == CONN_CONNECTING)
		soft_conn_kill(conn, true);
	else
		soft_conn_linger(conn);
}

int soft_stream_to_rdma_active(struct ual_stream *s, struct ual_qp *base,
			       const struct ual_conn_param *param)
{
	struct soft_conn *conn = to_conn(s);
	struct soft_qp *qp = to_qp(base);
	struct soft_start *start;
	int err;

	if (!conn || conn->state != CONN_STREAM)
		return -ENOTCONN;
	err = soft_start_new(qp, param, &start);
	if (err)
		return err;
	err = soft_buf_append(&conn->out, start->mpa.tx, start->mpa.tx_len, SIZE_MAX);
	if (err) {
		soft_start_free(start);
		return err;
	}
	base->local = s->local;
	base->peer = s->peer;
	soft_stream_free(conn);
	conn->start = start;
	start->conn = conn;
	conn->qp = qp;
	qp->conn = conn;
	soft_conn_timeout(conn, param->timeout_ms ? param->timeout_ms : CONN_START_TIMEOUT_MS);
	soft_conn_enter(conn, CONN_ASKING);
	soft_conn_tx_schedule(conn);
	soft_conn_kick(conn);
	return 0;
}

int soft_stream_to_rdma_passive(struct ual_stream *s, const void *last, size_t last_len)
{
	struct soft_conn *conn = to_conn(s);
	int err;

	if (!conn || conn->state != CONN_STREAM)
		return -ENOTCONN;
	err = soft_buf_append(&conn->out, last, last_len, CONN_OUT_MAX);
	if (err)
		return err;
	err = soft_start_passive(conn);
	if (err) {
		conn->out.len -= last_len;
		return err;
	}
	soft_conn_timeout(conn, CONN_START_TIMEOUT_MS);
	soft_conn_tx_schedule(conn);
	soft_conn_kick(conn);
	return 0;
}
