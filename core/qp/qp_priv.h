/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Inside of the queue pair.  For core/ only.
 *
 *   post.c      work requests in, checked and copied into sq
 *   rdmap_tx.c  which message goes next: of the send queue (sq_tx.c) or a response (response_tx.c)
 *   ddp_tx.c    headers of segments
 *   mpa_tx.c    segments into FPDUs: spans of the consumer's memory, headers and trailers in ctl
 *   mpa_rx.c    bytes into FPDUs: header, runs of payload, checksum
 *   ddp_rx.c    where a segment's payload belongs
 *   rdmap_rx.c  what a delivered message means
 *   complete.c  completions in order, flushing, the end of the stream
 *   qp.c        life of the object
 */
#ifndef CORE_QP_QP_PRIV_H
#define CORE_QP_QP_PRIV_H

#include "core/iwarp/terminate.h"
#include "core/qp/qp.h"
#include "core/wire/rfc7306.h"

/* --- send queue --- */

enum sqe_state {
	SQE_POSTED,
	SQE_STARTED,		/* keys checked; its sges are host pointers now */
	SQE_DONE,		/* waits for earlier ones to complete first */
};

struct sqe {
	u64 wr_id;
	enum wr_opcode opcode;
	u32 flags;
	enum sqe_state state;
	enum wc_status status;	/* not WC_SUCCESS: why it failed */
	u32 sge_n;
	u32 len;		/* payload octets */
	u32 rkey;		/* peer's STag; for local operations the STag they are about */
	u32 inv_rkey;
	u64 addr;
	u64 imm;
	union {
		struct {
			u64 compare_add, swap, compare_mask, swap_mask;
		} atomic;
		struct {
			u64 len;
			u32 access;
			u32 mr_lkey;
		} bind;		/* WR_REG_MR, WR_BIND_MW */
	};
};

/* head: oldest not completed; next: first not started or being sent; free running */
struct sq {
	struct sqe *entries;
	struct wr_sge *sges;	/* sge_max for each entry; addr is a host pointer once started */
	u8 *inlined;		/* inline_max for each entry */
	u32 depth, sge_max;
	u32 head, next, tail;
};

/* An RDMA Read or atomic of ours that waits for its response. */
struct orq_entry {
	u32 sq_index;
	bool own;		/* the ready-to-receive Read: no work request behind it */
	bool atomic;
	u32 stag;		/* sink */
	u64 to;
	u32 len, got;
	u32 msn;		/* of the request; the atomic's request identifier too */
};

struct orq {
	struct orq_entry *entries;
	u32 depth;
	u32 head, tail;
};

/* A peer's RDMA Read or atomic that waits for our response. */
struct irq_entry {
	bool atomic;
	u32 msn;
	u32 sink_stag;
	u64 sink_to;
	u32 len;
	u32 stag;
	u64 to;
	u32 request_id, aopcode;
	u64 add_swap, add_swap_mask, compare, compare_mask;
};

struct irq {
	struct irq_entry *entries;
	u32 depth;
	u32 limit;		/* as negotiated */
	u32 head, tail;
};

/* --- transmit --- */

#define TX_FPDU_SPANS	(QP_SGE_MAX + 16)	/* most that one FPDU takes, markers included */
#define TX_CTL_BYTES	16384	/* power of two */
#define TX_FPDU_CTL	384	/* most that one FPDU takes: all but referenced payload */
#define TX_PAGE		4096	/* of what a host may send by reference */
#define TX_COPY_MAX	192	/* a payload this small travels beside its header */
#define TX_COPY_PIECE	4096	/* of payload that is copied because it may change */
#define TX_MARKED_MAX	2048	/* ULPDU with markers: bounds the spans of an FPDU */

struct tx_fpdu {
	u64 end;		/* stream position behind it */
	u32 ctl_end;
	bool completes;		/* with it the work request sq_index has left */
	bool response;		/* points into the memory of source_stag */
	u32 sq_index;
	u32 source_stag;
};

enum tx_source {
	TX_IDLE,		/* between messages */
	TX_SQ,			/* in the message of sq.next */
	TX_SQ_IMM,		/* in the Immediate Data that follows its RDMA Write */
	TX_RESPONSE,		/* in the response to irq.head */
};

struct tx {
	u8 *ctl;		/* ring of headers, copied payload and trailers */
	u32 ctl_head, ctl_tail;
	struct qp_iov *spans;
	u32 span_head, span_tail;
	struct tx_fpdu *fpdus;
	u32 fpdu_head, fpdu_tail;
	u64 built, sent;	/* stream positions, markers included */
	u64 head_start;		/* where the oldest FPDU not yet gone begins */

	/* payload that may change where it is, until all that is built has left; NULL: there is none */
	u8 *copies;
	u32 copies_at, copies_len;

	/* the FPDU being built */
	u64 fpdu_at;		/* position of its ULPDU length field */
	u32 ctl_run;		/* first octet of ctl not yet in crc and spans */
	u32 crc;
	u8 header[sizeof(struct ddp_untagged)];	/* before markers are put into it */

	/* the message being sent */
	enum tx_source source;
	bool response_turn;
	u32 off;		/* octets of it in FPDUs already */
	u32 sge, sge_off;

	bool crc_on, markers;
	bool hold;		/* responder: silent until the first FPDU has come */
	u8 rtr;			/* enum mpa_rtr still to be sent */
	bool flush_wait; /* flush the SQ once all before flush_at has left: it points at buffers */
	u64 flush_at;
	u32 ulpdu_max;
	u32 msn[4];		/* next of each queue */
};

/* --- receive --- */

enum rx_state {
	RX_HEADER,
	RX_NO_RECV,		/* hdr[] is there, the receive that it takes is not */
	RX_PAYLOAD,
	RX_PAD,
	RX_CRC,
};

enum rx_sink {
	RX_DROP,		/* a fault is known; the checksum decides which one is told */
	RX_CONTROL,		/* into the engine's own message buffer */
	RX_MEMORY,		/* run.* */
};

/* Untagged queue: messages arrive in order, segments too. */
struct rx_queue {
	u32 msn;		/* of the message in progress or next */
	u32 got;		/* its octets so far = MO of the next segment */
	bool open;		/* in the middle of a message */
	u8 opcode;		/* of that message */
};

#define RX_CONTROL_BYTES	64

struct rx {
	enum rx_state state;
	enum rx_sink sink;
	u8 held;		/* octets of hold[] */
	u8 hold[20];		/* a header or trailer that came in pieces */
	u8 hdr[20];		/* MPA length and DDP header of this FPDU */
	u16 ulpdu_len;
	u8 pad;
	u8 opcode;
	bool last;
	u32 left;		/* payload octets to come in this FPDU */
	u32 crc;
	bool crc_on;

	struct {		/* contiguous destination of the next octets */
		u8 *dst;
		u32 left;
		u32 stag, access;	/* to look it up again when something was revoked */
		u64 to;
		u32 revoked;	/* mem->revoked when it was looked up */
	} run;

	bool faulty;
	struct term_report fault;

	struct rx_queue queue[4];
	u8 control[4][RX_CONTROL_BYTES];	/* by queue number; queue 0: immediate data */

	struct {		/* the peer's last RDMA Write */
		u32 got;
		bool open;	/* in the middle of it */
		bool latest;	/* whole, and no other request has come since */
	} write;

	struct {		/* the receive request that queue 0 fills */
		bool taken;
		u64 wr_id;
		u32 len, sge_n, sge, sge_off;
		enum wc_status status;
		u32 inv_stag;
		struct wr_sge sges[QP_SGE_MAX];
	} recv;
	bool rtr_send;		/* the first FPDU may be a Send as ready-to-receive message */
	bool recv_wait;

	bool markers;
	u32 mark_left;		/* octets before the next marker */
	u8 mark_held, mark[4];
	bool mark_bad;
	u32 fpdu_at;		/* octets since this FPDU's length field, markers included */
};

struct qp {
	struct qp_cfg cfg;
	enum qp_state state;
	struct mpa_result how;
	u32 ord;		/* as negotiated */
	struct qp_term term;
	struct rq own_rq;
	struct rq *rq;		/* own_rq or the SRQ */
	struct sq sq;
	struct orq orq;
	struct irq irq;
	struct tx tx;
	struct rx rx;
};

static inline struct sqe *sq_at(struct sq *sq, u32 index)
{
	return &sq->entries[index & (sq->depth - 1)];
}

static inline struct wr_sge *sq_sges(struct sq *sq, u32 index)
{
	return sq->sges + (size_t)(index & (sq->depth - 1)) * sq->sge_max;
}

static inline u32 orq_used(const struct orq *orq)
{
	return orq->tail - orq->head;
}
static inline u32 irq_used(const struct irq *irq)
{
	return irq->tail - irq->head;
}

static inline struct orq_entry *orq_at(struct orq *orq, u32 index)
{
	return &orq->entries[index & (orq->depth - 1)];
}

static inline void orq_add(struct orq *orq, const struct orq_entry *entry)
{
	*orq_at(orq, orq->tail++) = *entry;
}

static inline struct irq_entry *irq_at(struct irq *irq, u32 index)
{
	return &irq->entries[index & (irq->depth - 1)];
}

/* Streams carry data in these states. */
static inline bool qp_running(const struct qp *qp)
{
	return qp->state == QP_RTS || qp->state == QP_CLOSING;
}

/* mpa_tx.c */
void mpa_tx_init(struct tx *tx, bool crc, bool markers, u32 emss);
bool mpa_tx_room(const struct tx *tx);
/* Where to write the header, of which mpa_tx_header() then tells the length. */
void *mpa_tx_begin(struct tx *tx);
void mpa_tx_header(struct tx *tx, u32 len);
void mpa_tx_put(struct tx *tx, const void *data, u32 len);	/* copied */
void mpa_tx_ref(struct tx *tx, const void *data, u32 len);	/* by reference */
/* The bytes of which the checksum is taken are those that leave. */
void mpa_tx_copy(struct tx *tx, const void *data, u32 len);
/* The FPDU in the queue, for the caller to say what it means. */
struct tx_fpdu *mpa_tx_end(struct tx *tx, u32 ulpdu_len);
/* A response from this STag's memory is laid out and has not left. */
bool mpa_tx_uses(const struct tx *tx, u32 stag);
/* Drops what is built and has not begun to leave; true if an FPDU that is half gone stays. */
bool mpa_tx_cut(struct tx *tx);
void mpa_tx_clear(struct tx *tx);

/* ddp_tx.c: a header of a segment whose payload of len octets is put next */
#define DDP_CTL(opcode)                                                                            \
	(FIELD(DDP_VERSION, DDP_VERSION_IETF) | FIELD(RDMAP_VERSION, RDMAP_VERSION_IETF) |         \
	 (u32)(opcode))
/* A zero-length tagged message names no memory; some receivers refuse STag 0 all the same. */
#define DDP_STAG_NOTHING 1
void ddp_tx_tagged(struct tx *tx, u32 opcode, bool last, u32 stag, u64 to, u32 len);
void ddp_tx_untagged(struct tx *tx, u32 opcode, bool last, u32 qn, u32 mo, u32 inv_stag, u32 len);
/* A whole untagged message of the engine's own making. */
void ddp_tx_control(struct tx *tx, u32 opcode, u32 qn, const void *body, u32 len);

/* sq_tx.c */
bool sq_tx_blocked(const struct qp *qp, const struct sqe *sqe);
/* Runs WR_REG_MR, WR_BIND_MW and WR_LOCAL_INV at the front of the queue. */
void sq_tx_local(struct qp *qp);
/* The front of the queue if it may go now. */
struct sqe *sq_tx_ready(struct qp *qp);
void sq_tx_build(struct qp *qp, struct sqe *sqe);
void sq_tx_build_imm(struct qp *qp, const struct sqe *sqe);

/* response_tx.c */
void response_tx_build(struct qp *qp);
/* RFC 5040 figure 9, remote protection errors. */
u8 rdmap_protection_code(enum mem_fault fault);

/* rdmap_tx.c */
void rdmap_tx_enter(struct tx *tx, enum tx_source source);
/* One FPDU; false: there is nothing to say now. */
bool rdmap_tx_build(struct qp *qp);
bool rdmap_tx_ready(const struct qp *qp);
void rdmap_tx_terminate(struct qp *qp, const struct term_report *report);

/* ddp_rx.c */
void ddp_rx_segment(struct qp *qp);
/* The segment of hdr[] begins a message that takes a receive, and there is none. */
bool ddp_rx_no_recv(const struct qp *qp);
bool ddp_rx_run_check(struct qp *qp);
void ddp_rx_advance(struct qp *qp, u32 n);
void ddp_rx_fault(struct qp *qp, u8 layer, u8 etype, u8 code);

/* rdmap_rx.c: a whole segment with a right checksum.  False: rx.fault says why the stream ends. */
bool rdmap_rx_segment(struct qp *qp);

/* complete.c */
void qp_complete(struct qp *qp);
void qp_complete_recv(struct qp *qp, struct wc *wc);
/* The stream ends: report goes to the peer as a Terminate if it may be told. */
void qp_fail(struct qp *qp, const struct term_report *report);
void qp_fail_local(struct qp *qp, struct sqe *sqe, enum wc_status status);
void qp_terminated(struct qp *qp, const struct term_report *report);
void qp_flush(struct qp *qp);
void qp_flush_sq(struct qp *qp);

#endif
