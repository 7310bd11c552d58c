// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* POSIX ACLs of a file. */
#include <errno.h>
#include <stdio.h>
#include <sys/xattr.h>

#include "targets/nfsd/acl_xattr.h"
#include "targets/nfsd/posix.h"

int posix_getacl(struct nfs_node *node, struct nfs_acl *acl)
{
	u8 xattr[ACL_XATTR_BYTES_MAX];
	char path[32];
	int err = posix_act_as(NULL);
	ssize_t len;

	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", node->fd);
	len = getxattr(path, ACL_XATTR, xattr, sizeof(xattr));
	if (len < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
		return -ENODATA;
	if (len < 0)
		return errno == ERANGE ? -EOPNOTSUPP : -errno;
	return acl_xattr_decode(xattr, (size_t)len, acl);
}

int posix_setacl(const char *path, mode_t mode)
{
	u8 xattr[ACL_XATTR_BYTES_MODE];

	acl_xattr_of_mode(mode, xattr);
	return setxattr(path, ACL_XATTR, xattr, sizeof(xattr), 0) ? -errno : 0;
}
