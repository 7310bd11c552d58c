// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Streaming mode: login over TCP that turns into RDMA, discovery, and what is turned away. */
#include <string.h>

#include "tests/unit/iser/target/rig.h"

static struct rig rig;
static struct raw a;

static void open_one(const struct rig_cfg *cfg)
{
	rig_open(&rig, cfg);
	raw_stream_open(&rig, &a);
}

static void close_one(void)
{
	raw_close(&a);
	rig_close(&rig);
}

static void test_turn(void **state)
{
	open_one(NULL);
	assert_int_equal(raw_try_login(&a, TARGET_A, "InitialR2T=Yes"), 0);
	assert_int_equal(oriser_server_sessions(rig.server), 0);
	raw_stream_turn(&a);
	raw_cmd(&a, 0xc1, CDB_READ, 0, 65536);
	raw_read_stag(&a, raw_window(&a, 0, 65536), (uintptr_t)a.buf);
	raw_send(&a);
	raw_expect_status(&a, 0);
	assert_true(a.in.inv);
	assert_memory_equal(a.buf, rig.disk, 65536);
	assert_int_equal(oriser_server_sessions(rig.server), 1);
	close_one();
}

/* The last login response came, the MPA request does not. */
static void test_turn_missing(void **state)
{
	struct rig_cfg cfg = { .server = { .login_timeout_ms = 5000 } };

	open_one(&cfg);
	assert_int_equal(raw_try_login(&a, TARGET_A, NULL), 0);
	raw_expect_down(&a);
	assert_int_equal(rig.logins, 1);
	close_one();
}

static void test_refused(void **state)
{
	open_one(NULL);
	assert_int_equal(raw_try_login(&a, "iqn.2026-11.org.openrdma:none", NULL), 0x0203);
	raw_expect_down(&a);
	close_one();
}

/* A plain iSCSI initiator that wants a disk over TCP: told what is missing. */
static void test_plain_refused(void **state)
{
	static const char keys[] = "InitiatorName=iqn.2026-11.test:raw\0TargetName=" TARGET_A
				   "\0FirstBurstLength=512";
	u8 *bhs;

	open_one(NULL);
	raw_begin(&a, 0x43, 0x87)[8] = 0x80;
	raw_data(&a, keys, sizeof(keys));
	raw_stream_send(&a);
	bhs = raw_stream_expect(&a, ISCSI_LOGIN_RSP);
	assert_int_equal(get_unaligned_be16(bhs + 36), 0x0207);
	raw_expect_down(&a);
	assert_non_null(strstr(rig.log, "RDMAExtensions"));
	close_one();
}

static void test_discovery(void **state)
{
	static const char ask[] = "SendTargets=All";
	u8 *bhs;

	open_one(NULL);
	assert_int_equal(raw_try_login(&a, NULL, "MaxRecvDataSegmentLength=8192"), 0);
	put_unaligned_be32(0xffffffff, raw_begin(&a, ISCSI_TEXT_REQ, 0x80) + 20);
	raw_data(&a, ask, sizeof(ask));
	raw_stream_send(&a);
	bhs = raw_stream_expect(&a, ISCSI_TEXT_RSP);
	assert_int_equal(bhs[1], 0x80);
	assert_memory_equal(bhs + 48, "TargetName=" TARGET_A, sizeof("TargetName=" TARGET_A));
	put_unaligned_be32(0xffffffff, raw_begin(&a, ISCSI_NOP_OUT | 0x40, 0x80) + 20);
	raw_data(&a, "ping!", 5);
	raw_stream_send(&a);
	bhs = raw_stream_expect(&a, ISCSI_NOP_IN);
	assert_memory_equal(bhs + 48, "ping!", 5);
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	raw_stream_send(&a);
	assert_int_equal(raw_stream_expect(&a, ISCSI_REJECT)[2], 0x04);
	raw_begin(&a, ISCSI_LOGOUT_REQ | 0x40, 0x80);
	raw_stream_send(&a);
	raw_stream_expect(&a, ISCSI_LOGOUT_RSP);
	raw_expect_down(&a);
	close_one();
}

/* Login byte by byte, with RDMA behind it. */
static void test_slow(void **state)
{
	static const char keys[] = "InitiatorName=iqn.2026-11.test:raw\0TargetName=" TARGET_A
				   "\0FirstBurstLength=512\0RDMAExtensions=Yes";
	u8 *bhs;

	open_one(NULL);
	raw_begin(&a, 0x43, 0x87)[8] = 0x80;
	raw_data(&a, keys, sizeof(keys));
	while (a.len & 3)
		a.msg[a.len++] = 0;
	for (u32 n = 28; n < a.len; n++) {
		assert_int_equal(ual_stream_send(a.stream, a.msg + n, 1), 0);
		rig_pass(&rig, 5);
	}
	bhs = raw_stream_expect(&a, ISCSI_LOGIN_RSP);
	assert_int_equal(get_unaligned_be16(bhs + 36), 0);
	raw_stream_turn(&a);
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	raw_send(&a);
	raw_expect_status(&a, 0);
	close_one();
}

static void test_garbage(void **state)
{
	static const struct {
		const char *name;
		u8 bytes[8];
		u32 len;
	} cases[] = {
		{ "HTTP", "GET / H", 48 },
		{ "zeroes", { 0 }, 48 },
		{ "a login too long", { 0x43, 0x87, 0, 0, 0, 0xff, 0xff, 0xff }, 48 },
		{ "a login with AHS", { 0x43, 0x87, 0, 0, 1 }, 48 },
		{ "stage 2", { 0x43, 0x8a }, 48 },
		{ "full feature phase at once", { 0x01, 0x81 }, 48 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		u8 bytes[48] = { 0 };

		open_one(NULL);
		memcpy(bytes, cases[n].bytes, 8);
		assert_int_equal(ual_stream_send(a.stream, bytes, cases[n].len), 0);
		raw_expect_down(&a);
		close_one();
	}
}

/* Closed in the middle, at each stage. */
static void test_cut(void **state)
{
	for (int stage = 0; stage < 3; stage++) {
		open_one(NULL);
		if (stage == 1)
			assert_int_equal(ual_stream_send(a.stream, "\x43\x87", 2), 0);
		if (stage == 2)
			assert_int_equal(raw_try_login(&a, TARGET_A, NULL), 0);
		rig_pass(&rig, 10);
		ual_stream_close(a.stream);
		a.stream = NULL;
		rig_pass(&rig, 3000);
		assert_int_equal(rig.logins, rig.ends);
		close_one();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turn),	      cmocka_unit_test(test_turn_missing),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_plain_refused),
		cmocka_unit_test(test_discovery),     cmocka_unit_test(test_slow),
		cmocka_unit_test(test_garbage),	      cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests_name("iser/target_stream", tests, NULL, NULL);
}
