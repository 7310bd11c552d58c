/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The process of a mount: connects, mounts, serves the kernel until it is unmounted. */
#ifndef OPENRDMA_MOUNT_RUN_H
#define OPENRDMA_MOUNT_RUN_H

#include "nfsrdma/mount/options.h"

struct mount_run {
	const char *source;		/* server:/path, for messages */
	const char *host, *path;
	const char *dir;		/* absolute */
	const struct mount_options *options;
	bool foreground;		/* messages to standard error, else to syslog */
	/* Once: 0 when it is mounted, else negative errno and a sentence. */
	void (*report)(void *ctx, int err, const char *text);
	void *ctx;
};

/* Until it is unmounted.  0, or what the mount failed with; -EIO: acknowledged writes were lost. */
int mount_run(const struct mount_run *run);

#endif
