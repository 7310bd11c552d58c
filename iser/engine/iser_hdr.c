// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "iser/engine/iser_hdr.h"

static void decode_control(const u8 *msg, struct iser_hdr *hdr)
{
	struct iser_hdr_control wire;

	memcpy(&wire, msg, sizeof(wire));
	hdr->msg = ISER_MSG_CONTROL;
	if (wire.flags & ISER_WSV) {
		hdr->write_valid = true;
		hdr->write_stag = be32_to_cpu(wire.write_stag);
		hdr->write_base = be64_to_cpu(wire.write_base);
	}
	if (wire.flags & ISER_RSV) {
		hdr->read_valid = true;
		hdr->read_stag = be32_to_cpu(wire.read_stag);
		hdr->read_base = be64_to_cpu(wire.read_base);
	}
}

static void decode_hello(const u8 *msg, enum iser_msg kind, struct iser_hdr *hdr)
{
	struct iser_hdr_hello wire;

	memcpy(&wire, msg, sizeof(wire));
	hdr->msg = kind;
	hdr->version_max = (u8)FIELD_OF(ISER_VERSION_MAX, wire.versions);
	hdr->version_low = (u8)FIELD_OF(ISER_VERSION_LOW, wire.versions);
	hdr->queue = be16_to_cpu(wire.queue);
	hdr->reject = kind == ISER_MSG_HELLO_REPLY && (wire.flags & ISER_HELLO_REJECT);
}

enum iser_msg iser_hdr_decode(const u8 *msg, size_t len, struct iser_hdr *hdr)
{
	*hdr = (struct iser_hdr){ .msg = ISER_MSG_BAD };
	if (len < ISER_HDR_BYTES)
		return ISER_MSG_BAD;
	switch (msg[0] & ISER_OPCODE) {
	case ISER_OP_CONTROL:
		decode_control(msg, hdr);
		break;
	case ISER_OP_HELLO:
		decode_hello(msg, ISER_MSG_HELLO, hdr);
		break;
	case ISER_OP_HELLO_REPLY:
		decode_hello(msg, ISER_MSG_HELLO_REPLY, hdr);
		break;
	default:
		break;
	}
	return hdr->msg;
}

static void encode_control(const struct iser_hdr *hdr, u8 *out)
{
	struct iser_hdr_control wire = { .flags = ISER_OP_CONTROL };

	if (hdr->write_valid) {
		wire.flags |= ISER_WSV;
		wire.write_stag = cpu_to_be32(hdr->write_stag);
		wire.write_base = cpu_to_be64(hdr->write_base);
	}
	if (hdr->read_valid) {
		wire.flags |= ISER_RSV;
		wire.read_stag = cpu_to_be32(hdr->read_stag);
		wire.read_base = cpu_to_be64(hdr->read_base);
	}
	memcpy(out, &wire, sizeof(wire));
}

static void encode_hello(const struct iser_hdr *hdr, u8 opcode, u8 *out)
{
	struct iser_hdr_hello wire = {
		.flags = (u8)(opcode | (hdr->reject ? ISER_HELLO_REJECT : 0)),
		.versions = (u8)(FIELD(ISER_VERSION_MAX, hdr->version_max) |
				 FIELD(ISER_VERSION_LOW, hdr->version_low)),
		.queue = cpu_to_be16(hdr->queue),
	};

	memcpy(out, &wire, sizeof(wire));
}

void iser_hdr_encode(const struct iser_hdr *hdr, u8 out[ISER_HDR_BYTES])
{
	core_assert(hdr->msg != ISER_MSG_BAD);
	switch (hdr->msg) {
	case ISER_MSG_CONTROL:
		encode_control(hdr, out);
		break;
	case ISER_MSG_HELLO:
		encode_hello(hdr, ISER_OP_HELLO, out);
		break;
	case ISER_MSG_HELLO_REPLY:
		encode_hello(hdr, ISER_OP_HELLO_REPLY, out);
		break;
	case ISER_MSG_BAD:
		break;
	}
}

void iser_hello_init(struct iser_hdr *hdr, u16 ird)
{
	*hdr = (struct iser_hdr){
		.msg = ISER_MSG_HELLO,
		.version_max = ISER_VERSION,
		.version_low = ISER_VERSION,
		.queue = ird,
	};
}

void iser_hello_answer(const struct iser_hdr *hello, u16 ord, struct iser_hdr *reply)
{
	bool versions = hello->version_low <= ISER_VERSION && hello->version_max >= ISER_VERSION;

	*reply = (struct iser_hdr){
		.msg = ISER_MSG_HELLO_REPLY,
		.version_max = ISER_VERSION,
		.version_low = ISER_VERSION,
		.queue = min_t(u16, ord, hello->queue),
		/* 10.1.3.2: the two cases that must be refused */
		.reject = !versions || (hello->queue > 0 && ord == 0),
	};
}

bool iser_hello_accepted(const struct iser_hdr *reply)
{
	return reply->msg == ISER_MSG_HELLO_REPLY && !reply->reject &&
	       reply->version_low == ISER_VERSION;
}

void iser_pdata_decode(const void *pdata, size_t len, struct iser_caps *caps)
{
	u8 flags = ISER_PDATA_NO_ZBVA | ISER_PDATA_NO_SEND_INV;

	if (len >= ISER_PDATA_BYTES)
		flags = *(const u8 *)pdata;
	caps->zbva = !(flags & ISER_PDATA_NO_ZBVA);
	caps->send_inv = !(flags & ISER_PDATA_NO_SEND_INV);
}

void iser_pdata_encode(const struct iser_caps *caps, u8 out[ISER_PDATA_BYTES])
{
	memset(out, 0, ISER_PDATA_BYTES);
	out[0] = (u8)((caps->zbva ? 0 : ISER_PDATA_NO_ZBVA) |
		      (caps->send_inv ? 0 : ISER_PDATA_NO_SEND_INV));
}
