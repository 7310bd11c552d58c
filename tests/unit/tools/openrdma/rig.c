// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tools/openrdma/rig.h"

#define WAIT_NS 60000000000ull	/* long: sanitizers and valgrind are slow */

void rig_open(struct rig *r, const struct fake_disk_cfg *cfg)
{
	struct fake_disk_cfg own = *cfg;
	struct buf_pool_cfg pool = { .small_n = 64,
				     .small_len = 65536 + 8192,
				     .large_n = 8,
				     .large_len = (1 << 20) + 8192 };

	strcpy(r->path, "/tmp/openrdma-rig.XXXXXX");
	r->fd = mkstemp(r->path);
	assert_true(r->fd >= 0);
	own.file = r->path;
	assert_int_equal(ual_loop_create(NULL, &r->loop), 0);
	r->disk = fake_disk_make(r->loop, &own);
	assert_int_equal(dio_create(r->loop, r->disk, false, &r->dio), 0);
	pool.disk = r->disk;
	assert_int_equal(buf_pool_create(&pool, &r->pool), 0);
}

static void closed(void *ctx)
{
	*(bool *)ctx = true;
}

void rig_close(struct rig *r)
{
	bool done = false;

	buf_pool_destroy(r->pool);
	dio_destroy(r->dio);
	oriser_disk_close(r->disk, closed, &done);
	rig_run(r, &done);
	ual_loop_destroy(r->loop);
	close(r->fd);
	unlink(r->path);
}

void rig_run(struct rig *r, const bool *done)
{
	uint64_t until = ual_loop_now(r->loop) + WAIT_NS;

	while (!*done) {
		ual_loop_step(r->loop, 100000000);
		assert_true(ual_loop_now(r->loop) < until);
	}
}

struct wait {
	bool done;
	int err;
};

static void io_done(struct dio_req *req, int err)
{
	struct wait *w = req->ctx;

	w->done = true;
	w->err = err;
}

int rig_io(struct rig *r, enum oriser_op op, uint32_t flags, uint64_t offset, void *data,
	   size_t len)
{
	struct wait w = { 0 };
	struct dio_req req = {
		.op = op, .flags = flags, .offset = offset, .len = len, .fn = io_done, .ctx = &w
	};

	req.buf = buf_get(r->pool, len + DIO_SLACK(dio_info(r->dio)));
	assert_non_null(req.buf);
	if (op == ORISER_WRITE) {
		/* Not at the beginning: the data of a FUSE write lies behind its header. */
		req.data = req.buf->data + 80;
		memcpy(req.data, data, len);
	}
	dio_submit(r->dio, &req);
	assert_false(w.done);
	rig_run(r, &w.done);
	if (op == ORISER_READ && !w.err)
		memcpy(data, req.data, len);
	buf_put(req.buf);
	return w.err;
}

void rig_peek(const struct rig *r, uint64_t offset, void *data, size_t len)
{
	assert_int_equal(pread(r->fd, data, len, (off_t)offset), (ssize_t)len);
}

void rig_poke(const struct rig *r, uint64_t offset, const void *data, size_t len)
{
	assert_int_equal(pwrite(r->fd, data, len, (off_t)offset), (ssize_t)len);
}

void rig_pattern(void *data, size_t len, unsigned seed)
{
	uint8_t *p = data;
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (uint8_t)(x >> 24);
	}
}
