// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * WRITE SAME, SBC-3 5.42 and 5.43: one block of data-out into many, or zeroes without data-out (NDOB).
 *
 * Zeroes are an operation of the store, which may give the space back when UNMAP asks for it (they read as
 * zeroes either way).  Other data is written piece by piece.  With the write cache disabled a flush follows.
 *
 * The data-out is one block, whatever the number of blocks: an initiator that offers another length means another
 * command, and is refused rather than served with the first block of it.
 */
#include "targets/scsi/cdb.h"
#include "targets/scsi/cmd.h"
#include "targets/scsi/limits.h"

#define PIECE	(1u << 20)

#define ANCHOR	0x10	/* byte 1 */
#define UNMAP	0x08
#define NDOB	0x01	/* WRITE SAME(16) only */

static void flushed(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (err)
		scsi_store_error(cmd, err, scsi_cmd_of(cmd)->lba);
	else
		scsi_good(cmd, scsi_cmd_of(cmd)->buf_len);
}

static void all_written(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	sc->io.done = flushed;
	if (atomic_load(&scsi_lun_of(cmd)->wce))
		flushed(&sc->io, 0);
	else
		store_flush(&sc->io);
}

static void zeroed(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (err)
		scsi_store_error(cmd, err, io->off / lun_block(scsi_lun_of(cmd)));
	else
		all_written(cmd);
}

static void piece_written(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	if (err) {
		scsi_store_error(cmd, err, sc->lba);
		return;
	}
	sc->lba += io->len / sc->buf_len;
	sc->left -= io->len / sc->buf_len;
	store_release(io);
	scsi_loop_on(cmd);
}

static void have_room(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	if (err) {
		scsi_store_error(cmd, err, sc->lba);
		return;
	}
	for (uint64_t at = 0; at < io->len; at += sc->buf_len)
		memcpy((uint8_t *)io->data + at, sc->buf.data, sc->buf_len);
	io->done = piece_written;
	store_write_end(io);
}

static void write_step(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	if (cmd->aborted) {
		scsi_abandon(cmd);
	} else if (!sc->left) {
		all_written(cmd);
	} else {
		scsi_io(cmd, sc->lba, min_t(uint64_t, sc->left, PIECE / sc->buf_len), 0, have_room);
		store_write_begin(&sc->io);
	}
}

static bool is_zero(const uint8_t *data, uint32_t len)
{
	return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

static void start(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct cdb_range range = cdb_range(sc->op, cmd->cdb);

	sc->lba = range.lba;
	sc->left = range.blocks;
	if (sc->buf.data && !is_zero(sc->buf.data, sc->buf_len)) {
		scsi_loop(cmd, write_step);
		return;
	}
	scsi_io(cmd, range.lba, range.blocks, cmd->cdb[1] & UNMAP ? STORE_DEALLOC : 0, zeroed);
	store_zero(&sc->io);
}

void scsi_write_same(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct lun *lun = scsi_lun_of(cmd);
	struct cdb_range range = cdb_range(sc->op, cmd->cdb);
	uint8_t flags = cmd->cdb[1];

	if (flags & ANCHOR)
		scsi_bad_cdb(cmd, 1, 4);	/* ANC_SUP is 0 */
	else if ((flags & UNMAP) && !lun->store->info.unmap_granularity)
		scsi_bad_cdb(cmd, 1, 3);
	else if (!range.blocks || range.blocks > scsi_write_same_max(lun))
		scsi_bad_cdb(cmd, range.blocks_at, SENSE_NO_BIT);	/* WSNZ is 1 */
	else if (!scsi_range(cmd, range.lba, range.blocks))
		return;
	else if (flags & NDOB)
		start(cmd);
	else if (cmd->write_len != lun_block(lun))
		scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CIU);
	else
		scsi_want_data(cmd, lun_block(lun), start);
}
