// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What nobody may send: the session that does is rejected or ended, the one beside it does not
 * notice, and nothing is left behind.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iser/target/rig.h"

static struct rig rig;
static struct raw a, b;		/* the one that sends it, the one beside it */

static void open_all(const char *keys)
{
	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);
	a.isid = 1;
	raw_login(&a, keys);
	raw_open(&rig, &b, RAW_DEFAULT);
	b.isid = 2;
	raw_login(&b, NULL);
}

static void still_works(struct raw *i)
{
	raw_cmd(i, 0x81, CDB_READY, 0, 0);
	raw_send(i);
	raw_expect_status(i, 0);
}

static void close_all(void)
{
	still_works(&b);
	raw_close(&a);
	raw_close(&b);
	rig_close(&rig);
}

/* ---- rejected -------------------------------------------------------------------------------- */

static void expect_reject(u8 reason)
{
	u8 bad[48], *bhs;

	memcpy(bad, a.msg + 28, sizeof(bad));
	raw_send(&a);
	bhs = raw_expect(&a, ISCSI_REJECT);
	assert_int_equal(bhs[1], 0x80);
	assert_int_equal(bhs[2], reason);
	assert_int_equal(get_unaligned_be32(bhs + 16), 0xffffffff);
	assert_int_equal(get_unaligned_be32(bhs + 4), 48);
	assert_memory_equal(bhs + 48, bad, 48);
	assert_int_equal(rig.commands, 0);
	still_works(&a);
}

static void test_rejected(void **state)
{
	static const struct {
		const char *name;
		u8 opcode, flags, reason;
	} cases[] = {
		{ "an opcode that does not exist", 0x47, 0x80, 0x05 },
		{ "an opcode of targets", 0x61, 0x80, 0x04 },
		{ "SNACK", 0x10, 0x80, 0x03 },
		{ "a text request with F and C", 0x44, 0xc0, 0x09 },
		{ "a login request after the login", 0x43, 0x87, 0x04 },
		{ "both read and write", 0x41, 0xe1, 0x05 },
		{ "a reserved task attribute", 0x41, 0x85, 0x09 },
		{ "a read that tells no STag", 0x41, 0xc1, 0x09 },
		{ "neither read nor write, but data to come", 0x41, 0x01, 0x09 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		u8 *bhs;

		open_all(NULL);
		bhs = raw_begin(&a, cases[n].opcode, cases[n].flags);
		put_unaligned_be32(512, bhs + 20);
		expect_reject(cases[n].reason);
		close_all();
	}
}

static void test_rejected_tags(void **state)
{
	open_all(NULL);
	raw_cmd(&a, 0x81, CDB_HOLD, 0, 0);
	raw_send(&a);
	rig_pass(&rig, 10);
	assert_int_equal(rig.held_n, 1);
	rig.commands = 0;
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	put_unaligned_be32(a.itt - 1, a.msg + 28 + 16);	/* the tag of the one that is held */
	expect_reject(0x07);
	rig_release(&rig);
	raw_expect_status(&a, 0);
	rig.commands = 0;
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	put_unaligned_be32(0xffffffff, a.msg + 28 + 16);
	expect_reject(0x09);
	close_all();
}

/* Who sends one thing after another to be rejected, and acknowledges none, is cut off. */
static void test_reject_flood(void **state)
{
	open_all(NULL);
	for (int n = 0; n < 5; n++) {
		raw_begin(&a, 0x47, 0x80);
		raw_send(&a);
	}
	raw_expect_down(&a);
	close_all();
}

/* ---- ended ----------------------------------------------------------------------------------- */

static void bad_iser_opcode(void)
{
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	a.msg[0] = 0x50;
}

static void hello_reply(void)
{
	raw_begin(&a, 0, 0);
	a.msg[0] = 0x30;
	a.len = 28;
}

static void hello_late(void)
{
	still_works(&a);
	raw_begin(&a, 0, 0);
	memcpy(a.msg, (u8[]){ 0x20, 0xaa, 0, 4 }, 4);
	a.len = 28;
}

static void short_header(void)
{
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	a.len = 27;
}

static void short_bhs(void)
{
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	a.len = 75;
}

static void empty(void)
{
	a.len = 0;
}

static void data_missing(void)
{
	raw_cmd(&a, 0xa1, CDB_WRITE, 0, 512);
	raw_data(&a, a.buf, 512);
	a.len -= 4;
}

static void data_surplus(void)
{
	raw_cmd(&a, 0xa1, CDB_WRITE, 0, 512);
	raw_data(&a, a.buf, 512);
	a.len += 4;
}

static void length_huge(void)
{
	put_unaligned_be32(0x00ffffff, raw_cmd(&a, 0xa1, CDB_WRITE, 0, 512) + 4);
}

static void ahs_missing(void)
{
	raw_cmd(&a, 0x81, CDB_READY, 0, 0)[4] = 0xff;
}

static void message_too_long(void)
{
	/* The first receives are those of the login. */
	for (int n = 0; n < 4; n++)
		still_works(&a);
	raw_cmd(&a, 0xa1, CDB_WRITE, 0, 8192);
	raw_data(&a, a.buf, 8192);
}

static void number_missing(void)
{
	a.cmd_sn++;
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
}

static void foreign_text_tag(void)
{
	put_unaligned_be32(0x1234, raw_begin(&a, ISCSI_TEXT_REQ, 0x80) + 20);
}

static void bad_text(void)
{
	put_unaligned_be32(0xffffffff, raw_begin(&a, ISCSI_TEXT_REQ, 0x80) + 20);
	raw_data(&a, "garbage", 8);
}

static void test_ended(void **state)
{
	static const struct {
		const char *name;
		void (*make)(void);
		const char *log;
	} cases[] = {
		{ "unknown iSER opcode", bad_iser_opcode, "iSER header" },
		{ "HelloReply from an initiator", hello_reply, "iSER header" },
		{ "Hello that is not the first", hello_late, "Hello" },
		{ "shorter than the iSER header", short_header, "iSER header" },
		{ "shorter than the BHS", short_bhs, "shorter than its headers" },
		{ "nothing", empty, "iSER header" },
		{ "data segment cut", data_missing, "lengths" },
		{ "data segment with more behind", data_surplus, "lengths" },
		{ "data segment of 16 MiB", length_huge, "lengths" },
		{ "AHS that is not there", ahs_missing, "lengths" },
		{ "longer than was agreed", message_too_long, "longer" },
		{ "a command number is missing", number_missing, "number" },
		{ "text with a foreign tag", foreign_text_tag, "tag" },
		{ "text that is none", bad_text, "text" },
	};

	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		open_all(NULL);
		cases[n].make();
		raw_send(&a);
		raw_expect_down(&a);
		if (!strstr(rig.log, cases[n].log))
			fail_msg("%s: log says \"%s\"", cases[n].name, rig.log);
		close_all();
	}
}

/* ---- numbers out of the window --------------------------------------------------------------- */

static void test_ignored_numbers(void **state)
{
	open_all(NULL);
	still_works(&a);
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	put_unaligned_be32(a.cmd_sn - 2, a.msg + 28 + 24);	/* again */
	raw_send(&a);
	a.cmd_sn--;
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	put_unaligned_be32(a.max_cmd_sn + 1, a.msg + 28 + 24);	/* beyond */
	raw_send(&a);
	a.cmd_sn--;
	rig_pass(&rig, 100);
	assert_int_equal(rig.commands, 1);
	still_works(&a);
	close_all();
}

/* ---- Data-Out -------------------------------------------------------------------------------- */

static u8 *data_out(u32 itt, u8 flags, u32 sn, u32 offset, u32 len)
{
	u8 *bhs = raw_begin(&a, ISCSI_DATA_OUT, flags);

	put_unaligned_be32(itt, bhs + 16);
	put_unaligned_be32(0xffffffff, bhs + 20);
	put_unaligned_be32(sn, bhs + 36);
	put_unaligned_be32(offset, bhs + 40);
	raw_data(&a, a.buf, len);
	return bhs;
}

static void test_data_out_of_nobody(void **state)
{
	open_all("InitialR2T=No");
	data_out(0x7777, 0x80, 0, 0, 512);
	raw_send(&a);
	still_works(&a);
	close_all();
}

static void test_data_out_wrong(void **state)
{
	static const struct {
		const char *name;
		u8 flags;
		u32 sn, offset, len, ttt;
	} cases[] = {
		{ "offset", 0x80, 0, 1024, 3584, 0xffffffff },
		{ "number", 0x80, 1, 512, 3584, 0xffffffff },
		{ "too long", 0x80, 0, 512, 3585, 0xffffffff },
		{ "final too early", 0x80, 0, 512, 512, 0xffffffff },
		{ "final missing", 0x00, 0, 512, 3584, 0xffffffff },
		{ "empty", 0x00, 0, 512, 0, 0xffffffff },
		{ "as if solicited", 0x80, 0, 512, 3584, 1 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		open_all("InitialR2T=No");
		raw_cmd(&a, 0x21, CDB_WRITE, 0, 4096);
		raw_data(&a, a.buf, 512);
		raw_send(&a);
		put_unaligned_be32(cases[n].ttt, data_out(a.itt, cases[n].flags, cases[n].sn,
							  cases[n].offset, cases[n].len) +
							 20);
		raw_send(&a);
		raw_expect_down(&a);
		assert_int_equal(rig.commands, 0);
		close_all();
	}
}

/* A connection that breaks while data is still to come, and while commands are held. */
static void test_break(void **state)
{
	open_all("InitialR2T=No");
	raw_cmd(&a, 0x21, CDB_WRITE, 0, 4096);
	raw_data(&a, a.buf, 512);
	raw_send(&a);
	raw_cmd(&a, 0x81, CDB_HOLD, 0, 0);
	raw_send(&a);
	raw_cmd(&a, 0x81, CDB_HOLD_DEAF, 0, 0);
	raw_send(&a);
	rig_pass(&rig, 50);
	assert_int_equal(rig.held_n, 2);
	assert_int_equal(ual_qp_destroy(a.qp), 0);
	a.qp = NULL;
	rig_pass(&rig, 50);
	/* The deaf one keeps its session until it answers. */
	assert_int_equal(rig.held_n, 1);
	assert_int_equal(rig.aborts, 2);
	assert_int_equal(rig.ends, 0);
	rig_release(&rig);
	rig_pass(&rig, 1);
	assert_int_equal(rig.ends, 1);
	close_all();
}

/* ---- STags that are not the session's ------------------------------------------------------- */

static void test_foreign_stag(void **state)
{
	for (int write = 0; write < 2; write++) {
		u32 sents, dones;

		open_all(NULL);
		sents = rig.sents;
		dones = rig.dones;
		if (write) {
			raw_cmd(&a, 0xa1, CDB_WRITE, 0, 65536);
			raw_write_stag(&a, b.mr->rkey, (uintptr_t)b.buf);
		} else {
			memset(b.buf, 0x55, 65536);
			raw_cmd(&a, 0xc1, CDB_READ, 0, 65536);
			raw_read_stag(&a, b.mr->rkey, (uintptr_t)b.buf);
		}
		raw_send(&a);
		raw_expect_down(&a);
		rig_pass(&rig, 10);
		if (write) {
			assert_int_equal(rig.dones - dones, 1);
			assert_int_equal(rig.last_err, -ECONNRESET);
		} else {
			assert_int_equal(rig.sents - sents, 1);
			for (u32 n = 0; n < 65536; n++)
				assert_int_equal(b.buf[n], 0x55);
		}
		assert_int_equal(rig.ends, 1);
		close_all();
	}
}

/* Beyond the end of its own buffer. */
static void test_stag_bounds(void **state)
{
	open_all(NULL);
	raw_cmd(&a, 0xc1, CDB_READ, 0, 65536);
	raw_read_stag(&a, a.mr->rkey, (uintptr_t)a.buf + RAW_BUF - 65535);
	raw_send(&a);
	raw_expect_down(&a);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rejected),	cmocka_unit_test(test_rejected_tags),
		cmocka_unit_test(test_reject_flood),	cmocka_unit_test(test_ended),
		cmocka_unit_test(test_ignored_numbers), cmocka_unit_test(test_data_out_of_nobody),
		cmocka_unit_test(test_data_out_wrong),	cmocka_unit_test(test_break),
		cmocka_unit_test(test_foreign_stag),	cmocka_unit_test(test_stag_bounds),
	};

	return cmocka_run_group_tests_name("iser/target_errors", tests, NULL, NULL);
}
