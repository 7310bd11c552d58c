/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Profiles: fio job files with one section, in one directory, NAME.fio.  What the runner must know of one
 * (does it write? how long does it take?) is read from the file itself, so a profile is one file.
 */
#ifndef FIO_PROFILES_JOB_H
#define FIO_PROFILES_JOB_H

#include <stdio.h>

#include "fio-profiles/runner/text.h"

#define JOB_NAME_MAX	64

struct bench_job {
	char name[JOB_NAME_MAX];
	char *text;		/* the file */
	char title[128];	/* its first sentence */
	bool writes;		/* overwrites what is on the disk */
	bool verifies;
	bool trims;
	uint32_t runtime_s, ramp_s;
	uint64_t size;		/* 0: the whole disk */
};

/* 0, or -ENOENT, -EINVAL ... with a sentence. */
int job_load(const char *dir, const char *name, struct bench_job *job, struct bench_why *why);
void job_deinit(struct bench_job *job);

/* Names in a directory, sorted; job_names_free() them.  The number, or a negative errno. */
int job_names(const char *dir, char ***names);
void job_names_free(char **names, int n);

/* A table of name, title and whether it writes; for --list and for a name that does not exist. */
void job_list(FILE *out, const char *dir);

#endif
