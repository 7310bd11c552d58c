// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Logins over RDMA: who is let in, what refusals say, reinstatement, limits of time and number. */
#include <string.h>

#include "tests/unit/iser/target/rig.h"

static struct rig rig;
static struct raw a, b;

static void open_rig(const struct rig_cfg *cfg)
{
	rig_open(&rig, cfg);
	raw_open(&rig, &a, RAW_DEFAULT);
}

static void close_one(void)
{
	raw_close(&a);
	rig_close(&rig);
}

static void works(struct raw *i)
{
	raw_cmd(i, 0x81, CDB_READY, 0, 0);
	raw_send(i);
	raw_expect_status(i, 0);
}

static void test_verdicts(void **state)
{
	static const struct {
		enum oriser_login_verdict verdict;
		const char *target;
		u16 status;
	} cases[] = {
		{ ORISER_LOGIN_OK, "iqn.2026-11.org.openrdma:none", 0x0203 },
		{ ORISER_LOGIN_FORBIDDEN, TARGET_A, 0x0202 },
		{ ORISER_LOGIN_BUSY, TARGET_A, 0x0302 },
		{ ORISER_LOGIN_NO_TARGET, TARGET_A, 0x0203 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		open_rig(NULL);
		rig.verdict = cases[n].verdict;
		assert_int_equal(raw_try_login(&a, cases[n].target, NULL), cases[n].status);
		assert_int_equal(a.tsih, 0);
		raw_expect_down(&a);	/* refused connections are closed by us */
		assert_int_equal(rig.logins, 0);
		close_one();
	}
}

static void test_handle(void **state)
{
	u16 tsih;

	open_rig(NULL);
	raw_login(&a, NULL);
	assert_int_not_equal(a.tsih, 0);
	tsih = a.tsih;
	/* a session that does not exist */
	raw_open(&rig, &b, RAW_DEFAULT);
	b.tsih = (u16)(tsih + 1);
	assert_int_equal(raw_try_login(&b, TARGET_A, NULL), 0x020a);
	raw_close(&b);
	/* another connection of one that has all it may have */
	raw_open(&rig, &b, RAW_DEFAULT);
	b.tsih = tsih;
	b.cid = 7;
	assert_int_equal(raw_try_login(&b, TARGET_A, NULL), 0x0206);
	raw_close(&b);
	works(&a);
	/* the same connection again: reinstated, with the same handle */
	raw_open(&rig, &b, RAW_DEFAULT);
	b.tsih = tsih;
	raw_login(&b, NULL);
	assert_int_equal(b.tsih, tsih);
	raw_expect_down(&a);
	works(&b);
	raw_close(&b);
	close_one();
}

static void reinstate(unsigned int reactors)
{
	struct rig_cfg cfg = { .reactors = reactors };

	open_rig(&cfg);
	raw_login(&a, NULL);
	raw_cmd(&a, 0x81, CDB_HOLD_DEAF, 0, 0);
	raw_send(&a);
	rig_pass(&rig, 50);
	/* another ISID is another session */
	raw_open(&rig, &b, RAW_DEFAULT);
	b.isid = 9;
	raw_login(&b, NULL);
	assert_int_equal(oriser_server_sessions(rig.server), 2);
	raw_close(&b);
	/* the same one waits until the backend has let go of the old one */
	raw_open(&rig, &b, RAW_DEFAULT);
	b.name = a.name;
	raw_begin(&b, 0, 0);
	rig_pass(&rig, 50);
	assert_int_equal(rig.ends, 1);
	raw_login_start(&b, TARGET_A);
	rig_pass(&rig, 500);
	assert_true(a.down);
	assert_false(raw_has(&b, ISCSI_LOGIN_RSP));
	assert_int_equal(rig.ends, 1);
	assert_int_equal(rig.logins, 2);
	rig_release(&rig);
	assert_int_equal(get_unaligned_be16(raw_expect(&b, ISCSI_LOGIN_RSP) + 36), 0);
	assert_int_equal(rig.ends, 2);
	assert_int_equal(rig.logins, 3);
	works(&b);
	raw_close(&b);
	close_one();
}

static void test_reinstatement(void **state)
{
	reinstate(1);
	reinstate(2);
}

/* Two logins at once for the same place: the later one wins, nobody hangs. */
static void test_rush(void **state)
{
	struct rig_cfg cfg = { .reactors = 2 };
	struct raw c;

	open_rig(&cfg);
	raw_login(&a, NULL);
	raw_cmd(&a, 0x81, CDB_HOLD_DEAF, 0, 0);
	raw_send(&a);
	rig_pass(&rig, 50);
	raw_open(&rig, &b, RAW_DEFAULT);
	raw_open(&rig, &c, RAW_DEFAULT);
	raw_login_start(&b, TARGET_A);
	rig_pass(&rig, 50);
	raw_login_start(&c, TARGET_A);
	raw_expect_down(&b);
	rig_release(&rig);
	assert_int_equal(get_unaligned_be16(raw_expect(&c, ISCSI_LOGIN_RSP) + 36), 0);
	works(&c);
	raw_close(&c);
	raw_close(&b);
	close_one();
}

static void test_timeout(void **state)
{
	struct rig_cfg cfg = { .server = { .login_timeout_ms = 3000 } };

	/* says nothing */
	open_rig(&cfg);
	rig_pass(&rig, 2500);
	assert_false(a.down);
	rig_pass(&rig, 1000);
	assert_true(a.down);
	close_one();
	/* begins and never ends */
	open_rig(&cfg);
	for (int n = 0; n < 4; n++) {
		u8 *bhs = raw_begin(&a, 0x43, 0x44);	/* C: there is more */

		put_unaligned_be32(1, bhs + 16);
		raw_send(&a);
		raw_expect(&a, ISCSI_LOGIN_RSP);
		rig_pass(&rig, 700);
	}
	raw_expect_down(&a);
	close_one();
	/* waits for a session that does not go */
	open_rig(&cfg);
	raw_login(&a, NULL);
	raw_cmd(&a, 0x81, CDB_HOLD_DEAF, 0, 0);
	raw_send(&a);
	rig_pass(&rig, 50);
	raw_open(&rig, &b, RAW_DEFAULT);
	raw_login_start(&b, TARGET_A);
	raw_expect_down(&b);
	rig_release(&rig);
	raw_close(&b);
	close_one();
}

static void test_sessions_max(void **state)
{
	struct rig_cfg cfg = { .server = { .sessions_max = 1 } };

	open_rig(&cfg);
	raw_login(&a, NULL);
	raw_open(&rig, &b, RAW_DEFAULT);
	b.isid = 9;
	assert_int_equal(raw_try_login(&b, TARGET_A, NULL), 0x0302);
	raw_close(&b);
	raw_open(&rig, &b, RAW_DEFAULT);
	assert_int_equal(raw_try_login(&b, NULL, NULL), 0x0302);
	raw_close(&b);
	works(&a);
	close_one();
}

static void test_other_things_first(void **state)
{
	open_rig(NULL);
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	raw_send(&a);
	raw_expect_down(&a);
	assert_int_equal(rig.commands, 0);
	close_one();
	open_rig(NULL);
	raw_begin(&a, 0, 0);
	memcpy(a.msg, (u8[]){ 0x20, 0xaa, 0, 4 }, 4);
	a.len = 28;
	raw_send(&a);
	raw_expect_down(&a);
	close_one();
}

/* iSERHelloRequired, RFC 7145 5.1.3 */
static void hello(u16 ird, u8 versions)
{
	raw_begin(&a, 0, 0);
	a.cmd_sn--;
	memset(a.msg, 0, 28);
	a.msg[0] = 0x20;
	a.msg[1] = versions;
	put_unaligned_be16(ird, a.msg + 2);
	a.len = 28;
	raw_send(&a);
}

static void test_hello(void **state)
{
	u8 *reply;

	open_rig(NULL);
	raw_login(&a, "iSERHelloRequired=Yes");
	hello(4, 0xaa);
	reply = raw_expect(&a, 0xff);
	assert_int_equal(a.in.len, 28);
	assert_int_equal(reply[0], 0x30);
	assert_int_equal(reply[1], 0xaa);
	assert_int_equal(get_unaligned_be16(reply + 2), 4);
	works(&a);
	close_one();
	/* missing */
	open_rig(NULL);
	raw_login(&a, "iSERHelloRequired=Yes");
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	raw_send(&a);
	raw_expect_down(&a);
	close_one();
	/* refused: another version */
	open_rig(NULL);
	raw_login(&a, "iSERHelloRequired=Yes");
	hello(4, 0x99);
	reply = raw_expect(&a, 0xff);
	assert_int_equal(reply[0], 0x31);
	raw_expect_down(&a);
	close_one();
	/* declared away */
	open_rig(NULL);
	raw_login(&a, "iSERHelloRequired=No");
	hello(4, 0xaa);
	raw_expect_down(&a);
	close_one();
	/* not mentioned: as RFC 5046 initiators do, answered */
	open_rig(NULL);
	raw_login(&a, NULL);
	hello(4, 0xaa);
	raw_expect(&a, 0xff);
	works(&a);
	close_one();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_handle),
		cmocka_unit_test(test_reinstatement),
		cmocka_unit_test(test_rush),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_sessions_max),
		cmocka_unit_test(test_other_things_first),
		cmocka_unit_test(test_hello),
	};

	return cmocka_run_group_tests_name("iser/target_login", tests, NULL, NULL);
}
