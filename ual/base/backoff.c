// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Contract: backoff.h. */
#include "ual/base/backoff.h"

#define NS_PER_MS 1000000ull

/* splitmix64 */
static u64 mix(u64 z)
{
	z += 0x9e3779b97f4a7c15ull;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

u64 backoff_next_ns(struct backoff *b, u64 now_ns)
{
	u64 half;

	b->step_ms = b->step_ms ? min_t(u32, b->step_ms * 2, BACKOFF_MAX_MS) : BACKOFF_MIN_MS;
	b->state = mix(b->state ^ now_ns);
	half = b->step_ms * NS_PER_MS / 2;
	return half + b->state % (half + 1);
}
