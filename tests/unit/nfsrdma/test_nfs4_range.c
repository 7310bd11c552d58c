// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Byte-range locks of a file: against a plain array, at random; at the ends of the 64 bits; at the limit.
 *
 * The array has 65 places: bytes 0 to 31, all that is between, the last 32 bytes of the 64-bit space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nfsrdma/server/nfs4_range.h"

#define PLACES	65
#define MIDDLE	32
#define OWNERS	4
#define SEEDS	60
#define STEPS	400

enum kind { NONE, READ, WRITE };

struct model {
	struct nfs4_ranges ranges;
	u8 at[OWNERS][PLACES];
};

static int names[OWNERS];		/* an owner is the address of its own */

static int setup(void **state)
{
	struct model *m = calloc(1, sizeof(*m));

	nfs4_ranges_init(&m->ranges);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct model *m = *state;

	for (unsigned o = 0; o < OWNERS; o++)
		nfs4_ranges_drop(&m->ranges, &names[o]);
	assert_int_equal(m->ranges.n, 0);
	free(m);
	return 0;
}

static u64 first_of(unsigned place)
{
	return place <= MIDDLE ? place : UINT64_MAX - (PLACES - 1 - place);
}

static u64 last_of(unsigned place)
{
	return place == PLACES - 1 ? UINT64_MAX : first_of(place + 1) - 1;
}

static unsigned owner_no(const struct nfs4_range *range)
{
	return (unsigned)((int *)range->owner - names);
}

static bool model_conflict(const struct model *m, unsigned from, unsigned to, bool write, int owner)
{
	for (int o = 0; o < OWNERS; o++)
		for (unsigned i = from; i <= to; i++)
			if (o != owner && (m->at[o][i] == WRITE || (write && m->at[o][i])))
				return true;
	return false;
}

/* As few ranges as there can be, sorted; together exactly what the array has. */
static void check(const struct model *m, unsigned seed, unsigned step)
{
	u8 seen[OWNERS][PLACES] = { 0 };
	const struct nfs4_range *range, *before = NULL;
	unsigned n = 0, runs = 0;

	list_for_each_entry(range, &m->ranges.list, link) {
		n++;
		if (before && before->first > range->first)
			fail_msg("seed %u, step %u: not in order", seed, step);
		before = range;
		for (unsigned i = 0; i < PLACES; i++)
			if (range->first <= first_of(i) && range->last >= last_of(i))
				seen[owner_no(range)][i] += range->write ? WRITE : READ;
	}
	for (unsigned o = 0; o < OWNERS; o++)
		for (unsigned i = 0; i < PLACES; i++)
			runs += m->at[o][i] && (!i || m->at[o][i] != m->at[o][i - 1]);
	if (n != m->ranges.n || n != runs)
		fail_msg("seed %u, step %u: %u ranges, %u counted, %u expected", seed, step, n,
			 m->ranges.n, runs);
	if (memcmp(seen, m->at, sizeof(seen)))
		fail_msg("seed %u, step %u: not what was set", seed, step);
}

static void step(struct model *m, unsigned seed, unsigned step_no, unsigned *random)
{
	unsigned o = rand_r(random) % OWNERS, from = rand_r(random) % PLACES;
	unsigned to = from + rand_r(random) % (PLACES - from), what = rand_r(random) % 8;
	bool write = what & 1, conflict;
	const struct nfs4_range *other;

	if (what >= 6) {
		assert_int_equal(nfs4_ranges_clear(&m->ranges, first_of(from), last_of(to),
						   &names[o], true),
				 0);
		memset(&m->at[o][from], NONE, to - from + 1);
		return;
	}
	other = nfs4_ranges_conflict(&m->ranges, first_of(from), last_of(to), write, &names[o]);
	conflict = model_conflict(m, from, to, write, (int)o);
	if (!other != !conflict)
		fail_msg("seed %u, step %u: conflict %d", seed, step_no, conflict);
	if (other) {
		assert_true(owner_no(other) != o && (other->write || write));
		assert_true(other->first <= last_of(to) && other->last >= first_of(from));
		return;
	}
	assert_int_equal(nfs4_ranges_set(&m->ranges, first_of(from), last_of(to), write, &names[o]),
			 0);
	memset(&m->at[o][from], write ? WRITE : READ, to - from + 1);
}

static void test_random(void **state)
{
	struct model *m = *state;
	unsigned random;

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		random = seed;
		for (unsigned i = 0; i < STEPS; i++) {
			step(m, seed, i, &random);
			check(m, seed, i);
		}
		for (unsigned o = 0; o < OWNERS; o += 2) {
			nfs4_ranges_drop(&m->ranges, &names[o]);
			memset(m->at[o], NONE, PLACES);
			assert_false(nfs4_ranges_any(&m->ranges, &names[o]));
		}
		check(m, seed, STEPS);
	}
}

static const struct nfs4_range *only(const struct model *m)
{
	assert_int_equal(m->ranges.n, 1);
	return list_first_entry(&m->ranges.list, struct nfs4_range, link);
}

static void test_ends(void **state)
{
	struct model *m = *state;
	struct nfs4_ranges *r = &m->ranges;

	/* From byte 0 to the last there is, and its ends taken away. */
	assert_int_equal(nfs4_ranges_set(r, 0, UINT64_MAX, false, &names[0]), 0);
	assert_int_equal(nfs4_ranges_clear(r, 0, 0, &names[0], false), 0);
	assert_int_equal(nfs4_ranges_clear(r, UINT64_MAX, UINT64_MAX, &names[0], false), 0);
	assert_true(only(m)->first == 1 && only(m)->last == UINT64_MAX - 1);
	assert_null(nfs4_ranges_conflict(r, UINT64_MAX, UINT64_MAX, true, NULL));
	assert_non_null(nfs4_ranges_conflict(r, 1, 1, true, NULL));
	assert_null(nfs4_ranges_conflict(r, 1, 1, false, NULL));
	/* Back in: joined again. */
	assert_int_equal(nfs4_ranges_set(r, UINT64_MAX, UINT64_MAX, false, &names[0]), 0);
	assert_int_equal(nfs4_ranges_set(r, 0, 0, false, &names[0]), 0);
	assert_true(only(m)->first == 0 && only(m)->last == UINT64_MAX);
	/* All of it upgraded. */
	assert_int_equal(nfs4_ranges_set(r, 0, UINT64_MAX, true, &names[0]), 0);
	assert_true(only(m)->write);
	assert_non_null(nfs4_ranges_conflict(r, 7, 7, false, &names[1]));
}

static void test_limit(void **state)
{
	struct model *m = *state;
	struct nfs4_ranges *r = &m->ranges;
	u64 n;

	for (n = 0; !nfs4_ranges_set(r, n * 4, n * 4 + 2, true, &names[0]); n++)
		assert_true(n < NFS4_FILE_RANGES_MAX);
	assert_int_equal(nfs4_ranges_set(r, n * 4, n * 4, true, &names[1]), -ENOLCK);
	/* Each set may make two of it, so it ends one before. */
	assert_int_equal(r->n, NFS4_FILE_RANGES_MAX - 1);
	assert_int_equal(nfs4_ranges_clear(r, 1, 1, &names[0], false), -ENOLCK);
	assert_int_equal(nfs4_ranges_clear(r, 1, 1, &names[0], true), 0);
	assert_int_equal(r->n, NFS4_FILE_RANGES_MAX);
	assert_int_equal(nfs4_ranges_clear(r, 5, 5, &names[0], true), -ENOLCK);
	assert_int_equal(r->n, NFS4_FILE_RANGES_MAX);
	/* What makes no more of them still goes, and makes room. */
	assert_int_equal(nfs4_ranges_clear(r, 0, 100, &names[0], false), 0);
	assert_int_equal(nfs4_ranges_set(r, 0, 0, true, &names[1]), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
