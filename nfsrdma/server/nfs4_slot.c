// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* SEQUENCE, and the replies that slots keep: see nfs4_session.h.  RFC 8881 2.10.6, 18.46. */
#include <stdlib.h>

#include "nfsrdma/server/nfs4_hash.h"
#include "nfsrdma/server/nfs4_session.h"

#define SUM_BYTES	256	/* of the operations behind SEQUENCE */
#define RESULT_BYTES	36	/* SEQUENCE4resok */
#define ERROR_BYTES	16	/* an operation's number, status, and what SETATTR adds */

struct args {
	const u8 *session;
	u32 seq, slot, highest;
	bool cache_this;
	u64 sum;
};

/* What else than a retry has to differ in: who asks, how many operations and bytes, how they begin. */
static u64 sum_of(const struct nfs4_compound *c, bool cache_this)
{
	size_t left = xdr_in_left(c->in);
	u64 sum = (u64)c->call->cred.uid << 32 | c->call->rpc.flavor << 16 | c->op_n << 1 |
		  cache_this;

	sum = nfs4_hash_mix(sum + c->minor) ^ left;
	return nfs4_hash_bytes(sum, c->in->p, min_t(size_t, left, SUM_BYTES));
}

static bool args_decode(const struct nfs4_compound *c, struct args *a)
{
	a->session = xdr_in_fixed(c->in, NFS4_SESSIONID_SIZE);
	a->seq = xdr_in_u32(c->in);
	a->slot = xdr_in_u32(c->in);
	a->highest = xdr_in_u32(c->in);
	a->cache_this = xdr_in_bool(c->in);
	if (!xdr_in_ok(c->in))
		return false;
	a->sum = sum_of(c, a->cache_this);
	return true;
}

static void result_encode(struct xdr_out *out, const struct nfs4_slot *slot)
{
	const struct nfs4_session *session = slot->session;

	xdr_out_fixed(out, session->id, NFS4_SESSIONID_SIZE);
	xdr_out_u32(out, slot->seq);
	xdr_out_u32(out, (u32)(slot - session->slots));
	xdr_out_u32(out, session->fore.slot_n - 1);	/* sr_highest_slotid */
	xdr_out_u32(out, session->fore.slot_n - 1);	/* sr_target_highest_slotid */
	xdr_out_u32(out, nfs4_back_flags(session));	/* sr_status_flags */
}

static u32 reply_max(const struct nfs4_session *session, bool cache_this)
{
	return cache_this ? session->fore.cached_max : session->fore.reply_max;
}

/* Operations find no more room than this; that there was none more is said in the bytes left at the end. */
static void reply_limit(struct xdr_out *out, u32 max)
{
	size_t room = max - ERROR_BYTES;

	if ((size_t)(out->end - out->start) > room)
		out->end = out->start + room;
}

static void attach(struct nfs4_compound *c, struct nfs4_slot *slot)
{
	c->slot = slot;
	c->session = slot->session;
	c->client = slot->session->client;
	reply_limit(c->out, reply_max(slot->session, slot->cache_this));
	result_encode(c->out, slot);
}

static u64 request_bytes(const struct nfs_call *call)
{
	u64 n = call->msg_len;

	for (unsigned i = 0; i < call->in_n; i++)
		n += call->in[i].len;
	return n;
}

/* Room for the reply that is to be kept, before anything is done. */
static bool room(struct nfs4_slot *slot, bool cache_this)
{
	u32 want = max_t(u32, NFS4_KEPT_BYTES, cache_this ? slot->session->fore.cached_max : 0);
	u8 *p;

	if (slot->cap >= want)
		return true;
	p = realloc(slot->reply, want);
	if (!p)
		return false;
	slot->reply = p;
	slot->cap = want;
	return true;
}

static enum nfs4_status begin(struct nfs4_compound *c, const struct args *a, struct nfs4_slot *slot)
{
	struct nfs4_session *session = slot->session;

	if (request_bytes(c->call) > session->fore.request_max)
		return NFS4ERR_REQ_TOO_BIG;
	if (c->op_n > session->fore.op_max)
		return NFS4ERR_TOO_MANY_OPS;
	if (xdr_out_len(c->out) + RESULT_BYTES + ERROR_BYTES > reply_max(session, a->cache_this))
		return a->cache_this ? NFS4ERR_REP_TOO_BIG_TO_CACHE : NFS4ERR_REP_TOO_BIG;
	if (!room(slot, a->cache_this))
		return NFS4ERR_DELAY;
	slot->call = c->call;
	slot->used = true;
	slot->seq = a->seq;
	slot->cache_this = a->cache_this;
	slot->sum = a->sum;
	slot->len = 0;
	session->calls++;
	session->client->calls++;
	c->call->slot4 = slot;
	attach(c, slot);
	return NFS4_OK;
}

/* The request that this slot had last; no slot is held. */
static enum nfs4_status again(struct nfs4_compound *c, const struct args *a,
			      const struct nfs4_slot *slot)
{
	if (slot->call)
		return NFS4ERR_DELAY;
	if (a->sum != slot->sum)
		return NFS4ERR_SEQ_FALSE_RETRY;
	if (!slot->len)
		return NFS4ERR_RETRY_UNCACHED_REP;
	xdr_out_rewind(c->out, slot->start);
	xdr_out_fixed(c->out, slot->reply, slot->len);
	c->replayed = true;
	return NFS4_OK;
}

static enum nfs4_status sequence(struct nfs4_compound *c, const struct args *a)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_session *session = nfs4_session_find(state, a->session);
	struct nfs4_slot *slot;

	if (!session)
		return NFS4ERR_BADSESSION;
	if (state->giving_up == session->client)
		return NFS4ERR_DELAY;
	if (a->slot >= session->fore.slot_n)
		return NFS4ERR_BADSLOT;
	if (a->highest >= session->fore.slot_n)
		return NFS4ERR_BAD_HIGH_SLOT;
	slot = &session->slots[a->slot];
	session->client->renewed_ms = nfs4_now_ms(state);
	if (a->seq == slot->seq)
		return slot->used ? again(c, a, slot) : NFS4ERR_SEQ_MISORDERED;
	if (a->seq != slot->seq + 1 || slot->call)
		return NFS4ERR_SEQ_MISORDERED;
	return begin(c, a, slot);
}

enum nfs4_status nfs4_op_sequence(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	enum nfs4_status status = NFS4_OK;
	struct args a;

	if (!args_decode(c, &a))
		return NFS4ERR_BADXDR;
	if (c->op_i)
		return NFS4ERR_SEQUENCE_POS;
	nfs4_state_lock(state);
	if (c->call->slot4)	/* this call was tried on the reactor, and is run again */
		attach(c, c->call->slot4);
	else
		status = sequence(c, &a);
	nfs4_state_unlock(state);
	return status;
}

/* Items that went beside the message are not kept: only READ and the like have them. */
static void keep(struct nfs4_slot *slot, const struct xdr_out *reply, unsigned item_n, size_t start)
{
	size_t len = xdr_out_len(reply) - start;
	u32 max = slot->cache_this ? slot->cap : NFS4_KEPT_BYTES;

	if (!xdr_out_ok(reply) || item_n || len > max)
		return;
	memcpy(slot->reply, reply->start + start, len);
	slot->len = (u32)len;
	slot->start = (u32)start;
}

void nfs4_sequence_end(struct nfs4_compound *c, size_t start, bool again_later)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_session *session = c->session;
	struct nfs4_client *client = c->client;
	struct nfs4_slot *slot = c->slot;

	if (!slot)
		return;
	c->slot = NULL;
	c->session = NULL;
	c->client = NULL;
	if (again_later)
		return;
	c->call->slot4 = NULL;
	nfs4_state_lock(state);
	keep(slot, c->out, c->call->out_n, start);
	slot->call = NULL;
	client->renewed_ms = nfs4_now_ms(state);
	client->calls--;
	if (!--session->calls && list_empty(&session->node))
		nfs4_session_free(session);
	nfs4_state_unlock(state);
}

enum nfs4_status nfs4_sequence_too_big(const struct nfs4_compound *c)
{
	return c->slot && c->slot->cache_this ? NFS4ERR_REP_TOO_BIG_TO_CACHE : NFS4ERR_REP_TOO_BIG;
}
