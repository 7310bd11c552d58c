/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A session against a target whose bytes are laid by hand: pings, logout, and each way in which it can fail,
 * before it is up and after.
 */
#include <arpa/inet.h>

#include "tests/unit/iser/initiator/host.h"

/* ---- the target is silent, or speaks up ------------------------------------------------------------- */

static void script_nop(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;
	struct raw_pdu pdu;

	if (raw_opcode(msg) == 0x06) {
		raw_pdu_init(r, &pdu, 0x26, 0x80, raw_itt(msg));
		raw_send_pdu(r, &pdu);
		return;
	}
	assert_int_equal(raw_opcode(msg), 0x00);
	assert_int_equal(msg[MSG_BHS], 0x40);
	memcpy(h->first, msg, len);
	h->seen++;
	if (raw_itt(msg) == 0xffffffff)
		return;		/* the answer to our own */
	raw_pdu_init(r, &pdu, 0x20, 0x80, raw_itt(msg));
	raw_send_pdu(r, &pdu);
}

static void pings(void **state)
{
	struct host h;

	host_up(&h, script_nop);
	raw_run_ms(&h.r, 26000);
	assert_in_range(h.seen, 5, 5);
	assert_false(h.down_called);
	/* it stops answering */
	h.r.on_pdu = NULL;
	raw_run_ms(&h.r, 9000);
	assert_false(h.down_called);
	raw_until(&h.r, is_down, &h, 3000);
	assert_int_equal(h.down.why, ORISER_DOWN_LOST);
	assert_int_equal(h.down.err, -ETIMEDOUT);
	host_close(&h);
}

static void answers_a_ping(void **state)
{
	struct raw_pdu pdu;
	struct host h;

	host_up(&h, script_nop);
	raw_pdu_init(&h.r, &pdu, 0x20, 0x80, 0xffffffff);
	h.r.stat_sn--;		/* a NOP-In that asks takes no StatSN (RFC 7143 11.19) */
	put_unaligned_be32(0xabcdef01, pdu.b + MSG_BHS + 20);
	pdu.b[MSG_BHS + 9] = 5;
	raw_send_pdu(&h.r, &pdu);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.seen, 1);
	assert_int_equal(get_unaligned_be32(h.first + MSG_BHS + 20), 0xabcdef01);
	assert_int_equal(raw_itt(h.first), 0xffffffff);
	assert_int_equal(h.first[MSG_BHS + 9], 5);
	/* one that wants no answer gets none */
	raw_pdu_init(&h.r, &pdu, 0x20, 0x80, 0xffffffff);
	h.r.stat_sn--;
	raw_send_pdu(&h.r, &pdu);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.seen, 1);
	assert_false(h.down_called);
	host_close(&h);
}

static void logout(void **state)
{
	struct host h;

	host_up(&h, script_nop);
	oriser_session_logout(h.s);
	raw_until(&h.r, is_down, &h, 1000);
	assert_int_equal(h.down.why, ORISER_DOWN_LOGOUT);
	assert_int_equal(h.down.err, 0);
	host_close(&h);
	/* not answered: at most 2 s */
	host_up(&h, NULL);
	oriser_session_logout(h.s);
	raw_until(&h.r, is_down, &h, 2100);
	assert_int_equal(h.down.why, ORISER_DOWN_LOGOUT);
	host_close(&h);
	/* before it is up */
	host_init(&h);
	host_open(&h);
	oriser_session_logout(h.s);
	raw_until(&h.r, is_down, &h, 1000);
	assert_int_equal(h.down.why, ORISER_DOWN_LOGOUT);
	host_close(&h);
}

/* A target that asks for a logout gets one when what it works on is answered. */
static void asked_to_leave(void **state)
{
	struct raw_pdu pdu;
	struct host h;

	host_up(&h, script_count);
	submit(&h, false, LEN);
	raw_run_ms(&h.r, 10);
	raw_pdu_init(&h.r, &pdu, 0x32, 0x80, 0xffffffff);
	pdu.b[MSG_BHS + 36] = 1;
	raw_send_pdu(&h.r, &pdu);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.seen, 1);
	h.r.on_pdu = script_nop;
	raw_respond(&h.r, h.first, 0, NULL, 0, false);
	raw_until(&h.r, is_down, &h, 1000);
	assert_int_equal(h.tasks[0].result, ORISER_TASK_DONE);
	assert_int_equal(h.down.why, ORISER_DOWN_TARGET_ASKED);
	host_close(&h);
}

/* ---- faults of the target --------------------------------------------------------------------------- */

static void fault_unknown_tag(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x21, 0x80, raw_itt(msg) ^ 0x1000);
	raw_send_pdu(r, &pdu);
}

static void fault_ctl_tag(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x21, 0x80, 0xffffffff);
	raw_send_pdu(r, &pdu);
}

static void fault_data_in(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x25, 0x80, raw_itt(msg));
	raw_send_pdu(r, &pdu);
}

static void fault_opcode(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x3e, 0x80, raw_itt(msg));
	raw_send_pdu(r, &pdu);
}

static void fault_request(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x01, 0x80, raw_itt(msg));
	raw_send_pdu(r, &pdu);
}

static void fault_short(struct raw *r, const u8 *msg, size_t len)
{
	raw_send(r, "\x10", 1, 0);
}

static void fault_header_only(struct raw *r, const u8 *msg, size_t len)
{
	static const u8 hdr[28] = { 0x10 };

	raw_send(r, hdr, sizeof(hdr), 0);
}

static void fault_iser_opcode(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x21, 0x80, raw_itt(msg));
	pdu.b[0] = 0x70;
	raw_send_pdu(r, &pdu);
}

static void fault_length(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x21, 0x80, raw_itt(msg));
	put_unaligned_be32(200, pdu.b + MSG_BHS + 4);
	raw_send_pdu(r, &pdu);
}

static void fault_long(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;
	u8 data[9000] = { 0 };

	raw_pdu_init(r, &pdu, 0x21, 0x80, raw_itt(msg));
	raw_pdu_data(&pdu, data, sizeof(data));
	raw_send_pdu(r, &pdu);
}

static void fault_residual(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x21, 0x82, raw_itt(msg));
	put_unaligned_be32(LEN + 1, pdu.b + MSG_BHS + 44);
	raw_send_pdu(r, &pdu);
}

static void fault_foreign_inv(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;
	struct raw_pdu pdu;

	/* the first task's response invalidates the second one's window */
	if (h->seen++ == 0) {
		memcpy(h->first, msg, len);
		submit(h, false, LEN);
		return;
	}
	raw_pdu_init(r, &pdu, 0x21, 0x80, raw_itt(h->first));
	raw_send(r, pdu.b, pdu.len, get_unaligned_be32(msg + MSG_RSTAG));
}

static void fault_tmf_rsp(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x22, 0x80, raw_itt(msg));
	raw_send_pdu(r, &pdu);
}

static void fault_login_rsp(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x23, 0x87, raw_itt(msg));
	raw_send_pdu(r, &pdu);
}

static void fault_reject(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	r->exp_cmd_sn--;	/* not counted */
	raw_pdu_init(r, &pdu, 0x3f, 0x80, 0xffffffff);
	pdu.b[MSG_BHS + 2] = 0x09;
	raw_pdu_data(&pdu, msg + MSG_BHS, 48);
	raw_send_pdu(r, &pdu);
}

static void fault_empty_reject(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x3f, 0x80, 0xffffffff);
	raw_send_pdu(r, &pdu);
}

static void fault_drop(struct raw *r, const u8 *msg, size_t len)
{
	raw_drop(r);
}

static void fault_async_drop(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x32, 0x80, 0xffffffff);
	pdu.b[MSG_BHS + 36] = 3;
	raw_send_pdu(r, &pdu);
}

static void faults(void **state)
{
	static const struct {
		const char *name;
		void (*script)(struct raw *, const u8 *, size_t);
		enum oriser_down why;
		const char *says;
	} cases[] = {
		{ "unknown tag", fault_unknown_tag, ORISER_DOWN_PROTOCOL,
		  "a task that is not there" },
		{ "tag of nothing", fault_ctl_tag, ORISER_DOWN_PROTOCOL,
		  "a task that is not there" },
		{ "Data-In", fault_data_in, ORISER_DOWN_PROTOCOL, "Data-In" },
		{ "unknown opcode", fault_opcode, ORISER_DOWN_PROTOCOL, "unknown opcode" },
		{ "initiator's opcode", fault_request, ORISER_DOWN_PROTOCOL,
		  "that initiators send" },
		{ "one byte", fault_short, ORISER_DOWN_PROTOCOL, "iSER control header" },
		{ "iSER header only", fault_header_only, ORISER_DOWN_PROTOCOL, "shorter than" },
		{ "iSER opcode", fault_iser_opcode, ORISER_DOWN_PROTOCOL, "iSER control header" },
		{ "length too large", fault_length, ORISER_DOWN_PROTOCOL, "lengths disagree" },
		{ "oversized message", fault_long, ORISER_DOWN_PROTOCOL, "" },
		{ "residual too large", fault_residual, ORISER_DOWN_PROTOCOL, "residual" },
		{ "foreign STag", fault_foreign_inv, ORISER_DOWN_PROTOCOL, "not the task's" },
		{ "TMF response", fault_tmf_rsp, ORISER_DOWN_PROTOCOL, "task management" },
		{ "login response", fault_login_rsp, ORISER_DOWN_PROTOCOL, "after login" },
		{ "command rejected", fault_reject, ORISER_DOWN_PROTOCOL, "reason 0x09" },
		{ "empty reject", fault_empty_reject, ORISER_DOWN_PROTOCOL, "Reject without" },
		{ "dropped", fault_drop, ORISER_DOWN_LOST, "connection lost" },
		{ "says that it drops", fault_async_drop, ORISER_DOWN_TARGET_ASKED,
		  "drops the session" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h;

		host_init(&h);
		h.submit_on_up = true;
		h.r.on_pdu = cases[i].script;
		host_open(&h);
		raw_until(&h.r, is_down, &h, 5000);
		if (h.down.why != cases[i].why || !strstr(h.down.text, cases[i].says))
			fail_msg("%s: %d '%s'", cases[i].name, h.down.why, h.down.text);
		if (!h.down.err)
			fail_msg("%s: no error", cases[i].name);
		host_close(&h);
	}
}

/* ---- anything at all -------------------------------------------------------------------------------- */

static u64 mutation;

static u32 next_random(void)
{
	mutation = mutation * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(mutation >> 33);
}

/* A good answer with a few bytes changed, cut or made longer, now and then to the wrong STag. */
static void script_mutated(struct raw *r, const u8 *msg, size_t len)
{
	static const u8 opcodes[] = { 0x21, 0x21, 0x20, 0x22, 0x24, 0x26, 0x32, 0x3f, 0x23 };
	u8 opcode = opcodes[next_random() % ARRAY_SIZE(opcodes)];
	struct raw_pdu pdu;
	u8 data[64];

	raw_pdu_init(r, &pdu, opcode, 0x80, opcode == 0x32 ? 0xffffffff : raw_itt(msg));
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (u8)next_random();
	raw_pdu_data(&pdu, opcode == 0x3f ? msg + MSG_BHS : data, next_random() % 64);
	for (u32 n = next_random() % 4; n; n--)
		pdu.b[next_random() % pdu.len] = (u8)next_random();
	if (next_random() % 8 == 0)
		pdu.len = next_random() % (pdu.len + 1);
	raw_send(r, pdu.b, pdu.len,
		 next_random() % 4 == 0 ? get_unaligned_be32(msg + MSG_RSTAG) : 0);
}

/* Whatever comes, every task ends, the session ends, and nothing is written where it must not be. */
static void mutated_answers(void **state)
{
	for (mutation = 1; mutation < 1000; mutation++) {
		u64 seed = mutation;
		struct host h;

		host_up(&h, script_mutated);
		for (unsigned i = 0; i < 6; i++)
			submit(&h, false, LEN);
		raw_run_ms(&h.r, 5);
		if (!h.down_called && h.ended)
			assert_true(h.ended <= h.submitted);
		raw_drop(&h.r);
		raw_until(&h.r, is_down, &h, 5000);
		assert_int_equal(h.ended, h.submitted);
		for (unsigned i = 0; i < sizeof(h.buf); i++)
			assert_int_equal(h.buf[i], 0);
		host_close(&h);
		mutation = seed;
	}
}

/* ---- faults before it is up ------------------------------------------------------------------------- */

static void login_nop(struct raw *r, const u8 *msg, size_t len)
{
	struct raw_pdu pdu;

	raw_pdu_init(r, &pdu, 0x20, 0x80, 0xffffffff);
	raw_send_pdu(r, &pdu);
}

static void login_rubbish(struct raw *r, const u8 *msg, size_t len)
{
	raw_send(r, "HTTP/1.0 400 Bad Request\r\n\r\n", 28, 0);
}

static void login_drop(struct raw *r, const u8 *msg, size_t len)
{
	raw_drop(r);
}

static void set_reject(struct raw *r)
{
	r->reject = true;
}

static void set_silent(struct raw *r)
{
	r->silent_login = true;
}

static void set_not_found(struct raw *r)
{
	r->login_status = 0x0203;
}

static void set_plain(struct raw *r)
{
	r->login_text = "RDMAExtensions=No,";
}

static void set_rubbish_text(struct raw *r)
{
	r->login_text = "no equals sign,";
}

static void set_nop(struct raw *r)
{
	r->on_login = login_nop;
}

static void set_rubbish(struct raw *r)
{
	r->on_login = login_rubbish;
}

static void set_drop(struct raw *r)
{
	r->on_login = login_drop;
}

static void open_failures(void **state)
{
	static const struct {
		const char *name;
		void (*set)(struct raw *);
		enum oriser_down why;
		int err;
		const char *says;
	} cases[] = {
		{ "nobody listens", raw_unlisten, ORISER_DOWN_CONNECT, -ECONNREFUSED,
		  "connection refused" },
		{ "connection rejected", set_reject, ORISER_DOWN_CONNECT, -ECONNREFUSED,
		  "refused the RDMA connection" },
		{ "login not answered", set_silent, ORISER_DOWN_CONNECT, -ETIMEDOUT,
		  "did not answer" },
		{ "no such target", set_not_found, ORISER_DOWN_LOGIN, -EACCES, "not found" },
		{ "no iSER", set_plain, ORISER_DOWN_PROTOCOL, -EPROTO, "RDMAExtensions" },
		{ "text without =", set_rubbish_text, ORISER_DOWN_PROTOCOL, -EPROTO, "login" },
		{ "another PDU", set_nop, ORISER_DOWN_NOT_ISER, -EPROTO, "NOP-In" },
		{ "no iSER header", set_rubbish, ORISER_DOWN_NOT_ISER, -EPROTO,
		  "not as an iSER target" },
		{ "closed", set_drop, ORISER_DOWN_CONNECT, -ECONNRESET, "during login" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host h;

		host_init(&h);
		cases[i].set(&h.r);
		host_open(&h);
		raw_until(&h.r, is_down, &h, 11000);
		if (h.down.why != cases[i].why || h.down.err != cases[i].err ||
		    !strstr(h.down.text, cases[i].says))
			fail_msg("%s: %d %d '%s'", cases[i].name, h.down.why, h.down.err,
				 h.down.text);
		assert_false(h.up);
		if (cases[i].set == set_not_found) {
			assert_int_equal(h.down.login_class, 2);
			assert_int_equal(h.down.login_detail, 3);
		}
		host_close(&h);
	}
}

/* Absent private data is 0xC0: the target may not invalidate, and need not. */
static void private_data(void **state)
{
	struct oriser_session_info info;
	struct host h;

	for (unsigned with = 0; with < 2; with++) {
		host_init(&h);
		h.r.pdata_len = with ? 4 : 0;
		h.r.on_pdu = script_read;
		host_open(&h);
		raw_until(&h.r, is_up, &h, 1000);
		oriser_session_get_info(h.s, &info);
		assert_int_equal(info.remote_inv, with);
		submit(&h, false, LEN);
		raw_until(&h.r, all_ended, &h, 1000);
		assert_int_equal(h.tasks[0].result, ORISER_TASK_DONE);
		host_close(&h);
	}
}

/* What was agreed on, not what was asked for: a target that asks for CRC gets it. */
static void crc_as_negotiated(void **state)
{
	static const struct {
		enum ual_crc asked, wanted;
		bool on;
	} cases[] = {
		{ UAL_CRC_ON, UAL_CRC_ON, true },
		{ UAL_CRC_OFF, UAL_CRC_ON, true },
		{ UAL_CRC_ON, UAL_CRC_OFF, true },
		{ UAL_CRC_OFF, UAL_CRC_OFF, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oriser_session_info info;
		struct host h;

		host_init(&h);
		h.r.crc = cases[i].wanted;
		host_open_cfg(&h, (struct oriser_session_cfg){ .target = "iqn.2026-11.a:b",
							       .depth = 8,
							       .conn.crc = cases[i].asked });
		raw_until(&h.r, is_up, &h, 1000);
		oriser_session_get_info(h.s, &info);
		assert_int_equal(info.crc, cases[i].on);
		host_close(&h);
	}
}

/* A device without windows: the region itself is told, and must not be invalidated from afar. */
static void script_region(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;

	assert_int_equal(get_unaligned_be32(msg + MSG_RSTAG), h->mr->rkey);
	script_read(r, msg, len);
}

static void without_windows(void **state)
{
	struct oriser_session_info info;
	struct host h;

	memset(&h, 0, sizeof(h));
	raw_open_without(&h.r, UAL_CAP_MW);
	h.r.ctx = &h;
	h.r.on_pdu = script_region;
	assert_int_equal(ual_pd_create(h.r.initiator, &h.pd), 0);
	assert_int_equal(ual_mr_reg(h.pd, h.buf, sizeof(h.buf),
				    ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE, &h.mr),
			 0);
	host_open(&h);
	raw_until(&h.r, is_up, &h, 1000);
	assert_int_equal(h.r.peer_pdata[0], 0x80 | 0x40);
	oriser_session_get_info(h.s, &info);
	assert_false(info.remote_inv);
	for (unsigned i = 0; i < 3; i++)
		submit(&h, false, LEN);
	raw_until(&h.r, all_ended, &h, 1000);
	assert_int_equal(h.tasks[2].result, ORISER_TASK_DONE);
	assert_int_equal(h.buf[3 * LEN - 1], 0x77);
	host_close(&h);
}

/* Commands and unsolicited Data-Out PDUs together never pass the window: nothing else holds them back. */
static void script_credits(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;

	if (raw_opcode(msg) == 0x01 && h->seen < TASKS) {
		memcpy(h->first, msg, MSG_DATA);
		h->seen++;
	}
	if (msg[0] == 0x10)
		h->unsolicited++;
}

static void data_out_credits(void **state)
{
	struct host h;

	host_init(&h);
	h.r.window = 8;
	h.r.on_pdu = script_credits;
	h.r.login_text =
		"RDMAExtensions=Yes,InitialR2T=No,ImmediateData=Yes,FirstBurstLength=65536,"
		"InitiatorRecvDataSegmentLength=512,TargetRecvDataSegmentLength=4096,";
	host_open(&h);
	raw_until(&h.r, is_up, &h, 1000);
	for (unsigned i = 0; i < 5; i++)
		submit(&h, true, 3 * LEN);
	raw_run_ms(&h.r, 100);
	/* two with two Data-Outs each leave room for two more commands, which must do without */
	assert_int_equal(h.seen, 4);
	assert_int_equal(h.unsolicited, 6);
	assert_false(h.down_called);
	host_close(&h);
}

static void bad_cfg(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(RAW_PORT) };
	char name[ORISER_NAME_MAX + 1];
	struct oriser_session *s = NULL;
	struct host h;

	host_init(&h);
	memset(name, 'x', sizeof(name));
	name[ORISER_NAME_MAX] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		struct oriser_session_cfg cfg = { .dev = h.r.initiator,
						  .addr = (struct sockaddr *)&addr,
						  .addr_len = sizeof(addr),
						  .target = "iqn.2026-11.a:b" };

		if (i == 0)
			cfg.target = name;
		else if (i == 1)
			cfg.initiator = name;
		else
			cfg.depth = 1025;
		assert_int_equal(oriser_session_open(&cfg, &host_ops, &h, &s), -EINVAL);
		assert_null(s);
	}
	host_close(&h);
}

/* Destroying it in any state, and from inside its callbacks. */
static void destroy_anywhere(void **state)
{
	struct host h;

	for (u64 ms = 0; ms < 2000; ms += ms < 20 ? 1 : 500) {
		host_init(&h);
		h.submit_on_up = true;
		host_open(&h);
		if (ms)
			raw_run_ms(&h.r, ms);
		host_close(&h);
	}
}

static void destroy_in_fn(struct oriser_task *t)
{
	struct host *h = t->ctx;

	h->ended++;
	if (h->s)
		oriser_session_destroy(h->s);
	h->s = NULL;
}

static void script_good(struct raw *r, const u8 *msg, size_t len)
{
	raw_respond(r, msg, 0, NULL, 0, false);
}

static void destroy_inside(void **state)
{
	struct host h;

	host_up(&h, script_good);
	for (unsigned i = 0; i < 3; i++)
		submit(&h, true, LEN)->fn = destroy_in_fn;
	raw_until(&h.r, all_ended, &h, 1000);
	raw_run_ms(&h.r, 10);
	assert_int_equal(h.tasks[2].result, ORISER_TASK_LOST);
	assert_false(h.down_called);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pings),
		cmocka_unit_test(answers_a_ping),
		cmocka_unit_test(logout),
		cmocka_unit_test(asked_to_leave),
		cmocka_unit_test(faults),
		cmocka_unit_test(mutated_answers),
		cmocka_unit_test(open_failures),
		cmocka_unit_test(private_data),
		cmocka_unit_test(crc_as_negotiated),
		cmocka_unit_test(without_windows),
		cmocka_unit_test(data_out_credits),
		cmocka_unit_test(bad_cfg),
		cmocka_unit_test(destroy_anywhere),
		cmocka_unit_test(destroy_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
