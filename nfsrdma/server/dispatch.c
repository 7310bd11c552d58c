// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* From a whole RPC message to the procedure that answers it, and back: see server.h. */
#include "nfsrdma/server/replay.h"
#include "nfsrdma/server/server.h"

static const struct nfs_program *find_program(const struct nfs_server *server, u32 prog)
{
	const struct nfs_program *p = server->programs;

	while (p && p->prog != prog)
		p = p->next;
	return p;
}

static void reply_begin(struct nfs_call *call)
{
	xdr_out_init(&call->reply, call->reply_buf, call->reply_max);
	call->out_n = 0;
	call->drop = false;
	nfs_tally_begin(call);
}

static void finish(struct nfs_call *call)
{
	nfs_stats_call(call);
	call->ops->reply(call);
}

static void reply_error(struct nfs_call *call, enum rpc_accept_stat stat)
{
	reply_begin(call);
	rpc_accepted_encode(&call->reply, call->rpc.xid, stat);
}

static bool cred_from_call(struct nfs_call *call)
{
	struct rpc_auth_sys sys;

	if (call->rpc.flavor == RPC_AUTH_NONE) {
		call->cred = (struct nfs_cred){ .uid = NFS_ID_NONE, .gid = NFS_ID_NONE };
		return true;
	}
	if (call->rpc.flavor != RPC_AUTH_SYS ||
	    !rpc_auth_sys_decode(call->rpc.cred, call->rpc.cred_len, &sys))
		return false;
	call->cred.uid = sys.uid;
	call->cred.gid = sys.gid;
	call->cred.group_n = sys.gid_n;
	for (u32 i = 0; i < sys.gid_n; i++)
		call->cred.groups[i] = sys.gids[i];
	return true;
}

/* Finds the procedure; false: the refusal is in call->reply. */
static bool find_proc(struct nfs_call *call)
{
	const struct rpc_call *rpc = &call->rpc;
	const struct nfs_program *program;
	u32 v;

	if (rpc->rpc_vers != RPC_VERSION) {
		rpc_version_mismatch_encode(&call->reply, rpc->xid);
		return false;
	}
	program = find_program(call->server, rpc->prog);
	if (!program) {
		reply_error(call, RPC_PROG_UNAVAIL);
		return false;
	}
	if (rpc->vers < program->vers_low || rpc->vers > program->vers_high) {
		rpc_prog_mismatch_encode(&call->reply, rpc->xid, program->vers_low,
					 program->vers_high);
		return false;
	}
	v = rpc->vers - program->vers_low;
	if (rpc->proc >= program->proc_n[v] || !program->procs[v][rpc->proc].name) {
		reply_error(call, RPC_PROC_UNAVAIL);
		return false;
	}
	call->proc = &program->procs[v][rpc->proc];
	if (!cred_from_call(call)) {
		rpc_auth_error_encode(&call->reply, rpc->xid, RPC_AUTH_BADCRED);
		return false;
	}
	if (program->needs_auth_sys && rpc->proc && rpc->flavor != RPC_AUTH_SYS) {
		rpc_auth_error_encode(&call->reply, rpc->xid, RPC_AUTH_TOOWEAK);
		return false;
	}
	return true;
}

static enum nfs_replay replay_begin(struct nfs_call *call, const struct xdr_in *args)
{
	const struct nfs_proc *proc = call->proc;

	if (!proc->once || !call->server->replay)
		return NFS_REPLAY_NEW;
	return nfs_replay_begin(call->server->replay, call, args);
}

static void call_done(struct ual_post *p)
{
	struct nfs_call *call = container_of(p, struct nfs_call, done);

	finish(call);
}

static void give_back(struct nfs_call *call)
{
	call->done.fn = call_done;
	ual_loop_post(call->loop, &call->done);
}

/* Before the call is given back: its reply is what those get that waited for it. */
static void replay_end(struct nfs_call *call)
{
	struct nfs_call *waiting, *next;

	if (!call->replay)
		return;
	waiting = nfs_replay_end(call->server->replay, call);
	for (; waiting; waiting = next) {
		next = waiting->next;
		give_back(waiting);
	}
}

/* Runs the procedure from the start.  False: it would block. */
static bool proc_run(struct nfs_call *call, const struct xdr_in *args, bool may_block)
{
	const struct nfs_proc *proc = call->proc;

	call->args = *args;
	reply_begin(call);
	rpc_accepted_encode(&call->reply, call->rpc.xid, RPC_SUCCESS);
	switch (proc->fn(call, may_block)) {
	case NFS_DONE:
		if (!xdr_out_ok(&call->reply))
			reply_error(call, RPC_SYSTEM_ERR);
		return true;
	case NFS_WOULD_BLOCK:
		core_assert(!may_block);
		return false;
	case NFS_GARBAGE:
		reply_error(call, RPC_GARBAGE_ARGS);
		return true;
	case NFS_SYSTEM_ERR:
		break;
	}
	reply_error(call, RPC_SYSTEM_ERR);
	return true;
}

/* False: the refusal is in call->reply, or there is nobody to refuse it to. */
static bool header_ok(struct nfs_call *call, struct xdr_in *args)
{
	xdr_in_init(args, call->msg, call->msg_len);
	switch (rpc_call_decode(args, &call->rpc)) {
	case RPC_CALL_OK:
		return true;
	case RPC_CALL_NONE:
		call->conn->why = "what came is no RPC call";
		call->drop = true;
		return false;
	case RPC_CALL_SHORT:
		reply_error(call, RPC_GARBAGE_ARGS);
		return false;
	case RPC_CALL_BAD_CRED:
		rpc_auth_error_encode(&call->reply, call->rpc.xid, RPC_AUTH_BADCRED);
		return false;
	case RPC_CALL_BAD_VERF:
		rpc_auth_error_encode(&call->reply, call->rpc.xid, RPC_AUTH_BADVERF);
		return false;
	}
	return false;
}

void nfs_call_run(struct nfs_call *call)
{
	struct xdr_in args;

	reply_begin(call);
	nfs_tally_came(call);
	call->proc = NULL;
	call->replay = NULL;
	call->slot4 = NULL;
	if (!header_ok(call, &args) || !find_proc(call)) {
		call->proc = NULL;
		finish(call);
		return;
	}
	switch (replay_begin(call, &args)) {
	case NFS_REPLAY_NEW:
		break;
	case NFS_REPLAY_WAITS:
		return;
	case NFS_REPLAY_DONE:
		finish(call);
		return;
	}
	if (((const struct nfs_proc *)call->proc)->here && proc_run(call, &args, false)) {
		replay_end(call);
		finish(call);
		return;
	}
	call->args = args;
	call->where = nfs_call_where(call, &args);
	nfs_workers_add(call->server->workers, call);
}

void nfs_call_run_blocking(struct nfs_call *call)
{
	struct xdr_in args;
	enum rpc_call_fault fault;

	/* What a first try on the reactor has read of the arguments is read again. */
	xdr_in_init(&args, call->msg, call->msg_len);
	fault = rpc_call_decode(&args, &call->rpc);
	core_assert(fault == RPC_CALL_OK);
	proc_run(call, &args, true);
	replay_end(call);
	give_back(call);
}

const u8 *nfs_call_data_in(struct nfs_call *call, u32 len_max, u32 *len)
{
	u32 n = xdr_in_u32(&call->args);
	u32 at = (u32)(call->args.p - call->msg);
	const u8 *data;

	*len = 0;
	if (n > len_max) {
		xdr_in_fail(&call->args);
		return NULL;
	}
	for (unsigned i = 0; i < call->in_n; i++) {
		/* Its length was said in the message, its bytes came beside it. */
		if (call->in[i].position == at && n) {
			if (call->in[i].len < n) {
				xdr_in_fail(&call->args);
				return NULL;
			}
			*len = n;
			nfs_tally_data_in(call, n);
			return call->in[i].data;
		}
	}
	data = xdr_in_fixed(&call->args, n);
	if (data) {
		*len = n;
		nfs_tally_data_in(call, n);
	}
	return n ? data : NULL;
}

u8 *nfs_call_data_out(struct nfs_call *call, u32 len)
{
	if (call->out_n == NFS_CALL_ITEMS_MAX)
		return NULL;
	return call->ops->data_out(call, len);
}

void nfs_call_data_set(struct nfs_call *call, u8 *data, u32 len)
{
	bool in_message = data == call->reply.p + 4;
	u8 *p;

	nfs_tally_data_out(call, len);
	xdr_out_u32(&call->reply, len);
	if (in_message) {
		p = xdr_out_reserve(&call->reply, len + xdr_pad(len));
		if (p)
			memset(p + len, 0, xdr_pad(len));
		return;
	}
	call->out[call->out_n++] = (struct nfs_item){
		.position = (u32)xdr_out_len(&call->reply),
		.data = data,
		.len = len,
	};
}

void nfs_conn_up(struct nfs_server *server, struct nfs_conn *conn)
{
	nfs_stats_conn_up(server, conn);
	if (server->conn_up)
		server->conn_up(server, conn);
	if (server->conn_log)
		server->conn_log(server, conn, true);
}

void nfs_conn_down(struct nfs_server *server, struct nfs_conn *conn)
{
	if (server->conn_log)
		server->conn_log(server, conn, false);
	if (server->conn_down)
		server->conn_down(server, conn);
	nfs_stats_conn_down(conn);
}

void nfs_conn_refused(struct nfs_server *server, const struct ual_loop *loop,
		      const struct sockaddr_storage *peer, const char *why)
{
	struct nfs_reactor *reactor = nfs_stats_conn_refused(server, loop);

	if (reactor && server->refusal_log)
		server->refusal_log(reactor, peer, why);
}
