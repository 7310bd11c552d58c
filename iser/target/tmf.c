// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Task management, RFC 7143 11.5 and 4.2.3.3; logout uses it to end all tasks.
 *
 * A job aborts the tasks it is about and is complete when the last of them has ended.  Functions
 * that reach across sessions (LUN and target reset, CLEAR TASK SET) visit every reactor: each
 * aborts what lives there, in its own thread.  The completion always runs on the loop of the
 * session that asked, which may be gone by then.
 *
 * struct tmf_job: Owner: the session's reactor (jobs count).  References: `left`, one for each
 * reactor still to be visited and each task still alive; who drops the last posts `complete`.
 * Lock: none, left is atomic, the rest is set before the first visit.  Context: visits on each
 * reactor, else the origin.
 */
#include <stdlib.h>

#include "iser/target/target_priv.h"

struct tmf_visit {
	struct ual_post post;
	struct tmf_job *job;
	struct treactor *reactor;
};

struct tmf_job {
	struct list_head link;		/* session's jobs */
	struct tsess *s;		/* NULL: gone; looked at on its own loop only */
	struct treactor *origin;
	struct tctl *ctl;		/* for the answer */
	bool logout;
	u8 function;
	u8 lun[8];
	u32 itt;
	u32 ref_itt;
	char target[ISCSI_NAME_LEN_MAX + 1];
	const struct tsess *asker;	/* compared, never followed */
	bool no_memory;
	atomic_uint left;
	struct ual_post complete;
	struct tmf_visit visits[];
};

/* On a task's list. */
struct tmf_wait {
	struct list_head link;
	struct tmf_job *job;
};

/* ---- the answer ----------------------------------------------------------------------------- */

static void answer(struct tsess *s, struct tctl *c, u32 itt, u8 response)
{
	struct iscsi_pdu rsp = {
		.opcode = ISCSI_TMF_RSP,
		.final = true,
		.itt = itt,
		.tmf_rsp = { .response = response },
	};

	tctl_send_on(s, c, &rsp, NULL, true);
}

static void answer_logout(struct tsess *s, struct tctl *c, u32 itt)
{
	struct iscsi_pdu rsp = {
		.opcode = ISCSI_LOGOUT_RSP,
		.final = true,
		.itt = itt,
		.logout_rsp = { .response = ISCSI_LOGOUT_DONE, .time2wait = s->params.time2wait },
	};

	tctl_send_on(s, c, &rsp, NULL, true);
	tsess_close(s);
}

static u8 finish_function(struct tmf_job *job)
{
	const struct oriser_backend_ops *ops = tsess_cfg(job->s)->ops;

	if (job->no_memory)
		return ISCSI_TMF_REJECTED;
	if (job->function == ISCSI_TMF_ABORT_TASK)
		return ISCSI_TMF_COMPLETE;
	return ops->tmf(&job->s->pub, (enum oriser_tmf)job->function, job->lun) ? ISCSI_TMF_COMPLETE
										: ISCSI_TMF_NO_LUN;
}

static void job_complete(struct tmf_job *job)
{
	struct treactor *origin = job->origin;
	struct tsess *s = job->s;

	if (s) {
		list_del(&job->link);
		if (tsess_dead(s))
			s = NULL;
	}
	if (s && job->logout) {
		answer_logout(s, job->ctl, job->itt);
	} else if (s) {
		answer(s, job->ctl, job->itt, finish_function(job));
		if (job->function == ISCSI_TMF_TARGET_COLD_RESET) {
			/* 11.5.1: all connections end; ours after the answer */
			nexus_kill_target(origin->server, s, job->target);
			tsess_close(s);
		}
	}
	free(job);
	origin->jobs--;
	treactor_session_gone(origin);
}

static void on_complete(struct ual_post *p)
{
	job_complete(p->ctx);
}

static void job_drop(struct tmf_job *job)
{
	if (atomic_fetch_sub(&job->left, 1) == 1)
		ual_loop_post(job->origin->dev->loop, &job->complete);
}

void ttmf_task_ended(struct ttask *t)
{
	while (!list_empty(&t->waits)) {
		struct tmf_wait *w = list_first_entry(&t->waits, struct tmf_wait, link);

		list_del(&w->link);
		job_drop(w->job);
		free(w);
	}
}

/* ---- which tasks ---------------------------------------------------------------------------- */

static bool across_sessions(u8 function)
{
	return function == ISCSI_TMF_CLEAR_TASK_SET || function == ISCSI_TMF_LUN_RESET ||
	       function == ISCSI_TMF_TARGET_WARM_RESET || function == ISCSI_TMF_TARGET_COLD_RESET;
}

static bool about_lun(u8 function)
{
	return function == ISCSI_TMF_ABORT_TASK_SET || function == ISCSI_TMF_CLEAR_TASK_SET ||
	       function == ISCSI_TMF_LUN_RESET;
}

static bool about_task(const struct tmf_job *job, const struct ttask *t)
{
	/* What has been answered already is past being aborted. */
	if (t->state == TASK_SENDING || t->state == TASK_SENT)
		return false;
	if (job->logout)
		return true;
	if (job->function == ISCSI_TMF_CLEAR_ACA)
		return false;
	if (job->function == ISCSI_TMF_ABORT_TASK)
		return t->itt == job->ref_itt;
	return !about_lun(job->function) || memcmp(t->cmd.lun, job->lun, sizeof(job->lun)) == 0;
}

static void abort_and_wait(struct tmf_job *job, struct ttask *t, bool others)
{
	struct tmf_wait *w = malloc(sizeof(*w));

	if (!w) {
		job->no_memory = true;
		return;
	}
	w->job = job;
	list_add_tail(&w->link, &t->waits);
	atomic_fetch_add(&job->left, 1);
	if (others && !t->cmd.aborted)
		t->task_aborted = true;
	ttask_abort(t);
}

/* Aborting may end tasks at once, of which the list then knows nothing: each is taken out first. */
static void visit_session(struct tmf_job *job, struct tsess *s, bool others)
{
	struct list_head all = LIST_HEAD_INIT(all);

	list_splice_tail_init(&s->tasks_active, &all);
	while (!list_empty(&all)) {
		struct ttask *t = list_first_entry(&all, struct ttask, link);

		list_del(&t->link);
		list_add_tail(&t->link, &s->tasks_active);
		if (about_task(job, t))
			abort_and_wait(job, t, others);
	}
}

static void on_visit(struct ual_post *p)
{
	struct tmf_visit *v = p->ctx;
	struct tmf_job *job = v->job;
	struct tsess *s;

	list_for_each_entry(s, &v->reactor->sessions, link)
		if (s->state == TSESS_FULL && strcmp(s->pub.target, job->target) == 0)
			visit_session(job, s, s != job->asker);
	job_drop(job);
}

/* ---- requests ------------------------------------------------------------------------------- */

static struct tmf_job *job_create(struct tsess *s, u32 itt, unsigned int visits)
{
	struct tmf_job *job = calloc(1, sizeof(*job) + visits * sizeof(job->visits[0]));

	if (!job)
		return NULL;
	job->s = s;
	job->asker = s;
	job->origin = s->reactor;
	job->itt = itt;
	strcpy(job->target, s->pub.target);
	job->complete.fn = on_complete;
	job->complete.ctx = job;
	list_add_tail(&job->link, &s->jobs);
	s->reactor->jobs++;
	return job;
}

/* This session only: completes at once when nothing has to be waited for. */
static void run_here(struct tmf_job *job)
{
	atomic_store(&job->left, 1);
	visit_session(job, job->s, false);
	if (atomic_fetch_sub(&job->left, 1) == 1)
		job_complete(job);
}

static void run_everywhere(struct tmf_job *job, struct oriser_server *server)
{
	const unsigned int n = server->cfg.dev_n;

	atomic_store(&job->left, n);
	for (unsigned int i = 0; i < n; i++) {
		struct tmf_visit *v = &job->visits[i];

		v->job = job;
		v->reactor = &server->reactors[i];
		v->post.fn = on_visit;
		v->post.ctx = v;
		ual_loop_post(v->reactor->dev->loop, &v->post);
	}
}

/* ISCSI_TMF_COMPLETE: go on; else the answer. */
static u8 refuse(struct tsess *s, const struct iscsi_pdu *pdu)
{
	struct ttask *t;

	switch (pdu->tmf.function) {
	case ISCSI_TMF_ABORT_TASK:
		t = ttask_find(s, pdu->tmf.ref_itt);
		return t && t->state != TASK_SENDING && t->state != TASK_SENT ? ISCSI_TMF_COMPLETE
									      : ISCSI_TMF_NO_TASK;
	case ISCSI_TMF_ABORT_TASK_SET:
	case ISCSI_TMF_CLEAR_ACA:
	case ISCSI_TMF_CLEAR_TASK_SET:
	case ISCSI_TMF_LUN_RESET:
	case ISCSI_TMF_TARGET_WARM_RESET:
	case ISCSI_TMF_TARGET_COLD_RESET:
		return ISCSI_TMF_COMPLETE;
	case ISCSI_TMF_TASK_REASSIGN:
		return ISCSI_TMF_NO_REASSIGN;
	default:
		return ISCSI_TMF_UNSUPPORTED;
	}
}

void ttmf_request(struct tsess *s, const struct iscsi_pdu *pdu)
{
	struct oriser_server *server = s->reactor->server;
	struct tctl *c = tctl_get(s, 0);
	u8 response = refuse(s, pdu);
	struct tmf_job *job;

	if (response != ISCSI_TMF_COMPLETE) {
		answer(s, c, pdu->itt, response);
		return;
	}
	job = job_create(s, pdu->itt, server->cfg.dev_n);
	if (!job) {
		answer(s, c, pdu->itt, ISCSI_TMF_REJECTED);
		return;
	}
	job->ctl = c;
	job->function = pdu->tmf.function;
	job->ref_itt = pdu->tmf.ref_itt;
	memcpy(job->lun, pdu->lun, sizeof(job->lun));
	if (across_sessions(job->function))
		run_everywhere(job, server);
	else
		run_here(job);
}

void ttmf_logout(struct tsess *s, const struct iscsi_pdu *pdu)
{
	struct tmf_job *job = job_create(s, pdu->itt, 0);

	if (!job) {
		tsess_kill(s, "no memory for a logout");
		return;
	}
	job->logout = true;
	job->ctl = tctl_get(s, 0);
	s->state = TSESS_CLOSING;	/* nothing else is taken any more */
	run_here(job);
}

void ttmf_session_gone(struct tsess *s)
{
	while (!list_empty(&s->jobs)) {
		struct tmf_job *job = list_first_entry(&s->jobs, struct tmf_job, link);

		list_del(&job->link);
		job->s = NULL;
	}
}
