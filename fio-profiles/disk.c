// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/disk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S	1000000000ull
#define TELL_S		5	/* a wait is told after so long, then after twice as long each time */

static const struct bench_disk_ops *const kinds[] = { &bench_disk_iser, &bench_disk_nfs };
#define KINDS		(sizeof(kinds) / sizeof(kinds[0]))

void bench_disk_say(struct bench_disk *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
}

void bench_disk_wait_for(struct bench_disk *d, const bool *flag, const char *what)
{
	uint64_t begin = ual_loop_now(d->loop), tell_s = TELL_S, now;

	while (!*flag) {
		now = ual_loop_now(d->loop);
		if (now - begin >= tell_s * NS_PER_S) {
			fprintf(stderr, "openrdma: %s: waiting for %s since %llu seconds%s%s\n",
				d->url, what, (unsigned long long)tell_s, *d->why ? ": " : "",
				d->why);
			tell_s *= 2;
		}
		ual_loop_step(d->loop, begin + tell_s * NS_PER_S - now);
	}
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
		bench_disk_say(d, "cannot start the access layer: %s", strerror(-r));
		return r;
	}
	r = ual_loop_create(&loop_cfg, &d->loop);
	if (r) {
		bench_disk_say(d, "cannot make an event loop: %s", strerror(-r));
		return r;
	}
	r = ual_device_open(d->ual, d->loop, NULL, &d->dev);
	if (r) {
		reason = ual_provider_error(d->ual);
		bench_disk_say(d, "no RDMA device, not even a software one: %s",
			       reason ? reason : strerror(-r));
	}
	return r;
}

static int open_disk(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	int r;

	for (size_t i = 0; i < KINDS; i++)
		if (!strncmp(cfg->url, kinds[i]->scheme, strlen(kinds[i]->scheme)))
			d->ops = kinds[i];
	if (!d->ops) {
		bench_disk_say(d,
			       "%s: expected iser://ADDR[:PORT]/IQN/LUN or nfs://HOST[:PORT]/PATH",
			       cfg->url);
		return -EINVAL;
	}
	r = d->ops->parse(d, cfg);
	if (!r)
		r = make_device(d, cfg);
	return r ? r : d->ops->open(d, cfg);
}

int bench_disk_open(const struct bench_disk_cfg *cfg, struct bench_disk **disk, char *why,
		    size_t why_len)
{
	struct bench_disk *d = calloc(1, sizeof(*d));
	int r;

	if (d)
		d->url = strdup(cfg->url);
	if (!d || !d->url) {
		free(d);
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	r = open_disk(d, cfg);
	if (r) {
		snprintf(why, why_len, "%s", d->why);
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
	if (d->ops)
		d->ops->close(d);
	if (d->dev)
		ual_device_close(d->dev);
	if (d->loop)
		ual_loop_destroy(d->loop);
	ual_destroy(d->ual);
	free(d->url);
	free(d);
}

void *bench_disk_mem_alloc(struct bench_disk *d, size_t len)
{
	d->mem = d->ops->mem_alloc(d, len);
	d->mem_len = d->mem ? len : 0;
	return d->mem;
}

void bench_disk_mem_free(struct bench_disk *d)
{
	if (d->mem)
		d->ops->mem_free(d);
	d->mem = NULL;
}

int bench_disk_submit(struct bench_disk *d, struct bench_io *io)
{
	return d->ops->submit(d, io);
}

struct read_wait {
	bool done;
	int err;
};

static void on_read(struct bench_io *io, int err)
{
	struct read_wait *w = io->ctx;

	w->done = true;
	w->err = err;
}

int bench_disk_read(struct bench_disk *d, uint64_t offset, void *buf, size_t len)
{
	struct read_wait w = { .done = false };
	struct bench_io io = {
		.op = BENCH_OP_READ,
		.offset = offset,
		.len = len,
		.buf = buf,
		.fn = on_read,
		.ctx = &w,
	};
	int r;

	d->why[0] = '\0';
	r = bench_disk_submit(d, &io);
	if (!r) {
		bench_disk_wait_for(d, &w.done, "the answer to a read");
		r = w.err;
	}
	if (r && !d->why[0])
		bench_disk_say(d, "cannot read %zu bytes at %llu: %s", len,
			       (unsigned long long)offset, strerror(-r));
	return r;
}
