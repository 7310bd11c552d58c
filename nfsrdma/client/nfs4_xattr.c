// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Extended attributes of version 4.2: GETXATTR, SETXATTR, LISTXATTRS, REMOVEXATTR.  RFC 8276 8.4. */
#include <errno.h>
#include <linux/limits.h>
#include <sys/xattr.h>

#include "nfsrdma/client/nfs4.h"

#define PREFIX		"user."
#define PREFIX_LEN	(sizeof(PREFIX) - 1)
#define LIST_FIXED	(8 + 4 + 4)	/* cookie, count of names, end: of maxcount (8.4.3.2) */

/* The protocol's name; NULL: it has none, for it has one namespace only (8.1). */
static const char *key_of(const struct ornfs_client *c, const char *name)
{
	if (c->cfg.version != 42 || strncmp(name, PREFIX, PREFIX_LEN) || !name[PREFIX_LEN])
		return NULL;
	return name + PREFIX_LEN;
}

/* NULL: the request fails later. */
static struct call *begin(struct ornfs_client *c, struct ornfs_file *file, const char *name,
			  bool keep, struct ornfs_req *req, enum nfs4_op_num op,
			  nfs3_decode *decode)
{
	struct call *call;

	req->file = NULL;
	req->has_stat = false;
	req->count = 0;
	if (!key_of(c, name)) {
		nfs3_fail(c, req, -EOPNOTSUPP);
		return NULL;
	}
	call = nfs4c_begin(c, req, keep, decode);
	if (!call)
		return NULL;
	nfs4c_op_file(call, file);
	nfs4c_op(call, op);
	return call;
}

static void end_with_name(struct call *call, const char *name)
{
	nfs3_out_name(call, key_of(call->client, name));
	nfs4c_submit(call);
}

/* ---- GETXATTR --------------------------------------------------------------------------------- */

static int get_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	const u8 *value;
	u32 len;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_GETXATTR);
	if (err)
		return err;
	value = xdr_in_opaque(in, XATTR_SIZE_MAX, &len);
	if (!xdr_in_ok(in))
		return -EPROTO;
	req->count = len;
	if (call->flags && len > (u32)call->flags)
		return -ERANGE;
	if (call->flags && len)
		memcpy(call->ctx, value, len);
	return 0;
}

void ornfs_getxattr(struct ornfs_client *c, struct ornfs_file *file, const char *name, void *buf,
		    size_t len, struct ornfs_req *req)
{
	struct call *call = begin(c, file, name, false, req, NFS4_OP_GETXATTR, get_in);

	if (!call)
		return;
	call->ctx = buf;
	call->flags = (int)min_t(size_t, len, XATTR_SIZE_MAX);
	call->reply_max = NFS4C_REPLY_HEAD + XATTR_SIZE_MAX;
	end_with_name(call, name);
}

/* ---- SETXATTR, REMOVEXATTR -------------------------------------------------------------------- */

static int changed_in(struct xdr_in *in, enum nfs4_op_num op)
{
	int err = nfs4c_in(in, NFS4_OP_PUTFH);

	if (!err)
		err = nfs4c_in(in, op);
	if (!err)
		nfs4c_in_change(in);
	return err;
}

static int set_in(struct call *call, struct xdr_in *in, int err)
{
	return changed_in(in, NFS4_OP_SETXATTR);
}

static int remove_in(struct call *call, struct xdr_in *in, int err)
{
	return changed_in(in, NFS4_OP_REMOVEXATTR);
}

void ornfs_setxattr(struct ornfs_client *c, struct ornfs_file *file, const char *name,
		    const void *value, size_t len, int flags, struct ornfs_req *req)
{
	struct call *call;

	if (len > XATTR_SIZE_MAX) {
		req->file = NULL;
		nfs3_fail(c, req, -E2BIG);
		return;
	}
	call = begin(c, file, name, true, req, NFS4_OP_SETXATTR, set_in);
	if (!call)
		return;
	xdr_out_u32(&call->out, flags & XATTR_CREATE	? SETXATTR4_CREATE
				: flags & XATTR_REPLACE ? SETXATTR4_REPLACE
							: SETXATTR4_EITHER);
	nfs3_out_name(call, key_of(c, name));
	/* The value is the end of the message, but no data in the sense of RFC 8267: it may not have a chunk. */
	xdr_out_u32(&call->out, (u32)len);
	call->data = value;
	call->data_len = (u32)len;
	call->one_piece = true;
	nfs4c_submit(call);
}

void ornfs_removexattr(struct ornfs_client *c, struct ornfs_file *file, const char *name,
		       struct ornfs_req *req)
{
	struct call *call = begin(c, file, name, true, req, NFS4_OP_REMOVEXATTR, remove_in);

	if (call)
		end_with_name(call, name);
}

/* ---- LISTXATTRS: call after call until the end ------------------------------------------------ */

static void list_from(struct ornfs_client *c, struct ornfs_file *file, u64 cookie, char *buf,
		      int len, struct ornfs_req *req);

/* "user.NAME", and its end; what does not fit is counted. */
static void name_in(struct call *call, struct xdr_in *in)
{
	struct ornfs_req *req = call->req;
	char *to = call->ctx;
	u32 len;
	const u8 *name = xdr_in_opaque(in, XATTR_NAME_MAX, &len);
	size_t need = PREFIX_LEN + len + 1;

	if (!xdr_in_ok(in))
		return;
	if (!len || memchr(name, '\0', len) || req->count + need > XATTR_LIST_MAX) {
		xdr_in_fail(in);
		return;
	}
	if (req->count + need <= (size_t)call->flags) {
		memcpy(to + req->count, PREFIX, PREFIX_LEN);
		memcpy(to + req->count + PREFIX_LEN, name, len);
		to[req->count + need - 1] = '\0';
	}
	req->count += need;
}

static int list_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	u64 cookie;
	u32 n;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_LISTXATTRS);
	if (err)
		return err;
	cookie = xdr_in_u64(in);
	n = xdr_in_u32(in);
	for (u32 i = 0; i < n && xdr_in_ok(in); i++)
		name_in(call, in);
	req->eof = xdr_in_bool(in);
	/* A page without a name that is not the last would be asked for without end. */
	if (!xdr_in_ok(in) || (!req->eof && !n))
		return -EPROTO;
	if (!req->eof) {
		list_from(call->client, call->file, cookie, call->ctx, call->flags, req);
		return NFS3_GOES_ON;
	}
	return call->flags && req->count > (size_t)call->flags ? -ERANGE : 0;
}

static void list_from(struct ornfs_client *c, struct ornfs_file *file, u64 cookie, char *buf,
		      int len, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, list_in);

	if (!call)
		return;
	ornfs_file_get(file);
	call->file = file;
	call->ctx = buf;
	call->flags = len;
	call->reply_max = NFSC_DIR_BYTES;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_LISTXATTRS);
	xdr_out_u64(&call->out, cookie);
	xdr_out_u32(&call->out, NFSC_DIR_BYTES - NFS4C_REPLY_HEAD + LIST_FIXED);
	nfs4c_submit(call);
}

void ornfs_listxattr(struct ornfs_client *c, struct ornfs_file *file, char *buf, size_t len,
		     struct ornfs_req *req)
{
	req->file = NULL;
	req->count = 0;
	if (c->cfg.version != 42)
		nfs3_fail(c, req, -EOPNOTSUPP);
	else
		list_from(c, file, 0, buf, (int)min_t(size_t, len, XATTR_LIST_MAX), req);
}
