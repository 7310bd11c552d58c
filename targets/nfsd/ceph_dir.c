// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Listing.  Cookies are Ceph's positions, made of hashes of names, which stay good while the directory exists.  A
 * directory stays open between the calls of one listing, since opened anew it is asked for from the beginning of a
 * part; the entry that a client had no room for is kept for its next call.
 */
#include <errno.h>

#include "targets/nfsd/ceph.h"

/* With the node's lock: at cookie. */
static int dir_at(struct nfs_node *dir, u64 cookie)
{
	int err;

	if (dir->dir && cookie && dir->dir_cookie == cookie)
		return 0;
	/* The beginning is read anew: an open directory has entries of before. */
	if (!cookie)
		cfs_dir_close(dir);
	if (!dir->dir) {
		err = ceph_ll_opendir(dir->fs->mount, dir->in, &dir->dir, dir->fs->self);
		if (err)
			return err;
	}
	if (cookie)
		ceph_seekdir(dir->fs->mount, dir->dir, (int64_t)cookie);
	dir->dir_cookie = cookie;
	dir->has_next = false;
	return 0;
}

/* With the node's lock.  1: dir->next is filled; 0: the end. */
static int dir_next(struct nfs_node *dir)
{
	int n = 1;

	if (!dir->has_next)
		n = ceph_readdir_r(dir->fs->mount, dir->dir, &dir->next);
	dir->has_next = n > 0;
	return n;
}

void cfs_dir_close(struct nfs_node *dir)
{
	if (dir->dir)
		ceph_ll_releasedir(dir->fs->mount, dir->dir);
	dir->dir = NULL;
	dir->has_next = false;
}

static int list(struct nfs_node *dir, u64 cookie,
		bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx, bool *eof)
{
	vinodeno_t vino = dir->vino;
	struct nfs_dirent entry;
	struct dirent at;
	int n = dir_at(dir, cookie);

	if (n)
		return n;
	while ((n = dir_next(dir)) > 0) {
		at = dir->next;
		vino.ino.val = at.d_ino;
		entry = (struct nfs_dirent){
			.cookie = (u64)at.d_off,
			.ino = cfs_ino_shown(vino),
			.name = at.d_name,
			.name_len = (unsigned)strlen(at.d_name),
		};
		if (!fn(ctx, &entry))
			return 0;
		dir->has_next = false;
		dir->dir_cookie = (u64)at.d_off;
	}
	cfs_dir_close(dir);
	*eof = !n;
	return n;
}

int cfs_readdir(struct nfs_node *dir, const struct nfs_cred *cred, u64 cookie,
		bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx, bool *eof)
{
	int err;

	if (dir->type != S_IFDIR)
		return -ENOTDIR;
	err = cfs_data_ok(dir, cred, NFS_MAY_READ);
	if (err)
		return err;
	*eof = false;
	pthread_mutex_lock(&dir->lock);
	err = list(dir, cookie, fn, ctx, eof);
	pthread_mutex_unlock(&dir->lock);
	return err;
}
