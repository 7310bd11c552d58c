// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * LOCK, LOCKT, LOCKU.  RFC 8881 9, 18.10 to 18.12.
 *
 * Locks are advisory and between NFSv4 clients.  Whoever would have to wait is denied, also when it asked to wait
 * (READW, WRITEW): it asks again, and if it has a back channel it is told when (nfs4_waiter.h).
 */
#include "nfsrdma/server/nfs4_stateid.h"
#include "nfsrdma/server/nfs4_waiter.h"

struct lock_range {
	bool write, waits;
	u64 offset, length;
	u64 first, last;
};

/* The type of a lock; others are malformed. */
static void type_decode(struct xdr_in *in, struct lock_range *range)
{
	u32 type = xdr_in_u32(in);

	if (type < READ_LT || type > WRITEW_LT)
		xdr_in_fail(in);
	range->write = type == WRITE_LT || type == WRITEW_LT;
	range->waits = type == READW_LT || type == WRITEW_LT;
}

static void extent_decode(struct xdr_in *in, struct lock_range *range)
{
	range->offset = xdr_in_u64(in);
	range->length = xdr_in_u64(in);
}

/* 18.10.3: a length of all ones is to the end of the file, wherever that will be. */
static enum nfs4_status extent_judge(struct lock_range *range)
{
	if (!range->length)
		return NFS4ERR_INVAL;
	if (range->length != UINT64_MAX && range->length > UINT64_MAX - range->offset)
		return NFS4ERR_INVAL;
	range->first = range->offset;
	range->last = range->length == UINT64_MAX ? UINT64_MAX : range->offset + range->length - 1;
	return NFS4_OK;
}

static void owner_decode(struct xdr_in *in, struct nfs4_owner_arg *owner)
{
	xdr_in_u64(in);			/* client ID: the session says it (18.10.3) */
	owner->name = xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &owner->len);
}

/* Who stands in the way.  LOCK4denied */
static void denied_encode(struct xdr_out *out, const struct nfs4_range *range)
{
	const struct nfs4_lock *lock = range->owner;
	const struct nfs4_owner *owner = lock->sid.owner;
	u64 length = range->last == UINT64_MAX ? UINT64_MAX : range->last - range->first + 1;

	xdr_out_u64(out, range->first);
	xdr_out_u64(out, length);
	xdr_out_u32(out, range->write ? WRITE_LT : READ_LT);
	xdr_out_u64(out, nfs4_client_id(lock->sid.opens->client));
	xdr_out_opaque(out, owner->name, owner->len);
}

static struct nfs4_client *client_of(const struct nfs4_range *range)
{
	return ((const struct nfs4_lock *)range->owner)->sid.opens->client;
}

/* ---- LOCK ------------------------------------------------------------------------------------------- */

struct lock_args {
	struct lock_range range;
	bool reclaim;
	bool new_owner;
	struct nfs4_stateid stateid;	/* of the open, or of the owner's locks so far */
	struct nfs4_owner_arg owner;
};

static bool lock_decode(struct xdr_in *in, struct lock_args *args)
{
	*args = (struct lock_args){ 0 };
	type_decode(in, &args->range);
	args->reclaim = xdr_in_bool(in);
	extent_decode(in, &args->range);
	args->new_owner = xdr_in_bool(in);
	if (args->new_owner) {
		xdr_in_u32(in);		/* seqids are minor version 0's */
		nfs4_stateid_decode(in, &args->stateid);
		xdr_in_u32(in);
		owner_decode(in, &args->owner);
	} else {
		nfs4_stateid_decode(in, &args->stateid);
		xdr_in_u32(in);
	}
	return xdr_in_ok(in);
}

/* 9.6.2, 18.51.3 */
static enum nfs4_status judge_grace(const struct nfs4_compound *c, bool reclaim)
{
	bool grace = nfs4_in_grace(nfs4_state_of(c));

	if (reclaim)
		return grace && nfs4_client_may_reclaim(c->client) ? NFS4_OK : NFS4ERR_NO_GRACE;
	return grace || !nfs4_client_reclaim_done(c->client) ? NFS4ERR_GRACE : NFS4_OK;
}

/* The open it comes by, and what the owner has locked so far (NULL: nothing yet). */
static enum nfs4_status locker(const struct nfs4_compound *c, const struct lock_args *args,
			       struct nfs4_open **open, struct nfs4_lock **lock)
{
	struct nfs4_sid *sid;
	enum nfs4_status status = nfs4_sid_resolve(c, &c->cur, &args->stateid, &sid);

	if (status != NFS4_OK)
		return status;
	if (args->new_owner != !sid->lock)
		return NFS4ERR_BAD_STATEID;
	*open = sid->open;
	*lock = args->new_owner ? nfs4_lock_find(nfs4_state_files(nfs4_state_of(c)), sid->opens,
						 &args->owner, sid->file)
				: sid->lock;
	return NFS4_OK;
}

static enum nfs4_status status_of(int err)
{
	/* Too many: waiting will not help, so not DELAY. */
	return err == -EMFILE || err == -ENOLCK ? NFS4ERR_SERVERFAULT : nfs4_status_of(err);
}

static enum nfs4_status take(struct nfs4_files *files, const struct lock_args *args,
			     struct nfs4_open *open, struct nfs4_lock *lock,
			     struct nfs4_stateid *stateid)
{
	bool made = !lock;
	int err = made ? nfs4_lock_make(files, open, &args->owner, &lock) : 0;

	if (err)
		return status_of(err);
	err = nfs4_lock_set(files, lock, args->range.first, args->range.last, args->range.write);
	if (err && made)
		nfs4_lock_free(files, lock);
	if (err)
		return status_of(err);
	nfs4_sid_get(files, &lock->sid, stateid);
	return NFS4_OK;
}

static enum nfs4_status denied(struct nfs4_compound *c, const struct nfs4_range *other,
			       bool reclaim)
{
	if (reclaim)
		return NFS4ERR_RECLAIM_CONFLICT;
	denied_encode(c->out, other);
	return NFS4ERR_DENIED;
}

static void wait_for(const struct lock_args *args, const struct nfs4_open *open,
		     const struct nfs4_lock *lock)
{
	struct nfs4_owner_arg owner = args->owner;

	if (lock)
		owner = (struct nfs4_owner_arg){ lock->sid.owner->name, lock->sid.owner->len };
	nfs4_waiter_add(open->sid.opens, &owner, open->sid.file, args->range.first,
			args->range.last, args->range.write);
}

/*
 * With the lock held.  A client whose lease has run out does not stand in the way; asking it lets go of the lock, so
 * all is looked up again after it.
 */
static enum nfs4_status lock_locked(struct nfs4_compound *c, const struct lock_args *args,
				    struct nfs4_stateid *stateid)
{
	unsigned access = args->range.write ? OPEN4_SHARE_ACCESS_WRITE : OPEN4_SHARE_ACCESS_READ;
	struct nfs4_state *state = nfs4_state_of(c);
	const struct nfs4_range *other;
	struct nfs4_client *holder;
	enum nfs4_status status;
	struct nfs4_open *open;
	struct nfs4_lock *lock;

	for (bool ask = true;; ask = nfs4_client_yield(state, holder)) {
		status = locker(c, args, &open, &lock);
		if (status == NFS4_OK)
			status = judge_grace(c, args->reclaim);
		if (status != NFS4_OK)
			return status;
		if (!(open->access & access))
			return NFS4ERR_OPENMODE;
		other = nfs4_ranges_conflict(&open->sid.file->ranges, args->range.first,
					     args->range.last, args->range.write, lock);
		if (!other)
			return take(nfs4_state_files(state), args, open, lock, stateid);
		if (!ask) {
			if (args->range.waits && !args->reclaim)
				wait_for(args, open, lock);
			return denied(c, other, args->reclaim);
		}
		holder = client_of(other);
	}
}

enum nfs4_status nfs4_op_lock(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_stateid stateid;
	struct lock_args args;
	enum nfs4_status status;
	struct nfs_attr attr;

	if (!lock_decode(c->in, &args))
		return NFS4ERR_BADXDR;
	status = nfs4_obj_regular(&c->cur, &attr);
	if (status == NFS4_OK)
		status = extent_judge(&args.range);
	if (status != NFS4_OK)
		return status;
	nfs4_state_lock(state);
	status = lock_locked(c, &args, &stateid);
	nfs4_state_unlock(state);
	if (status != NFS4_OK)
		return status;
	nfs4_cur_sid_set(c, &stateid);
	nfs4_stateid_encode(c->out, &stateid);
	return NFS4_OK;
}

/* ---- LOCKT ------------------------------------------------------------------------------------------ */

static enum nfs4_status test_locked(struct nfs4_compound *c, const struct lock_range *range,
				    const struct nfs4_owner_arg *owner)
{
	struct nfs4_state *state = nfs4_state_of(c);
	const struct nfs4_files *files = nfs4_state_files(state);
	const struct nfs4_range *other;
	const struct nfs4_file *file;
	struct nfs4_client *holder;
	struct nfs4_opens *opens;
	enum nfs4_status status;

	for (bool ask = true;; ask = nfs4_client_yield(state, holder)) {
		status = nfs4_opens_of(c, &opens);
		if (status != NFS4_OK)
			return status;
		if (nfs4_in_grace(state))
			return NFS4ERR_GRACE;
		file = nfs4_file_find(files, &c->cur.fh);
		if (!file)
			return NFS4_OK;
		other = nfs4_ranges_conflict(&file->ranges, range->first, range->last, range->write,
					     nfs4_lock_find(files, opens, owner, file));
		if (!other)
			return NFS4_OK;
		if (!ask)
			return denied(c, other, false);
		holder = client_of(other);
	}
}

enum nfs4_status nfs4_op_lockt(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct lock_range range = { 0 };
	struct nfs4_owner_arg owner;
	enum nfs4_status status;
	struct nfs_attr attr;

	type_decode(c->in, &range);
	extent_decode(c->in, &range);
	owner_decode(c->in, &owner);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = nfs4_obj_regular(&c->cur, &attr);
	if (status == NFS4_OK)
		status = extent_judge(&range);
	if (status != NFS4_OK)
		return status;
	nfs4_state_lock(state);
	status = test_locked(c, &range, &owner);
	nfs4_state_unlock(state);
	return status;
}

/* ---- LOCKU ------------------------------------------------------------------------------------------ */

enum nfs4_status nfs4_op_locku(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct lock_range range = { 0 };
	struct nfs4_stateid stateid;
	enum nfs4_status status;
	struct nfs4_sid *sid;

	type_decode(c->in, &range);	/* of either type: 18.12.3 */
	xdr_in_u32(c->in);		/* seqid: minor version 0's */
	nfs4_stateid_decode(c->in, &stateid);
	extent_decode(c->in, &range);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = extent_judge(&range);
	if (status != NFS4_OK)
		return status;
	nfs4_state_lock(state);
	status = nfs4_sid_resolve(c, &c->cur, &stateid, &sid);
	if (status == NFS4_OK && !sid->lock)
		status = NFS4ERR_BAD_STATEID;
	if (status == NFS4_OK)
		status = status_of(nfs4_lock_clear(nfs4_state_files(state), sid->lock, range.first,
						   range.last));
	if (status == NFS4_OK)
		nfs4_sid_get(nfs4_state_files(state), sid, &stateid);
	nfs4_state_unlock(state);
	if (status != NFS4_OK)
		return status;
	nfs4_cur_sid_set(c, &stateid);
	nfs4_stateid_encode(c->out, &stateid);
	return NFS4_OK;
}
