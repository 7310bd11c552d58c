/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * One RPC between a transport and the programs that answer it.
 *
 *   transport (rdma.c, tcp)             dispatcher                    program (nfs3, mount3)
 *   message is whole, Read chunks
 *   have been read: nfs_call_run() ---> header, credential,
 *                                       program, version, procedure
 *                                       here, or on a worker  ------> args in, results out
 *   ops->reply(), on the reactor   <--- results are complete  <------ returns
 *
 * A program never waits for the network and never knows which transport it is on: an opaque item of the
 * arguments (WRITE) may lie in the message or have come by an RDMA Read, one of the results (READ, READLINK) goes
 * into the message or to the client's Write chunk; nfs_call_data_in() and nfs_call_data_out() hide it.  Bulk
 * memory is the transport's, registered where that helps: a file is read into it and sent from it.
 *
 * Owner: the transport.  Context: the reactor's thread; from the hand-over to a worker until its end, that worker.
 */
#ifndef NFSRDMA_CALL_H
#define NFSRDMA_CALL_H

#include <sys/socket.h>
#include <sys/types.h>

#include "nfsrdma/engine/rpc.h"
#include "nfsrdma/server/stats.h"
#include "ual/loop.h"

#define NFS_DATA_MAX		(1u << 20)	/* of a READ or WRITE */
#define NFS_CALL_ITEMS_MAX	4		/* data items of a call that travel beside the message */
#define NFS_GROUPS_MAX		RPC_AUTH_SYS_GIDS_MAX
#define NFS_CALL_BACK_S		20
#define NFS_ID_NONE		((u32)-1)	/* no user and no group has it */

/* Who asks, after the export's squashing. */
struct nfs_cred {
	uid_t uid;
	gid_t gid;
	unsigned group_n;
	gid_t groups[NFS_GROUPS_MAX];
};

/*
 * Can somebody act as it?  System calls and libraries that change credentials take NFS_ID_NONE for "as before": who
 * calls them asks this first.  What comes from nfs_export_squash() is somebody.
 */
static inline bool nfs_cred_is_somebody(const struct nfs_cred *cred)
{
	if (cred->uid == NFS_ID_NONE || cred->gid == NFS_ID_NONE || cred->group_n > NFS_GROUPS_MAX)
		return false;
	for (unsigned i = 0; i < cred->group_n; i++)
		if (cred->groups[i] == NFS_ID_NONE)
			return false;
	return true;
}

/* A run of bytes that was taken out of the arguments, or is put into the results, at this XDR position. */
struct nfs_item {
	u32 position; /* from the start of the RPC message (in), of the results (out) */
	u8 *data;
	u32 len;			/* its padding not counted */
};

/*
 * A part of a file as it lies in memory, lent to be sent from without a copy.  Its bytes may change, or become
 * zeros when the file is cut, until it is given back with end(): what the reader of a file that is being written
 * must expect anyway.  So a transport must not look at bytes twice, first for a checksum (WR_CHANGING).
 * Where bytes are sent from the file itself they may be those that it has a little later.
 */
struct nfs_loan {
	const u8 *data;			/* NULL: none */
	u32 len;
	bool eof;
	int fd;				/* of the file, open until end(); -1: none */
	u64 offset;			/* of data in it */
	void (*end)(struct nfs_loan *loan);	/* any thread, once */
	void *priv;
};

struct nfs_server;
struct nfs_call;
struct nfs_replay_entry;
struct nfs4_slot;

struct nfs_call_ops {
	/*
	 * Memory for a data item of up to len bytes that comes next in the results: beside the message, or in it
	 * where the item will be, which is 4 bytes behind reply.p.  NULL: more than the client made room for.
	 * Any thread that has the call.
	 */
	u8 *(*data_out)(struct nfs_call *call, u32 len);
	/*
	 * Optional (NULL: not this transport).  Takes the loan for the data item that comes next, which data_out() has
	 * put beside the message, and ends it when the reply has left.  False: it cannot.  On the reactor's thread.
	 */
	bool (*lend)(struct nfs_call *call, const struct nfs_loan *loan);
	/* The call is done; `reply` and `out` are to be sent, or nothing when drop.  On the reactor's thread. */
	void (*reply)(struct nfs_call *call);
};

struct nfs_call {
	/* filled by the transport */
	const struct nfs_call_ops *ops;
	struct nfs_server *server;
	struct nfs_conn *conn;
	struct ual_loop *loop;		/* of its reactor */
	const u8 *msg;			/* the RPC message, without the items */
	u32 msg_len;
	struct nfs_item in[NFS_CALL_ITEMS_MAX];	/* positions grow */
	unsigned in_n;
	u8 *reply_buf;			/* where the RPC reply goes, items not counted */
	u32 reply_max;

	/* filled by the dispatcher, for the programs */
	struct rpc_call rpc;
	struct nfs_cred cred;		/* as it came; an export squashes it */
	struct xdr_in args;
	struct xdr_out reply; /* the RPC reply; a program writes its results behind the header */
	struct nfs_item out[NFS_CALL_ITEMS_MAX];
	unsigned out_n;
	/* no answer: what came was not even a call, or its answer is not to be had again.  The connection ends */
	bool drop;
	const void *proc;		/* the procedure's entry; NULL: there is none */
	/* replay.h: where its answer will be kept; NULL: nowhere */
	struct nfs_replay_entry *replay;
	/* nfs4_state.h: the slot its SEQUENCE holds, also when it is run again by a worker; NULL: none */
	struct nfs4_slot *slot4;
	struct nfs_tally tally;

	struct ual_post done;		/* brings it back to its reactor */
	u64 where;			/* nfs_call_where(); set for the workers */
	struct nfs_call *next;		/* in the workers' queue; replay.h: of those that wait */
};

/* A connection as the programs see it: sessions are bound to it, NFSv4 calls back through it. */
struct nfs_conn {
	struct sockaddr_storage peer, local;
	bool rdma;
	u32 inline_max; /* largest reply without chunks; TCP: NFS_DATA_MAX and a header */
	u64 id;				/* unique while the server runs */
	/*
	 * Reverse direction (RFC 8167; on TCP the same stream): sends an RPC call, whose reply comes to fn, or
	 * err < 0 with reply NULL when the connection goes.  A client that does not answer within
	 * NFS_CALL_BACK_S loses the connection: without that the call could not be repeated (RFC 8881 2.10.6.2).
	 * On the reactor's thread; fn is called on it, later.  NULL: it cannot.
	 */
	int (*call_back)(struct nfs_conn *conn, const void *msg, u32 len,
			 void (*fn)(void *ctx, int err, const u8 *reply, u32 len), void *ctx);
	struct ual_loop *loop;
	/* Ends it, soon, because an administrator wants it.  On the reactor's thread.  NULL: cannot. */
	void (*drop)(struct nfs_conn *conn);
	/* What broke it, constant, set by the transport before it goes; NULL: the client closed it, or we did. */
	const char *why;

	/* stats.h */
	struct nfs_reactor *reactor;	/* NULL: nothing is counted */
	struct list_head link;
	struct nfs_counters count;
	u64 up_ns;
	u8 versions;			/* enum nfs_conn_version: that were asked for */
};

enum nfs_conn_version { NFS_CONN_V3 = 1, NFS_CONN_V4 = 2 };

/* The transport has a whole call.  ops->reply() follows, perhaps before this returns. */
void nfs_call_run(struct nfs_call *call);

/*
 * The next opaque item of the arguments, of at most len_max bytes: from the message or from beside it.  NULL and
 * *len 0 when it is malformed (args are poisoned) or empty.
 */
const u8 *nfs_call_data_in(struct nfs_call *call, u32 len_max, u32 *len);

/*
 * Room for the next opaque item of the results, once all results before it are written or reserved.  The caller
 * fills at most len bytes, then tells how many with nfs_call_data_set(), which writes the XDR length and places the
 * item; without it nothing is placed.
 */
u8 *nfs_call_data_out(struct nfs_call *call, u32 len);
void nfs_call_data_set(struct nfs_call *call, u8 *data, u32 len);

/* A connection is there; it is gone, and no call of it is under way any more.  On its reactor's thread. */
void nfs_conn_up(struct nfs_server *server, struct nfs_conn *conn);
void nfs_conn_down(struct nfs_server *server, struct nfs_conn *conn);
/* One was turned away, or made to leave before its first call.  On the loop's thread; why: a constant. */
void nfs_conn_refused(struct nfs_server *server, const struct ual_loop *loop,
		      const struct sockaddr_storage *peer, const char *why);

#endif
