// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Timers: a pairing heap through the timers themselves, so arming never allocates and never fails.
 *
 * `child` is the first child, `next` the next sibling; `prev` is the previous sibling, for a first child
 * its parent.  Timers of equal time run in no particular order, but in the same one every time.
 */
#include "core/env.h"
#include "ual/loop_priv.h"

static struct ual_timer *meld(struct ual_timer *a, struct ual_timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->at_ns < a->at_ns) {
		struct ual_timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Melds a list of siblings in pairs, then the pairs from last to first: O(log n) amortized. */
static struct ual_timer *meld_siblings(struct ual_timer *first)
{
	struct ual_timer *pairs = NULL, *root = NULL;

	while (first) {
		struct ual_timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct ual_timer *a = pairs;

		pairs = a->next;
		a->next = NULL;
		root = meld(root, a);
	}
	return root;
}

static void unlink_timer(struct ual_loop *loop, struct ual_timer *t)
{
	struct ual_timer *rest = meld_siblings(t->child);

	if (t == loop->timers) {
		loop->timers = rest;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		loop->timers = meld(loop->timers, rest);
	}
	if (loop->timers)
		loop->timers->prev = loop->timers->next = NULL;
	t->child = t->next = t->prev = NULL;
	t->slot = 0;
}

void ual_timer_arm(struct ual_loop *loop, struct ual_timer *t, uint64_t at_ns)
{
	if (t->slot)
		unlink_timer(loop, t);
	t->at_ns = at_ns;
	t->slot = 1;
	loop->timers = meld(loop->timers, t);
}

void ual_timer_disarm(struct ual_loop *loop, struct ual_timer *t)
{
	if (t->slot)
		unlink_timer(loop, t);
}

int loop_timers_run(struct ual_loop *loop)
{
	int done = 0;

	/* One that re-arms itself for the past waits for the next pass: input is not starved. */
	while (loop->timers && loop->timers->at_ns <= loop->now_ns && done < LOOP_EVENTS_MAX) {
		struct ual_timer *t = loop->timers;

		unlink_timer(loop, t);
		t->fn(t);
		done++;
	}
	return done;
}
