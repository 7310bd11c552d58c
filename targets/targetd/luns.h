/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The LUNs of the command line: their stores opened, their identities made. */
#ifndef TARGETS_TARGETD_LUNS_H
#define TARGETS_TARGETD_LUNS_H

#include "targets/scsi/lun.h"
#include "targets/targetd/options.h"

struct targetd_luns {
	struct lun **luns;
	unsigned n;
};

int targetd_luns_open(const struct targetd_options *options, struct targetd_luns *luns);
/* Flushes.  0, or the first error; either way all is closed. */
int targetd_luns_close(struct targetd_luns *luns);

#endif
