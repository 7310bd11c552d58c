// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* COMPOUNDs: from a request to its call, and back.  RFC 8881 16.2. */
#include <errno.h>

#include "nfsrdma/client/nfs4.h"

#define TAG_MAX		1024
#define OPS_AT		8		/* behind an empty tag and the minor version */

static struct call *compound(struct ornfs_client *c, const struct ornfs_caller *caller)
{
	struct call *call = call_create(c, caller, NFS_PROGRAM, NFS4_VERSION, NFS4_COMPOUND);

	if (!call)
		return NULL;
	call->slot = -1;
	call->reply_max = call->reply_head = NFS4C_REPLY_HEAD;
	call->compound_at = (u32)xdr_out_len(&call->out);
	xdr_out_u32(&call->out, 0);			/* tag */
	xdr_out_u32(&call->out, c->cfg.version % 10);	/* minor version */
	xdr_out_u32(&call->out, 0);			/* operations: nfs4c_op() counts */
	return call;
}

struct call *nfs4c_bare(struct ornfs_client *c, const struct ornfs_caller *caller,
			void (*done)(struct call *, struct xdr_in *, int))
{
	struct call *call = compound(c, caller);

	if (call)
		call->done = done;
	return call;
}

void nfs4c_op(struct call *call, enum nfs4_op_num op)
{
	call->ops++;
	xdr_out_u32(&call->out, op);
}

void nfs4c_bare_submit(struct call *call)
{
	core_assert(xdr_out_ok(&call->out));
	xdr_put_u32(call->msg + call->compound_at + OPS_AT, call->ops);
	spread_submit(&call->client->spread, call);
}

static void on_done(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	u32 status;

	if (!err) {
		status = nfs4c_in_head(in);
		if (!nfs4c_slot_reply(call, in))
			return;
		call->status = status;
		if (status == NFS4ERR_DELAY || status == NFS4ERR_GRACE ||
		    nfs4c_state_refused(call, status)) {
			nfs4c_slot_again(call);
			return;
		}
		err = call->decode(call, in, 0);
		if (err != NFS3_GOES_ON && !xdr_in_ok(in))
			err = -EPROTO;
		nfs4c_slot_end(call, 0);
	} else {
		nfs4c_slot_end(call, err);
	}
	call_free(call);
	if (err == NFS3_GOES_ON)
		return;
	if (err && req->file) {
		ornfs_file_put(req->file);
		req->file = NULL;
	}
	req->fn(req, err);
}

struct call *nfs4c_begin(struct ornfs_client *c, struct ornfs_req *req, bool keep,
			 nfs3_decode *decode)
{
	static const u8 later[NFS4_SESSIONID_SIZE + 12];
	struct call *call = compound(c, req->caller);

	req->file = NULL;
	req->has_stat = false;
	if (!call) {
		nfs3_fail(c, req, -ENOMEM);
		return NULL;
	}
	call->req = req;
	call->decode = decode;
	call->done = on_done;
	nfs4c_op(call, NFS4_OP_SEQUENCE);
	xdr_out_fixed(&call->out, later, sizeof(later));	/* nfs4c_slot_submit() */
	xdr_out_bool(&call->out, keep);
	return call;
}

void nfs4c_submit(struct call *call)
{
	if (xdr_out_ok(&call->out)) {
		xdr_put_u32(call->msg + call->compound_at + OPS_AT, call->ops);
		nfs4c_slot_submit(call);
		return;
	}
	nfs3_fail(call->client, call->req, -ENAMETOOLONG);
	call_free(call);
}

void nfs4c_op_file(struct call *call, const struct ornfs_file *file)
{
	nfs4c_op(call, NFS4_OP_PUTFH);
	nfs3_out_file(call, file);
}

void nfs4c_out_anonymous(struct call *call)
{
	static const u8 zero[NFS4_OTHER_SIZE];

	xdr_out_u32(&call->out, 0);
	xdr_out_fixed(&call->out, zero, sizeof(zero));
}

/* ---- results ---------------------------------------------------------------------------------- */

u32 nfs4c_in_head(struct xdr_in *in)
{
	u32 status = xdr_in_u32(in), len;

	xdr_in_opaque(in, TAG_MAX, &len);
	xdr_in_u32(in); /* a COMPOUND that failed has fewer operations: nfs4c_in() */
	return status;
}

int nfs4c_in(struct xdr_in *in, enum nfs4_op_num op)
{
	u32 num = xdr_in_u32(in), status = xdr_in_u32(in);

	if (!xdr_in_ok(in))
		return -EPROTO;
	if (num != op && !(status == NFS4ERR_OP_ILLEGAL && num == NFS4_OP_ILLEGAL)) {
		xdr_in_fail(in);
		return -EPROTO;
	}
	return nfs4c_errno(status);
}

int nfs4c_in_file(struct call *call, struct xdr_in *in)
{
	int err = nfs4c_in(in, NFS4_OP_GETFH);
	const u8 *fh;
	u32 len;

	if (err)
		return err;
	fh = xdr_in_opaque(in, NFS4_FHSIZE, &len);
	if (!xdr_in_ok(in) || !len)
		return -EPROTO;
	call->req->file = nfs3_file_new(fh, len, 0);
	return call->req->file ? 0 : -ENOMEM;
}

void nfs4c_in_change(struct xdr_in *in)
{
	xdr_in_bool(in);
	xdr_in_u64(in);
	xdr_in_u64(in);
}

int nfs4c_errno(u32 status)
{
	static const struct {
		u32 status;
		int err;
	} table[] = {
		{ NFS4ERR_NOXATTR, -ENODATA },
		{ NFS4ERR_XATTR2BIG, -E2BIG },
		{ NFS4ERR_BADHANDLE, -ESTALE },
		{ NFS4ERR_FHEXPIRED, -ESTALE },
		{ NFS4ERR_BAD_COOKIE, -ESTALE },
		{ NFS4ERR_NOT_SAME, -ESTALE },
		{ NFS4ERR_NOTSUPP, -EOPNOTSUPP },
		{ NFS4ERR_ATTRNOTSUPP, -EOPNOTSUPP },
		{ NFS4ERR_OP_ILLEGAL, -EOPNOTSUPP },
		{ NFS4ERR_BADTYPE, -EOPNOTSUPP },
		{ NFS4ERR_TOOSMALL, -EINVAL },
		{ NFS4ERR_BADNAME, -EINVAL },
		{ NFS4ERR_BADCHAR, -EINVAL },
		{ NFS4ERR_BADOWNER, -EINVAL },
		{ NFS4ERR_SYMLINK, -ELOOP },
		{ NFS4ERR_WRONG_TYPE, -EINVAL },
		{ NFS4ERR_LOCKED, -EAGAIN },
		{ NFS4ERR_DENIED, -EAGAIN },
		{ NFS4ERR_DEADLOCK, -EDEADLK },
		{ NFS4ERR_LOCK_NOTSUPP, -ENOLCK },
		{ NFS4ERR_LOCK_RANGE, -EINVAL },
		{ NFS4ERR_BAD_RANGE, -EOVERFLOW },
		{ NFS4ERR_OPENMODE, -EBADF },
		{ NFS4ERR_SHARE_DENIED, -EBUSY },
		{ NFS4ERR_FILE_OPEN, -EBUSY },
		{ NFS4ERR_DELAY, -EBUSY },
		{ NFS4ERR_GRACE, -EBUSY },
		{ NFS4ERR_WRONGSEC, -EPERM },
		{ NFS4ERR_SERVERFAULT, -EREMOTEIO },
		{ NFS4ERR_MINOR_VERS_MISMATCH, -EPROTONOSUPPORT },
	};

	if (status == NFS4_OK)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].status == status)
			return table[i].err;
	return nfs3_errno(status);	/* the older ones are the same */
}
