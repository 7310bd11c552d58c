// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The simulated network: data arrives whole however it is cut, faults are told, a seed replays exactly. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/sim/sim.h"
#include "tests/unit/drivers/pair.h"

#define MSG	20000u
#define MSGS	16u

static void open_pair(struct pair *p, const struct sim_cfg *scfg, struct sim **sim,
		      struct pair_cfg cfg)
{
	assert_int_equal(sim_create(scfg, sim), 0);
	cfg.ops = sim_provider(*sim);
	cfg.ctx = *sim;
	cfg.clock = sim_clock(*sim);
	pair_open(p, &cfg);
	for (unsigned i = 0; i < MSGS; i++)
		side_recv(&p->b, i, i * MSG, MSG);
}

static void close_pair(struct pair *p, struct sim *sim)
{
	pair_close(p);
	sim_destroy(sim);
}

/* Both ends have heard of the end, or all is done. */
static bool over(void *ctx)
{
	struct pair *p = ctx;
	bool a_down = side_event(&p->a, UAL_EV_DISCONNECTED) || side_event(&p->a, UAL_EV_FAILED) ||
		      side_event(&p->a, UAL_EV_REJECTED);
	bool b_up = side_event(&p->b, UAL_EV_ESTABLISHED);
	bool b_down = side_event(&p->b, UAL_EV_DISCONNECTED);

	if (a_down)
		return b_down || !b_up || p->b.wc_n == MSGS;
	return p->a.wc_n >= MSGS + 2 && p->b.wc_n >= MSGS;
}

static void post_all(struct pair *p)
{
	for (unsigned i = 0; i < MSGS; i++) {
		fill(p->a.buf + i * MSG, MSG, i);
		assert_int_equal(side_send(&p->a, i, i * MSG, MSG, WR_SIGNALED), 0);
	}
	fill(p->b.buf + (1 << 20), 100000, 77);
	fill(p->a.buf + (2 << 20), 100000, 78);
	assert_int_equal(
		side_rdma(&p->a, WR_READ, 50, 1 << 20, 100000, &p->b, 1 << 20, WR_SIGNALED), 0);
	assert_int_equal(
		side_rdma(&p->a, WR_WRITE, 51, 2 << 20, 100000, &p->b, 2 << 20, WR_SIGNALED), 0);
}

struct run {
	struct sim_stats stats;
	uint64_t end_ns;
	unsigned a_wcs, b_wcs, a_ok;
	int a_err;
};

static bool both_up(void *ctx)
{
	struct pair *p = ctx;

	return (side_event(&p->a, UAL_EV_ESTABLISHED) && side_event(&p->b, UAL_EV_ESTABLISHED)) ||
	       over(p);
}

static struct run run_seed(uint64_t seed, uint32_t break_pct)
{
	struct sim_cfg scfg = {
		.seed = seed, .stall_ppm = 10000, .break_pct = break_pct, .break_span = 400000
	};
	struct run r = { .a_err = 0 };
	struct pair p;
	struct sim *sim;
	int err;

	open_pair(&p, &scfg, &sim, (struct pair_cfg){ .depth = 32 });
	pair_start(&p);
	err = sim_run(sim, &p.loop, 1, both_up, &p, 200000000000ull);
	if (err)
		fail_msg("seed %llu: start-up: %d", (unsigned long long)seed, err);
	if (side_event(&p.a, UAL_EV_ESTABLISHED) && !side_event(&p.a, UAL_EV_DISCONNECTED))
		post_all(&p);
	err = sim_run(sim, &p.loop, 1, over, &p, 400000000000ull);
	if (err)
		fail_msg("seed %llu: traffic: %d", (unsigned long long)seed, err);
	for (unsigned i = 0; i < p.a.wc_n; i++)
		r.a_ok += p.a.wcs[i].status == WC_SUCCESS;
	for (unsigned i = 0; i < p.b.wc_n; i++)
		if (p.b.wcs[i].status == WC_SUCCESS)
			assert_true(filled(p.b.buf + i * MSG, MSG, i));
	if (!break_pct) {
		assert_int_equal(r.a_ok, MSGS + 2);
		assert_true(filled(p.a.buf + (1 << 20), 100000, 77));
		pair_run_ms(&p, 5000);	/* the last stall of the Write, which nobody waited for */
		assert_true(filled(p.b.buf + (2 << 20), 100000, 78));
	}
	r.a_wcs = p.a.wc_n;
	r.b_wcs = p.b.wc_n;
	r.end_ns = sim_now(sim);
	r.stats = sim_stats(sim);
	close_pair(&p, sim);
	return r;
}

static void data_arrives_however_cut(void **state)
{
	for (uint64_t seed = 1; seed <= 100; seed++)
		run_seed(seed, 0);
}

static void broken_connections_are_told(void **state)
{
	unsigned broken = 0, whole = 0;

	for (uint64_t seed = 1000; seed < 1200; seed++) {
		struct run r = run_seed(seed, 80);

		if (r.stats.resets + r.stats.fins + r.stats.silences)
			broken++;
		else
			whole++;
	}
	assert_true(broken > 50 && whole > 20);
}

static void seed_replays(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct run one = run_seed(seed, 50), two = run_seed(seed, 50);

		assert_memory_equal(&one, &two, sizeof(one));
	}
	assert_true(run_seed(1, 0).stats.digest != run_seed(2, 0).stats.digest);
}

static void named_fault_strikes(void **state)
{
	static const struct {
		struct sim_fault fault;
		enum ual_event_kind kind;
		int err;
	} cases[] = {
		{ { .kind = SIM_REFUSE }, UAL_EV_FAILED, -ECONNREFUSED },
		{ { .kind = SIM_RESET, .at_byte = 10 }, UAL_EV_FAILED, -ECONNRESET },
		{ { .kind = SIM_RESET, .at_byte = 10, .passive = true },
		  UAL_EV_FAILED,
		  -ECONNRESET },
		{ { .kind = SIM_FIN, .at_byte = 7, .passive = true }, UAL_EV_FAILED, -ECONNRESET },
		{ { .kind = SIM_SILENCE, .at_byte = 3 }, UAL_EV_FAILED, -ETIMEDOUT },
		{ { .kind = SIM_RESET, .at_byte = 5000 }, UAL_EV_DISCONNECTED, -ECONNRESET },
		{ { .kind = SIM_FIN, .at_byte = 5000 }, UAL_EV_DISCONNECTED, 0 },
		{ { .kind = SIM_SILENCE, .at_byte = 5000 }, UAL_EV_DISCONNECTED, -ETIMEDOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim_cfg scfg = { .seed = i };
		const struct ual_event *ev;
		struct pair p;
		struct sim *sim;

		open_pair(&p, &scfg, &sim, (struct pair_cfg){ .depth = 32 });
		assert_int_equal(sim_fault_add(sim, &cases[i].fault), 0);
		pair_start(&p);
		assert_int_equal(sim_run(sim, &p.loop, 1, both_up, &p, 100000000000ull), 0);
		if (side_event(&p.a, UAL_EV_ESTABLISHED))
			post_all(&p);
		assert_int_equal(sim_run(sim, &p.loop, 1, over, &p, 100000000000ull), 0);
		ev = side_event(&p.a, cases[i].kind);
		if (!ev)
			fail_msg("case %zu: event %u does not come", i, cases[i].kind);
		if (ev->err != cases[i].err)
			fail_msg("case %zu: %d, not %d", i, ev->err, cases[i].err);
		close_pair(&p, sim);
	}
}

static void stalled_direction_rests(void **state)
{
	struct sim_fault stall = { .kind = SIM_STALL, .at_byte = 3000, .for_ns = 3000000000ull };
	struct sim_cfg scfg = { .seed = 5 };
	struct pair p;
	struct sim *sim;
	uint64_t start_ns;

	open_pair(&p, &scfg, &sim, (struct pair_cfg){ .depth = 32 });
	assert_int_equal(sim_fault_add(sim, &stall), 0);
	pair_connect(&p);
	start_ns = sim_now(sim);
	post_all(&p);
	assert_int_equal(sim_run(sim, &p.loop, 1, over, &p, 10000000000ull), 0);
	assert_true(sim_now(sim) - start_ns >= 3000000000ull);
	assert_int_equal(sim_stats(sim).stalls, 1);
	close_pair(&p, sim);
}

static void nothing_to_come_is_a_deadlock(void **state)
{
	struct sim_cfg scfg = { .seed = 5 };
	struct pair p;
	struct sim *sim;

	open_pair(&p, &scfg, &sim, (struct pair_cfg){ .depth = 32 });
	pair_connect(&p);
	assert_int_equal(sim_run(sim, &p.loop, 1, over, &p, UINT64_MAX), -EDEADLK);
	assert_int_equal(ual_loop_run(p.loop), -EDEADLK);
	close_pair(&p, sim);
}

/*
 * The memory of a Read's response goes away while TCP is full of it: what was laid out is sent as it was, the
 * rest is refused, and not one byte of what lies there next is seen by the peer.
 */
static void deregistered_memory_is_not_sent(void **state)
{
	unsigned cut = 0;

	for (uint64_t seed = 0; seed < 60; seed++) {
		struct sim_cfg scfg = { .seed = seed, .window_max = 8192 };
		struct wr_sge sge;
		struct wr_send read;
		const struct wr_send *bad;
		struct ual_mr *mr;
		struct pair p;
		struct sim *sim;
		uint8_t *secret = malloc(1 << 20);

		open_pair(&p, &scfg, &sim, (struct pair_cfg){ .depth = 32 });
		memset(secret, 'd', 1 << 20);
		assert_int_equal(ual_mr_reg(p.b.pd, secret, 1 << 20, ACCESS_REMOTE_READ, &mr), 0);
		pair_connect(&p);
		sge = (struct wr_sge){ (uintptr_t)p.a.buf, 1 << 20, p.a.mr->lkey };
		read = (struct wr_send){ .opcode = WR_READ,
					 .flags = WR_SIGNALED,
					 .sges = &sge,
					 .sge_n = 1,
					 .remote = { (uintptr_t)secret, mr->rkey } };
		assert_int_equal(ual_post_send(p.a.qp, &read, &bad), 0);
		for (int i = 0; i < 40; i++)
			assert_true(ual_loop_step(p.loop, UINT64_MAX) >= 0);
		assert_int_equal(ual_mr_dereg(mr), 0);
		memset(secret, 'S', 1 << 20);
		free(secret);
		pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
		pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
		/* RFC 5040 4.8: a remote protection error, not a checksum that is wrong */
		assert_int_equal(side_event(&p.a, UAL_EV_TERMINATED)->term.layer, 0);
		assert_int_equal(side_event(&p.a, UAL_EV_TERMINATED)->term.etype, 1);
		cut += p.a.buf[0] == 'd';
		for (size_t i = 0; i < 1 << 20; i++)
			assert_true(p.a.buf[i] == 'd' || p.a.buf[i] == 0);
		close_pair(&p, sim);
	}
	assert_true(cut > 20);
}

static void window_must_be_a_power_of_two(void **state)
{
	struct sim_cfg scfg = { .seed = 5, .window_max = 3000 };
	struct sim *sim;

	assert_int_equal(sim_create(&scfg, &sim), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_arrives_however_cut),
		cmocka_unit_test(broken_connections_are_told),
		cmocka_unit_test(seed_replays),
		cmocka_unit_test(named_fault_strikes),
		cmocka_unit_test(stalled_direction_rests),
		cmocka_unit_test(nothing_to_come_is_a_deadlock),
		cmocka_unit_test(deregistered_memory_is_not_sent),
		cmocka_unit_test(window_must_be_a_power_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
