// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Extended attributes of the user namespace.  RFC 8276 2: names travel without "user.". */
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>

#include "targets/nfsd/posix.h"

#define PREFIX		"user."
#define PREFIX_LEN	5
#define NAME_MAX_LEN	(255 - PREFIX_LEN)

struct paths {
	char file[32];
	char name[256];
};

/* As xattr(7) has it: others cannot be given any, have none, and list none. */
static bool may_have(const struct nfs_node *node)
{
	return node->type == S_IFREG || node->type == S_IFDIR;
}

static int begin(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		 struct paths *p)
{
	if (!may_have(node))
		return -EPERM;
	if (name && (!*name || strlen(name) > NAME_MAX_LEN))
		return -ENAMETOOLONG;
	snprintf(p->file, sizeof(p->file), "/proc/self/fd/%d", node->fd);
	if (name)
		snprintf(p->name, sizeof(p->name), PREFIX "%s", name);
	return posix_act_as(cred);
}

ssize_t posix_getxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		       void *buf, size_t len)
{
	struct paths p;
	int err = begin(node, cred, name, &p);
	ssize_t n;

	if (!may_have(node))
		return -ENODATA;
	if (err)
		return err;
	n = getxattr(p.file, p.name, buf, len);
	return n < 0 ? -errno : n;
}

int posix_setxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		   const void *buf, size_t len, int flags)
{
	struct paths p;
	int err = begin(node, cred, name, &p);

	if (err)
		return err;
	if (setxattr(p.file, p.name, buf, len, flags))
		return -errno;
	posix_changed(node);
	return posix_durable(node, 0);
}

/* Names of the user namespace only, each terminated.  -ERANGE: more than len bytes. */
ssize_t posix_listxattr(struct nfs_node *node, const struct nfs_cred *cred, char *buf, size_t len)
{
	struct paths p;
	int err = begin(node, cred, NULL, &p);
	char *all, *name;
	size_t used = 0;
	ssize_t n;

	if (!may_have(node))
		return 0;
	if (err)
		return err;
	all = malloc(XATTR_LIST_MAX);
	if (!all)
		return -ENOMEM;
	n = listxattr(p.file, all, XATTR_LIST_MAX);
	err = n < 0 ? -errno : 0;
	for (name = all; !err && name < all + n; name += strlen(name) + 1) {
		size_t name_len = strlen(name) + 1 - PREFIX_LEN;

		if (strncmp(name, PREFIX, PREFIX_LEN))
			continue;
		if (used + name_len > len) {
			err = -ERANGE;
			break;
		}
		memcpy(buf + used, name + PREFIX_LEN, name_len);
		used += name_len;
	}
	free(all);
	return err ? err : (ssize_t)used;
}

int posix_removexattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name)
{
	struct paths p;
	int err = begin(node, cred, name, &p);

	if (err)
		return err;
	if (removexattr(p.file, p.name))
		return -errno;
	posix_changed(node);
	return posix_durable(node, 0);
}
