/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The back channel: what the server asks of a client, and over which connection.  RFC 8881 2.10.3, 2.10.8, 18.33, 18.34,
 * 18.36, 20.
 *
 *   nfs4_cb_add()        a session with a connection        that connection's thread
 *   client->cbs -------> its slot: message made, posted --> conn->call_back() ~~~~> client
 *        ^                    |   connection lost: the same message again over the next one that is bound
 *        |                    v
 *        +--- DELAY --- answer: done() of the callback, the slot is free
 *
 * A session has one back slot and one connection for it, the one that was bound last.  When that is lost, SEQUENCE says so
 * (SEQ4_STATUS_CB_PATH_DOWN_SESSION, and CB_PATH_DOWN when no session of the client has one), until the client binds
 * another.  Callbacks wait meanwhile; they go when their client goes.  A client whose answers make no sense is told
 * BACKCHANNEL_FAULT, and that session's back channel is not used any more.
 *
 * Lock: the state's, over all of it; done() is called with it held.  A message is used on its connection's thread
 * without the lock, and is freed there.
 */
#ifndef NFSRDMA_SERVER_NFS4_BACK_H
#define NFSRDMA_SERVER_NFS4_BACK_H

#include "nfsrdma/server/nfs4_callback.h"
#include "nfsrdma/server/nfs4_state.h"

#define NFS4_CLIENT_CBS_MAX	4096	/* callbacks of a client that wait */
#define NFS4_BACK_SLOTS		1	/* of a session */
#define NFS4_CB_RETRY_MS	1000	/* when a client says DELAY */
#define NFS4_CB_TRIES_MAX	100	/* so often */

struct nfs4_cb;
struct nfs4_cb_msg;

/* Of a session. */
struct nfs4_back {
	u32 program, minor;
	struct nfs4_cb_sec sec;
	struct nfs_conn *conn;		/* NULL: none */
	bool wanted;			/* the client has asked for a back channel */
	bool fault;
	u32 seq;			/* of the slot: of its last call */
	struct nfs4_cb *cb;		/* that holds the slot; NULL: free */
	struct nfs4_cb_msg *msg;	/* under way; NULL: none */
};

/* ---- the lock is held */

/* Can the session's callbacks go over this connection? */
bool nfs4_back_can(const struct nfs4_session *session, const struct nfs_conn *conn);
/* The session's back channel is on this connection from now on; nfs4_back_can(). */
void nfs4_back_bind(struct nfs4_session *session, struct nfs_conn *conn);
/* No session's is on this one any more.  On its thread. */
void nfs4_back_unbind(struct nfs4_state *state, const struct nfs_conn *conn);
/* The session is being freed: what its slot held goes back to the client. */
void nfs4_back_session_gone(struct nfs4_session *session);
/* What of SEQ4_STATUS_* there is to say. */
u32 nfs4_back_flags(const struct nfs4_session *session);
/* Does any of the client's sessions have a connection for callbacks? */
bool nfs4_back_is_up(const struct nfs4_client *client);
/* Has it, or will it have one again when the client has bound one? */
bool nfs4_back_is_wanted(const struct nfs4_client *client);

/*
 * A callback that nfs4_back_go() makes as soon as it can be: op with its arguments, at most NFS4_CB_ARGS_MAX bytes; 0: CB_SEQUENCE
 * alone.  done (may be NULL) is called once, with what the operation said, or NFS4ERR_CB_PATH_DOWN when the client
 * refuses to be called, DELAY when it does not get ready; not after nfs4_cb_cancel() nor when the client goes.
 * NULL: no memory, or too many.
 */
struct nfs4_cb *nfs4_cb_add(struct nfs4_client *client, u32 op, const u8 *args, u32 args_len,
			    void (*done)(void *ctx, enum nfs4_status status), void *ctx);
void nfs4_back_go(struct nfs4_client *client);
/* Nobody wants to know; it is not made if it has not begun. */
void nfs4_cb_cancel(struct nfs4_cb *cb);
/* The client is being freed, its sessions are gone. */
void nfs4_cbs_drop(struct nfs4_client *client);
/* Of all clients: what waits for the clock. */
void nfs4_back_tick(struct nfs4_state *state);

/* ---- no connection is there any more, no thread: messages that were posted and did not run are freed */
void nfs4_back_end(struct nfs4_state *state);

#endif
