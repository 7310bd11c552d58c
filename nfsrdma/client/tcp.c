// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A connection by TCP, with record marking. */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/client.h"
#include "nfsrdma/engine/record.h"

#define REPLY_MAX	(NFSC_IO_MAX + NFSC_DIR_BYTES)
#define FULL_NS		NS_PER_MS	/* look again when the stream had no room */

struct tcp {
	struct xprt pub;
	struct ual_stream *stream;
	struct ual_defer end;
	struct ual_timer room;
	int err;
	struct rpc_record record;
	u8 *msg;
	size_t msg_len, msg_size;
};

static struct ual_loop *loop_of(struct tcp *tcp)
{
	return tcp->pub.chan->client->cfg.loop;
}

static void die(struct tcp *tcp, int err)
{
	if (!tcp->err)
		tcp->err = err;
	ual_defer(loop_of(tcp), &tcp->end);
}

static void on_end(struct ual_defer *d)
{
	struct tcp *tcp = d->ctx;

	chan_down(tcp->pub.chan, tcp->err);
}

static bool msg_add(struct tcp *tcp, const u8 *data, size_t len)
{
	size_t size = tcp->msg_size ? tcp->msg_size : 4096;
	u8 *msg;

	while (size < tcp->msg_len + len)
		size *= 2;
	if (size > tcp->msg_size) {
		msg = realloc(tcp->msg, size);
		if (!msg)
			return false;
		tcp->msg = msg;
		tcp->msg_size = size;
	}
	memcpy(tcp->msg + tcp->msg_len, data, len);
	tcp->msg_len += len;
	return true;
}

static void msg_done(struct tcp *tcp)
{
	struct call *call = NULL;
	size_t len = tcp->msg_len;

	tcp->msg_len = 0;
	if (len >= 4)
		call = chan_find(tcp->pub.chan, get_unaligned_be32(tcp->msg));
	/* Nobody waits for it: not what an RPC server says. */
	if (!call)
		die(tcp, -EPROTO);
	else
		chan_reply(tcp->pub.chan, call, tcp->msg, len, 0);
}

static size_t on_data(struct ual_stream *s, const u8 *data, size_t len)
{
	struct tcp *tcp = s->ctx;
	struct core_input in = { .data = data, .len = len };

	while (!tcp->err) {
		switch (rpc_record_step(&tcp->record, &in)) {
		case RPC_RECORD_MORE:
			return len;
		case RPC_RECORD_RUN:
			if (!msg_add(tcp, tcp->record.run, tcp->record.run_len))
				die(tcp, -ENOMEM);
			break;
		case RPC_RECORD_END:
			msg_done(tcp);
			break;
		case RPC_RECORD_FAULT:
			die(tcp, -EPROTO);
			break;
		}
	}
	return len;
}

static void on_up(struct ual_stream *s)
{
	struct tcp *tcp = s->ctx;

	chan_up(tcp->pub.chan);
}

static void on_closed(struct ual_stream *s, int err)
{
	struct tcp *tcp = s->ctx;

	tcp->stream = NULL;
	die(tcp, err ? err : -ECONNRESET);
}

static const struct ual_stream_ops stream_ops = {
	.on_up = on_up,
	.on_data = on_data,
	.on_closed = on_closed,
};

static void on_room(struct ual_timer *t)
{
	struct tcp *tcp = t->ctx;

	chan_pump(tcp->pub.chan);
}

/* Mark, message, data and padding leave together or not at all. */
static bool tcp_send(struct xprt *x, struct call *call)
{
	struct tcp *tcp = container_of(x, struct tcp, pub);
	size_t len = (size_t)call->len + call->data_len + xdr_pad(call->data_len);
	u8 *all;
	int err;

	if (tcp->err)
		return false;
	all = calloc(1, RPC_RECORD_MARK_BYTES + len);
	if (!all) {
		die(tcp, -ENOMEM);
		return false;
	}
	rpc_record_mark(all, (u32)len);
	memcpy(all + RPC_RECORD_MARK_BYTES, call->msg, call->len);
	if (call->data_len)
		memcpy(all + RPC_RECORD_MARK_BYTES + call->len, call->data, call->data_len);
	err = ual_stream_send(tcp->stream, all, RPC_RECORD_MARK_BYTES + len);
	free(all);
	if (err == -ENOBUFS)
		ual_timer_arm(loop_of(tcp), &tcp->room, ual_loop_now(loop_of(tcp)) + FULL_NS);
	else if (err)
		die(tcp, err);
	return !err;
}

static void tcp_destroy(struct xprt *x)
{
	struct tcp *tcp = container_of(x, struct tcp, pub);

	if (tcp->stream)
		ual_stream_close(tcp->stream);
	ual_defer_cancel(loop_of(tcp), &tcp->end);
	ual_timer_disarm(loop_of(tcp), &tcp->room);
	free(tcp->msg);
	free(tcp);
}

static const struct xprt_ops tcp_ops = { .send = tcp_send, .destroy = tcp_destroy };

int tcp_xprt_create(struct chan *chan, struct xprt **x)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));
	int err;

	if (!tcp)
		return -ENOMEM;
	tcp->pub = (struct xprt){ &tcp_ops, chan };
	tcp->end.fn = on_end;
	tcp->end.ctx = tcp;
	tcp->room.fn = on_room;
	tcp->room.ctx = tcp;
	rpc_record_init(&tcp->record, REPLY_MAX);
	err = ual_stream_connect(chan->client->dev, (struct sockaddr *)&chan->addr, chan->addr_len,
				 where_connect_ms(chan), &stream_ops, tcp, &tcp->stream);
	if (err) {
		free(tcp);
		return err;
	}
	*x = &tcp->pub;
	return 0;
}
