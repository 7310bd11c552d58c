/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What is asked for of a file's locks: one job after the other, each of one call or several.
 *
 *   nfs4_held.c    the jobs of a file: they wait, run, and end
 *   nfs4_lock.c    lock: OPEN if need be, LOCK
 *   nfs4_unlock.c  unlock, release, close: LOCKU, FREE_STATEID, CLOSE
 *
 * All calls may be done twice, so none of the answers has to be kept by the server.
 */
#ifndef NFSRDMA_CLIENT_NFS4_JOB_H
#define NFSRDMA_CLIENT_NFS4_JOB_H

#include "nfsrdma/client/nfs4_held.h"

/* Owner: the file's jobs.  call is the request of what is under way. */
struct nfs4c_job {
	struct ornfs_req call;		/* first: container of it */
	struct list_head link;
	struct nfs4c_held *held;
	struct ornfs_req *req;
	struct ornfs_caller who;
	void (*run)(struct nfs4c_job *job);	/* from the beginning, as often as need be */
	struct ornfs_lock lock;
	bool wait;
	struct nfs4c_state *state;	/* referenced: of the call under way */
	u32 status;			/* of its COMPOUND */
	void (*then)(struct nfs4c_job *job, int err);
	unsigned tries;
};

void nfs4c_run_lock(struct nfs4c_job *job);
void nfs4c_run_unlock(struct nfs4c_job *job);
void nfs4c_run_release(struct nfs4c_job *job);
void nfs4c_run_close(struct nfs4c_job *job);

/* ---- nfs4_held.c */

/* A call on the file; then() is called with what decode made of the answer.  NULL: it is, later, with an error. */
struct call *nfs4c_job_begin(struct nfs4c_job *job, nfs3_decode *decode,
			     void (*then)(struct nfs4c_job *job, int err));
struct nfs4c_job *nfs4c_job_of(struct call *call);	/* from decode */
void nfs4c_job_state(struct nfs4c_job *job, struct nfs4c_state *state);	/* that the call names */
/* The stateid that was sent is not known to the server: run again, which tells what is lost. */
bool nfs4c_job_again(struct nfs4c_job *job);
/* From run(): it is over, and answered from the loop. */
void nfs4c_job_over(struct nfs4c_job *job, int err);
/* From then(): the same; run() again. */
void nfs4c_job_end(struct nfs4c_job *job, int err);
void nfs4c_job_go_on(struct nfs4c_job *job);
void nfs4c_owner_drop(struct nfs4c_held *held, struct nfs4c_state *owner);

u64 nfs4c_lock_length(u64 first, u64 last);		/* as on the wire */

#endif
