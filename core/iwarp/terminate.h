/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The Terminate message: why a stream ends, in the words of RFC 5040 4.8.
 *
 * A cause is layer, type and code; a report adds the headers of the segment that showed it, as
 * figure 10 of RFC 5040 asks.
 */
#ifndef CORE_IWARP_TERMINATE_H
#define CORE_IWARP_TERMINATE_H

#include "core/env.h"
#include "core/wire/rfc5040_rdmap.h"

struct term_cause {
	u8 layer, etype, code;
};

struct term_report {
	struct term_cause cause;
	u16 segment_len;	/* DDP segment length, valid with ddp_len */
	u8 ddp_len;		/* 0, DDP_TAGGED_LEN or DDP_UNTAGGED_LEN octets in ddp */
	bool has_request;	/* request is there (always behind an untagged header) */
	u8 ddp[DDP_UNTAGGED_LEN];
	struct rdmap_read_req request;
};

/* What the Terminate says after its untagged header: returns the octets laid into out. */
size_t term_encode(const struct term_report *report, u8 out[TERM_BYTES_MAX]);
/* False: shorter than it says. */
bool term_decode(const u8 *data, size_t len, struct term_report *report);

/* marker, header, control word, CRC */
#define TERM_FPDU_MAX	(4 + sizeof(struct ddp_untagged) + TERM_CTL_BYTES + 4)
/* A whole FPDU for a stream on which nothing was sent yet; returns its length. */
size_t term_build(u8 *out, const struct term_cause *cause, bool crc, bool markers);

struct ddp_untagged term_header(void);

#endif
