// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* HOST[:PORT]: what is taken, what is refused and with which word, and that what is printed is taken again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

#include "ual/base/addr.h"

#define WHOLE "HOST[:PORT]"

static void taken(void **state)
{
	static const struct {
		const char *text, *host;
		u16 port;
	} cases[] = {
		{ "server", "server", 0 },
		{ "server:1", "server", 1 },
		{ "192.0.2.1", "192.0.2.1", 0 },
		{ "192.0.2.1:65535", "192.0.2.1", 65535 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "[2001:db8::1]:3260", "2001:db8::1", 3260 },
		{ "[::ffff:192.0.2.1]:2049", "::ffff:192.0.2.1", 2049 },
		{ "[fe80::1%eth0]", "fe80::1%eth0", 0 },
		{ "[fe80::1%eth0.100]:20049", "fe80::1%eth0.100", 20049 },
		{ "[fe80::1%2]:20049", "fe80::1%2", 20049 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr_name name;
		char why[256] = "", text[300];

		if (addr_name_parse(cases[i].text, strlen(cases[i].text), WHOLE, &name, why,
				    sizeof(why)))
			fail_msg("%s: %s", cases[i].text, why);
		assert_string_equal(name.host, cases[i].host);
		assert_int_equal(name.port, cases[i].port);
		addr_name_text(&name, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "the address is missing: expected " WHOLE },
		{ ":3260", "the address is missing" },
		{ "[]", "expected an IPv6 address in the brackets" },
		{ "[::1", "the closing ']' is missing" },
		{ "[", "the closing ']' is missing" },
		{ "[server]:1", "expected an IPv6 address in the brackets" },
		{ "[192.0.2.1]", "expected an IPv6 address in the brackets" },
		{ "[fe80::1%]", "expected an IPv6 address in the brackets" },
		{ "[%eth0]", "expected an IPv6 address in the brackets" },
		{ "[::1]x", "'x' after the address: expected ':PORT' or '/'" },
		{ "[::1]3260", "'3260' after the address" },
		{ "::1]:3260", "an IPv6 address needs brackets" },
		{ "a]b:1", "brackets belong around an IPv6 address only" },
		{ "::1", "an IPv6 address needs brackets" },
		{ "fe80::1", "an IPv6 address needs brackets, as in [2001:db8::1]" },
		{ "2001:db8::1:3260", "an IPv6 address needs brackets" },
		{ "server:", "port '': expected a number from 1 to 65535" },
		{ "server:0", "port '0': expected" },
		{ "server:65536", "port '65536': expected" },
		{ "server:99999999999", "port '99999999999': expected" },
		{ "server:-1", "port '-1': expected" },
		{ "server: 1", "port ' 1': expected" },
		{ "server:0x10", "port '0x10': expected" },
		{ "[::1]:", "port '': expected" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr_name name = { .host = "untouched", .port = 7 };
		char why[256] = "";

		assert_int_equal(addr_name_parse(cases[i].text, strlen(cases[i].text), WHOLE, &name,
						 why, sizeof(why)),
				 -EINVAL);
		if (!strstr(why, cases[i].why))
			fail_msg("'%s': %s", cases[i].text, why);
		assert_string_equal(name.host, "untouched");
		assert_int_equal(name.port, 7);
	}
}

/* Only text[0..len) is looked at: what stands behind it belongs to the caller. */
static void part_of_a_text(void **state)
{
	static const char text[] = "[::1]:3260/iqn:1";
	struct addr_name name;
	char why[256];

	assert_int_equal(addr_name_parse(text, 10, WHOLE, &name, why, sizeof(why)), 0);
	assert_int_equal(name.port, 3260);
	assert_int_equal(addr_name_parse(text, 5, WHOLE, &name, why, sizeof(why)), 0);
	assert_int_equal(name.port, 0);
	assert_int_equal(addr_name_parse(text, 4, WHOLE, &name, why, sizeof(why)), -EINVAL);
}

static void long_names(void **state)
{
	char text[ADDR_HOST_MAX + 8], why[256];
	struct addr_name name;

	memset(text, 'a', sizeof(text));
	assert_int_equal(addr_name_parse(text, ADDR_HOST_MAX - 1, WHOLE, &name, why, sizeof(why)),
			 0);
	assert_int_equal(strlen(name.host), ADDR_HOST_MAX - 1);
	assert_int_equal(addr_name_parse(text, ADDR_HOST_MAX, WHOLE, &name, why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "longer than 255 bytes"));
}

static void printed(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(3260) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(20049) };
	struct sockaddr none = { .sa_family = AF_UNIX };
	char text[ADDR_TEXT_MAX], host[ADDR_HOST_MAX] = "fe80::1";

	inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
	assert_string_equal(addr_text((struct sockaddr *)&in, text), "192.0.2.1:3260");
	addr_set_port((struct sockaddr *)&in, 0);
	assert_string_equal(addr_text((struct sockaddr *)&in, text), "192.0.2.1:0");
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	assert_string_equal(addr_text((struct sockaddr *)&in6, text), "[2001:db8::1]:20049");
	assert_false(addr_add_zone(host, (struct sockaddr *)&in6));
	inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr);
	in6.sin6_scope_id = if_nametoindex("lo");
	assert_string_equal(addr_text((struct sockaddr *)&in6, text), "[fe80::1%lo]:20049");
	assert_int_equal(addr_port((struct sockaddr *)&in6), 20049);
	assert_string_equal(addr_text(&none, text), "-");
	assert_true(addr_wants_zone(host));
	assert_true(addr_add_zone(host, (struct sockaddr *)&in6));
	assert_string_equal(host, "fe80::1%lo");
	assert_false(addr_wants_zone(host));
	assert_false(addr_wants_zone("2001:db8::1"));
	assert_false(addr_wants_zone("server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),      cmocka_unit_test(refused),
		cmocka_unit_test(part_of_a_text), cmocka_unit_test(long_names),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
