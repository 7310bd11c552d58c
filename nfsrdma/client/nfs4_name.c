// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Names of version 4: found, made, linked, renamed, removed.  RFC 8881 18. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "nfsrdma/client/nfs4.h"

/* GETFH and GETATTR of what an operation has made the current object. */
static int object_in(struct call *call, struct xdr_in *in)
{
	int err = nfs4c_in_file(call, in);

	return err ? err : nfs4c_in_stat(call, in);
}

static void object_out(struct call *call)
{
	nfs4c_op(call, NFS4_OP_GETFH);
	nfs4c_op_getattr(call);
}

static int lookup_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOOKUP);
	return err ? err : object_in(call, in);
}

static int lookupp_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOOKUPP);
	return err ? err : object_in(call, in);
}

static int self_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	return err ? err : object_in(call, in);
}

/* "." and ".." are no names in version 4. */
void nfs4c_lookup(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		  struct ornfs_req *req)
{
	bool self = !strcmp(name, "."), up = !strcmp(name, "..");
	struct call *call = nfs4c_begin(c, req, false,
					self ? self_in
					: up ? lookupp_in
					     : lookup_in);

	if (!call)
		return;
	nfs4c_op_file(call, dir);
	if (up)
		nfs4c_op(call, NFS4_OP_LOOKUPP);
	if (!self && !up) {
		nfs4c_op(call, NFS4_OP_LOOKUP);
		nfs3_out_name(call, name);
	}
	object_out(call);
	nfs4c_submit(call);
}

/* ---- CREATE: all but regular files ------------------------------------------------------------ */

static int made_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_CREATE);
	if (err)
		return err;
	nfs4c_in_change(in);
	nfs4c_in_bitmap(in);
	return object_in(call, in);
}

static struct call *make_begin(struct ornfs_client *c, struct ornfs_file *dir,
			       struct ornfs_req *req, u32 type)
{
	struct call *call = nfs4c_begin(c, req, true, made_in);

	if (!call)
		return NULL;
	nfs4c_op_file(call, dir);
	nfs4c_op(call, NFS4_OP_CREATE);
	xdr_out_u32(&call->out, type);
	return call;
}

static void make_submit(struct call *call, const char *name, mode_t mode)
{
	struct stat st = { .st_mode = mode };

	nfs3_out_name(call, name);
	nfs4c_out_sattr(call, &st, ORNFS_SETATTR_MODE);
	object_out(call);
	nfs4c_submit(call);
}

void nfs4c_mkdir(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 struct ornfs_req *req)
{
	struct call *call = make_begin(c, dir, req, NF4DIR);

	if (call)
		make_submit(call, name, mode);
}

void nfs4c_symlink(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		   const char *target, struct ornfs_req *req)
{
	struct call *call = make_begin(c, dir, req, NF4LNK);

	if (!call)
		return;
	nfs3_out_name(call, target);
	make_submit(call, name, 0777);
}

void nfs4c_mknod(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 dev_t dev, struct ornfs_req *req)
{
	u32 type = S_ISBLK(mode)    ? NF4BLK
		   : S_ISCHR(mode)  ? NF4CHR
		   : S_ISSOCK(mode) ? NF4SOCK
		   : S_ISFIFO(mode)			   ? NF4FIFO
				    : 0;
	struct call *call;

	if (!type) {
		nfs3_fail(c, req, -EINVAL);
		return;
	}
	call = make_begin(c, dir, req, type);
	if (!call)
		return;
	if (type == NF4BLK || type == NF4CHR) {
		xdr_out_u32(&call->out, major(dev));
		xdr_out_u32(&call->out, minor(dev));
	}
	make_submit(call, name, mode);
}

/* ---- LINK, REMOVE, RENAME --------------------------------------------------------------------- */

/* PUTFH, SAVEFH, PUTFH, then op with so many change_info4. */
static int two_dirs_in(struct xdr_in *in, enum nfs4_op_num op, unsigned changes)
{
	int err = nfs4c_in(in, NFS4_OP_PUTFH);

	if (!err)
		err = nfs4c_in(in, NFS4_OP_SAVEFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, op);
	for (unsigned i = 0; !err && i < changes; i++)
		nfs4c_in_change(in);
	return err;
}

static int link_in(struct call *call, struct xdr_in *in, int err)
{
	return two_dirs_in(in, NFS4_OP_LINK, 1);
}

static int rename_in(struct call *call, struct xdr_in *in, int err)
{
	return two_dirs_in(in, NFS4_OP_RENAME, 2);
}

static int remove_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_REMOVE);
	if (!err)
		nfs4c_in_change(in);
	return err;
}

void nfs4c_link(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_file *dir,
		const char *name, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, true, link_in);

	if (!call)
		return;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_SAVEFH);
	nfs4c_op_file(call, dir);
	nfs4c_op(call, NFS4_OP_LINK);
	nfs3_out_name(call, name);
	nfs4c_submit(call);
}

void nfs4c_rename(struct ornfs_client *c, struct ornfs_file *from, const char *from_name,
		  struct ornfs_file *to, const char *to_name, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, true, rename_in);

	if (!call)
		return;
	nfs4c_op_file(call, from);
	nfs4c_op(call, NFS4_OP_SAVEFH);
	nfs4c_op_file(call, to);
	nfs4c_op(call, NFS4_OP_RENAME);
	nfs3_out_name(call, from_name);
	nfs3_out_name(call, to_name);
	nfs4c_submit(call);
}

void nfs4c_remove(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		  struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, true, remove_in);

	if (!call)
		return;
	nfs4c_op_file(call, dir);
	nfs4c_op(call, NFS4_OP_REMOVE);
	nfs3_out_name(call, name);
	nfs4c_submit(call);
}

/* ---- open ------------------------------------------------------------------------------------- */

/* PUTFH, OPEN, GETFH, GETATTR, CLOSE */
static int created_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_OPEN);
	if (err)
		return err;
	nfs4c_in_open(in);
	err = object_in(call, in);
	return err ? err : nfs4c_in(in, NFS4_OP_CLOSE);
}

static void open_out(struct call *call, const char *name, int flags, mode_t mode)
{
	static const u32 access[] = { [O_RDONLY] = OPEN4_SHARE_ACCESS_READ,
				      [O_WRONLY] = OPEN4_SHARE_ACCESS_WRITE,
				      [O_RDWR] = OPEN4_SHARE_ACCESS_BOTH,
				      [O_ACCMODE] = OPEN4_SHARE_ACCESS_READ };
	struct stat st = { .st_mode = mode };
	u32 share = access[flags & O_ACCMODE];

	if (flags & O_TRUNC)
		share |= OPEN4_SHARE_ACCESS_WRITE;
	nfs4c_op(call, NFS4_OP_OPEN);
	xdr_out_u32(&call->out, 0);
	xdr_out_u32(&call->out, share | OPEN4_SHARE_ACCESS_WANT_NO_DELEG);
	xdr_out_u32(&call->out, OPEN4_SHARE_DENY_NONE);
	xdr_out_u64(&call->out, 0);	/* the session says which client: 18.16.3 */
	/* An owner for each call, for its open is closed in the same. */
	xdr_out_opaque(&call->out, &call->msg, 4);
	xdr_out_u32(&call->out, OPEN4_CREATE);
	xdr_out_u32(&call->out, flags & O_EXCL ? NFS4_GUARDED : NFS4_UNCHECKED);
	nfs4c_out_sattr(call, &st, ORNFS_SETATTR_MODE | (flags & O_TRUNC ? ORNFS_SETATTR_SIZE : 0));
	xdr_out_u32(&call->out, CLAIM_NULL);
	nfs3_out_name(call, name);
}

static void close_out(struct call *call)
{
	static const u8 zero[NFS4_OTHER_SIZE];

	nfs4c_op(call, NFS4_OP_CLOSE);
	xdr_out_u32(&call->out, 0);
	xdr_out_u32(&call->out, 1);	/* the current stateid: 16.2.3.1.2 */
	xdr_out_fixed(&call->out, zero, sizeof(zero));
}

/* PUTFH, LOOKUP, SETATTR, GETFH, GETATTR */
static int cut_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LOOKUP);
	if (err)
		return err;
	err = nfs4c_in(in, NFS4_OP_SETATTR);
	nfs4c_in_bitmap(in);
	return err ? err : object_in(call, in);
}

static void open_cut(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		     struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, true, cut_in);
	static const struct stat empty;

	if (!call)
		return;
	nfs4c_op_file(call, dir);
	nfs4c_op(call, NFS4_OP_LOOKUP);
	nfs3_out_name(call, name);
	nfs4c_op(call, NFS4_OP_SETATTR);
	nfs4c_out_anonymous(call);
	nfs4c_out_sattr(call, &empty, ORNFS_SETATTR_SIZE);
	object_out(call);
	nfs4c_submit(call);
}

void nfs4c_open(struct ornfs_client *c, struct ornfs_file *dir, const char *name, int flags,
		mode_t mode, struct ornfs_req *req)
{
	struct call *call;

	if (!(flags & O_CREAT)) {
		if (flags & O_TRUNC)
			open_cut(c, dir, name, req);
		else
			nfs4c_lookup(c, dir, name, req);
		return;
	}
	call = nfs4c_begin(c, req, true, created_in);
	if (!call)
		return;
	nfs4c_op_file(call, dir);
	open_out(call, name, flags, mode);
	object_out(call);
	close_out(call);
	nfs4c_submit(call);
}
