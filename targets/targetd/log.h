/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Lines on standard error: "LEVEL: what happened".  Any thread; a line is one write. */
#ifndef TARGETS_TARGETD_LOG_H
#define TARGETS_TARGETD_LOG_H

#include <syslog.h>

void targetd_log_set_level(int level);
void targetd_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* For the libraries' log callbacks; ctx is not used. */
void targetd_log_msg(void *ctx, int level, const char *msg);

#endif
