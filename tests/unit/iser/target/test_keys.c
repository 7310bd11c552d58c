// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The keys that a target shows in its Read Requests: worth nothing to who was shown them.
 *
 * What the initiator of the rig does with them is done by the RNIC at its end, as by any peer's.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iser/target/rig.h"

#define LEN	65536u
#define FOREIGN	0x66		/* what nobody may find on the disk */

static struct rig rig;
static struct raw a;

static void open_with(const struct rig_cfg *cfg)
{
	rig_open(&rig, cfg);
	raw_open(&rig, &a, RAW_DEFAULT | RAW_NO_INV);
	raw_login(&a, "InitialR2T=Yes ImmediateData=No");
	memset(a.buf, 0x11, LEN);
	memset(a.buf + LEN, FOREIGN, LEN);
}

static void close_both(void)
{
	raw_close(&a);
	rig_close(&rig);
}

static void send_write(u8 cdb, u32 lba, u32 len)
{
	raw_cmd(&a, 0xa1, cdb, lba, len);
	raw_write_stag(&a, a.mr->rkey, (uintptr_t)a.buf);
	raw_send(&a);
}

/* ---- a peer that uses them ------------------------------------------------------------------- */

enum when { BEFORE, DURING, AFTER, WHENS };

static void attack(enum wr_opcode opcode, u32 rkey, u64 to, u32 len)
{
	struct wr_sge sge = { (uintptr_t)a.buf + LEN, len, a.mr->lkey };
	struct wr_send wr = {
		.opcode = opcode,
		.sges = &sge,
		.sge_n = 1,
		.remote = { to, rkey },
	};
	const struct wr_send *bad;

	if (opcode == WR_SEND_INV)
		wr = (struct wr_send){ .opcode = opcode, .inv_rkey = rkey };
	assert_int_equal(ual_post_send(a.qp, &wr, &bad), 0);
}

static void test_shown_keys(void **state)
{
	static const enum wr_opcode opcodes[] = { WR_WRITE, WR_READ, WR_SEND_INV };
	static const u32 at[] = { 0, 8 * 512, RIG_DISK - 4096 };
	static u8 disk[RIG_DISK];

	for (unsigned int n = 0; n < WHENS * ARRAY_SIZE(opcodes) * ARRAY_SIZE(at); n++) {
		enum when when = n % WHENS;
		enum wr_opcode opcode = opcodes[n / WHENS % ARRAY_SIZE(opcodes)];
		u64 to;

		open_with(NULL);
		to = (uintptr_t)rig.disk + at[n / WHENS / ARRAY_SIZE(opcodes)];
		memcpy(disk, rig.disk, RIG_DISK);
		if (when != BEFORE)
			send_write(CDB_WRITE, 8, LEN);
		if (when == AFTER)
			raw_expect_status(&a, 0);
		attack(opcode, rig.mrs[0]->rkey, to, 4096);
		raw_expect_down(&a);
		assert_true(a.terminated);
		/* what the command itself may have brought */
		if (when != BEFORE)
			for (u32 i = 0; i < LEN; i++)
				if (rig.disk[8 * 512 + i] == 0x11)
					disk[8 * 512 + i] = 0x11;
		assert_memory_equal(rig.disk, disk, RIG_DISK);
		/* nor was anything read */
		for (u32 i = 0; i < 4096; i++)
			assert_int_equal(a.buf[LEN + i], FOREIGN);
		close_both();
	}
}

/* ---- devices that need a sink which the peer may write --------------------------------------- */

static const struct rig_cfg strict = { .sink_remote = true };

static void test_sink_of_its_own(void **state)
{
	static const u32 lens[] = { 1, 512, 4096, 65537, 1 << 20 };
	static const u8 cdbs[] = { CDB_WRITE, CDB_WRITE_PIECES };

	for (size_t c = 0; c < ARRAY_SIZE(cdbs); c++) {
		open_with(&strict);
		for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
			struct ual_pd *pd = oriser_server_pd(rig.server, 0);
			u32 len = min_t(u32, lens[n], cdbs[c] == CDB_WRITE ? ~0u : 256 * 512);
			unsigned int objects = pd->objects;

			for (u32 i = 0; i < len; i++)
				a.buf[i] = (u8)(i * 13 + i / 256 + n);
			send_write(cdbs[c], 8, len);
			raw_expect_status(&a, 0);
			assert_int_equal(rig.last_err, 0);
			assert_memory_equal(rig.disk + 8 * 512, a.buf, len);
			assert_int_equal(pd->objects, objects);
		}
		close_both();
	}
}

/* More pieces than the device has regions: the command ends, the session does not. */
static void test_sinks_run_out(void **state)
{
	struct ual_pd *pd;
	unsigned int objects;

	open_with(&strict);
	pd = oriser_server_pd(rig.server, 0);
	objects = pd->objects;
	send_write(CDB_WRITE_PIECES, 8, 1 << 20);
	raw_expect_status(&a, 0);
	assert_int_equal(rig.last_err, -ENOMEM);
	assert_int_equal(pd->objects, objects);
	send_write(CDB_WRITE, 8, LEN);
	raw_expect_status(&a, 0);
	assert_int_equal(rig.last_err, 0);
	close_both();
}

/* The initiator goes while its memory is read: no region stays behind. */
static void test_sinks_of_a_dead_session(void **state)
{
	for (u32 us = 0; us < 40; us++) {
		struct ual_pd *pd;
		unsigned int objects;

		rig_open(&rig, &strict);
		pd = oriser_server_pd(rig.server, 0);
		objects = pd->objects;
		raw_open(&rig, &a, RAW_DEFAULT | RAW_NO_INV);
		raw_login(&a, "InitialR2T=Yes ImmediateData=No");
		send_write(CDB_WRITE, 8, 1 << 20);
		for (u32 pass = 0; pass < us; pass++)
			ual_loop_step(rig.loops[0], 0);
		assert_int_equal(ual_abort(a.qp), 0);
		rig_pass(&rig, 1000);
		assert_int_equal(pd->objects, objects);
		close_both();
	}
}

/* ---- a backend that asks twice --------------------------------------------------------------- */

static void test_asked_twice(void **state)
{
	for (u32 immediate = 0; immediate <= 512; immediate += 512) {
		rig_open(&rig, NULL);
		raw_open(&rig, &a, RAW_DEFAULT | RAW_NO_INV);
		raw_login(&a, NULL);
		raw_cmd(&a, 0xa1, CDB_WRITE_TWICE, 8, LEN);
		raw_data(&a, a.buf, immediate);
		raw_write_stag(&a, a.mr->rkey, (uintptr_t)a.buf + immediate);
		raw_send(&a);
		raw_expect_status(&a, 0);
		assert_int_equal(rig.dones, 2);
		assert_int_equal(rig.last_err, -EALREADY);
		assert_memory_equal(rig.disk + 8 * 512, a.buf, LEN);
		raw_cmd(&a, 0x81, CDB_READY, 0, 0);
		raw_send(&a);
		raw_expect_status(&a, 0);
		close_both();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown_keys),
		cmocka_unit_test(test_sink_of_its_own),
		cmocka_unit_test(test_sinks_run_out),
		cmocka_unit_test(test_sinks_of_a_dead_session),
		cmocka_unit_test(test_asked_twice),
	};

	return cmocka_run_group_tests_name("iser/target_keys", tests, NULL, NULL);
}
