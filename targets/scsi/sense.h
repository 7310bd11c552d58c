/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Sense data, SPC-4 4.5: what went wrong, and where. */
#ifndef TARGETS_SCSI_SENSE_H
#define TARGETS_SCSI_SENSE_H

#include "core/env.h"
#include "targets/scsi/scsi_proto.h"

#define SENSE_FIXED_LEN		18u
#define SENSE_LEN_MAX		28u	/* descriptor format with both descriptors */
#define SENSE_NO_BIT		8

struct sense {
	enum sense_key key;
	enum sense_asc asc;
	bool info_valid;
	uint64_t info;			/* INFORMATION: a logical block address */
	bool field_valid;		/* field pointer, SPC-4 4.5.2.4.2 */
	bool field_in_cdb;		/* else in the parameter list */
	uint16_t field;			/* byte */
	uint8_t bit;			/* highest wrong bit, or SENSE_NO_BIT */
};

/* buf has SENSE_LEN_MAX bytes.  Returns the length. */
unsigned sense_encode(const struct sense *sense, bool descriptor, uint8_t *buf);

#endif
