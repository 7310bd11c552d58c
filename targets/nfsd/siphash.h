/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* SipHash-2-4: a short keyed code for short input.  Aumasson and Bernstein, 2012. */
#ifndef TARGETS_NFSD_SIPHASH_H
#define TARGETS_NFSD_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint8_t key[16], const void *data, size_t len);

#endif
