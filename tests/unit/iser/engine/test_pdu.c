// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PDU headers: the captured ones, one of each opcode with its fields where RFC 7143 section 11
 * draws them, what is refused, and where AHS and data lie in a message.
 */
#include <stdlib.h>
#include <string.h>

#include "iser/engine/iser_hdr.h"
#include "iser/engine/pdu.h"
#include "tests/unit/iser/captured.h"
#include "tests/unit/iser/cmocka_head.h"

static const u8 *bhs_of(const u8 *msg)
{
	return msg + ISER_HDR_BYTES;
}

static void test_captured_command(void **state)
{
	static const u8 cdb[16] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 0x20 };
	struct iscsi_pdu pdu;
	u8 out[ISCSI_BHS_BYTES];

	assert_int_equal(iscsi_pdu_decode(bhs_of(captured_write), &pdu), ISCSI_PDU_OK);
	assert_int_equal(pdu.opcode, ISCSI_SCSI_CMD);
	assert_false(pdu.final || pdu.immediate || pdu.cmd.read);
	assert_true(pdu.cmd.write);
	assert_int_equal(pdu.cmd.attr, ISCSI_ATTR_SIMPLE);
	assert_int_equal(pdu.data_len, 4096);
	assert_int_equal(pdu.itt, 0x2c000000);
	assert_int_equal(pdu.cmd.expected_len, 16384);
	assert_int_equal(pdu.cmd_sn, 0x2b);
	assert_int_equal(pdu.exp_stat_sn, 0x2c);
	assert_memory_equal(pdu.cmd.cdb, cdb, sizeof(cdb));
	iscsi_pdu_encode(&pdu, out);
	assert_memory_equal(out, bhs_of(captured_write), sizeof(out));
}

static void test_captured_others(void **state)
{
	struct iscsi_pdu pdu;
	u8 out[ISCSI_BHS_BYTES];

	assert_int_equal(iscsi_pdu_decode(bhs_of(captured_data_out), &pdu), ISCSI_PDU_OK);
	assert_int_equal(pdu.opcode, ISCSI_DATA_OUT);
	assert_true(pdu.final);
	assert_int_equal(pdu.ttt, ISCSI_TAG_NONE);
	assert_int_equal(pdu.data.buffer_offset, 4096);
	assert_int_equal(pdu.data_len, 4096);
	iscsi_pdu_encode(&pdu, out);
	assert_memory_equal(out, bhs_of(captured_data_out), sizeof(out));

	assert_int_equal(iscsi_pdu_decode(bhs_of(captured_normal_login), &pdu), ISCSI_PDU_OK);
	assert_int_equal(pdu.opcode, ISCSI_LOGIN_REQ);
	assert_true(pdu.final && pdu.immediate);
	assert_int_equal(pdu.login.csg, ISCSI_STAGE_OPERATIONAL);
	assert_int_equal(pdu.login.nsg, ISCSI_STAGE_FULL_FEATURE);
	assert_int_equal(pdu.data_len, 453);
	iscsi_pdu_encode(&pdu, out);
	assert_memory_equal(out, bhs_of(captured_normal_login), sizeof(out));

	assert_int_equal(iscsi_pdu_decode(bhs_of(captured_send_targets), &pdu), ISCSI_PDU_OK);
	assert_int_equal(pdu.opcode, ISCSI_TEXT_REQ);
	iscsi_pdu_encode(&pdu, out);
	assert_memory_equal(out, bhs_of(captured_send_targets), sizeof(out));
}

/*
 * A header of each opcode whose bytes are their own offsets where the RFC has a field, and zero
 * where it has none: whatever is lost or moved in decoding or encoding changes a byte.
 */
struct layout {
	u8 opcode, flags;
	u8 from[4], to[4];	/* runs of bytes with fields, behind the first two */
};

static const struct layout layouts[] = {
	{ ISCSI_NOP_OUT | ISCSI_IMMEDIATE, 0x80, { 5, 8 }, { 7, 31 } },
	{ ISCSI_SCSI_CMD, 0xe1, { 4 }, { 47 } },
	{ ISCSI_TMF_REQ, 0x85, { 5, 8 }, { 7, 39 } },
	{ ISCSI_LOGIN_REQ | ISCSI_IMMEDIATE, 0x87, { 2, 5, 24 }, { 3, 21, 31 } },
	{ ISCSI_TEXT_REQ, 0x80, { 5, 8 }, { 7, 31 } },
	{ ISCSI_DATA_OUT, 0x80, { 5, 8, 28, 36 }, { 7, 23, 31, 43 } },
	{ ISCSI_LOGOUT_REQ, 0x81, { 5, 16, 24 }, { 7, 21, 31 } },
	{ ISCSI_SNACK_REQ, 0x83, { 5, 8, 28, 40 }, { 7, 23, 31, 47 } },
	{ ISCSI_NOP_IN, 0x80, { 5, 8 }, { 7, 35 } },
	{ ISCSI_SCSI_RSP, 0x82, { 2, 5, 16 }, { 3, 7, 47 } },
	{ ISCSI_SCSI_RSP, 0x8c, { 2, 5, 16 }, { 3, 7, 47 } },
	{ ISCSI_TMF_RSP, 0x80, { 2, 5, 16, 24 }, { 2, 7, 19, 35 } },
	{ ISCSI_LOGIN_RSP, 0x81, { 2, 5, 24 }, { 3, 19, 37 } },
	{ ISCSI_TEXT_RSP, 0x40, { 5, 8 }, { 7, 35 } },
	{ ISCSI_DATA_IN, 0x83, { 3, 8 }, { 7, 47 } },
	{ ISCSI_LOGOUT_RSP, 0x80, { 2, 5, 16, 24 }, { 2, 7, 19, 35 } },
	{ ISCSI_R2T, 0x80, { 5, 8 }, { 7, 47 } },
	{ ISCSI_ASYNC, 0x80, { 5, 8, 24 }, { 7, 19, 43 } },
	{ ISCSI_REJECT, 0x80, { 2, 5, 16, 24 }, { 2, 7, 19, 39 } },
};

static void lay_out(const struct layout *l, u8 bhs[ISCSI_BHS_BYTES])
{
	memset(bhs, 0, ISCSI_BHS_BYTES);
	bhs[0] = l->opcode;
	bhs[1] = l->flags;
	for (size_t i = 0; i < 4 && l->to[i] > 0; i++)
		for (unsigned int at = l->from[i]; at <= l->to[i]; at++)
			bhs[at] = (u8)(0xa0 + at);
}

static void test_every_opcode(void **state)
{
	u8 bhs[ISCSI_BHS_BYTES], out[ISCSI_BHS_BYTES];
	struct iscsi_pdu pdu;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		lay_out(&layouts[i], bhs);
		assert_int_equal(iscsi_pdu_decode(bhs, &pdu), ISCSI_PDU_OK);
		assert_int_equal(pdu.opcode, layouts[i].opcode & ISCSI_OPCODE);
		iscsi_pdu_encode(&pdu, out);
		for (unsigned int at = 0; at < sizeof(out); at++)
			if (out[at] != bhs[at])
				fail_msg("%s: byte %u is 0x%02x, was 0x%02x",
					 iscsi_opcode_str(pdu.opcode), at, out[at], bhs[at]);
	}
}

static void test_refused(void **state)
{
	static const struct {
		u8 opcode, flags, status_class;
		enum iscsi_pdu_fault fault;
	} cases[] = {
		{ 0x07, 0x80, 0, ISCSI_PDU_OPCODE },
		{ 0x1f, 0x80, 0, ISCSI_PDU_OPCODE },
		{ 0x27, 0x80, 0, ISCSI_PDU_OPCODE },
		{ 0x3e, 0x80, 0, ISCSI_PDU_OPCODE },
		{ ISCSI_LOGIN_REQ, 0x08, 0, ISCSI_PDU_FIELD },		/* CSG 2 */
		{ ISCSI_LOGIN_REQ, 0x0c, 0, ISCSI_PDU_FIELD },		/* CSG 3 */
		{ ISCSI_LOGIN_REQ, 0x82, 0, ISCSI_PDU_FIELD },		/* T, NSG 2 */
		{ ISCSI_LOGIN_REQ, 0x85, 0, ISCSI_PDU_FIELD },		/* T, 1 to 1 */
		{ ISCSI_LOGIN_REQ, 0x84, 0, ISCSI_PDU_FIELD },		/* T, 1 to 0 */
		{ ISCSI_LOGIN_REQ, 0xc7, 0, ISCSI_PDU_FIELD },		/* T and C */
		{ ISCSI_LOGIN_REQ, 0x05, 0, ISCSI_PDU_OK },		/* no T: NSG says nothing */
		{ ISCSI_LOGIN_RSP, 0x0c, 0, ISCSI_PDU_FIELD },
		{ ISCSI_LOGIN_RSP, 0x0c, 2, ISCSI_PDU_OK },		/* refusal: reserved */
		{ ISCSI_TEXT_REQ, 0xc0, 0, ISCSI_PDU_FIELD },		/* F and C */
		{ ISCSI_TEXT_RSP, 0xc0, 0, ISCSI_PDU_FIELD },
		{ ISCSI_SCSI_RSP, 0x86, 0, ISCSI_PDU_FIELD },		/* over and under */
		{ ISCSI_SCSI_RSP, 0x98, 0, ISCSI_PDU_FIELD },
	};
	u8 bhs[ISCSI_BHS_BYTES] = { 0 };
	struct iscsi_pdu pdu;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bhs[0] = cases[i].opcode;
		bhs[1] = cases[i].flags;
		bhs[36] = cases[i].status_class;
		if (iscsi_pdu_decode(bhs, &pdu) != cases[i].fault)
			fail_msg("opcode 0x%02x flags 0x%02x", cases[i].opcode, cases[i].flags);
	}
}

/* No header crashes; what is accepted comes out of the encoder as it can be decoded again. */
static void test_random(void **state)
{
	struct iscsi_pdu pdu, again;
	u8 bhs[ISCSI_BHS_BYTES];
	u32 x = 1;

	for (int i = 0; i < 100000; i++) {
		for (size_t at = 0; at < sizeof(bhs); at++)
			bhs[at] = (u8)((x = x * 1664525 + 1013904223) >> 24);
		if (iscsi_pdu_decode(bhs, &pdu) != ISCSI_PDU_OK)
			continue;
		iscsi_pdu_encode(&pdu, bhs);
		assert_int_equal(iscsi_pdu_decode(bhs, &again), ISCSI_PDU_OK);
		assert_int_equal(again.data_len, pdu.data_len);
		assert_int_equal(again.ahs_len, pdu.ahs_len);
	}
}

static void test_split(void **state)
{
	static const struct {
		u16 ahs_len;
		u32 data_len;
		size_t len;
		bool right;
	} cases[] = {
		{ 0, 0, 0, true },
		{ 0, 0, 3, true },
		{ 0, 0, 4, false },
		{ 0, 5, 5, true },
		{ 0, 5, 8, true },
		{ 0, 5, 9, false },
		{ 0, 5, 4, false },
		{ 8, 5, 13, true },
		{ 8, 5, 12, false },
		{ 1020, 0, 1020, true },
		{ 1020, 0, 1019, false },
		{ 0, 0xffffff, 100, false },
		{ 1020, 0xffffff, 4, false },
	};
	static const u8 bytes[1100];
	const u8 *ahs, *data;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iscsi_pdu pdu = { .ahs_len = cases[i].ahs_len,
					 .data_len = cases[i].data_len };

		ahs = data = NULL;
		assert_int_equal(iscsi_pdu_split(&pdu, bytes, cases[i].len, &ahs, &data),
				 cases[i].right);
		assert_ptr_equal(data, cases[i].right ? bytes + cases[i].ahs_len : NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_command), cmocka_unit_test(test_captured_others),
		cmocka_unit_test(test_every_opcode),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random),		 cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests_name("iser/pdu", tests, NULL, NULL);
}
