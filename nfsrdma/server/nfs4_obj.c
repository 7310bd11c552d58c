// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What a filehandle stands for: a directory of the pseudo file system, or an object of an export and its caller there. */
#include <errno.h>

#include "nfsrdma/server/nfs4_pseudo.h"

/* Its rule and the caller as squashed by it.  No rule: as if there were no such export (STALE, not ACCESS: 15.2). */
static enum nfs4_status caller_of(struct nfs4_compound *c, struct nfs4_obj *obj)
{
	const struct sockaddr_storage *peer = &c->call->conn->peer;

	obj->rule = nfs_export_rule_for(obj->export, peer);
	if (!obj->rule || !nfs_export_port_ok(obj->rule, peer)) {
		nfs_refused(c->call, obj->export->path,
			    obj->rule ? NFS_REFUSED_PORT : NFS_REFUSED_HOST);
		return obj->rule ? NFS4ERR_PERM : NFS4ERR_STALE;
	}
	nfs_export_squash(obj->rule, &c->call->cred, &obj->cred);
	return NFS4_OK;
}

static void obj_is_pseudo(struct nfs4_compound *c, const struct nfs4_pseudo *p,
			  struct nfs4_obj *obj)
{
	*obj = (struct nfs4_obj){ .pseudo = p, .cred = c->call->cred };
	nfs4_pseudo_fh(p, &obj->fh);
}

enum nfs4_status nfs4_obj_from_fh(struct nfs4_compound *c, const u8 *fh, u32 len,
				  struct nfs4_obj *obj)
{
	const struct nfs_server *server = c->call->server;
	struct nfs4_obj found = { 0 };
	const struct nfs4_pseudo *p;
	enum nfs4_status status;
	int err;

	if (len == NFS4_PSEUDO_FH_BYTES && fh[0] == NFS4_PSEUDO_FH) {
		p = nfs4_pseudo_find(nfs_server_pseudo(server), get_unaligned_be64(fh + 4));
		if (!p)
			return NFS4ERR_STALE;
		obj_is_pseudo(c, p, obj);
		return NFS4_OK;
	}
	if (!c->may_block && nfs_fh_is_remote(server->exports, fh, len))
		return NFS4_WOULD_BLOCK;
	err = nfs_fh_resolve(server->exports, fh, len, &found.export, &found.node);
	if (err)
		return nfs4_status_of(err);
	status = caller_of(c, &found);
	if (status != NFS4_OK) {
		nfs4_obj_put(&found);
		return status;
	}
	found.fh.len = (u8)len;
	memcpy(found.fh.data, fh, len);
	*obj = found;
	return NFS4_OK;
}

enum nfs4_status nfs4_obj_from_node(struct nfs4_compound *c, struct nfs_export *export,
				    struct nfs_node *node, struct nfs4_obj *obj)
{
	struct nfs4_obj found = { .export = export, .node = node };
	enum nfs4_status status = caller_of(c, &found);

	if (status == NFS4_OK)
		status = nfs4_status_of(nfs_fh_make(export, node, &found.fh));
	if (status != NFS4_OK) {
		nfs4_obj_put(&found);
		return status;
	}
	*obj = found;
	return NFS4_OK;
}

enum nfs4_status nfs4_obj_from_pseudo(struct nfs4_compound *c, const struct nfs4_pseudo *p,
				      struct nfs4_obj *obj)
{
	struct nfs_node *node;
	int err;

	if (!nfs4_pseudo_crosses(p, &c->call->conn->peer)) {
		obj_is_pseudo(c, p, obj);
		return NFS4_OK;
	}
	if (!c->may_block && p->export->remote)
		return NFS4_WOULD_BLOCK;
	err = p->export->vfs->root(p->export, &node);
	return err ? nfs4_status_of(err) : nfs4_obj_from_node(c, p->export, node, obj);
}

void nfs4_obj_put(struct nfs4_obj *obj)
{
	if (obj->node)
		obj->export->vfs->put(obj->node);
	obj->node = NULL;
	obj->pseudo = NULL;
}

void nfs4_obj_copy(struct nfs4_obj *to, const struct nfs4_obj *from)
{
	if (from->node)
		from->export->vfs->get(from->node);
	*to = *from;
}

void nfs4_cur_set(struct nfs4_compound *c, struct nfs4_obj *obj)
{
	nfs4_obj_put(&c->cur);
	c->cur = *obj;
	obj->node = NULL;
	obj->pseudo = NULL;
	c->has_cur_sid = false;
}

enum nfs4_status nfs4_obj_regular(const struct nfs4_obj *obj, struct nfs_attr *attr)
{
	int err;

	if (obj->pseudo)
		return NFS4ERR_ISDIR;
	err = obj->export->vfs->getattr(obj->node, attr);
	if (err)
		return nfs4_status_of(err);
	switch (attr->st.st_mode & S_IFMT) {
	case S_IFREG:
		return NFS4_OK;
	case S_IFDIR:
		return NFS4ERR_ISDIR;
	case S_IFLNK:
		return NFS4ERR_SYMLINK;
	default:
		return NFS4ERR_WRONG_TYPE;
	}
}

enum nfs4_status nfs4_obj_not_dir(const struct nfs4_obj *obj)
{
	struct nfs_attr attr;

	if (obj->node && !obj->export->vfs->getattr(obj->node, &attr) && S_ISLNK(attr.st.st_mode))
		return NFS4ERR_SYMLINK;
	return NFS4ERR_NOTDIR;
}
