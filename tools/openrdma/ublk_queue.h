/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The one queue of a ublk device: io_uring commands that carry requests from the kernel and results back.
 *
 *   kernel   -- CQE: request of this tag is described in the mapping, data in its buffer -->   dio_submit()
 *            <-- SQE: result, and fetch the next request of this tag ----------------------    dio's answer
 *
 * Results of one pass of the loop leave with one system call.
 */
#ifndef OPENRDMA_UBLK_QUEUE_H
#define OPENRDMA_UBLK_QUEUE_H

#include "tools/openrdma/dio.h"

#define UBLK_IO_MAX	(1u << 20)	/* bytes of one request */

struct ublk_queue;

struct ublk_queue_cfg {
	struct ual_loop *loop;
	struct dio *dio;
	unsigned dev_id;
	uint32_t depth;
	bool encoded;			/* which opcodes the kernel takes */
	/* Every tag was aborted by the kernel and nothing is in flight: the device has been stopped. */
	void (*on_drained)(void *ctx);
	void *ctx;
};

/* Opens /dev/ublkcN and offers all tags. */
int ublk_queue_create(const struct ublk_queue_cfg *cfg, struct ublk_queue **q);
bool ublk_queue_drained(const struct ublk_queue *q);
/* Closes the device; what was offered is withdrawn. */
void ublk_queue_destroy(struct ublk_queue *q);

#endif
