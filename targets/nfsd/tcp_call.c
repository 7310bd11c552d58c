// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A call over TCP: its message as it comes, its reply as it leaves. */
#include <stdlib.h>

#include "targets/nfsd/tcp_conn.h"

#define MSG_FIRST_BYTES 1024

struct tcp_call *tcp_call_create(struct tcp_conn *conn)
{
	struct tcp_call *c = malloc(sizeof(*c) + TCP_REPLY_BYTES);

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->conn = conn;
	c->call.ops = &tcp_call_ops;
	c->call.server = conn->reactor->server;
	c->call.conn = &conn->pub;
	c->call.loop = conn->pub.loop;
	c->call.reply_buf = c->reply;
	c->call.reply_max = TCP_REPLY_BYTES;
	INIT_LIST_HEAD(&c->link);
	return c;
}

void tcp_call_free(struct tcp_call *c)
{
	if (!c)
		return;
	tcp_limit_count(c, 0);
	free(c->msg);
	free(c->data);
	free(c);
}

bool tcp_call_append(struct tcp_call *c, const u8 *data, size_t len)
{
	u32 need = c->msg_len + (u32)len;
	u32 cap = c->msg_cap ? c->msg_cap : MSG_FIRST_BYTES;
	u8 *more;

	if (need > c->msg_cap) {
		while (cap < need)
			cap *= 2;
		more = realloc(c->msg, cap);
		if (!more)
			return false;
		c->msg = more;
		c->msg_cap = cap;
		tcp_limit_count(c, cap);
	}
	memcpy(c->msg + c->msg_len, data, len);
	c->msg_len = need;
	return true;
}

static u32 item_bytes(const struct tcp_call *c)
{
	u32 len = c->call.out_n ? c->call.out[0].len : 0;

	return len + (u32)xdr_pad(len);
}

static u32 message_bytes(const struct tcp_call *c)
{
	return (u32)xdr_out_len(&c->call.reply) + item_bytes(c);
}

size_t tcp_call_left(const struct tcp_call *c)
{
	return RPC_RECORD_MARK_BYTES + message_bytes(c) - c->sent;
}

unsigned tcp_call_spans(struct tcp_call *c, struct iovec iov[5])
{
	static const u8 zeroes[4];
	const struct nfs_item *item = c->call.out_n ? &c->call.out[0] : NULL;
	size_t len = xdr_out_len(&c->call.reply), first = item ? item->position : len;
	struct iovec all[5] = {
		{ c->mark, RPC_RECORD_MARK_BYTES },
		{ c->reply, first },
		{ item ? item->data : NULL, item ? item->len : 0 },
		{ (void *)zeroes, item ? xdr_pad(item->len) : 0 },
		{ c->reply + first, len - first },
	};
	size_t skip = c->sent;
	unsigned n = 0;

	rpc_record_mark(c->mark, message_bytes(c));
	for (unsigned i = 0; i < 5; i++) {
		size_t cut = min_t(size_t, skip, all[i].iov_len);

		skip -= cut;
		if (all[i].iov_len == cut)
			continue;
		iov[n++] = (struct iovec){ (u8 *)all[i].iov_base + cut, all[i].iov_len - cut };
	}
	return n;
}

/* One item beside the message; more, and small ones, go into it. */
static u8 *data_out(struct nfs_call *call, u32 len)
{
	struct tcp_call *c = container_of(call, struct tcp_call, call);

	if (xdr_out_left(&call->reply) >= 4 + (size_t)len + xdr_pad(len) &&
	    len <= TCP_REPLY_BYTES / 2)
		return call->reply.p + 4;
	if (call->out_n || len > NFS_DATA_MAX)
		return NULL;
	if (len <= c->data_size)	/* of a first try, which would have blocked */
		return c->data;
	free(c->data);
	c->data = malloc(len);
	c->data_size = c->data ? len : 0;
	return c->data;
}

static void reply(struct nfs_call *call)
{
	struct tcp_call *c = container_of(call, struct tcp_call, call);
	struct tcp_conn *conn = c->conn;

	/* Who is not answered waits for ever: the end of the connection is an answer. */
	if (call->drop)
		tcp_conn_kill(conn);
	if (conn->dead) {
		tcp_call_free(c);
		tcp_conn_call_gone(conn);
		return;
	}
	tcp_limit_count(c, c->msg_cap + c->data_size + (u32)xdr_out_len(&call->reply));
	tcp_conn_send(conn, c);
}

const struct nfs_call_ops tcp_call_ops = { .data_out = data_out, .reply = reply };
