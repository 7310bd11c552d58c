/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSCSI login, both roles.  RFC 7143 sections 6 and 11.12, 11.13; keys of RFC 7145 section 6.
 *
 * Login PDUs in, login PDUs and an outcome out.  It is the same exchange over a TCP stream
 * (streaming mode) and over RDMA (iSER from the first byte); cfg.rdma says which.
 *
 *   initiator host                              target host
 *   login_initiator_start() -> request  ---->   login_target_step(request)
 *                                                 LOGIN_ASK: look at params, login_target_verdict()
 *   login_initiator_step()  <----  response     LOGIN_SEND: send the response, go on
 *   LOGIN_SEND: send, go on                     LOGIN_DONE: send the response, full feature phase
 *   LOGIN_DONE: full feature phase              LOGIN_REFUSED: send the response, close
 *   LOGIN_REFUSED, LOGIN_FAULT: close           LOGIN_FAULT: close
 *
 * Stages: security (skipped, or AuthMethod=None), operational, full feature.  Keys that were
 * offered stay offered until answered; unknown keys are answered NotUnderstood; keys that make no
 * sense in this kind of session are answered Irrelevant or Reject and change nothing.
 *
 * No I/O, allocation, clock: cfg's strings stay the caller's and must live as long as the login.
 */
#ifndef ISER_ENGINE_LOGIN_H
#define ISER_ENGINE_LOGIN_H

#include "iser/engine/params.h"
#include "iser/engine/pdu.h"
#include "iser/engine/text.h"

enum login_event {
	LOGIN_SEND,		/* send the PDU, then step with the answer */
	LOGIN_ASK,     /* target only: names are known; give the verdict, nothing to send yet */
	LOGIN_DONE,		/* target: send the PDU; both: params hold, full feature phase */
	LOGIN_REFUSED, /* target: send the PDU (status, why), close; initiator: status, why */
	LOGIN_FAULT,		/* the peer broke the protocol beyond an answer: why; close */
};

/* What to send: the header, and data_len bytes of text. */
struct login_pdu {
	struct iscsi_pdu hdr;
	u8 data[ISCSI_LOGIN_DSL];
};

/*
 * What is offered or accepted, and what is insisted on.
 *
 * Only these fields of `offer` are looked at: discovery (initiator), initial_r2t, immediate_data,
 * first_burst, max_burst, *_recv_dsl, *_max_recv, *_unexpected and *_ahs_max (own side), time2wait,
 * time2retain, solicited_only and hello_required (initiator), tpgt (target), isid, tsih, cid.
 */
struct login_cfg {
	struct iscsi_params offer;
	bool rdma;			/* the connection is RDMA already */
	/*
	 * Streaming mode that is to turn into RDMA; without it a normal session is refused or given
	 * up, because nothing here serves SCSI over plain TCP.
	 */
	bool rdma_wanted;
	const char *initiator;		/* initiator */
	const char *target;		/* initiator; NULL: discovery */
	const char *alias;		/* InitiatorAlias or TargetAlias; may be NULL */
	/*
	 * target: an initiator that declares MaxRecvDataSegmentLength, which RFC 7145 6.2 replaces, made its login for
	 * TCP.  Of it want InitialR2T=Yes, ImmediateData=No, whatever the offer says.
	 */
	bool wary_r2t, wary_immediate;
	bool start_in_security; /* initiator: begin with AuthMethod=None rather than skip it */
	u32 itt;			/* initiator */
	u32 cmd_sn;		/* initiator: of the login, and of the first command after it */
	u32 stat_sn;			/* target: of the first response */
	u32 window;			/* target: commands that may be outstanding */
};

/* One text exchange: gathered request text, keys seen in this login. */
struct login_text {
	char buf[ISCSI_TEXT_MAX];
	struct text_gather gather;
};

/* ---- target --------------------------------------------------------------------------------- */

enum login_target_state {
	LOGIN_TARGET_FIRST,		/* no request yet */
	LOGIN_TARGET_NAMED,		/* LOGIN_ASK was returned */
	LOGIN_TARGET_SECURITY,
	LOGIN_TARGET_OPERATIONAL,
	LOGIN_TARGET_OVER,		/* done, refused or dead */
};

struct login_target {
	struct login_cfg cfg;
	enum login_target_state state;
	struct iscsi_params params;	/* names from LOGIN_ASK on, all of it at LOGIN_DONE */
	struct login_text text;
	struct iscsi_pdu req;		/* the one being answered */
	unsigned int pdus;
	u64 seen;			/* keys received, by index in the key table */
	u64 sent;			/* keys we offered or answered */
	u32 stat_sn;			/* next */
	u32 cmd_sn;			/* of the login; the first command of the session has it */
	u32 itt;
	u16 verdict;			/* ISCSI_STATUS_* of the host */
	u16 status;			/* what a refusal said */
	const char *why;		/* LOGIN_REFUSED, LOGIN_FAULT: a sentence */
};

void login_target_init(struct login_target *l, const struct login_cfg *cfg);
/*
 * A Login Request with its data (data_len as in req).  Any other opcode is a fault.  *out is
 * written on LOGIN_SEND, LOGIN_DONE and LOGIN_REFUSED.
 */
enum login_event login_target_step(struct login_target *l, const struct iscsi_pdu *req,
				   const u8 *data, struct login_pdu *out);
/*
 * After LOGIN_ASK, exactly once: ISCSI_STATUS_SUCCESS and the TSIH of the new session (used in the
 * last response), or the reason to refuse.  Goes on with the request that led to LOGIN_ASK; the
 * result is as of login_target_step().
 */
enum login_event login_target_verdict(struct login_target *l, u16 status, u16 tsih,
				      struct login_pdu *out);

/* ---- initiator ------------------------------------------------------------------------------ */

enum login_initiator_state {
	LOGIN_INITIATOR_START,
	LOGIN_INITIATOR_SECURITY,
	LOGIN_INITIATOR_OPERATIONAL,
	LOGIN_INITIATOR_OVER,
};

struct login_initiator {
	struct login_cfg cfg;
	enum login_initiator_state state;
	struct iscsi_params params;	/* all of it at LOGIN_DONE */
	struct login_text text;
	unsigned int pdus;
	u64 seen, sent;			/* as in login_target */
	bool transit;			/* our last request asked to leave its stage */
	u32 exp_stat_sn;		/* next StatSN of the target */
	u32 exp_cmd_sn, max_cmd_sn;	/* command window from the last response */
	u16 status;			/* LOGIN_REFUSED: class and detail */
	char redirect[ISCSI_VALUE_LEN_MAX + 1];	/* TargetAddress of a redirection, or empty */
	const char *why;
};

void login_initiator_init(struct login_initiator *l, const struct login_cfg *cfg);
void login_initiator_start(struct login_initiator *l, struct login_pdu *out);
/* A Login Response with its data.  *out is written on LOGIN_SEND. */
enum login_event login_initiator_step(struct login_initiator *l, const struct iscsi_pdu *rsp,
				      const u8 *data, struct login_pdu *out);

/* Is this a key of a login (for text requests after it)? */
bool login_key_known(const char *name);
/* "target not found (2/3)": what a status means, for people */
const char *login_status_str(u16 status);

#endif
