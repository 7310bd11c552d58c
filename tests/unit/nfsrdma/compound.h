/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * COMPOUNDs of NFS version 4.1 in a session, with rig.h's server and real state: a client is made, operations are put
 * one behind the other, and their results read in the same order.
 *
 *   c4_begin(client);  c4_putfh(client, &fh);  c4_op(client, NFS4_OP_GETATTR); xdr_out_...(client->args, ...)
 *   c4_run(client);    c4_res(client) -> status of the next, whose results are in client->res
 */
#ifndef TESTS_UNIT_NFSRDMA_COMPOUND_H
#define TESTS_UNIT_NFSRDMA_COMPOUND_H

#include "nfsrdma/server/nfs4_pseudo.h"
#include "nfsrdma/server/nfs4_state.h"
#include "tests/unit/nfsrdma/rig.h"

/* The whole server: rig.h's, with version 4 and its records in a directory of its own. */
struct c4 {
	struct rig *rig;
	struct nfs4_pseudo *pseudo;
	int records_fd;
};
extern _Atomic u64 c4_now_ms;		/* its clock */

int c4_setup(void **state);
int c4_teardown(void **state);
void c4_restart(struct c4 *c4);		/* all state is gone but for the records */

struct c4_client {
	struct c4 *c4;
	const char *name;
	u32 uid;
	u64 id;
	u8 session[NFS4_SESSIONID_SIZE];
	u32 seq, op_n;
	u32 created;			/* csr_flags */
	u32 status_flags;		/* of the last SEQUENCE that succeeded: SEQ4_STATUS_* */
	size_t count_at;
	struct xdr_out *args;
	struct xdr_in *res;
};

/* EXCHANGE_ID, CREATE_SESSION, which asks for a back channel; `verifier` is that of the client's instance. */
void c4_client_up(struct c4_client *client, struct c4 *c4, const char *name, u32 verifier);
/* The same; what the first of them that failed said. */
enum nfs4_status c4_client_try(struct c4_client *client, struct c4 *c4, const char *name,
			       u32 verifier);
enum nfs4_status c4_reclaim_complete(struct c4_client *client);
/* BIND_CONN_TO_SESSION: of CDFC4_*, to CDFS4_*. */
enum nfs4_status c4_bind_conn(struct c4_client *client, u32 dir, u32 *given);

void c4_begin(struct c4_client *client);		/* with SEQUENCE */
void c4_op(struct c4_client *client, enum nfs4_op_num num);
void c4_fh(struct c4_client *client, const struct nfs_fh *fh);	/* PUTFH */
void c4_name(struct c4_client *client, const char *name);
/* of the COMPOUND; SEQUENCE's results are read */
enum nfs4_status c4_run(struct c4_client *client);
enum nfs4_status c4_res(struct c4_client *client, enum nfs4_op_num num);

/* An OPEN, and what it gave. */
enum { C4_NOCREATE = 100 };
struct c4_open {
	u32 access, deny;		/* access 0: for reading and writing */
	const char *owner;		/* NULL: "owner" */
	unsigned how;			/* NFS4_UNCHECKED, ..., C4_NOCREATE */
	unsigned mode;			/* 0: not given */
	bool empty;			/* size 0 */
	u64 verifier;
	u32 claim;			/* CLAIM_NULL with name, CLAIM_FH, CLAIM_PREVIOUS */
	const char *name;
	/* results; untouched on failure */
	struct nfs4_stateid sid;
	struct nfs_fh fh;		/* of the file, by GETFH */
	struct nfs4_bitmap attrset;
	u32 flags;			/* OPEN4_RESULT_* */
	u32 delegation;
	bool atomic;			/* change_info */
};
/* The arguments alone, behind c4_op(). */
void c4_open_args(struct c4_client *client, const struct c4_open *open);
/*
 * All that follow are COMPOUNDs of their own: the status of the operation, or of SEQUENCE if that failed.
 */
/* at is the directory (CLAIM_NULL) or the file. */
enum nfs4_status c4_open(struct c4_client *client, const struct nfs_fh *at, struct c4_open *open);
enum nfs4_status c4_close(struct c4_client *client, const struct nfs_fh *fh,
			  const struct nfs4_stateid *sid);
/* READ or WRITE of one byte at 0. */
enum nfs4_status c4_read(struct c4_client *client, const struct nfs_fh *fh,
			 const struct nfs4_stateid *sid);
enum nfs4_status c4_write(struct c4_client *client, const struct nfs_fh *fh,
			  const struct nfs4_stateid *sid);

struct c4_lock {
	u32 type;
	u64 offset, length;
	const char *owner;		/* NULL: a lock stateid */
	bool reclaim;
	struct nfs4_stateid sid;	/* of the open, or the lock stateid; then the result */
	/* when it was denied */
	u64 other_offset, other_length, other_client;
	u32 other_type;
	char other_owner[32];
};
void c4_lock_args(struct c4_client *client, const struct c4_lock *lock);
enum nfs4_status c4_lock(struct c4_client *client, const struct nfs_fh *fh, struct c4_lock *lock);
enum nfs4_status c4_lockt(struct c4_client *client, const struct nfs_fh *fh,
			  struct c4_lock *lock);	/* by owner */
enum nfs4_status c4_locku(struct c4_client *client, const struct nfs_fh *fh,
			  struct c4_lock *lock);	/* by stateid */

#endif
