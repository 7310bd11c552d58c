/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Mount points as the kernel lists them, and the lock that the process of one of ours holds as long as it lives. */
#ifndef OPENRDMA_MOUNT_POINT_H
#define OPENRDMA_MOUNT_POINT_H

#include <stdbool.h>
#include <stddef.h>

#define MOUNT_TYPE "fuse.openrdma"

struct mount_point {
	unsigned major, minor;
	char type[64];
	char source[1024];
};

/* What is mounted at dir (absolute) now; false: nothing.  Never asks the file system itself, which may not answer. */
bool mount_point_find(const char *dir, struct mount_point *point);
/* The last name of dir is not followed, nor anything below a mount that does not answer.  0 or negative errno. */
int mount_point_path(const char *dir, char *path, size_t path_len);

/* The process of the mount: holds the lock until it ends.  A descriptor, or negative errno. */
int mount_lock(const struct mount_point *point);
/* Waits until nobody has it; false: still held after timeout_ms. */
bool mount_lock_wait(const struct mount_point *point, int timeout_ms);

#endif
