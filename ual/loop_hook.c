// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What a pass calls besides descriptors and timers: pollers, stage hooks, deferred calls.
 *
 * Any of them may be removed, with its storage, from inside any callback: the runner keeps its place in
 * the loop, where removal can move it on.
 */
#include "core/env.h"
#include "ual/loop_priv.h"

void ual_poller_add(struct ual_loop *loop, struct ual_poller *p)
{
	core_assert(!p->added);
	p->added = true;
	p->next = loop->pollers;
	loop->pollers = p;
}

void ual_poller_del(struct ual_loop *loop, struct ual_poller *p)
{
	struct ual_poller **at = &loop->pollers;

	if (!p->added)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (loop->poller_next == p)
		loop->poller_next = p->next;
	p->added = false;
}

int loop_pollers_run(struct ual_loop *loop)
{
	struct ual_poller *p;
	int done = 0;

	loop->hot = false;
	for (p = loop->pollers; p; p = loop->poller_next) {
		loop->poller_next = p->next;
		loop->hot |= p->hot;
		done += p->fn(p);
	}
	return done;
}

void ual_stage_add(struct ual_loop *loop, enum ual_stage stage, struct ual_stage_hook *h)
{
	core_assert(!h->added);
	h->added = true;
	h->next = loop->stages[stage];
	loop->stages[stage] = h;
}

void ual_stage_del(struct ual_loop *loop, enum ual_stage stage, struct ual_stage_hook *h)
{
	struct ual_stage_hook **at = &loop->stages[stage];

	if (!h->added)
		return;
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	if (loop->stage_next[stage] == h)
		loop->stage_next[stage] = h->next;
	h->added = false;
}

int loop_stage_run(struct ual_loop *loop, enum ual_stage stage)
{
	struct ual_stage_hook *h;
	int done = 0;

	for (h = loop->stages[stage]; h; h = loop->stage_next[stage]) {
		loop->stage_next[stage] = h->next;
		done += h->fn(h);
	}
	return done;
}

void ual_defer(struct ual_loop *loop, struct ual_defer *d)
{
	if (d->pprev)
		return;
	d->next = NULL;
	d->pprev = loop->defer_tail;
	*loop->defer_tail = d;
	loop->defer_tail = &d->next;
}

void ual_defer_cancel(struct ual_loop *loop, struct ual_defer *d)
{
	if (!d->pprev)
		return;
	*d->pprev = d->next;
	if (d->next)
		d->next->pprev = d->pprev;
	if (loop->defer_tail == &d->next)
		loop->defer_tail = d->pprev;
	d->pprev = NULL;
}

/* Those that are added meanwhile wait for the next pass. */
int loop_defers_run(struct ual_loop *loop)
{
	int done = 0;

	if (!loop->defer_head)
		return 0;
	loop->defer_run = loop->defer_head;
	loop->defer_run->pprev = &loop->defer_run;
	loop->defer_head = NULL;
	loop->defer_tail = &loop->defer_head;
	while (loop->defer_run) {
		struct ual_defer *d = loop->defer_run;

		loop->defer_run = d->next;
		if (d->next)
			d->next->pprev = &loop->defer_run;
		d->pprev = NULL;
		d->fn(d);
		done++;
	}
	return done;
}
