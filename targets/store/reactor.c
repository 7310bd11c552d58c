// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What all stores of one event loop share: registered buffers and asynchronous file I/O. */
#include <stdlib.h>

#include "targets/store/store.h"

#define REACTOR_POOL_DEFAULT	(64ull << 20)

int store_reactor_create(const struct store_reactor_cfg *cfg, struct store_reactor **out)
{
	struct store_reactor *reactor = calloc(1, sizeof(*reactor));
	struct pool_cfg pool = {
		.loop = cfg->loop,
		.pd = cfg->pd,
		.arena_len = STORE_IO_MAX,
		.max = cfg->pool_max ? cfg->pool_max : REACTOR_POOL_DEFAULT,
	};
	int err;

	if (!reactor)
		return -ENOMEM;
	reactor->loop = cfg->loop;
	reactor->pd = cfg->pd;
	reactor->pool_max = pool.max;
	err = pool_create(&pool, &reactor->pool);
	if (err)
		goto free_reactor;
	err = aio_create(cfg->loop, cfg->aio, &reactor->aio);
	if (err)
		goto destroy_pool;
	*out = reactor;
	return 0;

destroy_pool:
	pool_destroy(reactor->pool);
free_reactor:
	free(reactor);
	return err;
}

void store_reactor_destroy(struct store_reactor *reactor)
{
	if (!reactor)
		return;
	aio_destroy(reactor->aio);
	pool_destroy(reactor->pool);
	free(reactor);
}
