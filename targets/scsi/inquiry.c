// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* INQUIRY standard data, SPC-4 6.4.2. */
#include "targets/scsi/cmd.h"
#include "targets/scsi/vpd.h"

#define EVPD			0x01	/* byte 1 of the CDB */
#define NO_LUN			0x7f	/* peripheral qualifier 3: no device can be here */
#define VERSION_SPC4		0x06
#define HISUP_FORMAT_2		0x12
#define CMDQUE			0x02	/* byte 7 */
#define STANDARD_LEN		74u

static void standard(struct oriser_cmd *cmd)
{
	static const uint16_t versions[] = {
		0x00a0,		/* SAM-5 */
		0x0460,		/* SPC-4 */
		0x04c0,		/* SBC-3 */
		0x0960,		/* iSCSI */
	};
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	uint8_t *out = sc->buf.data;

	out[0] = sc->lun_exists ? 0x00 : NO_LUN;
	out[2] = VERSION_SPC4;
	out[3] = HISUP_FORMAT_2;
	out[4] = STANDARD_LEN - 5;
	out[7] = CMDQUE;
	memcpy(&out[8], LUN_VENDOR, 8);
	memcpy(&out[16], LUN_PRODUCT, 16);
	memcpy(&out[32], LUN_REVISION, 4);
	for (unsigned i = 0; i < ARRAY_SIZE(versions); i++)
		put_unaligned_be16(versions[i], &out[58 + 2 * i]);
	scsi_reply(cmd, STANDARD_LEN, get_unaligned_be16(&cmd->cdb[3]));
}

void scsi_inquiry(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	uint8_t *out = sc->buf.data;
	int len;

	if (!(cmd->cdb[1] & EVPD)) {
		if (cmd->cdb[2])
			scsi_bad_cdb(cmd, 2, 7);
		else
			standard(cmd);
		return;
	}
	len = vpd_page(scsi_lun_of(cmd), cmd->cdb[2], out);
	if (len < 0) {
		scsi_bad_cdb(cmd, 2, 7);
		return;
	}
	if (!sc->lun_exists)
		out[0] = NO_LUN;
	scsi_reply(cmd, (uint32_t)len, get_unaligned_be16(&cmd->cdb[3]));
}
