/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The inside of the target: what its files share.
 *
 *   server.c    create, listen, stop            nexus.c     who is logged in, reinstatement
 *   conn.c      connections, events, teardown   stream.c    streaming mode
 *   login.c     login in both modes             memory.c    buffers, receives
 *   rx.c        what initiators send            ctl.c       NOP, logout, reject, async messages
 *   cmd.c       SCSI commands as they come      answer.c    what the backend makes of them
 *   task.c      their slots, ends               xfer.c      RDMA Reads and Writes
 *   tmf.c       task management                 sendtargets.c   text requests
 *   info.c      what an administrator asks
 *
 * A session is one object from the first byte of its connection to its last: struct tsess.  It is
 * small until the login is done, then gets a block of receives and task slots, and another one each
 * time its command window fills up.  Nothing is allocated for a command.
 *
 * Ends: whatever goes wrong calls tsess_kill(), which notes it and defers.  The deferred teardown
 * destroys the QP first, so that nothing reaches a task's memory any more, takes back what the
 * library holds and asks the backend for the rest; when it owes nothing the session is reaped.
 */
#ifndef ISER_TARGET_TARGET_PRIV_H
#define ISER_TARGET_TARGET_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <syslog.h>

#include "core/env.h"
#include "core/user/room.h"
#include "iser/engine/iser_hdr.h"
#include "iser/engine/login.h"
#include "iser/engine/seq.h"
#include "iser/engine/stream.h"
#include "iser/iser_target.h"

#define HEADERS_BYTES	(ISER_HDR_BYTES + ISCSI_BHS_BYTES)
#define RECV_BYTES	(HEADERS_BYTES + ISER_AHS_DEFAULT + TGT_RECV_DSL + ISER_PADDING_MAX)
#define LOGIN_BYTES	(HEADERS_BYTES + ISCSI_LOGIN_DSL + ISER_PADDING_MAX)
#define TX_BYTES	(HEADERS_BYTES + ISER_PEER_DATA_MAX)
#define STRIDE(bytes)	(((bytes) + 63) & ~63u)
#define BLOCKS_MAX	8
#define TASK_HASH	256

struct tsess;

/* ---- receives ------------------------------------------------------------------------------- */

struct trecv {
	struct list_head link;		/* to be posted again, held by a task, or stalled */
	u8 *buf;
	u32 size, lkey;
	u32 len;			/* bytes of the message */
	const u8 *data;			/* unsolicited data held for a task */
	u32 data_len;
	bool once;			/* login buffer of a normal session: not posted again */
};

/* ---- responses other than SCSI -------------------------------------------------------------- */

struct tctl {
	struct list_head link;
	u8 *buf;
	u32 size, lkey;
};

/* Receives, transmit buffers and task slots made together; registered as one region. */
struct tblock {
	u8 *mem;
	struct ual_mr *mr;
	struct trecv *recvs;
	struct ttask *tasks;
	struct tctl *ctls;
};

/* ---- tasks ---------------------------------------------------------------------------------- */

enum ttask_state {
	TASK_FREE,
	TASK_GATHER,			/* unsolicited Data-Out PDUs are still to come */
	TASK_BACKEND,			/* the backend has it */
	TASK_FETCH,			/* oriser_cmd_data_out(): copying or reading */
	TASK_FETCHED,			/* done() is due at the end of this pass */
	TASK_SENDING,			/* data and response on their way */
	TASK_SENT,			/* sent() is due at the end of this pass */
};

/* What is left of a transfer; sges are the backend's during the call, a copy if it has to wait. */
struct txfer {
	const struct wr_sge *sges;
	struct wr_sge *copy;
	struct ual_sink *sinks; /* of each sge of copy, where the device needs them; or NULL */
	unsigned int sge_n, sge, sink_n;
	u32 sge_off;
	u32 left;
	u64 to;				/* tagged offset at the initiator */
	u32 rkey;
};

struct ttask {
	struct oriser_cmd cmd;		/* first: the backend's handle */
	struct list_head link;		/* free, active */
	struct list_head later;		/* FETCHED, SENT; or waiting for send-queue room */
	struct ttask *hash_next;
	enum ttask_state state;
	bool responding;		/* SENDING: the response itself has been posted */
	bool task_aborted;		/* another initiator's doing: answer TASK ABORTED */
	bool write;			/* RDMA Writes, response behind; else RDMA Reads */
	bool counted;			/* in outstanding */
	u8 status;
	u8 sense_len;			/* in tx already */
	u32 residual;
	bool overflow;
	bool fetched;			/* oriser_cmd_data_out() was called */
	u32 itt;
	struct iser_hdr hdr;
	u32 unsolicited;		/* bytes that come in PDUs */
	u32 gathered;			/* of them so far */
	u32 data_sn;
	struct list_head data;		/* struct trecv, in order */
	struct txfer x;
	u32 signals;			/* signaled work requests that have not completed */
	int err;			/* for done() */
	void (*done)(struct oriser_cmd *cmd, int err);
	void (*sent)(struct oriser_cmd *cmd);
	u8 *tx;				/* response, TX_BYTES */
	u32 tx_lkey;
	struct list_head waits;		/* tmf.c: who wants to know its end */
	u64 came_ns, fetch_ns;		/* its command; the start of its Reads */
};

/* ---- sessions ------------------------------------------------------------------------------- */

enum tsess_state {
	TSESS_LOGIN,			/* RDMA or streaming */
	TSESS_ASKED,			/* waiting for the end of the session that it replaces */
	TSESS_TURNING,			/* streaming login done, MPA on the way */
	TSESS_FULL,			/* full feature phase */
	TSESS_CLOSING,			/* last response sent: refusal or logout */
	TSESS_DEAD,			/* killed; teardown is due or done */
};

struct tlogin {
	struct login_target engine;
	struct login_pdu out;
	char stream_buf[ISCSI_LOGIN_DSL];
};

/* Answer to a text request that leaves in pieces. */
struct ttext {
	char *in;			/* gathered request, ISCSI_TEXT_MAX bytes */
	struct text_gather gather;
	char *out;
	size_t len, pos;
	u32 ttt;			/* of the next piece */
};

/*
 * Owner: its reactor.  References: the reactor's list; the nexus table while it is in it.
 * Lock: all of the nexus part under server->lock; the rest none.
 * Context: the reactor's loop; other threads only tsess.kill_post and go_post, under server->lock.
 */
struct tsess {
	struct oriser_tsession pub;	/* first: the backend's handle */
	struct treactor *reactor;
	struct list_head link;		/* reactor's sessions */
	enum tsess_state state;
	bool logged_in;			/* ops.login() said OK: ops.end() is due */
	bool counted;			/* in server->sessions */
	bool torn_down;
	bool stopping;			/* asked to log out because the server ends */
	bool up;			/* has been in full feature phase */
	u64 up_ns;
	struct oriser_counters count;

	/* connection */
	struct ual_qp *qp;
	struct ual_cq *cq;
	struct ual_stream *stream;
	struct iscsi_stream rx;
	struct iser_caps caps;		/* of the initiator */
	bool remote_inv;
	bool hello_due, heard;		/* iSERHello is the first message; something was received */
	struct sockaddr_storage local, peer;
	struct room_guest guest;	/* of the reactor's, until it has logged in */
	char name[320];			/* tsess_name() */

	/* login, and all of a discovery session */
	struct tlogin *login;
	struct iscsi_params params;
	u8 *login_mem;			/* TGT_LOGIN_RECVS receives, TGT_LOGIN_SENDS to send */
	struct ual_mr *login_mr;
	struct trecv login_recv[TGT_LOGIN_RECVS];
	struct tctl login_ctl[TGT_LOGIN_SENDS];

	/* full feature phase */
	struct seq_target seq;
	u32 depth, window;		/* commands allowed: at most, now */
	u32 outstanding;		/* of the window: not answered */
	u32 recvs_per_cmd;
	struct tblock blocks[BLOCKS_MAX];
	unsigned int block_n;
	struct list_head repost;	/* receives to post */
	u32 repost_n;
	struct list_head stalled;	/* received, no slot or buffer yet; in order */
	struct list_head tasks_free, tasks_active;
	struct ttask *hash[TASK_HASH];
	struct list_head ctls_free;
	struct list_head later;		/* tasks whose callback is due */
	struct list_head sq_wait;	/* tasks that wait for send-queue room */
	u32 sq_depth, sq_used;
	u64 sq_moved_ns;		/* the last of them ended, or the first began */
	struct ual_timer stall;		/* armed while there are such */
	u16 *signals;			/* work requests behind each signaled one, a ring */
	u32 signal_head, signal_tail;
	struct ttext text;

	struct ual_timer timer;		/* login, then idle ping, then close */
	struct ual_defer defer;		/* callbacks that are due, teardown, reaping */
	u64 heard_ns;
	u32 ping_ttt;			/* 0: none on its way */
	u32 ping_count;
	u32 reject_sn;			/* StatSN of the last Reject, if rejected */
	bool rejected;
	struct list_head jobs;		/* task management of this session, under way */

	/* nexus table */
	struct list_head nexus_link;
	u16 cid;
	bool in_nexus;
	bool killed_by_nexus;
	struct tsess *successor;	/* waits for our end */
	struct tsess *waiting_for;
	bool waiting;			/* waits or has waited for the session it replaces */
	struct ual_post kill_post, go_post;
};

/* ---- reactors and server -------------------------------------------------------------------- */

struct treactor {
	struct oriser_server *server;
	struct ual_device *dev;
	struct ual_pd *pd;
	unsigned int index;
	struct list_head sessions;
	struct room room;		/* for sessions before full feature phase */
	struct minute_line refusals;
	unsigned int jobs;		/* task management of sessions here, under way */
	bool stopping, stopped;
	struct ual_post stop_post;
	u64 log_second;
	unsigned int log_lines;
	struct oriser_counters gone;	/* of sessions that are gone */
	/* but sessions and count, which are added up when asked for */
	struct oriser_reactor_info info;
};

struct tlistener {
	struct list_head link;
	struct oriser_server *server;
	struct ual_listener *ual;
};

struct oriser_server {
	struct oriser_server_cfg cfg;
	struct treactor *reactors;
	struct list_head listeners;	/* devs[0]'s loop */
	atomic_uint sessions;		/* logged in, normal and discovery */

	pthread_mutex_t lock;		/* nexus table, tsih, resets */
	struct list_head nexus;
	u16 tsih;

	atomic_uint reactors_up;
	void (*stopped)(void *ctx);
	void *stopped_ctx;
	struct ual_post stopped_post;
};

static inline struct ttask *task_of(struct oriser_cmd *cmd)
{
	return (struct ttask *)cmd;
}

static inline struct tsess *task_sess(const struct ttask *t)
{
	return (struct tsess *)t->cmd.session;
}

static inline const struct oriser_server_cfg *tsess_cfg(const struct tsess *s)
{
	return &s->reactor->server->cfg;
}

static inline bool tsess_dead(const struct tsess *s)
{
	return s->state == TSESS_DEAD;
}

#define TGT_ADDR_TEXT	96

/* server.c */
/* "10.0.0.1:4242", "[fe80::1%eth0]:4242"; returns text. */
const char *taddr_text(const struct sockaddr_storage *addr, char text[TGT_ADDR_TEXT]);
void tlog(struct treactor *r, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A connection was turned away: counted, and said once a minute. */
void treactor_refused(struct treactor *r, const struct sockaddr_storage *peer, const char *why);
struct treactor *treactor_of(struct oriser_server *server, const struct ual_device *dev);
void treactor_session_gone(struct treactor *r);

/* conn.c */
/* A new one; who has been in its login for longest may have to go for it.  NULL: no memory, or an end is near. */
struct tsess *tsess_create(struct treactor *r, const struct sockaddr_storage *peer);
int tsess_make_qp(struct tsess *s);
int tsess_accept(struct tsess *s, struct ual_conn_req *req);
void tsess_on_request(struct ual_conn_req *req);
/* why: a sentence for the log, NULL when nobody needs to know.  Any number of times, anywhere. */
void tsess_kill(struct tsess *s, const char *why);
/* The last response has been posted: close in order. */
void tsess_close(struct tsess *s);
void tsess_defer(struct tsess *s);
void tsess_arm(struct tsess *s, u64 ms);
const char *tsess_name(struct tsess *s); /* for the log: who it says it is, and its address */

/* stream.c */
void tstream_on_stream(struct ual_stream *stream, struct ual_device *dev, void *ctx);
void tstream_send(struct tsess *s, const struct iscsi_pdu *hdr, const void *data);
int tstream_turn(struct tsess *s, const struct iscsi_pdu *hdr, const void *data);

/* memory.c */
int tmem_login_init(struct tsess *s);
void tmem_login_free(struct tsess *s);
int tmem_grow(struct tsess *s, u32 commands);
void tmem_dereg(struct tsess *s);
void tmem_free(struct tsess *s);
void trecv_release(struct tsess *s, struct trecv *r);
void trecv_flush(struct tsess *s);

/* login.c */
int tlogin_begin(struct tsess *s, bool rdma);
void tlogin_request(struct tsess *s, const struct iscsi_pdu *req, const u8 *data);
void tlogin_go(struct tsess *s);	/* the nexus is ours: the verdict */
void tlogin_turned(struct tsess *s);	/* streaming: RDMA is up */

/* info.c */
void tinfo_session_gone(struct tsess *s);

/* nexus.c */
enum nexus_claim { NEXUS_OURS, NEXUS_WAIT, NEXUS_NO_SESSION, NEXUS_TOO_MANY };
enum nexus_claim nexus_claim(struct tsess *s);
void nexus_leave(struct tsess *s);
/* All sessions with the target but one. */
void nexus_kill_target(struct oriser_server *server, const struct tsess *but, const char *target);

/* rx.c */
void trx_message(struct tsess *s, struct trecv *r);
void trx_resume(struct tsess *s);
enum trx_result {
	TRX_DONE,			/* handled */
	TRX_KEPT,			/* handled; the receive belongs to a task now */
	TRX_NO_ROOM,			/* nothing has happened; again when something is free */
};
/* A request in full feature phase of either kind of connection; streaming mode: r, hdr NULL. */
enum trx_result trx_request(struct tsess *s, struct trecv *r, const u8 *bhs,
			    const struct iscsi_pdu *pdu, const struct iser_hdr *hdr,
			    const u8 *data);

/* task.c */
void ttask_session_init(struct tsess *s);
struct ttask **ttask_bucket(struct tsess *s, u32 itt);
struct ttask *ttask_find(struct tsess *s, u32 itt);	/* the newest with that tag, or NULL */
void ttask_free(struct ttask *t);
void ttask_release_data(struct tsess *s, struct ttask *t);
void ttask_uncount(struct tsess *s, struct ttask *t);
void ttask_later(struct ttask *t, enum ttask_state state);
void ttask_run_later(struct tsess *s);
void ttask_call_done(struct ttask *t);	/* not from within a call of the backend */
void ttask_call_sent(struct ttask *t);
void ttask_abort(struct ttask *t);
void ttask_teardown(struct tsess *s);

/* cmd.c */
enum trx_result tcmd_start(struct tsess *s, struct trecv *r, const u8 *bhs,
			   const struct iscsi_pdu *pdu, const struct iser_hdr *hdr, const u8 *data);
enum trx_result tcmd_data_out(struct tsess *s, struct trecv *r, const struct iscsi_pdu *pdu,
			      const u8 *data);

/* answer.c */
/* Builds the response when its turn to leave has come: StatSN follows the order of sending. */
void tcmd_build_response(struct ttask *t);
void tcmd_answered(struct ttask *t);	/* the response has left */
void tcmd_fetched(struct ttask *t);	/* the data are there */

/* xfer.c */
void txfer_run(struct ttask *t);
/* Before a Read, where the device needs it: the keys that the initiator will see.  0 or -ENOMEM. */
int txfer_open_sinks(struct ttask *t);
void txfer_release(struct txfer *x);
static inline void txfer_end(struct txfer *x)
{
	if (unlikely(x->copy || x->sinks))
		txfer_release(x);
}
void txfer_completed(struct ttask *t);
void txfer_resume(struct tsess *s);
/* n chained work requests, the last one signaled.  False: the session is killed. */
bool tsq_post(struct tsess *s, const struct wr_send *first, u32 n);
void tsq_completed(struct tsess *s);	/* the oldest signaled one */
void tsq_on_timer(struct ual_timer *timer);	/* of s->stall */

/* ctl.c */
/* A buffer for so much data is free; in streaming mode none is needed. */
bool tctl_ready(const struct tsess *s, u32 data_len);
struct tctl *tctl_get(struct tsess *s, u32 data_len);	/* was ready; NULL in streaming mode */
void tctl_put(struct tsess *s, struct tctl *c);
/* Sends hdr and data; takes a StatSN if `advance`. */
void tctl_send_on(struct tsess *s, struct tctl *c, struct iscsi_pdu *hdr, const void *data,
		  bool advance);
void tctl_send(struct tsess *s, struct iscsi_pdu *hdr, const void *data, bool advance);
u32 tctl_data_max(const struct tsess *s);
void tctl_sent(struct tsess *s, struct tctl *c);
void tctl_numbers(struct tsess *s, struct iscsi_pdu *hdr, bool advance);
void tctl_nop_out(struct tsess *s, const struct iscsi_pdu *pdu, const u8 *data);
void tctl_logout(struct tsess *s, const struct iscsi_pdu *pdu);
void tctl_reject(struct tsess *s, const u8 *bhs, u8 reason);
void tctl_ping(struct tsess *s);
void tctl_ask_logout(struct tsess *s);
void tctl_hello(struct tsess *s, const struct iser_hdr *hello);

/* tmf.c */
void ttmf_request(struct tsess *s, const struct iscsi_pdu *pdu);
void ttmf_logout(struct tsess *s, const struct iscsi_pdu *pdu);	/* aborts all, then answers */
void ttmf_task_ended(struct ttask *t);
void ttmf_session_gone(struct tsess *s);

/* sendtargets.c */
void ttext_request(struct tsess *s, const struct iscsi_pdu *pdu, const u8 *data);
void ttext_free(struct ttext *text);

#endif
