/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The folder of what must outlive a restart. */
#ifndef TARGETS_DAEMON_STATE_DIR_H
#define TARGETS_DAEMON_STATE_DIR_H

#include <stddef.h>

/*
 * Opens dir, made if it is not there (0700); NULL: /var/lib/openrdma/PROGRAM, or ~/.local/state/openrdma/PROGRAM
 * for who is not root.  A descriptor, or negative errno; path says which.
 */
int daemon_state_dir_open(const char *dir, const char *program, char *path, size_t path_len);

#endif
