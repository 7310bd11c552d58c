/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* A logical unit: a store with an identity and the state that all initiators see. */
#ifndef TARGETS_SCSI_LUN_H
#define TARGETS_SCSI_LUN_H

#include <stdatomic.h>

#include "iser/iser_target.h"
#include "targets/store/store.h"

#define LUN_TARGET_MAX		224	/* iSCSI name and its end */
#define LUN_SERIAL_MAX		64
#define LUN_ID_LEN		16u
#define LUN_NAA_LEN		16u
#define LUN_VENDOR		"OPENRDMA"
#define LUN_PRODUCT		"iSER disk       "
#define LUN_REVISION		"0001"

struct lun_cfg {
	const char *target;		/* iSCSI name of the target whose LUN 0 it is */
	/*
	 * Unit serial number.  All identifiers are made of it and of the target's name, and so are the same on another
	 * machine that serves the same disk.  NULL: they are made of id.
	 */
	const char *serial;
	/* LUN_ID_LEN random bytes, kept for this disk; NULL with a serial number */
	const uint8_t *id;
	struct store *store;		/* outlives it */
	uint32_t io_max;     /* bytes of one read or write, whole blocks; 0: STORE_IO_MAX */
	struct oriser_terms terms;	/* ORISER_AUTO: the server's */
};

/*
 * Owner: the server.  References: nexuses, on all reactors; all are gone before lun_destroy().
 * Lock: none; what changes is atomic.
 * Context: all reactors.
 */
struct lun {
	struct store *store;
	char target[LUN_TARGET_MAX];
	char serial[LUN_SERIAL_MAX];
	uint32_t io_max;
	struct oriser_terms terms;
	uint8_t naa[LUN_NAA_LEN];	/* VPD page 83h: NAA 6h, IEEE Registered Extended */
	atomic_bool wce;		/* caching page: WRITE CACHE ENABLE */
	atomic_bool d_sense;		/* control page: descriptor format sense data */
	/* Events since the start; a nexus that has seen fewer owes its initiator a unit attention. */
	atomic_uint lun_resets, target_resets, mode_changes;
};

int lun_create(const struct lun_cfg *cfg, struct lun **lun);
void lun_destroy(struct lun *lun);
/* Task management: the state goes back to what it was at power on. */
void lun_reset(struct lun *lun, bool whole_target);

static inline uint32_t lun_block(const struct lun *lun)
{
	return lun->store->info.block_size;
}

static inline uint64_t lun_blocks(const struct lun *lun)
{
	return lun->store->info.size / lun->store->info.block_size;
}

#endif
