// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Results as JSON for other programs: units are in the names, what is not known is null.
 *
 *   { "version": 1, "time": "2026-11-22T13:30:00Z", "target": "iser://...", "host": {...},
 *     "results": [ { "profile": "mixed-4k", "error": null, "cpu_us_per_io": {"fio": 3.1, "target": 2.9},
 *                    "read": { "ios": ..., "iops": ..., "bytes_per_s": ...,
 *                              "latency_us": {"mean": ..., "p50": ..., "p99": ...} }, "write": ... } ] }
 */

#include "fio-profiles/runner/result.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define REPORT_VERSION	1

static json_t *row_json(const struct bench_row *row)
{
	return json_pack("{sI sI sf sf s{sf sf sf}}", "ios", (json_int_t)row->ios, "bytes",
			 (json_int_t)row->bytes, "iops", row->iops, "bytes_per_s", row->bytes_per_s,
			 "latency_us", "mean", row->mean_us, "p50", row->p50_us, "p99",
			 row->p99_us);
}

static json_t *result_json(const struct bench_result *r)
{
	json_t *target = r->target_cpu_us < 0 ? json_null() : json_real(r->target_cpu_us);
	json_t *root = json_pack("{ss ss? s{sf so}}", "profile", r->profile, "error",
				 r->error ? strerror(r->error) : NULL, "cpu_us_per_io", "fio",
				 r->fio_cpu_us, "target", target);

	for (int d = 0; root && d < BENCH_DIR_N; d++)
		if (r->rows[d].ios)
			json_object_set_new(root, bench_dir_names[d], row_json(&r->rows[d]));
	return root;
}

static json_t *host_json(void)
{
	struct utsname u;

	if (uname(&u))
		return json_null();
	return json_pack("{ss ss ss sI}", "name", u.nodename, "kernel", u.release, "machine",
			 u.machine, "processors", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN));
}

int report_write(const char *path, const char *target, const struct bench_result *results,
		 unsigned n)
{
	json_t *list = json_array(), *root;
	time_t now = time(NULL);
	char when[32];
	int r = 0;

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, result_json(&results[i]));
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	root = json_pack("{si ss ss so so}", "version", REPORT_VERSION, "time", when, "target",
			 target, "host", host_json(), "results", list);
	if (!root)
		return -ENOMEM;
	errno = 0;
	if (json_dump_file(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)))
		r = errno ? -errno : -EIO;
	json_decref(root);
	return r;
}
