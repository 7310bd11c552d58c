// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A region goes while the peer reads from it, in any pass and after the input of that pass: what was laid out of it
 * leaves as it was, and nothing is read from its memory any more.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/sim/sim.h"
#include "tests/unit/drivers/pair.h"

#define BYTES	(1u << 20)
#define REUSED	0xee		/* what is in the memory when it is somebody else's; not in the pattern */
#define SEEDS	6

struct world {
	struct pair p;
	struct sim *sim;
	struct ual_mr *mr;
	uint8_t *mem;
	struct ual_stage_hook hook;
	unsigned pass_n, at_pass;
};

static uint8_t pattern(uint32_t i)
{
	return (uint8_t)((i * 7 + i / 251) % 97 + 1);
}

static int each_pass(struct ual_stage_hook *hook)
{
	struct world *w = hook->ctx;

	if (++w->pass_n == w->at_pass) {
		assert_int_equal(ual_mr_dereg(w->mr), 0);
		w->mr = NULL;
		memset(w->mem, REUSED, BYTES);
	}
	return 0;
}

static void world_open(struct world *w, uint64_t seed, enum ual_crc crc)
{
	const struct sim_cfg scfg = { .seed = seed };
	struct pair_cfg cfg = { .active.crc = crc, .passive.crc = crc };

	memset(w, 0, sizeof(*w));
	assert_int_equal(sim_create(&scfg, &w->sim), 0);
	cfg.ops = sim_provider(w->sim);
	cfg.ctx = w->sim;
	cfg.clock = sim_clock(w->sim);
	pair_open(&w->p, &cfg);
	pair_connect(&w->p);
	w->mem = malloc(BYTES);
	assert_non_null(w->mem);
	for (uint32_t i = 0; i < BYTES; i++)
		w->mem[i] = pattern(i);
	assert_int_equal(ual_mr_reg(w->p.a.pd, w->mem, BYTES, ACCESS_REMOTE_READ, &w->mr), 0);
}

static void world_close(struct world *w)
{
	ual_mr_dereg(w->mr);
	pair_close(&w->p);
	sim_destroy(w->sim);
	free(w->mem);
}

/* The passive end speaks second. */
static void say_something(struct pair *p)
{
	side_recv(&p->b, 1, 0, 64);
	assert_int_equal(side_send(&p->a, 1, 0, 8, WR_SIGNALED), 0);
	pair_until_wcs(p, &p->b, 1);
}

static void read_all(struct world *w)
{
	struct wr_sge sge = { (uintptr_t)w->p.b.buf, BYTES, w->p.b.mr->lkey };
	struct wr_send wr = {
		.opcode = WR_READ,
		.flags = WR_SIGNALED,
		.sges = &sge,
		.sge_n = 1,
		.remote = { (uintptr_t)w->mem, w->mr->rkey },
	};
	const struct wr_send *bad;

	assert_int_equal(ual_post_send(w->p.b.qp, &wr, &bad), 0);
}

/* Returns true if the region was still there when all had been read. */
static bool read_while_it_goes(uint64_t seed, enum ual_crc crc, unsigned at_pass)
{
	struct world w;
	struct pair *p = &w.p;
	unsigned wcs;
	bool whole;

	world_open(&w, seed, crc);
	say_something(p);
	wcs = p->b.wc_n;
	w.at_pass = at_pass;
	w.hook = (struct ual_stage_hook){ .fn = each_pass, .ctx = &w };
	ual_stage_add(p->loop, UAL_STAGE_COMPLETE, &w.hook);
	read_all(&w);
	pair_until_wcs(p, &p->b, wcs + 1);
	ual_stage_del(p->loop, UAL_STAGE_COMPLETE, &w.hook);
	whole = w.mr != NULL;
	if (whole)
		assert_int_equal(p->b.wcs[wcs].status, WC_SUCCESS);
	for (uint32_t i = 0; i < BYTES; i++)
		if (p->b.buf[i] != pattern(i) &&
		    (p->b.buf[i] || p->b.wcs[wcs].status == WC_SUCCESS))
			fail_msg("seed %u, pass %u: byte %u is 0x%02x", (unsigned)seed, at_pass, i,
				 p->b.buf[i]);
	world_close(&w);
	return whole;
}

static void test_any_pass(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		unsigned pass = 1, step = 1;

		while (!read_while_it_goes(seed, seed % 2 ? UAL_CRC_ON : UAL_CRC_OFF, pass)) {
			pass += step;
			step = pass / 16 + 1;
		}
		assert_true(pass > 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
