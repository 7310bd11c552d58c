/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* CRC32C: RFC 7143 A.4 (as transmitted), RFC 5044 figure 5. */
#ifndef TESTS_UNIT_CORE_VECTORS_CRC_H
#define TESTS_UNIT_CORE_VECTORS_CRC_H

#include "core/crc32c.h"
#include "tests/unit/core/vectors/vector.h"

struct crc_vector {
	const char *name;
	struct vector_bytes in;
	u8 wire[4];
};

#define X4(b) b, b, b, b
#define X32(b) X4(b), X4(b), X4(b), X4(b), X4(b), X4(b), X4(b), X4(b)

static const struct crc_vector crc_vectors[] = {
	{ "32 octets of zeroes", { BYTES(X32(0)) }, { 0xaa, 0x36, 0x91, 0x8a } },
	{ "32 octets of ones", { BYTES(X32(0xff)) }, { 0x43, 0xab, 0xa8, 0x62 } },
	{ "32 octets of incrementing 00..1f",
	  { BYTES(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
		  23, 24, 25, 26, 27, 28, 29, 30, 31) },
	  { 0x4e, 0x79, 0xdd, 0x46 } },
	{ "32 octets of decrementing 1f..00",
	  { BYTES(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12,
		  11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0) },
	  { 0x5c, 0xdb, 0x3f, 0x11 } },
	{ "an iSCSI SCSI Read (10) command PDU",
	  { BYTES(0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04,
		  0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0,
		  0, 0) },
	  { 0x56, 0x3a, 0x96, 0xd9 } },
	{ "RFC 5044 figure 5",
	  { BYTES(0, 0, 0, 0, 0x00, 0x2a, 0x41, 0x43, X4(0), X4(0), 0, 0, 0, 1, X4(0), X4(0), X4(0),
		  X4(0), X4(0), X4(0), X4(0)) },
	  { 0x52, 0x23, 0x99, 0x83 } },
};

/* Whole, and in two runs cut anywhere. */
static inline const char *crc_check(const struct crc_vector *v)
{
	size_t cut;

	for (cut = 0; cut <= v->in.len; cut++) {
		u32 crc = core_crc32c(CRC32C_SEED, v->in.data, cut);
		__le32 wire =
			core_crc32c_final(core_crc32c(crc, v->in.data + cut, v->in.len - cut));

		if (memcmp(&wire, v->wire, sizeof(wire)))
			return "wrong checksum";
	}
	return NULL;
}

#endif
