// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What an initiator reads of a LUN's answers.  Input: a byte that says which answer, then the answer; several
 * one after the other, each with two bytes of length.
 */
#include <stdlib.h>
#include <string.h>

#include "iser/initiator/lun_facts.h"
#include "iser/initiator/sense.h"
#include "iser/iser_disk.h"
#include "tests/fuzz/fuzz.h"

static void feed(struct lun_facts *f, uint8_t kind, const uint8_t *data, size_t len)
{
	static const enum vpd_page pages[] = {
		VPD_SUPPORTED,	  VPD_SERIAL,	       VPD_IDENTIFICATION,
		VPD_BLOCK_LIMITS, VPD_CHARACTERISTICS, VPD_PROVISIONING,
	};
	struct scsi_outcome outcome;
	char text[64];
	bool ask_16;

	switch (kind % 12) {
	case 6:
		ini_lun_parse_inquiry(f, data, len);
		break;
	case 7:
		ini_lun_parse_capacity_16(f, data, len);
		break;
	case 8:
		ini_lun_parse_capacity_10(f, data, len, &ask_16);
		break;
	case 9:
		ini_lun_parse_mode_6(f, data, len);
		break;
	case 11:
		ini_lun_parse_vpd(f, VPD_INSTANCE, data, len);
		break;
	case 10:
		outcome = ini_scsi_judge(SCSI_CHECK_CONDITION, data, len);
		if ((outcome.verdict == SCSI_FAILED) != (outcome.err < 0))
			abort();
		ini_scsi_describe(SCSI_CHECK_CONDITION, data, len, text, sizeof(text));
		if (strlen(text) >= sizeof(text))
			abort();
		/* retried, whatever else it means */
		if (ini_scsi_says_power_on(SCSI_CHECK_CONDITION, data, len) &&
		    outcome.verdict != SCSI_AGAIN)
			abort();
		break;
	default:
		ini_lun_parse_vpd(f, pages[kind % 12], data, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lun_facts f = { .blocks = 0 };
	struct oriser_disk_info info;

	while (size >= 3) {
		size_t len = (size_t)data[1] << 8 | data[2];
		uint8_t kind = data[0], *exact;

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		exact = malloc(len ? len : 1);
		if (!exact)
			abort();
		memcpy(exact, data, len);
		feed(&f, kind, exact, len);
		free(exact);
		data += len;
		size -= len;
	}
	if (memchr(f.wwid, 0, sizeof(f.wwid)) == NULL ||
	    memchr(f.serial, 0, sizeof(f.serial)) == NULL)
		abort();
	if (f.block_size == 0)
		return 0;
	ini_lun_to_info(&f, 1u << 20, &info);
	if (info.io_max == 0 || info.io_max % info.block_size || info.size % info.block_size ||
	    (info.discard && info.discard_max == 0) || ini_lun_write_same_max(&f) == 0)
		abort();
	return 0;
}
