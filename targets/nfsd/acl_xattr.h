/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* POSIX ACLs as file systems give them: system.posix_acl_access, little endian (linux/posix_acl_xattr.h). */
#ifndef TARGETS_NFSD_ACL_XATTR_H
#define TARGETS_NFSD_ACL_XATTR_H

#include "nfsrdma/server/vfs.h"

#define ACL_XATTR		"system.posix_acl_access"
/* The largest that struct nfs_acl holds; the file system says -ERANGE to larger ones. */
#define ACL_XATTR_BYTES_MAX	(4 + 8 * (NFS_ACL_NAMED_MAX + 4))
#define ACL_XATTR_BYTES_MODE	(4 + 8 * 3)

/* -EOPNOTSUPP: not of the version that is known, or cut. */
int acl_xattr_decode(const u8 *xattr, size_t len, struct nfs_acl *acl);
/* That of the lower nine bits of a mode. */
void acl_xattr_of_mode(mode_t mode, u8 xattr[ACL_XATTR_BYTES_MODE]);

#endif
