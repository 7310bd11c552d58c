// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Store `null`: reads as zeroes, forgets what is written; measures everything but the storage.
 *
 * All reads are lent the same bytes, never written and so the kernel's zero page; all writes land in the
 * same sink, over one another.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "targets/store/store_ops.h"

#define NULL_PAGE	4096u

struct null_inst {
	struct store_inst inst;
	uint8_t *zeroes, *sink;		/* of STORE_IO_MAX bytes each, pages come when touched */
	struct ual_mr *zeroes_mr, *sink_mr;
};

static struct null_inst *inst_of(const struct store_io *io)
{
	return container_of(io->inst, struct null_inst, inst);
}

static void null_read(struct store_io *io)
{
	store_io_lend(io, inst_of(io)->zeroes, inst_of(io)->zeroes_mr->lkey);
}

static void null_write_begin(struct store_io *io)
{
	store_io_lend(io, inst_of(io)->sink, inst_of(io)->sink_mr->lkey);
}

static void null_done(struct store_io *io)
{
	store_io_done(io, 0);
}

static void null_release(struct store_io *io)
{
}

static int null_open(const struct store_cfg *cfg, struct store **out, char *why, size_t why_len)
{
	uint32_t block = cfg->block_size ? cfg->block_size : STORE_BLOCK_MIN;
	uint64_t size = cfg->size - cfg->size % block;
	struct store *store;

	if (!size)
		return store_why(why, why_len, -EINVAL,
				 "lun %s: needs a size of at least one block: null:,size=1T",
				 cfg->name);
	store = calloc(1, sizeof(*store));
	if (!store)
		return store_why(why, why_len, -ENOMEM, "lun %s: out of memory", cfg->name);
	store->info = (struct store_info){
		.size = size,
		.block_size = block,
		.physical_block_size = NULL_PAGE,
		.unmap_granularity = NULL_PAGE,
		.unmap_zeroes = true,
		.read_only = cfg->read_only,
	};
	*out = store;
	return 0;
}

static int null_close(struct store *store)
{
	free(store);
	return 0;
}

static int map_reg(struct ual_pd *pd, uint32_t access, uint8_t **mem, struct ual_mr **mr)
{
	void *map = mmap(NULL, STORE_IO_MAX, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int err;

	if (map == MAP_FAILED)
		return -ENOMEM;
	err = ual_mr_reg(pd, map, STORE_IO_MAX, access, mr);
	if (err) {
		munmap(map, STORE_IO_MAX);
		return err;
	}
	*mem = map;
	return 0;
}

static int null_inst_create(struct store *store, struct store_reactor *reactor,
			    struct store_inst **inst)
{
	struct null_inst *ni = calloc(1, sizeof(*ni));
	int err;

	if (!ni)
		return -ENOMEM;
	err = map_reg(reactor->pd, 0, &ni->zeroes, &ni->zeroes_mr);
	if (err)
		goto free_inst;
	err = map_reg(reactor->pd, ACCESS_LOCAL_WRITE, &ni->sink, &ni->sink_mr);
	if (err)
		goto unmap_zeroes;
	*inst = &ni->inst;
	return 0;

unmap_zeroes:
	ual_mr_dereg(ni->zeroes_mr);
	munmap(ni->zeroes, STORE_IO_MAX);
free_inst:
	free(ni);
	return err;
}

static void null_inst_destroy(struct store_inst *inst)
{
	struct null_inst *ni = container_of(inst, struct null_inst, inst);

	ual_mr_dereg(ni->sink_mr);
	ual_mr_dereg(ni->zeroes_mr);
	munmap(ni->sink, STORE_IO_MAX);
	munmap(ni->zeroes, STORE_IO_MAX);
	free(ni);
}

const struct store_ops store_null_ops = {
	.name = "null",
	.open = null_open,
	.close = null_close,
	.inst_create = null_inst_create,
	.inst_destroy = null_inst_destroy,
	.read = null_read,
	.write_begin = null_write_begin,
	.write_end = null_done,
	.release = null_release,
	.flush = null_done,
	.unmap = null_done,
	.zero = null_done,
	.cancel = null_release,
};
