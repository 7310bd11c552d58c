// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * User-space CRC32C.
 *
 * ISA-L folds with wide carry-less multiplications and wins by far on payload; below 256 octets it
 * has no use for them, and the processor's own instruction in line is faster.  Measured by
 * tests/bench/crc.c.
 */
#include <isa-l/crc.h>

#include "core/crc32c.h"

#define FOLDING_MIN	256
#define CALL_MAX	(1u << 30)	/* ISA-L's length is an int */

static u32 crc_folding(u32 crc, const u8 *p, size_t n)
{
	while (n) {
		size_t take = min_t(size_t, n, CALL_MAX);

		crc = crc32_iscsi((unsigned char *)p, (int)take, crc);
		p += take;
		n -= take;
	}
	return crc;
}

static u32 (*crc_short)(u32 crc, const u8 *p, size_t n) = crc_folding;

#if defined(__x86_64__)
/* SSE4.2: bit 20 of ecx in leaf 1 of cpuid */
static u32 crc_instruction(u32 crc, const u8 *p, size_t n)
{
	u64 acc = crc;

	for (; n >= 8; p += 8, n -= 8) {
		u64 word;

		memcpy(&word, p, sizeof(word));
		__asm__("crc32q %1, %0" : "+r"(acc) : "rm"(word));
	}
	for (; n; p++, n--)
		__asm__("crc32b %1, %k0" : "+r"(acc) : "rm"(*p));
	return (u32)acc;
}

__attribute__((constructor)) static void crc_choose(void)
{
	u32 a = 1, b, c = 0, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (c & 1u << 20)
		crc_short = crc_instruction;
}
#endif

u32 core_crc32c(u32 crc, const void *p, size_t n)
{
	return n < FOLDING_MIN ? crc_short(crc, p, n) : crc_folding(crc, p, n);
}
