/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSCSI PDUs out of a TCP byte stream: streaming mode, before RDMA (RFC 7145 5.1) and discovery.
 *
 *   host                          engine
 *   bytes received       ----->   iscsi_stream_step()
 *   look at rx->pdu      <-----   STREAM_PDU: header decoded, data in the buffer
 *   bytes received       <-----   STREAM_MORE
 *   Reject or close      <-----   STREAM_FAULT
 *
 * No digests: they are negotiated only by sessions that this never carries.  Data are copied into a
 * buffer of the host (they are login and text keys, kilobytes at most), so that a PDU is contiguous
 * however the stream was cut.
 */
#ifndef ISER_ENGINE_STREAM_H
#define ISER_ENGINE_STREAM_H

#include "iser/engine/pdu.h"

enum iscsi_stream_event {
	STREAM_MORE,			/* all input used */
	STREAM_PDU,			/* pdu, data: valid until the next step */
	STREAM_FAULT,			/* fault; accepts no more input */
};

enum iscsi_stream_fault {
	STREAM_FAULT_NONE,
	STREAM_FAULT_OPCODE,		/* ISCSI_PDU_OPCODE */
	STREAM_FAULT_FIELD,		/* ISCSI_PDU_FIELD */
	STREAM_FAULT_AHS,		/* AHS where no opcode of this mode has one */
	STREAM_FAULT_DATA,		/* data segment longer than the buffer */
};

enum iscsi_stream_state { STREAM_IN_BHS, STREAM_IN_DATA, STREAM_IN_PAD, STREAM_DEAD };

struct iscsi_stream {
	struct core_span buf;		/* the host's; buf.len is the limit for a data segment */
	enum iscsi_stream_state state;
	u8 bhs[ISCSI_BHS_BYTES];
	u32 held;			/* bytes of the current part */
	u32 want;
	/* results */
	struct iscsi_pdu pdu;
	const u8 *data;			/* pdu.data_len bytes, = buf.data */
	enum iscsi_stream_fault fault;
};

void iscsi_stream_init(struct iscsi_stream *rx, void *buf, size_t buf_len);
enum iscsi_stream_event iscsi_stream_step(struct iscsi_stream *rx, struct core_input *in);

/* True if these first bytes of a connection (1 to 48 of them) may begin an iSCSI login. */
bool iscsi_stream_is_login(const u8 *data, size_t len);

#endif
