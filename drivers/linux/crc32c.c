// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The kernel's checksum under the name that core/ calls. */
#include "core/crc32c.h"

u32 core_crc32c(u32 crc, const void *p, size_t n)
{
	return crc32c(crc, p, n);
}
