// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * In order of the opcodes.  CDB layouts: SPC-4 chapter 6, SBC-3 chapter 5.  Protection information, group numbers, NACA and obsolete
 * bits are not supported and so not in the masks; a CDB that sets them is refused with a field pointer.
 */
#include "targets/scsi/op.h"

#include "core/env.h"
#include "targets/scsi/lun.h"

#define B2	0xff, 0xff
#define B3	B2, 0xff
#define B4	B2, B2
#define B8	B4, B4
#define RSV	0x00
#define CONTROL	0x00

#define DPO_FUA	0x18	/* byte 1 of READ and WRITE */
#define DPO_BYT	0x16	/* DPO and BYTCHK: byte 1 of VERIFY */

const struct scsi_op scsi_ops[] = {
	{ SCSI_TEST_UNIT_READY, 0, 6, 0,
	  { 0x00, RSV, RSV, RSV, RSV, CONTROL }, scsi_test_unit_ready },
	{ SCSI_REQUEST_SENSE, 0, 6, OP_REPLY | OP_ANY_LUN,
	  { 0x03, 0x01, RSV, RSV, 0xff, CONTROL }, scsi_request_sense },
	{ SCSI_READ_6, 0, 6, 0,
	  { 0x08, 0x1f, B2, 0xff, CONTROL }, scsi_read },
	{ SCSI_WRITE_6, 0, 6, OP_WRITES,
	  { 0x0a, 0x1f, B2, 0xff, CONTROL }, scsi_write },
	{ SCSI_INQUIRY, 0, 6, OP_REPLY | OP_ANY_LUN,
	  { 0x12, 0x01, 0xff, B2, CONTROL }, scsi_inquiry },
	{ SCSI_MODE_SELECT_6, 0, 6, 0,
	  { 0x15, 0x11, RSV, RSV, 0xff, CONTROL }, scsi_mode_select },
	{ SCSI_MODE_SENSE_6, 0, 6, OP_REPLY,
	  { 0x1a, 0x08, 0xff, 0xff, 0xff, CONTROL }, scsi_mode_sense },
	{ SCSI_START_STOP_UNIT, 0, 6, 0,
	  { 0x1b, 0x01, RSV, 0x0f, 0xf7, CONTROL }, scsi_start_stop_unit },
	{ SCSI_READ_CAPACITY_10, 0, 10, OP_REPLY,
	  { 0x25, RSV, RSV, RSV, RSV, RSV, RSV, RSV, RSV, CONTROL }, scsi_read_capacity_10 },
	{ SCSI_READ_10, 0, 10, 0,
	  { 0x28, DPO_FUA, B4, RSV, B2, CONTROL }, scsi_read },
	{ SCSI_WRITE_10, 0, 10, OP_WRITES,
	  { 0x2a, DPO_FUA, B4, RSV, B2, CONTROL }, scsi_write },
	{ SCSI_WRITE_AND_VERIFY_10, 0, 10, OP_WRITES,
	  { 0x2e, DPO_BYT, B4, RSV, B2, CONTROL }, scsi_write_and_verify },
	{ SCSI_VERIFY_10, 0, 10, 0,
	  { 0x2f, DPO_BYT, B4, RSV, B2, CONTROL }, scsi_verify },
	{ SCSI_SYNCHRONIZE_CACHE_10, 0, 10, 0,
	  { 0x35, 0x02, B4, RSV, B2, CONTROL }, scsi_synchronize_cache },
	{ SCSI_WRITE_SAME_10, 0, 10, OP_WRITES,
	  { 0x41, 0x18, B4, RSV, B2, CONTROL }, scsi_write_same },
	{ SCSI_UNMAP, 0, 10, OP_WRITES | OP_UNMAP,
	  { 0x42, 0x01, RSV, RSV, RSV, RSV, RSV, B2, CONTROL }, scsi_unmap },
	{ SCSI_MODE_SELECT_10, 0, 10, 0,
	  { 0x55, 0x11, RSV, RSV, RSV, RSV, RSV, B2, CONTROL }, scsi_mode_select },
	{ SCSI_MODE_SENSE_10, 0, 10, OP_REPLY,
	  { 0x5a, 0x18, 0xff, 0xff, RSV, RSV, RSV, B2, CONTROL }, scsi_mode_sense },
	{ SCSI_READ_16, 0, 16, 0,
	  { 0x88, DPO_FUA, B8, B4, RSV, CONTROL }, scsi_read },
	{ SCSI_WRITE_16, 0, 16, OP_WRITES,
	  { 0x8a, DPO_FUA, B8, B4, RSV, CONTROL }, scsi_write },
	{ SCSI_WRITE_AND_VERIFY_16, 0, 16, OP_WRITES,
	  { 0x8e, DPO_BYT, B8, B4, RSV, CONTROL }, scsi_write_and_verify },
	{ SCSI_VERIFY_16, 0, 16, 0,
	  { 0x8f, DPO_BYT, B8, B4, RSV, CONTROL }, scsi_verify },
	{ SCSI_SYNCHRONIZE_CACHE_16, 0, 16, 0,
	  { 0x91, 0x02, B8, B4, RSV, CONTROL }, scsi_synchronize_cache },
	{ SCSI_WRITE_SAME_16, 0, 16, OP_WRITES,
	  { 0x93, 0x19, B8, B4, RSV, CONTROL }, scsi_write_same },
	{ SCSI_SERVICE_ACTION_IN_16, SCSI_SA_READ_CAPACITY_16, 16, OP_REPLY | OP_SA,
	  { 0x9e, 0x1f, RSV, RSV, RSV, RSV, RSV, RSV, RSV, RSV, B4, RSV, CONTROL },
	  scsi_read_capacity_16 },
	{ SCSI_REPORT_LUNS, 0, 12, OP_REPLY | OP_ANY_LUN,
	  { 0xa0, RSV, 0xff, RSV, RSV, RSV, B4, RSV, CONTROL }, scsi_report_luns },
	{ SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_SUPPORTED_OPCODES, 12, OP_REPLY | OP_SA,
	  { 0xa3, 0x1f, 0x87, 0xff, B2, B4, RSV, CONTROL }, scsi_report_opcodes },
	{ SCSI_READ_12, 0, 12, 0,
	  { 0xa8, DPO_FUA, B4, B4, RSV, CONTROL }, scsi_read },
	{ SCSI_WRITE_12, 0, 12, OP_WRITES,
	  { 0xaa, DPO_FUA, B4, B4, RSV, CONTROL }, scsi_write },
	{ SCSI_WRITE_AND_VERIFY_12, 0, 12, OP_WRITES,
	  { 0xae, DPO_BYT, B4, B4, RSV, CONTROL }, scsi_write_and_verify },
	{ SCSI_VERIFY_12, 0, 12, 0,
	  { 0xaf, DPO_BYT, B4, B4, RSV, CONTROL }, scsi_verify },
};
const unsigned scsi_op_n = ARRAY_SIZE(scsi_ops);

bool scsi_op_exists(const struct scsi_op *op, const struct lun *lun)
{
	return !(op->flags & OP_UNMAP) || lun->store->info.unmap_granularity;
}

/* The first entry of an opcode, or of the next one: the table is in order. */
static unsigned lower_bound(uint8_t opcode)
{
	unsigned low = 0, high = scsi_op_n;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (scsi_ops[mid].opcode < opcode)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct scsi_op *scsi_op_find(const struct lun *lun, uint8_t opcode, uint8_t service_action,
				   bool *opcode_known)
{
	*opcode_known = false;
	for (unsigned i = lower_bound(opcode); i < scsi_op_n; i++) {
		const struct scsi_op *op = &scsi_ops[i];

		if (op->opcode != opcode)
			break;
		if (!scsi_op_exists(op, lun))
			continue;
		*opcode_known = true;
		if (!(op->flags & OP_SA) || op->service_action == service_action)
			return op;
	}
	return NULL;
}
