// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "iser/engine/login_keys.h"

#define AT(field)	.off = offsetof(struct iscsi_params, field), \
			.size = sizeof(((struct iscsi_params *)0)->field)
#define AT_T(field)	.off_t = offsetof(struct iscsi_params, field)
#define I		KEY_FROM_I
#define T		KEY_FROM_T
#define OP		KEY_OPERATIONAL

/* A row; what follows `uses` are more fields. */
#define KEY(id, text, kinds, uses, ...) \
	[KEY_##id] = { .name = text, .kind = KEY_KIND_##kinds, .use = uses, ##__VA_ARGS__ }

/* RFC 7143 12 and 13, RFC 7145 6. */
const struct login_key login_keys[KEY_N] = {
	KEY(INITIATOR_NAME, "InitiatorName", TEXT, I | KEY_ANY_STAGE),
	KEY(TARGET_NAME, "TargetName", TEXT, I | KEY_ANY_STAGE),
	KEY(SESSION_TYPE, "SessionType", TEXT, I | KEY_ANY_STAGE),
	KEY(INITIATOR_ALIAS, "InitiatorAlias", TEXT, I | KEY_ANY_STAGE),
	KEY(TARGET_ALIAS, "TargetAlias", TEXT, T | KEY_ANY_STAGE),
	KEY(TARGET_ADDRESS, "TargetAddress", TEXT, T | KEY_ANY_STAGE | KEY_REPEAT),
	KEY(TARGET_PORTAL_GROUP_TAG, "TargetPortalGroupTag", TEXT, T | KEY_ANY_STAGE),
	KEY(AUTH_METHOD, "AuthMethod", LIST, KEY_BOTH | KEY_SECURITY, .only = "None"),
	KEY(RDMA_EXTENSIONS, "RDMAExtensions", AND, KEY_BOTH | OP | KEY_NORMAL_ONLY, AT(rdma)),
	KEY(HEADER_DIGEST, "HeaderDigest", LIST, KEY_BOTH | OP, .only = "None"),
	KEY(DATA_DIGEST, "DataDigest", LIST, KEY_BOTH | OP, .only = "None"),
	KEY(MAX_CONNECTIONS, "MaxConnections", MIN, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    AT(max_connections), .min = 1, .max = 65535),
	KEY(INITIAL_R2T, "InitialR2T", OR, KEY_BOTH | OP | KEY_NORMAL_ONLY, AT(initial_r2t)),
	KEY(IMMEDIATE_DATA, "ImmediateData", AND, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    AT(immediate_data)),
	KEY(MAX_RECV_DSL, "MaxRecvDataSegmentLength", NUM, KEY_BOTH | OP, AT(initiator_max_recv),
	    AT_T(target_max_recv), .min = ISER_DSL_MIN, .max = ISER_DSL_MAX),
	KEY(MAX_BURST, "MaxBurstLength", MIN, KEY_BOTH | OP | KEY_NORMAL_ONLY, AT(max_burst),
	    .min = ISER_BURST_MIN, .max = ISER_BURST_MAX),
	KEY(FIRST_BURST, "FirstBurstLength", MIN, KEY_BOTH | OP | KEY_NORMAL_ONLY, AT(first_burst),
	    .min = ISER_BURST_MIN, .max = ISER_BURST_MAX),
	KEY(TIME2WAIT, "DefaultTime2Wait", MAX, KEY_BOTH | OP, AT(time2wait), .max = 3600),
	KEY(TIME2RETAIN, "DefaultTime2Retain", MIN, KEY_BOTH | OP, AT(time2retain), .max = 3600),
	KEY(MAX_OUTSTANDING_R2T, "MaxOutstandingR2T", MIN, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    AT(max_outstanding_r2t), .min = 1, .max = 65535),
	KEY(DATA_PDU_IN_ORDER, "DataPDUInOrder", OR, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    AT(data_pdu_in_order)),
	KEY(DATA_SEQUENCE_IN_ORDER, "DataSequenceInOrder", OR, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    AT(data_sequence_in_order)),
	KEY(ERROR_RECOVERY_LEVEL, "ErrorRecoveryLevel", MIN, KEY_BOTH | OP,
	    AT(error_recovery_level), .max = 2),
	KEY(TASK_REPORTING, "TaskReporting", LIST, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    .only = "RFC3720"),
	KEY(PROTOCOL_LEVEL, "iSCSIProtocolLevel", MIN, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    AT(protocol_level), .max = 31),
	KEY(IF_MARKER, "IFMarker", NO, KEY_BOTH | OP),
	KEY(OF_MARKER, "OFMarker", NO, KEY_BOTH | OP),
	KEY(IF_MARK_INT, "IFMarkInt", REJECT, KEY_BOTH | OP),
	KEY(OF_MARK_INT, "OFMarkInt", REJECT, KEY_BOTH | OP),
	KEY(NODE_ARCHITECTURE, "X#NodeArchitecture", TEXT, KEY_BOTH | OP),
	KEY(TARGET_RECV_DSL, "TargetRecvDataSegmentLength", MIN, KEY_BOTH | OP | KEY_NORMAL_ONLY,
	    AT(target_recv_dsl), .min = ISER_DSL_MIN, .max = ISER_DSL_MAX),
	KEY(INITIATOR_RECV_DSL, "InitiatorRecvDataSegmentLength", MIN,
	    KEY_BOTH | OP | KEY_NORMAL_ONLY, AT(initiator_recv_dsl), .min = ISER_DSL_MIN,
	    .max = ISER_DSL_MAX),
	KEY(UNEXPECTED_PDUS, "MaxOutstandingUnexpectedPDUs", NUM,
	    KEY_BOTH | OP | KEY_NORMAL_ONLY | KEY_OR_ZERO, AT(initiator_unexpected),
	    AT_T(target_unexpected), .min = 2, .max = UINT32_MAX),
	KEY(AHS_MAX, "MaxAHSLength", NUM, KEY_BOTH | OP | KEY_NORMAL_ONLY | KEY_OR_ZERO,
	    AT(initiator_ahs_max), AT_T(target_ahs_max), .min = 2, .max = UINT32_MAX),
	KEY(SOLICITED_ONLY, "TaggedBufferForSolicitedDataOnly", FLAG, I | OP | KEY_NORMAL_ONLY,
	    AT(solicited_only)),
	KEY(HELLO_REQUIRED, "iSERHelloRequired", FLAG, I | OP | KEY_NORMAL_ONLY,
	    AT(hello_required)),
};

enum key_id login_key_find(const char *name)
{
	for (unsigned int i = 0; i < KEY_N; i++)
		if (strcmp(login_keys[i].name, name) == 0)
			return (enum key_id)i;
	return KEY_UNKNOWN;
}

bool login_key_known(const char *name)
{
	return login_key_find(name) != KEY_UNKNOWN;
}

u32 login_key_get(const struct login_key *key, const struct iscsi_params *p, bool of_target)
{
	const u8 *at = (const u8 *)p + (of_target && key->off_t ? key->off_t : key->off);
	u16 half;
	u32 word;

	switch (key->size) {
	case 1:
		return *at;
	case 2:
		memcpy(&half, at, sizeof(half));
		return half;
	default:
		memcpy(&word, at, sizeof(word));
		return word;
	}
}

void login_key_set(const struct login_key *key, struct iscsi_params *p, bool of_target, u32 value)
{
	u8 *at = (u8 *)p + (of_target && key->off_t ? key->off_t : key->off);
	u16 half = (u16)value;

	switch (key->size) {
	case 1:
		*at = (u8)value;
		break;
	case 2:
		memcpy(at, &half, sizeof(half));
		break;
	default:
		memcpy(at, &value, sizeof(value));
		break;
	}
}
