// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The tree above the exports: see nfs4_pseudo.h. */
#include "nfsrdma/server/nfs4_pseudo.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define ID_RESERVED	2		/* cookies of READDIR that are not to be used (18.23.3) */

/* ---- walking ------------------------------------------------------------------------------------- */

/* The node behind p in the order of a listing that goes down first; NULL after the last of top's tree. */
static const struct nfs4_pseudo *walk(const struct nfs4_pseudo *top, const struct nfs4_pseudo *p)
{
	if (p->child)
		return p->child;
	while (p != top && !p->next)
		p = p->parent;
	return p == top ? NULL : p->next;
}

const struct nfs4_pseudo *nfs4_pseudo_find(const struct nfs4_pseudo *root, u64 id)
{
	const struct nfs4_pseudo *p = root;

	while (p && p->id != id)
		p = walk(root, p);
	return p;
}

static struct nfs4_pseudo *child(const struct nfs4_pseudo *dir, const char *name, size_t len)
{
	struct nfs4_pseudo *p = dir->child;

	while (p && (strncmp(p->name, name, len) || p->name[len]))
		p = p->next;
	return p;
}

const struct nfs4_pseudo *nfs4_pseudo_child(const struct nfs4_pseudo *dir, const char *name)
{
	return child(dir, name, strlen(name));
}

bool nfs4_pseudo_crosses(const struct nfs4_pseudo *p, const struct sockaddr_storage *peer)
{
	return p->export && nfs_export_rule_for(p->export, peer);
}

bool nfs4_pseudo_visible(const struct nfs4_pseudo *p, const struct sockaddr_storage *peer)
{
	for (const struct nfs4_pseudo *q = p; q; q = walk(p, q))
		if (nfs4_pseudo_crosses(q, peer))
			return true;
	return false;
}

static bool fh_equal(const struct nfs_fh *a, const struct nfs_fh *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

const struct nfs4_pseudo *nfs4_pseudo_at(const struct nfs_export *export, const struct nfs_fh *dir)
{
	const struct nfs4_pseudo *top = nfs_export_pseudo(export);

	if (!top || !top->child)
		return NULL;
	if (fh_equal(&top->root_fh, dir))
		return top;
	for (const struct nfs4_pseudo *p = top->child; p; p = walk(top, p))
		if (p->child && p->outer == export && fh_equal(&p->under_fh, dir))
			return p;
	return NULL;
}

const struct nfs4_pseudo *nfs4_pseudo_of_root(const struct nfs4_obj *obj)
{
	const struct nfs4_pseudo *p = obj->export ? nfs_export_pseudo(obj->export) : NULL;

	return p && fh_equal(&p->root_fh, &obj->fh) ? p : NULL;
}

u64 nfs4_pseudo_covered_id(const struct nfs4_pseudo *p)
{
	if (!p->parent)
		return p->root_ino;
	return p->under_fh.len ? p->under_ino : p->id;
}

void nfs4_pseudo_fh(const struct nfs4_pseudo *p, struct nfs_fh *fh)
{
	memset(fh->data, 0, NFS4_PSEUDO_FH_BYTES);
	fh->data[0] = NFS4_PSEUDO_FH;
	put_unaligned_be64(p->id, fh->data + 4);
	fh->len = NFS4_PSEUDO_FH_BYTES;
}

/* ---- making ---------------------------------------------------------------------------------------- */

/* FNV-1a of the path so far; what may not be an id is skipped, and what is taken. */
static u64 id_make(const struct nfs4_pseudo *root, const struct nfs4_pseudo *parent,
		   const char *name)
{
	u64 id = parent ? parent->id : 0xcbf29ce484222325;

	for (const char *s = name; *s; s++)
		id = (id ^ (u8)*s) * 0x100000001b3;
	id = (id ^ '/') * 0x100000001b3;
	id &= INT64_MAX;
	while (id <= ID_RESERVED || (root && nfs4_pseudo_find(root, id)))
		id = (id + 1) & INT64_MAX;
	return id;
}

static struct nfs4_pseudo *node_create(struct nfs4_pseudo *root, struct nfs4_pseudo *parent,
				       const char *name, size_t len, u64 change)
{
	struct nfs4_pseudo *p = calloc(1, sizeof(*p)), **at;

	if (!p)
		return NULL;
	p->name = strndup(name, len);
	if (!p->name) {
		free(p);
		return NULL;
	}
	p->id = id_make(root, parent, p->name);
	p->change = change;
	p->parent = parent;
	if (parent) {
		for (at = &parent->child; *at; at = &(*at)->next)
			;
		*at = p;
	}
	return p;
}

/* `path` below `dir`, without slashes around it, as far as it is not there. */
static struct nfs4_pseudo *path_add(struct nfs4_pseudo *root, const char *path)
{
	struct nfs4_pseudo *dir = root, *p;
	size_t len;

	for (path += strspn(path, "/"); *path && dir; path += strspn(path, "/")) {
		len = strcspn(path, "/");
		p = child(dir, path, len);
		dir = p ? p : node_create(root, dir, path, len, root->change);
		path += len;
	}
	return dir;
}

/* Its path in this tree: below the export with fsid=0 it begins there. */
static const char *path_of(const struct nfs_exports *exports, const struct nfs_export *e)
{
	const struct nfs_export *top = nfs_export_by_fsid(exports, 0);
	size_t len;

	if (top && nfs_export_is_gone(top))
		top = NULL;
	len = top ? strlen(top->path) : 0;

	while (len && top->path[len - 1] == '/')
		len--;
	if (top && !strncmp(top->path, e->path, len) && (e->path[len] == '/' || !e->path[len]))
		return e->path + len;
	return e->path;
}

/* What a node is in the outer export: the handle of its directory there, as the server itself finds it. */
static void resolve_under(const struct nfs_exports *exports, struct nfs4_pseudo *p)
{
	static const struct nfs_cred server;
	const struct nfs4_pseudo *up = p->parent;
	const struct nfs_fh *up_fh = up->export ? &up->root_fh : &up->under_fh;
	struct nfs_node *dir, *node;
	struct nfs_export *e;
	struct nfs_attr attr;

	if (!up_fh->len || nfs_fh_resolve(exports, up_fh->data, up_fh->len, &e, &dir))
		return;
	if (!e->vfs->lookup(dir, &server, p->name, &node)) {
		if (!e->vfs->getattr(node, &attr) && !nfs_fh_make(e, node, &p->under_fh))
			p->under_ino = attr.st.st_ino;
		e->vfs->put(node);
	}
	e->vfs->put(dir);
}

static void resolve_root(struct nfs4_pseudo *p)
{
	struct nfs_export *e = p->export;
	struct nfs_attr attr;
	struct nfs_node *node;

	if (e->vfs->root(e, &node))
		return;
	if (!e->vfs->getattr(node, &attr) && !nfs_fh_make(e, node, &p->root_fh))
		p->root_ino = attr.st.st_ino;
	e->vfs->put(node);
}

/* From the root down: a node's parent comes before it. */
static void resolve(const struct nfs_exports *exports, struct nfs4_pseudo *root)
{
	for (struct nfs4_pseudo *p = root; p; p = (struct nfs4_pseudo *)walk(root, p)) {
		if (p->parent)
			p->outer = p->parent->export ? p->parent->export : p->parent->outer;
		if (p->outer)
			resolve_under(exports, p);
		if (p->export)
			resolve_root(p);
	}
}

int nfs4_pseudo_create(const struct nfs_exports *exports, struct nfs4_pseudo **out)
{
	struct nfs4_pseudo *root, *p;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	root = node_create(NULL, NULL, "", 0, (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec);
	if (!root)
		return -ENOMEM;
	for (struct nfs_export *e = nfs_exports_first(exports); e; e = nfs_exports_next(e)) {
		if (nfs_export_is_gone(e))
			continue;
		p = path_add(root, path_of(exports, e));
		if (!p) {
			nfs4_pseudo_destroy(root);
			return -ENOMEM;
		}
		/* "/" and one with fsid=0: the latter was asked to be the root. */
		if (!p->export || !e->fsid)
			p->export = e;
	}
	resolve(exports, root);
	for (const struct nfs4_pseudo *q = root; q; q = walk(root, q))
		if (q->export)
			nfs_export_set_pseudo(q->export, q);
	*out = root;
	return 0;
}

void nfs4_pseudo_destroy(struct nfs4_pseudo *root)
{
	struct nfs4_pseudo *p = root, *up;

	while (p) {
		if (p->child) {
			p = p->child;
			continue;
		}
		up = p->parent;
		if (up)
			up->child = p->next;
		if (p->export && p->export->pseudo4 == p)
			nfs_export_set_pseudo(p->export, NULL);
		free(p->name);
		free(p);
		p = up;
	}
}
