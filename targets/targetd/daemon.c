// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/targetd/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "iser/iser_target.h"
#include "targets/scsi/server.h"
#include "targets/daemon/addr.h"
#include "targets/daemon/hangup.h"
#include "targets/daemon/log.h"
#include "targets/targetd/admin.h"
#include "targets/targetd/luns.h"
#include "targets/daemon/notify.h"
#include "targets/daemon/pid_file.h"
#include "targets/daemon/reactor.h"
#include "targets/daemon/shutdown.h"

#define PORTAL_TEXT_MAX	DAEMON_ADDR_TEXT

struct daemon {
	const struct targetd_options *options;
	struct targetd_luns luns;
	struct ual *ual;
	struct daemon_reactor *reactors;
	unsigned reactor_n;
	struct scsi_server *scsi;
	struct oriser_server *iser;
	struct targetd_admin admin;
	struct targetd_reload reload;
	struct daemon_hangup hangup;
	struct daemon_shutdown shutdown;
};

/* ---- construction, in this order; taken apart in the other ----------------------------------------- */

static int open_reactors(struct daemon *d)
{
	const struct targetd_options *o = d->options;

	d->reactors = calloc(o->reactors, sizeof(d->reactors[0]));
	if (!d->reactors)
		return -ENOMEM;
	return daemon_reactors_open(d->reactors, o->reactors, d->ual, o->device, o->spin_us,
				    &d->reactor_n);
}

static int open_iser(struct daemon *d)
{
	const struct targetd_options *o = d->options;
	struct ual_device **devs = calloc(d->reactor_n, sizeof(devs[0]));
	struct oriser_server_cfg cfg = {
		.devs = devs,
		.dev_n = d->reactor_n,
		.ops = &scsi_backend_ops,
		.ctx = d->scsi,
		.sessions_max = o->sessions_max,
		.depth = o->depth,
		.terms = o->terms,
		.no_remote_inv = o->no_remote_inv,
		.conn = {
			.crc = o->crc,
			.mpa_revision = o->mpa_revision,
			.mpa_markers = o->mpa_markers,
			.mpa_rtr = o->mpa_rtr,
		},
		.log = daemon_log_msg,
	};
	int err;

	if (!devs)
		return -ENOMEM;
	for (unsigned i = 0; i < d->reactor_n; i++)
		devs[i] = d->reactors[i].dev;
	err = oriser_server_create(&cfg, &d->iser);
	free(devs);
	return err;
}

/*
 * Files that are being synchronised: their end is the operating system's affair.  The admin thread may be asking
 * reactors; the first one ends first, the others go on until they are joined.
 */
static bool reactor_quiet(void *ctx, unsigned index)
{
	const struct daemon *d = ctx;

	return scsi_server_quiet(d->scsi, index) &&
	       (index || (daemon_admin_stopped(d->admin.socket) && !atomic_load(&d->reload.busy)));
}

static int join_luns(struct daemon *d)
{
	for (unsigned i = 0; i < d->reactor_n; i++) {
		struct store_reactor_cfg cfg = {
			.loop = d->reactors[i].loop,
			.pd = oriser_server_pd(d->iser, i),
			.pool_max = d->options->pool_max,
			.aio = d->options->aio,
		};
		int err = scsi_server_reactor_add(d->scsi, &cfg);

		if (err) {
			daemon_log(LOG_ERR, "the LUNs cannot be joined to reactor %u: %s", i,
				   strerror(-err));
			return err;
		}
		d->reactors[i].quiet = reactor_quiet;
		d->reactors[i].ctx = d;
	}
	return 0;
}

static int open_admin(struct daemon *d)
{
	struct daemon_admin_cfg cfg = {
		.path = d->options->admin,
		.program = "openrdma-targetd",
		.socket_name = "targetd.sock",
		.version = OPENRDMA_VERSION,
		.ops = &targetd_admin_ops,
		.ctx = &d->admin,
	};

	d->admin.reactors = d->reactors;
	d->admin.reactor_n = d->reactor_n;
	d->admin.iser = d->iser;
	d->admin.options = d->options;
	d->admin.luns = &d->luns;
	d->admin.reload = &d->reload;
	return daemon_admin_open(&cfg, &d->admin.socket);
}

static void prepare_reload(struct daemon *d)
{
	d->reload.options = d->options;
	d->reload.luns = &d->luns;
	d->reload.scsi = d->scsi;
	d->reload.iser = d->iser;
	d->reload.reactors = d->reactors;
	d->reload.reactor_n = d->reactor_n;
	targetd_reload_init(&d->reload);
}

/* The SCSI server gives the first slots to those that are there at the start, in their order. */
static int open_scsi(struct daemon *d)
{
	struct lun *luns[SCSI_LUNS_MAX];

	for (unsigned i = 0; i < d->luns.n; i++)
		luns[i] = d->luns.disks[i]->lun;
	return scsi_server_create(luns, d->luns.n, &d->scsi);
}

static int build(struct daemon *d)
{
	struct ual_cfg cfg = { .provider_dir = d->options->provider_dir };
	int err = targetd_luns_open(d->options, &d->luns);

	if (err)
		return err;
	err = ual_create(&cfg, &d->ual);
	if (!err)
		err = open_reactors(d);
	if (err)
		return err;
	err = open_scsi(d);
	if (!err)
		err = open_iser(d);
	if (err) {
		daemon_log(LOG_ERR, "the server cannot be made: %s", strerror(-err));
		return err;
	}
	prepare_reload(d);
	err = join_luns(d);
	return err ? err : open_admin(d);
}

static int take_apart(struct daemon *d)
{
	daemon_admin_close(d->admin.socket);
	targetd_reload_deinit(&d->reload);
	scsi_server_destroy(d->scsi);
	oriser_server_destroy(d->iser);
	for (unsigned i = 0; i < d->reactor_n; i++)
		daemon_reactor_deinit(&d->reactors[i]);
	free(d->reactors);
	ual_destroy(d->ual);
	return targetd_luns_close(&d->luns);
}

/* ---- portals --------------------------------------------------------------------------------------- */

static int listen_on(struct daemon *d, const struct targetd_portal *portal, char *text)
{
	struct sockaddr_storage bound;
	int err = oriser_server_listen(d->iser, (const struct sockaddr *)&portal->addr,
				       portal->addr_len, &bound);

	if (!err) {
		d->admin.portals[d->admin.portal_n++] = bound;
		daemon_addr_text(&bound, text);
		return 0;
	}
	daemon_addr_text(&portal->addr, text);
	if (portal->is_default && (err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL)) {
		daemon_log(LOG_NOTICE, "portal %s: this machine has no such address", text);
		text[0] = '\0';
		return 0;
	}
	daemon_log(LOG_ERR, "portal %s: %s%s", text, strerror(-err),
		   err == -EADDRINUSE	   ? "; stop what listens there or choose another --portal"
		   : err == -EADDRNOTAVAIL ? "; give an address of this machine"
		   : err == -EACCES	   ? "; ports below 1024 need root"
					   : "");
	return err;
}

static int listen_on_all(struct daemon *d, char *ready, size_t ready_len)
{
	char text[PORTAL_TEXT_MAX];
	size_t len = 0;
	int err;

	ready[0] = '\0';
	for (unsigned i = 0; i < d->options->portal_n; i++) {
		err = listen_on(d, &d->options->portals[i], text);
		if (err)
			return err;
		if (text[0])
			len += (size_t)snprintf(ready + len, ready_len - len, " %s", text);
	}
	return 0;
}

/* ---- running --------------------------------------------------------------------------------------- */

static void sessions_gone(void *ctx)
{
	struct daemon *d = ctx;

	ual_loop_stop(d->reactors[0].loop);
}

static void begin_end(void *ctx, int signal)
{
	struct daemon *d = ctx;

	daemon_log(LOG_INFO, "%s: ending %u sessions", strsignal(signal),
		   oriser_server_sessions(d->iser));
	daemon_notify("STOPPING=1");
	daemon_admin_stop(d->admin.socket);
	oriser_server_stop(d->iser, sessions_gone, d);
}

static void on_hangup(void *ctx)
{
	struct daemon *d = ctx;

	targetd_reload_start(&d->reload);
}

/* Signals that are asked for: without their handlers they would end the process. */
static int watch_signals(struct daemon *d)
{
	int err = daemon_shutdown_init(&d->shutdown, d->reactors[0].loop, begin_end, d);

	if (err)
		return err;
	err = daemon_hangup_init(&d->hangup, d->reactors[0].loop, on_hangup, d);
	if (err)
		daemon_shutdown_deinit(&d->shutdown);
	return err;
}

static int serve(struct daemon *d)
{
	char ready[TARGETD_PORTALS_MAX * PORTAL_TEXT_MAX];
	int err = 0, listen_err;

	for (unsigned i = 1; i < d->reactor_n && !err; i++)
		err = daemon_reactor_start(&d->reactors[i]);
	if (err) {
		daemon_log(LOG_ERR, "a thread cannot be started: %s", strerror(-err));
		goto join;
	}
	listen_err = listen_on_all(d, ready, sizeof(ready));
	if (!listen_err && d->options->pid_file) {
		listen_err = daemon_pid_file_write(d->options->pid_file);
		if (listen_err)
			daemon_log(LOG_ERR, "%s cannot be written: %s", d->options->pid_file,
				   strerror(-listen_err));
	}
	if (!listen_err)
		listen_err = daemon_admin_start(d->admin.socket);
	if (listen_err) {
		oriser_server_stop(d->iser, sessions_gone, d);
	} else {
		printf("openrdma-targetd: ready:%s\n", ready);
		fflush(stdout);
		daemon_notify("READY=1");
	}
	daemon_reactor_run(&d->reactors[0]);
	if (!listen_err && d->options->pid_file)
		daemon_pid_file_remove(d->options->pid_file);
	err = listen_err;

join:
	for (unsigned i = 1; i < d->reactor_n; i++)
		daemon_reactor_join(&d->reactors[i]);
	return err;
}

/* A session is a descriptor; the soft limit is what programs with select() can bear. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int targetd_run(const struct targetd_options *options)
{
	struct daemon d = { .options = options };
	int err, flush_err;

	allow_descriptors();
	err = build(&d);
	if (!err) {
		err = watch_signals(&d);
		if (!err) {
			err = serve(&d);
			daemon_hangup_deinit(&d.hangup);
			daemon_shutdown_deinit(&d.shutdown);
		}
	}
	flush_err = take_apart(&d);
	return err ? err : flush_err;
}
