/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Reads the configuration again while LUNs are in use: the command line is gone through once more, with its file.
 *
 *   a LUN that is new             is opened and shown
 *   one that is as it was         is not touched, nor are its sessions
 *   one with other settings       ends, and is opened with them: its initiators log in again
 *   one that is no longer there   ends: its sessions are dropped, it is flushed and closed
 *
 * What is wrong with the configuration is found out first, and so is what is wrong with new LUNs that need nothing of
 * what ends: then nothing has changed.  Other settings are for the next start.
 */
#ifndef TARGETS_TARGETD_RELOAD_H
#define TARGETS_TARGETD_RELOAD_H

#include <stdatomic.h>

#include "targets/daemon/reactor.h"
#include "targets/targetd/luns.h"

#define RELOAD_END_MS	10000	/* a LUN that does not end in this time ends later */

/* Owner: the daemon.  Lock: `lock` over a reload as a whole.  Context: any thread that is no reactor. */
struct targetd_reload {
	pthread_mutex_t lock;
	const struct targetd_options *options;
	struct targetd_luns *luns;
	struct scsi_server *scsi;
	struct oriser_server *iser;
	struct daemon_reactor *reactors;
	unsigned reactor_n;
	atomic_bool busy;		/* a thread of targetd_reload_start() runs */
};

void targetd_reload_init(struct targetd_reload *r);
void targetd_reload_deinit(struct targetd_reload *r);
/* 0, or -EINVAL and why. */
int targetd_reload_run(struct targetd_reload *r, char *why, size_t why_len);
/* The same on a thread of its own, which says in the log how it went.  Does nothing while one runs. */
void targetd_reload_start(struct targetd_reload *r);

#endif
