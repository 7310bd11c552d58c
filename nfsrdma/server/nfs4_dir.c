// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * READDIR.  RFC 8881 18.23.
 *
 * Cookies are the file system's, which stay good as long as the directory exists, so the verifier is always zero;
 * cookies 0, 1 and 2 mean something else to clients, so those two that could be taken for 1 and 2 get their highest
 * bit turned over.  A directory of the pseudo file system has its entries' ids for cookies.
 *
 * An entry that cannot be looked up is told with rdattr_error; without it, the whole READDIR fails.  What went
 * between reading its name and looking it up is left out.
 */
#include <errno.h>

#include "nfsrdma/server/nfs4_attr.h"
#include "nfsrdma/server/nfs4_pseudo.h"

#define LIST_END_BYTES	8	/* no more entries, end of directory */
#define COOKIE_TOP	(1ull << 63)

struct listing {
	struct nfs4_compound *c;
	const struct nfs4_pseudo *nested; /* exports hang below this directory */
	struct nfs4_bitmap want;
	bool of_entry;			/* nothing of `want` needs a look at the object */
	size_t len_max;			/* of c->out */
	size_t names_left;		/* dircount */
	enum nfs4_status status;	/* ends the listing */
	unsigned n;
};

/* Either way: turned over twice it is what it was. */
static u64 cookie_turn(u64 cookie)
{
	u64 low = cookie & ~COOKIE_TOP;

	return low == 1 || low == 2 ? cookie ^ COOKIE_TOP : cookie;
}

/* ---- attributes of an entry ------------------------------------------------------------------------- */

/* By what the directory says of it: its number, and perhaps why there is no more. */
static void attrs_of_entry(struct listing *l, u64 ino, enum nfs4_status error)
{
	struct nfs4_attr_src src = { .covered_id = ino, .error = error };
	struct nfs4_bitmap want = l->want;

	if (error != NFS4_OK) {
		want = (struct nfs4_bitmap){ 0 };
		nfs4_bit_set(&want, FATTR4_RDATTR_ERROR);
		if (nfs4_bit(&l->want, FATTR4_MOUNTED_ON_FILEID))
			nfs4_bit_set(&want, FATTR4_MOUNTED_ON_FILEID);
	}
	src.attr.st.st_ino = ino;
	nfs4_fattr_encode(l->c->out, &want, &src);
}

static enum nfs4_status attrs_of_obj(struct listing *l, const struct nfs4_obj *obj)
{
	struct nfs4_bitmap want = l->want;
	struct nfs4_attr_src src;
	enum nfs4_status status = nfs4_attr_src_get(l->c, obj, &want, &src);

	if (status == NFS4_OK)
		nfs4_fattr_encode(l->c->out, &want, &src);
	return status;
}

/* An object below an export's directory: its handle is made only when it is asked for. */
static enum nfs4_status attrs_of_name(struct listing *l, const char *name)
{
	const struct nfs4_obj *dir = &l->c->cur;
	const struct nfs_vfs_ops *vfs = dir->export->vfs;
	struct nfs4_obj obj = { .export = dir->export };
	enum nfs4_status status = NFS4_OK;
	int err = vfs->lookup(dir->node, &dir->cred, name, &obj.node);

	if (err)
		return err == -EXDEV ? NFS4ERR_ACCESS : nfs4_status_of(err);
	if (nfs4_bit(&l->want, FATTR4_FILEHANDLE))
		status = nfs4_status_of(nfs_fh_make(obj.export, obj.node, &obj.fh));
	if (status == NFS4_OK)
		status = attrs_of_obj(l, &obj);
	nfs4_obj_put(&obj);
	return status;
}

static enum nfs4_status attrs_of_pseudo(struct listing *l, const struct nfs4_pseudo *p)
{
	struct nfs4_obj obj = { 0 };
	enum nfs4_status status = nfs4_obj_from_pseudo(l->c, p, &obj);

	if (status == NFS4_OK)
		status = attrs_of_obj(l, &obj);
	nfs4_obj_put(&obj);
	return status;
}

/* ---- an entry --------------------------------------------------------------------------------------- */

/* p: what hangs there instead; NULL: nothing does.  False: there is no room, or l->status ends the listing. */
static bool entry_add(struct listing *l, u64 cookie, const char *name, unsigned name_len, u64 ino,
		      const struct nfs4_pseudo *p)
{
	struct xdr_out *out = l->c->out;
	size_t start = xdr_out_len(out), need = 8 + 4 + name_len + xdr_pad(name_len), at;
	enum nfs4_status status = NFS4_OK;

	if (need > l->names_left && l->n)
		return false;
	xdr_out_bool(out, true);
	xdr_out_u64(out, cookie);
	xdr_out_opaque(out, name, name_len);
	at = xdr_out_len(out);
	if (p)
		status = attrs_of_pseudo(l, p);
	else if (l->of_entry)
		attrs_of_entry(l, ino, NFS4_OK);
	else
		status = attrs_of_name(l, name);
	if (status == NFS4ERR_NOENT || status == NFS4ERR_STALE) {
		xdr_out_rewind(out, start);
		return true;
	}
	if (status != NFS4_OK) {
		if (!nfs4_bit(&l->want, FATTR4_RDATTR_ERROR)) {
			l->status = status;
			return false;
		}
		if (xdr_out_ok(out))
			xdr_out_rewind(out, at);
		attrs_of_entry(l, ino, status);
	}
	if (!xdr_out_ok(out) || xdr_out_len(out) + LIST_END_BYTES > l->len_max) {
		xdr_out_rewind(out, start);
		return false;
	}
	l->names_left -= min_t(size_t, need, l->names_left);
	l->n++;
	return true;
}

static bool export_entry(void *ctx, const struct nfs_dirent *entry)
{
	struct listing *l = ctx;
	const struct nfs4_pseudo *p = NULL;

	if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
		return true;
	if (l->nested)
		p = nfs4_pseudo_below(l->c, &l->c->cur, entry->name);
	return entry_add(l, cookie_turn(entry->cookie), entry->name, entry->name_len, entry->ino,
			 p);
}

static enum nfs4_status list_export(struct listing *l, u64 cookie, bool *eof)
{
	const struct nfs4_obj *dir = &l->c->cur;
	int err;

	l->nested = nfs4_pseudo_at(dir->export, &dir->fh);
	err = dir->export->vfs->readdir(dir->node, &dir->cred, cookie_turn(cookie), export_entry, l,
					eof);
	if (err == -ENOTDIR)
		return nfs4_obj_not_dir(dir);
	if (err == -EINVAL && cookie)
		return NFS4ERR_BAD_COOKIE;
	return err ? nfs4_status_of(err) : l->status;
}

static enum nfs4_status list_pseudo(struct listing *l, u64 cookie, bool *eof)
{
	const struct nfs4_pseudo *p = l->c->cur.pseudo->child;

	while (cookie && p && p->id != cookie)
		p = p->next;
	if (cookie && !p)
		return NFS4ERR_BAD_COOKIE;
	for (p = cookie ? p->next : p; p; p = p->next) {
		if (nfs4_pseudo_visible(p, &l->c->call->conn->peer) &&
		    !entry_add(l, p->id, p->name, (unsigned)strlen(p->name), p->id, p))
			return l->status;
	}
	*eof = true;
	return NFS4_OK;
}

/* ---- READDIR ---------------------------------------------------------------------------------------- */

enum nfs4_status nfs4_op_readdir(struct nfs4_compound *c)
{
	struct listing l = { .c = c };
	u64 cookie = xdr_in_u64(c->in), verifier = xdr_in_u64(c->in);
	u32 dircount = xdr_in_u32(c->in), maxcount = xdr_in_u32(c->in);
	enum nfs4_status status;
	bool eof = false;

	nfs4_bitmap_decode(c->in, &l.want);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = nfs4_attrs_readable(c->minor, &l.want);
	if (status != NFS4_OK)
		return status;
	if (cookie == 1 || cookie == 2 || (!cookie && verifier))
		return NFS4ERR_BAD_COOKIE;
	if (verifier)
		return NFS4ERR_NOT_SAME;
	l.of_entry = nfs4_attrs_of_entry(&l.want);
	l.names_left = dircount ? dircount : SIZE_MAX;
	l.len_max = xdr_out_len(c->out) + min_t(size_t, maxcount, xdr_out_left(c->out));
	xdr_out_u64(c->out, 0);
	status = c->cur.pseudo ? list_pseudo(&l, cookie, &eof) : list_export(&l, cookie, &eof);
	if (status == NFS4_OK && xdr_out_len(c->out) + LIST_END_BYTES > l.len_max)
		status = NFS4ERR_TOOSMALL;
	if (status == NFS4_OK && !l.n && !eof)
		status = NFS4ERR_TOOSMALL;
	if (status != NFS4_OK)
		return status;
	xdr_out_bool(c->out, false);
	xdr_out_bool(c->out, eof);
	return NFS4_OK;
}
