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
	nfs4_back_session_gone(session);
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

/*
 * Requests are taken from any connection already; what is bound is the back channel.  Whether to take over a connection
 * that may have both directions is the server's choice: it does.  18.34.3
 */
static enum nfs4_status bind_to(struct nfs4_session *session, struct nfs_conn *conn, u32 dir,
				u32 *given)
{
	bool can = session && nfs4_back_can(session, conn);

	if (!session)
		return NFS4ERR_BADSESSION;
	switch (dir) {
	case CDFC4_FORE:
		*given = CDFS4_FORE;
		return NFS4_OK;
	case CDFC4_FORE_OR_BOTH:
		*given = can ? CDFS4_BOTH : CDFS4_FORE;
		break;
	case CDFC4_BACK:
		*given = CDFS4_BACK;
		break;
	case CDFC4_BACK_OR_BOTH:
		*given = CDFS4_BOTH;
		break;
	default:
		return NFS4ERR_INVAL;
	}
	if (can)
		nfs4_back_bind(session, conn);
	return can || dir == CDFC4_FORE_OR_BOTH ? NFS4_OK : NFS4ERR_INVAL;
}

enum nfs4_status nfs4_op_bind_conn_to_session(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	const u8 *id = xdr_in_fixed(c->in, NFS4_SESSIONID_SIZE);
	u32 dir = xdr_in_u32(c->in);
	bool step_up = xdr_in_bool(c->in);	/* bctsa_use_conn_in_rdma_mode */
	enum nfs4_status status;
	u32 given;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	nfs4_state_lock(state);
	status = bind_to(nfs4_session_find(state, id), c->call->conn, dir, &given);
	nfs4_state_unlock(state);
	if (status != NFS4_OK)
		return status;
	xdr_out_fixed(c->out, id, NFS4_SESSIONID_SIZE);
	xdr_out_u32(c->out, given);
	/* TCP stays TCP, and what is RDMA from its beginning need not be asked to be it. */
	xdr_out_bool(c->out, step_up && c->call->conn->rdma);
	return NFS4_OK;
}

/* 18.33: from the next callback on. */
enum nfs4_status nfs4_op_backchannel_ctl(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	u32 program = xdr_in_u32(c->in);
	struct nfs4_cb_sec sec;

	if (!nfs4_cb_sec_decode(c->in, &sec))
		return NFS4ERR_BADXDR;
	if (!sec.usable)	/* RPCSEC_GSS handles, of which we know none */
		return NFS4ERR_NOENT;
	nfs4_state_lock(state);
	c->session->back_channel.program = program;
	c->session->back_channel.sec = sec;
	nfs4_state_unlock(state);
	return NFS4_OK;
}
