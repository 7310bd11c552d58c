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

/* What the programs see is the first part. */
struct entry {
	struct nfs_export export;
	struct cfs_source ceph;
};

static struct entry *entry_of(const struct nfs_export *e)
{
	return container_of(e, struct entry, export);
}

const struct cfs_source *exports_cfs_source(const struct nfs_export *export)
{
	return &entry_of(export)->ceph;
}

static void export_free(struct nfs_export *e)
{
	const struct cfs_source *ceph = exports_cfs_source(e);
	struct nfs_export_rule *rule, *next;

	for (rule = e->crossed ? NULL : e->rules; rule; rule = next) {
		next = rule->next;
		free(rule);
	}
	free((char *)ceph->path);
	free((char *)ceph->user);
	free((char *)ceph->fs);
	free((char *)ceph->conf);
	free((char *)e->path);
	free(entry_of(e));
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

struct word {
	char text[EXPORTS_LINE_MAX];
	bool quoted;
};

/* The next word: quotes hold blanks, \NNN is an octet.  1; 0: the line is at its end; -EINVAL: a quote is open. */
static int word_next(const char **p, struct word *word)
{
	char *o = word->text;
	bool inside = false;

	word->quoted = false;
	while (is_blank(**p))
		(*p)++;
	if (!**p)
		return 0;
	for (; **p && (inside || !is_blank(**p)); (*p)++) {
		const char *s = *p;

		if (*s == '"') {
			inside = !inside;
			word->quoted = true;
		} else if (*s == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
			   s[3] >= '0' && s[3] <= '7') {
			*o++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			*p += 3;
		} else {
			*o++ = *s;
		}
	}
	*o = '\0';
	return inside ? -EINVAL : 1;
}

/* fsid of an export that names none: the same for the same path, never 0 (that is the root's). */
static u64 fsid_of_path(const char *path)
{
	static const u8 key[16] = "openrdma exports";
	u64 fsid = siphash(key, path, strlen(path));

	return fsid ? fsid : 1;
}

/* A path that is not of this machine: one slash between names, no dots.  NULL: it is not one. */
static char *path_clean(const char *path)
{
	char *clean = *path == '/' ? strdup(path) : NULL, *o = clean;

	for (const char *s = path; clean && *s;) {
		size_t slashes = strspn(s, "/"), len = strcspn(s + slashes, "/");

		if (!slashes || (len <= 2 && !strncmp(s + slashes, "..", len) && len)) {
			free(clean);
			return NULL;
		}
		s += slashes;
		if (len) {
			*o++ = '/';
			memcpy(o, s, len);
			o += len;
		}
		s += len;
	}
	if (clean && o == clean)
		*o++ = '/';
	if (clean)
		*o = '\0';
	return clean;
}

static int text_set(const char **to, const char *text)
{
	if (!*text)
		return 0;
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

/* Where it comes from and what clients call it, once all of its options are known. */
static int source_set(struct nfs_export *e, const struct export_options *options, char *why,
		      size_t why_len)
{
	struct cfs_source *ceph = &entry_of(e)->ceph;
	const char *name;

	if (!ceph->path)
		return !*options->pseudo && !*options->ceph_user && !*options->ceph_fs &&
				       !*options->ceph_conf
			       ? 0
			       : BAD(why, why_len,
				     "%s: pseudo= and ceph_...= are options of ceph:/PATH",
				     e->path);
	name = *options->pseudo ? options->pseudo : ceph->path;
	e->path = path_clean(name);
	if (!e->path)
		return BAD(why, why_len, "pseudo=%s: expected an absolute path without . and ..",
			   name);
	if (text_set(&ceph->user, options->ceph_user) || text_set(&ceph->fs, options->ceph_fs) ||
	    text_set(&ceph->conf, options->ceph_conf))
		return -ENOMEM;
	return 0;
}

static int finish(struct exports_list *list, struct nfs_export *e,
		  const struct export_options *options, char *why, size_t why_len)
{
	int err = source_set(e, options, why, why_len);

	if (err)
		return err;
	e->fsid = options->has_fsid ? options->fsid : fsid_of_path(e->path);
	e->crossmnt = options->crossmnt;
	e->nohide = options->nohide;
	e->async = options->async;
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
	struct cfs_source *ceph = &entry_of(e)->ceph;
	char real[PATH_MAX];

	if (!strncmp(path, "ceph:", 5)) {
		ceph->path = path_clean(path + 5);
		return ceph->path ? 0
				  : BAD(why, why_len,
					"%s: expected ceph:/PATH, without . and ..; the user and "
					"the file system are options: ceph_user=, ceph_fs=",
					path);
	}
	if (path[0] != '/')
		return BAD(why, why_len, "%s: expected an absolute path", path);
	if (!realpath(path, real))
		return BAD(why, why_len, "%s: %s", path, strerror(errno));
	e->path = strdup(real);
	return e->path ? 0 : -ENOMEM;
}

/* DIR, or DIR(OPTIONS): for everybody. */
static int parse_dir(struct nfs_export *e, struct word *word, struct nfs_export_rule ***tail,
		     struct export_options *options, char *why, size_t why_len)
{
	char *open = word->quoted ? NULL : strchr(word->text, '(');
	int err = 0;

	if (open) {
		err = exports_rule_parse(open, tail, options, why, why_len);
		*open = '\0';
	}
	return err ? err : path_set(e, word->text, why, why_len);
}

static int parse(struct nfs_export *e, const char *p, struct export_options *options, char *why,
		 size_t why_len)
{
	struct nfs_export_rule **tail = &e->rules;
	struct word word;
	int err, found = word_next(&p, &word);

	if (found == 1) {
		err = parse_dir(e, &word, &tail, options, why, why_len);
		if (err)
			return err;
	}
	while (found == 1 && (found = word_next(&p, &word)) == 1) {
		/* The well-known trap of exports(5): everybody gets what one host was to have. */
		if (word.text[0] == '(')
			return BAD(why, why_len, "%s: no host before it; write *%s for everybody",
				   word.text, word.text);
		err = exports_rule_parse(word.text, &tail, options, why, why_len);
		if (err)
			return err;
	}
	if (found)
		return BAD(why, why_len, "a \" is not closed");
	return e->rules ? 0 : exports_rule_parse("*", &tail, options, why, why_len);
}

int exports_add_line(struct exports_list *list, const char *line, char *why, size_t why_len)
{
	struct export_options options = { 0 };
	struct entry *entry;
	struct nfs_export *e;
	int err;

	snprintf(why, why_len, "out of memory");	/* until there is another reason */
	while (is_blank(*line))
		line++;
	if (!*line || *line == '#')
		return 0;
	if (strlen(line) >= EXPORTS_LINE_MAX)
		return BAD(why, why_len, "the line is longer than %d characters",
			   EXPORTS_LINE_MAX - 1);
	if (list->n == EXPORTS_MAX)
		return BAD(why, why_len, "more than %d exports", EXPORTS_MAX);
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -EINVAL;
	e = &entry->export;
	err = parse(e, line, &options, why, why_len);
	if (!err)
		err = finish(list, e, &options, why, why_len);
	if (err)
		export_free(e);
	return err ? -EINVAL : 0;
}

int exports_add_mounted(struct exports_list *list, const struct nfs_export *above, const char *path)
{
	struct entry *entry;
	struct nfs_export *e;

	if (exports_cfs_source(above)->path)
		return -EEXIST;		/* what is mounted here is not below it */
	if (list->n == EXPORTS_MAX)
		return -ENOSPC;
	for (const struct nfs_export *o = list->table.first; o; o = o->next)
		if (!strcmp(o->path, path) || o->fsid == fsid_of_path(path))
			return -EEXIST;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	e = &entry->export;
	e->path = strdup(path);
	if (!e->path) {
		free(entry);
		return -ENOMEM;
	}
	e->fsid = fsid_of_path(path);
	e->crossed = e->crossmnt = true;
	e->async = above->async;
	e->rules = above->rules;
	*list->tail = e;
	list->tail = &e->next;
	list->n++;
	return 0;
}

enum line_read { LINE_READ, LINE_END, LINE_TOO_LONG };

/* A line, and those that follow a backslash at its end. */
static enum line_read line_read(FILE *file, char line[EXPORTS_LINE_MAX], unsigned *number)
{
	size_t len = 0;

	line[0] = '\0';
	while (len < EXPORTS_LINE_MAX - 1 &&
	       fgets(line + len, (int)(EXPORTS_LINE_MAX - len), file)) {
		len += strlen(line + len);
		if (!len || line[len - 1] != '\n')
			continue;
		(*number)++;
		if (len < 2 || line[len - 2] != '\\')
			return LINE_READ;
		len -= 2;
		line[len] = '\0';
	}
	if (len == EXPORTS_LINE_MAX - 1) {
		(*number)++;
		return LINE_TOO_LONG;
	}
	if (len)
		(*number)++;		/* the last one has no end */
	return len ? LINE_READ : LINE_END;
}

static int add_lines(struct exports_list *list, FILE *file, unsigned *number, char *why,
		     size_t why_len)
{
	char line[EXPORTS_LINE_MAX];
	enum line_read got;
	int err = 0;

	while (!err && (got = line_read(file, line, number)) != LINE_END) {
		if (got == LINE_TOO_LONG)
			return BAD(why, why_len, "the line is longer than %d characters",
				   EXPORTS_LINE_MAX - 2);
		line[strcspn(line, "#")] = '\0';
		err = exports_add_line(list, line, why, why_len);
	}
	return err;
}

int exports_add_file(struct exports_list *list, const char *path, char *why, size_t why_len)
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
