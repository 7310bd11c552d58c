// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* LOCKU, and the end of an owner (FREE_STATEID) and of all that is open (CLOSE).  RFC 8881 18.12, 18.38, 18.2. */
#include <errno.h>

#include "nfsrdma/client/nfs4_job.h"

static void op_locku(struct call *call, struct nfs4c_state *owner, u64 first, u64 last)
{
	nfs4c_op(call, NFS4_OP_LOCKU);
	xdr_out_u32(&call->out, WRITE_LT);	/* of either type: 18.12.3 */
	xdr_out_u32(&call->out, 0);
	nfs4c_out_state(call, owner);
	xdr_out_u64(&call->out, first);
	xdr_out_u64(&call->out, nfs4c_lock_length(first, last));
}

static int unlock_in(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c_job *job = nfs4c_job_of(call);
	const u8 *sid;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCKU);
	if (err)
		return err;
	sid = xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	if (!sid)
		return -EPROTO;
	if (job->state->valid)
		nfs4c_state_set(job->state, sid);
	return 0;
}

/* What the owner has locally is gone in any case: nobody asks for it any more. */
static int forget(struct nfs4c_job *job, struct nfs4c_state *owner)
{
	struct nfs4c_held *held = job->held;
	bool lost = owner->lost;
	int err = nfs4_ranges_clear(&held->ranges, job->lock.first, job->lock.last, owner, true);

	if (lost && !nfs4_ranges_any(&held->ranges, owner))
		nfs4c_owner_drop(held, owner);
	return lost ? -EIO : err;
}

static void on_unlock(struct nfs4c_job *job, int err)
{
	struct nfs4c_state *owner = nfs4c_state_find(&job->held->owners, job->lock.owner);

	if (err && nfs4c_job_again(job)) {
		nfs4c_job_go_on(job);
		return;
	}
	nfs4c_job_end(job, err ? err : forget(job, owner));
}

void nfs4c_run_unlock(struct nfs4c_job *job)
{
	struct nfs4c_held *held = job->held;
	struct nfs4c_state *owner = nfs4c_state_find(&held->owners, job->lock.owner);
	struct call *call;

	if (!owner || !nfs4_ranges_any(&held->ranges, owner)) {
		nfs4c_job_over(job, 0);
		return;
	}
	if (owner->lost) {
		nfs4c_job_over(job, forget(job, owner));
		return;
	}
	nfs4c_job_state(job, owner);
	call = nfs4c_job_begin(job, unlock_in, on_unlock);
	if (!call)
		return;
	op_locku(call, owner, job->lock.first, job->lock.last);
	nfs4c_submit(call);
}

/* LOCKU, then FREE_STATEID, which need not be possible. */
static int release_in(struct call *call, struct xdr_in *in, int err)
{
	nfs4c_job_of(call);
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCKU);
	if (err)
		return err;
	xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	nfs4c_in(in, NFS4_OP_FREE_STATEID);
	return 0;
}

static void on_release(struct nfs4c_job *job, int err)
{
	/* A stateid that is not known has nothing locked: also when this was done before. */
	if (err && nfs4c_is_bad_stateid(job->status))
		err = 0;
	nfs4c_owner_drop(job->held, job->state);
	if (job->run == nfs4c_run_close && err != -ECANCELED)
		nfs4c_job_go_on(job);
	else
		nfs4c_job_end(job, err);
}

/* True: it is under way. */
static bool release(struct nfs4c_job *job, struct nfs4c_state *owner)
{
	struct call *call;

	/* One that is not valid, and has something, is being claimed again. */
	if (owner->lost || (!owner->valid && !nfs4_ranges_any(&job->held->ranges, owner))) {
		nfs4c_owner_drop(job->held, owner);
		return false;
	}
	nfs4c_job_state(job, owner);
	call = nfs4c_job_begin(job, release_in, on_release);
	if (!call)
		return true;
	op_locku(call, owner, 0, UINT64_MAX);
	nfs4c_op(call, NFS4_OP_FREE_STATEID);
	nfs4c_out_state(call, owner);
	nfs4c_submit(call);
	return true;
}

void nfs4c_run_release(struct nfs4c_job *job)
{
	struct nfs4c_state *owner = nfs4c_state_find(&job->held->owners, job->lock.owner);

	if (!owner || !release(job, owner))
		nfs4c_job_over(job, 0);
}

static int close_in(struct call *call, struct xdr_in *in, int err)
{
	nfs4c_job_of(call);
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_CLOSE);
	if (!err)
		xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	return err;
}

static void on_close(struct nfs4c_job *job, int err)
{
	nfs4c_state_drop(job->state);
	if (err != -ECANCELED)
		nfs4c_job_go_on(job);
	else
		nfs4c_job_end(job, err);
}

/* The next that the server knows of; NULL: none. */
static struct nfs4c_state *next_open(struct nfs4c_held *held)
{
	struct nfs4c_state *open, *next;

	list_for_each_entry_safe(open, next, &held->opens, link) {
		if (open->valid)
			return open;
		nfs4c_state_drop(open);
	}
	return NULL;
}

void nfs4c_run_close(struct nfs4c_job *job)
{
	struct nfs4c_held *held = job->held;
	struct nfs4c_state *open;
	struct call *call;

	while (!list_empty(&held->owners))
		if (release(job, list_first_entry(&held->owners, struct nfs4c_state, link)))
			return;
	open = next_open(held);
	if (!open) {
		nfs4c_job_over(job, 0);
		return;
	}
	nfs4c_job_state(job, open);
	call = nfs4c_job_begin(job, close_in, on_close);
	if (!call)
		return;
	nfs4c_op_close(call, open);
	nfs4c_submit(call);
}
