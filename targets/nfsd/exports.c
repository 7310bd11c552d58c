// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/exports.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/nfsd/exports_rule.h"
#include "targets/nfsd/siphash.h"

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

void exports_init(struct exports_list *list)
{
	*list = (struct exports_list){ 0 };
	list->tail = &list->table.first;
}

static void export_free(struct nfs_export *e)
{
	struct nfs_export_rule *rule, *next;

	for (rule = e->rules; rule; rule = next) {
		next = rule->next;
		free(rule);
	}
	free((char *)e->path);
	free(e);
}

void exports_deinit(struct exports_list *list)
{
	struct nfs_export *e, *next;

	for (e = list->table.first; e; e = next) {
		next = e->next;
		export_free(e);
	}
	exports_init(list);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word into out: quotes hold blanks, \NNN is an octet.  False: the line is at its end. */
static bool word_next(const char **p, char out[EXPORTS_LINE_MAX], bool *quoted)
{
	char *o = out;
	bool inside = false;

	*quoted = false;
	while (is_blank(**p))
		(*p)++;
	if (!**p)
		return false;
	for (; **p && (inside || !is_blank(**p)); (*p)++) {
		const char *s = *p;

		if (*s == '"') {
			inside = !inside;
			*quoted = true;
		} else if (*s == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
			   s[3] >= '0' && s[3] <= '7') {
			*o++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			*p += 3;
		} else {
			*o++ = *s;
		}
	}
	*o = '\0';
	return true;
}

/* fsid of an export that names none: the same for the same path, never 0 (that is the root's). */
static u64 fsid_of_path(const char *path)
{
	static const u8 key[16] = "openrdma exports";
	u64 fsid = siphash(key, path, strlen(path));

	return fsid ? fsid : 1;
}

static int finish(struct exports_list *list, struct nfs_export *e,
		  const struct export_options *options, char *why, size_t why_len)
{
	e->fsid = options->has_fsid ? options->fsid : fsid_of_path(e->path);
	e->crossmnt = options->crossmnt;
	for (const struct nfs_export *o = list->table.first; o; o = o->next) {
		if (!strcmp(o->path, e->path))
			return BAD(why, why_len, "%s: exported twice; put all clients on one line",
				   e->path);
		if (o->fsid == e->fsid)
			return BAD(why, why_len, "%s: has the fsid of %s; give it one of its own",
				   e->path, o->path);
	}
	*list->tail = e;
	list->tail = &e->next;
	list->n++;
	return 0;
}

static int path_set(struct nfs_export *e, const char *path, char *why, size_t why_len)
{
	char real[PATH_MAX];

	if (path[0] != '/')
		return BAD(why, why_len, "%s: expected an absolute path", path);
	if (!realpath(path, real))
		return BAD(why, why_len, "%s: %s", path, strerror(errno));
	e->path = strdup(real);
	return e->path ? 0 : -ENOMEM;
}

static int parse(struct nfs_export *e, const char *p, struct export_options *options, char *why,
		 size_t why_len)
{
	struct nfs_export_rule **tail = &e->rules;
	char word[EXPORTS_LINE_MAX], *open;
	bool quoted, any = false;
	int err;

	if (!word_next(&p, word, &quoted))
		return BAD(why, why_len, "expected a directory");
	/* DIR(OPTIONS): for everybody. */
	open = quoted ? NULL : strchr(word, '(');
	if (open) {
		err = exports_rule_parse(open, &tail, options, why, why_len);
		*open = '\0';
		if (err)
			return err;
		any = true;
	}
	err = path_set(e, word, why, why_len);
	while (!err && word_next(&p, word, &quoted)) {
		err = exports_rule_parse(word, &tail, options, why, why_len);
		any = true;
	}
	if (!err && !any)
		err = exports_rule_parse("*", &tail, options, why, why_len);
	return err;
}

int exports_add_line(struct exports_list *list, const char *line, char *why, size_t why_len)
{
	struct export_options options = { 0 };
	struct nfs_export *e;
	int err;

	while (is_blank(*line))
		line++;
	if (!*line || *line == '#')
		return 0;
	if (strlen(line) >= EXPORTS_LINE_MAX)
		return BAD(why, why_len, "the line is longer than %d characters",
			   EXPORTS_LINE_MAX - 1);
	if (list->n == EXPORTS_MAX)
		return BAD(why, why_len, "more than %d exports", EXPORTS_MAX);
	e = calloc(1, sizeof(*e));
	if (!e)
		return BAD(why, why_len, "out of memory");
	err = parse(e, line, &options, why, why_len);
	if (!err)
		err = finish(list, e, &options, why, why_len);
	if (err)
		export_free(e);
	return err;
}

/* A line, and those that follow a backslash at its end.  False: the file is at its end. */
static bool line_read(FILE *file, char line[EXPORTS_LINE_MAX], unsigned *number)
{
	size_t len = 0;

	while (len < EXPORTS_LINE_MAX - 1 &&
	       fgets(line + len, (int)(EXPORTS_LINE_MAX - len), file)) {
		len += strlen(line + len);
		if (len && line[len - 1] == '\n') {
			(*number)++;
			if (len < 2 || line[len - 2] != '\\')
				return true;
			len -= 2;
		}
	}
	line[len] = '\0';
	return len > 0;
}

int exports_add_file(struct exports_list *list, const char *path, char *why, size_t why_len)
{
	char line[EXPORTS_LINE_MAX], problem[512];
	unsigned number = 0;
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file)
		return BAD(why, why_len, "%s: %s", path, strerror(errno));
	while (!err && line_read(file, line, &number)) {
		char *hash = strchr(line, '#');

		if (hash)
			*hash = '\0';
		err = exports_add_line(list, line, problem, sizeof(problem));
	}
	fclose(file);
	if (err)
		snprintf(why, why_len, "%s:%u: %s", path, number, problem);
	return err;
}
