// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Messages of the kernel, read into registered buffers that libfuse decodes in place: a large write's data stays where
 * the kernel put it until the server has it for good, what is read replaces the message that asked for it.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "nfsrdma/mount/mnt.h"

#define BATCH_MAX	64
#define MSGS_MAX	(MNT_REQS + 192)	/* what the kernel sends unasked, and writes that are kept */

static struct mnt_msg *msg_new(struct nfs_mount *mnt)
{
	struct mnt_msg *msg;

	if (mnt->msg_n >= MSGS_MAX)
		return NULL;
	msg = calloc(1, sizeof(*msg));
	if (!msg)
		return NULL;
	msg->data = ornfs_buf_alloc(mnt->client, mnt->msg_bytes);
	if (!msg->data) {
		free(msg);
		return NULL;
	}
	mnt->msg_n++;
	return msg;
}

struct mnt_msg *mnt_msg_take(struct nfs_mount *mnt)
{
	struct mnt_msg *msg = mnt->current;

	core_assert(msg);
	mnt->current = NULL;
	return msg;
}

static void msg_free(struct nfs_mount *mnt, struct mnt_msg *msg)
{
	ornfs_buf_free(mnt->client, msg->data, mnt->msg_bytes);
	free(msg);
	mnt->msg_n--;
}

void mnt_msg_put(struct nfs_mount *mnt, struct mnt_msg *msg)
{
	if (mnt->over) {
		msg_free(mnt, msg);
		return;
	}
	msg->next = mnt->free_msgs;
	mnt->free_msgs = msg;
	if (mnt->starved && mnt->watched) {
		mnt->starved = false;
		ual_watch_mod(mnt->cfg.loop, &mnt->watch, EPOLLIN);
	}
}

void mnt_msgs_free(struct nfs_mount *mnt)
{
	struct mnt_msg *msg;

	mnt->over = true;
	while ((msg = mnt->free_msgs)) {
		mnt->free_msgs = msg->next;
		msg_free(mnt, msg);
	}
}

/* 1: one was handled; 0: none is there; or a negative errno: the file system is gone. */
static int one_message(struct nfs_mount *mnt, struct mnt_msg *msg)
{
	struct fuse_buf buf = { .mem = msg->data };
	ssize_t n = read(mnt->watch.fd, msg->data, mnt->msg_bytes);

	if (n < 0) {
		mnt_msg_put(mnt, msg);
		if (errno == EAGAIN)
			return 0;
		/* ENOENT: the request was interrupted before we took it. */
		return errno == EINTR || errno == ENOENT ? 1 : -errno;
	}
	mnt->current = msg;
	buf.size = (size_t)n;
	fuse_session_process_buf(mnt->session, &buf);
	if (mnt->current)
		mnt_msg_put(mnt, mnt_msg_take(mnt));
	return 1;
}

void mnt_unwatch(struct nfs_mount *mnt)
{
	if (mnt->watched)
		ual_watch_del(mnt->cfg.loop, &mnt->watch);
	mnt->watched = false;
}

void mnt_on_readable(struct ual_watch *w, uint32_t events)
{
	struct nfs_mount *mnt = w->ctx;
	struct mnt_msg *msg;
	int more = 1;

	for (unsigned i = 0; i < BATCH_MAX && more > 0 && mnt->watched; i++) {
		msg = mnt->free_msgs;
		if (msg)
			mnt->free_msgs = msg->next;
		else
			msg = msg_new(mnt);
		if (!msg) {
			mnt->starved = true;
			ual_watch_mod(mnt->cfg.loop, &mnt->watch, 0);
			return;
		}
		more = one_message(mnt, msg);
	}
	if (more < 0 || (mnt->watched && fuse_session_exited(mnt->session)))
		mnt_unmounted(mnt);
}
