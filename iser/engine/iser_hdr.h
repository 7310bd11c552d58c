/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The 28-byte header in front of every iSER message, and the private data of a connection.  RFC
 * 7145 section 9.
 *
 * Where the write base offset points: RFC 7145 6.9 says at the whole buffer unless
 * TaggedBufferForSolicitedDataOnly=Yes was declared; ib_iser and libiscsi always point it at the
 * first solicited byte and never declare the key.  iser_write_base() is the one place that knows.
 */
#ifndef ISER_ENGINE_ISER_HDR_H
#define ISER_ENGINE_ISER_HDR_H

#include "core/wire/rfc7145_iser.h"
#include "iser/engine/limits.h"

enum iser_msg {
	ISER_MSG_CONTROL,		/* an iSCSI PDU follows */
	ISER_MSG_HELLO,
	ISER_MSG_HELLO_REPLY,
	ISER_MSG_BAD,			/* unknown opcode, or shorter than the header */
};

struct iser_hdr {
	enum iser_msg msg;
	/* ISER_MSG_CONTROL */
	bool write_valid, read_valid;
	u32 write_stag, read_stag;	/* 0 unless valid */
	u64 write_base, read_base;	/* 0 unless valid */
	/* ISER_MSG_HELLO, ISER_MSG_HELLO_REPLY */
	u8 version_max, version_low;	/* low: MinVer, CurVer */
	u16 queue;			/* iSER-IRD of the initiator, iSER-ORD of the target */
	bool reject;			/* reply */
};

/* Returns hdr->msg. */
enum iser_msg iser_hdr_decode(const u8 *msg, size_t len, struct iser_hdr *hdr);
void iser_hdr_encode(const struct iser_hdr *hdr, u8 out[ISER_HDR_BYTES]);

/* Hello and its answer.  The target rejects versions other than 10 (9.3, 9.4). */
void iser_hello_init(struct iser_hdr *hdr, u16 ird);
/* Answers hello; ord is lowered to the initiator's IRD. */
void iser_hello_answer(const struct iser_hdr *hello, u16 ord, struct iser_hdr *reply);
/* Initiator: is the reply one to go on with? */
bool iser_hello_accepted(const struct iser_hdr *reply);

/* ---- private data --------------------------------------------------------------------------- */

struct iser_caps {
	bool zbva;			/* tagged offsets may start at zero */
	bool send_inv; /* Send with Invalidate may be used towards the sender of this */
};

/* Absent or short private data means neither (0xC0). */
void iser_pdata_decode(const void *pdata, size_t len, struct iser_caps *caps);
void iser_pdata_encode(const struct iser_caps *caps, u8 out[ISER_PDATA_BYTES]);

/* ---- write base offset ---------------------------------------------------------------------- */

/*
 * Target: tagged offset of byte `offset` of the command's data, whose first `unsolicited` bytes
 * came or come in PDUs.  solicited_only: TaggedBufferForSolicitedDataOnly was declared Yes, or the
 * initiator is one that behaves as if it had (all that are known; see struct iscsi_params).
 */
static inline u64 iser_write_to(const struct iser_hdr *hdr, bool solicited_only, u32 unsolicited,
				u32 offset)
{
	return hdr->write_base + offset - (solicited_only ? unsolicited : 0);
}

/* Initiator: what to put into write_base for a buffer that starts at addr. */
static inline u64 iser_write_base(u64 addr, bool solicited_only, u32 unsolicited)
{
	return addr + (solicited_only ? unsolicited : 0);
}

#endif
