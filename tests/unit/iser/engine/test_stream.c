// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* PDUs out of a byte stream: the same whatever way it is cut; limits; what is refused. */
#include <stdlib.h>
#include <string.h>

#include "iser/engine/stream.h"
#include "tests/unit/iser/captured.h"
#include "tests/unit/iser/cmocka_head.h"

#define HDR	28	/* of iSER, in front of the captured PDUs */
#define BUF	512

/* Login (232 bytes of text), a NOP-Out without data, SendTargets (16 bytes), login of 453 bytes. */
static size_t make_stream(u8 *out)
{
	static const u8 nop[48] = { 0x40, 0x80 };
	size_t len = 0;

	memcpy(out + len, captured_discovery_login + HDR, sizeof(captured_discovery_login) - HDR);
	len += sizeof(captured_discovery_login) - HDR;
	memcpy(out + len, nop, sizeof(nop));
	len += sizeof(nop);
	memcpy(out + len, captured_send_targets + HDR, sizeof(captured_send_targets) - HDR);
	len += sizeof(captured_send_targets) - HDR;
	memcpy(out + len, captured_normal_login + HDR, sizeof(captured_normal_login) - HDR);
	return len + sizeof(captured_normal_login) - HDR;
}

struct seen {
	unsigned int pdus;
	u32 lens[8];
	u32 sum;
};

static enum iscsi_stream_event feed(struct iscsi_stream *rx, const u8 *data, size_t len,
				    struct seen *seen)
{
	u8 *exact = malloc(len ? len : 1);
	struct core_input in = { .data = exact, .len = len };
	enum iscsi_stream_event ev;

	memcpy(exact, data, len);
	while ((ev = iscsi_stream_step(rx, &in)) == STREAM_PDU) {
		assert_true(seen->pdus < 8);
		seen->lens[seen->pdus++] = rx->pdu.data_len;
		for (u32 i = 0; i < rx->pdu.data_len; i++)
			seen->sum = seen->sum * 31 + rx->data[i];
	}
	if (ev == STREAM_MORE)
		assert_int_equal(in.pos, len);
	free(exact);
	return ev;
}

static void check(const struct seen *seen, u32 sum)
{
	assert_int_equal(seen->pdus, 4);
	assert_int_equal(seen->lens[0], 232);
	assert_int_equal(seen->lens[1], 0);
	assert_int_equal(seen->lens[2], 16);
	assert_int_equal(seen->lens[3], 453);
	assert_int_equal(seen->sum, sum);
}

static void test_cut(void **state)
{
	u8 stream[2048], buf[BUF];
	size_t len = make_stream(stream);
	struct seen whole = { 0 };
	struct iscsi_stream rx;

	iscsi_stream_init(&rx, buf, sizeof(buf));
	assert_int_equal(feed(&rx, stream, len, &whole), STREAM_MORE);
	check(&whole, whole.sum);
	for (size_t cut = 0; cut <= len; cut++) {
		struct seen seen = { 0 };

		iscsi_stream_init(&rx, buf, sizeof(buf));
		feed(&rx, stream, cut, &seen);
		feed(&rx, stream + cut, len - cut, &seen);
		check(&seen, whole.sum);
	}
}

static void test_byte_by_byte(void **state)
{
	u8 stream[2048], buf[BUF];
	size_t len = make_stream(stream);
	struct seen whole = { 0 }, seen = { 0 };
	struct iscsi_stream rx;

	iscsi_stream_init(&rx, buf, sizeof(buf));
	feed(&rx, stream, len, &whole);
	iscsi_stream_init(&rx, buf, sizeof(buf));
	for (size_t i = 0; i < len; i++)
		assert_int_equal(feed(&rx, stream + i, 1, &seen), STREAM_MORE);
	check(&seen, whole.sum);
}

/* A prefix gives the PDUs that it holds whole, and waits for the rest. */
static void test_truncation(void **state)
{
	static const size_t ends[] = { 280, 328, 392, 896 };
	u8 stream[2048], buf[BUF];
	size_t len = make_stream(stream);
	struct iscsi_stream rx;

	assert_int_equal(len, 896);
	for (size_t cut = 0; cut <= len; cut++) {
		struct seen seen = { 0 };
		unsigned int whole = 0;

		while (whole < 4 && ends[whole] <= cut)
			whole++;
		iscsi_stream_init(&rx, buf, sizeof(buf));
		assert_int_equal(feed(&rx, stream, cut, &seen), STREAM_MORE);
		assert_int_equal(seen.pdus, whole);
	}
}

static void test_faults(void **state)
{
	static const struct {
		u8 opcode, flags, ahs;
		u32 data_len;
		enum iscsi_stream_fault fault;
	} cases[] = {
		{ 0x43, 0x87, 0, BUF, STREAM_FAULT_NONE },
		{ 0x43, 0x87, 0, BUF + 1, STREAM_FAULT_DATA },
		{ 0x43, 0x87, 0, 0xffffff, STREAM_FAULT_DATA },
		{ 0x43, 0x87, 1, 0, STREAM_FAULT_AHS },
		{ 0x43, 0x8c, 0, 0, STREAM_FAULT_FIELD },
		{ 0x07, 0x80, 0, 0, STREAM_FAULT_OPCODE },
		{ 'G', 'E', 0, 0, STREAM_FAULT_OPCODE },
	};
	u8 buf[BUF];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 bhs[48] = { cases[i].opcode, cases[i].flags };
		struct seen seen = { 0 };
		struct iscsi_stream rx;

		bhs[4] = cases[i].ahs;
		bhs[5] = (u8)(cases[i].data_len >> 16);
		bhs[6] = (u8)(cases[i].data_len >> 8);
		bhs[7] = (u8)cases[i].data_len;
		iscsi_stream_init(&rx, buf, sizeof(buf));
		assert_int_equal(feed(&rx, bhs, sizeof(bhs), &seen),
				 cases[i].fault ? STREAM_FAULT : STREAM_MORE);
		assert_int_equal(rx.fault, cases[i].fault);
		/* a dead stream stays dead */
		assert_int_equal(feed(&rx, bhs, sizeof(bhs), &seen),
				 cases[i].fault ? STREAM_FAULT : STREAM_MORE);
	}
}

static void test_is_login(void **state)
{
	const u8 *login = captured_normal_login + HDR;
	static const u8 mpa[16] = "MPA ID Req Frame", http[4] = "GET ";

	for (size_t len = 0; len <= 48; len++)
		assert_true(iscsi_stream_is_login(login, len));
	assert_false(iscsi_stream_is_login(mpa, 1));
	assert_false(iscsi_stream_is_login(http, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),	   cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_truncation), cmocka_unit_test(test_faults),
		cmocka_unit_test(test_is_login),
	};

	return cmocka_run_group_tests_name("iser/stream", tests, NULL, NULL);
}
