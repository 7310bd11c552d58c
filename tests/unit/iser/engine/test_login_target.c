// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The target's half of a login: what it answers to the examples of RFC 7143 appendix B, to what
 * ib_iser and libiscsi really send, and to what nobody may send.
 */
#include <stdlib.h>

#include "iser/engine/iser_hdr.h"
#include "tests/unit/iser/captured.h"
#include "tests/unit/iser/cmocka_head.h"
#include "tests/unit/iser/engine/login_text.h"

static struct login_target login;
static struct login_pdu out;

static struct login_cfg target_cfg(void)
{
	struct login_cfg cfg = { .rdma = true, .window = 16, .stat_sn = 7 };

	iscsi_params_default(&cfg.offer);
	cfg.offer.initial_r2t = false;
	cfg.offer.first_burst = 8192;
	cfg.offer.max_burst = 1048576;
	cfg.offer.time2retain = 0;
	cfg.offer.target_recv_dsl = 4096;
	cfg.offer.target_unexpected = 8;
	cfg.offer.tpgt = 1;
	return cfg;
}

static struct iscsi_pdu request(u8 flags)
{
	static const u8 isid[6] = { 0x00, 0x02, 0x3d, 0x00, 0x00, 0x01 };
	struct iscsi_pdu pdu = {
		.opcode = ISCSI_LOGIN_REQ,
		.immediate = true,
		.final = flags & 0x80,
		.more = flags & 0x40,
		.itt = 0x11,
		.cmd_sn = 0x100,
		.login = { .csg = flags >> 2 & 3, .nsg = flags & 3 },
	};

	memcpy(pdu.login.isid, isid, sizeof(isid));
	return pdu;
}

/* One request, LOGIN_ASK answered with success. */
static enum login_event step(u8 flags, const char *text)
{
	u8 data[ISCSI_TEXT_MAX + 1];
	struct iscsi_pdu pdu = request(flags);
	enum login_event ev;

	pdu.data_len = text_to_wire(text, data);
	ev = login_target_step(&login, &pdu, data, &out);
	return ev == LOGIN_ASK ? login_target_verdict(&login, 0, 0x1234, &out) : ev;
}

static void expect_text(const char *name, const char *text)
{
	char got[ISCSI_LOGIN_DSL];

	text_from_wire(out.data, out.hdr.data_len, got, sizeof(got));
	if (strcmp(got, text) != 0)
		fail_msg("%s: answered \"%s\", expected \"%s\"", name, got, text);
}

/* ---- tables ---------------------------------------------------------------------------------- */

#define NAMES	  "InitiatorName=" INITIATOR " TargetName=" TARGET
#define DISCOVERY "InitiatorName=" INITIATOR " SessionType=Discovery"
#define RDMA	  " RDMAExtensions=Yes"
#define TPGT	  "TargetPortalGroupTag=1"

struct exchange {
	u8 flags;
	const char *text;
	enum login_event ev;
	u8 rsp_flags;		/* T and stages of the response */
	u16 status;
	const char *answer;	/* NULL: not looked at */
};

struct login_case {
	const char *name;
	bool tcp, tcp_only;	/* over TCP; and RDMA not possible */
	struct exchange steps[6];
};

static const struct login_case cases[] = {
	{ "appendix B: no security, all at once",
	  .steps = { { 0x87, NAMES RDMA " FirstBurstLength=4096", LOGIN_DONE, 0x87, 0,
		       "RDMAExtensions=Yes FirstBurstLength=4096 " TPGT } } },
	{ "appendix B: security offered, None chosen",
	  .steps = { { 0x81, NAMES " AuthMethod=KRB5,SRP,None", LOGIN_SEND, 0x81, 0,
		       "AuthMethod=None " TPGT },
		     { 0x04, "RDMAExtensions=Yes FirstBurstLength=8192", LOGIN_SEND, 0x04, 0,
		       "RDMAExtensions=Yes FirstBurstLength=8192" },
		     { 0x87, "", LOGIN_DONE, 0x87, 0, "" } } },
	{ "security stage without a key",
	  .steps = { { 0x81, NAMES, LOGIN_SEND, 0x81, 0, TPGT },
		     { 0x87, "RDMAExtensions=Yes FirstBurstLength=512", LOGIN_DONE, 0x87, 0,
		       "RDMAExtensions=Yes FirstBurstLength=512" } } },
	{ "the initiator insists on CHAP",
	  .steps = { { 0x00, NAMES " AuthMethod=CHAP", LOGIN_REFUSED, 0, 0x0201, "" } } },
	{ "what libiscsi sends",
	  .steps = { { 0x81, NAMES " InitiatorAlias=c SessionType=Normal AuthMethod=None",
		       LOGIN_SEND, 0x81, 0, "AuthMethod=None " TPGT },
		     { 0x87,
		       "HeaderDigest=None DataDigest=None InitialR2T=No ImmediateData=Yes"
		       " MaxBurstLength=262144 FirstBurstLength=262144 DefaultTime2Wait=2"
		       " DefaultTime2Retain=20 MaxRecvDataSegmentLength=262144 MaxOutstandingR2T=1"
		       " ErrorRecoveryLevel=0 DataPDUInOrder=Yes DataSequenceInOrder=Yes IFMarker=No"
		       " OFMarker=No MaxConnections=1 RDMAExtensions=Yes"
		       " InitiatorRecvDataSegmentLength=128 TargetRecvDataSegmentLength=8192",
		       LOGIN_DONE, 0x87, 0,
		       "HeaderDigest=None DataDigest=None InitialR2T=No ImmediateData=Yes"
		       " MaxBurstLength=262144 FirstBurstLength=8192 DefaultTime2Wait=2"
		       " DefaultTime2Retain=0 MaxOutstandingR2T=1 ErrorRecoveryLevel=0"
		       " DataPDUInOrder=Yes DataSequenceInOrder=Yes IFMarker=No OFMarker=No"
		       " MaxConnections=1 RDMAExtensions=Yes InitiatorRecvDataSegmentLength=Reject"
		       " TargetRecvDataSegmentLength=4096" } } },
	{ "keys of RFC 7145",
	  .steps = { { 0x87,
		       NAMES RDMA
		       " FirstBurstLength=8192 MaxOutstandingUnexpectedPDUs=4"
		       " MaxAHSLength=0 TaggedBufferForSolicitedDataOnly=No iSERHelloRequired=Yes",
		       LOGIN_DONE, 0x87, 0,
		       "RDMAExtensions=Yes FirstBurstLength=8192 iSERHelloRequired=Yes " TPGT
		       " MaxOutstandingUnexpectedPDUs=8 MaxAHSLength=256" } } },
	{ "our limit is not the default: we ask",
	  .steps = { { 0x87, NAMES RDMA, LOGIN_SEND, 0x04, 0,
		       "RDMAExtensions=Yes " TPGT " FirstBurstLength=8192" },
		     { 0x87, "FirstBurstLength=4096", LOGIN_DONE, 0x87, 0, "" } } },
	{ "answer beyond our offer",
	  .steps = { { 0x87, NAMES RDMA, LOGIN_SEND, 0x04, 0, NULL },
		     { 0x87, "FirstBurstLength=8193", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "unknown, private, obsolete keys",
	  .steps = { { 0x04, NAMES " X-com.example.foo=1 Ünknown=1", LOGIN_REFUSED, 0, 0x0200,
		       NULL } } },
	{ "unknown keys are NotUnderstood",
	  .steps = { { 0x04, NAMES " X-com.example.foo=1 FutureKey=a,b IFMarkInt=2048 OFMarker=Yes",
		       LOGIN_SEND, 0x04, 0,
		       "X-com.example.foo=NotUnderstood FutureKey=NotUnderstood IFMarkInt=Reject"
		       " OFMarker=No " TPGT
		       " MaxRecvDataSegmentLength=8192 FirstBurstLength=8192" } } },
	{ "the answer NotUnderstood is not answered",
	  .steps = { { 0x04, NAMES RDMA " FirstBurstLength=8192 X-a=NotUnderstood", LOGIN_SEND,
		       0x04, 0, "RDMAExtensions=Yes FirstBurstLength=8192 " TPGT } } },
	{ "values out of range are rejected",
	  .steps = { { 0x04,
		       NAMES RDMA " MaxBurstLength=511 FirstBurstLength=16777216"
				  " ErrorRecoveryLevel=3 InitialR2T=Maybe MaxConnections=0x",
		       LOGIN_SEND, 0x04, 0,
		       "RDMAExtensions=Yes MaxBurstLength=Reject FirstBurstLength=Reject"
		       " ErrorRecoveryLevel=Reject InitialR2T=Reject MaxConnections=Reject " TPGT } } },
	{ "digests other than None",
	  .steps = { { 0x04,
		       NAMES RDMA " FirstBurstLength=512 HeaderDigest=CRC32C,None DataDigest=CRC32C",
		       LOGIN_SEND, 0x04, 0,
		       "RDMAExtensions=Yes FirstBurstLength=512 HeaderDigest=None DataDigest=Reject " TPGT } } },
	{ "a reserved word as a proposal",
	  .steps = { { 0x04, NAMES " MaxBurstLength=Irrelevant", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "a key twice", .steps = { { 0x04, NAMES RDMA RDMA, LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "a key again in a later request",
	  .steps = { { 0x04, NAMES RDMA, LOGIN_SEND, 0x04, 0, NULL },
		     { 0x04, "RDMAExtensions=Yes", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "an operational key in the security stage",
	  .steps = { { 0x81, NAMES " MaxBurstLength=8192", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "a security key in the operational stage",
	  .steps = { { 0x87, NAMES " AuthMethod=None", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "a key of the target",
	  .steps = { { 0x87, NAMES " TargetAddress=1.2.3.4", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "SendTargets during login",
	  .steps = { { 0x87, NAMES " SendTargets=All", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "no initiator name",
	  .steps = { { 0x87, "TargetName=" TARGET, LOGIN_REFUSED, 0, 0x0207, "" } } },
	{ "no target name",
	  .steps = { { 0x87, "InitiatorName=" INITIATOR, LOGIN_REFUSED, 0, 0x0207, "" } } },
	{ "a name that is none", .steps = { { 0x87, "InitiatorName=host77 TargetName=" TARGET,
					      LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "another session type",
	  .steps = { { 0x87, NAMES " SessionType=Other", LOGIN_REFUSED, 0, 0x0209, "" } } },
	{ "not text", .steps = { { 0x87, "garbage", LOGIN_REFUSED, 0, 0x0207, "" } } },
	{ "RDMA but no RDMAExtensions",
	  .steps = { { 0x87, NAMES " FirstBurstLength=512", LOGIN_REFUSED, 0, 0x0207, "" } } },
	{ "RDMA and RDMAExtensions=No",
	  .steps = { { 0x87, NAMES " FirstBurstLength=512 RDMAExtensions=No", LOGIN_REFUSED, 0,
		       0x0200, "" } } },
	{ "security to full feature: nothing was agreed",
	  .steps = { { 0x83, NAMES, LOGIN_REFUSED, 0, 0x0207, "" } } },
	{ "discovery over RDMA",
	  .steps = { { 0x87,
		       DISCOVERY " MaxRecvDataSegmentLength=32768 InitialR2T=No RDMAExtensions=Yes",
		       LOGIN_DONE, 0x87, 0,
		       "InitialR2T=Irrelevant RDMAExtensions=Irrelevant " TPGT
		       " MaxRecvDataSegmentLength=8192" } } },
	{ "discovery over TCP", .tcp = true, .tcp_only = true,
	  .steps = { { 0x81, DISCOVERY " AuthMethod=None", LOGIN_SEND, 0x81, 0,
		       "AuthMethod=None " TPGT },
		     { 0x87, "HeaderDigest=None MaxRecvDataSegmentLength=8192", LOGIN_DONE, 0x87, 0,
		       "HeaderDigest=None MaxRecvDataSegmentLength=8192" } } },
	{ "streaming login that turns into RDMA", .tcp = true,
	  .steps = { { 0x87, NAMES RDMA " FirstBurstLength=8192", LOGIN_DONE, 0x87, 0,
		       "RDMAExtensions=Yes FirstBurstLength=8192 " TPGT } } },
	{ "plain TCP session", .tcp = true,
	  .steps = { { 0x87, NAMES " FirstBurstLength=512", LOGIN_REFUSED, 0, 0x0207, "" } } },
	{ "TCP and no way to RDMA", .tcp = true, .tcp_only = true,
	  .steps = { { 0x87, NAMES RDMA " FirstBurstLength=512", LOGIN_REFUSED, 0, 0x0200, "" } } },
	{ "stage jumps back", .steps = { { 0x87, NAMES RDMA, LOGIN_SEND, 0x04, 0, NULL },
					 { 0x81, "", LOGIN_REFUSED, 0, 0x020b, "" } } },
};

static u8 flags_of(const struct iscsi_pdu *pdu)
{
	return (u8)((pdu->final ? 0x80 | pdu->login.nsg : 0) | pdu->login.csg << 2);
}

static void run_case(const struct login_case *c)
{
	struct login_cfg cfg = target_cfg();

	cfg.rdma = !c->tcp;
	cfg.rdma_wanted = c->tcp && !c->tcp_only;
	login_target_init(&login, &cfg);
	for (const struct exchange *x = c->steps; x->text; x++) {
		enum login_event ev = step(x->flags, x->text);
		u16 status = (u16)(out.hdr.login.status_class << 8 | out.hdr.login.status_detail);

		if (ev != x->ev)
			fail_msg("%s: event %d, expected %d (%s)", c->name, ev, x->ev,
				 login.why ? login.why : "");
		if (status != x->status)
			fail_msg("%s: status 0x%04x (%s)", c->name, status, login.why);
		if (flags_of(&out.hdr) != x->rsp_flags)
			fail_msg("%s: flags 0x%02x", c->name, flags_of(&out.hdr));
		if (x->answer)
			expect_text(c->name, x->answer);
		assert_int_equal(out.hdr.itt, 0x11);
		assert_int_equal(out.hdr.exp_cmd_sn, 0x100);
		assert_int_equal(out.hdr.max_cmd_sn, 0x10f);
		assert_int_equal(out.hdr.stat_sn, 7 + (u32)(x - c->steps));
		if (ev == LOGIN_REFUSED)
			assert_non_null(login.why);
		if (ev == LOGIN_DONE)
			assert_int_equal(out.hdr.login.tsih, 0x1234);
	}
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(&cases[i]);
}

/* ---- captured -------------------------------------------------------------------------------- */

static enum login_event captured(const u8 *msg)
{
	struct login_cfg cfg = target_cfg();
	struct iscsi_pdu pdu;
	enum login_event ev;

	login_target_init(&login, &cfg);
	assert_int_equal(iscsi_pdu_decode(msg + ISER_HDR_BYTES, &pdu), ISCSI_PDU_OK);
	ev = login_target_step(&login, &pdu, msg + ISER_HDR_BYTES + ISCSI_BHS_BYTES, &out);
	assert_int_equal(ev, LOGIN_ASK);
	assert_string_equal(login.params.initiator, "iqn.2026-11.peer:initiator");
	return login_target_verdict(&login, 0, 1, &out);
}

static void test_captured(void **state)
{
	assert_int_equal(captured(captured_normal_login), LOGIN_DONE);
	expect_text("ib_iser",
		    "DefaultTime2Wait=2 DefaultTime2Retain=0 IFMarker=No OFMarker=No"
		    " ErrorRecoveryLevel=0 InitialR2T=No ImmediateData=Yes MaxBurstLength=1048576"
		    " FirstBurstLength=8192 MaxOutstandingR2T=1 MaxConnections=1"
		    " DataPDUInOrder=Yes DataSequenceInOrder=Yes"
		    " InitiatorRecvDataSegmentLength=8192 TargetRecvDataSegmentLength=4096"
		    " RDMAExtensions=Yes TargetPortalGroupTag=1");
	assert_string_equal(login.params.target, "iqn.2026-11.org.openrdma:r");
	assert_true(login.params.rdma && login.params.solicited_only);
	assert_false(login.params.initial_r2t || login.params.hello_required);
	assert_int_equal(login.params.first_burst, 8192);
	assert_int_equal(captured(captured_discovery_login), LOGIN_DONE);
	assert_true(login.params.discovery && login.params.rdma);
	assert_int_equal(login.params.initiator_max_recv, 8192);
}

/* ---- verdicts, continuation, limits ---------------------------------------------------------- */

static void begin(void)
{
	struct login_cfg cfg = target_cfg();

	login_target_init(&login, &cfg);
}

static void test_verdict(void **state)
{
	static const u16 statuses[] = { 0x0202, 0x0203, 0x020a, 0x0302 };
	u8 data[512];

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct iscsi_pdu pdu = request(0x87);

		begin();
		pdu.data_len = text_to_wire(NAMES, data);
		assert_int_equal(login_target_step(&login, &pdu, data, &out), LOGIN_ASK);
		assert_int_equal(login_target_verdict(&login, statuses[i], 0, &out), LOGIN_REFUSED);
		assert_int_equal(out.hdr.login.status_class << 8 | out.hdr.login.status_detail,
				 statuses[i]);
		assert_int_equal(login_target_step(&login, &pdu, data, &out), LOGIN_FAULT);
	}
}

/* The same text in two requests with the C bit, cut everywhere. */
static void test_continuation(void **state)
{
	u8 data[512];
	u32 len = text_to_wire(NAMES RDMA " FirstBurstLength=4096", data);

	for (u32 cut = 0; cut <= len; cut++) {
		struct iscsi_pdu first = request(0x44), second = request(0x87);

		begin();
		first.data_len = cut;
		second.data_len = len - cut;
		assert_int_equal(login_target_step(&login, &first, data, &out), LOGIN_SEND);
		assert_int_equal(out.hdr.data_len, 0);
		assert_false(out.hdr.final);
		assert_int_equal(login_target_step(&login, &second, data + cut, &out), LOGIN_ASK);
		assert_int_equal(login_target_verdict(&login, 0, 1, &out), LOGIN_DONE);
		assert_int_equal(login.params.first_burst, 4096);
	}
}

/* Every prefix of the text is an answer, never a crash. */
static void test_truncation(void **state)
{
	u8 data[512];
	u32 len = text_to_wire(NAMES RDMA " FirstBurstLength=4096", data);

	for (u32 cut = 0; cut < len; cut++) {
		struct iscsi_pdu pdu = request(0x87);
		u8 *exact = malloc(cut ? cut : 1);
		enum login_event ev;

		begin();
		memcpy(exact, data, cut);
		pdu.data_len = cut;
		ev = login_target_step(&login, &pdu, exact, &out);
		if (ev == LOGIN_ASK)
			ev = login_target_verdict(&login, 0, 1, &out);
		assert_true(ev == LOGIN_REFUSED || ev == LOGIN_SEND);
		free(exact);
	}
}

static void test_limits(void **state)
{
	static u8 data[ISCSI_TEXT_MAX];
	struct iscsi_pdu pdu = request(0x44);

	begin();
	pdu.data_len = ISCSI_LOGIN_DSL;
	assert_int_equal(login_target_step(&login, &pdu, data, &out), LOGIN_SEND);
	pdu.data_len = 1;	/* one byte past ISCSI_TEXT_MAX in all */
	assert_int_equal(login_target_step(&login, &pdu, data, &out), LOGIN_REFUSED);
	begin();
	pdu.data_len = ISCSI_LOGIN_DSL + 1;
	assert_int_equal(login_target_step(&login, &pdu, data, &out), LOGIN_REFUSED);
	begin();
	pdu.data_len = 0;
	for (int i = 0; i < ISCSI_LOGIN_PDUS_MAX; i++)
		assert_int_equal(login_target_step(&login, &pdu, data, &out), LOGIN_SEND);
	assert_int_equal(login_target_step(&login, &pdu, data, &out), LOGIN_REFUSED);
}

static void test_foreign_requests(void **state)
{
	struct iscsi_pdu pdu = { .opcode = ISCSI_SCSI_CMD };

	begin();
	assert_int_equal(login_target_step(&login, &pdu, NULL, &out), LOGIN_FAULT);
	for (int what = 0; what < 3; what++) {
		begin();
		assert_int_equal(step(0x04, NAMES RDMA), LOGIN_SEND);
		pdu = request(0x04);
		pdu.itt += what == 0;
		pdu.login.cid += what == 1;
		pdu.login.isid[5] += what == 2;
		assert_int_equal(login_target_step(&login, &pdu, NULL, &out), LOGIN_REFUSED);
		assert_int_equal(login.status, 0x020b);
	}
	begin();
	pdu = request(0x04);
	pdu.login.version = 1;
	assert_int_equal(login_target_step(&login, &pdu, NULL, &out), LOGIN_REFUSED);
	assert_int_equal(login.status, 0x0205);
}

/* Who declares MaxRecvDataSegmentLength made its login for TCP: libiscsi's keys, wary and not. */
static void test_wary(void **state)
{
	static const struct {
		const char *name;
		bool wary_r2t, wary_immediate, tcp_login, initial_r2t, immediate_data;
	} wary[] = {
		{ "not wary", false, false, true, false, true },
		{ "wary", true, true, true, true, false },
		{ "of R2T", true, false, true, true, true },
		{ "of immediate data", false, true, true, false, false },
		{ "wary, and written for iSER", true, true, false, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wary); i++) {
		struct login_cfg cfg = target_cfg();

		cfg.wary_r2t = wary[i].wary_r2t;
		cfg.wary_immediate = wary[i].wary_immediate;
		login_target_init(&login, &cfg);
		assert_int_equal(step(0x81, NAMES), LOGIN_SEND);
		assert_int_equal(
			step(0x87, wary[i].tcp_login
					   ? "InitialR2T=No ImmediateData=Yes FirstBurstLength=8192"
					     " MaxRecvDataSegmentLength=262144 RDMAExtensions=Yes"
					   : "RDMAExtensions=Yes InitialR2T=No ImmediateData=Yes"
					     " FirstBurstLength=8192"),
			LOGIN_DONE);
		if (login.params.initial_r2t != wary[i].initial_r2t ||
		    login.params.immediate_data != wary[i].immediate_data)
			fail_msg("%s: agreed on InitialR2T=%d ImmediateData=%d", wary[i].name,
				 login.params.initial_r2t, login.params.immediate_data);
	}
}

static void test_immediate_data_refused(void **state)
{
	struct login_cfg cfg = target_cfg();

	cfg.offer.immediate_data = false;
	cfg.offer.initial_r2t = true;
	login_target_init(&login, &cfg);
	assert_int_equal(step(0x87, NAMES RDMA " FirstBurstLength=8192"), LOGIN_SEND);
	expect_text("asks for it",
		    "RDMAExtensions=Yes FirstBurstLength=8192 " TPGT " ImmediateData=No");
	assert_int_equal(step(0x87, "ImmediateData=No"), LOGIN_DONE);
	assert_false(login.params.immediate_data);
	assert_true(login.params.initial_r2t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_foreign_requests),
		cmocka_unit_test(test_immediate_data_refused),
		cmocka_unit_test(test_wary),
	};

	return cmocka_run_group_tests_name("iser/login_target", tests, NULL, NULL);
}
