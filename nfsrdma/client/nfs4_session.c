// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The client's session: made at the mount, kept alive, made again when the server has lost it.  RFC 8881 18.35, 18.36,
 * 18.46, 2.10.6.
 *
 *   EXCHANGE_ID -> CREATE_SESSION -> [opens, locks] -> RECLAIM_COMPLETE -> up
 *        ^                                               |
 *        +------- BADSESSION, STALE_CLIENTID, ... -------+      calls wait meanwhile, then go out anew
 *
 * A slot whose call ended without an answer is not used again; when none is left the session is made anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "nfsrdma/client/nfs4_held.h"

#define AGAIN_NS	(200 * NS_PER_MS)	/* DELAY, GRACE */
#define LEASE_DEFAULT_S	90
#define OWNER_MAX	128
#define SEQ_AT		16			/* in the COMPOUND: behind head and the number of SEQUENCE */
#define SEQUENCE_RES	(NFS4_SESSIONID_SIZE + 5 * 4)
#define CALL_HEAD	1024			/* of the session's sizes, what is not data */
#define OPS_MAX		16
#define LEAVE_NS	(1000 * NS_PER_MS)	/* the server is given so long to hear that we go */

enum state { MAKING, UP };

struct nfs4c {
	struct ornfs_client *client;
	void (*then)(struct ornfs_client *c);
	enum state state;
	bool made_once;
	char owner[OWNER_MAX];
	u8 verifier[NFS4_VERIFIER_SIZE];
	u64 clientid;
	u32 create_seq;
	u8 id[NFS4_SESSIONID_SIZE];
	u32 generation;			/* of the session; a call remembers that of its slot */
	unsigned slot_n, usable;
	struct {
		u32 seq;
		bool busy, dead;
	} slots[NFS4C_SLOTS];
	struct list_head waiting;	/* calls without a slot */
	struct ual_timer timer;
	u64 lease_ns, renewed_ns;
	bool renewing;
	bool left;
	struct nfs4c_locks locks;
};

static void pump(struct nfs4c *s);

struct nfs4c_locks *nfs4c_locks(struct ornfs_client *c)
{
	return &c->v4->locks;
}

u64 nfs4c_clientid(const struct ornfs_client *c)
{
	return c->v4->clientid;
}

static u64 now(const struct nfs4c *s)
{
	return ual_loop_now(s->client->cfg.loop);
}

/* ---- making it -------------------------------------------------------------------------------- */

static void fail_waiting(struct nfs4c *s, int err)
{
	struct call *call;

	while (!list_empty(&s->waiting)) {
		call = list_first_entry(&s->waiting, struct call, link);
		list_del_init(&call->link);
		call->done(call, NULL, err);
	}
}

/* The first time the mount fails; later one tries on as long as there is a client. */
static void make_failed(struct nfs4c *s, int err)
{
	if (err == -ECANCELED)
		return;
	if (!s->made_once) {
		client_failed(s->client, err);
		return;
	}
	if (s->client->cfg.soft)
		fail_waiting(s, -ETIMEDOUT);
	ual_timer_arm(s->client->cfg.loop, &s->timer, now(s) + AGAIN_NS);
}

static struct call *make_begin(struct nfs4c *s, enum nfs4_op_num op,
			       void (*done)(struct call *, struct xdr_in *, int))
{
	struct call *call = nfs4c_bare(s->client, NULL, done);

	if (call)
		nfs4c_op(call, op);
	else
		make_failed(s, -ENOMEM);
	return call;
}

/* What a step of the making has got; 0: its results follow. */
static int make_result(struct xdr_in *in, int err, enum nfs4_op_num op)
{
	if (err)
		return err;
	nfs4c_in_head(in);
	return nfs4c_in(in, op);
}

static void is_up(struct nfs4c *s)
{
	s->state = UP;
	s->renewed_ns = now(s);
	nfs4c_lease_watch(s->client);
	if (!s->made_once) {
		s->made_once = true;
		client_step(s->client, s->then);
	}
	pump(s);
}

static void slot_fill(const struct nfs4c *s, struct call *call)
{
	u8 *p = call->msg + call->compound_at + SEQ_AT;

	memcpy(p, s->id, sizeof(s->id));
	xdr_put_u32(p + 16, s->slots[call->slot].seq);
	xdr_put_u32(p + 20, (u32)call->slot);
	xdr_put_u32(p + 24, s->slot_n - 1);
	call->generation = s->generation;
	nfs4c_state_fill(call);
}

struct call *nfs4c_first(struct ornfs_client *c, const struct ornfs_caller *who,
			 void (*done)(struct call *, struct xdr_in *, int))
{
	static const u8 later[NFS4_SESSIONID_SIZE + 12];
	struct call *call = nfs4c_bare(c, who, done);

	if (!call) {
		make_failed(c->v4, -ENOMEM);
		return NULL;
	}
	nfs4c_op(call, NFS4_OP_SEQUENCE);
	xdr_out_fixed(&call->out, later, sizeof(later));	/* slot_fill() */
	xdr_out_bool(&call->out, false);
	call->slot = 0;
	return call;
}

void nfs4c_first_submit(struct call *call)
{
	slot_fill(call->client->v4, call);
	nfs4c_bare_submit(call);
}

int nfs4c_first_result(struct call *call, struct xdr_in *in, int err, u32 *status)
{
	struct nfs4c *s = call->client->v4;

	if (!err) {
		*status = nfs4c_in_head(in);
		err = nfs4c_in(in, NFS4_OP_SEQUENCE);
	}
	if (err) {
		make_failed(s, err);
		return err;
	}
	xdr_in_fixed(in, SEQUENCE_RES);
	s->slots[0].seq++;
	if (*status != NFS4ERR_DELAY && *status != NFS4ERR_GRACE)
		return 0;
	slot_fill(s, call);
	chan_again(call, AGAIN_NS);
	return 1;
}

static void on_reclaimed(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c *s = call->client->v4;
	u32 status;

	err = nfs4c_first_result(call, in, err, &status);
	if (err > 0)
		return;
	call_free(call);
	if (err)
		return;
	is_up(s);
}

/* It must be said before anything new, also when there was nothing to reclaim (18.51). */
void nfs4c_reclaimed(struct ornfs_client *c)
{
	struct call *call = nfs4c_first(c, NULL, on_reclaimed);

	if (!call)
		return;
	nfs4c_op(call, NFS4_OP_RECLAIM_COMPLETE);
	xdr_out_bool(&call->out, false);
	nfs4c_first_submit(call);
}

/* channel_attrs4: what may be in a request and a reply. */
struct channel {
	u32 request, reply, slots;
};

static void channel_in(struct xdr_in *in, struct channel *ch)
{
	xdr_in_u32(in);			/* header padding */
	ch->request = xdr_in_u32(in);
	ch->reply = xdr_in_u32(in);
	xdr_in_u32(in);			/* cached reply */
	xdr_in_u32(in);			/* operations */
	ch->slots = xdr_in_u32(in);
	if (xdr_in_u32(in))
		xdr_in_u32(in);		/* RDMA read depth */
}

static void session_in(struct nfs4c *s, struct xdr_in *in)
{
	struct ornfs_client *c = s->client;
	const u8 *id = xdr_in_fixed(in, NFS4_SESSIONID_SIZE);
	struct channel fore;

	xdr_in_u32(in);			/* sequence */
	xdr_in_u32(in);			/* flags */
	channel_in(in, &fore);
	if (!xdr_in_ok(in) || !fore.slots || fore.request <= 2 * CALL_HEAD ||
	    fore.reply <= 2 * CALL_HEAD) {
		xdr_in_fail(in);
		return;
	}
	memcpy(s->id, id, sizeof(s->id));
	s->generation++;
	s->slot_n = s->usable = min_t(u32, fore.slots, NFS4C_SLOTS);
	for (unsigned i = 0; i < s->slot_n; i++) {
		s->slots[i].seq = 1;
		s->slots[i].busy = s->slots[i].dead = false;
	}
	c->rsize = min_t(u32, c->rsize, (fore.reply - CALL_HEAD) & ~4095u);
	c->wsize = min_t(u32, c->wsize, (fore.request - CALL_HEAD) & ~4095u);
}

static void on_session(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c *s = call->client->v4;

	err = make_result(in, err, NFS4_OP_CREATE_SESSION);
	if (!err) {
		session_in(s, in);
		if (!xdr_in_ok(in))
			err = -EPROTO;
	}
	call_free(call);
	if (err)
		make_failed(s, err);
	else
		nfs4c_reclaim(s->client);
}

static void channel_out(struct xdr_out *out, u32 size, u32 slots)
{
	xdr_out_u32(out, 0);
	xdr_out_u32(out, size);
	xdr_out_u32(out, size);
	xdr_out_u32(out, CALL_HEAD);
	xdr_out_u32(out, OPS_MAX);
	xdr_out_u32(out, slots);
	xdr_out_u32(out, 0);		/* no ird */
}

static void create_session(struct nfs4c *s)
{
	struct call *call = make_begin(s, NFS4_OP_CREATE_SESSION, on_session);

	if (!call)
		return;
	xdr_out_u64(&call->out, s->clientid);
	xdr_out_u32(&call->out, s->create_seq);
	xdr_out_u32(&call->out, 0);	/* flags: no way back is offered */
	channel_out(&call->out, NFSC_IO_MAX + CALL_HEAD, NFS4C_SLOTS);
	channel_out(&call->out, 4096, 1);	/* as small as servers take it */
	xdr_out_u32(&call->out, 0);	/* callback program */
	xdr_out_u32(&call->out, 1);	/* security of callbacks: AUTH_NONE */
	xdr_out_u32(&call->out, 0);
	nfs4c_bare_submit(call);
}

static void on_exchanged(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c *s = call->client->v4;
	bool known = false;
	u32 seq;

	err = make_result(in, err, NFS4_OP_EXCHANGE_ID);
	if (!err) {
		s->clientid = xdr_in_u64(in);
		seq = xdr_in_u32(in);
		/* Of a client ID that is confirmed already the next one is ours to know (18.35.4). */
		known = xdr_in_u32(in) & EXCHGID4_FLAG_CONFIRMED_R;
		s->create_seq = known ? s->create_seq + 1 : seq;
		if (!xdr_in_ok(in))
			err = -EPROTO;
	}
	call_free(call);
	if (!err && !known)
		nfs4c_reclaim_begin(s->client);
	if (err)
		make_failed(s, err);
	else
		create_session(s);
}

static void exchange_id(struct nfs4c *s)
{
	struct call *call = make_begin(s, NFS4_OP_EXCHANGE_ID, on_exchanged);

	if (!call)
		return;
	xdr_out_fixed(&call->out, s->verifier, sizeof(s->verifier));
	xdr_out_opaque(&call->out, s->owner, (u32)strlen(s->owner));
	xdr_out_u32(&call->out, EXCHGID4_FLAG_USE_NON_PNFS);
	xdr_out_u32(&call->out, SP4_NONE);
	xdr_out_u32(&call->out, 0);	/* no implementation id */
	nfs4c_bare_submit(call);
}

static void make(struct nfs4c *s)
{
	if (s->state == MAKING)
		return;
	s->state = MAKING;
	ual_timer_disarm(s->client->cfg.loop, &s->timer);
	exchange_id(s);
}

/* ---- slots ------------------------------------------------------------------------------------ */

static int slot_find(const struct nfs4c *s)
{
	for (unsigned i = 0; i < s->slot_n; i++)
		if (!s->slots[i].busy && !s->slots[i].dead)
			return (int)i;
	return -1;
}

static void pump(struct nfs4c *s)
{
	struct call *call;
	int slot;

	while (s->state == UP && !list_empty(&s->waiting)) {
		slot = slot_find(s);
		if (slot < 0)
			return;
		call = list_first_entry(&s->waiting, struct call, link);
		list_del_init(&call->link);
		call->slot = slot;
		s->slots[slot].busy = true;
		slot_fill(s, call);
		spread_submit(&s->client->spread, call);
	}
}

void nfs4c_slot_submit(struct call *call)
{
	struct nfs4c *s = call->client->v4;

	list_add_tail(&call->link, &s->waiting);
	pump(s);
}

bool nfs4c_slot_cancel(struct ornfs_client *c, struct ornfs_req *req)
{
	struct call *call;

	list_for_each_entry(call, &c->v4->waiting, link) {
		if (call->req != req)
			continue;
		list_del_init(&call->link);
		call_cancel(call);
		return true;
	}
	return false;
}

static bool is_current(const struct nfs4c *s, const struct call *call)
{
	return call->slot >= 0 && call->generation == s->generation;
}

/* Into the queue again, as if it had never been sent. */
static void requeue(struct nfs4c *s, struct call *call)
{
	call->slot = -1;
	call->sent = call->is_placed = false;
	call->not_before_ns = 0;
	if (call->unwanted) {
		call_cancel(call);
		return;
	}
	xdr_put_u32(call->msg, ++s->client->xid);
	list_add_tail(&call->link, &s->waiting);
	pump(s);
}

/* SEQUENCE itself was refused. */
static bool refused(struct nfs4c *s, struct call *call, u32 status)
{
	switch (status) {
	case NFS4ERR_DELAY:
		chan_again(call, AGAIN_NS);
		return false;
	/* done before, and it may be done again: as a new request */
	case NFS4ERR_RETRY_UNCACHED_REP:
		if (is_current(s, call))
			s->slots[call->slot].seq++;
		nfs4c_slot_again(call);
		return false;
	case NFS4ERR_BADSESSION:
	case NFS4ERR_DEADSESSION:
	case NFS4ERR_STALE_CLIENTID:
	case NFS4ERR_BADSLOT:
	case NFS4ERR_BAD_HIGH_SLOT:
	case NFS4ERR_SEQ_MISORDERED:
	case NFS4ERR_SEQ_FALSE_RETRY:
	case NFS4ERR_CONN_NOT_BOUND_TO_SESSION:
		if (is_current(s, call))
			make(s);
		requeue(s, call);
		return false;
	default:
		return true;		/* the decoder meets the same status */
	}
}

bool nfs4c_slot_reply(struct call *call, struct xdr_in *in)
{
	struct nfs4c *s = call->client->v4;
	struct xdr_in at = *in;
	u32 op = xdr_in_u32(in), status = xdr_in_u32(in);

	if (!xdr_in_ok(in) || op != NFS4_OP_SEQUENCE) {
		xdr_in_fail(in);
		return true;
	}
	if (status != NFS4_OK) {
		*in = at;
		return refused(s, call, status);
	}
	xdr_in_fixed(in, SEQUENCE_RES);	/* session, sequence, slot, highest, target, flags */
	s->renewed_ns = now(s);
	if (is_current(s, call))
		s->slots[call->slot].seq++;
	return true;
}

void nfs4c_slot_again(struct call *call)
{
	struct nfs4c *s = call->client->v4;

	if (!is_current(s, call)) {
		requeue(s, call);
		return;
	}
	slot_fill(s, call);
	chan_again(call, AGAIN_NS);
}

void nfs4c_slot_end(struct call *call, int err)
{
	struct nfs4c *s = call->client->v4;

	if (!s || !is_current(s, call))
		return;
	s->slots[call->slot].busy = false;
	if (err) {
		s->slots[call->slot].dead = true;
		if (!--s->usable)
			make(s);
	}
	call->slot = -1;
	pump(s);
}

/* ---- the lease -------------------------------------------------------------------------------- */

static int renewed_in(struct call *call, struct xdr_in *in, int err)
{
	return err;
}

static void on_renewed(struct ornfs_req *req, int err)
{
	struct nfs4c *s = req->ctx;

	s->renewing = false;
	free(req);
}

static void renew(struct nfs4c *s)
{
	struct ornfs_req *req = calloc(1, sizeof(*req));
	struct call *call;

	if (!req)
		return;
	req->fn = on_renewed;
	req->ctx = s;
	s->renewing = true;
	call = nfs4c_begin(s->client, req, false, renewed_in);
	if (call)
		nfs4c_submit(call);
}

void nfs4c_lease_watch(struct ornfs_client *c)
{
	struct nfs4c *s = c->v4;

	if (s->state == UP && nfs4c_locks_any(&s->locks) && !ual_timer_armed(&s->timer))
		ual_timer_arm(c->cfg.loop, &s->timer, now(s) + s->lease_ns / 3);
}

/* While nothing is locked the server may forget us: a session is made in no time. */
static void on_timer(struct ual_timer *t)
{
	struct nfs4c *s = t->ctx;

	if (s->state == MAKING) {
		exchange_id(s);
		return;
	}
	if (!nfs4c_locks_any(&s->locks))
		return;
	if (!s->renewing && now(s) - s->renewed_ns >= s->lease_ns / 3)
		renew(s);
	ual_timer_arm(s->client->cfg.loop, t, now(s) + s->lease_ns / 3);
}

/* ---- beginning and end ------------------------------------------------------------------------ */

int nfs4c_create(struct ornfs_client *c, void (*then)(struct ornfs_client *c))
{
	struct nfs4c *s = calloc(1, sizeof(*s));
	u32 unique;

	if (!s)
		return -ENOMEM;
	s->client = c;
	s->then = then;
	s->lease_ns = LEASE_DEFAULT_S * 1000 * NS_PER_MS;
	INIT_LIST_HEAD(&s->waiting);
	nfs4c_locks_init(&s->locks);
	s->timer.fn = on_timer;
	s->timer.ctx = s;
	if (getrandom(s->verifier, sizeof(s->verifier), 0) != sizeof(s->verifier) ||
	    getrandom(&unique, sizeof(unique), 0) != sizeof(unique)) {
		free(s);
		return -EIO;
	}
	/* Each mount is a client of its own: it holds no state that another could take over. */
	snprintf(s->owner, sizeof(s->owner), "OpenRDMA %.64s/%u/%08x", c->machine,
		 (unsigned)getpid(), unique);
	c->v4 = s;
	c->rsize = c->wsize = NFSC_IO_MAX;
	exchange_id(s);
	return 0;
}

/* ---- giving it back: DESTROY_SESSION, then DESTROY_CLIENTID ------------------------------------- */

static void on_left(struct call *call, struct xdr_in *in, int err)
{
	call->client->v4->left = true;
	call_free(call);
}

static void on_session_destroyed(struct call *call, struct xdr_in *in, int err)
{
	struct nfs4c *s = call->client->v4;
	struct call *next = err ? NULL : nfs4c_bare(s->client, NULL, on_left);

	call_free(call);
	if (!next) {
		s->left = true;
		return;
	}
	nfs4c_op(next, NFS4_OP_DESTROY_CLIENTID);
	xdr_out_u64(&next->out, s->clientid);
	nfs4c_bare_submit(next);
}

void nfs4c_leave(struct nfs4c *s)
{
	struct ual_loop *loop = s ? s->client->cfg.loop : NULL;
	struct call *call;
	u64 until;

	if (!s || s->state != UP || !spread_connected(&s->client->spread))
		return;
	call = nfs4c_bare(s->client, NULL, on_session_destroyed);
	if (!call)
		return;
	s->state = MAKING;		/* nothing new goes out by this session */
	until = now(s) + LEAVE_NS;
	nfs4c_op(call, NFS4_OP_DESTROY_SESSION);
	xdr_out_fixed(&call->out, s->id, sizeof(s->id));
	nfs4c_bare_submit(call);
	while (!s->left && now(s) < until)
		if (ual_loop_step(loop, LEAVE_NS / 10) < 0)
			return;
}

void nfs4c_lease(struct ornfs_client *c, u32 seconds)
{
	if (seconds)
		c->v4->lease_ns = (u64)seconds * 1000 * NS_PER_MS;
}

void nfs4c_destroy(struct nfs4c *s)
{
	if (!s)
		return;
	ual_timer_disarm(s->client->cfg.loop, &s->timer);
	s->state = MAKING;
	s->made_once = true;		/* what ends now makes nothing new */
	fail_waiting(s, -ECANCELED);
	nfs4c_locks_deinit(&s->locks);
	free(s);
}
