// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/store/pool.h"

#include <stdlib.h>
#include <sys/mman.h>

#define POOL_ORDERS		12		/* 4 KiB to 8 MiB */
#define POOL_IDLE_NS_DEFAULT	2000000000ull
#define POOL_CACHE_MAX		64		/* free pieces of an order that are not merged yet */

enum page_state { PAGE_INSIDE, PAGE_FREE, PAGE_CACHED, PAGE_LENT };

/* One for each page of an arena; only that of a piece's first page means something. */
struct pool_page {
	struct list_head node;		/* in free[] or cached[] of its order */
	struct pool_arena *arena;
	uint8_t order;
	uint8_t state;			/* enum page_state */
};

struct pool_arena {
	struct list_head node;
	struct pool *pool;
	uint8_t *mem;
	struct ual_mr *mr;
	unsigned lent;			/* pieces */
	uint64_t idle_since;
	struct pool_page page[];
};

struct pool {
	struct pool_cfg cfg;
	unsigned order_max;
	uint64_t bytes;
	unsigned lent;
	struct list_head arenas;
	struct list_head free[POOL_ORDERS];
	/* freed lately: no split or merge for the usual lengths */
	struct list_head cached[POOL_ORDERS];
	unsigned cached_n[POOL_ORDERS];
	struct list_head waiters;
	struct ual_defer serve;
	struct ual_timer reap;
};

static unsigned order_of(uint32_t len)
{
	unsigned order = 0;

	while ((uint64_t)POOL_PAGE << order < len)
		order++;
	return order;
}

static void free_add(struct pool *pool, struct pool_page *page, unsigned order)
{
	page->state = PAGE_FREE;
	page->order = (uint8_t)order;
	list_add(&page->node, &pool->free[order]);
}

/* Merges a piece with its buddies as far as they are free. */
static void merge(struct pool *pool, struct pool_page *page)
{
	struct pool_arena *arena = page->arena;
	size_t at = (size_t)(page - arena->page);
	unsigned order = page->order;

	for (; order < pool->order_max; order++) {
		struct pool_page *buddy = &arena->page[at ^ (size_t)1 << order];

		if (buddy->state != PAGE_FREE || buddy->order != order)
			break;
		list_del_init(&buddy->node);
		buddy->state = PAGE_INSIDE;
		arena->page[at].state = PAGE_INSIDE;
		at &= ~((size_t)1 << order);
	}
	free_add(pool, &arena->page[at], order);
}

static void drain_cache(struct pool *pool)
{
	for (unsigned order = 0; order <= pool->order_max; order++) {
		struct pool_page *page, *next;

		list_for_each_entry_safe(page, next, &pool->cached[order], node) {
			list_del_init(&page->node);
			merge(pool, page);
		}
		pool->cached_n[order] = 0;
	}
}

static void arena_destroy(struct pool *pool, struct pool_arena *arena)
{
	core_assert(arena->lent == 0);
	list_del_init(&arena->page[0].node);
	list_del_init(&arena->node);
	ual_mr_dereg(arena->mr);
	munmap(arena->mem, pool->cfg.arena_len);
	pool->bytes -= pool->cfg.arena_len;
	free(arena);
}

/* Aligned to its own length: pieces are aligned to theirs, and huge pages fit. */
static uint8_t *map_aligned(size_t len)
{
	uint8_t *mem = mmap(NULL, 2 * len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t head;

	if (mem == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)mem & (len - 1);
	if (head)
		munmap(mem, head);
	munmap(mem + head + len, len - head);
	return mem + head;
}

static int arena_create(struct pool *pool)
{
	size_t len = pool->cfg.arena_len;
	size_t pages = len / POOL_PAGE;
	struct pool_arena *arena;
	int err;

	if (pool->bytes + len > pool->cfg.max)
		return -EAGAIN;
	arena = calloc(1, sizeof(*arena) + pages * sizeof(arena->page[0]));
	if (!arena)
		return -ENOMEM;
	arena->mem = map_aligned(len);
	if (!arena->mem) {
		err = -ENOMEM;
		goto free_arena;
	}
	err = ual_mr_reg(pool->cfg.pd, arena->mem, len, ACCESS_LOCAL_WRITE, &arena->mr);
	if (err)
		goto unmap;

	arena->pool = pool;
	arena->idle_since = ual_loop_now(pool->cfg.loop);
	for (size_t i = 0; i < pages; i++) {
		INIT_LIST_HEAD(&arena->page[i].node);
		arena->page[i].arena = arena;
	}
	free_add(pool, &arena->page[0], pool->order_max);
	list_add_tail(&arena->node, &pool->arenas);
	pool->bytes += len;
	return 0;

unmap:
	munmap(arena->mem, len);
free_arena:
	free(arena);
	return err;
}

static struct pool_page *take_free(struct pool *pool, unsigned order)
{
	for (unsigned o = order; o <= pool->order_max; o++) {
		struct pool_page *page =
			list_first_entry_or_null(&pool->free[o], struct pool_page, node);

		if (!page)
			continue;
		list_del_init(&page->node);
		while (o > order) {
			o--;
			free_add(pool, page + ((size_t)1 << o), o);
		}
		page->order = (uint8_t)order;
		return page;
	}
	return NULL;
}

static int take(struct pool *pool, uint32_t len, struct pool_buf *buf)
{
	unsigned order = order_of(len);
	struct pool_page *page;
	struct pool_arena *arena;

	core_assert(order <= pool->order_max);
	page = list_first_entry_or_null(&pool->cached[order], struct pool_page, node);
	if (page) {
		list_del_init(&page->node);
		pool->cached_n[order]--;
	} else {
		page = take_free(pool, order);
		if (!page) {
			drain_cache(pool);
			page = take_free(pool, order);
		}
		if (!page) {
			int err = arena_create(pool);

			if (err)
				return pool->lent ? -EAGAIN : err;
			page = take_free(pool, order);
		}
	}
	arena = page->arena;
	page->state = PAGE_LENT;
	arena->lent++;
	pool->lent++;
	*buf = (struct pool_buf){
		.data = arena->mem + (size_t)(page - arena->page) * POOL_PAGE,
		.arena = arena,
		.lkey = arena->mr->lkey,
	};
	return 0;
}

static void serve(struct ual_defer *defer)
{
	struct pool *pool = defer->ctx;
	struct pool_wait *wait;

	while ((wait = list_first_entry_or_null(&pool->waiters, struct pool_wait, node))) {
		if (take(pool, wait->len, &wait->buf) != 0)
			return;
		wait->buf.account = wait->account;
		list_del_init(&wait->node);
		wait->fn(wait);
	}
}

/* ---- accounts ------------------------------------------------------------------------------------- */

static uint64_t piece_len(uint32_t len)
{
	return (uint64_t)POOL_PAGE << order_of(len);
}

void pool_account_init(struct pool_account *account, uint64_t max)
{
	account->lent = 0;
	account->max = max;
	INIT_LIST_HEAD(&account->waiters);
}

static bool promise(struct pool_account *account, uint32_t len)
{
	if (account->lent && account->lent + piece_len(len) > account->max)
		return false;
	account->lent += piece_len(len);
	return true;
}

/* Who waited for the account waits for the pool now, behind those who do already. */
static void unpromise(struct pool *pool, struct pool_account *account, uint64_t bytes)
{
	struct pool_wait *wait;

	core_assert(account->lent >= bytes);
	account->lent -= bytes;
	while ((wait = list_first_entry_or_null(&account->waiters, struct pool_wait, node)) &&
	       promise(account, wait->len)) {
		wait->promised = true;
		list_move_tail(&wait->node, &pool->waiters);
		ual_defer(pool->cfg.loop, &pool->serve);
	}
}

/* ---- public ---------------------------------------------------------------------------------------- */

static void reap(struct ual_timer *timer)
{
	struct pool *pool = timer->ctx;
	uint64_t now = ual_loop_now(pool->cfg.loop), next = UINT64_MAX;
	struct pool_arena *arena, *after;

	drain_cache(pool);
	list_for_each_entry_safe(arena, after, &pool->arenas, node) {
		if (arena->lent)
			continue;
		if (now >= arena->idle_since + pool->cfg.idle_ns)
			arena_destroy(pool, arena);
		else
			next = min_t(uint64_t, next, arena->idle_since + pool->cfg.idle_ns);
	}
	if (next != UINT64_MAX)
		ual_timer_arm(pool->cfg.loop, timer, next);
}

int pool_create(const struct pool_cfg *cfg, struct pool **out)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->cfg = *cfg;
	if (!pool->cfg.idle_ns)
		pool->cfg.idle_ns = POOL_IDLE_NS_DEFAULT;
	pool->order_max = order_of(cfg->arena_len);
	core_assert(pool->order_max < POOL_ORDERS && cfg->max >= cfg->arena_len);
	core_assert((uint64_t)POOL_PAGE << pool->order_max == cfg->arena_len);
	INIT_LIST_HEAD(&pool->arenas);
	INIT_LIST_HEAD(&pool->waiters);
	for (unsigned o = 0; o < POOL_ORDERS; o++) {
		INIT_LIST_HEAD(&pool->free[o]);
		INIT_LIST_HEAD(&pool->cached[o]);
	}
	pool->serve = (struct ual_defer){ .fn = serve, .ctx = pool };
	pool->reap = (struct ual_timer){ .fn = reap, .ctx = pool };
	*out = pool;
	return 0;
}

void pool_destroy(struct pool *pool)
{
	struct pool_arena *arena, *next;

	if (!pool)
		return;
	core_assert(pool->lent == 0 && list_empty(&pool->waiters));
	ual_defer_cancel(pool->cfg.loop, &pool->serve);
	ual_timer_disarm(pool->cfg.loop, &pool->reap);
	drain_cache(pool);
	list_for_each_entry_safe(arena, next, &pool->arenas, node)
		arena_destroy(pool, arena);
	free(pool);
}

int pool_get(struct pool *pool, struct pool_account *account, uint32_t len, struct pool_buf *buf,
	     struct pool_wait *wait)
{
	int err;

	wait->account = account;
	wait->len = len;
	wait->promised = !account || (list_empty(&account->waiters) && promise(account, len));
	if (!wait->promised) {
		list_add_tail(&wait->node, &account->waiters);
		return -EAGAIN;
	}
	err = list_empty(&pool->waiters) ? take(pool, len, buf) : -EAGAIN;
	if (!err)
		buf->account = account;
	else if (err == -EAGAIN)
		list_add_tail(&wait->node, &pool->waiters);
	else if (account)
		unpromise(pool, account, piece_len(len));
	return err;
}

void pool_put(struct pool *pool, struct pool_buf *buf)
{
	struct pool_account *account = buf->account;
	struct pool_arena *arena = buf->arena;
	struct pool_page *page;

	if (!buf->data)
		return;
	page = &arena->page[(size_t)((uint8_t *)buf->data - arena->mem) / POOL_PAGE];
	core_assert(page->state == PAGE_LENT && arena->lent && pool->lent);
	*buf = (struct pool_buf){ .data = NULL };
	pool->lent--;
	if (--arena->lent == 0) {
		arena->idle_since = ual_loop_now(pool->cfg.loop);
		if (!ual_timer_armed(&pool->reap))
			ual_timer_arm(pool->cfg.loop, &pool->reap,
				      arena->idle_since + pool->cfg.idle_ns);
	}
	if (account)
		unpromise(pool, account, (uint64_t)POOL_PAGE << page->order);
	if (pool->cached_n[page->order] < POOL_CACHE_MAX) {
		page->state = PAGE_CACHED;
		list_add(&page->node, &pool->cached[page->order]);
		pool->cached_n[page->order]++;
	} else {
		merge(pool, page);
	}
	if (!list_empty(&pool->waiters))
		ual_defer(pool->cfg.loop, &pool->serve);
}

void pool_cancel(struct pool *pool, struct pool_wait *wait)
{
	list_del_init(&wait->node);
	if (wait->promised && wait->account)
		unpromise(pool, wait->account, piece_len(wait->len));
	/* It may have stood in front of smaller requests that fit. */
	if (!list_empty(&pool->waiters))
		ual_defer(pool->cfg.loop, &pool->serve);
}

uint64_t pool_bytes(const struct pool *pool)
{
	return pool->bytes;
}
