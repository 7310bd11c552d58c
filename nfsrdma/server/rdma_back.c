// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Reverse direction: calls from the server to the client on its own connection (NFSv4.1 callbacks).  RFC 8167.
 * They are short, go inline, and one is under way at a time: a client's backchannel grants few credits, and which
 * number it grants it says only in its first answer.
 */
#include <stdlib.h>

#include "nfsrdma/server/rdma.h"

#define BACK_QUEUE_MAX	64
#define BACK_MSG_MAX	(RPCRDMA_INLINE_MIN - RPCRDMA_HDR_MIN)

struct back_call {
	struct list_head link;
	void (*fn)(void *ctx, int err, const u8 *reply, u32 len);
	void *ctx;
	u32 xid, len;
	u8 msg[];
};

struct rdma_back {
	struct list_head queue;		/* the first is under way when `sending` or `waiting` */
	unsigned n;
	bool sending;			/* its Send has not completed: buf is in use */
	bool waiting;			/* no answer yet */
	struct ual_timer timer;		/* armed while `waiting` */
	struct ual_mr *mr;
	u8 buf[RPCRDMA_INLINE_MIN];
};

/* No answer. */
static void on_timer(struct ual_timer *timer)
{
	rdma_conn_kill(timer->ctx);
}

static struct rdma_back *back_of(struct rdma_conn *conn)
{
	struct rdma_back *back = conn->back;

	if (back)
		return back;
	back = calloc(1, sizeof(*back));
	if (!back)
		return NULL;
	INIT_LIST_HEAD(&back->queue);
	if (ual_mr_reg(conn->reactor->pd, back->buf, sizeof(back->buf), 0, &back->mr)) {
		free(back);
		return NULL;
	}
	back->timer.fn = on_timer;
	back->timer.ctx = conn;
	conn->back = back;
	return back;
}

static void send_next(struct rdma_conn *conn)
{
	struct rdma_back *back = conn->back;
	struct rpcrdma_hdr hdr = { .credits = RDMA_RECV_SPARE, .proc = RDMA_MSG };
	struct wr_send wr = { .wr_id = RDMA_WR_BACK, .opcode = WR_SEND, .flags = WR_SIGNALED };
	const struct wr_send *bad;
	struct back_call *call;
	struct xdr_out out;
	struct wr_sge sge;

	if (back->sending || back->waiting || list_empty(&back->queue) || conn->dead ||
	    !conn->sq_free)
		return;
	call = list_first_entry(&back->queue, struct back_call, link);
	hdr.xid = call->xid;
	xdr_out_init(&out, back->buf, sizeof(back->buf));
	rpcrdma_hdr_encode(&out, &hdr);
	xdr_out_fixed(&out, call->msg, call->len);
	core_assert(xdr_out_ok(&out));
	sge = (struct wr_sge){ (u64)(uintptr_t)back->buf, (u32)xdr_out_len(&out), back->mr->lkey };
	wr.sges = &sge;
	wr.sge_n = 1;
	if (ual_post_send(conn->qp, &wr, &bad)) {
		rdma_conn_kill(conn);
		return;
	}
	rdma_host_posted(conn, 1);
	back->sending = back->waiting = true;
	ual_timer_arm(conn->pub.loop, &back->timer,
		      ual_loop_now(conn->pub.loop) + NFS_CALL_BACK_S * 1000000000ull);
}

int rdma_back_call(struct nfs_conn *pub, const void *msg, u32 len,
		   void (*fn)(void *ctx, int err, const u8 *reply, u32 len), void *ctx)
{
	struct rdma_conn *conn = container_of(pub, struct rdma_conn, pub);
	struct rdma_back *back;
	struct back_call *call;

	if (conn->dead || !conn->up)
		return -ENOTCONN;
	if (len < 4 || len > BACK_MSG_MAX)
		return -EMSGSIZE;
	back = back_of(conn);
	call = malloc(sizeof(*call) + len);
	if (!back || !call || back->n == BACK_QUEUE_MAX) {
		free(call);
		return -ENOMEM;
	}
	*call = (struct back_call){
		.fn = fn, .ctx = ctx, .xid = get_unaligned_be32(msg), .len = len
	};
	memcpy(call->msg, msg, len);
	list_add_tail(&call->link, &back->queue);
	back->n++;
	send_next(conn);
	return 0;
}

void rdma_back_resume(struct rdma_conn *conn)
{
	if (conn->back)
		send_next(conn);
}

static void call_end(struct rdma_back *back, struct back_call *call, int err, const u8 *reply,
		     u32 len)
{
	list_del(&call->link);
	back->n--;
	call->fn(call->ctx, err, reply, len);
	free(call);
}

bool rdma_back_reply(struct rdma_conn *conn, const struct rpcrdma_hdr *hdr, const u8 *msg, u32 len)
{
	struct rdma_back *back = conn->back;
	struct back_call *call;

	if (!back || !back->waiting)
		return false;
	call = list_first_entry(&back->queue, struct back_call, link);
	if (call->xid != hdr->xid)
		return false;
	back->waiting = false;
	ual_timer_disarm(conn->pub.loop, &back->timer);
	call_end(back, call, msg ? 0 : -EPROTO, msg, len);
	send_next(conn);
	return true;
}

void rdma_back_sent(struct rdma_conn *conn, u64 wr_id)
{
	rdma_host_completed(conn, 1);
	conn->back->sending = false;
	send_next(conn);
}

void rdma_back_gone(struct rdma_conn *conn)
{
	struct rdma_back *back = conn->back;

	if (!back)
		return;
	back->waiting = false;
	ual_timer_disarm(conn->pub.loop, &back->timer);
	while (!list_empty(&back->queue))
		call_end(back, list_first_entry(&back->queue, struct back_call, link), -ENOTCONN,
			 NULL, 0);
}

void rdma_back_free(struct rdma_conn *conn)
{
	if (!conn->back)
		return;
	ual_mr_dereg(conn->back->mr);
	free(conn->back);
	conn->back = NULL;
}
