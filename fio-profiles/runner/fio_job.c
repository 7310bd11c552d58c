// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/fio_run.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHANGES_MAX	512
#define ALIGN		(1024 * 1024ull)	/* the largest block of a profile */

/* The part of the disk that is used, 0: all of it.  Profiles may ask for more than a small disk has. */
static int used_size(const struct fio_cfg *cfg, uint64_t *size, struct bench_why *why)
{
	uint64_t disk = cfg->target->size;

	if (cfg->size > disk) {
		why_set(why, "%s has %llu bytes, --size asks for %llu", cfg->target->text,
			(unsigned long long)disk, (unsigned long long)cfg->size);
		return -ENOSPC;
	}
	*size = cfg->size ? cfg->size : cfg->job->size;
	if (*size > disk)
		*size = disk >= ALIGN ? disk & ~(ALIGN - 1) : disk;
	return 0;
}

/* Jobs that compare what they wrote must not write over each other: each gets a part of its own. */
static int split_size(const struct fio_cfg *cfg, uint64_t *size, struct bench_why *why)
{
	uint64_t whole = *size ? *size : cfg->target->size;

	*size = whole / cfg->jobs & ~(ALIGN - 1);
	if (!*size) {
		why_set(why, "%llu bytes are too few for %u jobs, 1 MiB each at least",
			(unsigned long long)whole, cfg->jobs);
		return -ENOSPC;
	}
	return 0;
}

int fio_job_changes(const struct fio_cfg *cfg, char *text, size_t len, struct bench_why *why)
{
	bool split = cfg->jobs > 1 && cfg->job->verifies;
	uint64_t size;
	size_t n = 0;
	int r;

	r = used_size(cfg, &size, why);
	if (!r && split)
		r = split_size(cfg, &size, why);
	if (r)
		return r;

	*text = '\0';
	if (cfg->runtime_s)
		n += (size_t)snprintf(text + n, len - n, "runtime=%u\n", cfg->runtime_s);
	if (cfg->depth)
		n += (size_t)snprintf(text + n, len - n,
				      "iodepth=%u\niodepth_batch_submit=%u\n"
				      "iodepth_batch_complete_max=%u\n",
				      cfg->depth, cfg->depth, cfg->depth);
	if (cfg->jobs)
		n += (size_t)snprintf(text + n, len - n, "numjobs=%u\n", cfg->jobs);
	if (size && size != cfg->job->size)
		n += (size_t)snprintf(text + n, len - n, "size=%llu\n", (unsigned long long)size);
	if (split)
		snprintf(text + n, len - n, "offset_increment=%llu\n", (unsigned long long)size);
	return 0;
}

int fio_job_write(const struct fio_cfg *cfg, const char *path, struct bench_why *why)
{
	char changes[CHANGES_MAX];
	FILE *f;
	int r;

	r = fio_job_changes(cfg, changes, sizeof(changes), why);
	if (r)
		return r;
	f = fopen(path, "we");
	if (!f)
		goto fail;
	r = fprintf(f, "%s\n%s", cfg->job->text, changes);
	if (fclose(f) || r < 0)
		goto fail;
	return 0;
fail:
	r = -errno;
	why_set(why, "cannot write %s: %s", path, strerror(-r));
	return r;
}

/* Containers often forbid it. */
static bool io_uring_works(void)
{
	struct io_uring_params p = { .flags = 0 };
	long fd = syscall(__NR_io_uring_setup, 1, &p);

	if (fd < 0)
		return false;
	close((int)fd);
	return true;
}

static void add(struct fio_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct fio_args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->failed)
		return;
	va_start(ap, fmt);
	if (vasprintf(&a->argv[a->n], fmt, ap) < 0) {
		a->argv[a->n] = NULL;
		a->failed = true;
	} else {
		a->n++;
	}
	va_end(ap);
}

/* fio separates file names by colons; one in a name is escaped. */
static void add_filename(struct fio_args *a, const char *name)
{
	char *escaped = malloc(2 * strlen(name) + 1), *p = escaped;

	if (!escaped) {
		a->failed = true;
		return;
	}
	for (; *name; name++) {
		if (*name == ':' || *name == '\\')
			*p++ = '\\';
		*p++ = *name;
	}
	*p = '\0';
	add(a, "--filename=%s", escaped);
	free(escaped);
}

static void add_target(const struct fio_cfg *cfg, struct fio_args *a)
{
	if (cfg->target->remote) {
		add(a, "--ioengine=external:%s", cfg->engine);
		add(a, "--url=%s", cfg->target->text);
		return;
	}
	add(a, "--ioengine=%s", io_uring_works() ? "io_uring" : "libaio");
	if (cfg->target->direct)
		add(a, "--direct=1");
	add_filename(a, cfg->target->text);
}

int fio_args_build(const struct fio_cfg *cfg, const char *job, const char *output,
		   struct fio_args *args)
{
	add(args, "fio");
	add(args, "--output-format=json");
	add(args, "--output=%s", output);
	add(args, "--eta=always");
	add(args, "--eta-interval=500");
	add_target(cfg, args);
	add(args, "%s", job);
	return args->failed ? -ENOMEM : 0;
}

void fio_args_deinit(struct fio_args *args)
{
	for (int i = 0; i < args->n; i++)
		free(args->argv[i]);
	args->n = 0;
}
