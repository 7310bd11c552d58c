/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Loop devices on a file, with direct I/O so that nothing is cached twice.  All calls block. */
#ifndef OPENRDMA_LOOP_DEV_H
#define OPENRDMA_LOOP_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool loop_dev_available(char *why, size_t why_len);
/* 0 and "/dev/loopN"; or a negative errno with why in device. */
int loop_dev_attach(const char *file, uint32_t block_size, bool read_only, char *device,
		    size_t device_len);
/* The device whose backing file this is.  -ENOENT. */
int loop_dev_find(const char *file, char *device, size_t device_len);
/*
 * Gives the device free.  0: it is; -EBUSY: somebody has it open, and it will be when he closes it.
 */
int loop_dev_clear(const char *device);
/* Takes over the file's new size. */
int loop_dev_resize(const char *device, const char *file);

#endif
