/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A volatile cache in front of a RAM store: what was written and not flushed can be lost.
 *
 *   store_write_end() --> recent, dirty        store_flush(), FUA --> stable
 *   cache_power_cut(): each dirty block is what it was at the last flush, or was written out just in time
 *
 * The store's memory itself stays what readers see; two images beside it remember the rest.
 */
#ifndef TESTS_SIM_ISER_CACHE_H
#define TESTS_SIM_ISER_CACHE_H

#include "tests/sim/iser/world.h"

struct cache;

/* Puts itself before the operations of the store, which says from now on that it has a cache. */
struct cache *cache_create(struct store *store);
void cache_destroy(struct cache *cache);
/* Nothing is under way; the store is another instance afterwards. */
void cache_power_cut(struct cache *cache, struct sim *sim);
void cache_new_instance(struct store *store, struct sim *sim);

#endif
