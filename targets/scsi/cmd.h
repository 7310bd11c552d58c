/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A command on its way through the device server, and how it may end.
 *
 * A handler gets the command with its CDB checked for reserved bits.  It ends by exactly one of the calls
 * below, at once or from a later callback; each of them gives back what the command holds.
 */
#ifndef TARGETS_SCSI_CMD_H
#define TARGETS_SCSI_CMD_H

#include "iser/iser_target.h"
#include "targets/scsi/lun.h"
#include "targets/scsi/op.h"
#include "targets/scsi/sense.h"
#include "targets/scsi/server.h"

/* What the device server keeps for an event loop. */
struct scsi_reactor {
	struct store_reactor *store;
	uint64_t nexus_max;		/* bytes of buffers of one initiator */
	struct pool *replies;		/* small answers: never behind a queue of large data */
	unsigned detached;		/* flushes whose command has been answered */
	struct {
		struct store_inst *inst;	/* NULL: it is not here */
		unsigned nexuses;
	} luns[SCSI_LUNS_MAX];		/* by their slots */
};

/* An initiator and a LUN: the context of a session.  On the thread of its reactor only. */
struct scsi_nexus {
	struct lun *lun;
	unsigned slot;			/* of the LUN */
	struct store_inst *inst;
	struct scsi_reactor *reactor;
	struct pool_account buffers;	/* of data, that its commands have */
	bool power_on_seen;
	unsigned lun_resets_seen, target_resets_seen, mode_changes_seen;
};

enum scsi_loop_state { SCSI_LOOP_WAITS, SCSI_LOOP_AGAIN, SCSI_LOOP_ENDED };

/* Lives in oriser_cmd.priv. */
struct scsi_cmd {
	const struct scsi_op *op;
	struct store_io io;
	struct pool_buf buf;		/* answer, or data-out that is not for the medium */
	struct pool *buf_pool;
	struct pool_wait wait;
	uint32_t buf_len;
	bool buf_waits;
	bool lun_exists;
	void (*have_buf)(struct oriser_cmd *);
	void (*next)(struct oriser_cmd *);	/* after data-out; the step of a loop */
	enum scsi_loop_state *loop;	/* on the stack of scsi_loop_on() while it runs */
	uint64_t lba, left;		/* of loops: blocks */
	uint32_t at;			/* of loops: where in buf */
};
static_assert(sizeof(struct scsi_cmd) <= ORISER_CMD_PRIV, "must fit into the command");

static inline struct scsi_cmd *scsi_cmd_of(struct oriser_cmd *cmd)
{
	return (struct scsi_cmd *)cmd->priv;
}

static inline struct oriser_cmd *scsi_iser_cmd(struct scsi_cmd *sc)
{
	return container_of((uint64_t(*)[ORISER_CMD_PRIV / 8])sc, struct oriser_cmd, priv);
}

static inline struct oriser_cmd *scsi_cmd_of_io(struct store_io *io)
{
	return scsi_iser_cmd(container_of(io, struct scsi_cmd, io));
}

static inline struct scsi_nexus *scsi_nexus_of(const struct oriser_cmd *cmd)
{
	return cmd->session->ctx;
}

static inline struct lun *scsi_lun_of(const struct oriser_cmd *cmd)
{
	return scsi_nexus_of(cmd)->lun;
}

/* ---- ends ----------------------------------------------------------------------------------------- */

/* GOOD; transferred: bytes of the data-out that the command took. */
void scsi_good(struct oriser_cmd *cmd, uint64_t transferred);
/* GOOD with the first min(len, alloc) bytes of buf. */
void scsi_reply(struct oriser_cmd *cmd, uint32_t len, uint32_t alloc);
/* GOOD with what io lends; len: bytes that the CDB asked for. */
void scsi_data(struct oriser_cmd *cmd, uint32_t len);
void scsi_check(struct oriser_cmd *cmd, const struct sense *sense);
void scsi_fail(struct oriser_cmd *cmd, enum sense_key key, enum sense_asc asc);
/* ILLEGAL REQUEST, INVALID FIELD IN CDB or IN PARAMETER LIST; bit may be SENSE_NO_BIT. */
void scsi_bad_cdb(struct oriser_cmd *cmd, unsigned byte, unsigned bit);
void scsi_bad_parameter(struct oriser_cmd *cmd, unsigned byte, unsigned bit);
/* What the store said; lba: the first block of the range that failed. */
void scsi_store_error(struct oriser_cmd *cmd, int err, uint64_t lba);
/* Its answer is not wanted any more (oriser_cmd.aborted, a lost session). */
void scsi_abandon(struct oriser_cmd *cmd);

/* ---- steps ---------------------------------------------------------------------------------------- */

/* False: ended with LOGICAL BLOCK ADDRESS OUT OF RANGE. */
bool scsi_range(struct oriser_cmd *cmd, uint64_t lba, uint64_t blocks);
/* buf of len bytes, then next(); ends the command itself when there is none. */
void scsi_want_buf(struct oriser_cmd *cmd, struct pool *pool, uint32_t len,
		   void (*next)(struct oriser_cmd *));
/* False: the initiator offers fewer bytes than the CDB asks for, and the command ended. */
bool scsi_offers(struct oriser_cmd *cmd, uint64_t len);
/*
 * Data-out of len bytes into a buf, then next().  Ends the command if the initiator offers fewer: nothing
 * may depend on bytes that never come.
 */
void scsi_want_data(struct oriser_cmd *cmd, uint32_t len, void (*next)(struct oriser_cmd *));
/* Sets io up for a range of blocks. */
void scsi_io(struct oriser_cmd *cmd, uint64_t lba, uint64_t blocks, uint32_t flags,
	     void (*done)(struct store_io *, int));

/*
 * Repeats step() until it ends the command, each time that scsi_loop_on() is called; the callbacks of a
 * store may come before its calls return, and a long loop must not be a deep recursion.
 */
void scsi_loop(struct oriser_cmd *cmd, void (*step)(struct oriser_cmd *));
void scsi_loop_on(struct oriser_cmd *cmd);

#endif
