// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The devices that rdma_cm opened, each once in a process: id->verbs is the same for all ids of a device, and
 * the same that rdma_get_devices() lists.
 */
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/cm/cm.h"

static struct {
	pthread_mutex_t lock;		/* taken before an engine's */
	unsigned generation;		/* contexts of a parent are not ours */
	struct abi_cm_device devices[ABI_DEVICES_MAX];
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* With table.lock held.  The device's place, with its context open. */
static int open_device(struct abi_device *device, struct abi_cm_device **out)
{
	struct abi_cm_device *d = table.devices;

	if (table.generation != abi_generation()) {
		memset(table.devices, 0, sizeof(table.devices));
		table.generation = abi_generation();
	}
	while (d->device && d->device != device)
		if (++d == table.devices + ABI_DEVICES_MAX)
			return -ENODEV;
	if (!d->verbs) {
		d->verbs = ibv_open_device(&device->ibv);
		if (!d->verbs)
			return errno ? -errno : -ENODEV;
		d->device = device;
	}
	*out = d;
	return 0;
}

/* 127.0.0.0/8 is the machine itself, whichever of it the loopback interface names. */
static struct abi_device *find(const struct sockaddr *addr)
{
	struct abi_device *device = abi_device_find(addr);
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (device || addr->sa_family != AF_INET ||
	    ntohl(sin->sin_addr.s_addr) >> IN_CLASSA_NSHIFT != IN_LOOPBACKNET)
		return device;
	return abi_device_find((struct sockaddr *)&loopback);
}

int abi_cm_device_bind(struct abi_cm_id *id, const struct sockaddr *local)
{
	struct abi_device *device = find(local);
	struct abi_cm_device *d;
	int err;

	if (!device)
		return -ENODEV;
	pthread_mutex_lock(&table.lock);
	err = open_device(device, &d);
	if (!err && !d->pd) {
		d->pd = ibv_alloc_pd(d->verbs);
		if (!d->pd)
			err = errno ? -errno : -ENOMEM;
	}
	if (!err) {
		d->ids++;
		id->device = d;
		id->rdma.verbs = d->verbs;
		id->rdma.port_num = ABI_CM_PORT;
		if (!id->rdma.pd)
			id->rdma.pd = d->pd;
	}
	pthread_mutex_unlock(&table.lock);
	return err;
}

void abi_cm_device_unbind(struct abi_cm_id *id)
{
	struct abi_cm_device *d = id->device;

	if (!d)
		return;
	pthread_mutex_lock(&table.lock);
	id->device = NULL;
	/* A program that leaves something in the domain leaves us the domain. */
	if (table.generation == abi_generation() && --d->ids == 0 && d->pd &&
	    ibv_dealloc_pd(d->pd) == 0)
		d->pd = NULL;
	pthread_mutex_unlock(&table.lock);
}

/* Those of the list that can be opened; their number. */
static int open_all(struct ibv_device **devices, int n, struct ibv_context **contexts)
{
	struct abi_cm_device *d;
	int opened = 0;

	pthread_mutex_lock(&table.lock);
	for (int i = 0; i < n; i++)
		if (open_device((struct abi_device *)devices[i], &d) == 0)
			contexts[opened++] = d->verbs;
	pthread_mutex_unlock(&table.lock);
	return opened;
}

struct ibv_context **rdma_get_devices(int *num_devices)
{
	struct ibv_context **contexts = NULL;
	struct ibv_device **devices;
	int n = 0, opened = 0;

	devices = ibv_get_device_list(&n);
	if (devices && n)
		contexts = calloc((size_t)n + 1, sizeof(struct ibv_context *));
	else if (devices)
		errno = ENODEV;
	if (contexts)
		opened = open_all(devices, n, contexts);
	if (devices)
		ibv_free_device_list(devices);
	if (num_devices)
		*num_devices = opened;
	return contexts;
}

void rdma_free_devices(struct ibv_context **list)
{
	free(list);
}
