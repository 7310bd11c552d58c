// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Data of version 4: READ, WRITE, COMMIT, READLINK.  RFC 8881 18.22, 18.32, 18.3, 18.24. */
#include <errno.h>

#include "nfsrdma/client/nfs4.h"

/* Who has lost his locks must not go on as if he had them. */
static struct call *data_begin(struct ornfs_client *c, struct ornfs_file *file,
			       struct ornfs_req *req, bool keep, nfs3_decode *decode)
{
	struct call *call;

	req->count = 0;
	if (nfs4c_is_lost(file, req->lock_owner)) {
		req->file = NULL;
		nfs3_fail(c, req, -EIO);
		return NULL;
	}
	call = nfs4c_begin(c, req, keep, decode);
	if (call) {
		ornfs_file_get(file);
		call->file = file;
	}
	return call;
}

static int data_in(struct call *call, struct xdr_in *in)
{
	struct ornfs_req *req = call->req;
	const u8 *data;
	u32 len;

	req->eof = xdr_in_bool(in);
	if (call->is_placed) {
		len = xdr_in_u32(in);
		req->count = len;
		/* The chunk may have the padding too. */
		return len <= call->placed ? 0 : -EPROTO;
	}
	data = xdr_in_opaque(in, call->sink_len, &len);
	if (!xdr_in_ok(in))
		return -EPROTO;
	req->count = len;
	if (len)
		memcpy(call->sink, data, len);
	return 0;
}

static int read_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_READ);
	return err ? err : data_in(call, in);
}

void nfs4c_read(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, void *buf,
		size_t len, struct ornfs_req *req)
{
	struct call *call = data_begin(c, file, req, false, read_in);

	if (!call)
		return;
	call->sink = buf;
	call->sink_len = min_t(size_t, len, c->rsize);
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_READ);
	nfs4c_out_data_state(call, file, OPEN4_SHARE_ACCESS_READ);
	xdr_out_u64(&call->out, offset);
	xdr_out_u32(&call->out, call->sink_len);
	nfs4c_submit(call);
}

static int write_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	const u8 *verf;
	u32 stable;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_WRITE);
	if (err)
		return err;
	req->count = xdr_in_u32(in);
	stable = xdr_in_u32(in);
	verf = xdr_in_fixed(in, NFS4_VERIFIER_SIZE);
	if (!xdr_in_ok(in) || req->count > call->data_len)
		return -EPROTO;
	req->durable = stable != NFS4_UNSTABLE;
	memcpy(req->verf, verf, NFS4_VERIFIER_SIZE);
	if (stable == NFS4_FILE_SYNC)
		return 0;
	nfsc_unstable_written(&call->file->unstable, verf);
	return 0;
}

void nfs4c_write(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, const void *buf,
		 size_t len, bool stable, struct ornfs_req *req)
{
	struct call *call = data_begin(c, file, req, true, write_in);

	if (!call)
		return;
	call->data = buf;
	call->data_len = min_t(size_t, len, c->wsize);
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_WRITE);
	nfs4c_out_data_state(call, file, OPEN4_SHARE_ACCESS_WRITE);
	xdr_out_u64(&call->out, offset);
	xdr_out_u32(&call->out, stable ? NFS4_FILE_SYNC : NFS4_UNSTABLE);
	xdr_out_u32(&call->out, call->data_len);
	nfs4c_submit(call);
}

static int commit_in(struct call *call, struct xdr_in *in, int err)
{
	const u8 *verf;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_COMMIT);
	if (err)
		return err;
	verf = xdr_in_fixed(in, NFS4_VERIFIER_SIZE);
	if (!xdr_in_ok(in))
		return -EPROTO;
	memcpy(call->req->verf, verf, NFS4_VERIFIER_SIZE);
	return nfsc_unstable_committed(&call->file->unstable, &call->commit, verf);
}

void nfs4c_commit(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, commit_in);

	if (!call)
		return;
	ornfs_file_get(file);
	call->file = file;
	call->commit = nfsc_unstable_commit(&file->unstable);
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_COMMIT);
	xdr_out_u64(&call->out, 0);
	xdr_out_u32(&call->out, 0);	/* all of it */
	nfs4c_submit(call);
}

static int readlink_in(struct call *call, struct xdr_in *in, int err)
{
	const u8 *target;
	u32 len;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_READLINK);
	if (err)
		return err;
	target = xdr_in_opaque(in, NFSC_PATH_MAX, &len);
	if (!xdr_in_ok(in) || memchr(target, '\0', len))
		return -EPROTO;
	if (len >= (size_t)call->flags)
		return -ENAMETOOLONG;
	memcpy(call->ctx, target, len);
	((char *)call->ctx)[len] = '\0';
	call->req->count = len;
	return 0;
}

void nfs4c_readlink(struct ornfs_client *c, struct ornfs_file *file, char *buf, size_t len,
		    struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, readlink_in);

	if (!call)
		return;
	call->ctx = buf;
	call->flags = (int)min_t(size_t, len, NFSC_PATH_MAX + 1);
	call->reply_max = NFS4C_REPLY_HEAD + NFSC_PATH_MAX;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_READLINK);
	nfs4c_submit(call);
}
