// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Profiles as the runner reads them, what it changes in them, and the command line that fio gets. */

#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fio-profiles/runner/fio_run.h"
#include "fio-profiles/runner/fio_version.h"

static const struct {
	const char *name;
	bool writes, verifies;
	uint32_t runtime_s;
} profiles[] = {
	{ "latency-1", false, false, 10 },   { "latency-1-write", true, false, 10 },
	{ "mixed-4k", true, false, 10 },     { "randread-4k", false, false, 10 },
	{ "randwrite-4k", true, false, 10 }, { "read-1m", false, false, 10 },
	{ "soak", true, true, 600 },	     { "verify", true, true, 120 },
	{ "write-1m", true, false, 10 },
};

static void test_profiles(void **state)
{
	struct bench_job job;
	struct bench_why why;
	char **names;
	int n = job_names(PROFILES, &names);

	assert_int_equal(n, ARRAY_SIZE(profiles));
	for (int i = 0; i < n; i++) {
		assert_int_equal(job_load(PROFILES, profiles[i].name, &job, &why), 0);
		assert_int_equal(job.writes, profiles[i].writes);
		assert_int_equal(job.verifies, profiles[i].verifies);
		assert_int_equal(job.runtime_s, profiles[i].runtime_s);
		assert_true(strlen(job.title) > 10);
		job_deinit(&job);
	}
	job_names_free(names, n);
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		assert_false(strchr(profiles[i].name, '.'));
}

static void test_unknown(void **state)
{
	static const char *const names[] = { "", "nothing", "../meson", "runner/text", "a/b" };
	struct bench_job job;
	struct bench_why why;
	char **list;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(job_load(PROFILES, names[i], &job, &why), -ENOENT);
	assert_int_equal(job_names("/nonexistent", &list), -ENOENT);
}

static void test_bad_files(void **state)
{
	static const char *const texts[] = {
		"",
		"[x]\nbs=4k\n",
		"[x]\nrw=read\nruntime=soon\n",
		"[x]\nrw=read\nsize=big\n",
	};
	char dir[] = "/tmp/openrdma-job.XXXXXX", path[64];
	struct bench_job job;
	struct bench_why why;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.fio", dir);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(job_load(dir, "x", &job, &why), -EINVAL);
	}
	unlink(path);
	rmdir(dir);
}

#define MI (1024 * 1024ull)

static void test_changes(void **state)
{
	static const struct {
		const char *profile;
		struct fio_cfg cfg;
		uint64_t disk;
		const char *changes;	/* NULL: does not fit */
	} cases[] = {
		{ "randread-4k", { .depth = 0 }, 64 * MI, "" },
		{ "randread-4k", { .runtime_s = 3, .jobs = 2 }, 64 * MI, "runtime=3\nnumjobs=2\n" },
		{ "randread-4k",
		  { .depth = 8 },
		  64 * MI,
		  "iodepth=8\niodepth_batch_submit=8\niodepth_batch_complete_max=8\n" },
		{ "randread-4k", { .size = 4 * MI }, 64 * MI, "size=4194304\n" },
		{ "randread-4k", { .size = 65 * MI }, 64 * MI, NULL },
		/* a profile for more than the disk has is cut to whole blocks of its largest kind */
		{ "verify", { .depth = 0 }, 64 * MI + 4096, "size=67108864\n" },
		{ "verify", { .depth = 0 }, 1024 * MI, "" },
		/* jobs that compare get parts of their own */
		{ "verify",
		  { .jobs = 2 },
		  1024 * MI,
		  "numjobs=2\nsize=134217728\noffset_increment=134217728\n" },
		{ "verify", { .jobs = 3, .size = 2 * MI }, 64 * MI, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench_target target = { .text = "disk", .size = cases[i].disk };
		struct fio_cfg cfg = cases[i].cfg;
		struct bench_job job;
		struct bench_why why;
		char text[512];
		int r;

		assert_int_equal(job_load(PROFILES, cases[i].profile, &job, &why), 0);
		cfg.job = &job;
		cfg.target = &target;
		r = fio_job_changes(&cfg, text, sizeof(text), &why);
		assert_int_equal(r, cases[i].changes ? 0 : -ENOSPC);
		if (!r)
			assert_string_equal(text, cases[i].changes);
		job_deinit(&job);
	}
}

static bool has(const struct fio_args *a, const char *arg)
{
	for (int i = 0; i < a->n; i++)
		if (!strcmp(a->argv[i], arg))
			return true;
	return false;
}

static void test_arguments(void **state)
{
	struct bench_target url = { .text = "iser://[::1]:3260/iqn.a:b/0?crc=off", .remote = true };
	struct bench_target device = { .text = "/dev/disk/by-id/a:b", .direct = true };
	struct fio_cfg cfg = { .target = &url, .engine = "/e/openrdma-fio.so" };
	struct fio_args args = { .n = 0 };

	assert_int_equal(fio_args_build(&cfg, "job", "out", &args), 0);
	assert_null(args.argv[args.n]);
	assert_true(has(&args, "--ioengine=external:/e/openrdma-fio.so"));
	assert_true(has(&args, "--url=iser://[::1]:3260/iqn.a:b/0?crc=off"));
	assert_true(has(&args, "--output=out"));
	assert_string_equal(args.argv[args.n - 1], "job");
	fio_args_deinit(&args);

	cfg.target = &device;
	args = (struct fio_args){ .n = 0 };
	assert_int_equal(fio_args_build(&cfg, "job", "out", &args), 0);
	assert_true(has(&args, "--direct=1"));
	assert_true(has(&args, "--filename=/dev/disk/by-id/a\\:b"));
	fio_args_deinit(&args);
}

static void test_engine_version(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int r;
		const char *version;
	} cases[] = {
#define B(s) s, sizeof(s) - 1
		{ B("\177ELF\0\0openrdma-fio-engine-for:fio-3.33\n\0more"), 0, "fio-3.33" },
		{ B("openrdma-fio-engine-for:fio-3.36-12-g1a2b\n"), 0, "fio-3.36-12-g1a2b" },
		{ B("openrdma-fio-engine-for:"), 0, "" },
		{ B("\177ELF something else"), -ENOEXEC, NULL },
		{ B(""), -ENOEXEC, NULL },
	};
	char path[] = "/tmp/openrdma-engine.XXXXXX", version[FIO_VERSION_MAX];
	struct bench_why why;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cases[i].bytes, cases[i].len, 0), cases[i].len);
		assert_int_equal(fio_engine_version(path, version, &why), cases[i].r);
		if (!cases[i].r)
			assert_string_equal(version, cases[i].version);
	}
	/* an engine for another fio is refused, a missing one too */
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "openrdma-fio-engine-for:fio-1.0\n", 32, 0), 32);
	if (!fio_version(version, &why)) {
		assert_int_equal(fio_engine_check(path, &why), -ELIBBAD);
		assert_non_null(strstr(why.text, "fio-1.0"));
		assert_non_null(strstr(why.text, version));
	}
	close(fd);
	unlink(path);
	assert_int_equal(fio_engine_version(path, version, &why), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),  cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_bad_files), cmocka_unit_test(test_changes),
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_engine_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
