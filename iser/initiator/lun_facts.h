/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a LUN says about itself: INQUIRY, its VPD pages, READ CAPACITY and MODE SENSE, read into one struct.
 * SPC-4 6.6, 7.5, 7.8; SBC-3 5.15, 5.16, 6.5.
 *
 * Each parser takes the bytes that came, which may be fewer than the page says it has, and leaves what
 * it does not find at its default.
 */
#ifndef ISER_INITIATOR_LUN_FACTS_H
#define ISER_INITIATOR_LUN_FACTS_H

#include "core/env.h"

struct oriser_disk_info;

enum vpd_page {
	VPD_SUPPORTED		= 0x00,
	VPD_SERIAL		= 0x80,
	VPD_IDENTIFICATION	= 0x83,
	VPD_BLOCK_LIMITS	= 0xb0,
	VPD_CHARACTERISTICS	= 0xb1,
	VPD_PROVISIONING	= 0xb2,
	VPD_INSTANCE = 0xc0, /* of openrdma-targetd; any other vendor's is something else */
};

#define MODE_PAGE_CACHING	0x08

struct lun_facts {
	u8 qualifier, device_type;	/* of standard INQUIRY data */
	char vendor[9], product[17], revision[5];
	bool has_vpd[256];		/* of page 00 */
	char serial[64], wwid[64];

	u64 blocks;
	u32 block_size;
	u8 physical_exp;		/* physical block is block_size << this */
	bool provisioned, read_zeroes;	/* LBPME, LBPRZ */

	u32 transfer_max, transfer_opt;	/* blocks; 0: not said */
	u32 unmap_blocks_max, unmap_granularity;
	u64 write_same_max;
	bool block_limits;		/* page B0 was there */
	bool rotational;
	bool unmap, write_same_unmap;	/* LBPU, LBPWS */

	bool write_protect, fua;
	bool cache_known, write_cache;	/* unknown: taken for one */

	/* Page C0: another instance has lost what was not flushed; in_memory: and everything else. */
	bool instance_known, in_memory;
	u8 instance[16];
};

/* False: too short to be standard INQUIRY data. */
bool ini_lun_parse_inquiry(struct lun_facts *f, const u8 *data, size_t len);
/* It lists the page, and means by it what we do. */
bool ini_lun_has_page(const struct lun_facts *f, enum vpd_page page);
/* Any of enum vpd_page; another page than asked for is ignored. */
void ini_lun_parse_vpd(struct lun_facts *f, enum vpd_page page, const u8 *data, size_t len);
/* False: too short, or block size 0, above 64 KiB or no power of two, or more bytes than 63 bits. */
bool ini_lun_parse_capacity_16(struct lun_facts *f, const u8 *data, size_t len);
/* *ask_16: the LUN is larger than this command can tell. */
bool ini_lun_parse_capacity_10(struct lun_facts *f, const u8 *data, size_t len, bool *ask_16);
void ini_lun_parse_mode_6(struct lun_facts *f, const u8 *data, size_t len);

/* What follows for block operations; transfer_max bounds io_max besides what the LUN says. */
void ini_lun_to_info(const struct lun_facts *f, u32 io_max, struct oriser_disk_info *info);
u64 ini_lun_write_same_max(const struct lun_facts *f);		/* bytes of one command */
/* Same LUN?  By WWID, else serial number, else size and model; in memory: the same instance, too. */
bool ini_lun_is_same(const struct lun_facts *a, const struct lun_facts *b);
/* Both told, and the same. */
bool ini_lun_same_instance(const struct lun_facts *a, const struct lun_facts *b);

#endif
