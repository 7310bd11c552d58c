// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Numbering of commands and statuses, also across the wrap of the 32-bit numbers. */
#include "iser/engine/seq.h"
#include "tests/unit/iser/cmocka_head.h"

static const u32 starts[] = { 0, 1, 0x7ffffffe, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };

static void test_serial(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		u32 a = starts[i];

		assert_true(seq_lt(a, a + 1));
		assert_false(seq_lt(a, a));
		assert_false(seq_lt(a + 1, a));
		assert_true(seq_le(a, a));
		assert_true(seq_lt(a, a + 0x7fffffff));
	}
}

static void test_target_window(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		const u32 cmd_sn = starts[i], window = 4;
		struct seq_target s;

		seq_target_init(&s, cmd_sn, 100, window);
		assert_int_equal(seq_target_request(&s, cmd_sn + 1, false), SEQ_GAP);
		for (u32 n = 0; n < window; n++)
			assert_int_equal(seq_target_request(&s, cmd_sn + n, false), SEQ_OK);
		assert_int_equal(seq_target_request(&s, cmd_sn + window, false), SEQ_BEYOND);
		assert_int_equal(seq_target_request(&s, cmd_sn + window - 1, false), SEQ_OLD);
		assert_int_equal(seq_target_request(&s, cmd_sn + window, true), SEQ_OK);
		assert_int_equal(s.exp_cmd_sn, cmd_sn + window);
		seq_target_open(&s, 1);
		assert_int_equal(seq_target_request(&s, cmd_sn + window, false), SEQ_OK);
		assert_int_equal(seq_target_request(&s, cmd_sn + window + 1, false), SEQ_BEYOND);
	}
}

static void test_target_ack(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		const u32 stat_sn = starts[i];
		struct seq_target s;

		seq_target_init(&s, 1, stat_sn, 1);
		s.stat_sn += 3;
		assert_true(seq_target_ack(&s, stat_sn + 2));
		assert_true(seq_target_ack(&s, stat_sn + 1));
		assert_int_equal(s.exp_stat_sn, stat_sn + 2);
		assert_true(seq_target_ack(&s, stat_sn + 3));
		assert_false(seq_target_ack(&s, stat_sn + 4));
		assert_int_equal(s.exp_stat_sn, stat_sn + 3);
	}
}

static void test_initiator(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		const u32 sn = starts[i];
		struct seq_initiator s;

		seq_initiator_init(&s, sn, 10, sn, sn + 3);
		assert_int_equal(seq_initiator_room(&s), 4);
		s.cmd_sn += 4;
		assert_int_equal(seq_initiator_room(&s), 0);
		/* a window that ends more than one before its start says nothing */
		seq_initiator_response(&s, 10, sn + 4, sn + 2, true);
		assert_int_equal(seq_initiator_room(&s), 0);
		assert_int_equal(s.exp_cmd_sn, sn);
		/* closed but valid */
		seq_initiator_response(&s, 11, sn + 4, sn + 3, true);
		assert_int_equal(s.exp_cmd_sn, sn + 4);
		seq_initiator_response(&s, 12, sn + 4, sn + 5, true);
		assert_int_equal(seq_initiator_room(&s), 2);
		/* a window never shrinks */
		seq_initiator_response(&s, 13, sn + 4, sn + 4, false);
		assert_int_equal(seq_initiator_room(&s), 2);
		seq_initiator_response(&s, 13, sn + 4, sn + 5, true);
		/* in another order than numbered */
		seq_initiator_response(&s, 15, sn + 4, sn + 6, true);
		assert_int_equal(s.exp_stat_sn, 16);
		seq_initiator_response(&s, 14, sn + 4, sn + 6, true);
		assert_int_equal(s.exp_stat_sn, 16);
		seq_initiator_response(&s, 20000, sn, sn, true);
		assert_int_equal(s.exp_stat_sn, 20001);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serial),
		cmocka_unit_test(test_target_window),
		cmocka_unit_test(test_target_ack),
		cmocka_unit_test(test_initiator),
	};

	return cmocka_run_group_tests_name("iser/seq", tests, NULL, NULL);
}
