// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What a server can do with the keys that it is given: move the data of the exchange, in one direction, until its
 * answer.  Each case is a server that tries something else; what must not change does not, and the connection ends.
 */
#include <stdlib.h>

#include "tests/unit/nfsrdma/client/raw.h"

#define LEN	16384u		/* of an operation, in the middle of a buffer */
#define AT	8192u
#define BUF	(AT + LEN + 8192u)
#define MINE	0x11		/* what the client has in its memory */
#define THEIRS	0xee		/* and what the server writes to it */

struct op {
	struct ornfs_req req;
	bool done;
	int err;
};

struct world {
	struct raw r;
	u8 *buf;
	struct op ops[2];
	struct rpcrdma_hdr hdrs[2];	/* of the first calls */
	unsigned calls;
	/* what the server does */
	bool invalidate;
	bool after;		/* the answer first */
	enum wr_opcode with;
	u64 offset;		/* from the beginning of the chunk */
};

static const struct ornfs_caller caller;

static void on_done(struct ornfs_req *req, int err)
{
	struct op *op = container_of(req, struct op, req);

	op->done = true;
	op->err = err;
}

static void world_open(struct world *w, u32 caps_without)
{
	memset(w, 0, sizeof(*w));
	raw_open(&w->r, caps_without);
	w->r.ctx = w;
	w->buf = ornfs_buf_alloc(w->r.client, BUF);
	assert_non_null(w->buf);
	memset(w->buf, MINE, BUF);
	memset(raw_data(&w->r), THEIRS, RAW_DATA);
	for (unsigned i = 0; i < ARRAY_SIZE(w->ops); i++)
		w->ops[i].req = (struct ornfs_req){ .fn = on_done, .caller = &caller };
}

/* What is still under way is answered with -ECANCELED. */
static void world_close(struct world *w)
{
	ornfs_buf_free(w->r.client, w->buf, BUF);
	raw_close(&w->r);
}

static bool all_is(const u8 *data, size_t len, u8 value)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != value)
			return false;
	return true;
}

static bool is_done(void *ctx)
{
	return ((struct op *)ctx)->done;
}

static bool has_ended(void *ctx)
{
	return ((struct world *)ctx)->r.ended > 0;
}

static const struct rpcrdma_seg *first_seg(const struct rpcrdma_hdr *hdr)
{
	assert_true(hdr->seg_n > 0);
	return &hdr->segs[0];
}

static void read_it(struct world *w, unsigned i)
{
	ornfs_read(w->r.client, w->r.root, 0, w->buf + AT, LEN, &w->ops[i].req);
}

static void write_it(struct world *w, unsigned i)
{
	ornfs_write(w->r.client, w->r.root, 0, w->buf + AT, LEN, true, &w->ops[i].req);
}

/* ---- a server that does as it should, first -------------------------------------------------------------- */

static void answer_read(struct raw *r, const struct rpcrdma_hdr *hdr, u32 inv_rkey)
{
	struct raw_answer a;

	raw_answer_init(&a, hdr);
	xdr_out_u32(&a.out, NFS3_OK);
	xdr_out_bool(&a.out, false);
	xdr_out_u32(&a.out, LEN);
	xdr_out_bool(&a.out, false);
	xdr_out_u32(&a.out, LEN);
	raw_answer_send(r, &a, inv_rkey);
}

static void answer_write(struct raw *r, const struct rpcrdma_hdr *hdr, u32 inv_rkey)
{
	static const u8 verf[NFS3_WRITEVERFSIZE] = "verifier";
	struct raw_answer a;

	raw_answer_init(&a, hdr);
	xdr_out_u32(&a.out, NFS3_OK);
	xdr_out_u64(&a.out, 0);		/* no attributes before, none after */
	xdr_out_u32(&a.out, LEN);
	xdr_out_u32(&a.out, NFS3_FILE_SYNC);
	xdr_out_fixed(&a.out, verf, sizeof(verf));
	raw_answer_send(r, &a, inv_rkey);
}

static void remember(struct world *w, const struct rpcrdma_hdr *hdr)
{
	if (w->calls < ARRAY_SIZE(w->hdrs))
		w->hdrs[w->calls] = *hdr;
	w->calls++;
}

static void script_serve(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc, struct xdr_in *in)
{
	const struct rpcrdma_seg *seg = first_seg(hdr);
	struct world *w = r->ctx;
	u32 inv = w->invalidate ? seg->handle : 0;

	remember(w, hdr);
	assert_int_equal(seg->len, LEN);
	if (proc == NFS3_READ) {
		raw_rdma_write(r, seg->handle, seg->offset, LEN);
		answer_read(r, hdr, inv);
	} else {
		raw_rdma_read(r, seg->handle, seg->offset, LEN);
		answer_write(r, hdr, inv);
	}
}

struct way {
	u32 caps_without;
	bool invalidate;
};
static const struct way ways[] = {
	{ 0, true },
	{ 0, false },
	{ UAL_CAP_REMOTE_INV, false },
	{ UAL_CAP_MW | UAL_CAP_REMOTE_INV, false },
};

static void honest_server(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		struct world w;

		world_open(&w, ways[i].caps_without);
		assert_int_equal(w.r.peer.remote_inv, ways[i].caps_without == 0);
		w.invalidate = ways[i].invalidate;
		w.r.on_call = script_serve;
		write_it(&w, 0);
		raw_until(&w.r, is_done, &w.ops[0], 1000);
		assert_int_equal(w.ops[0].err, 0);
		raw_run_ms(&w.r, 1);
		assert_true(all_is(raw_data(&w.r), LEN, MINE));
		memset(raw_data(&w.r), THEIRS, RAW_DATA);
		read_it(&w, 1);
		raw_until(&w.r, is_done, &w.ops[1], 1000);
		assert_int_equal(w.ops[1].err, 0);
		assert_true(all_is(w.buf + AT, LEN, THEIRS));
		assert_true(all_is(w.buf, AT, MINE));
		assert_true(all_is(w.buf + AT + LEN, BUF - AT - LEN, MINE));
		assert_int_equal(w.r.conns, 1);
		world_close(&w);
	}
}

/* Buffers that are not registered go by one of the library's, which is lent no longer than others. */
static void foreign_buffer(void **state)
{
	u8 *buf = malloc(LEN);
	struct world w;

	assert_non_null(buf);
	world_open(&w, 0);
	w.r.on_call = script_serve;
	ornfs_read(w.r.client, w.r.root, 0, buf, LEN, &w.ops[0].req);
	raw_until(&w.r, is_done, &w.ops[0], 1000);
	assert_int_equal(w.ops[0].err, 0);
	assert_true(all_is(buf, LEN, THEIRS));
	raw_rdma_write(&w.r, w.hdrs[0].segs[0].handle, w.hdrs[0].segs[0].offset, 64);
	raw_until(&w.r, has_ended, &w, 1000);
	world_close(&w);
	free(buf);
}

/* ---- during the exchange -------------------------------------------------------------------------------- */

static void script_attack(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc, struct xdr_in *in)
{
	const struct rpcrdma_seg *seg = first_seg(hdr);
	struct world *w = r->ctx;

	remember(w, hdr);
	if (w->calls > 1)
		return;		/* the same call on the next connection */
	if (w->with == WR_WRITE)
		raw_rdma_write(r, seg->handle, seg->offset + w->offset, 64);
	else
		raw_rdma_read(r, seg->handle, seg->offset + w->offset, 64);
	if (proc == NFS3_READ)
		answer_read(r, hdr, 0);
	else
		answer_write(r, hdr, 0);
}

static void within_the_exchange(void **state)
{
	static const struct {
		const char *name;
		bool write;		/* NFS's */
		enum wr_opcode with;
		s64 offset;
	} cases[] = {
		{ "writes to what it may read", true, WR_WRITE, 0 },
		{ "reads what it may write", false, WR_READ, 0 },
		{ "writes before its part", false, WR_WRITE, -64 },
		{ "writes across its beginning", false, WR_WRITE, -32 },
		{ "writes across its end", false, WR_WRITE, LEN - 32 },
		{ "writes behind its end", false, WR_WRITE, LEN },
		{ "reads before its part", true, WR_READ, -64 },
		{ "reads across its end", true, WR_READ, LEN - 32 },
	};

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		unsigned k = i / 2;
		struct world w;

		world_open(&w, i % 2 ? UAL_CAP_MW : 0);
		w.r.on_call = script_attack;
		w.with = cases[k].with;
		w.offset = (u64)cases[k].offset;
		if (cases[k].write)
			write_it(&w, 0);
		else
			read_it(&w, 0);
		raw_until(&w.r, has_ended, &w, 1000);
		if (!w.r.terminated || w.ops[0].done || !all_is(w.buf, BUF, MINE) ||
		    !all_is(raw_data(&w.r), RAW_DATA, THEIRS))
			fail_msg("a server that %s", cases[k].name);
		world_close(&w);
	}
}

/* ---- after the answer ----------------------------------------------------------------------------------- */

static void after_the_answer(void **state)
{
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(ways); i++) {
		const struct way *way = &ways[i / 2];
		bool write = i % 2;
		struct world w;

		world_open(&w, way->caps_without);
		w.invalidate = way->invalidate;
		w.r.on_call = script_serve;
		if (write)
			write_it(&w, 0);
		else
			read_it(&w, 0);
		raw_until(&w.r, is_done, &w.ops[0], 1000);
		assert_int_equal(w.ops[0].err, 0);
		/* its owner's again */
		memset(w.buf, MINE, BUF);
		memset(raw_data(&w.r), THEIRS, RAW_DATA);
		if (write)
			raw_rdma_read(&w.r, w.hdrs[0].segs[0].handle, w.hdrs[0].segs[0].offset, 64);
		else
			raw_rdma_write(&w.r, w.hdrs[0].segs[0].handle, w.hdrs[0].segs[0].offset,
				       64);
		raw_until(&w.r, has_ended, &w, 1000);
		assert_true(w.r.terminated);
		assert_true(all_is(w.buf, BUF, MINE));
		assert_true(all_is(raw_data(&w.r), RAW_DATA, THEIRS));
		world_close(&w);
	}
}

static void script_write_behind(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc,
				struct xdr_in *in)
{
	const struct rpcrdma_seg *seg = first_seg(hdr);
	struct world *w = r->ctx;

	if (w->calls) {
		script_serve(r, hdr, proc, in);
		return;
	}
	remember(w, hdr);
	raw_rdma_write(r, seg->handle, seg->offset, LEN);
	answer_read(r, hdr, 0);
	for (unsigned i = 0; i < 8; i++)
		raw_rdma_write(r, seg->handle, seg->offset, 64);
}

struct snapshot {
	struct ornfs_req req;
	const u8 *buf;
	u8 then[LEN];
	bool done;
};

static void on_snapshot(struct ornfs_req *req, int err)
{
	struct snapshot *s = container_of(req, struct snapshot, req);

	assert_int_equal(err, 0);
	memcpy(s->then, s->buf, LEN);
	s->done = true;
}

static bool has_snapshot(void *ctx)
{
	return ((struct snapshot *)ctx)->done;
}

/* Writes that leave with the answer come before it is believed, or not at all. */
static void behind_the_answer(void **state)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	struct world w;

	assert_non_null(s);
	world_open(&w, 0);
	w.r.on_call = script_write_behind;
	s->req.fn = on_snapshot;
	s->buf = w.buf + AT;
	ornfs_read(w.r.client, w.r.root, 0, w.buf + AT, LEN, &s->req);
	raw_until(&w.r, has_snapshot, s, 20000);
	raw_run_ms(&w.r, 20);
	assert_memory_equal(s->then, s->buf, LEN);
	world_close(&w);
	free(s);
}

/* ---- keys of others --------------------------------------------------------------------------------------- */

static void script_two(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc, struct xdr_in *in)
{
	struct world *w = r->ctx;

	remember(w, hdr);
	if (w->calls == 2)
		answer_read(r, &w->hdrs[0], w->hdrs[1].segs[0].handle);
}

/* The answer to one takes away the key of the other: neither is believed. */
static void key_of_another(void **state)
{
	struct world w;

	world_open(&w, 0);
	w.r.on_call = script_two;
	read_it(&w, 0);
	read_it(&w, 1);
	raw_until(&w.r, has_ended, &w, 1000);
	assert_false(w.ops[0].done);
	assert_false(w.ops[1].done);
	world_close(&w);
}

static void script_short(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc, struct xdr_in *in)
{
	static const u8 verf[NFS3_WRITEVERFSIZE] = "verifier";
	struct world *w = r->ctx;
	struct raw_answer a;

	remember(w, hdr);
	if (w->calls != 2)
		return;
	assert_int_equal(proc, NFS3_COMMIT);
	assert_int_equal(hdr->seg_n, 0);
	raw_answer_init(&a, hdr);
	xdr_out_u32(&a.out, NFS3_OK);
	xdr_out_u64(&a.out, 0);
	xdr_out_fixed(&a.out, verf, sizeof(verf));
	raw_answer_send(r, &a, w->hdrs[0].segs[0].handle);
}

/* An answer to a call that has lent nothing takes away another's key. */
static void key_of_no_one(void **state)
{
	struct world w;

	world_open(&w, 0);
	w.r.on_call = script_short;
	read_it(&w, 0);
	ornfs_commit(w.r.client, w.r.root, &w.ops[1].req);
	raw_until(&w.r, has_ended, &w, 1000);
	assert_false(w.ops[0].done);
	assert_false(w.ops[1].done);
	world_close(&w);
}

static void script_old_key(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc,
			   struct xdr_in *in)
{
	struct world *w = r->ctx;

	if (!w->calls) {
		script_serve(r, hdr, proc, in);
		return;
	}
	remember(w, hdr);
	if (w->calls == 2)
		raw_rdma_write(r, w->hdrs[0].segs[0].handle, w->hdrs[0].segs[0].offset, 64);
}

/* The same buffer is lent again; the key of the time before is not. */
static void key_of_before(void **state)
{
	struct world w;

	world_open(&w, 0);
	w.invalidate = true;
	w.r.on_call = script_old_key;
	read_it(&w, 0);
	raw_until(&w.r, is_done, &w.ops[0], 1000);
	memset(w.buf, MINE, BUF);
	read_it(&w, 1);
	raw_until(&w.r, has_ended, &w, 1000);
	assert_true(w.r.terminated);
	assert_false(w.ops[1].done);
	assert_true(all_is(w.buf, BUF, MINE));
	world_close(&w);
}

static void keys_change(void **state)
{
	u32 seen[250];
	struct world w;

	world_open(&w, 0);
	w.r.on_call = script_serve;
	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++) {
		w.invalidate = i % 3;
		w.calls = 0;
		w.ops[0].done = false;
		read_it(&w, 0);
		raw_until(&w.r, is_done, &w.ops[0], 1000);
		seen[i] = w.hdrs[0].segs[0].handle;
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(seen[i], seen[k]);
	}
	world_close(&w);
}

/* ---- answered twice, two keys ------------------------------------------------------------------------------- */

static void script_twice(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc, struct xdr_in *in)
{
	struct world *w = r->ctx;

	remember(w, hdr);
	if (w->calls > 1)
		return;
	raw_rdma_write(r, hdr->segs[0].handle, hdr->segs[0].offset, LEN);
	answer_read(r, hdr, 0);
	answer_read(r, hdr, 0);
}

static void answered_twice(void **state)
{
	struct world w;

	world_open(&w, 0);
	w.r.on_call = script_twice;
	read_it(&w, 0);
	raw_until(&w.r, has_ended, &w, 1000);
	world_close(&w);
}

#define LONG_CALL	5000u
#define LONG_REPLY	8192u

static void script_both(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc, struct xdr_in *in)
{
	struct world *w = r->ctx;
	struct rpcrdma_hdr mine = *hdr;
	u8 *data = raw_data(r);
	struct xdr_out out;
	u8 head[RAW_BUF];

	remember(w, hdr);
	assert_int_equal(hdr->proc, RDMA_NOMSG);
	assert_int_equal(hdr->read_n, 1);
	assert_true(hdr->has_reply);
	xdr_out_init(&out, data, LONG_REPLY);
	xdr_out_u32(&out, hdr->xid);
	xdr_out_u32(&out, RPC_REPLY);
	for (unsigned i = 0; i < 4; i++)
		xdr_out_u32(&out, 0);
	raw_rdma_write(r, hdr->segs[hdr->reply.first].handle, hdr->segs[hdr->reply.first].offset,
		       LONG_REPLY);
	mine.credits = 16;
	mine.read_n = 0;
	xdr_out_init(&out, head, sizeof(head));
	rpcrdma_hdr_encode(&out, &mine);
	raw_send(r, head, (u32)xdr_out_len(&out), w->invalidate ? hdr->segs[0].handle : 0);
}

static void on_both(struct call *call, struct xdr_in *in, int err)
{
	struct world *w = call->ctx;

	w->ops[0].done = true;
	w->ops[0].err = err;
	assert_int_equal(xdr_in_left(in), LONG_REPLY - 24);
	call_free(call);
}

/* A long call with a long answer: both keys go back, whichever of them the server took away. */
static void two_keys(void **state)
{
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(ways); i++) {
		const struct way *way = &ways[i / 2];
		const struct rpcrdma_seg *seg;
		struct call *call;
		struct world w;

		world_open(&w, way->caps_without);
		w.invalidate = way->invalidate;
		w.r.on_call = script_both;
		call = call_create(w.r.client, NULL, NFS_PROGRAM, NFS3_VERSION, NFS3_NULL);
		assert_non_null(call);
		assert_non_null(xdr_out_reserve(&call->out, LONG_CALL));
		call->reply_max = LONG_REPLY;
		call->done = on_both;
		call->ctx = &w;
		spread_submit(&w.r.client->spread, call);
		raw_until(&w.r, is_done, &w.ops[0], 1000);
		assert_int_equal(w.ops[0].err, 0);
		seg = &w.hdrs[0].segs[i % 2];
		if (i % 2)
			raw_rdma_write(&w.r, seg->handle, seg->offset, 64);
		else
			raw_rdma_read(&w.r, seg->handle, seg->offset, 64);
		raw_until(&w.r, has_ended, &w, 1000);
		assert_true(w.r.terminated);
		world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_server),
		cmocka_unit_test(foreign_buffer),
		cmocka_unit_test(within_the_exchange),
		cmocka_unit_test(after_the_answer),
		cmocka_unit_test(behind_the_answer),
		cmocka_unit_test(key_of_another),
		cmocka_unit_test(key_of_no_one),
		cmocka_unit_test(key_of_before),
		cmocka_unit_test(keys_change),
		cmocka_unit_test(answered_twice),
		cmocka_unit_test(two_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
