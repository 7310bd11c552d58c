/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * CRC32C (Castagnoli) as MPA, iSCSI and the kernel use it: reflected, no inversion inside.
 *
 *   u32 crc = CRC32C_SEED;
 *   crc = core_crc32c(crc, header, header_len);	any number of runs, in stream order
 *   crc = core_crc32c(crc, payload, payload_len);
 *   trailer = core_crc32c_final(crc);			as it lies on the wire
 *
 * RFC 5044 4.4 takes the procedure of iSCSI digests (RFC 7143 13.1): the remainder starts as ones,
 * is inverted at the end and travels least significant octet first.  32 octets of zero give aa 36
 * 91 8a.
 *
 * The host supplies core_crc32c(): core/user/crc32c.c, or the kernel's crc32c().
 */
#ifndef CORE_CRC32C_H
#define CORE_CRC32C_H

#include "core/env.h"

#define CRC32C_SEED	((u32)~0)

u32 core_crc32c(u32 crc, const void *p, size_t n);

static inline __le32 core_crc32c_final(u32 crc)
{
	return cpu_to_le32(~crc);
}

#endif
