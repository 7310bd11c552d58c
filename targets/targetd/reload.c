// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/targetd/reload.h"

#include <stdio.h>
#include <time.h>

#include "targets/daemon/log.h"
#include "targets/daemon/thread.h"
#include "targets/store/store_ops.h"

#define WAIT_MS		5	/* between two looks at what ends */

void targetd_reload_init(struct targetd_reload *r)
{
	pthread_mutex_init(&r->lock, NULL);
}

void targetd_reload_deinit(struct targetd_reload *r)
{
	pthread_mutex_destroy(&r->lock);
}

/* ---- on the reactors -------------------------------------------------------------------------------- */

struct round {
	struct scsi_server *scsi;
	unsigned slot;
	int err;
	bool all;			/* every reactor has said yes */
};

static void on_join(void *ctx, unsigned reactor)
{
	struct round *round = ctx;

	if (!round->err)
		round->err = scsi_server_lun_join(round->scsi, round->slot, reactor);
}

static void on_look(void *ctx, unsigned reactor)
{
	struct round *round = ctx;

	round->all &= scsi_server_lun_idle(round->scsi, round->slot, reactor);
}

static void on_leave(void *ctx, unsigned reactor)
{
	struct round *round = ctx;

	round->all &= scsi_server_lun_leave(round->scsi, round->slot, reactor);
}

/* On each reactor, one after the other; what they did before has ended then. */
static struct round go_round(struct targetd_reload *r, const struct targetd_disk *disk,
			     void (*fn)(void *ctx, unsigned reactor))
{
	struct round round = { .scsi = r->scsi, .slot = disk->slot, .all = true };

	for (unsigned i = 0; i < r->reactor_n; i++)
		daemon_reactor_call(&r->reactors[i], fn, &round);
	return round;
}

/* ---- one LUN comes, one ends ------------------------------------------------------------------------ */

static int begin(struct targetd_reload *r, const struct targetd_lun *spec, char *why,
		 size_t why_len)
{
	struct targetd_disk *disk;
	int err = targetd_luns_add(r->luns, spec, &disk, why, why_len);

	if (err)
		return err;
	err = scsi_server_lun_add(r->scsi, disk->lun, &disk->slot);
	if (err) {
		targetd_luns_remove(r->luns, disk);
		return store_why(why, why_len, err, "lun %s: too many LUNs are ending", spec->name);
	}
	err = go_round(r, disk, on_join).err;
	if (err) {
		go_round(r, disk, on_leave);
		scsi_server_lun_remove(r->scsi, disk->slot);
		targetd_luns_remove(r->luns, disk);
		return store_why(why, why_len, err, "lun %s: %s", spec->name, strerror(-err));
	}
	scsi_server_lun_show(r->scsi, disk->slot);
	return 0;
}

/* True: it is closed. */
static bool end_wait(struct targetd_reload *r, struct targetd_disk *disk, unsigned ms)
{
	const struct timespec pause = { .tv_nsec = WAIT_MS * 1000000L };

	for (unsigned waited = 0; !go_round(r, disk, on_leave).all; waited += WAIT_MS) {
		if (waited >= ms)
			return false;
		nanosleep(&pause, NULL);
	}
	scsi_server_lun_remove(r->scsi, disk->slot);
	targetd_luns_remove(r->luns, disk);
	return true;
}

static bool end(struct targetd_reload *r, struct targetd_disk *disk)
{
	scsi_server_lun_hide(r->scsi, disk->slot);
	pthread_mutex_lock(&r->luns->lock);
	disk->ending = true;
	pthread_mutex_unlock(&r->luns->lock);
	/* After this round nobody logs in to it any more, and who did can be found. */
	if (!go_round(r, disk, on_look).all)
		oriser_server_target_drop(r->iser, disk->lun->target);
	if (end_wait(r, disk, RELOAD_END_MS))
		return true;
	daemon_log(LOG_WARNING, "lun %s: a command of it does not end; it is closed when that has",
		   disk->spec.name);
	return false;
}

/* What did not end in time before. */
static void sweep(struct targetd_reload *r)
{
	for (unsigned i = r->luns->n; i-- > 0;)
		if (r->luns->disks[i]->ending)
			end_wait(r, r->luns->disks[i], 0);
}

/* ---- all of it -------------------------------------------------------------------------------------- */

static bool same(const struct targetd_lun *a, const struct targetd_lun *b)
{
	return strcmp(a->path, b->path) == 0 && strcmp(a->serial, b->serial) == 0 &&
	       a->size == b->size && a->block_size == b->block_size && a->io_max == b->io_max &&
	       a->read_only == b->read_only && a->direct == b->direct &&
	       a->terms.immediate_data == b->terms.immediate_data &&
	       a->terms.initial_r2t == b->terms.initial_r2t;
}

static const struct targetd_lun *find(const struct targetd_options *o, const char *name)
{
	for (unsigned i = 0; i < o->lun_n; i++)
		if (strcmp(o->luns[i].name, name) == 0)
			return &o->luns[i];
	return NULL;
}

/* A new LUN stands on nothing of one that ends. */
static bool is_free(const struct targetd_reload *r, const struct targetd_options *fresh,
		    const struct targetd_lun *spec)
{
	struct store_layers layers;

	store_layers_find(spec->path, &layers);
	for (unsigned i = 0; i < r->luns->n; i++) {
		const struct targetd_disk *disk = r->luns->disks[i];
		const struct targetd_lun *now = find(fresh, disk->spec.name);

		if ((!now || !same(now, &disk->spec)) && store_layers_meet(&layers, &disk->layers))
			return false;
	}
	return true;
}

/* New LUNs that can be opened before anything ends; of one that cannot, the others end again. */
static int begin_free(struct targetd_reload *r, const struct targetd_options *fresh, char *why,
		      size_t why_len)
{
	unsigned before = r->luns->n;
	int err = 0;

	for (unsigned i = 0; i < fresh->lun_n && !err; i++) {
		const struct targetd_lun *spec = &fresh->luns[i];

		if (!targetd_luns_find(r->luns, spec->name) && is_free(r, fresh, spec))
			err = begin(r, spec, why, why_len);
	}
	while (err && r->luns->n > before && end(r, r->luns->disks[r->luns->n - 1]))
		;
	return err;
}

static void end_others(struct targetd_reload *r, const struct targetd_options *fresh)
{
	for (unsigned i = r->luns->n; i-- > 0;) {
		struct targetd_disk *disk = r->luns->disks[i];
		const struct targetd_lun *now = find(fresh, disk->spec.name);

		if (disk->ending || (now && same(now, &disk->spec)))
			continue;
		daemon_log(LOG_INFO, "lun %s: %s", disk->spec.name,
			   now ? "its settings have changed, it begins again" : "ended");
		end(r, disk);
	}
}

/* What is not there yet.  One that fails does not keep the others from it; the first reason is told. */
static int begin_rest(struct targetd_reload *r, const struct targetd_options *fresh, char *why,
		      size_t why_len)
{
	int first = 0;

	for (unsigned i = 0; i < fresh->lun_n; i++) {
		char sentence[1024 + PATH_MAX];
		int err;

		if (targetd_luns_find(r->luns, fresh->luns[i].name))
			continue;
		err = begin(r, &fresh->luns[i], sentence, sizeof(sentence));
		if (err)
			daemon_log(LOG_ERR, "%s", sentence);
		if (err && !first)
			store_why(why, why_len, err, "%s; the other LUNs are as configured",
				  sentence);
		first = first ? first : err;
	}
	return first;
}

static int change(struct targetd_reload *r, const struct targetd_options *fresh, char *why,
		  size_t why_len)
{
	int err;

	sweep(r);
	err = begin_free(r, fresh, why, why_len);
	if (err) {
		daemon_log(LOG_ERR, "LUNs are as before: %s", why);
		return err;
	}
	end_others(r, fresh);
	err = begin_rest(r, fresh, why, why_len);
	if (!err)
		daemon_log(LOG_NOTICE, "configuration read again: %u LUNs", fresh->lun_n);
	return err;
}

int targetd_reload_run(struct targetd_reload *r, char *why, size_t why_len)
{
	struct targetd_options fresh;
	int err;

	pthread_mutex_lock(&r->lock);
	if (targetd_options_parse(r->options->argc, r->options->argv, &fresh, why, why_len) ==
	    OPTIONS_RUN) {
		err = change(r, &fresh, why, why_len);
	} else {
		daemon_log(LOG_ERR, "LUNs are as before: %s", why);
		err = -EINVAL;
	}
	targetd_options_deinit(&fresh);
	pthread_mutex_unlock(&r->lock);
	return err ? -EINVAL : 0;
}

/* ---- without who waits for it ----------------------------------------------------------------------- */

static void *thread(void *arg)
{
	struct targetd_reload *r = arg;
	char why[1024];

	targetd_reload_run(r, why, sizeof(why));
	atomic_store(&r->busy, false);
	return NULL;
}

void targetd_reload_start(struct targetd_reload *r)
{
	int err;

	if (atomic_exchange(&r->busy, true))
		return;
	err = daemon_thread_start(NULL, thread, r);
	if (err) {
		daemon_log(LOG_ERR, "LUNs are as before: no thread: %s", strerror(-err));
		atomic_store(&r->busy, false);
	}
}
