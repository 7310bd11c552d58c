// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A connection by RDMA: the requester of RPC-over-RDMA version 1.  RFC 8166, 8797.  A slot is a send buffer; it is
 * free again when its Send is complete and its call answered, so that there are never more calls under way than
 * slots, nor than credits.  What an answered call had registered cannot be reached any more by what is sent later:
 * a call that is given up while the server has it costs the connection.
 */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/client.h"
#include "nfsrdma/engine/rpcrdma.h"

#define SLOTS		32		/* credits that are asked for */
#define RECVS		(SLOTS + 2)
#define INLINE_BYTES	4096
#define CONNECT_MS	10000
#define WC_BATCH	32
#define WR_RECV		1		/* in wr_id, beside the number of the buffer */

struct slot {
	struct call *call;
	bool sending;
};

struct rdma {
	struct xprt pub;
	struct ual_cq *cq;
	struct ual_qp *qp;
	struct ual_mr *mr;
	u8 *bufs;			/* SLOTS to send, RECVS to receive */
	struct ual_defer end;
	int err;
	u32 send_max, recv_max;		/* inline thresholds */
	u32 credits, busy;
	struct slot slots[SLOTS];
};

static void die(struct rdma *rdma, int err)
{
	if (!rdma->err)
		rdma->err = err;
	ual_defer(rdma->pub.chan->client->cfg.loop, &rdma->end);
}

static void on_end(struct ual_defer *d)
{
	struct rdma *rdma = d->ctx;

	chan_down(rdma->pub.chan, rdma->err);
}

/* ---- calls ------------------------------------------------------------------------------------ */

static struct slot *slot_get(struct rdma *rdma)
{
	if (rdma->busy >= rdma->credits)
		return NULL;
	for (unsigned i = 0; i < SLOTS; i++)
		if (!rdma->slots[i].call && !rdma->slots[i].sending)
			return &rdma->slots[i];
	return NULL;
}

static int add_mem(struct rpcrdma_hdr *hdr, struct rpcrdma_chunk *chunk, const struct mem *mem,
		   const void *data, u32 len)
{
	u64 offset = mem->mr->addr + (u64)((const u8 *)data - mem->data);

	return rpcrdma_hdr_add_seg(hdr, chunk, mem->mr->rkey, offset, len) ? 0 : -EMSGSIZE;
}

/* Where the data of the call is or is to go: the caller's memory if it is registered, else a copy. */
static const struct mem *bulk_mem(struct call *call, const void *data, u32 len, const void **at)
{
	struct mem *mem = mem_find(call->client, data, len);

	*at = data;
	if (mem)
		return mem;
	if (!call->mem)
		call->mem = mem_get(call->client, len);
	if (!call->mem)
		return NULL;
	*at = call->mem->data;
	return call->mem;
}

static int add_data(struct rpcrdma_hdr *hdr, struct call *call)
{
	const struct mem *mem;
	const void *at;

	hdr->reads[0] = (struct rpcrdma_chunk){ .position = call->len };
	hdr->read_n = 1;
	mem = bulk_mem(call, call->data, call->data_len, &at);
	if (!mem)
		return -ENOMEM;
	if (mem == call->mem)
		memcpy(call->mem->data, call->data, call->data_len);
	return add_mem(hdr, &hdr->reads[0], mem, at, call->data_len);
}

static int add_sink(struct rpcrdma_hdr *hdr, struct call *call)
{
	const struct mem *mem;
	const void *at;

	hdr->writes[0] = (struct rpcrdma_chunk){ .first = hdr->seg_n };
	hdr->write_n = 1;
	mem = bulk_mem(call, call->sink, call->sink_len, &at);
	return mem ? add_mem(hdr, &hdr->writes[0], mem, at, call->sink_len) : -ENOMEM;
}

static int add_reply(struct rpcrdma_hdr *hdr, struct call *call)
{
	if (!call->reply_mem)
		call->reply_mem = mem_get(call->client, call->reply_max);
	if (!call->reply_mem)
		return -ENOMEM;
	hdr->has_reply = true;
	hdr->reply = (struct rpcrdma_chunk){ .first = hdr->seg_n };
	return add_mem(hdr, &hdr->reply, call->reply_mem, call->reply_mem->data, call->reply_max);
}

/* What has to go as the message itself. */
static u32 whole_len(const struct call *call)
{
	return call->len + (call->one_piece ? call->data_len + (u32)xdr_pad(call->data_len) : 0);
}

/* The message does not fit into a Send: the server reads it. */
static int add_whole(struct rpcrdma_hdr *hdr, struct call *call)
{
	u32 len = whole_len(call);

	if (!call->mem)
		call->mem = mem_get(call->client, len);
	if (!call->mem)
		return -ENOMEM;
	memcpy(call->mem->data, call->msg, call->len);
	if (call->one_piece && call->data_len) {
		memcpy(call->mem->data + call->len, call->data, call->data_len);
		memset(call->mem->data + call->len + call->data_len, 0, xdr_pad(call->data_len));
	}
	hdr->proc = RDMA_NOMSG;
	hdr->reads[0] = (struct rpcrdma_chunk){ .position = 0 };
	hdr->read_n = 1;
	return add_mem(hdr, &hdr->reads[0], call->mem, call->mem->data, len);
}

#define CHUNKS_BYTES 72		/* what one chunk of each kind adds to the header, at most */

static int chunks(struct rdma *rdma, struct rpcrdma_hdr *hdr, struct call *call)
{
	u32 room = rdma->send_max - RPCRDMA_HDR_MIN - CHUNKS_BYTES;
	int err = 0;

	hdr->proc = RDMA_MSG;
	if (whole_len(call) > room)
		err = add_whole(hdr, call);
	else if (call->data_len && !call->one_piece && call->len + call->data_len + 4 > room)
		err = add_data(hdr, call);
	if (!err &&
	    call->sink_len + call->reply_head > rdma->recv_max - RPCRDMA_HDR_MIN - CHUNKS_BYTES)
		err = add_sink(hdr, call);
	else if (!err && call->reply_max > rdma->recv_max - RPCRDMA_HDR_MIN - CHUNKS_BYTES)
		err = add_reply(hdr, call);
	return err;
}

static int post(struct rdma *rdma, struct slot *slot, u8 *buf, u32 len)
{
	struct wr_sge sge = { (u64)(uintptr_t)buf, len, rdma->mr->lkey };
	struct wr_send wr = { .wr_id = (u64)(slot - rdma->slots) << 1,
			      .opcode = WR_SEND,
			      .flags = WR_SIGNALED,
			      .sges = &sge,
			      .sge_n = 1 };
	const struct wr_send *bad;

	return ual_post_send(rdma->qp, &wr, &bad);
}

static int encode(struct rdma *rdma, struct call *call, u8 *buf, u32 *len)
{
	struct rpcrdma_hdr hdr = { .vers = RPCRDMA_VERSION, .credits = SLOTS };
	struct xdr_out out;
	int err;

	hdr.xid = get_unaligned_be32(call->msg);
	call->is_placed = false;
	err = chunks(rdma, &hdr, call);
	if (err)
		return err;
	xdr_out_init(&out, buf, rdma->send_max);
	rpcrdma_hdr_encode(&out, &hdr);
	if (hdr.proc == RDMA_MSG)
		xdr_out_fixed(&out, call->msg, call->len);
	if (!hdr.read_n && call->data_len)
		xdr_out_fixed(&out, call->data, call->data_len);
	*len = (u32)xdr_out_len(&out);
	return xdr_out_ok(&out) ? 0 : -EMSGSIZE;
}

static bool rdma_send(struct xprt *x, struct call *call)
{
	struct rdma *rdma = container_of(x, struct rdma, pub);
	struct slot *slot = slot_get(rdma);
	u32 len;
	u8 *buf;
	int err;

	if (!slot || rdma->err)
		return false;
	buf = rdma->bufs + (size_t)(slot - rdma->slots) * INLINE_BYTES;
	err = encode(rdma, call, buf, &len);
	if (!err)
		err = post(rdma, slot, buf, len);
	if (err) {
		die(rdma, err);
		return false;
	}
	slot->call = call;
	slot->sending = true;
	rdma->busy++;
	return true;
}

/* ---- replies ---------------------------------------------------------------------------------- */

static int post_recv(struct rdma *rdma, u64 i)
{
	struct wr_sge sge = { (u64)(uintptr_t)(rdma->bufs + (SLOTS + i) * INLINE_BYTES),
			      INLINE_BYTES, rdma->mr->lkey };
	struct wr_recv wr = { .wr_id = i << 1 | WR_RECV, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	return ual_post_recv(rdma->qp, &wr, &bad);
}

/* The server tells in its lists how much it wrote.  False: more than there was room for. */
static bool sink_done(struct call *call, const struct rpcrdma_hdr *hdr)
{
	if (!hdr->write_n || !call->sink_len)
		return true;
	if (hdr->write_n > 1 || hdr->writes[0].len > call->sink_len)
		return false;
	call->is_placed = hdr->writes[0].len > 0;
	call->placed = hdr->writes[0].len;
	if (call->is_placed && call->mem)
		memcpy(call->sink, call->mem->data, call->placed);
	return true;
}

static void answered(struct rdma *rdma, struct call *call, const struct rpcrdma_hdr *hdr,
		     struct xdr_in *in)
{
	struct chan *chan = rdma->pub.chan;
	const u8 *msg = in->p;
	size_t len = xdr_in_left(in);
	int err = 0;

	if (hdr->proc == RDMA_NOMSG) {
		if (!hdr->has_reply || !call->reply_mem || hdr->reply.len > call->reply_max)
			err = -EPROTO;
		else
			msg = call->reply_mem->data, len = hdr->reply.len;
	} else if (hdr->proc != RDMA_MSG) {
		err = -EREMOTEIO;
	}
	if (!err && !sink_done(call, hdr))
		err = -EPROTO;
	chan_reply(chan, call, msg, len, err);
}

static void on_message(struct rdma *rdma, const u8 *data, u32 len)
{
	struct rpcrdma_hdr hdr;
	struct call *call;
	struct xdr_in in;

	xdr_in_init(&in, data, len);
	if (rpcrdma_hdr_decode(&in, &hdr) != RPCRDMA_OK) {
		die(rdma, -EPROTO);
		return;
	}
	if (hdr.proc == RDMA_DONE)
		return;
	call = chan_find(rdma->pub.chan, hdr.xid);
	if (!call) {
		die(rdma, -EPROTO);
		return;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		if (rdma->slots[i].call == call)
			rdma->slots[i].call = NULL;
	rdma->busy--;
	rdma->credits = hdr.credits < 1 ? 1 : min_t(u32, hdr.credits, SLOTS);
	answered(rdma, call, &hdr, &in);
}

static void on_completion(struct rdma *rdma, const struct wc *wc)
{
	u64 i = wc->wr_id >> 1;

	if (wc->status != WC_SUCCESS) {
		die(rdma, -ECONNRESET);
	} else if (wc->wr_id & WR_RECV) {
		on_message(rdma, rdma->bufs + (SLOTS + i) * INLINE_BYTES, wc->byte_len);
		if (!rdma->err && post_recv(rdma, i))
			die(rdma, -ECONNRESET);
	} else {
		rdma->slots[i].sending = false;
	}
}

static void on_cq(struct ual_cq *cq)
{
	struct rdma *rdma = cq->ctx;
	struct wc wc[WC_BATCH];
	int n;

	do {
		n = ual_cq_poll(cq, wc, WC_BATCH);
		for (int i = 0; i < n && !rdma->err; i++)
			on_completion(rdma, &wc[i]);
	} while (n == WC_BATCH && !rdma->err);
	if (!rdma->err)
		chan_pump(rdma->pub.chan);
}

/* ---- connection ------------------------------------------------------------------------------- */

static void established(struct rdma *rdma, const struct ual_event *ev)
{
	struct rpcrdma_pdata peer;

	rpcrdma_pdata_decode(ev->pdata, ev->pdata_len, &peer);
	rdma->send_max = min_t(u32, peer.recv_bytes, INLINE_BYTES);
	rdma->recv_max = min_t(u32, peer.send_bytes, INLINE_BYTES);
	chan_up(rdma->pub.chan);
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct rdma *rdma = qp->cfg.ctx;

	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		established(rdma, ev);
		return;
	case UAL_EV_TERMINATED:
	case UAL_EV_CQ_OVERRUN:
		return;		/* the end follows */
	case UAL_EV_REJECTED:
		die(rdma, -ECONNREFUSED);
		return;
	case UAL_EV_FAILED:
	case UAL_EV_DISCONNECTED:
		die(rdma, ev->err ? ev->err : -ECONNRESET);
		return;
	}
}

static void rdma_destroy(struct xprt *x)
{
	struct rdma *rdma = container_of(x, struct rdma, pub);

	ual_defer_cancel(x->chan->client->cfg.loop, &rdma->end);
	ual_qp_destroy(rdma->qp);
	ual_cq_destroy(rdma->cq);
	ual_mr_dereg(rdma->mr);
	free(rdma->bufs);
	free(rdma);
}

static const struct xprt_ops rdma_ops = { .send = rdma_send, .destroy = rdma_destroy };

static int build(struct rdma *rdma)
{
	struct ornfs_client *c = rdma->pub.chan->client;
	size_t len = (size_t)(SLOTS + RECVS) * INLINE_BYTES;
	struct ual_qp_cfg cfg = {
		.pd = c->pd,
		.sq_depth = SLOTS,
		.rq_depth = RECVS,
		.sq_sge_max = 1,
		.rq_sge_max = 1,
		.ird = 16,
		.ord = 1,
		.fn = on_event,
		.ctx = rdma,
	};
	int err;

	rdma->bufs = aligned_alloc(INLINE_BYTES, len);
	if (!rdma->bufs)
		return -ENOMEM;
	err = ual_mr_reg(c->pd, rdma->bufs, len, ACCESS_LOCAL_WRITE, &rdma->mr);
	if (!err)
		err = ual_cq_create(c->dev, SLOTS + RECVS, on_cq, rdma, &rdma->cq);
	cfg.scq = cfg.rcq = rdma->cq;
	if (!err)
		err = ual_qp_create(&cfg, &rdma->qp);
	for (u64 i = 0; !err && i < RECVS; i++)
		err = post_recv(rdma, i);
	return err;
}

int rdma_xprt_create(struct chan *chan, struct xprt **x)
{
	static const struct rpcrdma_pdata mine = { .send_bytes = INLINE_BYTES,
						   .recv_bytes = INLINE_BYTES };
	struct rdma *rdma = calloc(1, sizeof(*rdma));
	u8 pdata[RPCRDMA_PDATA_BYTES];
	struct ual_conn_param param = {
		.pdata = pdata,
		.pdata_len = sizeof(pdata),
		.crc = chan->client->cfg.crc,
		.timeout_ms = CONNECT_MS,
	};
	int err;

	if (!rdma)
		return -ENOMEM;
	rdma->pub = (struct xprt){ &rdma_ops, chan };
	rdma->credits = 1;		/* until the server grants more: RFC 8166 3.3.1 */
	rdma->end.fn = on_end;
	rdma->end.ctx = rdma;
	rpcrdma_pdata_encode(pdata, &mine);
	err = build(rdma);
	if (!err)
		err = ual_connect(rdma->qp, (struct sockaddr *)&chan->addr, chan->addr_len, &param);
	if (err) {
		rdma_destroy(&rdma->pub);
		return err;
	}
	*x = &rdma->pub;
	return 0;
}
