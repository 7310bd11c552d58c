/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "iser/initiator/sense.h"

#include <stdio.h>

#define RESPONSE_CODE		0x7f
#define KEY_MASK		0x0f
#define ASC(asc, ascq)		((asc) << 8 | (ascq))
#define ASC_BECOMING_READY	ASC(0x04, 0x01)
#define ASC_OPERATION_RUNNING	ASC(0x04, 0x07)
#define ASC_TRANSITION		ASC(0x04, 0x0a)
#define ASC_SPACE_ALLOCATION	ASC(0x27, 0x07)
#define ASC_POWER_ON		ASC(0x29, 0x01)
#define ASC_INTERNAL_RESET	ASC(0x29, 0x04)

bool ini_sense_decode(const u8 *data, size_t len, struct scsi_sense *sense)
{
	if (len < 1)
		return false;
	switch (data[0] & RESPONSE_CODE) {
	case 0x70:	/* fixed, current and deferred */
	case 0x71:
		if (len < 3)
			return false;
		sense->key = data[2] & KEY_MASK;
		sense->asc = len > 12 ? data[12] : 0;
		sense->ascq = len > 13 ? data[13] : 0;
		return true;
	case 0x72:	/* descriptors */
	case 0x73:
		if (len < 2)
			return false;
		sense->key = data[1] & KEY_MASK;
		sense->asc = len > 2 ? data[2] : 0;
		sense->ascq = len > 3 ? data[3] : 0;
		return true;
	default:
		return false;
	}
}

static struct scsi_outcome failed(int err)
{
	return (struct scsi_outcome){ SCSI_FAILED, err };
}

static struct scsi_outcome again(enum scsi_verdict verdict)
{
	return (struct scsi_outcome){ verdict, 0 };
}

static struct scsi_outcome judge_sense(const struct scsi_sense *s)
{
	u16 asc = ASC(s->asc, s->ascq);

	switch (s->key) {
	case SENSE_NONE:
	case SENSE_RECOVERED:
	case SENSE_COMPLETED:
		return again(SCSI_DONE);
	case SENSE_NOT_READY:
		if (asc == ASC_BECOMING_READY || asc == ASC_OPERATION_RUNNING ||
		    asc == ASC_TRANSITION)
			return again(SCSI_AGAIN_LATER);
		return failed(-EIO);
	case SENSE_MEDIUM:
		return failed(-EBADMSG);
	case SENSE_ILLEGAL:
		/* opcode, field in CDB, field in parameter list: the target cannot do this */
		if (s->asc == 0x20 || s->asc == 0x24 || s->asc == 0x26)
			return failed(-EOPNOTSUPP);
		return failed(-EIO);
	case SENSE_UNIT_ATTENTION:
		/* 2A/01, 2A/09: mode page, capacity; 3F/03, 3F/0E: inquiry data, LUN inventory; 38/07 is
		 * thin provisioning's soft threshold */
		if (asc == ASC(0x2a, 0x01) || asc == ASC(0x2a, 0x09) || asc == ASC(0x3f, 0x03) ||
		    asc == ASC(0x3f, 0x0e))
			return again(SCSI_AGAIN_CHANGED);
		return again(SCSI_AGAIN);
	case SENSE_DATA_PROTECT:
		return failed(asc == ASC_SPACE_ALLOCATION ? -ENOSPC : -EROFS);
	case SENSE_ABORTED:
		/* 10/0x: protection information disagreed with the data */
		return s->asc == 0x10 ? failed(-EBADMSG) : again(SCSI_AGAIN_ABORTED);
	case SENSE_HARDWARE:
	case SENSE_BLANK_CHECK:
	case SENSE_VENDOR:
	case SENSE_COPY_ABORTED:
	case SENSE_RESERVED:
	case SENSE_OVERFLOW:
	case SENSE_MISCOMPARE:
		break;
	}
	return failed(-EIO);
}

struct scsi_outcome ini_scsi_judge(u8 status, const u8 *sense, size_t sense_len)
{
	struct scsi_sense s;

	switch (status) {
	case SCSI_GOOD:
	case SCSI_CONDITION_MET:
		return again(SCSI_DONE);
	case SCSI_CHECK_CONDITION:
		return ini_sense_decode(sense, sense_len, &s) ? judge_sense(&s) : failed(-EIO);
	case SCSI_BUSY:
	case SCSI_TASK_SET_FULL:
		return again(SCSI_AGAIN_LATER);
	case SCSI_TASK_ABORTED:
		return again(SCSI_AGAIN_ABORTED);
	default:
		return failed(-EIO);
	}
}

bool ini_scsi_says_power_on(u8 status, const u8 *sense, size_t sense_len)
{
	struct scsi_sense s;

	if (status != SCSI_CHECK_CONDITION || !ini_sense_decode(sense, sense_len, &s) ||
	    s.key != SENSE_UNIT_ATTENTION)
		return false;
	return ASC(s.asc, s.ascq) == ASC_POWER_ON || ASC(s.asc, s.ascq) == ASC_INTERNAL_RESET;
}

static const char *status_name(u8 status)
{
	switch (status) {
	case SCSI_GOOD:
		return "good";
	case SCSI_CHECK_CONDITION:
		return "check condition";
	case SCSI_CONDITION_MET:
		return "condition met";
	case SCSI_BUSY:
		return "busy";
	case SCSI_RESERVATION:
		return "reservation conflict";
	case SCSI_TASK_SET_FULL:
		return "task set full";
	case SCSI_ACA_ACTIVE:
		return "ACA active";
	case SCSI_TASK_ABORTED:
		return "task aborted";
	default:
		return "unknown status";
	}
}

static const char *const key_names[16] = {
	"no sense",	  "recovered error", "not ready",      "medium error",
	"hardware error", "illegal request", "unit attention", "data protect",
	"blank check",	  "vendor specific", "copy aborted",   "aborted command",
	"reserved",	  "volume overflow", "miscompare",     "completed",
};

static const struct {
	u16 asc;
	const char *text;
} asc_names[] = {
	{ ASC(0x04, 0x01), "becoming ready" },
	{ ASC(0x04, 0x02), "needs START UNIT" },
	{ ASC(0x0c, 0x00), "write error" },
	{ ASC(0x11, 0x00), "unrecovered read error" },
	{ ASC(0x20, 0x00), "the target does not know this command" },
	{ ASC(0x21, 0x00), "block address out of range" },
	{ ASC(0x24, 0x00), "invalid field in the command" },
	{ ASC(0x25, 0x00), "there is no such LUN" },
	{ ASC(0x26, 0x00), "invalid field in the parameter list" },
	{ ASC(0x27, 0x00), "write protected" },
	{ ASC(0x27, 0x07), "no space left on the thin-provisioned LUN" },
	{ ASC(0x29, 0x00), "power on or reset" },
	{ ASC(0x2a, 0x09), "the capacity has changed" },
	{ ASC(0x3a, 0x00), "medium not present" },
	{ ASC(0x3f, 0x0e), "the list of LUNs has changed" },
	{ ASC(0x44, 0x00), "internal failure of the target" },
};

const char *ini_scsi_describe(u8 status, const u8 *sense, size_t sense_len, char *text,
			      size_t text_len)
{
	const char *what = "";
	struct scsi_sense s;

	if (status != SCSI_CHECK_CONDITION) {
		snprintf(text, text_len, "%s (status %02x)", status_name(status), status);
		return text;
	}
	if (!ini_sense_decode(sense, sense_len, &s)) {
		snprintf(text, text_len, "check condition without usable sense data");
		return text;
	}
	for (size_t i = 0; i < ARRAY_SIZE(asc_names); i++)
		if (asc_names[i].asc == ASC(s.asc, s.ascq))
			what = asc_names[i].text;
	snprintf(text, text_len, "check condition: %s%s%s (%x/%02x/%02x)", key_names[s.key],
		 *what ? ", " : "", what, (unsigned)s.key, s.asc, s.ascq);
	return text;
}
