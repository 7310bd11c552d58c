// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Bulk memory of a reactor: one registered region, cut into buffers of three sizes.  Pages that were never used
 * cost nothing on a software RNIC.
 */
#include <stdlib.h>

#include "nfsrdma/server/rdma.h"

static const struct {
	u32 size;
	u32 n;
} classes[] = {
	{ 8u << 10, 1024 },
	{ 64u << 10, 128 },
	{ (1u << 20) + 4096, 47 },
};

static_assert(sizeof(classes) / sizeof(classes[0]) == RDMA_CLASSES, "as hosts count them");

static void push(struct rdma_arena *arena, unsigned class, u8 *buf)
{
	*(void **)buf = arena->free[class];
	arena->free[class] = buf;
}

int rdma_arena_init(struct rdma_arena *arena, struct ual_pd *pd)
{
	u8 *p;
	int err;

	arena->mem = aligned_alloc(4096, RDMA_ARENA_BYTES);
	if (!arena->mem)
		return -ENOMEM;
	err = ual_mr_reg(pd, arena->mem, RDMA_ARENA_BYTES, ACCESS_LOCAL_WRITE, &arena->mr);
	if (err) {
		free(arena->mem);
		return err;
	}
	p = arena->mem;
	for (unsigned c = 0; c < RDMA_CLASSES; c++)
		for (unsigned i = 0; i < classes[c].n; i++, p += classes[c].size)
			push(arena, c, p);
	core_assert(p <= arena->mem + RDMA_ARENA_BYTES);
	return 0;
}

void rdma_arena_deinit(struct rdma_arena *arena)
{
	ual_mr_dereg(arena->mr);
	free(arena->mem);
}

enum rdma_mem rdma_buf_get(struct rdma_arena *arena, struct rdma_host *host, u32 len,
			   struct rdma_buf *buf)
{
	enum rdma_mem mem = RDMA_MEM_NONE;

	for (unsigned c = 0; c < RDMA_CLASSES; c++) {
		void *p = arena->free[c];

		if (classes[c].size < len || !p)
			continue;
		if (host->held[c] >= RDMA_SHARE_OF_HOST(classes[c].n)) {
			mem = RDMA_MEM_SHARE;
			continue;
		}
		host->held[c]++;
		arena->free[c] = *(void **)p;
		*buf = (struct rdma_buf){ .data = p,
					  .size = classes[c].size,
					  .lkey = arena->mr->lkey };
		return RDMA_MEM_OK;
	}
	return mem;
}

void rdma_buf_put(struct rdma_arena *arena, struct rdma_host *host, struct rdma_buf *buf)
{
	if (!buf->size)
		return;
	if (buf->sink.mr)
		ual_sink_close(&buf->sink);
	for (unsigned c = 0; c < RDMA_CLASSES; c++) {
		if (classes[c].size == buf->size) {
			push(arena, c, buf->data);
			host->held[c]--;
		}
	}
	*buf = (struct rdma_buf){ 0 };
}
