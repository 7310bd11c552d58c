// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* GETATTR, SETATTR, LOOKUP, ACCESS, READLINK.  RFC 1813 3.3.1 to 3.3.5. */
#include <errno.h>

#include "nfsrdma/server/nfs3.h"

enum nfs_outcome nfs3_getattr(struct nfs_call *call, bool may_block)
{
	struct nfs_attr attr = { 0 };
	enum nfs3_status status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj obj;

	nfs3_fh_decode(&call->args, &fh);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	if (!may_block && nfs3_fh_is_remote(call, &fh))
		return NFS_WOULD_BLOCK;
	status = nfs3_obj_get(call, &fh, false, &obj);
	if (status == NFS3_OK)
		status = nfs3_status_of(obj.export->vfs->getattr(obj.node, &attr));
	xdr_out_u32(&call->reply, status);
	if (status == NFS3_OK)
		nfs3_fattr_encode(&call->reply, obj.export, &attr);
	nfs3_obj_put(&obj);
	return NFS_DONE;
}

/* As clients were told it. */
static bool is_ctime(const struct nfs3_obj *obj, u32 sec, u32 nsec)
{
	const struct timespec *t = &obj->before.st.st_ctim;
	u32 told_sec, told_nsec;

	nfs3_time_clamp(t->tv_sec, (u32)t->tv_nsec, &told_sec, &told_nsec);
	return obj->has_before && sec == told_sec && nsec == told_nsec;
}

enum nfs_outcome nfs3_setattr(struct nfs_call *call, bool may_block)
{
	enum nfs3_status status;
	struct nfs_set_attr set;
	struct nfs3_fh_arg fh;
	struct nfs3_obj obj;
	u32 sec = 0, nsec = 0;
	bool guard;

	nfs3_fh_decode(&call->args, &fh);
	nfs3_sattr_decode(&call->args, &set);
	guard = xdr_in_bool(&call->args);
	if (guard) {
		sec = xdr_in_u32(&call->args);
		nsec = xdr_in_u32(&call->args);
	}
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, true, &obj);
	nfs3_obj_before(&obj);
	if (status == NFS3_OK && guard && !is_ctime(&obj, sec, nsec))
		status = NFS3ERR_NOT_SYNC;
	if (status == NFS3_OK)
		status = nfs3_status_of(obj.export->vfs->setattr(obj.node, &obj.cred, &set));
	xdr_out_u32(&call->reply, status);
	nfs3_wcc(&call->reply, &obj);
	nfs3_obj_put(&obj);
	return NFS_DONE;
}

/* Down into what is mounted there, or up from it; NULL: neither. */
static struct nfs_export *crossed(const struct nfs_call *call, const struct nfs3_fh_arg *fh,
				  const struct nfs3_obj *dir, const char *name)
{
	const struct nfs_vfs_ops *vfs = dir->export->vfs;
	struct nfs_export *outer = nfs_export_shown_in(dir->export);
	const struct nfs_export_rule *rule;
	struct nfs_node *root;
	bool at_root;

	if (strcmp(name, ".."))
		return nfs_export_mounted_at(call->server->exports, dir->export, fh->data, fh->len,
					     name, &call->conn->peer);
	if (!outer || vfs->root(dir->export, &root))
		return NULL;
	at_root = root == dir->node;
	vfs->put(root);
	rule = at_root ? nfs_export_rule_for(outer, &call->conn->peer) : NULL;
	return rule && nfs_export_port_ok(rule, &call->conn->peer) ? outer : NULL;
}

static enum nfs3_status find(const struct nfs_call *call, const struct nfs3_fh_arg *fh,
			     const struct nfs3_obj *dir, const char *name, struct nfs3_obj *obj)
{
	struct nfs_export *to = crossed(call, fh, dir, name), *e;
	const struct nfs_fh *up = &dir->export->outer_dir;
	unsigned have = 0;
	int err;

	obj->export = to ? to : dir->export;
	if (!to)
		return nfs3_status_of(
			dir->export->vfs->lookup(dir->node, &dir->cred, name, &obj->node));
	err = dir->export->vfs->access(dir->node, &dir->cred, NFS_MAY_EXEC, &have);
	if (err || !have)
		return err ? nfs3_status_of(err) : NFS3ERR_ACCES;
	if (to == dir->export->outer)
		err = nfs_fh_resolve(call->server->exports, up->data, up->len, &e, &obj->node);
	else
		err = to->vfs->root(to, &obj->node);
	return nfs3_status_of(err);
}

enum nfs_outcome nfs3_lookup(struct nfs_call *call, bool may_block)
{
	enum nfs3_status status, name_status;
	char name[NFS_NAME_MAX + 1];
	struct nfs3_obj obj = { 0 };
	struct nfs3_fh_arg fh;
	struct nfs3_obj dir;
	struct nfs_fh found;

	nfs3_fh_decode(&call->args, &fh);
	name_status = nfs3_name_decode(&call->args, name);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, false, &dir);
	if (status == NFS3_OK)
		status = name_status;
	if (status == NFS3_OK)
		status = find(call, &fh, &dir, name, &obj);
	if (status == NFS3_OK)
		status = nfs3_status_of(nfs_fh_make(obj.export, obj.node, &found));
	xdr_out_u32(&call->reply, status);
	if (status == NFS3_OK) {
		xdr_out_opaque(&call->reply, found.data, found.len);
		nfs3_post_attr(&call->reply, &obj);
	}
	nfs3_post_attr(&call->reply, &dir);
	nfs3_obj_put(&obj);
	nfs3_obj_put(&dir);
	return NFS_DONE;
}

/* Rights of the protocol that one right of the system stands for. */
static u32 access_of(unsigned have, bool is_dir)
{
	u32 bits = 0;

	if (have & NFS_MAY_READ)
		bits |= NFS3_ACCESS_READ;
	if (have & NFS_MAY_WRITE)
		bits |= NFS3_ACCESS_MODIFY | NFS3_ACCESS_EXTEND | (is_dir ? NFS3_ACCESS_DELETE : 0);
	if (have & NFS_MAY_EXEC)
		bits |= is_dir ? NFS3_ACCESS_LOOKUP : NFS3_ACCESS_EXECUTE;
	return bits;
}

enum nfs_outcome nfs3_access(struct nfs_call *call, bool may_block)
{
	struct nfs_attr attr = { 0 };
	enum nfs3_status status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj obj;
	unsigned have = 0;
	u32 want;

	nfs3_fh_decode(&call->args, &fh);
	want = xdr_in_u32(&call->args);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	if (!may_block && nfs3_fh_is_remote(call, &fh))
		return NFS_WOULD_BLOCK;
	status = nfs3_obj_get(call, &fh, false, &obj);
	if (status == NFS3_OK)
		status = nfs3_status_of(obj.export->vfs->access(
			obj.node, &obj.cred, NFS_MAY_READ | NFS_MAY_WRITE | NFS_MAY_EXEC, &have));
	if (status == NFS3_OK)
		status = nfs3_status_of(obj.export->vfs->getattr(obj.node, &attr));
	xdr_out_u32(&call->reply, status);
	nfs3_post_attr(&call->reply, &obj);
	if (status == NFS3_OK) {
		if (!obj.rule->rw)
			have &= ~(unsigned)NFS_MAY_WRITE;
		xdr_out_u32(&call->reply, want & access_of(have, S_ISDIR(attr.st.st_mode)));
	}
	nfs3_obj_put(&obj);
	return NFS_DONE;
}

enum nfs_outcome nfs3_readlink(struct nfs_call *call, bool may_block)
{
	char path[NFS_PATH_MAX + 1];
	enum nfs3_status status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj obj;
	u8 *data = NULL;
	ssize_t n = 0;

	nfs3_fh_decode(&call->args, &fh);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, false, &obj);
	if (status == NFS3_OK) {
		n = obj.export->vfs->readlink(obj.node, path, sizeof(path));
		status = nfs3_status_of(n < 0 ? (int)n : 0);
	}
	xdr_out_u32(&call->reply, status);
	nfs3_post_attr(&call->reply, &obj);
	if (status == NFS3_OK) {
		data = nfs_call_data_out(call, (u32)n);
		if (!data) {
			nfs3_obj_put(&obj);
			return NFS_SYSTEM_ERR;
		}
		memcpy(data, path, (size_t)n);
		nfs_call_data_set(call, data, (u32)n);
	}
	nfs3_obj_put(&obj);
	return NFS_DONE;
}
