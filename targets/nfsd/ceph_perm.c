// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The caller as libcephfs sees it, and what it may do to data: mode, or the ACL in its place (acl(5)). */
#include <errno.h>

#include "targets/nfsd/ceph.h"

int cfs_caller_begin(struct cfs_caller *caller, const struct nfs_cred *cred)
{
	/* libcephfs takes it for whoever runs the process: root. */
	if (!nfs_cred_is_somebody(cred))
		return -EACCES;
	memcpy(caller->groups, cred->groups, cred->group_n * sizeof(cred->groups[0]));
	caller->perm = ceph_userperm_new(cred->uid, cred->gid, (int)cred->group_n, caller->groups);
	return caller->perm ? 0 : -ENOMEM;
}

void cfs_caller_end(struct cfs_caller *caller)
{
	ceph_userperm_destroy(caller->perm);
}

static bool in_group(const struct nfs_cred *cred, gid_t gid)
{
	if (cred->gid == gid)
		return true;
	for (unsigned i = 0; i < cred->group_n; i++)
		if (cred->groups[i] == gid)
			return true;
	return false;
}

/* In the terms of a mode's last digit; groups add up, since each of them alone would do. */
static unsigned by_acl(const struct nfs_acl *acl, const struct ceph_statx *stx,
		       const struct nfs_cred *cred)
{
	bool matched = in_group(cred, stx->stx_gid);
	unsigned perm = matched ? acl->group : 0;

	if (cred->uid == stx->stx_uid)
		return acl->owner;
	for (unsigned i = 0; i < acl->named_n; i++)
		if (!acl->named[i].is_group && acl->named[i].id == cred->uid)
			return acl->named[i].perm;
	for (unsigned i = 0; i < acl->named_n; i++)
		if (acl->named[i].is_group && in_group(cred, acl->named[i].id)) {
			matched = true;
			perm |= acl->named[i].perm;
		}
	return matched ? perm : acl->other;
}

static unsigned by_mode(const struct ceph_statx *stx, const struct nfs_cred *cred)
{
	unsigned mode = stx->stx_mode;

	if (cred->uid == stx->stx_uid)
		return mode >> 6 & 7;
	return in_group(cred, stx->stx_gid) ? mode >> 3 & 7 : mode & 7;
}

static int perm_of(struct nfs_node *node, const struct ceph_statx *stx, const struct nfs_cred *cred,
		   unsigned *perm)
{
	struct nfs_acl acl;
	int err;

	if (!cred->uid) {
		*perm = stx->stx_mode & 0111 || S_ISDIR(stx->stx_mode) ? 7 : 6;
		return 0;
	}
	err = cfs_getacl(node, &acl);
	if (!err)
		*perm = by_acl(&acl, stx, cred);
	else if (err == -ENODATA)
		*perm = by_mode(stx, cred);
	else if (err == -EOPNOTSUPP)
		*perm = cred->uid == stx->stx_uid ? stx->stx_mode >> 6 & 7 : 0;
	else
		return err;
	return 0;
}

#define PERM_WANT (CEPH_STATX_MODE | CEPH_STATX_UID | CEPH_STATX_GID)

int cfs_access(struct nfs_node *node, const struct nfs_cred *cred, unsigned want, unsigned *have)
{
	struct ceph_statx stx;
	unsigned perm;
	int err = nfs_cred_is_somebody(cred) ? cfs_stat(node, PERM_WANT, &stx) : -EACCES;

	if (!err)
		err = perm_of(node, &stx, cred, &perm);
	if (err)
		return err;
	*have = want & ((perm & 4 ? NFS_MAY_READ : 0) | (perm & 2 ? NFS_MAY_WRITE : 0) |
			(perm & 1 ? NFS_MAY_EXEC : 0));
	return 0;
}

int cfs_data_ok(struct nfs_node *node, const struct nfs_cred *cred, unsigned want)
{
	struct ceph_statx stx;
	unsigned perm;
	int err;

	if (!cred->uid)
		return 0;
	err = nfs_cred_is_somebody(cred) ? cfs_stat(node, PERM_WANT, &stx) : -EACCES;
	if (err)
		return err;
	if (stx.stx_uid == cred->uid)
		return 0;
	err = perm_of(node, &stx, cred, &perm);
	if (err)
		return err;
	/* A program must be readable by who may run it.  RFC 1813 4.4 */
	if (want == NFS_MAY_READ && node->type == S_IFREG)
		return perm & 5 ? 0 : -EACCES;
	return perm & (want == NFS_MAY_READ ? 4 : 2) ? 0 : -EACCES;
}
