// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* LOOKUP, LOOKUPP, READLINK, SECINFO, SECINFO_NO_NAME.  RFC 8881 18.13, 18.14, 18.24, 18.29, 18.45. */
#include <errno.h>

#include "nfsrdma/server/nfs4_pseudo.h"

enum { SECINFO_STYLE4_CURRENT_FH = 0, SECINFO_STYLE4_PARENT = 1 };

/* ---- down ------------------------------------------------------------------------------------------ */

static enum nfs4_status lookup_pseudo(struct nfs4_compound *c, const struct nfs4_obj *dir,
				      const char *name, struct nfs4_obj *obj)
{
	const struct nfs4_pseudo *p = nfs4_pseudo_child(dir->pseudo, name);

	if (p && !nfs4_pseudo_visible(p, &c->call->conn->peer)) {
		nfs_refused(c->call, p->export ? p->export->path : name, NFS_REFUSED_HOST);
		p = NULL;
	}
	return p ? nfs4_obj_from_pseudo(c, p, obj) : NFS4ERR_NOENT;
}

const struct nfs4_pseudo *nfs4_pseudo_below(struct nfs4_compound *c, const struct nfs4_obj *dir,
					    const char *name)
{
	const struct nfs4_pseudo *p = nfs4_pseudo_at(dir->export, &dir->fh);

	p = p ? nfs4_pseudo_child(p, name) : NULL;
	return p && nfs4_pseudo_crosses(p, &c->call->conn->peer) ? p : NULL;
}

enum nfs4_status nfs4_obj_lookup(struct nfs4_compound *c, const struct nfs4_obj *dir,
				 const char *name, struct nfs4_obj *obj)
{
	const struct nfs4_pseudo *inner;
	struct nfs_node *node;
	unsigned have = 0;
	int err;

	if (dir->pseudo)
		return lookup_pseudo(c, dir, name, obj);
	inner = nfs4_pseudo_below(c, dir, name);
	if (inner) {
		err = dir->export->vfs->access(dir->node, &dir->cred, NFS_MAY_EXEC, &have);
		if (err || !have)
			return err ? nfs4_status_of(err) : NFS4ERR_ACCESS;
		return nfs4_obj_from_pseudo(c, inner, obj);
	}
	err = dir->export->vfs->lookup(dir->node, &dir->cred, name, &node);
	if (err == -ENOTDIR)
		return nfs4_obj_not_dir(dir);
	if (err == -EXDEV)		/* another file system is mounted there: not exported */
		return NFS4ERR_ACCESS;
	return err ? nfs4_status_of(err) : nfs4_obj_from_node(c, dir->export, node, obj);
}

enum nfs4_status nfs4_op_lookup(struct nfs4_compound *c)
{
	char name[NFS_NAME_MAX + 1];
	enum nfs4_status status = nfs4_name_decode(c->in, name);
	struct nfs4_obj obj;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (status == NFS4_OK)
		status = nfs4_obj_lookup(c, &c->cur, name, &obj);
	if (status == NFS4_OK)
		nfs4_cur_set(c, &obj);
	return status;
}

/* ---- up --------------------------------------------------------------------------------------------- */

/*
 * What is above a node of the tree: the directory of the outer export where there is one for this caller, else a
 * directory of the tree or the root of the export that is there.
 */
static enum nfs4_status above(struct nfs4_compound *c, const struct nfs4_pseudo *p,
			      struct nfs4_obj *obj)
{
	const struct nfs4_pseudo *up = p->parent;

	if (!up)
		return NFS4ERR_NOENT;
	if (up->under_fh.len && !nfs4_pseudo_crosses(up, &c->call->conn->peer) &&
	    nfs_export_rule_for(up->outer, &c->call->conn->peer))
		return nfs4_obj_from_fh(c, up->under_fh.data, up->under_fh.len, obj);
	return nfs4_obj_from_pseudo(c, up, obj);
}

static enum nfs4_status parent_of(struct nfs4_compound *c, const struct nfs4_obj *from,
				  struct nfs4_obj *obj)
{
	const struct nfs4_pseudo *p = from->pseudo ? from->pseudo : nfs4_pseudo_of_root(from);
	struct nfs_node *node;
	int err;

	if (p)
		return above(c, p, obj);
	err = from->export->vfs->lookup(from->node, &from->cred, "..", &node);
	if (err == -ENOTDIR)
		return nfs4_obj_not_dir(from);
	return err ? nfs4_status_of(err) : nfs4_obj_from_node(c, from->export, node, obj);
}

enum nfs4_status nfs4_op_lookupp(struct nfs4_compound *c)
{
	struct nfs4_obj obj;
	enum nfs4_status status = parent_of(c, &c->cur, &obj);

	if (status == NFS4_OK)
		nfs4_cur_set(c, &obj);
	return status;
}

/* ---- READLINK --------------------------------------------------------------------------------------- */

enum nfs4_status nfs4_op_readlink(struct nfs4_compound *c)
{
	char path[NFS_PATH_MAX + 1];
	ssize_t n;
	u8 *data;

	if (c->cur.pseudo)
		return NFS4ERR_WRONG_TYPE;
	n = c->cur.export->vfs->readlink(c->cur.node, path, sizeof(path));
	if (n < 0)
		return n == -EINVAL ? NFS4ERR_WRONG_TYPE : nfs4_status_of((int)n);
	data = nfs_call_data_out(c->call, (u32)n);
	if (!data)
		return NFS4ERR_REP_TOO_BIG;
	memcpy(data, path, (size_t)n);
	nfs_call_data_set(c->call, data, (u32)n);
	return NFS4_OK;
}

/* ---- SECINFO ---------------------------------------------------------------------------------------- */

/* AUTH_SYS is all there is.  The current filehandle is used up (2.6.3.1.1.8). */
static enum nfs4_status secinfo(struct nfs4_compound *c, struct nfs4_obj *obj)
{
	struct nfs4_obj none = { 0 };

	nfs4_obj_put(obj);
	nfs4_cur_set(c, &none);
	xdr_out_u32(c->out, 1);
	xdr_out_u32(c->out, RPC_AUTH_SYS);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_secinfo(struct nfs4_compound *c)
{
	char name[NFS_NAME_MAX + 1];
	enum nfs4_status status = nfs4_name_decode(c->in, name);
	struct nfs4_obj obj;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (status == NFS4_OK)
		status = nfs4_obj_lookup(c, &c->cur, name, &obj);
	return status == NFS4_OK ? secinfo(c, &obj) : status;
}

enum nfs4_status nfs4_op_secinfo_no_name(struct nfs4_compound *c)
{
	u32 style = xdr_in_u32(c->in);
	struct nfs4_obj obj = { 0 };
	enum nfs4_status status = NFS4_OK;

	if (!xdr_in_ok(c->in) || style > SECINFO_STYLE4_PARENT)
		return NFS4ERR_BADXDR;
	if (style == SECINFO_STYLE4_PARENT)
		status = parent_of(c, &c->cur, &obj);
	return status == NFS4_OK ? secinfo(c, &obj) : status;
}
