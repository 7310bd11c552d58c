// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* min_t() and max_t() may be given calls that do something: each is made once, as in the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/env.h"

static unsigned calls;

static u32 next(void)
{
	return ++calls;
}

static void test_once(void **state)
{
	assert_int_equal(min_t(u32, next(), 5), 1);
	assert_int_equal(min_t(u32, 5, next()), 2);
	assert_int_equal(max_t(u32, next(), 0), 3);
	assert_int_equal(max_t(u32, 0, next()), 4);
	assert_int_equal(min_t(u32, max_t(u32, next(), 0), max_t(u32, min_t(u32, 9, next()), 0)),
			 5);
	assert_int_equal(calls, 6);
}

static void test_type(void **state)
{
	assert_int_equal(min_t(u8, 0x101, 2), 1);
	assert_int_equal(max_t(int, -1, 0), 0);
	assert_true(max_t(u32, -1, 0) == UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
