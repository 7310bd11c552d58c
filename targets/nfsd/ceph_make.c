// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What makes files and directories. */
#include <errno.h>

#include "targets/nfsd/ceph.h"

static const struct nfs_set_attr nothing;

_Thread_local mode_t cfs_umask;

/* The mode that something is made with. */
static mode_t mode_of(const struct nfs_set_attr *set, mode_t dflt)
{
	mode_t mode = set->set & NFS_SET_MODE ? set->mode & 07777 : dflt;

	return set->set & NFS_SET_ACL ? (mode & 07000) | set->acl_mode : mode;
}

/* What was just made, with all of what was asked for but its mode; durable.  err: of the making. */
static int made(struct nfs_node *dir, const struct nfs_cred *cred, const struct nfs_set_attr *set,
		int err, struct Inode *in, const struct ceph_statx *stx, struct nfs_node **out)
{
	struct nfs_set_attr rest = *set;
	struct nfs_node *node;

	if (err)
		return err;
	err = cfs_node_from_inode(dir->fs, in, stx, &node);
	if (err)
		return err;
	/* An ACL replaces one that was inherited; a mode alone is masked by it (acl(5)). */
	if (!(rest.set & NFS_SET_ACL))
		rest.set &= ~(unsigned)NFS_SET_MODE;
	err = rest.set ? cfs_setattr(node, cred, &rest) : 0;
	err = cfs_durable(dir, err);
	if (err) {
		cfs_node_put(node);
		return err;
	}
	*out = node;
	return 0;
}

/* The times of a file that an exclusive create made carry its verifier.  RFC 1813 3.3.8 */
static void verifier_times(const u8 verifier[8], struct nfs_set_attr *set)
{
	*set = (struct nfs_set_attr){
		.set = NFS_SET_ATIME | NFS_SET_MTIME,
		.atime.tv_sec = get_unaligned_be32(verifier) & 0x7fffffff,
		.mtime.tv_sec = get_unaligned_be32(verifier + 4) & 0x7fffffff,
	};
}

/* It is there already: by an earlier call of the same client, whose answer was lost? */
static bool is_repeat(struct nfs_node *node, const u8 verifier[8])
{
	struct nfs_set_attr set;
	struct ceph_statx stx;

	verifier_times(verifier, &set);
	return !cfs_stat(node, CEPH_STATX_ATIME | CEPH_STATX_MTIME, &stx) &&
	       stx.stx_atime.tv_sec == set.atime.tv_sec && stx.stx_mtime.tv_sec == set.mtime.tv_sec;
}

static int create_existing(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
			   bool excl, const u8 verifier[8], const struct nfs_set_attr *set,
			   struct nfs_node **out)
{
	struct nfs_set_attr size_only = *set;
	struct nfs_node *node;
	int err = cfs_lookup(dir, cred, name, &node);

	if (err)
		return err;
	if (excl && !(verifier && is_repeat(node, verifier)))
		err = -EEXIST;
	size_only.set &= NFS_SET_SIZE;
	if (!err && !excl && size_only.set)
		err = cfs_setattr(node, cred, &size_only);
	if (err) {
		cfs_node_put(node);
		return err;
	}
	*out = node;
	return 0;
}

static int make_node(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		     mode_t mode, mode_t mask, dev_t dev, const struct nfs_set_attr *set,
		     struct nfs_node **out)
{
	struct cfs_caller caller;
	struct ceph_statx stx;
	struct Inode *in = NULL;
	int err = cfs_caller_begin(&caller, cred);

	if (err)
		return err;
	cfs_umask = mask;
	err = ceph_ll_mknod(dir->fs->mount, dir->in, name, mode, dev, &in, &stx, CFS_NODE_WANT, 0,
			    caller.perm);
	cfs_umask = 0;
	cfs_caller_end(&caller);
	return made(dir, cred, set, err, in, &stx, out);
}

int cfs_create(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, bool excl,
	       const u8 verifier[8], const struct nfs_set_attr *set, struct nfs_node **out)
{
	struct nfs_set_attr times;
	int err;

	if (dir->type != S_IFDIR)
		return -ENOTDIR;
	if (verifier)
		verifier_times(verifier, &times);
	err = make_node(dir, cred, name, S_IFREG | mode_of(set, 0600), set->umask, 0,
			verifier ? &times : set, out);
	return err == -EEXIST ? create_existing(dir, cred, name, excl, verifier, set, out) : err;
}

int cfs_mknod(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, mode_t mode,
	      mode_t mask, dev_t dev, struct nfs_node **out)
{
	/* As the kernel has it: devices are made by root. */
	if (cred->uid && (S_ISCHR(mode) || S_ISBLK(mode)))
		return -EPERM;
	return make_node(dir, cred, name, mode, mask, dev, &nothing, out);
}

int cfs_mkdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
	      const struct nfs_set_attr *set, struct nfs_node **out)
{
	struct cfs_caller caller;
	struct ceph_statx stx;
	struct Inode *in = NULL;
	int err = cfs_caller_begin(&caller, cred);

	if (err)
		return err;
	cfs_umask = set->umask;
	err = ceph_ll_mkdir(dir->fs->mount, dir->in, name, mode_of(set, 0755), &in, &stx,
			    CFS_NODE_WANT, 0, caller.perm);
	cfs_umask = 0;
	cfs_caller_end(&caller);
	return made(dir, cred, set, err, in, &stx, out);
}

int cfs_symlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		const char *target, struct nfs_node **out)
{
	struct cfs_caller caller;
	struct ceph_statx stx;
	struct Inode *in = NULL;
	int err = cfs_caller_begin(&caller, cred);

	if (err)
		return err;
	err = ceph_ll_symlink(dir->fs->mount, dir->in, name, target, &in, &stx, CFS_NODE_WANT, 0,
			      caller.perm);
	cfs_caller_end(&caller);
	return made(dir, cred, &nothing, err, in, &stx, out);
}
