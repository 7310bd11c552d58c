// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/lun.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * NAA 6h has an OUI, and nobody has given us one: this is of the quarter of all addresses that everybody may use on
 * his own (IEEE 802c, administratively assigned), and so of nobody's products.  100 bits follow.
 */
#define NAA_OUI		0x024f52u

/* FNV-1a, 64 bit, then the bits of the end spread over all (murmur3's finalizer).  Identifiers of existing
 * disks hang on it: it must never change. */
static uint64_t hash(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3ull;
	return h;
}

static uint64_t spread(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
	return h ^ h >> 33;
}

/* Of what an administrator has chosen: two halves, from two beginnings. */
static void id_of_serial(const char *target, const char *serial, uint8_t id[LUN_ID_LEN])
{
	static const uint64_t begin[] = { 0xcbf29ce484222325ull, 0x84222325cbf29ce4ull };

	for (unsigned i = 0; i < 2; i++)
		put_unaligned_be64(spread(hash(hash(hash(begin[i], target), "/"), serial)),
				   id + 8 * i);
}

/* 6h, the OUI, the first 100 bits. */
static void naa_of_id(const uint8_t id[LUN_ID_LEN], uint8_t naa[LUN_NAA_LEN])
{
	put_unaligned_be32(6u << 28 | NAA_OUI << 4 | id[0] >> 4, naa);
	for (unsigned i = 4; i < LUN_NAA_LEN; i++)
		naa[i] = (uint8_t)(id[i - 4] << 4 | id[i - 3] >> 4);
}

int lun_create(const struct lun_cfg *cfg, struct lun **out)
{
	struct lun *lun = calloc(1, sizeof(*lun));
	uint8_t id[LUN_ID_LEN];

	if (!lun)
		return -ENOMEM;
	if (strlen(cfg->target) >= sizeof(lun->target) ||
	    (cfg->serial && strlen(cfg->serial) >= sizeof(lun->serial))) {
		free(lun);
		return -ENAMETOOLONG;
	}
	core_assert(cfg->serial || cfg->id);
	if (cfg->serial)
		id_of_serial(cfg->target, cfg->serial, id);
	else
		memcpy(id, cfg->id, sizeof(id));
	lun->store = cfg->store;
	lun->io_max = cfg->io_max ? cfg->io_max : STORE_IO_MAX;
	lun->terms = cfg->terms;
	naa_of_id(id, lun->naa);
	strcpy(lun->target, cfg->target);
	if (cfg->serial)
		strcpy(lun->serial, cfg->serial);
	for (unsigned i = 0; i < sizeof(id) && !cfg->serial; i++)
		snprintf(lun->serial + 2 * i, 3, "%02x", id[i]);
	atomic_init(&lun->wce, cfg->store->info.write_cache);
	*out = lun;
	return 0;
}

void lun_destroy(struct lun *lun)
{
	free(lun);
}

void lun_reset(struct lun *lun, bool whole_target)
{
	atomic_store(&lun->wce, lun->store->info.write_cache);
	atomic_store(&lun->d_sense, false);
	atomic_fetch_add(whole_target ? &lun->target_resets : &lun->lun_resets, 1);
}
