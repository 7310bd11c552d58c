/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The daemon: stores, reactors, SCSI server and iSER server, from start to orderly end. */
#ifndef TARGETS_TARGETD_DAEMON_H
#define TARGETS_TARGETD_DAEMON_H

#include "targets/targetd/options.h"

/* 0 after an orderly end; a negative errno otherwise.  It has said why in the log. */
int targetd_run(const struct targetd_options *options);

#endif
