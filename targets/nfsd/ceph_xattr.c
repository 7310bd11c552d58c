// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Extended attributes of the user namespace.  RFC 8276 2: names travel without "user.". */
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/nfsd/ceph.h"

#define PREFIX		"user."
#define PREFIX_LEN	5
#define NAME_MAX_LEN	(255 - PREFIX_LEN)

struct begun {
	struct cfs_caller caller;
	char name[256];
};

/* As xattr(7) has it: others cannot be given any, have none, and list none. */
static bool may_have(const struct nfs_node *node)
{
	return node->type == S_IFREG || node->type == S_IFDIR;
}

/* name NULL: of all.  End the caller when it is 0. */
static int begin(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		 struct begun *b)
{
	if (!may_have(node))
		return -EPERM;
	if (name && (!*name || strlen(name) > NAME_MAX_LEN))
		return -ENAMETOOLONG;
	if (name)
		snprintf(b->name, sizeof(b->name), PREFIX "%s", name);
	return cfs_caller_begin(&b->caller, cred);
}

ssize_t cfs_getxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		     void *buf, size_t len)
{
	struct begun b;
	int n = may_have(node) ? begin(node, cred, name, &b) : -ENODATA;

	if (n)
		return n;
	n = ceph_ll_getxattr(node->fs->mount, node->in, b.name, buf, len, b.caller.perm);
	cfs_caller_end(&b.caller);
	return n;
}

int cfs_setxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		 const void *buf, size_t len, int flags)
{
	struct begun b;
	int err = begin(node, cred, name, &b);

	if (err)
		return err;
	err = ceph_ll_setxattr(node->fs->mount, node->in, b.name, buf, len, flags, b.caller.perm);
	cfs_caller_end(&b.caller);
	return cfs_durable(node, err);
}

/* Names of the user namespace only, each terminated.  -ERANGE: more than len bytes. */
static ssize_t filter(const char *all, size_t all_len, char *buf, size_t len)
{
	size_t used = 0, name_len;

	for (const char *name = all; name < all + all_len; name += strlen(name) + 1) {
		if (strncmp(name, PREFIX, PREFIX_LEN))
			continue;
		name_len = strlen(name) + 1 - PREFIX_LEN;
		if (used + name_len > len)
			return -ERANGE;
		memcpy(buf + used, name + PREFIX_LEN, name_len);
		used += name_len;
	}
	return (ssize_t)used;
}

ssize_t cfs_listxattr(struct nfs_node *node, const struct nfs_cred *cred, char *buf, size_t len)
{
	struct begun b;
	int err = begin(node, cred, NULL, &b);
	size_t all_len = 0;
	ssize_t n;
	char *all;

	if (err)
		return err;
	all = malloc(XATTR_LIST_MAX);
	err = all ? ceph_ll_listxattr(node->fs->mount, node->in, all, XATTR_LIST_MAX, &all_len,
				      b.caller.perm)
		  : -ENOMEM;
	cfs_caller_end(&b.caller);
	n = err ? err : filter(all, all_len, buf, len);
	free(all);
	return n;
}

int cfs_removexattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name)
{
	struct begun b;
	int err = begin(node, cred, name, &b);

	if (err)
		return err;
	err = ceph_ll_removexattr(node->fs->mount, node->in, b.name, b.caller.perm);
	cfs_caller_end(&b.caller);
	return cfs_durable(node, err);
}
