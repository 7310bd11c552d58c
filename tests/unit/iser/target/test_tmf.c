// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Task management: each function, on its own session and across sessions and reactors. */
#include <string.h>

#include "tests/unit/iser/target/rig.h"

static struct rig rig;
static struct raw a, b;

static void open_all(unsigned int reactors)
{
	struct rig_cfg cfg = { .reactors = reactors };

	rig_open(&rig, &cfg);
	raw_open(&rig, &a, RAW_DEFAULT);
	a.isid = 1;
	raw_login(&a, NULL);
	raw_open(&rig, &b, RAW_DEFAULT);
	b.isid = 2;
	raw_login(&b, NULL);
}

static void close_all(void)
{
	raw_close(&a);
	raw_close(&b);
	rig_close(&rig);
}

static u32 command(struct raw *i, u8 cdb, u8 lun)
{
	raw_cmd(i, 0x81, cdb, 0, 0)[8 + 1] = lun;
	raw_send(i);
	return i->itt;
}

static bool held(void *ctx)
{
	return rig.held_n == *(unsigned int *)ctx;
}

static void wait_held(unsigned int n)
{
	rig_until(&rig, held, &n);
}

static void tmf_send(struct raw *i, u8 function, u8 lun, u32 ref_itt)
{
	u8 *bhs = raw_begin(i, ISCSI_TMF_REQ | ISCSI_IMMEDIATE, 0x80 | function);

	bhs[8 + 1] = lun;
	put_unaligned_be32(ref_itt, bhs + 20);
	raw_send(i);
}

static void expect_tmf(struct raw *i, u8 response)
{
	u8 *bhs = raw_expect(i, ISCSI_TMF_RSP);

	if (bhs[2] != response)
		fail_msg("response %u, expected %u", bhs[2], response);
	assert_int_equal(bhs[1], 0x80);
}

/* NOP: what was to be sent before it has been. */
static void settle(struct raw *i)
{
	u8 *bhs = raw_begin(i, ISCSI_NOP_OUT | ISCSI_IMMEDIATE, 0x80);

	put_unaligned_be32(0xffffffff, bhs + 20);
	raw_send(i);
	raw_expect(i, ISCSI_NOP_IN);
}

static void test_abort_task(void **state)
{
	u32 itt;

	open_all(1);
	itt = command(&a, CDB_HOLD, 0);
	command(&a, CDB_HOLD, 0);
	wait_held(2);
	tmf_send(&a, ISCSI_TMF_ABORT_TASK, 0, itt);
	expect_tmf(&a, ISCSI_TMF_COMPLETE);
	assert_int_equal(rig.held_n, 1);
	assert_int_equal(rig.aborts, 1);
	tmf_send(&a, ISCSI_TMF_ABORT_TASK, 0, itt);
	expect_tmf(&a, ISCSI_TMF_NO_TASK);
	/* the aborted one is not answered, the other is */
	rig_release(&rig);
	assert_int_equal(get_unaligned_be32(raw_expect(&a, ISCSI_SCSI_RSP) + 16), itt + 1);
	settle(&a);
	assert_false(raw_has(&a, ISCSI_SCSI_RSP));
	close_all();
}

/* A command whose data is still to come has never been the backend's. */
static void test_abort_gathering(void **state)
{
	u32 itt;

	open_all(1);
	raw_close(&a);
	raw_open(&rig, &a, RAW_DEFAULT);
	a.isid = 3;
	raw_login(&a, "InitialR2T=No");
	raw_cmd(&a, 0x21, CDB_WRITE, 0, 4096);
	raw_data(&a, a.buf, 512);
	raw_send(&a);
	itt = a.itt;
	tmf_send(&a, ISCSI_TMF_ABORT_TASK, 0, itt);
	expect_tmf(&a, ISCSI_TMF_COMPLETE);
	assert_int_equal(rig.commands, 0);
	assert_int_equal(rig.aborts, 0);
	close_all();
}

/* The response waits for a backend that takes its time. */
static void test_abort_deaf(void **state)
{
	u32 itt;

	open_all(1);
	itt = command(&a, CDB_HOLD_DEAF, 0);
	wait_held(1);
	tmf_send(&a, ISCSI_TMF_ABORT_TASK, 0, itt);
	settle(&a);
	assert_int_equal(rig.aborts, 1);
	assert_false(raw_has(&a, ISCSI_TMF_RSP));
	rig_release(&rig);
	expect_tmf(&a, ISCSI_TMF_COMPLETE);
	assert_false(raw_has(&a, ISCSI_SCSI_RSP));
	close_all();
}

static void test_abort_task_set(void **state)
{
	open_all(1);
	command(&a, CDB_HOLD, 1);
	command(&a, CDB_HOLD, 2);
	command(&a, CDB_HOLD, 1);
	command(&b, CDB_HOLD, 1);
	wait_held(4);
	tmf_send(&a, ISCSI_TMF_ABORT_TASK_SET, 1, 0xffffffff);
	expect_tmf(&a, ISCSI_TMF_COMPLETE);
	assert_int_equal(rig.held_n, 2);	/* another LUN's, another session's */
	assert_int_equal(rig.last_tmf, ORISER_TMF_ABORT_TASK_SET);
	close_all();
}

/* Across sessions: others learn TASK ABORTED, the one that asked hears nothing of its own. */
static void across(u8 function, unsigned int left, unsigned int reactors)
{
	open_all(reactors);
	command(&a, CDB_HOLD, 1);
	command(&b, CDB_HOLD, 1);
	command(&b, CDB_HOLD, 2);
	command(&b, CDB_HOLD_DEAF, 1);
	wait_held(4);
	tmf_send(&a, function, 1, 0xffffffff);
	raw_expect_status(&b, 0x40);
	if (left == 0)
		raw_expect_status(&b, 0x40);
	settle(&a);
	assert_false(raw_has(&a, ISCSI_TMF_RSP));
	rig_release(&rig);
	expect_tmf(&a, ISCSI_TMF_COMPLETE);
	assert_int_equal(rig.tmfs, 1);
	assert_int_equal((int)rig.last_tmf, function);
	settle(&a);
	assert_false(raw_has(&a, ISCSI_SCSI_RSP));
	raw_expect_status(&b, 0x40);		/* the deaf one, released first */
	if (left > 0)
		raw_expect_status(&b, 0);	/* LUN 2 was not touched */
	close_all();
}

static void test_across(void **state)
{
	for (unsigned int reactors = 1; reactors <= 2; reactors++) {
		across(ISCSI_TMF_LUN_RESET, 1, reactors);
		across(ISCSI_TMF_CLEAR_TASK_SET, 1, reactors);
		across(ISCSI_TMF_TARGET_WARM_RESET, 0, reactors);
	}
}

/* A target that is another one is not reset. */
static void test_other_target(void **state)
{
	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);
	raw_login(&a, NULL);
	raw_open(&rig, &b, RAW_DEFAULT);
	assert_int_equal(raw_try_login(&b, TARGET_B, NULL), 0);
	command(&b, CDB_HOLD, 0);
	wait_held(1);
	tmf_send(&a, ISCSI_TMF_TARGET_WARM_RESET, 0, 0xffffffff);
	expect_tmf(&a, ISCSI_TMF_COMPLETE);
	assert_int_equal(rig.held_n, 1);
	close_all();
}

static void test_cold_reset(void **state)
{
	for (unsigned int reactors = 1; reactors <= 2; reactors++) {
		open_all(reactors);
		command(&b, CDB_HOLD, 0);
		wait_held(1);
		tmf_send(&a, ISCSI_TMF_TARGET_COLD_RESET, 0, 0xffffffff);
		expect_tmf(&a, ISCSI_TMF_COMPLETE);
		raw_expect_down(&a);
		raw_expect_down(&b);
		close_all();
	}
}

static void test_answers(void **state)
{
	open_all(1);
	tmf_send(&a, ISCSI_TMF_TASK_REASSIGN, 0, 1);
	expect_tmf(&a, ISCSI_TMF_NO_REASSIGN);
	tmf_send(&a, 0, 0, 1);
	expect_tmf(&a, ISCSI_TMF_UNSUPPORTED);
	tmf_send(&a, 9, 0, 1);
	expect_tmf(&a, ISCSI_TMF_UNSUPPORTED);
	tmf_send(&a, ISCSI_TMF_ABORT_TASK, 0, 0x4711);
	expect_tmf(&a, ISCSI_TMF_NO_TASK);
	assert_int_equal(rig.tmfs, 0);
	tmf_send(&a, ISCSI_TMF_CLEAR_ACA, 0, 0xffffffff);
	expect_tmf(&a, ISCSI_TMF_COMPLETE);
	rig.no_lun = true;
	tmf_send(&a, ISCSI_TMF_LUN_RESET, 9, 0xffffffff);
	expect_tmf(&a, ISCSI_TMF_NO_LUN);
	close_all();
}

/* The session that asked is gone when the last task ends. */
static void test_asker_gone(void **state)
{
	open_all(2);
	command(&b, CDB_HOLD_DEAF, 0);
	wait_held(1);
	tmf_send(&a, ISCSI_TMF_LUN_RESET, 0, 0xffffffff);
	settle(&a);
	assert_int_equal(ual_qp_destroy(a.qp), 0);
	a.qp = NULL;
	rig_pass(&rig, 100);
	assert_int_equal(rig.ends, 1);
	rig_release(&rig);
	raw_expect_status(&b, 0x40);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_abort_task),     cmocka_unit_test(test_abort_gathering),
		cmocka_unit_test(test_abort_deaf),     cmocka_unit_test(test_abort_task_set),
		cmocka_unit_test(test_across),	       cmocka_unit_test(test_other_target),
		cmocka_unit_test(test_cold_reset),     cmocka_unit_test(test_answers),
		cmocka_unit_test(test_asker_gone),
	};

	return cmocka_run_group_tests_name("iser/target_tmf", tests, NULL, NULL);
}
