// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The requests themselves. */
#include "tests/sim/nfsrdma/work.h"

static void submit_name(struct client *c, struct slot *s)
{
	struct name *n = &c->names[s->name];
	char target[TARGET_MAX + 1];

	switch (s->op) {
	case OP_CREATE:
		ornfs_open(c->nfs, c->root, n->text, O_CREAT | O_EXCL | O_RDWR, 0644, &s->req);
		break;
	case OP_MKDIR:
		ornfs_mkdir(c->nfs, c->root, n->text, 0755, &s->req);
		break;
	case OP_SYMLINK:
		work_target(c, s->name, n->target_len, target);
		ornfs_symlink(c->nfs, c->root, n->text, target, &s->req);
		break;
	case OP_READLINK:
		ornfs_readlink(c->nfs, n->file, (char *)s->buf, TARGET_MAX + 1, &s->req);
		break;
	case OP_RENAME:
		ornfs_rename(c->nfs, c->root, n->text, c->root, c->names[s->other].text, &s->req);
		break;
	case OP_REMOVE:
		ornfs_remove(c->nfs, c->root, n->text, S_ISDIR(n->type), &s->req);
		break;
	case OP_MISSING:
		ornfs_lookup(c->nfs, c->root, "missing", &s->req);
		break;
	case OP_LIST:
		c->listing = true;
		s->began = c->changes;
		for (uint32_t i = 0; i < c->name_n; i++)
			c->names[i].seen = 0;
		ornfs_readdir(c->nfs, c->root, 0, work_on_entry, &s->req);
		break;
	case OP_READ:
	case OP_WRITE:
	case OP_CUT:
	case OP_COMMIT:
	case OP_STAT:
		break;			/* submit_data() */
	}
}

static void submit_data(struct client *c, struct slot *s)
{
	struct ornfs_file *file = c->names[c->files[s->file].name].file;
	struct stat st = { .st_size = (off_t)s->len };

	if (s->op == OP_READ) {
		ornfs_read(c->nfs, file, s->offset, s->buf, s->len, &s->req);
	} else if (s->op == OP_WRITE) {
		for (uint64_t i = 0; i < s->len; i++)
			s->buf[i] = (uint8_t)(i * 31 + c->requests + (i >> 8));
		ornfs_write(c->nfs, file, s->offset, s->buf, s->len, work_rnd(c, 2), &s->req);
	} else if (s->op == OP_CUT) {
		ornfs_setattr(c->nfs, file, &st, ORNFS_SETATTR_SIZE, &s->req);
	} else if (s->op == OP_COMMIT) {
		ornfs_commit(c->nfs, file, &s->req);
	} else {
		ornfs_getattr(c->nfs, file, &s->req);
	}
}

void work_ask(struct client *c, struct slot *s)
{
	if (s->op <= OP_STAT)
		submit_data(c, s);
	else
		submit_name(c, s);
}
