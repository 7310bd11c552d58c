// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Configuration files of the daemons: what a line means, where a mistake is, every truncation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/env.h"
#include "targets/daemon/config.h"
#include "targets/targetd/options.h"

/* What was set, as "name=value;name;"; a name that begins with '!' is refused. */
struct seen {
	char text[1024];
};

static int note(void *ctx, const char *name, const char *value, char *why, size_t why_len)
{
	struct seen *seen = ctx;
	size_t len = strlen(seen->text);

	if (name[0] == '!') {
		snprintf(why, why_len, "refused");
		return -EINVAL;
	}
	snprintf(seen->text + len, sizeof(seen->text) - len, "%s%s%s;", name, value ? "=" : "",
		 value ? value : "");
	return 0;
}

static int parse(const char *file, size_t len, struct seen *seen, char why[256])
{
	char *text = malloc(len + 1);
	int err;

	assert_non_null(text);
	memcpy(text, file, len);
	seen->text[0] = why[0] = '\0';
	err = daemon_config_parse("FILE", text, len, note, seen, why, 256);
	free(text);
	return err;
}

static void test_lines(void **state)
{
	static const struct {
		const char *file, *seen, *why;
	} cases[] = {
		{ "", "", NULL },
		{ "\n\n", "", NULL },
		{ "a=b", "a=b;", NULL },
		{ "a = b\nc=d\n", "a=b;c=d;", NULL },
		{ " \ta\t=  b c \t\r\n", "a=b c;", NULL },
		{ "flag\n", "flag;", NULL },
		{ "# a = b\na = c # d\n", "a=c;", NULL },
		{ "lun = x=/srv/a#b,ro\n", "lun=x=/srv/a#b,ro;", NULL },
		{ "a = b\na = c\n", "a=b;a=c;", NULL },
		{ "export = \"/a b\" *(rw) \\\n  192.0.2.1(ro)\nb=c",
		  "export=\"/a b\" *(rw)     192.0.2.1(ro);b=c;", NULL },
		{ "a = b \\", "a=b \\;", NULL },
		{ "= b", NULL, "FILE:1: there is no name before the =" },
		{ "\na b\n", NULL, "FILE:2: expected NAME = VALUE, not 'a b'" },
		{ "a b = c\n", NULL, "FILE:1: expected NAME = VALUE, not 'a b'" },
		{ "a =\n", NULL, "FILE:1: a has no value behind the =" },
		{ "a = # b\n", NULL, "FILE:1: a has no value behind the =" },
		{ "a=1\n\\\nb=2\n!c=3\n", NULL, "FILE:4: refused" },
		{ "a=1\nb=2 \\\n3\n!c=3", NULL, "FILE:4: refused" },
	};
	struct seen seen;
	char why[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err = parse(cases[i].file, strlen(cases[i].file), &seen, why);

		assert_int_equal(err, cases[i].why ? -EINVAL : 0);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			assert_string_equal(seen.text, cases[i].seen);
	}
	assert_int_equal(parse("a=b\0c=d\n", 8, &seen, why), -EINVAL);
	assert_string_equal(why, "FILE: has a zero byte in it; is it a text?");
}

static void test_truncations(void **state)
{
	static const char file[] = "# disks\nlun = a=/srv/a,size=1G \\\n ,ro\n\nportal=[::1]:3260\n"
				   "foreground # here\nmpa-rtr = send,write\n";
	struct seen whole, part;
	char why[256];

	assert_int_equal(parse(file, sizeof(file) - 1, &whole, why), 0);
	for (size_t len = 0; len < sizeof(file); len++) {
		/* What is whole is the same; the last line may be another, or be refused by name. */
		int err = parse(file, len, &part, why);
		char *last = strrchr(part.text, ';');

		assert_int_equal(!err, !why[0]);
		if (last) {
			*last = '\0';
			last = strrchr(part.text, ';');
			part.text[last ? last - part.text + 1 : 0] = '\0';
		}
		assert_memory_equal(part.text, whole.text, strlen(part.text));
	}
}

/* ---- as options of a daemon ------------------------------------------------------------------------- */

static enum daemon_options_verdict run(const char *file, char *const *more,
				       struct targetd_options *o, char why[1024])
{
	char path[] = "/tmp/openrdma-config-XXXXXX";
	char *argv[8] = { (char *)"openrdma-targetd", (char *)"--config", path };
	enum daemon_options_verdict verdict;
	int argc = 3, fd = mkstemp(path);
	char *at;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, strlen(file)), (ssize_t)strlen(file));
	close(fd);
	while (more && *more)
		argv[argc++] = *more++;
	why[0] = '\0';
	verdict = targetd_options_parse(argc, argv, o, why, 1024);
	unlink(path);
	at = strstr(why, path);
	if (at)		/* the name without what is random in it */
		memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
	return verdict;
}

static void test_options(void **state)
{
	static char *const more[] = { (char *)"--depth", (char *)"7", (char *)"--lun",
				      (char *)"b=null:,size=1T", NULL };
	struct targetd_options o;
	char why[1024];

	assert_int_equal(run("depth = 5\nreactors = 3\nlun = a=ram:,size=1M\ndevice = soft9\n"
			     "foreground\n",
			     more, &o, why),
			 OPTIONS_RUN);
	assert_int_equal(o.depth, 7);
	assert_int_equal(o.reactors, 3);
	assert_int_equal(o.lun_n, 2);
	assert_string_equal(o.luns[0].name, "a");
	assert_string_equal(o.luns[1].name, "b");
	assert_string_equal(o.device, "soft9");
	targetd_options_deinit(&o);
}

static void test_mistakes(void **state)
{
	static char *const twice[] = { (char *)"--config", (char *)"/nowhere", NULL };
	static const struct {
		const char *file, *why;
	} cases[] = {
		{ "lun = a=ram:,size=1M\n\nbogus = 1\n",
		  ":3: unknown name bogus; names are those of the long options" },
		{ "config = /etc/other\n", ":1: unknown name config" },
		{ "lun\n", ":1: lun needs a value: lun = VALUE" },
		{ "foreground = yes\n", ":1: foreground takes no value" },
		{ "# x\nreactors = 0\n", ":2: --reactors 0: expected a number from 1 to 256" },
		{ "lun = a=ram:,size=1M\nlun = a=ram:,size=1M\n",
		  ":2: lun a: the name is given twice" },
		{ "depth = 3\n", "nothing to serve" },
	};
	struct targetd_options o;
	char why[1024];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(run(cases[i].file, NULL, &o, why), OPTIONS_BAD);
		if (strncmp(why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("'%s' instead of '%s'", why, cases[i].why);
		targetd_options_deinit(&o);
	}
	assert_int_equal(run("", twice, &o, why), OPTIONS_BAD);
	assert_non_null(strstr(why, "--config /nowhere: there is one already"));
	targetd_options_deinit(&o);
	{
		char *argv[] = { (char *)"x", (char *)"--config", (char *)"/nowhere/at/all", NULL };

		assert_int_equal(targetd_options_parse(3, argv, &o, why, sizeof(why)), OPTIONS_BAD);
		assert_string_equal(why, "/nowhere/at/all: No such file or directory");
		targetd_options_deinit(&o);
		argv[2] = (char *)"/";
		assert_int_equal(targetd_options_parse(3, argv, &o, why, sizeof(why)), OPTIONS_BAD);
		assert_string_equal(why, "/: Is a directory");
		targetd_options_deinit(&o);
		argv[2] = (char *)"/dev/zero";
		assert_int_equal(targetd_options_parse(3, argv, &o, why, sizeof(why)), OPTIONS_BAD);
		assert_string_equal(why, "/dev/zero: is longer than 1048576 bytes");
		targetd_options_deinit(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
