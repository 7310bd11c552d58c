// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/lun.h"

#include <stdio.h>
#include <stdlib.h>

#define NAA_LOCAL	(3ull << 60)

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

int lun_create(const struct lun_cfg *cfg, struct lun **out)
{
	struct lun *lun = calloc(1, sizeof(*lun));
	uint64_t h = hash(0xcbf29ce484222325ull, cfg->target);

	if (!lun)
		return -ENOMEM;
	if (strlen(cfg->target) >= sizeof(lun->target) ||
	    (cfg->serial && strlen(cfg->serial) >= sizeof(lun->serial))) {
		free(lun);
		return -ENAMETOOLONG;
	}
	if (cfg->serial)
		h = hash(hash(h, "/"), cfg->serial);
	else if (cfg->machine)
		h = hash(hash(h, "@"), cfg->machine);
	h = spread(h);
	lun->store = cfg->store;
	lun->io_max = cfg->io_max ? cfg->io_max : STORE_IO_MAX;
	lun->terms = cfg->terms;
	lun->naa = NAA_LOCAL | (h & 0x0fffffffffffffffull);
	strcpy(lun->target, cfg->target);
	if (cfg->serial)
		strcpy(lun->serial, cfg->serial);
	else
		snprintf(lun->serial, sizeof(lun->serial), "%016llx", (unsigned long long)h);
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
