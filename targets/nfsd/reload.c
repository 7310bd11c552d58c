// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/daemon/log.h"
#include "targets/daemon/thread.h"
#include "targets/nfsd/crossmnt.h"

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

/* What a reload leaves behind: the exports it read, with the rules that theirs replaced; the old tree. */
struct reload_old {
	struct nfsd_options fresh;
	struct nfs4_pseudo *pseudo;
	void *opened;			/* what is still used: the directories that it added */
	struct reload_old *next;
};

void nfsd_reload_init(struct nfsd_reload *r)
{
	pthread_mutex_init(&r->lock, NULL);
}

static struct nfs_export *find_path(const struct exports_list *list, const char *path)
{
	struct nfs_export *e = list->table.first;

	while (e && strcmp(e->path, path) != 0)
		e = e->next;
	return e;
}

/* ---- before anything changes ------------------------------------------------------------------------ */

static int check(const struct exports_list *live, const struct exports_list *fresh, char *why,
		 size_t why_len)
{
	const struct nfs_export *same, *other;
	unsigned n = live->n;

	for (const struct nfs_export *e = fresh->table.first; e; e = e->next) {
		same = find_path(live, e->path);
		other = nfs_export_by_fsid(&live->table, e->fsid);
		n += !same;
		if (same && same->fsid != e->fsid)
			return BAD(why, why_len,
				   "%s: its fsid can change with a restart of the daemon only",
				   e->path);
		if (!same && other)
			return BAD(
				why, why_len,
				"%s: has the fsid of %s, which was exported before; give it one of "
				"its own, or restart the daemon",
				e->path, other->path);
	}
	if (n > EXPORTS_MAX)
		return BAD(why, why_len, "more than %d exports since the start; restart the daemon",
			   EXPORTS_MAX);
	return 0;
}

/* What is not there yet moves from one list to the other. */
static void split(const struct exports_list *live, struct exports_list *fresh,
		  struct exports_list *new)
{
	struct nfs_export *e, **at = &fresh->table.first;

	exports_init(new);
	while ((e = *at) != NULL) {
		if (find_path(live, e->path)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		e->next = NULL;
		*new->tail = e;
		new->tail = &e->next;
		new->n++;
		fresh->n--;
	}
	fresh->tail = at;
}

/* ---- the change ------------------------------------------------------------------------------------- */

static void drop_missing(struct exports_list *live, const struct exports_list *fresh)
{
	for (struct nfs_export *e = live->table.first; e; e = e->next) {
		if (find_path(fresh, e->path) || nfs_export_is_gone(e))
			continue;
		nfs_export_set_gone(e);
		daemon_log(LOG_INFO, "export %s: ended", e->path);
	}
}

/* Rules go over to those that are there; also whose they are, where crossmnt has come or gone. */
static void take_rules(const struct exports_list *live, struct exports_list *fresh)
{
	struct nfs_export *same;

	for (struct nfs_export *e = fresh->table.first; e; e = e->next) {
		same = find_path(live, e->path);
		if (nfs_export_is_gone(same))
			daemon_log(LOG_INFO, "export %s: again", e->path);
		e->rules = nfs_export_set(same, e->rules, e->async);
		__atomic_store_n(&same->crossmnt, e->crossmnt, __ATOMIC_RELAXED);
		__atomic_store_n(&same->nohide, e->nohide, __ATOMIC_RELAXED);
		e->crossed = __atomic_exchange_n(&same->crossed, e->crossed, __ATOMIC_RELAXED);
	}
}

static void add_new(struct exports_list *live, struct exports_list *new)
{
	struct nfs_export *e;

	while ((e = new->table.first) != NULL) {
		new->table.first = e->next;
		e->next = NULL;
		nfs_exports_add(&live->table, e);
		live->tail = &e->next;
		live->n++;
	}
}

/* The tree of version 4 above them; the old one stays where calls under way find it. */
static int replace_pseudo(struct nfsd_reload *r, struct reload_old *old, char *why, size_t why_len)
{
	struct nfs4_pseudo *tree;

	if (!r->server->state4)
		return 0;
	if (nfs4_pseudo_create(&r->options->exports.table, &tree))
		return BAD(why, why_len,
			   "out of memory: version 4 does not show what is new; reload again");
	old->pseudo = (struct nfs4_pseudo *)nfs_server_pseudo(r->server);
	__atomic_store_n(&r->server->pseudo4, tree, __ATOMIC_RELEASE);
	return 0;
}

static int change(struct nfsd_reload *r, struct reload_old *old, char *why, size_t why_len)
{
	struct exports_list *live = &r->options->exports, *fresh = &old->fresh.exports, new;
	int err = check(live, fresh, why, why_len);

	if (err)
		return err;
	split(live, fresh, &new);
	if (new.n && r->open(r->ctx, &new, &old->opened)) {
		exports_deinit(&new);
		return BAD(why, why_len,
			   "a directory cannot be exported; the daemon's log says which, and why");
	}
	/* What is new is in neither list while those that end are looked for: they are of the live one. */
	drop_missing(live, fresh);
	take_rules(live, fresh);
	add_new(live, &new);
	nfs_exports_nest(&live->table);
	old->next = r->old;
	r->old = old;
	return replace_pseudo(r, old, why, why_len);
}

static void old_free(struct nfsd_reload *r, struct reload_old *old)
{
	nfs4_pseudo_destroy(old->pseudo);
	if (old->opened)
		r->close(r->ctx, old->opened);
	nfsd_options_deinit(&old->fresh);
	free(old);
}

void nfsd_reload_deinit(struct nfsd_reload *r)
{
	struct reload_old *old;

	while ((old = r->old) != NULL) {
		r->old = old->next;
		old_free(r, old);
	}
	pthread_mutex_destroy(&r->lock);
}

int nfsd_reload_run(struct nfsd_reload *r, char *why, size_t why_len)
{
	struct reload_old *old = calloc(1, sizeof(*old));
	int err;

	if (!old)
		return BAD(why, why_len, "out of memory");
	pthread_mutex_lock(&r->lock);
	err = -EINVAL;
	if (nfsd_options_parse(r->options->argc, r->options->argv, &old->fresh, why, why_len) ==
	    OPTIONS_RUN) {
		crossmnt_add(&old->fresh.exports);
		err = change(r, old, why, why_len);
	}
	if (err && r->old != old)	/* it came to nothing */
		old_free(r, old);
	pthread_mutex_unlock(&r->lock);
	if (err)
		daemon_log(LOG_ERR, "exports are as before: %s", why);
	else
		daemon_log(LOG_NOTICE, "exports read again");
	return err;
}

/* ---- without who waits for it ----------------------------------------------------------------------- */

static void *thread(void *arg)
{
	struct nfsd_reload *r = arg;
	char why[1024];

	nfsd_reload_run(r, why, sizeof(why));
	atomic_store(&r->busy, false);
	return NULL;
}

void nfsd_reload_start(struct nfsd_reload *r)
{
	int err;

	if (atomic_exchange(&r->busy, true))
		return;
	err = daemon_thread_start(NULL, thread, r);
	if (err) {
		daemon_log(LOG_ERR, "exports are as before: no thread: %s", strerror(-err));
		atomic_store(&r->busy, false);
	}
}
