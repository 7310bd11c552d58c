// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Decoding and encoding have the same shape: the part that all PDUs share, sequence numbers by
 * direction, then one case for each opcode.
 */
#include "iser/engine/pdu.h"

/* Bit 5 of the opcode says who sends it: 0x00 to 0x1f initiator, 0x20 to 0x3f target (11.2.1.2). */
static bool is_response(enum iscsi_opcode opcode)
{
	return (opcode & 0x20) != 0;
}

static bool opcode_known(u8 opcode)
{
	switch (opcode) {
	case ISCSI_NOP_OUT:
	case ISCSI_SCSI_CMD:
	case ISCSI_TMF_REQ:
	case ISCSI_LOGIN_REQ:
	case ISCSI_TEXT_REQ:
	case ISCSI_DATA_OUT:
	case ISCSI_LOGOUT_REQ:
	case ISCSI_SNACK_REQ:
	case ISCSI_NOP_IN:
	case ISCSI_SCSI_RSP:
	case ISCSI_TMF_RSP:
	case ISCSI_LOGIN_RSP:
	case ISCSI_TEXT_RSP:
	case ISCSI_DATA_IN:
	case ISCSI_LOGOUT_RSP:
	case ISCSI_R2T:
	case ISCSI_ASYNC:
	case ISCSI_REJECT:
		return true;
	default:
		return false;
	}
}

static enum iscsi_pdu_fault decode_scsi_cmd(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_scsi_cmd *w = (const void *)bhs;

	pdu->cmd.read = w->flags & ISCSI_CMD_READ;
	pdu->cmd.write = w->flags & ISCSI_CMD_WRITE;
	pdu->cmd.attr = w->flags & ISCSI_CMD_ATTR;
	pdu->cmd.expected_len = be32_to_cpu(w->expected_len);
	memcpy(pdu->cmd.cdb, w->cdb, sizeof(w->cdb));
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_scsi_rsp(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_scsi_rsp *w = (const void *)bhs;

	pdu->rsp.response = w->response;
	pdu->rsp.status = w->status;
	pdu->rsp.over = w->flags & ISCSI_RSP_OVER;
	pdu->rsp.under = w->flags & ISCSI_RSP_UNDER;
	pdu->rsp.bidi_over = w->flags & ISCSI_RSP_BIDI_OVER;
	pdu->rsp.bidi_under = w->flags & ISCSI_RSP_BIDI_UNDER;
	pdu->rsp.snack_tag = be32_to_cpu(w->snack_tag);
	pdu->rsp.exp_data_sn = be32_to_cpu(w->exp_data_sn);
	pdu->rsp.bidi_residual = be32_to_cpu(w->bidi_residual);
	pdu->rsp.residual = be32_to_cpu(w->residual);
	/* 11.4.1: over and under exclude each other */
	if ((pdu->rsp.over && pdu->rsp.under) || (pdu->rsp.bidi_over && pdu->rsp.bidi_under))
		return ISCSI_PDU_FIELD;
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_tmf(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_tmf_req *w = (const void *)bhs;

	pdu->tmf.function = w->flags & ISCSI_LOW7;
	pdu->tmf.ref_itt = be32_to_cpu(w->ref_itt);
	pdu->tmf.ref_cmd_sn = be32_to_cpu(w->ref_cmd_sn);
	pdu->tmf.exp_data_sn = be32_to_cpu(w->exp_data_sn);
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_login(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_login_req *w = (const void *)bhs;
	const struct iscsi_bhs_login_rsp *r = (const void *)bhs;
	u8 csg = (u8)FIELD_OF(ISCSI_LOGIN_CSG, w->flags),
	   nsg = (u8)FIELD_OF(ISCSI_LOGIN_NSG, w->flags);

	pdu->more = w->flags & ISCSI_FLAG_CONTINUE;
	pdu->login.csg = csg;
	pdu->login.nsg = nsg;
	pdu->login.version_max = w->version_max;
	pdu->login.version = w->version_min;
	memcpy(pdu->login.isid, w->isid, sizeof(w->isid));
	pdu->login.tsih = be16_to_cpu(w->tsih);
	if (pdu->opcode == ISCSI_LOGIN_REQ) {
		pdu->login.cid = be16_to_cpu(w->cid);
	} else {
		pdu->login.status_class = r->status_class;
		pdu->login.status_detail = r->status_detail;
		/* 11.13.4: stages are reserved in a refusal */
		if (r->status_class != ISCSI_LOGIN_SUCCESS)
			return ISCSI_PDU_OK;
	}
	/* 11.12.3: 2 is reserved, 3 is no stage to be in; C excludes T (11.12.2) */
	if (csg != ISCSI_STAGE_SECURITY && csg != ISCSI_STAGE_OPERATIONAL)
		return ISCSI_PDU_FIELD;
	if (pdu->final && (nsg == 2 || nsg <= csg || pdu->more))
		return ISCSI_PDU_FIELD;
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_text(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	pdu->more = bhs->flags & ISCSI_FLAG_CONTINUE;
	return pdu->more && pdu->final ? ISCSI_PDU_FIELD : ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_data_out(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_data_out *w = (const void *)bhs;

	pdu->data.data_sn = be32_to_cpu(w->data_sn);
	pdu->data.buffer_offset = be32_to_cpu(w->buffer_offset);
	return ISCSI_PDU_OK;
}

/* Data-In and R2T differ in what the last word means and in the flags. */
static enum iscsi_pdu_fault decode_data_in(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_data_in *w = (const void *)bhs;

	pdu->data.data_sn = be32_to_cpu(w->data_sn);
	pdu->data.buffer_offset = be32_to_cpu(w->buffer_offset);
	pdu->data.len = be32_to_cpu(w->residual);
	if (pdu->opcode == ISCSI_DATA_IN) {
		pdu->data.status = w->status;
		pdu->data.status_valid = w->flags & ISCSI_DATA_IN_STATUS;
		pdu->data.ack = w->flags & ISCSI_DATA_IN_ACK;
		pdu->data.over = w->flags & ISCSI_RSP_OVER;
		pdu->data.under = w->flags & ISCSI_RSP_UNDER;
	}
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_async(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_async *w = (const void *)bhs;

	pdu->async.event = w->event;
	pdu->async.vcode = w->vcode;
	pdu->async.parameter1 = be16_to_cpu(w->parameter1);
	pdu->async.parameter2 = be16_to_cpu(w->parameter2);
	pdu->async.parameter3 = be16_to_cpu(w->parameter3);
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_logout(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_logout_req *w = (const void *)bhs;

	pdu->logout.reason = w->flags & ISCSI_LOW7;
	pdu->logout.cid = be16_to_cpu(w->cid);
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_logout_rsp(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_logout_rsp *w = (const void *)bhs;

	pdu->logout_rsp.response = w->response;
	pdu->logout_rsp.time2wait = be16_to_cpu(w->time2wait);
	pdu->logout_rsp.time2retain = be16_to_cpu(w->time2retain);
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_snack(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_snack *w = (const void *)bhs;

	pdu->snack.type = w->flags & ISCSI_SNACK_TYPE;
	pdu->snack.beg_run = be32_to_cpu(w->beg_run);
	pdu->snack.run_len = be32_to_cpu(w->run_len);
	return ISCSI_PDU_OK;
}

static enum iscsi_pdu_fault decode_reject(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_reject *w = (const void *)bhs;

	pdu->reject.reason = w->reason;
	pdu->reject.data_sn = be32_to_cpu(w->data_sn);
	return ISCSI_PDU_OK;
}

static void decode_common(const struct iscsi_bhs *bhs, struct iscsi_pdu *pdu)
{
	const struct iscsi_bhs_nop_in *rsp = (const void *)bhs;
	const struct iscsi_bhs_data_out *req = (const void *)bhs;
	u32 lengths = be32_to_cpu(bhs->lengths);

	memset(pdu, 0, sizeof(*pdu));
	pdu->opcode = bhs->opcode & ISCSI_OPCODE;
	pdu->immediate = !is_response(pdu->opcode) && (bhs->opcode & ISCSI_IMMEDIATE);
	pdu->final = bhs->flags & ISCSI_FLAG_FINAL;
	pdu->ahs_len = (u16)(FIELD_OF(ISCSI_AHS_WORDS, lengths) * 4);
	pdu->data_len = FIELD_OF(ISCSI_DATA_LEN, lengths);
	memcpy(pdu->lun, bhs->lun, sizeof(pdu->lun));
	pdu->itt = be32_to_cpu(bhs->itt);
	pdu->ttt = be32_to_cpu(req->ttt);
	if (is_response(pdu->opcode)) {
		pdu->stat_sn = be32_to_cpu(rsp->stat_sn);
		pdu->exp_cmd_sn = be32_to_cpu(rsp->exp_cmd_sn);
		pdu->max_cmd_sn = be32_to_cpu(rsp->max_cmd_sn);
	} else {
		/* In Data-Out and SNACK this word is reserved, whatever it holds. */
		pdu->cmd_sn = be32_to_cpu(req->reserved2);
		pdu->exp_stat_sn = be32_to_cpu(req->exp_stat_sn);
	}
}

enum iscsi_pdu_fault iscsi_pdu_decode(const u8 wire[ISCSI_BHS_BYTES], struct iscsi_pdu *pdu)
{
	struct iscsi_bhs bhs;

	memcpy(&bhs, wire, sizeof(bhs));
	decode_common(&bhs, pdu);
	if (!opcode_known(pdu->opcode))
		return ISCSI_PDU_OPCODE;
	switch (pdu->opcode) {
	case ISCSI_SCSI_CMD:
		return decode_scsi_cmd(&bhs, pdu);
	case ISCSI_SCSI_RSP:
		return decode_scsi_rsp(&bhs, pdu);
	case ISCSI_TMF_REQ:
		return decode_tmf(&bhs, pdu);
	case ISCSI_TMF_RSP:
		pdu->tmf_rsp.response = bhs.spec[0];
		return ISCSI_PDU_OK;
	case ISCSI_LOGIN_REQ:
	case ISCSI_LOGIN_RSP:
		return decode_login(&bhs, pdu);
	case ISCSI_TEXT_REQ:
	case ISCSI_TEXT_RSP:
		return decode_text(&bhs, pdu);
	case ISCSI_DATA_OUT:
		return decode_data_out(&bhs, pdu);
	case ISCSI_DATA_IN:
	case ISCSI_R2T:
		return decode_data_in(&bhs, pdu);
	case ISCSI_LOGOUT_REQ:
		return decode_logout(&bhs, pdu);
	case ISCSI_LOGOUT_RSP:
		return decode_logout_rsp(&bhs, pdu);
	case ISCSI_SNACK_REQ:
		return decode_snack(&bhs, pdu);
	case ISCSI_ASYNC:
		return decode_async(&bhs, pdu);
	case ISCSI_REJECT:
		return decode_reject(&bhs, pdu);
	case ISCSI_NOP_OUT:
	case ISCSI_NOP_IN:
		return ISCSI_PDU_OK;
	}
	return ISCSI_PDU_OPCODE;
}

bool iscsi_pdu_split(const struct iscsi_pdu *pdu, const u8 *after_bhs, size_t len, const u8 **ahs,
		     const u8 **data)
{
	u64 need = (u64)pdu->ahs_len + pdu->data_len;

	if (len < need || len - need > ISER_PADDING_MAX)
		return false;
	*ahs = after_bhs;
	*data = after_bhs + pdu->ahs_len;
	return true;
}
