/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* A disk from open to close, the memory it may use, and what may be submitted. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "iser/initiator/disk_priv.h"

/* ---- memory ----------------------------------------------------------------------------------------- */

int oriser_disk_mem_add(struct oriser_disk *d, void *addr, size_t len, struct oriser_mem **mem)
{
	struct oriser_mem *m = malloc(sizeof(*m));
	int ret;

	if (!m)
		return -ENOMEM;
	ret = ual_mr_reg(d->pd, addr, len, d->mr_access, &m->mr);
	if (ret) {
		free(m);
		return ret;
	}
	list_add_tail(&m->link, &d->mems);
	*mem = m;
	return 0;
}

void oriser_disk_mem_del(struct oriser_disk *d, struct oriser_mem *mem)
{
	if (!mem)
		return;
	/* a window on it would mean that an operation is still using it */
	core_assert(ual_mr_dereg(mem->mr) == 0);
	list_del(&mem->link);
	free(mem);
}

/* ---- submission ------------------------------------------------------------------------------------- */

static bool in_region(const struct oriser_io *io)
{
	const struct ual_mr *mr;
	u64 at = (uintptr_t)io->buf;

	if (!io->mem)
		return false;
	mr = io->mem->mr;
	return at >= mr->addr && at - mr->addr <= mr->len && io->len <= mr->len - (at - mr->addr);
}

static bool is_valid(const struct oriser_disk *d, const struct oriser_io *io)
{
	u32 mask = d->info.block_size - 1;

	if (io->op == ORISER_FLUSH)
		return io->len == 0;
	if (io->len == 0 || (io->len & mask) || (io->offset & mask))
		return false;
	if (io->offset > d->info.size || io->len > d->info.size - io->offset)
		return false;
	return (io->op != ORISER_READ && io->op != ORISER_WRITE) || in_region(io);
}

static bool is_supported(const struct oriser_disk *d, const struct oriser_io *io)
{
	return (io->op != ORISER_DISCARD || d->info.discard) &&
	       (io->op != ORISER_WRITE_ZEROES || d->info.write_zeroes);
}

/* Nothing is cached any more, but what was may have been lost before. */
static void end_flush(struct oriser_disk *d, struct oriser_io *io)
{
	disk_flush_begin(d, io);
	disk_io_end_later(d, io, disk_flush_end(d, io));
}

int oriser_disk_submit(struct oriser_disk *d, struct oriser_io *io)
{
	if (d->closing || !d->open_told || io->op > ORISER_WRITE_ZEROES)
		return -EINVAL;
	/* a disk that failed to open has no size; whatever is submitted ends with its error */
	if (d->info.block_size && !is_valid(d, io))
		return -EINVAL;
	d->ios++;
	if (d->state == ORISER_DISK_FAILED)
		disk_io_end_later(d, io, d->failed_err);
	else if (!is_supported(d, io))
		disk_io_end_later(d, io, -EOPNOTSUPP);
	else if (io->op == ORISER_FLUSH && !d->info.write_cache)
		end_flush(d, io);
	else
		disk_io_start(d, io);
	return 0;
}

/* ---- close ------------------------------------------------------------------------------------------ */

static void disk_free(struct oriser_disk *d)
{
	struct ual_timer *const timers[] = { &d->retry_timer, &d->expire_timer,
					     &d->later_timer, &d->limit_timer,
					     &d->close_timer, &d->probe.again_timer };

	for (unsigned i = 0; i < ARRAY_SIZE(timers); i++)
		ual_timer_disarm(d->loop, timers[i]);
	ual_defer_cancel(d->loop, &d->pump_defer);
	ual_defer_cancel(d->loop, &d->reap_defer);
	disk_addr_deinit(d);
	oriser_session_destroy(d->session);
	while (!list_empty(&d->mems))
		oriser_disk_mem_del(d, list_first_entry(&d->mems, struct oriser_mem, link));
	ual_mr_dereg(d->block_mr);
	ual_pd_destroy(d->pd);
	free(d->block);
	free(d->cmds);
	free(d);
}

void disk_close_finish(struct oriser_disk *d)
{
	void (*done)(void *ctx) = d->close_done;
	void *ctx = d->close_ctx;

	disk_fail_waiting(d, -ETIMEDOUT);
	disk_io_end_due(d);
	core_assert(d->ios == 0);
	disk_free(d);
	if (done)
		done(ctx);
}

void disk_close_step(struct oriser_disk *d)
{
	if (d->ios || d->logging_out)
		return;
	d->logging_out = true;
	if (d->session_up)
		oriser_session_logout(d->session);
	else
		disk_link_drop(d);
}

static void on_close_timeout(struct ual_timer *timer)
{
	struct oriser_disk *d = timer->ctx;

	d->close_forced = true;
	disk_link_drop(d);
}

void oriser_disk_close(struct oriser_disk *d, void (*done)(void *ctx), void *ctx)
{
	if (!d) {
		if (done)
			done(ctx);
		return;
	}
	core_assert(!d->closing);
	d->closing = true;
	d->close_done = done;
	d->close_ctx = ctx;
	ual_timer_arm(d->loop, &d->close_timer, ual_loop_now(d->loop) + DISK_CLOSE_MS * NS_PER_MS);
	disk_close_step(d);
}

/* ---- open ------------------------------------------------------------------------------------------- */

static int make_block(struct oriser_disk *d)
{
	size_t params = DISK_PROBE_LEN + (size_t)d->depth * 32;
	size_t len = params + DISK_BLOCK_MAX;
	int ret;

	d->block = calloc(1, len);
	if (!d->block)
		return -ENOMEM;
	d->zeros = d->block + params;
	ret = ual_mr_reg(d->pd, d->block, len, d->mr_access, &d->block_mr);
	return ret ? ret : disk_io_init(d);
}

static void take_cfg(struct oriser_disk *d, const struct oriser_disk_cfg *cfg)
{
	d->dev = cfg->dev;
	d->loop = cfg->dev->loop;
	d->url = *cfg->url;
	d->depth = cfg->depth ? cfg->depth : DISK_DEPTH_DEFAULT;
	d->timeout_ms = cfg->timeout_ms ? cfg->timeout_ms : DISK_TIMEOUT_MS;
	d->login_timeout_ms = cfg->login_timeout_ms ? cfg->login_timeout_ms : DISK_LOGIN_MS;
	/* Where windows can be bound nobody reaches the region itself. */
	d->mr_access = d->dev->info.caps & UAL_CAP_MW
			       ? ACCESS_LOCAL_WRITE | ACCESS_MW_BIND
			       : ACCESS_LOCAL_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_WRITE;
	d->isid[0] = 0x80;	/* RFC 7143 11.12.5: random format */
	core_assert(getrandom(d->isid + 1, 5, 0) == 5);
	ini_lun_encode(d->lun, d->url.lun);
	d->io_limit = d->url.io_max ? d->url.io_max : DISK_IO_MAX;
}

static int start(struct oriser_disk *d)
{
	char err[160];
	int ret;

	ret = disk_addr_init(d, err, sizeof(err));
	if (ret) {
		snprintf(d->why, sizeof(d->why), "%s", err);
		d->lost_err = ret;
		disk_link_drop(d);	/* on_open says so */
		return 0;
	}
	return disk_link_start(d);
}

int oriser_disk_open(const struct oriser_disk_cfg *cfg, const struct oriser_disk_ops *ops,
		     void *ctx, struct oriser_disk **disk)
{
	struct oriser_disk *d;
	int ret;

	if (!cfg->url->target[0] || cfg->depth > 1024)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->ops = ops;
	d->ctx = ctx;
	d->state = ORISER_DISK_OPENING;
	INIT_LIST_HEAD(&d->free);
	INIT_LIST_HEAD(&d->again);
	INIT_LIST_HEAD(&d->later);
	INIT_LIST_HEAD(&d->queue);
	INIT_LIST_HEAD(&d->ended);
	INIT_LIST_HEAD(&d->mems);
	take_cfg(d, cfg);
	d->close_timer = (struct ual_timer){ .fn = on_close_timeout, .ctx = d };
	disk_link_init(d);
	ret = ual_pd_create(d->dev, &d->pd);
	if (!ret)
		ret = make_block(d);
	if (!ret) {
		disk_probe_init(d);
		ret = start(d);
	}
	if (ret) {
		disk_free(d);
		return ret;
	}
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
	return d->last_error;
}
