// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Both halves against each other: whatever both want, they end with the same parameters. */
#include "tests/unit/iser/cmocka_head.h"
#include "tests/unit/iser/engine/login_text.h"

static struct login_initiator i;
static struct login_target t;
static struct login_pdu req, rsp;

/* Over the wire and back, so that nothing but bytes passes between the halves. */
static void carry(struct login_pdu *pdu)
{
	u8 bhs[ISCSI_BHS_BYTES];

	iscsi_pdu_encode(&pdu->hdr, bhs);
	assert_int_equal(iscsi_pdu_decode(bhs, &pdu->hdr), ISCSI_PDU_OK);
}

static enum login_event target_step(void)
{
	enum login_event ev;

	carry(&req);
	ev = login_target_step(&t, &req.hdr, req.data, &rsp);
	if (ev == LOGIN_ASK)
		ev = login_target_verdict(&t, 0, 77, &rsp);
	carry(&rsp);
	return ev;
}

static void run(const struct login_cfg *icfg, const struct login_cfg *tcfg)
{
	enum login_event tev, iev;
	int steps = 0;

	login_initiator_init(&i, icfg);
	login_target_init(&t, tcfg);
	login_initiator_start(&i, &req);
	do {
		tev = target_step();
		assert_true(tev == LOGIN_SEND || tev == LOGIN_DONE);
		iev = login_initiator_step(&i, &rsp.hdr, rsp.data, &req);
		assert_true(++steps < 6);
	} while (iev == LOGIN_SEND);
	if (iev != LOGIN_DONE || tev != LOGIN_DONE)
		fail_msg("initiator %d (%s), target %d (%s)", iev, i.why ? i.why : "", tev,
			 t.why ? t.why : "");
}

static void expect_same(void)
{
	const struct iscsi_params *a = &i.params, *b = &t.params;

	assert_int_equal(a->rdma, b->rdma);
	assert_int_equal(a->discovery, b->discovery);
	assert_int_equal(a->initial_r2t, b->initial_r2t);
	assert_int_equal(a->immediate_data, b->immediate_data);
	assert_int_equal(a->max_burst, b->max_burst);
	assert_int_equal(a->first_burst, min_t(u32, b->first_burst, b->max_burst));
	assert_int_equal(a->time2wait, b->time2wait);
	assert_int_equal(a->time2retain, b->time2retain);
	assert_int_equal(a->initiator_recv_dsl, b->initiator_recv_dsl);
	assert_int_equal(a->target_recv_dsl, b->target_recv_dsl);
	assert_int_equal(a->initiator_unexpected, b->initiator_unexpected);
	assert_int_equal(a->target_unexpected, b->target_unexpected);
	assert_int_equal(a->solicited_only, b->solicited_only);
	assert_int_equal(a->hello_required, b->hello_required);
	assert_int_equal(a->tsih, b->tsih);
	assert_string_equal(a->initiator, b->initiator);
	assert_string_equal(a->target, b->target);
	assert_memory_equal(a->isid, b->isid, sizeof(a->isid));
	assert_int_equal(i.exp_stat_sn, t.stat_sn);
	assert_int_equal(i.exp_cmd_sn, t.cmd_sn);
}

static void test_all(void **state)
{
	static const u32 bursts[] = { 512, 4096, 65536, 16777215 };

	for (unsigned int bits = 0; bits < 128; bits++) {
		struct login_cfg icfg = {
			.initiator = INITIATOR, .target = TARGET, .itt = 1, .cmd_sn = 0xffffffff
		};
		struct login_cfg tcfg = { .window = 32, .stat_sn = 0xffffffff };

		iscsi_params_default(&icfg.offer);
		iscsi_params_default(&tcfg.offer);
		icfg.rdma = tcfg.rdma = bits & 1;
		icfg.rdma_wanted = tcfg.rdma_wanted = !icfg.rdma;
		icfg.start_in_security = bits & 2;
		icfg.offer.initial_r2t = bits & 4;
		tcfg.offer.initial_r2t = bits & 8;
		icfg.offer.immediate_data = bits & 16;
		tcfg.offer.immediate_data = bits & 32;
		icfg.offer.hello_required = bits & 64;
		icfg.offer.solicited_only = bits & 2;
		icfg.offer.first_burst = bursts[bits % 4];
		tcfg.offer.first_burst = bursts[bits / 4 % 4];
		icfg.offer.max_burst = bursts[bits / 16 % 4];
		tcfg.offer.max_burst = bursts[bits / 8 % 4];
		icfg.offer.initiator_unexpected = 2 + bits;
		tcfg.offer.target_unexpected = 200 - bits;
		icfg.offer.isid[0] = 0x80;
		icfg.offer.isid[5] = (u8)bits;
		run(&icfg, &tcfg);
		expect_same();
		icfg.target = NULL;
		run(&icfg, &tcfg);
		assert_true(i.params.discovery && t.params.discovery);
		assert_int_equal(i.params.rdma, t.params.rdma);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests_name("iser/login_pair", tests, NULL, NULL);
}
