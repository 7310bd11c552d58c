/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What is done for whom: counters of the reactors and of their connections.
 *
 * A call gathers what it did in its tally, wherever it runs; its reactor adds that up when the call has come back to
 * it.  So everything here belongs to one thread, the reactor's, and who wants to know asks there.
 */
#ifndef NFSRDMA_SERVER_STATS_H
#define NFSRDMA_SERVER_STATS_H

#include "core/latency.h"
#include "core/list.h"
#include "core/user/room.h"
#include "nfsrdma/engine/nfs3.h"
#include "nfsrdma/engine/nfs4.h"

struct nfs_call;
struct nfs_conn;
struct nfs_server;
struct ual_loop;

#define NFS_TALLY_OPS 64		/* of a COMPOUND */

struct nfs_tally {
	u64 came_ns;			/* the loop's pass in which it came */
	u32 read_bytes, write_bytes, written_before;
	u8 op_n;
	bool failed;			/* the last operation */
	u8 ops[NFS_TALLY_OPS];
};

struct nfs_counters {
	u64 calls;
	u64 errors;			/* calls answered with another status than OK */
	u64 read_bytes, write_bytes;	/* of files */
};

struct nfs_ops_count {
	u64 done, failed;
};

struct nfs_stats {
	struct nfs_counters count;
	struct nfs_ops_count nfs3[NFS3_PROCS], mount3[MOUNT3_PROCS], nfs4[NFS4_OPS];
	/* unknown programs, malformed headers, credentials that will not do */
	u64 refused_calls;
	u64 tcp_conns, rdma_conns;	/* that came */
	u64 refused_conns;		/* no memory, too many, or silent for too long */
	u64 broken_conns;		/* ended by an error */
	struct latency latency;		/* from the coming of a call to the start of its reply */
};

/* Owner: the daemon.  Context: its loop's thread. */
struct nfs_reactor {
	struct ual_loop *loop;
	struct nfs_stats stats;
	struct list_head conns;		/* struct nfs_conn, those that are up */
	u64 log_second;			/* for who logs its connections */
	unsigned log_lines;
	struct minute_line refusals;
};

void nfs_reactor_init(struct nfs_reactor *reactor, struct ual_loop *loop);
void nfs_stats_merge(struct nfs_stats *to, const struct nfs_stats *from);

/* ---- of the dispatcher and the programs */

void nfs_tally_came(struct nfs_call *call);	/* now */
void nfs_tally_begin(struct nfs_call *call);	/* as if nothing had been done for it yet */
/* An operation of a COMPOUND begins; has failed. */
void nfs_tally_op(struct nfs_call *call, u32 op);
void nfs_tally_op_failed(struct nfs_call *call);
/* Data that came with the call, or go with its reply: counted if they are a file's. */
void nfs_tally_data_in(struct nfs_call *call, u32 len);
void nfs_tally_data_out(struct nfs_call *call, u32 len);
/* It is answered, on its reactor's thread.  Does nothing for a connection without a reactor. */
void nfs_stats_call(struct nfs_call *call);

/* ---- of the transports, on the reactor's thread; without server->reactors they do nothing */

void nfs_stats_conn_up(struct nfs_server *server, struct nfs_conn *conn);
void nfs_stats_conn_down(struct nfs_conn *conn);
struct nfs_reactor *nfs_stats_conn_refused(struct nfs_server *server, const struct ual_loop *loop);

#endif
