// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/acl_xattr.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#define PERM_ALL	7u

#define CPU_TO_LE16(x)	((__force __le16)htole16((u16)(x)))
#define LE16_TO_CPU(x)	le16toh((__force u16)(x))

static_assert(ACL_XATTR_BYTES_MODE == sizeof(struct posix_acl_xattr_header) +
					      3 * sizeof(struct posix_acl_xattr_entry),
	      "linux/posix_acl_xattr.h");

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

int acl_xattr_decode(const u8 *xattr, size_t len, struct nfs_acl *acl)
{
	struct posix_acl_xattr_header head;
	struct posix_acl_xattr_entry e;
	u8 left = PERM_ALL;

	if (len < sizeof(head) || len > ACL_XATTR_BYTES_MAX || (len - sizeof(head)) % sizeof(e))
		return -EOPNOTSUPP;
	memcpy(&head, xattr, sizeof(head));
	if (le32_to_cpu(head.a_version) != POSIX_ACL_XATTR_VERSION)
		return -EOPNOTSUPP;
	*acl = (struct nfs_acl){ 0 };
	for (size_t at = sizeof(head); at < len; at += sizeof(e)) {
		memcpy(&e, xattr + at, sizeof(e));
		add(acl, &e);
		if (LE16_TO_CPU(e.e_tag) == ACL_MASK)
			left = LE16_TO_CPU(e.e_perm) & PERM_ALL;
	}
	mask(acl, left);
	return 0;
}

void acl_xattr_of_mode(mode_t mode, u8 xattr[ACL_XATTR_BYTES_MODE])
{
	const struct posix_acl_xattr_header head = { cpu_to_le32(POSIX_ACL_XATTR_VERSION) };
	const struct posix_acl_xattr_entry entry[3] = {
		{ CPU_TO_LE16(ACL_USER_OBJ), CPU_TO_LE16(mode >> 6 & PERM_ALL),
		  cpu_to_le32((u32)ACL_UNDEFINED_ID) },
		{ CPU_TO_LE16(ACL_GROUP_OBJ), CPU_TO_LE16(mode >> 3 & PERM_ALL),
		  cpu_to_le32((u32)ACL_UNDEFINED_ID) },
		{ CPU_TO_LE16(ACL_OTHER), CPU_TO_LE16(mode & PERM_ALL),
		  cpu_to_le32((u32)ACL_UNDEFINED_ID) },
	};

	memcpy(xattr, &head, sizeof(head));
	memcpy(xattr + sizeof(head), entry, sizeof(entry));
}
