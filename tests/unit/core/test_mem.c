// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The STag table as a whole; single accesses are in vectors/mem.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/mem/mem.h"

#define SLOTS 512

static struct mem_slot slots[SLOTS];
static u8 memory[4096];

static void table_init(struct mem_table *t, u32 slot_n, u64 seed)
{
	memset(slots, 0, sizeof(slots));
	mem_table_init(t, slots, slot_n, &(struct stag_key){ { seed, ~seed } });
}

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* All slots can be used, none twice, and the next is refused. */
static void test_exhaustion(void **state)
{
	struct mem_table t;
	u32 stags[SLOTS], one;

	table_init(&t, SLOTS, 99);
	for (u32 i = 0; i < SLOTS; i++)
		assert_int_equal(mem_mr_reg(&t, 1, memory, 0, sizeof(memory), 0, &stags[i]), 0);
	assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 1, 0, &one), -ENOMEM);
	assert_int_equal(mem_mr_alloc(&t, 1, 1, &one), -ENOMEM);
	assert_int_equal(mem_mw_alloc(&t, 1, &one), -ENOMEM);
	qsort(stags, SLOTS, sizeof(*stags), by_value);
	for (u32 i = 1; i < SLOTS; i++)
		assert_int_not_equal(stags[i - 1] >> 8, stags[i] >> 8);
	for (u32 i = 0; i < SLOTS; i++)
		assert_int_equal(mem_dereg(&t, stags[i]), 0);
	assert_int_equal(mem_dereg(&t, stags[0]), -EINVAL);
	mem_table_deinit(&t);
}

/* RFC 5040 8.1.1 rule 8: STags lie sparsely in the range, and differ from table to table. */
static void test_unpredictable(void **state)
{
	u32 first[2], stag, low = ~0u, high = 0, steps = 0, last = 0;
	struct mem_table t;

	for (u32 seed = 0; seed < 2; seed++) {
		table_init(&t, SLOTS, seed);
		assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 1, 0, &first[seed]), 0);
	}
	assert_int_not_equal(first[0] >> 8, first[1] >> 8);
	for (u32 i = 0; i < SLOTS - 1; i++) {
		assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 1, 0, &stag), 0);
		low = min_t(u32, low, stag);
		high = max_t(u32, high, stag);
		steps += (stag >> 8) - (last >> 8) == 1;
		last = stag;
	}
	assert_true(high - low > 0xc0000000);
	assert_true(steps < 3);
}

/* A slot that was freed is the last to be used again, and then with another tag. */
static void test_reuse(void **state)
{
	u32 freed, stag, old;
	struct mem_table t;
	u8 *at;

	table_init(&t, 16, 5);
	assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 64, 0, &freed), 0);
	old = t.revoked;
	assert_int_equal(mem_dereg(&t, freed), 0);
	assert_int_not_equal(t.revoked, old);
	for (u32 i = 0; i < 16; i++) {
		assert_int_equal(mem_check(&t, 1, 1, freed, 0, 1, 0, &at), MEM_BAD_STAG);
		assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 64, 0, &stag), 0);
		assert_int_not_equal(stag >> 8, freed >> 8);
		assert_int_equal(mem_check(&t, 1, 1, stag, 0, 1, 0, &at), MEM_OK);
	}
	assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 64, 0, &stag), -ENOMEM);
}

/*
 * A stale STag never resolves within the generations: a table of 2^22 slots has four, one of 16 more than a million.
 * All that were given out before are tried, with every key that a consumer could have chosen.
 */
static void test_stale(void **state)
{
	enum { ROUNDS = 2000 };
	static u8 seen[1 << (24 - 3)];
	struct mem_table t;
	u32 stag[5], last = 0;
	u8 *at;

	table_init(&t, 16, 7);
	memset(seen, 0, sizeof(seen));
	for (u32 round = 0; round < ROUNDS; round++) {
		for (u32 i = 0; i < ARRAY_SIZE(stag); i++) {
			u32 tag;

			assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 64, 0, &stag[i]), 0);
			tag = stag[i] >> 8;
			assert_false(seen[tag / 8] & 1 << tag % 8);
			seen[tag / 8] |= (u8)(1 << tag % 8);
		}
		for (u32 key = 0; last && key < 256; key++)
			assert_int_equal(mem_check(&t, 1, 1, last ^ key, 0, 1, 0, &at),
					 MEM_BAD_STAG);
		for (u32 i = 0; i < ARRAY_SIZE(stag); i++)
			assert_int_equal(mem_dereg(&t, stag[i]), 0);
		last = stag[round % ARRAY_SIZE(stag)];
		assert_int_equal(mem_dereg(&t, last), -EINVAL);
	}
	mem_table_deinit(&t);
}

/* Full, emptied and filled again in another order: every one that is in use is found, no other. */
static void test_churn(void **state)
{
	u32 live[SLOTS], live_n = 0, dice = 1;
	struct mem_table t;
	u8 *at;

	table_init(&t, SLOTS, 11);
	for (u32 step = 0; step < 20000; step++) {
		dice = dice * 1664525 + 1013904223;
		if (live_n < SLOTS && (dice >> 24) % 8 < (step / 2000 % 2 ? 3u : 5u)) {
			assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 64, 0, &live[live_n]), 0);
			live_n++;
		} else if (live_n) {
			u32 i = (dice >> 8) % live_n, stag = live[i];

			live[i] = live[--live_n];
			assert_int_equal(mem_dereg(&t, stag), 0);
			assert_int_equal(mem_check(&t, 1, 1, stag, 0, 1, 0, &at), MEM_BAD_STAG);
		}
		if (live_n)
			assert_int_equal(mem_check(&t, 1, 1, live[dice % live_n], 0, 1, 0, &at),
					 MEM_OK);
	}
	while (live_n)
		assert_int_equal(mem_dereg(&t, live[--live_n]), 0);
	mem_table_deinit(&t);
}

static void test_registration(void **state)
{
	static const struct {
		u64 base, len;
		u32 access;
		int err;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ ~0ull, 1, 0, 0 },
		{ ~0ull, 2, 0, -EINVAL },
		{ 1, ~0ull, 0, 0 },
		{ 2, ~0ull, 0, -EINVAL },
		{ 0, 8, ACCESS_REMOTE_READ, 0 },
		{ 0, 8, ACCESS_REMOTE_WRITE, -EINVAL },
		{ 0, 8, ACCESS_REMOTE_ATOMIC, -EINVAL },
		{ 0, 8, ACCESS_REMOTE_WRITE | ACCESS_LOCAL_WRITE, 0 },
	};
	struct mem_table t;
	u32 stag;

	table_init(&t, SLOTS, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		stag = 0x77;
		assert_int_equal(mem_mr_reg(&t, 1, memory, cases[i].base, cases[i].len,
					    cases[i].access, &stag),
				 cases[i].err);
		if (cases[i].err)
			assert_int_equal(stag, 0x77);
		else
			assert_int_equal(mem_dereg(&t, stag), 0);
	}
	mem_table_deinit(&t);
}

/* WR_REG_MR and WR_BIND_MW: what may not be made. */
static void test_binding(void **state)
{
	u32 fast, mw, mr, ro, mr_pd, top, stag;
	struct mem_table t;
	const u64 at = (uintptr_t)memory;
	const u32 all = ACCESS_LOCAL_WRITE | ACCESS_MW_BIND | ACCESS_REMOTE_WRITE;

	table_init(&t, SLOTS, 1);
	assert_int_equal(mem_mr_alloc(&t, 1, 100, &fast), 0);
	assert_int_equal(mem_mw_alloc(&t, 1, &mw), 0);
	assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 1000, all, &mr), 0);
	assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 1000, ACCESS_MW_BIND, &ro), 0);
	assert_int_equal(mem_mr_reg(&t, 2, memory, 0, 1000, all, &mr_pd), 0);
	assert_int_equal(mem_mr_reg(&t, 1, memory, 0, 1000, 0, &top), 0);

	assert_int_equal(mem_fast_reg(&t, 1, 9, mr, at, 100, 0), MEM_BAD_STAG);
	assert_int_equal(mem_fast_reg(&t, 2, 9, fast, at, 100, 0), MEM_BAD_STREAM);
	assert_int_equal(mem_fast_reg(&t, 1, 9, fast, at, 101, 0), MEM_BAD_BOUNDS);
	assert_int_equal(mem_fast_reg(&t, 1, 9, fast, ~0ull, 2, 0), MEM_BAD_BOUNDS);
	assert_int_equal(mem_fast_reg(&t, 1, 9, fast, at, 100, ACCESS_REMOTE_WRITE),
			 MEM_BAD_ACCESS);
	assert_int_equal(mem_fast_reg(&t, 1, 9, fast, at, 100, ACCESS_REMOTE_READ), MEM_OK);

	assert_int_equal(mem_mw_bind(&t, 1, 9, mr, mr, 0, 10, 0), MEM_BAD_STAG);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, mw, 0, 10, 0), MEM_BAD_STAG);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, mr ^ 1, 0, 10, 0), MEM_BAD_STAG);
	assert_int_equal(mem_mw_bind(&t, 2, 9, mw, mr, 0, 10, 0), MEM_BAD_STREAM);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, mr_pd, 0, 10, 0), MEM_BAD_STREAM);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, top, 0, 10, 0), MEM_BAD_ACCESS);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, ro, 0, 10, ACCESS_REMOTE_WRITE), MEM_BAD_ACCESS);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, mr, 0, 10, ACCESS_LOCAL_WRITE), MEM_BAD_ACCESS);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, mr, 991, 10, 0), MEM_BAD_BOUNDS);
	assert_int_equal(mem_mw_bind(&t, 1, 9, mw, mr, 990, 10, ACCESS_REMOTE_WRITE), MEM_OK);
	assert_int_equal(mem_dereg(&t, mr), -EBUSY);

	/* the last consumer of a stream goes: everything of it, and nothing else */
	mem_stream_gone(&t, 8);
	assert_int_equal(mem_dereg(&t, mr), -EBUSY);
	mem_stream_gone(&t, 9);
	assert_int_equal(t.bound_n, 0);
	for (size_t i = 0; i < 6; i++) {
		stag = (u32[]){ fast, mw, mr, ro, mr_pd, top }[i];
		assert_int_equal(mem_dereg(&t, stag), 0);
	}
	mem_table_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exhaustion), cmocka_unit_test(test_unpredictable),
		cmocka_unit_test(test_reuse),	   cmocka_unit_test(test_stale),
		cmocka_unit_test(test_churn),	   cmocka_unit_test(test_registration),
		cmocka_unit_test(test_binding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
