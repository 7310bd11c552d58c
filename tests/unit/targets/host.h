/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What stands in for the iSER target library: sessions and commands of which a test is the initiator.  It
 * implements oriser_cmd_data_in(), oriser_cmd_data_out() and oriser_cmd_respond() and checks that each
 * command is answered exactly once, with memory that is registered.
 */
#ifndef TESTS_UNIT_TARGETS_HOST_H
#define TESTS_UNIT_TARGETS_HOST_H

#include "targets/scsi/cmd.h"
#include "targets/scsi/server.h"
#include "tests/unit/targets/rig.h"

#define HOST_DATA_MAX	(8u << 20)

struct host {
	struct rig rig;
	struct scsi_server *server;
	struct lun *lun;
	unsigned registrations;	/* alive before it was opened */
	bool keep_sent;		/* data-in is taken, but "sent" waits for host_sent() */
	bool keep_data;		/* data-out waits for host_data() */
};

/* The answer to a command, as an initiator sees it. */
struct answer {
	uint8_t status;
	uint8_t sense[ORISER_SENSE_MAX];
	unsigned sense_len;
	uint8_t *data;		/* what arrived: min(len, read_len) */
	uint32_t data_len;
	uint32_t len;		/* as the server said: len, or transferred */
};

struct host_cmd {
	struct oriser_cmd cmd;
	struct host *host;
	const uint8_t *data_out;
	unsigned answers;
	bool answered, ended;	/* ended: answered and, after data-in, sent */
	struct answer answer;
	uint8_t *data;
	void (*sent)(struct oriser_cmd *);
	void (*data_done)(struct oriser_cmd *, int err);
	bool held_sent, held_data;	/* by keep_sent, keep_data */
	struct wr_sge sge;
	uint32_t want;
	struct ual_defer later;
};

/* A server with one LUN on the store that cfg describes; first unit attention not yet taken. */
void host_open(struct host *host, const struct store_cfg *cfg);
void host_close(struct host *host);

void host_login(struct host *host, struct oriser_tsession *s);	/* as an initiator of the LUN */
void host_logout(struct oriser_tsession *s);

/* A command of LUN 0, ready to be changed and started. */
struct host_cmd *host_cmd(struct host *host, struct oriser_tsession *s, const uint8_t *cdb,
			  size_t cdb_len, uint32_t read_len, const void *data_out,
			  uint32_t write_len);
void host_start(struct host_cmd *hc);
const struct answer *host_wait(struct host_cmd *hc);
void host_free(struct host_cmd *hc);
/* All of it; valid until the next host_run(). */
const struct answer *host_run(struct host *host, struct oriser_tsession *s, const uint8_t *cdb,
			      size_t cdb_len, uint32_t read_len, const void *data_out,
			      uint32_t write_len);
void host_sent(struct host_cmd *hc);
void host_data(struct host_cmd *hc, int err);
void host_abort(struct host_cmd *hc);
/* Takes the unit attention that a new session owes. */
void host_settle(struct host *host, struct oriser_tsession *s);

#define CDB(...)	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/* ---- expectations ---------------------------------------------------------------------------------- */

void expect_good(const struct answer *a);
void expect_sense(const struct answer *a, uint8_t key, uint16_t asc);
/* INVALID FIELD IN CDB (or IN PARAMETER LIST) at a byte; bit 8: no bit pointer. */
void expect_bad_field(const struct answer *a, bool in_cdb, unsigned byte, unsigned bit);
void expect_data(const struct answer *a, const void *data, size_t len);

#endif
