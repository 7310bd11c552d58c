/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What a daemon answered to `status`, for people. */
#ifndef OPENRDMA_STATUS_SHOW_H
#define OPENRDMA_STATUS_SHOW_H

#include <jansson.h>

/* before: an earlier answer of the same daemon, for rates; NULL: sums. */
void status_show(const json_t *now, const json_t *before);

#endif
