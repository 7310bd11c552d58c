// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The other half of pdu.h: a header into wire order, reserved fields zero. */
#include "iser/engine/pdu.h"

static u8 flag(bool set, u8 bit)
{
	return set ? bit : 0;
}

static void encode_scsi_cmd(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_scsi_cmd *w = (void *)bhs;

	w->flags |= flag(pdu->cmd.read, ISCSI_CMD_READ) | flag(pdu->cmd.write, ISCSI_CMD_WRITE) |
		    (pdu->cmd.attr & ISCSI_CMD_ATTR);
	w->expected_len = cpu_to_be32(pdu->cmd.expected_len);
	memcpy(w->cdb, pdu->cmd.cdb, sizeof(w->cdb));
}

static void encode_scsi_rsp(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_scsi_rsp *w = (void *)bhs;

	w->flags |= flag(pdu->rsp.over, ISCSI_RSP_OVER) | flag(pdu->rsp.under, ISCSI_RSP_UNDER) |
		    flag(pdu->rsp.bidi_over, ISCSI_RSP_BIDI_OVER) |
		    flag(pdu->rsp.bidi_under, ISCSI_RSP_BIDI_UNDER);
	w->response = pdu->rsp.response;
	w->status = pdu->rsp.status;
	w->snack_tag = cpu_to_be32(pdu->rsp.snack_tag);
	w->exp_data_sn = cpu_to_be32(pdu->rsp.exp_data_sn);
	w->bidi_residual = cpu_to_be32(pdu->rsp.bidi_residual);
	w->residual = cpu_to_be32(pdu->rsp.residual);
}

static void encode_tmf(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_tmf_req *w = (void *)bhs;

	w->flags |= pdu->tmf.function & ISCSI_LOW7;
	w->ref_itt = cpu_to_be32(pdu->tmf.ref_itt);
	w->ref_cmd_sn = cpu_to_be32(pdu->tmf.ref_cmd_sn);
	w->exp_data_sn = cpu_to_be32(pdu->tmf.exp_data_sn);
}

static void encode_login(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_login_req *w = (void *)bhs;
	struct iscsi_bhs_login_rsp *r = (void *)bhs;

	w->flags |= flag(pdu->more, ISCSI_FLAG_CONTINUE) |
		    (u8)FIELD(ISCSI_LOGIN_CSG, pdu->login.csg);
	if (pdu->final)
		w->flags |= (u8)FIELD(ISCSI_LOGIN_NSG, pdu->login.nsg);
	w->version_max = pdu->login.version_max;
	w->version_min = pdu->login.version;
	memcpy(w->isid, pdu->login.isid, sizeof(w->isid));
	w->tsih = cpu_to_be16(pdu->login.tsih);
	if (pdu->opcode == ISCSI_LOGIN_REQ) {
		w->cid = cpu_to_be16(pdu->login.cid);
	} else {
		r->status_class = pdu->login.status_class;
		r->status_detail = pdu->login.status_detail;
	}
}

static void encode_data_out(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_data_out *w = (void *)bhs;

	w->data_sn = cpu_to_be32(pdu->data.data_sn);
	w->buffer_offset = cpu_to_be32(pdu->data.buffer_offset);
}

static void encode_data_in(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_data_in *w = (void *)bhs;

	w->data_sn = cpu_to_be32(pdu->data.data_sn);
	w->buffer_offset = cpu_to_be32(pdu->data.buffer_offset);
	w->residual = cpu_to_be32(pdu->data.len);
	if (pdu->opcode == ISCSI_R2T)
		return;
	w->status = pdu->data.status;
	w->flags |= flag(pdu->data.status_valid, ISCSI_DATA_IN_STATUS) |
		    flag(pdu->data.ack, ISCSI_DATA_IN_ACK) | flag(pdu->data.over, ISCSI_RSP_OVER) |
		    flag(pdu->data.under, ISCSI_RSP_UNDER);
}

static void encode_async(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_async *w = (void *)bhs;

	w->event = pdu->async.event;
	w->vcode = pdu->async.vcode;
	w->parameter1 = cpu_to_be16(pdu->async.parameter1);
	w->parameter2 = cpu_to_be16(pdu->async.parameter2);
	w->parameter3 = cpu_to_be16(pdu->async.parameter3);
}

static void encode_logout(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_logout_req *w = (void *)bhs;

	w->flags |= pdu->logout.reason & ISCSI_LOW7;
	w->cid = cpu_to_be16(pdu->logout.cid);
}

static void encode_logout_rsp(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_logout_rsp *w = (void *)bhs;

	w->response = pdu->logout_rsp.response;
	w->time2wait = cpu_to_be16(pdu->logout_rsp.time2wait);
	w->time2retain = cpu_to_be16(pdu->logout_rsp.time2retain);
}

static void encode_snack(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_snack *w = (void *)bhs;

	w->flags |= pdu->snack.type & ISCSI_SNACK_TYPE;
	w->beg_run = cpu_to_be32(pdu->snack.beg_run);
	w->run_len = cpu_to_be32(pdu->snack.run_len);
}

static void encode_reject(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_reject *w = (void *)bhs;

	w->reason = pdu->reject.reason;
	w->data_sn = cpu_to_be32(pdu->reject.data_sn);
}

static bool has_lun(enum iscsi_opcode opcode)
{
	return opcode != ISCSI_SCSI_RSP && opcode != ISCSI_TMF_RSP && opcode != ISCSI_LOGIN_REQ &&
	       opcode != ISCSI_LOGIN_RSP && opcode != ISCSI_LOGOUT_REQ &&
	       opcode != ISCSI_LOGOUT_RSP && opcode != ISCSI_REJECT;
}

static bool has_ttt(enum iscsi_opcode opcode)
{
	return opcode == ISCSI_NOP_OUT || opcode == ISCSI_NOP_IN || opcode == ISCSI_TEXT_REQ ||
	       opcode == ISCSI_TEXT_RSP || opcode == ISCSI_DATA_OUT || opcode == ISCSI_DATA_IN ||
	       opcode == ISCSI_R2T || opcode == ISCSI_SNACK_REQ;
}

static void encode_common(const struct iscsi_pdu *pdu, struct iscsi_bhs *bhs)
{
	struct iscsi_bhs_nop_in *rsp = (void *)bhs;
	struct iscsi_bhs_nop_out *req = (void *)bhs;

	memset(bhs, 0, sizeof(*bhs));
	bhs->opcode = (u8)(pdu->opcode | flag(pdu->immediate, ISCSI_IMMEDIATE));
	bhs->flags = flag(pdu->final, ISCSI_FLAG_FINAL);
	bhs->lengths = cpu_to_be32(FIELD(ISCSI_AHS_WORDS, pdu->ahs_len / 4) |
				   FIELD(ISCSI_DATA_LEN, pdu->data_len));
	if (has_lun(pdu->opcode))
		memcpy(bhs->lun, pdu->lun, sizeof(bhs->lun));
	bhs->itt = cpu_to_be32(pdu->itt);
	if (has_ttt(pdu->opcode))
		req->ttt = cpu_to_be32(pdu->ttt);
	if (pdu->opcode & 0x20) {
		rsp->stat_sn = cpu_to_be32(pdu->stat_sn);
		rsp->exp_cmd_sn = cpu_to_be32(pdu->exp_cmd_sn);
		rsp->max_cmd_sn = cpu_to_be32(pdu->max_cmd_sn);
	} else {
		if (pdu->opcode != ISCSI_DATA_OUT && pdu->opcode != ISCSI_SNACK_REQ)
			req->cmd_sn = cpu_to_be32(pdu->cmd_sn);
		req->exp_stat_sn = cpu_to_be32(pdu->exp_stat_sn);
	}
}

void iscsi_pdu_encode(const struct iscsi_pdu *pdu, u8 out[ISCSI_BHS_BYTES])
{
	struct iscsi_bhs bhs;

	encode_common(pdu, &bhs);
	switch (pdu->opcode) {
	case ISCSI_SCSI_CMD:
		encode_scsi_cmd(pdu, &bhs);
		break;
	case ISCSI_SCSI_RSP:
		encode_scsi_rsp(pdu, &bhs);
		break;
	case ISCSI_TMF_REQ:
		encode_tmf(pdu, &bhs);
		break;
	case ISCSI_TMF_RSP:
		bhs.spec[0] = pdu->tmf_rsp.response;
		break;
	case ISCSI_LOGIN_REQ:
	case ISCSI_LOGIN_RSP:
		encode_login(pdu, &bhs);
		break;
	case ISCSI_TEXT_REQ:
	case ISCSI_TEXT_RSP:
		bhs.flags |= flag(pdu->more, ISCSI_FLAG_CONTINUE);
		break;
	case ISCSI_DATA_OUT:
		encode_data_out(pdu, &bhs);
		break;
	case ISCSI_DATA_IN:
	case ISCSI_R2T:
		encode_data_in(pdu, &bhs);
		break;
	case ISCSI_LOGOUT_REQ:
		encode_logout(pdu, &bhs);
		break;
	case ISCSI_LOGOUT_RSP:
		encode_logout_rsp(pdu, &bhs);
		break;
	case ISCSI_SNACK_REQ:
		encode_snack(pdu, &bhs);
		break;
	case ISCSI_ASYNC:
		encode_async(pdu, &bhs);
		break;
	case ISCSI_REJECT:
		encode_reject(pdu, &bhs);
		break;
	case ISCSI_NOP_OUT:
	case ISCSI_NOP_IN:
		break;
	}
	memcpy(out, &bhs, sizeof(bhs));
}

const char *iscsi_opcode_str(enum iscsi_opcode opcode)
{
	switch (opcode) {
	case ISCSI_NOP_OUT:
		return "NOP-Out";
	case ISCSI_SCSI_CMD:
		return "SCSI Command";
	case ISCSI_TMF_REQ:
		return "Task Management Request";
	case ISCSI_LOGIN_REQ:
		return "Login Request";
	case ISCSI_TEXT_REQ:
		return "Text Request";
	case ISCSI_DATA_OUT:
		return "Data-Out";
	case ISCSI_LOGOUT_REQ:
		return "Logout Request";
	case ISCSI_SNACK_REQ:
		return "SNACK Request";
	case ISCSI_NOP_IN:
		return "NOP-In";
	case ISCSI_SCSI_RSP:
		return "SCSI Response";
	case ISCSI_TMF_RSP:
		return "Task Management Response";
	case ISCSI_LOGIN_RSP:
		return "Login Response";
	case ISCSI_TEXT_RSP:
		return "Text Response";
	case ISCSI_DATA_IN:
		return "Data-In";
	case ISCSI_LOGOUT_RSP:
		return "Logout Response";
	case ISCSI_R2T:
		return "R2T";
	case ISCSI_ASYNC:
		return "Asynchronous Message";
	case ISCSI_REJECT:
		return "Reject";
	}
	return "unknown opcode";
}
