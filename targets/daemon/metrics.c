// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/metrics.h"

#include <inttypes.h>

void metrics_family(struct metrics *m, const char *name, enum metric_type type, const char *help)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };

	m->family = name;
	fprintf(m->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

static void put_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '\\' || *value == '"')
			fprintf(out, "\\%c", *value);
		else
			putc(*value, out);
	}
	putc('"', out);
}

void metrics_sample(struct metrics *m, uint64_t value, const struct metric_label *labels,
		    unsigned label_n)
{
	fputs(m->family, m->out);
	for (unsigned i = 0; i < label_n; i++) {
		putc(i ? ',' : '{', m->out);
		put_label(m->out, labels[i].name, labels[i].text);
	}
	fprintf(m->out, "%s %" PRIu64 "\n", label_n ? "}" : "", value);
}

void metrics_value(struct metrics *m, uint64_t value)
{
	metrics_sample(m, value, NULL, 0);
}

void metrics_labelled(struct metrics *m, uint64_t value, const char *name, const char *text)
{
	const struct metric_label label = { name, text };

	metrics_sample(m, value, &label, 1);
}

/* As a decimal fraction, whatever the locale. */
static void put_seconds(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
}

void metrics_latency(struct metrics *m, const struct latency *l)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < LATENCY_BOUNDS; i++) {
		n += l->n[i];
		fprintf(m->out, "%s_bucket{le=\"", m->family);
		put_seconds(m->out, latency_bound_ns(i));
		fprintf(m->out, "\"} %" PRIu64 "\n", n);
	}
	n += l->n[LATENCY_BOUNDS];
	fprintf(m->out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", m->family, n, m->family);
	put_seconds(m->out, l->sum_ns);
	fprintf(m->out, "\n%s_count %" PRIu64 "\n", m->family, n);
}

void metrics_single(struct metrics *m, const char *name, enum metric_type type, const char *help,
		    uint64_t value)
{
	metrics_family(m, name, type, help);
	metrics_value(m, value);
}
