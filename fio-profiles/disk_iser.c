// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Disks behind iSER. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fio-profiles/disk.h"
#include "iser/iser_disk.h"

#define HUGE_PAGE	(2u << 20)

struct iser {
	struct oriser_url url;
	struct oriser_disk *disk;
	struct oriser_mem *mem;
	bool opened, closed;
	int err;
};

static void on_open(struct oriser_disk *disk, int err, const char *why)
{
	struct bench_disk *d = oriser_disk_ctx(disk);
	struct iser *s = d->priv;

	s->opened = true;
	s->err = err;
	d->up = !err;
	if (err)
		bench_disk_say(d, "%s", why && *why ? why : strerror(-err));
}

static void on_state(struct oriser_disk *disk, enum oriser_disk_state state, const char *why)
{
	struct bench_disk *d = oriser_disk_ctx(disk);

	d->up = state == ORISER_DISK_UP;
	if (why)
		bench_disk_say(d, "%s", why);
}

static void on_closed(void *ctx)
{
	struct iser *s = ctx;

	s->closed = true;
}

static int parse(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	struct iser *s = calloc(1, sizeof(*s));
	int r;

	d->priv = s;
	if (!s) {
		bench_disk_say(d, "out of memory");
		return -ENOMEM;
	}
	r = oriser_url_parse(cfg->url, &s->url, d->why, sizeof(d->why));
	if (r)
		return r;
	if (!s->url.target[0]) {
		bench_disk_say(d, "%s names no target: expected iser://ADDR[:PORT]/IQN/LUN",
			       cfg->url);
		return -EINVAL;
	}
	return 0;
}

static int open_disk(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	static const struct oriser_disk_ops ops = { .on_open = on_open, .on_state = on_state };
	struct iser *s = d->priv;
	struct oriser_disk_cfg disk_cfg = {
		.dev = d->dev,
		.url = &s->url,
		.depth = cfg->depth,
		.timeout_ms = cfg->reconnect_ms,
	};
	const struct oriser_disk_info *info;
	int r;

	r = oriser_disk_open(&disk_cfg, &ops, d, &s->disk);
	if (r) {
		bench_disk_say(d, "cannot open %s: %s", cfg->url, strerror(-r));
		return r;
	}
	bench_disk_wait_for(d, &s->opened, "the target");
	if (s->err)
		return s->err;
	info = oriser_disk_info(s->disk);
	d->info = (struct bench_disk_info){
		.what = "disk",
		.size = info->size,
		.block_size = info->block_size,
		.read_only = info->read_only,
		.discard = info->discard,
	};
	return 0;
}

/* The region goes with the disk, its pages after what is in flight has ended. */
static void close_disk(struct bench_disk *d)
{
	struct iser *s = d->priv;

	if (!s)
		return;
	if (s->disk) {
		oriser_disk_close(s->disk, on_closed, s);
		bench_disk_wait_for(d, &s->closed, "the logout");
	}
	if (d->mem)
		munmap(d->mem, d->mem_len);
	free(s);
}

static void *mem_alloc(struct bench_disk *d, size_t len)
{
	struct iser *s = d->priv;
	void *addr;
	int r;

	addr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (addr == MAP_FAILED) {
		bench_disk_say(d, "no memory for %zu bytes of I/O buffers", len);
		return NULL;
	}
	if (len >= HUGE_PAGE)
		madvise(addr, len, MADV_HUGEPAGE);
	r = oriser_disk_mem_add(s->disk, addr, len, &s->mem);
	if (r) {
		bench_disk_say(d, "cannot register %zu bytes of I/O buffers: %s", len,
			       strerror(-r));
		munmap(addr, len);
		return NULL;
	}
	return addr;
}

static void mem_free(struct bench_disk *d)
{
	struct iser *s = d->priv;

	oriser_disk_mem_del(s->disk, s->mem);
	munmap(d->mem, d->mem_len);
}

static_assert(sizeof(struct oriser_io) <= sizeof(((struct bench_io *)0)->priv), "it fits");

static void on_done(struct oriser_io *part, int err)
{
	struct bench_io *io = part->ctx;

	io->fn(io, err);
}

static int submit(struct bench_disk *d, struct bench_io *io)
{
	static const enum oriser_op ops[] = {
		[BENCH_OP_READ] = ORISER_READ,
		[BENCH_OP_WRITE] = ORISER_WRITE,
		[BENCH_OP_FLUSH] = ORISER_FLUSH,
		[BENCH_OP_DISCARD] = ORISER_DISCARD,
	};
	struct oriser_io *part = (struct oriser_io *)io->priv;
	struct iser *s = d->priv;

	part->op = ops[io->op];
	part->flags = io->durable ? ORISER_FUA : 0;
	part->offset = io->offset;
	part->len = io->len;
	part->buf = io->buf;
	part->mem = io->buf ? s->mem : NULL;
	part->told = NULL;
	part->fn = on_done;
	part->ctx = io;
	return oriser_disk_submit(s->disk, part);
}

const struct bench_disk_ops bench_disk_iser = {
	.scheme = "iser:",
	.parse = parse,
	.open = open_disk,
	.close = close_disk,
	.mem_alloc = mem_alloc,
	.mem_free = mem_free,
	.submit = submit,
};
