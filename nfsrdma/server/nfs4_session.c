// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Sessions: made, found, freed; the operations on one.  RFC 8881 18.33, 18.34, 18.37. */
#include "nfsrdma/server/nfs4_session.h"

#include <stdlib.h>
#include <sys/random.h>

#define SLOTS_ALWAYS	4	/* a session gets so many, or an eighth of what is left */

static enum nfs4_status slots_take(struct nfs4_state *state, u32 *slot_n)
{
	u32 left = NFS4_SLOTS_TOTAL - state->slot_n;

	if (left < SLOTS_ALWAYS)
		return NFS4ERR_NOSPC;
	*slot_n = min_t(u32, *slot_n, max_t(u32, SLOTS_ALWAYS, left / 8));
	return NFS4_OK;
}

enum nfs4_status nfs4_session_create(struct nfs4_client *client, struct nfs4_channel *fore,
				     const struct nfs4_channel *back, struct nfs4_session **out)
{
	struct nfs4_state *state = client->state;
	struct nfs4_session *session;
	enum nfs4_status status;
	u32 random;

	if (client->session_n == NFS4_SESSIONS_MAX)
		return NFS4ERR_NOSPC;
	status = slots_take(state, &fore->slot_n);
	if (status)
		return status;
	session = calloc(1, sizeof(*session) + fore->slot_n * sizeof(session->slots[0]));
	if (!session || getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random)) {
		free(session);
		return NFS4ERR_DELAY;
	}
	put_unaligned_be64(client->id, session->id);
	put_unaligned_be32(++state->session_serial, session->id + 8);
	put_unaligned_be32(random, session->id + 12);
	session->client = client;
	session->fore = *fore;
	session->back = *back;
	for (u32 i = 0; i < fore->slot_n; i++)
		session->slots[i].session = session;
	list_add_tail(&session->node, &client->sessions);
	client->session_n++;
	state->slot_n += fore->slot_n;
	*out = session;
	return NFS4_OK;
}

/* Nobody finds it any more. */
static void unlist(struct nfs4_session *session)
{
	if (list_empty(&session->node))
		return;
	list_del_init(&session->node);
	session->client->session_n--;
}

void nfs4_session_free(struct nfs4_session *session)
{
	core_assert(!session->calls);
	unlist(session);
	session->client->state->slot_n -= session->fore.slot_n;
	for (u32 i = 0; i < session->fore.slot_n; i++)
		free(session->slots[i].reply);
	free(session);
}

struct nfs4_session *nfs4_session_find(const struct nfs4_state *state,
				       const u8 id[NFS4_SESSIONID_SIZE])
{
	struct nfs4_client *client = nfs4_client_find(state, get_unaligned_be64(id));
	struct nfs4_session *session;

	if (!client)
		return NULL;
	list_for_each_entry(session, &client->sessions, node)
		if (!memcmp(session->id, id, NFS4_SESSIONID_SIZE))
			return session;
	return NULL;
}

/* ---- operations */

static enum nfs4_status destroy(const struct nfs4_compound *c, struct nfs4_session *session)
{
	if (!session)
		return NFS4ERR_BADSESSION;
	if (session->client->state->giving_up == session->client)
		return NFS4ERR_DELAY;
	if (session == c->session) {
		if (c->op_i + 1 != c->op_n)
			return NFS4ERR_NOT_ONLY_OP;
		if (session->calls > 1)
			return NFS4ERR_DELAY;
		unlist(session);	/* freed by nfs4_sequence_end() */
		return NFS4_OK;
	}
	if (session->calls)
		return NFS4ERR_DELAY;
	nfs4_session_free(session);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_destroy_session(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	const u8 *id = xdr_in_fixed(c->in, NFS4_SESSIONID_SIZE);
	enum nfs4_status status;

	if (!id)
		return NFS4ERR_BADXDR;
	nfs4_state_lock(state);
	status = destroy(c, nfs4_session_find(state, id));
	nfs4_state_unlock(state);
	return status;
}

/* Requests are taken from any connection already; callbacks are not made. */
enum nfs4_status nfs4_op_bind_conn_to_session(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	const u8 *id = xdr_in_fixed(c->in, NFS4_SESSIONID_SIZE);
	u32 dir = xdr_in_u32(c->in);
	struct nfs4_session *session;

	xdr_in_bool(c->in);		/* bctsa_use_conn_in_rdma_mode: TCP stays TCP */
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	nfs4_state_lock(state);
	session = nfs4_session_find(state, id);
	nfs4_state_unlock(state);
	if (!session)
		return NFS4ERR_BADSESSION;
	if (dir != CDFC4_FORE && dir != CDFC4_FORE_OR_BOTH)
		return NFS4ERR_INVAL;
	xdr_out_fixed(c->out, id, NFS4_SESSIONID_SIZE);
	xdr_out_u32(c->out, CDFS4_FORE);
	xdr_out_bool(c->out, c->call->conn->rdma);
	return NFS4_OK;
}

bool nfs4_callback_sec_decode(struct xdr_in *in, bool *usable)
{
	u32 len;

	*usable = false;
	for (u32 n = xdr_in_u32(in); n && xdr_in_ok(in); n--) {
		switch (xdr_in_u32(in)) {
		case RPC_AUTH_NONE:
			*usable = true;
			break;
		case RPC_AUTH_SYS:
			*usable = true;
			xdr_in_u32(in);
			xdr_in_opaque(in, RPC_MACHINE_NAME_MAX, &len);
			xdr_in_u32(in);
			xdr_in_u32(in);
			len = xdr_in_u32(in);
			if (len > RPC_AUTH_SYS_GIDS_MAX)
				xdr_in_fail(in);
			else
				xdr_in_fixed(in, (size_t)len * 4);
			break;
		case RPCSEC_GSS:
			xdr_in_u32(in);
			xdr_in_opaque(in, UINT32_MAX, &len);
			xdr_in_opaque(in, UINT32_MAX, &len);
			break;
		default:
			xdr_in_fail(in);
		}
	}
	return xdr_in_ok(in);
}

enum nfs4_status nfs4_op_backchannel_ctl(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	u32 program = xdr_in_u32(c->in);
	bool usable;

	if (!nfs4_callback_sec_decode(c->in, &usable))
		return NFS4ERR_BADXDR;
	if (!usable)		/* RPCSEC_GSS handles, of which we know none */
		return NFS4ERR_NOENT;
	nfs4_state_lock(state);
	c->session->cb_program = program;
	nfs4_state_unlock(state);
	return NFS4_OK;
}
