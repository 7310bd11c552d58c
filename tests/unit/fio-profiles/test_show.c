// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Table, chart, report and progress: what is in them, and that others can read them. */

#include "cmocka_all.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fio-profiles/runner/progress.h"
#include "fio-profiles/runner/result.h"

#define ROW(n, p50, p99) \
	{ .ios = n, .bytes = n * 4096ull, .iops = n, .bytes_per_s = n * 4096.0, \
	  .mean_us = p50, .p50_us = p50, .p99_us = p99 }

static const struct bench_result results[] = {
	{ .profile = "randread-4k",
	  .rows[BENCH_READ] = ROW(312000, 98.3, 160.4),
	  .fio_cpu_us = 3.1,
	  .target_cpu_us = 2.9 },
	{ .profile = "mixed-4k",
	  .rows[BENCH_READ] = ROW(200, 9800, 99000),
	  .rows[BENCH_WRITE] = ROW(100, 0.4, 1e9),
	  .fio_cpu_us = 3.1,
	  .target_cpu_us = -1 },
	{ .profile = "odd <&> \"name\"", .rows[BENCH_TRIM] = ROW(1, 0, 0), .target_cpu_us = -1 },
	{ .profile = "failed", .error = EIO, .target_cpu_us = -1 },
};

static void test_table(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	table_print(f, results, ARRAY_SIZE(results));
	fclose(f);
	assert_non_null(strstr(text,
			       "randread-4k               312000      1278       98.3        160"
			       "       3.10       2.90\n"));
	assert_non_null(strstr(text, "mixed-4k read"));
	assert_non_null(strstr(text, "mixed-4k write"));
	assert_non_null(strstr(text, "no I/O: Input/output error"));
	free(text);
}

/* Tags are balanced and names and attributes are where they belong; NULL, or where it goes wrong. */
static const char *malformed(const char *p)
{
	char stack[32][16];
	unsigned depth = 0, elements = 0;

	while (*p) {
		char name[16] = "";
		size_t n = 0;
		bool end, empty;

		if (*p == '&') {
			if (strncmp(p, "&amp;", 5) && strncmp(p, "&lt;", 4) &&
			    strncmp(p, "&gt;", 4))
				return p;
			p++;
			continue;
		}
		if (*p != '<') {
			if (*p == '>' || (!depth && !isspace((unsigned char)*p)))
				return p;
			p++;
			continue;
		}
		end = *++p == '/';
		p += end;
		while (isalpha((unsigned char)*p) && n < sizeof(name) - 1)
			name[n++] = *p++;
		if (!n)
			return p;
		while (*p == ' ') {
			while (isalnum((unsigned char)*++p) || *p == '-')
				;
			if (*p++ != '=' || *p++ != '"')
				return p;
			p += strcspn(p, "\"<&");
			if (*p++ != '"')
				return p;
		}
		empty = *p == '/';
		p += empty;
		if (*p++ != '>')
			return p;
		if (end) {
			if (!depth || strcmp(stack[--depth], name))
				return p;
		} else if (!empty) {
			if (depth == ARRAY_SIZE(stack) || (!depth && elements))
				return p;
			strcpy(stack[depth++], name);
		}
		elements++;
	}
	return depth || !elements ? p : NULL;
}

static char *chart(const char *title, unsigned n)
{
	char path[] = "/tmp/openrdma-chart.XXXXXX", *text;
	int fd = mkstemp(path);
	size_t len;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(svg_write(path, title, "iser://host/iqn.a:b/0?crc=on&mpa=2", results, n),
			 0);
	assert_int_equal(text_read(path, 1 << 20, &text, &len), 0);
	unlink(path);
	return text;
}

static void test_svg(void **state)
{
	for (unsigned n = 0; n <= ARRAY_SIZE(results); n++) {
		char *text = chart("a <title> & \x01 more", n);
		const char *bad = malformed(text);

		if (bad)
			print_message("at: %.60s\n", bad);
		assert_null(bad);
		assert_null(strstr(text, "nan"));
		assert_null(strstr(text, "inf"));
		if (n) {
			assert_non_null(strstr(text, ">312k<"));
			assert_non_null(strstr(text, "98.3 µs / 160 µs"));
		}
		free(text);
	}
	assert_int_equal(svg_write("/nonexistent/x.svg", "t", "s", results, 1), -ENOENT);
}

static void test_report(void **state)
{
	char path[] = "/tmp/openrdma-report.XXXXXX";
	int fd = mkstemp(path);
	json_t *root, *list, *first, *mixed;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(report_write(path, "iser://x", results, ARRAY_SIZE(results)), 0);
	root = json_load_file(path, 0, NULL);
	unlink(path);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "target")), "iser://x");
	list = json_object_get(root, "results");
	assert_int_equal(json_array_size(list), ARRAY_SIZE(results));
	first = json_array_get(list, 0);
	mixed = json_array_get(list, 1);
	assert_true(json_number_value(json_object_get(json_object_get(first, "read"), "iops")) ==
		    312000);
	assert_null(json_object_get(first, "write"));
	assert_true(json_is_null(json_object_get(first, "error")));
	assert_true(
		json_is_null(json_object_get(json_object_get(mixed, "cpu_us_per_io"), "target")));
	assert_non_null(json_object_get(mixed, "write"));
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 3), "error")),
			    "Input/output error");
	json_decref(root);
	assert_int_equal(report_write("/nonexistent/x", "t", results, 1), -ENOENT);
}

/* Lines as fio 3.33 prints them with --eta=always. */
static void test_progress(void **state)
{
	static const struct {
		const char *line, *rate;
	} cases[] = {
		{ "Jobs: 1 (f=1)", "" },
		{ "Jobs: 1 (f=1): [r(1)][-.-%][r=68.3MiB/s][r=17.5k IOPS][eta 00m:00s]",
		  "r=17.5k IOPS" },
		{ "Jobs: 2 (f=2): [m(2)][27.3%][r=1220MiB/s,w=523MiB/s][r=312k,w=134k IOPS][eta 00m:08s]",
		  "r=312k,w=134k IOPS" },
		{ " IOPS]", "" },
		{ "", "" },
	};
	struct progress p;
	char *text = NULL;
	size_t len;
	FILE *f = tmpfile();

	assert_non_null(f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		progress_begin(&p, f, "x", 1, 2, 10, 1);
		progress_fio_line(&p, cases[i].line, strlen(cases[i].line));
		assert_string_equal(p.rate, cases[i].rate);
	}
	assert_int_equal(ftruncate(fileno(f), 0), 0);
	rewind(f);
	/* no terminal: a line at the start and one every ten seconds */
	progress_begin(&p, f, "verify", 2, 8, 120, 1);
	progress_fio_line(&p, cases[1].line, strlen(cases[1].line));
	for (uint64_t s = 0; s <= 25; s++)
		progress_tick(&p, 1 + s * 1000000000ull);
	progress_clear(&p);
	rewind(f);
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	assert_string_equal(text, "[2/8] verify, about 120 s\n"
				  "[2/8] verify  10 of 120 s  r=17.5k IOPS\n"
				  "[2/8] verify  20 of 120 s  r=17.5k IOPS\n");
	free(text);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_svg),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
