// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The 28-byte header: captured ones, RFC 7145 section 9, every truncation; private data. */
#include <stdlib.h>
#include <string.h>

#include "iser/engine/iser_hdr.h"
#include "tests/unit/iser/captured.h"
#include "tests/unit/iser/cmocka_head.h"

static void test_captured(void **state)
{
	struct iser_hdr hdr;
	u8 out[ISER_HDR_BYTES];

	assert_int_equal(iser_hdr_decode(captured_read, sizeof(captured_read), &hdr),
			 ISER_MSG_CONTROL);
	assert_true(hdr.read_valid && !hdr.write_valid);
	assert_int_equal(hdr.read_stag, 0x6b877926);
	assert_int_equal(hdr.read_base, 0x8dcfa000);
	iser_hdr_encode(&hdr, out);
	assert_memory_equal(out, captured_read, sizeof(out));

	assert_int_equal(iser_hdr_decode(captured_write, sizeof(captured_write), &hdr),
			 ISER_MSG_CONTROL);
	assert_true(hdr.write_valid && !hdr.read_valid);
	assert_int_equal(hdr.write_stag, 0x6b877929);
	assert_int_equal(hdr.write_base, 0x8bac2000);
	iser_hdr_encode(&hdr, out);
	assert_memory_equal(out, captured_write, sizeof(out));

	assert_int_equal(iser_hdr_decode(captured_normal_login, sizeof(captured_normal_login),
					 &hdr),
			 ISER_MSG_CONTROL);
	assert_false(hdr.write_valid || hdr.read_valid);
}

static void test_reserved_ignored(void **state)
{
	u8 msg[ISER_HDR_BYTES];
	struct iser_hdr hdr;

	memset(msg, 0xff, sizeof(msg));
	msg[0] = 0x13;		/* control, no valid bits, reserved ones set */
	assert_int_equal(iser_hdr_decode(msg, sizeof(msg), &hdr), ISER_MSG_CONTROL);
	assert_false(hdr.write_valid || hdr.read_valid);
	assert_int_equal(hdr.write_stag | hdr.read_stag, 0);
	assert_true(hdr.write_base == 0 && hdr.read_base == 0);
}

static void test_bad(void **state)
{
	static const u8 opcodes[] = { 0x00, 0x40, 0x50, 0x80, 0xf0 };
	u8 msg[ISER_HDR_BYTES] = { 0 };
	struct iser_hdr hdr;

	for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
		msg[0] = opcodes[i];
		assert_int_equal(iser_hdr_decode(msg, sizeof(msg), &hdr), ISER_MSG_BAD);
	}
	for (size_t len = 0; len < sizeof(msg); len++) {
		u8 *exact = malloc(len ? len : 1);

		memset(exact, ISER_OP_CONTROL, len ? len : 1);
		assert_int_equal(iser_hdr_decode(exact, len, &hdr), ISER_MSG_BAD);
		free(exact);
	}
}

static void test_hello(void **state)
{
	/* figure 4: opcode 2, versions 10 and 10, IRD 4 */
	static const u8 hello_wire[ISER_HDR_BYTES] = { 0x20, 0xaa, 0x00, 0x04 };
	/* figure 5: opcode 3, versions 10 and 10, ORD 4 */
	static const u8 reply_wire[ISER_HDR_BYTES] = { 0x30, 0xaa, 0x00, 0x04 };
	struct iser_hdr hello, reply;
	u8 out[ISER_HDR_BYTES];

	iser_hello_init(&hello, 4);
	iser_hdr_encode(&hello, out);
	assert_memory_equal(out, hello_wire, sizeof(out));
	assert_int_equal(iser_hdr_decode(hello_wire, sizeof(hello_wire), &hello), ISER_MSG_HELLO);
	iser_hello_answer(&hello, 32, &reply);
	iser_hdr_encode(&reply, out);
	assert_memory_equal(out, reply_wire, sizeof(out));
	assert_int_equal(iser_hdr_decode(reply_wire, sizeof(reply_wire), &reply),
			 ISER_MSG_HELLO_REPLY);
	assert_true(iser_hello_accepted(&reply));
}

/* 10.1.3.2: when the target must reject */
static void test_hello_rejected(void **state)
{
	static const struct {
		u8 max, low;
		u16 ird, ord;
		bool reject;
	} cases[] = {
		{ 10, 10, 4, 4, false }, { 11, 10, 4, 4, false }, { 10, 9, 4, 4, false },
		{ 9, 9, 4, 4, true },	 { 11, 11, 4, 4, true },  { 10, 10, 4, 0, true },
		{ 10, 10, 0, 0, false }, { 10, 10, 0, 4, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iser_hdr hello = { .msg = ISER_MSG_HELLO,
					  .version_max = cases[i].max,
					  .version_low = cases[i].low,
					  .queue = cases[i].ird };
		struct iser_hdr reply;

		iser_hello_answer(&hello, cases[i].ord, &reply);
		assert_int_equal(reply.reject, cases[i].reject);
		assert_int_equal(iser_hello_accepted(&reply), !cases[i].reject);
	}
}

static void test_pdata(void **state)
{
	static const struct {
		u8 bytes[6];
		size_t len;
		bool zbva, send_inv;
	} cases[] = {
		{ { 0 }, 0, false, false },
		{ { 0x00, 0, 0 }, 3, false, false },
		{ { 0x00, 0, 0, 0 }, 4, true, true },
		{ { 0x80, 0, 0, 0 }, 4, false, true },
		{ { 0x40, 0, 0, 0 }, 4, true, false },
		{ { 0xc0, 0, 0, 0, 1, 2 }, 6, false, false },
	};
	struct iser_caps caps;
	u8 out[ISER_PDATA_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		iser_pdata_decode(cases[i].bytes, cases[i].len, &caps);
		assert_int_equal(caps.zbva, cases[i].zbva);
		assert_int_equal(caps.send_inv, cases[i].send_inv);
		iser_pdata_encode(&caps, out);
		if (cases[i].len >= sizeof(out))
			assert_memory_equal(out, cases[i].bytes, sizeof(out));
	}
}

/* RFC 7145 6.9, and what ib_iser does: 8 KiB of the captured command are unsolicited. */
static void test_write_base(void **state)
{
	struct iser_hdr hdr;

	iser_hdr_decode(captured_write, sizeof(captured_write), &hdr);
	assert_int_equal(iser_write_to(&hdr, true, 8192, 8192), 0x8bac2000);
	assert_int_equal(iser_write_to(&hdr, true, 8192, 12288), 0x8bac3000);
	assert_int_equal(iser_write_to(&hdr, false, 8192, 8192), 0x8bac4000);
	assert_int_equal(iser_write_base(0x10000, true, 4096), 0x11000);
	assert_int_equal(iser_write_base(0x10000, false, 4096), 0x10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_reserved_ignored),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_hello_rejected),
		cmocka_unit_test(test_pdata),
		cmocka_unit_test(test_write_base),
	};

	return cmocka_run_group_tests_name("iser/iser_hdr", tests, NULL, NULL);
}
