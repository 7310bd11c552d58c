// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/daemon.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "nfsrdma/server/nfs3.h"
#include "nfsrdma/server/replay.h"
#include "targets/daemon/hangup.h"
#include "targets/daemon/log.h"
#include "targets/daemon/notify.h"
#include "targets/daemon/pid_file.h"
#include "targets/daemon/shutdown.h"
#include "targets/daemon/state_dir.h"
#include "targets/nfsd/admin.h"
#include "targets/nfsd/conn_log.h"
#include "targets/nfsd/crossmnt.h"
#include "targets/nfsd/file_systems.h"
#include "targets/nfsd/last_wait.h"
#include "targets/nfsd/listeners.h"
#include "targets/nfsd/reload.h"
#include "targets/nfsd/state_dir.h"
#include "targets/nfsd/version4.h"

struct daemon {
	struct nfsd_options *options;
	struct file_systems file_systems;
	u8 key[FILE_SYSTEMS_KEY_BYTES];	/* of the file handles */
	int state_fd;
	struct nfs_server server;
	struct version4 v4;
	struct ual *ual;
	struct daemon_reactor *reactors;
	unsigned reactor_n;
	struct listeners listeners;
	struct nfsd_admin admin;
	struct nfsd_reload reload;
	struct daemon_hangup hangup;
	bool ending;
	struct last_wait last_wait;
	struct daemon_shutdown shutdown;
};

/* ---- construction, in this order; taken apart in the other ------------------------------------------------ */

/* ---- exports that come later (reload.h) */

static void close_more(void *ctx, void *opened)
{
	file_systems_close(opened);
	free(opened);
}

static int open_more(void *ctx, const struct exports_list *list, void **opened)
{
	const struct daemon *d = ctx;
	struct file_systems *set = calloc(1, sizeof(*set));
	int err = set ? file_systems_open(set, list, d->key) : -ENOMEM;

	if (!err)
		*opened = set;
	else if (set)
		close_more(ctx, set);
	return err;
}

static int open_exports(struct daemon *d)
{
	char path[PATH_MAX];
	int err;

	d->state_fd = daemon_state_dir_open(d->options->state_dir, "nfsd", path, sizeof(path));
	err = d->state_fd < 0 ? d->state_fd : state_dir_key(d->state_fd, d->key, sizeof(d->key));
	if (err) {
		daemon_log(LOG_ERR, "%s: %s; see --state", path,
			   err == -EINVAL ? "handle-key is damaged: file handles need it"
					  : strerror(-err));
		return err;
	}
	crossmnt_add(&d->options->exports);
	err = file_systems_open(&d->file_systems, &d->options->exports, d->key);
	if (!err)
		nfs_exports_nest(&d->options->exports.table);
	return err;
}

static bool reactor_quiet(void *ctx, unsigned index)
{
	struct daemon *d = ctx;

	/* The admin thread may be asking reactors; the first one ends first, the others go on until then. */
	return listeners_reactor_quiet(&d->listeners, index) &&
	       (index || (daemon_admin_stopped(d->admin.socket) && !atomic_load(&d->reload.busy)));
}

static int open_reactors(struct daemon *d)
{
	const struct nfsd_options *o = d->options;

	d->reactors = calloc(o->reactors, sizeof(d->reactors[0]));
	if (!d->reactors)
		return -ENOMEM;
	for (unsigned i = 0; i < o->reactors; i++) {
		d->reactors[i].quiet = reactor_quiet;
		d->reactors[i].ctx = d;
	}
	return daemon_reactors_open(d->reactors, o->reactors, d->ual, o->device, o->spin_us,
				    &d->reactor_n);
}

static int open_stats(struct daemon *d)
{
	d->server.reactors = calloc(d->reactor_n, sizeof(d->server.reactors[0]));
	if (!d->server.reactors)
		return -ENOMEM;
	d->server.reactor_n = d->reactor_n;
	for (unsigned i = 0; i < d->reactor_n; i++)
		nfs_reactor_init(&d->server.reactors[i], d->reactors[i].loop);
	d->server.conn_log = nfsd_conn_log;
	d->server.refused = nfsd_refused_log;
	d->server.real_path = file_systems_real_path;
	d->server.refusal_log = nfsd_refusal_log;
	return 0;
}

static int open_admin(struct daemon *d)
{
	struct daemon_admin_cfg cfg = {
		.path = d->options->admin,
		.program = "openrdma-nfsd",
		.socket_name = "nfsd.sock",
		.version = OPENRDMA_VERSION,
		.ops = &nfsd_admin_ops,
		.ctx = &d->admin,
	};

	d->admin.reactors = d->reactors;
	d->admin.server = &d->server;
	d->admin.listeners = &d->listeners;
	d->admin.reload = &d->reload;
	return daemon_admin_open(&cfg, &d->admin.socket);
}

static int open_programs(struct daemon *d)
{
	const struct nfsd_options *o = d->options;

	d->server.exports = &o->exports.table;
	d->server.programs = o->no_v4 ? &nfs3_program : o->no_v3 ? &nfs4_program : &nfs_program;
	d->server.programs->next = o->no_v3 ? NULL : &mount3_program;
	return o->no_v4 ? 0
			: version4_open(&d->v4, &d->server, d->state_fd, o->lease_s, o->grace_s);
}

static void prepare_reload(struct daemon *d)
{
	d->reload.options = d->options;
	d->reload.server = &d->server;
	d->reload.open = open_more;
	d->reload.close = close_more;
	d->reload.ctx = d;
	nfsd_reload_init(&d->reload);
}

static int build(struct daemon *d)
{
	struct ual_cfg cfg = { .provider_dir = d->options->provider_dir };
	int err = open_exports(d);

	if (!err)
		err = ual_create(&cfg, &d->ual);
	if (!err)
		err = open_reactors(d);
	if (!err)
		err = open_stats(d);
	if (err)
		return err;
	err = open_programs(d);
	if (err)
		return err;
	err = nfs_replay_create(&d->server.replay);
	if (!err)
		err = nfs_workers_create(d->options->workers, &d->server.workers);
	if (err) {
		daemon_log(LOG_ERR, "worker threads: %s", strerror(-err));
		return err;
	}
	err = listeners_open(&d->listeners, d->options, &d->server, d->reactors, d->reactor_n);
	return err ? err : open_admin(d);
}

static void take_apart(struct daemon *d)
{
	daemon_admin_close(d->admin.socket);
	listeners_close(&d->listeners);
	nfs_workers_destroy(d->server.workers);
	nfs_replay_destroy(d->server.replay);
	version4_close(&d->v4);
	nfsd_reload_deinit(&d->reload);
	for (unsigned i = 0; i < d->reactor_n; i++)
		daemon_reactor_deinit(&d->reactors[i]);
	free(d->reactors);
	free(d->server.reactors);
	ual_destroy(d->ual);
	file_systems_close(&d->file_systems);
	if (d->state_fd >= 0)
		close(d->state_fd);
}

/* ---- running ---------------------------------------------------------------------------------------------- */

static void begin_end(void *ctx, int signal)
{
	struct daemon *d = ctx;

	daemon_log(LOG_INFO, "%s: ending", strsignal(signal));
	d->ending = true;
	daemon_notify("STOPPING=1");
	daemon_admin_stop(d->admin.socket);
	listeners_stop(&d->listeners);
	last_wait_begin(&d->last_wait);
	ual_loop_stop(d->reactors[0].loop);
}

/* The others end too, though the first has not; unless somebody asks them (reactor_quiet()). */
static void stop_rest(void *ctx)
{
	struct daemon *d = ctx;

	if (!daemon_admin_stopped(d->admin.socket) || atomic_load(&d->reload.busy))
		return;
	for (unsigned i = 1; i < d->reactor_n; i++)
		ual_loop_stop(d->reactors[i].loop);
}

static void leave(void *ctx)
{
	struct daemon *d = ctx;

	listeners_unregister(&d->listeners);
	if (d->options->pid_file)
		daemon_pid_file_remove(d->options->pid_file);
}

static void hangup(void *ctx)
{
	struct daemon *d = ctx;

	if (!d->ending)
		nfsd_reload_start(&d->reload);
}

static int pid_file(struct daemon *d)
{
	int err = d->options->pid_file ? daemon_pid_file_write(d->options->pid_file) : 0;

	if (err)
		daemon_log(LOG_ERR, "%s cannot be written: %s", d->options->pid_file,
			   strerror(-err));
	return err;
}

static int serve(struct daemon *d)
{
	int err = pid_file(d);

	for (unsigned i = 1; i < d->reactor_n && !err; i++)
		err = daemon_reactor_start(&d->reactors[i]);
	if (!err)
		err = daemon_admin_start(d->admin.socket);
	if (!err) {
		if (!d->options->no_v4)
			version4_start(&d->v4, d->reactors[0].loop);
		listeners_register(&d->listeners);
		printf("openrdma-nfsd: ready:%s\n", d->listeners.ready);
		fflush(stdout);
		daemon_notify("READY=1");
		daemon_reactor_run(&d->reactors[0]);
		listeners_unregister(&d->listeners);
		if (d->options->pid_file)
			daemon_pid_file_remove(d->options->pid_file);
	}
	for (unsigned i = 1; i < d->reactor_n; i++)
		daemon_reactor_join(&d->reactors[i]);
	return err;
}

/* A connection is a descriptor, so is an open file; the soft limit is what programs with select() can bear. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int nfsd_run(struct nfsd_options *options)
{
	struct daemon d = { .options = options, .state_fd = -1 };
	int err;

	umask(0);			/* modes are the clients' */
	allow_descriptors();
	prepare_reload(&d);
	d.last_wait = (struct last_wait){
		.server = &d.server, .stop_rest = stop_rest, .leave = leave, .ctx = &d
	};
	last_wait_init(&d.last_wait);
	err = build(&d);
	if (!err)
		err = daemon_shutdown_init(&d.shutdown, d.reactors[0].loop, begin_end, &d);
	if (!err) {
		err = daemon_hangup_init(&d.hangup, d.reactors[0].loop, hangup, &d);
		if (!err) {
			err = serve(&d);
			last_wait_served(&d.last_wait);
			daemon_hangup_deinit(&d.hangup);
		}
		daemon_shutdown_deinit(&d.shutdown);
	}
	take_apart(&d);
	last_wait_deinit(&d.last_wait);
	return err;
}
