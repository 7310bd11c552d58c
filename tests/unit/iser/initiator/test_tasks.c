/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Tasks of a session against a target whose bytes are laid by hand: shapes, windows, credits, how they end. */
#include "tests/unit/iser/initiator/host.h"

/* ---- tasks end -------------------------------------------------------------------------------------- */

static void read_task(void **state)
{
	struct host h;
	struct oriser_task *t;

	host_up(&h, script_read);
	t = submit(&h, false, LEN);
	raw_until(&h.r, all_ended, &h, 1000);
	assert_int_equal(t->result, ORISER_TASK_DONE);
	assert_int_equal(t->status, 0);
	assert_int_equal(t->residual, 0);
	assert_int_equal(h.buf[0], 0x77);
	assert_int_equal(h.buf[LEN - 1], 0x77);
	assert_int_equal(h.buf[LEN], 0);
	host_close(&h);
}

static void script_immediate(struct raw *r, const u8 *msg, size_t len)
{
	assert_int_equal(msg[0], 0x10);		/* no STag: nothing may be reached */
	assert_int_equal(msg[MSG_BHS + BHS_FLAGS], 0x80 | 0x20 | 0x01);
	assert_int_equal(get_unaligned_be32(msg + MSG_BHS + 4), LEN);
	assert_int_equal(len, MSG_DATA + LEN);
	assert_int_equal(msg[MSG_DATA], 0x11);
	assert_int_equal(msg[len - 1], 0x11);
	raw_respond(r, msg, 0, NULL, 0, false);
}

static void immediate_write(void **state)
{
	struct host h;

	host_up(&h, script_immediate);
	memset(h.buf, 0x11, sizeof(h.buf));
	submit(&h, true, LEN);
	raw_until(&h.r, all_ended, &h, 1000);
	assert_int_equal(h.tasks[0].result, ORISER_TASK_DONE);
	host_close(&h);
}

static void script_data_out(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;
	const u8 *bhs = msg + MSG_BHS;

	assert_int_equal(msg[0], 0x10);
	if (h->seen == 0) {
		memcpy(h->first, msg, len);
		assert_int_equal(raw_opcode(msg), 0x01);
		assert_int_equal(bhs[BHS_FLAGS], 0x20 | 0x01);	/* not final */
		assert_int_equal(get_unaligned_be32(bhs + 4), 4096);
	} else {
		assert_int_equal(raw_opcode(msg), 0x05);
		assert_int_equal(raw_itt(msg), raw_itt(h->first));
		assert_int_equal(get_unaligned_be32(bhs + 20), 0xffffffff);
		assert_int_equal(get_unaligned_be32(bhs + 36), h->seen - 1);
		assert_int_equal(get_unaligned_be32(bhs + 40), h->seen * 4096);
		assert_int_equal(bhs[BHS_FLAGS], h->seen == 2 ? 0x80 : 0);
		assert_int_equal(len, MSG_DATA + (h->seen == 2 ? 1024 : 4096));
	}
	assert_int_equal(msg[MSG_DATA], h->seen);
	if (++h->seen == 3)
		raw_respond(r, h->first, 0, NULL, 0, false);
}

static void unsolicited_write(void **state)
{
	struct host h;

	host_init(&h);
	h.r.on_pdu = script_data_out;
	h.r.login_text =
		"RDMAExtensions=Yes,InitialR2T=No,ImmediateData=Yes,FirstBurstLength=65536,"
		"InitiatorRecvDataSegmentLength=512,TargetRecvDataSegmentLength=4096,";
	host_open(&h);
	raw_until(&h.r, is_up, &h, 1000);
	for (unsigned i = 0; i < 3; i++)
		memset(h.buf + i * 4096, (int)i, 4096);
	submit(&h, true, 2 * 4096 + 1024);
	raw_until(&h.r, all_ended, &h, 1000);
	assert_int_equal(h.tasks[0].result, ORISER_TASK_DONE);
	host_close(&h);
}

static void script_solicited(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;

	assert_int_equal(msg[0], 0x18);		/* write STag valid */
	assert_int_equal(len, MSG_DATA);
	assert_int_equal(msg[MSG_BHS + BHS_FLAGS], 0x80 | 0x20 | 0x01);
	assert_int_equal(get_unaligned_be64(msg + MSG_WBASE), (uintptr_t)h->buf);
	raw_respond(r, msg, 0, NULL, 0, true);
}

static void solicited_write(void **state)
{
	struct host h;

	host_up(&h, script_solicited);
	submit(&h, true, 3 * LEN); /* more than TargetRecvDataSegmentLength, and InitialR2T=Yes */
	raw_until(&h.r, all_ended, &h, 1000);
	assert_int_equal(h.tasks[0].result, ORISER_TASK_DONE);
	host_close(&h);
}

static const struct response_case {
	const char *name;
	u8 flags, response, status;
	u32 residual;
	const char *data;
	size_t data_len;
	enum oriser_task_result result;
	u32 want_residual;
	bool want_overflow;
	u8 want_sense_len;
} responses[] = {
	{ "underflow", 0x82, 0, 0, 100, "", 0, ORISER_TASK_DONE, 100, false, 0 },
	{ "overflow", 0x84, 0, 0, 7, "", 0, ORISER_TASK_DONE, 7, true, 0 },
	{ "residual without a bit", 0x80, 0, 0, 7, "", 0, ORISER_TASK_DONE, 0, false, 0 },
	{ "sense", 0x80, 0, 2, 0, "\0\4\x70\0\3\0", 6, ORISER_TASK_DONE, 0, false, 4 },
	{ "sense longer than the data", 0x80, 0, 2, 0, "\1\0\x70\0\3", 5, ORISER_TASK_DONE, 0,
	  false, 3 },
	{ "half a sense length", 0x80, 0, 2, 0, "\0", 1, ORISER_TASK_DONE, 0, false, 0 },
	{ "target failure", 0x80, 1, 0, 0, "", 0, ORISER_TASK_FAULT, 0, false, 0 },
	{ "busy", 0x80, 0, 8, 0, "", 0, ORISER_TASK_DONE, 0, false, 0 },
};

static void script_response(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;
	const struct response_case *c = &responses[h->seen];
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x21, c->flags, raw_itt(msg));
	pdu.b[MSG_BHS + 2] = c->response;
	pdu.b[MSG_BHS + 3] = c->status;
	put_unaligned_be32(c->residual, pdu.b + MSG_BHS + 44);
	raw_pdu_data(&pdu, c->data, c->data_len);
	raw_send_pdu(r, &pdu);
}

static void response_fields(void **state)
{
	struct host h;

	host_up(&h, script_response);
	for (h.seen = 0; h.seen < ARRAY_SIZE(responses); h.seen++) {
		const struct response_case *c = &responses[h.seen];
		struct oriser_task *t = submit(&h, false, LEN);

		raw_until(&h.r, all_ended, &h, 1000);
		if (t->result != c->result || t->status != c->status ||
		    t->residual != c->want_residual || t->overflow != c->want_overflow ||
		    t->sense_len != c->want_sense_len)
			fail_msg("%s: result %d status %d residual %u %d sense %u", c->name,
				 t->result, t->status, t->residual, t->overflow, t->sense_len);
	}
	host_close(&h);
}

/* ---- windows ---------------------------------------------------------------------------------------- */

static void script_keep(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;

	memcpy(h->first, msg, len);
	raw_respond(r, msg, 0, NULL, 0, h->seen);
}

/* Once a task has ended its STag is worth nothing, whether the target invalidated it or not. */
static void window_is_closed(void **state)
{
	for (unsigned remote = 0; remote < 2; remote++) {
		struct host h;
		u8 evil[64];

		host_up(&h, script_keep);
		h.seen = remote;
		submit(&h, false, LEN);
		raw_until(&h.r, all_ended, &h, 1000);
		memset(evil, 0xee, sizeof(evil));
		raw_rdma_write(&h.r, get_unaligned_be32(h.first + MSG_RSTAG),
			       get_unaligned_be64(h.first + MSG_RBASE), evil, sizeof(evil));
		raw_until(&h.r, is_down, &h, 1000);
		assert_int_equal(h.down.why, ORISER_DOWN_PROTOCOL);
		assert_int_equal(h.buf[0], 0);
		host_close(&h);
	}
}

static void script_outside(struct raw *r, const u8 *msg, size_t len)
{
	u8 evil[64] = { 1 };

	raw_rdma_write(r, get_unaligned_be32(msg + MSG_RSTAG),
		       get_unaligned_be64(msg + MSG_RBASE) + LEN - 32, evil, sizeof(evil));
}

/* A window ends where the task's buffer ends, although the region goes on. */
static void window_is_bounded(void **state)
{
	struct host h;

	host_up(&h, script_outside);
	submit(&h, false, LEN);
	raw_until(&h.r, is_down, &h, 1000);
	assert_int_equal(h.down.why, ORISER_DOWN_PROTOCOL);
	assert_int_equal(h.tasks[0].result, ORISER_TASK_LOST);
	for (unsigned i = LEN; i < LEN + 64; i++)
		assert_int_equal(h.buf[i], 0);
	host_close(&h);
}

/* The key part of an STag is not the same each time: old ones must not fit by chance. */
static void keys_change(void **state)
{
	struct host h;
	unsigned same = 0;
	u32 last = 0;

	host_init(&h);
	h.r.on_pdu = script_keep;
	h.seen = 1;
	host_open_cfg(&h, (struct oriser_session_cfg){ .target = "iqn.2026-11.a:b", .depth = 1 });
	raw_until(&h.r, is_up, &h, 1000);
	for (unsigned i = 0; i < TASKS; i++) {
		u32 tag;

		submit(&h, false, LEN);
		raw_until(&h.r, all_ended, &h, 1000);
		tag = get_unaligned_be32(h.first + MSG_RSTAG);
		same += tag == last;
		last = tag;
	}
	assert_true(same < TASKS / 4);
	host_close(&h);
}

/* ---- the command window ----------------------------------------------------------------------------- */

static void closed_window_queues(void **state)
{
	struct host h;

	host_init(&h);
	h.r.window = 2;
	h.r.on_pdu = script_count;
	host_open(&h);
	raw_until(&h.r, is_up, &h, 1000);
	for (unsigned i = 0; i < 5; i++)
		submit(&h, false, LEN);
	raw_run_ms(&h.r, 100);
	assert_int_equal(h.seen, 2);
	raw_respond(&h.r, h.first, 0, NULL, 0, true); /* opens by one: two were taken, one ended */
	raw_run_ms(&h.r, 100);
	assert_int_equal(h.ended, 1);
	assert_int_equal(h.seen, 4);	/* MaxCmdSN counts from ExpCmdSN here */
	host_close(&h);
	assert_int_equal(h.tasks[4].result, ORISER_TASK_LOST);
}

static void submit_checks(void **state)
{
	struct host h;
	struct oriser_task t = { .len = 1, .fn = task_done };

	host_init(&h);
	host_open(&h);
	assert_int_equal(oriser_task_submit(h.s, &t), -ENOTCONN);
	raw_until(&h.r, is_up, &h, 1000);
	assert_int_equal(oriser_task_submit(h.s, &t), -EINVAL);	/* no region */
	t.mr = h.mr;
	t.buf = h.buf + sizeof(h.buf);
	assert_int_equal(oriser_task_submit(h.s, &t), -EINVAL);
	t.buf = h.buf + sizeof(h.buf) - 1;
	t.len = 2;
	assert_int_equal(oriser_task_submit(h.s, &t), -EINVAL);
	t.buf = (void *)((uintptr_t)h.buf - 1);
	assert_int_equal(oriser_task_submit(h.s, &t), -EINVAL);
	assert_int_equal(oriser_task_abort(h.s, &t), -EINVAL);
	host_close(&h);
}

/* ---- task management -------------------------------------------------------------------------------- */

static u8 tmf_answer;
static bool answer_task_first;

static void script_tmf(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;
	struct raw_pdu pdu;

	if (raw_opcode(msg) == 0x01) {
		if (h->seen++ == 0)
			memcpy(h->first, msg, len);
		return;
	}
	assert_int_equal(raw_opcode(msg), 0x02);
	assert_int_equal(msg[MSG_BHS], 0x42);	/* immediate */
	if (msg[MSG_BHS + 1] == 0x81) {
		assert_int_equal(get_unaligned_be32(msg + MSG_BHS + 20), raw_itt(h->first));
		assert_int_equal(get_unaligned_be32(msg + MSG_BHS + 32),
				 get_unaligned_be32(h->first + MSG_BHS + BHS_CMD_SN));
	}
	if (answer_task_first)
		raw_respond(r, h->first, 0, NULL, 0, true);
	raw_pdu_init(r, &pdu, 0x22, 0x80, raw_itt(msg));
	pdu.b[MSG_BHS + 2] = tmf_answer;
	raw_send_pdu(r, &pdu);
}

static void abort_task(void **state)
{
	static const struct {
		const char *name;
		u8 answer;
		bool task_first;
		unsigned ended;
		enum oriser_task_result result;
	} cases[] = {
		{ "complete", 0, false, 1, ORISER_TASK_ABORTED },
		{ "no such task", 1, false, 1, ORISER_TASK_ABORTED },
		{ "answered before", 1, true, 1, ORISER_TASK_DONE },
		{ "rejected", 255, false, 0, ORISER_TASK_DONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h;

		host_up(&h, script_tmf);
		tmf_answer = cases[i].answer;
		answer_task_first = cases[i].task_first;
		submit(&h, false, LEN);
		raw_run_ms(&h.r, 10);
		assert_int_equal(oriser_task_abort(h.s, &h.tasks[0]), 0);
		raw_run_ms(&h.r, 10);
		if (h.ended != cases[i].ended || (h.ended && h.tasks[0].result != cases[i].result))
			fail_msg("%s: ended %u result %d", cases[i].name, h.ended,
				 h.tasks[0].result);
		if (cases[i].answer == 0) {
			/* a response that was on its way is no fault */
			raw_respond(&h.r, h.first, 0, NULL, 0, false);
			raw_run_ms(&h.r, 10);
			assert_false(h.down_called);
		}
		host_close(&h);
	}
}

static void abort_waiting(void **state)
{
	struct host h;

	host_init(&h);
	h.r.window = 1;
	h.r.on_pdu = script_tmf;
	host_open(&h);
	raw_until(&h.r, is_up, &h, 1000);
	submit(&h, false, LEN);
	submit(&h, false, LEN);
	assert_int_equal(oriser_task_abort(h.s, &h.tasks[1]), 0);
	assert_int_equal(h.ended, 0);	/* not from inside */
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.ended, 1);
	assert_int_equal(h.tasks[1].result, ORISER_TASK_ABORTED);
	assert_int_equal(h.seen, 1);
	host_close(&h);
}

static void on_tmf(void *ctx, int response)
{
	((struct host *)ctx)->tmf_response = response;
}

static void lun_reset(void **state)
{
	static const u8 lun0[8], lun1[8] = { 0, 1 };
	struct host h;

	host_up(&h, script_tmf);
	h.tmf_response = 12345;
	tmf_answer = 0;
	answer_task_first = false;
	for (unsigned i = 0; i < 4; i++)
		submit(&h, false, LEN);
	raw_run_ms(&h.r, 10);
	assert_int_equal(oriser_tmf(h.s, 5, lun1, on_tmf, &h), 0);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.tmf_response, 0);
	assert_int_equal(h.ended, 0);	/* of another LUN */
	assert_int_equal(oriser_tmf(h.s, 5, lun0, on_tmf, &h), 0);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.ended, 4);
	assert_int_equal(h.tasks[3].result, ORISER_TASK_ABORTED);
	assert_int_equal(oriser_tmf(h.s, 1, lun0, on_tmf, &h), -EINVAL);
	assert_int_equal(oriser_tmf(h.s, 8, lun0, on_tmf, &h), -EINVAL);
	/* one that is never answered ends with the session */
	h.r.on_pdu = NULL;
	assert_int_equal(oriser_tmf(h.s, 6, lun0, on_tmf, &h), 0);
	raw_run_ms(&h.r, 10);
	raw_drop(&h.r);
	raw_until(&h.r, is_down, &h, 1000);
	assert_int_equal(h.tmf_response, -ENOTCONN);
	assert_int_equal(oriser_tmf(h.s, 6, lun0, on_tmf, &h), -ENOTCONN);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_task),
		cmocka_unit_test(immediate_write),
		cmocka_unit_test(unsolicited_write),
		cmocka_unit_test(solicited_write),
		cmocka_unit_test(response_fields),
		cmocka_unit_test(window_is_closed),
		cmocka_unit_test(window_is_bounded),
		cmocka_unit_test(keys_change),
		cmocka_unit_test(closed_window_queues),
		cmocka_unit_test(submit_checks),
		cmocka_unit_test(abort_task),
		cmocka_unit_test(abort_waiting),
		cmocka_unit_test(lun_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
