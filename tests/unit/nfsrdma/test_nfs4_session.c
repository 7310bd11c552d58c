// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Operations on a session's channels; and many threads on a few clients, sessions and slots. */
#include <pthread.h>

#include "tests/unit/nfsrdma/session4.h"

static const struct {
	u32 ask;
	enum nfs4_status status;
} directions[] = {
	{ CDFC4_FORE, NFS4_OK },       { CDFC4_FORE_OR_BOTH, NFS4_OK },
	{ CDFC4_BACK, NFS4ERR_INVAL }, { CDFC4_BACK_OR_BOTH, NFS4ERR_INVAL },
	{ 0, NFS4ERR_INVAL },	       { 8, NFS4ERR_INVAL },
};

static void bind_args(struct s4 *s4, const u8 *session, u32 dir)
{
	xdr_out_init(&s4->args, s4->arg_buf, S4_BYTES);
	xdr_out_fixed(&s4->args, session, NFS4_SESSIONID_SIZE);
	xdr_out_u32(&s4->args, dir);
	xdr_out_bool(&s4->args, true);
}

static void test_bind_conn(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	enum nfs4_status status;

	s4_client_up(s4, "a", 1, session);
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(directions); i++) {
		s4->conn.rdma = i % 2;
		bind_args(s4, session, directions[i / 2].ask);
		status = s4_run(s4, nfs4_op_bind_conn_to_session);
		assert_int_equal(status, directions[i / 2].status);
		if (status)
			continue;
		assert_memory_equal(xdr_in_fixed(&s4->res, sizeof(session)), session,
				    sizeof(session));
		assert_int_equal(xdr_in_u32(&s4->res), CDFS4_FORE);
		assert_int_equal(xdr_in_bool(&s4->res), s4->conn.rdma);
		assert_int_equal(xdr_in_left(&s4->res), 0);
	}
	for (u32 len = 0; len < NFS4_SESSIONID_SIZE + 8; len += 4) {
		bind_args(s4, session, CDFC4_FORE);
		s4->args.p = s4->args.start + len;
		assert_int_equal(s4_run(s4, nfs4_op_bind_conn_to_session), NFS4ERR_BADXDR);
	}
	session[9] ^= 1;
	bind_args(s4, session, CDFC4_FORE);
	assert_int_equal(s4_run(s4, nfs4_op_bind_conn_to_session), NFS4ERR_BADSESSION);
}

/* In a session: the arguments are those of s4->args. */
static enum nfs4_status backchannel_ctl(struct s4 *s4, const u8 *session, u32 seq)
{
	struct s4_seq s = { .session = session, .seq = seq };
	size_t len = xdr_out_len(&s4->args);
	u8 *exact = exactly(s4->arg_buf, len);
	static struct s4_call call;
	enum nfs4_status status;

	assert_int_equal(s4_sequence(s4, &call, &s), NFS4_OK);
	xdr_in_init(call.c.in, exact, len);
	status = nfs4_op_backchannel_ctl(&call.c);
	s4_end(&call, 0, 0);
	free(exact);
	return status;
}

static void test_backchannel_ctl(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct xdr_out *a = &s4->args;
	u32 seq = 1;

	s4_client_up(s4, "a", 1, session);
	xdr_out_init(a, s4->arg_buf, S4_BYTES);
	xdr_out_u32(a, 0x40000001);
	xdr_out_u32(a, 1);
	xdr_out_u32(a, RPCSEC_GSS);
	xdr_out_u32(a, 1);
	xdr_out_opaque(a, "server's", 8);
	xdr_out_opaque(a, "client's", 8);
	assert_int_equal(backchannel_ctl(s4, session, seq++), NFS4ERR_NOENT);
	xdr_out_init(a, s4->arg_buf, S4_BYTES);
	xdr_out_u32(a, 0x40000001);
	xdr_out_u32(a, 1);
	xdr_out_u32(a, RPC_AUTH_SYS);
	xdr_out_u32(a, 0);
	xdr_out_opaque(a, "host", 4);
	xdr_out_u32(a, 0);
	xdr_out_u32(a, 0);
	xdr_out_u32(a, RPC_AUTH_SYS_GIDS_MAX);
	for (u32 i = 0; i < RPC_AUTH_SYS_GIDS_MAX; i++)
		xdr_out_u32(a, i);
	assert_int_equal(backchannel_ctl(s4, session, seq++), NFS4_OK);
	for (; a->p > a->start; a->p -= 4)
		if (a->p - a->start < 32 + 4 * RPC_AUTH_SYS_GIDS_MAX)
			assert_int_equal(backchannel_ctl(s4, session, seq++), NFS4ERR_BADXDR);
	xdr_out_init(a, s4->arg_buf, S4_BYTES);
	xdr_out_u32(a, 0x40000001);
	xdr_out_u32(a, ~0u);
	xdr_out_u32(a, RPC_AUTH_NONE);
	assert_int_equal(backchannel_ctl(s4, session, seq++), NFS4ERR_BADXDR);
}

/* ---- many threads ------------------------------------------------------------------------------------------ */

#define THREADS	4
#define ROUNDS	300
#define NAMES	3	/* fewer than threads: they replace, destroy and collide with each other's clients */

struct runner {
	struct s4 s4;		/* its own buffers; the state is shared */
	pthread_t thread;
	unsigned number, ok;
};

/* Once round: a client, a session, some calls and opens, perhaps the end.  Any of it may be refused. */
static void round_of(struct runner *r, unsigned n, struct s4_call *call)
{
	struct s4 *s4 = &r->s4;
	struct s4_seq seq = { .rest = "rest" };
	u8 session[NFS4_SESSIONID_SIZE];
	char owner[2] = { (char)('a' + (n + r->number) % NAMES), 0 };
	struct nfs4_client *client;
	struct s4_id id;

	if (s4_exchange_id(s4, owner, n / 50, 0, &id) ||
	    s4_create_session(s4, id.client, id.seq, &s4_usual, session))
		return;
	seq.session = session;
	for (seq.seq = 1; seq.seq < 5; seq.seq++) {
		if (s4_sequence(s4, call, &seq) || call->c.replayed)
			break;
		client = call->c.client;
		if (nfs4_client_record(s4->state, client))
			break;
		if (seq.seq == 2) {
			nfs4_sequence_end(&call->c, S4_HEADER, true);
			assert_int_equal(s4_sequence_again(call), NFS4_OK);
			assert_ptr_equal(call->c.client, client);
		}
		s4_end(call, 8, 1);
		r->ok++;
	}
	if (n % 3 == 0)
		s4_destroy_session(s4, session);
	if (n % 7 == 0)
		s4_destroy_clientid(s4, id.client);
}

static void *runner(void *arg)
{
	struct runner *r = arg;
	struct s4_call *call = calloc(1, sizeof(*call));

	for (unsigned n = 0; n < ROUNDS; n++)
		round_of(r, n, call);
	free(call);
	return NULL;
}

/* As who needs what the first client holds; that is somebody else each time. */
static void need(struct nfs4_state *state)
{
	nfs4_state_lock(state);
	s4_now_ms += 1000 * S4_LEASE_S / 20;
	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++) {
		if (state->clients[i] && state->clients[i]->confirmed) {
			nfs4_client_yield(state, state->clients[i]);
			break;
		}
	}
	nfs4_state_unlock(state);
}

static void test_threads(void **state)
{
	struct s4 *s4 = *state;
	struct runner *runners = calloc(THREADS, sizeof(*runners));
	unsigned ok = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		runners[i].s4.state = s4->state;
		runners[i].s4.server.state4 = s4->state;
		runners[i].s4.flavor = RPC_AUTH_SYS;
		runners[i].number = i;
		assert_int_equal(pthread_create(&runners[i].thread, NULL, runner, &runners[i]), 0);
	}
	/* Leases run out beside: whoever has no call under way may be given up at any time. */
	for (unsigned n = 0; n < ROUNDS; n++) {
		need(s4->state);
		nfs4_state_tick(s4->state);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(runners[i].thread, NULL);
		ok += runners[i].ok;
	}
	assert_true(ok > ROUNDS);
	/* What is left goes with its leases, and its records with it. */
	s4_now_ms += 1000ull * NFS4_COURTESY_S + 1;
	nfs4_state_tick(s4->state);
	assert_int_equal(s4->state->client_n, 0);
	assert_int_equal(s4->state->slot_n, 0);
	assert_int_equal(s4_opens_n, 0);
	assert_int_equal(s4_records(s4), 0);
	free(runners);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, s4_setup, s4_teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_bind_conn),
		CASE(test_backchannel_ctl),
		CASE(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
