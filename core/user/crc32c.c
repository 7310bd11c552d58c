// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * User-space CRC32C.
 *
 * ISA-L folds with carry-less multiplication and wins on payload; on a few dozen octets (headers,
 * trailers) the processor's own instruction in line wins, because ISA-L is a call through its
 * dispatcher.  The threshold is where the two cross in tests/bench/crc.c.
 */
#include <isa-l/crc.h>

#include "core/crc32c.h"

#define SHORT_MAX 192
#define ISAL_CALL_MAX (1 << 30)		/* its length is an int */

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>

static bool has_sse42;

__attribute__((constructor)) static void crc_detect(void)
{
	unsigned int a, b, c, d;

	has_sse42 = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
}

__attribute__((target("sse4.2"))) static u32 crc_short(u32 crc, const u8 *p, size_t n)
{
	u64 acc = crc;

	for (; n >= 8; p += 8, n -= 8) {
		u64 word;

		memcpy(&word, p, sizeof(word));
		acc = _mm_crc32_u64(acc, word);
	}
	if (n & 4) {
		u32 word;

		memcpy(&word, p, sizeof(word));
		acc = _mm_crc32_u32((u32)acc, word);
		p += 4;
	}
	for (n &= 3; n; p++, n--)
		acc = _mm_crc32_u8((u32)acc, *p);
	return (u32)acc;
}
#else
static const bool has_sse42;

static u32 crc_short(u32 crc, const u8 *p, size_t n)
{
	return crc;
}
#endif

u32 core_crc32c(u32 crc, const void *p, size_t n)
{
	const u8 *at = p;

	if (n <= SHORT_MAX && has_sse42)
		return crc_short(crc, at, n);
	while (n) {
		size_t take = min_t(size_t, n, ISAL_CALL_MAX);

		crc = crc32_iscsi((unsigned char *)at, (int)take, crc);
		at += take;
		n -= take;
	}
	return crc;
}
