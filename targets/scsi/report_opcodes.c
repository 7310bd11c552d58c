// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* REPORT SUPPORTED OPERATION CODES, SPC-4 6.35: the table of op.c, on the wire. */
#include "targets/scsi/cmd.h"

#define RCTD			0x80	/* byte 2: with command timeouts */
#define REPORTING_OPTIONS	0x07
#define CTDP_ALL		0x02	/* byte 5 of a command descriptor */
#define SERVACTV		0x01
#define CTDP_ONE		0x80	/* byte 1 of the one-command format */
#define SUPPORT_NOT		0x01
#define SUPPORT_STANDARD	0x03
#define TIMEOUTS_LEN		12u

enum reporting { REPORT_ALL, REPORT_OPCODE, REPORT_SERVICE_ACTION, REPORT_EITHER };

/* Command timeouts descriptor: a length, and times of 0 for "not known". */
static unsigned put_timeouts(bool wanted, uint8_t *out)
{
	if (!wanted)
		return 0;
	put_unaligned_be16(TIMEOUTS_LEN - 2, out);
	return TIMEOUTS_LEN;
}

static void report_all(struct oriser_cmd *cmd, bool timeouts, uint32_t alloc)
{
	uint8_t *out = scsi_cmd_of(cmd)->buf.data;
	unsigned len = 4;

	for (unsigned i = 0; i < scsi_op_n; i++) {
		const struct scsi_op *op = &scsi_ops[i];
		uint8_t *d = out + len;

		if (!scsi_op_exists(op, scsi_lun_of(cmd)))
			continue;
		d[0] = op->opcode;
		if (op->flags & OP_SA) {
			put_unaligned_be16(op->service_action, d + 2);
			d[5] |= SERVACTV;
		}
		if (timeouts)
			d[5] |= CTDP_ALL;
		put_unaligned_be16(op->cdb_len, d + 6);
		len += 8 + put_timeouts(timeouts, d + 8);
	}
	put_unaligned_be32(len - 4, out);
	scsi_reply(cmd, len, alloc);
}

static void report_one(struct oriser_cmd *cmd, const struct scsi_op *op, bool timeouts,
		       uint32_t alloc)
{
	uint8_t *out = scsi_cmd_of(cmd)->buf.data;

	if (!op) {
		out[1] = SUPPORT_NOT;
		scsi_reply(cmd, 4, alloc);
		return;
	}
	out[1] = SUPPORT_STANDARD | (timeouts ? CTDP_ONE : 0);
	put_unaligned_be16(op->cdb_len, out + 2);
	memcpy(out + 4, op->usage, op->cdb_len);
	/* The service action is reported as the value that it has, not as a mask. */
	if (op->flags & OP_SA)
		out[5] = (uint8_t)((op->usage[1] & ~0x1f) | op->service_action);
	scsi_reply(cmd, 4 + op->cdb_len + put_timeouts(timeouts, out + 4 + op->cdb_len), alloc);
}

void scsi_report_opcodes(struct oriser_cmd *cmd)
{
	const uint8_t *cdb = cmd->cdb;
	bool timeouts = cdb[2] & RCTD;
	uint16_t service_action = get_unaligned_be16(&cdb[4]);
	uint32_t alloc = get_unaligned_be32(&cdb[6]);
	enum reporting what = cdb[2] & REPORTING_OPTIONS;
	const struct scsi_op *op;
	bool known, has_actions;

	if (what == REPORT_ALL) {
		report_all(cmd, timeouts, alloc);
		return;
	}
	if (what > REPORT_EITHER) {
		scsi_bad_cdb(cmd, 2, 2);
		return;
	}
	op = scsi_op_find(scsi_lun_of(cmd), cdb[3], (uint8_t)service_action, &known);
	if (service_action > 0x1f)
		op = op && (op->flags & OP_SA) ? NULL : op;
	has_actions = known && (!op || (op->flags & OP_SA));
	/* A question in the wrong form has no answer, SPC-4 table 246. */
	if (known && what == REPORT_OPCODE && has_actions)
		scsi_bad_cdb(cmd, 2, 2);
	else if (known && what == REPORT_SERVICE_ACTION && !has_actions)
		scsi_bad_cdb(cmd, 2, 2);
	else if (known && what == REPORT_EITHER && !has_actions && service_action)
		report_one(cmd, NULL, timeouts, alloc);
	else
		report_one(cmd, op, timeouts, alloc);
}
