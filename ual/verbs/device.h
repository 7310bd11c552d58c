/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Between device.c and interface.c: what the machine's interfaces look like now. */
#ifndef UAL_VERBS_DEVICE_H
#define UAL_VERBS_DEVICE_H

#include "ual/verbs/objects.h"

struct interface {
	char name[16];
	unsigned index;
	uint32_t mtu;
	bool running;
	uint64_t guid;		/* network order */
	unsigned addr_n;
	struct sockaddr_storage addrs[ABI_ADDRS_MAX];
};

/* Those that are up and have an address that $OPENRDMA_ADDRESSES lets through.  How many, or -errno. */
int interfaces_list(struct interface *list, unsigned n_max);

/* The same host address; ports do not count. */
bool interface_addr_equal(const struct sockaddr *a, const struct sockaddr *b);

#endif
