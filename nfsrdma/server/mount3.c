// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MOUNT version 3: from the path of an export to its file handle.  RFC 1813 appendix I.  The list of who has mounted
 * what is not kept: it was never more than a guess.
 */
#include <errno.h>

#include "nfsrdma/server/nfs3.h"

static enum nfs_outcome null(struct nfs_call *call, bool may_block)
{
	return NFS_DONE;
}

/* Down from the export's root, name by name, as the caller. */
static int walk(struct nfs3_obj *obj, const char *rest)
{
	const struct nfs_vfs_ops *vfs = obj->export->vfs;
	char name[NFS_NAME_MAX + 1];
	struct nfs_node *next;
	size_t len;
	int err;

	for (; *rest; rest += len + strspn(rest + len, "/")) {
		len = strcspn(rest, "/");
		if (len > NFS_NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, rest, len);
		name[len] = '\0';
		err = vfs->lookup(obj->node, &obj->cred, name, &next);
		if (err)
			return err;
		vfs->put(obj->node);
		obj->node = next;
	}
	return 0;
}

static int find(struct nfs_call *call, const char *path, struct nfs3_obj *obj, struct nfs_fh *fh)
{
	const char *rest;
	int err;

	*obj = (struct nfs3_obj){ .export =
					  nfs_export_by_path(call->server->exports, path, &rest) };
	if (!obj->export)
		return -ENOENT;
	obj->rule = nfs_export_rule_for(obj->export, &call->conn->peer);
	if (!obj->rule || !nfs_export_port_ok(obj->rule, &call->conn->peer))
		return -EACCES;
	nfs_export_squash(obj->rule, &call->cred, &obj->cred);
	err = obj->export->vfs->root(obj->export, &obj->node);
	if (!err)
		err = walk(obj, rest);
	return err ? err : nfs_fh_make(obj->export, obj->node, fh);
}

static enum nfs_outcome mnt(struct nfs_call *call, bool may_block)
{
	char path[MOUNT3_PATH_MAX + 1];
	struct nfs3_obj obj = { 0 };
	enum nfs3_status status;
	struct nfs_fh fh;
	const u8 *p;
	u32 len;

	p = xdr_in_opaque(&call->args, MOUNT3_PATH_MAX, &len);
	if (!xdr_in_ok(&call->args) || memchr(p, '\0', len))
		return NFS_GARBAGE;
	memcpy(path, p, len);
	path[len] = '\0';
	status = nfs3_status_of(find(call, path, &obj, &fh));
	if (status == NFS3ERR_STALE)
		status = NFS3ERR_NOENT;		/* MOUNT has fewer */
	xdr_out_u32(&call->reply, status);
	if (status == NFS3_OK) {
		xdr_out_opaque(&call->reply, fh.data, fh.len);
		xdr_out_u32(&call->reply, 1);
		xdr_out_u32(&call->reply, RPC_AUTH_SYS);
	}
	nfs3_obj_put(&obj);
	return NFS_DONE;
}

static enum nfs_outcome empty_list(struct nfs_call *call, bool may_block)
{
	xdr_out_bool(&call->reply, false);
	return NFS_DONE;
}

static enum nfs_outcome umnt(struct nfs_call *call, bool may_block)
{
	u32 len;

	xdr_in_opaque(&call->args, MOUNT3_PATH_MAX, &len);
	return xdr_in_ok(&call->args) ? NFS_DONE : NFS_GARBAGE;
}

/* Each export, with no groups: what rules say in detail is nobody's business. */
static enum nfs_outcome export_list(struct nfs_call *call, bool may_block)
{
	const struct nfs_export *e;

	for (e = nfs_exports_first(call->server->exports); e; e = nfs_exports_next(e)) {
		if (nfs_export_is_gone(e) || __atomic_load_n(&e->crossed, __ATOMIC_RELAXED))
			continue;
		xdr_out_bool(&call->reply, true);
		xdr_out_opaque(&call->reply, e->path, (u32)strlen(e->path));
		xdr_out_bool(&call->reply, false);
	}
	return empty_list(call, may_block);
}

static const struct nfs_proc mount3_procs[MOUNT3_PROCS] = {
	[MOUNT3_NULL] = { "NULL", null, true },
	[MOUNT3_MNT] = { "MNT", mnt, false },
	[MOUNT3_DUMP] = { "DUMP", empty_list, true },
	[MOUNT3_UMNT] = { "UMNT", umnt, true },
	[MOUNT3_UMNTALL] = { "UMNTALL", null, true },
	[MOUNT3_EXPORT] = { "EXPORT", export_list, true },
};
static const struct nfs_proc *const procs[] = { mount3_procs };
static const unsigned proc_n[] = { MOUNT3_PROCS };

struct nfs_program mount3_program = {
	.prog = MOUNT_PROGRAM,
	.name = "mountd",
	.vers_low = MOUNT3_VERSION,
	.vers_high = MOUNT3_VERSION,
	.procs = procs,
	.proc_n = proc_n,
};
