// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* READ, WRITE, VERIFY, WRITE SAME, UNMAP, SYNCHRONIZE CACHE against a small memory LUN. */
#include "tests/unit/targets/host.h"

#include <stdlib.h>

#define BLOCK	512u
#define BLOCKS	16384u		/* 8 MiB */
#define DATA(n)	data, (n) * BLOCK

static struct host host;
static struct oriser_tsession s;
static uint8_t data[HOST_DATA_MAX];

static int setup(void **state)
{
	struct store_cfg cfg = { .name = "disk0", .path = "ram:", .size = BLOCKS * BLOCK };

	host_open(&host, &cfg);
	host_login(&host, &s);
	host_settle(&host, &s);
	srand(1);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)rand();
	return 0;
}

static int teardown(void **state)
{
	host_logout(&s);
	host_close(&host);
	return 0;
}

#define RUN(cdb, ...)	host_run(&host, &s, cdb, ##__VA_ARGS__)

static void test_write_read_forms(void **state)
{
	static const struct {
		const char *name;
		uint8_t wr[16], rd[16];
		size_t len;
		uint64_t lba;
		uint32_t blocks;
	} cases[] = {
		{ "6", { 0x0a, 0x00, 0x01, 0x02, 3 }, { 0x08, 0x00, 0x01, 0x02, 3 }, 6, 0x102, 3 },
		{ "6, 0 is 256", { 0x0a, 0, 0, 0, 0 }, { 0x08, 0, 0, 0, 0 }, 6, 0, 256 },
		{ "10",
		  { 0x2a, 0, 0, 0, 0x30, 0x04, 0, 0, 5 },
		  { 0x28, 0, 0, 0, 0x30, 0x04, 0, 0, 5 },
		  10,
		  0x3004,
		  5 },
		{ "10 FUA DPO",
		  { 0x2a, 0x18, 0, 0, 0x30, 0x04, 0, 1, 0 },
		  { 0x28, 0x18, 0, 0, 0x30, 0x04, 0, 1, 0 },
		  10,
		  0x3004,
		  256 },
		{ "12",
		  { 0xaa, 0, 0, 0, 0, 9, 0, 0, 0, 7 },
		  { 0xa8, 0, 0, 0, 0, 9, 0, 0, 0, 7 },
		  12,
		  9,
		  7 },
		{ "16",
		  { 0x8a, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0xff, 0, 0, 0, 1 },
		  { 0x88, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0xff, 0, 0, 0, 1 },
		  16,
		  0x3fff,
		  1 },
		{ "16, longest",
		  { 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x20, 0 },
		  { 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x20, 0 },
		  16,
		  5,
		  8192 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint8_t *from = data + i * 1000;
		uint32_t len = cases[i].blocks * BLOCK;
		const struct answer *a;

		a = host_run(&host, &s, cases[i].wr, cases[i].len, 0, from, len);
		expect_good(a);
		assert_int_equal(a->len, len);
		expect_data(host_run(&host, &s, cases[i].rd, cases[i].len, len, NULL, 0), from,
			    len);
		/* Where it should be, by another form. */
		expect_data(RUN(CDB(0x88, 0, 0, 0, 0, 0, 0, 0, cases[i].lba >> 8,
				    cases[i].lba & 255, 0, 0, 0, 1),
				BLOCK, NULL, 0),
			    from, BLOCK);
	}
}

static void test_bounds(void **state)
{
	static const struct {
		const char *name;
		uint8_t cdb[16];
		bool good;
	} cases[] = {
		{ "last block", { 0x28, 0, 0, 0, 0x3f, 0xff, 0, 0, 1 }, true },
		{ "no block at the last", { 0x28, 0, 0, 0, 0x3f, 0xff, 0, 0, 0 }, true },
		{ "one past", { 0x28, 0, 0, 0, 0x3f, 0xff, 0, 0, 2 }, false },
		{ "behind", { 0x28, 0, 0, 0, 0x40, 0x00, 0, 0, 1 }, false },
		{ "no block behind", { 0x28, 0, 0, 0, 0x40, 0x00, 0, 0, 0 }, false },
		{ "64 bit", { 0x88, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 }, false },
		{ "wraps", { 0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 2 }, false },
		{ "wraps in bytes", { 0x88, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, false },
		{ "write behind", { 0x2a, 0, 0, 0, 0x40, 0x00, 0, 0, 1 }, false },
		{ "verify wraps",
		  { 0x8f, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 2 },
		  false },
		{ "sync behind", { 0x35, 0, 0, 0, 0x40, 0x01, 0, 0, 1 }, false },
		{ "sync past", { 0x91, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x40, 0 }, false },
		{ "sync all", { 0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0 }, true },
		{ "write same past", { 0x93, 1, 0, 0, 0, 0, 0, 0, 0x3f, 0xff, 0, 0, 0, 2 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct answer *a = host_run(&host, &s, cases[i].cdb, 16, 65536, data, 65536);

		if (cases[i].good)
			expect_good(a);
		else
			expect_sense(a, 5, 0x2100);
	}
}

static void test_transfer_limits(void **state)
{
	/* 8192 blocks are the maximum of page B0h; the longest was read above. */
	expect_bad_field(RUN(CDB(0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 1), sizeof(data),
			     NULL, 0),
			 true, 10, 8);
	expect_bad_field(RUN(CDB(0xa8, 0, 0, 0, 0, 0, 0, 0, 0x20, 1), sizeof(data), NULL, 0), true,
			 6, 8);
	expect_bad_field(RUN(CDB(0x2a, 0, 0, 0, 0, 0, 0, 0x20, 1), 0, data, sizeof(data)), true, 7,
			 8);
	expect_bad_field(RUN(CDB(0x8f, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 1), 0, data,
			     sizeof(data)),
			 true, 10, 8);
	expect_bad_field(RUN(CDB(0x28, 0x20, 0, 0, 0, 0, 0, 0, 1), BLOCK, NULL, 0), true, 1, 5);
	expect_bad_field(RUN(CDB(0x28, 0, 0, 0, 0, 0, 1, 0, 1), BLOCK, NULL, 0), true, 6, 0);
	expect_bad_field(RUN(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 4), BLOCK, NULL, 0), true, 9, 2);
}

static void test_residuals(void **state)
{
	const struct answer *a;

	expect_good(RUN(CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 2), 0, DATA(2)));
	/* Expects less: gets that; the length tells what there was. */
	a = RUN(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2), BLOCK, NULL, 0);
	expect_data(a, data, BLOCK);
	assert_int_equal(a->len, 2 * BLOCK);
	a = RUN(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2), 100, NULL, 0);
	expect_data(a, data, 100);
	a = RUN(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2), 0, NULL, 0);
	expect_good(a);
	assert_int_equal(a->len, 2 * BLOCK);
	/* Expects more. */
	a = RUN(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 4 * BLOCK, NULL, 0);
	expect_data(a, data, BLOCK);
	/* Offers more: only what the CDB says is taken.  Offers less: nothing is written. */
	a = RUN(CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), 0, data + 77, 4 * BLOCK);
	expect_good(a);
	assert_int_equal(a->len, BLOCK);
	expect_data(RUN(CDB(0x28, 0, 0, 0, 0, 1, 0, 0, 1), BLOCK, NULL, 0), data + BLOCK, BLOCK);
	expect_sense(RUN(CDB(0x2a, 0, 0, 0, 0, 1, 0, 0, 2), 0, data + 99, 2 * BLOCK - 1), 5,
		     0x0e03);
	expect_sense(RUN(CDB(0x2a, 0, 0, 0, 0, 1, 0, 0, 2), 0, NULL, 0), 5, 0x0e03);
	expect_data(RUN(CDB(0x28, 0, 0, 0, 0, 1, 0, 0, 1), BLOCK, NULL, 0), data + BLOCK, BLOCK);
}

static void test_verify(void **state)
{
	const struct answer *a;
	uint8_t other[4 * BLOCK];

	expect_good(RUN(CDB(0x2a, 0, 0, 0, 0, 8, 0, 0, 4), 0, DATA(4)));
	expect_good(RUN(CDB(0x2f, 0, 0, 0, 0, 8, 0, 0, 4), 0, NULL, 0));
	expect_good(RUN(CDB(0x2f, 0x02, 0, 0, 0, 8, 0, 0, 4), 0, DATA(4)));
	expect_good(RUN(CDB(0xaf, 0x12, 0, 0, 0, 8, 0, 0, 0, 4), 0, DATA(4)));
	expect_good(RUN(CDB(0x8f, 0x02, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 4), 0, DATA(4)));
	expect_good(RUN(CDB(0x8f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0), 0, NULL, 0));
	memcpy(other, data, sizeof(other));
	other[2 * BLOCK + 5] ^= 1;
	a = RUN(CDB(0x2f, 0x02, 0, 0, 0, 8, 0, 0, 4), 0, other, sizeof(other));
	expect_sense(a, 0x0e, 0x1d00);
	assert_int_equal(a->sense[0], 0xf0);	/* VALID: the block that differs */
	assert_int_equal(get_unaligned_be32(&a->sense[3]), 10);
	expect_bad_field(RUN(CDB(0x2f, 0x04, 0, 0, 0, 8, 0, 0, 4), 0, DATA(4)), true, 1, 2);
	expect_bad_field(RUN(CDB(0x2f, 0x06, 0, 0, 0, 8, 0, 0, 4), 0, DATA(4)), true, 1, 2);
	expect_sense(RUN(CDB(0x2f, 0x02, 0, 0, 0, 8, 0, 0, 4), 0, DATA(3)), 5, 0x0e03);
	expect_good(RUN(CDB(0x2f, 0x02, 0, 0, 0, 8, 0, 0, 0), 0, NULL, 0));
	/* and write before */
	expect_good(RUN(CDB(0x2e, 0x02, 0, 0, 0, 8, 0, 0, 4), 0, other, sizeof(other)));
	expect_data(RUN(CDB(0x28, 0, 0, 0, 0, 8, 0, 0, 4), 4 * BLOCK, NULL, 0), other,
		    sizeof(other));
	expect_good(RUN(CDB(0x8e, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 4), 0, DATA(4)));
	expect_data(RUN(CDB(0x28, 0, 0, 0, 0, 8, 0, 0, 4), 4 * BLOCK, NULL, 0), DATA(4));
}

static void expect_blocks(uint32_t lba, uint32_t blocks, const uint8_t *block)
{
	const struct answer *a =
		RUN(CDB(0xa8, 0, lba >> 24, lba >> 16 & 255, lba >> 8 & 255, lba & 255,
			blocks >> 24, blocks >> 16 & 255, blocks >> 8 & 255, blocks & 255),
		    blocks * BLOCK, NULL, 0);

	expect_good(a);
	for (uint32_t i = 0; i < blocks; i++)
		assert_memory_equal(a->data + i * BLOCK, block, BLOCK);
}

static void test_write_same(void **state)
{
	static const uint8_t zero[BLOCK];

	expect_good(RUN(CDB(0x41, 0, 0, 0, 0, 16, 0, 0, 9), 0, DATA(1)));
	expect_blocks(16, 9, data);
	/* many pieces, each a callback within the call: no recursion */
	expect_good(
		RUN(CDB(0x93, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0x3f, 0xf0), 0, data + 3, BLOCK));
	expect_blocks(16, 8000, data + 3);
	expect_blocks(16384 - 100, 100, data + 3);
	/* zeroes: with data, without, with UNMAP */
	expect_good(RUN(CDB(0x41, 0x08, 0, 0, 0, 17, 0, 0, 1), 0, zero, BLOCK));
	expect_blocks(17, 1, zero);
	expect_good(RUN(CDB(0x93, 0x01, 0, 0, 0, 0, 0, 0, 0, 19, 0, 0, 0, 4), 0, NULL, 0));
	expect_blocks(19, 4, zero);
	expect_good(RUN(CDB(0x93, 0x09, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 8, 0), 0, NULL, 0));
	expect_blocks(64, 2048, zero);
	expect_blocks(18, 1, data + 3);
	expect_blocks(23, 41, data + 3);
	/* UNMAP with other data writes it */
	expect_good(RUN(CDB(0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 8), 0, DATA(1)));
	expect_blocks(64, 8, data);
	expect_bad_field(RUN(CDB(0x93, 0x18, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 8), 0, DATA(1)),
			 true, 1, 4);
	expect_bad_field(RUN(CDB(0x93, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0), 0, DATA(1)), true,
			 10, 8);
	expect_bad_field(RUN(CDB(0x41, 0, 0, 0, 0, 0, 0, 0, 0), 0, DATA(1)), true, 7, 8);
	expect_bad_field(RUN(CDB(0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1), 0, DATA(1)), true,
			 10, 8);
	expect_bad_field(RUN(CDB(0x41, 0x01, 0, 0, 0, 0, 0, 0, 1), 0, DATA(1)), true, 1, 0);
	/* one block, whatever the number of blocks: neither less nor more, and nothing is written */
	expect_blocks(64, 8, data);
	for (unsigned i = 0; i < 3; i++) {
		static const uint32_t lens[] = { BLOCK - 1, BLOCK + 1, 2 * BLOCK };

		expect_sense(RUN(CDB(0x41, 0, 0, 0, 0, 64, 0, 0, 2), 0, data + 9, lens[i]), 5,
			     0x0e03);
		expect_sense(RUN(CDB(0x93, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 2), 0, data + 9,
				 lens[i]),
			     5, 0x0e03);
		expect_sense(RUN(CDB(0x93, 8, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 2), 0, zero,
				 min_t(uint32_t, lens[i], BLOCK - 1)),
			     5, 0x0e03);
	}
	expect_blocks(64, 8, data);
}

static void put_descriptor(uint8_t *list, unsigned i, uint64_t lba, uint32_t blocks)
{
	put_unaligned_be64(lba, list + 8 + 16 * i);
	put_unaligned_be32(blocks, list + 8 + 16 * i + 8);
}

static void test_unmap(void **state)
{
	static const uint8_t zero[BLOCK];
	uint8_t list[8 + 16 * 257] = { 0, 6 + 32, 0, 32 };

	expect_good(RUN(CDB(0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0), 0, DATA(1)));
	put_descriptor(list, 0, 8, 256);
	put_descriptor(list, 1, 1000, 3);
	expect_good(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40), 0, list, 40));
	expect_blocks(8, 256, zero);
	expect_blocks(1000, 3, zero);
	expect_blocks(0, 8, data);
	expect_blocks(264, 736, data);
	expect_blocks(1003, 100, data);
	/* nothing to do */
	expect_good(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 0), 0, NULL, 0));
	expect_good(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 8), 0, list, 8));
	expect_good(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 23), 0, list, 23));
	expect_sense(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 7), 0, list, 7), 5, 0x1a00);
	/* a bad one: none is carried out */
	put_descriptor(list, 0, 2000, 3);
	put_descriptor(list, 1, 16383, 2);
	expect_sense(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40), 0, list, 40), 5, 0x2100);
	put_descriptor(list, 1, UINT64_MAX, 2);
	expect_sense(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 40), 0, list, 40), 5, 0x2100);
	expect_blocks(2000, 3, data);
	expect_bad_field(RUN(CDB(0x42, 1, 0, 0, 0, 0, 0, 0, 40), 0, list, 40), true, 1, 0);
	/* 256 descriptors, and one more */
	put_unaligned_be16(6 + 256 * 16, list);
	put_unaligned_be16(256 * 16, list + 2);
	for (unsigned i = 0; i < 257; i++)
		put_descriptor(list, i, 4 * i, 1);
	expect_good(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0x10, 0x08), 0, list, 8 + 16 * 256));
	expect_blocks(4 * 255, 1, zero);
	expect_blocks(4 * 256, 1, data);
	expect_bad_field(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0x10, 0x18), 0, list, 8 + 16 * 257), true,
			 7, 8);
	/* 1 GiB of blocks in one command, by one descriptor that covers the LUN again and again */
	for (unsigned i = 0; i < 256; i++)
		put_descriptor(list, i, 0, 16384);
	expect_bad_field(RUN(CDB(0x42, 0, 0, 0, 0, 0, 0, 0x10, 0x08), 0, list, 8 + 16 * 256), false,
			 8 + 16 * 128 + 8, 8);
}

/* A read's memory is what it was until it has been sent, whoever writes. */
static void test_stable_source(void **state)
{
	struct host_cmd *rd, *wr, *rd2;
	uint8_t *sending;

	expect_good(RUN(CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 8), 0, DATA(8)));
	host.keep_sent = true;
	rd = host_cmd(&host, &s, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 8), 8 * BLOCK, NULL, 0);
	host_start(rd);
	assert_true(rd->answered);
	sending = scsi_cmd_of(&rd->cmd)->io.data;
	wr = host_cmd(&host, &s, CDB(0x2a, 0, 0, 0, 0, 4, 0, 0, 8), 0, data + 4000, 8 * BLOCK);
	host_start(wr);
	rig_steps(&host.rig, 3);
	assert_false(wr->answered);
	assert_null(wr->data_done);	/* waits for the reader */
	/* The next reader does not stand in its way and sees the old data, from a copy. */
	rd2 = host_cmd(&host, &s, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 8), 8 * BLOCK, NULL, 0);
	host_start(rd2);
	assert_true(rd2->answered);
	assert_memory_equal(rd2->answer.data, data, 8 * BLOCK);
	assert_ptr_not_equal(scsi_cmd_of(&rd2->cmd)->io.data, sending);
	assert_memory_equal(sending, data, 8 * BLOCK);
	host_sent(rd);
	expect_good(host_wait(wr));
	assert_memory_equal(scsi_cmd_of(&rd2->cmd)->io.data, data, 8 * BLOCK);
	host_sent(rd2);
	host.keep_sent = false;
	host_free(rd);
	host_free(rd2);
	host_free(wr);
	expect_data(RUN(CDB(0x28, 0, 0, 0, 0, 4, 0, 0, 8), 8 * BLOCK, NULL, 0), data + 4000,
		    8 * BLOCK);
}

static void test_abort(void **state)
{
	struct host_cmd *rd, *wr;

	host.keep_sent = true;
	rd = host_cmd(&host, &s, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 8), 8 * BLOCK, NULL, 0);
	host_start(rd);
	/* one that waits for the reader */
	wr = host_cmd(&host, &s, CDB(0x2a, 0, 0, 0, 0, 4, 0, 0, 8), 0, data + 4000, 8 * BLOCK);
	host_start(wr);
	assert_false(wr->ended);
	host_abort(wr);
	assert_int_equal(host_wait(wr)->status, 2);
	host_free(wr);
	host_abort(rd);		/* being sent: ends by itself */
	assert_false(rd->ended);
	host_sent(rd);
	host_free(rd);
	host.keep_sent = false;
	/* one whose session breaks while its data is on the way */
	host.keep_data = true;
	wr = host_cmd(&host, &s, CDB(0x2a, 0, 0, 0, 0, 4, 0, 0, 8), 0, data + 4000, 8 * BLOCK);
	host_start(wr);
	assert_non_null(wr->data_done);
	host_abort(wr);
	assert_false(wr->ended);
	host_data(wr, -ECONNRESET);
	host_wait(wr);
	host_free(wr);
	host.keep_data = false;
	/* and nothing is held any more */
	wr = host_cmd(&host, &s, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 8), 0, data, 8 * BLOCK);
	host_start(wr);
	assert_non_null(wr->data_done);
	expect_good(host_wait(wr));
	host_free(wr);
}

static void test_sync_and_stop(void **state)
{
	expect_good(RUN(CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0), 0, NULL, 0));
	expect_good(RUN(CDB(0x35, 2, 0, 0, 0, 0, 0, 0, 0), 0, NULL, 0));
	expect_good(RUN(CDB(0x91, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1), 0, NULL, 0));
	expect_bad_field(RUN(CDB(0x35, 4, 0, 0, 0, 0, 0, 0, 0), 0, NULL, 0), true, 1, 2);
	expect_good(RUN(CDB(0x1b, 0, 0, 0, 1, 0), 0, NULL, 0));
	expect_good(RUN(CDB(0x1b, 1, 0, 0, 0, 0), 0, NULL, 0));
	expect_good(RUN(CDB(0x1b, 0, 0, 0, 4, 0), 0, NULL, 0));
	expect_bad_field(RUN(CDB(0x1b, 0, 0, 0, 0x10, 0), 0, NULL, 0), true, 4, 7);
	expect_bad_field(RUN(CDB(0x1b, 0, 0, 1, 1, 0), 0, NULL, 0), true, 3, 3);
	expect_bad_field(RUN(CDB(0x1b, 0, 0, 0, 2, 0), 0, NULL, 0), true, 4, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_read_forms),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_transfer_limits),
		cmocka_unit_test(test_residuals),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_write_same),
		cmocka_unit_test(test_unmap),
		cmocka_unit_test(test_stable_source),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_sync_and_stop),
	};

	return cmocka_run_group_tests_name("targets/scsi/rw", tests, setup, teardown);
}
