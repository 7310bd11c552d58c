// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The machine's network interfaces, as far as a device can be made of them. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/env.h"
#include "ual/verbs/device.h"

#define ADDRESSES_LEN_MAX	4096

bool interface_addr_equal(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	if (a->sa_family != AF_INET6 ||
	    memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)))
		return false;
	return !a6->sin6_scope_id || !b6->sin6_scope_id || a6->sin6_scope_id == b6->sin6_scope_id;
}

static bool parse(const char *text, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		addr->ss_family = AF_INET;
		return true;
	}
	addr->ss_family = AF_INET6;
	return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1;
}

/* $OPENRDMA_ADDRESSES: only these; unset or empty: all. */
static bool is_wanted(const struct sockaddr *addr)
{
	const char *env = secure_getenv("OPENRDMA_ADDRESSES");
	char buf[ADDRESSES_LEN_MAX], *rest = buf, *text;
	struct sockaddr_storage wanted;

	if (!env || !*env)
		return true;
	snprintf(buf, sizeof(buf), "%s", env);
	while ((text = strsep(&rest, ",")))
		if (parse(text, &wanted) && interface_addr_equal((struct sockaddr *)&wanted, addr))
			return true;
	return false;
}

/* For interfaces without a hardware address: the same on each run, another one on another machine. */
static uint64_t hash_guid(const char *name)
{
	char text[128] = "";
	uint64_t hash = 0xcbf29ce484222325;	/* FNV-1a */
	uint8_t guid[8];

	gethostname(text, sizeof(text) / 2);
	strncat(text, name, sizeof(text) / 2 - 1);
	for (const char *c = text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3;
	memcpy(guid, &hash, sizeof(guid));
	guid[0] = (guid[0] & ~1) | 2;		/* locally administered, no group */
	memcpy(&hash, guid, sizeof(hash));
	return hash;
}

/* EUI-64 of a MAC address */
static uint64_t mac_guid(const uint8_t *mac)
{
	uint8_t guid[8] = { mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] };
	uint64_t out;

	memcpy(&out, guid, sizeof(out));
	return out;
}

static void take_hardware_addr(struct interface *i, const struct sockaddr_ll *ll)
{
	static const uint8_t none[6];

	if (ll->sll_halen == sizeof(none) && memcmp(ll->sll_addr, none, sizeof(none)))
		i->guid = mac_guid(ll->sll_addr);
}

static uint32_t mtu_of(const char *name)
{
	struct ifreq req = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t mtu = 1500;

	if (fd < 0)
		return mtu;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFMTU, &req) == 0 && req.ifr_mtu > 0)
		mtu = (uint32_t)req.ifr_mtu;
	close(fd);
	return mtu;
}

static struct interface *find_or_add(struct interface *list, unsigned *n, unsigned n_max,
				     const struct ifaddrs *ifa)
{
	struct interface *i;

	for (unsigned k = 0; k < *n; k++)
		if (!strcmp(list[k].name, ifa->ifa_name))
			return &list[k];
	if (*n == n_max || strlen(ifa->ifa_name) >= sizeof(i->name))
		return NULL;
	i = &list[(*n)++];
	*i = (struct interface){ .index = if_nametoindex(ifa->ifa_name),
				 .mtu = mtu_of(ifa->ifa_name),
				 .running = ifa->ifa_flags & IFF_RUNNING,
				 .guid = hash_guid(ifa->ifa_name) };
	strcpy(i->name, ifa->ifa_name);
	return i;
}

static void take(struct interface *i, const struct ifaddrs *ifa)
{
	const struct sockaddr *addr = ifa->ifa_addr;

	if (addr->sa_family == AF_PACKET)
		take_hardware_addr(i, (const struct sockaddr_ll *)addr);
	else if (i->addr_n < ABI_ADDRS_MAX)
		memcpy(&i->addrs[i->addr_n++], addr,
		       addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
						  : sizeof(struct sockaddr_in6));
}

int interfaces_list(struct interface *list, unsigned n_max)
{
	struct ifaddrs *all;
	unsigned n = 0, kept = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *ifa = all; ifa; ifa = ifa->ifa_next) {
		struct interface *i;

		if (!ifa->ifa_addr || !(ifa->ifa_flags & IFF_UP))
			continue;
		if (ifa->ifa_addr->sa_family != AF_PACKET && ifa->ifa_addr->sa_family != AF_INET &&
		    ifa->ifa_addr->sa_family != AF_INET6)
			continue;
		if (ifa->ifa_addr->sa_family != AF_PACKET && !is_wanted(ifa->ifa_addr))
			continue;
		i = find_or_add(list, &n, n_max, ifa);
		if (i)
			take(i, ifa);
	}
	freeifaddrs(all);
	for (unsigned k = 0; k < n; k++)
		if (list[k].addr_n)
			list[kept++] = list[k];
	return (int)kept;
}
