// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * FUSE: a file, and for root a loop device on it.
 *
 *   start:  mkdir DIR/NAME, mount, [child: open the file, bind a loop device to it]
 *   stop:   [child: in use?, flush, unbind], child: unmount, then rmdir
 *
 * The children do what would wait for us: helper.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/device_down.h"
#include "tools/openrdma/fuse_file.h"
#include "tools/openrdma/helper.h"
#include "tools/openrdma/host.h"
#include "tools/openrdma/loop_dev.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"

#define UNMOUNT_WAIT_MS	3000
#define UNMOUNT_POLL_MS	50

/* What a child is told; it gets a copy of our memory. */
struct fuse_job {
	char mount[STATE_PATH_MAX], file[STATE_PATH_MAX + 8];
	char device[STATE_PATH_MAX];	/* the loop device; empty: none */
	uint32_t block_size;
	bool read_only, force;
	pid_t server;
};

struct fuse_host {
	struct host host;
	struct fuse_file *file;
	struct fuse_job job;
	struct helper helper;
	bool with_loop, helping, ready, stopping, unmounted, failing;
	bool stop_after, stop_forced;	/* asked for while a child was still resizing */
	int fail_err;
	char fail_why[300];
};

static struct fuse_host *of(struct host *h)
{
	return container_of(h, struct fuse_host, host);
}

/* ---- unmounting (blocking) ------------------------------------------------------------------------ */

static bool is_mount_point(const char *dir)
{
	char parent[STATE_PATH_MAX + 4];
	struct stat a, b;

	text_put(parent, sizeof(parent), "%s/..", dir);
	/* A dead FUSE mount cannot even be looked at. */
	if (stat(dir, &a) < 0)
		return errno == ENOTCONN;
	return stat(parent, &b) == 0 && a.st_dev != b.st_dev;
}

static int unmount_once(const char *dir, bool lazy)
{
	const char *const argv[] = { "fusermount3", "-u", "-q", lazy ? "-z" : "--", dir, NULL };

	if (geteuid() == 0)
		return umount2(dir, (lazy ? MNT_DETACH : 0) | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
	return helper_spawn(argv) == 0 ? 0 : -EBUSY;
}

static int unmount(const char *dir, bool lazy)
{
	int err;

	for (int ms = 0; is_mount_point(dir); ms += UNMOUNT_POLL_MS) {
		err = unmount_once(dir, lazy);
		if (err != -EBUSY || ms >= UNMOUNT_WAIT_MS)
			return err;
		poll(NULL, 0, UNMOUNT_POLL_MS);
	}
	return 0;
}

/* ---- children ------------------------------------------------------------------------------------- */

static void bind_loop(const void *arg, struct helper_result *result)
{
	const struct fuse_job *job = arg;

	result->err = loop_dev_attach(job->file, job->block_size, job->read_only, result->text,
				      sizeof(result->text));
}

static void unbind_loop(const struct fuse_job *job, struct helper_result *result)
{
	struct device_down down = { .force = job->force, .server = job->server };

	text_put(down.device, sizeof(down.device), "%s", job->device);
	device_down(&down, result);
	if (result->err)
		return;
	result->err = loop_dev_clear(job->device);
	if (result->err && !job->force)
		text_put(result->text, sizeof(result->text), "%s: cannot be freed: %s", job->device,
			 strerror(-result->err));
	else
		result->err = 0;
}

static void take_down(const void *arg, struct helper_result *result)
{
	const struct fuse_job *job = arg;

	if (job->device[0])
		unbind_loop(job, result);
	if (result->err)
		return;
	result->err = unmount(job->mount, job->force);
	if (result->err)
		text_put(result->text, sizeof(result->text), "%s is open in a program (%s)",
			 job->file, strerror(-result->err));
}

static void resize_loop(const void *arg, struct helper_result *result)
{
	const struct fuse_job *job = arg;

	result->err = loop_dev_resize(job->device, job->file);
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* The file system is gone, or nobody can reach it: answer what is still there, then done. */
static void shut(struct fuse_host *h)
{
	h->stopping = true;
	fuse_file_shut(h->file);
}

static void file_idle(void *ctx)
{
	struct fuse_host *h = ctx;

	fuse_file_destroy(h->file);
	h->file = NULL;
	rmdir(h->job.mount);
	if (h->failing) {
		struct host_cfg cfg = h->host.cfg;
		char why[sizeof(h->fail_why)];
		int err = h->fail_err;

		memcpy(why, h->fail_why, sizeof(why));
		free(h);
		cfg.events->on_failed(cfg.ctx, err, why);
		return;
	}
	h->host.cfg.events->on_stopped(h->host.cfg.ctx, 0, "");
}

static void taken_down(struct helper *helper, const struct helper_result *result)
{
	struct fuse_host *h = helper->ctx;

	h->helping = false;
	if (result->err && !h->unmounted && !h->failing) {
		h->stopping = false;
		h->host.cfg.events->on_stopped(h->host.cfg.ctx, result->err, result->text);
		return;
	}
	shut(h);
}

static void begin_take_down(struct fuse_host *h, bool force)
{
	struct helper_result failed = { 0 };

	h->stopping = true;
	h->job.force = force;
	h->job.server = getpid();
	h->helper.done = taken_down;
	h->helping = true;
	failed.err = helper_run(h->host.cfg.loop, &h->helper, take_down, &h->job);
	if (failed.err) {
		text_put(failed.text, sizeof(failed.text), "cannot start a process: %s",
			 strerror(-failed.err));
		taken_down(&h->helper, &failed);
	}
}

static void fail(struct fuse_host *h, int err, const char *why)
{
	h->failing = true;
	h->fail_err = err;
	text_put(h->fail_why, sizeof(h->fail_why), "%s", why);
	begin_take_down(h, true);
}

/* ---- the file system ------------------------------------------------------------------------------- */

static void ready(struct fuse_host *h, const char *device)
{
	h->ready = true;
	h->host.cfg.events->on_ready(h->host.cfg.ctx, device);
}

static void loop_bound(struct helper *helper, const struct helper_result *result)
{
	struct fuse_host *h = helper->ctx;

	h->helping = false;
	if (result->err) {
		fail(h, result->err, result->text);
		return;
	}
	text_put(h->job.device, sizeof(h->job.device), "%s", result->text);
	ready(h, h->job.device);
}

static void file_up(void *ctx)
{
	struct fuse_host *h = ctx;

	if (!h->with_loop && !h->ready)
		ready(h, h->job.file);
}

static void file_unmounted(void *ctx)
{
	struct fuse_host *h = ctx;

	h->unmounted = true;
	if (h->stopping || h->helping)
		return;		/* by our own child: its report ends it */
	report_log("%s was unmounted by somebody else", h->job.mount);
	if (h->job.device[0])
		begin_take_down(h, true);
	else
		shut(h);
}

/* ---- host ----------------------------------------------------------------------------------------- */

static bool fuse_available(bool named, char *why, size_t why_len)
{
	if (access("/dev/fuse", F_OK) < 0) {
		static const char *const modprobe[] = { "modprobe", "-q", "fuse", NULL };

		helper_spawn(modprobe);
	}
	if (access("/dev/fuse", R_OK | W_OK) < 0) {
		text_put(why, why_len, "/dev/fuse: %s", strerror(errno));
		return false;
	}
	if (geteuid() != 0 && access("/usr/bin/fusermount3", X_OK) < 0 &&
	    access("/bin/fusermount3", X_OK) < 0) {
		text_put(why, why_len,
			 "fusermount3 is not installed (package fuse3), which mounts for users");
		return false;
	}
	return true;
}

static bool loop_wanted(void)
{
	char why[200];

	if (geteuid() != 0)
		return false;
	if (loop_dev_available(why, sizeof(why)))
		return true;
	report_log("no loop device (%s): only the file is offered", why);
	return false;
}

static void fill_job(struct fuse_host *h)
{
	const struct host_cfg *cfg = &h->host.cfg;

	state_path(cfg->dir, cfg->name, "", h->job.mount, sizeof(h->job.mount));
	text_put(h->job.file, sizeof(h->job.file), "%s/disk", h->job.mount);
	h->job.block_size = dio_info(cfg->dio)->block_size;
	h->job.read_only = dio_read_only(cfg->dio);
}

static int fuse_start(const struct host_cfg *cfg, struct host **out)
{
	struct fuse_host *h = calloc(1, sizeof(*h));
	struct fuse_file_cfg file;
	int err;

	if (!h)
		return -ENOMEM;
	h->host = (struct host){ .ops = &host_fuse, .cfg = *cfg };
	h->helper.ctx = h;
	h->with_loop = loop_wanted();
	fill_job(h);
	text_put(cfg->entry->mount, sizeof(cfg->entry->mount), "%s", h->job.mount);
	cfg->remember(cfg->ctx);

	if (mkdir(h->job.mount, 0700) < 0 && errno != EEXIST) {
		err = -errno;
		goto err_free;
	}
	file = (struct fuse_file_cfg){
		.loop = cfg->loop,
		.dio = cfg->dio,
		.dir = h->job.mount,
		.name = cfg->name,
		.depth = cfg->depth,
		.on_up = file_up,
		.on_unmounted = file_unmounted,
		.on_idle = file_idle,
		.ctx = h,
		.why = cfg->why,
		.why_len = cfg->why_len,
	};
	err = fuse_file_create(&file, &h->file);
	if (err)
		goto err_rmdir;
	if (h->with_loop) {
		h->helper.done = loop_bound;
		h->helping = true;
		err = helper_run(cfg->loop, &h->helper, bind_loop, &h->job);
		if (err)
			goto err_file;
	}
	*out = &h->host;
	return 0;

err_file:
	fuse_file_destroy(h->file);
err_rmdir:
	rmdir(h->job.mount);
err_free:
	free(h);
	return err;
}

static void fuse_stop(struct host *host, bool force)
{
	struct fuse_host *h = of(host);

	if (!h->helping) {
		begin_take_down(h, force);
		return;
	}
	h->stop_after = true;
	h->stop_forced = force;
}

static void fuse_destroy(struct host *host)
{
	free(of(host));
}

static void resized(struct helper *helper, const struct helper_result *result)
{
	struct fuse_host *h = helper->ctx;

	h->helping = false;
	if (result->err)
		report_log("%s: cannot take over the new size: %s", h->job.device,
			   strerror(-result->err));
	if (h->stop_after)
		begin_take_down(h, h->stop_forced);
}

static void fuse_resized(struct host *host)
{
	struct fuse_host *h = of(host);

	if (!h->job.device[0] || h->helping || h->stopping)
		return;
	h->helper.done = resized;
	h->helping = helper_run(host->cfg.loop, &h->helper, resize_loop, &h->job) == 0;
}

static int fuse_sweep(const struct state_entry *e, char *why, size_t why_len)
{
	char file[STATE_PATH_MAX + 8], device[STATE_PATH_MAX];
	int err;

	text_put(file, sizeof(file), "%s/disk", e->mount);
	while (loop_dev_find(file, device, sizeof(device)) == 0) {
		err = loop_dev_clear(device);
		if (err == -EBUSY)
			break;	/* freed by the kernel when its last user closes it */
		if (err) {
			text_put(why, why_len, "%s: %s", device, strerror(-err));
			return err;
		}
	}
	err = unmount(e->mount, true);
	if (err) {
		text_put(why, why_len, "%s: cannot unmount: %s", e->mount, strerror(-err));
		return err;
	}
	if (rmdir(e->mount) < 0 && errno != ENOENT) {
		text_put(why, why_len, "%s: %s", e->mount, strerror(errno));
		return -errno;
	}
	return 0;
}

static bool fuse_left(const struct state_entry *e)
{
	struct stat st;

	/* Not stat(): a dead mount has nobody to answer; its directory is still an entry of the parent. */
	return e->mount[0] && !(lstat(e->mount, &st) < 0 && errno == ENOENT);
}

const struct host_ops host_fuse = {
	.name = "fuse",
	.what = "a file served by FUSE, and /dev/loopN on it for root",
	.available = fuse_available,
	.start = fuse_start,
	.stop = fuse_stop,
	.destroy = fuse_destroy,
	.resized = fuse_resized,
	.sweep = fuse_sweep,
	.left = fuse_left,
};
