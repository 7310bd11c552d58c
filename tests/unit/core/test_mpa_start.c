// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Start-up, beyond the vectors: both sides together, limits, misuse, surplus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/iwarp/mpa_start.h"

static const struct mpa_cfg plain = { .revision = 2, .crc = true, .ird = 4, .ord = 4, .rtr = 7 };

static enum mpa_start_event feed(struct mpa_start *m, const void *data, size_t len)
{
	struct core_input in = { .data = data, .len = len };

	return mpa_start_rx(m, &in);
}

/* Two engines agree, for every pair of wishes. */
static void test_agreement(void **state)
{
	static struct mpa_start a, b;

	for (unsigned mask = 0; mask < 1 << 10; mask++) {
		struct mpa_cfg ours = { .revision = mask & 1 ? 2 : 1,
					.crc = mask & 2,
					.markers = mask & 4,
					.p2p = mask & 8,
					.rtr = 7,
					.ird = 3,
					.ord = 9 };
		struct mpa_cfg theirs = { .revision = 2,
					  .crc = mask & 16,
					  .markers = mask & 32,
					  .rtr = (mask >> 6 & 7) ? (mask >> 6 & 7) : 1,
					  .ird = mask & 512 ? 2 : 20,
					  .ord = mask & 512 ? 1 : 30 };

		assert_int_equal(mpa_start_active(&a, &ours, "hello", 5), 0);
		mpa_start_passive(&b, &theirs);
		assert_int_equal(feed(&b, a.tx, a.tx_len), MPA_START_REQUEST);
		assert_int_equal(b.pdata_len, 5);
		assert_memory_equal(b.pdata, "hello", 5);
		assert_int_equal(mpa_start_accept(&b, &theirs, "welcome", 7), 0);
		assert_int_equal(feed(&b, NULL, 0), MPA_START_DONE);
		assert_int_equal(feed(&a, b.tx, b.tx_len), MPA_START_DONE);
		assert_int_equal(a.pdata_len, 7);
		assert_memory_equal(a.pdata, "welcome", 7);
		assert_int_equal(a.result.crc, b.result.crc);
		assert_int_equal(a.result.crc, ours.crc || theirs.crc);
		assert_int_equal(a.result.markers_tx, b.result.markers_rx);
		assert_int_equal(a.result.markers_rx, b.result.markers_tx);
		assert_int_equal(a.result.p2p, b.result.p2p);
		assert_int_equal(a.result.p2p, ours.p2p && ours.revision == 2);
		assert_int_equal(a.result.rtr, b.result.rtr);
		if (a.result.enhanced) {
			/* RFC 6581 9.1 */
			assert_true(a.result.ord <= b.result.ird);
			assert_true(b.result.ord <= a.result.ird);
		}
	}
}

static void test_private_data(void **state)
{
	u8 data[MPA_PDATA_MAX] = { 1 };
	u8 frame[MPA_FRAME_MAX] = "MPA ID Req Frame";
	static struct mpa_start m;

	assert_int_equal(mpa_start_active(&m, &plain, data, MPA_PDATA_SEND_MAX), 0);
	assert_int_equal(m.tx_len, 20 + 4 + MPA_PDATA_SEND_MAX);
	assert_int_equal(mpa_start_active(&m, &plain, data, MPA_PDATA_SEND_MAX + 1), -EMSGSIZE);

	/* 512 octets are taken */
	frame[17] = 1;
	frame[18] = 2;
	mpa_start_passive(&m, &plain);
	assert_int_equal(feed(&m, frame, sizeof(frame) - 1), MPA_START_MORE);
	assert_int_equal(feed(&m, frame + sizeof(frame) - 1, 1), MPA_START_REQUEST);
	assert_int_equal(m.pdata_len, 512);
	assert_int_equal(mpa_start_accept(&m, &plain, data, MPA_PDATA_SEND_MAX + 1), -EMSGSIZE);
	assert_int_equal(mpa_start_accept(&m, &plain, data, MPA_PDATA_SEND_MAX), 0);
	assert_int_equal(m.tx_len, 20 + MPA_PDATA_SEND_MAX);
}

/* Nothing may follow a request before the reply; what follows the reply is the stream's. */
static void test_surplus(void **state)
{
	u8 request[21] = "MPA ID Req Frame\0\1\0\0"
			 "x",
	   reply[23] = "MPA ID Rep Frame\0\1\0\0"
		       "abc";
	struct mpa_cfg cfg = { .revision = 1 };
	struct core_input in = { .data = request, .len = sizeof(request) };
	static struct mpa_start m;

	mpa_start_passive(&m, &cfg);
	assert_int_equal(mpa_start_rx(&m, &in), MPA_START_REQUEST);
	assert_int_equal(in.pos, 20);
	assert_int_equal(mpa_start_rx(&m, &in), MPA_START_FAULT);
	assert_int_equal(m.fault, MPA_FAULT_SURPLUS);
	assert_int_equal(mpa_start_accept(&m, &cfg, NULL, 0), -EINVAL);
	assert_int_equal(feed(&m, "y", 1), MPA_START_FAULT);

	assert_int_equal(mpa_start_active(&m, &cfg, NULL, 0), 0);
	in = (struct core_input){ .data = reply, .len = sizeof(reply) };
	assert_int_equal(mpa_start_rx(&m, &in), MPA_START_DONE);
	assert_int_equal(in.pos, 20);
	assert_int_equal(mpa_start_rx(&m, &in), MPA_START_DONE);
	assert_int_equal(in.pos, 20);
}

static void test_misuse(void **state)
{
	static struct mpa_start m;

	mpa_start_passive(&m, &plain);
	assert_int_equal(mpa_start_accept(&m, &plain, NULL, 0), -EINVAL);
	assert_int_equal(mpa_start_reject(&m, NULL, 0), -EINVAL);
	assert_int_equal(feed(&m, NULL, 0), MPA_START_MORE);
}

static void test_is_request(void **state)
{
	const u8 *key = (const u8 *)"MPA ID Req Frame!";

	for (size_t len = 0; len <= 17; len++)
		assert_true(mpa_start_is_request(key, len));
	assert_false(mpa_start_is_request((const u8 *)"MPA ID Rep Frame", 16));
	assert_false(mpa_start_is_request((const u8 *)"C", 1));
	assert_true(mpa_start_is_request((const u8 *)"MPA ID Re", 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreement),  cmocka_unit_test(test_private_data),
		cmocka_unit_test(test_surplus),	   cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_is_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
