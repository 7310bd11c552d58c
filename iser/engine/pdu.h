/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSCSI PDU headers between wire and host order.  RFC 7143 section 11.
 *
 * A header is decoded once into struct iscsi_pdu; nobody above looks at wire bytes again.  Decoding
 * checks what the header alone can tell (opcode known, F bit and reserved codes where the RFC says
 * so); lengths are compared with the message by iscsi_pdu_split().  Reserved fields are ignored on
 * receipt and zero when sent.
 */
#ifndef ISER_ENGINE_PDU_H
#define ISER_ENGINE_PDU_H

#include "core/wire/rfc7143_iscsi.h"
#include "iser/engine/limits.h"

struct iscsi_pdu {
	enum iscsi_opcode opcode;
	bool immediate;			/* requests: I bit */
	bool final;			/* F, and T of login PDUs */
	bool more;			/* C of text and login PDUs */
	u16 ahs_len;			/* bytes, a multiple of 4 */
	u32 data_len;			/* bytes, without padding */
	u8 lun[8];			/* opcodes that have one */
	u32 itt;
	u32 ttt;			/* opcodes that have one */

	u32 cmd_sn;			/* requests, but not Data-Out and SNACK */
	u32 exp_stat_sn;		/* requests */
	u32 stat_sn;			/* responses */
	u32 exp_cmd_sn;
	u32 max_cmd_sn;

	union {
		struct {
			bool read, write;
			u8 attr;		/* enum iscsi_cmd_attr; 5 to 7 are reserved */
			u32 expected_len;
			u8 cdb[16];
		} cmd;
		struct {
			u8 response, status;
			bool over, under, bidi_over, bidi_under;
			u32 snack_tag, exp_data_sn, bidi_residual, residual;
		} rsp;
		struct {
			u8 function;
			u32 ref_itt, ref_cmd_sn, exp_data_sn;
		} tmf;
		struct {
			u8 response;
		} tmf_rsp;
		struct {			/* Data-Out, Data-In, R2T */
			bool status_valid, ack, over, under;
			u8 status;
			u32 data_sn;		/* R2TSN of an R2T */
			u32 buffer_offset;
			u32 len;		/* residual of Data-In, desired length of R2T */
		} data;
		struct {
			u8 event, vcode;
			u16 parameter1, parameter2, parameter3;
		} async;
		struct {			/* both ways */
			enum iscsi_stage csg, nsg;	/* nsg only with `final` */
			u8 version_max;
			u8 version;		/* request: version_min; response: version_active */
			u8 isid[6];
			u16 tsih;
			u16 cid;		/* request */
			u8 status_class, status_detail;	/* response */
		} login;
		struct {
			u8 reason;
			u16 cid;
		} logout;
		struct {
			u8 response;
			u16 time2wait, time2retain;
		} logout_rsp;
		struct {
			u8 type;
			u32 beg_run, run_len;
		} snack;
		struct {
			u8 reason;
			u32 data_sn;
		} reject;
	};
};

enum iscsi_pdu_fault {
	ISCSI_PDU_OK,
	ISCSI_PDU_OPCODE,		/* unknown: Reject, command not supported */
	ISCSI_PDU_FIELD,		/* a field that must not be so: Reject, invalid PDU field */
};

/* On a fault everything up to itt (opcode, lengths, tags) is still valid, for the Reject. */
enum iscsi_pdu_fault iscsi_pdu_decode(const u8 bhs[ISCSI_BHS_BYTES], struct iscsi_pdu *pdu);
void iscsi_pdu_encode(const struct iscsi_pdu *pdu, u8 bhs[ISCSI_BHS_BYTES]);

/* Bytes after len that fill it up to a word. */
static inline u32 iscsi_pad(u32 len)
{
	return -len & 3;
}

/*
 * Where AHS and data of a decoded header are in the len bytes that follow it in one message; up to
 * ISER_PADDING_MAX bytes of padding may be there or not.  False: the message is shorter than the
 * header says, or longer than padding explains.
 */
bool iscsi_pdu_split(const struct iscsi_pdu *pdu, const u8 *after_bhs, size_t len, const u8 **ahs,
		     const u8 **data);

/* "SCSI Command", for logs */
const char *iscsi_opcode_str(enum iscsi_opcode opcode);

#endif
