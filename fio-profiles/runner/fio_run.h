/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Runs fio on one profile as a child process and collects what it says.
 *
 * The profile goes to fio as a job file in a scratch directory: the profile's own text with the changed
 * options behind it (the last one counts).  What is benchmarked goes on the command line, so the same profile
 * serves disks by URL and devices.
 *
 *   fio --ioengine=external:ENGINE --url=iser://...  --output-format=json --output=SCRATCH/out job.fio
 *   fio --ioengine=io_uring --direct=1 --filename=/dev/ublkb0  ...
 *
 * fio prints its progress to standard output, messages to standard error and the result to a file.  An
 * interrupt ends fio in an orderly way, so what was measured until then is still reported.
 */
#ifndef FIO_PROFILES_FIO_RUN_H
#define FIO_PROFILES_FIO_RUN_H

#include "fio-profiles/runner/cpu.h"
#include "fio-profiles/runner/job.h"
#include "fio-profiles/runner/target.h"

struct fio_cfg {
	const struct bench_job *job;
	const struct bench_target *target;
	const char *engine;		/* openrdma-fio.so */
	uint32_t runtime_s;		/* 0: the profile's; so are these: */
	uint32_t depth, jobs;
	uint64_t size;
	pid_t target_pid;		/* 0: not known */
	unsigned step, steps;		/* for the progress line */
};

struct fio_outcome {
	char *json;			/* fio's own, or NULL; free() it */
	size_t json_len;
	int status;			/* of fio: 0, its exit status, or 128 + signal */
	bool interrupted;
	struct cpu_meter cpu;
	char message[256];		/* fio's last words on standard error */
};

/* ---- fio_job.c: what fio is told ------------------------------------------------------------------ */

/* Options of the job that differ from the profile, one a line.  0, or -ENOSPC: they do not fit the disk. */
int fio_job_changes(const struct fio_cfg *cfg, char *text, size_t len, struct bench_why *why);
int fio_job_write(const struct fio_cfg *cfg, const char *path, struct bench_why *why);

struct fio_args {
	char *argv[16];
	int n;
	bool failed;
};
/* -ENOMEM.  args must be zero; fio_args_deinit() it in any case. */
int fio_args_build(const struct fio_cfg *cfg, const char *job, const char *output,
		   struct fio_args *args);
void fio_args_deinit(struct fio_args *args);

/* ---- fio_run.c ------------------------------------------------------------------------------------ */

/* 0 when fio ran, whatever came of it; a negative errno with a sentence when it could not be run. */
int fio_run(const struct fio_cfg *cfg, struct fio_outcome *out, struct bench_why *why);

/* From here on SIGINT, SIGTERM and SIGHUP end the running fio instead of the caller. */
void fio_signals_catch(void);
bool fio_interrupted(void);

#endif
