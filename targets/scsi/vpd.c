// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/vpd.h"

#include "targets/scsi/limits.h"
#include "targets/scsi/vpd_id.h"

#define HEADER	4u
#define LBPU	0x80	/* byte 5 of page B2h: UNMAP */
#define LBPWS	0x60	/* WRITE SAME(16) and (10) with UNMAP */
#define LBPRZ	0x04
#define THIN	0x02	/* byte 6 */
#define SIMPSUP	0x01	/* byte 5 of page 86h */
#define IN_MEMORY 0x01	/* byte 12 of page C0h: with the instance goes all data */
#define V_SUP	0x01	/* byte 6: there is a volatile cache */

static unsigned supported_pages(const struct lun *lun, uint8_t *out);

static unsigned serial_number(const struct lun *lun, uint8_t *out)
{
	size_t len = strlen(lun->serial);

	memcpy(out, lun->serial, len);
	return (unsigned)len;
}

static unsigned extended_inquiry(const struct lun *lun, uint8_t *out)
{
	out[1] = SIMPSUP;
	out[2] = lun->store->info.write_cache ? V_SUP : 0;
	return 60;
}

/* B0h */
static unsigned block_limits(const struct lun *lun, uint8_t *out)
{
	const struct store_info *info = &lun->store->info;

	out[0] = 0x01;		/* WSNZ: a WRITE SAME of no blocks is refused */
	put_unaligned_be16((uint16_t)(info->physical_block_size / info->block_size), out + 2);
	put_unaligned_be32(scsi_transfer_max(lun), out + 4);
	if (info->unmap_granularity) {
		put_unaligned_be32(scsi_unmap_max(lun), out + 16);
		put_unaligned_be32(SCSI_UNMAP_DESCRIPTORS_MAX, out + 20);
		put_unaligned_be32(info->unmap_granularity / info->block_size, out + 24);
		out[28] = 0x80;	/* UGAVALID, aligned to 0 */
	}
	put_unaligned_be64(scsi_write_same_max(lun), out + 32);
	return 60;
}

/* B1h */
static unsigned block_characteristics(const struct lun *lun, uint8_t *out)
{
	/* 1: it does not rotate; 0: not reported */
	put_unaligned_be16(lun->store->info.rotational ? 0 : 1, out);
	return 60;
}

/* B2h */
static unsigned provisioning(const struct lun *lun, uint8_t *out)
{
	const struct store_info *info = &lun->store->info;

	if (info->unmap_granularity) {
		out[1] = LBPU | LBPWS | (info->unmap_zeroes ? LBPRZ : 0);
		out[2] = THIN;
	}
	return 4;
}

/*
 * C0h, ours: what initiators ask after a break of the session, see targets/store/instance.h.  "OPENRDMA", flags,
 * three bytes of zero, the number.
 */
static unsigned instance(const struct lun *lun, uint8_t *out)
{
	memcpy(out, LUN_VENDOR, 8);
	out[8] = lun->store->info.in_memory ? IN_MEMORY : 0;
	memcpy(out + 12, lun->store->instance.id, STORE_INSTANCE_LEN);
	return 12 + STORE_INSTANCE_LEN;
}

/* In order of the codes, SPC-4 7.8.14. */
static const struct {
	uint8_t code;
	unsigned (*fill)(const struct lun *lun, uint8_t *out);	/* behind the header; bytes */
} pages[] = {
	{ 0x00, supported_pages },  { 0x80, serial_number }, { 0x83, vpd_identification },
	{ 0x86, extended_inquiry }, { 0xb0, block_limits },  { 0xb1, block_characteristics },
	{ 0xb2, provisioning }, { 0xc0, instance },
};

static unsigned supported_pages(const struct lun *lun, uint8_t *out)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		out[i] = pages[i].code;
	return ARRAY_SIZE(pages);
}

int vpd_page(const struct lun *lun, uint8_t page, uint8_t *out)
{
	unsigned len;

	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		if (pages[i].code != page)
			continue;
		len = pages[i].fill(lun, out + HEADER);
		out[1] = page;
		put_unaligned_be16((uint16_t)len, out + 2);
		return (int)(HEADER + len);
	}
	return -ENOENT;
}
