// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * ublk: a block device of the kernel, /dev/ublkbN, whose requests come and go over io_uring.
 *
 *   add device ---> parameters ---> queue offers its tags ---> start ---> ready
 *   in use? flush (child) ---> stop ---> all tags back ---> queue closed ---> delete
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/device_down.h"
#include "tools/openrdma/helper.h"
#include "tools/openrdma/host.h"
#include "tools/openrdma/in_use.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"
#include "tools/openrdma/ublk_ctrl.h"
#include "tools/openrdma/ublk_queue.h"

#define CONTROL		"/dev/ublk-control"
#define DEVICE_PREFIX	"/dev/ublkb"
#define QUICK_MS	5000
#define SWEEP_MS	10000
#define DEPTH_MAX	512	/* of the queue; more wait in the block layer */
#define SECTOR_SHIFT	9
#define BLOCK_SHIFT_MAX	12	/* the kernel's page */
#define ZEROES_MAX	(1u << 30)

struct ublk_host {
	struct host host;
	struct ublk_ctrl ctrl;
	struct ublk_queue *queue;
	unsigned dev_id;
	char device[64];
	struct device_down down;
	struct helper helper;
	bool stopped;			/* the kernel has answered to the stop */
	int fail_err;
	char fail_why[300];
};

static struct ublk_host *of(struct host *h)
{
	return container_of(h, struct ublk_host, host);
}

static struct ublksrv_ctrl_cmd ctrl_cmd(unsigned dev_id)
{
	return (struct ublksrv_ctrl_cmd){ .dev_id = dev_id, .queue_id = (uint16_t)-1 };
}

/* ---- parameters ----------------------------------------------------------------------------------- */

static uint8_t shift_of(uint32_t bytes)
{
	return bytes ? (uint8_t)(31 - __builtin_clz(bytes)) : 0;
}

static void fill_params(const struct dio *dio, struct ublk_params *p)
{
	const struct oriser_disk_info *info = dio_info(dio);
	uint8_t block = shift_of(info->block_size);
	uint8_t physical = max_t(uint8_t, block, shift_of(info->physical_block_size));

	*p = (struct ublk_params){
		.len = sizeof(*p),
		.types = UBLK_PARAM_TYPE_BASIC,
		.basic = {
			.attrs = (dio_read_only(dio) ? UBLK_ATTR_READ_ONLY : 0) |
				 (info->rotational ? UBLK_ATTR_ROTATIONAL : 0) |
				 (info->write_cache ? UBLK_ATTR_VOLATILE_CACHE | UBLK_ATTR_FUA : 0),
			.logical_bs_shift = block,
			.physical_bs_shift = physical,
			.io_min_shift = physical,
			.io_opt_shift = max_t(uint8_t, physical, shift_of(info->io_opt)),
			.max_sectors = UBLK_IO_MAX >> SECTOR_SHIFT,
			.dev_sectors = info->size >> SECTOR_SHIFT,
		},
	};
	if (dio_read_only(dio) || (!info->discard && !info->write_zeroes))
		return;
	p->types |= UBLK_PARAM_TYPE_DISCARD;
	p->discard = (struct ublk_param_discard){
		.discard_granularity = max_t(uint32_t, info->discard_granularity, info->block_size),
		.max_discard_segments = 1,
	};
	if (info->discard)
		p->discard.max_discard_sectors =
			(uint32_t)(min_t(uint64_t, info->discard_max, ZEROES_MAX) >> SECTOR_SHIFT);
	if (info->write_zeroes)
		p->discard.max_write_zeroes_sectors = ZEROES_MAX >> SECTOR_SHIFT;
}

/* ---- the end -------------------------------------------------------------------------------------- */

static void finish(struct ublk_host *h)
{
	struct host_cfg cfg = h->host.cfg;
	char why[sizeof(h->fail_why)];
	int err = h->fail_err;

	ublk_ctrl_close(&h->ctrl);
	if (!err) {
		cfg.events->on_stopped(cfg.ctx, 0, "");
		return;
	}
	memcpy(why, h->fail_why, sizeof(why));
	free(h);
	cfg.events->on_failed(cfg.ctx, err, why);
}

static void deleted(void *ctx, int err)
{
	struct ublk_host *h = ctx;

	if (err)
		report_log("%s: the kernel did not delete it: %s", h->device, strerror(-err));
	finish(h);
}

static void delete(struct ublk_host *h)
{
	struct ublksrv_ctrl_cmd cmd = ctrl_cmd(h->dev_id);
	int err;

	ublk_queue_destroy(h->queue);
	h->queue = NULL;
	err = ublk_ctrl_async(&h->ctrl, h->host.cfg.loop, UBLK_CMD_DEL_DEV, &cmd, deleted, h);
	if (err)
		deleted(h, err);
}

/* The kernel's answer to the stop and the last tag come in either order. */
static void check_over(struct ublk_host *h)
{
	if (h->stopped && ublk_queue_drained(h->queue))
		delete(h);
}

static void drained(void *ctx)
{
	check_over(ctx);
}

static void stopped(void *ctx, int err)
{
	struct ublk_host *h = ctx;

	if (err)
		report_log("%s: the kernel did not stop it: %s", h->device, strerror(-err));
	h->stopped = true;
	check_over(h);
}

static void stop_device(struct ublk_host *h)
{
	struct ublksrv_ctrl_cmd cmd = ctrl_cmd(h->dev_id);
	int err = ublk_ctrl_async(&h->ctrl, h->host.cfg.loop, UBLK_CMD_STOP_DEV, &cmd, stopped, h);

	if (err)
		stopped(h, err);
}

static void run_down(const void *arg, struct helper_result *result)
{
	device_down(arg, result);
}

static void down(struct helper *helper, const struct helper_result *result)
{
	struct ublk_host *h = helper->ctx;

	if (result->err)
		h->host.cfg.events->on_stopped(h->host.cfg.ctx, result->err, result->text);
	else
		stop_device(h);
}

static void ublk_stop(struct host *host, bool force)
{
	struct ublk_host *h = of(host);
	struct helper_result failed = { 0 };

	h->down.force = force;
	h->down.server = getpid();
	text_put(h->down.device, sizeof(h->down.device), "%s", h->device);
	h->helper.done = down;
	failed.err = helper_run(host->cfg.loop, &h->helper, run_down, &h->down);
	if (failed.err) {
		text_put(failed.text, sizeof(failed.text), "cannot start a process: %s",
			 strerror(-failed.err));
		down(&h->helper, &failed);
	}
}

/* ---- the beginning -------------------------------------------------------------------------------- */

static void started(void *ctx, int err)
{
	struct ublk_host *h = ctx;

	if (err) {
		h->fail_err = err;
		text_put(h->fail_why, sizeof(h->fail_why), "%s: the kernel did not start it: %s",
			 h->device, strerror(-err));
		stop_device(h);
		return;
	}
	h->host.cfg.events->on_ready(h->host.cfg.ctx, h->device);
}

static int add_device(struct ublk_host *h)
{
	struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = 1,
		.queue_depth = (uint16_t)min_t(uint32_t, h->host.cfg.depth, DEPTH_MAX),
		.max_io_buf_bytes = UBLK_IO_MAX,
		.dev_id = (uint32_t)-1,
		.ublksrv_pid = getpid(),
		.flags = h->ctrl.encoded ? UBLK_F_CMD_IOCTL_ENCODE : 0,
	};
	struct ublksrv_ctrl_cmd cmd = ctrl_cmd((unsigned)-1);
	int err;

	cmd.addr = (uintptr_t)&info;
	cmd.len = sizeof(info);
	err = ublk_ctrl_sync(&h->ctrl, UBLK_CMD_ADD_DEV, &cmd, QUICK_MS);
	if (err)
		return err;
	h->dev_id = info.dev_id;
	text_put(h->device, sizeof(h->device), DEVICE_PREFIX "%u", h->dev_id);
	return 0;
}

static int set_params(struct ublk_host *h)
{
	struct ublksrv_ctrl_cmd cmd = ctrl_cmd(h->dev_id);
	struct ublk_params params;

	fill_params(h->host.cfg.dio, &params);
	cmd.addr = (uintptr_t)&params;
	cmd.len = sizeof(params);
	return ublk_ctrl_sync(&h->ctrl, UBLK_CMD_SET_PARAMS, &cmd, QUICK_MS);
}

static int make_queue(struct ublk_host *h)
{
	struct ublk_queue_cfg cfg = {
		.loop = h->host.cfg.loop,
		.dio = h->host.cfg.dio,
		.dev_id = h->dev_id,
		.depth = min_t(uint32_t, h->host.cfg.depth, DEPTH_MAX),
		.encoded = h->ctrl.encoded,
		.on_drained = drained,
		.ctx = h,
	};

	return ublk_queue_create(&cfg, &h->queue);
}

static int start_device(struct ublk_host *h)
{
	struct ublksrv_ctrl_cmd cmd = ctrl_cmd(h->dev_id);

	cmd.data[0] = (uint64_t)getpid();
	return ublk_ctrl_async(&h->ctrl, h->host.cfg.loop, UBLK_CMD_START_DEV, &cmd, started, h);
}

static bool ublk_available(bool named, char *why, size_t why_len)
{
	if (geteuid() == 0 && access(CONTROL, F_OK) < 0) {
		static const char *const modprobe[] = { "modprobe", "-q", "ublk_drv", NULL };

		helper_spawn(modprobe);
	}
	if (access(CONTROL, R_OK | W_OK) == 0)
		return true;
	text_put(why, why_len, CONTROL ": %s%s", strerror(errno),
		 errno == ENOENT ? " (the kernel has no ublk_drv)" : "");
	return false;
}

static int ublk_start(const struct host_cfg *cfg, struct host **out)
{
	struct ublk_host *h;
	struct ublksrv_ctrl_cmd cmd;
	int err;

	if (shift_of(dio_info(cfg->dio)->block_size) > BLOCK_SHIFT_MAX)
		return -ENOTBLK;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->host = (struct host){ .ops = &host_ublk, .cfg = *cfg };
	h->helper.ctx = h;
	err = ublk_ctrl_open(&h->ctrl);
	if (err)
		goto err_free;
	err = add_device(h);
	if (err)
		goto err_ctrl;
	text_put(cfg->entry->device, sizeof(cfg->entry->device), "%s", h->device);
	cfg->remember(cfg->ctx);
	err = set_params(h);
	if (err)
		goto err_device;
	err = make_queue(h);
	if (err)
		goto err_device;
	err = start_device(h);
	if (err)
		goto err_queue;
	*out = &h->host;
	return 0;

err_queue:
	ublk_queue_destroy(h->queue);
err_device:
	cmd = ctrl_cmd(h->dev_id);
	ublk_ctrl_sync(&h->ctrl, UBLK_CMD_DEL_DEV, &cmd, QUICK_MS);
err_ctrl:
	ublk_ctrl_close(&h->ctrl);
err_free:
	free(h);
	return err;
}

static void ublk_destroy(struct host *host)
{
	free(of(host));
}

static void size_updated(void *ctx, int err)
{
	struct ublk_host *h = ctx;

	if (err)
		report_log(
			"%s: this kernel cannot change the size of a ublk device (%s): attach it "
			"again to see the new one",
			h->device, strerror(-err));
}

static void ublk_resized(struct host *host)
{
	struct ublk_host *h = of(host);
	struct ublksrv_ctrl_cmd cmd = ctrl_cmd(h->dev_id);

	cmd.data[0] = dio_info(host->cfg.dio)->size >> SECTOR_SHIFT;
	if (!h->ctrl.encoded)
		size_updated(h, -EOPNOTSUPP);
	else
		size_updated(h, ublk_ctrl_sync(&h->ctrl, UBLK_CTRL_NR_UPDATE_SIZE, &cmd, QUICK_MS));
}

/* ---- after a process that died -------------------------------------------------------------------- */

static bool parse_id(const struct state_entry *e, unsigned *id)
{
	return sscanf(e->device, DEVICE_PREFIX "%u", id) == 1;
}

/* The number may be another server's by now. */
static bool is_of(struct ublk_ctrl *c, unsigned id, pid_t pid)
{
	struct ublksrv_ctrl_dev_info info = { 0 };
	struct ublksrv_ctrl_cmd cmd = ctrl_cmd(id);

	cmd.addr = (uintptr_t)&info;
	cmd.len = sizeof(info);
	return ublk_ctrl_sync(c, UBLK_CMD_GET_DEV_INFO, &cmd, QUICK_MS) == 0 &&
	       (info.ublksrv_pid == pid || info.ublksrv_pid <= 0);
}

static int ublk_sweep(const struct state_entry *e, char *why, size_t why_len)
{
	struct ublksrv_ctrl_cmd cmd;
	struct ublk_ctrl ctrl;
	char by[300];
	unsigned id;
	int err;

	if (!parse_id(e, &id))
		return 0;
	/* The kernel would wait for the file system to be unmounted. */
	if (device_name_mounted(e->device, by, sizeof(by))) {
		text_put(why, why_len, "it is still %s; unmount that first", by);
		return -EBUSY;
	}
	err = ublk_ctrl_open(&ctrl);
	if (err) {
		text_put(why, why_len, CONTROL ": %s", strerror(-err));
		return err;
	}
	if (is_of(&ctrl, id, e->pid)) {
		cmd = ctrl_cmd(id);
		err = ublk_ctrl_sync(&ctrl, UBLK_CMD_STOP_DEV, &cmd, SWEEP_MS);
		if (err != -ETIMEDOUT)
			err = ublk_ctrl_sync(&ctrl, UBLK_CMD_DEL_DEV, &cmd, SWEEP_MS);
		if (err)
			text_put(why, why_len, "the kernel does not delete it: %s", strerror(-err));
	}
	ublk_ctrl_close(&ctrl);
	return err;
}

static bool ublk_left(const struct state_entry *e)
{
	char path[64];
	unsigned id;

	if (!parse_id(e, &id))
		return false;
	text_put(path, sizeof(path), "/dev/ublkc%u", id);
	return access(path, F_OK) == 0;
}

const struct host_ops host_ublk = {
	.name = "ublk",
	.what = "/dev/ublkbN, served over io_uring",
	.available = ublk_available,
	.start = ublk_start,
	.stop = ublk_stop,
	.destroy = ublk_destroy,
	.resized = ublk_resized,
	.sweep = ublk_sweep,
	.left = ublk_left,
};
