// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Streaming mode: an initiator that logs in as plain iSCSI over TCP (RFC 7145 5.1).
 *
 * A discovery session stays in it until it logs out.  A normal session turns into RDMA: everything
 * it needs is made first, then the last login response goes out as the last streaming message, and
 * the initiator's MPA request follows on the same connection.
 */
#include <stdlib.h>

#include "iser/target/target_priv.h"

#define PDU_BYTES_MAX (ISCSI_BHS_BYTES + ISCSI_LOGIN_DSL + 3)

static size_t assemble(const struct iscsi_pdu *hdr, const void *data, u8 *out)
{
	size_t len = ISCSI_BHS_BYTES + hdr->data_len;

	iscsi_pdu_encode(hdr, out);
	if (hdr->data_len > 0)
		memcpy(out + ISCSI_BHS_BYTES, data, hdr->data_len);
	memset(out + len, 0, iscsi_pad(hdr->data_len));
	return len + iscsi_pad(hdr->data_len);
}

void tstream_send(struct tsess *s, const struct iscsi_pdu *hdr, const void *data)
{
	u8 bytes[PDU_BYTES_MAX];

	if (ual_stream_send(s->stream, bytes, assemble(hdr, data, bytes)) != 0)
		tsess_kill(s, "the initiator does not take what it asked for");
}

int tstream_turn(struct tsess *s, const struct iscsi_pdu *hdr, const void *data)
{
	u8 bytes[PDU_BYTES_MAX];

	return ual_stream_to_rdma_passive(s->stream, bytes, assemble(hdr, data, bytes));
}

/* ---- input ---------------------------------------------------------------------------------- */

static const char *fault_text(enum iscsi_stream_fault fault)
{
	switch (fault) {
	case STREAM_FAULT_OPCODE:
		return "what came is no iSCSI";
	case STREAM_FAULT_FIELD:
		return "a header with an impossible field";
	case STREAM_FAULT_AHS:
		return "an additional header where none belongs";
	case STREAM_FAULT_DATA:
		return "a data segment longer than was agreed on";
	case STREAM_FAULT_NONE:
		break;
	}
	return NULL;
}

static void on_pdu(struct tsess *s)
{
	const struct iscsi_pdu *pdu = &s->rx.pdu;

	s->ping_ttt = 0;
	switch (s->state) {
	case TSESS_LOGIN:
	case TSESS_ASKED:
		tlogin_request(s, pdu, s->rx.data);
		break;
	case TSESS_FULL:
		trx_request(s, NULL, s->rx.bhs, pdu, NULL, s->rx.data);
		break;
	case TSESS_TURNING:
	case TSESS_CLOSING:
	case TSESS_DEAD:
		break;
	}
}

static size_t on_data(struct ual_stream *stream, const uint8_t *data, size_t len)
{
	struct tsess *s = stream->ctx;
	struct core_input in = { .data = data, .len = len };

	s->heard_ns = ual_loop_now(s->pub.dev->loop);
	/* What follows the last request is MPA's: it is not ours to use. */
	while (!tsess_dead(s) && s->state != TSESS_CLOSING && s->state != TSESS_TURNING) {
		switch (iscsi_stream_step(&s->rx, &in)) {
		case STREAM_MORE:
			return in.pos;
		case STREAM_PDU:
			on_pdu(s);
			break;
		case STREAM_FAULT:
			tsess_kill(s, fault_text(s->rx.fault));
			return in.pos;
		}
	}
	return in.pos;
}

static void on_closed(struct ual_stream *stream, int err)
{
	struct tsess *s = stream->ctx;

	s->stream = NULL;	/* gone after this */
	tsess_kill(s, err ? "the connection broke" : NULL);
}

static void on_request(struct ual_conn_req *req)
{
	struct tsess *s = req->ctx;

	s->stream = NULL;
	if (tsess_dead(s) || tsess_accept(s, req) != 0) {
		tsess_kill(s, "the connection could not be turned into RDMA");
		ual_reject(req, NULL, 0);
	}
}

static const struct ual_stream_ops stream_ops = {
	.on_data = on_data,
	.on_closed = on_closed,
	.on_request = on_request,
};

/* The first bytes are no MPA request. */
void tstream_on_stream(struct ual_stream *stream, struct ual_device *dev, void *ctx)
{
	struct oriser_server *server = ctx;
	struct treactor *r = treactor_of(server, dev);
	struct tsess *s = tsess_create(r, &stream->peer);

	if (!s) {
		ual_stream_close(stream);
		return;
	}
	stream->ops = &stream_ops;
	stream->ctx = s;
	s->stream = stream;
	s->local = stream->local;
	if (tlogin_begin(s, false) != 0)
		tsess_kill(s, "no memory for another connection");
	else
		iscsi_stream_init(&s->rx, s->login->stream_buf, sizeof(s->login->stream_buf));
}
