/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What fio measured in one profile, taken from its JSON. */
#ifndef FIO_PROFILES_RESULT_H
#define FIO_PROFILES_RESULT_H

#include <stdio.h>

#include "fio-profiles/runner/text.h"

enum bench_dir { BENCH_READ, BENCH_WRITE, BENCH_TRIM, BENCH_DIR_N };

struct bench_row {			/* one direction; ios 0: there was none */
	uint64_t ios, bytes;
	double runtime_s;
	double iops, bytes_per_s;
	double mean_us, p50_us, p99_us;	/* from when fio had it ready until it was done */
};

struct bench_result {
	char profile[64];
	struct bench_row rows[BENCH_DIR_N];
	int error;			/* errno of the first job that failed; 0: none did */
	double fio_cpu_us;		/* all of fio's threads, for each I/O */
	double target_cpu_us;		/* of the target; negative: not known */
};

/* 0, or -EINVAL: not what fio writes. */
int result_parse(const char *json, size_t len, struct bench_result *result, struct bench_why *why);

uint64_t result_ios(const struct bench_result *r);
double result_iops(const struct bench_result *r);
/* Directions that had I/O. */
unsigned result_rows(const struct bench_result *r);
/* "mixed-4k read", or the name alone when there was one direction. */
void result_label(const struct bench_result *r, enum bench_dir dir, char *label, size_t len);

extern const char *const bench_dir_names[BENCH_DIR_N];

/* ---- ways to show results ------------------------------------------------------------------------- */

void table_print(FILE *out, const struct bench_result *results, unsigned n);
/* Both: 0 or a negative errno. */
int report_write(const char *path, const char *target, const struct bench_result *results,
		 unsigned n);
int svg_write(const char *path, const char *title, const char *subtitle,
	      const struct bench_result *results, unsigned n);

#endif
