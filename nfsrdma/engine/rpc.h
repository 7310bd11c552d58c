/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * ONC RPC version 2: message headers, AUTH_SYS.  RFC 5531.  Credentials that the server cannot use are decoded
 * all the same; what they mean is for the dispatcher to say.
 */
#ifndef NFSRDMA_RPC_H
#define NFSRDMA_RPC_H

#include "nfsrdma/engine/xdr.h"

#define RPC_VERSION		2
#define RPC_AUTH_BYTES_MAX	400	/* 8.2 */
#define RPC_AUTH_SYS_GIDS_MAX	16	/* appendix A */
#define RPC_MACHINE_NAME_MAX	255

enum rpc_msg_type { RPC_CALL = 0, RPC_REPLY = 1 };
enum rpc_flavor { RPC_AUTH_NONE = 0, RPC_AUTH_SYS = 1, RPC_AUTH_SHORT = 2, RPCSEC_GSS = 6 };
enum rpc_reply_stat { RPC_MSG_ACCEPTED = 0, RPC_MSG_DENIED = 1 };
enum rpc_accept_stat {
	RPC_SUCCESS = 0,
	RPC_PROG_UNAVAIL = 1,
	RPC_PROG_MISMATCH = 2,
	RPC_PROC_UNAVAIL = 3,
	RPC_GARBAGE_ARGS = 4,
	RPC_SYSTEM_ERR = 5,
};
enum rpc_reject_stat { RPC_MISMATCH = 0, RPC_AUTH_ERROR = 1 };
enum rpc_auth_stat {
	RPC_AUTH_OK = 0,
	RPC_AUTH_BADCRED = 1,
	RPC_AUTH_REJECTEDCRED = 2,
	RPC_AUTH_BADVERF = 3,
	RPC_AUTH_REJECTEDVERF = 4,
	RPC_AUTH_TOOWEAK = 5,
};

/* appendix A */
struct rpc_auth_sys {
	u32 stamp;
	const u8 *machine;		/* machine_len bytes, not terminated */
	u32 machine_len;
	u32 uid, gid;
	u32 gid_n;
	u32 gids[RPC_AUTH_SYS_GIDS_MAX];
};

struct rpc_call {
	u32 xid, rpc_vers, prog, vers, proc;
	u32 flavor;			/* of the credential, enum rpc_flavor or another number */
	const u8 *cred;			/* its body */
	u32 cred_len;
	u32 verf_flavor;
	const u8 *verf;
	u32 verf_len;
};

/* What is wrong with a call; each but RPC_CALL_NONE has an xid, which an answer can have. */
enum rpc_call_fault {
	RPC_CALL_OK,
	RPC_CALL_NONE,			/* not a call: who sends it is no client */
	RPC_CALL_SHORT,			/* cut short: RPC_GARBAGE_ARGS */
	RPC_CALL_BAD_CRED,		/* longer than there may be: RPC_AUTH_BADCRED */
	RPC_CALL_BAD_VERF,		/* the same: RPC_AUTH_BADVERF */
};

/*
 * `in` stands behind the header when it is RPC_CALL_OK.  An rpc_vers other than 2 is, with nothing behind it decoded:
 * answered with RPC_MISMATCH.
 */
enum rpc_call_fault rpc_call_decode(struct xdr_in *in, struct rpc_call *call) __must_check;
bool rpc_auth_sys_decode(const u8 *cred, u32 cred_len, struct rpc_auth_sys *sys);

/* sys NULL: AUTH_NONE.  At most RPC_AUTH_SYS_GIDS_MAX of its groups are sent. */
void rpc_call_encode(struct xdr_out *out, u32 xid, u32 prog, u32 vers, u32 proc,
		     const struct rpc_auth_sys *sys);

void rpc_accepted_encode(struct xdr_out *out, u32 xid, enum rpc_accept_stat stat);
/* RPC_PROG_MISMATCH with the versions that there are. */
void rpc_prog_mismatch_encode(struct xdr_out *out, u32 xid, u32 low, u32 high);
void rpc_version_mismatch_encode(struct xdr_out *out, u32 xid);
void rpc_auth_error_encode(struct xdr_out *out, u32 xid, enum rpc_auth_stat stat);

struct rpc_reply {
	u32 xid;
	enum rpc_reply_stat stat;
	u32 accept_stat;		/* of an accepted one: enum rpc_accept_stat */
	u32 reject_stat, auth_stat;	/* of a denied one */
	u32 low, high;			/* of the mismatches */
};

/* `in` stands at the results when stat is RPC_MSG_ACCEPTED and accept_stat RPC_SUCCESS. */
bool rpc_reply_decode(struct xdr_in *in, struct rpc_reply *reply);

#endif
