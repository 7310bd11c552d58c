/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The table of commands: what is supported, what a CDB may hold, who does it. */
#ifndef TARGETS_SCSI_OP_H
#define TARGETS_SCSI_OP_H

#include "targets/scsi/scsi_proto.h"

#include <stdbool.h>
#include <stdint.h>

struct oriser_cmd;
struct lun;

enum scsi_op_flags {
	OP_REPLY	= 1 << 0,	/* run() finds a zeroed buf of SCSI_REPLY_MAX bytes */
	OP_ANY_LUN	= 1 << 1,	/* also where there is no LUN, and past unit attentions */
	OP_WRITES	= 1 << 2,	/* refused when the medium is write protected */
	OP_UNMAP	= 1 << 3,	/* exists only where the store can unmap */
	OP_SA = 1 << 4,	     /* one of several with this opcode, told apart by service_action */
};

#define SCSI_REPLY_MAX	4096u

struct scsi_op {
	uint8_t opcode;
	uint8_t service_action;
	uint8_t cdb_len;
	uint8_t flags;
	/* Bits that may be set, as reported by REPORT SUPPORTED OPERATION CODES; byte 0 is the opcode. */
	uint8_t usage[SCSI_CDB_MAX];
	void (*run)(struct oriser_cmd *cmd);
};

extern const struct scsi_op scsi_ops[];
extern const unsigned scsi_op_n;

/* NULL: not supported.  opcode_known: some other service action of it is. */
const struct scsi_op *scsi_op_find(const struct lun *lun, uint8_t opcode, uint8_t service_action,
				   bool *opcode_known);
/* False: this LUN does not have it. */
bool scsi_op_exists(const struct scsi_op *op, const struct lun *lun);

void scsi_test_unit_ready(struct oriser_cmd *cmd);
void scsi_request_sense(struct oriser_cmd *cmd);
void scsi_inquiry(struct oriser_cmd *cmd);
void scsi_mode_sense(struct oriser_cmd *cmd);
void scsi_mode_select(struct oriser_cmd *cmd);
void scsi_start_stop_unit(struct oriser_cmd *cmd);
void scsi_read_capacity_10(struct oriser_cmd *cmd);
void scsi_read_capacity_16(struct oriser_cmd *cmd);
void scsi_get_lba_status(struct oriser_cmd *cmd);
void scsi_read(struct oriser_cmd *cmd);
void scsi_write(struct oriser_cmd *cmd);
void scsi_write_and_verify(struct oriser_cmd *cmd);
void scsi_verify(struct oriser_cmd *cmd);
void scsi_synchronize_cache(struct oriser_cmd *cmd);
void scsi_write_same(struct oriser_cmd *cmd);
void scsi_unmap(struct oriser_cmd *cmd);
void scsi_report_luns(struct oriser_cmd *cmd);
void scsi_report_opcodes(struct oriser_cmd *cmd);

#endif
