/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Who uses a block device: a mount, swap, another device on top of it, a program that has it open. */
#ifndef OPENRDMA_IN_USE_H
#define OPENRDMA_IN_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * True with "mounted on /mnt" or "open in fio (pid 7)" in by.  Opens the device (and so may wait for its I/O);
 * never call it in the process that serves it.  except: a process that may have it open, and its children.
 */
bool device_in_use(const char *device, pid_t except, char *by, size_t by_len);

/* The same by the name in the list of mounts: of a device that is gone already. */
bool device_name_mounted(const char *device, char *by, size_t by_len);

#endif
