/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* RDMAP extensions as they lie on the wire: immediate data and atomics.  RFC 7306. */
#ifndef CORE_WIRE_RFC7306_H
#define CORE_WIRE_RFC7306_H

#include "core/wire/rfc5040_rdmap.h"

/* Figure 2 */
enum rdmap_ext_opcode {
	RDMAP_IMM		= 8,
	RDMAP_IMM_SE		= 9,
	RDMAP_ATOMIC_REQ	= 10,
	RDMAP_ATOMIC_RESP	= 11,
};

#define RDMAP_QN_ATOMIC_RESP	3
#define RDMAP_IMM_BYTES		8

/* 5.2.1, behind an untagged header */
struct rdmap_atomic_req {
	__be32 aopcode;
	__be32 request_id;
	__be32 remote_stag;
	__be64 remote_to;
	__be64 add_swap;
	__be64 add_swap_mask;
	__be64 compare;
	__be64 compare_mask;
} __attribute__((packed, aligned(4)));	/* at octet 20, where its 64-bit fields are aligned */
WIRE_SIZE(struct rdmap_atomic_req, 52);
WIRE_AT(struct rdmap_atomic_req, remote_to, 12);
WIRE_AT(struct rdmap_atomic_req, compare_mask, 44);

#define RDMAP_AOPCODE		0x0000000f
#define RDMAP_AOP_FETCH_ADD	0
#define RDMAP_AOP_CMP_SWAP	2

/* 5.2.2, behind an untagged header */
struct rdmap_atomic_resp {
	__be32 request_id;
	__be64 original;
} __attribute__((packed, aligned(4)));
WIRE_SIZE(struct rdmap_atomic_resp, 12);
WIRE_AT(struct rdmap_atomic_resp, original, 4);

#endif
