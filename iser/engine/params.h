/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a login settles.  RFC 7143 section 13, RFC 7145 section 6.
 *
 * The same struct says what one side offers (before) and what holds (after).
 */
#ifndef ISER_ENGINE_PARAMS_H
#define ISER_ENGINE_PARAMS_H

#include "core/env.h"
#include "iser/engine/limits.h"

struct iscsi_params {
	bool discovery;			/* SessionType */
	bool rdma;			/* RDMAExtensions: iSER-assisted mode */

	/* session-wide, RFC 7143 13 */
	bool initial_r2t;		/* No: unsolicited Data-Out may follow the command */
	bool immediate_data;
	u32 first_burst, max_burst;	/* bytes */
	bool data_pdu_in_order, data_sequence_in_order;
	u16 max_connections, max_outstanding_r2t;
	u16 time2wait, time2retain;	/* seconds */
	u8 error_recovery_level;
	u8 protocol_level;		/* iSCSIProtocolLevel, RFC 7144 */

	/* connection, iSER: data segment of a control-type PDU, RFC 7145 6.4, 6.5 */
	u32 initiator_recv_dsl, target_recv_dsl;
	/* connection, traditional (discovery over TCP): declared by each side, RFC 7143 13.12 */
	u32 initiator_max_recv, target_max_recv;

	/* iSER, declared; 0: no limit, RFC 7145 6.7, 6.8 */
	u32 initiator_unexpected, target_unexpected;
	u32 initiator_ahs_max, target_ahs_max;
	/*
	 * TaggedBufferForSolicitedDataOnly (6.9).  True unless the initiator said No in so many
	 * words: those that say nothing (ib_iser, libiscsi) behave as if they had said Yes.
	 */
	bool solicited_only;
	bool hello_required;		/* iSERHelloRequired, 6.10 */
	bool hello_refused;		/* it was declared No: a Hello is a protocol error, 5.1.2 */

	/* who */
	char initiator[ISCSI_NAME_LEN_MAX + 1];
	char target[ISCSI_NAME_LEN_MAX + 1];	/* empty in a discovery session */
	u8 isid[6];
	u16 tsih;			/* from the target */
	u16 cid;
	u16 tpgt;			/* TargetPortalGroupTag */
};

/* The defaults of the RFCs: what holds for a key that nobody mentions. */
void iscsi_params_default(struct iscsi_params *p);

#endif
