// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The target's half of a login.
 *
 * Each request is checked against what this login has agreed so far, its text put together, its
 * pairs taken, and the stage left if the initiator asked for it and we wait for nothing.  A refusal
 * is one response with class and detail; after it, or after LOGIN_DONE, no request is taken any
 * more.
 */
#include "iser/engine/login_keys.h"

void login_target_init(struct login_target *l, const struct login_cfg *cfg)
{
	memset(l, 0, sizeof(*l));
	l->cfg = *cfg;
	l->state = LOGIN_TARGET_FIRST;
	l->stat_sn = cfg->stat_sn;
	iscsi_params_default(&l->params);
	l->params.tpgt = cfg->offer.tpgt;
	text_gather_init(&l->text.gather, l->text.buf, sizeof(l->text.buf));
}

static void respond(struct login_target *l, struct login_pdu *out)
{
	struct iscsi_pdu *hdr = &out->hdr;

	memset(hdr, 0, sizeof(*hdr));
	hdr->opcode = ISCSI_LOGIN_RSP;
	hdr->itt = l->itt;
	hdr->stat_sn = l->stat_sn++;
	hdr->exp_cmd_sn = l->cmd_sn;
	hdr->max_cmd_sn = l->cmd_sn + l->cfg.window - 1;
	hdr->login.csg = l->req.login.csg;
	hdr->login.version_max = ISCSI_VERSION;
	hdr->login.version = ISCSI_VERSION;
	memcpy(hdr->login.isid, l->params.isid, sizeof(hdr->login.isid));
	hdr->login.tsih = l->req.login.tsih;
}

static enum login_event enter_refused(struct login_target *l, u16 status, const char *why,
				      struct login_pdu *out)
{
	l->state = LOGIN_TARGET_OVER;
	l->status = status;
	l->why = why;
	respond(l, out);
	out->hdr.login.csg = ISCSI_STAGE_SECURITY;
	out->hdr.login.status_class = (u8)(status >> 8);
	out->hdr.login.status_detail = (u8)status;
	return LOGIN_REFUSED;
}

static enum login_event enter_fault(struct login_target *l, const char *why)
{
	l->state = LOGIN_TARGET_OVER;
	l->why = why;
	return LOGIN_FAULT;
}

static void enter_stage(struct login_target *l, enum iscsi_stage stage)
{
	l->state = stage == ISCSI_STAGE_SECURITY      ? LOGIN_TARGET_SECURITY
		   : stage == ISCSI_STAGE_OPERATIONAL ? LOGIN_TARGET_OPERATIONAL
						      : LOGIN_TARGET_OVER;
}

static enum iscsi_stage stage_of(const struct login_target *l)
{
	return l->state == LOGIN_TARGET_SECURITY ? ISCSI_STAGE_SECURITY : ISCSI_STAGE_OPERATIONAL;
}

static void side_init(struct login_target *l, struct login_side *side, struct text_writer *out)
{
	*side = (struct login_side){
		.target = true,
		.stage = stage_of(l),
		.cfg = &l->cfg,
		.params = &l->params,
		.seen = &l->seen,
		.sent = &l->sent,
		.out = out,
	};
}

/* ---- what a request must look like ---------------------------------------------------------- */

/* 0, or the status to refuse with. */
static u16 check_first(struct login_target *l, const struct iscsi_pdu *req)
{
	l->itt = req->itt;
	l->cmd_sn = req->cmd_sn;
	memcpy(l->params.isid, req->login.isid, sizeof(l->params.isid));
	l->params.tsih = req->login.tsih;
	l->params.cid = req->login.cid;
	l->why = "the initiator speaks another version of iSCSI";
	return req->login.version > ISCSI_VERSION ? ISCSI_STATUS_BAD_VERSION : 0;
}

static u16 check_next(struct login_target *l, const struct iscsi_pdu *req)
{
	l->why = "a login request does not belong to the login in progress";
	if (req->itt != l->itt || req->login.cid != l->params.cid ||
	    memcmp(req->login.isid, l->params.isid, sizeof(l->params.isid)) != 0)
		return ISCSI_STATUS_INVALID_REQUEST;
	l->why = "a login request is in another stage than the login";
	if (l->state != LOGIN_TARGET_FIRST && req->login.csg != stage_of(l))
		return ISCSI_STATUS_INVALID_REQUEST;
	return 0;
}

static u16 check_request(struct login_target *l, const struct iscsi_pdu *req)
{
	u16 status = l->pdus == 0 ? check_first(l, req) : check_next(l, req);

	if (status)
		return status;
	l->why = "the login goes on for too long";
	if (++l->pdus > ISCSI_LOGIN_PDUS_MAX)
		return ISCSI_STATUS_INITIATOR_ERROR;
	l->why = "the data segment of a login request is too long";
	if (req->data_len > ISCSI_LOGIN_DSL)
		return ISCSI_STATUS_INITIATOR_ERROR;
	l->why = NULL;
	return 0;
}

/* ---- the first complete text: who is it ----------------------------------------------------- */

static bool take_early(struct login_target *l, struct login_side *side, const char *key)
{
	const struct text_gather *g = &l->text.gather;
	const char *value = text_find(g->data, g->len, key);
	u64 seen = l->seen;
	bool fine = !value || login_take(side, key, value);

	l->seen = seen;		/* they are taken again with all the others */
	return fine;
}

static enum login_event ask(struct login_target *l, struct login_pdu *out)
{
	struct text_writer none;
	struct login_side side;
	char nothing[1];

	text_writer_init(&none, nothing, 0);
	side_init(l, &side, &none);
	if (!take_early(l, &side, "InitiatorName") || !take_early(l, &side, "TargetName") ||
	    !take_early(l, &side, "SessionType"))
		return enter_refused(l, side.status, side.why, out);
	if (l->params.initiator[0] == '\0')
		return enter_refused(l, ISCSI_STATUS_MISSING_PARAMETER,
				     "the first login request has no InitiatorName", out);
	if (!l->params.discovery && l->params.target[0] == '\0')
		return enter_refused(l, ISCSI_STATUS_MISSING_PARAMETER,
				     "the first login request has no TargetName", out);
	l->state = LOGIN_TARGET_NAMED;
	return LOGIN_ASK;
}

/* ---- negotiation ---------------------------------------------------------------------------- */

/* Its text is complete: was it written for iSER? */
static void be_wary(struct login_target *l)
{
	const struct text_gather *g = &l->text.gather;

	if (l->params.discovery || stage_of(l) != ISCSI_STAGE_OPERATIONAL ||
	    !text_find(g->data, g->len, "MaxRecvDataSegmentLength"))
		return;
	if (l->cfg.wary_r2t)
		l->cfg.offer.initial_r2t = true;
	if (l->cfg.wary_immediate)
		l->cfg.offer.immediate_data = false;
}

/* True: what we must have is not what the default or the initiator gave, so we ask for it. */
static bool offer_needed(struct login_target *l, struct login_side *side)
{
	const struct iscsi_params *offer = &l->cfg.offer;
	u64 known = l->seen | l->sent;
	bool offered = false;

	if (l->params.discovery || stage_of(l) != ISCSI_STAGE_OPERATIONAL)
		return false;
	if (!offer->immediate_data && !(known & key_bit(KEY_IMMEDIATE_DATA))) {
		login_offer(side, KEY_IMMEDIATE_DATA);
		offered = true;
	}
	if (offer->first_burst < l->params.first_burst && !(known & key_bit(KEY_FIRST_BURST))) {
		login_offer(side, KEY_FIRST_BURST);
		offered = true;
	}
	return offered;
}

/*
 * Declarations of ours, once.  The keys that RFC 7145 added to RFC 5046 go only to initiators that
 * sent them: open-iscsi ends a login over a key that it does not know.
 */
static void declare(struct login_target *l, struct login_side *side)
{
	const u64 tpgt = key_bit(KEY_TARGET_PORTAL_GROUP_TAG), alias = key_bit(KEY_TARGET_ALIAS);

	if (!(l->sent & tpgt)) {
		l->sent |= tpgt;
		text_put_num(side->out, "TargetPortalGroupTag", l->cfg.offer.tpgt);
	}
	if (!(l->sent & alias) && l->cfg.alias && !l->params.discovery) {
		l->sent |= alias;
		text_put(side->out, "TargetAlias", l->cfg.alias);
	}
	if (stage_of(l) != ISCSI_STAGE_OPERATIONAL)
		return;
	if (!l->params.rdma && !(l->sent & key_bit(KEY_MAX_RECV_DSL)))
		login_offer(side, KEY_MAX_RECV_DSL);
	if ((l->seen & ~l->sent) & key_bit(KEY_UNEXPECTED_PDUS))
		login_offer(side, KEY_UNEXPECTED_PDUS);
	if ((l->seen & ~l->sent) & key_bit(KEY_AHS_MAX))
		login_offer(side, KEY_AHS_MAX);
}

/* Full feature phase is next: is what was agreed something that we can serve?  0 or a status. */
static u16 check_outcome(struct login_target *l)
{
	if (l->params.discovery || l->params.rdma)
		return 0;
	l->why = l->seen & key_bit(KEY_RDMA_EXTENSIONS)
			 ? "iSER only: the initiator does not want RDMAExtensions"
			 : "iSER only: the initiator did not offer RDMAExtensions=Yes";
	return l->seen & key_bit(KEY_RDMA_EXTENSIONS) ? ISCSI_STATUS_INITIATOR_ERROR
						      : ISCSI_STATUS_MISSING_PARAMETER;
}

static enum login_event enter_done(struct login_target *l, struct login_pdu *out)
{
	l->state = LOGIN_TARGET_OVER;
	/* RDMAExtensions says nothing in a discovery session; the connection does. */
	if (l->params.discovery)
		l->params.rdma = l->cfg.rdma;
	out->hdr.login.tsih = l->params.tsih;
	return LOGIN_DONE;
}

/* The text is complete and the initiator welcome. */
static enum login_event negotiate(struct login_target *l, struct login_pdu *out)
{
	struct text_gather *g = &l->text.gather;
	struct text_writer text;
	struct login_side side;
	bool wait, leave;
	u16 status;

	text_writer_init(&text, out->data, sizeof(out->data));
	side_init(l, &side, &text);
	be_wary(l);
	if (!login_take_all(&side, g->data, g->len))
		return enter_refused(l, side.status, side.why, out);
	g->len = 0;
	declare(l, &side);
	wait = offer_needed(l, &side);
	if (text.full)
		return enter_refused(l, ISCSI_STATUS_NO_RESOURCES,
				     "the answer to the login does not fit a response", out);
	leave = l->req.final && !wait;
	status = leave && l->req.login.nsg == ISCSI_STAGE_FULL_FEATURE ? check_outcome(l) : 0;
	if (status)
		return enter_refused(l, status, l->why, out);
	respond(l, out);
	out->hdr.data_len = (u32)text.len;
	if (!leave)
		return LOGIN_SEND;
	out->hdr.final = true;
	out->hdr.login.nsg = l->req.login.nsg;
	if (l->req.login.nsg == ISCSI_STAGE_FULL_FEATURE)
		return enter_done(l, out);
	enter_stage(l, l->req.login.nsg);
	return LOGIN_SEND;
}

enum login_event login_target_step(struct login_target *l, const struct iscsi_pdu *req,
				   const u8 *data, struct login_pdu *out)
{
	u16 status;

	if (l->state == LOGIN_TARGET_OVER)
		return enter_fault(l, "a request after the end of the login");
	core_assert(l->state != LOGIN_TARGET_NAMED);
	if (req->opcode != ISCSI_LOGIN_REQ)
		return enter_fault(l, "another request before the login");
	l->req = *req;
	status = check_request(l, req);
	if (status)
		return enter_refused(l, status, l->why, out);
	if (!text_gather_add(&l->text.gather, data, req->data_len))
		return enter_refused(l, ISCSI_STATUS_INITIATOR_ERROR,
				     "the text of the login is too long", out);
	if (req->more) {
		respond(l, out);
		return LOGIN_SEND;
	}
	if (l->state != LOGIN_TARGET_FIRST)
		return negotiate(l, out);
	enter_stage(l, req->login.csg);
	return ask(l, out);
}

enum login_event login_target_verdict(struct login_target *l, u16 status, u16 tsih,
				      struct login_pdu *out)
{
	core_assert(l->state == LOGIN_TARGET_NAMED);
	if (status)
		return enter_refused(l, status, login_status_str(status), out);
	l->params.tsih = tsih;
	enter_stage(l, l->req.login.csg);
	return negotiate(l, out);
}
