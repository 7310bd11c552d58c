/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A target whose every byte a test lays by hand, over the simulated network; and the initiator's device.
 *
 *   struct raw r;
 *   raw_open(&r);                          listens on RAW_PORT; logs initiators in by itself
 *   r.on_pdu = script;                     everything after login goes there
 *   ... open a session or disk on r.initiator, raw_until(&r, condition) ...
 *   raw_close(&r);                         fails if the test left an object
 *
 * Offsets in messages are those of RFC 7145 (28 bytes of iSER header) and RFC 7143 (48 of BHS).
 */
#ifndef TESTS_ISER_INITIATOR_RAW_H
#define TESTS_ISER_INITIATOR_RAW_H

#include "core/env.h"
#include "drivers/sim/sim.h"
#include "iser/iser_session.h"
#include "tests/unit/iser/cmocka_head.h"

#define RAW_PORT	3260
#define RAW_BUF		16384u
#define RAW_RECVS	128u
#define RAW_SENDS	64u
#define RAW_DATA	(2u << 20)

/* In a message. */
#define MSG_WSTAG	4
#define MSG_WBASE	8
#define MSG_RSTAG	16
#define MSG_RBASE	20
#define MSG_BHS		28
#define MSG_DATA	(28 + 48)
/* In a BHS. */
#define BHS_FLAGS	1
#define BHS_ITT		16
#define BHS_CMD_SN	24
#define BHS_CDB		32

struct raw_pdu {			/* being made; bytes and how many */
	u8 b[RAW_BUF];
	size_t len;
};

struct raw {
	struct sim *sim;
	struct ual_provider_ops ops;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev, *initiator;
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct ual_qp *qp;		/* of the last connection */
	struct ual_mr *mr;
	struct ual_listener *listener;
	u8 *mem;			/* receives, sends, data */
	unsigned send_next;
	unsigned conns;			/* accepted so far */
	bool connected;
	struct ual_event term;		/* last TERMINATE */

	/* what it does */
	bool reject;			/* the connection */
	bool silent_login;
	u8 pdata[4];
	u8 pdata_len;
	enum ual_crc crc;		/* asked of the initiator */
	const char *login_text; /* key=value pairs, a comma for each zero byte; NULL: usual ones */
	u16 login_status;
	u32 window;
	void (*on_login)(struct raw *, const u8 *msg, size_t len);	/* instead of all that */
	void (*on_pdu)(struct raw *, const u8 *msg, size_t len);
	void *ctx;

	/* what it saw */
	u8 isid[6];
	u8 peer_pdata[4];
	unsigned logins;
	u32 stat_sn, exp_cmd_sn;
	bool write_failed;		/* an RDMA Write or Send ended with an error */
};

void raw_open(struct raw *r);
void raw_open_without(struct raw *r, u32 caps);	/* devices that lack these (enum ual_cap) */
void raw_close(struct raw *r);
void raw_listen(struct raw *r);
void raw_unlisten(struct raw *r);
/* Ends the connection at once. */
void raw_drop(struct raw *r);

/* Runs until done(ctx), at most limit_ms of virtual time. */
void raw_until(struct raw *r, bool (*done)(void *ctx), void *ctx, u64 limit_ms);
void raw_run_ms(struct raw *r, u64 ms);

static inline u8 raw_opcode(const u8 *msg)
{
	return msg[MSG_BHS] & 0x3f;
}
static inline u32 raw_itt(const u8 *msg)
{
	return get_unaligned_be32(msg + MSG_BHS + BHS_ITT);
}
static inline const u8 *raw_cdb(const u8 *msg)
{
	return msg + MSG_BHS + BHS_CDB;
}

/* iSER header, BHS with opcode, flags, tag and the numbers; StatSN advances. */
void raw_pdu_init(struct raw *r, struct raw_pdu *pdu, u8 opcode, u8 flags, u32 itt);
void raw_pdu_data(struct raw_pdu *pdu, const void *data, size_t len);
/* inv_rkey 0: a plain Send. */
void raw_send(struct raw *r, const void *bytes, size_t len, u32 inv_rkey);
static inline void raw_send_pdu(struct raw *r, const struct raw_pdu *pdu)
{
	raw_send(r, pdu->b, pdu->len, 0);
}
void raw_rdma_write(struct raw *r, u32 rkey, u64 to, const void *data, size_t len);
/* The response to a SCSI command; sense NULL: none.  invalidate: the STag that came with it. */
void raw_respond(struct raw *r, const u8 *msg, u8 status, const u8 *sense, size_t sense_len,
		 bool invalidate);
/* Data by RDMA Write to the read STag of msg, then GOOD with the residual of what is missing. */
void raw_data_in(struct raw *r, const u8 *msg, const void *data, size_t len);

#endif
