/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * DDP as it lies on the wire.  RFC 5041 section 4.
 *
 * The MPA length in front belongs to these structs, so that every field of every iWARP header is
 * naturally aligned (RFC 5041 draws them the same way).
 */
#ifndef CORE_WIRE_RFC5041_DDP_H
#define CORE_WIRE_RFC5041_DDP_H

#include "core/env.h"

/* DDP control (4.1) in the high octet, its RsvdULP octet (RDMAP control) in the low one. */
struct ddp_ctl {
	__be16 mpa_len;
	__be16 ctl;
};
WIRE_SIZE(struct ddp_ctl, 4);

#define DDP_TAGGED	0x8000
#define DDP_LAST	0x4000
#define DDP_VERSION	0x0300
#define DDP_VERSION_IETF 1

/* 4.2 */
struct ddp_tagged {
	struct ddp_ctl c;
	__be32 stag;
	__be64 to;
};
WIRE_SIZE(struct ddp_tagged, 16);
WIRE_AT(struct ddp_tagged, to, 8);

/* 4.3 */
struct ddp_untagged {
	struct ddp_ctl c;
	__be32 rsvd_ulp;	/* RDMAP: Invalidate STag */
	__be32 qn;
	__be32 msn;
	__be32 mo;
};
WIRE_SIZE(struct ddp_untagged, 20);
WIRE_AT(struct ddp_untagged, qn, 8);
WIRE_AT(struct ddp_untagged, mo, 16);

/* Header lengths as DDP counts them, without the MPA length. */
#define DDP_TAGGED_LEN		14
#define DDP_UNTAGGED_LEN	18

/* 7.2: Terminate layer 1. */
enum ddp_term_type {
	DDP_TERM_CATASTROPHIC	= 0,
	DDP_TERM_TAGGED		= 1,
	DDP_TERM_UNTAGGED	= 2,
};

enum ddp_term_tagged {
	DDP_TERM_T_STAG		= 0,
	DDP_TERM_T_BOUNDS	= 1,
	DDP_TERM_T_STREAM	= 2,
	DDP_TERM_T_WRAP		= 3,
	DDP_TERM_T_VERSION	= 4,
};

enum ddp_term_untagged {
	DDP_TERM_U_QN		= 1,
	DDP_TERM_U_NO_BUFFER	= 2,
	DDP_TERM_U_MSN		= 3,
	DDP_TERM_U_MO		= 4,
	DDP_TERM_U_TOO_LONG	= 5,
	DDP_TERM_U_VERSION	= 6,
};

#endif
