/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/unit/iser/initiator/raw_lun.h"

void raw_check(struct raw *r, const u8 *msg, u8 key, u8 asc, u8 ascq)
{
	u8 sense[18] = { 0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq };

	raw_respond(r, msg, 0x02, sense, sizeof(sense), false);
}

static void vpd(struct raw *r, struct raw_lun *lun, const u8 *msg, u8 page)
{
	u8 data[64] = { 0, page };

	switch (page) {
	case 0x00:
		data[3] = 5;
		memcpy(data + 4, "\x00\x80\xb0\xb2\xc0", 5);
		if (!lun->serial[0])
			data[5] = 0xb0;
		raw_data_in(r, msg, data, 9);
		break;
	case 0x80:
		data[3] = (u8)strlen(lun->serial);
		memcpy(data + 4, lun->serial, strlen(lun->serial));
		raw_data_in(r, msg, data, 4 + strlen(lun->serial));
		break;
	case 0xb0:
		data[3] = 60;
		put_unaligned_be32(lun->transfer_max, data + 8);
		put_unaligned_be32(lun->unmap_max, data + 20);
		put_unaligned_be64(lun->write_same_max, data + 36);
		raw_data_in(r, msg, data, 64);
		break;
	case 0xb2:
		data[3] = 4;
		data[5] = lun->unmap_max ? 0x80 : 0;
		raw_data_in(r, msg, data, 8);
		break;
	case 0xc0:
		/* others have pages of this number, too */
		data[3] = 28;
		memcpy(data + 4, "OPENRDMA", 8);
		data[12] = lun->in_memory;
		data[31] = lun->instance;
		raw_data_in(r, msg, data, 32);
		break;
	default:
		raw_check(r, msg, 5, 0x24, 0);
	}
}

static void inquiry(struct raw *r, struct raw_lun *lun, const u8 *msg)
{
	u8 data[36] = { lun->qualifier_type, 0, 5, 2, 31, 0, 0, 2 };

	memcpy(data + 8, "VENDOR  PRODUCT         REV1", 28);
	if (lun->instance)
		memcpy(data + 8, "OPENRDMA", 8);
	raw_data_in(r, msg, data, sizeof(data));
}

static void mode_sense(struct raw *r, struct raw_lun *lun, const u8 *msg)
{
	u8 data[24] = { 23, 0, lun->fua ? 0x10 : 0, 0, 0x08, 18, lun->write_cache ? 0x04 : 0 };

	raw_data_in(r, msg, data, lun->no_mode_page ? 4 : 24);
}

static void capacity_16(struct raw *r, struct raw_lun *lun, const u8 *msg)
{
	u8 data[32] = { 0 };

	if (lun->no_capacity_16) {
		raw_check(r, msg, 5, 0x20, 0);
		return;
	}
	put_unaligned_be64(lun->blocks - 1, data);
	put_unaligned_be32(lun->block_size, data + 8);
	raw_data_in(r, msg, data, sizeof(data));
}

static void capacity_10(struct raw *r, struct raw_lun *lun, const u8 *msg)
{
	u8 data[8];

	put_unaligned_be32((u32)(lun->blocks - 1), data);
	put_unaligned_be32(lun->block_size, data + 4);
	raw_data_in(r, msg, data, sizeof(data));
}

bool raw_lun_answer(struct raw *r, struct raw_lun *lun, const u8 *msg)
{
	const u8 *cdb = raw_cdb(msg);

	if (raw_opcode(msg) != 0x01)
		return false;
	if (lun->attentions && cdb[0] != 0x12) {
		lun->attentions--;
		raw_check(r, msg, 6, 0x29, lun->attention_ascq);
		return true;
	}
	switch (cdb[0]) {
	case 0x00:
		if (lun->not_ready) {
			lun->not_ready--;
			raw_check(r, msg, 2, 0x04, 0x01);
		} else {
			raw_respond(r, msg, 0, NULL, 0, false);
		}
		return true;
	case 0x12:
		if (cdb[1] & 1)
			vpd(r, lun, msg, cdb[2]);
		else
			inquiry(r, lun, msg);
		return true;
	case 0x1a:
		mode_sense(r, lun, msg);
		return true;
	case 0x25:
		capacity_10(r, lun, msg);
		return true;
	case 0x9e:
		capacity_16(r, lun, msg);
		return true;
	default:
		return false;
	}
}
