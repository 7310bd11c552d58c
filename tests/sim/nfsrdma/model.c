// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What the answers must be, by a model of the files and names; and what the server may change at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/nfsrdma/work.h"

const char *const work_op_names[] = { "read",	   "write",    "cut",	 "commit", "stat",
				      "create", "mkdir",   "symlink", "readlink", "rename",
				      "remove", "missing", "list" };

static void check_read(struct client *c, struct slot *s)
{
	struct file *f = &c->files[s->file];
	uint64_t n = s->offset < f->size ? f->size - s->offset : 0;

	if (n > s->len)
		n = s->len;
	if (s->req.count != n || s->req.eof != (s->offset + n >= f->size))
		FAIL(c, "read of %llu at %llu of %llu: %zu bytes, eof %d",
		     (unsigned long long)s->len, (unsigned long long)s->offset,
		     (unsigned long long)f->size, s->req.count, s->req.eof);
	if (n && memcmp(s->buf, f->data + s->offset, n))
		FAIL(c, "read of %llu at %llu: other data than was written",
		     (unsigned long long)s->len, (unsigned long long)s->offset);
}

static void model_size(struct file *f, uint64_t size)
{
	if (size > f->size)
		memset(f->data + f->size, 0, size - f->size);
	f->size = size;
}

static void model_write(struct client *c, struct slot *s)
{
	struct file *f = &c->files[s->file];

	if (s->req.count != s->len)
		FAIL(c, "write of %llu: %zu were taken", (unsigned long long)s->len, s->req.count);
	if (s->offset + s->len > f->size)
		model_size(f, s->offset + s->len);
	memcpy(f->data + s->offset, s->buf, s->len);
}

static void name_changed(struct client *c, uint32_t i, bool there)
{
	struct name *n = &c->names[i];

	n->there = there;
	n->busy = false;
	n->changed = ++c->changes;
}

void work_target(const struct client *c, uint32_t i, uint32_t len, char *target)
{
	for (uint32_t k = 0; k < len; k++)
		target[k] = (char)('a' + (i + k * 7 + c->index) % 26);
	target[len] = '\0';
}

bool work_on_entry(struct ornfs_req *req, const struct ornfs_entry *entry)
{
	struct slot *s = req->ctx;
	struct client *c = s->client;
	unsigned client, number;

	if (sscanf(entry->name, "%u-%u-", &client, &number) != 2) {
		if (strcmp(entry->name, ".") && strcmp(entry->name, ".."))
			FAIL(c, "listing: the name '%s' is nobody's", entry->name);
		return true;
	}
	if (client != c->index)
		return true;
	if (number >= c->name_n || strcmp(c->names[number].text, entry->name))
		FAIL(c, "listing: there was never a name '%s'", entry->name);
	c->names[number].seen++;
	return true;
}

/* What did not change meanwhile must be told as it is. */
static void check_list(struct client *c, struct slot *s)
{
	c->listing = false;
	if (!s->req.eof)
		FAIL(c, "listing without an end");
	for (uint32_t i = 0; i < c->name_n; i++) {
		struct name *n = &c->names[i];

		if (n->busy || n->changed > s->began)
			continue;
		if (n->seen != n->there)
			FAIL(c, "listing: '%s' is told %u times, and is %s", n->text, n->seen,
			     n->there ? "there" : "gone");
	}
}

static void check_readlink(struct client *c, struct slot *s)
{
	char target[TARGET_MAX + 1];

	work_target(c, s->name, c->names[s->name].target_len, target);
	c->names[s->name].busy = false;
	if (strcmp(target, (char *)s->buf))
		FAIL(c, "readlink: another target than was given");
}

static void made(struct client *c, struct slot *s)
{
	if (!s->req.file)
		FAIL(c, "made, and no handle");
	c->names[s->name].file = s->req.file;
	name_changed(c, s->name, true);
}

static void renamed(struct client *c, struct slot *s)
{
	struct name *from = &c->names[s->name], *to = &c->names[s->other];

	to->file = from->file;
	to->type = from->type;
	to->target_len = from->target_len;
	from->file = NULL;
	name_changed(c, s->name, false);
	name_changed(c, s->other, true);
	/* A link's target is that of the number it was made with. */
	if (S_ISLNK(to->type))
		to->type = 0;
}

static bool changes(enum op op)
{
	switch (op) {
	case OP_WRITE:
	case OP_CUT:
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
	case OP_RENAME:
	case OP_REMOVE:
		return true;
	case OP_READ:
	case OP_COMMIT:
	case OP_STAT:
	case OP_READLINK:
	case OP_MISSING:
	case OP_LIST:
		return false;
	}
	return false;
}

static void settle(struct client *c, struct slot *s)
{
	switch (s->op) {
	case OP_READ:
		check_read(c, s);
		break;
	case OP_WRITE:
		model_write(c, s);
		break;
	case OP_CUT:
		model_size(&c->files[s->file], s->len);
		break;
	case OP_COMMIT:
		break;
	case OP_STAT:
		if (!s->req.has_stat || (uint64_t)s->req.stat.st.st_size != c->files[s->file].size)
			FAIL(c, "stat: another size");
		break;
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
		made(c, s);
		break;
	case OP_READLINK:
		check_readlink(c, s);
		break;
	case OP_RENAME:
		renamed(c, s);
		break;
	case OP_REMOVE:
		ornfs_file_put(c->names[s->name].file);
		c->names[s->name].file = NULL;
		name_changed(c, s->name, false);
		break;
	case OP_MISSING:
		break;
	case OP_LIST:
		check_list(c, s);
		break;
	}
}

void work_settle(struct client *c, struct slot *s, int err)
{
	if (err != (s->op == OP_MISSING ? -ENOENT : 0))
		FAIL(c, "%s: %s", work_op_names[s->op], strerror(-err));
	if (changes(s->op) && s->tried != 1)
		FAIL(c, "%s was answered and done %u times", work_op_names[s->op], s->tried);
	settle(c, s);
}

/* ---- what the server tries -------------------------------------------------------------------------------- */

static bool is_asked(const struct client *c, const struct slot *s, const struct memfs_try *try)
{
	switch (try->change) {
	case MEMFS_WRITE:
	case MEMFS_CUT:
		return s->op == (try->change == MEMFS_WRITE ? OP_WRITE : OP_CUT) &&
		       ornfs_file_ino(c->names[c->files[s->file].name].file) == try->ino &&
		       s->offset == try->offset && s->len == try->len;
	case MEMFS_MAKE:
		return (s->op == OP_CREATE || s->op == OP_MKDIR || s->op == OP_SYMLINK) &&
		       strcmp(c->names[s->name].text, try->name) == 0;
	case MEMFS_RENAME:
		return s->op == OP_RENAME && strcmp(c->names[s->other].text, try->name) == 0;
	case MEMFS_REMOVE:
		return s->op == OP_REMOVE && strcmp(c->names[s->name].text, try->name) == 0;
	}
	return false;
}

void client_tried(struct client *c, const struct memfs_try *try)
{
	for (unsigned i = 0; i < c->busy_max; i++) {
		struct slot *s = &c->slots[i];

		if (!s->busy || !is_asked(c, s, try))
			continue;
		if (s->tried++)
			FAIL(c, "%s is done twice", work_op_names[s->op]);
		return;
	}
	FAIL(c, "the server makes change %d (%s, %llu at %llu) that nobody waits for", try->change,
	     try->name ? try->name : "data", (unsigned long long)try->len,
	     (unsigned long long)try->offset);
}
