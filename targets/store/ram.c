// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Store `ram`: anonymous memory, registered with every reactor, so that data goes between it and the wire
 * without a copy.  Pages come when they are written, or shortly before (ahead.h).  Nothing outlives the daemon: there is no write cache
 * and a flush has nothing to do.
 *
 * hold.h keeps a source unchanged until it has been sent.  A read that meets a writer sends a copy; a write
 * that meets readers waits in its reactor's list for the last of them, which wakes every reactor that waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "targets/store/ahead.h"
#include "targets/store/hold.h"
#include "targets/store/store_ops.h"

#define RAM_PAGE		4096u
#define RAM_REACTORS_MAX	256
#define RAM_DISCARD_MIN		65536u	/* shorter ranges are quicker to clear than to give back */

struct ram;

struct ram_inst {
	struct store_inst inst;
	struct ram *ram;
	struct ual_mr *mr;
	unsigned slot;
	struct list_head waiters;	/* writes that wait for readers */
	atomic_bool waiting;		/* waiters is not empty: read by all reactors */
	atomic_bool posted;
	struct ual_post post;
};

/*
 * Owner: the daemon.  References: instances, in insts[].
 * Lock: none; hold is atomic, insts[] changes only while no loop runs.
 * Context: all reactors.
 */
struct ram {
	struct store store;
	uint8_t *mem;
	struct ahead *ahead;
	bool pinned; /* a card has the pages: they are all there, and must stay */
	struct hold hold;
	struct ram_inst *insts[RAM_REACTORS_MAX];
};

static struct ram_inst *inst_of(const struct store_io *io)
{
	return container_of(io->inst, struct ram_inst, inst);
}

static uint8_t *mem_of(const struct store_io *io)
{
	return inst_of(io)->ram->mem + io->off;
}

/* ---- waking writers ------------------------------------------------------------------------------- */

static void wake(struct ram *ram)
{
	for (unsigned i = 0; i < RAM_REACTORS_MAX; i++) {
		struct ram_inst *ri = ram->insts[i];

		if (ri && atomic_load(&ri->waiting) && !atomic_exchange(&ri->posted, true))
			ual_loop_post(ri->inst.reactor->loop, &ri->post);
	}
}

static void waiters_del(struct ram_inst *ri, struct store_io *io)
{
	list_del_init(&io->node);
	if (list_empty(&ri->waiters))
		atomic_store(&ri->waiting, false);
}

static void granted(struct store_io *io);

static void retry(struct ual_post *post)
{
	struct ram_inst *ri = post->ctx;
	struct list_head ready;
	struct store_io *io, *next;

	atomic_store(&ri->posted, false);
	INIT_LIST_HEAD(&ready);
	list_for_each_entry_safe(io, next, &ri->waiters, node)
		if (hold_write_ready(&ri->ram->hold, io->off, io->len))
			list_move_tail(&io->node, &ready);
	if (list_empty(&ri->waiters))
		atomic_store(&ri->waiting, false);
	while ((io = list_first_entry_or_null(&ready, struct store_io, node))) {
		list_del_init(&io->node);
		granted(io);
	}
}

static void write_hold(struct store_io *io)
{
	struct ram_inst *ri = inst_of(io);

	io->held = true;
	if (!hold_write(&ri->ram->hold, io->off, io->len)) {
		/* First be seen waiting, then look again: the last reader leaves in between or wakes us. */
		io->state = STORE_IO_WAITS;
		list_add_tail(&io->node, &ri->waiters);
		atomic_store(&ri->waiting, true);
		if (!hold_write_ready(&ri->ram->hold, io->off, io->len))
			return;
		waiters_del(ri, io);
	}
	granted(io);
}

static void unhold(struct store_io *io)
{
	struct ram *ram = inst_of(io)->ram;
	bool last = false;

	if (!io->held)
		return;
	io->held = false;
	if (io->op == STORE_READ)
		hold_read_end(&ram->hold, io->off, io->len, &last);
	else
		hold_write_end(&ram->hold, io->off, io->len);
	if (last)
		wake(ram);
}

/* ---- operations ----------------------------------------------------------------------------------- */

static void clear(struct ram *ram, uint8_t *from, uint64_t len)
{
	uint8_t *to = from + len;
	uint8_t *page = (uint8_t *)(((uintptr_t)from + RAM_PAGE - 1) & ~(uintptr_t)(RAM_PAGE - 1));
	uint8_t *page_end = (uint8_t *)((uintptr_t)to & ~(uintptr_t)(RAM_PAGE - 1));

	if (len < RAM_DISCARD_MIN || ram->pinned ||
	    madvise(page, (size_t)(page_end - page), MADV_DONTNEED) != 0) {
		memset(from, 0, len);
		return;
	}
	ahead_drop(ram->ahead, (uint64_t)(page - ram->mem), (uint64_t)(page_end - page));
	memset(from, 0, (size_t)(page - from));
	memset(page_end, 0, (size_t)(to - page_end));
}

/* No reader is in the range of a write, unmap or zero any more. */
static void granted(struct store_io *io)
{
	if (io->op == STORE_WRITE) {
		if (!inst_of(io)->ram->pinned)
			ahead_write(inst_of(io)->ram->ahead, io->off, io->len);
		store_io_lend(io, mem_of(io), inst_of(io)->mr->lkey);
		return;
	}
	clear(inst_of(io)->ram, mem_of(io), io->len);
	unhold(io);
	store_io_done(io, 0);
}

static void snapshot(struct store_io *io)
{
	memcpy(io->buf.data, mem_of(io), io->len);
	store_io_lend(io, io->buf.data, io->buf.lkey);
}

static void snapshot_later(struct pool_wait *wait)
{
	struct store_io *io = container_of(wait, struct store_io, wait);

	io->buf = wait->buf;
	snapshot(io);
}

static void ram_read(struct store_io *io)
{
	struct ram_inst *ri = inst_of(io);
	bool last = false;
	int err;

	io->held = hold_read(&ri->ram->hold, io->off, io->len, &last);
	if (last)
		wake(ri->ram);
	if (io->held) {
		store_io_lend(io, mem_of(io), ri->mr->lkey);
		return;
	}
	io->wait.fn = snapshot_later;
	err = pool_get(io->inst->reactor->pool, io->account, (uint32_t)io->len, &io->buf,
		       &io->wait);
	if (!err)
		snapshot(io);
	else if (err == -EAGAIN)
		io->state = STORE_IO_WAITS;
	else
		store_io_done(io, err);
}

static void ram_write_end(struct store_io *io)
{
	unhold(io);
	store_io_done(io, 0);
}

static void ram_release(struct store_io *io)
{
	unhold(io);
	pool_put(io->inst->reactor->pool, &io->buf);
}

static void ram_flush(struct store_io *io)
{
	store_io_done(io, 0);
}

static void ram_cancel(struct store_io *io)
{
	if (io->op == STORE_READ) {
		pool_cancel(io->inst->reactor->pool, &io->wait);
	} else {
		waiters_del(inst_of(io), io);
		unhold(io);
	}
	store_io_done(io, -ECANCELED);
}

/* ---- objects -------------------------------------------------------------------------------------- */

static int ram_open(const struct store_cfg *cfg, struct store **store, char *why, size_t why_len)
{
	uint32_t block = cfg->block_size ? cfg->block_size : STORE_BLOCK_MIN;
	uint64_t size = cfg->size - cfg->size % block;
	struct ram *ram;

	if (!size)
		return store_why(why, why_len, -EINVAL,
				 "lun %s: memory needs a size of at least one block: ram:,size=1G",
				 cfg->name);
	if (size > SIZE_MAX / 2)
		return store_why(why, why_len, -EFBIG, "lun %s: size is too large for memory",
				 cfg->name);
	ram = calloc(1, sizeof(*ram));
	if (!ram)
		return store_why(why, why_len, -ENOMEM, "lun %s: out of memory", cfg->name);
	ram->mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram->mem == MAP_FAILED) {
		free(ram);
		return store_why(why, why_len, -ENOMEM,
				 "lun %s: no address space for %llu bytes; choose a smaller size",
				 cfg->name, (unsigned long long)size);
	}
	ram->ahead = ahead_create(ram->mem, size);
	if (!ram->ahead) {
		munmap(ram->mem, size);
		free(ram);
		return store_why(why, why_len, -ENOMEM, "lun %s: out of memory", cfg->name);
	}
	madvise(ram->mem, size, MADV_HUGEPAGE);		/* fewer TLB misses where the kernel can */
	ram->store.info = (struct store_info){
		.size = size,
		.block_size = block,
		.physical_block_size = RAM_PAGE,
		.unmap_granularity = RAM_PAGE,
		.unmap_zeroes = true,
		.read_only = cfg->read_only,
		.in_memory = true,
	};
	*store = &ram->store;
	return 0;
}

static int ram_close(struct store *store)
{
	struct ram *ram = container_of(store, struct ram, store);

	ahead_destroy(ram->ahead);
	munmap(ram->mem, store->info.size);
	free(ram);
	return 0;
}

static int ram_inst_create(struct store *store, struct store_reactor *reactor,
			   struct store_inst **inst)
{
	struct ram *ram = container_of(store, struct ram, store);
	struct ram_inst *ri;
	unsigned slot = 0;
	int err;

	while (slot < RAM_REACTORS_MAX && ram->insts[slot])
		slot++;
	if (slot == RAM_REACTORS_MAX)
		return -EMFILE;
	ri = calloc(1, sizeof(*ri));
	if (!ri)
		return -ENOMEM;
	err = ual_mr_reg(reactor->pd, ram->mem, store->info.size, ACCESS_LOCAL_WRITE, &ri->mr);
	if (err) {
		free(ri);
		return err;
	}
	ri->ram = ram;
	ri->slot = slot;
	INIT_LIST_HEAD(&ri->waiters);
	ri->post = (struct ual_post){ .fn = retry, .ctx = ri };
	if (!(reactor->pd->dev->info.caps & UAL_CAP_SEND_UNTIL_COMPLETE_STABLE))
		ram->pinned = true;
	ram->insts[slot] = ri;
	*inst = &ri->inst;
	return 0;
}

static void ram_inst_destroy(struct store_inst *inst)
{
	struct ram_inst *ri = container_of(inst, struct ram_inst, inst);

	ri->ram->insts[ri->slot] = NULL;
	if (atomic_load(&ri->posted))
		ual_loop_unpost(inst->reactor->loop, &ri->post);
	ual_mr_dereg(ri->mr);
	free(ri);
}

const struct store_ops store_ram_ops = {
	.name = "ram",
	.open = ram_open,
	.close = ram_close,
	.inst_create = ram_inst_create,
	.inst_destroy = ram_inst_destroy,
	.read = ram_read,
	.write_begin = write_hold,
	.write_end = ram_write_end,
	.release = ram_release,
	.flush = ram_flush,
	.unmap = write_hold,
	.zero = write_hold,
	.cancel = ram_cancel,
};
