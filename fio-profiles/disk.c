// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/disk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_FOREVER	UINT64_MAX

static void say(char *why, size_t why_len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(char *why, size_t why_len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, why_len, fmt, ap);
	va_end(ap);
}

static void on_open(struct iser_disk *disk, int err, const char *why)
{
	struct bench_disk *d = iser_disk_ctx(disk);

	d->opened = true;
	d->err = err;
	d->state = err ? ISER_DISK_FAILED : ISER_DISK_UP;
	if (err)
		say(d->why, sizeof(d->why), "%s", why && *why ? why : strerror(-err));
}

static void on_state(struct iser_disk *disk, enum iser_disk_state state, const char *why)
{
	struct bench_disk *d = iser_disk_ctx(disk);

	d->state = state;
	if (why)
		say(d->why, sizeof(d->why), "%s", why);
}

static void on_closed(void *ctx)
{
	struct bench_disk *d = ctx;

	d->closed = true;
}

/* Signals end a step early; the library's own limits bound these waits. */
static void wait_for(struct bench_disk *d, const bool *flag)
{
	while (!*flag)
		ual_loop_step(d->loop, STEP_FOREVER);
}

static int make_device(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	struct ual_loop_cfg loop_cfg = {
		.spin_us = cfg->spin_us == UINT32_MAX ? UAL_SPIN_DEFAULT : cfg->spin_us,
	};
	const char *reason;
	int r;

	r = ual_create(NULL, &d->ual);
	if (r) {
		say(d->why, sizeof(d->why), "cannot start the access layer: %s", strerror(-r));
		return r;
	}
	r = ual_loop_create(&loop_cfg, &d->loop);
	if (r) {
		say(d->why, sizeof(d->why), "cannot make an event loop: %s", strerror(-r));
		return r;
	}
	r = ual_device_open(d->ual, d->loop, NULL, &d->dev);
	if (r) {
		reason = ual_provider_error(d->ual);
		say(d->why, sizeof(d->why), "no RDMA device, not even a software one: %s",
		    reason ? reason : strerror(-r));
	}
	return r;
}

static int open_disk(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	static const struct iser_disk_ops ops = { .on_open = on_open, .on_state = on_state };
	struct iser_disk_cfg disk_cfg = {
		.url = &d->url,
		.depth = cfg->depth,
		.timeout_ms = cfg->reconnect_ms,
	};
	int r;

	r = iser_url_parse(cfg->url, &d->url, d->why, sizeof(d->why));
	if (r)
		return r;
	if (!d->url.target[0]) {
		say(d->why, sizeof(d->why),
		    "%s names no target: expected iser://ADDR[:PORT]/IQN/LUN", cfg->url);
		return -EINVAL;
	}
	r = make_device(d, cfg);
	if (r)
		return r;
	disk_cfg.dev = d->dev;
	r = iser_disk_open(&disk_cfg, &ops, d, &d->disk);
	if (r) {
		say(d->why, sizeof(d->why), "cannot open %s: %s", cfg->url, strerror(-r));
		return r;
	}
	wait_for(d, &d->opened);
	if (!d->err)
		d->info = iser_disk_info(d->disk);
	return d->err;
}

int bench_disk_open(const struct bench_disk_cfg *cfg, struct bench_disk **disk, char *why,
		    size_t why_len)
{
	struct bench_disk *d = calloc(1, sizeof(*d));
	int r;

	if (!d) {
		say(why, why_len, "out of memory");
		return -ENOMEM;
	}
	r = open_disk(d, cfg);
	if (r) {
		say(why, why_len, "%s", d->why);
		bench_disk_close(d);
		return r;
	}
	*disk = d;
	return 0;
}

void bench_disk_close(struct bench_disk *d)
{
	if (!d)
		return;
	if (d->disk) {
		iser_disk_close(d->disk, on_closed, d);
		wait_for(d, &d->closed);
	}
	if (d->dev)
		ual_device_close(d->dev);
	if (d->loop)
		ual_loop_destroy(d->loop);
	ual_destroy(d->ual);
	free(d);
}

struct read_wait {
	bool done;
	int err;
};

static void on_read(struct iser_io *io, int err)
{
	struct read_wait *w = io->ctx;

	w->done = true;
	w->err = err;
}

int bench_disk_read(struct bench_disk *d, uint64_t offset, void *buf, size_t len, char *why,
		    size_t why_len)
{
	struct read_wait w = { .done = false };
	struct iser_io io = {
		.op = ISER_READ,
		.offset = offset,
		.len = len,
		.buf = buf,
		.fn = on_read,
		.ctx = &w,
	};
	int r;

	r = iser_disk_mem_add(d->disk, buf, len, &io.mem);
	if (r) {
		say(why, why_len, "cannot register memory: %s", strerror(-r));
		return r;
	}
	r = iser_disk_submit(d->disk, &io);
	if (!r) {
		wait_for(d, &w.done);
		r = w.err;
	}
	if (r)
		say(why, why_len, "cannot read %zu bytes at %llu: %s", len,
		    (unsigned long long)offset, iser_disk_last_error(d->disk));
	iser_disk_mem_del(d->disk, io.mem);
	return r;
}
