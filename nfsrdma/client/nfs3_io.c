// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Data: READ, WRITE, COMMIT, READLINK. */
#include <errno.h>

#include "nfsrdma/client/nfs4.h"

static int read_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	const u8 *data;
	u32 len;

	req->has_stat = nfs3_in_post_attr(in, &req->stat);
	if (err)
		return err;
	req->count = xdr_in_u32(in);
	req->eof = xdr_in_bool(in);
	if (call->is_placed) {
		len = xdr_in_u32(in);
		/* The chunk may have the padding too. */
		return req->count == len && len <= call->placed ? 0 : -EPROTO;
	}
	data = xdr_in_opaque(in, call->sink_len, &len);
	if (!xdr_in_ok(in) || len != req->count)
		return -EPROTO;
	memcpy(call->sink, data, len);
	return 0;
}

static void do_read(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, void *buf,
		    size_t len, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_READ, read_in);

	if (!call)
		return;
	req->count = 0;
	call->sink = buf;
	call->sink_len = min_t(size_t, len, c->rsize);
	nfs3_out_file(call, file);
	xdr_out_u64(&call->out, offset);
	xdr_out_u32(&call->out, call->sink_len);
	nfs3_submit(call);
}

void ornfs_read(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, void *buf,
		size_t len, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_read(c, file, offset, buf, len, req);
	else
		do_read(c, file, offset, buf, len, req);
}

static int write_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	u32 stable;
	const u8 *verf;

	nfs3_in_wcc(in, req);
	if (err)
		return err;
	req->count = xdr_in_u32(in);
	stable = xdr_in_u32(in);
	verf = xdr_in_fixed(in, NFS3_WRITEVERFSIZE);
	if (!xdr_in_ok(in) || req->count > call->data_len)
		return -EPROTO;
	memcpy(req->verf, verf, sizeof(req->verf));
	req->durable = stable != NFS3_UNSTABLE;
	if (stable == NFS3_FILE_SYNC)
		return 0;
	nfsc_unstable_written(&call->file->unstable, verf);
	return 0;
}

static void do_write(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset,
		     const void *buf, size_t len, bool stable, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_WRITE, write_in);

	if (!call)
		return;
	req->count = 0;
	ornfs_file_get(file);
	call->file = file;
	call->data = buf;
	call->data_len = min_t(size_t, len, c->wsize);
	nfs3_out_file(call, file);
	xdr_out_u64(&call->out, offset);
	xdr_out_u32(&call->out, call->data_len);
	xdr_out_u32(&call->out, stable ? NFS3_FILE_SYNC : NFS3_UNSTABLE);
	xdr_out_u32(&call->out, call->data_len);
	nfs3_submit(call);
}

void ornfs_write(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, const void *buf,
		 size_t len, bool stable, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_write(c, file, offset, buf, len, stable, req);
	else
		do_write(c, file, offset, buf, len, stable, req);
}

static int commit_in(struct call *call, struct xdr_in *in, int err)
{
	const u8 *verf;

	nfs3_in_wcc(in, call->req);
	if (err)
		return err;
	verf = xdr_in_fixed(in, NFS3_WRITEVERFSIZE);
	if (!xdr_in_ok(in))
		return -EPROTO;
	memcpy(call->req->verf, verf, NFS3_WRITEVERFSIZE);
	return nfsc_unstable_committed(&call->file->unstable, &call->commit, verf);
}

static void do_commit(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_COMMIT, commit_in);

	if (!call)
		return;
	ornfs_file_get(file);
	call->file = file;
	call->commit = nfsc_unstable_commit(&file->unstable);
	nfs3_out_file(call, file);
	xdr_out_u64(&call->out, 0);
	xdr_out_u32(&call->out, 0);	/* all of it */
	nfs3_submit(call);
}

void ornfs_commit(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_commit(c, file, req);
	else
		do_commit(c, file, req);
}

static int readlink_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	const u8 *target;
	u32 len;

	req->has_stat = nfs3_in_post_attr(in, &req->stat);
	if (err)
		return err;
	target = xdr_in_opaque(in, NFSC_PATH_MAX, &len);
	if (!xdr_in_ok(in) || memchr(target, '\0', len))
		return -EPROTO;
	/* The caller's; it is not this call's sink, which is for chunks. */
	if (len >= (size_t)call->flags)
		return -ENAMETOOLONG;
	memcpy(call->ctx, target, len);
	((char *)call->ctx)[len] = '\0';
	req->count = len;
	return 0;
}

static void do_readlink(struct ornfs_client *c, struct ornfs_file *file, char *buf, size_t len,
			struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_READLINK, readlink_in);

	if (!call)
		return;
	call->ctx = buf;
	call->flags = (int)min_t(size_t, len, NFSC_PATH_MAX + 1);
	call->reply_max = CALL_REPLY_MIN + NFSC_PATH_MAX;
	nfs3_out_file(call, file);
	nfs3_submit(call);
}

void ornfs_readlink(struct ornfs_client *c, struct ornfs_file *file, char *buf, size_t len,
		    struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_readlink(c, file, buf, len, req);
	else
		do_readlink(c, file, buf, len, req);
}
