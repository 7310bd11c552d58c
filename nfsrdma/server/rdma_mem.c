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

#define CLASSES (sizeof(classes) / sizeof(classes[0]))

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
	pthread_mutex_init(&arena->lock, NULL);
	p = arena->mem;
	for (unsigned c = 0; c < CLASSES; c++)
		for (unsigned i = 0; i < classes[c].n; i++, p += classes[c].size)
			push(arena, c, p);
	core_assert(p <= arena->mem + RDMA_ARENA_BYTES);
	return 0;
}

void rdma_arena_deinit(struct rdma_arena *arena)
{
	ual_mr_dereg(arena->mr);
	pthread_mutex_destroy(&arena->lock);
	free(arena->mem);
}

bool rdma_buf_get(struct rdma_arena *arena, u32 len, struct rdma_buf *buf)
{
	void *p = NULL;
	unsigned c;

	pthread_mutex_lock(&arena->lock);
	for (c = 0; c < CLASSES; c++) {
		if (classes[c].size < len || !arena->free[c])
			continue;
		p = arena->free[c];
		arena->free[c] = *(void **)p;
		break;
	}
	pthread_mutex_unlock(&arena->lock);
	if (!p)
		return false;
	*buf = (struct rdma_buf){ .data = p, .size = classes[c].size, .lkey = arena->mr->lkey };
	return true;
}

void rdma_buf_put(struct rdma_arena *arena, struct rdma_buf *buf)
{
	if (!buf->size)
		return;
	if (buf->sink.mr)
		ual_sink_close(&buf->sink);
	pthread_mutex_lock(&arena->lock);
	for (unsigned c = 0; c < CLASSES; c++)
		if (classes[c].size == buf->size)
			push(arena, c, buf->data);
	pthread_mutex_unlock(&arena->lock);
	*buf = (struct rdma_buf){ 0 };
}
