// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Terminate messages to and from bytes.  Contract: terminate.h. */
#include "core/iwarp/terminate.h"

#include "core/crc32c.h"
#include "core/wire/rfc5044_mpa.h"

size_t term_encode(const struct term_report *report, u8 out[TERM_BYTES_MAX])
{
	u32 word = FIELD(TERM_LAYER, report->cause.layer) | FIELD(TERM_ETYPE, report->cause.etype) |
		   FIELD(TERM_CODE, report->cause.code);
	size_t n = TERM_CTL_BYTES;

	if (report->ddp_len) {
		word |= TERM_M | TERM_D;
		put_unaligned_be16(report->segment_len, out + n);
		n += TERM_LEN_BYTES;
		memcpy(out + n, report->ddp, report->ddp_len);
		n += report->ddp_len;
		if (report->has_request) {
			word |= TERM_R;
			memcpy(out + n, &report->request, sizeof(report->request));
			n += sizeof(report->request);
		}
	}
	put_unaligned_be32(word, out);
	return n;
}

/*
 * Linux's siw declares the control word with bit fields, which on little-endian processors come
 * from the other end of each octet: type and layer trade places, and M, D and R are the lowest bits
 * of the third octet, where the RFC reserves.  Without any of those bits only a local catastrophe
 * and the LLP's codes make sense, which tells the two apart.
 */
#define SIW_M	0x00000100
#define SIW_D	0x00000200
#define SIW_R	0x00000400

static u32 control_word(const u8 *data)
{
	u32 word = get_unaligned_be32(data);
	u32 layer = FIELD_OF(TERM_LAYER, word), etype = FIELD_OF(TERM_ETYPE, word);

	if (word & (TERM_M | TERM_D | TERM_R))
		return word;
	if (!(word & (SIW_M | SIW_D | SIW_R)) && !etype)
		return word;
	return FIELD(TERM_LAYER, etype) | FIELD(TERM_ETYPE, layer) | (word & TERM_CODE) |
	       (word & SIW_M ? TERM_M : 0) | (word & SIW_D ? TERM_D : 0) |
	       (word & SIW_R ? TERM_R : 0);
}

bool term_decode(const u8 *data, size_t len, struct term_report *report)
{
	struct term_report r = { .ddp_len = 0 };
	size_t at = TERM_CTL_BYTES;
	u32 word;

	if (len < TERM_CTL_BYTES)
		return false;
	word = control_word(data);
	r.cause.layer = FIELD_OF(TERM_LAYER, word);
	r.cause.etype = FIELD_OF(TERM_ETYPE, word);
	r.cause.code = FIELD_OF(TERM_CODE, word);

	/* Headers only help to find the request to blame; without them the cause still counts. */
	if (word & TERM_D && len - at > TERM_LEN_BYTES) {
		r.segment_len = get_unaligned_be16(data + at);
		at += TERM_LEN_BYTES;
		r.ddp_len = data[at] & (DDP_TAGGED >> 8) ? DDP_TAGGED_LEN : DDP_UNTAGGED_LEN;
		if (len - at < r.ddp_len)
			return false;
		memcpy(r.ddp, data + at, r.ddp_len);
		at += r.ddp_len;
		if (word & TERM_R) {
			if (len - at < sizeof(r.request))
				return false;
			memcpy(&r.request, data + at, sizeof(r.request));
			r.has_request = true;
		}
	}
	*report = r;
	return true;
}

struct ddp_untagged term_header(void)
{
	return (struct ddp_untagged){
		.c.ctl = cpu_to_be16(DDP_LAST | FIELD(DDP_VERSION, DDP_VERSION_IETF) |
				     FIELD(RDMAP_VERSION, RDMAP_VERSION_IETF) | RDMAP_TERMINATE),
		.qn = cpu_to_be32(RDMAP_QN_TERMINATE),
		.msn = cpu_to_be32(1),
	};
}

size_t term_build(u8 *out, const struct term_cause *cause, bool crc, bool markers)
{
	const struct term_report report = { .cause = *cause };
	struct ddp_untagged hdr = term_header();
	u8 body[TERM_BYTES_MAX];
	size_t body_len = term_encode(&report, body);
	size_t n = 0;
	__le32 trailer = 0;

	if (markers) {
		memset(out, 0, sizeof(struct mpa_marker));
		n += sizeof(struct mpa_marker);
	}
	hdr.c.mpa_len = cpu_to_be16((u16)(DDP_UNTAGGED_LEN + body_len));
	memcpy(out + n, &hdr, sizeof(hdr));
	n += sizeof(hdr);
	memcpy(out + n, body, body_len);
	n += body_len;
	if (crc)
		trailer = core_crc32c_final(core_crc32c(CRC32C_SEED, out, n));
	memcpy(out + n, &trailer, sizeof(trailer));
	return n + sizeof(trailer);
}
