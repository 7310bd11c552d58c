/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Every limit of the iSCSI and iSER engines, and of the target and initiator around them.
 *
 * A peer never makes us hold, loop over or wait for more than one of these says.
 */
#ifndef ISER_ENGINE_LIMITS_H
#define ISER_ENGINE_LIMITS_H

/* ---- text (RFC 7143 6.1) -------------------------------------------------------------------- */

#define ISCSI_NAME_LEN_MAX	223	/* 4.2.7.1: an iSCSI name, without the end */
#define ISCSI_KEY_LEN_MAX	63	/* 6.1: a key name */
#define ISCSI_VALUE_LEN_MAX	255	/* 6.1: a simple value, unless the key says otherwise */
#define ISCSI_LIST_LEN_MAX	1024	/* a list of values, or an encoded binary one */
#define ISCSI_TEXT_MAX		8192	/* all text of one exchange, C bits put together */
#define ISCSI_KEYS_MAX		128	/* key=value pairs in one exchange */

/* ---- login ---------------------------------------------------------------------------------- */

#define ISCSI_LOGIN_DSL		8192	/* 11.12.10 and 13.12: data segment of a login PDU */
#define ISCSI_LOGIN_PDUS_MAX	64	/* requests before Full Feature Phase */
#define ISCSI_ALIAS_LEN_MAX	255

/* ---- streaming mode ------------------------------------------------------------------------- */

#define ISCSI_AHS_MAX		(255 * 4)

/* ---- iSER ----------------------------------------------------------------------------------- */

#define ISER_PEER_DATA_MAX	128	/* full-feature receive buffers of ib_iser and libiscsi
					 * have room for this much data behind the two headers */
#define ISER_DSL_MIN		512	/* RFC 7145 6.4, 6.5 */
#define ISER_DSL_MAX		16777215
#define ISER_AHS_DEFAULT	256	/* RFC 7145 6.8 */
#define ISER_BURST_MIN		512	/* RFC 7143 13.13, 13.14 */
#define ISER_BURST_MAX		16777215
#define ISER_PADDING_MAX	3	/* bytes behind the data that are tolerated */

/* ---- target --------------------------------------------------------------------------------- */

#define TGT_SESSIONS_MAX	1024	/* default of oriser_server_cfg.sessions_max */
/* Connections of a reactor that have not logged in yet; for one more the oldest goes (core/user/room.h). */
#define TGT_LOGINS_MAX		256
#define TGT_LOGINS_OF_HOST	64
#define TGT_DEPTH_DEFAULT	128
#define TGT_DEPTH_MAX		1024
#define TGT_WINDOW_FIRST	16	/* window of a new session; it doubles when full */
#define TGT_FIRST_BURST		65536
#define TGT_MAX_BURST		1048576
#define TGT_RECV_DSL		4096	/* TargetRecvDataSegmentLength: immediate data of one PDU */
#define TGT_UNSOLICITED_MAX	8192	/* FirstBurstLength: all that one command may send unasked;
					 * more is fetched, straight to where it belongs */
#define TGT_UNEXPECTED		8	/* MaxOutstandingUnexpectedPDUs that we declare */
#define TGT_RECV_SPARE		16	/* receives besides those of commands: unexpected ones, and
					 * as many from initiators that do not know that key */
#define TGT_INITIATOR_DSL	8192	/* InitiatorRecvDataSegmentLength that we agree to */
#define TGT_CTL_BUFS		16	/* responses other than SCSI on their way at once */
#define TGT_SLOT_SPARE		8	/* tasks whose response has not left, immediate commands */
#define TGT_LOGIN_RECVS		2	/* receives before full feature phase */
#define TGT_LOGIN_SENDS		2
#define TGT_SQ_RESERVE		(TGT_CTL_BUFS + TGT_LOGIN_SENDS) /* never taken by transfers */
#define TGT_SGE_MAX		8	/* of one work request */
#define TGT_ORD			32	/* RDMA Reads of a session at once */
#define TGT_LOGIN_MS		15000
#define TGT_NOP_MS		30000
#define TGT_NOP_ANSWER_MS	15000	/* silence after a ping: the initiator is gone */
#define TGT_STALL_MS		30000	/* without the end of any Read or Send that is under way */
#define TGT_FETCH_MS		300000	/* the data of one command, however they trickle */
#define TGT_CLOSE_MS		2000	/* orderly ends take at most this */
#define TGT_ASYNC_SECONDS	1	/* an initiator that we ask to log out has this long */
#define TGT_SENDTARGETS_MAX	(1 << 20)	/* bytes of one SendTargets answer */
#define TGT_LOG_PER_SECOND	10

#endif
