// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Who goes when there is no room: at the limits and one past them, by host and of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "core/user/room.h"

#define MAX	8
#define SHARE	3

static struct sockaddr_storage host(const char *text)
{
	struct sockaddr_storage addr = { .ss_family = strchr(text, ':') ? AF_INET6 : AF_INET };
	void *at = addr.ss_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&addr)->sin6_addr
					      : (void *)&((struct sockaddr_in *)&addr)->sin_addr;

	assert_int_equal(inet_pton(addr.ss_family, text, at), 1);
	return addr;
}

static void test_hosts(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true },	/* one network */
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
		{ "fe80::1", "fe80::2", false },
		{ "fe80::1", "fe80::1", true },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.2", false },
		{ "::1", "::2", false },
		{ "::1", "127.0.0.1", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage a = host(cases[i].a), b = host(cases[i].b);

		if (room_same_host(&a, &b) != cases[i].same)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

static void test_share(void **state)
{
	struct sockaddr_storage one = host("10.0.0.1"), two = host("10.0.0.2");
	struct room_guest guests[MAX] = { 0 };
	struct room room;

	room_init(&room, MAX, SHARE);
	room_enter(&room, &guests[0], &two);
	for (unsigned i = 1; i <= SHARE; i++) {
		assert_null(room_must_go(&room, &one));
		room_enter(&room, &guests[i], &one);
	}
	/* Its own oldest, not that of all. */
	assert_ptr_equal(room_must_go(&room, &one), &guests[1]);
	assert_null(room_must_go(&room, &two));
	room_leave(&guests[1]);
	assert_null(room_must_go(&room, &one));
	room_leave(&guests[1]);		/* twice does nothing */
	assert_int_equal(room.n, SHARE);
}

static void test_full(void **state)
{
	struct room_guest guests[MAX] = { 0 };
	struct sockaddr_storage newcomer = host("10.0.1.1");
	struct room room;
	char text[32];

	room_init(&room, MAX, SHARE);
	for (unsigned i = 0; i < MAX; i++) {
		struct sockaddr_storage peer;

		assert_null(room_must_go(&room, &newcomer));
		snprintf(text, sizeof(text), "10.0.0.%u", i);
		peer = host(text);
		room_enter(&room, &guests[i], &peer);
	}
	assert_ptr_equal(room_must_go(&room, &newcomer), &guests[0]);
	room_leave(&guests[0]);
	assert_null(room_must_go(&room, &newcomer));
	room_enter(&room, &guests[0], &newcomer);
	assert_ptr_equal(room_must_go(&room, &newcomer), &guests[1]);
	assert_ptr_equal(room_oldest(&room), &guests[1]);
}

static void test_minute(void **state)
{
	struct minute_line line = { 0 };
	uint64_t now = 5;

	assert_int_equal(minute_line_due(&line, now), 1);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(minute_line_due(&line, now + i), 0);
	now += 60 * 1000000000ull;
	assert_int_equal(minute_line_due(&line, now - 1), 0);
	assert_int_equal(minute_line_due(&line, now), 1002);
	assert_int_equal(minute_line_due(&line, now), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
