/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Clients and sessions of NFS version 4.1 alone: their operations are called as COMPOUND calls them, opens are a
 * number that a test sets, the clock is a variable, and records lie in a fresh directory.
 */
#ifndef TESTS_UNIT_NFSRDMA_SESSION4_H
#define TESTS_UNIT_NFSRDMA_SESSION4_H

#include "nfsrdma/server/nfs4_client.h"
#include "nfsrdma/server/nfs4_recovery.h"
#include "nfsrdma/server/nfs4_session.h"
#include "tests/unit/nfsrdma/vectors.h"

#define S4_LEASE_S	20
#define S4_GRACE_S	30
#define S4_BYTES	16384
#define S4_HEADER	24	/* of the RPC reply */

struct s4 {
	char dir[64];
	int dir_fd;
	struct nfs4_state *state;
	struct nfs_server server;
	struct nfs_conn conn;
	u32 uid, flavor;
	bool cannot_wait;
	u8 arg_buf[S4_BYTES], reply_buf[S4_BYTES];
	struct xdr_out args;
	struct xdr_in res;
};
extern u64 s4_now_ms;
extern char s4_log[4096];	/* all lines since the last start */

int s4_setup(void **state);
int s4_teardown(void **state);
void s4_stop(struct s4 *s4);
int s4_start(struct s4 *s4);	/* what nfs4_state_create() says */
/* files of the directory that are records, or parts of one */
unsigned s4_records(const struct s4 *s4);

/* How many of a client are open: what the server believes. */
void s4_opens_set(struct s4 *s4, u64 client_id, bool any);
extern unsigned s4_opens_n;	/* of clients that have a place for opens */

/* One operation without a session, with what is in s4->args; its results are in s4->res. */
enum nfs4_status s4_run(struct s4 *s4, enum nfs4_status (*fn)(struct nfs4_compound *c));

struct s4_id {
	u64 client;
	u32 seq, flags;
};
enum nfs4_status s4_exchange_id(struct s4 *s4, const char *owner, u64 verifier, u32 flags,
				struct s4_id *id);
struct s4_channel {
	u32 request, reply, cached, ops, slots;
};
extern const struct s4_channel s4_usual;
enum nfs4_status s4_create_session(struct s4 *s4, u64 client, u32 seq, const struct s4_channel *ch,
				   u8 session[NFS4_SESSIONID_SIZE]);
enum nfs4_status s4_destroy_session(struct s4 *s4, const u8 *session);
enum nfs4_status s4_destroy_clientid(struct s4 *s4, u64 client);
/* EXCHANGE_ID and CREATE_SESSION; the client id. */
u64 s4_client_up(struct s4 *s4, const char *owner, u64 verifier, u8 session[NFS4_SESSIONID_SIZE]);

/* A call whose COMPOUND is under way. */
struct s4_call {
	struct nfs_call call;
	struct nfs4_compound c;
	u8 args[256], reply[S4_BYTES];
};
struct s4_seq {
	const u8 *session;
	u32 seq, slot, highest;
	bool cache_this;
	const char *rest;		/* the operations behind it */
	u32 op_n;
};
/* SEQUENCE as the first operation, behind a COMPOUND's head; the call is begun. */
enum nfs4_status s4_sequence(struct s4 *s4, struct s4_call *call, const struct s4_seq *seq);
enum nfs4_status s4_sequence_again(struct s4_call *call);	/* by a worker */
/* So many bytes of results, and the end. */
void s4_end(struct s4_call *call, size_t bytes, u8 fill);
/* SEQUENCE with an operation that has a session, and the end. */
enum nfs4_status s4_in_session(struct s4 *s4, const u8 *session, u32 seq,
			       enum nfs4_status (*fn)(struct nfs4_compound *c), bool flag);

#endif
