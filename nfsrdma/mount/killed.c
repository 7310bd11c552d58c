// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Who is killed while he waits for the server must go.  The kernel lets him only when his request is answered, so that is
 * answered with EINTR; what was asked for goes on without him, and its answer is dropped.  Its memory stays until then: the
 * server may still read and write it.
 *
 * The kernel says that a signal came (FUSE_INTERRUPT), not which one, and nothing of a second; and a process that ends
 * closes its files without a word.  Calls on files are not ended by other signals, so /proc is asked, again and again,
 * about whoever has waited for some time.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "nfsrdma/mount/mnt.h"

#define LOOK_NS		(MNT_NS / 4)
#define PF_EXITING	0x4u	/* include/linux/sched.h */

static bool pends(const char *line, const char *name)
{
	size_t len = strlen(name);
	uint64_t set;

	return !strncmp(line, name, len) && sscanf(line + len, "%" SCNx64, &set) == 1 &&
	       set >> (SIGKILL - 1) & 1;
}

/* Signals that end a process are turned into SIGKILL when they are sent. */
static bool has_sigkill(FILE *status)
{
	char line[256];

	while (fgets(line, sizeof(line), status))
		if (pends(line, "SigPnd:") || pends(line, "ShdPnd:"))
			return true;
	return false;
}

/* It ends, and a signal is why: fields 9 and 52 of proc(5). */
static bool ends_by_signal(const char *stat)
{
	const char *at = strrchr(stat, ')'), *last = strrchr(stat, ' ');
	unsigned flags, code;

	return at && last && sscanf(at, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       sscanf(last, " %u", &code) == 1 && flags & PF_EXITING && code & 0x7f;
}

static bool is_killed(pid_t pid)
{
	char path[32], stat[1024];
	bool killed;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT;
	killed = has_sigkill(f);
	fclose(f);
	if (killed)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT;
	killed = fgets(stat, sizeof(stat), f) && ends_by_signal(stat);
	fclose(f);
	return killed;
}

/* Of a process that we cannot see, as it is of another PID namespace, a signal is all that is known. */
static bool is_over(const struct mnt_op *op)
{
	pid_t pid = fuse_req_ctx(op->req)->pid;

	return pid ? is_killed(pid) : op->signalled;
}

static void drop(struct mnt_op *op)
{
	mnt_reply(op, fuse_reply_err, EINTR);
	if (op->wait)
		mnt_lock_interrupted(op);
	if (op->goes_on)
		return;
	if (op->calling) {
		ornfs_cancel(op->mnt->client, &op->nfs);
	} else if (op->parked) {
		list_del_init(&op->link);
		mnt_op_end(op);
	}
}

static void arm(struct nfs_mount *mnt, u64 delay_ns)
{
	ual_timer_arm(mnt->cfg.loop, &mnt->killed_timer, mnt_now(mnt) + delay_ns);
}

static void on_timer(struct ual_timer *t)
{
	struct nfs_mount *mnt = t->ctx;
	struct mnt_op *op, *next;

	/* Nothing that drop() calls ends another one. */
	list_for_each_entry_safe(op, next, &mnt->asked, asked)
		if ((op->signalled || mnt_now(mnt) - op->asked_ns >= LOOK_NS) && is_over(op))
			drop(op);
	if (!list_empty(&mnt->asked))
		arm(mnt, LOOK_NS);
}

/* From within libfuse, which holds the request: later. */
static void on_interrupt(fuse_req_t req, void *data)
{
	struct mnt_op *op = data;

	op->signalled = true;
	arm(op->mnt, 0);
}

void mnt_killed_watch(struct mnt_op *op)
{
	struct nfs_mount *mnt = op->mnt;

	op->asked_ns = mnt_now(mnt);
	list_add_tail(&op->asked, &mnt->asked);
	fuse_req_interrupt_func(op->req, on_interrupt, op);
	if (!ual_timer_armed(&mnt->killed_timer))
		arm(mnt, LOOK_NS);
}

void mnt_killed_init(struct nfs_mount *mnt)
{
	INIT_LIST_HEAD(&mnt->asked);
	mnt->killed_timer.fn = on_timer;
	mnt->killed_timer.ctx = mnt;
}

void mnt_killed_end(struct nfs_mount *mnt)
{
	ual_timer_disarm(mnt->cfg.loop, &mnt->killed_timer);
}
