// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "iser/engine/stream.h"

static void enter_bhs(struct iscsi_stream *rx)
{
	rx->state = STREAM_IN_BHS;
	rx->held = 0;
	rx->want = ISCSI_BHS_BYTES;
}

static void enter_data(struct iscsi_stream *rx)
{
	rx->state = STREAM_IN_DATA;
	rx->held = 0;
	rx->want = rx->pdu.data_len;
}

static void enter_pad(struct iscsi_stream *rx)
{
	rx->state = STREAM_IN_PAD;
	rx->held = 0;
	rx->want = iscsi_pad(rx->pdu.data_len);
}

static enum iscsi_stream_event enter_dead(struct iscsi_stream *rx, enum iscsi_stream_fault why)
{
	rx->state = STREAM_DEAD;
	rx->fault = why;
	return STREAM_FAULT;
}

/* Input for the current part, into `to` unless that is NULL; true once the part is complete. */
static bool collect(struct iscsi_stream *rx, struct core_input *in, u8 *to)
{
	size_t take = min_t(size_t, rx->want - rx->held, in->len - in->pos);

	if (to && take > 0)
		memcpy(to + rx->held, in->data + in->pos, take);
	rx->held += (u32)take;
	in->pos += take;
	return rx->held == rx->want;
}

static enum iscsi_stream_fault check_header(struct iscsi_stream *rx)
{
	switch (iscsi_pdu_decode(rx->bhs, &rx->pdu)) {
	case ISCSI_PDU_OK:
		break;
	case ISCSI_PDU_OPCODE:
		return STREAM_FAULT_OPCODE;
	case ISCSI_PDU_FIELD:
		return STREAM_FAULT_FIELD;
	}
	if (rx->pdu.ahs_len > 0)
		return STREAM_FAULT_AHS;
	if (rx->pdu.data_len > rx->buf.len)
		return STREAM_FAULT_DATA;
	return STREAM_FAULT_NONE;
}

void iscsi_stream_init(struct iscsi_stream *rx, void *buf, size_t buf_len)
{
	*rx = (struct iscsi_stream){ .buf = { .data = buf, .len = buf_len } };
	enter_bhs(rx);
}

enum iscsi_stream_event iscsi_stream_step(struct iscsi_stream *rx, struct core_input *in)
{
	enum iscsi_stream_fault why;

	core_assert(in->pos <= in->len);
	for (;;) {
		switch (rx->state) {
		case STREAM_IN_BHS:
			if (!collect(rx, in, rx->bhs))
				return STREAM_MORE;
			why = check_header(rx);
			if (why != STREAM_FAULT_NONE)
				return enter_dead(rx, why);
			enter_data(rx);
			break;
		case STREAM_IN_DATA:
			if (!collect(rx, in, rx->buf.data))
				return STREAM_MORE;
			enter_pad(rx);
			break;
		case STREAM_IN_PAD:
			if (!collect(rx, in, NULL))
				return STREAM_MORE;
			rx->data = rx->buf.data;
			enter_bhs(rx);
			return STREAM_PDU;
		case STREAM_DEAD:
			return STREAM_FAULT;
		}
	}
}

/* Opcode, version and AHS length of a first Login Request: all that can be told so early. */
bool iscsi_stream_is_login(const u8 *data, size_t len)
{
	if (len > 0 && data[0] != (ISCSI_LOGIN_REQ | ISCSI_IMMEDIATE))
		return false;
	if (len > 3 && data[3] != ISCSI_VERSION)
		return false;
	return len < 5 || data[4] == 0;
}
