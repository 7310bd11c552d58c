// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Locks: what is asked for of a file is done one after the other.  RFC 8881 9, 18.10 to 18.12, 18.2, 18.38.
 *
 *   lock     [OPEN, by the handle]  LOCK        what is held is remembered: nfs4_reclaim.c
 *   unlock   LOCKU
 *   release  LOCKU of all, FREE_STATEID
 *   close    a release for each owner, then CLOSE of each open
 *
 * All may be done twice, so none of the answers has to be kept by the server.
 */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/nfs4_held.h"

#define TRIES_MAX	4
#define DENIED_BYTES	(NFS4_OPAQUE_LIMIT + 64)

enum job_kind { JOB_LOCK, JOB_UNLOCK, JOB_RELEASE, JOB_CLOSE };

/* Owner: the file's jobs.  call is the request of what is under way. */
struct job {
	struct nfs_req call;		/* first: container of it */
	struct list_head link;
	struct nfs4c_held *held;
	struct nfs_req *req;
	struct nfs_caller who;
	enum job_kind kind;
	struct nfs_lock lock;
	bool wait;
	struct nfs4c_state *state;	/* referenced: of the call under way */
	u32 status;			/* of its COMPOUND */
	void (*then)(struct job *job, int err);
	unsigned tries;
};

static void run(struct job *job);

/* ---- what a file holds ------------------------------------------------------------------------ */

static struct nfs4c_held *held_of(struct nfs_client *c, struct nfs_file *file)
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
	nfs_file_get(file);
	held->id = ++locks->id;
	INIT_LIST_HEAD(&held->opens);
	INIT_LIST_HEAD(&held->owners);
	INIT_LIST_HEAD(&held->jobs);
	nfs4_ranges_init(&held->ranges);
	list_add_tail(&held->link, &locks->files);
	file->held = held;
	return held;
}

static void drop_owner(struct nfs4c_held *held, struct nfs4c_state *owner)
{
	nfs4_ranges_drop(&held->ranges, owner);
	nfs4c_state_drop(owner);
}

static void held_free(struct nfs4c_held *held)
{
	while (!list_empty(&held->owners))
		drop_owner(held, list_first_entry(&held->owners, struct nfs4c_state, link));
	while (!list_empty(&held->opens))
		nfs4c_state_drop(list_first_entry(&held->opens, struct nfs4c_state, link));
	list_del(&held->link);
	held->file->held = NULL;
	nfs_file_put(held->file);
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

bool nfs_lock_any(const struct nfs_file *file)
{
	return file->held;
}

/* ---- jobs ------------------------------------------------------------------------------------- */

static void step(struct nfs4c_held *held)
{
	while (!held->busy && !list_empty(&held->jobs)) {
		held->busy = true;
		run(list_first_entry(&held->jobs, struct job, link));
	}
	if (!held->busy && list_empty(&held->opens) && list_empty(&held->owners))
		held_free(held);
}

/* The answer comes from the loop, for jobs that need no call end within the request. */
static void job_over(struct job *job, int err)
{
	struct nfs4c_held *held = job->held;

	held->busy = false;
	list_del(&job->link);
	nfs4c_state_put(job->state);
	job->req->file = NULL;
	nfs3_fail(held->client, job->req, err);
	free(job);
}

/* From an answer. */
static void job_end(struct job *job, int err)
{
	struct nfs4c_held *held = job->held;

	job_over(job, err);
	step(held);
}

static void go_on(struct job *job)
{
	struct nfs4c_held *held = job->held;

	run(job);
	step(held);
}

static void add(struct nfs_client *c, struct nfs_file *file, struct job from, struct nfs_req *req)
{
	struct nfs4c_held *held = c->v4 ? held_of(c, file) : NULL;
	struct job *job = held ? malloc(sizeof(*job)) : NULL;

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
		job->who = (struct nfs_caller){ .uid = c->cfg.uid, .gid = c->cfg.gid };
	job->call.caller = &job->who;
	list_add_tail(&job->link, &held->jobs);
	step(held);
}

static void called(struct nfs_req *req, int err)
{
	struct job *job = container_of(req, struct job, call);

	job->then(job, err);
}

/* A call on the file; then() is called with what decode made of the answer. */
static struct call *begin(struct job *job, nfs3_decode *decode,
			  void (*then)(struct job *job, int err))
{
	struct call *call;

	job->call.fn = called;
	job->then = then;
	job->status = NFS4_OK;
	call = nfs4c_begin(job->held->client, &job->call, false, decode);
	if (!call)
		return NULL;
	nfs_file_get(job->held->file);
	call->file = job->held->file;
	nfs4c_op_file(call, call->file);
	return call;
}

static struct job *job_of(struct call *call)
{
	struct job *job = container_of(call->req, struct job, call);

	job->status = call->status;
	return job;
}

static void set_state(struct job *job, struct nfs4c_state *state)
{
	state->refs++;
	nfs4c_state_put(job->state);
	job->state = state;
}

/* The stateid that was sent is not known to the server: from the beginning, which tells what is lost. */
static bool again(struct job *job)
{
	struct nfs4c_state *state = job->state;

	if (!nfs4c_is_bad_stateid(job->status) || ++job->tries > TRIES_MAX)
		return false;
	if (state->valid)
		nfs4c_state_gone(job->held, state);
	return true;
}

/* ---- OPEN ------------------------------------------------------------------------------------- */

static int open_in(struct call *call, struct xdr_in *in, int err)
{
	struct job *job = job_of(call);
	const u8 *sid;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_OPEN);
	if (err)
		return err;
	sid = nfs4c_in_open(in);
	if (!sid)
		return -EPROTO;
	nfs4c_state_set(job->state, sid);
	job->state->access |= (u32)call->flags;
	return 0;
}

static void on_open(struct job *job, int err)
{
	if (!err) {
		go_on(job);
		return;
	}
	if (!job->state->access)
		nfs4c_state_drop(job->state);
	job_end(job, err);
}

static void send_open(struct job *job, struct nfs4c_state *open, u32 access)
{
	struct call *call;

	set_state(job, open);
	if (!open->valid)
		access |= open->access;
	open->who = job->who;
	call = begin(job, open_in, on_open);
	if (!call)
		return;
	call->flags = (int)access;
	nfs4c_op_open(call, job->held, open, access | open->access, false);
	nfs4c_submit(call);
}

/* ---- LOCK ------------------------------------------------------------------------------------- */

static u64 length_of(u64 first, u64 last)
{
	return last == UINT64_MAX ? UINT64_MAX : last - first + 1;
}

void nfs4c_op_lock(struct call *call, const struct nfs4c_held *held, struct nfs4c_state *owner,
		   const struct nfs4_range *range, bool wait, bool reclaim)
{
	nfs4c_op(call, NFS4_OP_LOCK);
	xdr_out_u32(&call->out, (range->write ? WRITE_LT : READ_LT) + (wait ? 2 : 0));
	xdr_out_bool(&call->out, reclaim);
	xdr_out_u64(&call->out, range->first);
	xdr_out_u64(&call->out, length_of(range->first, range->last));
	xdr_out_bool(&call->out, !owner->valid);
	if (owner->valid) {
		nfs4c_out_state(call, owner);
		xdr_out_u32(&call->out, 0);
		return;
	}
	xdr_out_u32(&call->out, 0);	/* seqids are minor version 0's */
	nfs4c_out_state(call, owner->open);
	xdr_out_u32(&call->out, 0);
	nfs4c_out_owner(call, held, owner->owner);
}

/* LOCK4denied; of our own we know whose it is. */
static void denied_in(struct call *call, struct xdr_in *in, struct nfs_req *req)
{
	struct nfs4c_held *held = call->file->held;
	struct nfs_lock *other = &req->conflict;
	struct nfs4c_state *state;
	u64 length;
	const u8 *name;
	u32 len;

	*other = (struct nfs_lock){ .first = xdr_in_u64(in) };
	length = xdr_in_u64(in);
	other->last = length > UINT64_MAX - other->first ? UINT64_MAX
							 : other->first + (length ? length - 1 : 0);
	other->write = !(xdr_in_u32(in) & 1);
	req->has_conflict = true;
	if (xdr_in_u64(in) != nfs4c_clientid(call->client))
		held = NULL;
	name = xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &len);
	if (!name || !held || len != NFS4C_OWNER_BYTES || get_unaligned_be64(name) != held->id)
		return;
	other->owner = get_unaligned_be64(name + 8);
	state = nfs4c_state_find(&held->owners, other->owner);
	other->pid = state ? state->pid : 0;
}

static int lock_in(struct call *call, struct xdr_in *in, int err)
{
	struct job *job = job_of(call);
	const u8 *sid;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCK);
	if (call->status == NFS4ERR_DENIED)
		denied_in(call, in, job->req);
	if (err)
		return err;
	sid = xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	if (!sid)
		return -EPROTO;
	nfs4c_state_set(nfs4c_state_find(&job->held->owners, job->lock.owner), sid);
	return 0;
}

static void on_lock(struct job *job, int err)
{
	struct nfs4c_held *held = job->held;
	struct nfs4c_state *owner = nfs4c_state_find(&held->owners, job->lock.owner);

	if (err && again(job)) {
		go_on(job);
		return;
	}
	if (!err) {
		err = nfs4_ranges_set(&held->ranges, job->lock.first, job->lock.last,
				      job->lock.write, owner);
		nfs4c_lease_watch(held->client);
	}
	/* Who has nothing, and never had, needs no record. */
	if (err && !owner->valid && !owner->lost && !nfs4_ranges_any(&held->ranges, owner))
		nfs4c_state_drop(owner);
	job_end(job, err);
}

static void send_lock(struct job *job, struct nfs4c_state *owner)
{
	const struct nfs4_range range = { .first = job->lock.first,
					  .last = job->lock.last,
					  .write = job->lock.write };
	struct call *call;

	set_state(job, owner->valid ? owner : owner->open);
	call = begin(job, lock_in, on_lock);
	if (!call)
		return;
	call->reply_max = NFS4C_REPLY_HEAD + DENIED_BYTES;
	nfs4c_op_lock(call, job->held, owner, &range, job->wait, false);
	nfs4c_submit(call);
}

static u32 access_of(int flags)
{
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return OPEN4_SHARE_ACCESS_READ;
	case O_WRONLY:
		return OPEN4_SHARE_ACCESS_WRITE;
	default:
		return OPEN4_SHARE_ACCESS_BOTH;
	}
}

static void run_lock(struct job *job)
{
	struct nfs4c_held *held = job->held;
	u32 access = access_of(job->lock.flags);
	struct nfs4c_state *owner = nfs4c_state_find(&held->owners, job->lock.owner), *open;

	if (owner && owner->lost) {
		job_over(job, -EIO);
		return;
	}
	if (!(access & (job->lock.write ? OPEN4_SHARE_ACCESS_WRITE : OPEN4_SHARE_ACCESS_READ))) {
		job_over(job, -EBADF);
		return;
	}
	if (held->ranges.n + 2 > NFS4_FILE_RANGES_MAX) {
		job_over(job, -ENOLCK);
		return;
	}
	open = owner ? owner->open : nfs4c_state_find(&held->opens, job->who.uid);
	if (!open)
		open = nfs4c_state_new(&held->opens, job->who.uid, NULL);
	if (open && open->valid && (open->access & access) == access && !owner) {
		owner = nfs4c_state_new(&held->owners, job->lock.owner, open);
		if (owner)
			owner->pid = job->lock.pid;
		else
			open = NULL;
	}
	if (!open)
		job_over(job, -ENOMEM);
	else if (!open->valid || (open->access & access) != access)
		send_open(job, open, access);
	else
		send_lock(job, owner);
}

/* ---- LOCKU, FREE_STATEID, CLOSE --------------------------------------------------------------- */

static void op_locku(struct call *call, struct nfs4c_state *owner, u64 first, u64 last)
{
	nfs4c_op(call, NFS4_OP_LOCKU);
	xdr_out_u32(&call->out, WRITE_LT);	/* of either type: 18.12.3 */
	xdr_out_u32(&call->out, 0);
	nfs4c_out_state(call, owner);
	xdr_out_u64(&call->out, first);
	xdr_out_u64(&call->out, length_of(first, last));
}

static int unlock_in(struct call *call, struct xdr_in *in, int err)
{
	struct job *job = job_of(call);
	const u8 *sid;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCKU);
	if (err)
		return err;
	sid = xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	if (!sid)
		return -EPROTO;
	if (job->state->valid)
		nfs4c_state_set(job->state, sid);
	return 0;
}

/* What the owner has locally is gone in any case: nobody asks for it any more. */
static int forget(struct job *job, struct nfs4c_state *owner)
{
	struct nfs4c_held *held = job->held;
	bool lost = owner->lost;
	int err = nfs4_ranges_clear(&held->ranges, job->lock.first, job->lock.last, owner, true);

	if (lost && !nfs4_ranges_any(&held->ranges, owner))
		drop_owner(held, owner);
	return lost ? -EIO : err;
}

static void on_unlock(struct job *job, int err)
{
	struct nfs4c_state *owner = nfs4c_state_find(&job->held->owners, job->lock.owner);

	if (err && again(job)) {
		go_on(job);
		return;
	}
	job_end(job, err ? err : forget(job, owner));
}

static void run_unlock(struct job *job)
{
	struct nfs4c_held *held = job->held;
	struct nfs4c_state *owner = nfs4c_state_find(&held->owners, job->lock.owner);
	struct call *call;

	if (!owner || !nfs4_ranges_any(&held->ranges, owner)) {
		job_over(job, 0);
		return;
	}
	if (owner->lost) {
		job_over(job, forget(job, owner));
		return;
	}
	set_state(job, owner);
	call = begin(job, unlock_in, on_unlock);
	if (!call)
		return;
	op_locku(call, owner, job->lock.first, job->lock.last);
	nfs4c_submit(call);
}

/* LOCKU, then FREE_STATEID, which need not be possible. */
static int release_in(struct call *call, struct xdr_in *in, int err)
{
	job_of(call);
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCKU);
	if (err)
		return err;
	xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	nfs4c_in(in, NFS4_OP_FREE_STATEID);
	return 0;
}

static void on_release(struct job *job, int err)
{
	/* A stateid that is not known has nothing locked: also when this was done before. */
	if (err && nfs4c_is_bad_stateid(job->status))
		err = 0;
	drop_owner(job->held, job->state);
	if (job->kind == JOB_CLOSE && err != -ECANCELED)
		go_on(job);
	else
		job_end(job, err);
}

/* True: it is under way. */
static bool release(struct job *job, struct nfs4c_state *owner)
{
	struct call *call;

	/* One that is not valid, and has something, is being claimed again. */
	if (owner->lost || (!owner->valid && !nfs4_ranges_any(&job->held->ranges, owner))) {
		drop_owner(job->held, owner);
		return false;
	}
	set_state(job, owner);
	call = begin(job, release_in, on_release);
	if (!call)
		return true;
	op_locku(call, owner, 0, UINT64_MAX);
	nfs4c_op(call, NFS4_OP_FREE_STATEID);
	nfs4c_out_state(call, owner);
	nfs4c_submit(call);
	return true;
}

static void run_release(struct job *job)
{
	struct nfs4c_state *owner = nfs4c_state_find(&job->held->owners, job->lock.owner);

	if (!owner || !release(job, owner))
		job_over(job, 0);
}

static int close_in(struct call *call, struct xdr_in *in, int err)
{
	job_of(call);
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_CLOSE);
	if (!err)
		xdr_in_fixed(in, 4 + NFS4_OTHER_SIZE);
	return err;
}

static void on_close(struct job *job, int err)
{
	nfs4c_state_drop(job->state);
	if (err != -ECANCELED)
		go_on(job);
	else
		job_end(job, err);
}

/* The next that the server knows of; NULL: none. */
static struct nfs4c_state *next_open(struct nfs4c_held *held)
{
	struct nfs4c_state *open, *next;

	list_for_each_entry_safe(open, next, &held->opens, link) {
		if (open->valid)
			return open;
		nfs4c_state_drop(open);
	}
	return NULL;
}

static void run_close(struct job *job)
{
	struct nfs4c_held *held = job->held;
	struct nfs4c_state *open;
	struct call *call;

	while (!list_empty(&held->owners))
		if (release(job, list_first_entry(&held->owners, struct nfs4c_state, link)))
			return;
	open = next_open(held);
	if (!open) {
		job_over(job, 0);
		return;
	}
	set_state(job, open);
	call = begin(job, close_in, on_close);
	if (!call)
		return;
	nfs4c_op_close(call, open);
	nfs4c_submit(call);
}

static void run(struct job *job)
{
	switch (job->kind) {
	case JOB_LOCK:
		run_lock(job);
		break;
	case JOB_UNLOCK:
		run_unlock(job);
		break;
	case JOB_RELEASE:
		run_release(job);
		break;
	case JOB_CLOSE:
		run_close(job);
		break;
	}
}

/* ---- LOCKT ------------------------------------------------------------------------------------ */

static int test_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOCKT);
	if (call->status != NFS4ERR_DENIED)
		return err;
	denied_in(call, in, call->req);
	return 0;
}

void nfs_lock_test(struct nfs_client *c, struct nfs_file *file, const struct nfs_lock *lock,
		   struct nfs_req *req)
{
	static const struct nfs4c_held nobody;
	struct call *call;

	req->file = NULL;
	req->has_conflict = false;
	if (!c->v4) {
		nfs3_fail(c, req, -EOPNOTSUPP);
		return;
	}
	call = nfs4c_begin(c, req, false, test_in);
	if (!call)
		return;
	nfs_file_get(file);
	call->file = file;
	call->reply_max = NFS4C_REPLY_HEAD + DENIED_BYTES;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_LOCKT);
	xdr_out_u32(&call->out, lock->write ? WRITE_LT : READ_LT);
	xdr_out_u64(&call->out, lock->first);
	xdr_out_u64(&call->out, length_of(lock->first, lock->last));
	nfs4c_out_owner(call, file->held ? file->held : &nobody, lock->owner);
	nfs4c_submit(call);
}

/* ---- requests --------------------------------------------------------------------------------- */

void nfs_lock(struct nfs_client *c, struct nfs_file *file, const struct nfs_lock *lock, bool wait,
	      struct nfs_req *req)
{
	add(c, file, (struct job){ .kind = JOB_LOCK, .lock = *lock, .wait = wait }, req);
}

void nfs_unlock(struct nfs_client *c, struct nfs_file *file, const struct nfs_lock *lock,
		struct nfs_req *req)
{
	add(c, file, (struct job){ .kind = JOB_UNLOCK, .lock = *lock }, req);
}

void nfs_lock_release(struct nfs_client *c, struct nfs_file *file, uint64_t owner,
		      struct nfs_req *req)
{
	add(c, file, (struct job){ .kind = JOB_RELEASE, .lock.owner = owner }, req);
}

void nfs_lock_close(struct nfs_client *c, struct nfs_file *file, struct nfs_req *req)
{
	add(c, file, (struct job){ .kind = JOB_CLOSE }, req);
}
