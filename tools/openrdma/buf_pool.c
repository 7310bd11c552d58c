// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Free buffers are stacks: the one used last is taken first, because it is in the processor's cache and
 * its pages are there.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "core/env.h"
#include "tools/openrdma/buf_pool.h"

#define PAGE_BYTES 4096
#define page_up(n) (DIV_ROUND_UP((n), PAGE_BYTES) * PAGE_BYTES)

enum buf_kind { BUF_SMALL, BUF_LARGE, BUF_HUGE };

struct buf_pool {
	struct buf_pool_cfg cfg;
	uint8_t *base;
	size_t len;
	struct oriser_mem *mem;
	struct buf *free[2];	/* by kind */
	unsigned out;		/* buffers with users */
	bool wanted;		/* somebody got NULL */
	struct buf bufs[];
};

/* Children that do blocking work for us need none of it; without this each page would be copied again. */
static uint8_t *map_pages(size_t len)
{
	uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, len, MADV_DONTFORK);
	return p;
}

static void push(struct buf_pool *pool, struct buf *b)
{
	b->next = pool->free[b->kind];
	pool->free[b->kind] = b;
}

static void cut(struct buf_pool *pool)
{
	unsigned n = pool->cfg.small_n + pool->cfg.large_n;
	uint8_t *at = pool->base;

	for (unsigned i = 0; i < n; i++) {
		struct buf *b = &pool->bufs[i];

		b->kind = i < pool->cfg.small_n ? BUF_SMALL : BUF_LARGE;
		b->len = b->kind == BUF_SMALL ? pool->cfg.small_len : pool->cfg.large_len;
		b->data = at;
		b->mem = pool->mem;
		b->pool = pool;
		at += b->len;
	}
	for (unsigned i = n; i-- > 0;)
		push(pool, &pool->bufs[i]);
}

int buf_pool_create(const struct buf_pool_cfg *cfg, struct buf_pool **out)
{
	struct buf_pool *pool;
	int err;

	pool = calloc(1, sizeof(*pool) + (cfg->small_n + cfg->large_n) * sizeof(pool->bufs[0]));
	if (!pool)
		return -ENOMEM;
	pool->cfg = *cfg;
	pool->cfg.small_len = page_up(cfg->small_len);
	pool->cfg.large_len = page_up(cfg->large_len);
	pool->len = cfg->small_n * pool->cfg.small_len + cfg->large_n * pool->cfg.large_len;

	err = -ENOMEM;
	pool->base = map_pages(pool->len);
	if (!pool->base)
		goto err_free;
	err = oriser_disk_mem_add(cfg->disk, pool->base, pool->len, &pool->mem);
	if (err)
		goto err_unmap;
	cut(pool);
	*out = pool;
	return 0;

err_unmap:
	munmap(pool->base, pool->len);
err_free:
	free(pool);
	return err;
}

void buf_pool_destroy(struct buf_pool *pool)
{
	if (!pool)
		return;
	core_assert(pool->out == 0);
	oriser_disk_mem_del(pool->cfg.disk, pool->mem);
	munmap(pool->base, pool->len);
	free(pool);
}

struct buf *buf_get(struct buf_pool *pool, size_t len)
{
	struct buf *b = NULL;

	core_assert(len <= max_t(size_t, pool->cfg.small_len, pool->cfg.large_len));
	if (len <= pool->cfg.small_len)
		b = pool->free[BUF_SMALL];
	if (!b)
		b = pool->free[BUF_LARGE];
	if (!b) {
		pool->wanted = true;
		return NULL;
	}
	pool->free[b->kind] = b->next;
	b->refs = 1;
	pool->out++;
	return b;
}

int buf_get_huge(struct buf_pool *pool, size_t len, struct buf **out)
{
	struct buf *b = calloc(1, sizeof(*b));
	int err = -ENOMEM;

	if (!b)
		return -ENOMEM;
	b->kind = BUF_HUGE;
	b->pool = pool;
	b->len = page_up(len);
	b->refs = 1;
	b->data = map_pages(b->len);
	if (!b->data)
		goto err_free;
	err = oriser_disk_mem_add(pool->cfg.disk, b->data, b->len, &b->mem);
	if (err)
		goto err_unmap;
	pool->out++;
	*out = b;
	return 0;

err_unmap:
	munmap(b->data, b->len);
err_free:
	free(b);
	return err;
}

void buf_ref(struct buf *b)
{
	b->refs++;
}

void buf_put(struct buf *b)
{
	struct buf_pool *pool;

	if (!b)
		return;
	core_assert(b->refs > 0);
	if (--b->refs)
		return;
	pool = b->pool;
	pool->out--;
	if (b->kind == BUF_HUGE) {
		oriser_disk_mem_del(pool->cfg.disk, b->mem);
		munmap(b->data, b->len);
		free(b);
		return;
	}
	push(pool, b);
	if (pool->wanted && pool->cfg.freed) {
		pool->wanted = false;
		pool->cfg.freed(pool->cfg.ctx);
	}
}
