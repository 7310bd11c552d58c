// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* SEQUENCE: new, repeated, out of order, under way; what is kept of a reply, and how long it may get. */
#include "tests/unit/nfsrdma/session4.h"

struct fixture {
	struct s4 *s4;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_call call, other;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (s4_setup((void **)&f->s4))
		return -1;
	s4_client_up(f->s4, "a", 1, f->session);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct s4 *s4 = f->s4;

	free(f);
	return s4_teardown((void **)&s4);
}

static struct s4_seq seq_of(struct fixture *f, u32 seq)
{
	return (struct s4_seq){ .session = f->session, .seq = seq };
}

/* The reply, from the COMPOUND's status on, is that of s4_end(fill) again. */
static void check_replay(struct s4_call *call, size_t bytes, u8 fill)
{
	const u8 *p = call->reply + S4_HEADER;

	assert_true(call->c.replayed);
	assert_null(call->c.slot);
	assert_null(call->call.slot4);
	assert_int_equal(xdr_out_len(call->c.out), S4_HEADER + 12 + 36 + bytes);
	assert_int_equal(get_unaligned_be32(p), 0x11111111);
	p += 12 + 36;
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(p[i], fill);
}

static void test_order(void **state)
{
	struct fixture *f = *state;
	static const u32 wrong[] = { 0, 2, 5, ~0u };
	struct s4_seq seq;

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		seq = seq_of(f, wrong[i]);
		assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_SEQ_MISORDERED);
	}
	for (u32 n = 1; n < 5; n++) {
		seq = seq_of(f, n);
		assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
		assert_false(f->call.c.replayed);
		s4_end(&f->call, 8, (u8)n);
	}
	seq = seq_of(f, 3);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_SEQ_MISORDERED);
	/* Slots are apart. */
	seq = seq_of(f, 1);
	seq.slot = s4_usual.slots - 1;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	s4_end(&f->call, 8, 0);
	seq = seq_of(f, 4);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	check_replay(&f->call, 8, 4);
}

/* Sequence ids come round (2.10.6.1). */
static void test_wrap(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq;

	nfs4_session_find(f->s4->state, f->session)->slots[0].seq = ~0u - 1;
	seq = seq_of(f, ~0u);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	s4_end(&f->call, 8, 1);
	seq = seq_of(f, 0);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	s4_end(&f->call, 8, 2);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	check_replay(&f->call, 8, 2);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 1);
	u8 other[NFS4_SESSIONID_SIZE];

	memcpy(other, f->session, sizeof(other));
	for (unsigned i = 0; i < sizeof(other); i++) {
		other[i] ^= 1;
		seq.session = other;
		assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_BADSESSION);
		other[i] ^= 1;
	}
	seq = seq_of(f, 1);
	seq.slot = s4_usual.slots;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_BADSLOT);
	seq = seq_of(f, 1);
	seq.highest = s4_usual.slots;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_BAD_HIGH_SLOT);
	seq = seq_of(f, 1);
	seq.op_n = s4_usual.ops + 1;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_TOO_MANY_OPS);
	/* None of them used the slot up. */
	seq = seq_of(f, 1);
	seq.op_n = s4_usual.ops;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	s4_end(&f->call, 0, 0);
}

static void test_position_and_truncation(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 1);

	f->call.c.op_n = 2;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	f->call.c.op_i = 1;
	xdr_in_init(f->call.c.in, f->call.args, f->call.call.msg_len);
	assert_int_equal(nfs4_op_sequence(&f->call.c), NFS4ERR_SEQUENCE_POS);
	s4_end(&f->call, 0, 0);
	seq.seq = 2;
	for (u32 len = 0; len < NFS4_SESSIONID_SIZE + 16; len += 4) {
		f->call.call.msg_len = len;
		assert_int_equal(s4_sequence_again(&f->call), NFS4ERR_BADXDR);
	}
}

static void test_under_way(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 1);

	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	assert_int_equal(s4_sequence(f->s4, &f->other, &seq), NFS4ERR_DELAY);
	seq.seq = 2;
	assert_int_equal(s4_sequence(f->s4, &f->other, &seq), NFS4ERR_SEQ_MISORDERED);
	assert_int_equal(s4_destroy_session(f->s4, f->session), NFS4ERR_DELAY);
	s4_end(&f->call, 8, 7);
	seq.seq = 1;
	assert_int_equal(s4_sequence(f->s4, &f->other, &seq), NFS4_OK);
	check_replay(&f->other, 8, 7);
}

/* A COMPOUND that was tried on the reactor has its slot when a worker runs it from the start. */
static void test_run_again(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 1);
	u8 first[36];

	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	memcpy(first, f->call.reply + S4_HEADER + 12, sizeof(first));
	nfs4_sequence_end(&f->call.c, S4_HEADER, true);
	assert_null(f->call.c.slot);
	assert_int_equal(s4_sequence(f->s4, &f->other, &seq), NFS4ERR_DELAY);
	assert_int_equal(s4_sequence_again(&f->call), NFS4_OK);
	assert_non_null(f->call.c.slot);
	assert_non_null(f->call.c.client);
	assert_memory_equal(first, f->call.reply + S4_HEADER + 12, sizeof(first));
	s4_end(&f->call, 8, 9);
	assert_int_equal(s4_sequence(f->s4, &f->other, &seq), NFS4_OK);
	check_replay(&f->other, 8, 9);
}

#define FITS(n)	((n) - 12 - 36)	/* what s4_end() adds for a kept reply of n bytes */

static const struct {
	const char *name;
	bool cache_this;
	size_t bytes;
	enum nfs4_status again;
} kept[] = {
	{ "short", false, 8, NFS4_OK },
	{ "longest that is always kept", false, FITS(NFS4_KEPT_BYTES), NFS4_OK },
	{ "one unit longer", false, FITS(NFS4_KEPT_BYTES) + 4, NFS4ERR_RETRY_UNCACHED_REP },
	{ "the same, wanted", true, FITS(NFS4_KEPT_BYTES) + 4, NFS4_OK },
	{ "short again, not wanted", false, 8, NFS4_OK },
	{ "long, not wanted, in a slot that has room", false, 2000, NFS4ERR_RETRY_UNCACHED_REP },
	{ "longest", true, FITS(NFS4_CACHED_MAX) - S4_HEADER - 16, NFS4_OK },
};

static void test_kept(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 0);

	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++) {
		seq.seq++;
		seq.cache_this = kept[i].cache_this;
		assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
		s4_end(&f->call, kept[i].bytes, (u8)i);
		for (unsigned n = 0; n < 2; n++) {
			if (s4_sequence(f->s4, &f->other, &seq) != kept[i].again)
				fail_msg("%s", kept[i].name);
			if (!kept[i].again)
				check_replay(&f->other, kept[i].bytes, (u8)i);
		}
	}
}

/* Data that went beside the message are not in what was kept. */
static void test_items_not_kept(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 1);

	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	f->call.call.out_n = 1;
	s4_end(&f->call, 8, 0);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_RETRY_UNCACHED_REP);
}

static void test_false_retry(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 1), other;

	seq.rest = "operations behind it";
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	s4_end(&f->call, 8, 1);
	other = seq;
	other.rest = "operations behind iT";
	assert_int_equal(s4_sequence(f->s4, &f->call, &other), NFS4ERR_SEQ_FALSE_RETRY);
	other.rest = "operations";
	assert_int_equal(s4_sequence(f->s4, &f->call, &other), NFS4ERR_SEQ_FALSE_RETRY);
	other = seq;
	other.op_n = 3;
	assert_int_equal(s4_sequence(f->s4, &f->call, &other), NFS4ERR_SEQ_FALSE_RETRY);
	other = seq;
	other.cache_this = true;
	assert_int_equal(s4_sequence(f->s4, &f->call, &other), NFS4ERR_SEQ_FALSE_RETRY);
	f->s4->uid = 7;		/* nobody reads another's answer */
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_SEQ_FALSE_RETRY);
	f->s4->uid = 0;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	check_replay(&f->call, 8, 1);
}

static void session_with(struct fixture *f, struct s4_channel ch, u8 *session)
{
	struct s4_id id;

	assert_int_equal(s4_exchange_id(f->s4, "small", 1, 0, &id), NFS4_OK);
	assert_int_equal(s4_create_session(f->s4, id.client, id.seq, &ch, session), NFS4_OK);
}

/* Operations have no more room than the session's replies. */
static void test_reply_limits(void **state)
{
	struct fixture *f = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_seq seq = { .session = session, .seq = 1 };

	session_with(f, (struct s4_channel){ 1024, 1024, 600, 8, 1 }, session);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	assert_int_equal(xdr_out_len(f->call.c.out) + xdr_out_left(f->call.c.out), 1024 - 16);
	assert_int_equal(nfs4_sequence_too_big(&f->call.c), NFS4ERR_REP_TOO_BIG);
	s4_end(&f->call, 8, 0);
	seq.seq = 2;
	seq.cache_this = true;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	assert_int_equal(xdr_out_len(f->call.c.out) + xdr_out_left(f->call.c.out), 600 - 16);
	assert_int_equal(nfs4_sequence_too_big(&f->call.c), NFS4ERR_REP_TOO_BIG_TO_CACHE);
	/* The same when a worker runs it. */
	nfs4_sequence_end(&f->call.c, S4_HEADER, true);
	assert_int_equal(s4_sequence_again(&f->call), NFS4_OK);
	assert_int_equal(xdr_out_len(f->call.c.out) + xdr_out_left(f->call.c.out), 600 - 16);
	s4_end(&f->call, 8, 0);
}

static void test_cached_too_small(void **state)
{
	struct fixture *f = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_seq seq = { .session = session, .seq = 1, .cache_this = true };

	session_with(f, (struct s4_channel){ 1024, 1024, 10, 8, 1 }, session);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4ERR_REP_TOO_BIG_TO_CACHE);
	seq.cache_this = false;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	s4_end(&f->call, 8, 0);
}

static void test_request_limit(void **state)
{
	struct fixture *f = *state;
	u8 session[NFS4_SESSIONID_SIZE];
	struct s4_seq seq = { .session = session, .seq = 1 };

	session_with(f, (struct s4_channel){ 512, 1024, 0, 8, 1 }, session);
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	s4_end(&f->call, 8, 0);
	/* What came beside the message counts. */
	seq.seq = 2;
	f->call.call.in_n = 1;
	f->call.call.in[0].len = 513 - f->call.call.msg_len;
	xdr_in_init(f->call.c.in, f->call.args, f->call.call.msg_len);
	put_unaligned_be32(2, f->call.args + NFS4_SESSIONID_SIZE);
	assert_int_equal(s4_sequence_again(&f->call), NFS4ERR_REQ_TOO_BIG);
	f->call.call.in[0].len--;
	assert_int_equal(s4_sequence_again(&f->call), NFS4_OK);
	s4_end(&f->call, 8, 0);
}

/* DESTROY_SESSION of the session it is sent in: the last operation, and nothing else under way. */
static void test_destroyed_from_within(void **state)
{
	struct fixture *f = *state;
	struct s4_seq seq = seq_of(f, 1);

	seq.op_n = 3;
	assert_int_equal(s4_sequence(f->s4, &f->call, &seq), NFS4_OK);
	f->call.c.op_i = 1;
	xdr_in_init(f->call.c.in, f->session, sizeof(f->session));
	assert_int_equal(nfs4_op_destroy_session(&f->call.c), NFS4ERR_NOT_ONLY_OP);
	f->call.c.op_i = 2;
	seq.slot = 1;
	assert_int_equal(s4_sequence(f->s4, &f->other, &seq), NFS4_OK);
	xdr_in_init(f->call.c.in, f->session, sizeof(f->session));
	assert_int_equal(nfs4_op_destroy_session(&f->call.c), NFS4ERR_DELAY);
	s4_end(&f->other, 0, 0);
	xdr_in_init(f->call.c.in, f->session, sizeof(f->session));
	assert_int_equal(nfs4_op_destroy_session(&f->call.c), NFS4_OK);
	seq = seq_of(f, 2);
	assert_int_equal(s4_sequence(f->s4, &f->other, &seq), NFS4ERR_BADSESSION);
	s4_end(&f->call, 8, 0);
	assert_int_equal(f->s4->state->slot_n, 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_order),
		CASE(test_wrap),
		CASE(test_refused),
		CASE(test_position_and_truncation),
		CASE(test_under_way),
		CASE(test_run_again),
		CASE(test_kept),
		CASE(test_items_not_kept),
		CASE(test_false_retry),
		CASE(test_reply_limits),
		CASE(test_cached_too_small),
		CASE(test_request_limit),
		CASE(test_destroyed_from_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
