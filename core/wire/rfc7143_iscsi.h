/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSCSI PDU headers as they lie on the wire.  RFC 7143 section 11.
 *
 * One struct for each opcode, all 48 bytes (the Basic Header Segment), fields in the order of the
 * RFC. The four bytes from offset 4 are one word in all of them: TotalAHSLength (in words) and
 * DataSegmentLength (in bytes, without padding).
 */
#ifndef CORE_WIRE_RFC7143_ISCSI_H
#define CORE_WIRE_RFC7143_ISCSI_H

#include "core/env.h"

#define ISCSI_BHS_BYTES		48
#define ISCSI_VERSION		0x00	/* 11.12.4 */
#define ISCSI_TAG_NONE		0xffffffffu	/* 11.2.1.8: no task; also no target transfer tag */

/* 11.2.1.2: the opcode byte */
#define ISCSI_IMMEDIATE		0x40
#define ISCSI_OPCODE		0x3f

enum iscsi_opcode {
	ISCSI_NOP_OUT		= 0x00,
	ISCSI_SCSI_CMD		= 0x01,
	ISCSI_TMF_REQ		= 0x02,
	ISCSI_LOGIN_REQ		= 0x03,
	ISCSI_TEXT_REQ		= 0x04,
	ISCSI_DATA_OUT		= 0x05,
	ISCSI_LOGOUT_REQ	= 0x06,
	ISCSI_SNACK_REQ		= 0x10,
	ISCSI_NOP_IN		= 0x20,
	ISCSI_SCSI_RSP		= 0x21,
	ISCSI_TMF_RSP		= 0x22,
	ISCSI_LOGIN_RSP		= 0x23,
	ISCSI_TEXT_RSP		= 0x24,
	ISCSI_DATA_IN		= 0x25,
	ISCSI_LOGOUT_RSP	= 0x26,
	ISCSI_R2T		= 0x31,
	ISCSI_ASYNC		= 0x32,
	ISCSI_REJECT		= 0x3f,
};

/* Byte 1 */
#define ISCSI_FLAG_FINAL	0x80
#define ISCSI_FLAG_CONTINUE	0x40	/* text and login: C */
#define ISCSI_CMD_READ		0x40	/* 11.3.1 */
#define ISCSI_CMD_WRITE		0x20
#define ISCSI_CMD_ATTR		0x07
#define ISCSI_RSP_BIDI_OVER	0x10	/* 11.4.1 */
#define ISCSI_RSP_BIDI_UNDER	0x08
#define ISCSI_RSP_OVER		0x04
#define ISCSI_RSP_UNDER		0x02
#define ISCSI_DATA_IN_ACK	0x40	/* 11.7.1 */
#define ISCSI_DATA_IN_STATUS	0x01
#define ISCSI_LOGIN_TRANSIT	0x80	/* 11.12.1 */
#define ISCSI_LOGIN_CSG		0x0c
#define ISCSI_LOGIN_NSG		0x03
#define ISCSI_LOW7		0x7f	/* TMF function, logout reason */
#define ISCSI_SNACK_TYPE	0x0f

/* The word at offset 4 */
#define ISCSI_AHS_WORDS		0xff000000u
#define ISCSI_DATA_LEN		0x00ffffffu

enum iscsi_cmd_attr {			/* 11.3.1 */
	ISCSI_ATTR_UNTAGGED,
	ISCSI_ATTR_SIMPLE,
	ISCSI_ATTR_ORDERED,
	ISCSI_ATTR_HEAD_OF_QUEUE,
	ISCSI_ATTR_ACA,
};

enum iscsi_response {			/* 11.4.3 */
	ISCSI_RESPONSE_COMPLETED	= 0x00,
	ISCSI_RESPONSE_TARGET_FAILURE	= 0x01,
};

enum iscsi_tmf {			/* 11.5.1 */
	ISCSI_TMF_ABORT_TASK		= 1,
	ISCSI_TMF_ABORT_TASK_SET	= 2,
	ISCSI_TMF_CLEAR_ACA		= 3,
	ISCSI_TMF_CLEAR_TASK_SET	= 4,
	ISCSI_TMF_LUN_RESET		= 5,
	ISCSI_TMF_TARGET_WARM_RESET	= 6,
	ISCSI_TMF_TARGET_COLD_RESET	= 7,
	ISCSI_TMF_TASK_REASSIGN		= 8,
};

enum iscsi_tmf_response {		/* 11.6.1 */
	ISCSI_TMF_COMPLETE		= 0,
	ISCSI_TMF_NO_TASK		= 1,
	ISCSI_TMF_NO_LUN		= 2,
	ISCSI_TMF_STILL_ALLEGIANT	= 3,
	ISCSI_TMF_NO_REASSIGN		= 4,
	ISCSI_TMF_UNSUPPORTED		= 5,
	ISCSI_TMF_UNAUTHORIZED		= 6,
	ISCSI_TMF_REJECTED		= 255,
};

enum iscsi_stage {			/* 11.12.3 */
	ISCSI_STAGE_SECURITY		= 0,
	ISCSI_STAGE_OPERATIONAL		= 1,
	ISCSI_STAGE_FULL_FEATURE	= 3,
};

enum iscsi_login_class {		/* 11.13.5 */
	ISCSI_LOGIN_SUCCESS		= 0,
	ISCSI_LOGIN_REDIRECT		= 1,
	ISCSI_LOGIN_INITIATOR_ERROR	= 2,
	ISCSI_LOGIN_TARGET_ERROR	= 3,
};

/* 11.13.5: class and detail together */
#define ISCSI_STATUS_SUCCESS		0x0000
#define ISCSI_STATUS_MOVED_TEMPORARILY	0x0101
#define ISCSI_STATUS_MOVED_PERMANENTLY	0x0102
#define ISCSI_STATUS_INITIATOR_ERROR	0x0200
#define ISCSI_STATUS_AUTH_FAILURE	0x0201
#define ISCSI_STATUS_FORBIDDEN		0x0202
#define ISCSI_STATUS_NOT_FOUND		0x0203
#define ISCSI_STATUS_TARGET_REMOVED	0x0204
#define ISCSI_STATUS_BAD_VERSION	0x0205
#define ISCSI_STATUS_TOO_MANY_CONNS	0x0206
#define ISCSI_STATUS_MISSING_PARAMETER	0x0207
#define ISCSI_STATUS_CANT_INCLUDE	0x0208
#define ISCSI_STATUS_BAD_SESSION_TYPE	0x0209
#define ISCSI_STATUS_NO_SESSION		0x020a
#define ISCSI_STATUS_INVALID_REQUEST	0x020b
#define ISCSI_STATUS_TARGET_ERROR	0x0300
#define ISCSI_STATUS_UNAVAILABLE	0x0301
#define ISCSI_STATUS_NO_RESOURCES	0x0302

enum iscsi_logout_reason {		/* 11.14.1 */
	ISCSI_LOGOUT_SESSION		= 0,
	ISCSI_LOGOUT_CONNECTION		= 1,
	ISCSI_LOGOUT_RECOVERY		= 2,
};

enum iscsi_logout_response {		/* 11.15.1 */
	ISCSI_LOGOUT_DONE		= 0,
	ISCSI_LOGOUT_NO_CID		= 1,
	ISCSI_LOGOUT_NO_RECOVERY	= 2,
	ISCSI_LOGOUT_FAILED		= 3,
};

enum iscsi_async_event {		/* 11.9.1 */
	ISCSI_ASYNC_SCSI		= 0,
	ISCSI_ASYNC_LOGOUT		= 1,
	ISCSI_ASYNC_DROP_CONNECTION	= 2,
	ISCSI_ASYNC_DROP_SESSION	= 3,
	ISCSI_ASYNC_RENEGOTIATE		= 4,
	ISCSI_ASYNC_FAST_ABORT		= 5,
};

enum iscsi_reject_reason {		/* 11.17.1 */
	ISCSI_REJECT_DATA_DIGEST	= 0x02,
	ISCSI_REJECT_SNACK		= 0x03,
	ISCSI_REJECT_PROTOCOL		= 0x04,
	ISCSI_REJECT_UNSUPPORTED	= 0x05,
	ISCSI_REJECT_IMMEDIATE		= 0x06,
	ISCSI_REJECT_IN_PROGRESS	= 0x07,
	ISCSI_REJECT_DATA_ACK		= 0x08,
	ISCSI_REJECT_INVALID_FIELD	= 0x09,
	ISCSI_REJECT_LONG_OPERATION	= 0x0a,
	ISCSI_REJECT_WAIT_LOGOUT	= 0x0c,
};

/* What all PDUs share, 11.2.1 */
struct iscsi_bhs {
	u8 opcode;
	u8 flags;
	u8 spec[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	u8 rest[28];
};
WIRE_SIZE(struct iscsi_bhs, ISCSI_BHS_BYTES);

/* Requests and responses share where their sequence numbers are. */
struct iscsi_bhs_scsi_cmd {		/* 11.3 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 expected_len;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	u8 cdb[16];
};
WIRE_SIZE(struct iscsi_bhs_scsi_cmd, ISCSI_BHS_BYTES);

struct iscsi_bhs_scsi_rsp {		/* 11.4 */
	u8 opcode;
	u8 flags;
	u8 response;
	u8 status;
	__be32 lengths;
	u8 reserved[8];
	__be32 itt;
	__be32 snack_tag;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 exp_data_sn;
	__be32 bidi_residual;
	__be32 residual;
};
WIRE_SIZE(struct iscsi_bhs_scsi_rsp, ISCSI_BHS_BYTES);

struct iscsi_bhs_tmf_req {		/* 11.5 */
	u8 opcode;
	u8 flags;			/* and the function */
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ref_itt;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	__be32 ref_cmd_sn;
	__be32 exp_data_sn;
	u8 reserved2[8];
};
WIRE_SIZE(struct iscsi_bhs_tmf_req, ISCSI_BHS_BYTES);

struct iscsi_bhs_tmf_rsp {		/* 11.6 */
	u8 opcode;
	u8 flags;
	u8 response;
	u8 reserved;
	__be32 lengths;
	u8 reserved2[8];
	__be32 itt;
	__be32 reserved3;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	u8 reserved4[12];
};
WIRE_SIZE(struct iscsi_bhs_tmf_rsp, ISCSI_BHS_BYTES);

struct iscsi_bhs_data_out {		/* 11.7 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 reserved2;
	__be32 exp_stat_sn;
	__be32 reserved3;
	__be32 data_sn;
	__be32 buffer_offset;
	__be32 reserved4;
};
WIRE_SIZE(struct iscsi_bhs_data_out, ISCSI_BHS_BYTES);

struct iscsi_bhs_data_in {		/* 11.7 */
	u8 opcode;
	u8 flags;
	u8 reserved;
	u8 status;
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 data_sn;
	__be32 buffer_offset;
	__be32 residual;
};
WIRE_SIZE(struct iscsi_bhs_data_in, ISCSI_BHS_BYTES);

struct iscsi_bhs_r2t {			/* 11.8 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 r2t_sn;
	__be32 buffer_offset;
	__be32 desired_len;
};
WIRE_SIZE(struct iscsi_bhs_r2t, ISCSI_BHS_BYTES);

struct iscsi_bhs_async {		/* 11.9 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;			/* ISCSI_TAG_NONE */
	__be32 reserved2;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	u8 event;
	u8 vcode;
	__be16 parameter1;
	__be16 parameter2;
	__be16 parameter3;
	__be32 reserved3;
};
WIRE_SIZE(struct iscsi_bhs_async, ISCSI_BHS_BYTES);

struct iscsi_bhs_text_req {		/* 11.10 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	u8 reserved2[16];
};
WIRE_SIZE(struct iscsi_bhs_text_req, ISCSI_BHS_BYTES);

struct iscsi_bhs_text_rsp {		/* 11.11 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	u8 reserved2[12];
};
WIRE_SIZE(struct iscsi_bhs_text_rsp, ISCSI_BHS_BYTES);

struct iscsi_bhs_login_req {		/* 11.12 */
	u8 opcode;
	u8 flags;
	u8 version_max;
	u8 version_min;
	__be32 lengths;
	u8 isid[6];
	__be16 tsih;
	__be32 itt;
	__be16 cid;
	__be16 reserved;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	u8 reserved2[16];
};
WIRE_SIZE(struct iscsi_bhs_login_req, ISCSI_BHS_BYTES);

struct iscsi_bhs_login_rsp {		/* 11.13 */
	u8 opcode;
	u8 flags;
	u8 version_max;
	u8 version_active;
	__be32 lengths;
	u8 isid[6];
	__be16 tsih;
	__be32 itt;
	__be32 reserved;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	u8 status_class;
	u8 status_detail;
	u8 reserved2[10];
};
WIRE_SIZE(struct iscsi_bhs_login_rsp, ISCSI_BHS_BYTES);

struct iscsi_bhs_logout_req {		/* 11.14 */
	u8 opcode;
	u8 flags;			/* and the reason */
	u8 reserved[2];
	__be32 lengths;
	u8 reserved2[8];
	__be32 itt;
	__be16 cid;
	__be16 reserved3;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	u8 reserved4[16];
};
WIRE_SIZE(struct iscsi_bhs_logout_req, ISCSI_BHS_BYTES);

struct iscsi_bhs_logout_rsp {		/* 11.15 */
	u8 opcode;
	u8 flags;
	u8 response;
	u8 reserved;
	__be32 lengths;
	u8 reserved2[8];
	__be32 itt;
	__be32 reserved3;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 reserved4;
	__be16 time2wait;
	__be16 time2retain;
	__be32 reserved5;
};
WIRE_SIZE(struct iscsi_bhs_logout_rsp, ISCSI_BHS_BYTES);

struct iscsi_bhs_snack {		/* 11.16 */
	u8 opcode;
	u8 flags;			/* and the type */
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 reserved2;
	__be32 exp_stat_sn;
	u8 reserved3[8];
	__be32 beg_run;
	__be32 run_len;
};
WIRE_SIZE(struct iscsi_bhs_snack, ISCSI_BHS_BYTES);

struct iscsi_bhs_reject {		/* 11.17; data: the header that was rejected */
	u8 opcode;
	u8 flags;
	u8 reason;
	u8 reserved;
	__be32 lengths;
	u8 reserved2[8];
	__be32 itt;			/* ISCSI_TAG_NONE */
	__be32 reserved3;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 data_sn;
	u8 reserved4[8];
};
WIRE_SIZE(struct iscsi_bhs_reject, ISCSI_BHS_BYTES);

struct iscsi_bhs_nop_out {		/* 11.18 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	u8 reserved2[16];
};
WIRE_SIZE(struct iscsi_bhs_nop_out, ISCSI_BHS_BYTES);

struct iscsi_bhs_nop_in {		/* 11.19 */
	u8 opcode;
	u8 flags;
	u8 reserved[2];
	__be32 lengths;
	u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	u8 reserved2[12];
};
WIRE_SIZE(struct iscsi_bhs_nop_in, ISCSI_BHS_BYTES);

/* 11.2.2: an Additional Header Segment; ahs_len counts the bytes behind `type`, without padding. */
struct iscsi_ahs {
	__be16 ahs_len;
	u8 type;
	u8 spec;
};
WIRE_SIZE(struct iscsi_ahs, 4);

enum iscsi_ahs_type { ISCSI_AHS_EXTENDED_CDB = 1, ISCSI_AHS_BIDI_READ_LEN = 2 };

#endif
