/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The kernel's NBD driver, configured over generic netlink (Linux 4.12).  All calls block for a moment. */
#ifndef OPENRDMA_NBD_NETLINK_H
#define OPENRDMA_NBD_NETLINK_H

#include <stddef.h>
#include <stdint.h>

struct nbd_netlink_cfg {
	int fd;			/* the kernel's end of the connection */
	uint64_t size;
	uint32_t block_size;
	uint16_t flags;		/* NBD_HAS_FLAGS ... */
	const char *backend;	/* found again in /sys/block/nbdN/backend */
};

/* The number of the device (/dev/nbdN), or a negative errno (-ENOENT: no NBD in the kernel). */
int nbd_netlink_connect(const struct nbd_netlink_cfg *cfg);
/* Returns when the driver has let go of the connection. */
int nbd_netlink_disconnect(unsigned index);
/* backend: as when it was connected; the driver asks for it again. */
int nbd_netlink_resize(unsigned index, uint64_t size, const char *backend);
/* Whether the driver is there. */
int nbd_netlink_probe(void);
/* The device with this backend.  -ENOENT. */
int nbd_find_backend(const char *backend);

#endif
