// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The initiator's half of a login: what it sends first, and what it makes of answers as LIO and tgt
 * give them and of answers that nobody may give.
 */
#include <stdlib.h>

#include "tests/unit/iser/cmocka_head.h"
#include "tests/unit/iser/engine/login_text.h"

static struct login_initiator login;
static struct login_pdu out;
static u32 stat_sn;

static struct login_cfg initiator_cfg(void)
{
	struct login_cfg cfg = {
		.rdma = true,
		.initiator = INITIATOR,
		.target = TARGET,
		.itt = 0x22,
		.cmd_sn = 1,
	};

	iscsi_params_default(&cfg.offer);
	cfg.offer.initial_r2t = false;
	cfg.offer.max_burst = 1048576;
	cfg.offer.initiator_recv_dsl = 512;
	cfg.offer.initiator_unexpected = 16;
	return cfg;
}

static void begin(const struct login_cfg *cfg)
{
	login_initiator_init(&login, cfg);
	login_initiator_start(&login, &out);
	stat_sn = 0x500;
}

static struct iscsi_pdu response(u8 flags)
{
	return (struct iscsi_pdu){
		.opcode = ISCSI_LOGIN_RSP,
		.final = flags & 0x80,
		.more = flags & 0x40,
		.itt = 0x22,
		.stat_sn = stat_sn++,
		.exp_cmd_sn = 1,
		.max_cmd_sn = 64,
		.login = { .csg = flags >> 2 & 3, .nsg = flags & 3, .tsih = 9 },
	};
}

static enum login_event answer(u8 flags, const char *text)
{
	u8 data[ISCSI_TEXT_MAX + 1];
	struct iscsi_pdu pdu = response(flags);

	pdu.data_len = text_to_wire(text, data);
	return login_initiator_step(&login, &pdu, data, &out);
}

static void expect_request(const char *text)
{
	char got[ISCSI_LOGIN_DSL];

	text_from_wire(out.data, out.hdr.data_len, got, sizeof(got));
	assert_string_equal(got, text);
}

#define NORMAL_KEYS \
	"RDMAExtensions=Yes HeaderDigest=None DataDigest=None MaxConnections=1 InitialR2T=No" \
	" ImmediateData=Yes MaxBurstLength=1048576 FirstBurstLength=65536 DefaultTime2Wait=2" \
	" DefaultTime2Retain=20 MaxOutstandingR2T=1 DataPDUInOrder=Yes DataSequenceInOrder=Yes" \
	" ErrorRecoveryLevel=0 InitiatorRecvDataSegmentLength=512" \
	" TargetRecvDataSegmentLength=8192 MaxOutstandingUnexpectedPDUs=16" \
	" TaggedBufferForSolicitedDataOnly=Yes"

static void test_first_request(void **state)
{
	struct login_cfg cfg = initiator_cfg();

	begin(&cfg);
	expect_request("InitiatorName=" INITIATOR " TargetName=" TARGET
		       " SessionType=Normal " NORMAL_KEYS);
	assert_true(out.hdr.final && out.hdr.immediate);
	assert_int_equal(out.hdr.login.csg, ISCSI_STAGE_OPERATIONAL);
	assert_int_equal(out.hdr.login.nsg, ISCSI_STAGE_FULL_FEATURE);
	cfg.target = NULL;
	begin(&cfg);
	expect_request("InitiatorName=" INITIATOR " SessionType=Discovery HeaderDigest=None"
		       " DataDigest=None MaxRecvDataSegmentLength=8192 DefaultTime2Wait=2"
		       " DefaultTime2Retain=20 ErrorRecoveryLevel=0");
	cfg.target = TARGET;
	cfg.start_in_security = true;
	cfg.alias = "here";
	begin(&cfg);
	expect_request("InitiatorName=" INITIATOR " InitiatorAlias=here TargetName=" TARGET
		       " SessionType=Normal AuthMethod=None");
	assert_int_equal(out.hdr.login.csg, ISCSI_STAGE_SECURITY);
	assert_int_equal(answer(0x81, "AuthMethod=None TargetPortalGroupTag=1"), LOGIN_SEND);
	expect_request(NORMAL_KEYS);
	assert_int_equal(login.params.tpgt, 1);
}

/* As LIO answers: later keys are NotUnderstood, one exchange more. */
#define LIO_ANSWER \
	"TargetPortalGroupTag=1 RDMAExtensions=Yes HeaderDigest=None DataDigest=None" \
	" MaxConnections=1 InitialR2T=Yes ImmediateData=Yes MaxBurstLength=262144" \
	" FirstBurstLength=65536 DefaultTime2Wait=2 DefaultTime2Retain=20 MaxOutstandingR2T=1" \
	" DataPDUInOrder=Yes DataSequenceInOrder=Yes ErrorRecoveryLevel=0" \
	" InitiatorRecvDataSegmentLength=512 TargetRecvDataSegmentLength=8192" \
	" MaxOutstandingUnexpectedPDUs=NotUnderstood" \
	" TaggedBufferForSolicitedDataOnly=NotUnderstood"

static void test_lio(void **state)
{
	struct login_cfg cfg = initiator_cfg();

	begin(&cfg);
	assert_int_equal(answer(0x04, LIO_ANSWER), LOGIN_SEND);
	assert_true(out.hdr.final);
	assert_int_equal(out.hdr.data_len, 0);
	assert_int_equal(out.hdr.exp_stat_sn, 0x501);
	assert_int_equal(answer(0x87, ""), LOGIN_DONE);
	assert_true(login.params.rdma && login.params.initial_r2t && login.params.immediate_data);
	assert_int_equal(login.params.max_burst, 262144);
	assert_int_equal(login.params.initiator_recv_dsl, 512);
	assert_int_equal(login.params.tsih, 9);
	assert_int_equal(login.exp_stat_sn, 0x502);
	assert_int_equal(login.max_cmd_sn, 64);
}

static void test_outcomes(void **state)
{
	static const struct {
		const char *name;
		u8 flags;
		const char *text;
		enum login_event ev;
		const char *next;	/* what the next request says */
	} cases[] = {
		{ "all at once", 0x87, "RDMAExtensions=Yes", LOGIN_DONE, NULL },
		{ "no iSER", 0x87, "RDMAExtensions=No", LOGIN_FAULT, NULL },
		{ "iSER not understood", 0x87, "RDMAExtensions=NotUnderstood", LOGIN_FAULT, NULL },
		{ "iSER not mentioned", 0x87, "", LOGIN_FAULT, NULL },
		{ "the target has a wish", 0x04, "RDMAExtensions=Yes IFMarker=Yes", LOGIN_SEND,
		  "IFMarker=No" },
		{ "the target says something new", 0x04, "RDMAExtensions=Yes New=1", LOGIN_SEND,
		  "New=NotUnderstood" },
		{ "above the offer", 0x04, "MaxBurstLength=1048577", LOGIN_FAULT, NULL },
		{ "below the offer of a maximum", 0x04, "DefaultTime2Wait=1", LOGIN_FAULT, NULL },
		{ "a digest that was not offered", 0x04, "DataDigest=CRC32C", LOGIN_FAULT, NULL },
		{ "a key twice", 0x04, "RDMAExtensions=Yes RDMAExtensions=Yes", LOGIN_FAULT, NULL },
		{ "a key of the initiator", 0x04, "InitiatorAlias=x", LOGIN_SEND, NULL },
		{ "two addresses are fine", 0x04, "TargetAddress=a TargetAddress=b", LOGIN_SEND,
		  "" },
		{ "not text", 0x04, "garbage", LOGIN_FAULT, NULL },
		{ "another stage", 0x00, "", LOGIN_FAULT, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct login_cfg cfg = initiator_cfg();
		enum login_event ev;

		begin(&cfg);
		ev = answer(cases[i].flags, cases[i].text);
		if (ev != cases[i].ev)
			fail_msg("%s: event %d (%s)", cases[i].name, ev,
				 login.why ? login.why : "");
		if (cases[i].next)
			expect_request(cases[i].next);
		if (ev == LOGIN_FAULT)
			assert_non_null(login.why);
	}
}

static void test_refused(void **state)
{
	struct login_cfg cfg = initiator_cfg();
	static const char moved[] = "TargetAddress=192.0.2.7:3260";
	struct iscsi_pdu rsp;

	begin(&cfg);
	rsp = response(0);
	rsp.login.status_class = 2;
	rsp.login.status_detail = 3;
	assert_int_equal(login_initiator_step(&login, &rsp, NULL, &out), LOGIN_REFUSED);
	assert_int_equal(login.status, ISCSI_STATUS_NOT_FOUND);
	begin(&cfg);
	rsp = response(0);
	rsp.login.status_class = 1;
	rsp.login.status_detail = 1;
	rsp.data_len = sizeof(moved);
	assert_int_equal(login_initiator_step(&login, &rsp, (const u8 *)moved, &out),
			 LOGIN_REFUSED);
	assert_string_equal(login.redirect, "192.0.2.7:3260");
}

static void test_foreign_responses(void **state)
{
	struct login_cfg cfg = initiator_cfg();

	for (int what = 0; what < 6; what++) {
		struct iscsi_pdu rsp;

		begin(&cfg);
		assert_int_equal(answer(0x04, "RDMAExtensions=Yes"), LOGIN_SEND);
		rsp = response(0x87);
		if (what == 0)
			rsp.itt++;
		else if (what == 1)
			rsp.stat_sn++;
		else if (what == 2)
			rsp.opcode = ISCSI_TEXT_RSP;
		else if (what == 3)
			rsp.login.version = 1;
		else if (what == 4)
			rsp.data_len = ISCSI_LOGIN_DSL + 1;
		else
			rsp.login.tsih = 0;
		assert_int_equal(login_initiator_step(&login, &rsp, NULL, &out), LOGIN_FAULT);
		assert_non_null(login.why);
	}
}

/* LIO's answer in two responses with the C bit, cut everywhere; and every prefix alone. */
static void test_continuation(void **state)
{
	struct login_cfg cfg = initiator_cfg();
	u8 data[1024];
	u32 len = text_to_wire(LIO_ANSWER, data);

	for (u32 cut = 0; cut <= len; cut++) {
		struct iscsi_pdu rsp;
		u8 *exact = malloc(cut ? cut : 1);

		memcpy(exact, data, cut);
		begin(&cfg);
		rsp = response(0x44);
		rsp.data_len = cut;
		assert_int_equal(login_initiator_step(&login, &rsp, exact, &out), LOGIN_SEND);
		assert_false(out.hdr.final);
		assert_int_equal(out.hdr.data_len, 0);
		rsp = response(0x04);
		rsp.data_len = len - cut;
		assert_int_equal(login_initiator_step(&login, &rsp, data + cut, &out), LOGIN_SEND);
		assert_int_equal(answer(0x87, ""), LOGIN_DONE);
		begin(&cfg);
		rsp = response(0x04);
		rsp.data_len = cut;
		login_initiator_step(&login, &rsp, exact, &out);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_request),	  cmocka_unit_test(test_lio),
		cmocka_unit_test(test_outcomes),	  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_foreign_responses), cmocka_unit_test(test_continuation),
	};

	return cmocka_run_group_tests_name("iser/login_initiator", tests, NULL, NULL);
}
