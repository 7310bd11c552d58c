/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "iser/initiator/lun_facts.h"

#include <stdio.h>

#include "iser/iser_disk.h"

#define BLOCK_SIZE_MAX		65536
#define WRITE_SAME_DEFAULT	65535		/* blocks, where the LUN does not say */
#define ROTATION_NONE		1
#define INSTANCE_VENDOR		"OPENRDMA"
#define INSTANCE_PAGE_LEN	32u
#define INSTANCE_IN_MEMORY	0x01

/* SPC-4 7.8.6.1: designator types, best first. */
enum { DESIGNATOR_T10 = 1, DESIGNATOR_EUI = 2, DESIGNATOR_NAA = 3, DESIGNATOR_NAME = 8 };

/* Fixed-width ASCII, blank or zero padded, possibly rubbish: printable characters only, trimmed. */
static void copy_text(char *to, size_t to_len, const u8 *from, size_t len)
{
	size_t n = 0;

	while (len && (from[0] == ' ' || from[0] == 0)) {
		from++;
		len--;
	}
	while (len && (from[len - 1] == ' ' || from[len - 1] == 0))
		len--;
	for (; n < len && n < to_len - 1; n++)
		to[n] = from[n] >= ' ' && from[n] < 0x7f ? (char)from[n] : '?';
	to[n] = '\0';
}

static void copy_hex(char *to, size_t to_len, const char *prefix, const u8 *from, size_t len)
{
	int n = snprintf(to, to_len, "%s", prefix);

	for (size_t i = 0; i < len && (size_t)n + 3 <= to_len; i++)
		n += snprintf(to + n, to_len - (size_t)n, "%02x", from[i]);
}

bool ini_lun_parse_inquiry(struct lun_facts *f, const u8 *data, size_t len)
{
	if (len < 5)
		return false;
	f->qualifier = data[0] >> 5;
	f->device_type = data[0] & 0x1f;
	if (len >= 36) {
		copy_text(f->vendor, sizeof(f->vendor), data + 8, 8);
		copy_text(f->product, sizeof(f->product), data + 16, 16);
		copy_text(f->revision, sizeof(f->revision), data + 32, 4);
	}
	return true;
}

static void parse_designator(struct lun_facts *f, int *best, const u8 *d, size_t len)
{
	static const u8 rank[16] = {
		[DESIGNATOR_T10] = 1,
		[DESIGNATOR_NAME] = 2,
		[DESIGNATOR_EUI] = 3,
		[DESIGNATOR_NAA] = 4,
	};
	u8 type = d[1] & 0x0f;

	/* association 0: the logical unit, not its port */
	if ((d[1] & 0x30) != 0 || len == 0 || rank[type] <= *best)
		return;
	*best = rank[type];
	switch (type) {
	case DESIGNATOR_NAA:
		copy_hex(f->wwid, sizeof(f->wwid), "naa.", d + 4, len);
		break;
	case DESIGNATOR_EUI:
		copy_hex(f->wwid, sizeof(f->wwid), "eui.", d + 4, len);
		break;
	default:
		copy_text(f->wwid, sizeof(f->wwid), d + 4, len);
	}
}

static void parse_identification(struct lun_facts *f, const u8 *p, size_t len)
{
	size_t at = 0;
	int best = 0;

	while (len - at >= 4) {
		size_t n = p[at + 3];

		if (len - at - 4 < n)
			return;
		parse_designator(f, &best, p + at, n);
		at += 4 + n;
	}
}

static void parse_block_limits(struct lun_facts *f, const u8 *data, size_t len)
{
	f->block_limits = len >= 16;
	if (len >= 16) {
		f->transfer_max = get_unaligned_be32(data + 8);
		f->transfer_opt = get_unaligned_be32(data + 12);
	}
	if (len >= 32) {
		f->unmap_blocks_max = get_unaligned_be32(data + 20);
		f->unmap_granularity = get_unaligned_be32(data + 28);
	}
	if (len >= 44)
		f->write_same_max = get_unaligned_be64(data + 36);
}

static void parse_instance(struct lun_facts *f, const u8 *data, size_t len)
{
	if (len < INSTANCE_PAGE_LEN || memcmp(data + 4, INSTANCE_VENDOR, 8) != 0)
		return;
	f->instance_known = true;
	f->in_memory = data[12] & INSTANCE_IN_MEMORY;
	memcpy(f->instance, data + 16, sizeof(f->instance));
}

bool ini_lun_has_page(const struct lun_facts *f, enum vpd_page page)
{
	return f->has_vpd[page] &&
	       (page != VPD_INSTANCE || strcmp(f->vendor, INSTANCE_VENDOR) == 0);
}

void ini_lun_parse_vpd(struct lun_facts *f, enum vpd_page page, const u8 *data, size_t len)
{
	size_t body;

	if (len < 4 || data[1] != page)
		return;
	body = get_unaligned_be16(data + 2);
	if (body < len - 4)
		len = 4 + body;
	switch (page) {
	case VPD_SUPPORTED:
		for (size_t i = 4; i < len; i++)
			f->has_vpd[data[i]] = true;
		break;
	case VPD_SERIAL:
		copy_text(f->serial, sizeof(f->serial), data + 4, len - 4);
		break;
	case VPD_IDENTIFICATION:
		parse_identification(f, data + 4, len - 4);
		break;
	case VPD_BLOCK_LIMITS:
		parse_block_limits(f, data, len);
		break;
	case VPD_CHARACTERISTICS:
		f->rotational = len >= 6 && get_unaligned_be16(data + 4) != ROTATION_NONE;
		break;
	case VPD_PROVISIONING:
		if (len >= 6) {
			f->unmap = data[5] & 0x80;
			f->write_same_unmap = data[5] & 0x40;
		}
		break;
	case VPD_INSTANCE:
		parse_instance(f, data, len);
		break;
	}
}

static bool set_capacity(struct lun_facts *f, u64 last_lba, u32 block_size)
{
	if (block_size == 0 || block_size > BLOCK_SIZE_MAX || (block_size & (block_size - 1)))
		return false;
	if (last_lba >= (u64)INT64_MAX / block_size)
		return false;
	f->blocks = last_lba + 1;
	f->block_size = block_size;
	return true;
}

bool ini_lun_parse_capacity_16(struct lun_facts *f, const u8 *data, size_t len)
{
	if (len < 12 || !set_capacity(f, get_unaligned_be64(data), get_unaligned_be32(data + 8)))
		return false;
	if (len >= 15) {
		f->physical_exp = data[13] & 0x0f;
		f->provisioned = data[14] & 0x80;
		f->read_zeroes = data[14] & 0x40;
	}
	return true;
}

bool ini_lun_parse_capacity_10(struct lun_facts *f, const u8 *data, size_t len, bool *ask_16)
{
	u32 last_lba;

	if (len < 8)
		return false;
	last_lba = get_unaligned_be32(data);
	*ask_16 = last_lba == UINT32_MAX;
	return set_capacity(f, last_lba, get_unaligned_be32(data + 4));
}

void ini_lun_parse_mode_6(struct lun_facts *f, const u8 *data, size_t len)
{
	size_t at;

	if (len < 4)
		return;
	f->write_protect = data[2] & 0x80;
	f->fua = data[2] & 0x10;
	at = 4 + (size_t)data[3];	/* past the block descriptors */
	if (len >= at + 3 && (data[at] & 0x3f) == MODE_PAGE_CACHING) {
		f->cache_known = true;
		f->write_cache = data[at + 2] & 0x04;
	}
}

u64 ini_lun_write_same_max(const struct lun_facts *f)
{
	u64 blocks = f->write_same_max ? f->write_same_max : WRITE_SAME_DEFAULT;

	return min_t(u64, blocks, UINT32_MAX) * f->block_size;
}

void ini_lun_to_info(const struct lun_facts *f, u32 io_max, struct oriser_disk_info *info)
{
	u64 transfer_max = (u64)f->transfer_max * f->block_size;
	if (transfer_max && transfer_max < io_max)
		io_max = (u32)transfer_max;
	*info = (struct oriser_disk_info){
		.size = f->blocks * f->block_size,
		.block_size = f->block_size,
		/* exponents a disk cannot have would shift into nonsense */
		.physical_block_size = f->physical_exp <= 7 ? f->block_size << f->physical_exp
							    : f->block_size,
		.io_max = io_max / f->block_size * f->block_size,
		.io_opt = (u32)min_t(u64, (u64)f->transfer_opt * f->block_size, UINT32_MAX),
		.read_only = f->write_protect,
		.write_cache = f->write_cache || !f->cache_known,
		.fua = f->fua,
		.discard = f->unmap || f->write_same_unmap,
		.write_zeroes = f->write_same_max || f->write_same_unmap,
		.rotational = f->rotational,
	};
	if (info->discard) {
		/* a descriptor counts in 32 bits, and 0 means that nothing was said */
		u32 unmap_max = f->unmap_blocks_max ? f->unmap_blocks_max : UINT32_MAX;
		u64 granularity = (u64)max_t(u32, f->unmap_granularity, 1) * f->block_size;

		info->discard_granularity = granularity <= 1u << 30 ? (u32)granularity
								    : f->block_size;
		info->discard_max = f->unmap ? (u64)unmap_max * f->block_size
					     : ini_lun_write_same_max(f);
	}
	memcpy(info->vendor, f->vendor, sizeof(info->vendor));
	memcpy(info->product, f->product, sizeof(info->product));
	memcpy(info->revision, f->revision, sizeof(info->revision));
	memcpy(info->serial, f->serial, sizeof(info->serial));
	memcpy(info->wwid, f->wwid, sizeof(info->wwid));
}

bool ini_lun_same_instance(const struct lun_facts *a, const struct lun_facts *b)
{
	return a->instance_known && b->instance_known &&
	       memcmp(a->instance, b->instance, sizeof(a->instance)) == 0;
}

bool ini_lun_is_same(const struct lun_facts *a, const struct lun_facts *b)
{
	if (a->block_size != b->block_size)
		return false;
	if ((a->in_memory || b->in_memory) && !ini_lun_same_instance(a, b))
		return false;
	if (a->wwid[0] || b->wwid[0])
		return strcmp(a->wwid, b->wwid) == 0;
	if (a->serial[0] || b->serial[0])
		return strcmp(a->serial, b->serial) == 0;
	return a->blocks == b->blocks && strcmp(a->vendor, b->vendor) == 0 &&
	       strcmp(a->product, b->product) == 0;
}
