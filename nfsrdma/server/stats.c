// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "nfsrdma/server/stats.h"

#include "nfsrdma/server/server.h"

#define RPC_ACCEPTED_BYTES 24		/* xid, reply, accepted, verifier of 8, success: RFC 5531 9 */

void nfs_reactor_init(struct nfs_reactor *reactor, struct ual_loop *loop)
{
	*reactor = (struct nfs_reactor){ .loop = loop };
	INIT_LIST_HEAD(&reactor->conns);
}

/* ---- the tally of a call ---------------------------------------------------------------------------- */

void nfs_tally_came(struct nfs_call *call)
{
	if (call->conn && call->conn->reactor)
		call->tally.came_ns = ual_loop_now(call->conn->reactor->loop);
}

void nfs_tally_begin(struct nfs_call *call)
{
	call->tally.read_bytes = call->tally.write_bytes = 0;
	call->tally.op_n = 0;
	call->tally.failed = false;
}

void nfs_tally_op(struct nfs_call *call, u32 op)
{
	struct nfs_tally *t = &call->tally;

	if (t->op_n < NFS_TALLY_OPS)
		t->ops[t->op_n++] = op < NFS4_OPS ? (u8)op : 0;
	t->written_before = t->write_bytes;
}

void nfs_tally_op_failed(struct nfs_call *call)
{
	call->tally.failed = true;
	call->tally.write_bytes = call->tally.written_before;
}

/* The procedure or operation that it is at. */
static bool is_at(const struct nfs_call *call, enum nfs3_proc proc, enum nfs4_op_num op)
{
	const struct nfs_tally *t = &call->tally;

	if (call->rpc.prog != NFS_PROGRAM)
		return false;
	if (call->rpc.vers == NFS3_VERSION)
		return call->rpc.proc == proc;
	return t->op_n && t->ops[t->op_n - 1] == op;
}

void nfs_tally_data_in(struct nfs_call *call, u32 len)
{
	if (is_at(call, NFS3_WRITE, NFS4_OP_WRITE))
		call->tally.write_bytes += len;
}

void nfs_tally_data_out(struct nfs_call *call, u32 len)
{
	if (is_at(call, NFS3_READ, NFS4_OP_READ))
		call->tally.read_bytes += len;
}

/* ---- a call is done --------------------------------------------------------------------------------- */

/* Of version 3 and MOUNT: the first word of the results, where there is one. */
static bool status3_bad(const struct nfs_call *call)
{
	return call->rpc.proc != 0 && xdr_out_len(&call->reply) >= RPC_ACCEPTED_BYTES + 4 &&
	       get_unaligned_be32(call->reply.start + RPC_ACCEPTED_BYTES) != 0;
}

static bool has_status(const struct nfs_call *call)
{
	return call->rpc.prog == NFS_PROGRAM || call->rpc.proc == MOUNT3_MNT;
}

static void count_one(struct nfs_ops_count *ops, u32 i, u32 n, bool failed)
{
	if (i < n) {
		ops[i].done++;
		ops[i].failed += failed;
	}
}

static bool count_ops(struct nfs_stats *stats, const struct nfs_call *call)
{
	const struct nfs_tally *t = &call->tally;
	bool bad = t->failed;

	if (call->rpc.prog == NFS_PROGRAM && call->rpc.vers == NFS4_VERSION) {
		for (unsigned i = 0; i < t->op_n; i++)
			count_one(stats->nfs4, t->ops[i], NFS4_OPS, bad && i + 1u == t->op_n);
		return bad;
	}
	bad = has_status(call) && status3_bad(call);
	if (call->rpc.prog == NFS_PROGRAM)
		count_one(stats->nfs3, call->rpc.proc, NFS3_PROCS, bad);
	else
		count_one(stats->mount3, call->rpc.proc, MOUNT3_PROCS, bad);
	return bad;
}

static void add(struct nfs_counters *to, const struct nfs_tally *t, bool bad, bool written)
{
	to->calls++;
	to->errors += bad;
	to->read_bytes += t->read_bytes;
	to->write_bytes += written ? t->write_bytes : 0;
}

static u8 version_bit(const struct nfs_call *call)
{
	if (call->rpc.prog != NFS_PROGRAM)
		return 0;
	return call->rpc.vers == NFS3_VERSION ? NFS_CONN_V3 : NFS_CONN_V4;
}

void nfs_stats_call(struct nfs_call *call)
{
	struct nfs_reactor *reactor = call->conn ? call->conn->reactor : NULL;
	struct nfs_stats *stats;
	bool bad, written;

	if (!reactor || call->drop)
		return;
	stats = &reactor->stats;
	if (!call->proc) {
		stats->refused_calls++;
		return;
	}
	bad = count_ops(stats, call);
	written = !bad || call->rpc.vers == NFS4_VERSION;
	add(&stats->count, &call->tally, bad, written);
	add(&call->conn->count, &call->tally, bad, written);
	call->conn->versions |= version_bit(call);
	latency_add(&stats->latency, ual_loop_now(reactor->loop) - call->tally.came_ns);
}

static void merge_ops(struct nfs_ops_count *to, const struct nfs_ops_count *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		to[i].done += from[i].done;
		to[i].failed += from[i].failed;
	}
}

void nfs_stats_merge(struct nfs_stats *to, const struct nfs_stats *from)
{
	to->count.calls += from->count.calls;
	to->count.errors += from->count.errors;
	to->count.read_bytes += from->count.read_bytes;
	to->count.write_bytes += from->count.write_bytes;
	merge_ops(to->nfs3, from->nfs3, NFS3_PROCS);
	merge_ops(to->mount3, from->mount3, MOUNT3_PROCS);
	merge_ops(to->nfs4, from->nfs4, NFS4_OPS);
	to->refused_calls += from->refused_calls;
	to->tcp_conns += from->tcp_conns;
	to->rdma_conns += from->rdma_conns;
	to->refused_conns += from->refused_conns;
	to->broken_conns += from->broken_conns;
	latency_merge(&to->latency, &from->latency);
}

/* ---- connections ------------------------------------------------------------------------------------ */

static struct nfs_reactor *reactor_of(const struct nfs_server *server, const struct ual_loop *loop)
{
	for (unsigned i = 0; i < server->reactor_n; i++)
		if (server->reactors[i].loop == loop)
			return &server->reactors[i];
	return NULL;
}

void nfs_stats_conn_up(struct nfs_server *server, struct nfs_conn *conn)
{
	struct nfs_reactor *reactor = reactor_of(server, conn->loop);

	if (!reactor)
		return;
	conn->reactor = reactor;
	conn->up_ns = ual_loop_now(conn->loop);
	if (conn->rdma)
		reactor->stats.rdma_conns++;
	else
		reactor->stats.tcp_conns++;
	list_add_tail(&conn->link, &reactor->conns);
}

void nfs_stats_conn_down(struct nfs_conn *conn)
{
	if (!conn->reactor)
		return;
	conn->reactor->stats.broken_conns += conn->why != NULL;
	list_del(&conn->link);
}

struct nfs_reactor *nfs_stats_conn_refused(struct nfs_server *server, const struct ual_loop *loop)
{
	struct nfs_reactor *reactor = reactor_of(server, loop);

	if (reactor)
		reactor->stats.refused_conns++;
	return reactor;
}
