// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Results out of what fio 3.33 printed, whole and cut short. */

#include "cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fio-profiles/runner/result.h"

static void load(const char *name, char **text, size_t *len)
{
	char path[512];

	snprintf(path, sizeof(path), TEST_DATA "/%s.json", name);
	assert_int_equal(text_read(path, 1 << 20, text, len), 0);
}

static void parse(const char *name, struct bench_result *r)
{
	struct bench_why why;
	char *text;
	size_t len;

	load(name, &text, &len);
	assert_int_equal(result_parse(text, len, r, &why), 0);
	free(text);
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 0.001 * fabs(b) + 1e-9;
}

/* The numbers are fio's own, read off the file. */
static void test_group(void **state)
{
	struct bench_result r;

	parse("mixed", &r);
	assert_string_equal(r.profile, "mixed-4k");
	assert_int_equal(r.error, 0);
	assert_int_equal(r.rows[BENCH_READ].ios, 65433);
	assert_int_equal(r.rows[BENCH_READ].bytes, 268013568);
	assert_true(near(r.rows[BENCH_READ].iops, 65367.632));
	assert_true(near(r.rows[BENCH_READ].bytes_per_s, 267745822));
	assert_true(near(r.rows[BENCH_READ].mean_us, 615.579));
	/* of lat_ns, not clat_ns */
	assert_true(near(r.rows[BENCH_READ].p50_us, 325.632));
	assert_true(near(r.rows[BENCH_READ].p99_us, 3948.544));
	assert_int_equal(r.rows[BENCH_WRITE].ios, 28082);
	assert_true(near(r.rows[BENCH_WRITE].p50_us, 288.768));
	assert_int_equal(r.rows[BENCH_TRIM].ios, 0);
	assert_int_equal(result_rows(&r), 2);
	assert_int_equal(result_ios(&r), 93515);
	/* 3.55 % + 21.85 % of 2 s of thread time */
	assert_true(near(r.fio_cpu_us, 0.254 * 2000e3 / 93515));
	assert_true(r.target_cpu_us < 0);
}

static void test_jobs_apart(void **state)
{
	struct bench_result r;

	parse("apart", &r);
	assert_int_equal(r.rows[BENCH_READ].ios, 256);
	assert_int_equal(r.rows[BENCH_READ].bytes, 2 * 8388608);
	assert_true(near(r.rows[BENCH_READ].iops, 256 / 0.034));
	assert_true(near(r.rows[BENCH_READ].mean_us, (200.145 + 202.070) / 2));
	/* no percentiles of lat_ns there: clat_ns; the worse of the two jobs */
	assert_true(near(r.rows[BENCH_READ].p50_us, 142.336));
	assert_true(near(r.rows[BENCH_READ].p99_us, 2506.752));
	assert_int_equal(result_rows(&r), 1);
}

static void test_failing(void **state)
{
	struct bench_result r;

	parse("failing", &r);
	assert_string_equal(r.profile, "failing");
	assert_int_equal(r.error, ENOSPC);
}

static void test_truncated(void **state)
{
	struct bench_result r;
	struct bench_why why;
	char *text;
	size_t len;

	load("apart", &text, &len);
	while (len && text[len - 1] != '}')
		len--;
	for (size_t n = 0; n < len; n += n + 64 < len ? 17 : 1) {
		why.text[0] = '\0';
		assert_int_equal(result_parse(text, n, &r, &why), -EINVAL);
		assert_true(why.text[0]);
	}
	free(text);
}

static void test_not_a_result(void **state)
{
	static const char *const texts[] = {
		"[]", "{}", "{\"jobs\": []}", "{\"jobs\": 7}", "null", "{\"jobs\": {\"a\": 1}}",
	};
	static const char odd[] = "{\"jobs\": [{\"jobname\": 3, \"read\": \"x\"}]}";
	struct bench_result r;
	struct bench_why why;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(result_parse(texts[i], strlen(texts[i]), &r, &why), -EINVAL);
	/* Members of other kinds than expected count as nothing. */
	assert_int_equal(result_parse(odd, strlen(odd), &r, &why), 0);
	assert_int_equal(result_ios(&r), 0);
}

static void test_labels(void **state)
{
	struct bench_result r = { .profile = "mixed-4k", .rows[BENCH_READ].ios = 1 };
	char label[80];

	result_label(&r, BENCH_READ, label, sizeof(label));
	assert_string_equal(label, "mixed-4k");
	r.rows[BENCH_WRITE].ios = 1;
	result_label(&r, BENCH_WRITE, label, sizeof(label));
	assert_string_equal(label, "mixed-4k write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group),	     cmocka_unit_test(test_jobs_apart),
		cmocka_unit_test(test_failing),	     cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_not_a_result), cmocka_unit_test(test_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
