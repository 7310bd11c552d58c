// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * An unaligned change of [offset, end) goes in steps, each of which may be empty:
 *
 *        block      block      block      block
 *   |----------|----------|----------|----------|
 *          [head]  middle, as it is   [tail]
 *
 * The head is the part of the first block if it is not whole, or not reached to its end; the tail that of the
 * last one.  A middle that is written needs no copy: the library takes any address.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core/env.h"
#include "tools/openrdma/dio.h"
#include "tools/openrdma/report.h"

#define BOUNCE_N	32
#define BLOCK_MAX	65536	/* larger logical blocks are no disk's */
#define LOG_EVERY_NS	1000000000ull

enum dio_step {
	STEP_HEAD_READ,
	STEP_HEAD_WRITE,
	STEP_MIDDLE,		/* all of an aligned request */
	STEP_TAIL_READ,
	STEP_TAIL_WRITE,
	STEP_DONE,
};

struct dio {
	struct ual_loop *loop;
	struct oriser_disk *disk;
	uint32_t block;
	bool read_only;
	bool no_cache;		/* said the disk when the host began: it may never flush */
	unsigned in_flight;
	struct range_gate gate;
	struct buf_pool *bounces;
	struct dio_req *starved, **starved_tail;	/* wait for a bounce buffer */
	struct dio_req *done, **done_tail;		/* ended without the disk */
	struct ual_defer defer;
	uint64_t log_at_ns;
	unsigned unlogged;
};

static void step_done(struct dio_req *r);

static uint64_t block_down(const struct dio *d, uint64_t at)
{
	return at & ~((uint64_t)d->block - 1);
}

static uint64_t block_up(const struct dio *d, uint64_t at)
{
	return block_down(d, at + d->block - 1);
}

static uint64_t end_of(const struct dio_req *r)
{
	return r->offset + r->len;
}

static void append(struct dio_req ***tail, struct dio_req *r)
{
	r->next = NULL;
	**tail = r;
	*tail = &r->next;
}

/* ---- ending ------------------------------------------------------------------------------------- */

static const char *op_name(enum oriser_op op)
{
	static const char *const names[] = {
		[ORISER_READ] = "read",
		[ORISER_WRITE] = "write",
		[ORISER_FLUSH] = "flush",
		[ORISER_DISCARD] = "discard",
		[ORISER_WRITE_ZEROES] = "write zeroes",
	};

	return names[op];
}

static void log_failure(struct dio *d, const struct dio_req *r, int err)
{
	uint64_t now = ual_loop_now(d->loop);

	if (now < d->log_at_ns) {
		d->unlogged++;
		return;
	}
	report_log("%s of %" PRIu64 " bytes at %" PRIu64 " failed: %s; %s", op_name(r->op), r->len,
		   r->offset, strerror(-err), oriser_disk_last_error(d->disk));
	if (d->unlogged)
		report_log("%u failures before it were not logged", d->unlogged);
	d->unlogged = 0;
	d->log_at_ns = now + LOG_EVERY_NS;
}

static void end(struct dio_req *r, int err)
{
	struct dio *d = r->dio;

	d->in_flight--;
	if (err && err != -EOPNOTSUPP)
		log_failure(d, r, err);
	r->fn(r, err);
}

static void end_deferred(struct ual_defer *defer)
{
	struct dio *d = defer->ctx;
	struct dio_req *r = d->done, *next;

	d->done = NULL;
	d->done_tail = &d->done;
	for (; r; r = next) {
		next = r->next;
		end(r, r->err);
	}
}

static void end_later(struct dio_req *r, int err)
{
	struct dio *d = r->dio;

	r->err = err;
	append(&d->done_tail, r);
	ual_defer(d->loop, &d->defer);
}

/* ---- steps -------------------------------------------------------------------------------------- */

static void io_done(struct oriser_io *io, int err)
{
	struct dio_req *r = io->ctx;

	r->err = err;
	step_done(r);
}

/* What of the request's flags the operation has; FUA besides where a cache was switched on since. */
static uint32_t io_flags(const struct dio_req *r, enum oriser_op op)
{
	uint32_t flags = r->flags;

	if (r->dio->no_cache && dio_info(r->dio)->write_cache)
		flags |= ORISER_FUA;
	switch (op) {
	case ORISER_WRITE:
	case ORISER_DISCARD:
		return flags & ORISER_FUA;
	case ORISER_WRITE_ZEROES:
		return flags & (ORISER_FUA | ORISER_NO_UNMAP);
	case ORISER_READ:
	case ORISER_FLUSH:
		break;
	}
	return 0;
}

/* False: refused at once, r->err says why. */
static bool io_submit(struct dio_req *r, enum oriser_op op, uint64_t offset, uint64_t len,
		      const struct buf *buf, uint8_t *data)
{
	struct oriser_io *io = &r->io;

	io->op = op;
	io->flags = io_flags(r, op);
	io->offset = offset;
	io->len = len;
	io->buf = data;
	io->mem = buf ? buf->mem : NULL;
	io->told = r->told;
	io->fn = io_done;
	io->ctx = r;
	r->err = oriser_disk_submit(r->dio->disk, io);
	return r->err == 0;
}

static bool has_head(const struct dio_req *r)
{
	const struct dio *d = r->dio;

	return r->offset != block_down(d, r->offset) || end_of(r) < block_up(d, r->offset + 1);
}

static bool has_tail(const struct dio_req *r)
{
	uint64_t last = block_down(r->dio, end_of(r));

	return end_of(r) != last && last > r->offset;
}

static uint64_t middle_start(const struct dio_req *r)
{
	return block_up(r->dio, r->offset);
}

static uint64_t middle_end(const struct dio_req *r)
{
	return block_down(r->dio, end_of(r));
}

/* The block that the head or tail is part of. */
static uint64_t merged_block(const struct dio_req *r)
{
	bool tail = r->step == STEP_TAIL_READ || r->step == STEP_TAIL_WRITE;

	return tail ? middle_end(r) : block_down(r->dio, r->offset);
}

static void merge(struct dio_req *r)
{
	uint64_t block = merged_block(r);
	uint64_t from = max_t(uint64_t, r->offset, block);
	uint64_t to = min_t(uint64_t, end_of(r), block + r->dio->block);
	uint8_t *into = r->bounce->data + (from - block);

	if (r->op == ORISER_WRITE)
		memcpy(into, r->data + (from - r->offset), to - from);
	else
		memset(into, 0, to - from);
}

static bool submit_block(struct dio_req *r, enum oriser_op op)
{
	return io_submit(r, op, merged_block(r), r->dio->block, r->bounce, r->bounce->data);
}

static bool submit_middle(struct dio_req *r)
{
	uint64_t start = middle_start(r);
	uint8_t *data = r->op == ORISER_WRITE ? r->data + (start - r->offset) : NULL;

	return io_submit(r, r->op, start, middle_end(r) - start, r->buf, data);
}

static bool step_is_empty(const struct dio_req *r)
{
	switch ((enum dio_step)r->step) {
	case STEP_HEAD_READ:
	case STEP_HEAD_WRITE:
		return !has_head(r);
	case STEP_MIDDLE:
		return middle_end(r) <= middle_start(r);
	case STEP_TAIL_READ:
	case STEP_TAIL_WRITE:
		return !has_tail(r);
	case STEP_DONE:
		break;
	}
	return false;
}

static bool step_submit(struct dio_req *r)
{
	switch ((enum dio_step)r->step) {
	case STEP_HEAD_READ:
	case STEP_TAIL_READ:
		return submit_block(r, ORISER_READ);
	case STEP_HEAD_WRITE:
	case STEP_TAIL_WRITE:
		merge(r);
		return submit_block(r, ORISER_WRITE);
	case STEP_MIDDLE:
		return submit_middle(r);
	case STEP_DONE:
		break;
	}
	return true;
}

static bool is_change(const struct dio_req *r)
{
	return r->op != ORISER_READ && r->op != ORISER_FLUSH;
}

static void leave(struct dio_req *r)
{
	struct buf *bounce = r->bounce;

	r->bounce = NULL;
	range_gate_leave(&r->dio->gate, &r->pass);
	buf_put(bounce);
}

/* Submits the next step that is not empty; false when all are done. */
static bool step_next(struct dio_req *r)
{
	while (step_is_empty(r))
		r->step++;
	if (r->step == STEP_DONE)
		return false;
	if (!step_submit(r)) {
		leave(r);
		end_later(r, r->err);
	}
	return true;
}

static void step_done(struct dio_req *r)
{
	if (is_change(r)) {
		r->step++;
		if (!r->err && step_next(r))
			return;
		leave(r);
	}
	end(r, r->err);
}

static void begin_change(struct dio_req *r)
{
	struct dio *d = r->dio;

	if (r->pass.alone) {
		r->bounce = buf_get(d->bounces, d->block);
		if (!r->bounce) {
			append(&d->starved_tail, r);
			return;
		}
	}
	step_next(r);
}

static void bounce_freed(void *ctx)
{
	struct dio *d = ctx;
	struct dio_req *r = d->starved, *next;

	d->starved = NULL;
	d->starved_tail = &d->starved;
	for (; r; r = next) {
		next = r->next;
		begin_change(r);
	}
}

static void pass_granted(struct range_pass *pass)
{
	begin_change(container_of(pass, struct dio_req, pass));
}

static void submit_change(struct dio_req *r)
{
	struct dio *d = r->dio;

	if (d->read_only) {
		end_later(r, -EROFS);
		return;
	}
	if (r->op == ORISER_DISCARD) {
		uint64_t start = block_up(d, r->offset), stop = block_down(d, end_of(r));

		r->offset = start;
		r->len = stop > start ? stop - start : 0;
	}
	if (r->len == 0) {
		end_later(r, 0);
		return;
	}
	r->pass.start = block_down(d, r->offset);
	r->pass.end = block_up(d, end_of(r));
	r->pass.alone = ((r->offset | r->len) & (d->block - 1)) != 0;
	r->pass.go = pass_granted;
	if (range_gate_enter(&d->gate, &r->pass))
		begin_change(r);
}

/* ---- for hosts ------------------------------------------------------------------------------------ */

static void submit_read(struct dio_req *r)
{
	struct dio *d = r->dio;
	uint64_t start = block_down(d, r->offset), stop = block_up(d, end_of(r));

	core_assert(stop - start <= r->buf->len);
	r->data = r->buf->data + (r->offset - start);
	if (!io_submit(r, ORISER_READ, start, stop - start, r->buf, r->buf->data))
		end_later(r, r->err);
}

void dio_submit(struct dio *d, struct dio_req *r)
{
	core_assert(r->op == ORISER_FLUSH ||
		    (r->offset <= dio_info(d)->size && r->len <= dio_info(d)->size - r->offset));
	r->dio = d;
	r->bounce = NULL;
	r->step = STEP_HEAD_READ;
	d->in_flight++;

	switch (r->op) {
	case ORISER_READ:
		submit_read(r);
		break;
	case ORISER_FLUSH:
		if (!io_submit(r, ORISER_FLUSH, 0, 0, NULL, NULL))
			end_later(r, r->err);
		break;
	case ORISER_WRITE:
	case ORISER_DISCARD:
	case ORISER_WRITE_ZEROES:
		submit_change(r);
		break;
	}
}

int dio_create(struct ual_loop *loop, struct oriser_disk *disk, bool read_only, struct dio **out)
{
	const struct oriser_disk_info *info = oriser_disk_info(disk);
	struct dio *d = calloc(1, sizeof(*d));
	struct buf_pool_cfg pool = {
		.disk = disk,
		.small_n = BOUNCE_N,
		.small_len = info->block_size,
		.freed = bounce_freed,
		.ctx = d,
	};
	int err;

	if (!d)
		return -ENOMEM;
	if (!info->block_size || (info->block_size & (info->block_size - 1)) ||
	    info->block_size > BLOCK_MAX) {
		free(d);
		return -EINVAL;
	}
	d->loop = loop;
	d->disk = disk;
	d->block = info->block_size;
	d->read_only = read_only || info->read_only;
	d->no_cache = !info->write_cache;
	d->starved_tail = &d->starved;
	d->done_tail = &d->done;
	d->defer.fn = end_deferred;
	d->defer.ctx = d;
	range_gate_init(&d->gate);
	err = buf_pool_create(&pool, &d->bounces);
	if (err) {
		free(d);
		return err;
	}
	*out = d;
	return 0;
}

void dio_destroy(struct dio *d)
{
	if (!d)
		return;
	core_assert(d->in_flight == 0);
	ual_defer_cancel(d->loop, &d->defer);
	buf_pool_destroy(d->bounces);
	free(d);
}

unsigned dio_in_flight(const struct dio *d)
{
	return d->in_flight;
}

const struct oriser_disk_info *dio_info(const struct dio *d)
{
	return oriser_disk_info(d->disk);
}

struct oriser_disk *dio_disk(const struct dio *d)
{
	return d->disk;
}

bool dio_read_only(const struct dio *d)
{
	return d->read_only;
}
