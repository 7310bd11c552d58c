// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * READ CAPACITY, SBC-3 5.15 and 5.16, GET LBA STATUS, SBC-3 5.4, and REPORT LUNS, SPC-4 6.33: how large, what of it
 * is there, and how many.
 */
#include "targets/scsi/cmd.h"

#define LBPME	0x80	/* byte 14 of READ CAPACITY(16): space is given back by UNMAP or WRITE SAME */
#define LBPRZ	0x40	/* and what is not mapped reads as zeroes */

#define REPORT_WELL_KNOWN	0x01	/* SELECT REPORT */
#define REPORT_ALL		0x02

void scsi_read_capacity_10(struct oriser_cmd *cmd)
{
	const struct lun *lun = scsi_lun_of(cmd);
	uint8_t *out = scsi_cmd_of(cmd)->buf.data;

	/* Too large for it: the initiator then asks with the long form. */
	put_unaligned_be32((uint32_t)min_t(uint64_t, lun_blocks(lun) - 1, UINT32_MAX), out);
	put_unaligned_be32(lun_block(lun), out + 4);
	scsi_reply(cmd, 8, 8);
}

void scsi_read_capacity_16(struct oriser_cmd *cmd)
{
	const struct lun *lun = scsi_lun_of(cmd);
	const struct store_info *info = &lun->store->info;
	uint8_t *out = scsi_cmd_of(cmd)->buf.data;

	put_unaligned_be64(lun_blocks(lun) - 1, out);
	put_unaligned_be32(info->block_size, out + 8);
	out[13] = (uint8_t)__builtin_ctz(info->physical_block_size / info->block_size);
	if (info->unmap_granularity)
		out[14] = LBPME | (info->unmap_zeroes ? LBPRZ : 0);
	scsi_reply(cmd, 32, get_unaligned_be32(&cmd->cdb[10]));
}

/* Stores do not tell what they hold: all of it is "mapped or unknown", in one descriptor as long as its field can say. */
void scsi_get_lba_status(struct oriser_cmd *cmd)
{
	const struct lun *lun = scsi_lun_of(cmd);
	uint8_t *out = scsi_cmd_of(cmd)->buf.data;
	uint64_t lba = get_unaligned_be64(&cmd->cdb[2]);

	if (!scsi_range(cmd, lba, 1))
		return;
	put_unaligned_be32(20, out);		/* bytes that follow */
	put_unaligned_be64(lba, out + 8);
	put_unaligned_be32((uint32_t)min_t(uint64_t, lun_blocks(lun) - lba, UINT32_MAX), out + 16);
	scsi_reply(cmd, 24, get_unaligned_be32(&cmd->cdb[10]));
}

void scsi_report_luns(struct oriser_cmd *cmd)
{
	uint8_t *out = scsi_cmd_of(cmd)->buf.data;
	uint32_t len = 8;

	if (cmd->cdb[2] > REPORT_ALL) {
		scsi_bad_cdb(cmd, 2, 7);
		return;
	}
	if (cmd->cdb[2] != REPORT_WELL_KNOWN)
		len += 8;	/* LUN 0 is all zeroes */
	put_unaligned_be32(len - 8, out);
	scsi_reply(cmd, len, get_unaligned_be32(&cmd->cdb[6]));
}
