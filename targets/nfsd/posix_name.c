// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What goes by name.  Names are single components, checked by the programs; nothing here follows a symbolic link, and
 * nothing leaves the export: ".." of its root is its root, other mounts are shown only with crossmnt.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

/* An ACL decides on all but what is above its nine bits. */
static mode_t mode_of(const struct nfs_set_attr *set, mode_t dflt)
{
	mode_t mode = set->set & NFS_SET_MODE ? set->mode : dflt;

	return set->set & NFS_SET_ACL ? (mode & 07000) | set->acl_mode : mode;
}

/*
 * The system takes a umask away where the directory has no default ACL, and nothing where it has one.  Threads share
 * one until they part.
 */
static mode_t umask_begin(mode_t mode, mode_t mask)
{
	static _Thread_local bool parted;

	if (!mask)
		return mode;
	if (!parted && unshare(CLONE_FS))
		return mode & ~mask;
	parted = true;
	umask(mask);
	return mode;
}

static void umask_end(mode_t mask)
{
	if (mask)
		umask(0);
}

static int open_path(struct nfs_node *dir, const char *name, struct nfs_node **node)
{
	int fd = openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : posix_node_from_fd(dir->fs, fd, node);
}

int posix_lookup(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		 struct nfs_node **out)
{
	struct posix_fs *fs = dir->fs;
	struct nfs_node *node;
	int err;

	if (dir->type != S_IFDIR)
		return -ENOTDIR;
	if (!strcmp(name, "..") && dir == fs->root)
		name = ".";
	err = posix_act_as(cred);
	if (!err)
		err = open_path(dir, name, &node);
	if (err)
		return err;
	/* Handles are of one file system: another one mounted here is not reached by them. */
	if (node->dev != fs->dev) {
		posix_node_put(node);
		return -EXDEV;
	}
	*out = node;
	return 0;
}

ssize_t posix_readlink(struct nfs_node *node, char *buf, size_t len)
{
	ssize_t n;

	if (node->type != S_IFLNK)
		return -EINVAL;
	n = readlinkat(node->fd, "", buf, len);
	return n < 0 ? -errno : n;
}

/* The times of a file that an exclusive create made carry its verifier.  RFC 1813 3.3.8 */
static void verifier_times(const u8 verifier[8], struct timespec t[2])
{
	t[0] = (struct timespec){ .tv_sec = get_unaligned_be32(verifier) & 0x7fffffff };
	t[1] = (struct timespec){ .tv_sec = get_unaligned_be32(verifier + 4) & 0x7fffffff };
}

/* It is there already: by an earlier call of the same client, whose answer was lost? */
static bool is_repeat(struct nfs_node *node, const u8 verifier[8])
{
	struct timespec t[2];
	struct stat st;

	verifier_times(verifier, t);
	return !fstat(node->fd, &st) && st.st_atim.tv_sec == t[0].tv_sec &&
	       st.st_mtim.tv_sec == t[1].tv_sec;
}

static const struct nfs_set_attr nothing;

/* What was just made, with all of what was asked for but what it was made with; durable. */
static int open_made(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		     const struct nfs_set_attr *set, unsigned made_with, struct nfs_node **out)
{
	struct nfs_set_attr rest = *set;
	struct nfs_node *node;
	int err;

	posix_changed(dir);
	err = open_path(dir, name, &node);
	if (err)
		return err;
	rest.set &= ~made_with;
	err = rest.set ? posix_setattr(node, cred, &rest) : 0;
	err = posix_durable(dir, err);
	if (err) {
		posix_node_put(node);
		return err;
	}
	*out = node;
	return 0;
}

static int create_existing(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
			   bool excl, const u8 verifier[8], const struct nfs_set_attr *set,
			   struct nfs_node **out)
{
	struct nfs_set_attr size_only = *set;
	struct nfs_node *node;
	int err = posix_lookup(dir, cred, name, &node);

	if (err)
		return err;
	if (excl && !(verifier && is_repeat(node, verifier)))
		err = -EEXIST;
	size_only.set &= NFS_SET_SIZE;
	if (!err && !excl && size_only.set)
		err = posix_setattr(node, cred, &size_only);
	if (err) {
		posix_node_put(node);
		return err;
	}
	*out = node;
	return 0;
}

int posix_create(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, bool excl,
		 const u8 verifier[8], const struct nfs_set_attr *set, struct nfs_node **out)
{
	int fd, err = posix_act_as(cred);
	struct timespec t[2];
	mode_t mode;

	if (err)
		return err;
	mode = umask_begin(mode_of(set, 0600), set->umask);
	fd = openat(dir->fd, name,
		    O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
	umask_end(set->umask);
	if (fd < 0 && errno == EEXIST)
		return create_existing(dir, cred, name, excl, verifier, set, out);
	if (fd < 0)
		return -errno;
	if (verifier) {
		verifier_times(verifier, t);
		futimens(fd, t);
	}
	close(fd);
	return open_made(dir, cred, name, verifier ? &nothing : set, NFS_SET_MODE, out);
}

int posix_mkdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		const struct nfs_set_attr *set, struct nfs_node **out)
{
	struct nfs_set_attr rest = *set;
	int err = posix_act_as(cred);
	mode_t mode;
	struct stat st;

	if (err)
		return err;
	mode = umask_begin(mode_of(set, 0755), set->umask);
	if (mkdirat(dir->fd, name, mode))
		err = -errno;
	umask_end(set->umask);
	if (err)
		return err;
	/* mkdir(2) ignores set-user-ID and set-group-ID; what it made of the others stays. */
	if (!(set->mode & (S_ISUID | S_ISGID)) || fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return open_made(dir, cred, name, set, NFS_SET_MODE, out);
	rest.mode = (st.st_mode & 07777) | (set->mode & 07000);
	return open_made(dir, cred, name, &rest, 0, out);
}

int posix_symlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		  const char *target, struct nfs_node **out)
{
	int err = posix_act_as(cred);

	if (err)
		return err;
	if (symlinkat(target, dir->fd, name))
		return -errno;
	return open_made(dir, cred, name, &nothing, 0, out);
}

int posix_mknod(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, mode_t mode,
		mode_t mask, dev_t dev, struct nfs_node **out)
{
	int err = posix_act_as(cred);

	if (err)
		return err;
	mode = umask_begin(mode, mask);
	if (mknodat(dir->fd, name, mode, dev))
		err = -errno;
	umask_end(mask);
	return err ? err : open_made(dir, cred, name, &nothing, 0, out);
}

static int remove_name(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		       int flags)
{
	struct nfs_node *node = NULL;
	int err = posix_act_as(cred);

	if (err)
		return err;
	if (open_path(dir, name, &node))
		node = NULL;
	if (unlinkat(dir->fd, name, flags))
		err = -errno;
	else
		posix_changed(dir);
	if (node) {
		posix_changed(node);	/* it has a link less */
		posix_node_forget(node);
		posix_node_put(node);
	}
	return posix_durable(dir, err);
}

int posix_unlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	return remove_name(dir, cred, name, 0);
}

int posix_rmdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	return remove_name(dir, cred, name, AT_REMOVEDIR);
}

/* rename(2) of a name to another one of the same file does nothing. */
static bool is_other(const struct nfs_node *from, const char *from_name, const struct nfs_node *old)
{
	struct stat a, b;

	return !old || fstatat(from->fd, from_name, &a, AT_SYMLINK_NOFOLLOW) ||
	       fstat(old->fd, &b) || a.st_ino != b.st_ino || a.st_dev != b.st_dev;
}

int posix_rename(struct nfs_node *from, const char *from_name, struct nfs_node *to,
		 const char *to_name, const struct nfs_cred *cred)
{
	struct nfs_node *old = NULL;
	int err = posix_act_as(cred);
	bool changes;

	if (err)
		return err;
	if (open_path(to, to_name, &old))
		old = NULL;
	changes = is_other(from, from_name, old);
	if (renameat(from->fd, from_name, to->fd, to_name))
		err = -errno;
	if (!err && changes) {
		posix_changed(from);
		posix_changed(to);
	}
	if (old) {
		if (!err && changes)
			posix_changed(old);
		posix_node_forget(old);
		posix_node_put(old);
	}
	err = posix_durable(to, err);
	return from == to ? err : posix_durable(from, err);
}

int posix_link(struct nfs_node *node, struct nfs_node *dir, const char *name,
	       const struct nfs_cred *cred)
{
	char path[32];
	int err;

	/* By way of /proc: AT_EMPTY_PATH needs a privilege that the caller has not. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", node->fd);
	if (node->type == S_IFDIR)
		return -EISDIR;
	err = posix_act_as(cred);
	if (err)
		return err;
	if (linkat(AT_FDCWD, path, dir->fd, name, AT_SYMLINK_FOLLOW))
		return -errno;
	posix_changed(node);
	posix_changed(dir);
	return posix_durable(dir, 0);
}
