// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Stateids: what they permit; FREE_STATEID, TEST_STATEID, and delegations, which are never given.  RFC 8881 8.2. */
#include "nfsrdma/server/nfs4_stateid.h"

#define STATEID_BYTES	16	/* on the wire */

const struct nfs4_stateid nfs4_stateid_invalid = { .seqid = UINT32_MAX };

static bool all_of(const struct nfs4_stateid *stateid, u8 byte)
{
	for (unsigned i = 0; i < NFS4_OTHER_SIZE; i++)
		if (stateid->other[i] != byte)
			return false;
	return true;
}

enum nfs4_special nfs4_special_of(const struct nfs4_stateid *stateid)
{
	if (all_of(stateid, 0)) {
		if (!stateid->seqid)
			return NFS4_SID_ANONYMOUS;
		return stateid->seqid == 1 ? NFS4_SID_CURRENT : NFS4_SID_INVALID;
	}
	if (all_of(stateid, 0xff))
		return stateid->seqid == UINT32_MAX ? NFS4_SID_BYPASS : NFS4_SID_INVALID;
	return NFS4_SID_ORDINARY;
}

enum nfs4_status nfs4_opens_of(const struct nfs4_compound *c, struct nfs4_opens **opens)
{
	*opens = nfs4_client_opens(c->client);
	return *opens ? NFS4_OK : NFS4ERR_DEADSESSION;
}

/* The one that goes with this object, when the current one is meant.  16.2.3.1.2 */
static const struct nfs4_stateid *put_in(const struct nfs4_compound *c, const struct nfs4_obj *obj,
					 const struct nfs4_stateid *stateid)
{
	if (nfs4_special_of(stateid) != NFS4_SID_CURRENT)
		return stateid;
	if (obj == &c->saved)
		return c->has_saved_sid ? &c->saved_sid : &nfs4_stateid_invalid;
	return c->has_cur_sid ? &c->cur_sid : &nfs4_stateid_invalid;
}

/* Of the caller's client, of any file. */
static enum nfs4_status find(const struct nfs4_compound *c, const struct nfs4_stateid *stateid,
			     struct nfs4_sid **sid)
{
	const struct nfs4_files *files = nfs4_state_files(nfs4_state_of(c));
	struct nfs4_opens *opens;
	enum nfs4_status status = nfs4_opens_of(c, &opens);

	if (status != NFS4_OK)
		return status;
	if (nfs4_special_of(stateid) != NFS4_SID_ORDINARY)
		return NFS4ERR_BAD_STATEID;
	*sid = nfs4_sid_find(files, stateid);
	if (!*sid || (*sid)->opens != opens)
		return NFS4ERR_BAD_STATEID;
	return nfs4_seqid_check((*sid)->seqid, stateid->seqid);
}

enum nfs4_status nfs4_sid_resolve(const struct nfs4_compound *c, const struct nfs4_obj *obj,
				  const struct nfs4_stateid *stateid, struct nfs4_sid **sid)
{
	enum nfs4_status status = find(c, put_in(c, obj, stateid), sid);

	if (status == NFS4_OK && !nfs4_fh_equal(&(*sid)->file->fh, &obj->fh))
		return NFS4ERR_BAD_STATEID;
	return status;
}

void nfs4_cur_sid_set(struct nfs4_compound *c, const struct nfs4_stateid *stateid)
{
	c->cur_sid = *stateid;
	c->has_cur_sid = true;
}

/* ---- READ, WRITE, SETATTR --------------------------------------------------------------------------- */

static unsigned share_of(enum nfs_access want)
{
	return (want & NFS_MAY_READ ? OPEN4_SHARE_ACCESS_READ : 0) |
	       (want & NFS_MAY_WRITE ? OPEN4_SHARE_ACCESS_WRITE : 0);
}

/* Nothing was opened: share reservations of those who did are respected.  9.1.2 */
static enum nfs4_status without_open(const struct nfs4_compound *c, const struct nfs4_obj *obj,
				     unsigned want)
{
	struct nfs4_state *state = nfs4_state_of(c);
	const struct nfs4_file *file;
	const struct nfs4_open *open;
	struct nfs4_client *holder;

	/* Until it ends nobody knows which reservations there are.  9.6.2 */
	if (nfs4_in_grace(state))
		return NFS4ERR_GRACE;
	for (bool ask = true;; ask = nfs4_client_yield(state, holder)) {
		file = nfs4_file_find(nfs4_state_files(state), &obj->fh);
		if (!file || !nfs4_shares_conflict(&file->shares, want, 0))
			return NFS4_OK;
		open = nfs4_share_holder(file, want, 0);
		if (!open || !ask)
			return NFS4ERR_LOCKED;
		if (!c->may_block)
			return NFS4_WOULD_BLOCK;
		holder = open->sid.opens->client;
	}
}

static enum nfs4_status with_open(const struct nfs4_open *open, unsigned want)
{
	unsigned lacks = want & ~(unsigned)open->access;

	if (!lacks)
		return NFS4_OK;
	/* Who writes parts of pages must read them first: let it, unless others deny it.  18.22.3 */
	if (lacks == OPEN4_SHARE_ACCESS_READ && open->access & OPEN4_SHARE_ACCESS_WRITE)
		return open->sid.file->shares.deny[0] ? NFS4ERR_LOCKED : NFS4_OK;
	return NFS4ERR_OPENMODE;
}

enum nfs4_status nfs4_stateid_may(struct nfs4_compound *c, const struct nfs4_obj *obj,
				  const struct nfs4_stateid *stateid, enum nfs_access want)
{
	struct nfs4_state *state = nfs4_state_of(c);
	unsigned share = share_of(want);
	enum nfs4_status status;
	struct nfs4_sid *sid;

	nfs4_state_lock(state);
	switch (nfs4_special_of(stateid)) {
	case NFS4_SID_BYPASS:
		if (share == OPEN4_SHARE_ACCESS_READ) {
			status = NFS4_OK;
			break;
		}
		fallthrough;
	case NFS4_SID_ANONYMOUS:
		status = without_open(c, obj, share);
		break;
	case NFS4_SID_ORDINARY:
	case NFS4_SID_CURRENT:
	case NFS4_SID_INVALID:
	default:
		status = nfs4_sid_resolve(c, obj, stateid, &sid);
		if (status == NFS4_OK)
			status = with_open(sid->open, share);
	}
	nfs4_state_unlock(state);
	return status;
}

/* ---- FREE_STATEID, TEST_STATEID.  18.38, 18.48 ------------------------------------------------------ */

static enum nfs4_status free_sid(struct nfs4_files *files, const struct nfs4_sid *sid)
{
	/* An open, or a lock state that locks something, is given up by CLOSE or LOCKU. */
	if (!sid->lock || nfs4_ranges_any(&sid->file->ranges, sid->lock))
		return NFS4ERR_LOCKS_HELD;
	nfs4_lock_free(files, sid->lock);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_free_stateid(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_stateid stateid;
	enum nfs4_status status;
	struct nfs4_sid *sid;

	nfs4_stateid_decode(c->in, &stateid);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	nfs4_state_lock(state);
	status = find(c, put_in(c, &c->cur, &stateid), &sid);
	if (status == NFS4_OK)
		status = free_sid(nfs4_state_files(state), sid);
	nfs4_state_unlock(state);
	return status;
}

enum nfs4_status nfs4_op_test_stateid(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_stateid stateid;
	enum nfs4_status status;
	struct nfs4_sid *sid;
	struct xdr_in list;
	const u8 *p;
	u32 n;

	n = xdr_in_u32(c->in);
	if (n > xdr_in_left(c->in) / STATEID_BYTES)
		return NFS4ERR_BADXDR;
	p = xdr_in_fixed(c->in, (size_t)n * STATEID_BYTES);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	xdr_in_init(&list, p, (size_t)n * STATEID_BYTES);
	xdr_out_u32(c->out, n);
	nfs4_state_lock(state);
	for (u32 i = 0; i < n; i++) {
		nfs4_stateid_decode(&list, &stateid);
		status = find(c, &stateid, &sid);
		xdr_out_u32(c->out, status == NFS4ERR_DEADSESSION ? NFS4ERR_BAD_STATEID : status);
	}
	nfs4_state_unlock(state);
	return NFS4_OK;
}

/* ---- delegations ------------------------------------------------------------------------------------ */

enum nfs4_status nfs4_op_delegreturn(struct nfs4_compound *c)
{
	struct nfs4_stateid stateid;

	nfs4_stateid_decode(c->in, &stateid);
	/* None was given, so none is it. */
	return xdr_in_ok(c->in) ? NFS4ERR_BAD_STATEID : NFS4ERR_BADXDR;
}

enum nfs4_status nfs4_op_delegpurge(struct nfs4_compound *c)
{
	xdr_in_u64(c->in);		/* client ID */
	/* 18.5.3: goes with CLAIM_DELEGATE_PREV, which is not supported. */
	return xdr_in_ok(c->in) ? NFS4ERR_NOTSUPP : NFS4ERR_BADXDR;
}
