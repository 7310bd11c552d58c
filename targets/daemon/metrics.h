/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Prometheus' text format, version 0.0.4: families with a head, then their samples.
 *
 *   metrics_family(m, "openrdma_nfs_ops_total", METRIC_COUNTER, "NFS operations done.");
 *   metrics_labelled(m, n, "op", "READ");
 *   metrics_labelled(m, k, "op", "WRITE");
 */
#ifndef TARGETS_DAEMON_METRICS_H
#define TARGETS_DAEMON_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "core/latency.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
	const char *name, *text;
};

struct metrics {
	FILE *out;
	const char *family;
};

/* name: without blanks, and kept by reference until the next family; help: a sentence. */
void metrics_family(struct metrics *m, const char *name, enum metric_type type, const char *help);
/* Samples: without labels, with one, with several. */
void metrics_value(struct metrics *m, uint64_t value);
void metrics_labelled(struct metrics *m, uint64_t value, const char *name, const char *text);
void metrics_sample(struct metrics *m, uint64_t value, const struct metric_label *labels,
		    unsigned label_n);
/* The samples of a histogram without labels, in seconds. */
void metrics_latency(struct metrics *m, const struct latency *l);
/* A family with one sample. */
void metrics_single(struct metrics *m, const char *name, enum metric_type type, const char *help,
		    uint64_t value);

#endif
