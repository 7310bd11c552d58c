/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The server's end of RPC-over-RDMA: connections, credits, chunks.  RFC 8166, 8167, 8267, 8797.
 *
 *   rdma_listen.c  listener, one nfs_rdma_reactor for each loop     rdma_mem.c   bulk memory of a reactor
 *   rdma_conn.c    a connection: set-up, completions, end           rdma_rx.c    calls: header, Read chunks
 *   rdma_back.c    calls from the server to the client              rdma_tx.c    replies: Write and Reply chunks
 *   rdma_host.c    what a host may hold, and for how long
 *
 * A connection has a slot for each credit that it grants: a receive buffer, the call that came in it and its reply.
 * A slot's life:
 *
 *   POSTED -- Send arrives --> READING -- Read chunks are here --> RUNNING -- ops->reply --> SENDING -- Send
 *   completed --> POSTED
 *
 * Memory that bulk data passes through is taken from the reactor's arena when it is needed, and given back when the
 * reply has left; a slot that finds none, or no more of what its client's host may have, waits its turn.  So does one that finds the send queue full, or RDMA_WINDOW
 * bytes of its connection under way: more would not be faster, and memory that has just been sent from is still in
 * the processor's cache when it is filled again.
 *
 * Owner: the reactor's loop.  Context: its thread; a RUNNING slot may be in the hands of a worker, which fills what the
 * slot has.  A connection lives until its last slot has come back.
 */
#ifndef NFSRDMA_RDMA_H
#define NFSRDMA_RDMA_H

#include "core/list.h"
#include "core/user/room.h"
#include "nfsrdma/engine/rpcrdma.h"
#include "nfsrdma/server/limits.h"
#include "nfsrdma/server/nfs_rdma.h"
#include "nfsrdma/server/server.h"
#include "ual/ual.h"

#define RDMA_CREDITS		64
#define RDMA_RECV_SPARE		4	/* replies to our own calls, and a client that counts badly */
#define RDMA_INLINE_BYTES	4096	/* both ways; what Linux takes and offers */
#define RDMA_HDR_BYTES_MAX	1408	/* of a reply's header: three lists of RPCRDMA_SEGS_MAX segments at most */
#define RDMA_REPLY_BYTES	(256u << 10)	/* longest reply in a Reply chunk, items not counted */
#define RDMA_SQ_DEPTH		1024
#define RDMA_SGE_MAX		4
#define RDMA_CLOSE_MS		5000
#define RDMA_ARENA_BYTES	(64u << 20)

enum slot_state { SLOT_POSTED, SLOT_READING, SLOT_RUNNING, SLOT_SENDING };

struct rdma_buf {			/* of the arena */
	u8 *data;
	u32 size;			/* 0: none */
	u32 lkey;
	struct ual_sink sink;		/* while the client's bytes are read into it */
};

struct rdma_conn;

struct rdma_slot {
	struct nfs_call call;
	struct rdma_conn *conn;
	enum slot_state state;
	struct list_head waits;		/* in conn->waiting or the host's */
	u8 *recv;			/* RDMA_INLINE_BYTES */
	u32 recv_len;
	u8 *send;		/* RDMA_HDR_BYTES_MAX for the header, then RDMA_INLINE_BYTES */
	struct rpcrdma_hdr hdr;		/* as it came */
	struct rdma_buf whole;		/* a call that came in a Position Zero chunk */
	struct rdma_buf in[NFS_CALL_ITEMS_MAX];
	struct rdma_buf out[NFS_CALL_ITEMS_MAX];
	struct nfs_loan loan[NFS_CALL_ITEMS_MAX]; /* used instead of out where data is not NULL */
	struct ual_mr *loan_mr[NFS_CALL_ITEMS_MAX];
	struct rdma_buf long_reply;	/* instead of the inline one, for a Reply chunk */
	unsigned out_n;
	unsigned pending;		/* work requests not completed */
	u32 bulk;			/* its part of conn->bulk */
	bool in_turn;			/* has waited: goes before who has just come */
	bool starved;			/* waits in the host's list */
	bool fed;			/* has waited there: its turn has come */
	u64 read_ns;			/* its Reads were asked for */
	/* waits for memory or for the send queue: what it was about to do comes again */
	bool again;
};

struct nfs_rdma_reactor;

#define RDMA_CLASSES 3

/* Who is at the other end of connections, by address.  It lives as long as they do. */
struct rdma_host {
	struct list_head link;		/* in reactor->hosts */
	struct sockaddr_storage peer;
	unsigned conn_n;
	unsigned held[RDMA_CLASSES];	/* buffers, by class */
	struct list_head starved;	/* slots that wait for bulk memory */
	struct list_head turn;		/* in reactor->turns while there are such */
};

struct rdma_conn {
	struct nfs_conn pub;
	struct nfs_rdma_reactor *reactor;
	struct rdma_host *host;
	struct room_guest guest;	/* until its first call */
	struct list_head link;
	struct ual_qp *qp;
	struct ual_cq *cq;
	struct ual_timer timer;		/* armed while there is work under way */
	u64 moved_ns;			/* some of it ended, or the first began */
	struct ual_defer defer;
	struct ual_mr *mr;
	u8 *mem; /* receive and send buffers of the slots, and of the reverse direction */
	size_t mem_bytes;
	struct rpcrdma_pdata peer;
	u32 send_max;			/* longest inline message to the client */
	unsigned sq_free;
	unsigned busy;			/* slots that are not posted */
	struct list_head waiting; /* slots that the send queue or the window had no room for */
	u32 bulk;			/* bytes of chunks of calls that are under way */
	bool up, dead, told_down;
	struct rdma_back *back;		/* rdma_back.c; NULL until the first call back */
	struct rdma_slot slots[RDMA_CREDITS + RDMA_RECV_SPARE];
};

struct rdma_arena {
	u8 *mem;
	struct ual_mr *mr;
	void *free[RDMA_CLASSES];	/* by class: 8 KiB, 64 KiB, 1 MiB and a bit */
};

struct nfs_rdma_reactor {
	struct nfs_rdma *rdma;
	struct ual_device *dev;
	struct ual_pd *pd;
	struct rdma_arena arena;
	struct list_head conns;
	struct list_head hosts;
	struct list_head turns;		/* hosts with slots that wait for bulk memory */
	struct ual_defer feed;		/* some has come back */
	struct room silent;		/* connections without a call yet */
	bool dry;			/* those who wait go before who has just come */
	bool stopping;
	unsigned conn_n;
};

struct nfs_rdma {
	struct nfs_server *server;
	struct nfs_rdma_cfg cfg;
	struct ual_listener *listener;
	unsigned reactor_n;
	struct nfs_rdma_reactor reactors[];
};

/* rdma_mem.c */
int rdma_arena_init(struct rdma_arena *arena, struct ual_pd *pd);
void rdma_arena_deinit(struct rdma_arena *arena);
enum rdma_mem {
	RDMA_MEM_OK,
	RDMA_MEM_SHARE,			/* the host has its share */
	RDMA_MEM_NONE,			/* none at the moment */
};
enum rdma_mem rdma_buf_get(struct rdma_arena *arena, struct rdma_host *host, u32 len,
			   struct rdma_buf *buf);
void rdma_buf_put(struct rdma_arena *arena, struct rdma_host *host, struct rdma_buf *buf);

/* rdma_host.c */
/* Room for one more connection of that host is made; false: there is none, and that was told. */
bool rdma_host_admit(struct nfs_rdma_reactor *reactor, const struct sockaddr_storage *peer);
bool rdma_host_enter(struct rdma_conn *conn);		/* pub.peer is known; false: no memory */
void rdma_host_leave(struct rdma_conn *conn);
/* n work requests were posted; have completed. */
void rdma_host_posted(struct rdma_conn *conn, unsigned n);
void rdma_host_completed(struct rdma_conn *conn, unsigned n);
void rdma_host_on_timer(struct ual_timer *timer);	/* of a connection */
void rdma_host_feed(struct ual_defer *defer);		/* of a reactor */

/* rdma_conn.c */
void rdma_conn_request(struct ual_conn_req *req);
void rdma_conn_kill(struct rdma_conn *conn);
void rdma_conn_fail(struct rdma_conn *conn, const char *why);	/* a constant, for the log */
/* the slot is done: its receive is posted again */
void rdma_slot_recv(struct rdma_slot *slot);
void rdma_slot_wait_sq(struct rdma_slot *slot);
void rdma_slot_wait_mem(struct rdma_slot *slot);
void rdma_slot_release(struct rdma_slot *slot);	/* its bulk memory, lent or its own */

/* wr_id of all that a slot posts is the slot; receives have this bit. */
#define RDMA_WR_RECV	1u
#define RDMA_WR_BACK	2u

/* rdma_rx.c */
void rdma_rx_message(struct rdma_slot *slot);		/* slot->recv_len bytes came */
void rdma_rx_resume(struct rdma_slot *slot);		/* what it waited for is there */
void rdma_rx_read_done(struct rdma_slot *slot);

/* rdma_tx.c */
extern const struct nfs_call_ops rdma_call_ops;
void rdma_tx_reply(struct rdma_slot *slot);
void rdma_tx_error(struct rdma_slot *slot, enum rpcrdma_error error);

/* rdma_back.c */
int rdma_back_call(struct nfs_conn *pub, const void *msg, u32 len,
		   void (*fn)(void *ctx, int err, const u8 *reply, u32 len), void *ctx);
bool rdma_back_reply(struct rdma_conn *conn, const struct rpcrdma_hdr *hdr, const u8 *msg, u32 len);
void rdma_back_sent(struct rdma_conn *conn, u64 wr_id);
void rdma_back_resume(struct rdma_conn *conn);		/* the send queue may have room */
void rdma_back_gone(struct rdma_conn *conn);
void rdma_back_free(struct rdma_conn *conn);

#endif
