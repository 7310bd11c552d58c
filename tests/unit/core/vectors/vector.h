/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Vectors: tables of bytes written by hand from the RFCs, and the functions that hold an engine
 * against them.  No test framework and nothing from outside core/, so that cmocka in user space and
 * the self-test module in the kernel run the very same ones:
 *
 *	for (i = 0; i < count; i++)
 *		why = check(&table[i], rig);		NULL: right
 */
#ifndef TESTS_UNIT_CORE_VECTOR_H
#define TESTS_UNIT_CORE_VECTOR_H

#include "core/env.h"

/* Values as lists of octets, so that a frame reads like the figure in the RFC. */
#define BE16(v)	(u8)((v) >> 8), (u8)((v) & 0xff)
#define BE32(v)	BE16((u32)(v) >> 16 & 0xffff), BE16((u32)(v) & 0xffff)
#define BE64(v)	BE32((u64)(v) >> 32), BE32((u64)(v) & 0xffffffff)

#define BYTES(...) (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ })

struct vector_bytes {
	const u8 *data;
	size_t len;
};

static inline bool vector_same(const u8 *got, size_t len, const struct vector_bytes *want)
{
	return len == want->len && (!len || !memcmp(got, want->data, len));
}

#endif
