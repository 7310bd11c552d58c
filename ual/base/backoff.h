/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * How long to wait before a connection is tried again: longer each time, up to a limit, and never quite as long as
 * others who lost theirs at the same moment.
 *
 *   backoff_reset()       it works again
 *   backoff_next_ns()     it did not: wait so long
 */
#ifndef UAL_BASE_BACKOFF_H
#define UAL_BASE_BACKOFF_H

#include "core/env.h"

#define BACKOFF_MIN_MS	50u
#define BACKOFF_MAX_MS	2000u

struct backoff {
	u32 step_ms;		/* 0: the first */
	u64 state;		/* of what spreads */
};

static inline void backoff_reset(struct backoff *b)
{
	b->step_ms = 0;
}

/*
 * Between half of the step and all of it; the step is BACKOFF_MIN_MS, then doubles up to BACKOFF_MAX_MS.  now_ns is a
 * clock's, which no two callers read at the same nanosecond: it is where the difference comes from.
 */
u64 backoff_next_ns(struct backoff *b, u64 now_ns);

#endif
