/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * MPA start-up: request and reply frames, both roles.  RFC 5044 7.1, RFC 6581.
 *
 *   active host                      passive host
 *   mpa_start_active()               mpa_start_passive()
 *   send tx ----------- request ---> mpa_start_rx() -> MPA_START_REQUEST (private data, limits)
 *                                    mpa_start_accept() or mpa_start_reject()
 *   mpa_start_rx() <--- reply ------ send tx
 *   -> MPA_START_DONE / REJECTED     -> MPA_START_DONE once tx has left
 *
 * After MPA_START_DONE `result` says how the stream runs, and any input that was not consumed is
 * the first of it.  A responder never sends before the initiator's first FPDU: qp_enter_rts()
 * knows.
 *
 * No I/O, clock or allocation.  The same result for every way of cutting the input.
 */
#ifndef CORE_IWARP_MPA_START_H
#define CORE_IWARP_MPA_START_H

#include "core/env.h"

#define MPA_PDATA_MAX		512	/* RFC 5044 7.1.1; accepted */
#define MPA_PDATA_SEND_MAX	252	/* what every known peer takes, the RFC 6581 words aside */
#define MPA_FRAME_MAX		(20 + MPA_PDATA_MAX)
#define MPA_START_TIMEOUT_MS	10000

enum mpa_rtr { /* ready-to-receive message, RFC 6581 9.2; a set in cfg, one in result */
	MPA_RTR_NONE	= 0,
	MPA_RTR_SEND	= 1 << 0,	/* zero-length Send (FULPDU) */
	MPA_RTR_WRITE	= 1 << 1,	/* zero-length RDMA Write */
	MPA_RTR_READ	= 1 << 2,	/* zero-length RDMA Read */
};

struct mpa_cfg {
	u8 revision;		/* active: 1 or 2 to send; passive: highest accepted (1 or 2) */
	bool crc;		/* ask for CRC; off only if both sides leave it off */
	bool markers; /* ask the peer to send markers to us (we never need them; for tests) */
	bool p2p;		/* active, revision 2: ask for peer-to-peer start */
	u8 rtr;			/* set of enum mpa_rtr that we can send or take; 0: all */
	u16 ird, ord;		/* 0 to 0x3fff; ours */
};

enum mpa_start_event {
	MPA_START_MORE,		/* all input used; feed more, or send tx first */
	MPA_START_REQUEST,	/* passive: frame complete; peer's wishes in `peer` and `pdata` */
	MPA_START_DONE,		/* `result` is final; tx may still have to leave */
	MPA_START_REJECTED,	/* active: peer said no; pdata is its reason */
	MPA_START_FAULT,    /* `fault` says why; send tx if tx_len is not 0 (a TERMINATE), close */
};

enum mpa_start_fault {
	MPA_FAULT_NONE,
	MPA_FAULT_KEY,		/* not an MPA frame */
	MPA_FAULT_REVISION,
	MPA_FAULT_PDATA_LEN,	/* over MPA_PDATA_MAX, or too short for the RFC 6581 words */
	MPA_FAULT_SURPLUS,	/* bytes after the request, before our reply */
	MPA_FAULT_RTR,		/* no ready-to-receive type in common */
	MPA_FAULT_ORD,		/* the peer's reply exceeds our IRD or ORD rules (RFC 6581 9.1) */
	/* the host's, not the peer's: it says that it has used more than it has */
	MPA_FAULT_BROKEN,
};

enum mpa_start_state {
	MPA_START_S_HDR,	/* collecting the 20 fixed bytes */
	MPA_START_S_PDATA,
	MPA_START_S_DECIDE,	/* passive: waiting for accept or reject */
	MPA_START_S_SENDING,	/* passive: reply is in tx */
	MPA_START_S_OVER,
};

struct mpa_result {
	bool initiator;
	u8 revision;
	bool crc;
	bool markers_tx;	/* the peer wants markers from us */
	bool markers_rx;
	bool enhanced;		/* RFC 6581 words were exchanged */
	bool p2p;
	u8 rtr;			/* one of enum mpa_rtr; with p2p the initiator sends it first */
	u16 ird, ord;		/* negotiated, ours */
};

struct mpa_start {
	struct mpa_cfg cfg;
	bool initiator;
	enum mpa_start_state state;
	enum mpa_start_fault fault;
	u16 held, want;
	u8 frame[MPA_FRAME_MAX];

	u8 tx[MPA_FRAME_MAX]; /* bytes to send, tx_len of them; host sends all of them, in order */
	u16 tx_len;

	struct {		/* what the peer's frame said */
		u8 revision;
		bool crc, markers, reject, enhanced, p2p;
		u8 rtr;
		u16 ird, ord;
	} peer;
	const u8 *pdata; /* upper layer's private data, without the RFC 6581 words; in frame[] */
	u16 pdata_len;
	struct mpa_result result;
};

/* pdata_len up to MPA_PDATA_SEND_MAX, else -EMSGSIZE; pdata is copied. */
int mpa_start_active(struct mpa_start *m, const struct mpa_cfg *cfg, const void *pdata,
		     u16 pdata_len);
void mpa_start_passive(struct mpa_start *m, const struct mpa_cfg *cfg);
enum mpa_start_event mpa_start_rx(struct mpa_start *m, struct core_input *in);
/* After MPA_START_REQUEST.  Limits may be lowered here: cfg replaces the one given at init. */
int mpa_start_accept(struct mpa_start *m, const struct mpa_cfg *cfg, const void *pdata,
		     u16 pdata_len);
int mpa_start_reject(struct mpa_start *m, const void *pdata, u16 pdata_len);

/* True if these first bytes of a connection can be an MPA request (prefix of its key). */
bool mpa_start_is_request(const u8 *data, size_t len);

#endif
