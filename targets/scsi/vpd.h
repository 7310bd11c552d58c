/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Vital product data, SPC-4 7.8 and SBC-3 6.6. */
#ifndef TARGETS_SCSI_VPD_H
#define TARGETS_SCSI_VPD_H

#include <stdint.h>

struct lun;

/* The page with its header into out (zeroed, SCSI_REPLY_MAX bytes).  Its length, or -ENOENT. */
int vpd_page(const struct lun *lun, uint8_t page, uint8_t *out);

#endif
