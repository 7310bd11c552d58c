// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The initiator's half of a login.
 *
 * All keys of a stage are offered in its first request, with the wish to leave the stage; then the
 * target's answers and proposals are taken until it agrees to leave.
 */
#include "iser/engine/login_keys.h"

void login_initiator_init(struct login_initiator *l, const struct login_cfg *cfg)
{
	memset(l, 0, sizeof(*l));
	l->cfg = *cfg;
	l->state = LOGIN_INITIATOR_START;
	iscsi_params_default(&l->params);
	l->params.discovery = cfg->target == NULL;
	memcpy(l->params.isid, cfg->offer.isid, sizeof(l->params.isid));
	l->params.cid = cfg->offer.cid;
	text_gather_init(&l->text.gather, l->text.buf, sizeof(l->text.buf));
}

static enum iscsi_stage stage_of(const struct login_initiator *l)
{
	return l->state == LOGIN_INITIATOR_SECURITY ? ISCSI_STAGE_SECURITY
						    : ISCSI_STAGE_OPERATIONAL;
}

static void side_init(struct login_initiator *l, struct login_side *side, struct text_writer *out)
{
	*side = (struct login_side){
		.stage = stage_of(l),
		.cfg = &l->cfg,
		.params = &l->params,
		.seen = &l->seen,
		.sent = &l->sent,
		.out = out,
		.redirect = l->redirect,
	};
}

static enum login_event enter_fault(struct login_initiator *l, const char *why)
{
	l->state = LOGIN_INITIATOR_OVER;
	l->why = why;
	return LOGIN_FAULT;
}

/* ---- requests ------------------------------------------------------------------------------- */

static void request(struct login_initiator *l, bool transit, size_t text_len, struct login_pdu *out)
{
	struct iscsi_pdu *hdr = &out->hdr;

	memset(hdr, 0, sizeof(*hdr));
	hdr->opcode = ISCSI_LOGIN_REQ;
	hdr->immediate = true;
	hdr->final = transit;
	hdr->data_len = (u32)text_len;
	hdr->itt = l->cfg.itt;
	hdr->cmd_sn = l->cfg.cmd_sn;
	hdr->exp_stat_sn = l->exp_stat_sn;
	hdr->login.csg = stage_of(l);
	hdr->login.nsg = hdr->login.csg == ISCSI_STAGE_SECURITY ? ISCSI_STAGE_OPERATIONAL
								: ISCSI_STAGE_FULL_FEATURE;
	hdr->login.version_max = ISCSI_VERSION;
	hdr->login.version = ISCSI_VERSION;
	memcpy(hdr->login.isid, l->params.isid, sizeof(hdr->login.isid));
	hdr->login.tsih = l->cfg.offer.tsih;
	hdr->login.cid = l->params.cid;
	l->transit = transit;
}

static void put_names(struct login_initiator *l, struct login_side *side)
{
	text_put(side->out, "InitiatorName", l->cfg.initiator);
	if (l->cfg.alias)
		text_put(side->out, "InitiatorAlias", l->cfg.alias);
	if (l->cfg.target)
		text_put(side->out, "TargetName", l->cfg.target);
	text_put(side->out, "SessionType", l->cfg.target ? "Normal" : "Discovery");
	l->sent |= key_bit(KEY_INITIATOR_NAME) | key_bit(KEY_INITIATOR_ALIAS) |
		   key_bit(KEY_TARGET_NAME) | key_bit(KEY_SESSION_TYPE);
	/* Whoever configured them checked the lengths; a name that is too long is cut off. */
	strncpy(l->params.initiator, l->cfg.initiator, ISCSI_NAME_LEN_MAX);
	if (l->cfg.target)
		strncpy(l->params.target, l->cfg.target, ISCSI_NAME_LEN_MAX);
}

static void offer_operational(struct login_initiator *l, struct login_side *side)
{
	/* RDMAExtensions first (RFC 7145 6.3): the target may choose other values with it. */
	static const enum key_id normal[] = {
		KEY_RDMA_EXTENSIONS,
		KEY_HEADER_DIGEST,
		KEY_DATA_DIGEST,
		KEY_MAX_CONNECTIONS,
		KEY_INITIAL_R2T,
		KEY_IMMEDIATE_DATA,
		KEY_MAX_BURST,
		KEY_FIRST_BURST,
		KEY_TIME2WAIT,
		KEY_TIME2RETAIN,
		KEY_MAX_OUTSTANDING_R2T,
		KEY_DATA_PDU_IN_ORDER,
		KEY_DATA_SEQUENCE_IN_ORDER,
		KEY_ERROR_RECOVERY_LEVEL,
		KEY_INITIATOR_RECV_DSL,
		KEY_TARGET_RECV_DSL,
		KEY_UNEXPECTED_PDUS,
		KEY_SOLICITED_ONLY,
	};
	static const enum key_id discovery[] = {
		KEY_HEADER_DIGEST, KEY_DATA_DIGEST, KEY_MAX_RECV_DSL,
		KEY_TIME2WAIT,	   KEY_TIME2RETAIN, KEY_ERROR_RECOVERY_LEVEL,
	};
	const enum key_id *keys = l->params.discovery ? discovery : normal;
	size_t n = l->params.discovery ? ARRAY_SIZE(discovery) : ARRAY_SIZE(normal);

	for (size_t i = 0; i < n; i++)
		login_offer(side, keys[i]);
	if (!l->params.discovery && l->cfg.offer.hello_required)
		login_offer(side, KEY_HELLO_REQUIRED);
}

/* The first request of the stage that we are in. */
static void open_stage(struct login_initiator *l, struct login_side *side)
{
	if (l->state == LOGIN_INITIATOR_SECURITY)
		login_offer(side, KEY_AUTH_METHOD);
	else
		offer_operational(l, side);
}

void login_initiator_start(struct login_initiator *l, struct login_pdu *out)
{
	struct text_writer text;
	struct login_side side;

	core_assert(l->state == LOGIN_INITIATOR_START);
	l->state = l->cfg.start_in_security ? LOGIN_INITIATOR_SECURITY
					    : LOGIN_INITIATOR_OPERATIONAL;
	text_writer_init(&text, out->data, sizeof(out->data));
	side_init(l, &side, &text);
	put_names(l, &side);
	open_stage(l, &side);
	core_assert(!text.full);	/* names and keys have limits far below */
	request(l, true, text.len, out);
	l->pdus = 1;
}

/* ---- responses ------------------------------------------------------------------------------ */

static enum login_event enter_refused(struct login_initiator *l, const struct iscsi_pdu *rsp,
				      const u8 *data)
{
	struct text_gather *g = &l->text.gather;
	const char *address;

	l->state = LOGIN_INITIATOR_OVER;
	l->status = (u16)(rsp->login.status_class << 8 | rsp->login.status_detail);
	l->why = login_status_str(l->status);
	if (rsp->login.status_class == ISCSI_LOGIN_REDIRECT && rsp->data_len <= ISCSI_LOGIN_DSL &&
	    text_gather_add(g, data, rsp->data_len)) {
		address = text_find(g->data, g->len, "TargetAddress");
		if (address && strlen(address) <= ISCSI_VALUE_LEN_MAX)
			strcpy(l->redirect, address);
	}
	return LOGIN_REFUSED;
}

/* NULL, or what is wrong with a response. */
static const char *check_response(struct login_initiator *l, const struct iscsi_pdu *rsp)
{
	if (rsp->opcode != ISCSI_LOGIN_RSP)
		return "the target answers the login with another PDU";
	if (rsp->itt != l->cfg.itt)
		return "the login response has a foreign task tag";
	if (rsp->data_len > ISCSI_LOGIN_DSL)
		return "the data segment of a login response is too long";
	if (rsp->login.status_class != ISCSI_LOGIN_SUCCESS)
		return NULL;
	if (rsp->login.version != ISCSI_VERSION)
		return "the target speaks another version of iSCSI";
	if (rsp->login.csg != stage_of(l))
		return "the login response is in another stage";
	if (rsp->final && !l->transit)
		return "the target leaves the stage without being asked";
	if (rsp->final &&
	    rsp->login.nsg > (stage_of(l) == ISCSI_STAGE_SECURITY ? ISCSI_STAGE_OPERATIONAL
								  : ISCSI_STAGE_FULL_FEATURE))
		return "the target skips a stage";
	if (l->pdus > 1 && rsp->stat_sn != l->exp_stat_sn)
		return "the login response is out of sequence";
	return NULL;
}

/* NULL, or why what was agreed cannot be used. */
static const char *check_outcome(struct login_initiator *l, const struct iscsi_pdu *rsp)
{
	struct iscsi_params *p = &l->params;

	p->tsih = rsp->login.tsih;
	if (p->discovery) {
		p->rdma = l->cfg.rdma;
		return NULL;
	}
	if (!p->rdma)
		return "the target does not do iSER (no RDMAExtensions=Yes)";
	if (p->tsih == 0)
		return "the target gave no session handle";
	p->first_burst = min_t(u32, p->first_burst, p->max_burst);
	return NULL;
}

static enum login_event enter_done(struct login_initiator *l, const struct iscsi_pdu *rsp)
{
	const char *why = check_outcome(l, rsp);

	if (why)
		return enter_fault(l, why);
	l->state = LOGIN_INITIATOR_OVER;
	return LOGIN_DONE;
}

/* The target's text is complete. */
static enum login_event negotiate(struct login_initiator *l, const struct iscsi_pdu *rsp,
				  struct login_pdu *out)
{
	struct text_gather *g = &l->text.gather;
	struct text_writer text;
	struct login_side side;

	text_writer_init(&text, out->data, sizeof(out->data));
	side_init(l, &side, &text);
	if (!login_take_all(&side, g->data, g->len))
		return enter_fault(l, side.why);
	g->len = 0;
	if (rsp->final && rsp->login.nsg == ISCSI_STAGE_FULL_FEATURE) {
		login_settle(&side);
		return enter_done(l, rsp);
	}
	if (rsp->final) {
		l->state = LOGIN_INITIATOR_OPERATIONAL;
		side.stage = ISCSI_STAGE_OPERATIONAL;
		open_stage(l, &side);
	}
	if (text.full)
		return enter_fault(l, "the target offers more than fits an answer");
	request(l, true, text.len, out);
	return LOGIN_SEND;
}

enum login_event login_initiator_step(struct login_initiator *l, const struct iscsi_pdu *rsp,
				      const u8 *data, struct login_pdu *out)
{
	const char *why;

	if (l->state == LOGIN_INITIATOR_OVER)
		return enter_fault(l, "a response after the end of the login");
	core_assert(l->state != LOGIN_INITIATOR_START);
	why = check_response(l, rsp);
	if (why)
		return enter_fault(l, why);
	l->exp_stat_sn = rsp->stat_sn + 1;
	l->exp_cmd_sn = rsp->exp_cmd_sn;
	l->max_cmd_sn = rsp->max_cmd_sn;
	if (rsp->login.status_class != ISCSI_LOGIN_SUCCESS)
		return enter_refused(l, rsp, data);
	if (++l->pdus > ISCSI_LOGIN_PDUS_MAX)
		return enter_fault(l, "the login goes on for too long");
	if (!text_gather_add(&l->text.gather, data, rsp->data_len))
		return enter_fault(l, "the text of the login is too long");
	if (!rsp->more)
		return negotiate(l, rsp, out);
	request(l, false, 0, out);
	return LOGIN_SEND;
}
