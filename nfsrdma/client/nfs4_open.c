// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Opens, which locks are taken by, and the stateids that data goes with: of the owner of locks who reads or writes, else
 * of an open, else the anonymous one.  A call's stateid is put in when it is sent, for it may be another one after a
 * restart of the server.  RFC 8881 8.2, 18.2, 18.16.
 */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/nfs4_held.h"

/* ---- states ----------------------------------------------------------------------------------- */

struct nfs4c_state *nfs4c_state_new(struct list_head *list, u64 owner, struct nfs4c_state *open)
{
	struct nfs4c_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->refs = 1;
	state->owner = owner;
	state->open = open;
	if (open)
		open->refs++;
	list_add_tail(&state->link, list);
	return state;
}

void nfs4c_state_put(struct nfs4c_state *state)
{
	if (!state || --state->refs)
		return;
	nfs4c_state_put(state->open);
	free(state);
}

void nfs4c_state_drop(struct nfs4c_state *state)
{
	list_del_init(&state->link);
	state->valid = false;
	nfs4c_state_put(state);
}

struct nfs4c_state *nfs4c_state_find(struct list_head *list, u64 owner)
{
	struct nfs4c_state *state;

	list_for_each_entry(state, list, link)
		if (state->owner == owner)
			return state;
	return NULL;
}

void nfs4c_state_set(struct nfs4c_state *state, const u8 *sid)
{
	memcpy(state->other, sid + 4, sizeof(state->other));
	state->valid = true;
}

static void tell_lost(struct nfs4c_held *held)
{
	const struct ornfs_client_cfg *cfg = &held->client->cfg;

	if (cfg->on_lost)
		cfg->on_lost(held->client, held->file, cfg->ctx);
}

void nfs4c_state_gone(struct nfs4c_held *held, struct nfs4c_state *state)
{
	struct nfs4c_state *owner;
	bool lost = false;

	state->valid = false;
	list_for_each_entry(owner, &held->owners, link) {
		if (owner != state && owner->open != state)
			continue;
		owner->valid = false;
		if (!owner->lost && nfs4_ranges_any(&held->ranges, owner))
			owner->lost = lost = true;
	}
	if (lost)
		tell_lost(held);
}

bool nfs4c_is_bad_stateid(u32 status)
{
	return status == NFS4ERR_BAD_STATEID || status == NFS4ERR_STALE_STATEID ||
	       status == NFS4ERR_OLD_STATEID || status == NFS4ERR_EXPIRED ||
	       status == NFS4ERR_ADMIN_REVOKED;
}

/* ---- data ------------------------------------------------------------------------------------- */

static bool permits(const struct nfs4c_state *state, u32 access)
{
	const struct nfs4c_state *open = state->open ? state->open : state;

	return state->valid && (open->access & access) == access;
}

static struct nfs4c_state *choose(const struct call *call)
{
	struct nfs4c_held *held = call->file->held;
	const struct ornfs_client *c = call->client;
	struct nfs4c_state *state, *open;
	u64 user = call->req->caller ? call->req->caller->uid : c->cfg.uid;

	if (!held)
		return NULL;
	if (call->req->lock_owner) {
		state = nfs4c_state_find(&held->owners, call->req->lock_owner);
		if (state && permits(state, call->access))
			return state;
	}
	list_for_each_entry(open, &held->opens, link)
		if (open->owner == user && permits(open, call->access))
			return open;
	return NULL;
}

bool nfs4c_is_lost(const struct ornfs_file *file, u64 lock_owner)
{
	struct nfs4c_state *state =
		file->held && lock_owner ? nfs4c_state_find(&file->held->owners, lock_owner) : NULL;

	return state && state->lost;
}

void nfs4c_out_state(struct call *call, struct nfs4c_state *state)
{
	call->state_at[call->state_at[0] != 0] = (u32)xdr_out_len(&call->out);
	if (state && !call->state) {
		state->refs++;
		call->state = state;
	}
	nfs4c_out_anonymous(call);
}

void nfs4c_out_data_state(struct call *call, struct ornfs_file *file, u32 access)
{
	if (!call->file) {
		ornfs_file_get(file);
		call->file = file;
	}
	call->access = access;
	nfs4c_out_state(call, NULL);
}

/* Behind a seqid of 0: the newest (8.2.2). */
static u8 *other_at(struct call *call, unsigned i)
{
	return call->msg + call->state_at[i] + 4;
}

void nfs4c_state_fill(struct call *call)
{
	struct nfs4c_state *state;

	if (call->access) {
		state = choose(call);
		if (state)
			state->refs++;
		nfs4c_state_put(call->state);
		call->state = state;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(call->state_at) && call->state_at[i]; i++) {
		if (call->state)
			memcpy(other_at(call, i), call->state->other, NFS4_OTHER_SIZE);
		else
			memset(other_at(call, i), 0, NFS4_OTHER_SIZE);
	}
}

bool nfs4c_state_refused(struct call *call, u32 status)
{
	struct nfs4c_state *state = call->state;

	if (!call->access || !state || !nfs4c_is_bad_stateid(status))
		return false;
	if (state->valid && call->file->held &&
	    !memcmp(state->other, other_at(call, 0), NFS4_OTHER_SIZE))
		nfs4c_state_gone(call->file->held, state);
	return !nfs4c_is_lost(call->file, call->req->lock_owner);
}

/* ---- OPEN, CLOSE ------------------------------------------------------------------------------ */

void nfs4c_out_owner(struct call *call, const struct nfs4c_held *held, u64 owner)
{
	xdr_out_u64(&call->out, 0);	/* the session says which client: 18.16.3 */
	xdr_out_u32(&call->out, NFS4C_OWNER_BYTES);
	xdr_out_u64(&call->out, held->id);
	xdr_out_u64(&call->out, owner);
}

void nfs4c_op_open(struct call *call, const struct nfs4c_held *held, const struct nfs4c_state *open,
		   u32 access, bool reclaim)
{
	nfs4c_op(call, NFS4_OP_OPEN);
	xdr_out_u32(&call->out, 0);	/* seqid: minor version 0's */
	xdr_out_u32(&call->out, access | OPEN4_SHARE_ACCESS_WANT_NO_DELEG);
	xdr_out_u32(&call->out, OPEN4_SHARE_DENY_NONE);
	nfs4c_out_owner(call, held, open->owner);
	xdr_out_u32(&call->out, OPEN4_NOCREATE);
	xdr_out_u32(&call->out, reclaim ? CLAIM_PREVIOUS : CLAIM_FH);
	if (reclaim)
		xdr_out_u32(&call->out, OPEN_DELEGATE_NONE);
}

static void delegation_in(struct xdr_in *in)
{
	switch (xdr_in_u32(in)) {
	case OPEN_DELEGATE_NONE:
		break;
	case OPEN_DELEGATE_NONE_EXT:
		switch (xdr_in_u32(in)) {
		case 1:			/* WND4_CONTENTION */
		case 2:			/* WND4_RESOURCE */
			xdr_in_bool(in);
		}
		break;
	default:
		xdr_in_fail(in);	/* we asked for none */
	}
}

const u8 *nfs4c_in_open(struct xdr_in *in)
{
	const u8 *sid = xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);

	nfs4c_in_change(in);
	xdr_in_u32(in);			/* flags */
	nfs4c_in_bitmap(in);
	delegation_in(in);
	return xdr_in_ok(in) ? sid : NULL;
}

void nfs4c_op_close(struct call *call, struct nfs4c_state *open)
{
	nfs4c_op(call, NFS4_OP_CLOSE);
	xdr_out_u32(&call->out, 0);	/* seqid: minor version 0's */
	nfs4c_out_state(call, open);
}
