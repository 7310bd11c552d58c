// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Life of a session besides commands: NOP, logout, discovery, stop of the server. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iser/target/rig.h"

static struct rig rig;
static struct raw a, b;

static void open_one(const struct rig_cfg *cfg)
{
	rig_open(&rig, cfg);
	raw_open(&rig, &a, RAW_DEFAULT);
	raw_login(&a, NULL);
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

/* ---- NOP ------------------------------------------------------------------------------------- */

static void test_nop_out(void **state)
{
	static const u32 lens[] = { 0, 1, 128, 129, 4096 };
	static const u8 opcodes[] = { ISCSI_NOP_OUT, ISCSI_NOP_OUT | ISCSI_IMMEDIATE };

	open_one(NULL);
	for (u32 n = 0; n < 4096; n++)
		a.buf[n] = (u8)n;
	for (size_t o = 0; o < ARRAY_SIZE(opcodes); o++) {
		for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
			u32 back = min_t(u32, lens[n], ISER_PEER_DATA_MAX);
			u8 *bhs = raw_begin(&a, opcodes[o], 0x80);

			bhs[9] = 5;
			put_unaligned_be32(0xffffffff, bhs + 20);
			raw_data(&a, a.buf, lens[n]);
			raw_send(&a);
			bhs = raw_expect(&a, ISCSI_NOP_IN);
			assert_int_equal(get_unaligned_be32(bhs + 16), a.itt);
			assert_int_equal(get_unaligned_be32(bhs + 20), 0xffffffff);
			assert_int_equal(get_unaligned_be32(bhs + 4), back);
			assert_int_equal(bhs[9], 5);
			assert_memory_equal(bhs + 48, a.buf, back);
		}
	}
	close_one();
}

static void test_ping(void **state)
{
	struct rig_cfg cfg = { .server = { .nop_interval_ms = 4000 } };
	u32 ttt, stat_sn;
	u8 *bhs;

	open_one(&cfg);
	stat_sn = a.exp_stat_sn;
	for (int n = 0; n < 3; n++) {
		bhs = raw_expect(&a, ISCSI_NOP_IN);
		assert_int_equal(get_unaligned_be32(bhs + 16), 0xffffffff);
		ttt = get_unaligned_be32(bhs + 20);
		assert_int_not_equal(ttt, 0xffffffff);
		/* 11.19: a ping of ours takes no StatSN */
		assert_int_equal(get_unaligned_be32(bhs + 24), stat_sn);
		a.exp_stat_sn = stat_sn;
		bhs = raw_begin(&a, ISCSI_NOP_OUT | ISCSI_IMMEDIATE, 0x80);
		put_unaligned_be32(0xffffffff, bhs + 16);
		put_unaligned_be32(ttt, bhs + 20);
		raw_send(&a);
	}
	works(&a);
	/* silence */
	raw_expect(&a, ISCSI_NOP_IN);
	rig_pass(&rig, TGT_NOP_ANSWER_MS - 100);
	assert_false(a.down);
	raw_expect_down(&a);
	close_one();
}

static void test_no_ping(void **state)
{
	struct rig_cfg cfg = { .server = { .nop_interval_ms = UINT32_MAX } };

	open_one(&cfg);
	rig_pass(&rig, 100000);
	assert_false(raw_has(&a, ISCSI_NOP_IN));
	works(&a);
	close_one();
}

/* ---- logout ---------------------------------------------------------------------------------- */

static void logout(u8 reason, u16 cid)
{
	put_unaligned_be16(cid,
			   raw_begin(&a, ISCSI_LOGOUT_REQ | ISCSI_IMMEDIATE, 0x80 | reason) + 20);
	raw_send(&a);
}

static void expect_logout(u8 response)
{
	u8 *bhs = raw_expect(&a, ISCSI_LOGOUT_RSP);

	assert_int_equal(bhs[2], response);
	assert_int_equal(get_unaligned_be32(bhs + 16), a.itt);
}

static void test_logout(void **state)
{
	for (u8 reason = 0; reason < 2; reason++) {
		open_one(NULL);
		raw_cmd(&a, 0x81, CDB_HOLD, 0, 0);
		raw_send(&a);
		raw_cmd(&a, 0x81, CDB_HOLD_DEAF, 0, 0);
		raw_send(&a);
		rig_pass(&rig, 50);
		logout(reason, 0);
		rig_pass(&rig, 50);
		assert_int_equal(rig.aborts, 2);
		assert_false(raw_has(&a, ISCSI_LOGOUT_RSP));
		rig_release(&rig);
		expect_logout(0);
		raw_expect_down(&a);
		rig_pass(&rig, 10);
		assert_int_equal(rig.ends, 1);
		close_one();
	}
}

static void test_logout_refused(void **state)
{
	open_one(NULL);
	logout(1, 3);
	expect_logout(1);
	logout(2, 0);
	expect_logout(2);
	works(&a);
	close_one();
}

/* ---- text ------------------------------------------------------------------------------------ */

static size_t collect_text(char *out)
{
	size_t len = 0;
	u32 itt = a.itt, ttt;

	for (;;) {
		u8 *bhs = raw_expect(&a, ISCSI_TEXT_RSP);
		u32 n = get_unaligned_be32(bhs + 4);

		memcpy(out + len, bhs + 48, n);
		len += n;
		ttt = get_unaligned_be32(bhs + 20);
		if (bhs[1] == 0x80) {
			assert_int_equal(ttt, 0xffffffff);
			return len;
		}
		assert_int_equal(bhs[1], 0x40);
		assert_int_not_equal(ttt, 0xffffffff);
		bhs = raw_begin(&a, ISCSI_TEXT_REQ, 0x80);
		put_unaligned_be32(itt, bhs + 16);
		put_unaligned_be32(ttt, bhs + 20);
		raw_send(&a);
	}
}

static size_t ask_text(const char *text, size_t len, char *out)
{
	put_unaligned_be32(0xffffffff, raw_begin(&a, ISCSI_TEXT_REQ, 0x80) + 20);
	raw_data(&a, text, (u32)len);
	raw_send(&a);
	return collect_text(out);
}

static void expect_targets(const char *text, size_t len, unsigned int targets)
{
	unsigned int names = 0, addresses = 0;

	for (const char *p = text; p < text + len; p += strlen(p) + 1) {
		names += strncmp(p, "TargetName=iqn.", 15) == 0;
		addresses += strncmp(p, "TargetAddress=127.0.0.1:", 24) == 0;
	}
	assert_int_equal(names, targets);
	assert_int_equal(addresses, targets);
}

#define ASK(text) (text), sizeof(text)

static void test_discovery(void **state)
{
	static char out[1 << 20];

	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);
	assert_int_equal(raw_try_login(&a, NULL, "MaxRecvDataSegmentLength=8192"), 0);
	expect_targets(out, ask_text(ASK("SendTargets=All"), out), 2);
	expect_targets(out, ask_text(ASK("SendTargets=" TARGET_B), out), 1);
	expect_targets(out, ask_text(ASK("SendTargets=iqn.2026-11.org.openrdma:none"), out), 0);
	rig.targets = 300;		/* more than one PDU holds */
	expect_targets(out, ask_text(ASK("SendTargets=All"), out), 300);
	/* nothing else is served */
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	raw_send(&a);
	assert_int_equal(raw_expect(&a, ISCSI_REJECT)[2], 0x04);
	logout(0, 0);
	expect_logout(0);
	raw_expect_down(&a);
	assert_int_equal(rig.logins, 0);
	close_one();
}

/* In a normal session: its own target only, in pieces that any initiator has room for. */
static void test_normal_text(void **state)
{
	static char out[65536];

	open_one(NULL);
	expect_targets(out, ask_text(ASK("SendTargets="), out), 1);
	expect_targets(out, ask_text(ASK("SendTargets=All"), out), 0);
	expect_targets(out, ask_text(ASK("SendTargets=" TARGET_A), out), 1);
	assert_int_equal(ask_text(ASK("MaxConnections=4\0X-a=b\0InitiatorAlias=x"), out), 40);
	assert_memory_equal(out, "MaxConnections=Reject\0X-a=NotUnderstood", 40);
	works(&a);
	close_one();
}

/* The request in two with the C bit. */
static void test_text_continued(void **state)
{
	static char out[65536];
	u8 *bhs;

	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);
	assert_int_equal(raw_try_login(&a, NULL, NULL), 0);
	put_unaligned_be32(0xffffffff, raw_begin(&a, ISCSI_TEXT_REQ, 0x40) + 20);
	raw_data(&a, "SendTar", 7);
	raw_send(&a);
	bhs = raw_expect(&a, ISCSI_TEXT_RSP);
	assert_int_equal(bhs[1], 0);
	assert_int_equal(get_unaligned_be32(bhs + 4), 0);
	put_unaligned_be32(get_unaligned_be32(bhs + 20), raw_begin(&a, ISCSI_TEXT_REQ, 0x80) + 20);
	raw_data(&a, "gets=All", 9);
	raw_send(&a);
	expect_targets(out, collect_text(out), 2);
	close_one();
}

/* F not set: the initiator says more with the tag of our answer (11.10.1). */
static void test_text_goes_on(void **state)
{
	static char out[65536];
	u8 *bhs;

	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);
	assert_int_equal(raw_try_login(&a, NULL, NULL), 0);
	put_unaligned_be32(0xffffffff, raw_begin(&a, ISCSI_TEXT_REQ, 0) + 20);
	raw_data(&a, "X-a=b", 6);
	raw_send(&a);
	bhs = raw_expect(&a, ISCSI_TEXT_RSP);
	assert_int_equal(bhs[1], 0);
	put_unaligned_be32(get_unaligned_be32(bhs + 20), raw_begin(&a, ISCSI_TEXT_REQ, 0x80) + 20);
	raw_data(&a, "SendTargets=All", 16);
	raw_send(&a);
	expect_targets(out, collect_text(out), 2);
	close_one();
}

/* ---- stop ------------------------------------------------------------------------------------ */

static bool is_stopped(void *ctx)
{
	return rig.stopped;
}

static void test_stop(void **state)
{
	u8 *bhs;

	for (unsigned int reactors = 1; reactors <= 2; reactors++) {
		struct rig_cfg cfg = { .reactors = reactors };

		open_one(&cfg);
		raw_open(&rig, &b, RAW_DEFAULT);
		b.isid = 2;
		raw_login(&b, NULL);
		raw_cmd(&b, 0x81, CDB_HOLD_DEAF, 0, 0);
		raw_send(&b);
		rig_pass(&rig, 50);
		rig_stop(&rig);
		bhs = raw_expect(&a, ISCSI_ASYNC);
		assert_int_equal(bhs[36], 1);		/* log out, please */
		assert_int_equal(get_unaligned_be32(bhs + 16), 0xffffffff);
		logout(0, 0);
		expect_logout(0);
		raw_expect_down(&a);
		raw_expect_down(&b);			/* said nothing */
		assert_false(rig_within(&rig, 5000, is_stopped, NULL));
		rig_release(&rig);			/* the backend owes nothing any more */
		rig_until(&rig, is_stopped, NULL);
		raw_close(&b);
		close_one();
	}
}

static void test_stop_idle(void **state)
{
	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);	/* not logged in */
	rig_stop(&rig);
	rig_until(&rig, is_stopped, NULL);
	raw_expect_down(&a);
	close_one();
}

/* Connections that come and go: nothing stays. */
static void test_come_and_go(void **state)
{
	rig_open(&rig, &(struct rig_cfg){ .reactors = 2 });
	for (unsigned int n = 0; n < 20; n++) {
		raw_open(&rig, &a, RAW_DEFAULT);
		a.isid = (u8)n;
		raw_login(&a, NULL);
		works(&a);
		if (n & 1) {
			logout(0, 0);
			expect_logout(0);
			raw_expect_down(&a);
		}
		raw_close(&a);
	}
	rig_pass(&rig, 100);
	assert_int_equal(rig.ends, 20);
	assert_int_equal(oriser_server_sessions(rig.server), 0);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nop_out),	      cmocka_unit_test(test_ping),
		cmocka_unit_test(test_no_ping),	      cmocka_unit_test(test_logout),
		cmocka_unit_test(test_logout_refused), cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_normal_text),    cmocka_unit_test(test_text_continued),
		cmocka_unit_test(test_text_goes_on),   cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_idle),      cmocka_unit_test(test_come_and_go),
	};

	return cmocka_run_group_tests_name("iser/target_session", tests, NULL, NULL);
}
