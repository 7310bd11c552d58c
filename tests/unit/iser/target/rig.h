/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A target over the simulated network, a backend that remembers what it was asked, and raw
 * initiators that send whatever bytes a test lays out.
 *
 *   rig_open(&r, &cfg);
 *   raw_open(&r, &i, RAW_DEFAULT); raw_login(&i, NULL);
 *   raw_begin(&i, ISCSI_SCSI_CMD, 0x80); ... i.msg bytes ... raw_send(&i);
 *   raw_expect(&i, ISCSI_SCSI_RSP); ... i.in bytes ...
 *   raw_close(&i); rig_close(&r);
 *
 * Time is virtual, so timeouts cost nothing; every wait is bounded by two minutes of it.
 */
#ifndef TESTS_UNIT_ISER_TARGET_RIG_H
#define TESTS_UNIT_ISER_TARGET_RIG_H

#include <netinet/in.h>

#include "drivers/sim/sim.h"
#include "iser/engine/iser_hdr.h"
#include "iser/engine/pdu.h"
#include "iser/iser_target.h"
#include "tests/unit/iser/cmocka_head.h"

#define TARGET_A	"iqn.2026-11.org.openrdma:a"
#define TARGET_B	"iqn.2026-11.org.openrdma:b"
#define RIG_DISK	(4u << 20)		/* bytes of the one disk behind all LUNs */
#define RIG_REACTORS	2
#define RAW_BUF		(2u << 20)
#define RAW_MSGS	512
#define RAW_RECVS	320
#define RAW_RECV_LEN	8400
#define RAW_MSG_LEN	9000

/* What the backend does with a command; the tests' own opcodes. */
enum rig_cdb {
	CDB_READY	= 0x00,		/* GOOD */
	CDB_READ	= 0x28,		/* read_len bytes from the disk at LBA * 512 */
	CDB_WRITE	= 0x2a,		/* write_len bytes to it */
	CDB_HOLD	= 0xc0,		/* no answer until rig_release() or an abort */
	CDB_HOLD_DEAF	= 0xc1,		/* no answer until rig_release(), aborted or not */
	CDB_SENSE	= 0xc2,		/* CHECK CONDITION with 96 bytes of sense */
	CDB_SHORT	= 0xc3,		/* half of what a read wants */
	CDB_LONG	= 0xc4,		/* 100 bytes more than a read wants */
	CDB_PIECES	= 0xc5,		/* READ in sges of 512 bytes */
	CDB_WRITE_PIECES = 0xc6,
	CDB_WRITE_TWICE	= 0xc7,		/* asks for the data once more when they are there */
};

struct rig_cmd {			/* in oriser_cmd.priv */
	struct rig_cmd *next;
	struct oriser_cmd *cmd;
};

struct rig_cfg {
	struct oriser_server_cfg server;	/* devs, ops and ctx are the rig's */
	unsigned int reactors;		/* default 1 */
	uint64_t seed;
	bool sink_remote;		/* of the network */
};

struct rig {
	struct sim *sim;
	struct ual *ual;
	struct ual_loop *loops[RIG_REACTORS];
	unsigned int loop_n;
	struct ual_device *tdevs[RIG_REACTORS], *idev;
	struct oriser_server *server;
	struct sockaddr_storage addr;
	uint8_t *disk;
	struct ual_mr *mrs[RIG_REACTORS];
	/* the backend's memory */
	unsigned int logins, ends, commands, aborts, tmfs, sents, dones;
	int last_err;			/* of data_out */
	enum oriser_login_verdict verdict;
	enum oriser_tmf last_tmf;
	bool no_lun;			/* tmf says the LUN does not exist */
	struct rig_cmd *held;
	unsigned int held_n;
	unsigned int targets;		/* for SendTargets; default 2 */
	unsigned int log_lines;
	char log[512];
	bool stopped;
};

void rig_open(struct rig *r, const struct rig_cfg *cfg);	/* cfg NULL: defaults */
void rig_listen(struct rig *r);
int rig_create(struct rig *r, const struct rig_cfg *cfg); /* without listening; errors come back */
void rig_stop(struct rig *r);
void rig_close(struct rig *r);					/* stops first, if it was not */
void rig_until(struct rig *r, bool (*done)(void *ctx), void *ctx);
/* As rig_until(), but the time may pass: false. */
bool rig_within(struct rig *r, uint64_t ms, bool (*done)(void *ctx), void *ctx);
void rig_pass(struct rig *r, uint64_t ms);
void rig_release(struct rig *r);		/* answers all held commands with GOOD */

/* ---- raw initiator -------------------------------------------------------------------------- */

struct raw_msg {
	uint32_t len;
	bool inv;
	uint32_t inv_rkey;
	uint8_t bytes[RAW_RECV_LEN];
};

struct raw {
	struct rig *rig;
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct ual_qp *qp;
	struct ual_mr *mr, *recv_mr;
	struct ual_mw *mw;
	uint8_t mw_uses;
	uint8_t *buf;			/* RAW_BUF bytes, all rights */
	uint8_t *recvs;
	bool up, down, terminated;
	uint8_t pdata[4];
	unsigned int pdata_len;
	struct raw_msg *msgs;		/* received, not looked at */
	unsigned int msg_n;
	/* what is being laid out: iSER header, PDU, data */
	uint8_t msg[RAW_MSG_LEN];
	uint32_t len;
	struct raw_msg in;		/* what was expected last */
	uint32_t cmd_sn, exp_stat_sn, itt, max_cmd_sn;
	uint16_t tsih, cid;
	uint8_t isid;
	const char *name;		/* initiator name */
	/* streaming mode */
	struct ual_stream *stream;
	bool stream_up, stream_closed;
	uint8_t stream_in[65536];
	uint32_t stream_len;
};

#define RAW_NO_INV	0x40
#define RAW_DEFAULT	0x80		/* private data flags: Send with Invalidate is fine */
#define RAW_NO_PDATA	0x100

/* RDMA connection; fails the test if it does not come up. */
void raw_open(struct rig *r, struct raw *i, unsigned int pdata_flags);
/* The two halves of it; false: no connection. */
void raw_make(struct rig *r, struct raw *i);
bool raw_connect(struct raw *i, unsigned int pdata_flags);
void raw_close(struct raw *i);
/* One login request with all keys (extra: more of them, blanks between), success expected. */
void raw_login(struct raw *i, const char *extra);
/* Only sends the request. */
void raw_login_start(struct raw *i, const char *target);
uint16_t raw_try_login(struct raw *i, const char *target, const char *extra); /* class and detail */

/* Header of iSER, BHS with the next CmdSN, ExpStatSN and ITT; data appended by raw_data(). */
uint8_t *raw_begin(struct raw *i, uint8_t opcode, uint8_t flags);
void raw_data(struct raw *i, const void *data, uint32_t len);
void raw_read_stag(struct raw *i, uint32_t stag, uint64_t at);
void raw_write_stag(struct raw *i, uint32_t stag, uint64_t at);
/* A fresh STag for len bytes at off of buf, which the target may invalidate; one at a time. */
uint32_t raw_window(struct raw *i, uint32_t off, uint32_t len);
void raw_send(struct raw *i);
/* BHS of a SCSI command */
uint8_t *raw_cmd(struct raw *i, uint8_t flags, uint8_t cdb, uint32_t lba, uint32_t len);

bool raw_has(struct raw *i, uint8_t opcode);
/* The oldest received message of that opcode, into i->in; returns its BHS. */
uint8_t *raw_expect(struct raw *i, uint8_t opcode);
void raw_expect_status(struct raw *i, uint8_t status);
void raw_expect_down(struct raw *i);

/* Streaming mode */
void raw_stream_open(struct rig *r, struct raw *i);
void raw_stream_send(struct raw *i);		/* the PDU in msg, without the iSER header */
uint8_t *raw_stream_expect(struct raw *i, uint8_t opcode);
void raw_stream_turn(struct raw *i);		/* to RDMA; established or the test fails */

#endif
