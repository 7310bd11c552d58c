// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/job.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX		".fio"
#define FILE_MAX	(64 * 1024)

/* Value of the last `key=` line, cut at the end of the line into buf; false: there is none. */
static bool find_option(const char *text, const char *key, char *buf, size_t buf_len)
{
	size_t key_len = strlen(key), len;
	const char *line = text;
	bool found = false;

	while (*line) {
		len = strcspn(line, "\n");
		if (!strncmp(line, key, key_len) && line[key_len] == '=') {
			snprintf(buf, buf_len, "%.*s", (int)(len - key_len - 1),
				 line + key_len + 1);
			found = true;
		}
		line += len;
		line += *line == '\n';
	}
	return found;
}

static bool find_seconds(const char *text, const char *key, uint32_t *seconds)
{
	char value[32];
	uint64_t n;

	if (!find_option(text, key, value, sizeof(value)))
		return true;
	if (!text_parse_number(value, 0, UINT32_MAX, &n))
		return false;
	*seconds = (uint32_t)n;
	return true;
}

/* The first comment after the licence line. */
static void find_title(struct bench_job *job)
{
	const char *line = job->text, *end = strchr(line, '\n');

	if (!strncmp(line, "; SPDX", 6) && end)
		line = end + 1;
	if (!strncmp(line, "; ", 2))
		snprintf(job->title, sizeof(job->title), "%.*s", (int)strcspn(line + 2, "\n"),
			 line + 2);
}

static bool understand(struct bench_job *job)
{
	char value[64];

	if (!find_option(job->text, "rw", value, sizeof(value)))
		return false;
	job->writes = strcmp(value, "read") && strcmp(value, "randread");
	job->trims = strstr(value, "trim") != NULL;
	job->verifies = find_option(job->text, "verify", value, sizeof(value));
	if (!find_seconds(job->text, "runtime", &job->runtime_s) ||
	    !find_seconds(job->text, "ramp_time", &job->ramp_s))
		return false;
	if (find_option(job->text, "size", value, sizeof(value)) &&
	    !text_parse_size(value, &job->size))
		return false;
	find_title(job);
	return true;
}

int job_load(const char *dir, const char *name, struct bench_job *job, struct bench_why *why)
{
	struct bench_job j = { .text = NULL };
	char path[PATH_MAX];
	size_t len;
	int r;

	if (!*name || strchr(name, '/') || strlen(name) >= sizeof(j.name) ||
	    snprintf(path, sizeof(path), "%s/%s" SUFFIX, dir, name) >= (int)sizeof(path)) {
		why_set(why, "there is no profile '%s'", name);
		return -ENOENT;
	}
	r = text_read(path, FILE_MAX, &j.text, &len);
	if (r == -ENOENT) {
		why_set(why, "there is no profile '%s'", name);
		return r;
	}
	if (r) {
		why_set(why, "%s: %s", path, strerror(-r));
		return r;
	}
	snprintf(j.name, sizeof(j.name), "%s", name);
	if (!understand(&j)) {
		why_set(why, "%s: rw= is missing, or runtime=, ramp_time= or size= is no number",
			path);
		job_deinit(&j);
		return -EINVAL;
	}
	*job = j;
	return 0;
}

void job_deinit(struct bench_job *job)
{
	free(job->text);
	job->text = NULL;
}

static int is_job(const struct dirent *d)
{
	size_t len = strlen(d->d_name), end = strlen(SUFFIX);

	return len > end && len - end < JOB_NAME_MAX && !strcmp(d->d_name + len - end, SUFFIX);
}

int job_names(const char *dir, char ***names)
{
	struct dirent **found;
	int n = scandir(dir, &found, is_job, alphasort);
	char **list;
	int err = 0;

	if (n < 0)
		return -errno;
	list = calloc((size_t)n + 1, sizeof(*list));
	if (!list)
		err = -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (!err) {
			list[i] = strndup(found[i]->d_name,
					  strlen(found[i]->d_name) - strlen(SUFFIX));
			if (!list[i])
				err = -ENOMEM;
		}
		free(found[i]);
	}
	free(found);
	if (err) {
		if (list)
			job_names_free(list, n);
		return err;
	}
	*names = list;
	return n;
}

void job_names_free(char **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

void job_list(FILE *out, const char *dir)
{
	struct bench_why why;
	struct bench_job job;
	char **names;
	int n = job_names(dir, &names);

	if (n < 0) {
		fprintf(out, "  (no profiles: %s: %s)\n", dir, strerror(-n));
		return;
	}
	for (int i = 0; i < n; i++) {
		if (job_load(dir, names[i], &job, &why)) {
			fprintf(out, "  %-16s  (unusable: %s)\n", names[i], why.text);
			continue;
		}
		fprintf(out, "  %-16s  %-6s  %4u s  %s\n", job.name,
			job.writes ? "writes" : "reads", job.runtime_s + job.ramp_s, job.title);
		job_deinit(&job);
	}
	job_names_free(names, n);
}
