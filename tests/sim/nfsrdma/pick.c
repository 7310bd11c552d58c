// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Requests at random, none of which changes what another one under way looks at. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/nfsrdma/work.h"

/* Around where data no longer fits into a message of 4096 bytes; some that need many of them. */
static uint64_t pick_len(struct client *c)
{
	switch (work_rnd(c, 8)) {
	case 0:
		return 1 + work_rnd(c, c->io_max);
	case 1:
		return 4096 * (1 + work_rnd(c, c->io_max / 4096 > 4 ? 4 : c->io_max / 4096));
	case 2:
		return 1 + work_rnd(c, 16);
	default:
		return 3400 + work_rnd(c, 696);
	}
}

static bool is_held(const struct client *c, const struct slot *me)
{
	for (unsigned i = 0; i < c->busy_max; i++) {
		const struct slot *s = &c->slots[i];

		if (s != me && s->busy && s->op <= OP_STAT && s->file == me->file &&
		    (s->holds_alone || me->holds_alone) && s->hold_from < me->hold_to &&
		    me->hold_from < s->hold_to)
			return true;
	}
	return false;
}

/* False: the bytes are in use. */
static bool pick_data(struct client *c, struct slot *s)
{
	struct file *f;

	s->file = (unsigned)work_rnd(c, FILES);
	f = &c->files[s->file];
	if (!c->names[f->name].there)
		return false;
	s->offset = work_rnd(c, 3) ? work_rnd(c, FILE_MAX - IO_MAX) : f->size;
	s->len = pick_len(c);
	if (s->offset + s->len > FILE_MAX)
		s->offset = FILE_MAX - s->len;
	s->hold_from = s->offset;
	s->hold_to = s->offset + s->len;
	s->holds_alone = s->op == OP_WRITE || s->op == OP_CUT;
	if (s->op == OP_CUT) {
		s->len = work_rnd(c, FILE_MAX);
		s->offset = 0;
	}
	/* Who asks for the size, or changes it, has all of the file. */
	if (s->op == OP_CUT || s->op == OP_STAT ||
	    (s->op == OP_WRITE && s->offset + s->len > f->size)) {
		s->hold_from = 0;
		s->hold_to = UINT64_MAX;
	}
	return !is_held(c, s);
}

static bool name_new(struct client *c, uint32_t *number)
{
	struct name *n = &c->names[c->name_n];
	int len;

	if (c->name_n == NAMES)
		return false;
	*number = c->name_n++;
	len = snprintf(n->text, sizeof(n->text), "%u-%u-", c->index, *number);
	memset(n->text + len, 'n', work_rnd(c, NAME_PAD));
	n->busy = true;
	return true;
}

static bool name_old(struct client *c, mode_t type, uint32_t *number)
{
	for (unsigned tries = 0; c->name_n > FILES && tries < 8; tries++) {
		struct name *n;

		*number = FILES + (uint32_t)work_rnd(c, c->name_n - FILES);
		n = &c->names[*number];
		if (n->there && !n->busy && (!type || n->type == type)) {
			n->busy = true;
			return true;
		}
	}
	return false;
}

static bool pick_names(struct client *c, struct slot *s)
{
	struct name *n;

	s->len = 0;
	switch (s->op) {
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
		if (!name_new(c, &s->name))
			return false;
		n = &c->names[s->name];
		n->type = s->op == OP_CREATE ? S_IFREG : s->op == OP_MKDIR ? S_IFDIR : S_IFLNK;
		n->target_len = work_rnd(c, 2) ? TARGET_MAX - (uint32_t)work_rnd(c, 800)
					       : 1 + (uint32_t)work_rnd(c, 100);
		return true;
	case OP_READLINK:
		return name_old(c, S_IFLNK, &s->name);
	case OP_REMOVE:
		return name_old(c, 0, &s->name);
	case OP_RENAME:
		if (!name_old(c, 0, &s->name))
			return false;
		if (name_new(c, &s->other))
			return true;
		c->names[s->name].busy = false;
		return false;
	case OP_MISSING:
		return true;
	case OP_LIST:
		return !c->listing;
	case OP_READ:
	case OP_WRITE:
	case OP_CUT:
	case OP_COMMIT:
	case OP_STAT:
		break;			/* pick_data() */
	}
	return false;
}

bool work_pick(struct client *c, struct slot *s)
{
	return s->op <= OP_STAT ? pick_data(c, s) : pick_names(c, s);
}

enum op work_pick_op(struct client *c)
{
	static const enum op ops[] = { OP_READ,	  OP_READ,   OP_READ,  OP_READ,	   OP_WRITE,
				       OP_WRITE,  OP_WRITE,  OP_WRITE, OP_CUT,	   OP_COMMIT,
				       OP_STAT,	  OP_CREATE, OP_MKDIR, OP_SYMLINK, OP_READLINK,
				       OP_RENAME, OP_REMOVE, OP_LIST,  OP_MISSING, OP_REMOVE };

	return ops[work_rnd(c, ARRAY_SIZE(ops))];
}
