// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/last_wait.h"

#include <time.h>
#include <unistd.h>

#include "nfsrdma/server/limits.h"
#include "targets/daemon/log.h"
#include "targets/nfsd/file_systems.h"

/* The export that calls of this place wait for; NULL: none that is known. */
static const struct nfs_export *export_at(const struct last_wait *w, u64 where)
{
	const struct nfs_export *e = nfs_exports_first(w->server->exports);

	while (e && !nfs_export_is_where(e, where))
		e = nfs_exports_next(e);
	return e;
}

/* Of a remote export, if nothing else is waited for.  With the lock. */
static const struct nfs_export *hung(const struct last_wait *w)
{
	const struct nfs_export *e, *found = NULL;
	u64 wheres[NFS_QUEUES_MAX];
	unsigned n;

	if (w->served) {
		e = file_systems_closing();
		return e && e->remote ? e : NULL;
	}
	n = nfs_workers_busy(w->server->workers, wheres);
	for (unsigned i = 0; i < n; i++) {
		e = export_at(w, wheres[i]);
		if (e && !e->remote)
			return NULL;
		found = e ? e : found;
	}
	return found;
}

/* True: it is over. */
static bool wait_s(struct last_wait *w, unsigned seconds)
{
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	while (!w->over && !err)
		err = pthread_cond_timedwait(&w->changed, &w->lock, &until);
	return w->over;
}

static void *watch(void *arg)
{
	struct last_wait *w = arg;
	const struct nfs_export *e;

	pthread_mutex_lock(&w->lock);
	for (bool over = wait_s(w, LAST_WAIT_S - 1); !over;) {
		if (!w->served)
			w->stop_rest(w->ctx);
		over = wait_s(w, 1);
		e = over ? NULL : hung(w);
		if (!e)
			continue;
		daemon_log(LOG_ERR, "export %s: its file system does not answer: ending without it",
			   e->path);
		if (!w->served)
			w->leave(w->ctx);
		_exit(LAST_WAIT_STATUS);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

void last_wait_init(struct last_wait *w)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&w->lock, NULL);
}

void last_wait_begin(struct last_wait *w)
{
	/* Without a thread for it a second signal ends the process. */
	w->begun = !pthread_create(&w->thread, NULL, watch, w);
}

void last_wait_served(struct last_wait *w)
{
	pthread_mutex_lock(&w->lock);
	w->served = true;
	pthread_mutex_unlock(&w->lock);
}

void last_wait_deinit(struct last_wait *w)
{
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (w->begun)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}
