// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * As long as nothing passes alone, which is nearly always, entering and leaving is a list operation.
 */
#include "core/env.h"
#include "tools/openrdma/range_gate.h"

void range_gate_init(struct range_gate *g)
{
	INIT_LIST_HEAD(&g->inside);
	INIT_LIST_HEAD(&g->waiting);
	g->alone_n = 0;
}

static bool conflict(const struct range_pass *a, const struct range_pass *b)
{
	return (a->alone || b->alone) && a->start < b->end && b->start < a->end;
}

/* Anything inside, or waiting in front of p, that p must not overtake. */
static bool held_up(struct range_gate *g, const struct range_pass *p)
{
	struct range_pass *other;

	list_for_each_entry(other, &g->inside, link)
		if (conflict(other, p))
			return true;
	list_for_each_entry(other, &g->waiting, link) {
		if (other == p)
			return false;
		if (conflict(other, p))
			return true;
	}
	return false;
}

bool range_gate_enter(struct range_gate *g, struct range_pass *p)
{
	if (p->alone)
		g->alone_n++;
	if (g->alone_n && held_up(g, p)) {
		list_add_tail(&p->link, &g->waiting);
		return false;
	}
	list_add_tail(&p->link, &g->inside);
	return true;
}

static struct range_pass *next_free(struct range_gate *g)
{
	struct range_pass *p;

	list_for_each_entry(p, &g->waiting, link)
		if (!held_up(g, p))
			return p;
	return NULL;
}

void range_gate_leave(struct range_gate *g, struct range_pass *p)
{
	struct range_pass *freed;

	list_del(&p->link);
	if (p->alone)
		g->alone_n--;
	/* Looked up anew each time: go() may enter and leave. */
	while ((freed = next_free(g)) != NULL) {
		list_move_tail(&freed->link, &g->inside);
		freed->go(freed);
	}
}
