// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* GETXATTR, SETXATTR, LISTXATTRS, REMOVEXATTR: extended attributes of the user namespace.  RFC 8276 8.4. */
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <sys/xattr.h>

#include "nfsrdma/server/nfs4.h"

/* 8.3: a name, without "user." in front; nothing in it is special but NUL. */
static enum nfs4_status key_decode(struct xdr_in *in, char buf[NFS_NAME_MAX + 1])
{
	u32 len;
	const u8 *name = xdr_in_opaque(in, NFS_PATH_MAX, &len);

	buf[0] = '\0';
	if (!xdr_in_ok(in))
		return NFS4ERR_BADXDR;
	if (!len || memchr(name, '\0', len))
		return NFS4ERR_INVAL;
	if (len > NFS_NAME_MAX)
		return NFS4ERR_NAMETOOLONG;
	memcpy(buf, name, len);
	buf[len] = '\0';
	return NFS4_OK;
}

/* Straight into the answer: what does not fit there is too big for the client. */
enum nfs4_status nfs4_op_getxattr(struct nfs4_compound *c)
{
	char key[NFS_NAME_MAX + 1];
	enum nfs4_status status = key_decode(c->in, key);
	size_t left = xdr_out_left(c->out);
	u8 *length;
	ssize_t n;

	if (status != NFS4_OK)
		return status;
	length = xdr_out_reserve(c->out, 4);
	if (!length)
		return NFS4ERR_REP_TOO_BIG;
	left = (left - 4) & ~(size_t)3;
	n = left ? c->cur.export->vfs->getxattr(c->cur.node, &c->cur.cred, key, c->out->p, left)
		 : -ERANGE;
	if (n == -ERANGE)
		return NFS4ERR_REP_TOO_BIG;
	if (n < 0)
		return nfs4_status_of((int)n);
	xdr_put_u32(length, (u32)n);
	memset(c->out->p + n, 0, xdr_pad((size_t)n));
	xdr_out_reserve(c->out, (size_t)n + xdr_pad((size_t)n));
	return NFS4_OK;
}

enum nfs4_status nfs4_op_setxattr(struct nfs4_compound *c)
{
	static const int flags[] = { [SETXATTR4_EITHER] = 0,
				     [SETXATTR4_CREATE] = XATTR_CREATE,
				     [SETXATTR4_REPLACE] = XATTR_REPLACE };
	u32 how = xdr_in_u32(c->in), len;
	char key[NFS_NAME_MAX + 1];
	enum nfs4_status status = key_decode(c->in, key);
	const u8 *value = xdr_in_opaque(c->in, NFS_DATA_MAX, &len);
	struct nfs4_change before;
	int err;

	if (!xdr_in_ok(c->in) || how > SETXATTR4_REPLACE)
		return NFS4ERR_BADXDR;
	if (status == NFS4_OK && len > XATTR_SIZE_MAX)
		status = NFS4ERR_XATTR2BIG;
	if (status != NFS4_OK)
		return status;
	before = nfs4_change_of(&c->cur);
	err = c->cur.export->vfs->setxattr(c->cur.node, &c->cur.cred, key, value, len, flags[how]);
	if (err)
		return nfs4_status_of(err);
	nfs4_change_info(c->out, &before, &c->cur, 1);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_removexattr(struct nfs4_compound *c)
{
	char key[NFS_NAME_MAX + 1];
	enum nfs4_status status = key_decode(c->in, key);
	struct nfs4_change before;
	int err;

	if (status != NFS4_OK)
		return status;
	before = nfs4_change_of(&c->cur);
	err = c->cur.export->vfs->removexattr(c->cur.node, &c->cur.cred, key);
	if (err)
		return nfs4_status_of(err);
	nfs4_change_info(c->out, &before, &c->cur, 1);
	return NFS4_OK;
}

/* ---- LISTXATTRS: the cookie is how many names were told before ---------------------------------------------- */

#define LIST_FIXED_BYTES	(8 + 4 + 4)	/* cookie, count of names, eof */

static enum nfs4_status list_encode(struct nfs4_compound *c, const char *names, size_t len,
				    u64 cookie, u32 max)
{
	u8 *cookie_at = xdr_out_reserve(c->out, 8), *count_at = xdr_out_reserve(c->out, 4);
	u32 used = LIST_FIXED_BYTES, told = 0, need;
	u64 index = 0;
	const char *name;

	if (!count_at)
		return NFS4ERR_REP_TOO_BIG;
	for (name = names; name < names + len; name += strlen(name) + 1, index++) {
		if (index < cookie)
			continue;
		need = 4 + (u32)(strlen(name) + xdr_pad(strlen(name)));
		if (used + need > max || xdr_out_left(c->out) < need + 4)
			break;
		xdr_out_opaque(c->out, name, (u32)strlen(name));
		used += need;
		told++;
	}
	if (index < cookie)
		return NFS4ERR_BAD_COOKIE;
	if (!told && name < names + len)
		return NFS4ERR_TOOSMALL;
	put_unaligned_be64(cookie + told, cookie_at);
	xdr_put_u32(count_at, told);
	xdr_out_bool(c->out, name == names + len);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_listxattrs(struct nfs4_compound *c)
{
	u64 cookie = xdr_in_u64(c->in);
	u32 max = xdr_in_u32(c->in);
	enum nfs4_status status;
	char *names;
	ssize_t n;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (max < LIST_FIXED_BYTES)
		return NFS4ERR_TOOSMALL;
	names = malloc(XATTR_LIST_MAX);
	if (!names)
		return NFS4ERR_DELAY;
	n = c->cur.export->vfs->listxattr(c->cur.node, &c->cur.cred, names, XATTR_LIST_MAX);
	status = n < 0 ? nfs4_status_of((int)n) : list_encode(c, names, (size_t)n, cookie, max);
	free(names);
	return status;
}
