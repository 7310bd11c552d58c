// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* UNMAP, SBC-3 5.25: all descriptors are checked before the first is carried out. */
#include "targets/scsi/cmd.h"
#include "targets/scsi/limits.h"

#define HEADER		8u
#define DESCRIPTOR	16u
#define LIST_MAX	(HEADER + DESCRIPTOR * SCSI_UNMAP_DESCRIPTORS_MAX)

static const uint8_t *descriptor(const struct scsi_cmd *sc)
{
	return (const uint8_t *)sc->buf.data + HEADER + sc->at * DESCRIPTOR;
}

static void unmap_step(struct oriser_cmd *cmd);

static void unmapped(struct store_io *io, int err)
{
	struct oriser_cmd *cmd = scsi_cmd_of_io(io);
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	/* The store may leave blocks mapped as they are, SBC-3 4.7.3.3. */
	if (err && err != -EOPNOTSUPP) {
		scsi_store_error(cmd, err, io->off / lun_block(scsi_lun_of(cmd)));
		return;
	}
	sc->at++;
	scsi_loop_on(cmd);
}

static void unmap_step(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);

	while (sc->left && !get_unaligned_be32(descriptor(sc) + 8)) {
		sc->at++;
		sc->left--;
	}
	if (cmd->aborted) {
		scsi_abandon(cmd);
	} else if (!sc->left) {
		scsi_good(cmd, sc->buf_len);
	} else {
		sc->left--;
		scsi_io(cmd, get_unaligned_be64(descriptor(sc)),
			get_unaligned_be32(descriptor(sc) + 8), 0, unmapped);
		store_unmap(&sc->io);
	}
}

/* The number of descriptors, or -1 and the command ended. */
static int check_list(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	const struct lun *lun = scsi_lun_of(cmd);
	const uint8_t *list = sc->buf.data;
	uint32_t len = min_t(uint32_t, get_unaligned_be16(list + 2), sc->buf_len - HEADER);
	int n = (int)(len / DESCRIPTOR);
	uint64_t total = 0;

	for (int i = 0; i < n; i++) {
		const uint8_t *d = list + HEADER + (unsigned)i * DESCRIPTOR;
		uint32_t blocks = get_unaligned_be32(d + 8);

		if (blocks && !scsi_range(cmd, get_unaligned_be64(d), blocks))
			return -1;
		total += blocks;
		if (total > scsi_unmap_max(lun)) {
			scsi_bad_parameter(cmd, HEADER + (unsigned)i * DESCRIPTOR + 8,
					   SENSE_NO_BIT);
			return -1;
		}
	}
	return n;
}

static void have_list(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	int n = check_list(cmd);

	if (n < 0)
		return;
	sc->at = 0;
	sc->left = (unsigned)n;
	scsi_loop(cmd, unmap_step);
}

void scsi_unmap(struct oriser_cmd *cmd)
{
	uint16_t len = get_unaligned_be16(&cmd->cdb[7]);

	if (cmd->cdb[1] & 0x01)
		scsi_bad_cdb(cmd, 1, 0);	/* ANCHOR: ANC_SUP is 0 */
	else if (!len)
		scsi_good(cmd, 0);
	else if (len < HEADER)
		scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH_ERROR);
	else if (len > LIST_MAX)
		scsi_bad_cdb(cmd, 7, SENSE_NO_BIT);
	else
		scsi_want_data(cmd, len, have_list);
}
