// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/env.h"
#include "tests/unit/tools/openrdma/fake_disk.h"

#define SIZE_DEFAULT	(64ull << 20)
#define JITTER_DEFAULT	200
#define ZERO_CHUNK	65536
#define GROW_NS		1000000000ull

struct oriser_mem {
	uint8_t *addr;
	size_t len;
};

struct fake_io {		/* in oriser_io.priv */
	struct ual_timer timer;
	struct oriser_disk *disk;
};

struct oriser_disk {
	struct ual_loop *loop;
	struct fake_disk_cfg cfg;
	struct oriser_disk_info info;
	const struct oriser_disk_ops *ops;
	void *ctx;
	int fd;
	FILE *trace;
	unsigned in_flight, mems, count[5];
	int fail_next[5], open_err;
	uint32_t losses, told, told_any, flags[5];
	struct ual_defer later;
	struct ual_timer grow;
	void (*closed)(void *ctx);
	void *closed_ctx;
};

static void fill_info(struct oriser_disk *d)
{
	d->info = (struct oriser_disk_info){
		.size = d->cfg.size,
		.block_size = d->cfg.block_size,
		.physical_block_size = 4096,
		.io_max = 1 << 20,
		.write_cache = !d->cfg.no_cache,
		.fua = !d->cfg.no_fua,
		.discard = true,
		.write_zeroes = !d->cfg.no_write_zeroes,
		.discard_granularity = 4096,
		.discard_max = 1 << 30,
		.vendor = "FAKE",
		.product = "DISK",
	};
}

static struct oriser_disk *make(struct ual_loop *loop, const struct fake_disk_cfg *cfg)
{
	struct oriser_disk *d = calloc(1, sizeof(*d));

	core_assert(d);
	d->loop = loop;
	d->cfg = *cfg;
	d->fd = open(cfg->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	core_assert(d->fd >= 0 && ftruncate(d->fd, (off_t)cfg->size) == 0);
	if (cfg->trace)
		d->trace = fopen(cfg->trace, "ae");
	fill_info(d);
	return d;
}

struct oriser_disk *fake_disk_make(struct ual_loop *loop, const struct fake_disk_cfg *cfg)
{
	return make(loop, cfg);
}

unsigned fake_disk_count(const struct oriser_disk *d, enum oriser_op op)
{
	return d->count[op];
}

uint32_t fake_disk_flags(const struct oriser_disk *d, enum oriser_op op)
{
	return d->flags[op];
}

void fake_disk_set_cache(struct oriser_disk *d, bool on)
{
	d->info.write_cache = on;
}

void fake_disk_lose(struct oriser_disk *d)
{
	d->losses++;
}

uint32_t oriser_disk_losses_told(const struct oriser_disk *d)
{
	return d->told_any;
}

void fake_disk_fail_next(struct oriser_disk *d, enum oriser_op op, int err)
{
	d->fail_next[op] = err;
}

/* ---- operations ----------------------------------------------------------------------------------- */

static int zero(struct oriser_disk *d, const struct oriser_io *io)
{
	static const uint8_t zeroes[ZERO_CHUNK];
	int mode = io->op == ORISER_WRITE_ZEROES && (io->flags & ORISER_NO_UNMAP)
			   ? FALLOC_FL_ZERO_RANGE
			   : FALLOC_FL_PUNCH_HOLE;

	if (!fallocate(d->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)io->offset, (off_t)io->len))
		return 0;
	for (uint64_t at = 0; at < io->len; at += ZERO_CHUNK) {
		size_t n = min_t(uint64_t, ZERO_CHUNK, io->len - at);

		if (pwrite(d->fd, zeroes, n, (off_t)(io->offset + at)) != (ssize_t)n)
			return -EIO;
	}
	return 0;
}

static int execute(struct oriser_disk *d, struct oriser_io *io)
{
	switch (io->op) {
	case ORISER_READ:
		return pread(d->fd, io->buf, io->len, (off_t)io->offset) == (ssize_t)io->len ? 0
											     : -EIO;
	case ORISER_WRITE:
		return pwrite(d->fd, io->buf, io->len, (off_t)io->offset) == (ssize_t)io->len
			       ? 0
			       : -EIO;
	case ORISER_FLUSH:
		return fdatasync(d->fd) ? -EIO : 0;
	case ORISER_DISCARD:
	case ORISER_WRITE_ZEROES:
		return zero(d, io);
	}
	return -EINVAL;
}

static void trace(struct oriser_disk *d, const struct oriser_io *io)
{
	static const char *const names[] = { "read", "write", "flush", "discard", "zeroes" };

	if (!d->trace || ((io->op == ORISER_READ || io->op == ORISER_WRITE) && !io->flags))
		return;
	fprintf(d->trace, "%s %llu %llu %u\n", names[io->op], (unsigned long long)io->offset,
		(unsigned long long)io->len, io->flags);
	fflush(d->trace);
}

static void close_when_idle(struct oriser_disk *d)
{
	if (d->closed && !d->in_flight)
		ual_defer(d->loop, &d->later);
}

static int tell_loss(struct oriser_disk *d, const struct oriser_io *io)
{
	uint32_t *told = io->told ? io->told : &d->told;

	if (*told == d->losses)
		return 0;
	*told = d->told_any = d->losses;
	return -EIO;
}

static void due(struct ual_timer *t)
{
	struct oriser_io *io = t->ctx;
	struct fake_io *f = (struct fake_io *)io->priv;
	struct oriser_disk *d = f->disk;
	int err = d->fail_next[io->op];

	d->fail_next[io->op] = 0;
	d->flags[io->op] = io->flags;
	trace(d, io);
	if (!err)
		err = execute(d, io);
	if (!err && io->op == ORISER_FLUSH)
		err = tell_loss(d, io);
	if (!err)
		d->count[io->op]++;
	d->in_flight--;
	io->fn(io, err);
	close_when_idle(d);
}

static bool valid(const struct oriser_disk *d, const struct oriser_io *io)
{
	const uint8_t *buf = io->buf;

	if (io->op == ORISER_FLUSH)
		return io->len == 0;
	if (!io->len || io->offset % d->info.block_size || io->len % d->info.block_size ||
	    io->offset > d->info.size || io->len > d->info.size - io->offset)
		return false;
	if (io->op != ORISER_READ && io->op != ORISER_WRITE)
		return true;
	return io->mem && buf >= io->mem->addr && buf + io->len <= io->mem->addr + io->mem->len;
}

int oriser_disk_submit(struct oriser_disk *d, struct oriser_io *io)
{
	struct fake_io *f = (struct fake_io *)io->priv;
	uint64_t wait_us = d->cfg.jitter_us ? (uint64_t)rand() % d->cfg.jitter_us : 0;

	static_assert(sizeof(*f) <= sizeof(io->priv), "fits");
	if (d->closed || !valid(d, io))
		return -EINVAL;
	*f = (struct fake_io){ .disk = d, .timer = { .fn = due, .ctx = io } };
	d->in_flight++;
	ual_timer_arm(d->loop, &f->timer, ual_loop_now(d->loop) + wait_us * 1000);
	return 0;
}

/* ---- life ----------------------------------------------------------------------------------------- */

static void closed(struct ual_defer *defer)
{
	struct oriser_disk *d = defer->ctx;
	void (*done)(void *) = d->closed;
	void *ctx = d->closed_ctx;

	core_assert(d->mems == 0);
	ual_timer_disarm(d->loop, &d->grow);
	if (d->trace)
		fclose(d->trace);
	close(d->fd);
	free(d);
	if (done)
		done(ctx);
}

static void ignore(void *ctx)
{
}

void oriser_disk_close(struct oriser_disk *d, void (*done)(void *ctx), void *ctx)
{
	d->closed = done ? done : ignore;
	d->closed_ctx = ctx;
	d->later = (struct ual_defer){ .fn = closed, .ctx = d };
	close_when_idle(d);
}

static void grow(struct ual_timer *t)
{
	struct oriser_disk *d = t->ctx;

	d->info.size *= 2;
	core_assert(ftruncate(d->fd, (off_t)d->info.size) == 0);
	d->ops->on_state(d, ORISER_DISK_UP, "grown");
}

static void opened(struct ual_defer *defer)
{
	struct oriser_disk *d = defer->ctx;

	if (getenv("FAKE_DISK_GROW"))
		ual_timer_arm(d->loop, &d->grow, ual_loop_now(d->loop) + GROW_NS);
	d->ops->on_open(d, d->open_err, d->open_err ? "the fake target refuses" : "");
}

static uint64_t env_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

int oriser_disk_open(const struct oriser_disk_cfg *cfg, const struct oriser_disk_ops *ops,
		     void *ctx, struct oriser_disk **disk)
{
	struct fake_disk_cfg fake = {
		.file = getenv("FAKE_DISK_FILE") ?: "/dev/null",
		.size = env_number("FAKE_DISK_SIZE", SIZE_DEFAULT),
		.block_size = (uint32_t)env_number("FAKE_DISK_BLOCK", 512),
		.jitter_us = JITTER_DEFAULT,
		.trace = getenv("FAKE_DISK_TRACE"),
	};
	struct oriser_disk *d;

	if (!getenv("FAKE_DISK_FILE"))
		return -ENOENT;
	d = make(cfg->dev->loop, &fake);
	d->ops = ops;
	d->ctx = ctx;
	if (strstr(cfg->url->target, "refused"))
		d->open_err = -EACCES;
	else if (strstr(cfg->url->target, "unreachable"))
		d->open_err = -ECONNREFUSED;
	d->later = (struct ual_defer){ .fn = opened, .ctx = d };
	d->grow = (struct ual_timer){ .fn = grow, .ctx = d };
	if (!strstr(cfg->url->target, "silent"))
		ual_defer(d->loop, &d->later);
	*disk = d;
	return 0;
}

void *oriser_disk_ctx(const struct oriser_disk *d)
{
	return d->ctx;
}

const struct oriser_disk_info *oriser_disk_info(const struct oriser_disk *d)
{
	return &d->info;
}

const char *oriser_disk_last_error(const struct oriser_disk *d)
{
	return "fake";
}

int oriser_disk_mem_add(struct oriser_disk *d, void *addr, size_t len, struct oriser_mem **mem)
{
	struct oriser_mem *m = malloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	*m = (struct oriser_mem){ .addr = addr, .len = len };
	d->mems++;
	*mem = m;
	return 0;
}

void oriser_disk_mem_del(struct oriser_disk *d, struct oriser_mem *mem)
{
	if (!mem)
		return;
	d->mems--;
	free(mem);
}
