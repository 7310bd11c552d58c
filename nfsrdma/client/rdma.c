// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A connection by RDMA: the requester of RPC-over-RDMA version 1.  RFC 8166, 8797.
 *
 * A slot is a send buffer and the keys of its call; it is free again when its Send is complete, its call answered and
 * its keys taken back, so that there are never more calls under way than slots, nor than credits.
 *
 *   answer with invalidation of the call's only key   -> done() at once
 *   answer without, or with two keys                  -> WR_LOCAL_INV, done() on its completion
 *   answer that invalidates any other key             -> the connection ends
 *   the connection ends                               -> the queue pair goes first, and its keys with it
 *
 * So an answer is looked at, and the caller has its memory again, only when the server cannot reach that any more.  A
 * call that is given up while the server has it costs the connection.
 */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/rdma.h"

#define WC_BATCH	32

/* In wr_id, beside the number of the buffer or slot. */
enum wr_kind { WR_KIND_SEND, WR_KIND_RECV, WR_KIND_INV };
#define WR_KIND_BITS	2
#define WR_KIND_MASK	3u

struct rdma {
	struct xprt pub;
	struct ual_cq *cq;
	struct ual_qp *qp;
	struct ual_mr *mr;
	u8 *bufs;			/* RDMA_SLOTS to send, RDMA_RECVS to receive */
	struct ual_defer end;
	int err;
	u32 send_max, recv_max;		/* inline thresholds */
	u32 credits, busy;
	struct rdma_slot slots[RDMA_SLOTS];
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

static u64 wr_id(u64 index, enum wr_kind kind)
{
	return index << WR_KIND_BITS | kind;
}

static struct rdma_slot *slot_get(struct rdma *rdma)
{
	if (rdma->busy >= rdma->credits)
		return NULL;
	for (unsigned i = 0; i < RDMA_SLOTS; i++)
		if (!rdma->slots[i].call && !rdma->slots[i].sending)
			return &rdma->slots[i];
	return NULL;
}

/* That of a call which has no answer yet. */
static struct rdma_slot *slot_find(struct rdma *rdma, u32 xid)
{
	for (unsigned i = 0; i < RDMA_SLOTS; i++)
		if (rdma->slots[i].call && rdma->slots[i].xid == xid)
			return rdma->slots[i].answered ? NULL : &rdma->slots[i];
	return NULL;
}

/* The last one of the chain completes for all. */
static int post(struct rdma *rdma, struct rdma_chain *chain, u64 index, enum wr_kind kind)
{
	const struct wr_send *bad;

	for (unsigned i = 0; i + 1 < chain->n; i++)
		chain->wrs[i].next = &chain->wrs[i + 1];
	chain->wrs[chain->n - 1].wr_id = wr_id(index, kind);
	chain->wrs[chain->n - 1].flags = WR_SIGNALED;
	return ual_post_send(rdma->qp, chain->wrs, &bad);
}

static int post_call(struct rdma *rdma, struct rdma_slot *slot)
{
	u64 index = (u64)(slot - rdma->slots);
	u8 *buf = rdma->bufs + index * RDMA_INLINE;
	struct wr_sge sge = { (u64)(uintptr_t)buf, 0, rdma->mr->lkey };
	struct rdma_chain chain;
	int err;

	chain.n = 0;
	err = rdma_call_encode(slot, rdma->send_max, rdma->recv_max, buf, &sge.len, &chain);
	if (err)
		return err;
	chain.wrs[chain.n++] = (struct wr_send){ .opcode = WR_SEND, .sges = &sge, .sge_n = 1 };
	return post(rdma, &chain, index, WR_KIND_SEND);
}

static bool rdma_send(struct xprt *x, struct call *call)
{
	struct rdma *rdma = container_of(x, struct rdma, pub);
	struct rdma_slot *slot = slot_get(rdma);
	int err;

	if (!slot || rdma->err)
		return false;
	call->is_placed = false;
	slot->call = call;
	slot->xid = get_unaligned_be32(call->msg);
	err = post_call(rdma, slot);
	if (err) {
		slot->call = NULL;
		die(rdma, err);
		return false;
	}
	slot->sending = true;
	rdma->busy++;
	return true;
}

/* ---- replies ---------------------------------------------------------------------------------- */

static u8 *recv_buf(const struct rdma *rdma, u64 i)
{
	return rdma->bufs + (RDMA_SLOTS + i) * RDMA_INLINE;
}

static int post_recv(struct rdma *rdma, u64 i)
{
	struct wr_sge sge = { (u64)(uintptr_t)recv_buf(rdma, i), RDMA_INLINE, rdma->mr->lkey };
	struct wr_recv wr = { .wr_id = wr_id(i, WR_KIND_RECV), .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	return ual_post_recv(rdma->qp, &wr, &bad);
}

static void recv_again(struct rdma *rdma, u64 i)
{
	if (!rdma->err && post_recv(rdma, i))
		die(rdma, -ECONNRESET);
}

/* The slot's keys are out no more. */
static void slot_done(struct rdma *rdma, struct rdma_slot *slot, const struct rpcrdma_hdr *hdr,
		      struct xdr_in *in)
{
	struct call *call = slot->call;
	size_t len = xdr_in_left(in);
	const u8 *msg = in->p;
	int err = rdma_call_answer(call, hdr, &msg, &len);

	slot->call = NULL;
	slot->answered = false;
	rdma->busy--;
	chan_reply(rdma->pub.chan, call, msg, len, err);
}

/* Keys that are still out go back; false: they are, by now. */
static bool take_back(struct rdma *rdma, struct rdma_slot *slot)
{
	struct rdma_chain chain;

	chain.n = 0;
	for (unsigned i = 0; i < RDMA_KEYS; i++)
		if (lent_is_out(&slot->lent[i]))
			chain.n += (unsigned)lent_end(&slot->lent[i], &chain.wrs[chain.n]);
	if (!chain.n)
		return false;
	if (post(rdma, &chain, (u64)(slot - rdma->slots), WR_KIND_INV))
		die(rdma, -ECONNRESET);
	return true;
}

/* The server may take away what this very call has lent, and nothing else. */
static bool take_invalidation(struct rdma_slot *slot, const struct wc *wc)
{
	if (!(wc->flags & WC_WITH_INV))
		return true;
	for (unsigned i = 0; i < RDMA_KEYS; i++)
		if (lent_taken(&slot->lent[i], wc->inv_rkey))
			return true;
	return false;
}

/* True: the receive is kept until the keys of its call are back. */
static bool on_message(struct rdma *rdma, u32 recv, const struct wc *wc)
{
	struct rpcrdma_hdr hdr;
	struct rdma_slot *slot;
	struct xdr_in in;

	xdr_in_init(&in, recv_buf(rdma, recv), wc->byte_len);
	if (rpcrdma_hdr_decode(&in, &hdr) != RPCRDMA_OK) {
		die(rdma, -EPROTO);
		return false;
	}
	if (hdr.proc == RDMA_DONE && !(wc->flags & WC_WITH_INV))
		return false;
	slot = slot_find(rdma, hdr.xid);
	if (!slot || hdr.proc == RDMA_DONE || !take_invalidation(slot, wc)) {
		die(rdma, -EPROTO);
		return false;
	}
	rdma->credits = hdr.credits < 1 ? 1 : min_t(u32, hdr.credits, RDMA_SLOTS);
	if (!take_back(rdma, slot)) {
		slot_done(rdma, slot, &hdr, &in);
		return false;
	}
	slot->answered = true;
	slot->recv = recv;
	slot->recv_len = wc->byte_len;
	return true;
}

/* The answer was found right when it came, and nobody has written to it since. */
static void on_taken_back(struct rdma *rdma, struct rdma_slot *slot)
{
	u32 recv = slot->recv;
	struct rpcrdma_hdr hdr;
	struct xdr_in in;

	for (unsigned i = 0; i < RDMA_KEYS; i++)
		lent_ended(&slot->lent[i]);
	xdr_in_init(&in, recv_buf(rdma, recv), slot->recv_len);
	rpcrdma_hdr_decode(&in, &hdr);
	slot_done(rdma, slot, &hdr, &in);
	recv_again(rdma, recv);
}

static void on_completion(struct rdma *rdma, const struct wc *wc)
{
	u32 i = (u32)(wc->wr_id >> WR_KIND_BITS);

	if (wc->status != WC_SUCCESS) {
		die(rdma, -ECONNRESET);
		return;
	}
	switch ((enum wr_kind)(wc->wr_id & WR_KIND_MASK)) {
	case WR_KIND_SEND:
		rdma->slots[i].sending = false;
		break;
	case WR_KIND_RECV:
		if (!on_message(rdma, i, wc))
			recv_again(rdma, i);
		break;
	case WR_KIND_INV:
		on_taken_back(rdma, &rdma->slots[i]);
		break;
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
	rdma->send_max = min_t(u32, peer.recv_bytes, RDMA_INLINE);
	rdma->recv_max = min_t(u32, peer.send_bytes, RDMA_INLINE);
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
	for (unsigned i = 0; i < RDMA_SLOTS; i++)
		for (unsigned k = 0; k < RDMA_KEYS; k++)
			lent_deinit(&rdma->slots[i].lent[k]);
	ual_cq_destroy(rdma->cq);
	ual_mr_dereg(rdma->mr);
	free(rdma->bufs);
	free(rdma);
}

static const struct xprt_ops rdma_ops = { .send = rdma_send, .destroy = rdma_destroy };

static int build(struct rdma *rdma)
{
	struct ornfs_client *c = rdma->pub.chan->client;
	size_t len = (size_t)(RDMA_SLOTS + RDMA_RECVS) * RDMA_INLINE;
	struct ual_qp_cfg cfg = {
		.pd = c->pd,
		.sq_depth = RDMA_SQ_DEPTH,
		.rq_depth = RDMA_RECVS,
		.sq_sge_max = 1,
		.rq_sge_max = 1,
		.ird = 16,
		.ord = 1,
		.fn = on_event,
		.ctx = rdma,
	};
	int err;

	rdma->bufs = aligned_alloc(RDMA_INLINE, len);
	if (!rdma->bufs)
		return -ENOMEM;
	err = ual_mr_reg(c->pd, rdma->bufs, len, ACCESS_LOCAL_WRITE, &rdma->mr);
	if (!err)
		err = ual_cq_create(c->dev, RDMA_SQ_DEPTH + RDMA_RECVS, on_cq, rdma, &rdma->cq);
	cfg.scq = cfg.rcq = rdma->cq;
	if (!err)
		err = ual_qp_create(&cfg, &rdma->qp);
	for (unsigned i = 0; !err && i < RDMA_SLOTS * RDMA_KEYS; i++)
		err = lent_init(&rdma->slots[i / RDMA_KEYS].lent[i % RDMA_KEYS], c->pd);
	for (u64 i = 0; !err && i < RDMA_RECVS; i++)
		err = post_recv(rdma, i);
	return err;
}

int rdma_xprt_create(struct chan *chan, struct xprt **x)
{
	const struct rpcrdma_pdata mine = { .remote_inv = lend_remote_inv(chan->client->dev),
					    .send_bytes = RDMA_INLINE,
					    .recv_bytes = RDMA_INLINE };
	struct rdma *rdma = calloc(1, sizeof(*rdma));
	u8 pdata[RPCRDMA_PDATA_BYTES];
	struct ual_conn_param param = {
		.pdata = pdata,
		.pdata_len = sizeof(pdata),
		.crc = chan->client->cfg.crc,
		.timeout_ms = where_connect_ms(chan),
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
