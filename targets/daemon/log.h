/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Lines on standard error: "PROGRAM: LEVEL: what happened", or, where that is systemd's journal, "<N>what happened",
 * which gives each line its priority there.  Any thread; a line is one write.
 */
#ifndef TARGETS_DAEMON_LOG_H
#define TARGETS_DAEMON_LOG_H

#include <syslog.h>

void daemon_log_init(void);	/* looks where standard error goes */
void daemon_log_set_level(int level);
void daemon_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* For the libraries' log callbacks; ctx is not used. */
void daemon_log_msg(void *ctx, int level, const char *msg);

#endif
