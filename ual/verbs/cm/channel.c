// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Event channels.  A channel costs a descriptor; the engine comes with the first id, or with the first thread
 * that waits.
 */
#include <stdlib.h>

#include "ual/verbs/cm/cm.h"

/* Over channel->engine; never held together with an engine's lock. */
static pthread_mutex_t engines_lock = PTHREAD_MUTEX_INITIALIZER;

struct rdma_event_channel *rdma_create_event_channel(void)
{
	struct abi_cm_channel *channel;
	unsigned devices;
	int err;

	abi_devices(&devices);
	if (!devices) {
		errno = ENODEV;
		return NULL;
	}
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return NULL;
	err = abi_event_queue_init(&channel->queue);
	if (err) {
		free(channel);
		errno = -err;
		return NULL;
	}
	INIT_LIST_HEAD(&channel->ids);
	channel->rdma.fd = channel->queue.fd;
	channel->magic = ABI_CM_CHANNEL;
	return &channel->rdma;
}

int abi_cm_channel_engine(struct abi_cm_channel *channel, struct abi_engine **engine)
{
	unsigned generation = abi_generation();
	int err = 0;

	pthread_mutex_lock(&engines_lock);
	if (!channel->engine) {
		err = abi_engine_get(&channel->engine);
		/* A parent that used nothing but the descriptor (a daemon starting) leaves it to the child. */
		channel->generation = channel->queue.generation = generation;
	} else if (channel->generation != generation) {
		err = -EIO;
	}
	if (!err)
		*engine = channel->engine;
	pthread_mutex_unlock(&engines_lock);
	return err;
}

/* Ids and events that the program left on the channel lose it, and nothing comes for them any more. */
static void abandon(struct abi_cm_channel *channel)
{
	struct abi_cm_id *id, *next;

	list_for_each_entry_safe(id, next, &channel->ids, on_channel) {
		abi_cm_event_drop_all(id);
		id->channel = NULL;
		list_del_init(&id->on_channel);
	}
}

static void release(struct abi_cm_channel *channel)
{
	abi_event_queue_deinit(&channel->queue);
	free(channel);
}

void abi_cm_channel_enter(struct abi_cm_channel *channel)
{
	channel->takers++;
}

void abi_cm_channel_leave(struct abi_cm_channel *channel)
{
	if (--channel->takers == 0 && channel->gone)
		release(channel);
}

/*
 * With the lock held.  A thread that waits for events waits on, as on a descriptor that another one closed; its
 * engine stays for it.  True: nobody did.
 */
static bool close_channel(struct abi_cm_channel *channel)
{
	abandon(channel);
	channel->magic = ABI_CM_DEAD;
	channel->gone = true;
	if (channel->takers)
		return false;
	release(channel);
	return true;
}

void rdma_destroy_event_channel(struct rdma_event_channel *rdma)
{
	struct abi_cm_channel *channel = abi_cm_channel(rdma);
	struct abi_engine *engine;
	bool ours;

	if (!channel)
		return;
	pthread_mutex_lock(&engines_lock);
	engine = channel->engine;
	ours = engine && channel->generation == abi_generation();
	pthread_mutex_unlock(&engines_lock);
	if (!engine) {
		release(channel);
		return;
	}
	abi_lock(engine);
	ours &= close_channel(channel);
	abi_unlock(engine);
	if (ours)
		abi_engine_put(engine);
}
