// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Requests of any alignment against a model in memory: alone, and many at once that share blocks. */
#include <stdlib.h>

#include "tests/unit/tools/openrdma/rig.h"

#define SIZE (1u << 20)

/* ---- one at a time -------------------------------------------------------------------------------- */

static const struct place {
	const char *name;
	uint64_t offset;
	size_t len;
} places[] = {
	{ "a block", 4096, 4096 },
	{ "several blocks", 8192, 65536 },
	{ "inside a block", 4096 + 100, 200 },
	{ "the beginning of a block", 4096, 1 },
	{ "the end of a block", 4096 + 4095, 1 },
	{ "a whole block but its first byte", 4097, 4095 },
	{ "a whole block but its last byte", 4096, 4095 },
	{ "across a border", 4096 * 3 - 1, 2 },
	{ "head and middle", 4096 - 10, 4096 * 2 + 10 },
	{ "middle and tail", 4096, 4096 * 2 + 10 },
	{ "head, middle and tail", 4096 * 5 - 1, 4096 * 4 + 2 },
	{ "head and tail without a middle", 4096 * 2 - 5, 10 },
	{ "512 bytes", 512 * 3, 512 },
	{ "the first byte", 0, 1 },
	{ "the last byte", SIZE - 1, 1 },
	{ "all of it", 0, SIZE },
};

static const uint32_t block_sizes[] = { 512, 4096 };

static void check_all(const struct rig *r, const uint8_t *model, const char *what)
{
	static uint8_t now[SIZE];

	rig_peek(r, 0, now, SIZE);
	if (memcmp(now, model, SIZE))
		fail_msg("%s: the disk differs from the model", what);
}

static void each_place(enum oriser_op op)
{
	static uint8_t model[SIZE], data[SIZE];

	for (size_t b = 0; b < ARRAY_SIZE(block_sizes); b++) {
		struct fake_disk_cfg cfg = { .size = SIZE, .block_size = block_sizes[b] };
		struct rig r;

		rig_open(&r, &cfg);
		rig_pattern(model, SIZE, 7);
		rig_poke(&r, 0, model, SIZE);
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			const struct place *p = &places[i];

			rig_pattern(data, p->len, (unsigned)i + 100);
			assert_int_equal(rig_io(&r, op, 0, p->offset, data, p->len), 0);
			switch (op) {
			case ORISER_READ:
				assert_memory_equal(data, model + p->offset, p->len);
				break;
			case ORISER_WRITE:
				memcpy(model + p->offset, data, p->len);
				break;
			case ORISER_WRITE_ZEROES:
				memset(model + p->offset, 0, p->len);
				break;
			case ORISER_DISCARD:
			case ORISER_FLUSH:
				break;
			}
			check_all(&r, model, p->name);
			if (op == ORISER_WRITE_ZEROES) {
				rig_pattern(model, SIZE, (unsigned)i);
				rig_poke(&r, 0, model, SIZE);
			}
		}
		rig_close(&r);
	}
}

static void test_read(void **state)
{
	each_place(ORISER_READ);
}

static void test_write(void **state)
{
	each_place(ORISER_WRITE);
}

static void test_zeroes(void **state)
{
	each_place(ORISER_WRITE_ZEROES);
}

/* Only whole blocks are discarded; what a request touches in part stays as it is. */
static void test_discard(void **state)
{
	static const struct {
		uint64_t offset, len, gone_from, gone_to;
	} cases[] = {
		{ 4096, 4096, 4096, 8192 },  { 4097, 4096, 0, 0 }, { 4095, 4098, 4096, 8192 },
		{ 100, 12288, 4096, 12288 }, { 10, 20, 0, 0 },
	};
	static uint8_t model[SIZE];
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 4096 };
	struct rig r;

	rig_open(&r, &cfg);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		rig_pattern(model, SIZE, (unsigned)i);
		rig_poke(&r, 0, model, SIZE);
		assert_int_equal(rig_io(&r, ORISER_DISCARD, 0, cases[i].offset, NULL, cases[i].len),
				 0);
		memset(model + cases[i].gone_from, 0, cases[i].gone_to - cases[i].gone_from);
		check_all(&r, model, "discard");
	}
	rig_close(&r);
}

/* ---- many at once --------------------------------------------------------------------------------- */

#define CHANGES	400

struct change {
	struct dio_req req;
	unsigned *left;
	bool *done;
};

static void change_done(struct dio_req *req, int err)
{
	struct change *c = req->ctx;

	assert_int_equal(err, 0);
	if (--*c->left == 0)
		*c->done = true;
}

/*
 * Changes of neighbouring bytes, disjoint but within the same blocks, all in flight together on a disk that
 * executes in any order: if two merges of one block overlapped, the bytes of one would be lost.
 */
static void neighbours(unsigned seed)
{
	static uint8_t model[SIZE];
	static struct change changes[CHANGES];
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 4096, .jitter_us = 300 };
	struct buf_pool_cfg pool_cfg = { .small_n = CHANGES, .small_len = 32768 };
	struct buf_pool *pool;
	unsigned left = CHANGES;
	bool done = false;
	uint64_t at = 0;
	struct rig r;

	srand(seed);
	rig_open(&r, &cfg);
	pool_cfg.disk = r.disk;
	assert_int_equal(buf_pool_create(&pool_cfg, &pool), 0);
	rig_pattern(model, SIZE, seed);
	rig_poke(&r, 0, model, SIZE);
	for (unsigned i = 0; i < CHANGES; i++) {
		struct change *c = &changes[i];
		uint64_t len = 1 + (uint64_t)rand() % (rand() % 8 ? 900 : 10000);

		*c = (struct change){ .left = &left, .done = &done };
		if (rand() % 4 == 0) {	/* a whole block now and then */
			at = (at + 4095) / 4096 * 4096;
			len = 4096;
		}
		assert_true(at + len <= SIZE);
		c->req = (struct dio_req){
			.op = rand() % 5 ? ORISER_WRITE : ORISER_WRITE_ZEROES,
			.offset = at,
			.len = len,
			.buf = buf_get(pool, 20000),
			.fn = change_done,
			.ctx = c,
		};
		c->req.data = c->req.buf->data + 80;
		rig_pattern(c->req.data, len, i);
		if (c->req.op == ORISER_WRITE)
			memcpy(model + at, c->req.data, len);
		else
			memset(model + at, 0, len);
		at += len;
	}
	/* In any order, too. */
	for (unsigned i = 0; i < CHANGES; i++)
		dio_submit(r.dio, &changes[(i * 7u + seed) % CHANGES].req);
	rig_run(&r, &done);
	check_all(&r, model, "neighbours");
	for (unsigned i = 0; i < CHANGES; i++)
		buf_put(changes[i].req.buf);
	buf_pool_destroy(pool);
	rig_close(&r);
}

static void test_neighbours(void **state)
{
	for (unsigned seed = 1; seed <= 10; seed++)
		neighbours(seed);
}

/* The same place over and over, in parts of a block: the order of arrival is the order of effect. */
static void test_same_place(void **state)
{
	static struct change changes[64];
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 4096, .jitter_us = 200 };
	unsigned left = 64;
	bool done = false;
	uint8_t now[100];
	struct rig r;

	rig_open(&r, &cfg);
	for (unsigned i = 0; i < 64; i++) {
		struct change *c = &changes[i];

		*c = (struct change){ .left = &left, .done = &done };
		c->req = (struct dio_req){
			.op = ORISER_WRITE,
			.offset = 5000,
			.len = 100,
			.buf = buf_get(r.pool, 9000),
			.fn = change_done,
			.ctx = c,
		};
		c->req.data = c->req.buf->data;
		memset(c->req.data, (int)i, 100);
		dio_submit(r.dio, &c->req);
	}
	rig_run(&r, &done);
	rig_peek(&r, 5000, now, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(now[i], 63);
	for (unsigned i = 0; i < 64; i++)
		buf_put(changes[i].req.buf);
	rig_close(&r);
}

/* ---- errors and flags ------------------------------------------------------------------------------- */

static void test_errors(void **state)
{
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 4096 };
	uint8_t data[4096] = { 0 };
	struct dio *read_only;
	struct rig r;

	rig_open(&r, &cfg);
	fake_disk_fail_next(r.disk, ORISER_READ, -EIO);	/* of the merge */
	assert_int_equal(rig_io(&r, ORISER_WRITE, 0, 10, data, 10), -EIO);
	fake_disk_fail_next(r.disk, ORISER_WRITE, -ENOSPC);
	assert_int_equal(rig_io(&r, ORISER_WRITE, 0, 10, data, 10), -ENOSPC);
	fake_disk_fail_next(r.disk, ORISER_READ, -EBADMSG);
	assert_int_equal(rig_io(&r, ORISER_READ, 0, 0, data, 4096), -EBADMSG);
	/* Nothing is left locked. */
	assert_int_equal(rig_io(&r, ORISER_WRITE, 0, 10, data, 10), 0);
	assert_int_equal(rig_io(&r, ORISER_WRITE, 0, 0, data, 4096), 0);

	assert_int_equal(dio_create(r.loop, r.disk, true, &read_only), 0);
	dio_destroy(r.dio);
	r.dio = read_only;
	assert_int_equal(rig_io(&r, ORISER_WRITE, 0, 0, data, 4096), -EROFS);
	assert_int_equal(rig_io(&r, ORISER_DISCARD, 0, 0, NULL, 4096), -EROFS);
	assert_int_equal(rig_io(&r, ORISER_READ, 0, 0, data, 4096), 0);
	rig_close(&r);
}

static const enum oriser_op ops[] = { ORISER_READ, ORISER_WRITE, ORISER_WRITE_ZEROES,
				      ORISER_DISCARD };

static void test_fua(void **state)
{
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 4096 };
	uint8_t data[4096] = { 0 };
	struct rig r;

	rig_open(&r, &cfg);
	/* Every change carries it to the disk, in each of its parts; reads do not. */
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
		assert_int_equal(rig_io(&r, ops[i], ORISER_FUA, 0, data, 4096), 0);
		assert_int_equal(fake_disk_flags(r.disk, ops[i]),
				 ops[i] == ORISER_READ ? 0 : ORISER_FUA);
	}
	assert_int_equal(rig_io(&r, ORISER_WRITE_ZEROES, ORISER_FUA, 100, NULL, 4096), 0);
	assert_int_equal(fake_disk_flags(r.disk, ORISER_WRITE), ORISER_FUA);
	assert_int_equal(
		rig_io(&r, ORISER_WRITE_ZEROES, ORISER_FUA | ORISER_NO_UNMAP, 0, NULL, 4096), 0);
	assert_int_equal(fake_disk_flags(r.disk, ORISER_WRITE_ZEROES),
			 ORISER_FUA | ORISER_NO_UNMAP);
	rig_close(&r);
}

/* A host that was told of no cache does not flush: when there is one nevertheless, writes go through it. */
static void test_cache_comes(void **state)
{
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 4096, .no_cache = true };
	uint8_t data[4096] = { 0 };
	struct rig r;

	rig_open(&r, &cfg);
	for (unsigned on = 0; on < 2; on++) {
		fake_disk_set_cache(r.disk, on);
		for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
			assert_int_equal(rig_io(&r, ops[i], 0, 0, data, 4096), 0);
			assert_int_equal(fake_disk_flags(r.disk, ops[i]),
					 on && ops[i] != ORISER_READ ? ORISER_FUA : 0);
		}
	}
	rig_close(&r);
}

/* A flush tells of what the target has lost, once; nothing else does, or takes it away. */
static void test_loss(void **state)
{
	struct fake_disk_cfg cfg = { .size = SIZE, .block_size = 4096 };
	uint8_t data[4096] = { 0 };
	struct rig r;

	rig_open(&r, &cfg);
	fake_disk_lose(r.disk);
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		assert_int_equal(rig_io(&r, ops[i], ORISER_FUA, 0, data, 4096), 0);
	assert_int_equal(rig_io(&r, ORISER_FLUSH, 0, 0, NULL, 0), -EIO);
	assert_int_equal(rig_io(&r, ORISER_FLUSH, 0, 0, NULL, 0), 0);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	   cmocka_unit_test(test_write),
		cmocka_unit_test(test_zeroes),	   cmocka_unit_test(test_discard),
		cmocka_unit_test(test_neighbours), cmocka_unit_test(test_same_place),
		cmocka_unit_test(test_errors),	   cmocka_unit_test(test_fua),
		cmocka_unit_test(test_loss),	   cmocka_unit_test(test_cache_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
