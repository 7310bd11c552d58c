// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Tasks: slots, tags, callbacks that are due, ends that nobody asked for.
 *
 *   GATHER --> BACKEND <--> FETCH, FETCHED        oriser_cmd_data_out(), done()
 *                 |
 *                 +-------> SENDING --> free      oriser_cmd_data_in() and oriser_cmd_respond(), sent()
 *
 * A callback is never called from within the call that asks for it: FETCHED and SENT wait for the
 * end of the pass, so a backend may finish what it is doing first.
 */
#include <stdlib.h>

#include "iser/target/target_priv.h"

/* ---- slots ---------------------------------------------------------------------------------- */

void ttask_session_init(struct tsess *s)
{
	INIT_LIST_HEAD(&s->repost);
	INIT_LIST_HEAD(&s->stalled);
	INIT_LIST_HEAD(&s->tasks_free);
	INIT_LIST_HEAD(&s->tasks_active);
	INIT_LIST_HEAD(&s->ctls_free);
	INIT_LIST_HEAD(&s->later);
	INIT_LIST_HEAD(&s->sq_wait);
	INIT_LIST_HEAD(&s->jobs);
}

struct ttask **ttask_bucket(struct tsess *s, u32 itt)
{
	return &s->hash[(itt ^ itt >> 8 ^ itt >> 16) % TASK_HASH];
}

struct ttask *ttask_find(struct tsess *s, u32 itt)
{
	struct ttask *t = *ttask_bucket(s, itt);

	while (t && t->itt != itt)
		t = t->hash_next;
	return t;
}

void ttask_release_data(struct tsess *s, struct ttask *t)
{
	while (!list_empty(&t->data)) {
		struct trecv *r = list_first_entry(&t->data, struct trecv, link);

		list_del(&r->link);
		trecv_release(s, r);
	}
}

void ttask_uncount(struct tsess *s, struct ttask *t)
{
	if (t->counted)
		s->outstanding--;
	t->counted = false;
}

void ttask_free(struct ttask *t)
{
	struct tsess *s = task_sess(t);
	struct ttask **at = ttask_bucket(s, t->itt);

	while (*at != t)
		at = &(*at)->hash_next;
	*at = t->hash_next;
	ttask_release_data(s, t);
	ttask_uncount(s, t);
	txfer_end(&t->x);
	t->state = TASK_FREE;
	list_del(&t->link);
	list_add(&t->link, &s->tasks_free);
	if (!list_empty(&t->waits))
		ttmf_task_ended(t);
	if (tsess_dead(s) || !list_empty(&s->stalled))
		tsess_defer(s);
}

void ttask_later(struct ttask *t, enum ttask_state state)
{
	struct tsess *s = task_sess(t);

	t->state = state;
	list_del(&t->later);		/* from sq_wait */
	list_add_tail(&t->later, &s->later);
	tsess_defer(s);
}

void ttask_call_done(struct ttask *t)
{
	txfer_end(&t->x);
	t->state = TASK_BACKEND;
	t->done(&t->cmd, t->err);
}

void ttask_call_sent(struct ttask *t)
{
	if (t->sent)
		t->sent(&t->cmd);
	ttask_free(t);
}

void ttask_run_later(struct tsess *s)
{
	struct list_head due = LIST_HEAD_INIT(due);

	list_splice_tail_init(&s->later, &due);
	while (!list_empty(&due)) {
		struct ttask *t = list_first_entry(&due, struct ttask, later);

		list_del(&t->later);
		if (t->state == TASK_FETCHED)
			ttask_call_done(t);
		else
			ttask_call_sent(t);
	}
}

/* ---- abort and teardown --------------------------------------------------------------------- */

void ttask_abort(struct ttask *t)
{
	switch (t->state) {
	case TASK_GATHER:
		ttask_free(t);
		break;
	case TASK_BACKEND:
		t->cmd.aborted = true;
		tsess_cfg(task_sess(t))->ops->abort(&t->cmd);
		break;
	case TASK_FETCH:
		/* Reads already asked for fill the backend's memory: they are waited for. */
		t->cmd.aborted = true;
		t->x.left = 0;
		t->err = -ECANCELED;
		if (t->signals == 0)
			ttask_later(t, TASK_FETCHED);
		else
			list_del(&t->later);
		break;
	case TASK_FETCHED:
		t->cmd.aborted = true;
		t->err = -ECANCELED;
		break;
	case TASK_SENDING:
	case TASK_SENT:
	case TASK_FREE:
		break;
	}
}

static void teardown_task(struct ttask *t)
{
	switch (t->state) {
	case TASK_GATHER:
		ttask_free(t);
		break;
	case TASK_BACKEND:
		t->cmd.aborted = true;
		tsess_cfg(task_sess(t))->ops->abort(&t->cmd);
		break;
	case TASK_FETCH:
	case TASK_FETCHED:
		t->cmd.aborted = true;
		t->err = -ECONNRESET;
		ttask_later(t, TASK_FETCHED);
		break;
	case TASK_SENDING:
	case TASK_SENT:
		ttask_later(t, TASK_SENT);
		break;
	case TASK_FREE:
		break;
	}
}

/* The QP is gone.  Each task is looked at once; those answered meanwhile leave the list. */
void ttask_teardown(struct tsess *s)
{
	struct list_head all = LIST_HEAD_INIT(all);

	list_splice_tail_init(&s->tasks_active, &all);
	while (!list_empty(&all)) {
		struct ttask *t = list_first_entry(&all, struct ttask, link);

		list_del(&t->link);
		list_add_tail(&t->link, &s->tasks_active);
		teardown_task(t);
	}
}
