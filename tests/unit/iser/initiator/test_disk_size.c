/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* How much one command moves: what the URL asks for, and what is learnt from a target that cannot take it. */
#include "tests/unit/iser/initiator/disk_host.h"

#define MIB		2048	/* in blocks */
#define MSG_EXPECTED	(MSG_BHS + 20)	/* bytes that the command moves */

static u32 blocks_of(const u8 *cdb)
{
	return get_unaligned_be16(cdb + 7);
}

/* The target ends the connection when it is asked for more than left blocks at once. */
static void command_refuse(struct host *h, const u8 *msg)
{
	if (get_unaligned_be32(msg + MSG_EXPECTED) > h->left * 512)
		raw_drop(&h->r);
	else
		good(h, msg);
}

struct want {
	u8 op;
	u32 lba, blocks;
};

static void check_log(const struct host *h, const struct want *want, unsigned n)
{
	for (unsigned i = 0; i < n && i < h->log_n; i++) {
		const u8 *cdb = h->log[i].cdb;

		if (cdb[0] != want[i].op ||
		    (want[i].op != 0x35 &&
		     (lba_of(cdb) != want[i].lba || blocks_of(cdb) != want[i].blocks)))
			fail_msg("command %u: %02x of %u blocks at %u", i, cdb[0], blocks_of(cdb),
				 lba_of(cdb));
	}
	assert_int_equal(h->log_n, n);
}

static void learnt_from_a_target(void **state)
{
	static const struct want want[] = {
		{ 0x2a, 100, MIB },	/* each of both ends a session */
		{ 0x2a, 100, MIB },
		{ 0x2a, 100, MIB / 2 },
		{ 0x2a, 100 + MIB / 2, MIB / 2 },
		{ 0x2a, 0, MIB / 2 },	/* it does not forget */
		{ 0x2a, MIB / 2, MIB / 2 },
		{ 0x2a, MIB, 88 },
	};
	struct host h;

	host_up(&h);
	h.command = command_refuse;
	h.left = MIB / 2;
	assert_int_equal(submit(&h, ORISER_WRITE, 100, MIB), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	assert_int_equal(h.r.conns, 3);
	assert_int_equal(h.state, ORISER_DISK_UP);
	assert_non_null(strstr(h.why, "asked it for 1024 KiB at once"));
	assert_non_null(strstr(h.why, "at most 512 KiB"));
	assert_int_equal(oriser_disk_info(h.disk)->io_max, MIB / 2 * 512);
	assert_int_equal(submit(&h, ORISER_WRITE, 0, MIB + 88), 0);
	finish(&h);
	assert_int_equal(h.errs[1], 0);
	assert_int_equal(h.r.conns, 3);
	check_log(&h, want, ARRAY_SIZE(want));
	host_close(&h);
}

/* Operations are not as large as they may be: half of one would be too little for all that follow. */
static void the_next_power_of_two(void **state)
{
	static const struct want want[] = {
		{ 0x2a, 0, 1100 },
		{ 0x2a, 0, 1100 },
		{ 0x2a, 0, MIB / 2 },
		{ 0x2a, MIB / 2, 1100 - MIB / 2 },
	};
	struct host h;

	host_up(&h);
	h.command = command_refuse;
	h.left = MIB / 2;
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 1100), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	assert_non_null(strstr(h.why, "at most 512 KiB"));
	check_log(&h, want, ARRAY_SIZE(want));
	host_close(&h);
}

/* It goes down again, ends at 128 KiB, and the operation ends when its time is over. */
static void not_for_ever(void **state)
{
	struct host h;
	u32 least = MIB;

	host_init(&h);
	host_open(&h, 8, 20000);
	h.command = command_refuse;
	h.left = 1;
	assert_int_equal(submit(&h, ORISER_READ, 0, MIB), 0);
	finish(&h);
	assert_int_equal(h.errs[0], -ETIMEDOUT);
	for (unsigned i = 0; i < h.log_n; i++) {
		assert_true(blocks_of(h.log[i].cdb) <= least);
		least = blocks_of(h.log[i].cdb);
	}
	assert_int_equal(least, MIB / 8);
	host_close(&h);
}

/* Only the largest of what was out is cut; smaller commands beside it, whose answers were lost, are not. */
static void others_stay_as_they_are(void **state)
{
	static const struct want want[] = {
		{ 0x2a, 0, 300 },	 { 0x2a, 4096, MIB },	  { 0x2a, 0, 300 },
		{ 0x2a, 4096, MIB },	 { 0x2a, 0, 300 },	  { 0x2a, 4096, MIB / 2 },
		{ 0x2a, 0, 300 },	 { 0x2a, 4096, MIB / 2 }, { 0x2a, 0, 300 },
		{ 0x2a, 4096, MIB / 4 }, { 0x2a, 7000, 8 },	  { 0x2a, 4608, MIB / 4 },
		{ 0x2a, 5120, MIB / 4 }, { 0x2a, 5632, MIB / 4 },
	};
	struct host h;

	host_up(&h);
	h.command = command_refuse;
	h.left = 600;
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 300), 0);
	assert_int_equal(submit(&h, ORISER_WRITE, 4096, MIB), 0);
	assert_int_equal(submit(&h, ORISER_WRITE, 7000, 8), 0);
	finish(&h);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(h.errs[i], 0);
	check_log(&h, want, ARRAY_SIZE(want));
	host_close(&h);
}

static void command_drop_first(struct host *h, const u8 *msg)
{
	if (h->log_n == 1)
		raw_drop(&h->r);
	else
		good(h, msg);
}

/* A session may end for any reason: once says nothing. */
static void once_is_no_reason(void **state)
{
	static const struct want want[] = { { 0x2a, 0, MIB }, { 0x2a, 0, MIB } };
	struct host h;

	host_up(&h);
	h.command = command_drop_first;
	assert_int_equal(submit(&h, ORISER_WRITE, 0, MIB), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	assert_null(strstr(h.why, "KiB"));
	check_log(&h, want, ARRAY_SIZE(want));
	host_close(&h);
}

/* A write whose parts met different sessions may be half gone at a target that cached it: all of it again. */
static void emulated_fua_of_parts(void **state)
{
	static const struct want want[] = {
		{ 0x2a, 0, MIB },     { 0x2a, 0, MIB },
		{ 0x2a, 0, MIB / 2 }, { 0x2a, MIB / 2, MIB / 2 },
		{ 0x2a, 0, MIB / 2 }, { 0x2a, MIB / 2, MIB / 2 },
		{ 0x35, 0, 0 },
	};
	struct host h;

	host_init(&h);
	h.lun.fua = false;
	host_open(&h, 8, 0);
	h.command = command_refuse;
	h.left = MIB / 2;
	assert_int_equal(submit_flags(&h, ORISER_WRITE, 0, MIB, ORISER_FUA), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	check_log(&h, want, ARRAY_SIZE(want));
	host_close(&h);
}

static void command_second_part_fails(struct host *h, const u8 *msg)
{
	if (lba_of(raw_cdb(msg)) == MIB / 2)
		raw_check(&h->r, msg, 3, 0x0c, 0);
	else
		command_refuse(h, msg);
}

static void a_part_fails(void **state)
{
	struct host h;

	host_up(&h);
	h.command = command_second_part_fails;
	h.left = MIB / 2;
	assert_int_equal(submit(&h, ORISER_WRITE, 0, MIB), 0);
	finish(&h);
	assert_int_equal(h.errs[0], -EBADMSG);
	assert_non_null(strstr(oriser_disk_last_error(h.disk), "write of 1024 blocks at 1024"));
	host_close(&h);
}

static void asked_for_by_the_url(void **state)
{
	static const struct {
		const char *options;
		u32 transfer_max, block_size, io_max;
	} cases[] = {
		{ "?max-io=64K", 0, 512, 64 << 10 },
		{ "?max-io=64K", 8, 512, 4096 },
		{ "?max-io=512K", 4096, 512, 512 << 10 },
		{ "?max-io=4K", 0, 65536, 65536 },	/* never less than a block */
		{ NULL, 0, 512, 1 << 20 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h;

		host_init(&h);
		h.url_options = cases[i].options;
		h.lun.transfer_max = cases[i].transfer_max;
		h.lun.block_size = cases[i].block_size;
		host_open(&h, 8, 0);
		assert_int_equal(h.open_err, 0);
		assert_int_equal(oriser_disk_info(h.disk)->io_max, cases[i].io_max);
		assert_int_equal(submit(&h, ORISER_WRITE, 0, MIB), 0);
		finish(&h);
		assert_int_equal(h.log_n, (1 << 20) / cases[i].io_max);
		host_close(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learnt_from_a_target), cmocka_unit_test(the_next_power_of_two),
		cmocka_unit_test(not_for_ever),		cmocka_unit_test(others_stay_as_they_are),
		cmocka_unit_test(once_is_no_reason),	cmocka_unit_test(emulated_fua_of_parts),
		cmocka_unit_test(a_part_fails),		cmocka_unit_test(asked_for_by_the_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
