/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/sim/iser/cache.h"

#include <stdlib.h>
#include <string.h>

#include "targets/store/store_ops.h"

struct cache {
	struct cache *next;
	struct store *store;
	const struct store_ops *below;
	struct store_ops ops;
	u8 *memory;			/* the store's, known from the first write on */
	u8 *recent, *stable;
	bool dirty[LUN_BLOCKS];
};

static struct cache *caches;		/* operations have no pointer of ours */

static struct cache *cache_of(const struct store_io *io)
{
	struct cache *c = caches;

	while (c->store != io->inst->store)
		c = c->next;
	return c;
}

static void settle(struct cache *c, u32 block)
{
	memcpy(c->stable + (size_t)block * LUN_BLOCK, c->recent + (size_t)block * LUN_BLOCK,
	       LUN_BLOCK);
	c->dirty[block] = false;
}

static void changed(struct cache *c, const struct store_io *io)
{
	for (u32 i = (u32)(io->off / LUN_BLOCK); i < (io->off + io->len) / LUN_BLOCK; i++) {
		c->dirty[i] = true;
		if (io->flags & STORE_FUA)
			settle(c, i);
	}
}

static void write_end(struct store_io *io)
{
	struct cache *c = cache_of(io);

	c->memory = (u8 *)io->data - io->off;
	memcpy(c->recent + io->off, io->data, io->len);
	changed(c, io);
	c->below->write_end(io);
}

static void zero(struct store_io *io)
{
	struct cache *c = cache_of(io);

	memset(c->recent + io->off, 0, io->len);
	changed(c, io);
	c->below->zero(io);
}

static void unmap(struct store_io *io)
{
	struct cache *c = cache_of(io);

	memset(c->recent + io->off, 0, io->len);
	changed(c, io);
	c->below->unmap(io);
}

static void flush(struct store_io *io)
{
	struct cache *c = cache_of(io);

	for (u32 i = 0; i < LUN_BLOCKS; i++)
		if (c->dirty[i])
			settle(c, i);
	c->below->flush(io);
}

struct cache *cache_create(struct store *store)
{
	struct cache *c = calloc(1, sizeof(*c));

	c->store = store;
	c->recent = calloc(LUN_BLOCKS, LUN_BLOCK);
	c->stable = calloc(LUN_BLOCKS, LUN_BLOCK);
	c->below = store->ops;
	c->ops = *c->below;
	c->ops.write_end = write_end;
	c->ops.zero = zero;
	c->ops.unmap = unmap;
	c->ops.flush = flush;
	store->ops = &c->ops;
	store->info.write_cache = true;
	store->info.in_memory = false;
	c->next = caches;
	caches = c;
	return c;
}

void cache_destroy(struct cache *c)
{
	struct cache **at = &caches;

	if (!c)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->store->ops = c->below;
	free(c->recent);
	free(c->stable);
	free(c);
}

void cache_new_instance(struct store *store, struct sim *sim)
{
	for (unsigned i = 0; i < STORE_INSTANCE_LEN; i++)
		store->instance.id[i] = (u8)sim_random(sim, 256);
}

void cache_power_cut(struct cache *c, struct sim *sim)
{
	for (u32 i = 0; i < LUN_BLOCKS; i++) {
		size_t at = (size_t)i * LUN_BLOCK;

		if (!c->dirty[i])
			continue;
		if (sim_random(sim, 2)) {
			memcpy(c->recent + at, c->stable + at, LUN_BLOCK);
			/* without any write all that there is are zeroes, and they are so in memory, too */
			if (c->memory)
				memcpy(c->memory + at, c->stable + at, LUN_BLOCK);
		}
		settle(c, i);
	}
	cache_new_instance(c->store, sim);
}
