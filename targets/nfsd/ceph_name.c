// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What goes by name.  Names are single components, checked by the programs; nothing here follows a symbolic link, and
 * nothing leaves the export, whose root is the root of its mount.
 */
#include <errno.h>

#include "targets/nfsd/ceph.h"

static int lookup_as(struct nfs_node *dir, const UserPerm *perm, const char *name,
		     struct nfs_node **out)
{
	struct cfs *fs = dir->fs;
	struct ceph_statx stx;
	struct Inode *in;
	int err;

	if (dir->type != S_IFDIR)
		return -ENOTDIR;
	if (!strcmp(name, "..") && dir == fs->root)
		name = ".";
	err = ceph_ll_lookup(fs->mount, dir->in, name, &in, &stx, CFS_NODE_WANT, 0, perm);
	return err ? err : cfs_node_from_inode(fs, in, &stx, out);
}

int cfs_lookup(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
	       struct nfs_node **node)
{
	struct cfs_caller caller;
	int err = cfs_caller_begin(&caller, cred);

	if (err)
		return err;
	err = lookup_as(dir, caller.perm, name, node);
	cfs_caller_end(&caller);
	return err;
}

ssize_t cfs_readlink(struct nfs_node *node, char *buf, size_t len)
{
	if (node->type != S_IFLNK)
		return -EINVAL;
	return ceph_ll_readlink(node->fs->mount, node->in, buf, len, node->fs->self);
}

/* Is this its last name? */
static bool last_name(struct nfs_node *node)
{
	struct ceph_statx stx;

	return node->type == S_IFDIR ||
	       (!cfs_stat(node, CEPH_STATX_NLINK, &stx) && stx.stx_nlink <= 1);
}

/* What is named now, before the name goes; NULL: nothing, or nothing that would be forgotten. */
static struct nfs_node *before_going(struct nfs_node *dir, const char *name)
{
	struct nfs_node *node;

	if (lookup_as(dir, dir->fs->self, name, &node))
		return NULL;
	if (last_name(node))
		return node;
	cfs_node_put(node);
	return NULL;
}

static void after_going(struct nfs_node *node, int err)
{
	if (!node)
		return;
	if (!err)
		cfs_node_forget(node);
	cfs_node_put(node);
}

static int remove_name(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		       int (*remove)(struct ceph_mount_info *mount, struct Inode *in,
				     const char *name, const UserPerm *perm))
{
	struct cfs_caller caller;
	struct nfs_node *node;
	int err = cfs_caller_begin(&caller, cred);

	if (err)
		return err;
	node = before_going(dir, name);
	err = remove(dir->fs->mount, dir->in, name, caller.perm);
	cfs_caller_end(&caller);
	after_going(node, err);
	return cfs_durable(dir, err);
}

int cfs_unlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	return remove_name(dir, cred, name, ceph_ll_unlink);
}

int cfs_rmdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	return remove_name(dir, cred, name, ceph_ll_rmdir);
}

/* A rename is waited for at the inode that moved: libcephfs does not count it to the directories. */
static int rename_durable(struct nfs_node *moved, struct nfs_node *from, struct nfs_node *to)
{
	int err = moved ? cfs_durable(moved, 0) : 0;

	err = cfs_durable(to, err);
	return from == to ? err : cfs_durable(from, err);
}

int cfs_rename(struct nfs_node *from, const char *from_name, struct nfs_node *to,
	       const char *to_name, const struct nfs_cred *cred)
{
	struct nfs_node *moved = NULL, *old;
	struct cfs_caller caller;
	int err = cfs_caller_begin(&caller, cred);

	if (err)
		return err;
	if (lookup_as(from, from->fs->self, from_name, &moved))
		moved = NULL;
	old = before_going(to, to_name);
	err = ceph_ll_rename(from->fs->mount, from->in, from_name, to->in, to_name, caller.perm);
	cfs_caller_end(&caller);
	/* Both names may be of one file: nothing happens then. */
	after_going(old, err || old == moved ? -EEXIST : 0);
	if (!err)
		err = rename_durable(moved, from, to);
	if (moved)
		cfs_node_put(moved);
	return err;
}

int cfs_link(struct nfs_node *node, struct nfs_node *dir, const char *name,
	     const struct nfs_cred *cred)
{
	struct cfs_caller caller;
	int err;

	if (node->type == S_IFDIR)
		return -EISDIR;
	err = cfs_caller_begin(&caller, cred);
	if (err)
		return err;
	err = ceph_ll_link(node->fs->mount, node->in, dir->in, name, caller.perm);
	cfs_caller_end(&caller);
	return cfs_durable(dir, err);
}
