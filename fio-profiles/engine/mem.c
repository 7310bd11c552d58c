// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O memory: one mapping for all buffers of a job, registered with the disk, so that data goes from fio's
 * buffers to the wire and back without a copy.
 */

#include "fio-profiles/engine/engine.h"

#include <sys/mman.h>

#define HUGE_PAGE	(2u << 20)

/* fio frees and allocates again when a replayed log asks for larger blocks. */
int engine_mem_alloc(struct thread_data *td, size_t len)
{
	struct engine *e = td->io_ops_data;
	void *addr;
	int r;

	len = (len + page_mask) & ~(size_t)page_mask;
	addr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (addr == MAP_FAILED) {
		log_err("openrdma: no memory for %zu bytes of I/O buffers\n", len);
		return 1;
	}
	if (len >= HUGE_PAGE)
		madvise(addr, len, MADV_HUGEPAGE);
	r = iser_disk_mem_add(e->disk->disk, addr, len, &e->mem);
	if (r) {
		log_err("openrdma: cannot register %zu bytes of I/O buffers: %s\n", len,
			strerror(-r));
		munmap(addr, len);
		return 1;
	}
	e->mem_addr = addr;
	e->mem_len = len;
	td->orig_buffer = addr;
	return 0;
}

/* A job that gave up on a lost target still has operations in flight: then cleanup() does this. */
void engine_mem_free(struct thread_data *td)
{
	struct engine *e = td->io_ops_data;

	if (!e || !e->mem || e->in_flight)
		return;
	iser_disk_mem_del(e->disk->disk, e->mem);
	e->mem = NULL;
	engine_mem_unmap(e);
}

void engine_mem_unmap(struct engine *e)
{
	if (!e->mem_addr)
		return;
	munmap(e->mem_addr, e->mem_len);
	e->mem_addr = NULL;
}
