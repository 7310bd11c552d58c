/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The file that says which process we are, while we are. */
#ifndef TARGETS_DAEMON_PID_FILE_H
#define TARGETS_DAEMON_PID_FILE_H

int daemon_pid_file_write(const char *path);	/* atomically; 0 or a negative errno */
void daemon_pid_file_remove(const char *path);

#endif
