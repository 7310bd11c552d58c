// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* TEST UNIT READY and REQUEST SENSE, SPC-4 6.47 and 6.39: is the LUN well, and what has it to say. */
#include "targets/scsi/attention.h"
#include "targets/scsi/cmd.h"

void scsi_test_unit_ready(struct oriser_cmd *cmd)
{
	if (atomic_load(&scsi_lun_of(cmd)->store->failed))
		scsi_store_error(cmd, -STORE_EFAILED, 0);
	else
		scsi_good(cmd, 0);
}

/* Sense data is what it returns, with status GOOD. */
void scsi_request_sense(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct sense sense = { .key = KEY_NO_SENSE, .asc = ASC_NONE };
	bool descriptor = cmd->cdb[1] & 0x01;

	if (!sc->lun_exists) {
		sense = (struct sense){ .key = KEY_ILLEGAL_REQUEST, .asc = ASC_LUN_NOT_SUPPORTED };
	} else if (atomic_load(&scsi_lun_of(cmd)->store->failed)) {
		sense = (struct sense){ .key = KEY_HARDWARE_ERROR,
					.asc = ASC_LOGICAL_UNIT_FAILURE };
	} else {
		sense.asc = scsi_attention_take(scsi_nexus_of(cmd));
		if (sense.asc)
			sense.key = KEY_UNIT_ATTENTION;
	}
	scsi_reply(cmd, sense_encode(&sense, descriptor, sc->buf.data), cmd->cdb[4]);
}
