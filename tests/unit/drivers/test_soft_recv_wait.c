// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Messages that wait for their receives, and what becomes of them when an end does not. */
#include <errno.h>
#include <string.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

#define SOFT .ops = &soft_provider_ops

#define MSG	(100u << 10)
#define LONG_MS 30000

static void assert_no_end(const struct side *s)
{
	assert_null(side_event(s, UAL_EV_DISCONNECTED));
	assert_null(side_event(s, UAL_EV_TERMINATED));
}

/* More than the sockets hold, so that the sender is held back. */
static void waits_for_receives(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .recv_wait_ms = LONG_MS };
	enum { N = 20 };
	struct pair p;

	pair_open(&p, &cfg);
	pair_connect(&p);
	fill(p.a.buf, N * MSG, 1);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(side_send(&p.a, i, i * MSG, MSG, WR_SIGNALED), 0);
	pair_run_ms(&p, 20);
	assert_no_end(&p.a);
	assert_no_end(&p.b);
	assert_int_equal(p.b.wc_n, 0);
	for (unsigned i = 0; i < N; i++) {
		side_recv(&p.b, 100 + i, i * MSG, MSG);
		pair_until_wcs(&p, &p.b, i + 1);
		assert_int_equal(p.b.wcs[i].wr_id, 100 + i);
		assert_int_equal(p.b.wcs[i].status, WC_SUCCESS);
	}
	pair_until_wcs(&p, &p.a, N);
	assert_true(filled(p.b.buf, N * MSG, 1));
	assert_no_end(&p.b);
	pair_close(&p);
}

static void one_srq_feeds_them_in_turn(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .srq = true, .recv_wait_ms = LONG_MS };
	struct pair p;

	pair_open(&p, &cfg);
	pair_connect(&p);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(side_send(&p.a, i, 0, 64, 0), 0);
		assert_int_equal(side_send(&p.a, i, 0, 64, 0), 0);
	}
	for (unsigned i = 0; i < 16; i++) {
		pair_run_ms(&p, 1);
		assert_int_equal(p.b.wc_n, i);
		side_recv(&p.b, i, 64 * i, 64);
		pair_until_wcs(&p, &p.b, i + 1);
	}
	assert_no_end(&p.b);
	pair_close(&p);
}

static void assert_no_buffer(const struct side *s)
{
	const struct ual_event *ev = side_event(s, UAL_EV_TERMINATED);

	assert_non_null(ev);
	/* RFC 5041 8.2: invalid MSN, no buffer available */
	assert_int_equal(ev->term.layer, 1);
	assert_int_equal(ev->term.etype, 2);
	assert_int_equal(ev->term.code, 2);
}

static void ends_when_none_comes(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .recv_wait_ms = 30 };
	uint64_t begin;
	struct pair p;

	pair_open(&p, &cfg);
	pair_connect(&p);
	begin = ual_loop_now(p.loop);
	assert_int_equal(side_send(&p.a, 1, 0, 64, 0), 0);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	assert_true(ual_loop_now(p.loop) - begin >= 30000000);
	assert_no_buffer(&p.a);
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	pair_close(&p);
}

static void disconnecting_waits_for_nothing(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .recv_wait_ms = LONG_MS };
	struct pair p;

	pair_open(&p, &cfg);
	pair_connect(&p);
	assert_int_equal(side_send(&p.a, 1, 0, MSG, 0), 0);
	pair_run_ms(&p, 5);
	assert_no_end(&p.b);
	assert_int_equal(ual_disconnect(p.b.qp), 0);
	pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	assert_no_buffer(&p.a);
	pair_close(&p);
}

/* The waiting end is aborted, or its peer is, or it is destroyed: nothing waits any more. */
static void may_end_while_waiting(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .recv_wait_ms = LONG_MS };

	for (unsigned how = 0; how < 3; how++) {
		struct pair p;

		pair_open(&p, &cfg);
		pair_connect(&p);
		assert_int_equal(side_send(&p.a, 1, 0, MSG, 0), 0);
		pair_run_ms(&p, 5);
		if (how == 0)
			assert_int_equal(ual_abort(p.b.qp), 0);
		else if (how == 1)
			assert_int_equal(ual_abort(p.a.qp), 0);
		if (how < 2) {
			pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
			pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
		} else {
			ual_qp_destroy(p.b.qp);
			p.b.qp = NULL;
			pair_until_event(&p, &p.a, UAL_EV_DISCONNECTED);
		}
		pair_close(&p);
	}
}

/* Completed sends arrive although the QP was destroyed right after ual_disconnect(). */
static void what_was_sent_survives_its_queue_pair(void **state)
{
	static const struct pair_cfg cfg = { SOFT, .recv_wait_ms = LONG_MS };
	enum { N = 8 };
	struct pair p;

	pair_open(&p, &cfg);
	pair_connect(&p);
	fill(p.a.buf, N * 4096, 2);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(side_send(&p.a, i, i * 4096, 4096, WR_SIGNALED), 0);
	pair_until_wcs(&p, &p.a, N);
	assert_int_equal(ual_disconnect(p.a.qp), 0);
	assert_int_equal(ual_qp_destroy(p.a.qp), 0);
	p.a.qp = NULL;
	pair_run_ms(&p, 5);
	assert_int_equal(p.b.wc_n, 0);
	for (unsigned i = 0; i < N; i++)
		side_recv(&p.b, i, i * 4096, 4096);
	pair_until_wcs(&p, &p.b, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(p.b.wcs[i].status, WC_SUCCESS);
	assert_true(filled(p.b.buf, N * 4096, 2));
	pair_until_event(&p, &p.b, UAL_EV_DISCONNECTED);
	assert_int_equal(side_event(&p.b, UAL_EV_DISCONNECTED)->err, 0);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_receives),
		cmocka_unit_test(one_srq_feeds_them_in_turn),
		cmocka_unit_test(ends_when_none_comes),
		cmocka_unit_test(disconnecting_waits_for_nothing),
		cmocka_unit_test(may_end_while_waiting),
		cmocka_unit_test(what_was_sent_survives_its_queue_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
