// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/vpd_id.h"

#include <stdio.h>

#include "targets/scsi/lun.h"

#define PROTOCOL_ISCSI	0x50	/* byte 0, high half */
#define PIV		0x80	/* byte 1: the protocol is valid */

enum code_set { CODE_BINARY = 1, CODE_ASCII, CODE_UTF8 };
enum association { OF_LUN = 0x00, OF_PORT = 0x10, OF_TARGET = 0x20 };
enum designator {
	ID_T10_VENDOR = 0x1,
	ID_NAA = 0x3,
	ID_RELATIVE_PORT = 0x4,
	ID_NAME_STRING = 0x8,
};

/* Header of a designator; returns where its len bytes go and moves *end behind them. */
static uint8_t *designator(uint8_t **end, enum code_set code, enum association of,
			   enum designator type, unsigned len)
{
	uint8_t *d = *end;

	d[0] = (uint8_t)code;
	d[1] = (uint8_t)of | (uint8_t)type;
	if (of != OF_LUN) {
		d[0] |= PROTOCOL_ISCSI;
		d[1] |= PIV;
	}
	d[3] = (uint8_t)len;
	*end = d + 4 + len;
	return d + 4;
}

/* A name with a suffix, padded with zeroes (at least one) to a multiple of four, SPC-4 7.8.6.11. */
static void name_string(uint8_t **end, enum association of, const char *name, const char *suffix)
{
	size_t name_len = strlen(name), suffix_len = strlen(suffix);
	uint8_t *at = designator(end, CODE_UTF8, of, ID_NAME_STRING,
				 (unsigned)(name_len + suffix_len + 4) & ~3u);

	memcpy(at, name, name_len);
	memcpy(at + name_len, suffix, suffix_len);
}

/*
 * The name of the LUN is that of its NAA designator, not one made of the target's: Linux takes it as the identity of the
 * disk before all others, and targets of one name may be on two machines.
 */
static void lun_name(uint8_t **end, const struct lun *lun)
{
	char text[2 * LUN_NAA_LEN + 1];

	for (unsigned i = 0; i < LUN_NAA_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", lun->naa[i]);
	name_string(end, OF_LUN, "naa.", text);
}

unsigned vpd_identification(const struct lun *lun, uint8_t *out)
{
	size_t serial_len = strlen(lun->serial);
	uint8_t *end = out, *at;

	memcpy(designator(&end, CODE_BINARY, OF_LUN, ID_NAA, LUN_NAA_LEN), lun->naa, LUN_NAA_LEN);
	at = designator(&end, CODE_ASCII, OF_LUN, ID_T10_VENDOR, (unsigned)(8 + serial_len));
	memcpy(at, LUN_VENDOR, 8);
	memcpy(at + 8, lun->serial, serial_len);
	lun_name(&end, lun);
	put_unaligned_be32(1, designator(&end, CODE_BINARY, OF_PORT, ID_RELATIVE_PORT, 4));
	name_string(&end, OF_PORT, lun->target, ",t,0x0001");
	name_string(&end, OF_TARGET, lun->target, "");
	return (unsigned)(end - out);
}
