/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "iser/initiator/cdb.h"

#define RW_FUA			0x08
#define WRITE_SAME_UNMAP	0x08
#define INQUIRY_EVPD		0x01
#define SERVICE_READ_CAPACITY	0x10
#define LUN_FLAT		0x40

static void cdb_start(u8 cdb[16], enum scsi_opcode opcode)
{
	memset(cdb, 0, 16);
	cdb[0] = (u8)opcode;
}

void ini_cdb_rw(u8 cdb[16], bool write, u64 lba, u32 blocks, bool fua)
{
	if (lba + blocks <= UINT32_MAX && blocks <= UINT16_MAX) {
		cdb_start(cdb, write ? SCSI_WRITE_10 : SCSI_READ_10);
		put_unaligned_be32((u32)lba, cdb + 2);
		put_unaligned_be16((u16)blocks, cdb + 7);
	} else {
		cdb_start(cdb, write ? SCSI_WRITE_16 : SCSI_READ_16);
		put_unaligned_be64(lba, cdb + 2);
		put_unaligned_be32(blocks, cdb + 10);
	}
	if (fua)
		cdb[1] = RW_FUA;
}

/* Zero blocks from LBA 0: all of it.  The long form only where the short one cannot name the medium. */
void ini_cdb_sync_cache(u8 cdb[16], u64 capacity_blocks)
{
	cdb_start(cdb, capacity_blocks <= UINT32_MAX ? SCSI_SYNC_CACHE_10 : SCSI_SYNC_CACHE_16);
}

void ini_cdb_write_same(u8 cdb[16], u64 lba, u32 blocks, bool unmap)
{
	cdb_start(cdb, SCSI_WRITE_SAME_16);
	if (unmap)
		cdb[1] = WRITE_SAME_UNMAP;
	put_unaligned_be64(lba, cdb + 2);
	put_unaligned_be32(blocks, cdb + 10);
}

void ini_cdb_unmap(u8 cdb[16])
{
	cdb_start(cdb, SCSI_UNMAP);
	put_unaligned_be16(SCSI_UNMAP_PARAM_LEN, cdb + 7);
}

/* SBC-3 5.28.2: lengths exclude the bytes up to and including themselves. */
void ini_cdb_unmap_param(u8 param[SCSI_UNMAP_PARAM_LEN], u64 lba, u32 blocks)
{
	memset(param, 0, SCSI_UNMAP_PARAM_LEN);
	put_unaligned_be16(SCSI_UNMAP_PARAM_LEN - 2, param);
	put_unaligned_be16(SCSI_UNMAP_PARAM_LEN - 8, param + 2);
	put_unaligned_be64(lba, param + 8);
	put_unaligned_be32(blocks, param + 16);
}

void ini_cdb_test_unit_ready(u8 cdb[16])
{
	cdb_start(cdb, SCSI_TEST_UNIT_READY);
}

void ini_cdb_inquiry(u8 cdb[16], int vpd_page, u16 alloc_len)
{
	cdb_start(cdb, SCSI_INQUIRY);
	if (vpd_page >= 0) {
		cdb[1] = INQUIRY_EVPD;
		cdb[2] = (u8)vpd_page;
	}
	put_unaligned_be16(alloc_len, cdb + 3);
}

void ini_cdb_read_capacity_16(u8 cdb[16], u32 alloc_len)
{
	cdb_start(cdb, SCSI_SERVICE_IN_16);
	cdb[1] = SERVICE_READ_CAPACITY;
	put_unaligned_be32(alloc_len, cdb + 10);
}

void ini_cdb_read_capacity_10(u8 cdb[16])
{
	cdb_start(cdb, SCSI_READ_CAPACITY_10);
}

void ini_cdb_mode_sense_6(u8 cdb[16], u8 page, u8 alloc_len)
{
	cdb_start(cdb, SCSI_MODE_SENSE_6);
	cdb[2] = page;
	cdb[4] = alloc_len;
}

void ini_lun_encode(u8 lun[8], u16 number)
{
	memset(lun, 0, 8);
	put_unaligned_be16(number, lun);
	if (number > 0xff)
		lun[0] |= LUN_FLAT;
}
