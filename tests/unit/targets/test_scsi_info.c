// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What a disk says about itself; bytes laid out by hand from SPC-4 and SBC-3. */
#include <stdio.h>

#include "tests/unit/targets/host.h"

static struct host host;
static struct oriser_tsession s;

static int setup(void **state)
{
	struct store_cfg cfg = { .name = "disk0", .path = "ram:", .size = 1u << 20 };

	host_open(&host, &cfg);
	host_login(&host, &s);
	host_settle(&host, &s);
	return 0;
}

static int teardown(void **state)
{
	host_logout(&s);
	host_close(&host);
	return 0;
}

#define RUN(cdb, read_len)	host_run(&host, &s, cdb, read_len, NULL, 0)
#define CAPACITY16(alloc)	CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, alloc)

static const uint8_t inquiry[74] = {
	0x00, 0x00, 0x06, 0x12,	       69,   0x00, 0x00, 0x02, 'O',  'P',  'E',
	'N',  'R',  'D',  'M',	       'A',  'i',  'S',	 'E',  'R',  ' ',  'd',
	'i',  's',  'k',  ' ',	       ' ',  ' ',  ' ',	 ' ',  ' ',  ' ',  '0',
	'0',  '0',  '1',  [58] = 0x00, 0xa0, 0x04, 0x60, 0x04, 0xc0, 0x09, 0x60,
};

static const uint8_t capacity16[32] = {
	0, 0, 0, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0, 0, 3, 0xc0, 0,
};

static const uint8_t vpd00[] = { 0, 0, 0, 8, 0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2, 0xc0 };

/* clang-format off */
static const uint8_t vpd_b0[64] = {
	0x00, 0xb0, 0, 0x3c, 0x01, 0, 0, 8,		/* WSNZ; granularity 4 KiB */
	0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0,		/* at most 4 MiB */
	/* UNMAP: 1 GiB, 256 descriptors, 4 KiB */
	/* aligned to 0; WRITE SAME: 256 MiB */
	0, 0x20, 0, 0, 0, 0, 1, 0, 0, 0, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0,
};
/* clang-format on */

static const uint8_t vpd_b1[64] = { 0x00, 0xb1, 0, 0x3c, 0, 1 };
static const uint8_t vpd_b2[8] = { 0x00, 0xb2, 0, 4, 0, 0xe4, 2, 0 };
static const uint8_t vpd_86[64] = { 0x00, 0x86, 0, 0x3c, 0, 1 };

static const uint8_t luns[16] = { 0, 0, 0, 8 };
static const uint8_t no_luns[8] = { 0 };
static const uint8_t capacity10[8] = { 0, 0, 0x07, 0xff, 0, 0, 2, 0 };
static const uint8_t no_sense[18] = { 0x70, 0, 0, 0, 0, 0, 0, 10 };
static const uint8_t no_sense_desc[8] = { 0x72 };

static const uint8_t mode_all6[56] = {
	55,   0,    0x10, 8,	       0,    0,		  0x08, 0,    0,    0, 2,    0,
	0x01, 0x0a, 0xc0, [24] = 0x08, 0x12, [44] = 0x0a, 0x0a, 0x02, 0x10, 0, 0x40,
};
static const uint8_t mode_all10[60] = {
	0, 58, 0,    0x10, 0,	 0,	      0,    8,		 0,    0,    0x08, 0, 0,    0,
	2, 0,  0x01, 0x0a, 0xc0, [28] = 0x08, 0x12, [48] = 0x0a, 0x0a, 0x02, 0x10, 0, 0x40,
};
static const uint8_t mode_long[68] = {
	0,    66,	   0,	 0x10,	      1,    0,	  0,	    16, 0,    0,
	0,    0,	   0,	 0,	      0x08, 0,	  [22] = 2, 0,	0x01, 0x0a,
	0xc0, [36] = 0x08, 0x12, [56] = 0x0a, 0x0a, 0x02, 0x10,	    0,	0x40,
};
static const uint8_t mode_recovery[16] = { 15, 0, 0x10, 0, 0x01, 0x0a, 0xc0 };
static const uint8_t mode_recovery_changeable[16] = { 15, 0, 0x10, 0, 0x01, 0x0a };
static const uint8_t mode_control_changeable[16] = { 15, 0, 0x10, 0, 0x0a, 0x0a, 0x04 };
static const uint8_t mode_caching_changeable[24] = { 23, 0, 0x10, 0, 0x08, 0x12 };

/* Every answer with an allocation length, cut at every length. */
static const struct {
	const char *name;
	uint8_t cdb[16];
	unsigned alloc_at, alloc_len;	/* bytes of the CDB; 0: none */
	const uint8_t *data;
	size_t len;
} answers[] = {
#define A(d) d, sizeof(d)
	{ "inquiry", { 0x12, 0, 0, 0, 0 }, 3, 2, A(inquiry) },
	{ "vpd 00", { 0x12, 1, 0x00 }, 3, 2, A(vpd00) },
	{ "vpd 86", { 0x12, 1, 0x86 }, 3, 2, A(vpd_86) },
	{ "vpd b0", { 0x12, 1, 0xb0 }, 3, 2, A(vpd_b0) },
	{ "vpd b1", { 0x12, 1, 0xb1 }, 3, 2, A(vpd_b1) },
	{ "vpd b2", { 0x12, 1, 0xb2 }, 3, 2, A(vpd_b2) },
	{ "report luns", { 0xa0, 0, 0 }, 6, 4, A(luns) },
	{ "report luns, well known", { 0xa0, 0, 1 }, 6, 4, A(no_luns) },
	{ "report luns, all", { 0xa0, 0, 2 }, 6, 4, A(luns) },
	{ "read capacity 16", { 0x9e, 0x10 }, 10, 4, A(capacity16) },
	{ "read capacity 10", { 0x25 }, 0, 0, A(capacity10) },
	{ "request sense", { 0x03 }, 4, 1, A(no_sense) },
	{ "request sense, descriptor", { 0x03, 1 }, 4, 1, A(no_sense_desc) },
	{ "mode sense 6", { 0x1a, 0, 0x3f }, 4, 1, A(mode_all6) },
	{ "mode sense 6, subpages", { 0x1a, 0, 0x3f, 0xff }, 4, 1, A(mode_all6) },
	{ "mode sense 6, defaults", { 0x1a, 0, 0xbf }, 4, 1, A(mode_all6) },
	{ "mode sense 10", { 0x5a, 0, 0x3f }, 7, 2, A(mode_all10) },
	{ "mode sense 10, long", { 0x5a, 0x10, 0x3f }, 7, 2, A(mode_long) },
	{ "recovery", { 0x1a, 8, 0x01 }, 4, 1, A(mode_recovery) },
	{ "recovery, changeable", { 0x1a, 8, 0x41 }, 4, 1, A(mode_recovery_changeable) },
	{ "control, changeable", { 0x1a, 8, 0x4a }, 4, 1, A(mode_control_changeable) },
	{ "caching, changeable", { 0x1a, 8, 0x48 }, 4, 1, A(mode_caching_changeable) },
};

static void test_answers(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		for (uint32_t alloc = 0; alloc <= answers[i].len + 20; alloc++) {
			uint8_t cdb[16];
			size_t want = min_t(size_t, alloc, answers[i].len);
			const struct answer *a;

			memcpy(cdb, answers[i].cdb, 16);
			for (unsigned b = 0; b < answers[i].alloc_len; b++)
				cdb[answers[i].alloc_at + b] =
					(uint8_t)(alloc >> 8 * (answers[i].alloc_len - 1 - b));
			a = host_run(&host, &s, cdb, 16, alloc, NULL, 0);
			expect_good(a);
			if (a->data_len != want || (want && memcmp(a->data, answers[i].data, want)))
				fail_msg("%s, %u bytes: got %u", answers[i].name, alloc,
					 a->data_len);
			/* Less is sent than expected: that is the residual. */
			if (answers[i].alloc_len)
				assert_int_equal(a->len, want);
		}
	}
}

static void test_identification(void **state)
{
	/* of the identity that host.c gives to its LUN */
	static const uint8_t naa[] = { 0x01, 0x03, 0,	 16,   0x60, 0x24, 0xf5, 0x20, 0x01, 0x12,
				       0x23, 0x34, 0x45, 0x56, 0x67, 0x78, 0x89, 0x9a, 0xab, 0xbc };
	static const char serial[] = "00112233445566778899aabbccddeeff";
	static const char name[] = "naa.6024f5200112233445566778899aabbc";
	static const char port[] = "iqn.2026-11.org.openrdma:disk0,t,0x0001";
	static const char target[] = "iqn.2026-11.org.openrdma:disk0";
	static const uint8_t rel_port[] = { 0x51, 0x94, 0, 4, 0, 0, 0, 1 };
	const struct answer *a = RUN(CDB(0x12, 1, 0x83, 2, 0, 0), 512);

	expect_good(a);
	assert_int_equal(a->data[1], 0x83);
	assert_int_equal(get_unaligned_be16(a->data + 2), a->data_len - 4);
	assert_memory_equal(a->data + 4, naa, sizeof(naa));
	assert_memory_equal(a->data + 24, "\x02\x01\x00\x28OPENRDMA", 12);
	assert_memory_equal(a->data + 36, serial, 32);
	assert_memory_equal(a->data + 68, "\x03\x08\x00\x28", 4);
	assert_memory_equal(a->data + 72, name, sizeof(name));
	assert_memory_equal(a->data + 112, rel_port, 8);
	assert_memory_equal(a->data + 120, "\x53\x98\x00\x28", 4);
	assert_memory_equal(a->data + 124, port, sizeof(port));
	assert_memory_equal(a->data + 164, "\x53\xa8\x00\x20", 4);
	assert_memory_equal(a->data + 168, target, sizeof(target));
	assert_int_equal(a->data_len, 200);

	a = RUN(CDB(0x12, 1, 0x80, 2, 0, 0), 512);
	expect_good(a);
	assert_int_equal(a->data_len, 36);
	assert_memory_equal(a->data + 4, serial, 32);
}

static void test_instance(void **state)
{
	const struct answer *a = RUN(CDB(0x12, 1, 0xc0, 2, 0, 0), 512);

	expect_good(a);
	assert_int_equal(a->data_len, 32);
	assert_memory_equal(a->data, "\x00\xc0\x00\x1cOPENRDMA\x01\x00\x00\x00", 16);
	assert_memory_equal(a->data + 16, host.lun->store->instance.id, STORE_INSTANCE_LEN);
}

static const char *naa_of(const char *target, const char *serial, const uint8_t *id)
{
	struct lun_cfg cfg = {
		.target = target,
		.serial = serial,
		.id = id,
		.store = host.lun->store,
	};
	static char text[4][2 * LUN_NAA_LEN + 1];
	static unsigned turn;
	char *out = text[turn++ % ARRAY_SIZE(text)];
	struct lun *lun;

	assert_int_equal(lun_create(&cfg, &lun), 0);
	for (unsigned i = 0; i < LUN_NAA_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", lun->naa[i]);
	if (serial)
		assert_string_equal(lun->serial, serial);
	lun_destroy(lun);
	return out;
}

static void test_identity(void **state)
{
	const char *a = "iqn.2026-11.org.openrdma:a", *b = "iqn.2026-11.org.openrdma:b";
	static const uint8_t one[LUN_ID_LEN] = { 1 }, two[LUN_ID_LEN] = { [12] = 0x10 };

	assert_string_equal(naa_of(a, NULL, one), "6024f520100000000000000000000000");
	assert_string_equal(naa_of(b, NULL, two), "6024f520000000000000000000000001");
	/* The very value: disks that exist must keep their names. */
	assert_string_equal(naa_of(a, "1", one), "6024f52c2b7391ed3205dda422cc7308");
	assert_string_equal(naa_of(a, "1", one), naa_of(a, "1", two));
	assert_string_not_equal(naa_of(a, "1", NULL), naa_of(a, "2", NULL));
	assert_string_not_equal(naa_of(a, "1", NULL), naa_of(b, "1", NULL));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *name;
		uint8_t cdb[16];
		unsigned byte, bit;
	} cases[] = {
		{ "page without EVPD", { 0x12, 0, 0x80, 0, 255 }, 2, 7 },
		{ "unknown page", { 0x12, 1, 0xb9, 0, 255 }, 2, 7 },
		{ "CMDDT", { 0x12, 2, 0, 0, 255 }, 1, 1 },
		{ "unknown mode page", { 0x1a, 8, 0x02, 0, 255 }, 2, 5 },
		{ "unknown subpage", { 0x1a, 8, 0x08, 1, 255 }, 3, 7 },
		{ "long LBAs, short form", { 0x1a, 0x18, 0x08, 0, 255 }, 1, 4 },
		{ "select report", { 0xa0, 0, 3, 0, 0, 0, 0, 0, 0, 255 }, 2, 7 },
		{ "service action", { 0x9e, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255 }, 1, 4 },
		{ "maintenance in", { 0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 255 }, 1, 4 },
		{ "PMI", { 0x25, 0, 0, 0, 0, 0, 0, 0, 1 }, 8, 0 },
		{ "NACA", { 0x00, 0, 0, 0, 0, 4 }, 5, 2 },
		{ "reserved", { 0x00, 0, 0x81, 0, 0, 0 }, 2, 7 },
		{ "reporting option", { 0xa3, 0x0c, 4, 0, 0, 0, 0, 0, 0, 255 }, 2, 2 },
		{ "action not asked for", { 0xa3, 0x0c, 1, 0x9e, 0, 0x10, 0, 0, 0, 255 }, 2, 2 },
		{ "action of none", { 0xa3, 0x0c, 2, 0x28, 0, 0, 0, 0, 0, 255 }, 2, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_bad_field(host_run(&host, &s, cases[i].cdb, 16, 255, NULL, 0), true,
				 cases[i].byte, cases[i].bit);
	expect_sense(RUN(CDB(0x1a, 8, 0xff, 0, 255, 0), 255), 5, 0x3900);
	expect_sense(RUN(CDB(0xd1, 0, 0, 0, 0, 0), 0), 5, 0x2000);
	expect_sense(RUN(CDB(0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0), 255), 5, 0x2000);
}

/* All that is behind the block asked for is in one descriptor: mapped or unknown. */
static void test_lba_status(void **state)
{
	const struct answer *a = RUN(CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), 32);
	uint64_t blocks;

	expect_good(a);
	blocks = get_unaligned_be64(a->data) + 1;
	a = RUN(CDB(0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 255), 255);
	expect_good(a);
	assert_int_equal(a->data_len, 24);
	assert_int_equal(get_unaligned_be32(a->data), 20);
	assert_int_equal(get_unaligned_be64(a->data + 8), 5);
	assert_int_equal(get_unaligned_be32(a->data + 16), blocks - 5);
	assert_int_equal(a->data[20], 0);
	a = RUN(CDB(0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 8), 8);
	expect_good(a);
	assert_int_equal(a->data_len, 8);
	expect_sense(RUN(CDB(0x9e, 0x12, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255), 255), 5, 0x2100);
}

static void test_report_opcodes(void **state)
{
	static const uint8_t read16[] = { 0,   3,   0,	 16,  0x88, 0x18, 255, 255, 255, 255,
					  255, 255, 255, 255, 255,  255,  255, 255, 0,	 0 };
	static const uint8_t capacity[] = { 0, 3, 0, 16, 0x9e, 0x10, 0,	  0,   0, 0,
					    0, 0, 0, 0,	 255,  255,  255, 255, 0, 0 };
	static const uint8_t none[] = { 0, 1, 0, 0 };
	const struct answer *a = RUN(CDB(0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 16, 0), 4096);
	unsigned n, seen = 0;

	expect_good(a);
	n = get_unaligned_be32(a->data) / 8;
	assert_int_equal(a->data_len, 4 + 8 * n);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *d = a->data + 4 + 8 * i;

		if (i)
			assert_true(d[0] >= d[-8]);	/* the table is in order */
		if (d[0] == 0x9e) {
			assert_true(d[3] == 0x10 || d[3] == 0x12);
			assert_int_equal(d[5], 1);
			seen++;
		}
		if (d[0] == 0x42 || d[0] == 0x28)
			seen++;
	}
	assert_int_equal(seen, 4);
	assert_int_equal(n, scsi_op_n);
	/* with timeouts */
	a = RUN(CDB(0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 16, 0), 4096);
	expect_good(a);
	assert_int_equal(a->data_len, 4 + 20 * n);
	assert_int_equal(a->data[4 + 5] & 2, 2);
	assert_int_equal(get_unaligned_be16(a->data + 4 + 8), 10);

	expect_data(RUN(CDB(0xa3, 0x0c, 1, 0x88, 0, 0, 0, 0, 16, 0), 4096), read16, sizeof(read16));
	expect_data(RUN(CDB(0xa3, 0x0c, 3, 0x88, 0, 0, 0, 0, 16, 0), 4096), read16, sizeof(read16));
	expect_data(RUN(CDB(0xa3, 0x0c, 2, 0x9e, 0, 0x10, 0, 0, 16, 0), 4096), capacity, 20);
	expect_data(RUN(CDB(0xa3, 0x0c, 3, 0x9e, 0, 0x10, 0, 0, 16, 0), 4096), capacity, 20);
	expect_data(RUN(CDB(0xa3, 0x0c, 2, 0x9e, 0, 0x13, 0, 0, 16, 0), 4096), none, 4);
	expect_data(RUN(CDB(0xa3, 0x0c, 2, 0x9e, 1, 0x10, 0, 0, 16, 0), 4096), none, 4);
	expect_data(RUN(CDB(0xa3, 0x0c, 3, 0x88, 0, 1, 0, 0, 16, 0), 4096), none, 4);
	expect_data(RUN(CDB(0xa3, 0x0c, 1, 0x5e, 0, 0, 0, 0, 16, 0), 4096), none, 4);
	a = RUN(CDB(0xa3, 0x0c, 0x81, 0x88, 0, 0, 0, 0, 16, 0), 4096);
	expect_good(a);
	assert_int_equal(a->data[1], 0x83);
	assert_int_equal(a->data_len, 20 + 12);
}

static void test_other_lun(void **state)
{
	static const struct {
		uint8_t lun[8];
		bool ours;
	} cases[] = {
		{ { 0, 0 }, true },	   { { 0x40, 0 }, true },  { { 0, 1 }, false },
		{ { 0x40, 1 }, false },	   { { 0xc1, 1 }, false }, { { 1, 0 }, false },
		{ { 0, 0, 0, 1 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const uint8_t cdbs[][16] = { { 0x12, 0, 0, 0, 74 },
						    { 0x00 },
						    { 0xd1 },
						    { 0x03, 0, 0, 0, 18 },
						    { 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16 } };

		for (size_t c = 0; c < ARRAY_SIZE(cdbs); c++) {
			struct host_cmd *hc = host_cmd(&host, &s, cdbs[c], 16, 255, NULL, 0);
			const struct answer *a;

			memcpy(hc->cmd.lun, cases[i].lun, 8);
			host_start(hc);
			a = host_wait(hc);
			switch (cdbs[c][0]) {
			case 0x12:
				expect_good(a);
				assert_int_equal(a->data[0], cases[i].ours ? 0 : 0x7f);
				break;
			case 0x00:
				if (cases[i].ours)
					expect_good(a);
				else
					expect_sense(a, 5, 0x2500);
				break;
			case 0x03:
				expect_good(a);
				assert_int_equal(a->data[12], cases[i].ours ? 0 : 0x25);
				assert_int_equal(a->data[2], cases[i].ours ? 0 : 5);
				break;
			case 0xa0:
				expect_data(a, luns, sizeof(luns));
				break;
			default:
				expect_sense(a, 5, cases[i].ours ? 0x2000 : 0x2500);
			}
			host_free(hc);
		}
	}
}

static const uint8_t tur[16];

static void test_attention(void **state)
{
	struct oriser_tsession other;
	const struct answer *a;
	static const uint8_t lun0[8], lun1[8] = { 0, 1 };

	host_login(&host, &other);
	/* INQUIRY and REPORT LUNS pass, REQUEST SENSE takes it. */
	expect_good(host_run(&host, &other, CDB(0x12, 0, 0, 0, 74, 0), 74, NULL, 0));
	a = host_run(&host, &other, CDB(0x03, 0, 0, 0, 18, 0), 18, NULL, 0);
	expect_good(a);
	assert_int_equal(a->data[2], 6);
	assert_int_equal(a->data[12], 0x29);
	expect_good(host_run(&host, &other, tur, 16, 0, NULL, 0));
	/* resets are for all */
	assert_true(scsi_backend_ops.tmf(&s, ORISER_TMF_LUN_RESET, lun0));
	assert_false(scsi_backend_ops.tmf(&s, ORISER_TMF_LUN_RESET, lun1));
	assert_true(scsi_backend_ops.tmf(&s, ORISER_TMF_ABORT_TASK, lun0));
	assert_false(scsi_backend_ops.tmf(&s, ORISER_TMF_CLEAR_TASK_SET, lun1));
	expect_sense(host_run(&host, &other, tur, 16, 0, NULL, 0), 6, 0x2903);
	expect_sense(host_run(&host, &s, tur, 16, 0, NULL, 0), 6, 0x2903);
	assert_true(scsi_backend_ops.tmf(&s, ORISER_TMF_TARGET_WARM_RESET, lun0));
	expect_sense(host_run(&host, &other, tur, 16, 0, NULL, 0), 6, 0x2902);
	expect_good(host_run(&host, &other, tur, 16, 0, NULL, 0));
	expect_sense(host_run(&host, &s, tur, 16, 0, NULL, 0), 6, 0x2902);
	expect_good(host_run(&host, &s, tur, 16, 0, NULL, 0));
	/* a new session has only its own */
	host_logout(&other);
	host_login(&host, &other);
	expect_sense(host_run(&host, &other, tur, 16, 0, NULL, 0), 6, 0x2900);
	expect_good(host_run(&host, &other, tur, 16, 0, NULL, 0));
	host_logout(&other);
}

static void test_mode_select(void **state)
{
	static const uint8_t d_sense[16] = { 0, 0, 0, 0, 0x0a, 0x0a, 0x06, 0x10, 0, 0x40 };
	static const uint8_t wce[24] = { 0, 0, 0, 0, 0x08, 0x12, 0x04 };
	static const uint8_t recovery[16] = { 0, 0, 0, 0, 0x01, 0x0a, 0xc0 };
	static const uint8_t no_awre[16] = { 0, 0, 0, 0, 0x01, 0x0a, 0x40 };
	uint8_t list[36] = { 0, 0, 0, 0, 0, 0,	  0,	8,    0,    0, 8,
			     0, 0, 0, 2, 0, 0x0a, 0x0a, 0x02, 0x10, 0, 0x40 };
	struct oriser_tsession other;
	const struct answer *a;

	host_login(&host, &other);
	host_settle(&host, &other);
	/* descriptor format from now on; the others hear of the change */
	expect_good(host_run(&host, &s, CDB(0x15, 0x10, 0, 0, 16, 0), 0, d_sense, 16));
	a = host_run(&host, &other, tur, 16, 0, NULL, 0);
	assert_int_equal(a->status, 2);
	assert_memory_equal(a->sense, "\x72\x06\x2a\x01\0\0\0\0", 8);
	expect_good(host_run(&host, &s, tur, 16, 0, NULL, 0));
	/* with a field pointer: sense key specific */
	a = host_run(&host, &s, CDB(0x12, 0, 5, 0, 255, 0), 255, NULL, 0);
	assert_memory_equal(a->sense, "\x72\x05\x24\0\0\0\0\x08\x02\x06\0\0\xcf\0\x02\0", 16);
	/* back, by the long form and with a block descriptor */
	expect_good(host_run(&host, &s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0, list, 28));
	expect_good(host_run(&host, &s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 16, 0), 0, list, 28));
	assert_false(atomic_load(&host.lun->d_sense));
	expect_sense(host_run(&host, &other, tur, 16, 0, NULL, 0), 6, 0x2a01);
	/* memory has no write cache to switch on */
	expect_bad_field(host_run(&host, &s, CDB(0x15, 0x10, 0, 0, 24, 0), 0, wce, 24), false, 6,
			 8);
	/* what a format program sends back as it read it; nothing of it can be changed */
	expect_good(host_run(&host, &s, CDB(0x15, 0x10, 0, 0, 16, 0), 0, recovery, 16));
	expect_bad_field(host_run(&host, &s, CDB(0x15, 0x10, 0, 0, 16, 0), 0, no_awre, 16), false,
			 6, 8);
	/* the list is cut anywhere: nothing changes */
	for (unsigned len = 1; len < 16; len++) {
		static const uint8_t cut[16] = { 0, 0, 0, 0, 0x0a, 0x0a, 0x06, 0x10, 0, 0x40 };

		a = host_run(&host, &s, CDB(0x15, 0x10, 0, 0, len, 0), 0, cut, 16);
		if (len == 4)
			expect_good(a);
		else
			expect_sense(a, 5, 0x1a00);
		assert_false(atomic_load(&host.lun->d_sense));
	}
	list[14] = 16;	/* block length of 4096 */
	expect_bad_field(host_run(&host, &s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0, list, 28),
			 false, 13, 8);
	list[14] = 2;
	list[7] = 9;
	expect_bad_field(host_run(&host, &s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0, list, 28),
			 false, 6, 8);
	list[7] = 8;
	list[16] = 0x1c;
	expect_bad_field(host_run(&host, &s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0, list, 28),
			 false, 16, 8);
	list[16] = 0x0a;
	list[19] = 0x00;	/* not changeable */
	expect_bad_field(host_run(&host, &s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0, list, 28),
			 false, 19, 8);
	expect_bad_field(host_run(&host, &s, CDB(0x15, 0x00, 0, 0, 16, 0), 0, d_sense, 16), true, 1,
			 4);
	expect_bad_field(host_run(&host, &s, CDB(0x15, 0x11, 0, 0, 16, 0), 0, d_sense, 16), true, 1,
			 0);
	expect_good(host_run(&host, &s, CDB(0x15, 0x10, 0, 0, 0, 0), 0, NULL, 0));
	expect_sense(host_run(&host, &s, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 4, 0, 0), 0, d_sense, 16),
		     5, 0x1a00);
	host_logout(&other);
}

static void test_read_only(void **state)
{
	struct store_cfg cfg = { .name = "ro",
				 .path = "null:",
				 .size = 1ull << 50,
				 .read_only = true,
				 .block_size = 4096 };
	static const uint8_t data[8192], other[4096] = { 1 };
	struct oriser_tsession t;
	const struct answer *a;
	struct host ro;

	host_open(&ro, &cfg);
	host_login(&ro, &t);
	host_settle(&ro, &t);
	a = host_run(&ro, &t, CDB(0x1a, 8, 0x08, 0, 255, 0), 255, NULL, 0);
	expect_good(a);
	assert_int_equal(a->data[2], 0x90);	/* WP, DPOFUA */
	expect_sense(host_run(&ro, &t, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), 0, data, 4096), 7,
		     0x2700);
	expect_sense(host_run(&ro, &t, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24), 0, data, 24), 7, 0x2700);
	expect_sense(host_run(&ro, &t, CDB(0x41, 0, 0, 0, 0, 0, 0, 0, 1), 0, data, 4096), 7,
		     0x2700);
	expect_good(host_run(&ro, &t, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0), 0, NULL, 0));
	/* more blocks than 32 bits count */
	a = host_run(&ro, &t, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, NULL, 0);
	expect_data(a, "\xff\xff\xff\xff\0\0\x10\0", 8);
	a = host_run(&ro, &t, CAPACITY16(32), 32, NULL, 0);
	expect_good(a);
	assert_memory_equal(a->data, "\0\0\0\x3f\xff\xff\xff\xff\0\0\x10\0\0\0\xc0\0", 16);
	a = host_run(&ro, &t, CDB(0x88, 0, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 2), 8192,
		     NULL, 0);
	expect_data(a, data, 8192);
	/* the INFORMATION of a miscompare there does not fit the fixed format */
	a = host_run(&ro, &t, CDB(0x8f, 2, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1), 0,
		     other, 4096);
	assert_int_equal(a->sense_len, 18);
	host_logout(&t);
	host_close(&ro);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),	       cmocka_unit_test(test_identification),
		cmocka_unit_test(test_instance),       cmocka_unit_test(test_identity),
		cmocka_unit_test(test_refusals),       cmocka_unit_test(test_lba_status),
		cmocka_unit_test(test_report_opcodes), cmocka_unit_test(test_other_lun),
		cmocka_unit_test(test_attention),      cmocka_unit_test(test_mode_select),
		cmocka_unit_test(test_read_only),
	};

	return cmocka_run_group_tests_name("targets/scsi/info", tests, setup, teardown);
}
