/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* RDMAP as it lies on the wire.  RFC 5040 section 4. */
#ifndef CORE_WIRE_RFC5040_RDMAP_H
#define CORE_WIRE_RFC5040_RDMAP_H

#include "core/wire/rfc5041_ddp.h"

/* 4.1: in the low octet of struct ddp_ctl's ctl. */
#define RDMAP_VERSION		0x00c0
#define RDMAP_OPCODE		0x000f
#define RDMAP_VERSION_RDMAC	0	/* valid on receipt */
#define RDMAP_VERSION_IETF	1

enum rdmap_opcode {
	RDMAP_WRITE		= 0,
	RDMAP_READ_REQ		= 1,
	RDMAP_READ_RESP		= 2,
	RDMAP_SEND		= 3,
	RDMAP_SEND_INV		= 4,
	RDMAP_SEND_SE		= 5,
	RDMAP_SEND_SE_INV	= 6,
	RDMAP_TERMINATE		= 7,
};

/* Figure 4 */
enum rdmap_queue {
	RDMAP_QN_SEND		= 0,
	RDMAP_QN_READ		= 1,
	RDMAP_QN_TERMINATE	= 2,
};

/* 4.4, behind an untagged header */
struct rdmap_read_req {
	__be32 sink_stag;
	__be64 sink_to;
	__be32 size;
	__be32 source_stag;
	__be64 source_to;
} __attribute__((packed, aligned(4)));	/* at octet 20, where its 64-bit fields are aligned */
WIRE_SIZE(struct rdmap_read_req, 28);
WIRE_AT(struct rdmap_read_req, source_to, 20);

/* 4.8: the first word of a Terminate, behind an untagged header. */
#define TERM_LAYER	0xf0000000
#define TERM_ETYPE	0x0f000000
#define TERM_CODE	0x00ff0000
#define TERM_M		0x00008000	/* DDP segment length valid */
#define TERM_D		0x00004000	/* DDP header included */
#define TERM_R		0x00002000	/* RDMAP header included */

#define TERM_CTL_BYTES	4
#define TERM_LEN_BYTES	2
/* control, segment length, the longest DDP header, a Read Request header */
#define TERM_BYTES_MAX	(TERM_CTL_BYTES + TERM_LEN_BYTES + DDP_UNTAGGED_LEN + 28)

enum term_layer {
	TERM_LAYER_RDMAP	= 0,
	TERM_LAYER_DDP		= 1,
	TERM_LAYER_LLP		= 2,
};

/* Figure 9: layer RDMAP */
enum rdmap_term_type {
	RDMAP_TERM_CATASTROPHIC	= 0,
	RDMAP_TERM_PROTECTION	= 1,
	RDMAP_TERM_OPERATION	= 2,
};

enum rdmap_term_code {
	RDMAP_TERM_STAG		= 0x00,
	RDMAP_TERM_BOUNDS	= 0x01,
	RDMAP_TERM_ACCESS	= 0x02,
	RDMAP_TERM_STREAM	= 0x03,
	RDMAP_TERM_WRAP		= 0x04,
	RDMAP_TERM_VERSION	= 0x05,
	RDMAP_TERM_OPCODE	= 0x06,
	RDMAP_TERM_CAT_STREAM	= 0x07,
	RDMAP_TERM_CAT_GLOBAL	= 0x08,
	RDMAP_TERM_CANNOT_INV	= 0x09,
	RDMAP_TERM_UNSPECIFIED	= 0xff,
};

#endif
