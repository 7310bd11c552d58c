/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* URLs of disks: what is taken, and what the refusals say. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/env.h"
#include "iser/iser_disk.h"
#include "tests/unit/iser/cmocka_head.h"

#define IQN "iqn.2026-11.org.openrdma:disk0"

static const struct {
	const char *text;
	const char *host, *port, *target;
	uint16_t lun;
} good[] = {
	{ "iser://192.0.2.10", "192.0.2.10", "3260", "", 0 },
	{ "iser://192.0.2.10/", "192.0.2.10", "3260", "", 0 },
	{ "iser://192.0.2.10:3261", "192.0.2.10", "3261", "", 0 },
	{ "iser://192.0.2.10/" IQN "/0", "192.0.2.10", "3260", IQN, 0 },
	{ "ISER://host.example:1/" IQN "/7", "host.example", "1", IQN, 7 },
	{ "iser://[2001:db8::1]/" IQN "/255", "2001:db8::1", "3260", IQN, 255 },
	{ "iser://[fe80::1%eth0]:3261/" IQN "/0", "fe80::1%eth0", "3261", IQN, 0 },
	{ "iser://[2001:db8::1]:65535/" IQN "/256", "2001:db8::1", "65535", IQN, 256 },
	{ "iser://h/eui.02004567A425678D/16383", "h", "3260", "eui.02004567A425678D", 16383 },
	{ "iser://h/naa.52004567BA64678D/0", "h", "3260", "naa.52004567BA64678D", 0 },
	{ "iser://h?crc=off", "h", "3260", "", 0 },
};

static void good_urls(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct oriser_url url;
		char err[200] = "";

		if (oriser_url_parse(good[i].text, &url, err, sizeof(err)))
			fail_msg("%s: %s", good[i].text, err);
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.port, good[i].port);
		assert_string_equal(url.target, good[i].target);
		assert_int_equal(url.lun, good[i].lun);
	}
}

static const struct {
	const char *text, *says;	/* a part of the message */
} bad[] = {
	{ "", "expected iser://ADDR" },
	{ "http://h/x/0", "expected iser://ADDR" },
	{ "iser://", "the address is missing" },
	{ "iser:///" IQN "/0", "the address is missing" },
	{ "iser://:3260/" IQN "/0", "the address is missing" },
	{ "iser://h:/" IQN "/0", "port ''" },
	{ "iser://h:0/" IQN "/0", "port '0'" },
	{ "iser://h:65536/" IQN "/0", "port '65536'" },
	{ "iser://h:-1/" IQN "/0", "port '-1'" },
	{ "iser://h:12a/" IQN "/0", "port '12a'" },
	{ "iser://h:9999999/" IQN "/0", "port '9999999'" },
	{ "iser://[2001:db8::1/" IQN "/0", "closing ']'" },
	{ "iser://2001:db8::1/" IQN "/0", "needs brackets" },
	{ "iser://[::1]x/" IQN "/0", "'x' after the address" },
	{ "iser://[fe80::1%]/" IQN "/0", "in the brackets" },
	{ "iser://[server]/" IQN "/0", "in the brackets" },
	{ "iser://a]b/" IQN "/0", "brackets belong" },
	{ "iser://h/" IQN, "the LUN is missing" },
	{ "iser://h/" IQN "?crc=on", "the LUN is missing" },
	{ "iser://h/" IQN "/", "LUN ''" },
	{ "iser://h/" IQN "/16384", "LUN '16384'" },
	{ "iser://h/" IQN "/0/1", "LUN '0/1'" },
	{ "iser://h/" IQN "/ 1", "LUN ' 1'" },
	{ "iser://h/disk0/0", "target name 'disk0'" },
	{ "iser://h/iqn./0", "target name 'iqn.'" },
	{ "iser://h/iqn.a b/0", "blanks are not allowed" },
	{ "iser://h//0", "target name ''" },
	{ "iser://h/" IQN "/0?crc", "expected crc=VALUE" },
	{ "iser://h/" IQN "/0?crc=maybe", "expected on or off" },
	{ "iser://h/" IQN "/0?login=fast", "expected immediate or streaming" },
	{ "iser://h/" IQN "/0?mpa=3", "expected 1 or 2" },
	{ "iser://h/" IQN "/0?immediate=1", "expected yes or no" },
	{ "iser://h/" IQN "/0?initiator=me", "initiator name 'me'" },
	{ "iser://h/" IQN "/0?max-io=", "max-io=: expected a multiple of 4K, up to 1M" },
	{ "iser://h/" IQN "/0?max-io=0", "expected a multiple of 4K" },
	{ "iser://h/" IQN "/0?max-io=k", "expected a multiple of 4K" },
	{ "iser://h/" IQN "/0?max-io=6K", "expected a multiple of 4K" },
	{ "iser://h/" IQN "/0?max-io=4097", "expected a multiple of 4K" },
	{ "iser://h/" IQN "/0?max-io=2M", "up to 1M" },
	{ "iser://h/" IQN "/0?max-io=1028K", "up to 1M" },
	{ "iser://h/" IQN "/0?max-io=1048577", "up to 1M" },
	{ "iser://h/" IQN "/0?max-io=99999999", "up to 1M" },
	{ "iser://h/" IQN "/0?max-io=-4K", "expected a multiple of 4K" },
	{ "iser://h/" IQN "/0?colour=red", "option 'colour' is unknown" },
	{ "iser://h/" IQN "/0?crc=on&", "expected =VALUE" },
};

static void bad_urls(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct oriser_url url, untouched;
		char err[200] = "";

		memset(&url, 0x5a, sizeof(url));
		untouched = url;
		assert_int_equal(oriser_url_parse(bad[i].text, &url, err, sizeof(err)), -EINVAL);
		if (!strstr(err, bad[i].says))
			fail_msg("'%s': '%s' does not say '%s'", bad[i].text, err, bad[i].says);
		assert_memory_equal(&url, &untouched, sizeof(url));
	}
}

static void options(void **state)
{
	struct oriser_url url;
	char err[200];

	assert_int_equal(oriser_url_parse("iser://h/" IQN
					  "/1?crc=off&login=streaming&mpa=1&immediate=no"
					  "&initiator=iqn.2026-11.a:b",
					  &url, err, sizeof(err)),
			 0);
	assert_int_equal(url.crc, UAL_CRC_OFF);
	assert_int_equal(url.login_mode, ORISER_LOGIN_STREAMING);
	assert_int_equal(url.mpa_revision, 1);
	assert_true(url.no_immediate_data);
	assert_string_equal(url.initiator, "iqn.2026-11.a:b");
	assert_int_equal(oriser_url_parse("iser://h/" IQN
					  "/1?crc=on&login=immediate&mpa=2&immediate=yes",
					  &url, err, sizeof(err)),
			 0);
	assert_int_equal(url.crc, UAL_CRC_ON);
	assert_int_equal(url.login_mode, ORISER_LOGIN_IMMEDIATE);
	assert_int_equal(url.mpa_revision, 2);
	assert_false(url.no_immediate_data);
	assert_int_equal(url.io_max, 0);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint32_t bytes;
	} cases[] = {
		{ "4K", 4096 },		{ "512k", 512 << 10 },	 { "1M", 1 << 20 },
		{ "1m", 1 << 20 },	{ "1024K", 1024 << 10 }, { "4096", 4096 },
		{ "1048576", 1 << 20 },
	};
	struct oriser_url url;
	char text[200], err[200];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "iser://h/" IQN "/0?max-io=%s&crc=off", cases[i].text);
		if (oriser_url_parse(text, &url, err, sizeof(err)))
			fail_msg("%s: %s", text, err);
		assert_int_equal(url.io_max, cases[i].bytes);
		assert_int_equal(url.crc, UAL_CRC_OFF);
	}
}

/* At the limit and one past it. */
static void lengths(void **state)
{
	struct oriser_url url;
	char text[700], name[230], host[260], err[200];

	memset(name, 'x', sizeof(name));
	memcpy(name, "iqn.", 4);
	name[ORISER_NAME_MAX - 1] = '\0';
	snprintf(text, sizeof(text), "iser://h/%s/0", name);
	assert_int_equal(oriser_url_parse(text, &url, err, sizeof(err)), 0);
	assert_string_equal(url.target, name);
	name[ORISER_NAME_MAX - 1] = 'x';
	name[ORISER_NAME_MAX] = '\0';
	snprintf(text, sizeof(text), "iser://h/%s/0", name);
	assert_int_equal(oriser_url_parse(text, &url, err, sizeof(err)), -EINVAL);
	memset(host, 'h', sizeof(host));
	host[255] = '\0';
	snprintf(text, sizeof(text), "iser://%s", host);
	assert_int_equal(oriser_url_parse(text, &url, err, sizeof(err)), 0);
	host[255] = 'h';
	host[256] = '\0';
	snprintf(text, sizeof(text), "iser://%s", host);
	assert_int_equal(oriser_url_parse(text, &url, err, sizeof(err)), -EINVAL);
	/* a short buffer for the message is filled, not passed */
	memset(err, 'e', sizeof(err));
	assert_int_equal(oriser_url_parse("x", &url, err, 8), -EINVAL);
	assert_int_equal(strlen(err), 7);
	assert_int_equal(err[8], 'e');
}

static void resolve(void **state)
{
	struct sockaddr_storage addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;
	struct oriser_url url;
	socklen_t len;
	char err[200];

	assert_int_equal(oriser_url_parse("iser://127.0.0.2:99", &url, err, sizeof(err)), 0);
	assert_int_equal(oriser_url_resolve(&url, &addr, &len, err, sizeof(err)), 0);
	assert_int_equal(in->sin_family, AF_INET);
	assert_int_equal(ntohs(in->sin_port), 99);
	assert_int_equal(ntohl(in->sin_addr.s_addr), 0x7f000002);
	assert_int_equal(oriser_url_parse("iser://[::1]", &url, err, sizeof(err)), 0);
	assert_int_equal(oriser_url_resolve(&url, &addr, &len, err, sizeof(err)), 0);
	assert_int_equal(in6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(in6->sin6_port), 3260);
	assert_int_equal(oriser_url_parse("iser://no..such..host", &url, err, sizeof(err)), 0);
	assert_int_equal(oriser_url_resolve(&url, &addr, &len, err, sizeof(err)), -EHOSTUNREACH);
	assert_non_null(strstr(err, "cannot find the address of 'no..such..host'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls), cmocka_unit_test(bad_urls), cmocka_unit_test(options),
		cmocka_unit_test(sizes),     cmocka_unit_test(lengths),   cmocka_unit_test(resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
