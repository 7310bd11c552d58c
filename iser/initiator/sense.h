/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a SCSI status and its sense data mean to a disk: done, again, again later, or which error.
 * SPC-4 4.5, SAM-5 5.3.
 */
#ifndef ISER_INITIATOR_SENSE_H
#define ISER_INITIATOR_SENSE_H

#include "core/env.h"

enum scsi_status {
	SCSI_GOOD		= 0x00,
	SCSI_CHECK_CONDITION	= 0x02,
	SCSI_CONDITION_MET	= 0x04,
	SCSI_BUSY		= 0x08,
	SCSI_RESERVATION	= 0x18,
	SCSI_TASK_SET_FULL	= 0x28,
	SCSI_ACA_ACTIVE		= 0x30,
	SCSI_TASK_ABORTED	= 0x40,
};

enum scsi_sense_key {
	SENSE_NONE,
	SENSE_RECOVERED,
	SENSE_NOT_READY,
	SENSE_MEDIUM,
	SENSE_HARDWARE,
	SENSE_ILLEGAL,
	SENSE_UNIT_ATTENTION,
	SENSE_DATA_PROTECT,
	SENSE_BLANK_CHECK,
	SENSE_VENDOR,
	SENSE_COPY_ABORTED,
	SENSE_ABORTED,
	SENSE_RESERVED,
	SENSE_OVERFLOW,
	SENSE_MISCOMPARE,
	SENSE_COMPLETED,
};

struct scsi_sense {
	enum scsi_sense_key key;
	u8 asc, ascq;
};

enum scsi_verdict {
	SCSI_DONE,
	SCSI_FAILED,		/* err */
	SCSI_AGAIN,		/* at once; a condition that reporting it has cleared */
	SCSI_AGAIN_CHANGED,	/* at once; and the medium's size or identity may be another now */
	SCSI_AGAIN_ABORTED,	/* at once, but not for ever */
	SCSI_AGAIN_LATER,	/* the target is busy: after a while */
};

struct scsi_outcome {
	enum scsi_verdict verdict;
	int err;
};

/* Fixed and descriptor format.  False: none of them, or too short to hold a key. */
bool ini_sense_decode(const u8 *data, size_t len, struct scsi_sense *sense);
struct scsi_outcome ini_scsi_judge(u8 status, const u8 *sense, size_t sense_len);
/* UNIT ATTENTION with POWER ON OCCURRED or DEVICE INTERNAL RESET: what was cached is lost. */
bool ini_scsi_says_power_on(u8 status, const u8 *sense, size_t sense_len);
/* "check condition: medium error, unrecovered read error (3/11/00)" */
const char *ini_scsi_describe(u8 status, const u8 *sense, size_t sense_len, char *text,
			      size_t text_len);

#endif
