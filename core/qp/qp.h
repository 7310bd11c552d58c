/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The iWARP queue pair: RDMAP over DDP over MPA on one byte stream.  RFC 5040, 5041, 5044, 7306.
 *
 *   consumer           engine (this)                     host
 *   qp_post_send()  -> work queue
 *   qp_post_recv()  -> receive queue
 *                      qp_tx_gather() -> spans ------->  writev() to TCP
 *                      qp_tx_sent()  <---------------    how much TCP took
 *                      qp_rx()       <---------------    bytes from TCP
 *                        QP_RX_PLACE ---------------->   move `place` (memcpy), call qp_rx() again
 *                      qp_rx_want()  <- may I receive straight into the destination?
 *                      qp_rx_placed() <--------------    n bytes were received there
 *   cq_poll()       <- completions
 *
 * A promise that the host breaks, or the engine itself, ends the QP: QP_ERROR, all work is flushed.  Where the call has
 * no result that says so, qp_state() does.  That is for the kernel; a process ends (core_broken()).
 *
 * No I/O, clock, allocation or globals.  Fed one byte or one megabyte at a time, the result is the
 * same. Payload is never copied here: on receipt `place` says where it belongs; on sending spans
 * point at the consumer's memory, which must not change until the completion (with CRC on it is
 * read twice: once for the checksum, once by the host).  What may change all the same is copied
 * as it is summed: WR_CHANGING, qp_tx_copies().
 *
 * A protocol fault carries layer, type, code and becomes one TERMINATE, queued as the last thing
 * sent; the QP is then in QP_TERMINATE and all work is flushed.  RFC 5040 4.8.  FPDUs of which
 * nothing has left are dropped; one that is half gone is finished first, and sends are flushed only
 * then, because it points at their buffers.  A fault of our own (a bad lkey) shows when the
 * request's turn comes, in qp_tx_gather() or qp_post_send(): the host looks at qp_state() after.
 *
 * Context: one thread.  Memory: qp_bytes() bytes from the host, which outlive the QP.
 */
#ifndef CORE_QP_QP_H
#define CORE_QP_QP_H

#include "core/env.h"
#include "core/iwarp/mpa_start.h"
#include "core/mem/mem.h"
#include "core/qp/cq.h"
#include "core/qp/wr.h"

#define QP_DEPTH_MAX	65536
#define QP_SGE_MAX	32
#define QP_INLINE_MAX	1024
#define QP_IRD_MAX	256
#define QP_ORD_MAX	256
#define QP_ULPDU_MAX	65528	/* fits the 16-bit MPA length with a 4-byte aligned FPDU */
#define QP_TX_FPDU_MAX	64	/* FPDUs that may be built and not yet taken by the host */
#define QP_TX_SPANS_MAX	256	/* spans that these can have altogether */

enum qp_state {
	QP_IDLE,		/* receives may be posted */
	QP_RTS,			/* in full operation */
	QP_CLOSING,		/* qp_close(): earlier sends leave, then FIN; receiving goes on */
	QP_TERMINATE,		/* a TERMINATE is queued or was received; nothing else is sent */
	QP_ERROR,		/* stream gone; all work flushed */
};

/* RFC 7306 operations go only to a peer known to speak them. */
enum qp_cap {
	QP_CAP_IMM	= 1 << 0,
	QP_CAP_ATOMIC	= 1 << 1,
};

struct qp_cfg {
	u32 sq_depth, rq_depth;	/* rounded up to powers of two; rq_depth 0 with srq */
	u32 sq_sge_max, rq_sge_max;
	u32 inline_max;
	u32 ird, ord;		/* upper limits; the negotiated ones come with qp_enter_rts() */
	u32 caps;		/* enum qp_cap */
	bool sq_sig_all;	/* every send request is WR_SIGNALED */
	bool recv_wait;		/* a Send that comes before its receive waits: QP_RX_NO_RECV */
	u32 pd;
	u32 qpn;		/* this QP as a stream for mem_*(); not 0, unique in the device */
	void *ctx;		/* for wc.qp_ctx */
	struct mem_table *mem;
	struct cq *scq, *rcq;
	struct rq *srq;		/* or NULL */
};

struct qp;			/* laid out in qp_priv.h, inside core/ only */

/* Terminate as sent or received.  RFC 5040 4.8. */
struct qp_term {
	u8 layer, etype, code;
	bool sent, received;
};

enum qp_rx_event {
	QP_RX_MORE,		/* all input used */
	QP_RX_PLACE,		/* copy place.len bytes from place.src to place.dst, then go on */
	QP_RX_TERM_SENT,	/* fault: a TERMINATE is ready in tx; send it, then close */
	QP_RX_TERM_RECEIVED,	/* the peer's TERMINATE; close */
	QP_RX_NO_RECV,		/* a Send is here and no receive; see qp_rx_give_up() */
	QP_RX_BROKEN,	     /* the host broke a promise; QP_ERROR, close.  In the kernel alone */
};

struct qp_place {
	u8 *dst;
	const u8 *src;		/* in the input */
	size_t len;
};

struct qp_iov {			/* same layout as struct iovec */
	const void *base;
	size_t len;
};

size_t qp_bytes(const struct qp_cfg *cfg);	/* 0: a limit of cfg is passed */
/* memory: qp_bytes() bytes, 64-byte aligned.  -EINVAL: a limit of cfg is passed. */
int qp_init(void *memory, const struct qp_cfg *cfg, struct qp **qp);
/* Flushes without completions and unbinds its windows; the memory is the host's again. */
void qp_deinit(struct qp *qp);

/*
 * Enter RTS with the outcome of start-up.  emss: largest segment of TCP (sets the FPDU size), 0 for
 * no limit.  An initiator in peer-to-peer mode sends its ready-to-receive message first; a
 * responder holds all sends until the first FPDU has come (RFC 5044 7.1.2.1, RFC 6581 9.2).
 */
int qp_enter_rts(struct qp *qp, const struct mpa_result *how, u32 emss);
/*
 * The host of a responder gives up waiting for that FPDU: what is held goes.  For peers whose program waits for
 * ours and whose RNIC did not ask for peer-to-peer mode; without this neither would ever speak.
 */
void qp_speak_first(struct qp *qp);

enum qp_state qp_state(const struct qp *qp);
const struct qp_term *qp_term(const struct qp *qp);

/*
 * Post a chain.  0 or negative errno with *bad at the first not posted: -ENOMEM queue full, -EINVAL
 * malformed (too many sges, inline too long, opcode not in caps), -ENOTCONN wrong state.  Errors of
 * keys and bounds come as completions, as verbs say.
 */
int qp_post_send(struct qp *qp, const struct wr_send *wr, const struct wr_send **bad);
int qp_post_recv(struct qp *qp, const struct wr_recv *wr, const struct wr_recv **bad);

enum qp_rx_event qp_rx(struct qp *qp, struct core_input *in, struct qp_place *place);
/*
 * In the middle of an FPDU's payload: the contiguous rest of its destination.  False when the next
 * bytes are headers or trailers.  After receiving n <= dst->len bytes there call qp_rx_placed(n),
 * then qp_rx() as usual for what follows.
 */
bool qp_rx_want(const struct qp *qp, struct core_span *dst);
void qp_rx_placed(struct qp *qp, size_t n);

/*
 * After QP_RX_NO_RECV the input stands behind the header of a message that takes a receive, and no more of it is
 * used: the host keeps the rest, reads nothing from TCP meanwhile, so that the peer is held back, and calls
 * qp_rx() again when a receive may be there.  RFC 5041 has the message be a fault (7.1, no buffer available);
 * this puts off the moment in which one is looked for.  Whatever the peer says behind that message waits as well,
 * responses to our own Reads included, so a host waits for a bounded time and then calls this: the message, and
 * all that come later, find a receive or end the stream.
 */
void qp_rx_give_up(struct qp *qp);

/*
 * Spans to send now, in order, up to iov_max spans and about bytes_max bytes (whole FPDUs are
 * built; with 0 none is, and what is built already is returned).  Returns the number of bytes in
 * them; 0: nothing to send.  Calling again without qp_tx_sent() returns the same bytes from the
 * start.  Spans stay valid until qp_tx_sent() covers them; but when a region is deregistered, from
 * which a response to the peer is built, the host copies what it has still to send.
 */
size_t qp_tx_gather(struct qp *qp, struct qp_iov *iov, unsigned iov_max, size_t bytes_max,
		    unsigned *iov_n);
/* TCP took n bytes: completes what has left entirely. */
void qp_tx_sent(struct qp *qp, size_t n);
bool qp_tx_pending(const struct qp *qp);
/* Octets in spans that are laid out and that TCP has not taken. */
size_t qp_tx_laid_out(const struct qp *qp);
/* Memory for the bytes of requests with WR_CHANGING, for as long as the QP lives; given before the first is posted. */
#define QP_TX_COPIES_MIN	(64u << 10)	/* of one FPDU */
void qp_tx_copies(struct qp *qp, void *memory, size_t len);
bool qp_tx_looks_twice(const struct qp *qp);	/* there is a CRC */

/*
 * Orderly: once qp_tx_pending() is false in QP_CLOSING the host sends FIN.  There it is true also
 * while requests wait for responses to others before them and nothing can be gathered.
 */
void qp_close(struct qp *qp);
/* The stream ended or broke, or the host gives up: flush everything (WC_WR_FLUSH_ERR), QP_ERROR. */
void qp_stream_gone(struct qp *qp);

#endif
