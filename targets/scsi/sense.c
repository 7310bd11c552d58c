// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/sense.h"

#define RESPONSE_FIXED		0x70
#define RESPONSE_DESCRIPTOR	0x72
#define FIXED_VALID		0x80
#define SKSV			0x80
#define SKS_CDB			0x40
#define SKS_BPV			0x08

static void put_field(const struct sense *sense, uint8_t sks[3])
{
	sks[0] = SKSV | (sense->field_in_cdb ? SKS_CDB : 0);
	if (sense->bit < SENSE_NO_BIT)
		sks[0] |= (uint8_t)(SKS_BPV | sense->bit);
	put_unaligned_be16(sense->field, &sks[1]);
}

static unsigned encode_fixed(const struct sense *sense, uint8_t *buf)
{
	memset(buf, 0, SENSE_FIXED_LEN);
	buf[0] = RESPONSE_FIXED;
	buf[2] = (uint8_t)sense->key;
	/* An address that does not fit is not reported, SPC-4 4.5.3. */
	if (sense->info_valid && sense->info <= UINT32_MAX) {
		buf[0] |= FIXED_VALID;
		put_unaligned_be32((uint32_t)sense->info, &buf[3]);
	}
	buf[7] = SENSE_FIXED_LEN - 8;
	put_unaligned_be16((uint16_t)sense->asc, &buf[12]);
	if (sense->field_valid)
		put_field(sense, &buf[15]);
	return SENSE_FIXED_LEN;
}

static unsigned encode_descriptor(const struct sense *sense, uint8_t *buf)
{
	unsigned len = 8;

	memset(buf, 0, SENSE_LEN_MAX);
	buf[0] = RESPONSE_DESCRIPTOR;
	buf[1] = (uint8_t)sense->key;
	put_unaligned_be16((uint16_t)sense->asc, &buf[2]);
	if (sense->info_valid) {
		buf[len] = 0x00;	/* information */
		buf[len + 1] = 0x0a;
		buf[len + 2] = FIXED_VALID;
		put_unaligned_be64(sense->info, &buf[len + 4]);
		len += 12;
	}
	if (sense->field_valid) {
		buf[len] = 0x02;	/* sense key specific */
		buf[len + 1] = 0x06;
		put_field(sense, &buf[len + 4]);
		len += 8;
	}
	buf[7] = (uint8_t)(len - 8);
	return len;
}

unsigned sense_encode(const struct sense *sense, bool descriptor, uint8_t *buf)
{
	return descriptor ? encode_descriptor(sense, buf) : encode_fixed(sense, buf);
}
