// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * READ and WRITE, SBC-3 5.8 to 5.11 and 5.29 to 5.33: where the time goes.
 *
 * READ sends from where the store has the data.  WRITE receives into where the store wants it, and answers
 * when the store has it; with FUA, or with the write cache disabled, when stable storage has it.
 */
#include "targets/scsi/cdb.h"
#include "targets/scsi/cmd.h"

/* False: longer than VPD page B0h allows; the command ended. */
static bool transfer_allowed(struct oriser_cmd *cmd, const struct cdb_range *range)
{
	if ((uint64_t)range->blocks * lun_block(scsi_lun_of(cmd)) <= STORE_IO_MAX)
		return true;
	scsi_bad_cdb(cmd, range->blocks_at, SENSE_NO_BIT);
	return false;
}

static void read_done(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);
	struct cdb_range range;

	if (unlikely(err)) {
		scsi_store_error(cmd, err, io->off / lun_block(scsi_lun_of(cmd)));
		return;
	}
	range = cdb_range(scsi_cmd_of(cmd)->op, cmd->cdb);
	scsi_data(cmd, range.blocks * lun_block(scsi_lun_of(cmd)));
}

void scsi_read(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct cdb_range range = cdb_range(sc->op, cmd->cdb);
	uint32_t block = lun_block(scsi_lun_of(cmd));
	uint32_t wanted;

	if (!scsi_range(cmd, range.lba, range.blocks) || !transfer_allowed(cmd, &range))
		return;
	/* What the initiator does not expect is not read; the residual says so. */
	wanted = min_t(uint32_t, range.blocks, DIV_ROUND_UP((uint64_t)cmd->read_len, block));
	if (!wanted) {
		scsi_good(cmd, (uint64_t)range.blocks * block);
		return;
	}
	scsi_io(cmd, range.lba, wanted, 0, read_done);
	store_read(&sc->io);
}

static void written(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (likely(!err))
		scsi_good(cmd, io->len);
	else
		scsi_store_error(cmd, err, io->off / lun_block(scsi_lun_of(cmd)));
}

static void arrived(struct oriser_cmd *cmd, int err)
{
	struct store_io *io = &scsi_cmd_of(cmd)->io;

	if (unlikely(err)) {
		scsi_abandon(cmd);
		return;
	}
	io->done = written;
	store_write_end(io);
}

static void have_room(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (likely(!err))
		oriser_cmd_data_out(cmd, &io->sge, 1, (uint32_t)io->len, arrived);
	else
		scsi_store_error(cmd, err, io->off / lun_block(scsi_lun_of(cmd)));
}

void scsi_write(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct lun *lun = scsi_lun_of(cmd);
	struct cdb_range range = cdb_range(sc->op, cmd->cdb);
	bool fua = sc->op->cdb_len > 6 && (cmd->cdb[1] & CDB_FUA);

	if (!scsi_range(cmd, range.lba, range.blocks) || !transfer_allowed(cmd, &range) ||
	    !scsi_offers(cmd, (uint64_t)range.blocks * lun_block(lun)))
		return;
	if (!range.blocks) {
		scsi_good(cmd, 0);
		return;
	}
	if (!atomic_load_explicit(&lun->wce, memory_order_relaxed))
		fua = true;
	scsi_io(cmd, range.lba, range.blocks, fua ? STORE_FUA : 0, have_room);
	store_write_begin(&sc->io);
}
