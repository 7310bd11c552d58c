/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Command line of `openrdma bench`. */
#ifndef FIO_PROFILES_OPTIONS_H
#define FIO_PROFILES_OPTIONS_H

#include <stdio.h>
#include <sys/types.h>

#include "fio-profiles/runner/text.h"

struct bench_options {
	const char *profiles;		/* "name,name" or "all" */
	const char *target;
	uint32_t runtime_s, depth, jobs;	/* 0: the profile's */
	uint64_t size;
	pid_t target_pid;
	const char *output, *svg;	/* files, or NULL */
	bool json, list, help, destroy_data;
};

/* 0, or -EINVAL with a sentence. */
int options_parse(int argc, char **argv, struct bench_options *o, struct bench_why *why);
void options_usage(FILE *out);

#endif
