// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Replies: data items to the Write chunks that the client gave for them, a message that is too long for a Send to
 * the Reply chunk, and the Send that ends the call.  All leave in one chain; the RNIC keeps their order, so when
 * the client sees the Send its memory is filled.
 */
#include "nfsrdma/server/rdma.h"

#define CHAIN_MAX (2 * RPCRDMA_SEGS_MAX + NFS_CALL_ITEMS_MAX + 2)

/* A chain of work requests that is being made. */
struct chain {
	struct rdma_slot *slot;
	struct wr_send wrs[CHAIN_MAX];
	struct wr_sge sges[CHAIN_MAX][2];
	unsigned n;
};

/* Its arrays are large and filled as they are used. */
static void chain_init(struct chain *chain, struct rdma_slot *slot)
{
	chain->slot = slot;
	chain->n = 0;
}

static struct wr_send *chain_add(struct chain *chain, enum wr_opcode opcode)
{
	struct wr_send *wr;

	core_assert(chain->n < CHAIN_MAX);
	wr = &chain->wrs[chain->n];
	*wr = (struct wr_send){
		.wr_id = (u64)(uintptr_t)chain->slot,
		.opcode = opcode,
		.sges = chain->sges[chain->n],
	};
	if (chain->n)
		chain->wrs[chain->n - 1].next = wr;
	chain->n++;
	return wr;
}

/*
 * len bytes at data into the chunk, from its start.  The chunk's segments in hdr become what was written, as RFC 8166
 * 4.3 has it returned.  False: it is too small.
 */
static bool chunk_write(struct chain *chain, struct rpcrdma_hdr *hdr, struct rpcrdma_chunk *chunk,
			const u8 *data, u32 len, u32 lkey, u32 flags)
{
	u32 at = 0;

	for (unsigned i = 0; i < chunk->n; i++) {
		struct rpcrdma_seg *seg = &hdr->segs[chunk->first + i];
		struct wr_send *wr;
		u32 n = min_t(u32, seg->len, len - at);

		seg->len = n;
		if (!n)
			continue;
		wr = chain_add(chain, WR_WRITE);
		chain->sges[chain->n - 1][0] =
			(struct wr_sge){ (u64)(uintptr_t)(data + at), n, lkey };
		wr->sge_n = 1;
		wr->flags = flags;
		wr->remote.addr = seg->offset;
		wr->remote.rkey = seg->handle;
		at += n;
	}
	return at == len;
}

static void chunk_unused(struct rpcrdma_hdr *hdr, const struct rpcrdma_chunk *chunk)
{
	for (unsigned i = 0; i < chunk->n; i++)
		hdr->segs[chunk->first + i].len = 0;
}

/* The key that the client would have to invalidate itself.  0: it gave none. */
static u32 key_to_invalidate(const struct rdma_slot *slot)
{
	const struct rdma_conn *conn = slot->conn;

	if (!conn->peer.remote_inv || !slot->hdr.seg_n ||
	    !(conn->reactor->dev->info.caps & UAL_CAP_REMOTE_INV))
		return 0;
	return slot->hdr.segs[0].handle;
}

static void add_send(struct chain *chain, u32 hdr_len, u32 msg_len, u32 msg_lkey)
{
	struct rdma_slot *slot = chain->slot;
	u32 key = key_to_invalidate(slot);
	struct wr_send *wr = chain_add(chain, key ? WR_SEND_INV : WR_SEND);
	struct wr_sge *sges = chain->sges[chain->n - 1];

	sges[0] = (struct wr_sge){ (u64)(uintptr_t)slot->send, hdr_len, slot->conn->mr->lkey };
	sges[1] = (struct wr_sge){ (u64)(uintptr_t)slot->call.reply_buf, msg_len, msg_lkey };
	wr->sge_n = msg_len ? 2 : 1;
	wr->inv_rkey = key;
	wr->flags = WR_SIGNALED;
}

static void post(struct rdma_slot *slot, const struct chain *chain)
{
	const struct wr_send *bad;

	slot->state = SLOT_SENDING;
	if (ual_post_send(slot->conn->qp, chain->wrs, &bad)) {
		rdma_conn_kill(slot->conn);
		return;
	}
	rdma_host_posted(slot->conn, chain->n);
	slot->pending = chain->n;	/* the Send completes for all */
}

static u32 encode_header(struct rdma_slot *slot, struct rpcrdma_hdr *hdr, enum rpcrdma_proc proc)
{
	struct xdr_out out;

	hdr->proc = proc;
	hdr->credits = RDMA_CREDITS;
	hdr->read_n = 0;
	xdr_out_init(&out, slot->send, RDMA_HDR_BYTES_MAX);
	rpcrdma_hdr_encode(&out, hdr);
	core_assert(xdr_out_ok(&out));
	return (u32)xdr_out_len(&out);
}

static u32 header_bytes(const struct rpcrdma_hdr *hdr)
{
	u32 n = RPCRDMA_HDR_MIN + (hdr->has_reply ? 4u + 16u * hdr->reply.n : 0);

	for (unsigned i = 0; i < hdr->write_n; i++)
		n += 8u + 16u * hdr->writes[i].n;
	return n;
}

static bool item_is_lent(const struct rdma_slot *slot, unsigned i)
{
	const u8 *lent = slot->loan[i].data;

	return lent && slot->call.out[i].data == lent;
}

static bool items_add(struct chain *chain, struct rdma_slot *slot, struct rpcrdma_hdr *hdr)
{
	const struct nfs_call *call = &slot->call;

	for (unsigned i = 0; i < hdr->write_n; i++) {
		bool lent = i < call->out_n && item_is_lent(slot, i);

		if (i >= call->out_n)
			chunk_unused(hdr, &hdr->writes[i]);
		else if (!chunk_write(chain, hdr, &hdr->writes[i], call->out[i].data,
				      call->out[i].len,
				      lent ? slot->loan_mr[i]->lkey : slot->out[i].lkey,
				      lent ? WR_CHANGING : 0))
			return false;
	}
	return true;
}

void rdma_tx_reply(struct rdma_slot *slot)
{
	struct nfs_call *call = &slot->call;
	u32 msg_len = (u32)xdr_out_len(&call->reply);
	u32 lkey = slot->long_reply.size ? slot->long_reply.lkey : slot->conn->mr->lkey;
	struct rpcrdma_hdr *hdr = &slot->hdr;
	struct chain chain;
	bool fits = header_bytes(hdr) + msg_len <= slot->conn->send_max;

	if (!fits && (!hdr->has_reply || hdr->reply.len < msg_len)) {
		rdma_tx_error(slot, RPCRDMA_ERR_CHUNK);
		return;
	}
	if (CHAIN_MAX > slot->conn->sq_free) {
		slot->again = true;
		rdma_slot_wait_sq(slot);
		return;
	}
	slot->again = false;
	chain_init(&chain, slot);
	if (!items_add(&chain, slot, hdr)) {
		rdma_tx_error(slot, RPCRDMA_ERR_CHUNK);
		return;
	}
	if (fits) {
		if (hdr->has_reply)
			chunk_unused(hdr, &hdr->reply);
		add_send(&chain, encode_header(slot, hdr, RDMA_MSG), msg_len, lkey);
	} else {
		chunk_write(&chain, hdr, &hdr->reply, call->reply_buf, msg_len, lkey, 0);
		add_send(&chain, encode_header(slot, hdr, RDMA_NOMSG), 0, 0);
	}
	post(slot, &chain);
}

void rdma_tx_error(struct rdma_slot *slot, enum rpcrdma_error error)
{
	struct chain chain;
	struct xdr_out out;

	if (slot->conn->sq_free < 1) {
		rdma_conn_kill(slot->conn); /* a peer that sends nothing right and reads nothing */
		return;
	}
	slot->hdr.seg_n = 0;
	chain_init(&chain, slot);
	xdr_out_init(&out, slot->send, RDMA_HDR_BYTES_MAX);
	rpcrdma_error_encode(&out, slot->hdr.xid, RDMA_CREDITS, error);
	add_send(&chain, (u32)xdr_out_len(&out), 0, 0);
	post(slot, &chain);
}

static void call_reply(struct nfs_call *call)
{
	struct rdma_slot *slot = container_of(call, struct rdma_slot, call);

	/* Who is not answered waits for ever: the end of the connection is an answer. */
	if (call->drop)
		rdma_conn_kill(slot->conn);
	if (slot->conn->dead)
		rdma_slot_recv(slot);
	else
		rdma_tx_reply(slot);
}

static u8 *call_data_out(struct nfs_call *call, u32 len)
{
	struct rdma_slot *slot = container_of(call, struct rdma_slot, call);
	const struct rpcrdma_hdr *hdr = &slot->hdr;

	if (call->out_n < hdr->write_n && hdr->writes[call->out_n].len)
		return len <= slot->out[call->out_n].size && len <= hdr->writes[call->out_n].len
			       ? slot->out[call->out_n].data
			       : NULL;
	if (xdr_out_left(&call->reply) < 4 + (size_t)len + xdr_pad(len))
		return NULL;
	return call->reply.p + 4;
}

/* Registering costs a software RNIC next to nothing; what is lent is only read. */
static bool call_lend(struct nfs_call *call, const struct nfs_loan *loan)
{
	struct rdma_slot *slot = container_of(call, struct rdma_slot, call);
	unsigned i = call->out_n;

	if (slot->loan[i].data ||
	    ual_mr_reg_file(slot->conn->reactor->pd, (void *)loan->data, loan->len, 0, loan->fd,
			    loan->offset, &slot->loan_mr[i]))
		return false;
	slot->loan[i] = *loan;
	return true;
}

const struct nfs_call_ops rdma_call_ops = {
	.data_out = call_data_out,
	.lend = call_lend,
	.reply = call_reply,
};
