// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * `openrdma bench`: looks at the disk, runs profiles one after another, shows what came of them.
 *
 * A profile that fails does not keep the others from running, an interrupt does; what was measured is
 * shown in any case.
 */

#include "fio-profiles/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fio-profiles/runner/fio_run.h"
#include "fio-profiles/runner/fio_version.h"
#include "fio-profiles/runner/options.h"
#include "fio-profiles/runner/paths.h"
#include "fio-profiles/runner/result.h"
#include "fio-profiles/runner/target.h"
#include "tools/openrdma/exit_codes.h"

#define PROFILES_MAX	32
#define NOT_IN_ALL	"soak"		/* runs for as long as one likes: by name only */

/* `all` runs these first, in this order, and then what else is there. */
static const char *const first_of_all[] = {
	"randread-4k", "randwrite-4k", "mixed-4k",	  "read-1m",
	"write-1m",    "latency-1",    "latency-1-write", "verify",
};
#define FIRST_N	(sizeof(first_of_all) / sizeof(first_of_all[0]))

struct bench {
	struct bench_options opt;
	struct bench_paths paths;
	struct bench_target target;
	struct bench_job jobs[PROFILES_MAX];
	unsigned jobs_n;
	struct bench_result results[PROFILES_MAX];
	unsigned results_n;
	bool failed;
};

static int complain(const struct bench_why *why, int code)
{
	fprintf(stderr, "openrdma bench: %s\n", why->text);
	return code;
}

/* What keeps a benchmark from starting; as exit_code_of() where both have a code. */
static enum exit_code code_of(int err, bool remote)
{
	switch (-err) {
	case EINVAL:
	case ENOSPC:
		return EXIT_USAGE;
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
		return EXIT_UNREACHABLE;
	case ENOENT:
		return remote ? EXIT_REFUSED : EXIT_FAILED;
	case EACCES:
	case EPERM:
	case EROFS:
	case EEXIST:
	case EREMCHG:
	case ENXIO:
		return EXIT_REFUSED;
	case EBUSY:
		return EXIT_BUSY;
	case ELIBBAD:
	case ENODEV:
	case EOPNOTSUPP:
		return EXIT_UNSUPPORTED;
	}
	return EXIT_FAILED;
}

static int add_job(struct bench *b, const char *name, struct bench_why *why)
{
	int r;

	if (b->jobs_n == PROFILES_MAX) {
		why_set(why, "more than %d profiles", PROFILES_MAX);
		return -EINVAL;
	}
	r = job_load(b->paths.profiles, name, &b->jobs[b->jobs_n], why);
	b->jobs_n += r == 0;
	return r;
}

static bool is_added(const struct bench *b, const char *name)
{
	for (unsigned i = 0; i < b->jobs_n; i++)
		if (!strcmp(b->jobs[i].name, name))
			return true;
	return false;
}

static int add_all(struct bench *b, struct bench_why *why)
{
	char **names;
	int n = job_names(b->paths.profiles, &names);
	int r = 0;

	if (n < 0) {
		why_set(why, "no profiles: %s: %s", b->paths.profiles, strerror(-n));
		return n;
	}
	for (unsigned i = 0; i < FIRST_N && !r; i++)
		r = add_job(b, first_of_all[i], why);
	for (int i = 0; i < n && !r; i++)
		if (strcmp(names[i], NOT_IN_ALL) && !is_added(b, names[i]))
			r = add_job(b, names[i], why);
	job_names_free(names, n);
	return r;
}

static int add_listed(struct bench *b, struct bench_why *why)
{
	char *list = strdup(b->opt.profiles), *rest = list, *name;
	int r = list ? 0 : -ENOMEM;

	while (!r && (name = strsep(&rest, ",")))
		r = add_job(b, name, why);
	free(list);
	return r;
}

/* Anything that can go wrong is found before the first profile runs. */
static int prepare(struct bench *b, struct bench_why *why)
{
	char version[FIO_VERSION_MAX];
	bool writes = false;
	int r;

	r = target_look(b->opt.target, &b->target, why);
	if (r)
		return r;
	r = b->target.remote ? fio_engine_check(b->paths.engine, why) : fio_version(version, why);
	if (r)
		return r == -ENOENT ? -EOPNOTSUPP : r;
	for (unsigned i = 0; i < b->jobs_n; i++)
		writes |= b->jobs[i].writes;
	return writes ? target_may_write(&b->target, b->opt.destroy_data, why) : 0;
}

/* Whether fio's result is one: without I/O, or without a comparison where one was promised, it is not. */
static void judge(struct bench *b, const struct bench_job *job, const struct fio_outcome *out,
		  const struct bench_result *r)
{
	const char *why = NULL;

	if (out->interrupted)
		why = "interrupted";
	else if (r->error)
		why = strerror(r->error);
	else if (out->status)
		why = out->message[0] ? out->message : "fio failed";
	else if (!result_ios(r))
		why = "no I/O was done";
	else if (job->verifies && !r->rows[BENCH_READ].ios)
		why = "nothing was compared before the time was over";
	if (!why)
		return;
	b->failed = true;
	fprintf(stderr, "openrdma bench: %s: %s\n", job->name, why);
}

static int run_profile(struct bench *b, unsigned i, struct bench_why *why)
{
	struct bench_result *result = &b->results[b->results_n];
	struct fio_outcome out;
	struct fio_cfg cfg = {
		.job = &b->jobs[i],
		.target = &b->target,
		.engine = b->paths.engine,
		.runtime_s = b->opt.runtime_s,
		.depth = b->opt.depth,
		.jobs = b->opt.jobs,
		.size = b->opt.size,
		.target_pid = b->opt.target_pid,
		.step = i + 1,
		.steps = b->jobs_n,
	};
	int r;

	r = fio_run(&cfg, &out, why);
	if (r)
		return r;
	if (!out.json) {
		why_set(why, "%s: fio gave no result%s%s", cfg.job->name,
			out.message[0] ? ": " : "", out.message);
		return -EIO;
	}
	r = result_parse(out.json, out.json_len, result, why);
	if (!r) {
		snprintf(result->profile, sizeof(result->profile), "%s", cfg.job->name);
		result->target_cpu_us =
			cpu_meter_per_io_us(&out.cpu, result_ios(result), result_iops(result));
		b->results_n++;
		judge(b, cfg.job, &out, result);
		if (b->opt.json) {
			fwrite(out.json, 1, out.json_len, stdout);
			fputc('\n', stdout);
			fflush(stdout);
		}
	}
	free(out.json);
	return r;
}

static void run_profiles(struct bench *b)
{
	struct bench_why why;

	for (unsigned i = 0; i < b->jobs_n && !fio_interrupted(); i++) {
		if (run_profile(b, i, &why)) {
			complain(&why, 0);
			b->failed = true;
		}
	}
}

static bool wrote(const char *path, int err)
{
	if (!err)
		return true;
	fprintf(stderr, "openrdma bench: cannot write %s: %s\n", path, strerror(-err));
	return false;
}

static void show(struct bench *b)
{
	const struct bench_options *o = &b->opt;

	if (!b->results_n)
		return;
	if (!o->json)
		table_print(stdout, b->results, b->results_n);
	if (o->output &&
	    !wrote(o->output, report_write(o->output, o->target, b->results, b->results_n)))
		b->failed = true;
	if (o->svg && !wrote(o->svg, svg_write(o->svg, "OpenRDMA benchmark", o->target, b->results,
					       b->results_n)))
		b->failed = true;
}

static int bench(struct bench *b, int argc, char **argv)
{
	struct bench_why why;
	int r;

	if (options_parse(argc, argv, &b->opt, &why)) {
		fprintf(stderr, "openrdma bench: %s; see `openrdma bench --help`\n", why.text);
		return EXIT_USAGE;
	}
	if (b->opt.help) {
		options_usage(stdout);
		return EXIT_OK;
	}
	paths_find(&b->paths);
	if (b->opt.list) {
		job_list(stdout, b->paths.profiles);
		return EXIT_OK;
	}
	r = strcmp(b->opt.profiles, "all") ? add_listed(b, &why) : add_all(b, &why);
	if (r == -ENOENT) {
		complain(&why, 0);
		fprintf(stderr, "The profiles are:\n");
		job_list(stderr, b->paths.profiles);
		return EXIT_USAGE;
	}
	if (r)
		return complain(&why, EXIT_FAILED);
	r = prepare(b, &why);
	if (r)
		return complain(&why, (int)code_of(r, strstr(b->opt.target, "://") != NULL));
	fio_signals_catch();
	run_profiles(b);
	show(b);
	return b->failed || fio_interrupted() ? EXIT_FAILED : EXIT_OK;
}

int cmd_bench(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));
	int code;

	if (!b)
		return EXIT_FAILED;
	code = bench(b, argc, argv);
	for (unsigned i = 0; i < b->jobs_n; i++)
		job_deinit(&b->jobs[i]);
	free(b);
	return code;
}
