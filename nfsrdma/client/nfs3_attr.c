// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Attributes of files and of the file system. */
#include <errno.h>
#include <unistd.h>

#include "nfsrdma/client/nfs4.h"

static int getattr_in(struct call *call, struct xdr_in *in, int err)
{
	if (err)
		return err;
	nfs3_in_attr(in, &call->req->stat);
	call->req->has_stat = xdr_in_ok(in);
	return 0;
}

static void do_getattr(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_GETATTR, getattr_in);

	if (!call)
		return;
	nfs3_out_file(call, file);
	nfs3_submit(call);
}

void ornfs_getattr(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_getattr(c, file, req);
	else
		do_getattr(c, file, req);
}

static int setattr_in(struct call *call, struct xdr_in *in, int err)
{
	nfs3_in_wcc(in, call->req);
	return err;
}

static void do_setattr(struct ornfs_client *c, struct ornfs_file *file, const struct stat *st,
		       unsigned mask, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_SETATTR, setattr_in);

	if (!call)
		return;
	nfs3_out_file(call, file);
	nfs3_out_sattr(call, st, mask);
	xdr_out_bool(&call->out, false);	/* no guard */
	nfs3_submit(call);
}

void ornfs_setattr(struct ornfs_client *c, struct ornfs_file *file, const struct stat *st,
		   unsigned mask, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_setattr(c, file, st, mask, req);
	else
		do_setattr(c, file, st, mask, req);
}

static int access_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;

	req->has_stat = nfs3_in_post_attr(in, &req->stat);
	if (err)
		return err;
	req->access = xdr_in_u32(in);
	return ((u32)call->flags & ~req->access) ? -EACCES : 0;
}

static void do_access(struct ornfs_client *c, struct ornfs_file *file, unsigned mode,
		      struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_ACCESS, access_in);
	u32 ask = 0;

	if (!call)
		return;
	/* Of a directory LOOKUP is what X is of a file; only what is there for it is told by the server. */
	if (mode & R_OK)
		ask |= NFS3_ACCESS_READ;
	if (mode & W_OK)
		ask |= NFS3_ACCESS_MODIFY | NFS3_ACCESS_EXTEND;
	if (mode & X_OK)
		ask |= NFS3_ACCESS_EXECUTE;
	call->flags = (int)ask;
	nfs3_out_file(call, file);
	xdr_out_u32(&call->out, ask);
	nfs3_submit(call);
}

void ornfs_access(struct ornfs_client *c, struct ornfs_file *file, unsigned mode,
		  struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_access(c, file, mode, req);
	else
		do_access(c, file, mode, req);
}

static int statfs_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	struct statvfs *vfs = &req->statvfs;

	req->has_stat = nfs3_in_post_attr(in, &req->stat);
	if (err)
		return err;
	memset(vfs, 0, sizeof(*vfs));
	vfs->f_bsize = vfs->f_frsize = 4096;
	vfs->f_blocks = xdr_in_u64(in) / 4096;
	vfs->f_bfree = xdr_in_u64(in) / 4096;
	vfs->f_bavail = xdr_in_u64(in) / 4096;
	vfs->f_files = xdr_in_u64(in);
	vfs->f_ffree = xdr_in_u64(in);
	vfs->f_favail = xdr_in_u64(in);
	vfs->f_namemax = 255;
	return 0;
}

static void do_statfs(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_FSSTAT, statfs_in);

	if (!call)
		return;
	nfs3_out_file(call, file);
	nfs3_submit(call);
}

void ornfs_statfs(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_statfs(c, file, req);
	else
		do_statfs(c, file, req);
}

/* Sizes are multiples of 4096, unless the server's are smaller. */
static u32 io_size(u32 max)
{
	u32 size = min_t(u32, max, NFSC_IO_MAX);

	return size > 4096 ? size & ~4095u : size;
}

static int fsinfo_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_client *c = call->client;
	u32 rtmax, wtmax;
	u64 max;

	call->req->has_stat = nfs3_in_post_attr(in, &call->req->stat);
	if (err)
		return err;
	rtmax = xdr_in_u32(in);
	xdr_in_u64(in);		/* preferred, multiple */
	wtmax = xdr_in_u32(in);
	xdr_in_u64(in);
	xdr_in_u32(in);		/* of READDIR */
	max = xdr_in_u64(in);
	if (!xdr_in_ok(in) || !rtmax || !wtmax)
		return -EPROTO;
	call->req->max_bytes = max;
	if (c->up)
		return 0;
	c->rsize = io_size(rtmax);
	c->wsize = io_size(wtmax);
	return 0;
}

void nfs3c_fsinfo(struct ornfs_client *c, struct ornfs_file *root, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_FSINFO, fsinfo_in);

	if (!call)
		return;
	nfs3_out_file(call, root);
	nfs3_submit(call);
}

void ornfs_fsinfo(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_fsinfo(c, file, req);
	else
		nfs3c_fsinfo(c, file, req);
}
