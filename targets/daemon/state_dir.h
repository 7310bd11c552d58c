/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The folder of what a daemon must still know after a restart: small files, each replaced as a whole. */
#ifndef TARGETS_DAEMON_STATE_DIR_H
#define TARGETS_DAEMON_STATE_DIR_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Opens dir, made if it is not there (0700).  NULL: the default, /var/lib/openrdma/PROGRAM of root, of others
 * openrdma/PROGRAM in $XDG_STATE_HOME or $HOME/.local/state.  A descriptor, or negative errno; path says which.
 */
int daemon_state_dir_open(const char *dir, const char *program, char *path, size_t path_len);
/* Bytes, at most max; -ENOENT: there is none; -EFBIG: it is longer; -errno. */
ssize_t daemon_state_read(int dir_fd, const char *name, void *data, size_t max);
/* The old one or the new one is there, whatever happens: on stable storage when it returns 0.  Mode 0600. */
int daemon_state_write(int dir_fd, const char *name, const void *data, size_t len);

#endif
