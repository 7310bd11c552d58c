// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* COMPOUND: operations one behind the other, until one fails.  RFC 8881 2.10.6.1, 16.2. */
#include "nfsrdma/server/nfs4_state.h"

#define TAG_MAX		NFS4_OPAQUE_LIMIT
#define STATUS_BYTES	4

/* ---- one operation ---------------------------------------------------------------------------------------- */

static const struct nfs4_op *op_of(const struct nfs4_compound *c, u32 num)
{
	const struct nfs4_op *op = num < NFS4_OPS ? &nfs4_ops[num] : NULL;

	return op && op->name && op->minor <= c->minor ? op : NULL;
}

/* What is asked of a COMPOUND's shape: SEQUENCE first and once, or one operation that needs no session. */
static enum nfs4_status judge_position(const struct nfs4_compound *c, u32 num,
				       const struct nfs4_op *op)
{
	if (!op)
		return NFS4ERR_OP_ILLEGAL;
	if (num == NFS4_OP_SEQUENCE)
		return c->op_i ? NFS4ERR_SEQUENCE_POS : NFS4_OK;
	if (c->slot)
		return NFS4_OK;
	if (!op->no_session)
		return NFS4ERR_OP_NOT_IN_SESSION;
	return c->op_n > 1 ? NFS4ERR_NOT_ONLY_OP : NFS4_OK;
}

static enum nfs4_status judge_object(const struct nfs4_compound *c, const struct nfs4_op *op)
{
	if (!op->needs_fh)
		return NFS4_OK;
	if (!nfs4_obj_is(&c->cur))
		return NFS4ERR_NOFILEHANDLE;
	if (c->cur.pseudo && !op->pseudo_ok)
		return op->pseudo_err ? op->pseudo_err : NFS4ERR_ROFS;
	if (op->writes && !c->cur.pseudo && !c->cur.rule->rw)
		return NFS4ERR_ROFS;
	return NFS4_OK;
}

static enum nfs4_status op_status(struct nfs4_compound *c, u32 num, const struct nfs4_op *op)
{
	enum nfs4_status status = judge_position(c, num, op);

	if (status != NFS4_OK)
		return status;
	if (!op->fn)
		return NFS4ERR_NOTSUPP;
	if (!c->may_block && !op->here)
		return NFS4_WOULD_BLOCK;
	status = judge_object(c, op);
	return status == NFS4_OK ? op->fn(c) : status;
}

/* Its number and status, and what it has to say. */
static enum nfs4_status op_run(struct nfs4_compound *c)
{
	u32 num = xdr_in_u32(c->in);
	const struct nfs4_op *op = op_of(c, num);
	enum nfs4_status status;
	size_t results;
	u8 *at;

	nfs_tally_op(c->call, op ? num : NFS4_OP_ILLEGAL);
	xdr_out_u32(c->out, op ? num : NFS4_OP_ILLEGAL);
	at = xdr_out_reserve(c->out, STATUS_BYTES);
	results = xdr_out_len(c->out);
	status = xdr_in_ok(c->in) ? op_status(c, num, op) : NFS4ERR_BADXDR;
	if (status != NFS4_OK)
		nfs_tally_op_failed(c->call);
	if (c->replayed)
		return status;
	if (status != NFS4_OK && !(op && op->err_results))
		xdr_out_rewind(c->out, results);
	/* SETATTR4res is no union: the attributes that were set follow an error too, and then there are none. */
	if (status != NFS4_OK && num == NFS4_OP_SETATTR)
		xdr_out_u32(c->out, 0);
	if (at)
		xdr_put_u32(at, status);
	return status;
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

static void compound_begin(struct nfs4_compound *c, struct nfs_call *call, bool may_block)
{
	*c = (struct nfs4_compound){
		.call = call,
		.in = &call->args,
		.out = &call->reply,
		.may_block = may_block,
	};
}

static void compound_end(struct nfs4_compound *c, size_t start, bool again)
{
	nfs4_obj_put(&c->cur);
	nfs4_obj_put(&c->saved);
	nfs4_sequence_end(c, start, again);
}

/* No room for what was said: the session's limit, behind which there are some bytes to say so, or the transport's. */
static enum nfs4_status too_big(struct nfs4_compound *c, size_t before)
{
	xdr_out_rewind(c->out, before);
	c->out->end = c->call->reply_buf + c->call->reply_max;
	return nfs4_sequence_too_big(c);
}

/* *n: how many have an entry in the results. */
static enum nfs4_status run_all(struct nfs4_compound *c, u32 *n)
{
	enum nfs4_status status = NFS4_OK;
	size_t before;
	u32 num;

	for (*n = 0; *n < c->op_n && status == NFS4_OK;) {
		before = xdr_out_len(c->out);
		num = xdr_in_left(c->in) >= 4 ? get_unaligned_be32(c->in->p) : NFS4_OP_ILLEGAL;
		c->op_i = *n;
		status = op_run(c);
		if (status == NFS4_WOULD_BLOCK)
			return status;
		if (c->replayed)
			return status;
		if (!xdr_out_ok(c->out)) {
			status = too_big(c, before);
			xdr_out_u32(c->out, num);
			xdr_out_u32(c->out, status);
			if (num == NFS4_OP_SETATTR)
				xdr_out_u32(c->out, 0);
		}
		++*n;
	}
	return status;
}

/* The tag comes back as it came; minor versions and counts are judged before any operation. */
static enum nfs_outcome head(struct nfs4_compound *c, enum nfs4_status *status)
{
	u32 tag_len;
	const u8 *tag = xdr_in_opaque(c->in, TAG_MAX, &tag_len);

	c->minor = xdr_in_u32(c->in);
	c->op_n = xdr_in_u32(c->in);
	if (!xdr_in_ok(c->in))
		return NFS_GARBAGE;
	*status = c->minor < 1 || c->minor > 2 ? NFS4ERR_MINOR_VERS_MISMATCH
		  : c->op_n > NFS4_OPS_MAX     ? NFS4ERR_TOO_MANY_OPS
					       : NFS4_OK;
	xdr_out_u32(c->out, *status);
	xdr_out_opaque(c->out, tag, tag_len);
	return NFS_DONE;
}

static enum nfs_outcome compound(struct nfs_call *call, bool may_block)
{
	size_t start = xdr_out_len(&call->reply);
	struct nfs4_compound c;
	enum nfs_outcome outcome;
	enum nfs4_status status;
	u8 *count;
	u32 n = 0;

	compound_begin(&c, call, may_block);
	outcome = head(&c, &status);
	if (outcome != NFS_DONE)
		return outcome;
	count = xdr_out_reserve(c.out, 4);
	if (!count)
		return NFS_SYSTEM_ERR;
	xdr_put_u32(count, 0);
	if (status != NFS4_OK)
		return NFS_DONE;
	status = run_all(&c, &n);
	if (status == NFS4_WOULD_BLOCK) {
		compound_end(&c, start, true);
		return NFS_WOULD_BLOCK;
	}
	if (!c.replayed) {
		xdr_put_u32(count, n);
		xdr_put_u32(call->reply.start + start, status);
	}
	compound_end(&c, start, false);
	return NFS_DONE;
}

static enum nfs_outcome null(struct nfs_call *call, bool may_block)
{
	return NFS_DONE;
}

/* Sessions see to it that nothing is done twice: not `once`. */
const struct nfs_proc nfs4_procs[NFS4_PROCS] = {
	[NFS4_NULL] = { "NULL", null, true },
	[NFS4_COMPOUND] = { "COMPOUND", compound, true },
};
