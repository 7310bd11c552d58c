/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* MPA as it lies on the wire.  RFC 5044, and RFC 6581 for revision 2. */
#ifndef CORE_WIRE_RFC5044_MPA_H
#define CORE_WIRE_RFC5044_MPA_H

#include "core/env.h"

/* RFC 5044 4.1: FPDU = length, ULPDU, pad to a multiple of 4, CRC. */
#define MPA_LEN_BYTES		2
#define MPA_CRC_BYTES		4
#define MPA_PAD(ulpdu_len)	(-(MPA_LEN_BYTES + (ulpdu_len)) & 3)

/* RFC 5044 4.2: one in front of the first FPDU, then at every 512th octet of the stream. */
struct mpa_marker {
	__be16 reserved;
	__be16 fpduptr;		/* octets back to the ULPDU_Length field; 0: it follows */
};
WIRE_SIZE(struct mpa_marker, 4);
#define MPA_MARKER_INTERVAL	512
#define MPA_MARKER_PTR		0xfffc

/* RFC 5044 4.5: never shrink a ULPDU's room below this. */
#define MPA_MULPDU_MIN		128

/* RFC 5044 7.1.1, RFC 6581 6. */
#define MPA_KEY_BYTES		16
#define MPA_KEY_REQUEST		"MPA ID Req Frame"
#define MPA_KEY_REPLY		"MPA ID Rep Frame"

struct mpa_frame {
	u8 key[MPA_KEY_BYTES];
	__be16 flags_rev;
	__be16 pd_length;
};
WIRE_SIZE(struct mpa_frame, 20);
WIRE_AT(struct mpa_frame, pd_length, 18);

#define MPA_FLAG_M		0x8000	/* markers required by the sender of the frame */
#define MPA_FLAG_C		0x4000	/* CRC preferred */
#define MPA_FLAG_R		0x2000	/* reply only: rejected */
#define MPA_FLAG_S		0x1000	/* RFC 6581: private data begins with mpa_enhanced */
#define MPA_REVISION		0x00ff

/* RFC 6581 9. */
struct mpa_enhanced {
	__be16 ird;
	__be16 ord;
};
WIRE_SIZE(struct mpa_enhanced, 4);

#define MPA_IRD_P2P		0x8000	/* A: peer-to-peer */
#define MPA_IRD_RTR_SEND	0x4000	/* B: zero-length FULPDU */
#define MPA_ORD_RTR_WRITE	0x8000	/* C */
#define MPA_ORD_RTR_READ	0x4000	/* D */
#define MPA_DEPTH		0x3fff
#define MPA_DEPTH_NO_NEGOTIATION 0x3fff	/* the upper layer sees to it */

/* RFC 5044 8, RFC 6581 8: codes of Terminate layer 2, type 0. */
enum mpa_term_code {
	MPA_TERM_CLOSED		= 1,
	MPA_TERM_CRC		= 2,
	MPA_TERM_MARKER		= 3,
	MPA_TERM_FRAME		= 4,
	MPA_TERM_LOCAL		= 5,
	MPA_TERM_IRD		= 6,
	MPA_TERM_RTR		= 7,
};

#endif
