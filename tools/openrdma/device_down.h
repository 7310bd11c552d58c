/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What comes before taking any block device away: is it in use, and is everything written.  Blocks. */
#ifndef OPENRDMA_DEVICE_DOWN_H
#define OPENRDMA_DEVICE_DOWN_H

#include "tools/openrdma/helper.h"

struct device_down {
	char device[256];
	bool force;		/* in use or not, flushed or not */
	pid_t server;		/* its own process, which may have it open */
};

/* result->err 0, -EBUSY or the flush's error, with a sentence. */
void device_down(const struct device_down *d, struct helper_result *result);

#endif
