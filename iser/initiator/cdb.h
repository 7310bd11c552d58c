/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * SCSI commands of a disk's initiator, as 16-byte CDBs.  SPC-4, SBC-3.
 *
 * Pure functions: numbers in, bytes out.  The 10-byte forms are used where they fit, because every
 * target knows them.
 */
#ifndef ISER_INITIATOR_CDB_H
#define ISER_INITIATOR_CDB_H

#include "core/env.h"

enum scsi_opcode {
	SCSI_TEST_UNIT_READY	= 0x00,
	SCSI_INQUIRY		= 0x12,
	SCSI_MODE_SENSE_6	= 0x1a,
	SCSI_READ_CAPACITY_10	= 0x25,
	SCSI_READ_10		= 0x28,
	SCSI_WRITE_10		= 0x2a,
	SCSI_SYNC_CACHE_10	= 0x35,
	SCSI_UNMAP		= 0x42,
	SCSI_READ_16		= 0x88,
	SCSI_WRITE_16		= 0x8a,
	SCSI_SYNC_CACHE_16	= 0x91,
	SCSI_WRITE_SAME_16	= 0x93,
	SCSI_SERVICE_IN_16	= 0x9e,
};

#define SCSI_UNMAP_PARAM_LEN	24	/* header and one descriptor */

/* Zeroes the rest of the 16 bytes.  blocks > 0. */
void ini_cdb_rw(u8 cdb[16], bool write, u64 lba, u32 blocks, bool fua);
void ini_cdb_sync_cache(u8 cdb[16], u64 capacity_blocks);		/* the whole medium */
/* One block of data, repeated. */
void ini_cdb_write_same(u8 cdb[16], u64 lba, u32 blocks, bool unmap);
void ini_cdb_unmap(u8 cdb[16]); /* with SCSI_UNMAP_PARAM_LEN of data */
void ini_cdb_unmap_param(u8 param[SCSI_UNMAP_PARAM_LEN], u64 lba, u32 blocks);
void ini_cdb_test_unit_ready(u8 cdb[16]);
void ini_cdb_inquiry(u8 cdb[16], int vpd_page, u16 alloc_len);	/* vpd_page -1: standard data */
void ini_cdb_read_capacity_16(u8 cdb[16], u32 alloc_len);
void ini_cdb_read_capacity_10(u8 cdb[16]);
void ini_cdb_mode_sense_6(u8 cdb[16], u8 page, u8 alloc_len);

/* SAM-5 4.7: peripheral addressing below 256, flat above. */
void ini_lun_encode(u8 lun[8], u16 number);

#endif
