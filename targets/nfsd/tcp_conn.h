/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Connections of the TCP transport: tcp.c accepts, tcp_conn.c lives, tcp_call.c answers, tcp_back.c calls. */
#ifndef TARGETS_NFSD_TCP_CONN_H
#define TARGETS_NFSD_TCP_CONN_H

#include <sys/uio.h>

#include "core/list.h"
#include "nfsrdma/engine/record.h"
#include "targets/nfsd/tcp.h"

#define TCP_MSG_MAX	(NFS_DATA_MAX + 65536)	/* longest call */
#define TCP_READ_BYTES	(64u << 10)
#define TCP_REPLY_BYTES	(64u << 10)		/* of a reply, READ's data not counted */

struct tcp_reactor {
	struct nfs_server *server;
	struct ual_loop *loop;
	struct list_head conns;
	bool stopping;
	u8 scratch[TCP_READ_BYTES];
};

struct tcp_conn {
	struct nfs_conn pub;
	struct tcp_reactor *reactor;
	struct list_head link;
	struct ual_watch watch;
	struct ual_defer defer;
	struct rpc_record record;
	struct tcp_call *coming;		/* the message that is being read */
	/* calls whose replies wait to leave, the first perhaps in part */
	struct list_head out;
	struct list_head back;	     /* calls to the client without an answer (tcp_back.c) */
	struct ual_timer back_timer;		/* armed while there are such */
	unsigned calls;		 /* between the end of their message and their last byte */
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
	u8 mark[RPC_RECORD_MARK_BYTES];
	size_t sent;
	u8 reply[];				/* TCP_REPLY_BYTES */
};

extern const struct nfs_call_ops tcp_call_ops;

void tcp_conn_open(struct tcp_reactor *reactor, int fd); /* takes fd, on the reactor's thread */
void tcp_conn_kill(struct tcp_conn *conn);
void tcp_conn_flush(struct tcp_conn *conn);
void tcp_conn_call_gone(struct tcp_conn *conn);

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
