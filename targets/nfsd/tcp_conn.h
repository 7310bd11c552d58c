/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Connections of the TCP transport: tcp.c accepts, tcp_conn.c lives, tcp_limit.c ends what goes too far, tcp_call.c
 * answers, tcp_back.c calls.
 */
#ifndef TARGETS_NFSD_TCP_CONN_H
#define TARGETS_NFSD_TCP_CONN_H

#include <stdatomic.h>
#include <sys/uio.h>

#include "core/list.h"
#include "core/user/room.h"
#include "nfsrdma/engine/record.h"
#include "nfsrdma/server/limits.h"
#include "targets/nfsd/tcp.h"

#define TCP_MSG_MAX	(NFS_DATA_MAX + 65536)	/* longest call */
#define TCP_READ_BYTES	(64u << 10)
#define TCP_REPLY_BYTES	(64u << 10)		/* of a reply, READ's data not counted */

struct tcp_reactor {
	struct nfs_server *server;
	struct ual_loop *loop;
	struct list_head conns;
	unsigned conn_n;
	struct room silent;		/* connections without a call yet */
	u64 bytes;			/* of its connections */
	atomic_uint coming;		/* connections on their way from the listener */
	bool stopping;
	u8 scratch[TCP_READ_BYTES];
};

/* One direction: when the message that is on its way began, when bytes of it moved. */
struct tcp_way {
	u64 begun_ns, moved_ns;
};

struct tcp_conn {
	struct nfs_conn pub;
	struct tcp_reactor *reactor;
	struct list_head link;
	struct ual_watch watch;
	struct ual_defer defer;
	struct rpc_record record;
	struct tcp_call *coming;		/* the message that is being read */
	struct room_guest guest;
	u8 *held; /* bytes [held_pos, held_len) of messages that there was no room for */
	size_t held_len, held_pos;
	/* calls whose replies wait to leave, the first perhaps in part */
	struct list_head out;
	struct list_head back;	     /* calls to the client without an answer (tcp_back.c) */
	struct ual_timer back_timer;		/* armed while there are such */
	unsigned calls;		 /* between the end of their message and their last byte */
	u32 bytes;			/* messages and replies in memory */
	/* tcp_limit.c */
	struct ual_timer timer;		/* armed while it owes bytes, or they are owed to it */
	struct tcp_way in, out_way;
	bool dead;
};

struct tcp_call {
	struct nfs_call call;
	struct tcp_conn *conn;
	struct list_head link;			/* in conn->out */
	u8 *msg;
	u32 msg_len, msg_cap;
	u8 *data;				/* an item of the reply, or NULL */
	u32 data_size;
	u32 counted;			/* in conn->bytes */
	u8 mark[RPC_RECORD_MARK_BYTES];
	size_t sent;
	u8 reply[];				/* TCP_REPLY_BYTES */
};

extern const struct nfs_call_ops tcp_call_ops;

void tcp_reactor_init(struct tcp_reactor *reactor, struct nfs_server *server,
		      struct ual_loop *loop);
void tcp_conn_open(struct tcp_reactor *reactor, int fd); /* takes fd, on the reactor's thread */
void tcp_conn_kill(struct tcp_conn *conn);
void tcp_conn_fail(struct tcp_conn *conn, const char *why);	/* a constant, for the log */
void tcp_conn_send(struct tcp_conn *conn, struct tcp_call *call); /* its reply; takes the call */
void tcp_conn_call_gone(struct tcp_conn *conn);

/* tcp_limit.c */
/* Makes room for one more; false: there is none, and that was told. */
bool tcp_limit_admit(struct tcp_reactor *reactor, const struct sockaddr_storage *peer);
void tcp_limit_init(struct tcp_conn *conn);
void tcp_limit_gone(struct tcp_conn *conn);
/* May it be read from? */
static inline bool tcp_limit_reads(const struct tcp_conn *conn)
{
	return conn->calls < TCP_CALLS_MAX && conn->bytes < TCP_WINDOW;
}
void tcp_limit_came(struct tcp_conn *conn);	/* bytes, before they are looked at */
void tcp_limit_moved(struct tcp_conn *conn, struct tcp_way *way);
void tcp_limit_ended(struct tcp_conn *conn, struct tcp_way *way); /* the next message begins */
/* it may owe something now, or be owed */
void tcp_limit_watch(struct tcp_conn *conn);
void tcp_limit_count(struct tcp_call *call, u32 bytes);	/* it has so many in memory now */

/* tcp_back.c */
void tcp_back_init(struct tcp_conn *conn);
void tcp_back_gone(struct tcp_conn *conn);	/* the connection is dead */
/* Is this message an answer to such a call?  Then it has been told. */
bool tcp_back_reply(struct tcp_conn *conn, const u8 *msg, u32 len);

/* tcp_call.c */
struct tcp_call *tcp_call_create(struct tcp_conn *conn);
void tcp_call_free(struct tcp_call *call);
bool tcp_call_append(struct tcp_call *call, const u8 *data, size_t len);
/* What is still to be sent of the reply; the number of spans, at most 5. */
unsigned tcp_call_spans(struct tcp_call *call, struct iovec iov[5]);
size_t tcp_call_left(const struct tcp_call *call);

#endif
