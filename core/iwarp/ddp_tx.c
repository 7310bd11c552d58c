// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * DDP, sending side: a segment's header goes in front, its payload follows by the caller's hand.
 * RFC 5041 section 4; the RDMAP octet of RFC 5040 4.1 lies in the same header.
 */
#include "core/qp/qp_priv.h"
#include "core/wire/rfc5044_mpa.h"

void ddp_tx_tagged(struct tx *tx, u32 opcode, bool last, u32 stag, u64 to, u32 len)
{
	const struct ddp_tagged hdr = {
		.c.mpa_len = cpu_to_be16((u16)(DDP_TAGGED_LEN + len)),
		.c.ctl = cpu_to_be16((u16)(DDP_CTL(opcode) | DDP_TAGGED | (last ? DDP_LAST : 0))),
		.stag = cpu_to_be32(stag),
		.to = cpu_to_be64(to),
	};

	memcpy(mpa_tx_begin(tx), &hdr, sizeof(hdr));
	mpa_tx_header(tx, sizeof(hdr));
}

void ddp_tx_untagged(struct tx *tx, u32 opcode, bool last, u32 qn, u32 mo, u32 inv_stag, u32 len)
{
	const struct ddp_untagged hdr = {
		.c.mpa_len = cpu_to_be16((u16)(DDP_UNTAGGED_LEN + len)),
		.c.ctl = cpu_to_be16((u16)(DDP_CTL(opcode) | (last ? DDP_LAST : 0))),
		.rsvd_ulp = cpu_to_be32(inv_stag),
		.qn = cpu_to_be32(qn),
		.msn = cpu_to_be32(tx->msn[qn]),
		.mo = cpu_to_be32(mo),
	};

	memcpy(mpa_tx_begin(tx), &hdr, sizeof(hdr));
	mpa_tx_header(tx, sizeof(hdr));
	if (last)
		tx->msn[qn]++;
}

/* A whole untagged message of the engine's own making. */
void ddp_tx_control(struct tx *tx, u32 opcode, u32 qn, const void *body, u32 len)
{
	ddp_tx_untagged(tx, opcode, true, qn, 0, 0, len);
	if (len)
		mpa_tx_put(tx, body, len);
}
