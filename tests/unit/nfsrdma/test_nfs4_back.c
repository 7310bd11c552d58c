// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The back channel: CB_COMPOUND byte by byte, its slot over lost connections and strange answers; who waits for a lock is
 * told when it is free.  RFC 8881 2.10.6, 18.33, 18.34, 18.36, 20.
 */
#include "nfsrdma/server/nfs4_back.h"
#include "nfsrdma/server/nfs4_waiter.h"
#include "tests/unit/nfsrdma/compound.h"

#define LEASE_MS	30000
#define PROGRAM		0x40000000
#define PATH_DOWN	(SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION)

/* What the server has called, and waits for. */
struct called {
	u8 msg[NFS4_CB_BYTES_MAX];
	u32 len;
	void (*fn)(void *ctx, int err, const u8 *reply, u32 len);
	void *ctx;
};
static struct called calls[512];
static unsigned call_n;

static int call_back(struct nfs_conn *conn, const void *msg, u32 len,
		     void (*fn)(void *ctx, int err, const u8 *reply, u32 len), void *ctx)
{
	struct called *call = &calls[call_n++];

	assert_true(call_n <= ARRAY_SIZE(calls) && len <= NFS4_CB_BYTES_MAX);
	memcpy(call->msg, msg, len);
	call->len = len;
	call->fn = fn;
	call->ctx = ctx;
	return 0;
}

struct fixture {
	struct c4 *c4;
	struct c4_client a, b;
	struct c4_open open_a, open_b;	/* of the same file, for reading and writing */
	const struct nfs_fh *root, *fh;
};

static struct nfs_conn *conn_of(struct fixture *f)
{
	return &f->c4->rig->conn;
}

static void client_up(struct fixture *f, struct c4_client *client, struct c4_open *open,
		      const char *name, u32 verifier)
{
	*open = (struct c4_open){ .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	c4_client_up(client, f->c4, name, verifier);
	assert_int_equal(c4_reclaim_complete(client), NFS4_OK);
	assert_int_equal(c4_open(client, f->root, open), NFS4_OK);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	call_n = 0;
	if (c4_setup((void **)&f->c4))
		return -1;
	conn_of(f)->call_back = call_back;
	conn_of(f)->id = 1;
	conn_of(f)->loop = (struct ual_loop *)f;
	f->root = &f->c4->rig->root[RIG_RW];
	client_up(f, &f->a, &f->open_a, "a", 1);
	client_up(f, &f->b, &f->open_b, "b", 1);
	f->fh = &f->open_a.fh;
	*state = f;
	return 0;
}

/* The connection goes, with the calls that wait on it. */
static void conn_down(struct fixture *f)
{
	rig_posts();
	for (unsigned i = 0; i < call_n; i++)
		calls[i].fn(calls[i].ctx, -ENOTCONN, NULL, 0);
	call_n = 0;
	nfs4_state_conn_down(f->c4->rig->server.state4, conn_of(f));
	conn_of(f)->id++;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *c4 = f->c4;

	conn_down(f);
	free(f);
	return c4_teardown(&c4);
}

/* ---- calls and answers ------------------------------------------------------------------------------ */

struct expect {
	const struct c4_client *client;
	u32 seq, op;
};

/* The only call that waits, up to the arguments of its operation. */
static struct xdr_in call_is(const struct expect *e)
{
	struct rpc_call rpc;
	struct xdr_in in;
	u32 len;

	rig_posts();
	assert_int_equal(call_n, 1);
	xdr_in_init(&in, calls[0].msg, calls[0].len);
	assert_int_equal(rpc_call_decode(&in, &rpc), RPC_CALL_OK);
	assert_int_equal(rpc.prog, PROGRAM);
	assert_int_equal(rpc.vers, 1);
	assert_int_equal(rpc.proc, 1);
	assert_int_equal(rpc.flavor, RPC_AUTH_NONE);
	xdr_in_opaque(&in, 0, &len);			/* tag */
	assert_int_equal(xdr_in_u32(&in), 1);		/* minor version */
	assert_int_equal(xdr_in_u32(&in), 0);
	assert_int_equal(xdr_in_u32(&in), 2);
	assert_int_equal(xdr_in_u32(&in), 11);		/* CB_SEQUENCE */
	assert_memory_equal(xdr_in_fixed(&in, NFS4_SESSIONID_SIZE), e->client->session,
			    NFS4_SESSIONID_SIZE);
	assert_int_equal(xdr_in_u32(&in), e->seq);
	assert_int_equal(xdr_in_u32(&in), 0);		/* slot */
	assert_int_equal(xdr_in_u32(&in), 0);		/* highest slot */
	assert_false(xdr_in_bool(&in));
	assert_int_equal(xdr_in_u32(&in), 0);		/* referring calls */
	assert_int_equal(xdr_in_u32(&in), e->op);
	assert_true(xdr_in_ok(&in));
	return in;
}

static void notify_is(struct fixture *f, const struct c4_client *client, u32 seq, const char *owner)
{
	struct expect e = { .client = client, .seq = seq, .op = 13 };
	struct xdr_in in = call_is(&e);
	const u8 *p;
	u32 len;

	p = xdr_in_opaque(&in, NFS4_FHSIZE, &len);
	assert_int_equal(len, f->fh->len);
	assert_memory_equal(p, f->fh->data, len);
	assert_int_equal(xdr_in_u64(&in), client->id);
	p = xdr_in_opaque(&in, NFS4_OPAQUE_LIMIT, &len);
	assert_int_equal(len, strlen(owner));
	assert_memory_equal(p, owner, len);
	assert_true(xdr_in_ok(&in) && !xdr_in_left(&in));
}

/* An answer: of CB_SEQUENCE, and of its operation when that is not above UINT32_MAX - 1. */
struct answer {
	const char *name;
	u32 sequence, op;
	enum { AS_IT_IS, OTHER_SESSION, OTHER_SEQ, OTHER_SLOT, OTHER_OP, OTHER_XID, ONE_MORE } how;
	bool denied, no_program;
};
#define NO_OP	UINT32_MAX

static void answer_encode(struct xdr_out *out, const struct called *call,
			  const struct answer *answer, u32 op_num)
{
	/* The session id is where the header and CB_COMPOUND's head end: 40 and 20 bytes. */
	const u8 *session = call->msg + 60;
	u32 xid = get_unaligned_be32(call->msg) + (answer->how == OTHER_XID);

	if (answer->denied) {
		rpc_auth_error_encode(out, xid, RPC_AUTH_TOOWEAK);
		return;
	}
	rpc_accepted_encode(out, xid, answer->no_program ? RPC_PROG_UNAVAIL : RPC_SUCCESS);
	if (answer->no_program)
		return;
	xdr_out_u32(out, answer->sequence   ? answer->sequence
			 : answer->op == NO_OP ? 0
					       : answer->op);
	xdr_out_u32(out, 0);
	xdr_out_u32(out,
		    (answer->sequence || answer->op == NO_OP ? 1 : 2) + (answer->how == ONE_MORE));
	xdr_out_u32(out, 11);
	xdr_out_u32(out, answer->sequence);
	if (answer->sequence)
		return;
	xdr_out_fixed(out, session, NFS4_SESSIONID_SIZE);
	if (answer->how == OTHER_SESSION)
		out->p[-1] ^= 1;
	xdr_out_u32(out, get_unaligned_be32(session + 16) + (answer->how == OTHER_SEQ));
	xdr_out_u32(out, answer->how == OTHER_SLOT);
	xdr_out_u32(out, 0);
	xdr_out_u32(out, 0);
	if (answer->op == NO_OP)
		return;
	xdr_out_u32(out, op_num + (answer->how == OTHER_OP));
	xdr_out_u32(out, answer->op);
}

/* The only call that waits; cut < 0: the whole answer. */
static void answer_cut(const struct answer *answer, int cut)
{
	struct called call = calls[0];
	struct xdr_out out;
	u8 buf[256], *exact;
	size_t len;

	assert_int_equal(call_n, 1);
	call_n = 0;
	xdr_out_init(&out, buf, sizeof(buf));
	answer_encode(&out, &call, answer, 13);
	assert_true(xdr_out_ok(&out));
	len = cut < 0 ? xdr_out_len(&out) : (size_t)cut;
	exact = exactly(buf, len);
	call.fn(call.ctx, 0, exact, (u32)len);
	free(exact);
}

static void answer_ok(void)
{
	const struct answer ok = { 0 };

	answer_cut(&ok, -1);
}

static void nothing_called(void)
{
	rig_posts();
	assert_int_equal(call_n, 0);
}

static u32 flags_of(struct c4_client *client)
{
	c4_begin(client);
	assert_int_equal(c4_run(client), NFS4_OK);
	return client->status_flags;
}

/* ---- locks ------------------------------------------------------------------------------------------ */

static struct c4_lock by_open(const struct c4_open *open, const char *owner, u32 type, u64 offset,
			      u64 length)
{
	return (struct c4_lock){
		.type = type, .offset = offset, .length = length, .owner = owner, .sid = open->sid
	};
}

/* a holds a lock of bytes 0 to 9, b waits for the first. */
static struct c4_lock held_and_waited_for(struct fixture *f)
{
	struct c4_lock a = by_open(&f->open_a, "p", WRITE_LT, 0, 10);
	struct c4_lock b = by_open(&f->open_b, "q", WRITEW_LT, 0, 1);

	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	nothing_called();
	a.owner = NULL;
	return a;
}

static void test_notify(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a, b, more;

	assert_int_equal(f->a.created, CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
	assert_int_equal(flags_of(&f->a), 0);
	assert_true(f->open_a.flags & OPEN4_RESULT_MAY_NOTIFY_LOCK);
	a = held_and_waited_for(f);
	/* Asking once more is still one. */
	b = by_open(&f->open_b, "q", WRITEW_LT, 0, 1);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	notify_is(f, &f->b, 1, "q");
	answer_ok();
	nothing_called();

	/* Told once: nobody waits any more. */
	a = by_open(&f->open_a, "p", WRITE_LT, 0, 10);
	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	a.owner = NULL;
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	nothing_called();

	/* By its lock stateid, for reading, when a write lock becomes a read lock. */
	more = by_open(&f->open_b, "q", READ_LT, 100, 1);
	assert_int_equal(c4_lock(&f->b, f->fh, &more), NFS4_OK);
	a = by_open(&f->open_a, "p", WRITE_LT, 0, 10);
	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	more.owner = NULL;
	more.type = READW_LT;
	more.offset = 9;
	assert_int_equal(c4_lock(&f->b, f->fh, &more), NFS4ERR_DENIED);
	a = by_open(&f->open_a, "p", READ_LT, 0, 9);
	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	nothing_called();
	a.owner = NULL;
	a.offset = 9;
	a.length = 1;
	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	notify_is(f, &f->b, 2, "q");
	answer_ok();
	nothing_called();
}

static void test_not_told(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = held_and_waited_for(f), b;
	char name[NFS4_WAITER_NAME_MAX + 2];

	/* Who did not ask to wait; whose name no callback has room for. */
	b = by_open(&f->open_b, "r", WRITE_LT, 1, 1);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	b = by_open(&f->open_b, name, WRITEW_LT, 1, 1);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	/* What is not enough. */
	a.offset = 1;
	a.length = 9;
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	nothing_called();
	/* Who has got it meanwhile. */
	a.offset = 0;
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	notify_is(f, &f->b, 1, "q");
	answer_ok();
	nothing_called();
}

static void test_close_and_end(void **state)
{
	struct fixture *f = *state;
	struct c4_lock b;

	held_and_waited_for(f);
	assert_int_equal(c4_close(&f->a, f->fh, &f->open_a.sid), NFS4_OK);
	notify_is(f, &f->b, 1, "q");
	answer_ok();
	/* The holder is not heard of: who asks once more has it. */
	assert_int_equal(c4_open(&f->a, f->root, &f->open_a), NFS4_OK);
	held_and_waited_for(f);
	c4_now_ms += LEASE_MS - 1;
	assert_int_equal(flags_of(&f->b), 0);
	c4_now_ms += 2;
	b = by_open(&f->open_b, "other", WRITEW_LT, 5, 1);
	assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4_OK);
	notify_is(f, &f->b, 2, "q");
	answer_ok();
	nothing_called();
}

/* The one who waits goes: nobody is told, nothing is left. */
static void test_waiter_goes(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = held_and_waited_for(f);

	client_up(f, &f->b, &f->open_b, "b", 2);
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	nothing_called();
}

static void test_many_wait(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = by_open(&f->open_a, "p", WRITE_LT, 0, 1000), b;
	unsigned told = 0;
	char name[16];

	assert_int_equal(c4_lock(&f->a, f->fh, &a), NFS4_OK);
	for (unsigned i = 0; i < NFS4_FILE_WAITERS_MAX + 3; i++) {
		snprintf(name, sizeof(name), "%u", i);
		b = by_open(&f->open_b, name, WRITEW_LT, i, 1);
		assert_int_equal(c4_lock(&f->b, f->fh, &b), NFS4ERR_DENIED);
	}
	a.owner = NULL;
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	for (rig_posts(); call_n; rig_posts()) {
		snprintf(name, sizeof(name), "%u", told++);
		notify_is(f, &f->b, told, name);
		answer_ok();
	}
	assert_int_equal(told, NFS4_FILE_WAITERS_MAX);
}

/* ---- the slot --------------------------------------------------------------------------------------- */

static void test_lost(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = held_and_waited_for(f);
	struct c4_open open = { .how = C4_NOCREATE, .name = "f", .owner = "late" };
	u32 given;

	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	notify_is(f, &f->b, 1, "q");
	conn_down(f);
	assert_int_equal(flags_of(&f->b), PATH_DOWN);
	assert_int_equal(flags_of(&f->a), PATH_DOWN);
	assert_int_equal(c4_open(&f->b, f->root, &open), NFS4_OK);
	assert_false(open.flags & OPEN4_RESULT_MAY_NOTIFY_LOCK);
	nothing_called();
	assert_int_equal(c4_bind_conn(&f->b, CDFC4_FORE, &given), NFS4_OK);
	assert_int_equal(given, CDFS4_FORE);
	assert_int_equal(flags_of(&f->b), PATH_DOWN);
	assert_int_equal(c4_bind_conn(&f->b, CDFC4_BACK_OR_BOTH, &given), NFS4_OK);
	assert_int_equal(given, CDFS4_BOTH);
	assert_int_equal(flags_of(&f->b), 0);
	notify_is(f, &f->b, 1, "q");		/* the same once more */
	answer_ok();
	nothing_called();
	assert_int_equal(flags_of(&f->a), PATH_DOWN);
	assert_int_equal(c4_bind_conn(&f->a, CDFC4_BACK, &given), NFS4_OK);
	assert_int_equal(given, CDFS4_BACK);
	assert_int_equal(flags_of(&f->a), 0);
	assert_int_equal(c4_bind_conn(&f->a, CDFC4_FORE_OR_BOTH, &given), NFS4_OK);
	assert_int_equal(given, CDFS4_BOTH);
	/* Who waits while the connection is lost is told when there is one. */
	conn_down(f);
	a = held_and_waited_for(f);
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	nothing_called();
	assert_int_equal(c4_bind_conn(&f->b, CDFC4_BACK, &given), NFS4_OK);
	notify_is(f, &f->b, 2, "q");
	answer_ok();
	/* A connection that cannot. */
	conn_of(f)->call_back = NULL;
	assert_int_equal(c4_bind_conn(&f->a, CDFC4_BACK, &given), NFS4ERR_INVAL);
	assert_int_equal(c4_bind_conn(&f->a, CDFC4_FORE_OR_BOTH, &given), NFS4_OK);
	assert_int_equal(given, CDFS4_FORE);
}

/* The message was made, and then the connection was lost: it never left. */
static void test_lost_before_it_left(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = held_and_waited_for(f);
	u32 given;

	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	nfs4_state_conn_down(f->c4->rig->server.state4, conn_of(f));
	conn_of(f)->id++;
	assert_int_equal(c4_bind_conn(&f->b, CDFC4_BACK, &given), NFS4_OK);
	notify_is(f, &f->b, 1, "q");		/* once */
	assert_int_equal(flags_of(&f->b), 0);
	answer_ok();
	nothing_called();
}

static const struct answer_case {
	struct answer answer;
	u32 next_seq;		/* of the same callback again, after a second; 0: it is over */
	u32 flags;
} answers[] = {
	{ { .name = "done" }, 0, 0 },
	{ { .name = "an error", .op = NFS4ERR_BADHANDLE }, 0, 0 },
	{ { .name = "later", .op = NFS4ERR_DELAY }, 2, 0 },
	{ { .name = "the sequence later", .sequence = NFS4ERR_DELAY }, 1, 0 },
	{ { .name = "it was done", .sequence = NFS4ERR_RETRY_UNCACHED_REP }, 0, 0 },
	{ { .name = "denied", .denied = true }, 0, PATH_DOWN },
	{ { .name = "no program", .no_program = true }, 0, PATH_DOWN },
	{ { .name = "misordered", .sequence = NFS4ERR_SEQ_MISORDERED },
	  0,
	  SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "bad session", .sequence = NFS4ERR_BADSESSION },
	  0,
	  SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "no operation", .op = NO_OP }, 0, SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "session", .how = OTHER_SESSION }, 0, SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "sequence", .how = OTHER_SEQ }, 0, SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "slot", .how = OTHER_SLOT }, 0, SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "operation", .how = OTHER_OP }, 0, SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "xid", .how = OTHER_XID }, 0, SEQ4_STATUS_BACKCHANNEL_FAULT },
	{ { .name = "results", .how = ONE_MORE }, 0, SEQ4_STATUS_BACKCHANNEL_FAULT },
};

static void one_answer(struct fixture *f, const struct answer_case *c)
{
	struct nfs4_state *state = f->c4->rig->server.state4;
	struct c4_lock a = held_and_waited_for(f);

	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	notify_is(f, &f->b, 1, "q");
	answer_cut(&c->answer, -1);
	nfs4_state_tick(state);
	nothing_called();
	assert_int_equal(flags_of(&f->b), c->flags);
	c4_now_ms += NFS4_CB_RETRY_MS;
	nfs4_state_tick(state);
	if (!c->next_seq) {
		nothing_called();
		return;
	}
	notify_is(f, &f->b, c->next_seq, "q");
	answer_ok();
	nothing_called();
}

static void test_answers(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		one_answer(f, &answers[i]);
		client_up(f, &f->b, &f->open_b, "b", (u32)i + 2);
		assert_int_equal(flags_of(&f->b), 0);
	}
}

/* An answer that is cut anywhere is never taken for one. */
static void test_truncated(void **state)
{
	const struct answer whole = { 0 };
	struct fixture *f = *state;
	struct c4_lock a;

	for (int cut = 0; cut < 24 + 12 + 8 + 32 + 8; cut += 4) {
		a = held_and_waited_for(f);
		assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
		notify_is(f, &f->b, 1, "q");
		answer_cut(&whole, cut);
		assert_int_equal(flags_of(&f->b), SEQ4_STATUS_BACKCHANNEL_FAULT);
		client_up(f, &f->b, &f->open_b, "b", (u32)cut + 2);
	}
}

/* A client that is never ready is not asked for ever. */
static void test_never_ready(void **state)
{
	const struct answer later = { .op = NFS4ERR_DELAY };
	struct fixture *f = *state;
	struct c4_lock a = held_and_waited_for(f);
	u32 n = 0;

	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	for (rig_posts(); call_n; rig_posts()) {
		notify_is(f, &f->b, ++n, "q");
		answer_cut(&later, -1);
		assert_int_equal(flags_of(&f->b), 0);
		c4_now_ms += NFS4_CB_RETRY_MS;
		nfs4_state_tick(f->c4->rig->server.state4);
	}
	assert_int_equal(n, NFS4_CB_TRIES_MAX);
}

/* The session is destroyed while its client has not answered; its client makes another. */
static void test_session_gone(void **state)
{
	struct fixture *f = *state;
	struct c4_lock a = held_and_waited_for(f);
	struct c4_client first = f->b;
	struct xdr_out *args;

	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	notify_is(f, &f->b, 1, "q");
	c4_begin(&f->a);
	c4_op(&f->a, NFS4_OP_DESTROY_SESSION);
	xdr_out_fixed(f->a.args, f->b.session, NFS4_SESSIONID_SIZE);
	assert_int_equal(c4_run(&f->a), NFS4_OK);
	answer_ok();
	nothing_called();
	/* The same client, so what waits for it is still there. */
	c4_client_up(&f->b, f->c4, "b", 1);
	assert_int_equal(f->b.id, first.id);
	notify_is(f, &f->b, 1, "q");
	answer_ok();
	nothing_called();
	/* BACKCHANNEL_CTL: another program from now on. */
	c4_begin(&f->b);
	c4_op(&f->b, NFS4_OP_BACKCHANNEL_CTL);
	args = f->b.args;
	xdr_out_u32(args, PROGRAM + 1);
	xdr_out_u32(args, 1);
	xdr_out_u32(args, RPC_AUTH_NONE);
	assert_int_equal(c4_run(&f->b), NFS4_OK);
	a = held_and_waited_for(f);
	assert_int_equal(c4_locku(&f->a, f->fh, &a), NFS4_OK);
	rig_posts();
	assert_int_equal(call_n, 1);
	assert_int_equal(get_unaligned_be32(calls[0].msg + 12), PROGRAM + 1);
	answer_ok();
}

/* ---- bytes ------------------------------------------------------------------------------------------ */

/* The longest of everything fits into one inline message of RPC-over-RDMA. */
static void test_longest(void **state)
{
	static u8 sec_bytes[1024], args[NFS4_CB_ARGS_MAX], msg[NFS4_CB_BYTES_MAX];
	static const char name[RPC_MACHINE_NAME_MAX];
	u8 session[NFS4_SESSIONID_SIZE] = { 0 };
	struct nfs4_cb_sec sec;
	struct nfs4_cb_head head = {
		.sec = &sec, .session = session, .seq = 1, .op = NFS4_OP_CB_NOTIFY_LOCK
	};
	struct xdr_out out;
	struct rpc_auth_sys sys;
	struct rpc_call rpc;
	struct xdr_in in;

	xdr_out_init(&out, sec_bytes, sizeof(sec_bytes));
	xdr_out_u32(&out, 3);
	xdr_out_u32(&out, RPCSEC_GSS);		/* passed over */
	xdr_out_u32(&out, 1);
	xdr_out_opaque(&out, "server", 6);
	xdr_out_opaque(&out, "client", 6);
	xdr_out_u32(&out, RPC_AUTH_SYS);
	xdr_out_u32(&out, 7);
	xdr_out_opaque(&out, name, sizeof(name));
	xdr_out_u32(&out, 501);
	xdr_out_u32(&out, 502);
	xdr_out_u32(&out, RPC_AUTH_SYS_GIDS_MAX);
	for (u32 i = 0; i < RPC_AUTH_SYS_GIDS_MAX; i++)
		xdr_out_u32(&out, 600 + i);
	xdr_out_u32(&out, RPC_AUTH_NONE);	/* the first that will do is taken */
	assert_true(xdr_out_ok(&out));
	xdr_in_init(&in, sec_bytes, xdr_out_len(&out));
	assert_true(nfs4_cb_sec_decode(&in, &sec));
	assert_true(sec.usable && !sec.none && !xdr_in_left(&in));
	xdr_out_init(&out, msg, sizeof(msg));
	nfs4_cb_encode(&out, &head, args, sizeof(args));
	assert_true(xdr_out_ok(&out));
	xdr_in_init(&in, msg, xdr_out_len(&out));
	assert_int_equal(rpc_call_decode(&in, &rpc), RPC_CALL_OK);
	assert_true(rpc_auth_sys_decode(rpc.cred, rpc.cred_len, &sys));
	assert_int_equal(sys.machine_len, sizeof(name));
	assert_int_equal(sys.uid, 501);
	assert_int_equal(sys.gid, 502);
	assert_int_equal(sys.gid_n, RPC_AUTH_SYS_GIDS_MAX);
	assert_int_equal(sys.gids[15], 615);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_notify),
		TEST(test_not_told),
		TEST(test_close_and_end),
		TEST(test_waiter_goes),
		TEST(test_many_wait),
		TEST(test_lost),
		TEST(test_lost_before_it_left),
		TEST(test_answers),
		TEST(test_truncated),
		TEST(test_never_ready),
		TEST(test_session_gone),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
