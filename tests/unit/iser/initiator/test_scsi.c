/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* SCSI words of the initiator: CDBs as SBC-3 and SPC-4 print them, what sense data mean, what a LUN says. */
#include <stdio.h>

#include "iser/initiator/cdb.h"
#include "iser/initiator/lun_facts.h"
#include "iser/initiator/sense.h"
#include "iser/iser_disk.h"
#include "tests/unit/iser/cmocka_head.h"

/* ---- CDBs ------------------------------------------------------------------------------------------- */

static void read_write_cdbs(void **state)
{
	static const struct {
		const char *name;
		bool write;
		u64 lba;
		u32 blocks;
		bool fua;
		u8 cdb[16];
	} cases[] = {
		{ "READ(10)", false, 0, 8, false, { 0x28, 0, 0, 0, 0, 0, 0, 0, 8 } },
		{ "WRITE(10) FUA",
		  true,
		  0x12345678,
		  0xffff,
		  true,
		  { 0x2a, 8, 0x12, 0x34, 0x56, 0x78, 0, 0xff, 0xff } },
		{ "last of 32 bits",
		  false,
		  0xfffffffe,
		  1,
		  false,
		  { 0x28, 0, 0xff, 0xff, 0xff, 0xfe, 0, 0, 1 } },
		{ "READ(16), address",
		  false,
		  0xffffffff,
		  1,
		  false,
		  { 0x88, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1 } },
		{ "WRITE(16), length",
		  true,
		  1,
		  0x10000,
		  false,
		  { 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0 } },
		{ "WRITE(16) FUA",
		  true,
		  0x0102030405060708,
		  0x0a0b0c0d,
		  true,
		  { 0x8a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 0x0b, 0x0c, 0x0d } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 cdb[16];

		memset(cdb, 0xee, sizeof(cdb));
		ini_cdb_rw(cdb, cases[i].write, cases[i].lba, cases[i].blocks, cases[i].fua);
		if (memcmp(cdb, cases[i].cdb, sizeof(cdb)) != 0)
			fail_msg("%s", cases[i].name);
	}
}

static void other_cdbs(void **state)
{
	static const u8 unmap[16] = { 0x42, 0, 0, 0, 0, 0, 0, 0, 24 };
	static const u8 param[24] = { 0, 22, 0, 16, 0, 0, 0, 0,	 1,  2,
				      3, 4,  5, 6,  7, 8, 9, 10, 11, 12 };
	static const u8 same[16] = { 0x93, 8, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 1, 0 };
	static const u8 vpd[16] = { 0x12, 1, 0x83, 4, 0 };
	static const u8 inquiry[16] = { 0x12, 0, 0, 0, 96 };
	static const u8 capacity[16] = { 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32 };
	static const u8 mode[16] = { 0x1a, 0, 0x08, 0, 192 };
	u8 cdb[16], data[24];

	ini_cdb_unmap(cdb);
	assert_memory_equal(cdb, unmap, 16);
	ini_cdb_unmap_param(data, 0x0102030405060708, 0x090a0b0c);
	assert_memory_equal(data, param, 24);
	ini_cdb_write_same(cdb, 16, 256, true);
	assert_memory_equal(cdb, same, 16);
	ini_cdb_inquiry(cdb, 0x83, 1024);
	assert_memory_equal(cdb, vpd, 16);
	ini_cdb_inquiry(cdb, -1, 96);
	assert_memory_equal(cdb, inquiry, 16);
	ini_cdb_read_capacity_16(cdb, 32);
	assert_memory_equal(cdb, capacity, 16);
	ini_cdb_mode_sense_6(cdb, 8, 192);
	assert_memory_equal(cdb, mode, 16);
	ini_cdb_sync_cache(cdb, 100);
	assert_int_equal(cdb[0], 0x35);
	ini_cdb_sync_cache(cdb, 0x100000000);
	assert_int_equal(cdb[0], 0x91);
}

static void luns(void **state)
{
	static const struct {
		u16 number;
		u8 lun[8];
	} cases[] = {
		{ 0, { 0 } },	      { 1, { 0, 1 } },		 { 255, { 0, 255 } },
		{ 256, { 0x41, 0 } }, { 16383, { 0x7f, 0xff } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 lun[8];

		ini_lun_encode(lun, cases[i].number);
		assert_memory_equal(lun, cases[i].lun, 8);
	}
}

/* ---- sense ------------------------------------------------------------------------------------------ */

static const struct {
	const char *says;
	u8 status, key, asc, ascq;
	enum scsi_verdict verdict;
	int err;
} outcomes[] = {
	{ "good", 0x00, 0, 0, 0, SCSI_DONE, 0 },
	{ "condition met", 0x04, 0, 0, 0, SCSI_DONE, 0 },
	{ "busy", 0x08, 0, 0, 0, SCSI_AGAIN_LATER, 0 },
	{ "reservation conflict", 0x18, 0, 0, 0, SCSI_FAILED, -EIO },
	{ "task set full", 0x28, 0, 0, 0, SCSI_AGAIN_LATER, 0 },
	{ "ACA active", 0x30, 0, 0, 0, SCSI_FAILED, -EIO },
	{ "task aborted", 0x40, 0, 0, 0, SCSI_AGAIN_ABORTED, 0 },
	{ "unknown status", 0x77, 0, 0, 0, SCSI_FAILED, -EIO },
	{ "recovered error", 2, 1, 0x18, 0, SCSI_DONE, 0 },
	{ "becoming ready", 2, 2, 0x04, 0x01, SCSI_AGAIN_LATER, 0 },
	{ "not ready", 2, 2, 0x04, 0x0a, SCSI_AGAIN_LATER, 0 },
	{ "needs START UNIT", 2, 2, 0x04, 0x02, SCSI_FAILED, -EIO },
	{ "medium not present", 2, 2, 0x3a, 0x00, SCSI_FAILED, -EIO },
	{ "unrecovered read error", 2, 3, 0x11, 0x00, SCSI_FAILED, -EBADMSG },
	{ "write error", 2, 3, 0x0c, 0x00, SCSI_FAILED, -EBADMSG },
	{ "internal failure", 2, 4, 0x44, 0x00, SCSI_FAILED, -EIO },
	{ "does not know this command", 2, 5, 0x20, 0x00, SCSI_FAILED, -EOPNOTSUPP },
	{ "invalid field in the command", 2, 5, 0x24, 0x00, SCSI_FAILED, -EOPNOTSUPP },
	{ "out of range", 2, 5, 0x21, 0x00, SCSI_FAILED, -EIO },
	{ "no such LUN", 2, 5, 0x25, 0x00, SCSI_FAILED, -EIO },
	{ "power on or reset", 2, 6, 0x29, 0x00, SCSI_AGAIN, 0 },
	{ "capacity has changed", 2, 6, 0x2a, 0x09, SCSI_AGAIN_CHANGED, 0 },
	{ "list of LUNs", 2, 6, 0x3f, 0x0e, SCSI_AGAIN_CHANGED, 0 },
	{ "write protected", 2, 7, 0x27, 0x00, SCSI_FAILED, -EROFS },
	{ "no space left", 2, 7, 0x27, 0x07, SCSI_FAILED, -ENOSPC },
	{ "aborted command", 2, 0xb, 0x47, 0x00, SCSI_AGAIN_ABORTED, 0 },
	{ "aborted command", 2, 0xb, 0x10, 0x01, SCSI_FAILED, -EBADMSG },
	{ "miscompare", 2, 0xe, 0x1d, 0x00, SCSI_FAILED, -EIO },
};

static void check_outcome(size_t i, const u8 *sense, size_t len)
{
	struct scsi_outcome o = ini_scsi_judge(outcomes[i].status, sense, len);
	char text[160];

	if (o.verdict != outcomes[i].verdict || o.err != outcomes[i].err)
		fail_msg("%s: verdict %d, %d", outcomes[i].says, o.verdict, o.err);
	ini_scsi_describe(outcomes[i].status, sense, len, text, sizeof(text));
	if (!strstr(text, outcomes[i].says))
		fail_msg("'%s' does not say '%s'", text, outcomes[i].says);
}

static void judgements(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		u8 fixed[18] = { 0x70,
				 0,
				 outcomes[i].key,
				 0,
				 0,
				 0,
				 0,
				 10,
				 0,
				 0,
				 0,
				 0,
				 outcomes[i].asc,
				 outcomes[i].ascq };
		u8 descriptors[8] = { 0x72, outcomes[i].key, outcomes[i].asc, outcomes[i].ascq };

		check_outcome(i, fixed, sizeof(fixed));
		check_outcome(i, descriptors, sizeof(descriptors));
	}
}

static void cut_sense(void **state)
{
	static const u8 fixed[18] = { 0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0x04 };
	struct scsi_sense s;

	for (size_t n = 0; n <= sizeof(fixed); n++) {
		u8 exact[18];

		memcpy(exact, fixed, n);
		assert_int_equal(ini_sense_decode(exact, n, &s), n >= 3);
		if (n < 3)
			continue;
		assert_int_equal(s.key, SENSE_MEDIUM);
		assert_int_equal(s.asc, n > 12 ? 0x11 : 0);
		assert_int_equal(s.ascq, n > 13 ? 0x04 : 0);
	}
	assert_false(ini_sense_decode((const u8 *)"\x7f\x03\x11", 3, &s));
	/* check condition without sense data is an error, not a success */
	assert_int_equal(ini_scsi_judge(SCSI_CHECK_CONDITION, fixed, 0).err, -EIO);
}

static void power_on(void **state)
{
	static const struct {
		u8 status, key, asc, ascq;
		bool yes;
	} cases[] = {
		{ 2, 6, 0x29, 0, false }, { 2, 6, 0x29, 1, true },  { 2, 6, 0x29, 2, false },
		{ 2, 6, 0x29, 3, false }, { 2, 6, 0x29, 4, true },  { 2, 6, 0x29, 7, false },
		{ 2, 5, 0x29, 1, false }, { 0, 6, 0x29, 1, false }, { 2, 6, 0x2a, 1, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 sense[8] = { 0x72, cases[i].key, cases[i].asc, cases[i].ascq };

		for (size_t n = 0; n <= sizeof(sense); n++)
			if (ini_scsi_says_power_on(cases[i].status, sense, n) !=
			    (cases[i].yes && n > 3))
				fail_msg("%x/%02x/%02x, %zu bytes", cases[i].key, cases[i].asc,
					 cases[i].ascq, n);
	}
}

/* ---- what a LUN says -------------------------------------------------------------------------------- */

/* Page 83h as Linux targets lay it out: NAA, T10, two of the port, the name of the target. */
static const u8 vpd_83[] = {
	0x00, 0x83, 0x00, 0x5c, 0x01, 0x03, 0x00, 0x10, 0x60, 0x01, 0x40, 0x5f, 0xee, 0xdc,
	0x0d, 0xe1, 0x23, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x1c,
	'L',  'I',  'O',  '-',	'O',  'R',  'G',  ' ',	'F',  'I',  'L',  'E',	'I',  'O',
	':',  'f',  'e',  'e',	'd',  'c',  '0',  'd',	'e',  '1',  '2',  '3',	'4',  0x00,
	0x51, 0x94, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01, 0x51, 0x95, 0x00, 0x04, 0x00, 0x00,
	0x00, 0x01, 0x53, 0x98, 0x00, 0x10, 'i',  'q',	'n',  '.',  '2',  '0',	'2',  '6',
	',',  't',  ',',  '1',	0,    0,    0,	  0,
};

static void identification(void **state)
{
	struct lun_facts f = { .blocks = 0 };
	static const u8 t10[] = { 0, 0x83, 0, 8, 2, 1, 0, 4, 'V', 'E', 'N', 'D' };

	ini_lun_parse_vpd(&f, VPD_IDENTIFICATION, vpd_83, sizeof(vpd_83));
	assert_string_equal(f.wwid, "naa.6001405feedc0de12340000000000000");
	memset(&f, 0, sizeof(f));
	ini_lun_parse_vpd(&f, VPD_IDENTIFICATION, t10, sizeof(t10));
	assert_string_equal(f.wwid, "VEND");
	/* the answer to another page */
	memset(&f, 0, sizeof(f));
	ini_lun_parse_vpd(&f, VPD_SERIAL, vpd_83, sizeof(vpd_83));
	assert_string_equal(f.serial, "");
}

/* Every parser takes every prefix, in memory that ends there. */
static void truncation(void **state)
{
	static const enum vpd_page pages[] = {
		VPD_SUPPORTED,	     VPD_SERIAL,       VPD_IDENTIFICATION, VPD_BLOCK_LIMITS,
		VPD_CHARACTERISTICS, VPD_PROVISIONING, VPD_INSTANCE,
	};

	for (size_t n = 0; n <= sizeof(vpd_83); n++) {
		u8 *exact = test_malloc(n ? n : 1);
		struct lun_facts f;
		bool ask_16;

		memset(&f, 0, sizeof(f));
		for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
			memcpy(exact, vpd_83, n);
			if (n > 1)
				exact[1] = (u8)pages[i];
			ini_lun_parse_vpd(&f, pages[i], exact, n);
		}
		ini_lun_parse_inquiry(&f, exact, n);
		ini_lun_parse_capacity_16(&f, exact, n);
		ini_lun_parse_capacity_10(&f, exact, n, &ask_16);
		ini_lun_parse_mode_6(&f, exact, n);
		test_free(exact);
	}
}

static void instances(void **state)
{
	static const u8 page[32] = { 0,	  0xc0, 0,   28,  'O', 'P', 'E', 'N', 'R', 'D', 'M',
				     'A', 1,	0,   0,	  0,   1,   2,	 3,   4,   5,	6,
				     7,	  8,	9,   10,  11,  12,  13,	 14,  15,  16 };
	struct lun_facts f = { .vendor = "OPENRDMA" }, g;
	u8 other[32];

	f.has_vpd[VPD_INSTANCE] = true;
	assert_true(ini_lun_has_page(&f, VPD_INSTANCE));
	for (size_t n = 0; n < sizeof(page); n++)
		ini_lun_parse_vpd(&f, VPD_INSTANCE, page, n);
	assert_false(f.instance_known);
	/* another vendor's page of this number */
	memcpy(other, page, sizeof(other));
	other[4] = 'X';
	ini_lun_parse_vpd(&f, VPD_INSTANCE, other, sizeof(other));
	assert_false(f.instance_known);
	strcpy(f.vendor, "ATA");
	assert_false(ini_lun_has_page(&f, VPD_INSTANCE));
	ini_lun_parse_vpd(&f, VPD_INSTANCE, page, sizeof(page));
	assert_true(f.instance_known && f.in_memory);
	assert_memory_equal(f.instance, page + 16, 16);
	g = f;
	assert_true(ini_lun_same_instance(&f, &g) && ini_lun_is_same(&f, &g));
	g.instance[15]++;
	assert_false(ini_lun_same_instance(&f, &g) || ini_lun_is_same(&f, &g));
	f.in_memory = g.in_memory = false;
	assert_true(ini_lun_is_same(&f, &g));
	g = f;
	g.instance_known = false;
	assert_false(ini_lun_same_instance(&f, &g));
}

static void capacities(void **state)
{
	static const struct {
		const char *name;
		u8 data[16];
		bool ok;
		u64 blocks;
		u32 block_size;
	} cases[] = {
		{ "64 MiB", { 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 2, 0 }, true, 0x20000, 512 },
		{ "4096", { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0 }, true, 1, 4096 },
		{ "block of 0", { 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0 }, false, 0, 0 },
		{ "block of 520", { 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 2, 8 }, false, 0, 0 },
		{ "block of 128 KiB", { 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 0, 0 }, false, 0, 0 },
		{ "last block is -1",
		  { 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 0 },
		  false,
		  0,
		  0 },
		{ "past 2^63", { 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0 }, false, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lun_facts f = { .blocks = 0 };

		if (ini_lun_parse_capacity_16(&f, cases[i].data, 16) != cases[i].ok)
			fail_msg("%s", cases[i].name);
		assert_int_equal(f.blocks, cases[i].blocks);
		assert_int_equal(f.block_size, cases[i].block_size);
	}
}

static void limits_and_cache(void **state)
{
	static const u8 b0[64] = { 0, 0xb0, 0, 60, 0, 0, 0, 8,	  0, 0, 0x10, 0, 0,    0, 1,
				   0, 0,    0, 0,  0, 0, 0, 0x20, 0, 0, 0,    0, 1,    0, 0,
				   0, 8,    0, 0,  0, 0, 0, 0,	  0, 0, 0,    0, 0x10, 0 };
	static const u8 b1[64] = { 0, 0xb1, 0, 60, 0, 1 };
	static const u8 b2[8] = { 0, 0xb2, 0, 4, 0, 0xe0, 2, 0 };
	static const u8 mode[] = { 23, 0, 0x90, 8, 0, 0, 0, 0, 0, 0, 2, 0, 0x08, 10, 0x04 };
	static const u8 no_page[] = { 3, 0, 0x10, 0 };
	struct lun_facts f = { .blocks = 1000, .block_size = 512 };
	struct oriser_disk_info info;

	ini_lun_parse_vpd(&f, VPD_BLOCK_LIMITS, b0, sizeof(b0));
	ini_lun_parse_vpd(&f, VPD_CHARACTERISTICS, b1, sizeof(b1));
	ini_lun_parse_vpd(&f, VPD_PROVISIONING, b2, sizeof(b2));
	ini_lun_parse_mode_6(&f, mode, sizeof(mode));
	ini_lun_to_info(&f, 1 << 20, &info);
	assert_int_equal(info.io_max, 1 << 20);
	assert_int_equal(info.io_opt, 256 * 512);
	assert_int_equal(info.discard_granularity, 8 * 512);
	assert_int_equal(info.discard_max, 0x2000 * 512);
	assert_int_equal(ini_lun_write_same_max(&f), 0x1000 * 512);
	assert_true(info.read_only && info.fua && info.write_cache && info.discard &&
		    info.write_zeroes && !info.rotational);
	f.transfer_max = 16;
	f.unmap_blocks_max = 0;
	ini_lun_to_info(&f, 1 << 20, &info);
	assert_int_equal(info.io_max, 16 * 512);
	assert_int_equal(info.discard_max, 0xffffffffull * 512);
	/* a LUN that does not tell of its cache is flushed */
	memset(&f, 0, sizeof(f));
	f.block_size = 512;
	ini_lun_parse_mode_6(&f, no_page, sizeof(no_page));
	ini_lun_to_info(&f, 1 << 20, &info);
	assert_true(info.write_cache);
}

static void sameness(void **state)
{
	struct lun_facts a = { .blocks = 10, .block_size = 512 }, b = a;

	assert_true(ini_lun_is_same(&a, &b));
	b.blocks = 11;
	assert_false(ini_lun_is_same(&a, &b));
	strcpy(a.serial, "1");
	strcpy(b.serial, "1");
	assert_true(ini_lun_is_same(&a, &b));	/* it grew */
	strcpy(b.serial, "2");
	assert_false(ini_lun_is_same(&a, &b));
	strcpy(a.wwid, "naa.1");
	strcpy(b.wwid, "naa.1");
	assert_true(ini_lun_is_same(&a, &b));
	b.wwid[0] = '\0';
	assert_false(ini_lun_is_same(&a, &b));
	b = a;
	b.block_size = 4096;
	assert_false(ini_lun_is_same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_write_cdbs),
		cmocka_unit_test(other_cdbs),
		cmocka_unit_test(luns),
		cmocka_unit_test(judgements),
		cmocka_unit_test(cut_sense),
		cmocka_unit_test(power_on),
		cmocka_unit_test(identification),
		cmocka_unit_test(truncation),
		cmocka_unit_test(instances),
		cmocka_unit_test(capacities),
		cmocka_unit_test(limits_and_cache),
		cmocka_unit_test(sameness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
