/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Sessions and their slots: inside of nfs4_state.h.  RFC 8881 2.10, 18.36, 18.46.
 *
 * A session id is: client id (8 bytes), serial (4), random (4).
 *
 * A slot remembers its last request: the sequence id, a sum of it, and its reply from the COMPOUND's status on.  Kept
 * are replies that the client wants kept (sa_cachethis) of up to max_cached bytes, and all of up to NFS4_KEPT_BYTES.
 *
 *   seq     kept, idle         not kept, idle          its call is under way
 *   same    that reply again   RETRY_UNCACHED_REP      DELAY              another request: SEQ_FALSE_RETRY
 *   next    a new request      a new request           SEQ_MISORDERED
 *   other   SEQ_MISORDERED
 *
 * Owner: the client.  Reference: `calls`, COMPOUNDs under way; a session with calls is not freed, but for the one
 * that destroys it from within: that is freed at that COMPOUND's end.  Lock: the state's.
 */
#ifndef NFSRDMA_SERVER_NFS4_SESSION_H
#define NFSRDMA_SERVER_NFS4_SESSION_H

#include "nfsrdma/server/nfs4_back.h"
#include "nfsrdma/server/nfs4_client.h"

#define NFS4_KEPT_BYTES		512
#define NFS4_CHANNEL_MAX	(NFS_DATA_MAX + 8192)	/* request or reply: data and what is around it */
#define NFS4_CHANNEL_MIN	256	/* below, not even a COMPOUND of the smallest operations fits */
#define NFS4_BACK_MIN		128	/* of the back channel: below, CB_SEQUENCE and one operation do not fit */
#define NFS4_BACK_OPS_MIN	2

struct nfs4_channel {			/* channel_attrs4 */
	u32 request_max, reply_max, cached_max, op_max, slot_n;
};

struct nfs4_slot {
	struct nfs4_session *session;
	struct nfs_call *call;		/* under way; NULL: idle */
	u32 seq;
	bool used, cache_this;		/* used: there was a request */
	u64 sum;
	u8 *reply;			/* cap bytes; NULL with 0 */
	u32 cap, len;			/* len 0: nothing is kept */
	u32 start;			/* of the kept bytes in the RPC reply */
};

struct nfs4_session {
	u8 id[NFS4_SESSIONID_SIZE];
	struct nfs4_client *client;
	struct list_head node;		/* of the client's sessions; empty: destroyed from within */
	struct nfs4_channel fore, back;
	struct nfs4_back back_channel;
	unsigned calls;
	struct nfs4_slot slots[];	/* fore.slot_n */
};

/* ---- the lock is held */

/* NFS4ERR_NOSPC: too many sessions or slots; DELAY: no memory.  fore->slot_n may become less. */
enum nfs4_status nfs4_session_create(struct nfs4_client *client, struct nfs4_channel *fore,
				     const struct nfs4_channel *back,
				     struct nfs4_session **session);
void nfs4_session_free(struct nfs4_session *session);	/* no calls */
struct nfs4_session *nfs4_session_find(const struct nfs4_state *state,
				       const u8 id[NFS4_SESSIONID_SIZE]);

#endif
