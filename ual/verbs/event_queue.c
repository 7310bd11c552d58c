// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Queues of events behind a descriptor: readable exactly while there are any. */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/env.h"
#include "ual/verbs/event_queue.h"

int abi_event_queue_init(struct abi_event_queue *q)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	q->fd = fd;
	q->generation = abi_generation();
	INIT_LIST_HEAD(&q->events);
	return 0;
}

void abi_event_queue_deinit(struct abi_event_queue *q)
{
	core_assert(list_empty(&q->events));
	close(q->fd);
	q->fd = -1;
}

static bool is_ours(const struct abi_event_queue *q)
{
	return q->generation == abi_generation();
}

void abi_event_queue_push(struct abi_event_queue *q, struct list_head *event)
{
	static const uint64_t one = 1;
	bool first = list_empty(&q->events);

	list_add_tail(event, &q->events);
	if (first && is_ours(q))
		while (write(q->fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
}

void abi_event_queue_remove(struct abi_event_queue *q, struct list_head *event)
{
	uint64_t n;

	list_del(event);
	if (list_empty(&q->events) && is_ours(q))
		while (read(q->fd, &n, sizeof(n)) < 0 && errno == EINTR)
			;
}

/* -EAGAIN: there is none */
static int take(struct abi_event_queue *q, struct abi_engine *engine, struct list_head **event,
		void (*fn)(struct list_head *event))
{
	int err = -EAGAIN;

	abi_lock(engine);
	if (engine->dead || !is_ours(q)) {
		err = -EIO;
	} else if (!list_empty(&q->events)) {
		*event = q->events.next;
		abi_event_queue_remove(q, *event);
		if (fn)
			fn(*event);
		err = 0;
	}
	abi_unlock(engine);
	return err;
}

static bool must_not_wait(const struct abi_event_queue *q)
{
	int flags = fcntl(q->fd, F_GETFL);

	return flags < 0 || (flags & O_NONBLOCK);
}

int abi_event_queue_take_fn(struct abi_event_queue *q, struct abi_engine *engine,
			    struct list_head **event, void (*fn)(struct list_head *event))
{
	int err = take(q, engine, event, fn);

	while (err == -EAGAIN && !must_not_wait(q)) {
		err = abi_wait(engine, q->fd, -1);
		if (!err)
			err = take(q, engine, event, fn);
	}
	return err;
}

int abi_event_queue_take(struct abi_event_queue *q, struct abi_engine *engine,
			 struct list_head **event)
{
	return abi_event_queue_take_fn(q, engine, event, NULL);
}
