// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/exports.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/nfsd/exports_rule.h"
#include "targets/nfsd/exports_word.h"
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
	bool has_fsid;			/* given */
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

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_source(const struct cfs_source *a, const struct cfs_source *b)
{
	return same_text(a->path, b->path) && same_text(a->user, b->user) &&
	       same_text(a->fs, b->fs) && same_text(a->conf, b->conf);
}

/* Another line of a directory: its rules go to those of the first, and it is freed. */
static int merge(struct exports_list *list, struct nfs_export *first, struct nfs_export *e,
		 const struct export_options *options, char *why, size_t why_len)
{
	struct exports_warning warning = { list->warn, first->path };
	struct nfs_export_rule *rule;

	if (!same_source(exports_cfs_source(first), exports_cfs_source(e)))
		return BAD(why, why_len, "%s: is another directory on an earlier line", e->path);
	if (options->has_fsid && entry_of(first)->has_fsid && first->fsid != e->fsid)
		return BAD(why, why_len, "%s: has another fsid on an earlier line", e->path);
	if (options->has_fsid)
		first->fsid = e->fsid;
	entry_of(first)->has_fsid |= options->has_fsid;
	first->crossmnt |= e->crossmnt;
	first->nohide |= e->nohide;
	first->async &= e->async;
	while ((rule = e->rules) != NULL) {
		e->rules = rule->next;
		if (!exports_rule_insert(&first->rules, rule, &warning))
			free(rule);
	}
	export_free(e);
	return 0;
}

static int finish(struct exports_list *list, struct nfs_export *e,
		  const struct export_options *options, char *why, size_t why_len)
{
	struct nfs_export *first = NULL;
	int err = source_set(e, options, why, why_len);

	if (err)
		return err;
	e->fsid = options->has_fsid ? options->fsid : fsid_of_path(e->path);
	e->crossmnt = options->crossmnt;
	e->nohide = options->nohide;
	e->async = !options->sync;
	entry_of(e)->has_fsid = options->has_fsid;
	for (struct nfs_export *o = list->table.first; o; o = o->next) {
		if (!strcmp(o->path, e->path))
			first = o;
		else if (o->fsid == e->fsid)
			return BAD(why, why_len, "%s: has the fsid of %s; give it one of its own",
				   e->path, o->path);
	}
	if (first)
		return merge(list, first, e, options, why, why_len);
	if (list->n == EXPORTS_MAX)
		return BAD(why, why_len, "more than %d exports", EXPORTS_MAX);
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

/* What a line is made of on its way. */
struct parts {
	struct nfs_export *e;
	struct export_entry defaults;
	struct export_options options;
	struct exports_warning warning;
	struct exports_word word;
};

static int word_next(const char **p, struct exports_word *word, char *why, size_t why_len)
{
	int found = exports_word_next(p, word);

	if (found == -EINVAL)
		return BAD(why, why_len, "a \" is not closed");
	if (found == -E2BIG)
		return BAD(why, why_len, "a word is longer than %d characters",
			   EXPORTS_WORD_MAX - 1);
	return found;
}

static int entry_add(struct parts *parts, const char *text, char *why, size_t why_len)
{
	return exports_rule_parse(text, &parts->defaults, &parts->e->rules, &parts->options,
				  &parts->warning, why, why_len);
}

/* DIR, or, where there is no directory of that name, DIR(OPTIONS): for everybody. */
static int parse_dir(struct parts *parts, bool *for_all, char *why, size_t why_len)
{
	char *text = parts->word.text;
	char *open = parts->word.quoted || !access(text, F_OK) ? NULL : strchr(text, '(');
	int err = 0;

	*for_all = open != NULL;
	parts->warning.path = text;
	if (open) {
		err = entry_add(parts, open, why, why_len);
		*open = '\0';
	}
	if (!err)
		err = path_set(parts->e, text, why, why_len);
	parts->warning.path = parts->e->path ? parts->e->path : exports_cfs_source(parts->e)->path;
	return err;
}

/* HOST, HOST(OPTIONS), -OPTIONS for those behind it; first: (OPTIONS), which is for everybody. */
static int parse_host(struct parts *parts, bool first, bool *is_host, char *why, size_t why_len)
{
	char *text = parts->word.text;

	*is_host = text[0] != '-';
	if (!*is_host)
		return export_options_parse(text + 1, &parts->defaults, &parts->options, why,
					    why_len);
	/* The well-known trap of exports(5): everybody gets what one host was to have. */
	if (text[0] == '(' && !first)
		return BAD(why, why_len, "%s: no host before it; write *%s for everybody", text,
			   text);
	return entry_add(parts, text, why, why_len);
}

static int parse(struct parts *parts, const char *p, char *why, size_t why_len)
{
	bool any = false, is_host;
	int err = 0, found = word_next(&p, &parts->word, why, why_len);

	if (found == 1)
		err = parse_dir(parts, &any, why, why_len);
	while (!err && found == 1) {
		found = word_next(&p, &parts->word, why, why_len);
		if (found != 1)
			break;
		err = parse_host(parts, !any, &is_host, why, why_len);
		any |= is_host;
	}
	if (err || found < 0)
		return err ? err : found;
	return any ? 0 : entry_add(parts, "*", why, why_len);
}

/* False: what must be mounted is not, and what is underneath must not be seen. */
static bool is_mounted(const struct parts *parts)
{
	const char *path = *parts->options.mount_point ? parts->options.mount_point
						       : parts->e->path;
	struct statx stx;

	if (!parts->options.must_be_mounted)
		return true;
	if (path && !statx(AT_FDCWD, path, 0, 0, &stx) &&
	    stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return true;
	exports_warn(&parts->warning,
		     "left out: nothing is mounted on %s (mp); mount it, then openrdma reload",
		     path ? path : "ceph:/PATH");
	return false;
}

/* Nothing on it but a comment. */
static bool is_empty(const char *line)
{
	line += strspn(line, " \t\r\n");
	return !*line || *line == '#';
}

int exports_add_line(struct exports_list *list, const char *line, char *why, size_t why_len)
{
	struct entry *entry;
	struct parts *parts;
	int err;

	snprintf(why, why_len, "out of memory");	/* until there is another reason */
	if (is_empty(line))
		return 0;
	entry = calloc(1, sizeof(*entry));
	parts = calloc(1, sizeof(*parts));
	if (!entry || !parts) {
		free(entry);
		free(parts);
		return -EINVAL;
	}
	parts->e = &entry->export;
	parts->warning.fn = list->warn;
	export_entry_init(&parts->defaults);
	err = parse(parts, line, why, why_len);
	if (!err && !is_mounted(parts)) {
		list->left_out++;
		export_free(parts->e);
	} else if (!err) {
		err = finish(list, parts->e, &parts->options, why, why_len);
	}
	if (err)
		export_free(parts->e);
	free(parts);
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
