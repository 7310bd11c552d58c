/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What VPD page B0h promises and the commands keep. */
#ifndef TARGETS_SCSI_LIMITS_H
#define TARGETS_SCSI_LIMITS_H

#include "targets/scsi/lun.h"

#define SCSI_UNMAP_DESCRIPTORS_MAX	256u
#define SCSI_WRITE_SAME_BYTES_MAX	(256ull << 20)	/* quick enough where zeroes must be written */
static_assert(SCSI_WRITE_SAME_BYTES_MAX <= STORE_RANGE_MAX, "one operation of the store");

static inline uint32_t scsi_transfer_max(const struct lun *lun)
{
	return lun->io_max / lun_block(lun);
}

static inline uint32_t scsi_write_same_max(const struct lun *lun)
{
	return (uint32_t)(SCSI_WRITE_SAME_BYTES_MAX / lun_block(lun));
}

/* Blocks of one UNMAP, all descriptors together. */
static inline uint32_t scsi_unmap_max(const struct lun *lun)
{
	return (uint32_t)(STORE_RANGE_MAX / lun_block(lun));
}

#endif
