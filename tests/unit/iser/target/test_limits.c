// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Initiators that flood and initiators that do nothing: who has logged in is served on, a newcomer gets in, and what was
 * held for them is free after a time.
 */
#include <stdlib.h>
#include <string.h>

#include "iser/engine/limits.h"
#include "tests/unit/iser/target/rig.h"

static struct rig rig;
static struct raw a, b;

static void works(struct raw *i)
{
	raw_cmd(i, 0x81, CDB_READY, 0, 0);
	raw_send(i);
	raw_expect_status(i, 0);
}

static struct oriser_reactor_info info(void)
{
	struct oriser_reactor_info in;

	oriser_server_reactor_info(rig.server, 0, &in);
	return in;
}

/* ---- connections that say nothing ---------------------------------------------------------------- */

struct silent {
	struct ual_stream *stream;
	bool closed;
};

static size_t on_data(struct ual_stream *stream, const uint8_t *data, size_t len)
{
	return len;
}

static void on_up(struct ual_stream *stream)
{
}

static void on_closed(struct ual_stream *stream, int err)
{
	struct silent *s = stream->ctx;

	s->closed = true;
}

static const struct ual_stream_ops ops = { .on_up = on_up,
					   .on_data = on_data,
					   .on_closed = on_closed };

static void silent_open(struct silent *s)
{
	*s = (struct silent){ 0 };
	assert_int_equal(ual_stream_connect(rig.idev, (struct sockaddr *)&rig.addr,
					    sizeof(struct sockaddr_in), 10000, &ops, s, &s->stream),
			 0);
	rig_pass(&rig, 2);
}

static void test_silent(void **state)
{
	enum { N = TGT_LOGINS_OF_HOST + 20 };
	static struct silent silent[N];

	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);
	a.isid = 1;
	raw_login(&a, NULL);
	for (unsigned int n = 0; n < N; n++) {
		silent_open(&silent[n]);
		if (n + 1 == TGT_LOGINS_OF_HOST)
			assert_int_equal(info().refused, 0);
	}
	assert_int_equal(info().refused, N - TGT_LOGINS_OF_HOST);
	for (unsigned int n = 0; n < N; n++)
		assert_int_equal(silent[n].closed, n < N - TGT_LOGINS_OF_HOST);
	assert_non_null(strstr(rig.log, "connection refused: it said nothing while others came"));
	assert_int_equal(rig.log_lines, 2);	/* and the login */
	works(&a);
	/* A newcomer takes the place of one of them. */
	raw_open(&rig, &b, RAW_DEFAULT);
	b.isid = 2;
	raw_login(&b, NULL);
	works(&b);
	works(&a);
	/* Those that are left go by time. */
	rig_pass(&rig, TGT_LOGIN_MS + 100);
	for (unsigned int n = 0; n < N; n++)
		assert_true(silent[n].closed);
	works(&a);
	raw_close(&a);
	raw_close(&b);
	rig_close(&rig);
}

/* Those that have begun a login and do not go on. */
static void test_half_logins(void **state)
{
	enum { N = TGT_LOGINS_OF_HOST + 1 };
	static struct raw half[N];

	rig_open(&rig, NULL);
	raw_open(&rig, &a, RAW_DEFAULT);
	a.isid = 1;
	raw_login(&a, NULL);
	for (unsigned int n = 0; n < N; n++) {
		raw_open(&rig, &half[n], RAW_DEFAULT);
		if (n + 2 == N)
			assert_int_equal(info().refused, 0);
	}
	raw_expect_down(&half[0]);
	assert_false(half[1].down);
	assert_int_equal(info().refused, 1);
	assert_int_equal(info().logins_failed, 1);
	assert_non_null(strstr(rig.log, "a connection without login ("));
	works(&a);
	for (unsigned int n = 0; n < N; n++)
		raw_close(&half[n]);
	raw_close(&a);
	rig_close(&rig);
}

/* ---- Reads that are not answered ----------------------------------------------------------------- */

/* b's answers stop in the midst of its data, for so long. */
static void stalls(u64 for_ns)
{
	const struct sim_fault fault = {
		.conn = 1, .kind = SIM_STALL, .at_byte = 100000, .for_ns = for_ns
	};
	struct rig_cfg cfg = { .server = { .nop_interval_ms = UINT32_MAX } };

	rig_open(&rig, &cfg);	/* without pings, which would end it too */
	assert_int_equal(sim_fault_add(rig.sim, &fault), 0);
	raw_open(&rig, &a, RAW_DEFAULT);
	a.isid = 1;
	raw_login(&a, NULL);
	raw_open(&rig, &b, RAW_DEFAULT);
	b.isid = 2;
	raw_login(&b, NULL);
	raw_cmd(&b, 0xa1, CDB_WRITE, 0, 1 << 20);
	raw_write_stag(&b, raw_window(&b, 0, 1 << 20), (uintptr_t)b.buf);
	raw_send(&b);
}

static void test_read_not_answered(void **state)
{
	stalls(1000000000ull * 1000);
	rig_pass(&rig, TGT_STALL_MS - 100);
	assert_int_equal(rig.dones, 0);
	assert_int_equal(rig.ends, 0);
	works(&a);
	rig_pass(&rig, 200);
	assert_int_equal(rig.dones, 1);
	assert_int_equal(rig.last_err, -ECONNRESET);
	assert_int_equal(rig.ends, 1);
	assert_non_null(strstr(rig.log, "does not answer RDMA Reads"));
	works(&a);
	raw_close(&a);
	raw_close(&b);
	rig_close(&rig);
}

static void test_read_slow(void **state)
{
	stalls(1000000ull * (TGT_STALL_MS - 1000));
	rig_pass(&rig, TGT_STALL_MS);
	raw_expect_status(&b, 0);
	assert_int_equal(rig.dones, 1);
	assert_int_equal(rig.last_err, 0);
	rig_pass(&rig, 2 * TGT_STALL_MS);	/* nothing is under way: nothing is late */
	works(&b);
	works(&a);
	raw_close(&a);
	raw_close(&b);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_half_logins),
		cmocka_unit_test(test_read_not_answered),
		cmocka_unit_test(test_read_slow),
	};

	return cmocka_run_group_tests_name("iser/target_limits", tests, NULL, NULL);
}
