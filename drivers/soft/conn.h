/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A connection of the software RNIC: one link from its first byte to its last, whoever it belongs to.
 *
 *   active    CONNECTING -> ASKING -> RDMA                 (owner: the QP)
 *             CONNECTING -> STREAM -> ASKING -> RDMA       (the stream, then the QP)
 *   passive   SNIFF -> ASKED -> DECIDING -> REPLYING -> RDMA   (nobody, the request, the QP)
 *             SNIFF -> STREAM -> ASKED -> ...
 *   end       RDMA -> ENDING (our FIN) or TERMINATING (our TERMINATE), any -> LINGER -> DEAD
 *
 * Consumers are called from the input of streams and of start-up, from the hooks of a pass for all else;
 * never from inside a call of theirs.  A connection that dies is freed at the end of the pass, so whoever
 * called a consumer looks at the state and goes on or not.
 */
#ifndef DRIVERS_SOFT_CONN_H
#define DRIVERS_SOFT_CONN_H

#include <stdatomic.h>

#include "core/iwarp/mpa_start.h"
#include "core/user/room.h"
#include "drivers/soft/soft.h"

#define CONN_START_TIMEOUT_MS	MPA_START_TIMEOUT_MS
/*
 * Before an initiator's first FPDU.  The kernel's siw takes its socket over a moment after its MPA reply has
 * left, and does not look at what came in between until more comes: a login would wait for ever.  On a busy machine
 * that takes it more than a millisecond.
 */
#define CONN_SETTLE_MS		4
#define CONN_AGAIN_MS		5	/* after a refusal */
#define CONN_END_TIMEOUT_MS	5000	/* the peer's FIN after ours */
#define CONN_LINGER_MS		2000	/* last bytes out, input thrown away */
#define CONN_LINGER_MAX		1024	/* of a device, so; for one more the oldest is closed */
#define LISTEN_PENDING_MAX	1024	/* default of ual_listen_cfg */
#define LISTEN_HANDOVER_MAX	128	/* more than that, on their way to loops that are busy */
#define CONN_IN_MAX		(1u << 20)	/* streaming bytes that the consumer did not take */
#define CONN_OUT_MAX		(1u << 20)	/* streaming bytes that TCP did not take */

enum conn_state {
	CONN_CONNECTING,	/* active: the link is coming up */
	CONN_SNIFF,	 /* passive: the first bytes tell an MPA request from anything else */
	CONN_STREAM,		/* streaming mode */
	CONN_ASKING,		/* active: request sent, waits for the reply */
	CONN_ASKED,		/* passive: waits for a whole request */
	CONN_DECIDING,		/* passive: the consumer has the request; nothing is read */
	CONN_REPLYING,		/* passive: the accepting reply leaves */
	CONN_RDMA,
	CONN_ENDING,		/* ual_disconnect(): output leaves, then FIN, then the peer's FIN */
	CONN_TERMINATING,	/* the TERMINATE leaves */
	CONN_LINGER,	  /* nobody's: output leaves, then FIN, then the peer's FIN or the timer */
	CONN_DEAD,
};

struct soft_buf {		/* bytes [pos, len) of data wait */
	u8 *data;
	size_t len, pos, cap;
};

/*
 * What a listener shares with the connections it took, on whichever loop they are.
 * References: the listener, each connection and request that came by it.  All fields but the counters
 * are set before it is published.
 */
struct soft_share {
	atomic_uint refs;
	atomic_uint pending;	/* connections not yet answered */
	atomic_uint calls;	/* callbacks that are running, in any thread */
	atomic_bool closed;	/* no more callbacks */
	u32 timeout_ms;
	void (*on_request)(struct ual_conn_req *req);
	void (*on_stream)(struct ual_stream *stream, struct ual_device *dev, void *ctx);
	void (*on_refused)(struct ual_device *dev, const struct sockaddr_storage *peer, int err,
			   void *ctx);
	void *ctx;
	u32 pending_max;
	/* of each loop, used by its thread only: connections that have not asked yet */
	struct room rooms[];
};

struct soft_stream {
	struct ual_stream base;
	struct soft_conn *conn;	/* NULL once on_closed was called */
};

/* Start-up in progress; afterwards kept by the QP until its private data were delivered. */
struct soft_start {
	struct mpa_start mpa;
	struct ual_conn_req req;
	struct soft_conn *conn;	/* NULL: gone while the consumer decided, err says why */
	struct soft_share *share;
	int err;
	void (*on_request)(struct ual_conn_req *req);
	struct soft_target *target;	/* active, while connecting; or NULL */
	u32 silent_ms;			/* passive: ual_conn_param's */
};

/* Whom to connect to once more when TCP is refused. */
struct soft_target {
	struct sockaddr_storage addr, local;
	socklen_t addr_len;
	u64 refused_until_ns, until_ns;
};

struct soft_conn {
	struct soft_device *dev;
	struct soft_link *link;	/* NULL: dead, or refused and about to be tried again */
	enum conn_state state;
	struct soft_qp *qp;
	struct soft_stream *stream;
	struct soft_start *start;
	struct soft_share *share;
	struct room_guest guest;	/* of a room of the share, later of dev->leaving */
	struct ual_timer timer;
	struct soft_buf in;	/* not taken yet: streaming and start-up only */
	struct soft_buf out;	/* streaming and start-up bytes; they precede the engine's */
	u32 emss;
	u32 rx_chunk;		/* size of the next read into the scratch */
	unsigned watched;	/* enum link_event */
	int tx_err;		/* sending failed; what was received before is still read */
	u8 heat;		/* vain reads left before it leaves dev->hot */
	bool tx_blocked;	/* TCP takes no more */
	bool rx_eof, fin_sent;
	bool laid_out;	/* spans of the engine wait, blocked or not: they point into regions */
	bool settling;		/* CONN_RDMA: CONN_SETTLE_MS are not over, nothing is sent */
	bool listening;		/* CONN_RDMA: the peer has silent_ms to speak first */
	bool starved;		/* CONN_RDMA: a Send waits for a receive, nothing is read */
	struct ual_timer starve_timer;
	struct list_head node, tx_node, hot_node, kick_node, starve_node;
};

/* conn.c */
int soft_conn_create(struct soft_device *dev, struct soft_link *link, struct soft_conn **conn);
void soft_conn_link(struct soft_conn *conn, struct soft_link *link);
/* Attaches the link; on failure the connection is as before. */
int soft_conn_attach(struct soft_conn *conn, enum conn_state state, u32 timeout_ms);
void soft_conn_enter(struct soft_conn *conn, enum conn_state state);
/* CONN_RDMA, listening: no longer. */
void soft_conn_speak(struct soft_conn *conn);
/* asks the link for what the state wants */
void soft_conn_watch(struct soft_conn *conn);
void soft_conn_lay_out(struct soft_conn *conn, bool laid_out);
void soft_conn_timeout(struct soft_conn *conn, u32 timeout_ms);	/* 0: none */
/* It broke or ended (err 0): tells the owner and kills it. */
void soft_conn_fail(struct soft_conn *conn, int err);
void soft_conn_kill(struct soft_conn *conn, bool abort);
void soft_conn_free(struct soft_conn *conn);
void soft_conn_linger(struct soft_conn *conn);
/* Its QP goes away: it is reset, unless it was ending in order. */
void soft_conn_leave(struct soft_conn *conn);
void soft_conn_terminate(struct soft_conn *conn);
void soft_conn_kick(struct soft_conn *conn);	/* look at held input soon */
int soft_buf_append(struct soft_buf *b, const void *data, size_t len, size_t max);
void soft_buf_free(struct soft_buf *b);

/* conn_rx.c */
int soft_conn_input(struct soft_conn *conn);	/* returns 1 if there was any */
/* Gives bytes to whoever the state says, and keeps what is not taken.  len 0: what was kept. */
void soft_conn_feed(struct soft_conn *conn, const u8 *data, size_t len);
/* Receives were posted to its QP's queue, or none is waited for any more: reading goes on. */
void soft_conn_sated(struct soft_conn *conn);
void soft_conn_cool(struct soft_conn *conn);

/* conn_tx.c */
void soft_conn_tx_schedule(struct soft_conn *conn);
void soft_conn_tx(struct soft_conn *conn);
/* Spans of files may leave by reference here. */
bool soft_file_any(const struct soft_conn *conn);
/* The region whose file's bytes the span is, if it is worth it; else NULL. */
struct soft_mr *soft_file_of(struct soft_device *dev, const struct qp_iov *span);
/* As a link sends.  When mr->copied is true after it, nothing was sent and the span goes as any other. */
ssize_t soft_file_send(struct soft_link *link, struct soft_mr *mr, const struct qp_iov *span);
/* A page of a mapping is gone: who mapped the file may put one there when it is read.  False: there are none. */
bool soft_file_touch(struct soft_device *dev, const struct qp_iov *iov, unsigned iov_n);
/*
 * A region goes away: [addr, addr + len), or memory that is not known (len 0).  Responses to the peer's Reads
 * that were laid out while it was valid, and that TCP has not taken yet, must not point at it any more.
 */
void soft_tx_release(struct soft_device *dev, const void *addr, u64 len);
/* The same for all that the engine has laid out, in any memory.  0 or -ENOMEM. */
int soft_tx_take_over(struct soft_conn *conn);

/* start.c */
size_t soft_start_feed(struct soft_conn *conn, const u8 *data, size_t len);
int soft_start_passive(struct soft_conn *conn);	/* SNIFF or STREAM to ASKED */
int soft_start_ask(struct soft_conn *conn);	/* queues the request */
/* The link was refused: true if it will be tried again, by soft_start_retry() when the timer fires. */
bool soft_start_refused(struct soft_conn *conn);
int soft_start_retry(struct soft_conn *conn);
int soft_start_new(struct soft_qp *qp, const struct ual_conn_param *param,
		   struct soft_start **start);
void soft_start_rdma(struct soft_conn *conn);	/* the exchange is complete */
void soft_start_free(struct soft_start *start);

/* stream.c */
int soft_stream_new(struct soft_conn *conn, const struct ual_stream_ops *ops, void *ctx);
void soft_stream_free(struct soft_conn *conn);
size_t soft_stream_feed(struct soft_conn *conn, const u8 *data, size_t len);
void soft_stream_closed(struct soft_conn *conn, int err);

/* listen.c */
size_t soft_sniff_feed(struct soft_conn *conn, const u8 *data, size_t len);
bool soft_share_enter(struct soft_device *dev, struct soft_share *share);
void soft_share_leave(struct soft_device *dev, struct soft_share *share);
/* It ends before it has asked, by err: -EBUSY, or as ual_listen_cfg has it. */
void soft_share_refused(struct soft_conn *conn, int err);
void soft_share_answered(struct soft_share *share);	/* a pending connection is one no more */

#endif
