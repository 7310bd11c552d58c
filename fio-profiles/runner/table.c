// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The table that `openrdma bench` prints: one line for each profile and direction. */

#include "fio-profiles/runner/result.h"

#include <string.h>

#define LABEL_WIDTH	22

/* Three significant digits at least, no more decimals than that takes. */
static void format_number(char *buf, size_t len, double v)
{
	snprintf(buf, len, "%.*f", v < 10 ? 2 : v < 100 ? 1 : 0, v);
}

static void print_number(FILE *out, int width, double v)
{
	char buf[32] = "-";

	if (v >= 0)
		format_number(buf, sizeof(buf), v);
	fprintf(out, "%*s", width, buf);
}

static void print_row(FILE *out, const struct bench_result *r, enum bench_dir dir)
{
	const struct bench_row *row = &r->rows[dir];
	char label[80];

	result_label(r, dir, label, sizeof(label));
	fprintf(out, "%-*s", LABEL_WIDTH, label);
	print_number(out, 10, row->iops);
	print_number(out, 10, row->bytes_per_s / 1e6);
	print_number(out, 11, row->p50_us);
	print_number(out, 11, row->p99_us);
	print_number(out, 11, r->fio_cpu_us);
	print_number(out, 11, r->target_cpu_us);
	if (r->error)
		fprintf(out, "  %s", strerror(r->error));
	fputc('\n', out);
}

void table_print(FILE *out, const struct bench_result *results, unsigned n)
{
	bool any;

	fprintf(out, "%-*s%10s%10s%11s%11s%22s\n", LABEL_WIDTH, "", "", "", "latency", "",
		"CPU us for each I/O");
	fprintf(out, "%-*s%10s%10s%11s%11s%11s%11s\n", LABEL_WIDTH, "profile", "IOPS", "MB/s",
		"p50 us", "p99 us", "fio", "target");
	for (unsigned i = 0; i < n; i++) {
		any = false;
		for (int d = 0; d < BENCH_DIR_N; d++) {
			if (!results[i].rows[d].ios)
				continue;
			print_row(out, &results[i], d);
			any = true;
		}
		if (!any)
			fprintf(out, "%-*s  no I/O: %s\n", LABEL_WIDTH, results[i].profile,
				results[i].error ? strerror(results[i].error) : "ended early");
	}
	fflush(out);
}
