// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* MODE SENSE(6) and (10), SPC-4 6.13 and 6.14. */
#include "targets/scsi/cmd.h"
#include "targets/scsi/mode_page.h"

#define DBD		0x08	/* byte 1: no block descriptor */
#define LLBAA		0x10	/* byte 1 of the long form: a long one is welcome */
#define LONGLBA		0x01	/* byte 4 of the long header */
#define WP		0x80	/* device-specific parameter, SBC-3 6.5.2 */
#define DPOFUA		0x10
#define ALL_PAGES	0x3f
#define ALL_SUBPAGES	0xff

static unsigned put_block_descriptor(const struct lun *lun, bool long_lba, uint8_t *out)
{
	if (long_lba) {
		put_unaligned_be64(lun_blocks(lun), out);
		put_unaligned_be32(lun_block(lun), out + 12);
		return 16;
	}
	put_unaligned_be32((uint32_t)min_t(uint64_t, lun_blocks(lun), UINT32_MAX), out);
	put_unaligned_be32(lun_block(lun), out + 4);	/* 24 bits, the first byte is reserved */
	return 8;
}

/* Bytes of the pages asked for; 0: there is no such page. */
static unsigned put_pages(const struct lun *lun, uint8_t code, enum mode_control what, uint8_t *out)
{
	unsigned len = 0;

	for (unsigned i = 0; i < mode_page_n; i++) {
		if (code != ALL_PAGES && code != mode_pages[i].code)
			continue;
		mode_page_get(&mode_pages[i], lun, what, out + len);
		len += mode_pages[i].len;
	}
	return len;
}

void scsi_mode_sense(struct oriser_cmd *cmd)
{
	const struct lun *lun = scsi_lun_of(cmd);
	const uint8_t *cdb = cmd->cdb;
	bool short_form = cdb[0] == SCSI_MODE_SENSE_6;
	bool long_lba = !short_form && (cdb[1] & LLBAA);
	enum mode_control what = cdb[2] >> 6;
	uint8_t *out = scsi_cmd_of(cmd)->buf.data;
	uint8_t device = DPOFUA | (lun->store->info.read_only ? WP : 0);
	unsigned header = short_form ? 4 : 8;
	unsigned descriptor = 0, pages;

	if (what == MODE_SAVED) {
		scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
		return;
	}
	if (cdb[3] && cdb[3] != ALL_SUBPAGES) {
		scsi_bad_cdb(cmd, 3, 7);
		return;
	}
	if (!(cdb[1] & DBD))
		descriptor = put_block_descriptor(lun, long_lba, out + header);
	pages = put_pages(lun, cdb[2] & 0x3f, what, out + header + descriptor);
	if (!pages) {
		scsi_bad_cdb(cmd, 2, 5);
		return;
	}
	/* MODE DATA LENGTH does not count itself. */
	if (short_form) {
		out[0] = (uint8_t)(header + descriptor + pages - 1);
		out[2] = device;
		out[3] = (uint8_t)descriptor;
		scsi_reply(cmd, header + descriptor + pages, cdb[4]);
	} else {
		put_unaligned_be16((uint16_t)(header + descriptor + pages - 2), out);
		out[3] = device;
		out[4] = descriptor && long_lba ? LONGLBA : 0;
		put_unaligned_be16((uint16_t)descriptor, out + 6);
		scsi_reply(cmd, header + descriptor + pages, get_unaligned_be16(&cdb[7]));
	}
}
