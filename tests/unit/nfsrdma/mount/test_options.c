// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Options of a mount: what each sets, and what is said of those that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/env.h"
#include "nfsrdma/mount/options.h"

static struct mount_options parsed(const char *text)
{
	struct mount_options o;
	char why[256] = "";

	mount_options_init(&o);
	if (!mount_options_parse(&o, text, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	return o;
}

static void test_defaults(void **state)
{
	struct mount_options o = parsed("");

	assert_int_equal(o.proto, ORNFS_PROTO_RDMA);
	assert_int_equal(o.port, 0);
	assert_int_equal(o.rsize, 0);
	assert_false(o.soft);
	assert_int_equal(o.timeo_ds, 600);
	assert_int_equal(o.retrans, 2);
	assert_int_equal(o.acregmin_s, 3);
	assert_int_equal(o.acregmax_s, 60);
	assert_int_equal(o.acdirmin_s, 30);
	assert_int_equal(o.acdirmax_s, 60);
	assert_int_equal(o.lookupcache, MOUNT_LOOKUP_ALL);
	assert_string_equal(o.vfs, "");
}

static void test_values(void **state)
{
	struct mount_options o = parsed("proto=tcp,port=1,mountport=65535,rsize=65536,wsize=5000,"
					"soft,timeo=10,retrans=3,ro,noatime,nosuid");

	assert_int_equal(o.proto, ORNFS_PROTO_TCP);
	assert_int_equal(o.port, 1);
	assert_int_equal(o.mount_port, 65535);
	assert_int_equal(o.rsize, 65536);
	assert_int_equal(o.wsize, 4096);	/* cut */
	assert_true(o.soft);
	assert_int_equal(o.timeo_ds, 10);
	assert_int_equal(o.retrans, 3);
	assert_true(o.read_only);
	assert_string_equal(o.vfs, "noatime,nosuid");
	assert_int_equal(parsed("rsize=1").rsize, 4096);
	assert_int_equal(parsed("rsize=4294967295").rsize, 1 << 20);
	assert_int_equal(parsed("nconnect=16").nconnect, 16);
	assert_int_equal(parsed("lookupcache=none").lookupcache, MOUNT_LOOKUP_NONE);
	assert_int_equal(parsed("lookupcache=pos").lookupcache, MOUNT_LOOKUP_POSITIVE);
}

static void test_times(void **state)
{
	struct mount_options o = parsed("actimeo=7");

	assert_int_equal(o.acregmin_s, 7);
	assert_int_equal(o.acregmax_s, 7);
	assert_int_equal(o.acdirmin_s, 7);
	assert_int_equal(o.acdirmax_s, 7);
	assert_int_equal(parsed("acregmin=100").acregmax_s, 100);	/* never less */
	assert_int_equal(parsed("acdirmax=1").acdirmax_s, 30);
}

static void test_later_wins(void **state)
{
	assert_int_equal(parsed("proto=tcp,proto=rdma").proto, ORNFS_PROTO_RDMA);
	assert_false(parsed("soft,hard").soft);
	assert_false(parsed("ro,rw").read_only);
	assert_false(parsed("noac,ac").noac);
	assert_true(parsed("cto,nocto").nocto);
	assert_false(parsed("sync,async").sync);
	assert_false(parsed("bg,fg").background);
}

static void test_no_effect(void **state)
{
	parsed("defaults,_netdev,nofail,auto,noauto,user,user=joe,users,x-systemd.automount,X-mount.mkdir,"
	       "comment=x,relatime,intr,nointr,nolock,local_lock=all,sec=sys,mountproto=tcp,"
	       "mountvers=3,vers=3,nfsvers=3,,");
}

/* Version 3 has no locks that others see. */
static void test_locks(void **state)
{
	static const struct {
		const char *text;
		bool allowed;
		unsigned local;
	} cases[] = {
		{ "", true, MOUNT_LOCAL_ALL },
		{ "nolock", true, MOUNT_LOCAL_ALL },
		{ "lock", false, 0 },
		{ "lock,nolock", true, MOUNT_LOCAL_ALL },
		{ "local_lock=none", false, 0 },
		{ "local_lock=all", true, MOUNT_LOCAL_ALL },
		{ "vers=4.2", true, 0 },
		{ "vers=4.1,lock", true, 0 },
		{ "lock,vers=4.1", true, 0 },
		{ "vers=4.2,nolock", true, MOUNT_LOCAL_ALL },
		{ "vers=4.2,local_lock=none", true, 0 },
		{ "vers=4.2,local_lock=posix", true, MOUNT_LOCAL_POSIX },
		{ "vers=4.2,local_lock=flock", true, MOUNT_LOCAL_FLOCK },
		{ "vers=4.2,local_lock=all", true, MOUNT_LOCAL_ALL },
		{ "vers=4.2,local_lock=all,lock", true, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mount_options o = parsed(cases[i].text);
		char why[256] = "";

		if (mount_options_check(&o, why, sizeof(why)) != cases[i].allowed)
			fail_msg("%s: %s", cases[i].text, why);
		if (cases[i].allowed && mount_options_local(&o) != cases[i].local)
			fail_msg("%s: %u", cases[i].text, mount_options_local(&o));
		if (!cases[i].allowed)
			assert_non_null(strstr(why, "expected nolock"));
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "nosuch", "option nosuch: unknown" },
		{ "ro,nosuch=1", "option nosuch=1: unknown" },
		{ "vers=2", "option vers=2: expected 3" },
		{ "vers", "option vers: expected a value" },
		{ "vers=", "option vers=: expected a value" },
		{ "proto=udp", "option proto=udp: expected rdma or tcp" },
		{ "port=0", "expected a number from 1 to 65535" },
		{ "port=65536", "expected a number from 1 to 65535" },
		{ "port=-1", "expected a number" },
		{ "port=1x", "expected a number" },
		{ "port", "expected a value" },
		{ "rsize=0", "expected a number" },
		{ "rsize=99999999999999999999", "expected a number" },
		{ "timeo=0", "expected a number" },
		{ "soft=1", "expected no value" },
		{ "local_lock=some", "expected none, posix, flock or all" },
		{ "sec=krb5", "expected sys" },
		{ "lookupcache=some", "expected all, positive or none" },
		{ "mountproto=udp", "expected tcp" },
		{ "remount", "expected a new mount" },
		{ "nconnect=0", "expected a number from 1 to 16" },
		{ "nconnect=17", "expected a number from 1 to 16" },
	};
	struct mount_options o;
	char why[256], text[400];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		mount_options_init(&o);
		if (mount_options_parse(&o, cases[i].text, why, sizeof(why)))
			fail_msg("%s is accepted", cases[i].text);
		if (!strstr(why, cases[i].said))
			fail_msg("%s: %s", cases[i].text, why);
	}
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(mount_options_parse(&o, text, why, sizeof(why)));
	/* More than there is room for. */
	mount_options_init(&o);
	for (size_t i = 0; i < 30; i++)
		if (!mount_options_parse(&o, "noatime", why, sizeof(why)))
			return;
	fail_msg("no limit");
}

static void test_source(void **state)
{
	static const struct {
		const char *source, *host, *path;	/* no host: refused */
	} cases[] = {
		{ "server:/srv", "server", "/srv" },
		{ "192.0.2.1:/", "192.0.2.1", "/" },
		{ "[2001:db8::1]:/srv/a:/b", "2001:db8::1", "/srv/a:/b" },
		{ "2001:db8::1:/srv", "2001:db8::1", "/srv" },
		{ "/srv", NULL, NULL },
		{ "server", NULL, NULL },
		{ "server:srv", NULL, NULL },
		{ ":/srv", NULL, NULL },
		{ "[]:/srv", NULL, NULL },
		{ "[2001:db8::1/srv", NULL, NULL },
		{ "[2001:db8::1]/srv", NULL, NULL },
		{ "a-name-that-is-longer-than-there-is-room:/srv", NULL, NULL },
		{ "", NULL, NULL },
	};
	char host[32], why[256];
	const char *path;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool good = mount_source_parse(cases[i].source, host, sizeof(host), &path, why,
					       sizeof(why));

		if (good != (cases[i].host != NULL))
			fail_msg("%s", cases[i].source);
		if (!good) {
			assert_non_null(strstr(why, "expected SERVER:/PATH"));
			continue;
		}
		assert_string_equal(host, cases[i].host);
		assert_string_equal(path, cases[i].path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_values),
		cmocka_unit_test(test_times),	   cmocka_unit_test(test_later_wins),
		cmocka_unit_test(test_no_effect),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_source),	   cmocka_unit_test(test_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
