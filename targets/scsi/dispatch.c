// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The way of each command: does it exist, is the LUN there, is a unit attention due, is the CDB well formed,
 * may the medium be written.  In that order, SAM-5 5.8.7 and 5.14, SPC-4 5.3.3 and 5.3.5.
 */
#include "targets/scsi/dispatch.h"

#include "targets/scsi/attention.h"
#include "targets/scsi/cmd.h"

/* LUN 0 in peripheral or flat space addressing, SAM-5 4.7. */
bool scsi_lun_is_ours(const uint8_t lun[8])
{
	uint64_t word = get_unaligned_be64(lun);

	return word == 0 || word == 0x4000ull << 48;
}

/* False: a bit is set that the command does not have; the command ended. */
static bool well_formed(struct oriser_cmd *cmd, const struct scsi_op *op)
{
	for (unsigned i = 1; i < op->cdb_len; i++) {
		unsigned wrong = cmd->cdb[i] & ~op->usage[i] & 0xff;

		if (unlikely(wrong)) {
			scsi_bad_cdb(cmd, i, 31 - (unsigned)__builtin_clz(wrong));
			return false;
		}
	}
	return true;
}

static void run_with_buf(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	memset(sc->buf.data, 0, SCSI_REPLY_MAX);
	sc->op->run(cmd);
}

void scsi_command(struct oriser_cmd *cmd)
{
	struct scsi_nexus *nexus = scsi_nexus_of(cmd);
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	const struct scsi_op *op;
	enum sense_asc attention;
	bool known;

	sc->lun_exists = scsi_lun_is_ours(cmd->lun);
	op = scsi_op_find(nexus->lun, cmd->cdb[0], cmd->cdb[1] & 0x1f, &known);
	if (unlikely(!sc->lun_exists && !(op && op->flags & OP_ANY_LUN))) {
		scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_LUN_NOT_SUPPORTED);
		return;
	}
	if (unlikely(!known)) {
		scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
		return;
	}
	if (op && !(op->flags & OP_ANY_LUN)) {
		attention = scsi_attention_take(nexus);
		if (unlikely(attention)) {
			scsi_fail(cmd, KEY_UNIT_ATTENTION, attention);
			return;
		}
	}
	if (unlikely(!op)) {
		scsi_bad_cdb(cmd, 1, 4);	/* SERVICE ACTION */
		return;
	}
	if (!well_formed(cmd, op))
		return;
	if (unlikely((op->flags & OP_WRITES) && nexus->lun->store->info.read_only)) {
		scsi_fail(cmd, KEY_DATA_PROTECT, ASC_WRITE_PROTECTED);
		return;
	}
	sc->op = op;
	if (op->flags & OP_REPLY)
		scsi_want_buf(cmd, nexus->reactor->replies, SCSI_REPLY_MAX, run_with_buf);
	else
		op->run(cmd);
}

void scsi_abort(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	if (sc->buf_waits) {
		sc->buf_waits = false;
		pool_cancel(sc->buf_pool, &sc->wait);
		scsi_abandon(cmd);
	} else {
		store_cancel(&sc->io);
	}
}
