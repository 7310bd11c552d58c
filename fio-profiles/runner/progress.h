/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a person sees while profiles run, on standard error: one line that changes on a terminal, a line
 * every ten seconds elsewhere.
 */
#ifndef FIO_PROFILES_PROGRESS_H
#define FIO_PROFILES_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *out;
	bool tty, drawn;
	const char *name;
	unsigned step, steps;		/* "2/8" */
	unsigned total_s;		/* about how long; 0: not known */
	uint64_t start_ns, shown_ns;
	char rate[64];			/* "r=312k IOPS", from fio; may be empty */
};

void progress_begin(struct progress *p, FILE *out, const char *name, unsigned step, unsigned steps,
		    unsigned total_s, uint64_t now_ns);
/* Text that fio printed about its progress; any cut of it, only whole lines count. */
void progress_fio_line(struct progress *p, const char *line, size_t len);
void progress_tick(struct progress *p, uint64_t now_ns);
/* Before something else is printed, and at the end. */
void progress_clear(struct progress *p);

#endif
