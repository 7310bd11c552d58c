/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Where READ, WRITE, VERIFY and their kin of 6 to 16 bytes keep address and length, SBC-3 chapter 5. */
#ifndef TARGETS_SCSI_CDB_H
#define TARGETS_SCSI_CDB_H

#include "core/env.h"
#include "targets/scsi/op.h"

#define CDB_DPO		0x10	/* byte 1 */
#define CDB_FUA		0x08
#define CDB_BYTCHK	0x06

struct cdb_range {
	uint64_t lba;
	uint32_t blocks;
	uint8_t blocks_at;	/* byte of the CDB, for field pointers */
};

static inline struct cdb_range cdb_range(const struct scsi_op *op, const uint8_t *cdb)
{
	switch (op->cdb_len) {
	case 6:
		return (struct cdb_range){
			.lba = get_unaligned_be32(cdb) & 0x1fffff,
			.blocks = cdb[4] ? cdb[4] : 256,
			.blocks_at = 4,
		};
	case 10:
		return (struct cdb_range){
			.lba = get_unaligned_be32(&cdb[2]),
			.blocks = get_unaligned_be16(&cdb[7]),
			.blocks_at = 7,
		};
	case 12:
		return (struct cdb_range){
			.lba = get_unaligned_be32(&cdb[2]),
			.blocks = get_unaligned_be32(&cdb[6]),
			.blocks_at = 6,
		};
	default:
		return (struct cdb_range){
			.lba = get_unaligned_be64(&cdb[2]),
			.blocks = get_unaligned_be32(&cdb[10]),
			.blocks_at = 10,
		};
	}
}

#endif
