// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Asynchronous events of a context: raised by the loop, taken and acknowledged by the program. */
#include <stdlib.h>

#include "core/env.h"
#include "ual/verbs/internal.h"

struct async {
	struct list_head node;
	struct ibv_async_event event;
};

int abi_async_raise(struct abi_context *context, enum ibv_event_type type, void *element)
{
	struct async *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->event.event_type = type;
	a->event.element.qp = element;
	abi_event_queue_push(&context->async, &a->node);
	return 0;
}

/* The counter of the element that the event is of; NULL: of the port or the device. */
static unsigned *told_of(const struct ibv_async_event *event)
{
	switch ((int)event->event_type) {
	case IBV_EVENT_CQ_ERR:
		return &abi_cq(event->element.cq)->async_told;
	case IBV_EVENT_QP_FATAL:
	case IBV_EVENT_QP_REQ_ERR:
	case IBV_EVENT_QP_ACCESS_ERR:
	case IBV_EVENT_COMM_EST:
	case IBV_EVENT_SQ_DRAINED:
	case IBV_EVENT_PATH_MIG:
	case IBV_EVENT_PATH_MIG_ERR:
	case IBV_EVENT_QP_LAST_WQE_REACHED:
		return &abi_qp(event->element.qp)->events_told;
	case IBV_EVENT_SRQ_ERR:
	case IBV_EVENT_SRQ_LIMIT_REACHED:
		return &((struct abi_srq *)event->element.srq)->events_told;
	default:
		return NULL;
	}
}

static void drop(struct abi_context *context, struct async *a)
{
	abi_event_queue_remove(&context->async, &a->node);
	free(a);
}

void abi_async_drop_all(struct abi_context *context)
{
	struct list_head *events = &context->async.events;

	while (!list_empty(events))
		drop(context, container_of(events->next, struct async, node));
}

void abi_cond_wait(struct abi_engine *engine, pthread_cond_t *cond)
{
	struct abi_caller caller = engine->caller;

	pthread_cond_wait(cond, &engine->lock);
	engine->caller = caller;
}

void abi_async_drain(struct abi_context *context, void *element, const unsigned *told)
{
	struct list_head *n = context->async.events.next;

	while (n != &context->async.events) {
		struct async *a = container_of(n, struct async, node);

		n = n->next;
		if (told_of(&a->event) && a->event.element.qp == element)
			drop(context, a);
	}
	while (*told && !context->engine->dead)
		abi_cond_wait(context->engine, &context->acked);
}

static void count_told(struct list_head *event)
{
	unsigned *told = told_of(&container_of(event, struct async, node)->event);

	if (told)
		++*told;
}

int ibv_get_async_event(struct ibv_context *context, struct ibv_async_event *event)
{
	struct abi_context *c = abi_context_of(context);
	struct list_head *node;
	struct async *a;
	int err;

	if (!c || !event)
		return abi_fail(-EINVAL);
	err = abi_event_queue_take_fn(&c->async, c->engine, &node, count_told);
	if (err)
		return abi_fail(err);
	a = container_of(node, struct async, node);
	*event = a->event;
	free(a);
	return 0;
}

static struct ibv_context *context_of(const struct ibv_async_event *event)
{
	if (event->event_type == IBV_EVENT_CQ_ERR)
		return event->element.cq->context;
	if (event->event_type == IBV_EVENT_SRQ_ERR ||
	    event->event_type == IBV_EVENT_SRQ_LIMIT_REACHED)
		return event->element.srq->context;
	return event->element.qp->context;
}

void ibv_ack_async_event(struct ibv_async_event *event)
{
	unsigned *told = event ? told_of(event) : NULL;
	struct abi_context *c;

	if (!told)
		return;
	c = abi_context(context_of(event));
	abi_lock(c->engine);
	if (*told)
		--*told;
	pthread_cond_broadcast(&c->acked);
	abi_unlock(c->engine);
}
