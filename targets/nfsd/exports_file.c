// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Files of exports, and what lies in a directory beside them: see exports.h. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/nfsd/exports.h"
#include "targets/nfsd/exports_word.h"

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

static int add_lines(struct exports_list *list, FILE *file, unsigned *number, char *why,
		     size_t why_len)
{
	struct exports_line line = { 0 };
	int got, err = 0;

	while (!err && (got = exports_line_read(&line, file)) != 0) {
		if (got == 1)
			err = exports_add_line(list, line.text, why, why_len);
		else if (got == -E2BIG)
			err = BAD(why, why_len, "the line is longer than %u characters",
				  EXPORTS_LINE_MAX);
		else if (got == -EINVAL)
			err = BAD(why, why_len, "a zero byte: is it a text?");
		else
			err = BAD(why, why_len, "out of memory");
	}
	*number = line.number;
	free(line.text);
	return err;
}

static int add_one_file(struct exports_list *list, const char *path, char *why, size_t why_len)
{
	char problem[512];
	unsigned number = 0;
	FILE *file = fopen(path, "re");
	int err;

	if (!file)
		return BAD(why, why_len, "%s: %s", path, strerror(errno));
	err = add_lines(list, file, &number, problem, sizeof(problem));
	if (err)
		snprintf(why, why_len, "%s:%u: %s", path, number, problem);
	else if (ferror(file))
		err = BAD(why, why_len, "%s: cannot be read: is it a file?", path);
	fclose(file);
	return err;
}

/* As exportfs(8) chooses among what is in /etc/exports.d. */
static int is_table(const struct dirent *d)
{
	static const char end[] = ".exports";
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len >= sizeof(end) &&
	       !strcmp(d->d_name + len - strlen(end), end);
}

int exports_add_file(struct exports_list *list, const char *path, char *why, size_t why_len)
{
	int err = add_one_file(list, path, why, why_len), n = 0;
	char dir[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
	struct dirent **found = NULL;

	if (err)
		return err;
	snprintf(dir, sizeof(dir), "%s.d", path);
	n = scandir(dir, &found, is_table, versionsort);
	if (n < 0 && errno != ENOENT && errno != ENOTDIR)
		return BAD(why, why_len, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, found[i]->d_name);
		if (!err)
			err = add_one_file(list, file, why, why_len);
		free(found[i]);
	}
	free(found);
	return err;
}
