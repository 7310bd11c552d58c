// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Files, opens, share reservations, lock states, stateids: the tables alone.  RFC 8881 8.2.2, 9.7 to 9.11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nfsrdma/server/nfs4_file.h"
#include "nfsrdma/server/nfs4_waiter.h"

#define R	OPEN4_SHARE_ACCESS_READ
#define W	OPEN4_SHARE_ACCESS_WRITE
#define RW	OPEN4_SHARE_ACCESS_BOTH

struct fixture {
	struct nfs4_files *files;
	struct nfs4_opens *client[2];
};

/* In place of the state: the tables need nothing else of it. */
static struct nfs4_files *the_files;

struct nfs4_files *nfs4_state_files(struct nfs4_state *state)
{
	return the_files;
}

/* Nobody waits here: test_nfs4_back has who does. */
static unsigned wakes;

void nfs4_waiters_wake(struct nfs4_files *files, struct nfs4_file *file)
{
	wakes++;
}

void nfs4_waiters_got(const struct nfs4_opens *opens, const struct nfs4_owner_arg *owner,
		      struct nfs4_file *file, u64 first, u64 last)
{
}

void nfs4_waiters_drop(struct nfs4_opens *opens)
{
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->files = the_files = nfs4_files_create();
	for (unsigned i = 0; i < 2; i++)
		f->client[i] = nfs4_opens_create((struct nfs4_client *)&f->client[i]);
	*state = f;
	return f->files && f->client[0] && f->client[1] ? 0 : -1;
}

/* All tables are empty when the clients are gone: nfs4_files_destroy() asserts it. */
static int teardown(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 2; i++)
		nfs4_opens_release((struct nfs4_state *)f, f->client[i]);
	nfs4_files_destroy(f->files);
	free(f);
	return 0;
}

static struct nfs4_owner_arg owner(const char *name)
{
	return (struct nfs4_owner_arg){ .name = (const u8 *)name, .len = (u32)strlen(name) };
}

/* An OPEN of file number `no`, which must go well. */
static struct nfs4_open *take(struct fixture *f, unsigned client, const char *name, unsigned no,
			      unsigned access, unsigned deny)
{
	struct nfs_fh fh = { .len = 8, .data = { 1, (u8)(no >> 8), (u8)no } };
	struct nfs4_owner_arg arg = owner(name);
	struct nfs4_file *file = nfs4_file_get(f->files, &fh);
	struct nfs4_open *open;

	assert_int_equal(
		nfs4_open_take(f->files, f->client[client], &arg, file, access, deny, &open), 0);
	nfs4_file_put(f->files, file);
	return open;
}

static void test_upgrade(void **state)
{
	struct fixture *f = *state;
	struct nfs4_open *a = take(f, 0, "one", 1, R, 0), *b;

	assert_int_equal(a->sid.seqid, 1);
	/* The same owner and file: the same state. */
	b = take(f, 0, "one", 1, W, OPEN4_SHARE_DENY_WRITE);
	assert_ptr_equal(a, b);
	assert_int_equal(a->sid.seqid, 2);
	assert_int_equal(a->access, RW);
	assert_int_equal(a->deny, OPEN4_SHARE_DENY_WRITE);
	/* Another owner, another file, another client: states of their own. */
	assert_ptr_not_equal(a, take(f, 0, "two", 1, R, 0));
	assert_ptr_not_equal(a, take(f, 0, "one", 2, R, 0));
	assert_ptr_not_equal(a, take(f, 1, "one", 1, R, 0));
	assert_ptr_equal(a->sid.file->opens.next, &a->in_file);
	assert_int_equal(f->client[0]->state_n, 3);
	assert_int_equal(f->client[1]->state_n, 1);
	assert_true(nfs4_opens_any(f->client[1]));
}

static void test_downgrade(void **state)
{
	struct fixture *f = *state;
	struct nfs4_open *open = take(f, 0, "one", 1, RW, 0);

	/* There was no OPEN for reading alone. */
	assert_false(nfs4_open_downgrade(open, R, 0));
	assert_false(nfs4_open_downgrade(open, RW, OPEN4_SHARE_DENY_READ));
	assert_int_equal(open->sid.seqid, 1);
	take(f, 0, "one", 1, R, OPEN4_SHARE_DENY_WRITE);
	assert_int_equal(open->deny, OPEN4_SHARE_DENY_WRITE);
	assert_false(nfs4_open_downgrade(open, R, 0));
	assert_true(nfs4_open_downgrade(open, RW, OPEN4_SHARE_DENY_WRITE)); /* as it is */
	assert_true(nfs4_open_downgrade(open, R, OPEN4_SHARE_DENY_WRITE));
	assert_int_equal(open->sid.seqid, 4);
	assert_int_equal(open->access, R);
	assert_int_equal(open->sid.file->shares.access[1], 0);
	/* What was given up does not come back. */
	assert_false(nfs4_open_downgrade(open, RW, OPEN4_SHARE_DENY_WRITE));
	/* Two together. */
	take(f, 0, "one", 1, W, 0);
	take(f, 0, "one", 1, RW, OPEN4_SHARE_DENY_BOTH);
	assert_true(nfs4_open_downgrade(open, RW, OPEN4_SHARE_DENY_WRITE));
	assert_true(nfs4_open_downgrade(open, W, 0));
}

/* Every pair of rights and reservations of two opens.  9.7 */
static void test_shares(void **state)
{
	struct fixture *f = *state;
	const struct nfs4_open *holder;
	struct nfs4_open *open;
	bool conflict;

	for (unsigned first = 1; first < 16; first++)
		for (unsigned second = 1; second < 16; second++) {
			unsigned a1 = first & 3, d1 = first >> 2, a2 = second & 3, d2 = second >> 2;

			if (!a1 || !a2)
				continue;
			open = take(f, 0, "one", 1, a1, d1);
			conflict = a2 & d1 || d2 & a1;
			assert_int_equal(nfs4_shares_conflict(&open->sid.file->shares, a2, d2),
					 conflict);
			holder = nfs4_share_holder(open->sid.file, a2, d2);
			assert_ptr_equal(holder, conflict ? open : NULL);
			nfs4_open_free(f->files, open);
		}
}

static void test_shares_counted(void **state)
{
	struct fixture *f = *state;
	struct nfs4_open *a = take(f, 0, "one", 1, R, OPEN4_SHARE_DENY_WRITE);
	struct nfs4_open *b = take(f, 1, "one", 1, R, OPEN4_SHARE_DENY_WRITE);
	struct nfs4_shares *shares = &a->sid.file->shares;

	nfs4_open_free(f->files, a);
	assert_true(nfs4_shares_conflict(shares, W, 0));
	assert_ptr_equal(nfs4_share_holder(b->sid.file, W, 0), b);
	/* Kept reserved for a while without an open. */
	nfs4_shares_add(shares, R, OPEN4_SHARE_DENY_READ);
	assert_true(nfs4_shares_conflict(shares, R, 0));
	nfs4_shares_sub(shares, R, OPEN4_SHARE_DENY_READ);
	assert_false(nfs4_shares_conflict(shares, R, 0));
}

static void test_stateids(void **state)
{
	struct fixture *f = *state;
	struct nfs4_open *a = take(f, 0, "one", 1, R, 0), *b = take(f, 1, "one", 1, R, 0);
	struct nfs4_stateid sid, other;
	struct nfs4_files *later;

	nfs4_sid_get(f->files, &a->sid, &sid);
	nfs4_sid_get(f->files, &b->sid, &other);
	assert_memory_not_equal(sid.other, other.other, NFS4_OTHER_SIZE);
	assert_int_equal(sid.seqid, 1);
	assert_ptr_equal(nfs4_sid_find(f->files, &sid), &a->sid);
	sid.seqid = 77;			/* is judged by the caller */
	assert_ptr_equal(nfs4_sid_find(f->files, &sid), &a->sid);
	for (unsigned bit = 0; bit < NFS4_OTHER_SIZE * 8; bit++) {
		sid.other[bit / 8] ^= (u8)(1 << bit % 8);
		assert_null(nfs4_sid_find(f->files, &sid));
		sid.other[bit / 8] ^= (u8)(1 << bit % 8);
	}
	nfs4_open_free(f->files, a);
	assert_null(nfs4_sid_find(f->files, &sid));
	/* Of another start of the server. */
	later = nfs4_files_create();
	assert_non_null(later);
	assert_null(nfs4_sid_find(later, &other));
	nfs4_files_destroy(later);
}

static void test_seqids(void **state)
{
	static const struct {
		u32 newest, given;
		enum nfs4_status status;
	} cases[] = {
		{ 1, 1, NFS4_OK },
		{ 1, 0, NFS4_OK },
		{ 5, 4, NFS4ERR_OLD_STATEID },
		{ 5, 1, NFS4ERR_OLD_STATEID },
		{ 5, 6, NFS4ERR_BAD_STATEID },
		{ 1, UINT32_MAX, NFS4ERR_OLD_STATEID },	/* it has gone round */
		{ UINT32_MAX, 1, NFS4ERR_BAD_STATEID },
		{ UINT32_MAX, UINT32_MAX, NFS4_OK },
	};
	u32 seqid = UINT32_MAX;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(nfs4_seqid_check(cases[i].newest, cases[i].given),
				 cases[i].status);
	nfs4_seqid_next(&seqid);
	assert_int_equal(seqid, 1);	/* 0 has a meaning of its own */
}

static void test_locks(void **state)
{
	struct fixture *f = *state;
	struct nfs4_open *a = take(f, 0, "one", 1, RW, 0), *b = take(f, 0, "two", 1, RW, 0);
	struct nfs4_owner_arg p = owner("p"), one = owner("one");
	struct nfs4_lock *lock, *other;
	struct nfs4_stateid sid;

	assert_null(nfs4_lock_find(f->files, f->client[0], &p, a->sid.file));
	assert_int_equal(nfs4_lock_make(f->files, a, &p, &lock), 0);
	assert_int_equal(nfs4_lock_set(f->files, lock, 0, 9, true), 0);
	assert_int_equal(lock->sid.seqid, 1);
	assert_ptr_equal(nfs4_lock_find(f->files, f->client[0], &p, a->sid.file), lock);
	assert_null(nfs4_lock_find(f->files, f->client[1], &p, a->sid.file));
	/* Lock owners and open owners of one name are not the same. */
	assert_null(nfs4_lock_find(f->files, f->client[0], &one, a->sid.file));
	assert_int_equal(nfs4_lock_make(f->files, b, &one, &other), 0);
	assert_int_equal(nfs4_lock_set(f->files, other, 20, 29, false), 0);
	nfs4_sid_get(f->files, &lock->sid, &sid);
	assert_ptr_equal(nfs4_sid_find(f->files, &sid)->lock, lock);
	assert_int_equal(f->client[0]->state_n, 4);

	wakes = 0;
	assert_int_equal(nfs4_lock_clear(f->files, lock, 3, 5), 0);
	assert_int_equal(wakes, 1);
	assert_int_equal(lock->sid.seqid, 2);
	assert_int_equal(f->client[0]->range_n, 3);
	/* What was locked by way of an open goes with it. */
	nfs4_open_free(f->files, a);
	assert_int_equal(wakes, 2);
	assert_null(nfs4_sid_find(f->files, &sid));
	assert_int_equal(f->client[0]->range_n, 1);
	assert_int_equal(b->sid.file->ranges.n, 1);
	nfs4_lock_free(f->files, other);
	assert_int_equal(f->client[0]->range_n, 0);
	assert_int_equal(f->client[0]->state_n, 1);
}

/* At the limit, and with it the tables have grown. */
static void test_limit(void **state)
{
	struct fixture *f = *state;
	struct nfs_fh fh = { .len = 1 };
	struct nfs4_owner_arg arg = owner("one");
	struct nfs4_file *file;
	struct nfs4_lock *lock;
	struct nfs4_open *open = NULL, *first = NULL;
	struct nfs4_stateid sid;

	for (unsigned i = 0; i < NFS4_CLIENT_STATES_MAX; i++) {
		open = take(f, 0, "one", i, R, 0);
		if (!i)
			first = open;
	}
	file = nfs4_file_get(f->files, &fh);
	assert_int_equal(nfs4_open_take(f->files, f->client[0], &arg, file, R, 0, &open), -EMFILE);
	assert_int_equal(nfs4_lock_make(f->files, first, &arg, &lock), -EMFILE);
	/* Another client is not hurt, nor is an OPEN of what is open. */
	assert_int_equal(nfs4_open_take(f->files, f->client[1], &arg, file, R, 0, &open), 0);
	assert_ptr_equal(take(f, 0, "one", 0, W, 0), first);
	nfs4_file_put(f->files, file);
	nfs4_sid_get(f->files, &first->sid, &sid);
	assert_ptr_equal(nfs4_sid_find(f->files, &sid), &first->sid);
	nfs4_open_free(f->files, first);
	take(f, 0, "three", 1, R, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_upgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_downgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shares, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shares_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stateids, setup, teardown),
		cmocka_unit_test(test_seqids),
		cmocka_unit_test_setup_teardown(test_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
