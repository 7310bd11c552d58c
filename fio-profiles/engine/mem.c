// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O memory: one region for all buffers of a job, registered, so that data goes from fio's buffers to the wire
 * and back without a copy.
 */

#include "fio-profiles/engine/engine.h"

/* fio frees and allocates again when a replayed log asks for larger blocks. */
int engine_mem_alloc(struct thread_data *td, size_t len)
{
	struct engine *e = td->io_ops_data;

	len = (len + page_mask) & ~(size_t)page_mask;
	td->orig_buffer = bench_disk_mem_alloc(e->disk, len);
	if (td->orig_buffer)
		return 0;
	log_err("openrdma: %s\n", e->disk->why);
	return 1;
}

/* A job that gave up on a lost target still has operations in flight: then the memory goes with the disk. */
void engine_mem_free(struct thread_data *td)
{
	struct engine *e = td->io_ops_data;

	if (e && !e->in_flight)
		bench_disk_mem_free(e->disk);
}
