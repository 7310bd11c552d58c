// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What one key=value pair from the peer does.  RFC 7143 6.2.
 *
 * Three cases, told apart by whether we sent the key before and by its kind: the answer to our
 * offer (checked against what we offered), a declaration (stored), or a proposal (answered).
 */
#include "iser/engine/login_keys.h"

static bool refuse(struct login_side *side, u16 status, const char *why)
{
	side->status = status;
	side->why = why;
	return false;
}

static bool is_constant(const char *value)
{
	return strcmp(value, "Reject") == 0 || strcmp(value, "Irrelevant") == 0 ||
	       strcmp(value, "NotUnderstood") == 0;
}

/* ---- declared text -------------------------------------------------------------------------- */

static bool take_name(struct login_side *side, const char *value, char *name)
{
	if (!text_name_valid(value))
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR, "not a valid iSCSI name");
	strcpy(name, value);
	return true;
}

static bool take_session_type(struct login_side *side, const char *value)
{
	if (strcmp(value, "Normal") == 0)
		side->params->discovery = false;
	else if (strcmp(value, "Discovery") == 0)
		side->params->discovery = true;
	else
		return refuse(side, ISCSI_STATUS_BAD_SESSION_TYPE,
			      "SessionType is neither Normal nor Discovery");
	return true;
}

static bool take_portal_group(struct login_side *side, const char *value)
{
	u64 tag;

	if (!text_parse_range(value, 0, UINT16_MAX, &tag))
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "TargetPortalGroupTag is not a 16-bit number");
	side->params->tpgt = (u16)tag;
	return true;
}

/* text_next() bounds lists; plain values have the shorter limit, which is that of redirect too. */
static bool take_address(struct login_side *side, const char *value)
{
	if (side->redirect && side->redirect[0] == '\0')
		strcpy(side->redirect, value);
	return true;
}

static bool take_text(struct login_side *side, enum key_id id, const char *value)
{
	if (strlen(value) > ISCSI_VALUE_LEN_MAX)
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR, "value is too long");
	/* A declaration of ours was not understood: nothing depends on these. */
	if (*side->sent & key_bit(id))
		return true;
	switch ((int)id) {
	case KEY_INITIATOR_NAME:
		return take_name(side, value, side->params->initiator);
	case KEY_TARGET_NAME:
		return take_name(side, value, side->params->target);
	case KEY_SESSION_TYPE:
		return take_session_type(side, value);
	case KEY_TARGET_PORTAL_GROUP_TAG:
		return take_portal_group(side, value);
	case KEY_TARGET_ADDRESS:
		return take_address(side, value);
	default:		/* aliases, node architecture: for people */
		return true;
	}
}

/* ---- values --------------------------------------------------------------------------------- */

static bool parse_value(const struct login_key *key, const char *value, u32 *out)
{
	u64 num;
	bool yes;

	switch ((int)key->kind) {
	case KEY_KIND_AND:
	case KEY_KIND_OR:
	case KEY_KIND_FLAG:
		if (!text_parse_bool(value, &yes))
			return false;
		*out = yes;
		return true;
	default:
		if (!text_parse_num(value, &num))
			return false;
		if (!(num == 0 && (key->use & KEY_OR_ZERO)) && (num < key->min || num > key->max))
			return false;
		*out = (u32)num;
		return true;
	}
}

static void put_value(struct login_side *side, const struct login_key *key, u32 value)
{
	if (key->kind == KEY_KIND_AND || key->kind == KEY_KIND_OR || key->kind == KEY_KIND_FLAG)
		text_put_bool(side->out, key->name, value);
	else
		text_put_num(side->out, key->name, value);
}

static u32 combine(const struct login_key *key, u32 theirs, u32 ours)
{
	switch ((int)key->kind) {
	case KEY_KIND_AND:
		return theirs && ours;
	case KEY_KIND_OR:
		return theirs || ours;
	case KEY_KIND_MAX:
		return max_t(u32, theirs, ours);
	default:
		return min_t(u32, theirs, ours);
	}
}

/* ---- proposals ------------------------------------------------------------------------------ */

/* What we want of a key that the peer proposes. */
static u32 own_value(const struct login_side *side, const struct login_key *key)
{
	if (key == &login_keys[KEY_RDMA_EXTENSIONS])
		return side->cfg->rdma || side->cfg->rdma_wanted;
	if (key == &login_keys[KEY_PROTOCOL_LEVEL] || key == &login_keys[KEY_MAX_CONNECTIONS] ||
	    key == &login_keys[KEY_MAX_OUTSTANDING_R2T])
		return 1;
	if (key == &login_keys[KEY_DATA_PDU_IN_ORDER] ||
	    key == &login_keys[KEY_DATA_SEQUENCE_IN_ORDER])
		return true;
	if (key == &login_keys[KEY_ERROR_RECOVERY_LEVEL])
		return 0;
	return login_key_get(key, &side->cfg->offer, side->target);
}

static bool answer_list(struct login_side *side, enum key_id id, const char *value)
{
	const struct login_key *key = &login_keys[id];

	if (text_list_has(value, key->only)) {
		text_put(side->out, key->name, key->only);
		return true;
	}
	if (id == KEY_AUTH_METHOD)
		return refuse(side, ISCSI_STATUS_AUTH_FAILURE,
			      "the initiator insists on authentication, which is not set up here");
	text_put(side->out, key->name, "Reject");
	return true;
}

static bool answer_value(struct login_side *side, enum key_id id, const char *value)
{
	const struct login_key *key = &login_keys[id];
	u32 theirs, result;

	/* A discovery session on RDMA has nothing to settle, whoever asks. */
	if (side->params->discovery && (key->use & KEY_NORMAL_ONLY)) {
		text_put(side->out, key->name, "Irrelevant");
		return true;
	}
	if (!parse_value(key, value, &theirs)) {
		text_put(side->out, key->name, "Reject");
		return true;
	}
	result = combine(key, theirs, own_value(side, key));
	login_key_set(key, side->params, false, result);
	put_value(side, key, result);
	return true;
}

static bool declared(struct login_side *side, enum key_id id, const char *value)
{
	const struct login_key *key = &login_keys[id];
	u32 theirs;

	if (!parse_value(key, value, &theirs))
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "the value of a declared key is out of range");
	login_key_set(key, side->params, !side->target, theirs);
	if (id == KEY_HELLO_REQUIRED) {
		side->params->hello_refused = !theirs;
		/* 5.1.3: the initiator learns from the answer whether we know the key. */
		text_put_bool(side->out, key->name, theirs);
	}
	return true;
}

static bool proposed(struct login_side *side, enum key_id id, const char *value)
{
	const struct login_key *key = &login_keys[id];

	if (is_constant(value))
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "a reserved word was proposed as a value");
	switch (key->kind) {
	case KEY_KIND_AND:
	case KEY_KIND_OR:
	case KEY_KIND_MIN:
	case KEY_KIND_MAX:
		return answer_value(side, id, value);
	case KEY_KIND_NUM:
	case KEY_KIND_FLAG:
		return declared(side, id, value);
	case KEY_KIND_LIST:
		return answer_list(side, id, value);
	case KEY_KIND_NO:
		text_put(side->out, key->name, "No");
		return true;
	case KEY_KIND_REJECT:
		text_put(side->out, key->name, "Reject");
		return true;
	case KEY_KIND_TEXT:
		return take_text(side, id, value);
	}
	return true;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* AuthMethod=None was refused, or something else selected from a list. */
static bool answered_list(struct login_side *side, enum key_id id, const char *value)
{
	if (strcmp(value, login_keys[id].only) == 0)
		return true;
	if (id == KEY_AUTH_METHOD)
		return refuse(side, ISCSI_STATUS_AUTH_FAILURE,
			      "the peer does not accept AuthMethod=None");
	return is_constant(value) || refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
					    "the peer selected a value that was not offered");
}

static bool answered(struct login_side *side, enum key_id id, const char *value)
{
	const struct login_key *key = &login_keys[id];
	u32 theirs, ours;

	if (key->kind == KEY_KIND_LIST)
		return answered_list(side, id, value);
	/* The key stays at its default (6.2); who cannot live with that finds out at the end. */
	if (is_constant(value))
		return true;
	/* Declared by both: this is the peer's own, not an answer. */
	if (key->kind == KEY_KIND_NUM)
		return declared(side, id, value);
	if (key->kind == KEY_KIND_FLAG || key->kind == KEY_KIND_TEXT)
		return true;
	if (!parse_value(key, value, &theirs))
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "the answer to a key is no valid value");
	ours = own_value(side, key);
	if (combine(key, theirs, ours) != theirs)
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "the answer to a key is not one that the offer allows");
	login_key_set(key, side->params, false, theirs);
	return true;
}

/* ---- a pair --------------------------------------------------------------------------------- */

static bool unknown(struct login_side *side, const char *key, const char *value)
{
	if (strcmp(key, "SendTargets") == 0)
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "SendTargets is for the full feature phase");
	/* The answer to an answer must not start an endless exchange. */
	if (!is_constant(value))
		text_put(side->out, key, "NotUnderstood");
	return true;
}

bool login_take(struct login_side *side, const char *name, const char *value)
{
	enum key_id id = login_key_find(name);
	const struct login_key *key;
	u16 sender = side->target ? KEY_FROM_I : KEY_FROM_T;
	u16 stage = side->stage == ISCSI_STAGE_SECURITY ? KEY_SECURITY : KEY_OPERATIONAL;
	bool ours;

	if (id == KEY_UNKNOWN)
		return unknown(side, name, value);
	key = &login_keys[id];
	ours = *side->sent & key_bit(id);
	if (!(key->use & sender) && !ours)
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "a key came from the side that must not send it");
	if (!(key->use & stage))
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR,
			      "a key is not allowed in this stage of the login");
	if ((*side->seen & key_bit(id)) && !(key->use & KEY_REPEAT))
		return refuse(side, ISCSI_STATUS_INITIATOR_ERROR, "a key was sent more than once");
	*side->seen |= key_bit(id);
	return ours ? answered(side, id, value) : proposed(side, id, value);
}

bool login_take_all(struct login_side *side, char *text, size_t len)
{
	struct text_reader r;

	text_reader_init(&r, text, len);
	for (;;) {
		switch (text_next(&r)) {
		case TEXT_END:
			return true;
		case TEXT_FAULT:
			return refuse(side, ISCSI_STATUS_INITIATOR_ERROR, r.why);
		case TEXT_PAIR:
			if (!login_take(side, r.key, r.value))
				return false;
			break;
		}
	}
}

void login_offer(struct login_side *side, enum key_id id)
{
	const struct login_key *key = &login_keys[id];

	*side->sent |= key_bit(id);
	switch ((int)key->kind) {
	case KEY_KIND_LIST:
		text_put(side->out, key->name, key->only);
		break;
	case KEY_KIND_NUM:
		login_key_set(key, side->params, side->target, own_value(side, key));
		put_value(side, key, own_value(side, key));
		break;
	case KEY_KIND_FLAG:
		login_key_set(key, side->params, false, own_value(side, key));
		put_value(side, key, own_value(side, key));
		break;
	default:
		put_value(side, key, own_value(side, key));
		break;
	}
}

/*
 * No to AND and Yes to OR decide alone, so the answer to them is optional; LIO leaves it out.  Without one
 * the default must not hold.
 */
void login_settle(struct login_side *side)
{
	for (unsigned int i = 0; i < KEY_N; i++) {
		const struct login_key *key = &login_keys[i];
		bool decided = (key->kind == KEY_KIND_AND && !own_value(side, key)) ||
			       (key->kind == KEY_KIND_OR && own_value(side, key));

		if (decided && ((*side->sent & ~*side->seen) & key_bit((enum key_id)i)))
			login_key_set(key, side->params, false, own_value(side, key));
	}
}
