/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The verbs vocabulary: work requests, completions, access rights.
 *
 * One definition from the application down to the protocol engine, so that no layer converts.  The
 * words are those of the RDMA verbs (draft-hilland-rddp-verbs, IBTA 1.3 chapter 11).  Compiles
 * alone, in user space and in the kernel.
 */
#ifndef CORE_QP_WR_H
#define CORE_QP_WR_H

#include <linux/types.h>

/* Access rights of a memory region or window. */
enum wr_access {
	ACCESS_LOCAL_WRITE	= 1 << 0,
	ACCESS_REMOTE_WRITE	= 1 << 1,
	ACCESS_REMOTE_READ	= 1 << 2,
	ACCESS_REMOTE_ATOMIC	= 1 << 3,
	ACCESS_MW_BIND		= 1 << 4,	/* windows may be bound to this region */
};

/* A local buffer: addr lies in the region that lkey names. */
struct wr_sge {
	__u64 addr;
	__u32 len;
	__u32 lkey;
};

enum wr_opcode {
	WR_SEND,
	WR_SEND_INV,		/* Send with Invalidate: inv_rkey */
	/*
	 * RFC 7306 Immediate Data: 8 octets; capability QP_CAP_IMM.  It is a message of its own, which takes a
	 * receive of its own, so it has no payload beside it.
	 */
	WR_SEND_IMM,
	WR_WRITE,
	WR_WRITE_IMM,		/* RDMA Write, then Immediate Data */
	WR_READ,		/* one sink segment (iWARP) */
	WR_CMP_SWAP,		/* RFC 7306; capability QP_CAP_ATOMIC */
	WR_FETCH_ADD,
	WR_REG_MR,		/* fast registration of a region made by alloc */
	WR_BIND_MW,		/* type 2 memory window */
	WR_LOCAL_INV,		/* local invalidate of inv_rkey */
};

enum wr_flags {
	WR_SIGNALED	= 1 << 0,	/* a completion even on success */
	WR_SOLICITED	= 1 << 1,	/* Send variants: raise a solicited event at the peer */
	WR_INLINE	= 1 << 2,	/* copy the payload now; lkey is not looked at */
	WR_FENCE = 1 << 3,     /* start after all earlier RDMA Reads and atomics completed */
	/* Writes and Sends: the bytes may change before they have left; an RNIC that would look twice copies them */
	WR_CHANGING = 1 << 4,
};

/*
 * Send-queue work request.  The list and sges are read during the post call only; the buffers
 * they name belong to the RNIC until the completion.
 */
struct wr_send {
	const struct wr_send *next;
	__u64 wr_id;
	enum wr_opcode opcode;
	__u32 flags;
	const struct wr_sge *sges;
	__u32 sge_n;
	__u32 inv_rkey;				/* WR_SEND_INV, WR_LOCAL_INV */
	__u64 imm;				/* WR_*_IMM */
	union {
		struct {
			__u64 addr;		/* tagged offset at the peer */
			__u32 rkey;
		} remote;			/* WR_WRITE*, WR_READ */
		struct {
			__u64 addr;
			__u32 rkey;
			__u64 compare_add;	/* compare value, or the value to add */
			__u64 swap;
			__u64 compare_mask;	/* 0 means all ones */
			__u64 swap_mask;
		} atomic;			/* result goes to sges[0], 8 bytes */
		struct {
			__u32 key; /* the region's STag: index as allocated, any new low 8 bits */
			__u32 access;
			__u64 addr;		/* virtual address = first tagged offset */
			__u64 len;
		} reg;				/* WR_REG_MR; on completion lkey = rkey = key */
		struct {
			__u32 mw_key;		/* the window's STag, any new low 8 bits */
			__u32 mr_lkey;		/* region with ACCESS_MW_BIND */
			__u64 addr;
			__u64 len;
			__u32 access;
		} bind;				/* WR_BIND_MW; on completion the rkey is mw_key */
	};
};

struct wr_recv {
	const struct wr_recv *next;
	__u64 wr_id;
	const struct wr_sge *sges;
	__u32 sge_n;
};

enum wc_status {
	WC_SUCCESS,
	WC_LOC_LEN_ERR,		/* message longer than the posted buffers */
	WC_LOC_PROT_ERR,	/* a local sge failed its lkey, bounds or access check */
	WC_WR_FLUSH_ERR,	/* the QP left RTS before this request was done */
	WC_REM_ACCESS_ERR,	/* the peer refused: STag, bounds or rights */
	WC_REM_OP_ERR,		/* the peer could not do it */
	WC_REM_INV_REQ_ERR,	/* the peer found the request invalid */
	WC_MW_BIND_ERR,		/* WR_BIND_MW, WR_REG_MR, WR_LOCAL_INV: bad key, bounds or rights */
	WC_FATAL_ERR,
};

enum wc_opcode {
	WC_SEND,
	WC_WRITE,
	WC_READ,
	WC_CMP_SWAP,
	WC_FETCH_ADD,
	WC_REG_MR,
	WC_BIND_MW,
	WC_LOCAL_INV,
	WC_RECV,
	WC_RECV_IMM,		/* its receive is used up; nothing was put into it */
};

enum wc_flags {
	WC_WITH_INV	= 1 << 0,	/* inv_rkey was invalidated by the peer's Send */
	WC_WITH_IMM	= 1 << 1,
	WC_WITH_SE	= 1 << 2,	/* the message asked for a solicited event */
	WC_WITH_WRITE	= 1 << 3,	/* WC_RECV_IMM: came with an RDMA Write of byte_len */
};

/* Work completion.  On error only wr_id, status, qp_ctx and opcode are valid. */
struct wc {
	__u64 wr_id;
	enum wc_status status;
	enum wc_opcode opcode;
	__u32 byte_len;		/* received or read bytes */
	__u32 flags;
	__u32 inv_rkey;
	__u64 imm;
	void *qp_ctx;		/* as given when the QP was made */
};

#endif
