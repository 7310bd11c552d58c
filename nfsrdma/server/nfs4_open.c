// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* OPEN.  RFC 8881 18.16, 9.7 to 9.11. */
#include <errno.h>

#include "nfsrdma/server/nfs4_back.h"
#include "nfsrdma/server/nfs4_open.h"

/* Why no delegation was given: why_no_delegation4 */
enum { WND4_NOT_WANTED = 0, WND4_RESOURCE = 2, WND4_CANCELLED = 7 };
#define WANT_NO_DELEG	OPEN4_SHARE_ACCESS_WANT_NO_DELEG
#define WANT_CANCEL	0x0500

/* Reclaims in the grace period only, all others after it.  8.4.2.1, 18.51.3 */
static enum nfs4_status judge_claim(struct nfs4_compound *c, const struct nfs4_open_args *args)
{
	struct nfs4_state *state = nfs4_state_of(c);
	bool grace, done, may_reclaim;

	nfs4_state_lock(state);
	grace = nfs4_in_grace(state);
	done = nfs4_client_reclaim_done(c->client);
	may_reclaim = nfs4_client_may_reclaim(c->client);
	nfs4_state_unlock(state);
	switch (args->claim) {
	case CLAIM_PREVIOUS:
		if (!grace || done)
			return NFS4ERR_NO_GRACE;
		/* No delegation was ever given that could be reclaimed. */
		return may_reclaim && args->delegate_type == OPEN_DELEGATE_NONE
			       ? NFS4_OK
			       : NFS4ERR_RECLAIM_BAD;
	case CLAIM_NULL:
	case CLAIM_FH:
		return grace || !done ? NFS4ERR_GRACE : NFS4_OK;
	case CLAIM_DELEGATE_CUR:
	case CLAIM_DELEG_CUR_FH:
		return NFS4ERR_BAD_STATEID;
	default:
		return NFS4ERR_NOTSUPP;	/* delegations are not kept over a client's restart */
	}
}

/* ---- state ------------------------------------------------------------------------------------------ */

/*
 * Clients whose lease has run out do not stand in the way.  Asking them lets go of the lock, so all is looked at again
 * after it; the file stays, the caller holds it.
 */
static bool in_conflict(struct nfs4_state *state, const struct nfs4_file *file,
			const struct nfs4_open_args *args)
{
	const struct nfs4_open *open;
	struct nfs4_client *holder;

	for (bool ask = true;; ask = nfs4_client_yield(state, holder)) {
		if (!nfs4_shares_conflict(&file->shares, args->access, args->deny))
			return false;
		open = nfs4_share_holder(file, args->access, args->deny);
		if (!open || !ask)
			return true;
		holder = open->sid.opens->client;
	}
}

/* Without the lock, for it may wait for a disk; what was asked for is kept reserved meanwhile. */
static enum nfs4_status truncate_unlocked(struct nfs4_state *state, struct nfs4_file *file,
					  const struct nfs4_open_args *args,
					  const struct nfs4_obj *obj)
{
	const struct nfs_set_attr empty = { .set = NFS_SET_SIZE };
	int err;

	nfs4_shares_add(&file->shares, args->access, args->deny);
	nfs4_state_unlock(state);
	err = obj->export->vfs->setattr(obj->node, &obj->cred, &empty);
	nfs4_state_lock(state);
	nfs4_shares_sub(&file->shares, args->access, args->deny);
	return nfs4_status_of(err);
}

static enum nfs4_status take_locked(struct nfs4_compound *c, const struct nfs4_open_args *args,
				    const struct nfs4_opened *opened, struct nfs4_file *file,
				    struct nfs4_stateid *stateid)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_files *files = nfs4_state_files(state);
	struct nfs4_opens *opens;
	struct nfs4_open *open;
	enum nfs4_status status;
	int err;

	if (in_conflict(state, file, args))
		return args->claim == CLAIM_PREVIOUS ? NFS4ERR_RECLAIM_CONFLICT
						     : NFS4ERR_SHARE_DENIED;
	if (opened->truncate) {
		status = truncate_unlocked(state, file, args, &opened->obj);
		if (status != NFS4_OK)
			return status;
	}
	status = nfs4_opens_of(c, &opens);
	if (status != NFS4_OK)
		return status;
	err = nfs4_open_take(files, opens, &args->owner, file, args->access, args->deny, &open);
	/* Too many: waiting will not help, so not DELAY. */
	if (err)
		return err == -EMFILE ? NFS4ERR_SERVERFAULT : nfs4_status_of(err);
	nfs4_sid_get(files, &open->sid, stateid);
	return NFS4_OK;
}

static enum nfs4_status take(struct nfs4_compound *c, const struct nfs4_open_args *args,
			     const struct nfs4_opened *opened, struct nfs4_stateid *stateid)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_files *files = nfs4_state_files(state);
	enum nfs4_status status;
	struct nfs4_file *file;

	nfs4_state_lock(state);
	file = nfs4_file_get(files, &opened->obj.fh);
	if (file) {
		nfs4_file_hold(files, file, &opened->obj);
		status = take_locked(c, args, opened, file, stateid);
		nfs4_file_put(files, file);
	} else {
		status = NFS4ERR_DELAY;
	}
	nfs4_state_unlock(state);
	return status;
}

/* ---- results ---------------------------------------------------------------------------------------- */

static void delegation_encode(struct xdr_out *out, u32 want)
{
	if (!want) {
		xdr_out_u32(out, OPEN_DELEGATE_NONE);
		return;
	}
	/* Who speaks of it is told why there is none: open_none_delegation4 */
	xdr_out_u32(out, OPEN_DELEGATE_NONE_EXT);
	switch (want) {
	case WANT_NO_DELEG:
		xdr_out_u32(out, WND4_NOT_WANTED);
		return;
	case WANT_CANCEL:
		xdr_out_u32(out, WND4_CANCELLED);
		return;
	default:
		xdr_out_u32(out, WND4_RESOURCE);
		xdr_out_bool(out, false);	/* nor will there be */
	}
}

/* A client that is told so asks less often by itself. */
static bool notifies(const struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	bool up;

	nfs4_state_lock(state);
	up = nfs4_back_is_up(c->client);
	nfs4_state_unlock(state);
	return up;
}

static void results_encode(struct nfs4_compound *c, const struct nfs4_open_args *args,
			   const struct nfs4_opened *opened, const struct nfs4_stateid *stateid,
			   const struct nfs4_change *before, const struct nfs4_obj *dir)
{
	nfs4_stateid_encode(c->out, stateid);
	if (args->claim == CLAIM_NULL) {
		nfs4_change_info(c->out, before, dir, opened->made);
	} else {
		xdr_out_bool(c->out, true);	/* no directory: nothing changed */
		xdr_out_u64(c->out, 0);
		xdr_out_u64(c->out, 0);
	}
	xdr_out_u32(c->out,
		    OPEN4_RESULT_LOCKTYPE_POSIX | (notifies(c) ? OPEN4_RESULT_MAY_NOTIFY_LOCK : 0));
	nfs4_bitmap_encode(c->out, &opened->attrset);
	delegation_encode(c->out, args->want);
}

enum nfs4_status nfs4_op_open(struct nfs4_compound *c)
{
	struct nfs4_stateid stateid;
	struct nfs4_open_args args;
	struct nfs4_opened opened;
	enum nfs4_status status = nfs4_open_decode(c->in, &args);
	struct nfs4_change before;

	if (status == NFS4_OK)
		status = judge_claim(c, &args);
	if (status == NFS4_OK)
		status = nfs4_status_of(nfs4_client_record(nfs4_state_of(c), c->client));
	if (status != NFS4_OK)
		return status;
	before = nfs4_change_of(&c->cur);
	status = nfs4_open_file(c, &args, &opened);
	if (status != NFS4_OK)
		return status;
	status = take(c, &args, &opened, &stateid);
	if (status != NFS4_OK) {
		nfs4_obj_put(&opened.obj);
		return status;
	}
	results_encode(c, &args, &opened, &stateid, &before, &c->cur);
	nfs4_cur_set(c, &opened.obj);
	nfs4_cur_sid_set(c, &stateid);
	return NFS4_OK;
}
