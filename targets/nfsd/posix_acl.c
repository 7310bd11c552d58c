// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* POSIX ACLs, as the kernel gives them: system.posix_acl_access, little endian (linux/posix_acl_xattr.h). */
#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <sys/xattr.h>

#include "targets/nfsd/posix.h"

#define XATTR		"system.posix_acl_access"
#define ENTRIES_MAX	(NFS_ACL_NAMED_MAX + 4)		/* owner, group, mask, others */
#define PERM_ALL	7u

#define CPU_TO_LE16(x)	((__force __le16)htole16((u16)(x)))
#define LE16_TO_CPU(x)	le16toh((__force u16)(x))

struct posix_acl {
	struct posix_acl_xattr_header head;
	struct posix_acl_xattr_entry entry[ENTRIES_MAX];
};

static void add(struct nfs_acl *acl, const struct posix_acl_xattr_entry *e)
{
	u8 perm = LE16_TO_CPU(e->e_perm) & PERM_ALL;

	switch (LE16_TO_CPU(e->e_tag)) {
	case ACL_USER_OBJ:
		acl->owner = perm;
		break;
	case ACL_GROUP_OBJ:
		acl->group = perm;
		break;
	case ACL_OTHER:
		acl->other = perm;
		break;
	case ACL_USER:
	case ACL_GROUP:
		if (acl->named_n < NFS_ACL_NAMED_MAX)
			acl->named[acl->named_n++] = (struct nfs_acl_named){
				.is_group = LE16_TO_CPU(e->e_tag) == ACL_GROUP,
				.perm = perm,
				.id = le32_to_cpu(e->e_id),
			};
		break;
	}
}

/* What the mask leaves of the entries that it is for. */
static void mask(struct nfs_acl *acl, u8 left)
{
	acl->group &= left;
	for (unsigned i = 0; i < acl->named_n; i++)
		acl->named[i].perm &= left;
}

int posix_getacl(struct nfs_node *node, struct nfs_acl *acl)
{
	struct posix_acl p;
	u8 left = PERM_ALL;
	char path[32];
	ssize_t len;

	posix_act_as(NULL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", node->fd);
	len = getxattr(path, XATTR, &p, sizeof(p));
	if (len < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
		return -ENODATA;
	if (len < 0)
		return errno == ERANGE ? -EOPNOTSUPP : -errno;
	if ((size_t)len < sizeof(p.head) ||
	    le32_to_cpu(p.head.a_version) != POSIX_ACL_XATTR_VERSION)
		return -EOPNOTSUPP;
	*acl = (struct nfs_acl){ 0 };
	for (size_t i = 0; i < ((size_t)len - sizeof(p.head)) / sizeof(p.entry[0]); i++) {
		add(acl, &p.entry[i]);
		if (LE16_TO_CPU(p.entry[i].e_tag) == ACL_MASK)
			left = LE16_TO_CPU(p.entry[i].e_perm) & PERM_ALL;
	}
	mask(acl, left);
	return 0;
}

int posix_setacl(const char *path, mode_t mode)
{
	struct posix_acl p = {
		.head = { .a_version = cpu_to_le32(POSIX_ACL_XATTR_VERSION) },
		.entry = { { CPU_TO_LE16(ACL_USER_OBJ), CPU_TO_LE16(mode >> 6 & PERM_ALL),
			     cpu_to_le32((u32)ACL_UNDEFINED_ID) },
			   { CPU_TO_LE16(ACL_GROUP_OBJ), CPU_TO_LE16(mode >> 3 & PERM_ALL),
			     cpu_to_le32((u32)ACL_UNDEFINED_ID) },
			   { CPU_TO_LE16(ACL_OTHER), CPU_TO_LE16(mode & PERM_ALL),
			     cpu_to_le32((u32)ACL_UNDEFINED_ID) } },
	};

	return setxattr(path, XATTR, &p, sizeof(p.head) + 3 * sizeof(p.entry[0]), 0) ? -errno : 0;
}
