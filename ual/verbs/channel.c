// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Completion channels.
 *
 * A CQ stands in its channel's queue at most once: an event says "look at this CQ", and whoever gets it finds
 * all completions, however often the CQ was armed meanwhile.  It counts as told from the moment it is queued: who
 * has taken it from the queue and has not looked at it yet is waited for, too.
 */
#include <errno.h>
#include <stdlib.h>

#include "ual/verbs/post.h"

static struct abi_channel *channel_of(struct ibv_comp_channel *channel)
{
	struct abi_channel *c = channel ? container_of(channel, struct abi_channel, ibv) : NULL;

	return c && c->magic == ABI_CHANNEL ? c : NULL;
}

void abi_channel_raise(struct abi_cq *cq)
{
	struct abi_channel *channel = channel_of(cq->ibv.channel);

	if (!channel || !list_empty(&cq->event))
		return;
	cq->events_told++;
	abi_event_queue_push(&channel->queue, &cq->event);
}

void abi_channel_leave(struct abi_cq *cq)
{
	struct abi_channel *channel = channel_of(cq->ibv.channel);

	if (!channel || list_empty(&cq->event))
		return;
	cq->events_told--;
	abi_event_queue_remove(&channel->queue, &cq->event);
}

static int create(struct abi_context *context, struct abi_channel **out)
{
	struct abi_channel *channel = calloc(1, sizeof(*channel));
	int err;

	if (!channel)
		return -ENOMEM;
	err = abi_event_queue_init(&channel->queue);
	if (err) {
		free(channel);
		return err;
	}
	channel->ibv.context = &context->vctx.context;
	channel->ibv.fd = channel->queue.fd;
	channel->engine = context->engine;
	channel->magic = ABI_CHANNEL;
	abi_lock(context->engine);
	context->objects++;
	abi_unlock(context->engine);
	*out = channel;
	return 0;
}

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context)
{
	struct abi_context *ctx = abi_context_of(context);
	struct abi_channel *channel;
	int err = ctx ? create(ctx, &channel) : -EINVAL;

	return err ? abi_null(err) : &channel->ibv;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *ibv)
{
	struct abi_channel *channel = channel_of(ibv);
	bool used;

	if (!channel)
		return EINVAL;
	abi_lock(channel->engine);
	used = ibv->refcnt;
	if (!used) {
		channel->magic = ABI_DEAD;
		abi_context(ibv->context)->objects--;
	}
	abi_unlock(channel->engine);
	if (used)
		return EBUSY;
	abi_event_queue_deinit(&channel->queue);
	free(channel);
	return 0;
}

int ibv_get_cq_event(struct ibv_comp_channel *ibv, struct ibv_cq **cq, void **cq_context)
{
	struct abi_channel *channel = channel_of(ibv);
	struct list_head *event;
	struct abi_cq *told;
	int err = -EINVAL;

	if (channel && cq && cq_context)
		err = abi_event_queue_take(&channel->queue, channel->engine, &event);
	if (err)
		return abi_errno(err) ? -1 : 0;
	told = container_of(event, struct abi_cq, event);
	*cq = ibv_cq_ex_to_cq(&told->ibv);
	*cq_context = told->ibv.cq_context;
	return 0;
}

void ibv_ack_cq_events(struct ibv_cq *ibv, unsigned int n)
{
	struct abi_cq *cq = abi_cq_of(ibv);
	struct abi_context *context;

	if (!cq)
		return;
	context = abi_context(ibv->context);
	abi_lock(context->engine);
	cq->events_told -= min_t(unsigned, n, cq->events_told);
	if (!cq->events_told)
		pthread_cond_broadcast(&context->acked);
	abi_unlock(context->engine);
}
