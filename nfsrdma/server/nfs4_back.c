// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See nfs4_back.h. */
#include "nfsrdma/server/nfs4_back.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "nfsrdma/server/nfs4_session.h"

/*
 * Owner: the client's queue, or the slot of the session that it is in.
 */
struct nfs4_cb {
	struct list_head link;		/* in client->cbs; empty: in a slot */
	struct nfs4_client *client;
	void (*done)(void *ctx, enum nfs4_status status);
	void *ctx;
	bool cancelled;
	u64 not_before_ms;
	unsigned tries;
	u32 op, args_len;
	u8 args[];
};

/*
 * One message, from its making to its answer.  Owner: the loop, then the connection.  Lock: the state's, over session
 * and link.
 */
struct nfs4_cb_msg {
	struct ual_post post;
	struct list_head link;		/* of the state's, while it is posted */
	struct nfs4_state *state;
	struct nfs4_session *session;	/* NULL: it has gone */
	struct ual_loop *loop;
	u64 conn_id;
	struct nfs4_cb_head head;	/* without pointers, which are the session's */
	u32 len;
	u8 bytes[NFS4_CB_BYTES_MAX];
};

/* ---- messages --------------------------------------------------------------------------------------- */

/* The slot is free, its callback is over. */
static void finish(struct nfs4_back *back, enum nfs4_status status)
{
	struct nfs4_cb *cb = back->cb;

	back->cb = NULL;
	cb->client->cb_n--;
	if (cb->done)
		cb->done(cb->ctx, status);
	free(cb);
}

/* Once more as something new, later, behind the others. */
static void later(struct nfs4_back *back)
{
	struct nfs4_cb *cb = back->cb;

	if (cb->cancelled) {
		finish(back, NFS4_OK);
		return;
	}
	if (++cb->tries == NFS4_CB_TRIES_MAX) {
		finish(back, NFS4ERR_DELAY);
		return;
	}
	back->cb = NULL;
	cb->not_before_ms = nfs4_now_ms(cb->client->state) + NFS4_CB_RETRY_MS;
	list_add_tail(&cb->link, &cb->client->cbs);
}

static void fault(struct nfs4_session *session)
{
	struct nfs4_back *back = &session->back_channel;

	nfs4_state_log(
		session->client->state, LOG_WARNING,
		"a client's answer to a callback makes no sense: its back channel is not used");
	back->fault = true;
	finish(back, NFS4ERR_CB_PATH_DOWN);
}

static void judge(struct nfs4_session *session, struct nfs4_cb_msg *msg, const u8 *reply, u32 len)
{
	struct nfs4_back *back = &session->back_channel;
	enum nfs4_status status = NFS4_OK;

	msg->head.session = session->id;
	switch (nfs4_cb_decode(reply, len, &msg->head, &status)) {
	case NFS4_CB_DONE:
		if (status == NFS4ERR_DELAY)
			later(back);
		else
			finish(back, status);
		return;
	case NFS4_CB_AGAIN:
		back->cb->not_before_ms = nfs4_now_ms(msg->state) + NFS4_CB_RETRY_MS;
		return;
	case NFS4_CB_REFUSED:
		back->seq--;
		back->conn = NULL;
		finish(back, NFS4ERR_CB_PATH_DOWN);
		return;
	case NFS4_CB_FAULT:
		break;
	}
	fault(session);
}

/* On the connection's thread. */
static void answered(void *ctx, int err, const u8 *reply, u32 len)
{
	struct nfs4_cb_msg *msg = ctx;
	struct nfs4_state *state = msg->state;
	struct nfs4_session *session;
	struct nfs_conn *conn;

	nfs4_state_lock(state);
	session = msg->session;
	if (session) {
		session->back_channel.msg = NULL;
		conn = session->back_channel.conn;
		/* What the client has seen of it is not known: the slot keeps it for the next connection. */
		if (err && conn && conn->id == msg->conn_id)
			session->back_channel.conn = NULL;
		else if (!err)
			judge(session, msg, reply, len);
		nfs4_back_go(session->client);
	}
	nfs4_state_unlock(state);
	free(msg);
}

/* On the connection's thread, if it is still there: it does not go while this runs. */
static void msg_send(struct ual_post *post)
{
	struct nfs4_cb_msg *msg = container_of(post, struct nfs4_cb_msg, post);
	struct nfs4_state *state = msg->state;
	struct nfs_conn *conn;
	int err = -ENOTCONN;

	nfs4_state_lock(state);
	list_del(&msg->link);
	conn = msg->session ? msg->session->back_channel.conn : NULL;
	if (conn && conn->id != msg->conn_id)
		conn = NULL;
	nfs4_state_unlock(state);
	if (conn)
		err = conn->call_back(conn, msg->bytes, msg->len, answered, msg);
	if (err)
		answered(msg, err, NULL, 0);
}

/* back->cb goes over back->conn. */
static void start(struct nfs4_session *session)
{
	struct nfs4_state *state = session->client->state;
	struct nfs4_back *back = &session->back_channel;
	struct nfs4_cb *cb = back->cb;
	struct nfs4_cb_msg *msg = malloc(sizeof(*msg));
	struct xdr_out out;

	if (!msg) {		/* the clock will try again */
		cb->not_before_ms = nfs4_now_ms(state) + NFS4_CB_RETRY_MS;
		return;
	}
	msg->state = state;
	msg->session = session;
	msg->loop = back->conn->loop;
	msg->conn_id = back->conn->id;
	msg->head = (struct nfs4_cb_head){
		.xid = ++state->cb_xid,
		.program = back->program,
		.minor = back->minor,
		.sec = &back->sec,
		.session = session->id,
		.seq = back->seq,
		.op = cb->op,
	};
	xdr_out_init(&out, msg->bytes, sizeof(msg->bytes));
	nfs4_cb_encode(&out, &msg->head, cb->args, cb->args_len);
	if (!xdr_out_ok(&out) || xdr_out_len(&out) > session->back.request_max) {
		free(msg);
		back->seq--;	/* only what is new can be too long */
		finish(back, NFS4ERR_REQ_TOO_BIG);
		return;
	}
	msg->len = (u32)xdr_out_len(&out);
	msg->head.sec = NULL;
	msg->head.session = NULL;
	msg->post = (struct ual_post){ .fn = msg_send };
	back->msg = msg;
	list_add_tail(&msg->link, &state->cb_posted);
	ual_loop_post(msg->loop, &msg->post);
}

/* ---- what goes where -------------------------------------------------------------------------------- */

static struct nfs4_cb *next_due(const struct nfs4_client *client, u64 now_ms)
{
	struct nfs4_cb *cb;

	list_for_each_entry(cb, &client->cbs, link)
		if (cb->not_before_ms <= now_ms)
			return cb;
	return NULL;
}

/* False: its slot is not free, or has nothing to do. */
static bool session_pump(struct nfs4_session *session, u64 now_ms)
{
	struct nfs4_back *back = &session->back_channel;
	struct nfs4_cb *cb;

	if (!back->conn || back->msg || back->fault)
		return false;
	if (!back->cb) {
		cb = next_due(session->client, now_ms);
		if (!cb)
			return false;
		list_del(&cb->link);
		back->cb = cb;
		back->seq++;
	} else if (back->cb->not_before_ms > now_ms) {
		return false;
	}
	start(session);
	return true;
}

void nfs4_back_go(struct nfs4_client *client)
{
	u64 now_ms = nfs4_now_ms(client->state);
	struct nfs4_session *session;

	list_for_each_entry(session, &client->sessions, node)
		while (session_pump(session, now_ms))
			;
}

bool nfs4_back_can(const struct nfs4_session *session, const struct nfs_conn *conn)
{
	return conn->call_back && session->back.slot_n && session->back_channel.sec.usable;
}

void nfs4_back_bind(struct nfs4_session *session, struct nfs_conn *conn)
{
	session->back_channel.conn = conn;
	session->back_channel.wanted = true;
	nfs4_back_go(session->client);
}

void nfs4_back_unbind(struct nfs4_state *state, const struct nfs_conn *conn)
{
	struct nfs4_session *session;

	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++) {
		if (!state->clients[i])
			continue;
		list_for_each_entry(session, &state->clients[i]->sessions, node)
			if (session->back_channel.conn == conn)
				session->back_channel.conn = NULL;
	}
}

void nfs4_back_session_gone(struct nfs4_session *session)
{
	struct nfs4_back *back = &session->back_channel;
	struct nfs4_cb *cb = back->cb;

	if (back->msg)
		back->msg->session = NULL;
	back->msg = NULL;
	back->conn = NULL;
	if (!cb)
		return;
	if (cb->cancelled) {
		finish(back, NFS4_OK);
		return;
	}
	back->cb = NULL;
	list_add(&cb->link, &cb->client->cbs);	/* first, as it was */
	nfs4_back_go(cb->client);
}

u32 nfs4_back_flags(const struct nfs4_session *session)
{
	const struct nfs4_back *back = &session->back_channel;
	u32 flags = back->fault ? SEQ4_STATUS_BACKCHANNEL_FAULT : 0;

	if (!back->wanted || back->conn || back->fault)
		return flags;
	return SEQ4_STATUS_CB_PATH_DOWN_SESSION |
	       (nfs4_back_is_up(session->client) ? 0 : SEQ4_STATUS_CB_PATH_DOWN);
}

bool nfs4_back_is_up(const struct nfs4_client *client)
{
	const struct nfs4_session *session;

	list_for_each_entry(session, &client->sessions, node)
		if (session->back_channel.conn && !session->back_channel.fault)
			return true;
	return false;
}

bool nfs4_back_is_wanted(const struct nfs4_client *client)
{
	const struct nfs4_session *session;

	list_for_each_entry(session, &client->sessions, node)
		if (session->back_channel.wanted && !session->back_channel.fault)
			return true;
	return false;
}

/* ---- callbacks -------------------------------------------------------------------------------------- */

struct nfs4_cb *nfs4_cb_add(struct nfs4_client *client, u32 op, const u8 *args, u32 args_len,
			    void (*done)(void *ctx, enum nfs4_status status), void *ctx)
{
	struct nfs4_cb *cb;

	core_assert(args_len <= NFS4_CB_ARGS_MAX);
	if (client->cb_n >= NFS4_CLIENT_CBS_MAX)
		return NULL;
	cb = calloc(1, sizeof(*cb) + args_len);
	if (!cb)
		return NULL;
	cb->client = client;
	cb->op = op;
	cb->done = done;
	cb->ctx = ctx;
	cb->args_len = args_len;
	if (args_len)
		memcpy(cb->args, args, args_len);
	client->cb_n++;
	list_add_tail(&cb->link, &client->cbs);
	return cb;
}

void nfs4_cb_cancel(struct nfs4_cb *cb)
{
	cb->done = NULL;
	cb->cancelled = true;
	if (list_empty(&cb->link))
		return;		/* it holds a slot, which has to know its answer */
	list_del(&cb->link);
	cb->client->cb_n--;
	free(cb);
}

void nfs4_cbs_drop(struct nfs4_client *client)
{
	struct nfs4_cb *cb, *next;

	list_for_each_entry_safe(cb, next, &client->cbs, link) {
		list_del(&cb->link);
		free(cb);
	}
	client->cb_n = 0;
}

void nfs4_back_tick(struct nfs4_state *state)
{
	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++)
		if (state->clients[i] && state->clients[i]->cb_n)
			nfs4_back_go(state->clients[i]);
}

void nfs4_back_end(struct nfs4_state *state)
{
	struct nfs4_cb_msg *msg, *next;

	list_for_each_entry_safe(msg, next, &state->cb_posted, link) {
		ual_loop_unpost(msg->loop, &msg->post);
		list_del(&msg->link);
		free(msg);
	}
}
