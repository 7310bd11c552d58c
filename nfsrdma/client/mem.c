// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Registered memory: what the caller asked for, and buffers for what was not, which are kept for the next call.  No
 * server can reach it; parts of it are lent, see lend.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/client.h"
#include "nfsrdma/client/lend.h"

#define MEM_ALIGN 4096

struct mem *mem_create(struct ornfs_client *c, size_t len)
{
	struct mem *mem = calloc(1, sizeof(*mem));
	size_t size = (len + MEM_ALIGN - 1) & ~(size_t)(MEM_ALIGN - 1);

	if (!mem)
		return NULL;
	INIT_LIST_HEAD(&mem->link);
	mem->data = aligned_alloc(MEM_ALIGN, size);
	mem->len = size;
	if (!mem->data || ual_mr_reg(c->pd, mem->data, size, lend_access(c->dev), &mem->mr)) {
		free(mem->data);
		free(mem);
		return NULL;
	}
	return mem;
}

void mem_destroy(struct mem *mem)
{
	if (!mem)
		return;
	list_del(&mem->link);
	ual_mr_dereg(mem->mr);
	free(mem->data);
	free(mem);
}

struct mem *mem_get(struct ornfs_client *c, size_t len)
{
	struct mem *mem;

	list_for_each_entry(mem, &c->mem_free, link) {
		if (mem->len < len)
			continue;
		list_del_init(&mem->link);
		return mem;
	}
	return mem_create(c, max_t(size_t, len, NFSC_DIR_BYTES));
}

void mem_put(struct ornfs_client *c, struct mem *mem)
{
	if (mem)
		list_add(&mem->link, &c->mem_free);
}

struct mem *mem_find(struct ornfs_client *c, const void *data, size_t len)
{
	const u8 *p = data;
	struct mem *mem;

	list_for_each_entry(mem, &c->bufs, link)
		if (p >= mem->data && len <= mem->len && (size_t)(p - mem->data) <= mem->len - len)
			return mem;
	return NULL;
}

void mem_deinit(struct ornfs_client *c)
{
	while (!list_empty(&c->mem_free))
		mem_destroy(list_first_entry(&c->mem_free, struct mem, link));
	core_assert(list_empty(&c->bufs));	/* the caller frees them before the client */
}

void *ornfs_buf_alloc(struct ornfs_client *client, size_t len)
{
	struct mem *mem = len ? mem_create(client, len) : NULL;

	if (!mem)
		return NULL;
	list_add(&mem->link, &client->bufs);
	return mem->data;
}

void ornfs_buf_free(struct ornfs_client *client, void *buf, size_t len)
{
	struct mem *mem = buf ? mem_find(client, buf, len) : NULL;

	core_assert(!buf || (mem && mem->data == buf));
	mem_destroy(mem);
}
