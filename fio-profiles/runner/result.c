// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/result.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

const char *const bench_dir_names[BENCH_DIR_N] = { "read", "write", "trim" };

/* A number that may be missing, or be written as a whole number or not. */
static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* fio names percentiles by their value with six digits. */
static double percentile_us(const json_t *latency, const char *key)
{
	return number(json_object_get(latency, "percentile"), key) / 1e3;
}

/*
 * lat_ns is counted from when the I/O was ready to be submitted, clat_ns from when it was submitted: with
 * batches the first one is what an application sees, so a profile asks for its percentiles.
 */
static void take_latency(const json_t *dir, struct bench_row *row)
{
	const json_t *lat = json_object_get(dir, "lat_ns");

	if (!json_object_get(lat, "percentile"))
		lat = json_object_get(dir, "clat_ns");
	row->mean_us = number(lat, "mean") / 1e3;
	row->p50_us = percentile_us(lat, "50.000000");
	row->p99_us = percentile_us(lat, "99.000000");
}

/* Jobs that were not merged by group_reporting are added up; of their percentiles the worst is kept. */
static void add_row(struct bench_row *sum, const struct bench_row *row)
{
	double ios = (double)(sum->ios + row->ios);

	if (!row->ios)
		return;
	sum->mean_us = (sum->mean_us * (double)sum->ios + row->mean_us * (double)row->ios) / ios;
	sum->ios += row->ios;
	sum->bytes += row->bytes;
	if (row->runtime_s > sum->runtime_s)
		sum->runtime_s = row->runtime_s;
	if (row->p50_us > sum->p50_us)
		sum->p50_us = row->p50_us;
	if (row->p99_us > sum->p99_us)
		sum->p99_us = row->p99_us;
}

static void add_direction(const json_t *job, enum bench_dir d, struct bench_result *result)
{
	const json_t *dir = json_object_get(job, bench_dir_names[d]);
	struct bench_row row = {
		.ios = (uint64_t)number(dir, "total_ios"),
		.bytes = (uint64_t)number(dir, "io_bytes"),
		.runtime_s = number(dir, "runtime") / 1e3,
	};

	take_latency(dir, &row);
	add_row(&result->rows[d], &row);
}

/*
 * Of reads that compare what the same job wrote, fio counts the time only after the writes have ended.  They
 * go on side by side, so the longer time holds for both.
 */
static void find_rates(struct bench_result *result)
{
	struct bench_row *row;
	double runtime_s = 0;

	for (int d = 0; d < BENCH_DIR_N; d++)
		if (result->rows[d].runtime_s > runtime_s)
			runtime_s = result->rows[d].runtime_s;
	for (int d = 0; d < BENCH_DIR_N && runtime_s > 0; d++) {
		row = &result->rows[d];
		row->iops = (double)row->ios / runtime_s;
		row->bytes_per_s = (double)row->bytes / runtime_s;
	}
}

/* Shares of a processor are of the time that all threads of the job ran. */
static double job_cpu_us(const json_t *job)
{
	return (number(job, "usr_cpu") + number(job, "sys_cpu")) / 100 *
	       number(job, "job_runtime") * 1e3;
}

static int take_jobs(const json_t *root, struct bench_result *result, struct bench_why *why)
{
	const json_t *jobs = json_object_get(root, "jobs"), *job;
	const char *name;
	double cpu_us = 0;
	size_t i;
	int error;

	if (!json_array_size(jobs)) {
		why_set(why, "fio reported no job");
		return -EINVAL;
	}
	for (i = 0; i < json_array_size(jobs); i++) {
		job = json_array_get(jobs, i);
		name = json_string_value(json_object_get(job, "jobname"));
		if (!i && name)
			snprintf(result->profile, sizeof(result->profile), "%s", name);
		for (int d = 0; d < BENCH_DIR_N; d++)
			add_direction(job, d, result);
		cpu_us += job_cpu_us(job);
		/* fio keeps some errors as negative numbers and prints them unsigned. */
		error = (int32_t)(int64_t)number(job, "error");
		if (error && !result->error)
			result->error = error < 0 ? -error : error;
	}
	find_rates(result);
	if (result_ios(result))
		result->fio_cpu_us = cpu_us / (double)result_ios(result);
	return 0;
}

int result_parse(const char *json, size_t len, struct bench_result *result, struct bench_why *why)
{
	struct bench_result parsed = { .target_cpu_us = -1 };
	json_error_t error;
	json_t *root = json_loadb(json, len, 0, &error);
	int r;

	if (!root) {
		why_set(why, "fio's JSON, line %d: %s", error.line, error.text);
		return -EINVAL;
	}
	r = take_jobs(root, &parsed, why);
	json_decref(root);
	if (!r)
		*result = parsed;
	return r;
}

uint64_t result_ios(const struct bench_result *r)
{
	uint64_t ios = 0;

	for (int d = 0; d < BENCH_DIR_N; d++)
		ios += r->rows[d].ios;
	return ios;
}

double result_iops(const struct bench_result *r)
{
	double iops = 0;

	for (int d = 0; d < BENCH_DIR_N; d++)
		iops += r->rows[d].iops;
	return iops;
}

unsigned result_rows(const struct bench_result *r)
{
	unsigned n = 0;

	for (int d = 0; d < BENCH_DIR_N; d++)
		n += r->rows[d].ios != 0;
	return n;
}

void result_label(const struct bench_result *r, enum bench_dir dir, char *label, size_t len)
{
	if (result_rows(r) > 1)
		snprintf(label, len, "%s %s", r->profile, bench_dir_names[dir]);
	else
		snprintf(label, len, "%s", r->profile);
}
