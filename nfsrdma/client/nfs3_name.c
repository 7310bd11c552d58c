// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Names: found, made, linked, renamed, removed. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "nfsrdma/client/nfs4.h"

static int lookup_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;

	if (err)
		return err;
	req->file = nfs3_in_fh(in, 0);
	req->has_stat = nfs3_in_post_attr(in, &req->stat);
	if (!req->file)
		return xdr_in_ok(in) ? -ENOMEM : -EPROTO;
	if (req->has_stat)
		req->file->ino = req->stat.st.st_ino;
	return 0;
}

static void do_lookup(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		      struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_LOOKUP, lookup_in);

	if (!call)
		return;
	nfs3_out_file(call, dir);
	nfs3_out_name(call, name);
	nfs3_submit(call);
}

void ornfs_lookup(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		  struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_lookup(c, dir, name, req);
	else
		do_lookup(c, dir, name, req);
}

static int got_in(struct call *call, struct xdr_in *in, int err)
{
	return err;
}

/* Results of what makes an object; the handle is optional there, and the name is looked up if it is not told. */
static int made_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;

	if (err)
		return err;
	if (xdr_in_bool(in)) {
		req->file = nfs3_in_fh(in, 0);
		if (!req->file)
			return xdr_in_ok(in) ? -ENOMEM : -EPROTO;
	}
	req->has_stat = nfs3_in_post_attr(in, &req->stat);
	if (req->file && req->has_stat)
		req->file->ino = req->stat.st.st_ino;
	return req->file ? 0 : -EREMOTEIO;
}

static void do_mkdir(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		     struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_MKDIR, made_in);
	struct stat st = { .st_mode = mode };

	if (!call)
		return;
	nfs3_out_file(call, dir);
	nfs3_out_name(call, name);
	nfs3_out_sattr(call, &st, ORNFS_SETATTR_MODE);
	nfs3_submit(call);
}

void ornfs_mkdir(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_mkdir(c, dir, name, mode, req);
	else
		do_mkdir(c, dir, name, mode, req);
}

static void do_symlink(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		       const char *target, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_SYMLINK, made_in);
	struct stat st = { .st_mode = 0777 };

	if (!call)
		return;
	nfs3_out_file(call, dir);
	nfs3_out_name(call, name);
	nfs3_out_sattr(call, &st, ORNFS_SETATTR_MODE);
	nfs3_out_name(call, target);
	nfs3_submit(call);
}

void ornfs_symlink(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		   const char *target, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_symlink(c, dir, name, target, req);
	else
		do_symlink(c, dir, name, target, req);
}

static u32 node_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFBLK:
		return NF3BLK;
	case S_IFCHR:
		return NF3CHR;
	case S_IFSOCK:
		return NF3SOCK;
	case S_IFIFO:
		return NF3FIFO;
	default:
		return 0;
	}
}

static void do_mknod(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		     dev_t dev, struct ornfs_req *req)
{
	u32 type = node_type(mode);
	struct stat st = { .st_mode = mode };
	struct call *call;

	if (!type) {
		nfs3_fail(c, req, -EINVAL);
		return;
	}
	call = nfs3_begin(c, req, NFS3_MKNOD, made_in);
	if (!call)
		return;
	nfs3_out_file(call, dir);
	nfs3_out_name(call, name);
	xdr_out_u32(&call->out, type);
	nfs3_out_sattr(call, &st, ORNFS_SETATTR_MODE);
	if (type == NF3BLK || type == NF3CHR) {
		xdr_out_u32(&call->out, major(dev));
		xdr_out_u32(&call->out, minor(dev));
	}
	nfs3_submit(call);
}

void ornfs_mknod(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 dev_t dev, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_mknod(c, dir, name, mode, dev, req);
	else
		do_mknod(c, dir, name, mode, dev, req);
}

static void do_link(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_file *dir,
		    const char *name, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_LINK, got_in);

	if (!call)
		return;
	nfs3_out_file(call, file);
	nfs3_out_file(call, dir);
	nfs3_out_name(call, name);
	nfs3_submit(call);
}

void ornfs_link(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_file *dir,
		const char *name, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_link(c, file, dir, name, req);
	else
		do_link(c, file, dir, name, req);
}

static void do_remove(struct ornfs_client *c, struct ornfs_file *dir, const char *name, bool is_dir,
		      struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, is_dir ? NFS3_RMDIR : NFS3_REMOVE, got_in);

	if (!call)
		return;
	nfs3_out_file(call, dir);
	nfs3_out_name(call, name);
	nfs3_submit(call);
}

void ornfs_remove(struct ornfs_client *c, struct ornfs_file *dir, const char *name, bool is_dir,
		  struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_remove(c, dir, name, req);
	else
		do_remove(c, dir, name, is_dir, req);
}

static void do_rename(struct ornfs_client *c, struct ornfs_file *from, const char *from_name,
		      struct ornfs_file *to, const char *to_name, struct ornfs_req *req)
{
	struct call *call = nfs3_begin(c, req, NFS3_RENAME, got_in);

	if (!call)
		return;
	nfs3_out_file(call, from);
	nfs3_out_name(call, from_name);
	nfs3_out_file(call, to);
	nfs3_out_name(call, to_name);
	nfs3_submit(call);
}

void ornfs_rename(struct ornfs_client *c, struct ornfs_file *from, const char *from_name,
		  struct ornfs_file *to, const char *to_name, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_rename(c, from, from_name, to, to_name, req);
	else
		do_rename(c, from, from_name, to, to_name, req);
}

/* ---- open ------------------------------------------------------------------------------------- */

/* An existing file is cut; the request goes on with what it found. */
static int cut_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;

	nfs3_in_wcc(in, req);
	req->file = call->file;
	call->file = NULL;
	return err;
}

static int cut(struct call *found)
{
	static const struct stat empty;
	struct ornfs_req *req = found->req;
	struct ornfs_file *file = req->file;
	struct call *call = nfs3_begin(found->client, req, NFS3_SETATTR, cut_in);

	if (!call) {
		ornfs_file_put(file);
		return NFS3_GOES_ON;
	}
	call->file = file;
	nfs3_out_file(call, file);
	nfs3_out_sattr(call, &empty, ORNFS_SETATTR_SIZE);
	xdr_out_bool(&call->out, false);	/* no guard */
	nfs3_submit(call);
	return NFS3_GOES_ON;
}

static int opened_in(struct call *call, struct xdr_in *in, int err)
{
	err = call->flags & O_CREAT ? made_in(call, in, err) : lookup_in(call, in, err);
	if (err || !xdr_in_ok(in) || !(call->flags & O_TRUNC))
		return err;
	return call->req->has_stat && !call->req->stat.st.st_size ? 0 : cut(call);
}

static void do_open(struct ornfs_client *c, struct ornfs_file *dir, const char *name, int flags,
		    mode_t mode, struct ornfs_req *req)
{
	bool create = flags & O_CREAT;
	struct call *call = nfs3_begin(c, req, create ? NFS3_CREATE : NFS3_LOOKUP, opened_in);
	struct stat st = { .st_mode = mode };

	if (!call)
		return;
	call->flags = flags;
	nfs3_out_file(call, dir);
	nfs3_out_name(call, name);
	if (create) {
		xdr_out_u32(&call->out, flags & O_EXCL ? NFS3_GUARDED : NFS3_UNCHECKED);
		nfs3_out_sattr(call, &st, ORNFS_SETATTR_MODE);
	}
	nfs3_submit(call);
}

void ornfs_open(struct ornfs_client *c, struct ornfs_file *dir, const char *name, int flags,
		mode_t mode, struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_open(c, dir, name, flags, mode, req);
	else
		do_open(c, dir, name, flags, mode, req);
}
