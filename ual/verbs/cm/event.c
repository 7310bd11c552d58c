// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Events of ids.  Those that tell the outcome of a call are made by the call, so that the callback which
 * learns the outcome needs no memory.
 */
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/cm/cm.h"

#define RESERVED_PER_CONN 2	/* the outcome, the end */

static struct abi_cm_event *fill(struct abi_cm_event *event, struct abi_cm_id *id,
				 enum rdma_cm_event_type type, int status)
{
	event->magic = ABI_CM_EVENT;
	event->owner = id;
	event->rdma.id = &id->rdma;
	event->rdma.event = type;
	event->rdma.status = status;
	return event;
}

struct abi_cm_event *abi_cm_event_new(struct abi_cm_id *id, enum rdma_cm_event_type type,
				      int status)
{
	struct abi_cm_event *event = calloc(1, sizeof(*event));

	return event ? fill(event, id, type, status) : NULL;
}

int abi_cm_event_reserve(struct abi_cm_id *id)
{
	struct abi_cm_event *event;
	unsigned n = 0;

	list_for_each_entry(event, &id->spare, node)
		n++;
	for (; n < RESERVED_PER_CONN; n++) {
		event = calloc(1, sizeof(*event));
		if (!event)
			return -ENOMEM;
		list_add_tail(&event->node, &id->spare);
	}
	return 0;
}

struct abi_cm_event *abi_cm_event_reserved(struct abi_cm_id *id, enum rdma_cm_event_type type,
					   int status)
{
	struct abi_cm_event *event = list_first_entry(&id->spare, struct abi_cm_event, node);

	list_del_init(&event->node);
	return fill(event, id, type, status);
}

void abi_cm_event_pdata(struct abi_cm_event *event, const void *pdata, size_t len)
{
	if (len > sizeof(event->pdata))
		len = sizeof(event->pdata);
	if (!pdata || !len)
		return;
	memcpy(event->pdata, pdata, len);
	event->rdma.param.conn.private_data = event->pdata;
	event->rdma.param.conn.private_data_len = (uint8_t)len;
}

void abi_cm_event_push(struct abi_cm_event *event)
{
	struct abi_cm_id *id = event->owner;

	if (!id->channel) {
		free(event);
		return;
	}
	id->events_out++;
	abi_event_queue_push(&id->channel->queue, &event->node);
}

static void done(struct abi_cm_event *event)
{
	struct abi_cm_id *owner = event->owner;

	event->magic = ABI_CM_DEAD;
	free(event);
	owner->events_out--;
	pthread_cond_broadcast(&owner->changed);
}

void abi_cm_event_drop_all(struct abi_cm_id *id)
{
	struct abi_cm_event *event, *next;

	if (!id->channel)
		return;
	list_for_each_entry_safe(event, next, &id->channel->queue.events, node) {
		if (event->owner != id)
			continue;
		abi_event_queue_remove(&id->channel->queue, &event->node);
		if (event->child) {
			abi_cm_conn_leave(event->child);
			abi_cm_id_free(event->child);
		}
		done(event);
	}
}

/* The taken event's news goes where the program looks for it.  false: there is nothing to tell. */
static bool publish(struct abi_cm_event *event)
{
	struct rdma_cm_id *rdma = event->rdma.id;

	if (event->child && !abi_cm_request_taken(event))
		return false;
	if (event->rdma.event == RDMA_CM_EVENT_ESTABLISHED) {
		abi_cm_addr_put(&rdma->route.addr.src_storage, (struct sockaddr *)&event->local);
		abi_cm_addr_put(&rdma->route.addr.dst_storage, (struct sockaddr *)&event->peer);
	} else if (event->rdma.event == RDMA_CM_EVENT_REJECTED && rdma->qp) {
		/* Receives that were posted for the connection come back. */
		ibv_modify_qp(rdma->qp, &(struct ibv_qp_attr){ .qp_state = IBV_QPS_ERR },
			      IBV_QP_STATE);
	}
	return true;
}

static void leave(void *ctx)
{
	struct abi_cm_channel *channel = ctx;
	struct abi_engine *engine = channel->engine;

	abi_lock(engine);
	abi_cm_channel_leave(channel);
	abi_unlock(engine);
}

/* Waiting is a cancellation point, and the channel may go meanwhile. */
static int take(struct abi_cm_channel *channel, struct abi_engine *engine,
		struct abi_cm_event **event)
{
	struct list_head *node;
	int err;

	abi_lock(engine);
	abi_cm_channel_enter(channel);
	abi_unlock(engine);
	pthread_cleanup_push(leave, channel);
	err = abi_event_queue_take(&channel->queue, engine, &node);
	pthread_cleanup_pop(1);
	if (!err)
		*event = list_entry(node, struct abi_cm_event, node);
	return err;
}

int rdma_get_cm_event(struct rdma_event_channel *rdma, struct rdma_cm_event **out)
{
	struct abi_cm_channel *channel = abi_cm_channel(rdma);
	struct abi_engine *engine;
	struct abi_cm_event *event;
	int err;

	if (!channel || !out)
		return abi_cm_result(-EINVAL);
	err = abi_cm_channel_engine(channel, &engine);
	if (err)
		return abi_cm_result(err);
	for (;;) {
		err = take(channel, engine, &event);
		if (err)
			return abi_cm_result(err);
		if (publish(event))
			break;
		abi_lock(engine);
		done(event);
		abi_unlock(engine);
	}
	*out = &event->rdma;
	return 0;
}

int rdma_ack_cm_event(struct rdma_cm_event *rdma)
{
	struct abi_cm_event *event = (struct abi_cm_event *)rdma;
	struct abi_engine *engine;

	if (!event || event->magic != ABI_CM_EVENT)
		return abi_cm_result(-EINVAL);
	engine = event->owner->engine;
	abi_lock(engine);
	done(event);
	abi_unlock(engine);
	return 0;
}

int abi_cm_wait_outcome(struct abi_cm_id *id)
{
	struct rdma_cm_id *rdma = &id->rdma;
	int status;

	if (!id->sync)
		return 0;
	if (rdma->event) {
		rdma_ack_cm_event(rdma->event);
		rdma->event = NULL;
	}
	if (rdma_get_cm_event(rdma->channel, &rdma->event))
		return -errno;
	status = rdma->event->status;
	if (!status)
		return 0;
	if (rdma->event->event == RDMA_CM_EVENT_REJECTED)
		return -ECONNREFUSED;
	return status < 0 ? status : -status;
}
