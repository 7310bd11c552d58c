// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What the client library makes of a server's answers.
 *
 *   octet 0: version and operation; octet 1: which answers are the input's (enum)
 *   the rest: the results, cut into as many answers as are asked for; the last has what is left
 *
 * Each request ends, with a result or an error, whatever is answered; what it hands out lies within its buffers.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "nfsrdma/client/nfs4.h"
#include "tests/fuzz/fuzz.h"

#define OPS		26
#define ANSWERS_MAX	12
#define DATA_BYTES	4096
#define RPC_REPLY_BYTES	24

enum {
	F_SESSION = 1,		/* also what sets up the session; else the harness does that well */
	F_SEQUENCE = 2,		/* also the result of SEQUENCE */
	F_CANCEL = 4,	/* the request is given up, after as many answers as the upper half says */
};

static struct ual_loop *loop;

struct world {
	struct ornfs_client c;
	struct xprt xprt;
	struct call *sent;
	const u8 *data;
	size_t left;
	u8 flags;
	bool is_up, done;
	struct ornfs_file *file;
	struct ornfs_req *req, locker;
	unsigned asked;
	u8 buf[DATA_BYTES];
};

static bool keep(struct xprt *x, struct call *call)
{
	struct world *w = container_of(x->chan, struct world, c.spread.chans[0]);

	if (w->sent)
		return false;
	w->sent = call;
	return true;
}

static void no_end(struct xprt *x)
{
}

static const struct xprt_ops ops = { .send = keep, .destroy = no_end };

static void up(struct ornfs_client *c)
{
}

static void on_next(struct ual_defer *d)
{
}

static void on_done(struct ornfs_req *req, int err)
{
	struct world *w = req->ctx;

	if (w->done || (!err && req->count > DATA_BYTES))
		abort();
	w->done = true;
	ornfs_file_put(req->file);
	req->file = NULL;
}

static bool on_entry(struct ornfs_req *req, const struct ornfs_entry *entry)
{
	if (!entry->name[0] || strchr(entry->name, '/'))
		abort();
	return true;
}

/* ---- answers ------------------------------------------------------------------------------------ */

static void header(struct xdr_out *out, const struct call *call)
{
	xdr_out_u32(out, get_unaligned_be32(call->msg));
	xdr_out_u32(out, 1);		/* a reply, accepted, no verifier, done */
	xdr_out_u32(out, 0);
	xdr_out_u32(out, 0);
	xdr_out_u32(out, 0);
	xdr_out_u32(out, 0);
}

/* The results of a COMPOUND begin: status, tag, count. */
static void compound(struct xdr_out *out, u32 status, u32 ops_n)
{
	xdr_out_u32(out, status);
	xdr_out_u32(out, 0);
	xdr_out_u32(out, ops_n);
}

static void channel(struct xdr_out *out)
{
	xdr_out_u32(out, 0);
	xdr_out_u32(out, 1 << 20);
	xdr_out_u32(out, 1 << 20);
	xdr_out_u32(out, 4096);
	xdr_out_u32(out, 16);
	xdr_out_u32(out, 4);
	xdr_out_u32(out, 0);
}

static void session_answer(struct xdr_out *out, u32 op)
{
	static const u8 id[NFS4_SESSIONID_SIZE] = "session";

	compound(out, NFS4_OK, 1);
	xdr_out_u32(out, op);
	xdr_out_u32(out, NFS4_OK);
	if (op == NFS4_OP_EXCHANGE_ID) {
		xdr_out_u64(out, 1);
		xdr_out_u32(out, 1);
		xdr_out_u32(out, 0);
		return;
	}
	xdr_out_fixed(out, id, sizeof(id));
	xdr_out_u32(out, 1);
	xdr_out_u32(out, 0);
	channel(out);
	channel(out);
}

static void sequence(struct xdr_out *out, const struct world *w)
{
	compound(out, w->left >= 4 ? get_unaligned_be32(w->data) : 0, 4);
	xdr_out_u32(out, NFS4_OP_SEQUENCE);
	xdr_out_u32(out, NFS4_OK);
	for (unsigned i = 0; i < 9; i++)
		xdr_out_u32(out, 0);
}

static u32 first_op(const struct call *call)
{
	return get_unaligned_be32(call->msg + call->compound_at + 12);
}

static void input(struct xdr_out *out, struct world *w, bool last)
{
	size_t n = last ? w->left : w->left / 2 & ~(size_t)3;

	n = min_t(size_t, n & ~(size_t)3, xdr_out_left(out));
	xdr_out_fixed(out, w->data, n);
	w->data += n;
	w->left -= n;
}

static void answer(struct world *w, bool last)
{
	static u8 msg[1 << 16];
	struct call *call = w->sent;
	bool v4 = w->c.v4;
	u32 op = v4 ? first_op(call) : 0;
	struct xdr_out out;

	w->sent = NULL;
	xdr_out_init(&out, msg, sizeof(msg));
	header(&out, call);
	if (v4 && op != NFS4_OP_SEQUENCE && !(w->flags & F_SESSION)) {
		session_answer(&out, op);
	} else if (v4 && !w->is_up && !(w->flags & F_SESSION)) {	/* RECLAIM_COMPLETE */
		sequence(&out, w);
		w->is_up = true;
	} else {
		if (v4 && op == NFS4_OP_SEQUENCE && !(w->flags & F_SEQUENCE))
			sequence(&out, w);
		input(&out, w, last);
	}
	chan_reply(&w->c.spread.chans[0], call, msg, xdr_out_len(&out), 0);
	chan_pump(&w->c.spread.chans[0]);
}

static void on_locked(struct ornfs_req *locker, int err)
{
	struct world *w = locker->ctx;

	if (err == -ECANCELED)
		on_done(w->req, err);
	else if (w->asked == 22)
		ornfs_lock_release(&w->c, w->file, 7, w->req);
	else
		ornfs_lock_close(&w->c, w->file, w->req);
}

/* ---- requests ----------------------------------------------------------------------------------- */

static void ask(struct world *w, unsigned op, struct ornfs_file *file, struct ornfs_req *req)
{
	static const struct stat st = { .st_mode = 0644 };
	static const struct ornfs_lock lock = {
		.owner = 7, .first = 10, .last = 19, .write = true, .flags = O_RDWR
	};
	struct ornfs_client *c = &w->c;

	switch (op) {
	case 0:
		ornfs_lookup(c, file, "name", req);
		break;
	case 1:
		ornfs_getattr(c, file, req);
		break;
	case 2:
		ornfs_setattr(c, file, &st, ORNFS_SETATTR_MODE, req);
		break;
	case 3:
		ornfs_access(c, file, R_OK | W_OK, req);
		break;
	case 4:
		ornfs_readlink(c, file, (char *)w->buf, 100, req);
		break;
	case 5:
		ornfs_open(c, file, "name", O_CREAT | O_RDWR, 0600, req);
		break;
	case 6:
		ornfs_open(c, file, "name", O_TRUNC, 0, req);
		break;
	case 7:
		ornfs_read(c, file, 0, w->buf, sizeof(w->buf), req);
		break;
	case 8:
		ornfs_write(c, file, 0, w->buf, sizeof(w->buf), false, req);
		break;
	case 9:
		ornfs_commit(c, file, req);
		break;
	case 10:
		ornfs_mkdir(c, file, "name", 0700, req);
		break;
	case 11:
		ornfs_symlink(c, file, "name", "target", req);
		break;
	case 12:
		ornfs_link(c, file, file, "name", req);
		break;
	case 13:
		ornfs_remove(c, file, "name", false, req);
		break;
	case 14:
		ornfs_rename(c, file, "name", file, "other", req);
		break;
	case 15:
		ornfs_readdir(c, file, 0, on_entry, req);
		break;
	case 16:
		ornfs_getxattr(c, file, "user.name", w->buf, sizeof(w->buf), req);
		break;
	case 17:
		ornfs_listxattr(c, file, (char *)w->buf, sizeof(w->buf), req);
		break;
	case 18:
		ornfs_setxattr(c, file, "user.name", w->buf, sizeof(w->buf), 0, req);
		break;
	case 19:
		ornfs_removexattr(c, file, "user.name", req);
		break;
	case 20:
		ornfs_lock(c, file, &lock, true, req);
		break;
	case 21:
		ornfs_lock_test(c, file, &lock, req);
		break;
	case 22:	/* after a lock, of which the answers are the input's too */
	case 23:
		w->locker.ctx = w;
		w->locker.fn = on_locked;
		w->asked = op;
		ornfs_lock(c, file, &lock, false, &w->locker);
		break;
	case 24:
		ornfs_fsinfo(c, file, req);
		break;
	default:
		ornfs_statfs(c, file, req);
		break;
	}
}

static void open_world(struct world *w, bool v4)
{
	struct ornfs_client *c = &w->c;
	struct chan *chan = &c->spread.chans[0];

	c->cfg.loop = loop;
	c->cfg.version = v4 ? 42 : 3;
	c->cfg.timeo_ds = 600;
	INIT_LIST_HEAD(&c->bufs);
	INIT_LIST_HEAD(&c->mem_free);
	INIT_LIST_HEAD(&c->failing);
	c->rsize = c->wsize = DATA_BYTES;
	c->where.addrs.n = 1;
	c->where.addrs.addrs[0].ss_family = AF_INET;
	c->where.numeric = true;
	c->next.fn = on_next;
	c->cfg.port = 2049;
	c->cfg.proto = ORNFS_PROTO_TCP;
	spread_init(&c->spread, c);
	w->xprt = (struct xprt){ .ops = &ops, .chan = chan };
	chan->xprt = &w->xprt;
	chan->state = CHAN_UP;
	chan->retry = true;
	if (v4 && nfs4c_create(c, up))
		abort();
}

static void close_world(struct world *w)
{
	struct ornfs_client *c = &w->c;

	w->sent = NULL;
	spread_stop(&c->spread);
	nfs4c_destroy(c->v4);
	nfs3_cancel_failing(c);
	ual_defer_cancel(loop, &c->next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ual_loop_cfg cfg;
	static const u8 fh[32] = "handle";
	struct ornfs_req req = { .fn = on_done };
	struct ornfs_file *file;
	static struct world w;

	if (!loop && ual_loop_create(&cfg, &loop))
		abort();
	if (size < 2)
		return 0;
	memset(&w, 0, sizeof(w));
	w.data = data + 2;
	w.left = size - 2;
	w.flags = data[1];
	file = nfs3_file_new(fh, sizeof(fh), 1);
	if (!file)
		abort();
	open_world(&w, data[0] & 0x80);
	req.ctx = &w;
	w.req = &req;
	w.file = file;
	ask(&w, (data[0] & 0x7f) % OPS, file, &req);
	for (unsigned i = 0; i < ANSWERS_MAX && !w.done; i++) {
		if (w.flags & F_CANCEL && i == w.flags >> 4)
			ornfs_cancel(&w.c, &req);
		if (w.sent)
			answer(&w, i >= 6);
		/* What ends without a call does so from the loop. */
		if (!list_empty(&w.c.failing))
			ual_loop_step(loop, 0);
	}
	close_world(&w);
	if (!w.done)
		abort();
	ornfs_file_put(file);
	return 0;
}
