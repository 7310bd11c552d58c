// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Registered buffers: pieces of any length, bounded memory, waiting in line, given back when idle. */
#include "tests/unit/targets/rig.h"

#include <stdlib.h>

#define ARENA	(1u << 20)

static struct rig rig;
static struct pool *pool;

static int setup(void **state)
{
	struct pool_cfg cfg;

	rig_open(&rig);
	cfg = (struct pool_cfg){
		.loop = rig.loop,
		.pd = rig.pd,
		.arena_len = ARENA,
		.max = 2 * ARENA,
		.idle_ns = 20000000,
	};
	assert_int_equal(pool_create(&cfg, &pool), 0);
	return 0;
}

static int teardown(void **state)
{
	pool_destroy(pool);
	rig_close(&rig);
	assert_int_equal(rig_registrations(), 0);
	return 0;
}

static struct pool_buf get(uint32_t len)
{
	struct pool_wait wait;
	struct pool_buf buf;

	assert_int_equal(pool_get(pool, NULL, len, &buf, &wait), 0);
	return buf;
}

static void test_lengths(void **state)
{
	static const uint32_t lens[] = { 1, 512, 4096, 4097, 8192, 65536, 65537, ARENA / 2, ARENA };

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct pool_buf buf = get(lens[i]);
		struct wr_sge sge = { .addr = (uintptr_t)buf.data,
				      .len = lens[i],
				      .lkey = buf.lkey };

		memset(rig_memory(&sge, true), 0x5a, lens[i]);
		assert_int_equal((uintptr_t)buf.data % 4096, 0);
		pool_put(pool, &buf);
		assert_null(buf.data);
		pool_put(pool, &buf);	/* of none: nothing */
	}
	assert_int_equal(pool_bytes(pool), ARENA);
}

struct waiter {
	struct pool_wait wait;
	bool served;
};

static void served(struct pool_wait *wait)
{
	container_of(wait, struct waiter, wait)->served = true;
}

static void test_waiting(void **state)
{
	struct waiter large = { .wait.fn = served }, small = { .wait.fn = served };
	struct pool_buf a = get(ARENA), b = get(ARENA / 2), c = get(4096), buf;

	assert_int_equal(pool_bytes(pool), 2 * ARENA);
	assert_int_equal(pool_get(pool, NULL, ARENA, &buf, &large.wait), -EAGAIN);
	/* There is room for it, but not before the large one. */
	assert_int_equal(pool_get(pool, NULL, 4096, &buf, &small.wait), -EAGAIN);
	pool_put(pool, &b);
	rig_steps(&rig, 2);
	assert_false(large.served || small.served);
	pool_put(pool, &a);
	rig_steps(&rig, 2);
	assert_true(large.served && small.served);
	pool_put(pool, &large.wait.buf);
	pool_put(pool, &small.wait.buf);

	/* one that gives up lets the others pass */
	large.served = small.served = false;
	a = get(ARENA);
	assert_int_equal(pool_get(pool, NULL, ARENA, &buf, &large.wait), -EAGAIN);
	assert_int_equal(pool_get(pool, NULL, 4096, &buf, &small.wait), -EAGAIN);
	pool_cancel(pool, &large.wait);
	rig_steps(&rig, 2);
	assert_true(small.served && !large.served);
	pool_put(pool, &small.wait.buf);
	pool_put(pool, &a);
	pool_put(pool, &c);
}

/* Random pieces: none overlaps another, and in the end all is one piece again. */
static void test_random(void **state)
{
	struct piece {
		struct pool_buf buf;
		uint32_t len;
		uint8_t mark;
	} pieces[40] = { { .len = 0 } };
	struct waiter w = { .wait.fn = served };

	srand(7);
	for (unsigned step = 0; step < 20000; step++) {
		struct piece *p = &pieces[(unsigned)rand() % ARRAY_SIZE(pieces)];

		if (p->buf.data) {
			const uint8_t *at = p->buf.data;

			for (uint32_t i = 0; i < p->len; i += 509)
				assert_int_equal(at[i], p->mark);
			assert_int_equal(at[p->len - 1], p->mark);
			pool_put(pool, &p->buf);
			continue;
		}
		p->len = 1 + (unsigned)rand() % (1u << (12 + rand() % 8));
		p->mark = (uint8_t)rand();
		if (pool_get(pool, NULL, p->len, &p->buf, &w.wait) == -EAGAIN)
			pool_cancel(pool, &w.wait);
		else
			memset(p->buf.data, p->mark, p->len);
		rig_steps(&rig, 1);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(pieces); i++)
		pool_put(pool, &pieces[i].buf);
	for (unsigned i = 0; i < 2; i++)
		pieces[i].buf = get(ARENA);
	for (unsigned i = 0; i < 2; i++)
		pool_put(pool, &pieces[i].buf);
}

/* A peer that gives nothing back stops itself, not the others. */
static void test_account(void **state)
{
	struct waiter first = { .wait.fn = served }, second = { .wait.fn = served };
	struct pool_account account;
	struct pool_buf a, b, c, other;

	pool_account_init(&account, 65536);
	assert_int_equal(pool_get(pool, &account, 40000, &a, &first.wait), 0);
	assert_int_equal(account.lent, 65536);
	assert_int_equal(pool_get(pool, &account, 1, &b, &first.wait), -EAGAIN);
	assert_int_equal(pool_get(pool, &account, ARENA, &c, &second.wait), -EAGAIN);
	other = get(ARENA);
	rig_steps(&rig, 2);
	assert_false(first.served || second.served);
	pool_put(pool, &a);
	rig_steps(&rig, 2);
	assert_true(first.served && !second.served);
	assert_int_equal(account.lent, 4096);
	/* more than the account at once, but alone; now the pool is what lacks */
	a = get(4096);
	pool_put(pool, &first.wait.buf);
	assert_int_equal(account.lent, ARENA);
	rig_steps(&rig, 2);
	assert_false(second.served);
	pool_put(pool, &a);
	rig_steps(&rig, 2);
	assert_true(second.served);
	pool_put(pool, &second.wait.buf);
	assert_int_equal(account.lent, 0);
	/* given up in either line */
	first.served = second.served = false;
	assert_int_equal(pool_get(pool, &account, 65536, &a, &first.wait), 0);
	assert_int_equal(pool_get(pool, &account, 65536, &b, &first.wait), -EAGAIN);
	assert_int_equal(pool_get(pool, &account, 4096, &c, &second.wait), -EAGAIN);
	pool_cancel(pool, &first.wait);
	pool_put(pool, &a);
	assert_int_equal(account.lent, 4096);
	pool_cancel(pool, &second.wait);
	assert_int_equal(account.lent, 0);
	rig_steps(&rig, 2);
	assert_false(first.served || second.served);
	pool_put(pool, &other);
	/* no memory */
	for (unsigned i = 0; i < 100 && pool_bytes(pool); i++)
		ual_loop_step(rig.loop, 5000000);
	rig_fail_registration(1);
	assert_int_equal(pool_get(pool, &account, 4096, &a, &first.wait), -ENOMEM);
	assert_int_equal(account.lent, 0);
}

static void test_idle(void **state)
{
	struct pool_buf a = get(ARENA), b = get(4096);

	pool_put(pool, &a);
	for (unsigned i = 0; i < 100 && pool_bytes(pool) > ARENA; i++)
		ual_loop_step(rig.loop, 5000000);
	assert_int_equal(pool_bytes(pool), ARENA);
	pool_put(pool, &b);
	for (unsigned i = 0; i < 100 && pool_bytes(pool); i++)
		ual_loop_step(rig.loop, 5000000);
	assert_int_equal(pool_bytes(pool), 0);
	assert_int_equal(rig_registrations(), 0);
}

static void test_no_memory(void **state)
{
	struct waiter w = { .wait.fn = served };
	struct pool_buf a, b;

	rig_fail_registration(1);
	assert_int_equal(pool_get(pool, NULL, 4096, &a, &w.wait), -ENOMEM);
	a = get(ARENA);
	/* something will come back: wait for that */
	rig_fail_registration(1);
	assert_int_equal(pool_get(pool, NULL, ARENA, &b, &w.wait), -EAGAIN);
	pool_put(pool, &a);
	rig_steps(&rig, 2);
	assert_true(w.served);
	pool_put(pool, &w.wait.buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_account, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests_name("targets/store/pool", tests, NULL, NULL);
}
