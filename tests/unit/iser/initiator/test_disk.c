/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The disk against a LUN laid by hand: probing, splitting, retries, replay, time limits, the other LUN. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/iser/initiator/disk_host.h"

/* ---- opening ---------------------------------------------------------------------------------------- */

static void open_info(void **state)
{
	const struct oriser_disk_info *info;
	struct host h;

	host_init(&h);
	h.lun.attentions = 3;
	h.lun.not_ready = 2;
	host_open(&h, 8, 0);
	assert_int_equal(h.open_err, 0);
	info = oriser_disk_info(h.disk);
	assert_int_equal(info->size, 8192 * 512);
	assert_int_equal(info->block_size, 512);
	assert_int_equal(info->discard_max, 1024 * 512);
	assert_true(info->fua && info->write_cache && info->discard && info->write_zeroes);
	assert_string_equal(info->vendor, "VENDOR");
	assert_string_equal(info->product, "PRODUCT");
	assert_string_equal(info->revision, "REV1");
	assert_string_equal(info->serial, "raw0");
	host_close(&h);
	/* a target of old */
	host_init(&h);
	h.lun.no_capacity_16 = true;
	h.lun.no_mode_page = true;
	host_open(&h, 8, 0);
	assert_int_equal(h.open_err, 0);
	assert_int_equal(oriser_disk_info(h.disk)->size, 8192 * 512);
	assert_true(oriser_disk_info(h.disk)->write_cache);
	host_close(&h);
}

static void open_failures(void **state)
{
	static const struct {
		const char *name;
		struct raw_lun lun;
		u16 login_status;
		bool reject;
		int err;
		const char *says;
	} cases[] = {
		{ "no LUN", { .qualifier_type = 0x7f }, 0, false, -ENODEV, "there is no such LUN" },
		{ "a tape", { .qualifier_type = 0x01 }, 0, false, -ENODEV, "no disk" },
		{ "no block size", { .blocks = 8 }, 0, false, -EIO, "a size that cannot be" },
		{ "for ever not ready", { .not_ready = 100000 }, 0, false, -ETIMEDOUT, "in time" },
		{ "no target", { .blocks = 1 }, 0x0203, false, -ENOENT, "not found" },
		{ "forbidden", { .blocks = 1 }, 0x0202, false, -EACCES, "refused the login" },
		{ "out of resources", { .blocks = 1 }, 0x0302, false, -EBUSY, "refused the login" },
		{ "connection refused", { .blocks = 1 }, 0, true, -ECONNREFUSED, "refused" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h;

		host_init(&h);
		h.lun = cases[i].lun;
		h.r.login_status = cases[i].login_status;
		h.r.reject = cases[i].reject;
		host_open(&h, 8, 0);
		if (h.open_err != cases[i].err || !strstr(h.why, cases[i].says))
			fail_msg("%s: %d '%s'", cases[i].name, h.open_err, h.why);
		/* what is submitted to it ends with the same error */
		assert_int_equal(submit(&h, ORISER_FLUSH, 0, 0), 0);
		finish(&h);
		assert_int_equal(h.errs[0], cases[i].err);
		host_close(&h);
	}
}

/* ---- operations ------------------------------------------------------------------------------------- */

static void submit_checks(void **state)
{
	struct host h;

	host_up(&h);
	assert_int_equal(submit(&h, ORISER_READ, 8192, 1), -EINVAL);
	assert_int_equal(submit(&h, ORISER_READ, 8191, 2), -EINVAL);
	assert_int_equal(submit(&h, ORISER_READ, 0, 0), -EINVAL);
	assert_int_equal(submit(&h, ORISER_FLUSH, 0, 1), -EINVAL);
	assert_int_equal(submit(&h, ORISER_DISCARD, UINT64_MAX / 512, 1), -EINVAL);
	assert_int_equal(submit(&h, (enum oriser_op)7, 0, 1), -EINVAL);
	h.ios[0] = (struct oriser_io){
		.op = ORISER_READ, .offset = 1, .len = 512, .buf = h.buf, .mem = h.mem
	};
	assert_int_equal(oriser_disk_submit(h.disk, &h.ios[0]), -EINVAL);
	h.ios[0].offset = 0;
	h.ios[0].len = 511;
	assert_int_equal(oriser_disk_submit(h.disk, &h.ios[0]), -EINVAL);
	h.ios[0].len = 512;
	h.ios[0].buf = h.buf + BUF_LEN - 511;
	assert_int_equal(oriser_disk_submit(h.disk, &h.ios[0]), -EINVAL);
	h.ios[0].mem = NULL;
	assert_int_equal(oriser_disk_submit(h.disk, &h.ios[0]), -EINVAL);
	assert_int_equal(h.log_n, 0);
	host_close(&h);
}

static void large_ones_are_split(void **state)
{
	struct host h;

	host_init(&h);
	h.lun.transfer_max = 256;
	host_open(&h, 8, 0);
	assert_int_equal(oriser_disk_info(h.disk)->io_max, 256 * 512);
	assert_int_equal(submit(&h, ORISER_WRITE, 100, 600), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	assert_int_equal(h.log_n, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(h.log[i].cdb[0], 0x2a);
		assert_int_equal(lba_of(h.log[i].cdb), 100 + 256 * i);
		assert_int_equal(get_unaligned_be16(h.log[i].cdb + 7), i == 2 ? 88 : 256);
	}
	host_close(&h);
}

static void command_unmap(struct host *h, const u8 *msg)
{
	static const u32 lbas[] = { 8, 1032, 2056 }, counts[] = { 1024, 1024, 452 };

	assert_int_equal(raw_cdb(msg)[0], 0x42);
	assert_int_equal(get_unaligned_be16(msg + MSG_DATA), 22);
	assert_int_equal(get_unaligned_be16(msg + MSG_DATA + 2), 16);
	assert_int_equal(get_unaligned_be64(msg + MSG_DATA + 8), lbas[h->left]);
	assert_int_equal(get_unaligned_be32(msg + MSG_DATA + 16), counts[h->left]);
	h->left++;
	good(h, msg);
}

static void command_zeroes(struct host *h, const u8 *msg)
{
	u32 expected = get_unaligned_be32(msg + MSG_BHS + 20);

	assert_int_equal(raw_cdb(msg)[0], 0x93);
	assert_int_equal(expected, 512);
	for (u32 i = 0; i < expected; i++)
		assert_int_equal(msg[MSG_DATA + i], 0);
	good(h, msg);
}

static void discard_and_zeroes(void **state)
{
	struct host h;

	host_up(&h);
	h.command = command_unmap;
	assert_int_equal(submit(&h, ORISER_DISCARD, 8, 2500), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	assert_int_equal(h.left, 3);
	h.command = command_zeroes;
	assert_int_equal(submit(&h, ORISER_WRITE_ZEROES, 0, 5000), 0);
	finish(&h);
	assert_int_equal(h.errs[1], 0);
	assert_int_equal(h.log_n, 6);
	assert_int_equal(get_unaligned_be32(h.log[5].cdb + 10), 5000 - 2 * 2048);
	host_close(&h);
	/* a LUN that has neither */
	host_init(&h);
	h.lun.unmap_max = 0;
	h.lun.write_same_max = 0;
	host_open(&h, 8, 0);
	assert_int_equal(submit(&h, ORISER_DISCARD, 0, 8), 0);
	assert_int_equal(submit(&h, ORISER_WRITE_ZEROES, 0, 8), 0);
	finish(&h);
	assert_int_equal(h.errs[0], -EOPNOTSUPP);
	assert_int_equal(h.errs[1], -EOPNOTSUPP);
	assert_int_equal(h.log_n, 0);
	host_close(&h);
}

static void flush_and_fua(void **state)
{
	static const struct {
		bool fua, cache;
		unsigned commands;
		u8 first_flags;
	} cases[] = {
		{ true, true, 1, 8 },		/* the bit */
		{ false, true, 2, 0 },		/* write, then SYNCHRONIZE CACHE */
		{ false, false, 1, 0 },		/* nothing is cached */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h;

		host_init(&h);
		h.lun.fua = cases[i].fua;
		h.lun.write_cache = cases[i].cache;
		host_open(&h, 8, 0);
		assert_int_equal(submit_flags(&h, ORISER_WRITE, 0, 8, ORISER_FUA), 0);
		finish(&h);
		assert_int_equal(h.errs[0], 0);
		assert_int_equal(h.log_n, cases[i].commands);
		assert_int_equal(h.log[0].cdb[1], cases[i].first_flags);
		if (cases[i].commands == 2)
			assert_int_equal(h.log[1].cdb[0], 0x35);
		assert_int_equal(submit(&h, ORISER_FLUSH, 0, 0), 0);
		finish(&h);
		assert_int_equal(h.log_n, cases[i].commands + cases[i].cache);
		host_close(&h);
	}
}

static struct {
	const char *name;
	u8 status, key, asc, ascq;
	int err;
	unsigned commands;		/* until it is given up, or done */
} bad_answers[] = {
	{ "medium error", 2, 3, 0x11, 0, -EBADMSG, 1 },
	{ "write protected", 2, 7, 0x27, 0, -EROFS, 1 },
	{ "no space", 2, 7, 0x27, 7, -ENOSPC, 1 },
	{ "unknown command", 2, 5, 0x20, 0, -EOPNOTSUPP, 1 },
	{ "hardware error", 2, 4, 0x44, 0, -EIO, 1 },
	{ "aborted for ever", 2, 0xb, 0x47, 0, -EIO, 17 },
	{ "attention for ever", 2, 6, 0x29, 0, -EIO, 17 },
};

static unsigned bad_answer;

static void command_bad(struct host *h, const u8 *msg)
{
	raw_check(&h->r, msg, bad_answers[bad_answer].key, bad_answers[bad_answer].asc,
		  bad_answers[bad_answer].ascq);
}

static void errors(void **state)
{
	struct host h;

	host_up(&h);
	h.command = command_bad;
	for (bad_answer = 0; bad_answer < ARRAY_SIZE(bad_answers); bad_answer++) {
		unsigned i = h.submitted, before = h.log_n;

		assert_int_equal(submit(&h, ORISER_WRITE, 0, 1), 0);
		finish(&h);
		if (h.errs[i] != bad_answers[bad_answer].err ||
		    h.log_n - before != bad_answers[bad_answer].commands)
			fail_msg("%s: %d after %u commands", bad_answers[bad_answer].name,
				 h.errs[i], h.log_n - before);
		if (!strstr(oriser_disk_last_error(h.disk),
			    "write of 1 blocks at 0: check condition"))
			fail_msg("%s", oriser_disk_last_error(h.disk));
	}
	host_close(&h);
}

static void command_busy(struct host *h, const u8 *msg)
{
	if (h->left) {
		h->left--;
		raw_respond(&h->r, msg, h->left & 1 ? 0x08 : 0x28, NULL, 0, false);
	} else {
		good(h, msg);
	}
}

static void busy(void **state)
{
	struct host h;
	u64 started;

	host_up(&h);
	h.command = command_busy;
	h.left = 50;
	started = ual_loop_now(h.r.loop);
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 1), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	assert_int_equal(h.log_n, 51);
	assert_true(ual_loop_now(h.r.loop) - started >= 900 * 1000000ull);
	host_close(&h);
}

static void command_short(struct host *h, const u8 *msg)
{
	static const u8 data[512];

	raw_data_in(&h->r, msg, data, sizeof(data));
}

/* GOOD with a residual is no success for a block operation. */
static void short_read(void **state)
{
	struct host h;

	host_up(&h);
	h.command = command_short;
	assert_int_equal(submit(&h, ORISER_READ, 0, 2), 0);
	finish(&h);
	assert_int_equal(h.errs[0], -EIO);
	assert_non_null(strstr(oriser_disk_last_error(h.disk), "512 bytes less"));
	host_close(&h);
}

static void command_attention(struct host *h, const u8 *msg)
{
	if (h->left) {
		h->left--;
		h->lun.blocks = 10000;
		raw_check(&h->r, msg, 6, 0x2a, 0x09);
	} else {
		good(h, msg);
	}
}

static void capacity_changes(void **state)
{
	struct host h;

	host_up(&h);
	h.command = command_attention;
	h.left = 1;
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 1), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	raw_until(&h.r, told_state, &h, 1000);
	assert_int_equal(h.state, ORISER_DISK_UP);
	assert_int_equal(oriser_disk_info(h.disk)->size, 10000 * 512);
	assert_non_null(strstr(h.why, "5120000"));
	assert_int_equal(submit(&h, ORISER_READ, 9999, 1), 0);
	h.command = command_short;
	finish(&h);
	assert_int_equal(h.errs[1], 0);
	host_close(&h);
}

/* ---- sessions come and go --------------------------------------------------------------------------- */

/* Answers the even ones, then breaks the connection. */
static void command_half(struct host *h, const u8 *msg)
{
	if (h->r.conns > 1 || lba_of(raw_cdb(msg)) % 2 == 0)
		good(h, msg);
}

static void replay_in_order(void **state)
{
	struct host h;
	u8 isid[6];
	unsigned n = 0;

	host_up(&h);
	memcpy(isid, h.r.isid, sizeof(isid));
	h.command = command_half;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(submit(&h, ORISER_WRITE, i, 1), 0);
	raw_run_ms(&h.r, 100);
	/* depth is 8: the odd ones pile up until nothing more can go */
	assert_int_equal(h.ended, 8);
	assert_int_equal(h.log_n, 16);
	raw_drop(&h.r);
	finish(&h);
	assert_int_equal(h.r.conns, 2);
	assert_memory_equal(h.r.isid, isid, sizeof(isid));
	assert_int_equal(h.states, 2);
	assert_int_equal(h.state, ORISER_DISK_UP);
	/* nothing answered is repeated; the unanswered come first, in order, then the rest */
	for (unsigned i = 16; i < h.log_n; i++, n++) {
		u32 want = n < 8 ? 2 * n + 1 : 8 + n;

		assert_int_equal(lba_of(h.log[i].cdb), want);
	}
	assert_int_equal(n, 12);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(h.errs[i], 0);
	host_close(&h);
}

static void command_hold(struct host *h, const u8 *msg)
{
	assert_true(h->held_n < IOS);
	memcpy(h->held[h->held_n++], msg, MSG_DATA);
}

static void other_lun(void **state)
{
	struct host h;

	host_up(&h);
	h.command = command_hold;
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(submit(&h, ORISER_WRITE, i, 1), 0);
	raw_run_ms(&h.r, 100);
	strcpy(h.lun.serial, "raw1");
	h.command = NULL;
	raw_drop(&h.r);
	finish(&h);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(h.errs[i], -EREMCHG);
	assert_int_equal(h.state, ORISER_DISK_FAILED);
	assert_non_null(strstr(h.why, "another one"));
	assert_int_equal(submit(&h, ORISER_READ, 0, 1), 0);
	finish(&h);
	assert_int_equal(h.errs[12], -EREMCHG);
	assert_int_equal(h.log_n, 8);	/* nothing was written to it */
	host_close(&h);
}

static void grown_while_away(void **state)
{
	struct host h;

	host_up(&h);
	h.lun.blocks = 9000;
	raw_drop(&h.r);
	raw_run_ms(&h.r, 1000);
	assert_int_equal(h.states, 3);	/* lost, back, size */
	assert_int_equal(h.state, ORISER_DISK_UP);
	assert_int_equal(oriser_disk_info(h.disk)->size, 9000 * 512);
	host_close(&h);
}

static void time_limit(void **state)
{
	struct host h;
	u64 lost_at;

	host_init(&h);
	host_open(&h, 8, 3000);
	h.command = command_hold;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(submit(&h, ORISER_WRITE, i, 1), 0);
	raw_run_ms(&h.r, 10);
	raw_unlisten(&h.r);
	raw_drop(&h.r);
	raw_until(&h.r, told_state, &h, 1000);
	lost_at = ual_loop_now(h.r.loop);
	raw_run_ms(&h.r, 2900);
	assert_int_equal(h.ended, 0);
	finish(&h);
	assert_in_range(ual_loop_now(h.r.loop) - lost_at, 2900 * 1000000ull, 3100 * 1000000ull);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(h.errs[i], -ETIMEDOUT);
	/* from now on at once, until it is back */
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 1), 0);
	raw_run_ms(&h.r, 1);
	assert_int_equal(h.errs[10], -ETIMEDOUT);
	h.command = NULL;
	raw_listen(&h.r);
	raw_run_ms(&h.r, 3000);
	assert_int_equal(h.state, ORISER_DISK_UP);
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 1), 0);
	finish(&h);
	assert_int_equal(h.errs[11], 0);
	host_close(&h);
}

static void command_mute(struct host *h, const u8 *msg)
{
	/* it lives, answers questions and pings, and everything but writes of block 0 */
	if (lba_of(raw_cdb(msg)))
		good(h, msg);
}

/* A target that never answers a command: once more over a new session, then the operation fails. */
static void mute_target(void **state)
{
	struct host h;
	u64 from;

	host_init(&h);
	host_open(&h, 2, 8000);
	h.command = command_mute;
	from = ual_loop_now(h.r.loop);
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 1), 0);
	raw_run_ms(&h.r, 3000);
	assert_int_equal(submit(&h, ORISER_WRITE, 5, 1), 0);
	raw_run_ms(&h.r, 900);
	assert_int_equal(h.errs[1], 0);		/* it alone is stuck */
	assert_int_equal(h.r.conns, 1);
	raw_run_ms(&h.r, 1000);
	assert_int_equal(h.r.conns, 2);
	assert_int_equal(h.errs[0], 1);
	assert_int_equal(h.log_n, 3);		/* sent again */
	finish(&h);
	assert_in_range(ual_loop_now(h.r.loop) - from, 8000 * 1000000ull, 9500 * 1000000ull);
	assert_int_equal(h.errs[0], -ETIMEDOUT);
	assert_non_null(strstr(oriser_disk_last_error(h.disk), "has not answered a command"));
	/* what comes after is served again */
	raw_run_ms(&h.r, 1000);
	assert_int_equal(submit(&h, ORISER_WRITE, 7, 1), 0);
	finish(&h);
	assert_int_equal(h.errs[2], 0);
	assert_int_equal(h.log_n, 4);
	host_close(&h);
}

static void command_break(struct host *h, const u8 *msg)
{
	raw_drop(&h->r);
}

/* A target that breaks each session at its first command; others wait for their turn behind it. */
static void every_session_breaks(void **state)
{
	struct host h;
	u64 from;

	host_init(&h);
	host_open(&h, 1, 5000);
	h.command = command_break;
	from = ual_loop_now(h.r.loop);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(submit(&h, ORISER_WRITE, i, 1), 0);
	finish(&h);
	assert_in_range(ual_loop_now(h.r.loop) - from, 5000 * 1000000ull, 8000 * 1000000ull);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(h.errs[i], -ETIMEDOUT);
	host_close(&h);
}

/* Connecting again: soon at first, then at most every two seconds. */
static void backoff(void **state)
{
	struct host h;

	host_up(&h);
	h.r.reject = true;
	raw_drop(&h.r);
	raw_run_ms(&h.r, 20000);
	assert_in_range(sim_stats(h.r.sim).connections, 10, 20);
	h.r.reject = false;
	raw_run_ms(&h.r, 2500);
	assert_int_equal(h.state, ORISER_DISK_UP);
	host_close(&h);
}

/* A cached write whose flush met another session may be gone: both are done again. */
static void command_lose_flush(struct host *h, const u8 *msg)
{
	if (raw_cdb(msg)[0] == 0x35 && h->r.conns == 1)
		raw_drop(&h->r);
	else
		good(h, msg);
}

static void emulated_fua_is_not_torn(void **state)
{
	static const u8 want[] = { 0x2a, 0x35, 0x35, 0x2a, 0x35 };
	struct host h;

	host_init(&h);
	h.lun.fua = false;
	host_open(&h, 8, 0);
	h.command = command_lose_flush;
	assert_int_equal(submit_flags(&h, ORISER_WRITE, 5, 1, ORISER_FUA), 0);
	finish(&h);
	assert_int_equal(h.errs[0], 0);
	assert_int_equal(h.log_n, ARRAY_SIZE(want));
	for (unsigned i = 0; i < h.log_n; i++)
		assert_int_equal(h.log[i].cdb[0], want[i]);
	host_close(&h);
}

/* ---- closing ---------------------------------------------------------------------------------------- */

static void close_waits(void **state)
{
	struct host h;

	host_up(&h);
	h.command = command_hold;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(submit(&h, ORISER_WRITE, i, 1), 0);
	raw_run_ms(&h.r, 10);
	oriser_disk_close(h.disk, on_closed, &h);
	assert_int_equal(submit(&h, ORISER_WRITE, 0, 1), -EINVAL);
	raw_run_ms(&h.r, 1000);
	assert_false(h.closed);
	for (unsigned i = 0; i < h.held_n; i++)
		good(&h, h.held[i]);
	raw_until(&h.r, is_closed, &h, 1000);
	assert_int_equal(h.ended, 3);
	assert_int_equal(h.errs[2], 0);
	raw_close(&h.r);
	free(h.buf);
}

static void close_does_not_wait_for_ever(void **state)
{
	struct host h;

	for (unsigned lost = 0; lost < 2; lost++) {
		host_up(&h);
		h.command = command_hold;
		for (unsigned i = 0; i < 12; i++)
			assert_int_equal(submit(&h, ORISER_WRITE, i, 1), 0);
		raw_run_ms(&h.r, 10);
		if (lost) {
			raw_unlisten(&h.r);
			raw_drop(&h.r);
		}
		oriser_disk_close(h.disk, on_closed, &h);
		raw_until(&h.r, is_closed, &h, 5100);
		assert_int_equal(h.ended, 12);
		assert_int_equal(h.errs[0], -ETIMEDOUT);
		if (lost)
			raw_listen(&h.r);
		raw_close(&h.r);
		free(h.buf);
	}
}

static void close_in_any_state(void **state)
{
	struct oriser_url url;
	char err[200];

	oriser_url_parse("iser://127.0.0.1/iqn.2026-11.a:b/0", &url, err, sizeof(err));
	for (unsigned us = 0; us < 400; us += 4) {
		struct host h;
		struct oriser_disk_cfg cfg = { .url = &url };

		host_init(&h);
		cfg.dev = h.r.initiator;
		assert_int_equal(oriser_disk_open(&cfg, &disk_host_ops, &h, &h.disk), 0);
		for (unsigned i = 0; i < us; i++)
			ual_loop_step(h.r.loop, 1000);
		oriser_disk_close(h.disk, on_closed, &h);
		raw_until(&h.r, is_closed, &h, 6000);
		raw_close(&h.r);
		free(h.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_info),
		cmocka_unit_test(open_failures),
		cmocka_unit_test(submit_checks),
		cmocka_unit_test(large_ones_are_split),
		cmocka_unit_test(discard_and_zeroes),
		cmocka_unit_test(flush_and_fua),
		cmocka_unit_test(errors),
		cmocka_unit_test(busy),
		cmocka_unit_test(short_read),
		cmocka_unit_test(capacity_changes),
		cmocka_unit_test(replay_in_order),
		cmocka_unit_test(other_lun),
		cmocka_unit_test(grown_while_away),
		cmocka_unit_test(time_limit),
		cmocka_unit_test(mute_target),
		cmocka_unit_test(every_session_breaks),
		cmocka_unit_test(backoff),
		cmocka_unit_test(emulated_fua_is_not_torn),
		cmocka_unit_test(close_waits),
		cmocka_unit_test(close_does_not_wait_for_ever),
		cmocka_unit_test(close_in_any_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
