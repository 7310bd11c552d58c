// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* LOCK, with the OPEN that it needs, and LOCKT.  RFC 8881 9, 18.10, 18.11, 18.16. */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/nfs4_job.h"

#define DENIED_BYTES	(NFS4_OPAQUE_LIMIT + 64)

/* ---- OPEN ------------------------------------------------------------------------------------- */

static int open_in(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c_job *job = nfs4c_job_of(call);
	const u8 *sid;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_OPEN);
	if (err)
		return err;
	sid = nfs4c_in_open(in);
	if (!sid)
		return -EPROTO;
	nfs4c_state_set(job->state, sid);
	job->state->access |= (u32)call->flags;
	return 0;
}

static void on_open(struct nfs4c_job *job, int err)
{
	if (!err) {
		nfs4c_job_go_on(job);
		return;
	}
	if (!job->state->access)
		nfs4c_state_drop(job->state);
	nfs4c_job_end(job, err);
}

static void send_open(struct nfs4c_job *job, struct nfs4c_state *open, u32 access)
{
	struct call *call;

	nfs4c_job_state(job, open);
	if (!open->valid)
		access |= open->access;
	open->who = job->who;
	call = nfs4c_job_begin(job, open_in, on_open);
	if (!call)
		return;
	call->flags = (int)access;
	nfs4c_op_open(call, job->held, open, access | open->access, false);
	nfs4c_submit(call);
}

/* ---- LOCK ------------------------------------------------------------------------------------- */

u64 nfs4c_lock_length(u64 first, u64 last)
{
	return last == UINT64_MAX ? UINT64_MAX : last - first + 1;
}

void nfs4c_op_lock(struct call *call, const struct nfs4c_held *held, struct nfs4c_state *owner,
		   const struct nfs4_range *range, bool wait, bool reclaim)
{
	nfs4c_op(call, NFS4_OP_LOCK);
	xdr_out_u32(&call->out, (range->write ? WRITE_LT : READ_LT) + (wait ? 2 : 0));
	xdr_out_bool(&call->out, reclaim);
	xdr_out_u64(&call->out, range->first);
	xdr_out_u64(&call->out, nfs4c_lock_length(range->first, range->last));
	xdr_out_bool(&call->out, !owner->valid);
	if (owner->valid) {
		nfs4c_out_state(call, owner);
		xdr_out_u32(&call->out, 0);
		return;
	}
	xdr_out_u32(&call->out, 0);	/* seqids are minor version 0's */
	nfs4c_out_state(call, owner->open);
	xdr_out_u32(&call->out, 0);
	nfs4c_out_owner(call, held, owner->owner);
}

/* LOCK4denied; of our own we know whose it is. */
static void denied_in(struct call *call, struct xdr_in *in, struct ornfs_req *req)
{
	struct nfs4c_held *held = call->file->held;
	struct ornfs_lock *other = &req->conflict;
	struct nfs4c_state *state;
	u64 length;
	const u8 *name;
	u32 len;

	*other = (struct ornfs_lock){ .first = xdr_in_u64(in) };
	length = xdr_in_u64(in);
	other->last = length > UINT64_MAX - other->first ? UINT64_MAX
							 : other->first + (length ? length - 1 : 0);
	other->write = !(xdr_in_u32(in) & 1);
	req->has_conflict = true;
	if (xdr_in_u64(in) != nfs4c_clientid(call->client))
		held = NULL;
	name = xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &len);
	if (!name || !held || len != NFS4C_OWNER_BYTES || get_unaligned_be64(name) != held->id)
		return;
	other->owner = get_unaligned_be64(name + 8);
	state = nfs4c_state_find(&held->owners, other->owner);
	other->pid = state ? state->pid : 0;
}

static int lock_in(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c_job *job = nfs4c_job_of(call);
	const u8 *sid;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCK);
	if (call->status == NFS4ERR_DENIED)
		denied_in(call, in, job->req);
	if (err)
		return err;
	sid = xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	if (!sid)
		return -EPROTO;
	nfs4c_state_set(nfs4c_state_find(&job->held->owners, job->lock.owner), sid);
	return 0;
}

static void on_lock(struct nfs4c_job *job, int err)
{
	struct nfs4c_held *held = job->held;
	struct nfs4c_state *owner = nfs4c_state_find(&held->owners, job->lock.owner);

	if (err && nfs4c_job_again(job)) {
		nfs4c_job_go_on(job);
		return;
	}
	if (!err) {
		err = nfs4_ranges_set(&held->ranges, job->lock.first, job->lock.last,
				      job->lock.write, owner);
		nfs4c_lease_watch(held->client);
	}
	/* Who has nothing, and never had, needs no record. */
	if (err && !owner->valid && !owner->lost && !nfs4_ranges_any(&held->ranges, owner))
		nfs4c_state_drop(owner);
	nfs4c_job_end(job, err);
}

static void send_lock(struct nfs4c_job *job, struct nfs4c_state *owner)
{
	const struct nfs4_range range = { .first = job->lock.first,
					  .last = job->lock.last,
					  .write = job->lock.write };
	struct call *call;

	nfs4c_job_state(job, owner->valid ? owner : owner->open);
	call = nfs4c_job_begin(job, lock_in, on_lock);
	if (!call)
		return;
	call->reply_max = NFS4C_REPLY_HEAD + DENIED_BYTES;
	nfs4c_op_lock(call, job->held, owner, &range, job->wait, false);
	nfs4c_submit(call);
}

static u32 access_of(int flags)
{
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return OPEN4_SHARE_ACCESS_READ;
	case O_WRONLY:
		return OPEN4_SHARE_ACCESS_WRITE;
	default:
		return OPEN4_SHARE_ACCESS_BOTH;
	}
}

void nfs4c_run_lock(struct nfs4c_job *job)
{
	struct nfs4c_held *held = job->held;
	u32 access = access_of(job->lock.flags);
	struct nfs4c_state *owner = nfs4c_state_find(&held->owners, job->lock.owner), *open;

	if (owner && owner->lost) {
		nfs4c_job_over(job, -EIO);
		return;
	}
	if (!(access & (job->lock.write ? OPEN4_SHARE_ACCESS_WRITE : OPEN4_SHARE_ACCESS_READ))) {
		nfs4c_job_over(job, -EBADF);
		return;
	}
	if (held->ranges.n + 2 > NFS4_FILE_RANGES_MAX) {
		nfs4c_job_over(job, -ENOLCK);
		return;
	}
	open = owner ? owner->open : nfs4c_state_find(&held->opens, job->who.uid);
	if (!open)
		open = nfs4c_state_new(&held->opens, job->who.uid, NULL);
	if (open && open->valid && (open->access & access) == access && !owner) {
		owner = nfs4c_state_new(&held->owners, job->lock.owner, open);
		if (owner)
			owner->pid = job->lock.pid;
		else
			open = NULL;
	}
	if (!open)
		nfs4c_job_over(job, -ENOMEM);
	else if (!open->valid || (open->access & access) != access)
		send_open(job, open, access);
	else
		send_lock(job, owner);
}

/* ---- LOCKT ------------------------------------------------------------------------------------ */

static int test_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCKT);
	if (call->status != NFS4ERR_DENIED)
		return err;
	denied_in(call, in, call->req);
	return 0;
}

void ornfs_lock_test(struct ornfs_client *c, struct ornfs_file *file, const struct ornfs_lock *lock,
		     struct ornfs_req *req)
{
	static const struct nfs4c_held nobody;
	struct call *call;

	req->file = NULL;
	req->has_conflict = false;
	if (!c->v4) {
		nfs3_fail(c, req, -EOPNOTSUPP);
		return;
	}
	call = nfs4c_begin(c, req, false, test_in);
	if (!call)
		return;
	ornfs_file_get(file);
	call->file = file;
	call->reply_max = NFS4C_REPLY_HEAD + DENIED_BYTES;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_LOCKT);
	xdr_out_u32(&call->out, lock->write ? WRITE_LT : READ_LT);
	xdr_out_u64(&call->out, lock->first);
	xdr_out_u64(&call->out, nfs4c_lock_length(lock->first, lock->last));
	nfs4c_out_owner(call, file->held ? file->held : &nobody, lock->owner);
	nfs4c_submit(call);
}
