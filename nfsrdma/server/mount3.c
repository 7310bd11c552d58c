// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MOUNT version 3: from the path of an export, or of something in it, to its file handle, also by way of links.
 * RFC 1813 appendix I.  The list of who has mounted what is not kept: it was never more than a guess.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nfsrdma/server/nfs3.h"

#define LINKS_MAX 40			/* as in a path of the system */

static enum nfs_outcome null(struct nfs_call *call, bool may_block)
{
	return NFS_DONE;
}

/* ---- where a path leads ------------------------------------------------------------------------------ */

/* What is left to go; `path` holds it all.  One slash between names, none of them ".". */
struct way {
	char path[MOUNT3_PATH_MAX + 1];
	const char *rest;		/* in path: below the export */
	unsigned links;			/* followed so far */
	const char *why;  /* it is refused, when that is not said by an error of the system */
};

static void squeeze(char *path)
{
	char *o = path;
	size_t len;

	for (const char *s = path; *s; s += len) {
		bool slash = *s == '/';

		s += strspn(s, "/");
		len = strcspn(s, "/");
		if (len == 1 && *s == '.')
			continue;
		if (slash && (len || o == path))
			*o++ = '/';
		memmove(o, s, len);
		o += len;
	}
	*o = '\0';
}

static bool goes_up(const char *path)
{
	for (const char *s = path; (s = strstr(s, "/..")); s += 3)
		if (s[3] == '/' || !s[3])
			return true;
	return false;
}

/* Something is exported to it. */
static bool is_client(const struct nfs_call *call)
{
	const struct nfs_export *e = nfs_exports_first(call->server->exports);

	while (e && !nfs_export_rule_for(e, &call->conn->peer))
		e = nfs_exports_next(e);
	return e;
}

/* By its name; else by where that leads on this machine, which is nobody's business but a client's. */
static struct nfs_export *export_of(const struct nfs_call *call, struct way *way)
{
	const struct nfs_exports *exports = call->server->exports;
	struct nfs_export *e = NULL;
	char *real;

	if (!goes_up(way->path))
		e = nfs_export_by_path(exports, way->path, &way->rest);
	if (e || !call->server->real_path || !is_client(call))
		return e;
	real = call->server->real_path(way->path);
	if (real && strlen(real) < sizeof(way->path)) {
		strcpy(way->path, real);
		e = nfs_export_by_path(exports, way->path, &way->rest);
	}
	free(real);
	return e;
}

/* Puts the target in the place of the link, whose name begins at `name`; behind it comes what is left. */
static int follow(struct way *way, const char *name, const char *target)
{
	char path[2 * sizeof(way->path) + NFS_PATH_MAX];
	size_t above = *target == '/' ? 0 : (size_t)(name - way->path), len = strcspn(name, "/");

	/* No link is above it: up is where the name before it was. */
	while (above && !strncmp(target, "..", 2) && (target[2] == '/' || !target[2])) {
		target += 2 + strspn(target + 2, "/");
		while (above > 1 && way->path[above - 1] == '/')
			above--;
		while (above > 1 && way->path[above - 1] != '/')
			above--;
	}
	snprintf(path, sizeof(path), "%.*s%s%s", (int)above, way->path, target, name + len);
	squeeze(path);
	if (strlen(path) >= sizeof(way->path))
		return -ENAMETOOLONG;
	strcpy(way->path, path);
	return ++way->links > LINKS_MAX ? -ELOOP : 0;
}

static ssize_t link_target(const struct nfs3_obj *obj, char target[NFS_PATH_MAX + 1])
{
	struct nfs_attr attr;
	ssize_t n = obj->export->vfs->getattr(obj->node, &attr);

	if (n || !S_ISLNK(attr.st.st_mode))
		return n;
	n = obj->export->vfs->readlink(obj->node, target, NFS_PATH_MAX);
	if (n >= 0)
		target[n] = '\0';
	return n;
}

/* Down from the export's root, name by name, as the caller.  -EAGAIN: there was a link, the way is another one. */
static int walk(struct nfs3_obj *obj, struct way *way)
{
	const struct nfs_vfs_ops *vfs = obj->export->vfs;
	char name[NFS_NAME_MAX + 1], target[NFS_PATH_MAX + 1];
	struct nfs_node *next;
	const char *rest;
	ssize_t n;
	size_t len;
	int err;

	for (rest = way->rest; *rest; rest += len + strspn(rest + len, "/")) {
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
		n = link_target(obj, target);
		if (n) {
			err = n < 0 ? (int)n : follow(way, rest, target);
			return err ? err : -EAGAIN;
		}
	}
	return 0;
}

/* Into the export, as far as the way goes without a link. */
static int enter(struct nfs_call *call, struct way *way, struct nfs3_obj *obj)
{
	int err;

	*obj = (struct nfs3_obj){ .export = export_of(call, way) };
	if (!obj->export) {
		way->why = "no such export";
		return -ENOENT;
	}
	obj->rule = nfs_export_rule_for(obj->export, &call->conn->peer);
	if (!obj->rule || !nfs_export_port_ok(obj->rule, &call->conn->peer)) {
		way->why = obj->rule ? NFS_REFUSED_PORT : NFS_REFUSED_HOST;
		return -EACCES;
	}
	nfs_export_squash(obj->rule, &call->cred, &obj->cred);
	err = obj->export->vfs->root(obj->export, &obj->node);
	return err ? err : walk(obj, way);
}

static int find(struct nfs_call *call, struct way *way, struct nfs3_obj *obj, struct nfs_fh *fh)
{
	int err;

	squeeze(way->path);
	while ((err = enter(call, way, obj)) == -EAGAIN)
		nfs3_obj_put(obj);
	return err ? err : nfs_fh_make(obj->export, obj->node, fh);
}

/* ---- the procedures ---------------------------------------------------------------------------------- */

static enum nfs_outcome mnt(struct nfs_call *call, bool may_block)
{
	struct nfs3_obj obj = { 0 };
	struct way way = { 0 };
	enum nfs3_status status;
	struct nfs_fh fh;
	const u8 *p;
	u32 len;
	int err;

	p = xdr_in_opaque(&call->args, MOUNT3_PATH_MAX, &len);
	if (!xdr_in_ok(&call->args) || memchr(p, '\0', len))
		return NFS_GARBAGE;
	memcpy(way.path, p, len);
	err = find(call, &way, &obj, &fh);
	if (err)
		nfs_refused(call, way.path, way.why ? way.why : strerror(-err));
	status = nfs3_status_of(err);
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
