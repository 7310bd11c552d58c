/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Device identification VPD page (83h), SPC-4 7.8.6: who the logical unit, its port and its target are. */
#ifndef TARGETS_SCSI_VPD_ID_H
#define TARGETS_SCSI_VPD_ID_H

#include <stdint.h>

struct lun;

/* Designators into out (zeroed, 2048 bytes at least); bytes. */
unsigned vpd_identification(const struct lun *lun, uint8_t *out);

#endif
