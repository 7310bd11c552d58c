// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/attachment.h"
#include "tools/openrdma/daemon.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"
#include "tools/openrdma/transport.h"

#define LOGIN_TIMEOUT_MS 10000

enum phase { PHASE_OPENING, PHASE_STARTING, PHASE_UP, PHASE_STOPPING, PHASE_CLOSING, PHASE_DONE };

struct attachment {
	const struct attachment_cfg *cfg;
	struct transport net;
	struct oriser_disk *disk;
	struct dio *dio;
	struct host_cfg host_cfg;
	struct host *host;
	struct state_entry entry;
	enum phase phase;
	enum oriser_disk_state disk_state;
	char disk_why[200];
	bool stop_wanted;	/* asked for while the host was starting */
	bool reported;
	int err;		/* what it ends with */
	struct ual_watch signals, waiter;
	bool waiter_watched;
	struct dio_req flush;
	uint32_t told;		/* losses that some user of the device knows of */
};

static void begin_stop(struct attachment *a, bool force);

/* ---- telling ------------------------------------------------------------------------------------- */

static void save(struct attachment *a, const char *status, const char *why)
{
	int err;

	text_put(a->entry.status, sizeof(a->entry.status), "%s", status);
	text_put(a->entry.why, sizeof(a->entry.why), "%s", why);
	err = state_save(a->cfg->dir, &a->entry);
	if (err)
		report_log("cannot write the state in %s: %s", a->cfg->dir, strerror(-err));
}

/* What it is while nothing is being done to it: what the disk is. */
static void save_disk_state(struct attachment *a, const char *why)
{
	static const char *const names[] = {
		[ORISER_DISK_OPENING] = "starting",
		[ORISER_DISK_UP] = "up",
		[ORISER_DISK_RECONNECTING] = "reconnecting",
		[ORISER_DISK_FAILED] = "failed",
	};

	save(a, names[a->disk_state], *why ? why : a->disk_why);
}

static void remember(void *ctx)
{
	struct attachment *a = ctx;

	save(a, "starting", "");
}

static void report(struct attachment *a, int err, const char *text)
{
	if (a->reported)
		return;
	a->reported = true;
	if (a->waiter_watched) {
		ual_watch_del(a->net.loop, &a->waiter);
		a->waiter_watched = false;
	}
	a->cfg->report(a->cfg->ctx, err, text);
}

static void fail(struct attachment *a, int err, const char *why)
{
	a->err = err;
	if (a->reported)
		report_log("%s", why);
	report(a, err, why);
}

/* ---- the end -------------------------------------------------------------------------------------- */

static void disk_closed(void *ctx)
{
	struct attachment *a = ctx;

	a->phase = PHASE_DONE;
	ual_loop_stop(a->net.loop);
}

static void close_disk(struct attachment *a)
{
	a->phase = PHASE_CLOSING;
	dio_destroy(a->dio);
	oriser_disk_close(a->disk, disk_closed, a);
}

static void flushed(struct dio_req *r, int err)
{
	struct attachment *a = r->ctx;

	if (err && err != -EOPNOTSUPP) {
		report_log("the last flush failed: %s", strerror(-err));
		a->err = err;
	}
	close_disk(a);
}

/* The host is gone and with it every user: what the target still holds in its cache is written. */
static void flush_and_close(struct attachment *a)
{
	a->phase = PHASE_CLOSING;
	if (dio_read_only(a->dio)) {
		close_disk(a);
		return;
	}
	a->told = oriser_disk_losses_told(a->disk);
	a->flush =
		(struct dio_req){ .op = ORISER_FLUSH, .told = &a->told, .fn = flushed, .ctx = a };
	dio_submit(a->dio, &a->flush);
}

/* ---- the host ------------------------------------------------------------------------------------- */

static void host_ready(void *ctx, const char *device)
{
	struct attachment *a = ctx;

	a->phase = PHASE_UP;
	text_put(a->entry.device, sizeof(a->entry.device), "%s", device);
	save_disk_state(a, "");
	report_log("%s is %s", a->cfg->url_text, device);
	report(a, 0, device);
	if (a->stop_wanted)
		begin_stop(a, false);
}

static void host_failed(void *ctx, int err, const char *why)
{
	struct attachment *a = ctx;

	a->host = NULL;
	fail(a, err, why);
	close_disk(a);
}

static void host_stopped(void *ctx, int err, const char *why)
{
	struct attachment *a = ctx;

	if (err) {
		report_log("not detached: %s", why);
		a->phase = PHASE_UP;
		a->entry.refusals++;
		save_disk_state(a, why);
		return;
	}
	a->host->ops->destroy(a->host);
	a->host = NULL;
	flush_and_close(a);
}

static const struct host_events host_events = {
	.on_ready = host_ready,
	.on_failed = host_failed,
	.on_stopped = host_stopped,
};

static void start_host(struct attachment *a)
{
	char why[400], reason[300] = "";
	int err;

	err = dio_create(a->net.loop, a->disk, a->cfg->read_only, &a->dio);
	if (err) {
		text_put(why, sizeof(why), "%s: cannot use blocks of %u bytes: %s",
			 a->cfg->url_text, oriser_disk_info(a->disk)->block_size, strerror(-err));
		fail(a, err, why);
		close_disk(a);
		return;
	}
	a->phase = PHASE_STARTING;
	a->entry.size = dio_info(a->dio)->size;
	a->entry.read_only = dio_read_only(a->dio);
	a->host_cfg = (struct host_cfg){
		.loop = a->net.loop,
		.dio = a->dio,
		.name = a->cfg->name,
		.url = a->cfg->url_text,
		.dir = a->cfg->dir,
		.depth = a->cfg->depth,
		.entry = &a->entry,
		.remember = remember,
		.events = &host_events,
		.ctx = a,
		.why = reason,
		.why_len = sizeof(reason),
	};
	err = a->cfg->host->start(&a->host_cfg, &a->host);
	/* The host keeps a copy of the rest. */
	a->host_cfg.why = NULL;
	a->host_cfg.why_len = 0;
	if (err) {
		text_put(why, sizeof(why), "cannot start %s: %s", a->cfg->host->name,
			 *reason ? reason : strerror(-err));
		fail(a, err, why);
		close_disk(a);
	}
}

/* ---- the disk ------------------------------------------------------------------------------------- */

static void disk_open(struct oriser_disk *disk, int err, const char *why)
{
	struct attachment *a = oriser_disk_ctx(disk);
	char text[600];

	if (!err) {
		a->disk_state = ORISER_DISK_UP;
		start_host(a);
		return;
	}
	text_put(text, sizeof(text), "%s: %s", a->cfg->url_text, why);
	fail(a, err, text);
	close_disk(a);
}

static void disk_state(struct oriser_disk *disk, enum oriser_disk_state state, const char *why)
{
	static const char *const words[] = {
		[ORISER_DISK_OPENING] = "connecting",
		[ORISER_DISK_UP] = "connected",
		[ORISER_DISK_RECONNECTING] = "reconnecting",
		[ORISER_DISK_FAILED] = "failed",
	};
	struct attachment *a = oriser_disk_ctx(disk);
	uint64_t size;

	/* Remembered in every phase: it is told when this one is over. */
	a->disk_state = state;
	text_put(a->disk_why, sizeof(a->disk_why), "%s",
		 state == ORISER_DISK_UP || !why ? "" : why);
	if (a->phase != PHASE_UP && a->phase != PHASE_STOPPING)
		return;
	report_log("%s%s%s", words[state], why && *why ? ": " : "", why ? why : "");
	size = oriser_disk_info(disk)->size;
	if (size != a->entry.size) {
		report_log("the size changed from %" PRIu64 " to %" PRIu64 " bytes", a->entry.size,
			   size);
		a->entry.size = size;
		if (a->phase == PHASE_UP)
			a->host->ops->resized(a->host);
	}
	if (a->phase == PHASE_UP)
		save_disk_state(a, "");
}

static const struct oriser_disk_ops disk_ops = { .on_open = disk_open, .on_state = disk_state };

/* ---- signals -------------------------------------------------------------------------------------- */

static void begin_stop(struct attachment *a, bool force)
{
	switch (a->phase) {
	case PHASE_OPENING:
		fail(a, -EINTR, "interrupted");
		close_disk(a);
		break;
	case PHASE_STARTING:
		a->stop_wanted = true;
		break;
	case PHASE_UP:
		a->phase = PHASE_STOPPING;
		save(a, "stopping", "");
		a->host->ops->stop(a->host, force);
		break;
	case PHASE_STOPPING:
	case PHASE_CLOSING:
	case PHASE_DONE:
		break;
	}
}

static void on_signal(struct ual_watch *w, uint32_t events)
{
	struct attachment *a = w->ctx;
	struct signalfd_siginfo si;

	if (read(w->fd, &si, sizeof(si)) != sizeof(si))
		return;
	begin_stop(a, si.ssi_code == SI_QUEUE && si.ssi_int == ATTACHMENT_FORCE);
}

/* Whoever asked for the attachment was interrupted: nobody would know the device. */
static void on_waiter_gone(struct ual_watch *w, uint32_t events)
{
	struct attachment *a = w->ctx;

	ual_watch_del(a->net.loop, w);
	a->waiter_watched = false;
	begin_stop(a, false);
}

static int watch_signals(struct attachment *a)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	a->signals = (struct ual_watch){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
		.events = EPOLLIN,
		.fn = on_signal,
		.ctx = a,
	};
	if (a->signals.fd < 0)
		return -errno;
	err = ual_watch_add(a->net.loop, &a->signals);
	if (err) {
		close(a->signals.fd);
		a->signals.fd = -1;
	}
	return err;
}

static void watch_waiter(struct attachment *a)
{
	if (a->cfg->waiter_fd < 0)
		return;
	/* Only the hang-up is of interest, and that is always reported. */
	a->waiter = (struct ual_watch){
		.fd = a->cfg->waiter_fd, .events = 0, .fn = on_waiter_gone, .ctx = a
	};
	a->waiter_watched = ual_watch_add(a->net.loop, &a->waiter) == 0;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static int open_disk(struct attachment *a)
{
	struct oriser_disk_cfg cfg = {
		.dev = a->net.dev,
		.url = a->cfg->url,
		.depth = a->cfg->depth,
		.timeout_ms = a->cfg->timeout_ms,
		.login_timeout_ms = LOGIN_TIMEOUT_MS,
	};

	return oriser_disk_open(&cfg, &disk_ops, a, &a->disk);
}

static void describe(struct attachment *a)
{
	const struct attachment_cfg *cfg = a->cfg;

	text_put(a->entry.name, sizeof(a->entry.name), "%s", cfg->name);
	text_put(a->entry.url, sizeof(a->entry.url), "%s", cfg->url_text);
	text_put(a->entry.via, sizeof(a->entry.via), "%s", cfg->host->name);
	a->entry.pid = getpid();
	a->entry.started = time(NULL);
}

int attachment_run(const struct attachment_cfg *cfg)
{
	struct attachment a = { .cfg = cfg };
	char why[256];
	int err;

	describe(&a);
	err = transport_open(&a.net, why, sizeof(why));
	if (err) {
		cfg->report(cfg->ctx, err, why);
		return err;
	}
	err = watch_signals(&a);
	if (err)
		goto err_transport;
	save(&a, "starting", "");
	err = open_disk(&a);
	if (err)
		goto err_signals;
	watch_waiter(&a);
	daemon_guard();

	ual_loop_run(a.net.loop);

	core_assert(a.phase == PHASE_DONE);
	err = a.err;
	goto out;

err_signals:
err_transport:
	text_put(why, sizeof(why), "%s: cannot start: %s", cfg->url_text, strerror(-err));
	cfg->report(cfg->ctx, err, why);
out:
	if (a.signals.fd > 0) {
		ual_watch_del(a.net.loop, &a.signals);
		close(a.signals.fd);
	}
	transport_close(&a.net);
	return err;
}
