// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The command line of openrdma-targetd: what each word means, and what is said about a wrong one. */
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "targets/daemon/addr.h"
#include "targets/targetd/options.h"

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t size;
	} cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "512", 0, 512 },
		{ "1K", 0, 1024 },
		{ "1k", 0, 1024 },
		{ "3M", 0, 3 << 20 },
		{ "10G", 0, 10ull << 30 },
		{ "1T", 0, 1ull << 40 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "8388607T", 0, 8388607ull << 40 },
		{ "8388608T", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "G", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1GB", -EINVAL, 0 },
		{ "1.5G", -EINVAL, 0 },
		{ "1P", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t size = 77;

		if (targetd_size_parse(cases[i].text, &size) != cases[i].err)
			fail_msg("%s", cases[i].text);
		assert_true(size == (cases[i].err ? 77 : cases[i].size));
	}
}

static void test_portals(void **state)
{
	static const struct {
		const char *text, *format;	/* NULL: refused */
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1:3260" },
		{ "192.0.2.1:13260", "192.0.2.1:13260" },
		{ "0.0.0.0:0", "0.0.0.0:0" },
		{ "[::]", "[::]:3260" },
		{ "[2001:db8::7]:65535", "[2001:db8::7]:65535" },
		{ "[fe80::1%lo]:1", "[fe80::1%lo]:1" },
		{ "", NULL },
		{ "192.0.2", NULL },
		{ "192.0.2.1:", NULL },
		{ "192.0.2.1:65536", NULL },
		{ "192.0.2.1:x", NULL },
		{ "192.0.2.1:1x", NULL },
		{ "192.0.2.1:-1", NULL },
		{ "::1", NULL },
		{ "[::1", NULL },
		{ "[::1]x", NULL },
		{ "[::1]:", NULL },
		{ "[192.0.2.1]", NULL },
		{ "[fe80::1%nosuchcard]", NULL },
		{ "localhost", NULL },
		{ "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
		  "111111111111111111111111111111111111111111111111",
		  NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct targetd_portal portal;
		char text[64], why[256] = "";
		int err = targetd_portal_parse(cases[i].text, &portal, why, sizeof(why));

		assert_int_equal(err, cases[i].format ? 0 : -EINVAL);
		if (!err) {
			daemon_addr_text(&portal.addr, text);
			assert_string_equal(text, cases[i].format);
		} else {
			assert_non_null(strstr(why, "expected ADDRESS[:PORT]"));
		}
	}
}

#define NO(lun_text, complaint)	{ .text = lun_text, .says = complaint }

static void test_luns(void **state)
{
	static const struct {
		const char *text, *says;	/* NULL: good */
		struct targetd_lun lun;
	} cases[] = {
		{ "d=/srv/d.img", NULL, { .name = "d", .path = "/srv/d.img" } },
		{ "d-1.x:y=/d,size=10G",
		  NULL,
		  { .name = "d-1.x:y", .path = "/d", .size = 10ull << 30 } },
		{ "r=ram:,size=1G,ro",
		  NULL,
		  { .name = "r", .path = "ram:", .size = 1 << 30, .read_only = true } },
		{ "n=null:,block=4096,size=4K,serial=a b=c",
		  NULL,
		  { .name = "n",
		    .path = "null:",
		    .size = 4096,
		    .block_size = 4096,
		    .serial = "a b=c" } },
		{ "d=/a\\,b\\\\c=d,direct=on",
		  NULL,
		  { .name = "d", .path = "/a,b\\c=d", .direct = STORE_DIRECT_ON } },
		{ "d=/a,direct=off,block=512",
		  NULL,
		  { .name = "d", .path = "/a", .direct = STORE_DIRECT_OFF, .block_size = 512 } },
		{ "q=ram:,size=1G,max-io=256K",
		  NULL,
		  { .name = "q", .path = "ram:", .size = 1 << 30, .io_max = 256 << 10 } },
		{ "q=/a,immediate-data=off,initial-r2t=on",
		  NULL,
		  { .name = "q", .path = "/a", .terms = { ORISER_NO, ORISER_YES } } },
		{ "q=/a,immediate-data=on,initial-r2t=off",
		  NULL,
		  { .name = "q", .path = "/a", .terms = { ORISER_YES, ORISER_NO } } },
		NO("d=/a,immediate-data=auto", "immediate-data=auto: expected on or off"),
		NO("d=/a,initial-r2t", "needs a value"),
		{ "d=/a,create,size=1M",
		  NULL,
		  { .name = "d", .path = "/a", .size = 1 << 20, .create = true } },
		{ "d=/a,adopt", NULL, { .name = "d", .path = "/a", .adopt = true } },
		NO("d=/a,create", "create needs a size: d=/a,create,size=10G"),
		NO("d=/a,create,size=1M,ro", "ro keeps it so"),
		NO("d=/a,create=1,size=1M", "create does not take a value"),
		NO("", "expected NAME=PATH"),
		NO("d", "expected NAME=PATH"),
		NO("=/a", "expected NAME=PATH"),
		NO("d=", "expected NAME=PATH"),
		NO("d=,size=1G", "no path"),
		NO("D=/a", "lower-case"),
		NO("d_1=/a", "lower-case"),
		NO("d 1=/a", "lower-case"),
		NO("d=/a,size=", "size=: expected"),
		NO("d=/a,size=0", "size=0: expected"),
		NO("d=/a,size=x", "size=x: expected"),
		NO("d=/a,size", "size needs a value"),
		NO("d=/a,ro=1", "ro does not take a value"),
		NO("d=/a,block=1024", "expected 512 or 4096"),
		NO("d=/a,max-io=1000", "max-io=1000: expected a multiple of 4K, up to 4M"),
		NO("d=/a,max-io=8M", "max-io=8M: expected"),
		NO("d=/a,direct=yes", "expected on or off"),
		NO("d=/a,serial=", "serial=: expected"),
		NO("d=/a,serial=\x01", "printable"),
		NO("d=/a,cow=on", "unknown option 'cow'"),
		{ "d=/a,", NULL, { .name = "d", .path = "/a" } },
		NO("d=/a,,ro", "unknown option ''"),
		NO("r=ram:", "needs a size: r=ram:,size=1G"),
		NO("n=null:", "needs a size"),
		NO("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=/a",
		   "longer than 63"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct targetd_lun lun;
		char why[512] = "";
		int err = targetd_lun_parse(cases[i].text, &lun, why, sizeof(why));

		if (cases[i].says) {
			if (err != -EINVAL || !strstr(why, cases[i].says))
				fail_msg("%s: \"%s\"", cases[i].text, why);
			continue;
		}
		if (err)
			fail_msg("%s: %s", cases[i].text, why);
		assert_string_equal(lun.name, cases[i].lun.name);
		assert_string_equal(lun.path, cases[i].lun.path);
		assert_string_equal(lun.serial, cases[i].lun.serial);
		assert_true(lun.size == cases[i].lun.size);
		assert_int_equal(lun.block_size, cases[i].lun.block_size);
		assert_int_equal(lun.io_max, cases[i].lun.io_max);
		assert_int_equal(lun.read_only, cases[i].lun.read_only);
		assert_int_equal(lun.create, cases[i].lun.create);
		assert_int_equal(lun.adopt, cases[i].lun.adopt);
		assert_int_equal(lun.direct, cases[i].lun.direct);
		assert_int_equal(lun.terms.immediate_data, cases[i].lun.terms.immediate_data);
		assert_int_equal(lun.terms.initial_r2t, cases[i].lun.terms.initial_r2t);
	}
}

#define ARGS_MAX 12

static enum daemon_options_verdict parse(const char *const *args, struct targetd_options *o,
					 char *why)
{
	char *argv[ARGS_MAX + 2] = { (char *)"openrdma-targetd" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	return targetd_options_parse(argc, argv, o, why, 256);
}

#define LUN "--lun", "a=ram:,size=1M"

static void test_refusals(void **state)
{
	static const struct {
		const char *args[ARGS_MAX + 1], *says;
	} cases[] = {
		{ { NULL }, "at least one --lun" },
		{ { "--lun" }, "--lun needs a value" },
		{ { LUN, "--bogus" }, "unknown option --bogus" },
		{ { LUN, "-x" }, "unknown option -x" },
		{ { LUN, "word" }, "'word' belongs to no option" },
		{ { LUN, LUN }, "lun a: the name is given twice" },
		{ { LUN, "--portal", "nowhere" }, "portal nowhere" },
		{ { LUN, "--reactors", "0" }, "--reactors 0: expected a number from 1 to 256" },
		{ { LUN, "--reactors", "257" }, "from 1 to 256" },
		{ { LUN, "--depth", "many" }, "--depth many: expected a number" },
		{ { LUN, "--sessions", "-3" }, "--sessions -3" },
		{ { LUN, "--spin", "1000001" }, "from 0 to 1000000" },
		{ { LUN, "--crc", "maybe" }, "--crc maybe: expected on or off" },
		{ { LUN, "--mpa-rtr", "send,none" }, "expected none, or some of" },
		{ { LUN, "--mpa-rtr", "" }, "expected none, or some of" },
		{ { LUN, "--mpa-revision", "3" }, "from 1 to 2" },
		{ { LUN, "--aio", "posix" }, "--aio posix: expected auto, uring ... or threads" },
		{ { LUN, "--log-level", "loud" }, "expected error, warning ... or debug" },
		{ { LUN, "--buffers", "1M" }, "at least 4M" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct targetd_options o;
		char why[256] = "";

		assert_int_equal(parse(cases[i].args, &o, why), OPTIONS_BAD);
		if (!strstr(why, cases[i].says))
			fail_msg("\"%s\" instead of \"%s\"", why, cases[i].says);
		targetd_options_deinit(&o);
	}
}

static void test_meanings(void **state)
{
	static const char *const all[] = {
		"--lun=a=ram:,size=1M", "--lun=b=/b",
		"--portal=[::1]:7",	"--reactors=3",
		"--depth=64",		"--crc=off",
		"--mpa-rtr=send,read",	"--spin=0",
		"--initial-r2t=on",	"--immediate-data=off",
		"--log-level=debug",	"--buffers=8M",
		"--state=/s",		NULL,
	};
	static const char *const little[] = { LUN, NULL };
	static const char *const help[] = { "--help", NULL }, *const version[] = { LUN, "-V",
										   NULL };
	struct targetd_options o;
	char why[256];

	assert_int_equal(parse(all, &o, why), OPTIONS_RUN);
	assert_int_equal(o.lun_n, 2);
	assert_string_equal(o.luns[1].path, "/b");
	assert_int_equal(o.portal_n, 1);
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&o.portals[0].addr)->sin6_port), 7);
	assert_int_equal(o.reactors, 3);
	assert_int_equal(o.depth, 64);
	assert_int_equal(o.crc, UAL_CRC_OFF);
	assert_int_equal(o.mpa_rtr, 5);
	assert_int_equal(o.spin_us, 0);
	assert_true(o.terms.initial_r2t == ORISER_YES && o.terms.immediate_data == ORISER_NO);
	assert_false(o.no_remote_inv);
	assert_int_equal(o.log_level, 7);
	assert_int_equal(o.pool_max, 8 << 20);
	assert_string_equal(o.state_dir, "/s");
	targetd_options_deinit(&o);

	assert_int_equal(parse(little, &o, why), OPTIONS_RUN);
	assert_int_equal(o.portal_n, 2);
	assert_true(!o.portals[0].is_default && o.portals[1].is_default);
	assert_true(o.reactors >= 1);
	assert_int_equal(o.crc, UAL_CRC_ON);
	assert_true(o.terms.initial_r2t == ORISER_AUTO && o.terms.immediate_data == ORISER_AUTO);
	targetd_options_deinit(&o);

	assert_int_equal(parse(help, &o, why), OPTIONS_HELP);
	targetd_options_deinit(&o);
	assert_int_equal(parse(version, &o, why), OPTIONS_VERSION);
	targetd_options_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),	 cmocka_unit_test(test_portals),
		cmocka_unit_test(test_luns),	 cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_meanings),
	};

	return cmocka_run_group_tests_name("targets/targetd/options", tests, NULL, NULL);
}
