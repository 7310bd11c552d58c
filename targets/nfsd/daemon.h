/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef TARGETS_NFSD_DAEMON_H
#define TARGETS_NFSD_DAEMON_H

#include "targets/nfsd/options.h"

/* Serves until SIGTERM or SIGINT.  0 after an orderly end; what went wrong has been logged. */
int nfsd_run(struct nfsd_options *options);

#endif
