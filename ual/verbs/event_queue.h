/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A queue of events with a descriptor that is readable while it holds any: completion channels, async events
 * of a device, rdma_cm event channels.  The descriptor is an eventfd, written when the first event comes and read
 * when the last is taken, so that programs may poll() it, make it non-blocking with fcntl(), and share it between
 * threads.
 *
 * Lock: the engine's, given to each call.
 */
#ifndef UAL_VERBS_EVENT_QUEUE_H
#define UAL_VERBS_EVENT_QUEUE_H

#include "core/list.h"
#include "ual/verbs/engine.h"

struct abi_event_queue {
	int fd;
	/* abi_generation() of its maker: a parent's descriptor is left alone */
	unsigned generation;
	struct list_head events;
};

int abi_event_queue_init(struct abi_event_queue *q);
void abi_event_queue_deinit(struct abi_event_queue *q);	/* asserts that it is empty */

/* With the engine's lock held. */
void abi_event_queue_push(struct abi_event_queue *q, struct list_head *event);
void abi_event_queue_remove(struct abi_event_queue *q, struct list_head *event);

/*
 * Without the lock; takes the oldest.  Waits as the descriptor's own flags say: -EAGAIN when it is non-blocking
 * and there is none; -EINTR; -EIO: a parent's.
 */
int abi_event_queue_take(struct abi_event_queue *q, struct abi_engine *engine,
			 struct list_head **event);
/* The same; fn is called for it before the lock is released. */
int abi_event_queue_take_fn(struct abi_event_queue *q, struct abi_engine *engine,
			    struct list_head **event, void (*fn)(struct list_head *event));

#endif
