/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Record marking: RPC messages on a byte stream.  RFC 5531 section 11.  A message is one or more fragments, each
 * behind a 31-bit length, the last one with the top bit set.
 *
 *   host                            engine
 *   bytes from TCP   ------------>  rpc_record_step()
 *   copy `run` behind what it has   RPC_RECORD_RUN     bytes of the message, in the input
 *   handle the message       <----  RPC_RECORD_END
 *   receive again            <----  RPC_RECORD_MORE
 *   close                    <----  RPC_RECORD_FAULT   longer than the limit
 */
#ifndef NFSRDMA_RECORD_H
#define NFSRDMA_RECORD_H

#include "core/env.h"

#define RPC_RECORD_LAST		0x80000000u
#define RPC_RECORD_MARK_BYTES	4

enum rpc_record_event { RPC_RECORD_MORE, RPC_RECORD_RUN, RPC_RECORD_END, RPC_RECORD_FAULT };

struct rpc_record {
	u32 len_max;		/* of a whole message */
	u32 len;		/* of the message so far, with the fragment that is coming */
	u32 left;		/* of this fragment */
	u32 mark;
	u8 mark_have;
	bool last;
	bool dead;
	/* results of a step */
	const u8 *run;
	size_t run_len;
};

void rpc_record_init(struct rpc_record *r, u32 len_max);
enum rpc_record_event rpc_record_step(struct rpc_record *r, struct core_input *in);
/* How many bytes of the present fragment are still to come: what may be received straight to its place. */
static inline u32 rpc_record_want(const struct rpc_record *r)
{
	return r->left;
}
/* n of them, at most rpc_record_want(), were received there. */
void rpc_record_placed(struct rpc_record *r, u32 n);
/* A whole message of len bytes as one fragment. */
static inline void rpc_record_mark(u8 mark[RPC_RECORD_MARK_BYTES], u32 len)
{
	put_unaligned_be32(len | RPC_RECORD_LAST, mark);
}

#endif
