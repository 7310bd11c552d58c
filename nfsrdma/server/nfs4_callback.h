/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Calls from the server to a client, as bytes: CB_COMPOUND of CB_SEQUENCE and at most one operation.  RFC 8881 2.10.3.1,
 * 18.33, 18.36, 20.  Who sends them, and when: nfs4_back.h.
 */
#ifndef NFSRDMA_SERVER_NFS4_CALLBACK_H
#define NFSRDMA_SERVER_NFS4_CALLBACK_H

#include "nfsrdma/engine/nfs4.h"
#include "nfsrdma/engine/rpc.h"

/*
 * Longest RPC message, so that it goes inline over RDMA with any client (RFC 8166 3.3.2); and of the operation's
 * arguments what is then left beside the longest credential.
 */
#define NFS4_CB_BYTES_MAX	996
#define NFS4_CB_ARGS_MAX	420

/* What the client wants to be called with: callback_sec_parms4. */
struct nfs4_cb_sec {
	bool usable;			/* false: RPCSEC_GSS alone, which we have none of */
	bool none;			/* AUTH_NONE; else AUTH_SYS */
	/* its machine is the field behind it: nfs4_cb_encode() sees to that */
	struct rpc_auth_sys sys;
	u8 machine[RPC_MACHINE_NAME_MAX];
};

/* callback_sec_parms4<>, of which the first that can be used is taken.  Bounded by the input; false: malformed. */
bool nfs4_cb_sec_decode(struct xdr_in *in, struct nfs4_cb_sec *sec);

/* All but the operation. */
struct nfs4_cb_head {
	u32 xid, program, minor;
	const struct nfs4_cb_sec *sec;
	const u8 *session;		/* NFS4_SESSIONID_SIZE bytes */
	u32 seq, slot;
	u32 op;				/* enum nfs4_cb_op; 0: CB_SEQUENCE alone */
};

void nfs4_cb_encode(struct xdr_out *out, const struct nfs4_cb_head *head, const u8 *args,
		    u32 args_len);

/* What became of it. */
enum nfs4_cb_outcome {
	NFS4_CB_DONE,		/* *status is the operation's, the slot goes on */
	NFS4_CB_AGAIN,		/* CB_SEQUENCE: DELAY.  The same once more, later */
	NFS4_CB_REFUSED,	/* by RPC: it was not done, the slot stands where it was */
	NFS4_CB_FAULT,		/* malformed, or not what the slot can have said: it is lost */
};

/* The reply to what nfs4_cb_encode() made of `head`, whatever it is. */
enum nfs4_cb_outcome nfs4_cb_decode(const u8 *reply, size_t len, const struct nfs4_cb_head *head,
				    enum nfs4_status *status);

#endif
