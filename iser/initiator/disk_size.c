// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * How much one command moves.
 *
 * A LUN may say how much it takes (Block Limits, SBC-4 6.6.4); the URL may ask for less.  But there are targets
 * that take less than they say, or say nothing, and end the connection instead of the command: tgt's iSER has
 * buffers of 512 KiB.  Sent again after each login such a command would end every session.  So when the same
 * command was out in DISK_IO_LOSSES sessions that ended, the power of two below what the largest such command
 * moved is the most from then on, not less than DISK_IO_FLOOR; what was made larger goes out in parts.
 *
 * A session may end for other reasons, twice in a row too: then a disk is somewhat slower, never wrong.
 */
#include "iser/initiator/disk_priv.h"

u64 disk_size_max(const struct oriser_disk *d, enum oriser_op op)
{
	switch (op) {
	case ORISER_WRITE:
		return min_t(u64, d->info.io_max, d->write_max);
	case ORISER_DISCARD:
		return d->info.discard_max;
	case ORISER_WRITE_ZEROES:
		return ini_lun_write_same_max(&d->facts);
	case ORISER_READ:
	case ORISER_FLUSH:
		break;
	}
	return d->info.io_max;
}

static bool moves_data(const struct disk_cmd *cmd)
{
	return !cmd->flush && (cmd->io->op == ORISER_READ || cmd->io->op == ORISER_WRITE);
}

void disk_size_parted(const struct oriser_disk *d, struct disk_cmd *cmd)
{
	cmd->part = cmd->blocks;
	if (moves_data(cmd))
		cmd->part = (u32)min_t(u64, cmd->blocks,
				       disk_size_max(d, cmd->io->op) / d->info.block_size);
}

void disk_size_lost(struct oriser_disk *d)
{
	struct disk_cmd *cmd;
	u32 largest = 0;

	list_for_each_entry(cmd, &d->again, link)
		if (cmd->losses >= DISK_IO_LOSSES && moves_data(cmd))
			largest = max_t(u32, largest, cmd->part * d->info.block_size);
	if (largest <= DISK_IO_FLOOR)
		return;
	d->io_refused = largest;
	d->io_limit = DISK_IO_FLOOR;
	while (d->io_limit * 2 < largest)
		d->io_limit *= 2;
	list_for_each_entry(cmd, &d->again, link)
		cmd->losses = 0;
}
