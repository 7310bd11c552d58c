// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Attributes, ACLs, room. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "targets/nfsd/acl_xattr.h"
#include "targets/nfsd/ceph.h"

#define SNAP_SHIFT	48	/* inode numbers of Ceph are far below */

int cfs_stat(struct nfs_node *node, unsigned want, struct ceph_statx *stx)
{
	return ceph_ll_getattr(node->fs->mount, node->in, stx, want, 0, node->fs->self);
}

/* A file and what a snapshot kept of it have the same number in Ceph; for a client they are two. */
u64 cfs_ino_shown(vinodeno_t vino)
{
	u64 snap = vino.snapid.val;

	return snap == CEPH_NOSNAP ? vino.ino.val : vino.ino.val ^ (snap + 1) << SNAP_SHIFT;
}

int cfs_getattr(struct nfs_node *node, struct nfs_attr *attr)
{
	struct ceph_statx stx;
	int err = cfs_stat(node, CEPH_STATX_ALL_STATS, &stx);

	if (err)
		return err;
	*attr = (struct nfs_attr){
		.st = {
			.st_ino = cfs_ino_shown(node->vino),
			.st_mode = stx.stx_mode,
			.st_nlink = stx.stx_nlink,
			.st_uid = stx.stx_uid,
			.st_gid = stx.stx_gid,
			.st_rdev = stx.stx_rdev,
			.st_size = (off_t)stx.stx_size,
			.st_blksize = stx.stx_blksize,
			.st_blocks = (blkcnt_t)stx.stx_blocks,
			.st_atim = stx.stx_atime,
			.st_mtim = stx.stx_mtime,
			.st_ctim = stx.stx_ctime,
		},
		.change = stx.stx_version,
		.btime = stx.stx_btime,
	};
	return 0;
}

int cfs_getacl(struct nfs_node *node, struct nfs_acl *acl)
{
	u8 xattr[ACL_XATTR_BYTES_MAX];
	int n = ceph_ll_getxattr(node->fs->mount, node->in, ACL_XATTR, xattr, sizeof(xattr),
				 node->fs->self);

	if (n < 0)
		return n == -EOPNOTSUPP ? -ENODATA : n == -ERANGE ? -EOPNOTSUPP : n;
	return acl_xattr_decode(xattr, (size_t)n, acl);
}

int cfs_drop_set_id(struct nfs_node *node, const struct nfs_cred *cred)
{
	struct ceph_statx stx;
	unsigned drop;
	int err;

	if (!cred->uid)
		return 0;
	err = cfs_stat(node, CEPH_STATX_MODE, &stx);
	if (err)
		return err;
	/* Set-group-ID without execution for the group means mandatory locking. */
	drop = stx.stx_mode & (S_ISUID | (stx.stx_mode & S_IXGRP ? S_ISGID : 0));
	if (!drop)
		return 0;
	stx.stx_mode &= (uint16_t)~drop;
	return ceph_ll_setattr(node->fs->mount, node->in, &stx, CEPH_SETATTR_MODE, node->fs->self);
}

static int set_size(struct nfs_node *node, const struct nfs_cred *cred, u64 size)
{
	struct ceph_statx stx = { .stx_size = size };
	int err = cfs_data_ok(node, cred, NFS_MAY_WRITE);

	if (err)
		return err;
	if (node->type != S_IFREG)
		return node->type == S_IFDIR ? -EISDIR : -EINVAL;
	if (size > INT64_MAX)
		return -EFBIG;
	err = cfs_drop_set_id(node, cred);
	return err ? err
		   : ceph_ll_setattr(node->fs->mount, node->in, &stx, CEPH_SETATTR_SIZE,
				     node->fs->self);
}

/* An ACL sets the lower nine bits, and leaves the others unless a mode came with it. */
static int set_acl(struct nfs_node *node, const struct nfs_set_attr *set, const UserPerm *perm,
		   struct ceph_statx *stx)
{
	u8 xattr[ACL_XATTR_BYTES_MODE];
	struct ceph_statx now;
	int err;

	acl_xattr_of_mode(set->acl_mode, xattr);
	err = ceph_ll_setxattr(node->fs->mount, node->in, ACL_XATTR, xattr, sizeof(xattr), 0, perm);
	if (err && err != -EOPNOTSUPP)
		return err;
	now.stx_mode = (uint16_t)set->mode;
	if (!(set->set & NFS_SET_MODE)) {
		err = cfs_stat(node, CEPH_STATX_MODE, &now);
		if (err)
			return err;
	}
	stx->stx_mode = (uint16_t)((now.stx_mode & 07000) | set->acl_mode);
	return 0;
}

static void fill_times(const struct nfs_set_attr *set, struct ceph_statx *stx, int *mask)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (set->set & (NFS_SET_ATIME | NFS_SET_ATIME_NOW)) {
		stx->stx_atime = set->set & NFS_SET_ATIME_NOW ? now : set->atime;
		*mask |= CEPH_SETATTR_ATIME;
	}
	if (set->set & (NFS_SET_MTIME | NFS_SET_MTIME_NOW)) {
		stx->stx_mtime = set->set & NFS_SET_MTIME_NOW ? now : set->mtime;
		*mask |= CEPH_SETATTR_MTIME;
	}
	/* These may be set by who may write; others are the owner's. */
	if (set->set & NFS_SET_ATIME_NOW)
		*mask |= CEPH_SETATTR_ATIME_NOW;
	if (set->set & NFS_SET_MTIME_NOW)
		*mask |= CEPH_SETATTR_MTIME_NOW;
}

static int set_rest(struct nfs_node *node, const struct nfs_set_attr *set, const UserPerm *perm)
{
	struct ceph_statx stx = { .stx_mode = (uint16_t)(set->mode & 07777),
				  .stx_uid = set->uid,
				  .stx_gid = set->gid };
	int mask = 0, err;

	if (set->set & NFS_SET_UID)
		mask |= CEPH_SETATTR_UID;
	if (set->set & NFS_SET_GID)
		mask |= CEPH_SETATTR_GID;
	fill_times(set, &stx, &mask);
	if (set->set & NFS_SET_ACL && node->type != S_IFLNK) {
		err = set_acl(node, set, perm, &stx);
		if (err)
			return err;
	}
	if (set->set & (NFS_SET_MODE | NFS_SET_ACL) && node->type != S_IFLNK)
		mask |= CEPH_SETATTR_MODE;
	return mask ? ceph_ll_setattr(node->fs->mount, node->in, &stx, mask, perm) : 0;
}

int cfs_setattr(struct nfs_node *node, const struct nfs_cred *cred, const struct nfs_set_attr *set)
{
	struct cfs_caller caller;
	int err = 0;

	if (set->set & NFS_SET_SIZE)
		err = set_size(node, cred, set->size);
	if (!err)
		err = cfs_caller_begin(&caller, cred);
	if (err)
		return err;
	err = set_rest(node, set, caller.perm);
	cfs_caller_end(&caller);
	return cfs_durable(node, err);
}

int cfs_statfs(struct nfs_node *node, struct statvfs *st)
{
	return ceph_ll_statfs(node->fs->mount, node->in, st);
}
