/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The process behind one attachment: one loop with the RDMA device, the disk and the host on it.
 *
 *   opening ---> starting ---> up <---> (the disk reconnects by itself)
 *      |            |           |
 *      |            |        SIGTERM or SIGINT: stopping the host (refused while in use: back to up)
 *      v            v           v
 *    done        closing <------+   flush, log out, remove the state files
 */
#ifndef OPENRDMA_ATTACHMENT_H
#define OPENRDMA_ATTACHMENT_H

#include "iser/iser_disk.h"
#include "tools/openrdma/host.h"

struct attachment_cfg {
	const char *url_text;
	const struct oriser_url *url;
	const struct host_ops *host;
	const char *dir;		/* of the state */
	const char *name;		/* claimed by the caller */
	bool read_only;
	uint32_t depth, timeout_ms;
	/* Once: err 0 and the device; or why it failed and err (negative errno). */
	void (*report)(void *ctx, int err, const char *device_or_why);
	/* Becomes readable, or hung up, when whoever waits for the report has gone; -1: nobody can go. */
	int waiter_fd;
	void *ctx;
};

/* A SIGTERM queued with this value (sigqueue(3)) does not ask whether the device is in use. */
#define ATTACHMENT_FORCE 0x0f0ce

/* Returns when all is over: 0 after an orderly end, else what it failed with. */
int attachment_run(const struct attachment_cfg *cfg);

#endif
