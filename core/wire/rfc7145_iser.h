/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSER headers as they lie on the wire.  RFC 7145 section 9, and the private data of a connection
 * (RFC 7145 leaves it to the transport; the four bytes are those of the InfiniBand annex A12, which
 * every known peer uses on iWARP too).
 */
#ifndef CORE_WIRE_RFC7145_ISER_H
#define CORE_WIRE_RFC7145_ISER_H

#include "core/env.h"

#define ISER_HDR_BYTES		28
#define ISER_PDATA_BYTES	4
#define ISER_VERSION		10	/* 9.3 */

/* First byte */
#define ISER_OPCODE		0xf0
#define ISER_OP_CONTROL		0x10	/* 9.2: an iSCSI control-type PDU follows */
#define ISER_OP_HELLO		0x20	/* 9.3 */
#define ISER_OP_HELLO_REPLY	0x30	/* 9.4 */
#define ISER_WSV		0x08	/* control: write STag and base offset valid */
#define ISER_RSV		0x04	/* control: read STag and base offset valid */
#define ISER_HELLO_REJECT	0x01	/* hello reply */

/* Hello, second byte */
#define ISER_VERSION_MAX	0xf0
#define ISER_VERSION_LOW	0x0f	/* MinVer of a Hello, CurVer of a reply */

/* 9.2.  The 64-bit fields are not aligned: packed because the RFC leaves no choice. */
struct iser_hdr_control {
	u8 flags;
	u8 reserved[3];
	__be32 write_stag;
	__be64 write_base;
	__be32 read_stag;
	__be64 read_base;
} __attribute__((packed, aligned(4)));
WIRE_SIZE(struct iser_hdr_control, ISER_HDR_BYTES);
WIRE_AT(struct iser_hdr_control, write_base, 8);
WIRE_AT(struct iser_hdr_control, read_base, 20);

/* 9.3, 9.4: Hello (queue: iSER-IRD) and HelloReply (queue: iSER-ORD) */
struct iser_hdr_hello {
	u8 flags;
	u8 versions;
	__be16 queue;
	u8 reserved[24];
};
WIRE_SIZE(struct iser_hdr_hello, ISER_HDR_BYTES);

/* Private data of connection request and reply */
#define ISER_PDATA_NO_ZBVA	0x80	/* no zero-based virtual addresses */
#define ISER_PDATA_NO_SEND_INV	0x40	/* no Send with Invalidate */

struct iser_pdata {
	u8 flags;
	u8 reserved[3];
};
WIRE_SIZE(struct iser_pdata, ISER_PDATA_BYTES);

#endif
