// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * After a restart of the server, within its grace period: opens that locks were taken by, then the locks, range after
 * range, before the session is used for anything else.  RFC 8881 8.4.2.1, 9.11.1, 18.51.
 *
 * What the server does not give back is lost; so is everything when the server is the same and has given up on us.
 */
#include <errno.h>

#include "nfsrdma/client/nfs4_held.h"

static bool may_reclaim(const struct nfs4c_held *held, const struct nfs4c_state *owner)
{
	return !owner->lost && nfs4_ranges_any(&held->ranges, owner);
}

void nfs4c_reclaim_begin(struct ornfs_client *c)
{
	struct nfs4c_locks *locks = nfs4c_locks(c);
	struct nfs4c_state *state;
	struct nfs4c_held *held;

	locks->reclaiming = true;
	list_for_each_entry(held, &locks->files, link) {
		list_for_each_entry(state, &held->opens, link)
			state->valid = false;
		list_for_each_entry(state, &held->owners, link) {
			state->valid = false;
			state->reclaimed = 0;
		}
	}
}

/* ---- one call after the other ----------------------------------------------------------------- */

/* The result of op behind PUTFH; 1: go on later, nothing is to be done now. */
static int result(struct call *call, struct xdr_in *in, int err, enum nfs4_op_num op)
{
	u32 status;

	err = nfs4c_first_result(call, in, err, &status);
	if (err < 0)
		call_free(call);
	if (err)
		return 1;
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	return err ? err : nfs4c_in(in, op);
}

static void on_open(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c_state *open = call->ctx;
	struct ornfs_client *c = call->client;
	const u8 *sid;

	err = result(call, in, err, NFS4_OP_OPEN);
	if (err > 0)
		return;
	sid = err ? NULL : nfs4c_in_open(in);
	if (sid)
		nfs4c_state_set(open, sid);
	else if (call->file->held)
		nfs4c_state_gone(call->file->held, open);
	call_free(call);
	nfs4c_reclaim(c);
}

static void on_lock(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c_state *owner = call->ctx;
	struct ornfs_client *c = call->client;
	const u8 *sid;

	err = result(call, in, err, NFS4_OP_LOCK);
	if (err > 0)
		return;
	sid = err ? NULL : xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	if (sid)
		nfs4c_state_set(owner, sid);
	else if (call->file->held)
		nfs4c_state_gone(call->file->held, owner);
	owner->reclaimed++;
	call_free(call);
	nfs4c_reclaim(c);
}

static struct call *begin(struct nfs4c_held *held, const struct nfs4c_state *open,
			  struct nfs4c_state *state,
			  void (*done)(struct call *, struct xdr_in *, int))
{
	struct call *call = nfs4c_first(held->client, &open->who, done);

	if (!call)
		return NULL;
	/* It stays while there are calls: jobs of the file wait for the session. */
	call->ctx = state;
	ornfs_file_get(held->file);
	call->file = held->file;
	nfs4c_op_file(call, held->file);
	return call;
}

static void send_open(struct nfs4c_held *held, struct nfs4c_state *open)
{
	struct call *call = begin(held, open, open, on_open);

	if (!call)
		return;
	nfs4c_op_open(call, held, open, open->access, true);
	nfs4c_first_submit(call);
}

static void send_lock(struct nfs4c_held *held, struct nfs4c_state *owner,
		      const struct nfs4_range *range)
{
	struct call *call = begin(held, owner->open, owner, on_lock);

	if (!call)
		return;
	call->reply_max = 2 * NFS4C_REPLY_HEAD;
	nfs4c_op_lock(call, held, owner, range, false, true);
	nfs4c_first_submit(call);
}

static const struct nfs4_range *range_of(const struct nfs4c_held *held,
					 const struct nfs4c_state *owner, unsigned i)
{
	const struct nfs4_range *range;

	list_for_each_entry(range, &held->ranges.list, link)
		if (range->owner == owner && !i--)
			return range;
	return NULL;
}

/* True: a call is under way. */
static bool reclaim_file(struct nfs4c_held *held)
{
	const struct nfs4_range *range;
	struct nfs4c_state *owner;

	list_for_each_entry(owner, &held->owners, link) {
		if (!may_reclaim(held, owner))
			continue;
		if (!owner->open->valid) {
			send_open(held, owner->open);
			return true;
		}
		range = range_of(held, owner, owner->reclaimed);
		if (range) {
			send_lock(held, owner, range);
			return true;
		}
	}
	return false;
}

void nfs4c_reclaim(struct ornfs_client *c)
{
	struct nfs4c_held *held;

	if (nfs4c_locks(c)->reclaiming)
		list_for_each_entry(held, &nfs4c_locks(c)->files, link)
			if (reclaim_file(held))
				return;
	nfs4c_locks(c)->reclaiming = false;
	nfs4c_reclaimed(c);
}
