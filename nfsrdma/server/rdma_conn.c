// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A connection: set-up, completions, what waits, its end. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "nfsrdma/server/rdma.h"

#define WC_BATCH	32
#define SLOTS		(RDMA_CREDITS + RDMA_RECV_SPARE)
#define SLOT_BYTES	(RDMA_INLINE_BYTES + RDMA_HDR_BYTES_MAX + RDMA_INLINE_BYTES)
#define ORD		16
#define IRD		16

/* ---- slots ------------------------------------------------------------------------------------ */

static void end_loan(struct rdma_slot *slot, unsigned i)
{
	if (!slot->loan[i].data)
		return;
	ual_mr_dereg(slot->loan_mr[i]);
	slot->loan[i].end(&slot->loan[i]);
	slot->loan[i].data = NULL;
}

void rdma_slot_release(struct rdma_slot *slot)
{
	struct rdma_arena *arena = &slot->conn->reactor->arena;
	struct rdma_host *host = slot->conn->host;

	slot->conn->bulk -= slot->bulk;
	slot->bulk = 0;
	rdma_buf_put(arena, host, &slot->whole);
	rdma_buf_put(arena, host, &slot->long_reply);
	for (unsigned i = 0; i < NFS_CALL_ITEMS_MAX; i++) {
		end_loan(slot, i);
		rdma_buf_put(arena, host, &slot->in[i]);
		rdma_buf_put(arena, host, &slot->out[i]);
	}
}

static int post_recv(struct rdma_slot *slot)
{
	struct wr_sge sge = { (u64)(uintptr_t)slot->recv, RDMA_INLINE_BYTES, slot->conn->mr->lkey };
	struct wr_recv wr = { .wr_id = (u64)(uintptr_t)slot | RDMA_WR_RECV,
			      .sges = &sge,
			      .sge_n = 1 };
	const struct wr_recv *bad;

	slot->state = SLOT_POSTED;
	return ual_post_recv(slot->conn->qp, &wr, &bad);
}

/* Bulk memory has come back. */
static void feed(struct nfs_rdma_reactor *reactor)
{
	if (!list_empty(&reactor->turns))
		ual_defer(reactor->dev->loop, &reactor->feed);
}

void rdma_slot_recv(struct rdma_slot *slot)
{
	struct rdma_conn *conn = slot->conn;

	rdma_slot_release(slot);
	conn->busy--;
	if (conn->dead) {
		slot->state = SLOT_POSTED;
		ual_defer(conn->pub.loop, &conn->defer);
	} else if (post_recv(slot)) {
		rdma_conn_kill(conn);
	} else if (!list_empty(&conn->waiting)) {
		ual_defer(conn->pub.loop, &conn->defer);
	}
	feed(conn->reactor);
}

void rdma_slot_wait_sq(struct rdma_slot *slot)
{
	list_add_tail(&slot->waits, &slot->conn->waiting);
}

void rdma_slot_wait_mem(struct rdma_slot *slot)
{
	struct rdma_host *host = slot->conn->host;

	slot->starved = slot->in_turn = true;
	list_add_tail(&slot->waits, &host->starved);
	if (list_empty(&host->turn))
		list_add_tail(&host->turn, &slot->conn->reactor->turns);
}

/* The send queue or the window has room again. */
static void feed_waiting(struct rdma_conn *conn)
{
	while (!conn->dead && !list_empty(&conn->waiting)) {
		struct rdma_slot *slot = list_first_entry(&conn->waiting, struct rdma_slot, waits);

		list_del_init(&slot->waits);
		if (slot->state == SLOT_READING)
			rdma_rx_resume(slot);
		else
			rdma_tx_reply(slot);
		if (!list_empty(&slot->waits) && !slot->starved) {
			list_del_init(&slot->waits);	/* first again */
			list_add(&slot->waits, &conn->waiting);
			return;
		}
	}
}

/* ---- completions ------------------------------------------------------------------------------- */

static void sent(struct rdma_slot *slot)
{
	struct rdma_conn *conn = slot->conn;

	if (slot->state == SLOT_READING) {
		slot->pending--;
		rdma_host_completed(conn, 1);
		rdma_rx_read_done(slot);
	} else {
		rdma_host_completed(conn, slot->pending);
		slot->pending = 0;
		rdma_slot_recv(slot);
	}
}

void rdma_conn_fail(struct rdma_conn *conn, const char *why)
{
	if (!conn->pub.why)
		conn->pub.why = why;
	rdma_conn_kill(conn);
}

static void on_completion(struct rdma_conn *conn, const struct wc *wc)
{
	struct rdma_slot *slot = (void *)(uintptr_t)(wc->wr_id & ~(u64)3);

	if (wc->status != WC_SUCCESS) {
		if (wc->status == WC_WR_FLUSH_ERR)
			rdma_conn_kill(conn);	/* the event says why */
		else
			rdma_conn_fail(conn, "a work request failed");
		return;
	}
	if (wc->wr_id & RDMA_WR_BACK) {
		rdma_back_sent(conn, wc->wr_id);
	} else if (wc->wr_id & RDMA_WR_RECV) {
		conn->busy++;
		slot->recv_len = wc->byte_len;
		rdma_rx_message(slot);
	} else {
		sent(slot);
	}
}

static void on_cq(struct ual_cq *cq)
{
	struct rdma_conn *conn = cq->ctx;
	struct wc wc[WC_BATCH];
	int n;

	do {
		n = ual_cq_poll(cq, wc, WC_BATCH);
		for (int i = 0; i < n && !conn->dead; i++)
			on_completion(conn, &wc[i]);
	} while (n == WC_BATCH && !conn->dead);
	feed_waiting(conn);
	rdma_back_resume(conn);
}

/* ---- end --------------------------------------------------------------------------------------- */

void rdma_conn_kill(struct rdma_conn *conn)
{
	conn->dead = true;
	ual_defer(conn->pub.loop, &conn->defer);
}

/* Nothing of the network calls in after this; slots that are being worked on come back one by one. */
static void teardown(struct rdma_conn *conn)
{
	ual_qp_destroy(conn->qp);
	conn->qp = NULL;
	ual_timer_disarm(conn->pub.loop, &conn->timer);
	room_leave(&conn->guest);
	for (unsigned i = 0; i < SLOTS; i++) {
		struct rdma_slot *slot = &conn->slots[i];

		if (!list_empty(&slot->waits))
			list_del_init(&slot->waits);
		if (slot->state == SLOT_READING || slot->state == SLOT_SENDING ||
		    (slot->state == SLOT_RUNNING && slot->again)) {
			slot->again = false;
			slot->state = SLOT_POSTED;
			rdma_slot_release(slot);
			conn->busy--;
		}
	}
	if (conn->up)
		rdma_back_gone(conn);
	feed(conn->reactor);
}

static void conn_free(struct rdma_conn *conn)
{
	struct nfs_rdma_reactor *reactor = conn->reactor;

	if (conn->up)
		nfs_conn_down(reactor->rdma->server, &conn->pub);
	rdma_back_free(conn);
	ual_defer_cancel(conn->pub.loop, &conn->defer);
	ual_qp_destroy(conn->qp);
	ual_cq_destroy(conn->cq);
	ual_mr_dereg(conn->mr);
	if (!list_empty(&conn->link)) {
		list_del(&conn->link);
		reactor->conn_n--;
	}
	rdma_host_leave(conn);
	free(conn->mem);
	free(conn);
}

static void on_defer(struct ual_defer *d)
{
	struct rdma_conn *conn = d->ctx;

	feed_waiting(conn);
	if (conn->dead && conn->qp)
		teardown(conn);
	if (conn->dead && !conn->busy)
		conn_free(conn);
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct rdma_conn *conn = qp->cfg.ctx;

	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		conn->pub.peer = qp->peer;
		conn->pub.local = qp->local;
		conn->up = true;
		nfs_conn_up(conn->reactor->rdma->server, &conn->pub);
		return;
	case UAL_EV_TERMINATED:		/* the end follows */
		conn->pub.why = ev->term.local ? "the client broke the RDMA protocol"
					       : "the client sent a Terminate";
		return;
	case UAL_EV_CQ_OVERRUN:
		conn->pub.why = "completion queue overrun";
		return;
	case UAL_EV_REJECTED:
	case UAL_EV_FAILED:
		nfs_conn_refused(conn->reactor->rdma->server, conn->pub.loop, &conn->pub.peer,
				 "it was not established");
		rdma_conn_kill(conn);
		return;
	case UAL_EV_DISCONNECTED:
		/* A reset is how programs leave that do not say good-bye. */
		if (ev->err && ev->err != -ECONNRESET)
			rdma_conn_fail(conn, "the connection broke");
		else
			rdma_conn_kill(conn);
		return;
	}
}

/* ---- set-up ------------------------------------------------------------------------------------ */

static struct nfs_rdma_reactor *reactor_of(struct nfs_rdma *rdma, const struct ual_device *dev)
{
	for (unsigned i = 0; i < rdma->reactor_n; i++)
		if (rdma->reactors[i].dev == dev)
			return &rdma->reactors[i];
	return NULL;
}

static int slots_init(struct rdma_conn *conn)
{
	u8 *p = conn->mem;

	for (unsigned i = 0; i < SLOTS; i++, p += SLOT_BYTES) {
		struct rdma_slot *slot = &conn->slots[i];

		slot->conn = conn;
		slot->recv = p;
		slot->send = p + RDMA_INLINE_BYTES;
		INIT_LIST_HEAD(&slot->waits);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		int err = post_recv(&conn->slots[i]);

		if (err)
			return err;
	}
	return 0;
}

static int conn_build(struct rdma_conn *conn)
{
	struct nfs_rdma_reactor *reactor = conn->reactor;
	struct ual_qp_cfg cfg = {
		.pd = reactor->pd,
		.sq_depth = RDMA_SQ_DEPTH,
		.rq_depth = SLOTS,
		.sq_sge_max = RDMA_SGE_MAX,
		.rq_sge_max = 1,
		.ird = IRD,
		.ord = ORD,
		.fn = on_event,
		.ctx = conn,
	};
	int err;

	conn->mem_bytes = (size_t)SLOTS * SLOT_BYTES;
	conn->mem = aligned_alloc(64, (conn->mem_bytes + 63) & ~(size_t)63);
	if (!conn->mem)
		return -ENOMEM;
	err = ual_mr_reg(reactor->pd, conn->mem, conn->mem_bytes, ACCESS_LOCAL_WRITE, &conn->mr);
	if (err)
		return err;
	err = ual_cq_create(reactor->dev, RDMA_SQ_DEPTH + SLOTS, on_cq, conn, &conn->cq);
	if (err)
		return err;
	cfg.scq = cfg.rcq = conn->cq;
	err = ual_qp_create(&cfg, &conn->qp);
	if (err)
		return err;
	conn->sq_free = RDMA_SQ_DEPTH;
	return slots_init(conn);
}

static void on_drop(struct nfs_conn *pub)
{
	rdma_conn_kill(container_of(pub, struct rdma_conn, pub));
}

static struct rdma_conn *conn_create(struct nfs_rdma_reactor *reactor,
				     const struct sockaddr_storage *peer)
{
	static atomic_ullong ids;
	struct rdma_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->reactor = reactor;
	conn->pub.rdma = true;
	conn->pub.peer = *peer;
	conn->pub.loop = reactor->dev->loop;
	conn->pub.id = atomic_fetch_add(&ids, 1) + 1;
	conn->pub.call_back = rdma_back_call;
	conn->pub.drop = on_drop;
	conn->defer.fn = on_defer;
	conn->defer.ctx = conn;
	conn->timer.fn = rdma_host_on_timer;
	conn->timer.ctx = conn;
	INIT_LIST_HEAD(&conn->waiting);
	INIT_LIST_HEAD(&conn->link);
	if (!rdma_host_enter(conn) || conn_build(conn)) {
		conn_free(conn);
		return NULL;
	}
	list_add_tail(&conn->link, &reactor->conns);
	reactor->conn_n++;
	room_enter(&reactor->silent, &conn->guest, peer);
	return conn;
}

void rdma_conn_request(struct ual_conn_req *req)
{
	struct nfs_rdma *rdma = req->ctx;
	struct nfs_rdma_reactor *reactor = reactor_of(rdma, req->dev);
	struct rpcrdma_pdata mine = {
		.remote_inv = true,
		.send_bytes = RDMA_INLINE_BYTES,
		.recv_bytes = RDMA_INLINE_BYTES,
	};
	u8 pdata[RPCRDMA_PDATA_BYTES];
	struct ual_conn_param param = {
		.pdata = pdata,
		.pdata_len = sizeof(pdata),
		.crc = rdma->cfg.crc,
	};
	struct rdma_conn *conn = NULL;

	if (reactor && !reactor->stopping && rdma_host_admit(reactor, &req->peer)) {
		conn = conn_create(reactor, &req->peer);
		if (!conn)
			nfs_conn_refused(rdma->server, req->dev->loop, &req->peer, "no memory");
	}
	if (!conn) {
		ual_reject(req, NULL, 0);
		return;
	}
	rpcrdma_pdata_decode(req->pdata, req->pdata_len, &conn->peer);
	conn->send_max = min_t(u32, conn->peer.recv_bytes, RDMA_INLINE_BYTES);
	conn->pub.inline_max = conn->send_max;
	conn->pub.local = req->local;
	rpcrdma_pdata_encode(pdata, &mine);
	if (ual_accept(req, conn->qp, &param))
		rdma_conn_kill(conn);
}
