// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Which files have opens and locks, and what is asked for of them: one job of a file after the other. */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/nfs4_job.h"

#define TRIES_MAX	4

/* ---- what a file holds ------------------------------------------------------------------------ */

static struct nfs4c_held *held_of(struct ornfs_client *c, struct ornfs_file *file)
{
	struct nfs4c_locks *locks = nfs4c_locks(c);
	struct nfs4c_held *held = file->held;

	if (held)
		return held;
	held = calloc(1, sizeof(*held));
	if (!held)
		return NULL;
	held->client = c;
	held->file = file;
	ornfs_file_get(file);
	held->id = ++locks->id;
	INIT_LIST_HEAD(&held->opens);
	INIT_LIST_HEAD(&held->owners);
	INIT_LIST_HEAD(&held->jobs);
	nfs4_ranges_init(&held->ranges);
	list_add_tail(&held->link, &locks->files);
	file->held = held;
	return held;
}

void nfs4c_owner_drop(struct nfs4c_held *held, struct nfs4c_state *owner)
{
	nfs4_ranges_drop(&held->ranges, owner);
	nfs4c_state_drop(owner);
}

static void held_free(struct nfs4c_held *held)
{
	while (!list_empty(&held->owners))
		nfs4c_owner_drop(held, list_first_entry(&held->owners, struct nfs4c_state, link));
	while (!list_empty(&held->opens))
		nfs4c_state_drop(list_first_entry(&held->opens, struct nfs4c_state, link));
	list_del(&held->link);
	held->file->held = NULL;
	ornfs_file_put(held->file);
	free(held);
}

void nfs4c_locks_deinit(struct nfs4c_locks *locks)
{
	while (!list_empty(&locks->files)) {
		struct nfs4c_held *held = list_first_entry(&locks->files, struct nfs4c_held, link);

		core_assert(list_empty(&held->jobs));
		held_free(held);
	}
}

bool nfs4c_locks_any(const struct nfs4c_locks *locks)
{
	const struct nfs4c_held *held;

	list_for_each_entry(held, &locks->files, link)
		if (held->ranges.n)
			return true;
	return false;
}

bool ornfs_lock_any(const struct ornfs_file *file)
{
	return file->held;
}

/* ---- jobs ------------------------------------------------------------------------------------- */

static void step(struct nfs4c_held *held)
{
	struct nfs4c_job *job;

	while (!held->busy && !list_empty(&held->jobs)) {
		held->busy = true;
		job = list_first_entry(&held->jobs, struct nfs4c_job, link);
		job->run(job);
	}
	if (!held->busy && list_empty(&held->opens) && list_empty(&held->owners))
		held_free(held);
}

void nfs4c_job_over(struct nfs4c_job *job, int err)
{
	struct nfs4c_held *held = job->held;

	held->busy = false;
	list_del(&job->link);
	nfs4c_state_put(job->state);
	job->req->file = NULL;
	nfs3_fail(held->client, job->req, err);
	free(job);
}

void nfs4c_job_end(struct nfs4c_job *job, int err)
{
	struct nfs4c_held *held = job->held;

	nfs4c_job_over(job, err);
	step(held);
}

void nfs4c_job_go_on(struct nfs4c_job *job)
{
	struct nfs4c_held *held = job->held;

	job->run(job);
	step(held);
}

static void add(struct ornfs_client *c, struct ornfs_file *file, struct nfs4c_job from,
		struct ornfs_req *req)
{
	struct nfs4c_held *held = c->v4 ? held_of(c, file) : NULL;
	struct nfs4c_job *job = held ? malloc(sizeof(*job)) : NULL;

	req->file = NULL;
	req->has_stat = false;
	req->has_conflict = false;
	if (!job) {
		nfs3_fail(c, req, c->v4 ? -ENOMEM : -EOPNOTSUPP);
		if (held)
			step(held);
		return;
	}
	*job = from;
	job->held = held;
	job->req = req;
	if (req->caller)
		job->who = *req->caller;
	else
		job->who = (struct ornfs_caller){ .uid = c->cfg.uid, .gid = c->cfg.gid };
	job->call.caller = &job->who;
	list_add_tail(&job->link, &held->jobs);
	step(held);
}

static void called(struct ornfs_req *req, int err)
{
	struct nfs4c_job *job = container_of(req, struct nfs4c_job, call);

	job->then(job, err);
}

struct call *nfs4c_job_begin(struct nfs4c_job *job, nfs3_decode *decode,
			     void (*then)(struct nfs4c_job *job, int err))
{
	struct call *call;

	job->call.fn = called;
	job->then = then;
	job->status = NFS4_OK;
	call = nfs4c_begin(job->held->client, &job->call, false, decode);
	if (!call)
		return NULL;
	ornfs_file_get(job->held->file);
	call->file = job->held->file;
	nfs4c_op_file(call, call->file);
	return call;
}

struct nfs4c_job *nfs4c_job_of(struct call *call)
{
	struct nfs4c_job *job = container_of(call->req, struct nfs4c_job, call);

	job->status = call->status;
	return job;
}

void nfs4c_job_state(struct nfs4c_job *job, struct nfs4c_state *state)
{
	state->refs++;
	nfs4c_state_put(job->state);
	job->state = state;
}

bool nfs4c_job_again(struct nfs4c_job *job)
{
	struct nfs4c_state *state = job->state;

	if (!nfs4c_is_bad_stateid(job->status) || ++job->tries > TRIES_MAX)
		return false;
	if (state->valid)
		nfs4c_state_gone(job->held, state);
	return true;
}

/* ---- requests --------------------------------------------------------------------------------- */

void ornfs_lock(struct ornfs_client *c, struct ornfs_file *file, const struct ornfs_lock *lock,
		bool wait, struct ornfs_req *req)
{
	add(c, file, (struct nfs4c_job){ .run = nfs4c_run_lock, .lock = *lock, .wait = wait }, req);
}

void ornfs_unlock(struct ornfs_client *c, struct ornfs_file *file, const struct ornfs_lock *lock,
		  struct ornfs_req *req)
{
	add(c, file, (struct nfs4c_job){ .run = nfs4c_run_unlock, .lock = *lock }, req);
}

void ornfs_lock_release(struct ornfs_client *c, struct ornfs_file *file, uint64_t owner,
			struct ornfs_req *req)
{
	add(c, file, (struct nfs4c_job){ .run = nfs4c_run_release, .lock.owner = owner }, req);
}

void ornfs_lock_close(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	add(c, file, (struct nfs4c_job){ .run = nfs4c_run_close }, req);
}
