/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Mode pages that there are: what they say, what may be changed and how it is taken over. */
#ifndef TARGETS_SCSI_MODE_PAGE_H
#define TARGETS_SCSI_MODE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct lun;

/* PC, SPC-4 table 313 */
enum mode_control { MODE_CURRENT, MODE_CHANGEABLE, MODE_DEFAULT, MODE_SAVED };

#define MODE_PAGE_MAX	20u	/* bytes, with the header */

struct mode_page {
	uint8_t code;
	/* with the header of two bytes */
	uint8_t len;
	/* zeroed before */
	void (*fill)(const struct lun *lun, enum mode_control what, uint8_t *out);
	void (*apply)(struct lun *lun, const uint8_t *page);
};

extern const struct mode_page mode_pages[];	/* in order of their codes */
extern const unsigned mode_page_n;

/* Header and contents into out (len bytes). */
void mode_page_get(const struct mode_page *page, const struct lun *lun, enum mode_control what,
		   uint8_t *out);

#endif
