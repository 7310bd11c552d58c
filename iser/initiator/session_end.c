/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * How tasks end.
 *
 *   response with invalidation of the task's STag  -> fn at once
 *   response without                               -> WR_LOCAL_INV, fn on its completion
 *   nothing was told to the target                 -> fn at once
 *   the session broke                              -> the QP goes first, and its windows with it
 *
 * A caller may do anything with its buffer once fn is called, so the target must have lost access before.
 * Invalidations of one pass go out as one chain of which the last completes: no round trip, no extra call.
 *
 * fn may submit, abort and destroy, so no list is walked across it.
 */
#include "iser/initiator/session_priv.h"

static void end(struct session_task *p, enum oriser_task_result result)
{
	struct oriser_task *t = task_of(p);

	list_del(&p->link);
	p->state = TASK_IDLE;
	t->result = result;
	t->fn(t);
}

void session_task_answered(struct oriser_session *s, struct session_slot *slot,
			   enum oriser_task_result result)
{
	struct session_task *p = task_priv(slot->task);
	struct wr_send *wr;

	if (!slot->bound) {
		session_slot_put(s, slot);
		end(p, result);
		return;
	}
	wr = session_wr(s);
	wr->opcode = WR_LOCAL_INV;
	wr->inv_rkey = slot->tag;
	s->last_inv = wr;
	p->state = TASK_INVALIDATING;
	p->inv_pos = wr->wr_id;
	slot->task->result = result;
	list_move_tail(&p->link, &s->invalidating);
}

void session_invalidated(struct oriser_session *s)
{
	while (!list_empty(&s->invalidating)) {
		struct session_task *p =
			list_first_entry(&s->invalidating, struct session_task, link);

		if (p->inv_pos > s->sq_done)
			return;
		session_slot_put(s, &s->slots[p->slot]);
		end(p, task_of(p)->result);
	}
}

void session_end_list(struct oriser_session *s, struct list_head *tasks,
		      enum oriser_task_result result)
{
	while (!list_empty(tasks)) {
		struct session_task *p = list_first_entry(tasks, struct session_task, link);

		if (p->state == TASK_SENT)
			session_slot_put(s, &s->slots[p->slot]);
		end(p, result);
	}
}

/* The QP is gone, so every window is invalid; answers that came before still count. */
void session_end_all(struct oriser_session *s)
{
	s->sq_done = UINT64_MAX;
	session_invalidated(s);
	session_end_list(s, &s->ending, ORISER_TASK_ABORTED);
	session_end_list(s, &s->sent, ORISER_TASK_LOST);
	session_end_list(s, &s->waiting, ORISER_TASK_LOST);
}

static void abort_slot(struct oriser_session *s, struct session_slot *slot)
{
	slot->was_aborted = true;
	slot->aborted_itt = slot->itt;
	session_task_answered(s, slot, ORISER_TASK_ABORTED);
}

static bool covers(const struct oriser_session *s, const struct session_ctl *tmf,
		   const struct session_task *p)
{
	const struct session_slot *slot = &s->slots[p->slot];
	bool same_lun = memcmp(task_of((struct session_task *)p)->lun, tmf->lun, 8) == 0;

	if (tmf->kind == CTL_ABORT)
		return slot->itt == tmf->ref_itt;
	if (!seq_lt(slot->cmd_sn, tmf->cmd_sn))
		return false;
	switch (tmf->function) {
	case ISCSI_TMF_ABORT_TASK_SET:
	case ISCSI_TMF_CLEAR_TASK_SET:
	case ISCSI_TMF_LUN_RESET:
		return same_lun;
	case ISCSI_TMF_TARGET_WARM_RESET:
	case ISCSI_TMF_TARGET_COLD_RESET:
		return true;
	default:
		return false;
	}
}

void session_abort_covered(struct oriser_session *s, const struct session_ctl *tmf)
{
	struct session_task *p;
	bool found;

	do {
		found = false;
		list_for_each_entry(p, &s->sent, link) {
			found = covers(s, tmf, p);
			if (found)
				break;
		}
		if (found)
			abort_slot(s, &s->slots[p->slot]);
	} while (found);
}
