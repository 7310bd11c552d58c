/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The inside of a connection by RDMA.
 *
 *   rdma.c        connection, work requests, answers
 *   rdma_call.c   what of a call and its answer goes in which way: in the message, or by a key
 *   lend.c        a key
 */
#ifndef NFSRDMA_CLIENT_RDMA_H
#define NFSRDMA_CLIENT_RDMA_H

#include "nfsrdma/client/client.h"
#include "nfsrdma/client/lend.h"
#include "nfsrdma/engine/rpcrdma.h"

#define RDMA_SLOTS	32		/* credits that are asked for */
#define RDMA_RECVS	(RDMA_SLOTS + 2)
#define RDMA_INLINE	4096
#define RDMA_KEYS	2		/* of a call: for what the server reads, and for what it writes */
#define RDMA_SEND_WRS	(RDMA_KEYS + 1)
/* Of each slot: keys given, the Send, keys taken back. */
#define RDMA_SQ_DEPTH	(RDMA_SLOTS * (RDMA_SEND_WRS + RDMA_KEYS))

struct rdma_slot {
	struct call *call;
	u32 xid;
	bool sending;
	bool answered; /* keys are being taken back; the answer is in this receive: */
	u32 recv, recv_len;
	struct lent lent[RDMA_KEYS];	/* enum lent_way */
};

/* Work requests that leave together. */
struct rdma_chain {
	struct wr_send wrs[RDMA_SEND_WRS];
	unsigned n;
};

/*
 * The message of the slot's call into buf, of send_max bytes.  What does not fit, or whose answer does not fit into
 * recv_max, goes by the keys of the slot: work requests for them are added to the chain.
 */
int rdma_call_encode(struct rdma_slot *slot, u32 send_max, u32 recv_max, u8 *buf, u32 *len,
		     struct rdma_chain *chain);
/* After the keys are back.  msg, len: behind hdr; then the RPC reply, wherever it is.  Negative errno: it is none. */
int rdma_call_answer(struct call *call, const struct rpcrdma_hdr *hdr, const u8 **msg, size_t *len);

#endif
