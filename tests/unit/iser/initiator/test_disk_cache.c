/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What a flush says after the target may have lost its cache, and what it says when it has not. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/iser/initiator/disk_host.h"

static int run(struct host *h, enum oriser_op op, u32 flags)
{
	unsigned i = h->submitted;

	assert_int_equal(submit_flags(h, op, 0, op == ORISER_FLUSH ? 0 : 1, flags), 0);
	finish(h);
	return h->errs[i];
}

static bool is_up(void *ctx)
{
	struct host *h = ctx;

	return h->states >= 2 && h->state == ORISER_DISK_UP;
}

static void back(struct host *h)
{
	raw_until(&h->r, is_up, h, 20000);
	h->states = 0;
}

/* ---- how the session ends, and what the target is afterwards ---------------------------------------- */

static void break_network(struct host *h)
{
	raw_drop(&h->r);
	back(h);
}

static void restart_another(struct host *h)
{
	h->lun.instance++;
	raw_drop(&h->r);
	back(h);
}

static void restart_same(struct host *h)
{
	raw_unlisten(&h->r);
	raw_drop(&h->r);
	raw_run_ms(&h->r, 500);
	raw_listen(&h->r);
	back(h);
}

static void another_software(struct host *h)
{
	h->lun.instance = 0;
	raw_drop(&h->r);
	back(h);
}

static void no_target(struct host *h)
{
	h->r.login_status = 0x0203;
	raw_drop(&h->r);
	raw_run_ms(&h->r, 500);
	h->r.login_status = 0;
	back(h);
}

static void attention(struct host *h, u8 ascq)
{
	h->lun.attentions = 1;
	h->lun.attention_ascq = ascq;
	raw_drop(&h->r);
	back(h);
}

static void attention_any(struct host *h)
{
	attention(h, 0);
}

static void attention_power_on(struct host *h)
{
	attention(h, 1);
}

static void attention_internal_reset(struct host *h)
{
	attention(h, 4);
}

static void attention_nexus_loss(struct host *h)
{
	attention(h, 7);
}

static void command_power_on(struct host *h, const u8 *msg)
{
	if (h->left) {
		h->left--;
		raw_check(&h->r, msg, 6, 0x29, 0x01);
	} else {
		good(h, msg);
	}
}

/* The session stays; the next command meets the attention. */
static void power_on_in_session(struct host *h)
{
	h->command = command_power_on;
	h->left = 1;
	assert_int_equal(run(h, ORISER_WRITE, ORISER_FUA), 0);
	assert_int_equal(h->left, 0);
}

static const struct {
	const char *name;
	u8 instance;
	void (*happens)(struct host *h);
	bool lost;
} events[] = {
	{ "ours, the network", 7, break_network, false },
	{ "ours, another instance", 7, restart_another, true },
	{ "ours, the daemon alone", 7, restart_same, false },
	{ "ours, then another software", 7, another_software, true },
	{ "ours, says power on, is the same", 7, attention_power_on, false },
	{ "theirs, the network", 0, break_network, false },
	{ "theirs, nobody listened for a while", 0, restart_same, true },
	{ "theirs, no such target for a while", 0, no_target, true },
	{ "theirs, 29/00 as to every session", 0, attention_any, false },
	{ "theirs, power on", 0, attention_power_on, true },
	{ "theirs, internal reset", 0, attention_internal_reset, true },
	{ "theirs, nexus loss", 0, attention_nexus_loss, false },
	{ "theirs, power on in a session", 0, power_on_in_session, true },
};

static void open_host(struct host *h, u8 instance)
{
	host_init(h);
	h->lun.instance = instance;
	host_open(h, 8, 0);
	assert_int_equal(h->open_err, 0);
}

static void first_flush_fails(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(events); i++) {
		struct host h;
		int err;

		open_host(&h, events[i].instance);
		assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
		events[i].happens(&h);
		err = run(&h, ORISER_FLUSH, 0);
		if (err != (events[i].lost ? -EIO : 0))
			fail_msg("%s: the flush ends with %d", events[i].name, err);
		if (err && !strstr(oriser_disk_last_error(h.disk), "lost its cache"))
			fail_msg("%s: %s", events[i].name, oriser_disk_last_error(h.disk));
		/* once */
		if (run(&h, ORISER_FLUSH, 0))
			fail_msg("%s: the second flush fails, too", events[i].name);
		host_close(&h);
	}
}

/* What has nothing in a cache loses nothing. */
static void nothing_to_lose(void **state)
{
	static const struct {
		const char *name;
		enum oriser_op op;
		u32 flags;
		bool no_fua, no_cache, flushed, lost;
	} cases[] = {
		{ "write", ORISER_WRITE, 0, false, false, false, true },
		{ "zeroes", ORISER_WRITE_ZEROES, 0, false, false, false, true },
		{ "discard", ORISER_DISCARD, 0, false, false, false, true },
		{ "read", ORISER_READ, 0, false, false, false, false },
		{ "FUA", ORISER_WRITE, ORISER_FUA, false, false, false, false },
		{ "FUA by flush", ORISER_WRITE, ORISER_FUA, true, false, false, false },
		{ "zeroes with FUA", ORISER_WRITE_ZEROES, ORISER_FUA, false, false, false, false },
		{ "no cache", ORISER_WRITE, 0, false, true, false, false },
		{ "flushed", ORISER_WRITE, 0, false, false, true, false },
	};
	static const u8 data[512];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h;
		int err;

		host_init(&h);
		h.lun.instance = 1;
		h.lun.fua = !cases[i].no_fua;
		h.lun.write_cache = !cases[i].no_cache;
		host_open(&h, 8, 0);
		if (cases[i].op != ORISER_READ)
			assert_int_equal(run(&h, cases[i].op, cases[i].flags), 0);
		if (cases[i].flushed)
			assert_int_equal(run(&h, ORISER_FLUSH, 0), 0);
		restart_another(&h);
		err = run(&h, ORISER_FLUSH, 0);
		if (err != (cases[i].lost ? -EIO : 0))
			fail_msg("%s: the flush ends with %d", cases[i].name, err);
		assert_memory_equal(h.buf, data, sizeof(data));
		host_close(&h);
	}
}

static void command_hold(struct host *h, const u8 *msg)
{
	assert_true(h->held_n < IOS);
	memcpy(h->held[h->held_n++], msg, MSG_DATA);
}

/* Flushes that are out, or wait, when the session breaks: each of them was meant for what is lost. */
static void flushes_race_with_the_break(void **state)
{
	struct host h;

	open_host(&h, 1);
	assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
	h.command = command_hold;
	assert_int_equal(submit(&h, ORISER_FLUSH, 0, 0), 0);
	assert_int_equal(submit(&h, ORISER_FLUSH, 0, 0), 0);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.held_n, 2);
	h.command = NULL;
	h.lun.instance++;
	raw_drop(&h.r);
	raw_run_ms(&h.r, 1);
	assert_int_equal(submit(&h, ORISER_FLUSH, 0, 0), 0);	/* while there is no session */
	finish(&h);
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(h.errs[i], -EIO);
	assert_int_equal(run(&h, ORISER_FLUSH, 0), 0);
	/* it was answered, but not before the break: had it a good end? nobody can know */
	assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
	restart_another(&h);
	assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
	assert_int_equal(run(&h, ORISER_FLUSH, 0), -EIO);
	restart_another(&h);
	assert_int_equal(run(&h, ORISER_FLUSH, 0), 0);
	host_close(&h);
}

/* A flush covers what was answered when it was sent, not what was answered while it was out. */
static void covers_what_was_answered(void **state)
{
	struct host h;

	open_host(&h, 1);
	assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
	h.command = command_hold;
	assert_int_equal(submit(&h, ORISER_FLUSH, 0, 0), 0);
	raw_run_ms(&h.r, 10);
	h.command = NULL;
	assert_int_equal(submit(&h, ORISER_WRITE, 8, 1), 0);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.errs[2], 0);
	good(&h, h.held[0]);
	finish(&h);
	assert_int_equal(h.errs[1], 0);
	restart_another(&h);
	assert_int_equal(run(&h, ORISER_FLUSH, 0), -EIO);
	host_close(&h);
}

static void command_break_once(struct host *h, const u8 *msg)
{
	if (h->left && lba_of(raw_cdb(msg)) == 256) {
		h->left = 0;
		h->lun.instance++;
		raw_drop(&h->r);
	} else {
		good(h, msg);
	}
}

/* The first part of a long write was answered by a target that is gone: all of it is sent again. */
static void a_part_is_lost(void **state)
{
	static const u32 want[] = { 0, 256, 256, 512, 0, 256, 512 };
	static const u32 want_fua[] = { 0, 256, 256, 512 };

	for (unsigned fua = 0; fua < 2; fua++) {
		const u32 *lbas = fua ? want_fua : want;
		unsigned n = fua ? ARRAY_SIZE(want_fua) : ARRAY_SIZE(want);
		struct host h;

		host_init(&h);
		h.lun.instance = 1;
		h.lun.transfer_max = 256;
		host_open(&h, 1, 0);
		h.command = command_break_once;
		h.left = 1;
		assert_int_equal(submit_flags(&h, ORISER_WRITE, 0, 600, fua ? ORISER_FUA : 0), 0);
		finish(&h);
		assert_int_equal(h.errs[0], 0);
		assert_int_equal(h.log_n, n);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(lba_of(h.log[i].cdb), lbas[i]);
		/* nothing that was answered is lost */
		assert_int_equal(run(&h, ORISER_FLUSH, 0), 0);
		host_close(&h);
	}
}

/* Several users of one disk: each is told once, whoever comes first; a new one of what nobody was told of. */
static void each_is_told_once(void **state)
{
	struct host h;
	uint32_t a, b, c;

	open_host(&h, 1);
	a = b = oriser_disk_losses_told(h.disk);
	assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
	restart_another(&h);
	c = oriser_disk_losses_told(h.disk);
	for (unsigned round = 0; round < 2; round++) {
		static const unsigned want[2] = { 3, 0 };
		uint32_t *const users[3] = { &a, &b, &c };
		unsigned failed = 0;

		for (unsigned i = 0; i < 3; i++) {
			unsigned n = h.submitted;

			h.told = users[i];
			assert_int_equal(submit(&h, ORISER_FLUSH, 0, 0), 0);
			finish(&h);
			failed += h.errs[n] == -EIO;
		}
		assert_int_equal(failed, want[round]);
	}
	c = oriser_disk_losses_told(h.disk);
	h.told = &c;
	assert_int_equal(run(&h, ORISER_FLUSH, 0), 0);
	/* and the disk's own */
	h.told = NULL;
	assert_int_equal(run(&h, ORISER_FLUSH, 0), -EIO);
	assert_int_equal(run(&h, ORISER_FLUSH, 0), 0);
	host_close(&h);
}

/* The cache was switched off after the loss: what was lost before is told nevertheless. */
static void cache_switched_off(void **state)
{
	struct host h;

	open_host(&h, 1);
	assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
	h.lun.write_cache = false;
	restart_another(&h);
	assert_int_equal(run(&h, ORISER_FLUSH, 0), -EIO);
	assert_int_equal(run(&h, ORISER_FLUSH, 0), 0);
	assert_int_equal(h.log_n, 1);		/* none was sent */
	host_close(&h);
}

static void in_memory(void **state)
{
	struct host h;

	host_init(&h);
	h.lun.instance = 1;
	h.lun.in_memory = true;
	h.lun.write_cache = false;
	host_open(&h, 8, 0);
	raw_drop(&h.r);
	back(&h);
	assert_int_equal(run(&h, ORISER_WRITE, 0), 0);
	h.lun.instance++;
	raw_drop(&h.r);
	assert_int_equal(run(&h, ORISER_READ, 0), -EREMCHG);
	assert_int_equal(h.state, ORISER_DISK_FAILED);
	if (!strstr(h.why, "is in memory"))
		fail_msg("%s", h.why);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_flush_fails),
		cmocka_unit_test(nothing_to_lose),
		cmocka_unit_test(flushes_race_with_the_break),
		cmocka_unit_test(covers_what_was_answered),
		cmocka_unit_test(a_part_is_lost),
		cmocka_unit_test(each_is_told_once),
		cmocka_unit_test(cache_switched_off),
		cmocka_unit_test(in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
