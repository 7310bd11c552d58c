/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a file has at the server: opens and locks, made when the first lock is asked for.  RFC 8881 8.2, 9.
 *
 *   ornfs_file -> nfs4c_held   opens: one for each user who locks; owners: of locks, each by one of the opens
 *                            ranges: what they have, for the server to be told again after its restart
 *                            jobs: what is asked for, one after the other
 *
 *   nfs4_held.c     the jobs: nfs4_job.h
 *   nfs4_open.c     opens; which stateid a READ or WRITE goes with
 *   nfs4_reclaim.c  after a restart of the server, while the session is made
 *
 * Owner: the client, from a file's first job until there are no jobs, opens and owners.  Context: the loop's thread.
 */
#ifndef NFSRDMA_CLIENT_NFS4_HELD_H
#define NFSRDMA_CLIENT_NFS4_HELD_H

#include "nfsrdma/client/nfs4.h"
#include "nfsrdma/server/nfs4_range.h"

/*
 * A stateid of ours: of an open, or of what an owner of locks has by an open.
 * References: its list, calls that name it, owners their open.
 */
struct nfs4c_state {
	struct list_head link; /* nfs4c_held.opens or .owners; empty: it is not held any more */
	unsigned refs;
	u64 owner;			/* ornfs_lock.owner; of an open the user's number */
	int pid;
	struct ornfs_caller who;
	u32 access;			/* of an open: OPEN4_SHARE_ACCESS_* */
	struct nfs4c_state *open;	/* NULL: this is an open */
	bool valid;			/* the server knows it */
	bool lost;			/* locks are gone: until the owner lets go of them */
	unsigned reclaimed;	  /* ranges, or of an open itself, in the present reclaiming */
	u8 other[NFS4_OTHER_SIZE];
};

struct nfs4c_held {
	struct list_head link;		/* nfs4c_locks.files */
	struct ornfs_client *client;
	struct ornfs_file *file;		/* referenced */
	u64 id;				/* in the names of its owners */
	struct list_head opens, owners;
	struct nfs4_ranges ranges;	/* their owners: struct nfs4c_state */
	struct list_head jobs;
	bool busy;			/* the first of them is under way */
};

struct nfs4c_locks {
	struct list_head files;
	u64 id;
	bool reclaiming; /* the server has forgotten what we held, and is being told */
};

#define NFS4C_OWNER_BYTES	16	/* of an owner's name: the file's id, the owner */

static inline void nfs4c_locks_init(struct nfs4c_locks *locks)
{
	INIT_LIST_HEAD(&locks->files);
	locks->id = 0;
	locks->reclaiming = false;
}

struct nfs4c_locks *nfs4c_locks(struct ornfs_client *c);
void nfs4c_locks_deinit(struct nfs4c_locks *locks);	/* no job is left */
bool nfs4c_locks_any(const struct nfs4c_locks *locks);	/* is anything locked? */

/* ---- nfs4_open.c */

/* NULL: out of memory.  open NULL: an open. */
struct nfs4c_state *nfs4c_state_new(struct list_head *list, u64 owner, struct nfs4c_state *open);
struct nfs4c_state *nfs4c_state_find(struct list_head *list, u64 owner); /* borrowed, or NULL */
void nfs4c_state_drop(struct nfs4c_state *state);	/* from its list */
void nfs4c_state_set(struct nfs4c_state *state, const u8 *sid);	/* as on the wire */
/* The server does not know it any more, nor what depends on it: what was locked is lost. */
void nfs4c_state_gone(struct nfs4c_held *held, struct nfs4c_state *state);
bool nfs4c_is_bad_stateid(u32 status);
/* The place of a stateid: of this state; or by call->access, of call->file, as it is when the call is sent. */
void nfs4c_out_state(struct call *call, struct nfs4c_state *state);
/* open_owner4, lock_owner4 */
void nfs4c_out_owner(struct call *call, const struct nfs4c_held *held, u64 owner);
/* OPEN by the current handle.  reclaim: after a restart. */
void nfs4c_op_open(struct call *call, const struct nfs4c_held *held, const struct nfs4c_state *open,
		   u32 access, bool reclaim);
void nfs4c_op_close(struct call *call, struct nfs4c_state *open);

/* ---- nfs4_lock.c */

void nfs4c_op_lock(struct call *call, const struct nfs4c_held *held, struct nfs4c_state *owner,
		   const struct nfs4_range *range, bool wait, bool reclaim);

/* ---- nfs4_reclaim.c */

/* The client ID is another one: nothing of what was held is known to the server. */
void nfs4c_reclaim_begin(struct ornfs_client *c);
/* What is held and not known to the server: calls in slot 0, then nfs4c_reclaimed(). */
void nfs4c_reclaim(struct ornfs_client *c);

/* ---- nfs4_session.c, for these calls: a COMPOUND in slot 0 while there is no session to be used yet */

struct call *nfs4c_first(struct ornfs_client *c, const struct ornfs_caller *who,
			 void (*done)(struct call *, struct xdr_in *, int));
void nfs4c_first_submit(struct call *call);
/* 0: the results behind SEQUENCE follow.  1: it is asked again.  Else the session is made anew. */
int nfs4c_first_result(struct call *call, struct xdr_in *in, int err, u32 *status);
void nfs4c_reclaimed(struct ornfs_client *c);

#endif
