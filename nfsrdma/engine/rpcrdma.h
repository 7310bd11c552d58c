/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * RPC-over-RDMA version 1: transport headers and what a peer says when it connects.  RFC 8166, 8167, 8797.
 *
 * The header is decoded once into host order; the RPC message of an RDMA_MSG follows it in the input.  Reads are
 * from the requester's view: a Read chunk is memory of the requester that the responder reads, a Write or Reply
 * chunk memory that it writes.
 */
#ifndef NFSRDMA_RPCRDMA_H
#define NFSRDMA_RPCRDMA_H

#include "nfsrdma/engine/xdr.h"

#define RPCRDMA_VERSION		1
#define RPCRDMA_PORT		20049
#define RPCRDMA_SEGS_MAX	64	/* of all chunks of a header together */
#define RPCRDMA_WRITES_MAX	8	/* Write chunks of a header */
#define RPCRDMA_CHUNK_BYTES_MAX	(4u << 20)	/* of one chunk */
#define RPCRDMA_INLINE_MIN	1024	/* RFC 8166 3.3.2: when nothing else is known */
#define RPCRDMA_HDR_MIN		28	/* fixed part and three empty lists */

enum rpcrdma_proc {		/* RFC 8166 4.2.4 */
	RDMA_MSG	= 0,
	RDMA_NOMSG	= 1,
	RDMA_MSGP	= 2,	/* never sent, refused */
	RDMA_DONE	= 3,	/* never sent, ignored */
	RDMA_ERROR	= 4,
};

enum rpcrdma_error { RPCRDMA_ERR_VERS = 1, RPCRDMA_ERR_CHUNK = 2 };

struct rpcrdma_seg {
	u32 handle;
	u32 len;
	u64 offset;
};

struct rpcrdma_chunk {		/* a run of hdr.segs */
	u16 first, n;
	u32 len;		/* sum of their lengths */
	/* Read chunks: where in the XDR stream it was taken out; 0: the whole message */
	u32 position;
};

struct rpcrdma_hdr {
	u32 xid, vers, credits;
	enum rpcrdma_proc proc;
	struct rpcrdma_seg segs[RPCRDMA_SEGS_MAX];
	u16 seg_n;
	u16 read_n, write_n; /* Read segments of equal position that stand together are one chunk */
	struct rpcrdma_chunk reads[RPCRDMA_SEGS_MAX];
	struct rpcrdma_chunk writes[RPCRDMA_WRITES_MAX];
	struct rpcrdma_chunk reply;
	bool has_reply;
	u32 error;		/* of RDMA_ERROR: enum rpcrdma_error */
	u32 vers_low, vers_high;	/* of RPCRDMA_ERR_VERS */
};

enum rpcrdma_fault {
	RPCRDMA_OK,
	RPCRDMA_SHORT,	   /* not even xid, version, credits, procedure: nothing can be answered */
	RPCRDMA_BAD_VERS,	/* xid, vers, credits are valid: answer RPCRDMA_ERR_VERS */
	RPCRDMA_BAD_CHUNK,	/* the same; malformed or over a limit: answer RPCRDMA_ERR_CHUNK */
};

/* On RPCRDMA_OK `in` stands at the RPC message (RDMA_MSG) or at the end. */
enum rpcrdma_fault rpcrdma_hdr_decode(struct xdr_in *in, struct rpcrdma_hdr *hdr);
/* All lists as in hdr, in the order of its arrays; the RPC message comes behind it. */
void rpcrdma_hdr_encode(struct xdr_out *out, const struct rpcrdma_hdr *hdr);
void rpcrdma_error_encode(struct xdr_out *out, u32 xid, u32 credits, enum rpcrdma_error error);

/* Adds a segment to hdr.segs; false when it holds all it can. */
bool rpcrdma_hdr_add_seg(struct rpcrdma_hdr *hdr, struct rpcrdma_chunk *chunk, u32 handle,
			 u64 offset, u32 len);

/* Connection private data.  RFC 8797 4. */
#define RPCRDMA_PDATA_BYTES	8
struct rpcrdma_pdata {
	bool remote_inv;		/* it can take Send with Invalidate */
	u32 send_bytes, recv_bytes;	/* inline thresholds, multiples of 1024 up to 262144 */
};
/* Missing, or not of this kind: the defaults of RFC 8166 (1024, no remote invalidation), and false. */
bool rpcrdma_pdata_decode(const void *data, size_t len, struct rpcrdma_pdata *p);
void rpcrdma_pdata_encode(u8 out[RPCRDMA_PDATA_BYTES], const struct rpcrdma_pdata *p);

#endif
