// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ual/base/backoff.h"

#define MS 1000000ull

/* Doubles to the limit, each wait between half of its step and all of it; and begins again. */
static void grows_to_the_limit(void **state)
{
	struct backoff b = { 0 };

	for (unsigned round = 0; round < 3; round++) {
		u64 step = BACKOFF_MIN_MS;

		for (unsigned i = 0; i < 20; i++) {
			u64 wait = backoff_next_ns(&b, 1000 * round + i);

			assert_true(wait >= step * MS / 2 && wait <= step * MS);
			step = min_t(u64, step * 2, BACKOFF_MAX_MS);
		}
		assert_int_equal(b.step_ms, BACKOFF_MAX_MS);
		backoff_reset(&b);
	}
}

/* A thousand that lost their server within the same microsecond do not come back together. */
static void spreads(void **state)
{
	unsigned tenths[10] = { 0 };

	for (u64 i = 0; i < 1000; i++) {
		struct backoff b = { .step_ms = BACKOFF_MAX_MS };
		u64 half = BACKOFF_MAX_MS * MS / 2;

		tenths[(backoff_next_ns(&b, 123456789000 + i) - half) * 10 / (half + 1)]++;
	}
	for (unsigned i = 0; i < 10; i++)
		assert_true(tenths[i] > 60 && tenths[i] < 140);
}

/* Simulations replay: the same times give the same waits. */
static void same_times_same_waits(void **state)
{
	struct backoff a = { 0 }, b = { 0 };

	for (u64 i = 0; i < 50; i++)
		assert_int_equal(backoff_next_ns(&a, i * i), backoff_next_ns(&b, i * i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_the_limit),
		cmocka_unit_test(spreads),
		cmocka_unit_test(same_times_same_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
