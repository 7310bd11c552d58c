// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Numbers of the rsockets protocol that are easily off by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ual/verbs/rsocket/wire.h"

static void test_scale(void **state)
{
	static const struct {
		uint32_t n, encoded, decoded;
	} cases[] = {
		{ 0, 0, 0 },
		{ 1, 1, 1 },
		{ 127, 127, 127 },
		{ 128, 128, 128 },
		{ 256, 0x81, 256 },
		{ 511, 0x81, 256 },
		{ 32512, 0xff, 32512 },
		{ 0xffffffff, 0xff, 32512 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(rs_scale_encode(cases[i].n), cases[i].encoded);
		assert_int_equal(rs_scale_decode(cases[i].encoded), cases[i].decoded);
	}
}

static void test_messages(void **state)
{
	assert_int_equal(rs_msg(RS_MSG_DATA, 1000), 0x000003e8);
	assert_int_equal(rs_msg(RS_MSG_WINDOW, 384), 0x80000180);
	assert_int_equal(rs_msg(RS_MSG_IOMAP, 1), 0xc0000001);
	assert_int_equal(rs_msg(RS_MSG_CTRL, RS_CTRL_DISCONNECT), 0xe0000000);
	assert_int_equal(rs_msg(RS_MSG_CTRL, RS_CTRL_SHUTDOWN), 0xe0000002);
}

static void test_byte_order(void **state)
{
	struct rs_sge s =
		rs_sge_swap((struct rs_sge){ 0x0102030405060708, 0x11121314, 0x65536 }, true);

	assert_int_equal(s.addr, 0x0807060504030201);
	assert_int_equal(s.key, 0x14131211);
	assert_int_equal(rs_sge_swap(s, false).key, 0x14131211);
	assert_int_equal(rs_sge_swap(s, true).length, 0x65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_byte_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
