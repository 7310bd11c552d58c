// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The list of devices: a face of the engine for each interface.
 *
 * A device that was once listed stays, for programs keep pointers to it; when it is gone from the machine it has
 * no addresses.  $OPENRDMA_DEVICES asks for a number of them: the first so many, or several faces of the same
 * interface.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "ual/verbs/device.h"

/*
 * InfiniBand's rnr_retry: most programs say 7, for ever; some say nothing and lean on flow control that iWARP does
 * not have.  So the same for all: long enough for a program to be late, and for a loaded machine; short enough for
 * one that waits for what is behind the Send to be told.  The limit is what TCP waits for a window (tcp.c).
 */
#define RECV_WAIT_MS		5000
#define RECV_WAIT_MS_MAX	50000

static struct {
	pthread_mutex_t lock;
	unsigned n;
	struct abi_device *devices[ABI_DEVICES_MAX];
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

enum ual_crc abi_crc(void)
{
	const char *env = secure_getenv("OPENRDMA_CRC");

	return env && !strcmp(env, "off") ? UAL_CRC_OFF : UAL_CRC_ON;
}

uint32_t abi_recv_wait_ms(void)
{
	const char *env = secure_getenv("OPENRDMA_RECV_WAIT");
	unsigned long ms;
	char *end;

	if (!env || *env < '0' || *env > '9')
		return RECV_WAIT_MS;
	ms = strtoul(env, &end, 10);
	return *end ? RECV_WAIT_MS : (uint32_t)min_t(unsigned long, ms, RECV_WAIT_MS_MAX);
}

static unsigned wanted_n(unsigned interfaces)
{
	const char *env = secure_getenv("OPENRDMA_DEVICES");
	unsigned long n;
	char *end;

	if (!env || !*env)
		return interfaces;
	n = strtoul(env, &end, 10);
	if (*end || !interfaces)
		return interfaces;
	return (unsigned)min_t(unsigned long, n, ABI_DEVICES_MAX);
}

static struct abi_device *find_name(const char *name)
{
	for (unsigned i = 0; i < table.n; i++)
		if (!strcmp(table.devices[i]->ibv.name, name))
			return table.devices[i];
	return NULL;
}

static struct abi_device *add(const char *name)
{
	struct abi_device *d;

	if (table.n == ABI_DEVICES_MAX)
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->ibv.node_type = IBV_NODE_RNIC;
	d->ibv.transport_type = IBV_TRANSPORT_IWARP;
	snprintf(d->ibv.name, sizeof(d->ibv.name), "%s", name);
	snprintf(d->ibv.dev_name, sizeof(d->ibv.dev_name), "openrdma%u", table.n);
	table.devices[table.n++] = d;
	return d;
}

/* What can change while programs hold it is its addresses, the state and the MTU. */
static void update(struct abi_device *d, const struct interface *i, unsigned face)
{
	uint8_t guid[8];

	if (!d->ifindex) {
		memcpy(guid, &i->guid, sizeof(guid));
		guid[0] ^= (uint8_t)(face << 2);
		memcpy(&d->guid, guid, sizeof(guid));
		strcpy(d->ifname, i->name);
		snprintf(d->ibv.dev_path, sizeof(d->ibv.dev_path), "/sys/class/net/%s", i->name);
		strcpy(d->ibv.ibdev_path, d->ibv.dev_path);
	}
	d->ifindex = i->index;
	d->mtu = i->mtu;
	d->up = i->running;
	memcpy(d->addrs, i->addrs, sizeof(d->addrs));
	d->addr_n = i->addr_n;
}

/* With the lock held. */
static void scan(void)
{
	struct interface *list = calloc(ABI_DEVICES_MAX, sizeof(*list));
	int n = list ? interfaces_list(list, ABI_DEVICES_MAX) : 0;
	unsigned wanted = wanted_n(n > 0 ? (unsigned)n : 0);

	for (unsigned i = 0; i < table.n; i++) {
		table.devices[i]->addr_n = 0;
		table.devices[i]->up = false;
	}
	for (unsigned i = 0; i < wanted; i++) {
		const struct interface *from = &list[i % (unsigned)n];
		unsigned face = i / (unsigned)n;
		struct abi_device *d;
		char name[64];

		snprintf(name, sizeof(name), face ? "openrdma_%s_%u" : "openrdma_%s", from->name,
			 face);
		d = find_name(name);
		if (!d)
			d = add(name);
		if (d)
			update(d, from, face);
	}
	free(list);
}

struct abi_device *const *abi_devices(unsigned *n)
{
	pthread_mutex_lock(&table.lock);
	if (!table.n)
		scan();
	*n = table.n;
	pthread_mutex_unlock(&table.lock);
	return table.devices;
}

static struct abi_device *find_addr(const struct sockaddr *addr)
{
	for (unsigned i = 0; i < table.n; i++)
		for (unsigned k = 0; k < table.devices[i]->addr_n; k++)
			if (interface_addr_equal((struct sockaddr *)&table.devices[i]->addrs[k],
						 addr))
				return table.devices[i];
	return NULL;
}

struct abi_device *abi_device_find(const struct sockaddr *addr)
{
	struct abi_device *d;

	pthread_mutex_lock(&table.lock);
	d = find_addr(addr);
	if (!d) {
		scan();
		d = find_addr(addr);
	}
	pthread_mutex_unlock(&table.lock);
	return d;
}

int abi_device_addr(struct abi_device *device, unsigned i, struct sockaddr_storage *addr)
{
	int err = -ENOENT;

	pthread_mutex_lock(&table.lock);
	if (i < device->addr_n) {
		*addr = device->addrs[i];
		err = 0;
	}
	pthread_mutex_unlock(&table.lock);
	return err;
}

/* ---- exported ------------------------------------------------------------------------------------- */

#undef ibv_get_device_list
struct ibv_device **ibv_get_device_list(int *num)
{
	struct ibv_device **list;
	unsigned n = 0;

	list = calloc(ABI_DEVICES_MAX + 1, sizeof(*list));
	if (!list)
		return abi_null(-ENOMEM);
	pthread_mutex_lock(&table.lock);
	scan();
	for (unsigned i = 0; i < table.n; i++)
		if (table.devices[i]->addr_n)
			list[n++] = &table.devices[i]->ibv;
	pthread_mutex_unlock(&table.lock);
	if (num)
		*num = (int)n;
	return list;
}

void ibv_free_device_list(struct ibv_device **list)
{
	free(list);
}

const char *ibv_get_device_name(struct ibv_device *device)
{
	return device ? device->name : NULL;
}

__be64 ibv_get_device_guid(struct ibv_device *device)
{
	return device ? (__be64)((struct abi_device *)device)->guid : 0;
}

int ibv_get_device_index(struct ibv_device *device)
{
	unsigned n;
	struct abi_device *const *devices = abi_devices(&n);

	for (unsigned i = 0; i < n; i++)
		if (&devices[i]->ibv == device)
			return (int)i;
	return -1;
}
