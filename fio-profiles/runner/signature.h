/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Does a disk look as if somebody's data were on it?  File systems, partition tables and members of volume
 * managers leave a mark near the start of the disk.
 */
#ifndef FIO_PROFILES_SIGNATURE_H
#define FIO_PROFILES_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_LEN	(1024 * 1024)	/* bytes from the start that are worth reading */

/* Name of what was found in the first len bytes of a disk, or NULL. */
const char *signature_find(const uint8_t *data, size_t len);

#endif
