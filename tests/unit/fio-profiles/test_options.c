// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The command line, right and wrong, and what `openrdma bench` does before it starts anything. */

#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fio-profiles/bench.h"
#include "fio-profiles/runner/options.h"

#define ARGS_MAX 12

/* Words separated by blanks; text is changed. */
static int split(char *text, char **argv)
{
	int n = 0;
	char *word;

	argv[n++] = "bench";
	while ((word = strsep(&text, " ")) && n < ARGS_MAX - 1)
		if (*word)
			argv[n++] = word;
	argv[n] = NULL;
	return n;
}

static int parse(const char *line, struct bench_options *o, struct bench_why *why)
{
	char *argv[ARGS_MAX], *text = strdup(line);
	int r;

	assert_non_null(text);
	r = options_parse(split(text, argv), argv, o, why);
	free(text);
	return r;
}

static void test_right(void **state)
{
	char *argv[] = { "bench",   "verify,soak",    "--runtime", "7",	       "iser://h/iqn.x:y/0",
			 "--json",  "--depth=16",     "--jobs",	   "2",	       "--size",
			 "1g",	    "--target-pid",   "42",	   "--output", "o",
			 "--svg=s", "--destroy-data", NULL };
	struct bench_options o;
	struct bench_why why;

	assert_int_equal(options_parse((int)ARRAY_SIZE(argv) - 1, argv, &o, &why), 0);
	assert_string_equal(o.profiles, "verify,soak");
	assert_string_equal(o.target, "iser://h/iqn.x:y/0");
	assert_int_equal(o.runtime_s, 7);
	assert_int_equal(o.depth, 16);
	assert_int_equal(o.jobs, 2);
	assert_int_equal(o.size, 1ull << 30);
	assert_int_equal(o.target_pid, 42);
	assert_string_equal(o.output, "o");
	assert_string_equal(o.svg, "s");
	assert_true(o.json && o.destroy_data && !o.list && !o.help);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *line, *word;	/* word: part of what is said */
	} cases[] = {
		{ "", "needed" },
		{ "verify", "needed" },
		{ "verify a b", "not more" },
		{ "verify a --runtime", "--runtime" },
		{ "verify a --runtime 0", "--runtime" },
		{ "verify a --runtime 5s", "--runtime" },
		{ "verify a --runtime -1", "--runtime" },
		{ "verify a --runtime 99999999999999999999", "--runtime" },
		{ "verify a --depth 1025", "1024" },
		{ "verify a --jobs 257", "256" },
		{ "verify a --size 100", "4096" },
		{ "verify a --size 1x", "--size" },
		{ "verify a --size 99999999999t", "--size" },
		{ "verify a --target-pid x", "--target-pid" },
		{ "verify a --frobnicate", "--frobnicate" },
		{ "verify a -x", "-x" },
		{ "verify a --json=1", "--json" },
	};
	struct bench_options o;
	struct bench_why why;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		why.text[0] = '\0';
		assert_int_equal(parse(cases[i].line, &o, &why), -EINVAL);
		assert_non_null(strstr(why.text, cases[i].word));
	}
}

static void test_without_a_target(void **state)
{
	struct bench_options o;
	struct bench_why why;

	assert_int_equal(parse("--list", &o, &why), 0);
	assert_true(o.list);
	assert_int_equal(parse("--help", &o, &why), 0);
	assert_true(o.help);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;		/* 0: refused */
	} cases[] = {
		{ "4096", 4096 },     { "64k", 65536 },	    { "1M", 1 << 20 },
		{ "3g", 3ull << 30 }, { "2T", 2ull << 40 }, { "", 0 },
		{ "k", 0 },	      { "-1", 0 },	    { "1kb", 0 },
		{ " 1", 0 }, { "16777216t", 0 }, { "99999999999999999999999", 0 },
	};
	uint64_t bytes;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bytes = 0;
		assert_int_equal(text_parse_size(cases[i].text, &bytes), cases[i].bytes != 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

/* What the command says and exits with: output is not looked at, only that nothing was started. */
static void test_exit_codes(void **state)
{
	static const struct {
		const char *line;
		int code;
	} cases[] = {
		{ "", 2 },
		{ "no-such-profile /dev/null", 2 },
		{ "randread-4k,../verify /dev/null", 2 },
		{ "randread-4k /nonexistent", 1 },
		{ "randread-4k /dev/null", 1 },
		{ "randread-4k /tmp", 1 },
	};
	char *argv[ARGS_MAX], *text;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text = strdup(cases[i].line);
		assert_int_equal(cmd_bench(split(text, argv), argv), cases[i].code);
		free(text);
	}
}

/* Somebody's data is not overwritten by accident, and stays as it is. */
static void test_keeps_data(void **state)
{
	char path[] = "/tmp/openrdma-keeps.XXXXXX", line[128], *argv[ARGS_MAX], byte;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4 << 20), 0);
	assert_int_equal(pwrite(fd, "XFSB", 4, 0), 4);
	snprintf(line, sizeof(line), "randwrite-4k %s --runtime 1", path);
	assert_int_equal(cmd_bench(split(line, argv), argv), 3);
	assert_int_equal(pread(fd, &byte, 1, 4096), 1);
	assert_int_equal(byte, 0);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_without_a_target),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_keeps_data),
	};

	setenv("OPENRDMA_FIO_PROFILES", PROFILES, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
