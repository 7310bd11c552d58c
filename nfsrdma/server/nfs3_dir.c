// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * READDIR, READDIRPLUS.  RFC 1813 3.3.16, 3.3.17.
 *
 * The cookie verifier is always zero: cookies of the file system stay good as long as the directory exists.
 */
#include <errno.h>

#include "nfsrdma/server/nfs3.h"

#define LIST_END_BYTES	8		/* no more entries, end of directory */
#define ENTRY_BYTES	(4 + 8 + 4 + 8)	/* follows, fileid, length of the name, cookie */
#define PLUS_BYTES	(4 + NFS3_FATTR_BYTES + 4 + 4 + NFS3_FHSIZE)

struct listing {
	struct nfs_call *call;
	struct nfs3_obj *dir;
	const struct nfs3_fh_arg *fh;	/* its handle */
	size_t len_max;			/* of the reply, entries and what comes before them */
	size_t dir_left;		/* READDIRPLUS: dircount */
	bool plus;
	unsigned n;
};

/* Attributes and handle, or neither: the entry may have gone since it was read, or be another file system's root. */
static void entry_plus(struct listing *l, const struct nfs_dirent *entry)
{
	const struct nfs_vfs_ops *vfs = l->dir->export->vfs;
	struct xdr_out *out = &l->call->reply;
	struct nfs3_obj obj = { .export = l->dir->export };
	struct nfs_fh fh;
	bool has_fh;

	if (nfs_export_mounted_at(l->call->server->exports, obj.export, l->fh->data, l->fh->len,
				  entry->name, &l->call->conn->peer) ||
	    vfs->lookup(l->dir->node, &l->dir->cred, entry->name, &obj.node))
		obj.node = NULL;
	has_fh = obj.node && !nfs_fh_make(obj.export, obj.node, &fh);
	nfs3_post_attr(out, &obj);
	xdr_out_bool(out, has_fh);
	if (has_fh)
		xdr_out_opaque(out, fh.data, fh.len);
	nfs3_obj_put(&obj);
}

static bool entry_add(void *ctx, const struct nfs_dirent *entry)
{
	struct listing *l = ctx;
	struct xdr_out *out = &l->call->reply;
	size_t need = ENTRY_BYTES + entry->name_len + xdr_pad(entry->name_len);

	if (l->plus && need > l->dir_left && l->n)
		return false;
	l->dir_left -= min_t(size_t, need, l->dir_left);
	if (l->plus)
		need += PLUS_BYTES;
	if (xdr_out_len(out) + need + LIST_END_BYTES > l->len_max)
		return false;
	xdr_out_bool(out, true);
	xdr_out_u64(out, entry->ino);
	xdr_out_opaque(out, entry->name, entry->name_len);
	xdr_out_u64(out, entry->cookie);
	if (l->plus)
		entry_plus(l, entry);
	l->n++;
	return true;
}

static enum nfs_outcome list(struct nfs_call *call, bool plus)
{
	size_t start = xdr_out_len(&call->reply);
	struct listing l = { .call = call, .plus = plus };
	enum nfs3_status status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj dir;
	bool eof = false;
	u64 cookie;
	u32 count;

	nfs3_fh_decode(&call->args, &fh);
	cookie = xdr_in_u64(&call->args);
	xdr_in_fixed(&call->args, NFS3_COOKIEVERFSIZE);
	if (plus)
		l.dir_left = xdr_in_u32(&call->args);
	count = xdr_in_u32(&call->args);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, false, &dir);
	l.dir = &dir;
	l.fh = &fh;
	l.len_max = start + min_t(size_t, count, xdr_out_left(&call->reply));
	if (status == NFS3_OK) {
		xdr_out_u32(&call->reply, NFS3_OK);
		nfs3_post_attr(&call->reply, &dir);
		xdr_out_u64(&call->reply, 0);
		status = nfs3_status_of(
			dir.export->vfs->readdir(dir.node, &dir.cred, cookie, entry_add, &l, &eof));
		if (status == NFS3_OK && !l.n && !eof)
			status = NFS3ERR_TOOSMALL;
	}
	if (status == NFS3_OK) {
		xdr_out_bool(&call->reply, false);
		xdr_out_bool(&call->reply, eof);
	} else {
		xdr_out_rewind(&call->reply, start);
		xdr_out_u32(&call->reply, status);
		nfs3_post_attr(&call->reply, &dir);
	}
	nfs3_obj_put(&dir);
	return NFS_DONE;
}

enum nfs_outcome nfs3_readdir(struct nfs_call *call, bool may_block)
{
	return list(call, false);
}

enum nfs_outcome nfs3_readdirplus(struct nfs_call *call, bool may_block)
{
	return list(call, true);
}
