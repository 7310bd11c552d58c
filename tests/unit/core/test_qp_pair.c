// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Two engines back to back: every opcode, every size that matters, over every way of cutting the
 * stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/core/pair.h"

/* Ways for a stream to be: each test of an opcode runs over all of them. */
static const struct pair_opt ways[] = {
	{ .how = { .crc = true } },
	{ .how = { .crc = true }, .cut = 1 },
	{ .how = { .crc = true }, .cut = 7, .want = true },
	{ .how = { .crc = true }, .cut = 1460, .emss = 1460 },
	{ .how = { .crc = true }, .emss = 8948, .send_max = 1000, .want = true, .cut = 3000 },
	{ .how = { .crc = false }, .emss = 65483, .want = true, .cut = 65536 },
	{ .how = { .crc = true, .markers_rx = true, .markers_tx = true } },
	{ .how = { .crc = true, .markers_rx = true }, .cut = 1, .emss = 600 },
	{ .how = { .crc = true, .markers_tx = true }, .cut = 13, .emss = 1460, .want = true },
	{ .how = { .crc = true }, .srq = false, .emss = 140, .cut = 3 },
};

static const u32 sizes[] = { 0,	  1,   2,   3,	 4,    5,    63,    64,	   122,	  123,
			     192, 193, 508, 512, 1400, 4096, 65460, 65461, 65536, 200003 };

#define caps_all (QP_CAP_IMM | QP_CAP_ATOMIC)

static struct pair *start(const struct pair_opt *way)
{
	struct pair_opt opt = *way;

	opt.caps = caps_all;
	return pair_create(&opt);
}

static void fill(u8 *at, u32 len, u32 seed)
{
	for (u32 i = 0; i < len; i++)
		at[i] = (u8)(seed + i * 7 + (i >> 8));
}

static void expect(struct end *e, u64 wr_id, enum wc_opcode opcode, u32 len)
{
	struct wc wc;

	assert_true(end_poll(e, &wc));
	assert_int_equal(wc.status, WC_SUCCESS);
	assert_int_equal(wc.wr_id, wr_id);
	assert_int_equal(wc.opcode, opcode);
	assert_int_equal(wc.byte_len, len);
	assert_ptr_equal(wc.qp_ctx, e);
}

static void expect_quiet(struct pair *p)
{
	struct wc wc;

	for (int i = 0; i < 2; i++) {
		assert_false(end_poll(&p->end[i], &wc));
		assert_int_equal(qp_state(p->end[i].qp), QP_RTS);
	}
}

static void one_send(struct pair *p, struct end *from, struct end *to, u32 len)
{
	struct wr_sge sges[3] = { end_sge(from, 0, len / 3), end_sge(from, len / 3, 0),
				  end_sge(from, len / 3, len - len / 3) };
	struct wr_send wr = {
		.wr_id = 11, .opcode = WR_SEND, .flags = WR_SIGNALED, .sges = sges, .sge_n = 3
	};

	fill(from->memory, len, len);
	memset(to->memory + 300000, 0, len + 1);
	assert_int_equal(end_recv(to, 22, 300000, len + 10), 0);
	assert_int_equal(end_post(from, &wr), 0);
	pair_run(p);
	expect(from, 11, WC_SEND, len);
	expect(to, 22, WC_RECV, len);
	assert_memory_equal(from->memory, to->memory + 300000, len);
	assert_int_equal(to->memory[300000 + len], 0);
	expect_quiet(p);
}

static void test_send(void **state)
{
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			struct pair *p = start(&ways[w]);

			one_send(p, &p->end[0], &p->end[1], sizes[s]);
			one_send(p, &p->end[1], &p->end[0], sizes[s]);
			pair_destroy(p);
		}
}

static void one_write(struct pair *p, struct end *from, struct end *to, u32 len)
{
	struct wr_sge sge = end_sge(from, 5, len);
	struct wr_send wr = { .wr_id = 12,
			      .opcode = WR_WRITE,
			      .flags = WR_SIGNALED,
			      .sges = &sge,
			      .sge_n = 1,
			      .remote = { end_addr(to, 300001), to->stag } };

	fill(from->memory + 5, len, len + 1);
	memset(to->memory + 300000, 0, len + 2);
	assert_int_equal(end_post(from, &wr), 0);
	pair_run(p);
	expect(from, 12, WC_WRITE, len);
	assert_memory_equal(from->memory + 5, to->memory + 300001, len);
	assert_int_equal(to->memory[300000] | to->memory[300001 + len], 0);
	expect_quiet(p);
}

static void test_write(void **state)
{
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			struct pair *p = start(&ways[w]);

			one_write(p, &p->end[0], &p->end[1], sizes[s]);
			one_write(p, &p->end[1], &p->end[0], sizes[s]);
			pair_destroy(p);
		}
}

static void one_read(struct pair *p, struct end *from, struct end *to, u32 len)
{
	struct wr_sge sge = end_sge(from, 9, len);
	struct wr_send wr = { .wr_id = 13,
			      .opcode = WR_READ,
			      .flags = WR_SIGNALED,
			      .sges = &sge,
			      .sge_n = 1,
			      .remote = { end_addr(to, 300003), to->stag } };

	fill(to->memory + 300003, len, len + 2);
	memset(from->memory, 0, len + 10);
	assert_int_equal(end_post(from, &wr), 0);
	pair_run(p);
	expect(from, 13, WC_READ, len);
	assert_memory_equal(from->memory + 9, to->memory + 300003, len);
	assert_int_equal(from->memory[8] | from->memory[9 + len], 0);
	expect_quiet(p);
}

static void test_read(void **state)
{
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			struct pair *p = start(&ways[w]);

			one_read(p, &p->end[0], &p->end[1], sizes[s]);
			one_read(p, &p->end[1], &p->end[0], sizes[s]);
			pair_destroy(p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
