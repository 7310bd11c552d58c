// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* RPC-over-RDMA headers: see rpcrdma.h. */
#include "nfsrdma/engine/rpcrdma.h"

/* RFC 8797 4.1 */
#define PDATA_MAGIC	0xf6ab0e18
#define PDATA_VERSION	1
#define PDATA_REMOTE_INV 0x01
#define PDATA_UNIT	1024
#define PDATA_UNITS_MAX	256

bool rpcrdma_hdr_add_seg(struct rpcrdma_hdr *hdr, struct rpcrdma_chunk *chunk, u32 handle,
			 u64 offset, u32 len)
{
	if (hdr->seg_n == RPCRDMA_SEGS_MAX || len > RPCRDMA_CHUNK_BYTES_MAX - chunk->len)
		return false;
	if (!chunk->n)
		chunk->first = hdr->seg_n;
	core_assert(chunk->first + chunk->n == hdr->seg_n);
	hdr->segs[hdr->seg_n++] = (struct rpcrdma_seg){ handle, len, offset };
	chunk->n++;
	chunk->len += len;
	return true;
}

static bool seg_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr, struct rpcrdma_chunk *chunk)
{
	u32 handle = xdr_in_u32(in);
	u32 len = xdr_in_u32(in);
	u64 offset = xdr_in_u64(in);

	return xdr_in_ok(in) && offset + len >= offset &&
	       rpcrdma_hdr_add_seg(hdr, chunk, handle, offset, len);
}

/* A list of segments, each with its position; those of one position are one chunk.  RFC 8166 3.4.4. */
static bool reads_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr)
{
	struct rpcrdma_chunk *chunk = NULL;

	while (xdr_in_bool(in)) {
		u32 position = xdr_in_u32(in);

		if (!chunk || chunk->position != position) {
			/* Positions grow, and are those of XDR items. */
			if ((chunk && position < chunk->position) || (position & 3) ||
			    hdr->read_n == RPCRDMA_SEGS_MAX)
				return false;
			chunk = &hdr->reads[hdr->read_n++];
			*chunk = (struct rpcrdma_chunk){ .position = position };
		}
		if (!seg_decode(in, hdr, chunk))
			return false;
	}
	return xdr_in_ok(in);
}

static bool chunk_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr, struct rpcrdma_chunk *chunk)
{
	u32 n = xdr_in_u32(in);

	*chunk = (struct rpcrdma_chunk){ .first = hdr->seg_n };
	if (n > RPCRDMA_SEGS_MAX)
		return false;
	while (n--)
		if (!seg_decode(in, hdr, chunk))
			return false;
	return xdr_in_ok(in);
}

static bool writes_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr)
{
	while (xdr_in_bool(in)) {
		if (hdr->write_n == RPCRDMA_WRITES_MAX)
			return false;
		if (!chunk_decode(in, hdr, &hdr->writes[hdr->write_n++]))
			return false;
	}
	return xdr_in_ok(in);
}

static bool reply_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr)
{
	hdr->has_reply = xdr_in_bool(in);
	if (hdr->has_reply && !chunk_decode(in, hdr, &hdr->reply))
		return false;
	return xdr_in_ok(in);
}

/* A Position Zero chunk is the whole message; with RDMA_MSG it would be said twice.  RFC 8166 3.5.3. */
static bool lists_agree(const struct rpcrdma_hdr *hdr)
{
	bool whole = hdr->read_n && hdr->reads[0].position == 0;

	return hdr->proc == RDMA_NOMSG || !whole;
}

static enum rpcrdma_fault error_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr)
{
	hdr->error = xdr_in_u32(in);
	if (hdr->error == RPCRDMA_ERR_VERS) {
		hdr->vers_low = xdr_in_u32(in);
		hdr->vers_high = xdr_in_u32(in);
	} else if (hdr->error != RPCRDMA_ERR_CHUNK) {
		return RPCRDMA_BAD_CHUNK;
	}
	return xdr_in_ok(in) ? RPCRDMA_OK : RPCRDMA_BAD_CHUNK;
}

enum rpcrdma_fault rpcrdma_hdr_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr)
{
	u32 proc;

	hdr->xid = xdr_in_u32(in);
	hdr->vers = xdr_in_u32(in);
	hdr->credits = xdr_in_u32(in);
	proc = xdr_in_u32(in);
	hdr->seg_n = hdr->read_n = hdr->write_n = 0;
	hdr->has_reply = false;
	hdr->reply = (struct rpcrdma_chunk){ 0 };
	hdr->error = hdr->vers_low = hdr->vers_high = 0;
	if (!xdr_in_ok(in))
		return RPCRDMA_SHORT;
	if (hdr->vers != RPCRDMA_VERSION)
		return RPCRDMA_BAD_VERS;
	if (proc > RDMA_ERROR || proc == RDMA_MSGP)
		return RPCRDMA_BAD_CHUNK;
	hdr->proc = (enum rpcrdma_proc)proc;
	if (hdr->proc == RDMA_ERROR)
		return error_decode(in, hdr);
	if (hdr->proc == RDMA_DONE)
		return RPCRDMA_OK;
	if (!reads_decode(in, hdr) || !writes_decode(in, hdr) || !reply_decode(in, hdr) ||
	    !lists_agree(hdr))
		return RPCRDMA_BAD_CHUNK;
	return RPCRDMA_OK;
}

static void seg_encode(struct xdr_out *out, const struct rpcrdma_seg *seg)
{
	xdr_out_u32(out, seg->handle);
	xdr_out_u32(out, seg->len);
	xdr_out_u64(out, seg->offset);
}

static void chunk_encode(struct xdr_out *out, const struct rpcrdma_hdr *hdr,
			 const struct rpcrdma_chunk *chunk)
{
	xdr_out_bool(out, true);
	xdr_out_u32(out, chunk->n);
	for (unsigned i = 0; i < chunk->n; i++)
		seg_encode(out, &hdr->segs[chunk->first + i]);
}

static void fixed_encode(struct xdr_out *out, u32 xid, u32 credits, enum rpcrdma_proc proc)
{
	xdr_out_u32(out, xid);
	xdr_out_u32(out, RPCRDMA_VERSION);
	xdr_out_u32(out, credits);
	xdr_out_u32(out, proc);
}

void rpcrdma_hdr_encode(struct xdr_out *out, const struct rpcrdma_hdr *hdr)
{
	fixed_encode(out, hdr->xid, hdr->credits, hdr->proc);
	for (unsigned i = 0; i < hdr->read_n; i++) {
		const struct rpcrdma_chunk *chunk = &hdr->reads[i];

		for (unsigned k = 0; k < chunk->n; k++) {
			xdr_out_bool(out, true);
			xdr_out_u32(out, chunk->position);
			seg_encode(out, &hdr->segs[chunk->first + k]);
		}
	}
	xdr_out_bool(out, false);
	for (unsigned i = 0; i < hdr->write_n; i++)
		chunk_encode(out, hdr, &hdr->writes[i]);
	xdr_out_bool(out, false);
	if (hdr->has_reply)
		chunk_encode(out, hdr, &hdr->reply);
	else
		xdr_out_bool(out, false);
}

void rpcrdma_error_encode(struct xdr_out *out, u32 xid, u32 credits, enum rpcrdma_error error)
{
	fixed_encode(out, xid, credits, RDMA_ERROR);
	xdr_out_u32(out, error);
	if (error == RPCRDMA_ERR_VERS) {
		xdr_out_u32(out, RPCRDMA_VERSION);
		xdr_out_u32(out, RPCRDMA_VERSION);
	}
}

bool rpcrdma_pdata_decode(const void *data, size_t len, struct rpcrdma_pdata *p)
{
	const u8 *d = data;

	*p = (struct rpcrdma_pdata){ .send_bytes = RPCRDMA_INLINE_MIN,
				     .recv_bytes = RPCRDMA_INLINE_MIN };
	if (len < RPCRDMA_PDATA_BYTES || get_unaligned_be32(d) != PDATA_MAGIC ||
	    d[4] != PDATA_VERSION)
		return false;
	p->remote_inv = d[5] & PDATA_REMOTE_INV;
	p->send_bytes = (d[6] + 1u) * PDATA_UNIT;
	p->recv_bytes = (d[7] + 1u) * PDATA_UNIT;
	return true;
}

static u8 units(u32 bytes)
{
	u32 n = min_t(u32, bytes / PDATA_UNIT, PDATA_UNITS_MAX);

	return (u8)(n ? n - 1 : 0);
}

void rpcrdma_pdata_encode(u8 out[RPCRDMA_PDATA_BYTES], const struct rpcrdma_pdata *p)
{
	put_unaligned_be32(PDATA_MAGIC, out);
	out[4] = PDATA_VERSION;
	out[5] = p->remote_inv ? PDATA_REMOTE_INV : 0;
	out[6] = units(p->send_bytes);
	out[7] = units(p->recv_bytes);
}
