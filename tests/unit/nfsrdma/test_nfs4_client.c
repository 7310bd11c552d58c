// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* EXCHANGE_ID's cases, CREATE_SESSION's sequence and limits, leases, what DESTROY_* refuse. */
#include "tests/unit/nfsrdma/session4.h"

#define UPDATE	EXCHGID4_FLAG_UPD_CONFIRMED_REC_A

/* ---- EXCHANGE_ID: RFC 8881 18.35.4 ---------------------------------------------------------------------- */

static void test_new_owner(void **state)
{
	struct s4 *s4 = *state;
	struct s4_id a, b, again;

	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &a), NFS4_OK);
	assert_int_equal(a.flags, EXCHGID4_FLAG_USE_NON_PNFS);
	assert_int_equal(s4_exchange_id(s4, "b", 1, 0, &b), NFS4_OK);
	assert_true(a.client != b.client);
	/* Not confirmed yet: the record is replaced, whatever the verifier and the principal (case 4). */
	s4->uid = 7;
	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &again), NFS4_OK);
	assert_true(a.client != again.client);
	assert_int_equal(s4_destroy_clientid(s4, a.client), NFS4ERR_STALE_CLIENTID);
	assert_int_equal(s4_destroy_clientid(s4, again.client), NFS4_OK);
	/* A name may be empty, and as long as it may be. */
	assert_int_equal(s4_exchange_id(s4, "", 1, 0, &again), NFS4_OK);
}

static void test_same_instance(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	u64 client = s4_client_up(s4, "a", 1, session);
	struct s4_id id;

	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	assert_int_equal(id.client, client);
	assert_int_equal(id.flags, EXCHGID4_FLAG_USE_NON_PNFS | EXCHGID4_FLAG_CONFIRMED_R);
	assert_int_equal(id.seq, 2);
}

static void test_other_principal(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	u64 client = s4_client_up(s4, "a", 1, session);
	struct s4_id id;

	s4_opens_set(s4, client, true);
	s4->uid = 7;
	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4ERR_CLID_INUSE);
	assert_int_equal(s4_exchange_id(s4, "a", 2, 0, &id), NFS4ERR_CLID_INUSE);
	s4->uid = 0;
	s4->flavor = RPC_AUTH_NONE;
	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4ERR_CLID_INUSE);
	s4->flavor = RPC_AUTH_SYS;
	/* Its lease has run out: the name is free. */
	s4->uid = 7;
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	assert_true(id.client != client);
	assert_int_equal(s4_destroy_session(s4, session), NFS4ERR_BADSESSION);
}

static void test_other_principal_without_state(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	u64 client = s4_client_up(s4, "a", 1, session);
	struct s4_id id;

	s4->uid = 7;
	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	assert_true(id.client != client);
	assert_int_equal(s4_destroy_clientid(s4, client), NFS4ERR_STALE_CLIENTID);
}

static void test_client_restart(void **state)
{
	struct s4 *s4 = *state;
	u8 old_session[NFS4_SESSIONID_SIZE], session[NFS4_SESSIONID_SIZE];
	u64 old = s4_client_up(s4, "a", 1, old_session);
	struct s4_id id, update;
	struct s4_call call;
	struct s4_seq seq = { .session = old_session, .seq = 1 };

	s4_opens_set(s4, old, true);
	assert_int_equal(s4_exchange_id(s4, "a", 2, 0, &id), NFS4_OK);
	assert_true(id.client != old);
	assert_int_equal(id.flags, EXCHGID4_FLAG_USE_NON_PNFS);
	/* The old one is there until the new one is confirmed, and as long as a call of it is under way. */
	assert_int_equal(s4_sequence(s4, &call, &seq), NFS4_OK);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, session),
			 NFS4ERR_DELAY);
	s4_end(&call, 0, 0);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, session), NFS4_OK);
	assert_int_equal(s4_opens_n, 1);
	assert_int_equal(s4_destroy_session(s4, old_session), NFS4ERR_BADSESSION);
	assert_int_equal(s4_destroy_clientid(s4, old), NFS4ERR_STALE_CLIENTID);
	/* A late call of the old instance cannot update. */
	assert_int_equal(s4_exchange_id(s4, "a", 1, UPDATE, &update), NFS4ERR_NOT_SAME);
	assert_int_equal(s4_exchange_id(s4, "a", 2, UPDATE, &update), NFS4_OK);
	assert_int_equal(update.client, id.client);
}

static void test_update(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_id id;
	u64 client;

	assert_int_equal(s4_exchange_id(s4, "a", 1, UPDATE, &id), NFS4ERR_NOENT);
	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	assert_int_equal(s4_exchange_id(s4, "a", 1, UPDATE, &id), NFS4ERR_NOENT);
	client = s4_client_up(s4, "a", 1, session);
	assert_int_equal(s4_exchange_id(s4, "a", 1, UPDATE, &id), NFS4_OK);
	assert_int_equal(id.client, client);
	assert_true(id.flags & EXCHGID4_FLAG_CONFIRMED_R);
	assert_int_equal(s4_exchange_id(s4, "a", 2, UPDATE, &id), NFS4ERR_NOT_SAME);
	s4->uid = 7;
	assert_int_equal(s4_exchange_id(s4, "a", 1, UPDATE, &id), NFS4ERR_PERM);
}

static void begin_exchange(struct s4 *s4, u32 flags, u32 protect)
{
	xdr_out_init(&s4->args, s4->arg_buf, S4_BYTES);
	xdr_out_u64(&s4->args, 1);
	xdr_out_opaque(&s4->args, "a", 1);
	xdr_out_u32(&s4->args, flags);
	xdr_out_u32(&s4->args, protect);
}

static void test_exchange_refused(void **state)
{
	struct s4 *s4 = *state;

	begin_exchange(s4, EXCHGID4_FLAG_CONFIRMED_R, SP4_NONE);
	xdr_out_u32(&s4->args, 0);
	assert_int_equal(s4_run(s4, nfs4_op_exchange_id), NFS4ERR_INVAL);
	begin_exchange(s4, 0, SP4_MACH_CRED);
	for (unsigned i = 0; i < 2; i++) {
		xdr_out_u32(&s4->args, 1);
		xdr_out_u32(&s4->args, ~0u);
	}
	xdr_out_u32(&s4->args, 0);
	assert_int_equal(s4_run(s4, nfs4_op_exchange_id), NFS4ERR_INVAL);
	begin_exchange(s4, 0, SP4_SSV);
	for (unsigned i = 0; i < 2; i++)
		xdr_out_u32(&s4->args, 0);
	for (unsigned i = 0; i < 2; i++) {
		xdr_out_u32(&s4->args, 1);
		xdr_out_opaque(&s4->args, "\x60\x86\x48", 3);
	}
	xdr_out_u32(&s4->args, 4);
	xdr_out_u32(&s4->args, 1);
	xdr_out_u32(&s4->args, 0);
	assert_int_equal(s4_run(s4, nfs4_op_exchange_id), NFS4ERR_ENCR_ALG_UNSUPP);
	begin_exchange(s4, 0, 3);
	xdr_out_u32(&s4->args, 0);
	assert_int_equal(s4_run(s4, nfs4_op_exchange_id), NFS4ERR_BADXDR);
	begin_exchange(s4, 0, SP4_NONE);
	xdr_out_u32(&s4->args, 2);
	assert_int_equal(s4_run(s4, nfs4_op_exchange_id), NFS4ERR_BADXDR);
}

/* Every truncation of both operations' arguments: malformed, and nothing is made. */
static void test_truncated(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_id id;
	u8 *p;

	assert_int_equal(s4_exchange_id(s4, "abcde", 1, 0, &id), NFS4_OK);
	for (size_t len = xdr_out_len(&s4->args); len; len -= 4) {
		s4->args.p = s4->args.start + len - 4;
		assert_int_equal(s4_run(s4, nfs4_op_exchange_id), NFS4ERR_BADXDR);
	}
	assert_int_equal(s4_create_session(s4, id.client, 9, &s4_usual, session),
			 NFS4ERR_SEQ_MISORDERED);
	for (p = s4->args.p; p > s4->args.start;) {
		p -= 4;
		s4->args.p = p;
		assert_int_equal(s4_run(s4, nfs4_op_create_session), NFS4ERR_BADXDR);
	}
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, session), NFS4_OK);
}

/* ---- CREATE_SESSION: 18.36.4 ------------------------------------------------------------------------------ */

static void test_create_session_replay(void **state)
{
	struct s4 *s4 = *state;
	u8 first[NFS4_SESSIONID_SIZE], again[NFS4_SESSIONID_SIZE], second[NFS4_SESSIONID_SIZE];
	struct s4_id id;

	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	/* Nothing was done yet that could be repeated. */
	assert_int_equal(s4_create_session(s4, id.client, id.seq - 1, &s4_usual, first),
			 NFS4ERR_SEQ_MISORDERED);
	assert_int_equal(s4_create_session(s4, id.client, id.seq + 1, &s4_usual, first),
			 NFS4ERR_SEQ_MISORDERED);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, first), NFS4_OK);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, again), NFS4_OK);
	assert_memory_equal(first, again, sizeof(first));
	assert_int_equal(s4_create_session(s4, id.client, id.seq + 1, &s4_usual, second), NFS4_OK);
	assert_memory_not_equal(first, second, sizeof(first));
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, again),
			 NFS4ERR_SEQ_MISORDERED);
	assert_int_equal(s4_create_session(s4, id.client ^ 1ull << 40, 1, &s4_usual, again),
			 NFS4ERR_STALE_CLIENTID);
	assert_int_equal(s4_create_session(s4, id.client ^ 1ull << 20, 1, &s4_usual, again),
			 NFS4ERR_STALE_CLIENTID);
}

static void test_create_session_principal(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_id id;

	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	s4->uid = 7;
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, session),
			 NFS4ERR_CLID_INUSE);
	s4->uid = 0;
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, session), NFS4_OK);
}

static const struct {
	const char *name;
	struct s4_channel ask;
	enum nfs4_status status;
	struct s4_channel get;
} channels[] = {
	{ "as asked", { 4096, 4096, 1024, 8, 16 }, NFS4_OK, { 4096, 4096, 1024, 8, 16 } },
	{ "all too large",
	  { ~0u, ~0u, ~0u, ~0u, ~0u },
	  NFS4_OK,
	  { NFS4_CHANNEL_MAX, NFS4_CHANNEL_MAX, NFS4_CACHED_MAX, NFS4_OPS_MAX, NFS4_SLOTS_MAX } },
	{ "smallest",
	  { NFS4_CHANNEL_MIN, NFS4_CHANNEL_MIN, 0, 1, 1 },
	  NFS4_OK,
	  { NFS4_CHANNEL_MIN, NFS4_CHANNEL_MIN, 0, 1, 1 } },
	{ "kept is no more than a reply",
	  { 4096, 1024, 4096, 8, 16 },
	  NFS4_OK,
	  { 4096, 1024, 1024, 8, 16 } },
	{ "request", { NFS4_CHANNEL_MIN - 1, 4096, 0, 8, 16 }, NFS4ERR_TOOSMALL, { 0 } },
	{ "reply", { 4096, NFS4_CHANNEL_MIN - 1, 0, 8, 16 }, NFS4ERR_TOOSMALL, { 0 } },
	{ "no operation", { 4096, 4096, 0, 0, 16 }, NFS4ERR_INVAL, { 0 } },
	{ "no slot", { 4096, 4096, 0, 8, 0 }, NFS4ERR_INVAL, { 0 } },
};

static void test_channels(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_channel got;
	struct s4_id id;

	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	for (unsigned i = 0; i < ARRAY_SIZE(channels); i++) {
		if (s4_create_session(s4, id.client, id.seq, &channels[i].ask, session) !=
		    channels[i].status)
			fail_msg("%s", channels[i].name);
		if (channels[i].status)
			continue;
		id.seq++;
		xdr_in_u32(&s4->res);
		got.request = xdr_in_u32(&s4->res);
		got.reply = xdr_in_u32(&s4->res);
		got.cached = xdr_in_u32(&s4->res);
		got.ops = xdr_in_u32(&s4->res);
		got.slots = xdr_in_u32(&s4->res);
		if (memcmp(&got, &channels[i].get, sizeof(got)))
			fail_msg("%s", channels[i].name);
	}
}

static void test_limits(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE], kept[NFS4_SESSIONID_SIZE];
	const struct s4_channel many = { 4096, 4096, 4096, 8, NFS4_SLOTS_MAX };
	char owner[16];
	struct s4_id id;
	unsigned n;

	assert_int_equal(s4_exchange_id(s4, "a", 1, 0, &id), NFS4_OK);
	for (n = 0; n < NFS4_SESSIONS_MAX; n++)
		assert_int_equal(s4_create_session(s4, id.client, id.seq++, &s4_usual, session),
				 NFS4_OK);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, kept), NFS4ERR_NOSPC);
	assert_int_equal(s4_destroy_session(s4, session), NFS4_OK);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, session), NFS4_OK);
	/* Clients who ask for many slots get less and less, and at last none; who was there keeps his. */
	for (n = 0; n < 2 * NFS4_CLIENTS_MAX; n++) {
		snprintf(owner, sizeof(owner), "c%u", n % 200);
		assert_int_equal(s4_exchange_id(s4, owner, 1, 0, &id), NFS4_OK);
		if (s4_create_session(s4, id.client, id.seq, &many, kept) == NFS4ERR_NOSPC)
			break;
	}
	assert_true(n > 250 && n < 2 * NFS4_CLIENTS_MAX);
	assert_true(s4->state->slot_n > NFS4_SLOTS_TOTAL - 8 &&
		    s4->state->slot_n <= NFS4_SLOTS_TOTAL);
	assert_int_equal(s4_destroy_session(s4, session), NFS4_OK);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &many, kept), NFS4_OK);
}

/* ---- DESTROY_*, leases --------------------------------------------------------------------------------- */

static void test_destroy(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	u64 client = s4_client_up(s4, "a", 1, session);

	assert_int_equal(s4_destroy_clientid(s4, client), NFS4ERR_CLIENTID_BUSY);
	assert_int_equal(s4_destroy_session(s4, session), NFS4_OK);
	assert_int_equal(s4_destroy_session(s4, session), NFS4ERR_BADSESSION);
	s4_opens_set(s4, client, true);
	assert_int_equal(s4_destroy_clientid(s4, client), NFS4ERR_CLIENTID_BUSY);
	s4_opens_set(s4, client, false);
	assert_int_equal(s4_destroy_clientid(s4, client), NFS4_OK);
	assert_int_equal(s4_destroy_clientid(s4, client), NFS4ERR_STALE_CLIENTID);
	assert_int_equal(s4_opens_n, 0);
}

static void test_lease(void **state)
{
	struct s4 *s4 = *state;
	u8 idle[NFS4_SESSIONID_SIZE], busy[NFS4_SESSIONID_SIZE], polite[NFS4_SESSIONID_SIZE];
	u64 holder;
	struct s4_id unconfirmed;
	struct s4_call call;
	struct s4_seq seq = { .session = busy, .seq = 1 };

	s4_client_up(s4, "idle", 1, idle);
	s4_client_up(s4, "busy", 1, busy);
	holder = s4_client_up(s4, "polite", 1, polite);
	s4_opens_set(s4, holder, true);
	assert_int_equal(s4_exchange_id(s4, "unconfirmed", 1, 0, &unconfirmed), NFS4_OK);
	assert_int_equal(s4_sequence(s4, &call, &seq), NFS4_OK);
	s4_now_ms += 1000 * S4_LEASE_S;
	nfs4_state_tick(s4->state);
	assert_int_equal(s4->state->client_n, 4);	/* until the end of the lease */
	s4_now_ms++;
	nfs4_state_tick(s4->state);
	/* Gone: who holds nothing.  Kept: who has a call under way, who holds something that nobody needs. */
	assert_int_equal(s4->state->client_n, 2);
	s4_end(&call, 0, 0);
	seq.seq = 2;
	assert_int_equal(s4_sequence(s4, &call, &seq), NFS4_OK);
	s4_end(&call, 0, 0);
	seq.session = idle;
	assert_int_equal(s4_sequence(s4, &call, &seq), NFS4ERR_BADSESSION);
	seq.session = polite;
	seq.seq = 1;
	assert_int_equal(s4_sequence(s4, &call, &seq), NFS4_OK);	/* it is back */
	s4_end(&call, 0, 0);
	/* Nor for ever. */
	s4_now_ms += 1000ull * NFS4_COURTESY_S + 1;
	nfs4_state_tick(s4->state);
	assert_int_equal(s4->state->client_n, 0);
	assert_int_equal(s4_opens_n, 0);
}

static bool yields(struct s4 *s4, u64 client)
{
	bool yes;

	nfs4_state_lock(s4->state);
	yes = nfs4_client_yield(s4->state, nfs4_client_find(s4->state, client));
	nfs4_state_unlock(s4->state);
	return yes;
}

static void test_yield(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	u64 client = s4_client_up(s4, "a", 1, session);
	struct s4_call call;
	struct s4_seq seq = { .session = session, .seq = 1 };

	s4_opens_set(s4, client, true);
	assert_int_equal(nfs4_client_record(s4->state, nfs4_client_find(s4->state, client)), 0);
	assert_int_equal(s4_records(s4), 1);
	assert_false(yields(s4, client));
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	assert_int_equal(s4_sequence(s4, &call, &seq), NFS4_OK);
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	assert_false(yields(s4, client));	/* a call is under way */
	s4_end(&call, 0, 0);
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	assert_true(yields(s4, client));
	assert_int_equal(s4_opens_n, 0);
	assert_int_equal(s4_records(s4), 0);	/* it cannot reclaim what it has lost */
	seq.seq = 2;
	assert_int_equal(s4_sequence(s4, &call, &seq), NFS4ERR_BADSESSION);
}

/* All places taken: unconfirmed ones go first, then who has not been heard of. */
static void test_many_clients(void **state)
{
	struct s4 *s4 = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	const struct s4_channel one = { 4096, 4096, 0, 8, 1 };
	struct s4_id first, id;
	char owner[16];

	assert_int_equal(s4_exchange_id(s4, "first", 1, 0, &first), NFS4_OK);
	s4_now_ms++;
	for (unsigned i = 1; i < NFS4_CLIENTS_MAX; i++) {
		snprintf(owner, sizeof(owner), "c%u", i);
		assert_int_equal(s4_exchange_id(s4, owner, 1, 0, &id), NFS4_OK);
		assert_int_equal(s4_create_session(s4, id.client, id.seq, &one, session), NFS4_OK);
		s4_opens_set(s4, id.client, true);
	}
	assert_int_equal(s4_exchange_id(s4, "more", 1, 0, &id), NFS4_OK);
	assert_int_equal(s4_destroy_clientid(s4, first.client), NFS4ERR_STALE_CLIENTID);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &one, session), NFS4_OK);
	assert_int_equal(s4_exchange_id(s4, "yet more", 1, 0, &id), NFS4ERR_DELAY);
	assert_int_equal(s4_exchange_id(s4, "yet more", 1, 0, &id), NFS4ERR_DELAY);
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	assert_int_equal(s4_exchange_id(s4, "yet more", 1, 0, &id), NFS4ERR_DELAY);
	assert_int_equal(s4_exchange_id(s4, "yet more", 1, 0, &id), NFS4_OK);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, s4_setup, s4_teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_new_owner),
		CASE(test_same_instance),
		CASE(test_other_principal),
		CASE(test_other_principal_without_state),
		CASE(test_client_restart),
		CASE(test_update),
		CASE(test_exchange_refused),
		CASE(test_truncated),
		CASE(test_create_session_replay),
		CASE(test_create_session_principal),
		CASE(test_channels),
		CASE(test_limits),
		CASE(test_destroy),
		CASE(test_lease),
		CASE(test_yield),
		CASE(test_many_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
