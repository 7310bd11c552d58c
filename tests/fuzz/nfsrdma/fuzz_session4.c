// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Operations on clients and sessions of NFSv4.1, one after the other on one state: operation, hints, length, arguments.
 * Hints put in what cannot be guessed: ids that the server gave.  Whatever comes, a slot is held by its call alone,
 * results are whole, and all of it goes when leases run out.
 */
#include <stdlib.h>

#include "nfsrdma/server/nfs4_session.h"
#include "tests/fuzz/fuzz.h"

#define HEAD		3	/* operation, hints, words of arguments */
#define REPLY_BYTES	8192
#define RPC_HEADER	24

enum hint {
	USE_CLIENT	= 1 << 0,	/* the last client id, in front of the arguments */
	USE_SESSION	= 1 << 1,	/* the last session id */
	NEXT_SEQ	= 1 << 2,	/* of CREATE_SESSION, SEQUENCE: the one that is expected */
	TIME_PASSES	= 1 << 3,
	OTHER_USER	= 1 << 4,
	TRY_FIRST	= 1 << 5,	/* SEQUENCE: on the reactor, and once more by a worker */
};

static uint64_t clock_ms;

static uint64_t now_ms(void)
{
	return clock_ms;
}

struct world {
	struct nfs_server server;
	struct nfs_conn conn;
	uint64_t client;
	uint8_t session[NFS4_SESSIONID_SIZE];
	uint32_t create_seq, seq;
	uint8_t args[4 * 256], reply[REPLY_BYTES];
};

typedef enum nfs4_status (*op_fn)(struct nfs4_compound *c);
static const op_fn ops[] = {
	nfs4_op_exchange_id,	    nfs4_op_create_session,  nfs4_op_sequence,
	nfs4_op_destroy_session,    nfs4_op_destroy_clientid, nfs4_op_bind_conn_to_session,
	nfs4_op_backchannel_ctl,    nfs4_op_reclaim_complete,
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void compound_init(struct nfs4_compound *c, struct nfs_call *call, unsigned hints)
{
	*c = (struct nfs4_compound){
		.call = call,
		.in = &call->args,
		.out = &call->reply,
		.may_block = true,
		.minor = 1 + hints / 128,
		.op_n = 2,
	};
	xdr_in_init(c->in, call->msg, call->msg_len);
	xdr_out_init(c->out, call->reply_buf, call->reply_max);
	xdr_out_reserve(c->out, RPC_HEADER);
}

/* An operation that goes in a session, behind a good SEQUENCE if there can be one. */
static void in_session(struct world *w, struct nfs_call *call, op_fn op, unsigned hints)
{
	uint8_t sequence[NFS4_SESSIONID_SIZE + 16] = { 0 };
	struct nfs4_compound c;

	memcpy(sequence, w->session, sizeof(w->session));
	put_unaligned_be32(w->seq + 1, sequence + NFS4_SESSIONID_SIZE);
	compound_init(&c, call, hints);
	xdr_in_init(c.in, sequence, sizeof(sequence));
	if (nfs4_op_sequence(&c) == NFS4_OK && c.slot) {
		w->seq++;
		c.op_i = 1;
		xdr_in_init(c.in, call->msg, call->msg_len);
		op(&c);
	}
	nfs4_sequence_end(&c, RPC_HEADER, false);
}

static void sequence(struct world *w, struct nfs_call *call, unsigned hints)
{
	struct nfs4_compound c;
	enum nfs4_status status;

	compound_init(&c, call, hints);
	status = nfs4_op_sequence(&c);
	check(status == NFS4_OK || (!c.slot && !call->slot4 && !c.replayed));
	check(!c.slot || !c.replayed);
	if (c.slot && hints & TRY_FIRST) {
		nfs4_sequence_end(&c, RPC_HEADER, true);
		compound_init(&c, call, hints);
		check(nfs4_op_sequence(&c) == NFS4_OK && c.slot == call->slot4);
	}
	if (c.slot && !memcmp(c.session->id, w->session, sizeof(w->session)) &&
	    c.slot == c.session->slots)
		w->seq = c.slot->seq;
	if (c.slot)
		xdr_out_reserve(c.out, hints * 8);
	nfs4_sequence_end(&c, RPC_HEADER, false);
	check(!call->slot4);
}

static void alone(struct world *w, struct nfs_call *call, op_fn op, unsigned hints)
{
	const uint8_t *result = w->reply + RPC_HEADER;
	struct nfs4_compound c;

	compound_init(&c, call, hints);
	if (op(&c) != NFS4_OK)
		return;
	check(xdr_in_ok(c.in) && xdr_out_ok(c.out) && !c.slot);
	if (op == nfs4_op_exchange_id) {
		w->client = get_unaligned_be64(result);
		w->create_seq = get_unaligned_be32(result + 8) - 1;
	} else if (op == nfs4_op_create_session) {
		memcpy(w->session, result, sizeof(w->session));
		w->create_seq = get_unaligned_be32(result + NFS4_SESSIONID_SIZE);
		w->seq = 0;
	}
}

static void hint(struct world *w, op_fn op, unsigned hints, size_t len)
{
	bool create = op == nfs4_op_create_session;

	if (hints & USE_CLIENT && len >= 8)
		put_unaligned_be64(w->client, w->args);
	if (hints & USE_SESSION && len >= NFS4_SESSIONID_SIZE)
		memcpy(w->args, w->session, NFS4_SESSIONID_SIZE);
	if (hints & NEXT_SEQ && create && len >= 12)
		put_unaligned_be32(w->create_seq + 1, w->args + 8);
	if (hints & NEXT_SEQ && op == nfs4_op_sequence && len >= NFS4_SESSIONID_SIZE + 4)
		put_unaligned_be32(w->seq + 1, w->args + NFS4_SESSIONID_SIZE);
	if (hints & TIME_PASSES)
		clock_ms += 1000 * NFS4_LEASE_S / 2;
}

static void step(struct world *w, op_fn op, unsigned hints, const uint8_t *data, size_t len)
{
	struct nfs_call call = {
		.server = &w->server,
		.conn = &w->conn,
		.reply_buf = w->reply,
		.reply_max = REPLY_BYTES,
	};
	uint8_t *exact = malloc(len ? len : 1);

	memcpy(w->args, data, len);
	hint(w, op, hints, len);
	check(exact);
	memcpy(exact, w->args, len);
	call.msg = exact;
	call.msg_len = (uint32_t)len;
	call.rpc.flavor = RPC_AUTH_SYS;
	call.cred.uid = hints & OTHER_USER ? 1 : 0;
	if (op == nfs4_op_sequence)
		sequence(w, &call, hints);
	else if (op == nfs4_op_backchannel_ctl || op == nfs4_op_reclaim_complete)
		in_session(w, &call, op, hints);
	else
		alone(w, &call, op, hints);
	free(exact);
	nfs4_state_tick(w->server.state4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfs4_state_cfg cfg = { .dir_fd = -1, .now_ms = now_ms };
	struct world *w = calloc(1, sizeof(*w));
	size_t len;

	clock_ms = 1;
	check(w && !nfs4_state_create(&cfg, &w->server.state4));
	while (size >= HEAD) {
		len = min_t(size_t, data[2] * 4u, size - HEAD);
		step(w, ops[data[0] % ARRAY_SIZE(ops)], data[1], data + HEAD, len);
		data += HEAD + len;
		size -= HEAD + len;
	}
	clock_ms += 1000ull * NFS4_COURTESY_S * 2;
	nfs4_state_tick(w->server.state4);
	check(!w->server.state4->client_n && !w->server.state4->slot_n);
	nfs4_state_destroy(w->server.state4);
	free(w);
	return 0;
}
