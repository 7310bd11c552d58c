// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * VERIFY and WRITE AND VERIFY, SBC-3 5.26 to 5.28 and 5.34 to 5.36.
 *
 * BYTCHK 0: the blocks are read and forgotten, piece by piece; any number of them.
 * BYTCHK 1: they are compared with the data-out, which is limited like that of a WRITE.
 * WRITE AND VERIFY stores the data-out first, on stable storage.
 */
#include "targets/scsi/cdb.h"
#include "targets/scsi/cmd.h"

#define PIECE	(1u << 20)

#define BYTCHK_NONE	0x00
#define BYTCHK_COMPARE	0x02

static bool compares(const struct oriser_cmd *cmd)
{
	return (cmd->cdb[1] & CDB_BYTCHK) == BYTCHK_COMPARE;
}

static void ended_well(struct oriser_cmd *cmd)
{
	scsi_good(cmd, scsi_cmd_of(cmd)->buf_len);
}

static void miscompare(struct oriser_cmd *cmd, uint64_t lba)
{
	scsi_check(cmd, &(struct sense){
				.key = KEY_MISCOMPARE,
				.asc = ASC_MISCOMPARE_DURING_VERIFY,
				.info_valid = true,
				.info = lba,
			});
}

static void have_piece(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	uint32_t block = lun_block(scsi_lun_of(cmd));

	if (err) {
		scsi_store_error(cmd, err, sc->lba);
		return;
	}
	if (compares(cmd)) {
		const uint8_t *expected = (const uint8_t *)sc->buf.data + sc->at;
		const uint8_t *found = io->data;

		for (uint64_t at = 0; at < io->len; at += block) {
			if (memcmp(found + at, expected + at, block) != 0) {
				miscompare(cmd, sc->lba + at / block);
				return;
			}
		}
	}
	sc->lba += io->len / block;
	sc->left -= io->len / block;
	sc->at += (uint32_t)io->len;
	store_release(io);
	scsi_loop_on(cmd);
}

static void verify_step(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	uint32_t block = lun_block(scsi_lun_of(cmd));

	if (cmd->aborted) {
		scsi_abandon(cmd);
	} else if (!sc->left) {
		ended_well(cmd);
	} else {
		scsi_io(cmd, sc->lba, min_t(uint64_t, sc->left, PIECE / block), 0, have_piece);
		store_read(&sc->io);
	}
}

static void verify_start(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct cdb_range range = cdb_range(sc->op, cmd->cdb);

	sc->lba = range.lba;
	sc->left = range.blocks;
	sc->at = 0;
	scsi_loop(cmd, verify_step);
}

/* False: the command ended. */
static bool checked(struct oriser_cmd *cmd, const struct cdb_range *range, bool data_out)
{
	uint8_t bytchk = cmd->cdb[1] & CDB_BYTCHK;

	if (bytchk != BYTCHK_NONE && bytchk != BYTCHK_COMPARE) {
		scsi_bad_cdb(cmd, 1, 2);
		return false;
	}
	if (!scsi_range(cmd, range->lba, range->blocks))
		return false;
	if (data_out && (uint64_t)range->blocks * lun_block(scsi_lun_of(cmd)) > STORE_IO_MAX) {
		scsi_bad_cdb(cmd, range->blocks_at, SENSE_NO_BIT);
		return false;
	}
	return true;
}

void scsi_verify(struct oriser_cmd *cmd)
{
	struct cdb_range range = cdb_range(scsi_cmd_of(cmd)->op, cmd->cdb);

	if (!checked(cmd, &range, compares(cmd)))
		return;
	if (compares(cmd) && range.blocks)
		scsi_want_data(cmd, range.blocks * lun_block(scsi_lun_of(cmd)), verify_start);
	else
		verify_start(cmd);
}

static void written(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (err) {
		scsi_store_error(cmd, err, io->off / lun_block(scsi_lun_of(cmd)));
		return;
	}
	store_release(io);
	verify_start(cmd);
}

static void have_room(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (err) {
		scsi_store_error(cmd, err, io->off / lun_block(scsi_lun_of(cmd)));
		return;
	}
	memcpy(io->data, scsi_cmd_of(cmd)->buf.data, io->len);
	io->done = written;
	store_write_end(io);
}

static void write_data(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct cdb_range range = cdb_range(sc->op, cmd->cdb);

	scsi_io(cmd, range.lba, range.blocks, STORE_FUA, have_room);
	store_write_begin(&sc->io);
}

void scsi_write_and_verify(struct oriser_cmd *cmd)
{
	struct cdb_range range = cdb_range(scsi_cmd_of(cmd)->op, cmd->cdb);

	if (!checked(cmd, &range, true))
		return;
	if (range.blocks)
		scsi_want_data(cmd, range.blocks * lun_block(scsi_lun_of(cmd)), write_data);
	else
		scsi_good(cmd, 0);
}
