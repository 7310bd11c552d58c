// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* CREATE_SESSION: confirms a client, makes a session.  RFC 8881 18.36. */
#include "nfsrdma/server/nfs4_recovery.h"
#include "nfsrdma/server/nfs4_session.h"

#define FLAGS_ALL	(CREATE_SESSION4_FLAG_PERSIST | CREATE_SESSION4_FLAG_CONN_BACK_CHAN |	\
			 CREATE_SESSION4_FLAG_CONN_RDMA)

struct args {
	u64 client_id;
	u32 seq, flags, cb_program;
	struct nfs4_channel fore, back;
	struct nfs4_cb_sec cb_sec;
};

static void channel_decode(struct xdr_in *in, struct nfs4_channel *channel)
{
	u32 n;

	xdr_in_u32(in);			/* ca_headerpadsize */
	channel->request_max = xdr_in_u32(in);
	channel->reply_max = xdr_in_u32(in);
	channel->cached_max = xdr_in_u32(in);
	channel->op_max = xdr_in_u32(in);
	channel->slot_n = xdr_in_u32(in);
	n = xdr_in_u32(in);		/* ca_rdma_ird<1> */
	if (n > 1)
		xdr_in_fail(in);
	if (n == 1)
		xdr_in_u32(in);
}

static void channel_encode(struct xdr_out *out, const struct nfs4_channel *channel)
{
	xdr_out_u32(out, 0);
	xdr_out_u32(out, channel->request_max);
	xdr_out_u32(out, channel->reply_max);
	xdr_out_u32(out, channel->cached_max);
	xdr_out_u32(out, channel->op_max);
	xdr_out_u32(out, channel->slot_n);
	xdr_out_u32(out, 0);
}

static enum nfs4_status args_decode(struct xdr_in *in, struct args *a)
{
	a->client_id = xdr_in_u64(in);
	a->seq = xdr_in_u32(in);
	a->flags = xdr_in_u32(in);
	channel_decode(in, &a->fore);
	channel_decode(in, &a->back);
	a->cb_program = xdr_in_u32(in);
	if (!nfs4_cb_sec_decode(in, &a->cb_sec))
		return NFS4ERR_BADXDR;
	return a->flags & ~FLAGS_ALL ? NFS4ERR_INVAL : NFS4_OK;
}

/* 18.36.3: each not larger than what was asked for. */
static enum nfs4_status fore_negotiate(struct nfs4_channel *fore)
{
	if (fore->request_max < NFS4_CHANNEL_MIN || fore->reply_max < NFS4_CHANNEL_MIN)
		return NFS4ERR_TOOSMALL;
	if (!fore->op_max || !fore->slot_n)
		return NFS4ERR_INVAL;
	fore->request_max = min_t(u32, fore->request_max, NFS4_CHANNEL_MAX);
	fore->reply_max = min_t(u32, fore->reply_max, NFS4_CHANNEL_MAX);
	fore->cached_max = min_t(u32, fore->cached_max, NFS4_CACHED_MAX);
	fore->cached_max = min_t(u32, fore->cached_max, fore->reply_max);
	fore->op_max = min_t(u32, fore->op_max, NFS4_OPS_MAX);
	fore->slot_n = min_t(u32, fore->slot_n, NFS4_SLOTS_MAX);
	return NFS4_OK;
}

/* Of a client that is new: may it take the place of the one that has its name? */
static enum nfs4_status may_replace(const struct nfs4_client *client, const struct nfs4_client *old)
{
	if (!old)
		return NFS4_OK;
	if (nfs4_client_busy(old))
		return NFS4ERR_DELAY;
	if (!nfs4_principal_is(&old->principal, &client->principal) && nfs4_client_has_state(old))
		return NFS4ERR_CLID_INUSE;
	return NFS4_OK;
}

/* What the old instance had is gone; its record goes over to the new one. */
static enum nfs4_status confirm(struct nfs4_client *client, struct nfs4_client *old)
{
	struct nfs4_state *state = client->state;

	client->opens = nfs4_opens_create(client);
	if (!client->opens)
		return NFS4ERR_DELAY;
	if (old)
		nfs4_client_free(old);
	client->record = nfs4_record_of_owner(state, client->owner, client->owner_len);
	client->confirmed = true;
	return NFS4_OK;
}

/* Its callbacks go over the connection that it is made by, if that is what the client wants. */
static u32 back_begin(struct nfs4_compound *c, const struct args *a, struct nfs4_session *session)
{
	struct nfs4_back *back = &session->back_channel;

	back->program = a->cb_program;
	back->minor = c->minor;
	back->sec = a->cb_sec;
	if (!(a->flags & CREATE_SESSION4_FLAG_CONN_BACK_CHAN) ||
	    !nfs4_back_can(session, c->call->conn))
		return 0;
	nfs4_back_bind(session, c->call->conn);
	return CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
}

static void result_keep(struct nfs4_client *client, const struct nfs4_session *session, u32 flags)
{
	struct xdr_out out;

	client->create_seq++;
	client->created = true;
	xdr_out_init(&out, client->created_reply, sizeof(client->created_reply));
	xdr_out_fixed(&out, session->id, NFS4_SESSIONID_SIZE);
	xdr_out_u32(&out, client->create_seq);
	xdr_out_u32(&out, flags);	/* never persistent */
	channel_encode(&out, &session->fore);
	channel_encode(&out, &session->back);
	core_assert(xdr_out_ok(&out) && xdr_out_len(&out) == NFS4_CREATED_BYTES);
}

/* The sequence is right: a new session. */
static enum nfs4_status create(struct nfs4_compound *c, struct args *a, struct nfs4_client *client)
{
	struct nfs4_principal me = nfs4_principal_of(c);
	struct nfs4_client *old = NULL;
	struct nfs4_session *session;
	enum nfs4_status status;

	if (!client->confirmed && !nfs4_principal_is(&me, &client->principal))
		return NFS4ERR_CLID_INUSE;
	status = fore_negotiate(&a->fore);
	if (status)
		return status;
	if (a->back.request_max < NFS4_BACK_MIN || a->back.op_max < NFS4_BACK_OPS_MIN)
		return NFS4ERR_TOOSMALL;
	a->back.slot_n = min_t(u32, a->back.slot_n, NFS4_BACK_SLOTS);
	if (!client->confirmed) {
		old = nfs4_client_of_owner(client->state, client->owner, client->owner_len, true);
		status = may_replace(client, old);
		if (status)
			return status;
	}
	status = nfs4_session_create(client, &a->fore, &a->back, &session);
	if (status)
		return status;
	if (!client->confirmed) {
		status = confirm(client, old);
		if (status) {
			nfs4_session_free(session);
			return status;
		}
	}
	client->peer = c->call->conn->peer;
	client->rdma = c->call->conn->rdma;
	client->minor = (u8)c->minor;
	client->renewed_ms = nfs4_now_ms(client->state);
	result_keep(client, session, back_begin(c, a, session));
	return NFS4_OK;
}

/* 18.36.4: errors are not kept, for what failed can be tried again. */
static enum nfs4_status create_once(struct nfs4_compound *c, struct args *a,
				    struct nfs4_client *client)
{
	enum nfs4_status status;

	if (!client)
		return NFS4ERR_STALE_CLIENTID;
	if (client->state->giving_up == client)
		return NFS4ERR_DELAY;
	if (!client->created || a->seq != client->create_seq) {
		if (a->seq != client->create_seq + 1)
			return NFS4ERR_SEQ_MISORDERED;
		status = create(c, a, client);
		if (status)
			return status;
	}
	xdr_out_fixed(c->out, client->created_reply, sizeof(client->created_reply));
	return NFS4_OK;
}

enum nfs4_status nfs4_op_create_session(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct args a;
	enum nfs4_status status = args_decode(c->in, &a);

	if (status)
		return status;
	nfs4_state_lock(state);
	status = create_once(c, &a, nfs4_client_find(state, a.client_id));
	nfs4_state_unlock(state);
	return status;
}
