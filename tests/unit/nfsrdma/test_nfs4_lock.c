// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* LOCK, LOCKT, LOCKU over COMPOUNDs of two clients; reclaim after a restart; leases that ran out.  RFC 8881 8.3, 8.4, 9. */
#include "tests/unit/nfsrdma/compound.h"

#define LEASE_MS	30000

struct fixture {
	struct c4 *c4;
	struct c4_client a, b;
	struct c4_open open_a, open_b;	/* of the same file, for reading and writing */
	const struct nfs_fh *root, *fh;
};

static void open_both(struct fixture *f)
{
	f->open_a = f->open_b =
		(struct c4_open){ .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	assert_int_equal(c4_open(&f->a, f->root, &f->open_a), NFS4_OK);
	assert_int_equal(c4_open(&f->b, f->root, &f->open_b), NFS4_OK);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (c4_setup((void **)&f->c4))
		return -1;
	c4_client_up(&f->a, f->c4, "a", 1);
	c4_client_up(&f->b, f->c4, "b", 1);
	assert_int_equal(c4_reclaim_complete(&f->a), NFS4_OK);
	assert_int_equal(c4_reclaim_complete(&f->b), NFS4_OK);
	f->root = &f->c4->rig->root[RIG_RW];
	open_both(f);
	f->fh = &f->open_a.fh;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *c4 = f->c4;

	free(f);
	return c4_teardown(&c4);
}

static struct c4_lock by_open(const struct c4_open *open, const char *owner, u32 type, u64 offset,
			      u64 length)
{
	return (struct c4_lock){
		.type = type, .offset = offset, .length = length, .owner = owner, .sid = open->sid
	};
}

/* The same owner goes on, by its lock stateid. */
static struct c4_lock by_lock(const struct c4_lock *lock, u32 type, u64 offset, u64 length)
{
	return (struct c4_lock){
		.type = type, .offset = offset, .length = length, .sid = lock->sid
	};
}

static void assert_denied(const struct c4_lock *lock, const struct c4_client *client,
			  const char *owner, u32 type, u64 offset, u64 length)
{
	assert_int_equal(lock->other_client, client->id);
	assert_string_equal(lock->other_owner, owner);
	assert_int_equal(lock->other_type, type);
	assert_int_equal(lock->other_offset, offset);
	assert_int_equal(lock->other_length, length);
}

static void test_conflicts(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = by_open(&f->open_a, "p", WRITE_LT, 100, 10);
	struct c4_lock b = by_open(&f->open_b, "q", READ_LT, 0, 101);
	struct c4_lock test = by_open(&f->open_b, "q", WRITEW_LT, 109, 1);

	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	assert_int_equal(a.sid.seqid, 1);
	assert_memory_not_equal(a.sid.other, f->open_a.sid.other, NFS4_OTHER_SIZE);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	assert_denied(&b, &f->a, "p", WRITE_LT, 100, 10);
	b.type = READW_LT;		/* waiting is asking again */
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	assert_int_equal(c4_lockt(&f->b, f->fh, &test), NFS4ERR_DENIED);
	assert_denied(&test, &f->a, "p", WRITE_LT, 100, 10);
	test.offset = 110;
	assert_int_equal(c4_lockt(&f->b, f->fh, &test), NFS4_OK);
	test.offset = 100;
	test.owner = "p";		/* of client b: not the same */
	assert_int_equal(c4_lockt(&f->b, f->fh, &test), NFS4ERR_DENIED);
	assert_int_equal(c4_lockt(&f->a, f->fh, &test), NFS4_OK);
	b.length = 100;
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4_OK);

	/* Down to a read lock, which b may have as well; then neither goes up. */
	a = by_lock(&a, READ_LT, 100, 10);
	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	assert_int_equal(a.sid.seqid, 2);
	b = by_lock(&b, READ_LT, 100, UINT64_MAX);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4_OK);
	a = by_lock(&a, WRITE_LT, 105, 1);
	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4ERR_DENIED);
	assert_denied(&a, &f->b, "q", READ_LT, 0, UINT64_MAX);	/* joined */
	/* A hole in the middle. */
	b = by_lock(&b, READ_LT, 105, 1);
	assert_int_equal(c4_locku(&f->b, f->fh, &b), NFS4_OK);
	assert_int_equal(b.sid.seqid, 3);
	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
}

static void test_owners(void **state)
{
	struct fixture *f = *state;
	struct c4_lock p = by_open(&f->open_a, "p", WRITE_LT, 0, 1);
	struct c4_lock q = by_open(&f->open_a, "q", WRITE_LT, 0, 1);
	struct c4_lock again = p;
	struct c4_open other = {
		.how = C4_NOCREATE, .owner = "other", .name = "f", .access = OPEN4_SHARE_ACCESS_READ
	};

	assert_int_equal(c4_lock(&f->a, f->fh, &p), NFS4_OK);
	/* Two owners of one client are two. */
	assert_int_equal(c4_lock(&f->a, f->fh, &q), NFS4ERR_DENIED);
	assert_denied(&q, &f->a, "p", WRITE_LT, 0, 1);
	/* An owner that comes by the open again has the same stateid. */
	again.offset = 50;
	assert_int_equal(c4_lock(&f->a, f->fh, &again), NFS4_OK);
	assert_memory_equal(again.sid.other, p.sid.other, NFS4_OTHER_SIZE);
	assert_int_equal(again.sid.seqid, 2);
	/* One that was denied left nothing behind. */
	q.offset = 1;
	assert_int_equal(c4_lock(&f->a, f->fh, &q), NFS4_OK);
	assert_int_equal(q.sid.seqid, 1);
	/* Reading and writing go by what the open may do. */
	assert_int_equal(c4_write(&f->a, f->fh, &q.sid), NFS4_OK);
	assert_int_equal(c4_open(&f->a, f->root, &other), NFS4_OK);
	again = by_open(&other, "r", WRITE_LT, 500, 1);
	assert_int_equal(c4_lock(&f->a, f->fh, &again), NFS4ERR_OPENMODE);
	again.type = READ_LT;
	assert_int_equal(c4_lock(&f->a, f->fh, &again), NFS4_OK);
	assert_int_equal(c4_write(&f->a, f->fh, &again.sid), NFS4ERR_OPENMODE);
	again = by_open(&f->open_a, "s", READ_LT, 600, 1);
	again.sid.seqid = 9;
	assert_int_equal(c4_lock(&f->a, f->fh, &again), NFS4ERR_BAD_STATEID);
}

static void test_ranges(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u64 offset, length;
		enum nfs4_status status;
	} cases[] = {
		{ 0, 0, NFS4ERR_INVAL },
		{ 5, 0, NFS4ERR_INVAL },
		{ 2, UINT64_MAX - 1, NFS4ERR_INVAL },	/* one past the end of the numbers */
		{ UINT64_MAX, 1, NFS4ERR_INVAL },
		{ 1, UINT64_MAX - 1, NFS4_OK },
		{ UINT64_MAX - 1, 1, NFS4_OK },
		{ UINT64_MAX, UINT64_MAX, NFS4_OK },	/* to the end */
		{ 0, UINT64_MAX, NFS4_OK },
	};
	struct c4_lock lock, unlock, test;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		lock = by_open(&f->open_a, "p", WRITE_LT, cases[i].offset, cases[i].length);
		test = lock;
		assert_int_equal(c4_lockt(&f->a, f->fh, &test), cases[i].status);
		assert_int_equal(c4_lock(&f->a, f->fh, &lock), cases[i].status);
		unlock = by_lock(&lock, READ_LT, cases[i].offset, cases[i].length);
		assert_int_equal(c4_locku(&f->a, f->fh, &unlock), cases[i].status);
		test = by_open(&f->open_b, "q", WRITE_LT, 0, UINT64_MAX);
		assert_int_equal(c4_lockt(&f->b, f->fh, &test), NFS4_OK);
	}
	lock = by_open(&f->open_a, "p", 5, 0, 1);
	assert_int_equal(c4_lock(&f->a, f->fh, &lock), NFS4ERR_BADXDR);
	lock.type = 0;
	assert_int_equal(c4_lockt(&f->a, f->fh, &lock), NFS4ERR_BADXDR);
	/* A directory has none. */
	lock.type = READ_LT;
	assert_int_equal(c4_lock(&f->a, f->root, &lock), NFS4ERR_ISDIR);
	assert_int_equal(c4_lockt(&f->a, f->root, &lock), NFS4ERR_ISDIR);
	/* An open's stateid unlocks nothing. */
	lock = by_open(&f->open_a, NULL, READ_LT, 0, 1);
	assert_int_equal(c4_locku(&f->a, f->fh, &lock), NFS4ERR_BAD_STATEID);
	assert_int_equal(c4_lock(&f->a, f->fh, &lock), NFS4ERR_BAD_STATEID);
}

static void test_close_lets_go(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = by_open(&f->open_a, "p", WRITE_LT, 0, 10);
	struct c4_lock b = by_open(&f->open_b, "q", WRITE_LT, 0, 10);

	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	assert_int_equal(c4_close(&f->a, f->fh, &a.sid), NFS4ERR_BAD_STATEID);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	assert_int_equal(c4_close(&f->a, f->fh, &f->open_a.sid), NFS4_OK);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4_OK);
	a.owner = NULL;
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4ERR_BAD_STATEID);
}

static void test_cut(void **state)
{
	struct fixture *f = *state;
	struct c4_lock lock = by_open(&f->open_a, "p", WRITE_LT, 0, 10);
	struct c4_lock test = by_open(&f->open_b, "q", WRITE_LT, 0, UINT64_MAX);
	struct c4_client *a = &f->a;
	size_t from, to = 0, len = 0;

	do {
		c4_begin(a);
		c4_fh(a, f->fh);
		c4_op(a, NFS4_OP_LOCK);
		from = xdr_out_len(a->args);
		c4_lock_args(a, &lock);
		to = xdr_out_len(a->args);
		xdr_out_rewind(a->args, from + len);
		assert_int_equal(c4_run(a), NFS4ERR_BADXDR);
		len += 4;
	} while (from + len < to);
	assert_int_equal(c4_lockt(&f->b, f->fh, &test), NFS4_OK);
}

/* ---- a restart.  8.4.2 */

static void renew(struct c4_client *client)
{
	c4_begin(client);
	assert_int_equal(c4_run(client), NFS4_OK);
}

static void test_reclaim(void **state)
{
	struct fixture *f = *state;
	struct c4_lock lock = by_open(&f->open_a, "p", WRITE_LT, 0, 10), other, test;
	struct c4_open open = { .how = C4_NOCREATE, .claim = CLAIM_PREVIOUS };
	struct c4_open fresh = { .how = C4_NOCREATE, .name = "f" };
	struct nfs4_stateid old = f->open_a.sid;
	const struct nfs4_stateid anonymous = { 0 };
	struct nfs_fh fh = *f->fh;
	struct c4_client c;

	assert_int_equal(c4_open(&f->a, &fh, &open), NFS4ERR_NO_GRACE);
	assert_int_equal(c4_lock(&f->a, &fh, &lock), NFS4_OK);
	c4_restart(f->c4);
	assert_int_equal(c4_reclaim_complete(&f->a), NFS4ERR_BADSESSION);
	c4_client_up(&f->a, f->c4, "a", 1);
	c4_client_up(&c, f->c4, "c", 1);
	/* Nobody gets anything new; who was not there has nothing to reclaim. */
	assert_int_equal(c4_open(&f->a, f->root, &fresh), NFS4ERR_GRACE);
	assert_int_equal(c4_open(&c, f->root, &fresh), NFS4ERR_GRACE);
	assert_int_equal(c4_open(&c, &fh, &open), NFS4ERR_RECLAIM_BAD);
	assert_int_equal(c4_reclaim_complete(&c), NFS4_OK);
	assert_int_equal(c4_open(&c, f->root, &fresh), NFS4ERR_GRACE);
	assert_int_equal(c4_read(&c, &fh, &anonymous), NFS4ERR_GRACE);
	test = by_open(&fresh, "t", WRITE_LT, 0, 10);
	assert_int_equal(c4_lockt(&c, &fh, &test), NFS4ERR_GRACE);
	assert_int_equal(c4_read(&f->a, &fh, &old), NFS4ERR_BAD_STATEID);

	assert_int_equal(c4_open(&f->a, &fh, &open), NFS4_OK);
	assert_int_equal(c4_write(&f->a, &fh, &open.sid), NFS4_OK);
	lock = by_open(&open, "p", WRITE_LT, 0, 10);
	assert_int_equal(c4_lock(&f->a, &fh, &lock), NFS4ERR_GRACE);
	lock.reclaim = true;
	assert_int_equal(c4_lock(&f->a, &fh, &lock), NFS4_OK);
	other = by_open(&open, "q", WRITE_LT, 5, 10);
	other.reclaim = true;		/* two claim the same: one is mistaken */
	assert_int_equal(c4_lock(&f->a, &fh, &other), NFS4ERR_RECLAIM_CONFLICT);
	assert_int_equal(c4_reclaim_complete(&f->a), NFS4_OK);
	assert_int_equal(c4_open(&f->a, &fh, &open), NFS4ERR_NO_GRACE);
	/* Client b never comes back: the period ends with its time. */
	assert_int_equal(c4_open(&c, f->root, &fresh), NFS4ERR_GRACE);
	for (unsigned i = 0; i < 2; i++) {
		c4_now_ms += LEASE_MS / 2 + 1;
		renew(&f->a);
		renew(&c);
		nfs4_state_tick(f->c4->rig->server.state4);
	}
	assert_int_equal(c4_open(&c, f->root, &fresh), NFS4_OK);
	assert_int_equal(c4_lock(&f->a, &fh, &other), NFS4ERR_NO_GRACE);
	c4_client_up(&f->b, f->c4, "b", 1);
	assert_int_equal(c4_open(&f->b, f->root, &fresh), NFS4ERR_GRACE); /* it must say so first */
	assert_int_equal(c4_open(&f->b, &fh, &open), NFS4ERR_NO_GRACE);
	assert_int_equal(c4_reclaim_complete(&f->b), NFS4_OK);
	assert_int_equal(c4_open(&f->b, f->root, &fresh), NFS4_OK);
	test = by_open(&fresh, "t", WRITE_LT, 0, 10);
	assert_int_equal(c4_lock(&f->b, &fh, &test), NFS4ERR_DENIED);
	assert_denied(&test, &f->a, "p", WRITE_LT, 0, 10);
}

/* ---- a lease that has run out stands until somebody needs what it holds */

static void test_courtesy(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = by_open(&f->open_a, "p", WRITE_LT, 0, 10);
	struct c4_lock b = by_open(&f->open_b, "q", WRITE_LT, 5, 10);
	struct c4_open deny = { .how = C4_NOCREATE, .name = "f", .deny = OPEN4_SHARE_DENY_WRITE };

	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	for (unsigned i = 0; i < 3; i++) {
		c4_now_ms += LEASE_MS - 1000;
		assert_int_equal(c4_read(&f->b, f->fh, &f->open_b.sid), NFS4_OK);
		nfs4_state_tick(f->c4->rig->server.state4);
	}
	/* Long over, but nobody minded. */
	assert_int_equal(c4_write(&f->a, f->fh, &a.sid), NFS4_OK);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	assert_int_equal(c4_lockt(&f->b, f->fh, &b), NFS4ERR_DENIED);
	c4_now_ms += LEASE_MS + 1;
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4_OK);
	assert_int_equal(c4_reclaim_complete(&f->a), NFS4ERR_BADSESSION);

	/* The same with a share reservation; b's own open is in the way of it now. */
	assert_int_equal(c4_close(&f->b, f->fh, &f->open_b.sid), NFS4_OK);
	c4_client_up(&f->a, f->c4, "a", 1);
	assert_int_equal(c4_reclaim_complete(&f->a), NFS4_OK);
	assert_int_equal(c4_open(&f->a, f->root, &f->open_a), NFS4_OK);
	assert_int_equal(c4_open(&f->b, f->root, &deny), NFS4ERR_SHARE_DENIED);
	c4_now_ms += LEASE_MS + 1;
	assert_int_equal(c4_open(&f->b, f->root, &deny), NFS4_OK);
	/* And one without an open. */
	c4_client_up(&f->a, f->c4, "a", 1);
	assert_int_equal(c4_write(&f->a, f->fh, &(struct nfs4_stateid){ 0 }), NFS4ERR_LOCKED);
	c4_now_ms += LEASE_MS + 1;
	assert_int_equal(c4_write(&f->a, f->fh, &(struct nfs4_stateid){ 0 }), NFS4_OK);
	assert_int_equal(c4_reclaim_complete(&f->b), NFS4ERR_BADSESSION);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_conflicts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_lets_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reclaim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_courtesy, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
