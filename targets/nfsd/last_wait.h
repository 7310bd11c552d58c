/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The end of the daemon is not left to a file system that others answer for (FUSE, another machine).  When all that is
 * still under way after LAST_WAIT_S is for such, the process ends with LAST_WAIT_STATUS and says which it was.  No call
 * of those is answered, so no client takes it for done.  For the disks of this machine it waits as long as it takes.
 */
#ifndef TARGETS_NFSD_LAST_WAIT_H
#define TARGETS_NFSD_LAST_WAIT_H

#include <pthread.h>

#include "nfsrdma/server/server.h"

#define LAST_WAIT_S		5
#define LAST_WAIT_STATUS	3	/* of the process */

struct last_wait {
	struct nfs_server *server;
	void (*stop_rest)(void *ctx);	/* what goes on until then; may come more than once */
	void (*leave)(void *ctx);	/* before the process ends, by another thread */
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool begun, served, over;
	pthread_t thread;
};

void last_wait_init(struct last_wait *w);
void last_wait_begin(struct last_wait *w);	/* at the signal */
void last_wait_served(struct last_wait *w);	/* no call is under way; the workers may go */
void last_wait_deinit(struct last_wait *w);

#endif
