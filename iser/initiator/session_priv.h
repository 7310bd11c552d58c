/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The inside of an initiator session: what its files share.
 *
 *   session.c        making, ending, timers            session_task.c   SCSI tasks to the wire
 *   session_conn.c   connection, events, streams       session_end.c    how tasks end
 *   session_post.c   work requests in chains           session_rx.c     what the target sends
 *   session_login.c  login                             session_ctl.c    NOP, task management, logout
 *   session_mem.c    buffers, windows, slots           session_text.c   SendTargets
 *
 * Owner: the caller of oriser_session_open().  Context: the loop of its device, no locks.
 *
 * Memory: everything is made in open(); a task costs nothing.  One registered block holds
 *   receives: SESSION_LOGIN_RECVS large ones, then small ones
 *   one header unit for each slot, for each Data-Out that may be on its way, and a few for pongs
 *   one large unit for login and text requests
 *
 * Ends: a fault anywhere calls session_down(), which only notes why and defers.  The deferred call destroys
 * the QP first, so that nothing can reach a task's memory any more, then ends tasks, then on_down.
 */
#ifndef ISER_INITIATOR_SESSION_PRIV_H
#define ISER_INITIATOR_SESSION_PRIV_H

#include "core/env.h"
#include "iser/engine/iser_hdr.h"
#include "iser/engine/login.h"
#include "iser/engine/pdu.h"
#include "iser/engine/seq.h"
#include "iser/engine/stream.h"
#include "iser/iser_session.h"

#define SESSION_DEPTH_DEFAULT	64
#define SESSION_DEPTH_MAX	1024
#define SESSION_CTL_SLOTS	8	/* NOP, task management, text and logout requests at once */
#define SESSION_DATA_OUTS	64	/* unsolicited Data-Out PDUs of unanswered tasks */
#define SESSION_PONGS		8	/* answers to NOP-In that may not have left yet */
#define SESSION_DATA_OUT_LEN	8192	/* what isert takes in one */
#define SESSION_LOGIN_RECVS	8	/* receives that hold a login response */
#define SESSION_EXTRA_RECVS	16	/* besides one for each slot: NOP-In, Async Message, Reject */
#define SESSION_RECV_DSL	512	/* InitiatorRecvDataSegmentLength; the least that is allowed */
#define SESSION_HDRS		(ISER_HDR_BYTES + ISCSI_BHS_BYTES)
#define SESSION_LOGIN_LEN	(SESSION_HDRS + ISCSI_LOGIN_DSL + 4)
#define SESSION_RECV_LEN	(SESSION_HDRS + SESSION_RECV_DSL + 4)
#define SESSION_HDR_STRIDE	128
#define SESSION_BATCH		64	/* work requests in a chain */
#define SESSION_WC_BATCH	32
#define SESSION_END_MS		2000	/* orderly ends take at most this */
#define SESSION_CLOSE_MS	250	/* of it, for the target to close after it said goodbye */

#define SESSION_TAG_INDEX	0xfffu	/* ITT: slot in the low bits, a count of its uses above */
#define SESSION_TAG_SHIFT	12

#define SESSION_WR_RECV		(1ull << 63)	/* wr_id of receives; of sends: position in the queue */

enum session_state {
	SESSION_CONNECTING,		/* TCP, or TCP and MPA */
	SESSION_LOGIN,
	SESSION_TURNING,		/* streaming login done, MPA on the way */
	SESSION_UP,
	SESSION_LEAVING,		/* waiting for tasks to end, then logout */
	SESSION_LOGOUT,			/* logout sent, or its response received */
	SESSION_DOWN,			/* session_down(): nothing goes in or out */
};

/* Where a task is; t->priv. */
enum task_state { TASK_IDLE, TASK_WAITING, TASK_SENT, TASK_INVALIDATING, TASK_ENDING };

struct session_task {
	struct list_head link;		/* session: waiting, sent, invalidating or ending */
	enum task_state state;
	u32 slot;			/* TASK_SENT, TASK_INVALIDATING */
	u64 inv_pos;			/* TASK_INVALIDATING: its WR_LOCAL_INV */
};

static inline struct session_task *task_priv(struct oriser_task *t)
{
	return (struct session_task *)t->priv;
}

static inline struct oriser_task *task_of(struct session_task *p)
{
	return (struct oriser_task *)((u8 *)p - offsetof(struct oriser_task, priv));
}

#define SESSION_NO_UNIT	0xffffffffu

/* An initiator task tag: the first `depth` are SCSI tasks, the last SESSION_CTL_SLOTS the others. */
struct session_slot {
	u32 itt;
	u32 uses;
	u32 next_free;
	struct oriser_task *task;
	u32 cmd_sn;
	u32 tag;			/* STag told to the target */
	bool bound;			/* tag is that of mw and must be invalidated */
	struct ual_mw *mw;		/* NULL without windows */
	u32 data_outs;			/* first of its Data-Out units, chained by data_out_next */
	u32 aborted_itt;   /* last use that ended without a response; a late one is dropped */
	bool was_aborted;
};

enum ctl_kind { CTL_FREE, CTL_NOP, CTL_ABORT, CTL_TMF, CTL_TEXT, CTL_LOGOUT };

struct session_ctl {
	enum ctl_kind kind;
	u8 function;			/* task management */
	u8 lun[8];
	u32 cmd_sn;
	u32 ref_itt;			/* CTL_ABORT */
	void (*fn)(void *ctx, int response);
	void *ctx;
};

struct session_recv {
	u8 *buf;
	u32 len;
};

struct oriser_session {
	const struct oriser_session_ops *ops;
	void *ctx;
	enum session_state state;
	struct oriser_down_info down;
	bool down_told;			/* on_down was called */
	bool doomed;			/* destroyed inside a callback: free at the end of it */
	unsigned busy;			/* callbacks of ours on the stack */

	/* as asked for; strings are copies */
	struct sockaddr_storage addr;
	socklen_t addr_len;
	char peer[64];			/* addr for people */
	char initiator[ORISER_NAME_MAX], target[ORISER_NAME_MAX];
	bool discovery;
	enum oriser_login_mode login_mode;
	u32 depth;
	u32 login_timeout_ms, nop_interval_ms, nop_timeout_ms;
	struct ual_conn_param conn;
	u8 pdata[ISER_PDATA_BYTES];
	bool use_mw;
	bool prefer_unsolicited;	/* RDMA Reads by the target are not to be relied on */

	/* objects */
	struct ual_device *dev;
	struct ual_loop *loop;
	struct ual_pd *pd;
	bool own_pd;
	struct ual_cq *cq;
	struct ual_qp *qp;
	struct ual_stream *stream;	/* streaming mode, until it has turned into the QP */
	struct iscsi_stream stream_rx;
	struct login_initiator *login;	/* during login */
	struct iscsi_params params;
	struct seq_initiator seq;
	bool remote_inv;		/* the target said that it may */
	char term_text[96];		/* last TERMINATE */

	/* the registered block */
	u8 *mem;
	size_t mem_len;
	struct ual_mr *mem_mr;
	struct session_recv *recvs;
	u32 recv_n;
	u8 *units;			/* header units: slots, Data-Outs, pongs */
	u32 pong_n;
	u8 *big;			/* SESSION_LOGIN_LEN bytes for a login or text request */

	/* tasks */
	struct session_slot *slots;	/* depth + SESSION_CTL_SLOTS */
	struct session_ctl ctl[SESSION_CTL_SLOTS];
	u32 slot_free;			/* chain of SCSI slots */
	u32 data_out_next[SESSION_DATA_OUTS];
	u32 data_out_free, data_out_room;
	struct list_head waiting;	/* submitted, not sent */
	struct list_head sent;		/* in the order sent */
	struct list_head invalidating;	/* answered, window not yet invalid */
	struct list_head ending;	/* fn is due at the end of the pass */

	/* send queue: positions count work requests since the beginning */
	u64 sq_posted, sq_done;
	u64 sq_signal;			/* position of the last signaled one */
	struct wr_send *last_inv;	/* of the chain: the WR_LOCAL_INV that completes */
	u32 sq_depth;
	struct wr_send wrs[SESSION_BATCH];
	struct wr_sge sges[SESSION_BATCH][2];
	unsigned wr_n;
	struct wr_recv recv_wrs[SESSION_WC_BATCH];
	struct wr_sge recv_sges[SESSION_WC_BATCH];
	unsigned recv_wr_n;

	struct ual_defer send_defer;	/* tasks, and what is in the chain, to the wire */
	struct ual_defer down_defer;
	struct ual_defer turn_defer;	/* stream to RDMA; must not happen inside on_data */
	struct ual_timer timer;		/* login, silence, orderly end: one at a time */
	u64 rx_at_ns;			/* last sign of life */
	u64 ping_at_ns;
	bool ping_out;
	bool logout_asked;		/* by the target */

	/* SendTargets */
	void (*discover_fn)(void *ctx, const char *target, const char *portal, int err);
	void *discover_ctx;
	char *gather_buf;		/* the answer so far */
	size_t gather_len;

	u8 random[64];			/* unused ones of the last getrandom() */
	unsigned random_n;
};

/* ---- session.c ---- */
/* Notes why, once; everything else happens at the end of this pass.  -> SESSION_DOWN */
void session_down(struct oriser_session *s, enum oriser_down why, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void session_protocol(struct oriser_session *s, const char *what);
void session_enter_up(struct oriser_session *s);
/* Around every call into the caller's code, and around our own callbacks from below. */
void session_enter(struct oriser_session *s);
void session_leave(struct oriser_session *s);
u8 session_random_byte(struct oriser_session *s);

/* ---- session_conn.c ---- */
int session_conn_init(struct oriser_session *s);		/* CQ and QP; receives are posted */
void session_conn_start(struct oriser_session *s);	/* a failure goes to session_down() */
/* QP and stream; the peer reaches nothing after */
void session_conn_deinit(struct oriser_session *s);

/* ---- session_mem.c ---- */
int session_mem_init(struct oriser_session *s);
void session_mem_deinit(struct oriser_session *s);
static inline u8 *session_unit(const struct oriser_session *s, u32 i)
{
	return s->units + (size_t)i * SESSION_HDR_STRIDE;
}
static inline u32 session_data_out_unit(const struct oriser_session *s, u32 i)
{
	return s->depth + SESSION_CTL_SLOTS + i;
}
/* Takes a slot off the chain of SCSI slots (must not be empty) or uses that of a control request. */
struct session_slot *session_slot_take(struct oriser_session *s, struct oriser_task *t);
u32 session_slot_tag(struct oriser_session *s, u32 index);	/* its next ITT */
void session_slot_put(struct oriser_session *s, struct session_slot *slot);

/* ---- session_post.c ---- */
u32 session_sq_room(const struct oriser_session *s);
/* The next of the chain, zeroed but for next; posts the chain first when it is full. */
struct wr_send *session_wr(struct oriser_session *s);
/* A Send of one of our units and, unless len is 0, payload behind it. */
void session_wr_send(struct oriser_session *s, const void *unit, u32 unit_len, const void *data,
		     u32 len, u32 lkey);
void session_wr_flush(struct oriser_session *s);		/* posts the chain */
int session_recv_post_all(struct oriser_session *s);
void session_recv_again(struct oriser_session *s, u32 index);
void session_recv_flush(struct oriser_session *s);

/* ---- session_login.c ---- */
int session_login_init(struct oriser_session *s, const struct oriser_session_cfg *cfg);
void session_login_start(struct oriser_session *s);
void session_login_pdu(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data);
void session_login_deinit(struct oriser_session *s);

/* ---- session_task.c ---- */
void session_send_tasks(struct ual_defer *d);
void session_kick(struct oriser_session *s);

/* ---- session_end.c ---- */
/* It ends with `result` as soon as the target cannot reach its memory: maybe now, maybe after a WR_LOCAL_INV. */
void session_task_answered(struct oriser_session *s, struct session_slot *slot,
			   enum oriser_task_result result);
/* Send queue progress: windows that are invalid by now. */
void session_invalidated(struct oriser_session *s);
void session_end_list(struct oriser_session *s, struct list_head *tasks,
		      enum oriser_task_result result);
void session_end_all(struct oriser_session *s);		/* after session_conn_deinit() */
/* After a task management function that covers them: no response will come for these any more. */
void session_abort_covered(struct oriser_session *s, const struct session_ctl *tmf);

/* ---- session_rx.c ---- */
void session_rx_message(struct oriser_session *s, const u8 *msg, size_t len, const struct wc *wc);
void session_rx_pdu(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data,
		    const struct wc *wc);

/* ---- session_ctl.c ---- */
/* -EBUSY: all are in use.  *slot: its index in slots. */
int session_ctl_take(struct oriser_session *s, enum ctl_kind kind, struct session_ctl **ctl,
		     u32 *slot);
struct session_ctl *session_ctl_find(struct oriser_session *s, u32 itt);
/* Sends a request (fills in the numbers) with data_len bytes that lie in s->big behind the headers. */
void session_ctl_send(struct oriser_session *s, u32 slot, struct iscsi_pdu *pdu);
void session_nop_in(struct oriser_session *s, const struct iscsi_pdu *pdu);
void session_tmf_rsp(struct oriser_session *s, const struct iscsi_pdu *pdu);
void session_logout_rsp(struct oriser_session *s, const struct iscsi_pdu *pdu);
void session_async(struct oriser_session *s, const struct iscsi_pdu *pdu);
void session_reject(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data);
void session_ctl_end_all(struct oriser_session *s);
void session_ping(struct oriser_session *s);
/* Logout once the tasks that were sent have ended, and after SESSION_END_MS in any case. */
void session_logout_begin(struct oriser_session *s);
void session_logout_when_idle(struct oriser_session *s);

/* ---- session_text.c ---- */
void session_text_rsp(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data);
void session_text_end(struct oriser_session *s, int err);

#endif
