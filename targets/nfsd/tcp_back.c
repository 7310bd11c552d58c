// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Calls from the server to the client on its own connection (NFSv4.1 callbacks).  RFC 8881 2.10.3.1. */
#include <errno.h>
#include <stdlib.h>

#include "targets/nfsd/tcp_conn.h"

#define BACK_MAX	64	/* of a connection */
#define TYPE_AT		4	/* of an RPC message: behind the xid */

struct back_call {
	struct list_head link;
	void (*fn)(void *ctx, int err, const u8 *reply, u32 len);
	void *ctx;
	u32 xid;
	uint64_t until_ns;
};

/* The first has waited for longest. */
static void arm(struct tcp_conn *conn)
{
	struct back_call *first = list_first_entry_or_null(&conn->back, struct back_call, link);

	if (first)
		ual_timer_arm(conn->pub.loop, &conn->back_timer, first->until_ns);
	else
		ual_timer_disarm(conn->pub.loop, &conn->back_timer);
}

static void on_timer(struct ual_timer *timer)
{
	tcp_conn_kill(timer->ctx);
}

static unsigned waiting(const struct tcp_conn *conn)
{
	const struct back_call *call;
	unsigned n = 0;

	list_for_each_entry(call, &conn->back, link)
		n++;
	return n;
}

/* It leaves as replies do. */
static int call_back(struct nfs_conn *pub, const void *msg, u32 len,
		     void (*fn)(void *ctx, int err, const u8 *reply, u32 len), void *ctx)
{
	struct tcp_conn *conn = container_of(pub, struct tcp_conn, pub);
	struct back_call *call;
	struct tcp_call *out;

	if (conn->dead)
		return -ENOTCONN;
	if (len < TYPE_AT || len > TCP_REPLY_BYTES)
		return -EMSGSIZE;
	if (waiting(conn) >= BACK_MAX)
		return -ENOMEM;
	call = malloc(sizeof(*call));
	out = call ? tcp_call_create(conn) : NULL;
	if (!out) {
		free(call);
		return -ENOMEM;
	}
	*call = (struct back_call){
		.fn = fn,
		.ctx = ctx,
		.xid = get_unaligned_be32(msg),
		.until_ns = ual_loop_now(pub->loop) + NFS_CALL_BACK_S * 1000000000ull,
	};
	list_add_tail(&call->link, &conn->back);
	arm(conn);
	xdr_out_init(&out->call.reply, out->call.reply_buf, out->call.reply_max);
	xdr_out_fixed(&out->call.reply, msg, len);
	conn->calls++;
	tcp_conn_send(conn, out);
	return 0;
}

static void end(struct back_call *call, int err, const u8 *reply, u32 len)
{
	list_del(&call->link);
	call->fn(call->ctx, err, reply, len);
	free(call);
}

bool tcp_back_reply(struct tcp_conn *conn, const u8 *msg, u32 len)
{
	struct back_call *call;

	if (len < TYPE_AT + 4 || get_unaligned_be32(msg + TYPE_AT) != RPC_REPLY)
		return false;
	list_for_each_entry(call, &conn->back, link) {
		if (call->xid != get_unaligned_be32(msg))
			continue;
		end(call, 0, msg, len);
		arm(conn);
		break;
	}
	return true;	/* also of a call that nobody made */
}

void tcp_back_gone(struct tcp_conn *conn)
{
	ual_timer_disarm(conn->pub.loop, &conn->back_timer);
	while (!list_empty(&conn->back))
		end(list_first_entry(&conn->back, struct back_call, link), -ENOTCONN, NULL, 0);
}

void tcp_back_init(struct tcp_conn *conn)
{
	INIT_LIST_HEAD(&conn->back);
	conn->back_timer.fn = on_timer;
	conn->back_timer.ctx = conn;
	conn->pub.call_back = call_back;
}
