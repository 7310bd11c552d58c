// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Calls and their replies.  Connections are reliable: a call is sent again only on another connection, which a
 * server that stays silent for timeo gets as well.
 */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/client/client.h"

#define TICK_NS		(100 * NS_PER_MS)
#define PAUSE_NS	(10 * TICK_NS)
#define START_NS	(10000 * NS_PER_MS)	/* for each answer before the mount is up */

static u64 now(const struct chan *chan)
{
	return ual_loop_now(chan->client->cfg.loop);
}

static u64 timeo_ns(const struct chan *chan)
{
	return chan->retry ? chan->client->cfg.timeo_ds * 100 * NS_PER_MS : START_NS;
}

struct call *call_create(struct ornfs_client *c, const struct ornfs_caller *caller, u32 prog,
			 u32 vers, u32 proc)
{
	struct call *call = malloc(sizeof(*call));
	struct rpc_auth_sys sys = {
		.machine = (const u8 *)c->machine,
		.machine_len = (u32)strlen(c->machine),
		.uid = caller ? caller->uid : c->cfg.uid,
		.gid = caller ? caller->gid : c->cfg.gid,
	};

	if (!call)
		return NULL;
	memset(call, 0, offsetof(struct call, msg));
	if (caller) {
		sys.gid_n = min_t(u32, caller->group_n, RPC_AUTH_SYS_GIDS_MAX);
		memcpy(sys.gids, caller->groups, sys.gid_n * sizeof(sys.gids[0]));
	}
	INIT_LIST_HEAD(&call->link);
	call->client = c;
	call->reply_max = CALL_REPLY_MIN;
	call->reply_head = CALL_REPLY_HEAD;
	xdr_out_init(&call->out, call->msg, sizeof(call->msg));
	rpc_call_encode(&call->out, ++c->xid, prog, vers, proc, &sys);
	return call;
}

void call_free(struct call *call)
{
	if (!call)
		return;
	list_del_init(&call->link);
	mem_put(call->client, call->mem);
	mem_put(call->client, call->reply_mem);
	ornfs_file_put(call->file);
	nfs4c_state_put(call->state);
	free(call);
}

static void finish(struct call *call, struct xdr_in *in, int err)
{
	list_del_init(&call->link);
	call->chan->call_n--;
	call->done(call, in, err);
}

static void fail_all(struct chan *chan, int err)
{
	struct list_head all;

	INIT_LIST_HEAD(&all);
	list_splice_tail_init(&chan->calls, &all);
	while (!list_empty(&all))
		finish(list_first_entry(&all, struct call, link), NULL, err);
}

void call_cancel(struct call *call)
{
	struct ornfs_client *c = call->client;
	struct ornfs_req *req = call->req;

	call_free(call);
	nfs3_fail(c, req, -ECANCELED);
}

/* No server can reach its memory any more.  A call of version 4 has a slot, for which it must be done. */
static void forget(struct chan *chan, struct call *call)
{
	if (chan->client->v4 || call->sent || !call->unwanted)
		return;
	list_del_init(&call->link);
	chan->call_n--;
	call_cancel(call);
}

bool chan_cancel(struct chan *chan, struct ornfs_req *req)
{
	struct call *call;

	list_for_each_entry(call, &chan->calls, link) {
		if (call->req != req)
			continue;
		call->unwanted = true;
		forget(chan, call);
		return true;
	}
	return false;
}

static void disconnect(struct chan *chan)
{
	struct call *call, *next;

	if (chan->xprt)
		chan->xprt->ops->destroy(chan->xprt);
	chan->xprt = NULL;
	chan->state = CHAN_IDLE;
	list_for_each_entry_safe(call, next, &chan->calls, link) {
		call->sent = false;
		forget(chan, call);
	}
}

/* The caller did not run the loop, or had nothing to ask: the server is not to blame for that time. */
static void forgive(struct chan *chan)
{
	struct call *call;

	chan->heard_ns = now(chan);
	list_for_each_entry(call, &chan->calls, link)
		call->deadline_ns = 0;
}

static void connect_now(struct chan *chan)
{
	int err;

	chan->state = CHAN_CONNECTING;
	chan->heard_ns = now(chan);
	where_take(chan);
	if (chan->proto == ORNFS_PROTO_RDMA)
		err = rdma_xprt_create(chan, &chan->xprt);
	else
		err = tcp_xprt_create(chan, &chan->xprt);
	if (err)
		chan_down(chan, err);
}

void chan_up(struct chan *chan)
{
	chan->state = CHAN_UP;
	chan->tries = 0;
	chan->heard_ns = now(chan);
	chan_pump(chan);
	if (chan->retry)
		spread_changed(chan, 0, false);
}

void chan_down(struct chan *chan, int err)
{
	bool was_up = chan->state == CHAN_UP;
	bool other = chan->state == CHAN_CONNECTING && where_next(chan);

	disconnect(chan);
	if (!chan->retry && other) {
		/* What an address that does not answer has cost is not the next one's. */
		forgive(chan);
		connect_now(chan);
		return;
	}
	if (!chan->retry) {
		fail_all(chan, err);
		return;
	}
	chan->state = CHAN_WAITING;
	chan->retry_ns = now(chan);
	if (!other)
		chan->retry_ns += backoff_next_ns(&chan->backoff, now(chan));
	ual_timer_arm(chan->client->cfg.loop, &chan->timer, now(chan) + TICK_NS);
	spread_changed(chan, err, was_up);
}

void chan_pump(struct chan *chan)
{
	struct call *call;

	if (chan->state != CHAN_UP)
		return;
	list_for_each_entry(call, &chan->calls, link) {
		if (call->sent || call->not_before_ns > now(chan))
			continue;
		if (!chan->xprt->ops->send(chan->xprt, call))
			return;
		call->sent = true;
	}
}

static void adopt(struct chan *chan, struct call *call)
{
	call->chan = chan;
	if (list_empty(&chan->calls))
		chan->heard_ns = now(chan);
	list_add_tail(&call->link, &chan->calls);
	chan->call_n++;
	if (!ual_timer_armed(&chan->timer))
		ual_timer_arm(chan->client->cfg.loop, &chan->timer, now(chan) + TICK_NS);
}

void chan_move_calls(struct chan *from, struct chan *to)
{
	while (!list_empty(&from->calls)) {
		struct call *call = list_first_entry(&from->calls, struct call, link);

		list_del_init(&call->link);
		from->call_n--;
		adopt(to, call);
	}
	chan_pump(to);
}

void chan_connect(struct chan *chan)
{
	if (chan->state == CHAN_IDLE)
		connect_now(chan);
}

void chan_submit(struct chan *chan, struct call *call)
{
	const struct ornfs_client_cfg *cfg;

	call->chan = chan;
	call->len = (u32)xdr_out_len(&call->out);
	if (chan->stopping) {
		call->done(call, NULL, -ECANCELED);
		return;
	}
	cfg = &chan->client->cfg;
	if (!chan->retry)
		call->budget_ns = START_NS;
	else if (cfg->soft)
		call->budget_ns = timeo_ns(chan) * cfg->retrans;
	adopt(chan, call);
	if (chan->state == CHAN_IDLE)
		connect_now(chan);
	else
		chan_pump(chan);
}

void chan_again(struct call *call, u64 delay_ns)
{
	struct chan *chan = call->chan;

	xdr_put_u32(call->msg, ++chan->client->xid);
	call->sent = call->is_placed = false;
	call->not_before_ns = now(chan) + delay_ns;
	if (chan->stopping)
		call->done(call, NULL, -ECANCELED);
	else
		adopt(chan, call);
}

struct call *chan_find(struct chan *chan, u32 xid)
{
	struct call *call;

	list_for_each_entry(call, &chan->calls, link)
		if (call->sent && get_unaligned_be32(call->msg) == xid)
			return call;
	return NULL;
}

static int reply_errno(const struct rpc_reply *r)
{
	if (r->stat == RPC_MSG_DENIED)
		return r->reject_stat == RPC_AUTH_ERROR ? -EACCES : -EPROTONOSUPPORT;
	switch (r->accept_stat) {
	case RPC_SUCCESS:
		return 0;
	case RPC_PROG_UNAVAIL:
	case RPC_PROG_MISMATCH:
		return -EPROTONOSUPPORT;
	case RPC_PROC_UNAVAIL:
		return -EOPNOTSUPP;
	default:
		return -EREMOTEIO;
	}
}

void chan_reply(struct chan *chan, struct call *call, const u8 *msg, size_t len, int err)
{
	struct rpc_reply reply;
	struct xdr_in in;

	chan->heard_ns = now(chan);
	backoff_reset(&chan->backoff);
	xdr_in_init(&in, msg, len);
	if (!err)
		err = rpc_reply_decode(&in, &reply) ? reply_errno(&reply) : -EPROTO;
	finish(call, &in, err);
}

/* Those whose time is over; true: one of them is at the server, which may still write to its memory. */
static bool take_late(struct chan *chan, struct list_head *late)
{
	struct call *call, *next;
	bool sent = false;

	list_for_each_entry_safe(call, next, &chan->calls, link) {
		if (call->budget_ns && !call->deadline_ns)
			call->deadline_ns = now(chan) + call->budget_ns;
		if (!call->deadline_ns || call->deadline_ns > now(chan))
			continue;
		sent |= call->sent;
		list_del_init(&call->link);
		list_add_tail(&call->link, late);
	}
	return sent;
}

static bool is_waiting(const struct chan *chan)
{
	struct call *call;

	list_for_each_entry(call, &chan->calls, link)
		if (call->sent)
			return true;
	return false;
}

static void on_tick(struct ual_timer *t)
{
	struct chan *chan = t->ctx;
	struct list_head late;

	if (now(chan) - chan->tick_ns > PAUSE_NS)
		forgive(chan);
	chan->tick_ns = now(chan);
	INIT_LIST_HEAD(&late);
	if (take_late(chan, &late))
		chan_down(chan, -ETIMEDOUT);
	while (!list_empty(&late))
		finish(list_first_entry(&late, struct call, link), NULL, -ETIMEDOUT);
	if (chan->state == CHAN_UP && is_waiting(chan) &&
	    now(chan) - chan->heard_ns > timeo_ns(chan))
		chan_down(chan, -ETIMEDOUT);
	if (chan->state == CHAN_WAITING && now(chan) >= chan->retry_ns)
		connect_now(chan);
	chan_pump(chan);
	if (!list_empty(&chan->calls) || chan->state == CHAN_WAITING)
		ual_timer_arm(chan->client->cfg.loop, &chan->timer, now(chan) + TICK_NS);
}

void chan_init(struct chan *chan, struct ornfs_client *client, enum ornfs_proto proto, u16 port)
{
	*chan = (struct chan){ .client = client, .proto = proto, .port = port };
	INIT_LIST_HEAD(&chan->calls);
	chan->timer.fn = on_tick;
	chan->timer.ctx = chan;
}

void chan_stop(struct chan *chan)
{
	chan->stopping = true;
	disconnect(chan);
}

void chan_deinit(struct chan *chan)
{
	if (!chan->client)
		return;
	chan_stop(chan);
	fail_all(chan, -ECANCELED);
	ual_timer_disarm(chan->client->cfg.loop, &chan->timer);
	chan->client = NULL;
}
