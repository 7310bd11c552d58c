// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What somebody who has seen many STags of a table, in the order in which they were made, can say of the next: the
 * attacks that find an affine map of the index, a counter or a generator that can be run backwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/mem/mem.h"

#define SEEN		2048
#define TAG_MASK	((1u << STAG_BITS) - 1)

static struct mem_slot slots[SEEN];
static u32 stags[SEEN];
static u8 memory[64];

/* All of a table's STags, in order of registration. */
static void look(u64 seed)
{
	struct mem_table t;

	memset(slots, 0, sizeof(slots));
	mem_table_init(&t, slots, SEEN, &(struct stag_key){ { seed, seed * 3 } });
	for (u32 i = 0; i < SEEN; i++)
		assert_int_equal(mem_mr_reg(&t, 1, memory, 0, sizeof(memory), 0, &stags[i]), 0);
}

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* The most frequent of n values. */
static u32 most_of_one(u32 *values, u32 n)
{
	u32 most = 0, run = 0;

	qsort(values, n, sizeof(*values), by_value);
	for (u32 i = 0; i < n; i++) {
		run = i && values[i] == values[i - 1] ? run + 1 : 1;
		most = max_t(u32, most, run);
	}
	return most;
}

/* tag(i + step) - tag(i), or their exclusive or: an affine map shows one of few values. */
static void test_differences(void **state)
{
	static u32 sums[SEEN], bits[SEEN];

	look(1);
	for (u32 step = 1; step <= 64; step *= 2) {
		u32 n = SEEN - step;

		for (u32 i = 0; i < n; i++) {
			sums[i] = ((stags[i + step] >> 8) - (stags[i] >> 8)) & TAG_MASK;
			bits[i] = (stags[i + step] ^ stags[i]) >> 8;
		}
		assert_true(most_of_one(sums, n) <= 3);
		assert_true(most_of_one(bits, n) <= 3);
	}
}

/* The same of every pair of some hundred, whatever their order was: a shuffled affine map has few as well. */
static void test_pairs(void **state)
{
	enum { N = 512 };
	static u32 sums[N * N], bits[N * N];
	u32 n = 0;

	look(5);
	for (u32 i = 0; i < N; i++)
		for (u32 j = 0; j < i; j++, n++) {
			sums[n] = ((stags[i] >> 8) - (stags[j] >> 8)) & TAG_MASK;
			sums[n] = min_t(u32, sums[n], -sums[n] & TAG_MASK);
			bits[n] = (stags[i] ^ stags[j]) >> 8;
		}
	assert_true(most_of_one(sums, n) <= 5);
	assert_true(most_of_one(bits, n) <= 5);
}

/* tag(i + 1) = a * tag(i) + c modulo 2^24, solved from each three in a row: the fourth does not follow. */
static void test_congruence(void **state)
{
	u32 foretold = 0;

	look(2);
	for (u32 i = 0; i + 3 < SEEN; i++) {
		u32 d0 = ((stags[i + 1] >> 8) - (stags[i] >> 8)) & TAG_MASK;
		u32 d1 = ((stags[i + 2] >> 8) - (stags[i + 1] >> 8)) & TAG_MASK;
		u32 d2 = ((stags[i + 3] >> 8) - (stags[i + 2] >> 8)) & TAG_MASK;

		/* d1 = a * d0 and d2 = a * d1, so d1 * d1 = d0 * d2 */
		foretold += ((d1 * d1 - d0 * d2) & TAG_MASK) == 0;
	}
	assert_true(foretold <= 2);
}

/* The tag as an affine map of the index' bits over GF(2), learnt from the powers of two. */
static void test_linear(void **state)
{
	u32 foretold = 0;

	look(3);
	for (u32 i = 3; i < SEEN; i++) {
		u32 guess = stags[0] >> 8;

		if (!(i & (i - 1)))
			continue;
		for (u32 bit = 0; i >> bit; bit++)
			if (i >> bit & 1)
				guess ^= (stags[1u << bit] ^ stags[0]) >> 8;
		foretold += guess == stags[i] >> 8;
	}
	assert_int_equal(foretold, 0);
}

/* Berlekamp and Massey: the shortest shift register that makes these bits. */
static u32 linear_complexity(const u8 *s, u32 n)
{
	static u8 c[SEEN], b[SEEN], old[SEEN];
	u32 len = 0, since = 1;

	memset(c, 0, sizeof(c));
	memset(b, 0, sizeof(b));
	c[0] = b[0] = 1;
	for (u32 i = 0; i < n; i++, since++) {
		u8 off = s[i];

		for (u32 j = 1; j <= len; j++)
			off ^= c[j] & s[i - j];
		if (!off)
			continue;
		memcpy(old, c, n);
		for (u32 j = 0; j + since < n; j++)
			c[j + since] ^= b[j];
		if (2 * len <= i) {
			len = i + 1 - len;
			memcpy(b, old, n);
			since = 0;
		}
	}
	return len;
}

/* Each bit of the STags, the key's too, for as long as it was seen: half as complex as it is long. */
static void test_shift_register(void **state)
{
	enum { N = 1024 };
	static u8 bits[N];

	look(4);
	for (u32 bit = 0; bit < 32; bit++) {
		u32 complexity;

		for (u32 i = 0; i < N; i++)
			bits[i] = stags[i] >> bit & 1;
		complexity = linear_complexity(bits, N);
		assert_in_range(complexity, N / 2 - 24, N / 2 + 24);
	}
}

/* Keys that differ by a bit, tables that differ by that key: nothing in common. */
static void test_avalanche(void **state)
{
	u64 changed = 0;
	u32 n = 0;

	for (u32 bit = 0; bit < 128; bit++) {
		struct stag_key a = { { 0x0123456789abcdefull, 0xfedcba9876543210ull } }, b = a;

		b.k[bit / 64] ^= 1ull << bit % 64;
		for (u32 value = 0; value < 64; value++, n++) {
			u32 x = stag_permute(&a, value * 262147 & TAG_MASK) ^
				stag_permute(&b, value * 262147 & TAG_MASK);

			changed += (u64)__builtin_popcount(x);
		}
	}
	/* 12 of 24 bits on average; the mean of so many lies within a hundredth of that */
	assert_in_range(changed * 100 / n, 1188, 1212);
}

/* One to one, for values near one another and far apart. */
static void test_one_to_one(void **state)
{
	enum { VALUES = 1 << 16 };
	static u8 seen[1 << (STAG_BITS - 3)];
	const struct stag_key key = { { 5, 6 } };

	for (u32 i = 0; i < VALUES; i++) {
		u32 value = i < VALUES / 2 ? i : (i * 40503u & TAG_MASK) | 1u << 20;
		u32 tag = stag_permute(&key, value);

		assert_in_range(tag, 0, TAG_MASK);
		assert_false(seen[tag / 8] & 1 << tag % 8);
		if (i < VALUES / 2)	/* the others come more than once */
			seen[tag / 8] |= (u8)(1 << tag % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differences), cmocka_unit_test(test_congruence),
		cmocka_unit_test(test_linear),	    cmocka_unit_test(test_shift_register),
		cmocka_unit_test(test_pairs),	    cmocka_unit_test(test_avalanche),
		cmocka_unit_test(test_one_to_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
