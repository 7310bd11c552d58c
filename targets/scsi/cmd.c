// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/cmd.h"

/* ---- ends ----------------------------------------------------------------------------------------- */

static void give_back(struct scsi_cmd *sc)
{
	if (sc->io.state == STORE_IO_LENT)
		store_release(&sc->io);
	if (sc->buf.data)
		pool_put(sc->buf_pool, &sc->buf);
	if (sc->loop)
		*sc->loop = SCSI_LOOP_ENDED;
}

void scsi_good(struct oriser_cmd *cmd, uint64_t transferred)
{
	give_back(scsi_cmd_of(cmd));
	oriser_cmd_respond(cmd, SCSI_GOOD, NULL, 0, (uint32_t)transferred);
}

static void sent(struct oriser_cmd *cmd)
{
	give_back(scsi_cmd_of(cmd));
}

void scsi_reply(struct oriser_cmd *cmd, uint32_t len, uint32_t alloc)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct wr_sge sge = {
		.addr = (uintptr_t)sc->buf.data,
		.len = min_t(uint32_t, len, alloc),
		.lkey = sc->buf.lkey,
	};

	core_assert(len <= SCSI_REPLY_MAX);
	if (sge.len)
		oriser_cmd_data_in(cmd, &sge, 1, sge.len, SCSI_GOOD, sent);
	else
		scsi_good(cmd, 0);
}

void scsi_data(struct oriser_cmd *cmd, uint32_t len)
{
	oriser_cmd_data_in(cmd, &scsi_cmd_of(cmd)->io.sge, 1, len, SCSI_GOOD, sent);
}

void scsi_check(struct oriser_cmd *cmd, const struct sense *sense)
{
	uint8_t buf[SENSE_LEN_MAX];
	unsigned len = sense_encode(sense, atomic_load(&scsi_lun_of(cmd)->d_sense), buf);

	give_back(scsi_cmd_of(cmd));
	oriser_cmd_respond(cmd, SCSI_CHECK_CONDITION, buf, len, 0);
}

void scsi_fail(struct oriser_cmd *cmd, enum sense_key key, enum sense_asc asc)
{
	scsi_check(cmd, &(struct sense){ .key = key, .asc = asc });
}

static void bad_field(struct oriser_cmd *cmd, enum sense_asc asc, bool in_cdb, unsigned byte,
		      unsigned bit)
{
	scsi_check(cmd, &(struct sense){
				.key = KEY_ILLEGAL_REQUEST,
				.asc = asc,
				.field_valid = true,
				.field_in_cdb = in_cdb,
				.field = (uint16_t)byte,
				.bit = (uint8_t)bit,
			});
}

void scsi_bad_cdb(struct oriser_cmd *cmd, unsigned byte, unsigned bit)
{
	bad_field(cmd, ASC_INVALID_FIELD_IN_CDB, true, byte, bit);
}

void scsi_bad_parameter(struct oriser_cmd *cmd, unsigned byte, unsigned bit)
{
	bad_field(cmd, ASC_INVALID_FIELD_IN_PARAMETERS, false, byte, bit);
}

void scsi_abandon(struct oriser_cmd *cmd)
{
	scsi_fail(cmd, KEY_ABORTED_COMMAND, ASC_DATA_PHASE_ERROR);
}

static void medium_error(struct oriser_cmd *cmd, uint64_t lba)
{
	bool read = scsi_cmd_of(cmd)->io.op == STORE_READ;

	scsi_check(cmd, &(struct sense){
				.key = KEY_MEDIUM_ERROR,
				.asc = read ? ASC_UNRECOVERED_READ_ERROR : ASC_WRITE_ERROR,
				.info_valid = true,
				.info = lba,
			});
}

void scsi_store_error(struct oriser_cmd *cmd, int err, uint64_t lba)
{
	switch (-err) {
	case ECANCELED:
		scsi_abandon(cmd);
		break;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		scsi_fail(cmd, KEY_DATA_PROTECT, ASC_SPACE_ALLOCATION_FAILED);
		break;
	case EROFS:
	case EPERM:
		scsi_fail(cmd, KEY_DATA_PROTECT, ASC_WRITE_PROTECTED);
		break;
	case STORE_EFAILED:
		scsi_fail(cmd, KEY_HARDWARE_ERROR, ASC_LOGICAL_UNIT_FAILURE);
		break;
	case ENOMEM:
		/* Passes: SAM-5 5.3.1 BUSY asks for a retry. */
		give_back(scsi_cmd_of(cmd));
		oriser_cmd_respond(cmd, SCSI_BUSY, NULL, 0, 0);
		break;
	default:
		medium_error(cmd, lba);
	}
}

/* ---- steps ---------------------------------------------------------------------------------------- */

bool scsi_range(struct oriser_cmd *cmd, uint64_t lba, uint64_t blocks)
{
	uint64_t capacity = lun_blocks(scsi_lun_of(cmd));

	if (lba < capacity && blocks <= capacity - lba)
		return true;
	scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
	return false;
}

static void have_buf(struct pool_wait *wait)
{
	struct scsi_cmd *sc = container_of(wait, struct scsi_cmd, wait);

	sc->buf = wait->buf;
	sc->buf_waits = false;
	sc->have_buf(scsi_iser_cmd(sc));
}

void scsi_want_buf(struct oriser_cmd *cmd, struct pool *pool, uint32_t len,
		   void (*next)(struct oriser_cmd *))
{
	struct scsi_nexus *nexus = scsi_nexus_of(cmd);
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	int err;

	sc->buf_pool = pool;
	sc->buf_len = len;
	sc->have_buf = next;
	sc->wait.fn = have_buf;
	err = pool_get(pool, pool == nexus->reactor->replies ? NULL : &nexus->buffers, len,
		       &sc->buf, &sc->wait);
	if (!err)
		next(cmd);
	else if (err == -EAGAIN)
		sc->buf_waits = true;
	else
		scsi_store_error(cmd, err, 0);
}

static void data_arrived(struct oriser_cmd *cmd, int err)
{
	if (err)
		scsi_abandon(cmd);
	else
		scsi_cmd_of(cmd)->next(cmd);
}

static void fetch(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	struct wr_sge sge = {
		.addr = (uintptr_t)sc->buf.data,
		.len = sc->buf_len,
		.lkey = sc->buf.lkey,
	};

	oriser_cmd_data_out(cmd, &sge, 1, sge.len, data_arrived);
}

bool scsi_offers(struct oriser_cmd *cmd, uint64_t len)
{
	if (cmd->write_len >= len)
		return true;
	scsi_fail(cmd, KEY_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CIU);
	return false;
}

void scsi_want_data(struct oriser_cmd *cmd, uint32_t len, void (*next)(struct oriser_cmd *))
{
	if (!scsi_offers(cmd, len))
		return;
	scsi_cmd_of(cmd)->next = next;
	scsi_want_buf(cmd, scsi_nexus_of(cmd)->reactor->store->pool, len, fetch);
}

void scsi_io(struct oriser_cmd *cmd, uint64_t lba, uint64_t blocks, uint32_t flags,
	     void (*done)(struct store_io *, int))
{
	struct store_io *io = &scsi_cmd_of(cmd)->io;
	uint32_t block = lun_block(scsi_lun_of(cmd));

	io->inst = scsi_nexus_of(cmd)->inst;
	io->account = &scsi_nexus_of(cmd)->buffers;
	io->off = lba * block;
	io->len = blocks * block;
	io->flags = flags;
	io->done = done;
}

/* ---- loops ---------------------------------------------------------------------------------------- */

void scsi_loop(struct oriser_cmd *cmd, void (*step)(struct oriser_cmd *))
{
	scsi_cmd_of(cmd)->next = step;
	scsi_loop_on(cmd);
}

void scsi_loop_on(struct oriser_cmd *cmd)
{
	struct scsi_cmd *sc = scsi_cmd_of(cmd);
	enum scsi_loop_state state;

	if (sc->loop) {
		*sc->loop = SCSI_LOOP_AGAIN;	/* from within a step */
		return;
	}
	do {
		state = SCSI_LOOP_WAITS;
		sc->loop = &state;
		sc->next(cmd);
	} while (state == SCSI_LOOP_AGAIN);
	if (state == SCSI_LOOP_WAITS)
		sc->loop = NULL;
}
