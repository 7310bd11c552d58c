// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Calls as they come: the transport header, then memory for all that the call and its reply move, then the Read
 * chunks.  Memory is taken at once for everything, so that calls never wait for each other while holding some.
 */
#include "nfsrdma/server/rdma.h"

#define RPC_MSG_TYPE_AT	4	/* of an RPC message: after the xid */

static bool is_whole(const struct rpcrdma_hdr *hdr)
{
	return hdr->read_n && hdr->reads[0].position == 0;
}

static unsigned first_item(const struct rpcrdma_hdr *hdr)
{
	return is_whole(hdr) ? 1 : 0;
}

/* What the limits of this server allow. */
static bool chunks_ok(const struct rpcrdma_hdr *hdr)
{
	if (hdr->proc == RDMA_NOMSG && !is_whole(hdr))
		return false;
	if (hdr->read_n - first_item(hdr) > NFS_CALL_ITEMS_MAX || hdr->write_n > NFS_CALL_ITEMS_MAX)
		return false;
	for (unsigned i = 0; i < hdr->read_n; i++)
		if (hdr->reads[i].len > NFS_DATA_MAX + 4)
			return false;
	return true;
}

static u32 reply_bytes(const struct rpcrdma_hdr *hdr)
{
	return hdr->has_reply && hdr->reply.len > RDMA_INLINE_BYTES
		       ? min_t(u32, hdr->reply.len, RDMA_REPLY_BYTES)
		       : 0;
}

static enum rdma_mem memory_take(struct rdma_slot *slot)
{
	const struct rpcrdma_hdr *hdr = &slot->hdr;
	struct rdma_conn *conn = slot->conn;
	unsigned first = first_item(hdr), n = 0;
	struct {
		u32 len;
		struct rdma_buf *buf;
	} want[2 * NFS_CALL_ITEMS_MAX + 2];
	enum rdma_mem mem = RDMA_MEM_OK;

	if (is_whole(hdr))
		want[n++] = (typeof(want[0])){ hdr->reads[0].len, &slot->whole };
	for (unsigned i = first; i < hdr->read_n; i++)
		want[n++] = (typeof(want[0])){ hdr->reads[i].len, &slot->in[i - first] };
	for (unsigned i = 0; i < hdr->write_n; i++)
		if (hdr->writes[i].len)
			want[n++] = (typeof(want[0])){ min_t(u32, hdr->writes[i].len, NFS_DATA_MAX),
						       &slot->out[i] };
	if (reply_bytes(hdr))
		want[n++] = (typeof(want[0])){ reply_bytes(hdr), &slot->long_reply };
	for (unsigned i = 0; i < n && mem == RDMA_MEM_OK; i++)
		mem = rdma_buf_get(&conn->reactor->arena, conn->host, want[i].len, want[i].buf);
	return mem;
}

/* All that it will hold: a client could have as much as it likes in a part that did not count. */
static u32 bulk_bytes(const struct rpcrdma_hdr *hdr)
{
	u32 n = reply_bytes(hdr);

	for (unsigned i = 0; i < hdr->read_n; i++)
		n += hdr->reads[i].len;
	for (unsigned i = 0; i < hdr->write_n; i++)
		n += min_t(u32, hdr->writes[i].len, NFS_DATA_MAX);
	return n;
}

/* False: it waits.  Who has waited goes before who has just come. */
static bool window_enter(struct rdma_slot *slot)
{
	struct rdma_conn *conn = slot->conn;
	u32 n = bulk_bytes(&slot->hdr);

	if (slot->bulk || !n)
		return true;
	if ((!slot->in_turn && !list_empty(&conn->waiting)) ||
	    (conn->bulk && conn->bulk + n > RDMA_WINDOW)) {
		slot->in_turn = true;
		rdma_slot_wait_sq(slot);
		return false;
	}
	slot->bulk = n;
	conn->bulk += n;
	return true;
}

static bool chunk_read(struct rdma_slot *slot, const struct rpcrdma_chunk *chunk,
		       struct rdma_buf *buf)
{
	struct wr_sge all = { (u64)(uintptr_t)buf->data, chunk->len, buf->lkey };
	u32 at = 0;

	if (ual_sink_open(slot->conn->reactor->pd, &all, &buf->sink))
		return false;
	for (unsigned i = 0; i < chunk->n; i++) {
		const struct rpcrdma_seg *seg = &slot->hdr.segs[chunk->first + i];
		struct wr_sge sge = { (u64)(uintptr_t)(buf->data + at), seg->len, all.lkey };
		struct wr_send wr = {
			.wr_id = (u64)(uintptr_t)slot,
			.opcode = WR_READ,
			.flags = WR_SIGNALED,
			.sges = &sge,
			.sge_n = 1,
			.remote = { seg->offset, seg->handle },
		};
		const struct wr_send *bad;

		if (!seg->len)
			continue;
		if (ual_post_send(slot->conn->qp, &wr, &bad))
			return false;
		rdma_host_posted(slot->conn, 1);
		slot->pending++;
		at += seg->len;
	}
	return true;
}

/* The call's header and message are together: to the programs.  No key that the client saw is good any more. */
static void run(struct rdma_slot *slot)
{
	const struct rpcrdma_hdr *hdr = &slot->hdr;
	struct rdma_conn *conn = slot->conn;
	struct nfs_call *call = &slot->call;
	unsigned first = first_item(hdr);
	u32 moved = 0;

	if (slot->whole.size) {
		ual_sink_close(&slot->whole.sink);
		call->msg = slot->whole.data;
		call->msg_len = hdr->reads[0].len;
	}
	call->in_n = hdr->read_n - first;
	for (unsigned i = 0; i < call->in_n; i++) {
		const struct rpcrdma_chunk *chunk = &hdr->reads[first + i];

		ual_sink_close(&slot->in[i].sink);
		/* Positions are those of the stream that nothing was taken out of.  RFC 8166 3.4.4 */
		call->in[i] = (struct nfs_item){
			.position = chunk->position - moved,
			.data = slot->in[i].data,
			.len = chunk->len,
		};
		moved += chunk->len + (u32)xdr_pad(chunk->len);
	}
	call->ops = &rdma_call_ops;
	call->server = conn->reactor->rdma->server;
	call->conn = &conn->pub;
	call->loop = conn->pub.loop;
	if (slot->long_reply.size) {
		call->reply_buf = slot->long_reply.data;
		call->reply_max = min_t(u32, hdr->reply.len, RDMA_REPLY_BYTES);
	} else {
		call->reply_buf = slot->send + RDMA_HDR_BYTES_MAX;
		call->reply_max = RDMA_INLINE_BYTES;
	}
	slot->state = SLOT_RUNNING;
	nfs_call_run(call);
}

/* For bulk memory: others wait for it already. */
static bool must_wait(const struct rdma_slot *slot)
{
	const struct rdma_conn *conn = slot->conn;

	return slot->bulk && !slot->fed &&
	       (conn->reactor->dry || !list_empty(&conn->host->starved));
}

void rdma_rx_resume(struct rdma_slot *slot)
{
	const struct rpcrdma_hdr *hdr = &slot->hdr;
	unsigned first = first_item(hdr), segs = 0;

	if (!slot->again && !window_enter(slot))
		return;
	if (!slot->again) {
		enum rdma_mem mem = must_wait(slot) ? RDMA_MEM_SHARE : memory_take(slot);

		if (mem != RDMA_MEM_OK) {
			slot->conn->reactor->dry |= mem == RDMA_MEM_NONE;
			rdma_slot_release(slot);
			rdma_slot_wait_mem(slot);
			return;
		}
	}
	for (unsigned i = 0; i < hdr->read_n; i++)
		segs += hdr->reads[i].n;
	if (segs > slot->conn->sq_free) {
		slot->again = true;	/* it keeps its memory: the send queue empties by itself */
		rdma_slot_wait_sq(slot);
		return;
	}
	slot->again = false;
	slot->read_ns = ual_loop_now(slot->conn->pub.loop);
	if (is_whole(hdr) && !chunk_read(slot, &hdr->reads[0], &slot->whole))
		goto broken;
	for (unsigned i = first; i < hdr->read_n; i++)
		if (!chunk_read(slot, &hdr->reads[i], &slot->in[i - first]))
			goto broken;
	if (!slot->pending)
		run(slot);
	return;

broken:
	rdma_conn_kill(slot->conn);
}

void rdma_rx_read_done(struct rdma_slot *slot)
{
	if (!slot->pending)
		run(slot);
}

void rdma_rx_message(struct rdma_slot *slot)
{
	struct rpcrdma_hdr *hdr = &slot->hdr;
	struct xdr_in in;

	slot->state = SLOT_READING;
	slot->again = slot->in_turn = slot->starved = slot->fed = false;
	xdr_in_init(&in, slot->recv, slot->recv_len);
	switch (rpcrdma_hdr_decode(&in, hdr)) {
	case RPCRDMA_SHORT:
		slot->conn->pub.why = "what came is too short for a call";
		rdma_conn_kill(slot->conn);
		rdma_slot_recv(slot);
		return;
	case RPCRDMA_BAD_VERS:
		rdma_tx_error(slot, RPCRDMA_ERR_VERS);
		return;
	case RPCRDMA_BAD_CHUNK:
		rdma_tx_error(slot, RPCRDMA_ERR_CHUNK);
		return;
	case RPCRDMA_OK:
		break;
	}
	room_leave(&slot->conn->guest);
	if (hdr->proc == RDMA_DONE || hdr->proc == RDMA_ERROR) {
		if (hdr->proc == RDMA_ERROR)
			rdma_back_reply(slot->conn, hdr, NULL, 0);
		rdma_slot_recv(slot);
		return;
	}
	slot->call.msg = in.p;
	slot->call.msg_len = (u32)xdr_in_left(&in);
	/* The other direction: an answer to a call of ours.  RFC 8167 */
	if (hdr->proc == RDMA_MSG && slot->call.msg_len >= 2 * RPC_MSG_TYPE_AT &&
	    get_unaligned_be32(slot->call.msg + RPC_MSG_TYPE_AT) == RPC_REPLY) {
		rdma_back_reply(slot->conn, hdr, slot->call.msg, slot->call.msg_len);
		rdma_slot_recv(slot);
		return;
	}
	if (!chunks_ok(hdr)) {
		rdma_tx_error(slot, RPCRDMA_ERR_CHUNK);
		return;
	}
	rdma_rx_resume(slot);
}
