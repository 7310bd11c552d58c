/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The keys of a login as a table, and what happens to one key=value pair.  Internal to the engine.
 *
 * A row says who may send the key, in which stage, how the result follows from the two values,
 * which values are allowed, and where the result lies in struct iscsi_params.
 */
#ifndef ISER_ENGINE_LOGIN_KEYS_H
#define ISER_ENGINE_LOGIN_KEYS_H

#include "iser/engine/login.h"

enum key_id {
	KEY_INITIATOR_NAME,
	KEY_TARGET_NAME,
	KEY_SESSION_TYPE,
	KEY_INITIATOR_ALIAS,
	KEY_TARGET_ALIAS,
	KEY_TARGET_ADDRESS,
	KEY_TARGET_PORTAL_GROUP_TAG,
	KEY_AUTH_METHOD,
	KEY_RDMA_EXTENSIONS,
	KEY_HEADER_DIGEST,
	KEY_DATA_DIGEST,
	KEY_MAX_CONNECTIONS,
	KEY_INITIAL_R2T,
	KEY_IMMEDIATE_DATA,
	KEY_MAX_RECV_DSL,
	KEY_MAX_BURST,
	KEY_FIRST_BURST,
	KEY_TIME2WAIT,
	KEY_TIME2RETAIN,
	KEY_MAX_OUTSTANDING_R2T,
	KEY_DATA_PDU_IN_ORDER,
	KEY_DATA_SEQUENCE_IN_ORDER,
	KEY_ERROR_RECOVERY_LEVEL,
	KEY_TASK_REPORTING,
	KEY_PROTOCOL_LEVEL,
	KEY_IF_MARKER,
	KEY_OF_MARKER,
	KEY_IF_MARK_INT,
	KEY_OF_MARK_INT,
	KEY_NODE_ARCHITECTURE,
	KEY_TARGET_RECV_DSL,
	KEY_INITIATOR_RECV_DSL,
	KEY_UNEXPECTED_PDUS,
	KEY_AHS_MAX,
	KEY_SOLICITED_ONLY,
	KEY_HELLO_REQUIRED,
	KEY_N,
	KEY_UNKNOWN = KEY_N,
};
static_assert(KEY_N <= 64, "seen and sent are 64-bit sets");

enum key_kind {
	KEY_KIND_AND,		/* negotiated boolean */
	KEY_KIND_OR,
	KEY_KIND_MIN,		/* negotiated number */
	KEY_KIND_MAX,
	KEY_KIND_NUM,		/* declared number, one for each side */
	KEY_KIND_FLAG,		/* declared boolean */
	KEY_KIND_LIST,		/* negotiated list: `only` is all that we know */
	KEY_KIND_NO,		/* obsolete: always No (13.25) */
	KEY_KIND_REJECT,	/* obsolete: always Reject (13.25) */
	KEY_KIND_TEXT,		/* declared, has a function of its own */
};

enum key_use {
	KEY_FROM_I	= 1 << 0,	/* senders */
	KEY_FROM_T	= 1 << 1,
	KEY_SECURITY	= 1 << 2,	/* stages */
	KEY_OPERATIONAL	= 1 << 3,
	KEY_NORMAL_ONLY	= 1 << 4,	/* irrelevant in a discovery session */
	KEY_OR_ZERO	= 1 << 5,	/* 0 is allowed besides min to max */
	KEY_REPEAT	= 1 << 6,	/* may come more than once */

	KEY_BOTH	= KEY_FROM_I | KEY_FROM_T,
	KEY_ANY_STAGE	= KEY_SECURITY | KEY_OPERATIONAL,
};

struct login_key {
	const char *name;
	enum key_kind kind;
	u16 use;		/* enum key_use */
	u8 size;		/* of the field: 1, 2, 4 */
	u16 off;   /* result in struct iscsi_params; of KIND_NUM: what the initiator declares */
	u16 off_t;		/* of KIND_NUM: what the target declares */
	u32 min, max;
	const char *only;
};

extern const struct login_key login_keys[KEY_N];

enum key_id login_key_find(const char *name);
u32 login_key_get(const struct login_key *key, const struct iscsi_params *p, bool of_target);
void login_key_set(const struct login_key *key, struct iscsi_params *p, bool of_target, u32 value);

/* One side's view of an exchange; lives on the stack of a step. */
struct login_side {
	bool target;			/* our role */
	enum iscsi_stage stage;
	const struct login_cfg *cfg;
	struct iscsi_params *params;
	u64 *seen, *sent;
	struct text_writer *out;
	char *redirect;			/* initiator: TargetAddress goes here */
	u16 status;	/* ISCSI_STATUS_* and a sentence when a pair was not acceptable */
	const char *why;
};

static inline u64 key_bit(enum key_id id)
{
	return (u64)1 << id;
}

/* A pair from the peer: a declaration, a proposal (answered into out), or the answer to ours.
 * False: side->status and why are set. */
bool login_take(struct login_side *side, const char *key, const char *value);
/* All pairs of a text. */
bool login_take_all(struct login_side *side, char *text, size_t len);
/* Offers or declares one of ours, with the value of cfg->offer. */
void login_offer(struct login_side *side, enum key_id id);
/* At the end: the result of what we offered and the peer needed not answer (RFC 7143 6.2.2). */
void login_settle(struct login_side *side);

#endif
