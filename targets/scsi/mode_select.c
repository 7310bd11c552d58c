// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MODE SELECT(6) and (10), SPC-4 6.11 and 6.12: the write cache and the sense format may be changed.
 * The whole parameter list is checked before anything of it is taken over.
 */
#include "targets/scsi/attention.h"
#include "targets/scsi/cmd.h"
#include "targets/scsi/mode_page.h"

#define PF		0x10	/* byte 1: pages as in SPC */
#define SP		0x01	/* save pages */
#define LONGLBA		0x01
#define PS_SPF		0xc0	/* byte 0 of a page: never saveable, no subpages */
#define LIST_MAX	512u	/* far more than all that there is */

struct list {
	const uint8_t *data;
	unsigned len, at;
};

static const struct mode_page *page_find(uint8_t code)
{
	for (unsigned i = 0; i < mode_page_n; i++)
		if (mode_pages[i].code == code)
			return &mode_pages[i];
	return NULL;
}

static bool length_error(struct oriser_cmd *cmd)
{
	scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH_ERROR);
	return false;
}

static bool bad(struct oriser_cmd *cmd, unsigned byte)
{
	scsi_bad_parameter(cmd, byte, SENSE_NO_BIT);
	return false;
}

/* The size cannot be changed; 0 and all ones mean as it is. */
static bool check_block_descriptor(struct oriser_cmd *cmd, const struct list *list, unsigned len)
{
	const struct lun *lun = scsi_lun_of(cmd);
	const uint8_t *d = list->data + list->at;
	uint64_t blocks, max = len == 16 ? UINT64_MAX : UINT32_MAX;
	uint32_t block;

	if (len == 16) {
		blocks = get_unaligned_be64(d);
		block = get_unaligned_be32(d + 12);
	} else {
		blocks = get_unaligned_be32(d);
		block = get_unaligned_be32(d + 4) & 0xffffff;
	}
	if (blocks && blocks != max && blocks != lun_blocks(lun))
		return bad(cmd, list->at);
	if (block != lun_block(lun))
		return bad(cmd, list->at + (len == 16 ? 12 : 5));
	return true;
}

/* Header and block descriptor; list->at is behind them. */
static bool check_header(struct oriser_cmd *cmd, struct list *list)
{
	bool short_form = cmd->cdb[0] == SCSI_MODE_SELECT_6;
	unsigned header = short_form ? 4 : 8, descriptor, expected = 8;

	if (list->len < header)
		return length_error(cmd);
	if (list->data[short_form ? 1 : 2])	/* MEDIUM TYPE */
		return bad(cmd, short_form ? 1 : 2);
	descriptor = short_form ? list->data[3] : get_unaligned_be16(list->data + 6);
	if (!short_form && (list->data[4] & LONGLBA))
		expected = 16;
	if (descriptor && descriptor != expected)
		return bad(cmd, short_form ? 3 : 6);
	if (list->len < header + descriptor)
		return length_error(cmd);
	list->at = header;
	if (descriptor && !check_block_descriptor(cmd, list, descriptor))
		return false;
	list->at += descriptor;
	return true;
}

/* Bits that cannot be changed must be as they are. */
static bool check_page(struct oriser_cmd *cmd, const struct mode_page *page,
		       const struct list *list)
{
	const struct lun *lun = scsi_lun_of(cmd);
	uint8_t now[MODE_PAGE_MAX], changeable[MODE_PAGE_MAX];

	mode_page_get(page, lun, MODE_CURRENT, now);
	mode_page_get(page, lun, MODE_CHANGEABLE, changeable);
	for (unsigned i = 2; i < page->len; i++)
		if ((list->data[list->at + i] ^ now[i]) & ~changeable[i])
			return bad(cmd, list->at + i);
	return true;
}

static bool check_pages(struct oriser_cmd *cmd, struct list *list)
{
	while (list->at < list->len) {
		const uint8_t *at = list->data + list->at;
		const struct mode_page *page = page_find(at[0] & 0x3f);

		if (!page || (at[0] & PS_SPF))
			return bad(cmd, list->at);
		if (list->len - list->at < 2)
			return length_error(cmd);
		if (at[1] != page->len - 2)
			return bad(cmd, list->at + 1);
		if (list->len - list->at < page->len)
			return length_error(cmd);
		if (!check_page(cmd, page, list))
			return false;
		list->at += page->len;
	}
	return true;
}

static void apply_pages(struct lun *lun, const struct list *list, unsigned at)
{
	while (at < list->len) {
		const struct mode_page *page = page_find(list->data[at]);

		page->apply(lun, list->data + at);
		at += page->len;
	}
}

static void flushed(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);

	if (err)
		scsi_store_error(cmd, err, 0);
	else
		scsi_good(cmd, scsi_cmd_of(cmd)->buf_len);
}

static void have_list(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct lun *lun = scsi_lun_of(cmd);
	struct list list = { .data = sc->buf.data, .len = sc->buf_len };
	bool cached = atomic_load(&lun->wce), descriptors = atomic_load(&lun->d_sense);
	unsigned pages;

	if (!check_header(cmd, &list))
		return;
	pages = list.at;
	if (!check_pages(cmd, &list))
		return;
	apply_pages(lun, &list, pages);
	if (cached != atomic_load(&lun->wce) || descriptors != atomic_load(&lun->d_sense))
		scsi_attention_mode_changed(scsi_nexus_of(cmd));
	/* What was cached when the cache is switched off goes to the medium, SBC-3 6.5.5. */
	scsi_io(cmd, 0, 0, 0, flushed);
	if (cached && !atomic_load(&lun->wce))
		store_flush(&sc->io);
	else
		flushed(&sc->io, 0);
}

void scsi_mode_select(struct oriser_cmd *cmd)
{
	bool short_form = cmd->cdb[0] == SCSI_MODE_SELECT_6;
	uint16_t len = short_form ? cmd->cdb[4] : get_unaligned_be16(&cmd->cdb[7]);

	if (!(cmd->cdb[1] & PF))
		scsi_bad_cdb(cmd, 1, 4);
	else if (cmd->cdb[1] & SP)
		scsi_bad_cdb(cmd, 1, 0);
	else if (!len)
		scsi_good(cmd, 0);
	else if (len > LIST_MAX)
		length_error(cmd);
	else
		scsi_want_data(cmd, len, have_list);
}
