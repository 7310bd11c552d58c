// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * In order of the opcodes.  CDB layouts: SPC-4 chapter 6, SBC-3 chapter 5.  Protection information, group
 * numbers, NACA and obsolete bits are not supported and so not in the masks; a CDB that sets them is refused
 * with a field pointer.
 */
#include "targets/scsi/op.h"

#include "core/env.h"
#include "targets/scsi/lun.h"

#define B2	0xff, 0xff
#define B4	B2, B2
#define B8	B4, B4
#define RSV	0x00
#define CONTROL	0x00

#define DPO_FUA	0x18	/* byte 1 of READ and WRITE */
#define DPO_BYT	0x16	/* DPO and BYTCHK: byte 1 of VERIFY */

#define OP(name, action, len, flags, fn, ...)						\
	{ SCSI_##name, action, len, flags, { SCSI_##name, __VA_ARGS__ }, scsi_##fn },

/* Operation code, service action, length of the CDB, flags, who does it; bits of the CDB from byte 1 on. */
#define OPS										\
	OP(TEST_UNIT_READY, 0, 6, 0, test_unit_ready,					\
	   RSV, RSV, RSV, RSV, CONTROL)							\
	OP(REQUEST_SENSE, 0, 6, OP_REPLY | OP_ANY_LUN, request_sense,			\
	   0x01, RSV, RSV, 0xff, CONTROL)						\
	OP(READ_6, 0, 6, 0, read,							\
	   0x1f, B2, 0xff, CONTROL)							\
	OP(WRITE_6, 0, 6, OP_WRITES, write,						\
	   0x1f, B2, 0xff, CONTROL)							\
	OP(INQUIRY, 0, 6, OP_REPLY | OP_ANY_LUN, inquiry,				\
	   0x01, 0xff, B2, CONTROL)							\
	OP(MODE_SELECT_6, 0, 6, 0, mode_select,						\
	   0x11, RSV, RSV, 0xff, CONTROL)						\
	OP(MODE_SENSE_6, 0, 6, OP_REPLY, mode_sense,					\
	   0x08, 0xff, 0xff, 0xff, CONTROL)						\
	OP(START_STOP_UNIT, 0, 6, 0, start_stop_unit,					\
	   0x01, RSV, 0x0f, 0xf7, CONTROL)						\
	OP(READ_CAPACITY_10, 0, 10, OP_REPLY, read_capacity_10,				\
	   RSV, RSV, RSV, RSV, RSV, RSV, RSV, RSV, CONTROL)				\
	OP(READ_10, 0, 10, 0, read,							\
	   DPO_FUA, B4, RSV, B2, CONTROL)						\
	OP(WRITE_10, 0, 10, OP_WRITES, write,						\
	   DPO_FUA, B4, RSV, B2, CONTROL)						\
	OP(WRITE_AND_VERIFY_10, 0, 10, OP_WRITES, write_and_verify,			\
	   DPO_BYT, B4, RSV, B2, CONTROL)						\
	OP(VERIFY_10, 0, 10, 0, verify,							\
	   DPO_BYT, B4, RSV, B2, CONTROL)						\
	OP(SYNCHRONIZE_CACHE_10, 0, 10, 0, synchronize_cache,				\
	   0x02, B4, RSV, B2, CONTROL)							\
	OP(WRITE_SAME_10, 0, 10, OP_WRITES, write_same,					\
	   0x18, B4, RSV, B2, CONTROL)							\
	OP(UNMAP, 0, 10, OP_WRITES | OP_UNMAP, unmap,					\
	   0x01, RSV, RSV, RSV, RSV, RSV, B2, CONTROL)					\
	OP(MODE_SELECT_10, 0, 10, 0, mode_select,					\
	   0x11, RSV, RSV, RSV, RSV, RSV, B2, CONTROL)					\
	OP(MODE_SENSE_10, 0, 10, OP_REPLY, mode_sense,					\
	   0x18, 0xff, 0xff, RSV, RSV, RSV, B2, CONTROL)				\
	OP(READ_16, 0, 16, 0, read,							\
	   DPO_FUA, B8, B4, RSV, CONTROL)						\
	OP(WRITE_16, 0, 16, OP_WRITES, write,						\
	   DPO_FUA, B8, B4, RSV, CONTROL)						\
	OP(WRITE_AND_VERIFY_16, 0, 16, OP_WRITES, write_and_verify,			\
	   DPO_BYT, B8, B4, RSV, CONTROL)						\
	OP(VERIFY_16, 0, 16, 0, verify,							\
	   DPO_BYT, B8, B4, RSV, CONTROL)						\
	OP(SYNCHRONIZE_CACHE_16, 0, 16, 0, synchronize_cache,				\
	   0x02, B8, B4, RSV, CONTROL)							\
	OP(WRITE_SAME_16, 0, 16, OP_WRITES, write_same,					\
	   0x19, B8, B4, RSV, CONTROL)							\
	OP(SERVICE_ACTION_IN_16, SCSI_SA_READ_CAPACITY_16, 16, OP_REPLY | OP_SA, read_capacity_16,	\
	   0x1f, RSV, RSV, RSV, RSV, RSV, RSV, RSV, RSV, B4, RSV, CONTROL)		\
	OP(SERVICE_ACTION_IN_16, SCSI_SA_GET_LBA_STATUS, 16, OP_REPLY | OP_SA | OP_UNMAP, get_lba_status,	\
	   0x1f, B8, B4, RSV, CONTROL)							\
	OP(REPORT_LUNS, 0, 12, OP_REPLY | OP_ANY_LUN, report_luns,			\
	   RSV, 0xff, RSV, RSV, RSV, B4, RSV, CONTROL)					\
	OP(MAINTENANCE_IN, SCSI_SA_REPORT_SUPPORTED_OPCODES, 12, OP_REPLY | OP_SA, report_opcodes,	\
	   0x1f, 0x87, 0xff, B2, B4, RSV, CONTROL)					\
	OP(READ_12, 0, 12, 0, read,							\
	   DPO_FUA, B4, B4, RSV, CONTROL)						\
	OP(WRITE_12, 0, 12, OP_WRITES, write,						\
	   DPO_FUA, B4, B4, RSV, CONTROL)						\
	OP(WRITE_AND_VERIFY_12, 0, 12, OP_WRITES, write_and_verify,			\
	   DPO_BYT, B4, B4, RSV, CONTROL)						\
	OP(VERIFY_12, 0, 12, 0, verify,							\
	   DPO_BYT, B4, B4, RSV, CONTROL)

const struct scsi_op scsi_ops[] = { OPS };
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
