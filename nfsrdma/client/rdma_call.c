// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A call and its answer as messages and chunks.  RFC 8166 3.4, 3.5.  A chunk is one segment, whose key is of this call
 * alone and for its direction alone.
 */
#include <errno.h>

#include "nfsrdma/client/rdma.h"

#define CHUNKS_BYTES 72		/* what one chunk of each kind adds to the header, at most */

/* A call that is being laid out. */
struct layout {
	struct rdma_slot *slot;
	struct call *call;
	struct rpcrdma_hdr *hdr;
	struct rdma_chain *chain;
};

static int add_mem(const struct layout *l, struct rpcrdma_chunk *chunk, const struct mem *mem,
		   const void *data, u32 len, enum lent_way way)
{
	struct lent *lent = &l->slot->lent[way];
	int n = lent_give(lent, mem, data, len, way, &l->chain->wrs[l->chain->n]);

	if (n < 0)
		return n;
	l->chain->n += (unsigned)n;
	return rpcrdma_hdr_add_seg(l->hdr, chunk, lent->key, (uintptr_t)data, len) ? 0 : -EMSGSIZE;
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

static int add_data(const struct layout *l)
{
	struct rpcrdma_hdr *hdr = l->hdr;
	struct call *call = l->call;
	const struct mem *mem;
	const void *at;

	hdr->reads[0] = (struct rpcrdma_chunk){ .position = call->len };
	hdr->read_n = 1;
	mem = bulk_mem(call, call->data, call->data_len, &at);
	if (!mem)
		return -ENOMEM;
	if (mem == call->mem)
		memcpy(call->mem->data, call->data, call->data_len);
	return add_mem(l, &hdr->reads[0], mem, at, call->data_len, LENT_TO_READ);
}

static int add_sink(const struct layout *l)
{
	struct rpcrdma_hdr *hdr = l->hdr;
	struct call *call = l->call;
	const struct mem *mem;
	const void *at;

	hdr->writes[0] = (struct rpcrdma_chunk){ .first = hdr->seg_n };
	hdr->write_n = 1;
	mem = bulk_mem(call, call->sink, call->sink_len, &at);
	if (!mem)
		return -ENOMEM;
	return add_mem(l, &hdr->writes[0], mem, at, call->sink_len, LENT_TO_WRITE);
}

static int add_reply(const struct layout *l)
{
	struct rpcrdma_hdr *hdr = l->hdr;
	struct call *call = l->call;

	if (!call->reply_mem)
		call->reply_mem = mem_get(call->client, call->reply_max);
	if (!call->reply_mem)
		return -ENOMEM;
	hdr->has_reply = true;
	hdr->reply = (struct rpcrdma_chunk){ .first = hdr->seg_n };
	return add_mem(l, &hdr->reply, call->reply_mem, call->reply_mem->data, call->reply_max,
		       LENT_TO_WRITE);
}

/* What has to go as the message itself. */
static u32 whole_len(const struct call *call)
{
	return call->len + (call->one_piece ? call->data_len + (u32)xdr_pad(call->data_len) : 0);
}

/* The message does not fit into a Send: the server reads it. */
static int add_whole(const struct layout *l)
{
	struct rpcrdma_hdr *hdr = l->hdr;
	struct call *call = l->call;
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
	return add_mem(l, &hdr->reads[0], call->mem, call->mem->data, len, LENT_TO_READ);
}

static int chunks(const struct layout *l, u32 send_max, u32 recv_max)
{
	const struct call *call = l->call;
	u32 room = send_max - RPCRDMA_HDR_MIN - CHUNKS_BYTES;
	u32 back = recv_max - RPCRDMA_HDR_MIN - CHUNKS_BYTES;
	int err = 0;

	l->hdr->proc = RDMA_MSG;
	if (whole_len(call) > room)
		err = add_whole(l);
	else if (call->data_len && !call->one_piece && call->len + call->data_len + 4 > room)
		err = add_data(l);
	if (!err && call->sink_len + call->reply_head > back)
		err = add_sink(l);
	else if (!err && call->reply_max > back)
		err = add_reply(l);
	return err;
}

int rdma_call_encode(struct rdma_slot *slot, u32 send_max, u32 recv_max, u8 *buf, u32 *len,
		     struct rdma_chain *chain)
{
	struct call *call = slot->call;
	struct rpcrdma_hdr hdr;
	const struct layout l = { slot, call, &hdr, chain };
	struct xdr_out out;
	int err;

	hdr.xid = slot->xid;
	hdr.credits = RDMA_SLOTS;
	hdr.seg_n = hdr.read_n = hdr.write_n = 0;
	hdr.has_reply = false;
	call->is_placed = false;
	err = chunks(&l, send_max, recv_max);
	if (err)
		return err;
	xdr_out_init(&out, buf, send_max);
	rpcrdma_hdr_encode(&out, &hdr);
	if (hdr.proc == RDMA_MSG)
		xdr_out_fixed(&out, call->msg, call->len);
	if (!hdr.read_n && call->data_len)
		xdr_out_fixed(&out, call->data, call->data_len);
	*len = (u32)xdr_out_len(&out);
	return xdr_out_ok(&out) ? 0 : -EMSGSIZE;
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

int rdma_call_answer(struct call *call, const struct rpcrdma_hdr *hdr, const u8 **msg, size_t *len)
{
	if (hdr->proc == RDMA_NOMSG) {
		if (!hdr->has_reply || !call->reply_mem || hdr->reply.len > call->reply_max)
			return -EPROTO;
		*msg = call->reply_mem->data;
		*len = hdr->reply.len;
	} else if (hdr->proc != RDMA_MSG) {
		return -EREMOTEIO;
	}
	return sink_done(call, hdr) ? 0 : -EPROTO;
}
