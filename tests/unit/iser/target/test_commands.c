// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* SCSI commands: data both ways, every way that they may travel; residuals, sense, windows. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iser/target/rig.h"

static struct rig rig;
static struct raw a;

static void open_with(const struct rig_cfg *cfg, unsigned int pdata, const char *keys)
{
	rig_open(&rig, cfg);
	raw_open(&rig, &a, pdata);
	raw_login(&a, keys);
}

static void open_both(void)
{
	open_with(NULL, RAW_DEFAULT, NULL);
}

static void close_both(void)
{
	raw_close(&a);
	rig_close(&rig);
}

static u64 at(u32 off)
{
	return (uintptr_t)a.buf + off;
}

static u32 read_cmd(u8 cdb, u32 lba, u32 len)
{
	u32 stag = raw_window(&a, 0, len);

	raw_cmd(&a, 0xc1, cdb, lba, len);
	raw_read_stag(&a, stag, at(0));
	raw_send(&a);
	return stag;
}

/* A window that nobody invalidated from afar. */
static void invalidate(u32 stag)
{
	struct wr_send wr = { .opcode = WR_LOCAL_INV, .inv_rkey = stag };
	const struct wr_send *bad;

	assert_int_equal(ual_post_send(a.qp, &wr, &bad), 0);
}

static void test_ready(void **state)
{
	u8 *bhs;

	open_both();
	raw_cmd(&a, 0x81, CDB_READY, 0, 0);
	raw_send(&a);
	bhs = raw_expect(&a, ISCSI_SCSI_RSP);
	assert_int_equal(bhs[1], 0x80);
	assert_int_equal(bhs[2], 0);
	assert_int_equal(bhs[3], 0);
	assert_int_equal(get_unaligned_be32(bhs + 16), a.itt);
	assert_int_equal(get_unaligned_be32(bhs + 28), a.cmd_sn);
	assert_int_equal(get_unaligned_be32(bhs + 44), 0);
	assert_int_equal(a.in.len, 76);
	assert_false(a.in.inv);		/* no STag was advertised */
	close_both();
}

static void test_read(void **state)
{
	static const u32 lens[] = { 1, 512, 4096, 65536, 65537, 1 << 20 };
	static const u8 cdbs[] = { CDB_READ, CDB_PIECES };

	open_both();
	for (size_t c = 0; c < ARRAY_SIZE(cdbs); c++) {
		for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
			u32 stag;

			memset(a.buf, 0xee, lens[n] + 1);
			stag = read_cmd(cdbs[c], 3, lens[n]);
			raw_expect_status(&a, 0);
			assert_memory_equal(a.buf, rig.disk + 3 * 512, lens[n]);
			assert_int_equal(a.buf[lens[n]], 0xee);
			/* the STag of the task, and nothing else, is invalidated */
			assert_true(a.in.inv);
			assert_int_equal(a.in.inv_rkey, stag);
		}
	}
	assert_int_equal(rig.sents, ARRAY_SIZE(cdbs) * ARRAY_SIZE(lens));
	close_both();
}

/* Send with Invalidate only if the initiator said so. */
static void test_no_remote_invalidate(void **state)
{
	static const unsigned int pdatas[] = { RAW_NO_PDATA, RAW_DEFAULT | RAW_NO_INV };

	for (size_t n = 0; n < ARRAY_SIZE(pdatas); n++) {
		u32 stag;

		open_with(NULL, pdatas[n], NULL);
		assert_int_equal(a.pdata_len, 4);
		assert_int_equal(a.pdata[0], 0x80);
		stag = read_cmd(CDB_READ, 0, 4096);
		raw_expect_status(&a, 0);
		invalidate(stag);
		assert_false(a.in.inv);
		close_both();
	}
}

static void test_residuals(void **state)
{
	static const struct {
		u8 cdb;
		u8 flags;
		u32 residual, moved;
	} cases[] = {
		{ CDB_READ, 0x80, 0, 4096 },
		{ CDB_SHORT, 0x82, 2048, 2048 },
		{ CDB_LONG, 0x84, 100, 4096 },
		{ CDB_READY, 0x82, 4096, 0 },
	};

	open_with(NULL, RAW_NO_PDATA, NULL);
	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		u32 stag;
		u8 *bhs;

		memset(a.buf, 0xee, 4097);
		stag = read_cmd(cases[n].cdb, 0, 4096);
		bhs = raw_expect(&a, ISCSI_SCSI_RSP);
		invalidate(stag);
		assert_int_equal(bhs[1], cases[n].flags);
		assert_int_equal(get_unaligned_be32(bhs + 44), cases[n].residual);
		assert_memory_equal(a.buf, rig.disk, cases[n].moved);
		assert_int_equal(a.buf[cases[n].moved], 0xee);
	}
	close_both();
}

static void test_sense(void **state)
{
	u8 *bhs;

	open_both();
	raw_cmd(&a, 0x81, CDB_SENSE, 0, 0);
	raw_send(&a);
	bhs = raw_expect(&a, ISCSI_SCSI_RSP);
	assert_int_equal(bhs[3], 2);
	assert_int_equal(get_unaligned_be32(bhs + 4), 2 + ORISER_SENSE_MAX);
	assert_int_equal(get_unaligned_be16(bhs + 48), ORISER_SENSE_MAX);
	assert_int_equal(bhs[50], 0x72);
	close_both();
}

/* ---- writes ---------------------------------------------------------------------------------- */

static void fill(u32 len, u8 salt)
{
	for (u32 n = 0; n < len; n++)
		a.buf[n] = (u8)(n * 13 + n / 256 + salt);
}

struct write_case {
	u32 len, immediate, data_out;	/* bytes: all, in the command, in Data-Out PDUs */
};

static void write_one(const struct write_case *w, u8 cdb, bool solicited_only)
{
	u32 unsolicited = w->immediate + w->data_out;
	u32 off = w->immediate, data_sn = 0;

	raw_cmd(&a, w->data_out ? 0x21 : 0xa1, cdb, 8, w->len);
	raw_data(&a, a.buf, w->immediate);
	if (w->len > unsolicited)
		raw_write_stag(&a, a.mr->rkey, at(solicited_only ? unsolicited : 0));
	raw_send(&a);
	while (off < unsolicited) {
		u32 n = min_t(u32, 4096, unsolicited - off);
		u8 *bhs = raw_begin(&a, ISCSI_DATA_OUT, off + n == unsolicited ? 0x80 : 0);

		put_unaligned_be32(--a.itt, bhs + 16);
		put_unaligned_be32(0xffffffff, bhs + 20);
		put_unaligned_be32(data_sn++, bhs + 36);
		put_unaligned_be32(off, bhs + 40);
		raw_data(&a, a.buf + off, n);
		raw_send(&a);
		off += n;
	}
	raw_expect_status(&a, 0);
	assert_int_equal(rig.last_err, 0);
	assert_memory_equal(rig.disk + 8 * 512, a.buf, w->len);
}

static const struct write_case writes[] = {
	{ 512, 512, 0 },       { 512, 0, 0 },	       { 4096, 4096, 0 },   { 4096, 0, 0 },
	{ 4097, 4096, 0 },     { 65536, 4096, 0 },     { 65536, 0, 0 },	    { 1048576, 0, 0 },
	{ 1048577, 4096, 0 },  { 8192, 4096, 4096 },   { 8192, 0, 8192 },   { 5000, 904, 4096 },
	{ 65536, 4096, 4096 }, { 100000, 0, 8192 },    { 65536, 100, 8092 }, { 2, 1, 1 },
};

static void test_write(void **state)
{
	static const u8 cdbs[] = { CDB_WRITE, CDB_WRITE_PIECES };
	static const struct {
		const char *keys;
		bool solicited_only;
	} bases[] = {
		{ "InitialR2T=No", true },	/* as ib_iser and libiscsi */
		{ "InitialR2T=No TaggedBufferForSolicitedDataOnly=Yes", true },
		{ "InitialR2T=No TaggedBufferForSolicitedDataOnly=No", false },
	};

	for (size_t b = 0; b < ARRAY_SIZE(bases); b++) {
		open_with(NULL, RAW_NO_PDATA, bases[b].keys);
		for (size_t n = 0; n < ARRAY_SIZE(writes); n++) {
			fill(writes[n].len, (u8)(b * 16 + n));
			write_one(&writes[n], cdbs[n & 1], bases[b].solicited_only);
			write_one(&writes[n], cdbs[~n & 1], bases[b].solicited_only);
		}
		assert_int_equal(rig.dones, 2 * ARRAY_SIZE(writes));
		close_both();
	}
}

/* libiscsi advertises a write STag even if all data was immediate; it is the one to invalidate. */
static void test_stag_beside_immediate(void **state)
{
	u32 stag;

	open_both();
	fill(512, 1);
	stag = raw_window(&a, 0, 512);
	raw_cmd(&a, 0xa1, CDB_WRITE, 0, 512);
	raw_data(&a, a.buf, 512);
	raw_write_stag(&a, stag, at(512));
	raw_send(&a);
	raw_expect_status(&a, 0);
	assert_true(a.in.inv);
	assert_int_equal(a.in.inv_rkey, stag);
	assert_memory_equal(rig.disk, a.buf, 512);
	close_both();
}

/* What was not agreed on, or does not fit, is refused with the sense of RFC 7143 11.4.7.2. */
static void test_unsolicited_refused(void **state)
{
	static const struct {
		const char *keys;
		u8 flags;
		u32 len, immediate;
		u16 asc;
	} cases[] = {
		{ "ImmediateData=No", 0xa1, 512, 512, 0x0c0c },
		{ "InitialR2T=Yes", 0x21, 8192, 512, 0x0c0c },
		{ NULL, 0xa1, 512, 513, 0x0c0c },		/* more than expected */
		{ NULL, 0xa1, 0, 512, 0x0c0c },
		{ NULL, 0xa1, 8192, 512, 0x0c0d },		/* no STag for the rest */
	};

	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		u8 *bhs;

		open_with(NULL, RAW_DEFAULT, cases[n].keys);
		raw_cmd(&a, cases[n].flags, CDB_WRITE, 0, cases[n].len);
		raw_data(&a, a.buf, cases[n].immediate);
		raw_send(&a);
		bhs = raw_expect(&a, ISCSI_SCSI_RSP);
		assert_int_equal(bhs[3], 2);
		assert_int_equal(bhs[50 + 2], 0x0b);
		assert_int_equal(get_unaligned_be16(bhs + 50 + 12), cases[n].asc);
		assert_int_equal(rig.commands, 0);
		/* and the session goes on */
		raw_cmd(&a, 0x81, CDB_READY, 0, 0);
		raw_send(&a);
		raw_expect_status(&a, 0);
		close_both();
	}
}

/* ---- window ---------------------------------------------------------------------------------- */

static bool held_all(void *ctx)
{
	return rig.held_n == *(unsigned int *)ctx;
}

/* The window doubles while it is full, up to the depth; nobody is served beyond it. */
static void test_window(void **state)
{
	struct rig_cfg cfg = { .server = { .depth = 100 } };
	unsigned int sent = 0, want;

	open_with(&cfg, RAW_DEFAULT, NULL);
	while (sent < 100) {
		u32 max;

		raw_begin(&a, ISCSI_NOP_OUT | ISCSI_IMMEDIATE, 0x80);
		put_unaligned_be32(0xffffffff, a.msg + 28 + 20);
		raw_send(&a);
		raw_expect(&a, ISCSI_NOP_IN);
		max = a.max_cmd_sn;
		assert_true((s32)(max - a.cmd_sn) >= 0);
		while ((s32)(max - a.cmd_sn) >= 0) {
			raw_cmd(&a, 0x81, CDB_HOLD, 0, 0);
			raw_send(&a);
			sent++;
		}
		want = sent;
		rig_until(&rig, held_all, &want);
	}
	assert_int_equal(sent, 100);
	raw_cmd(&a, 0x81, CDB_HOLD, 0, 0);	/* one past */
	raw_send(&a);
	rig_pass(&rig, 100);
	assert_int_equal(rig.held_n, 100);
	rig_release(&rig);
	for (unsigned int n = 0; n < 100; n++)
		raw_expect_status(&a, 0);
	assert_int_equal(a.max_cmd_sn, a.cmd_sn - 2 + 100);
	close_both();
}

/* Reads at full depth, answered out of order of nothing: all data right, all callbacks once. */
static void test_many(void **state)
{
	open_with(NULL, RAW_NO_PDATA, NULL);
	for (unsigned int round = 0; round < 40; round++) {
		for (unsigned int n = 0; n < 16; n++) {
			raw_cmd(&a, 0xc1, n & 1 ? CDB_PIECES : CDB_READ, n * 16, 65536);
			raw_read_stag(&a, a.mr->rkey, at(n * 65536));
			raw_send(&a);
		}
		for (unsigned int n = 0; n < 16; n++)
			raw_expect_status(&a, 0);
		for (unsigned int n = 0; n < 16; n++)
			assert_memory_equal(a.buf + n * 65536, rig.disk + n * 16 * 512, 65536);
	}
	assert_int_equal(rig.sents, 640);
	close_both();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_no_remote_invalidate),
		cmocka_unit_test(test_residuals),
		cmocka_unit_test(test_sense),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_stag_beside_immediate),
		cmocka_unit_test(test_unsolicited_refused),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("iser/target_commands", tests, NULL, NULL);
}
