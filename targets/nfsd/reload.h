/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Reads the exports again while they are in use: the command line is gone through once more, with the files it names.
 *
 *   a directory that is new          is opened and added
 *   one that is still exported       gets its new hosts and options; its fsid cannot change
 *   one that is no longer exported   is for nobody: clients get "stale"; it stays open until the daemon ends
 *
 * All or nothing: what is wrong with the new ones is found out first.  Other settings are for the next start.
 */
#ifndef TARGETS_NFSD_RELOAD_H
#define TARGETS_NFSD_RELOAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "nfsrdma/server/nfs4_pseudo.h"
#include "targets/nfsd/options.h"

struct reload_old;

/*
 * Owner: the daemon.  Lock: `lock` over a reload as a whole.  Context: any thread; what calls under way may still hold
 * is kept until deinit.
 */
struct nfsd_reload {
	pthread_mutex_t lock;
	struct nfsd_options *options;	/* exports of it are those in use */
	struct nfs_server *server;
	/* Opens the directories of a list; what is wrong has been logged.  *opened is for close(). */
	int (*open)(void *ctx, const struct exports_list *list, void **opened);
	void (*close)(void *ctx, void *opened);
	void *ctx;
	struct reload_old *old;
	atomic_bool busy;		/* a thread of nfsd_reload_start() runs */
};

void nfsd_reload_init(struct nfsd_reload *r);
/* No call is under way any more, none of its threads runs. */
void nfsd_reload_deinit(struct nfsd_reload *r);
/* 0, or -EINVAL and why; nothing has changed then.  May take its time: names are looked up. */
int nfsd_reload_run(struct nfsd_reload *r, char *why, size_t why_len);
/* The same on a thread of its own, which says in the log how it went.  Does nothing while one runs. */
void nfsd_reload_start(struct nfsd_reload *r);

#endif
