// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * SYNCHRONIZE CACHE, SBC-3 5.18 and 5.19, and START STOP UNIT, which flushes too.
 *
 * The whole store is flushed, whatever the range.  With IMMED the command is answered first; should the
 * flush fail then, the store has failed for good and every later command says so.
 */
#include <stdlib.h>

#include "targets/scsi/cdb.h"
#include "targets/scsi/cmd.h"

#define SYNC_IMMED	0x02	/* byte 1 of SYNCHRONIZE CACHE */
#define STOP_IMMED	0x01	/* byte 1 of START STOP UNIT */
#define STOP_CONDITION	0xf0	/* byte 4 */
#define STOP_NO_FLUSH	0x04
#define STOP_LOEJ	0x02
#define STOP_START	0x01

struct detached_flush {
	struct store_io io;
	struct scsi_reactor *reactor;
};

static void detached_done(struct store_io *io, int err)
{
	struct detached_flush *flush = container_of(io, struct detached_flush, io);

	flush->reactor->detached--;
	free(flush);
}

static void flushed(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (err)
		scsi_store_error(cmd, err, cdb_range(scsi_cmd_of(cmd)->op, cmd->cdb).lba);
	else
		scsi_good(cmd, 0);
}

static void flush(struct oriser_cmd *cmd, bool immediately)
{
	struct scsi_nexus *nexus = scsi_nexus_of(cmd);
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct detached_flush *detached;

	/* A store that has failed is told at once; without memory the flush is simply waited for. */
	detached = immediately && !atomic_load(&nexus->lun->store->failed)
			   ? calloc(1, sizeof(*detached))
			   : NULL;
	if (!detached) {
		scsi_io(cmd, 0, 0, 0, flushed);
		store_flush(&sc->io);
		return;
	}
	detached->reactor = nexus->reactor;
	detached->reactor->detached++;
	detached->io.inst = nexus->inst;
	detached->io.done = detached_done;
	store_flush(&detached->io);
	scsi_good(cmd, 0);
}

void scsi_synchronize_cache(struct oriser_cmd *cmd)
{
	struct cdb_range range = cdb_range(scsi_cmd_of(cmd)->op, cmd->cdb);

	/* A length of 0 means up to the end. */
	if (scsi_range(cmd, range.lba, range.blocks))
		flush(cmd, cmd->cdb[1] & SYNC_IMMED);
}

/*
 * SBC-3 5.20.  There is no motor: "stopped" would only make the LUN of everybody else not ready, so stopping
 * ends with what it is for, a flush.
 */
void scsi_start_stop_unit(struct oriser_cmd *cmd)
{
	uint8_t what = cmd->cdb[4];

	if (what & STOP_CONDITION)
		scsi_bad_cdb(cmd, 4, 7);
	else if (cmd->cdb[3])
		scsi_bad_cdb(cmd, 3, 3);
	else if (what & STOP_LOEJ)
		scsi_bad_cdb(cmd, 4, 1);
	else if (what & (STOP_START | STOP_NO_FLUSH))
		scsi_good(cmd, 0);
	else
		flush(cmd, cmd->cdb[1] & STOP_IMMED);
}
