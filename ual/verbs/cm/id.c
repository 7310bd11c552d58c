// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Ids: made, moved between channels, destroyed; their options. */
#include <stdlib.h>
#include <unistd.h>

#include "ual/verbs/cm/cm.h"

struct abi_cm_id *abi_cm_id_new(enum rdma_port_space ps, enum ibv_qp_type qp_type, void *context)
{
	struct abi_cm_id *id = calloc(1, sizeof(*id));
	pthread_condattr_t attr;

	if (!id)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&id->changed, &attr);
	pthread_condattr_destroy(&attr);
	INIT_LIST_HEAD(&id->on_channel);
	INIT_LIST_HEAD(&id->on_ports);
	INIT_LIST_HEAD(&id->spare);
	id->port_fd = -1;
	id->rdma.context = context;
	id->rdma.ps = ps;
	id->rdma.qp_type = qp_type;
	id->magic = ABI_CM_ID;
	return id;
}

void abi_cm_id_free(struct abi_cm_id *id)
{
	struct abi_cm_event *event, *next;

	list_for_each_entry_safe(event, next, &id->spare, node)
		free(event);
	list_del_init(&id->on_channel);
	abi_cm_port_forget(id);
	pthread_cond_destroy(&id->changed);
	id->magic = ABI_CM_DEAD;
	free(id->ep_attr);
	free(id->connect);
	rdma_freeaddrinfo(id->addrinfo);
	free(id);
}

void abi_cm_id_attach(struct abi_cm_id *id, struct abi_cm_channel *channel)
{
	list_del_init(&id->on_channel);
	list_add_tail(&id->on_channel, &channel->ids);
	id->channel = channel;
	id->rdma.channel = &channel->rdma;
}

static bool ps_known(enum rdma_port_space ps)
{
	switch (ps) {
	case RDMA_PS_IPOIB:
	case RDMA_PS_TCP:
	case RDMA_PS_UDP:
	case RDMA_PS_IB:
		return true;
	}
	return false;
}

/* On a channel of the program's, or one of the id's own. */
static int create_on(struct abi_cm_channel *channel, struct abi_cm_id *id)
{
	int err = abi_cm_channel_engine(channel, &id->engine);

	if (!err)
		err = abi_engine_get(&id->engine);
	if (err)
		return err;
	id->has_engine = true;
	abi_lock(id->engine);
	abi_cm_id_attach(id, channel);
	abi_unlock(id->engine);
	return 0;
}

int abi_cm_id_create(struct rdma_event_channel *channel, struct rdma_cm_id **out, void *context,
		     enum rdma_port_space ps, enum ibv_qp_type qp_type)
{
	struct rdma_event_channel *own = NULL;
	struct abi_cm_id *id;
	int err = -ENOMEM;

	if (!out || !ps_known(ps) || (channel && !abi_cm_channel(channel)))
		return -EINVAL;
	if (!channel) {
		channel = own = rdma_create_event_channel();
		if (!own)
			return -errno;
	}
	id = abi_cm_id_new(ps, qp_type, context);
	if (!id)
		goto err_channel;
	id->sync = own;
	err = create_on(abi_cm_channel(channel), id);
	if (err)
		goto err_id;
	*out = &id->rdma;
	return 0;

err_id:
	abi_cm_id_free(id);
err_channel:
	rdma_destroy_event_channel(own);
	return err;
}

int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
		   enum rdma_port_space ps)
{
	bool ud = ps == RDMA_PS_IPOIB || ps == RDMA_PS_UDP;

	return abi_cm_result(
		abi_cm_id_create(channel, id, context, ps, ud ? IBV_QPT_UD : IBV_QPT_RC));
}

/* The id holds an event from a call that waited: it was seen. */
static void ack_held_event(struct abi_cm_id *id)
{
	if (!id->rdma.event)
		return;
	rdma_ack_cm_event(id->rdma.event);
	id->rdma.event = NULL;
}

static unsigned events_queued(const struct abi_cm_id *id)
{
	struct abi_cm_event *event;
	unsigned n = 0;

	if (!id->channel)
		return 0;
	list_for_each_entry(event, &id->channel->queue.events, node)
		n += event->owner == id;
	return n;
}

int abi_cm_id_wait(struct abi_cm_id *id, const struct timespec *until)
{
	struct abi_engine *engine = id->engine;
	struct abi_caller caller = engine->caller;
	int err;

	if (until)
		err = pthread_cond_timedwait(&id->changed, &engine->lock, until);
	else
		err = pthread_cond_wait(&id->changed, &engine->lock);
	engine->caller = caller;
	return -err;
}

/* Until what was taken is acknowledged.  With the lock held.  In a child of fork() nobody is left to do it. */
static void wait_for_acks(struct abi_cm_id *id)
{
	while (id->events_out > events_queued(id) && !id->engine->dead)
		abi_cm_id_wait(id, NULL);
}

int rdma_destroy_id(struct rdma_cm_id *rdma)
{
	struct abi_cm_id *id = abi_cm_id_any(rdma);
	struct abi_engine *engine;
	bool sync;

	if (!id)
		return -1;
	ack_held_event(id);
	engine = id->engine;
	sync = id->sync;
	abi_lock(engine);
	abi_cm_listen_stop(id);
	abi_cm_conn_leave(id);
	abi_cm_event_drop_all(id);
	abi_flush(engine);
	abi_unlock(engine);	/* who sleeps hears of new timers only here */
	abi_lock(engine);
	wait_for_acks(id);
	list_del_init(&id->on_channel);
	abi_cm_port_forget(id);
	abi_unlock(engine);
	if (sync)
		rdma_destroy_event_channel(rdma->channel);
	abi_cm_device_unbind(id);
	abi_cm_id_free(id);
	abi_engine_put(engine);
	return 0;
}

/* What waits in the old channel's queue goes to the new one's, in order. */
static void move_events(struct abi_cm_id *id, struct abi_cm_channel *to)
{
	struct abi_cm_event *event, *next;

	if (!id->channel)
		return;
	list_for_each_entry_safe(event, next, &id->channel->queue.events, node) {
		if (event->owner != id)
			continue;
		abi_event_queue_remove(&id->channel->queue, &event->node);
		abi_event_queue_push(&to->queue, &event->node);
	}
}

int rdma_migrate_id(struct rdma_cm_id *rdma, struct rdma_event_channel *to)
{
	struct rdma_event_channel *old, *own = NULL;
	struct abi_cm_id *id = abi_cm_id(rdma);
	struct abi_cm_channel *channel;
	struct abi_engine *engine;
	int err;

	if (!id || (id->sync && !to) || (to && !abi_cm_channel(to)))
		return abi_cm_result(-EINVAL);
	if (!to) {
		to = own = rdma_create_event_channel();
		if (!own)
			return -1;
	}
	channel = abi_cm_channel(to);
	err = abi_cm_channel_engine(channel, &engine);
	if (!err && engine != id->engine)
		err = -EIO;	/* from before a fork() */
	if (err) {
		rdma_destroy_event_channel(own);
		return abi_cm_result(err);
	}
	ack_held_event(id);
	old = id->sync ? rdma->channel : NULL;
	abi_lock(engine);
	move_events(id, channel);
	abi_cm_id_attach(id, channel);
	id->sync = own;
	wait_for_acks(id);
	abi_unlock(engine);
	rdma_destroy_event_channel(old);
	return 0;
}

static int set_bool(const void *value, size_t len, bool *to)
{
	if (len != sizeof(int))
		return -EINVAL;
	*to = *(const int *)value;
	return 0;
}

/* What a network card would put into packets or count by itself is accepted and left to TCP. */
static int set_id_option(struct abi_cm_id *id, int name, const void *value, size_t len)
{
	switch (name) {
	case RDMA_OPTION_ID_TOS:
		return len == sizeof(uint8_t) ? 0 : -EINVAL;
	case RDMA_OPTION_ID_REUSEADDR:
		return id->state == CM_IDLE || id->state == CM_BOUND
			       ? set_bool(value, len, &id->reuseaddr)
			       : -EINVAL;
	case RDMA_OPTION_ID_AFONLY:
		return id->state == CM_IDLE || id->state == CM_BOUND
			       ? set_bool(value, len, &id->afonly)
			       : -EINVAL;
	case RDMA_OPTION_ID_ACK_TIMEOUT:
		return len == sizeof(uint8_t) && id->rdma.qp_type == IBV_QPT_RC ? 0 : -EINVAL;
	}
	return -ENOSYS;
}

int rdma_set_option(struct rdma_cm_id *rdma, int level, int optname, void *optval, size_t optlen)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	int err;

	if (!id || !optval)
		return abi_cm_result(-EINVAL);
	if (level != RDMA_OPTION_ID)
		return abi_cm_result(-ENOSYS);
	abi_lock(id->engine);
	err = set_id_option(id, optname, optval, optlen);
	abi_unlock(id->engine);
	return abi_cm_result(err);
}
