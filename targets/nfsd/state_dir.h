/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What must outlive a restart: the key of file handles, in the folder of daemon/state_dir.h. */
#ifndef TARGETS_NFSD_STATE_DIR_H
#define TARGETS_NFSD_STATE_DIR_H

#include <stddef.h>
#include <stdint.h>

/* Reads the key, or makes one and keeps it, durable, mode 0600. */
int state_dir_key(int dir_fd, uint8_t *key, size_t len);

#endif
