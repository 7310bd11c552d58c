// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Attributes, permissions, room. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

/* faccessat2(2) by descriptor, with the identity that the thread acts as. */
static bool may(const struct nfs_node *node, int mode)
{
	return syscall(SYS_faccessat2, node->fd, "", mode, AT_EACCESS | AT_EMPTY_PATH) == 0;
}

int posix_getattr(struct nfs_node *node, struct nfs_attr *attr)
{
	struct stat st;
	u64 change, count;
	int err = posix_change_stat(node, &st, &change, &count);

	if (err)
		return err;
	attr->st = st;
	attr->change = change;
	attr->counted = true;
	attr->count = count;
	attr->btime = (struct timespec){ 0 };
	return 0;
}

int posix_access(struct nfs_node *node, const struct nfs_cred *cred, unsigned want, unsigned *have)
{
	int err = posix_act_as(cred);
	unsigned ok = 0;

	if (err)
		return err;
	if (want & NFS_MAY_READ && may(node, R_OK))
		ok |= NFS_MAY_READ;
	if (want & NFS_MAY_WRITE && may(node, W_OK))
		ok |= NFS_MAY_WRITE;
	if (want & NFS_MAY_EXEC && may(node, X_OK))
		ok |= NFS_MAY_EXEC;
	*have = ok;
	return 0;
}

int posix_data_ok(struct nfs_node *node, const struct nfs_cred *cred, unsigned want)
{
	struct stat st;
	int mode = (want & NFS_MAY_READ ? R_OK : 0) | (want & NFS_MAY_WRITE ? W_OK : 0);
	int err;

	if (!cred->uid)
		return 0;
	err = posix_act_as(cred);
	if (err)
		return err;
	if (may(node, mode))
		return 0;
	if (fstat(node->fd, &st))
		return -errno;
	if (posix_is_owner(&st, cred))
		return 0;
	/* A program must be readable by who may run it.  RFC 1813 4.4 */
	return want == NFS_MAY_READ && node->type == S_IFREG && may(node, X_OK) ? 0 : -EACCES;
}

static int set_size(struct nfs_node *node, const struct nfs_cred *cred, u64 size)
{
	int err = posix_data_ok(node, cred, NFS_MAY_WRITE), fd;

	if (err)
		return err;
	if (size > INT64_MAX)
		return -EFBIG;
	fd = posix_node_data_fd(node, true);
	if (fd < 0)
		return fd;
	err = posix_act_as(cred);
	if (err)
		return err;
	return ftruncate(fd, (off_t)size) ? -errno : posix_sync_owed(node);
}

/* By descriptor, so that a symbolic link's are its own. */
static int set_times(const struct nfs_node *node, const struct nfs_set_attr *set)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_OMIT } };

	if (set->set & NFS_SET_ATIME)
		t[0] = set->atime;
	if (set->set & NFS_SET_ATIME_NOW)
		t[0].tv_nsec = UTIME_NOW;
	if (set->set & NFS_SET_MTIME)
		t[1] = set->mtime;
	if (set->set & NFS_SET_MTIME_NOW)
		t[1].tv_nsec = UTIME_NOW;
	/* Cutting has set it, for who may write: here only the owner could. */
	if (set->set & NFS_SET_SIZE && t[1].tv_nsec == UTIME_NOW && t[0].tv_nsec == UTIME_OMIT)
		return 0;
	if (t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
		return 0;
	return utimensat(node->fd, "", t, AT_EMPTY_PATH) ? -errno : 0;
}

/* An ACL sets the lower nine bits, and leaves the others unless a mode came with it. */
static int set_mode(const struct nfs_node *node, const char *path, const struct nfs_set_attr *set)
{
	mode_t mode = set->mode;
	struct stat st;
	int err;

	if (set->set & NFS_SET_ACL) {
		err = posix_setacl(path, set->acl_mode);
		if (err && err != -EOPNOTSUPP)
			return err;
		if (!err && !(set->set & NFS_SET_MODE))
			return 0;
		if (fstat(node->fd, &st))
			return -errno;
		mode = set->set & NFS_SET_MODE ? set->mode : st.st_mode;
		mode = (mode & 07000) | set->acl_mode;
	}
	return chmod(path, mode & 07777) ? -errno : 0;
}

static int set_all(struct nfs_node *node, const struct nfs_cred *cred,
		   const struct nfs_set_attr *set)
{
	uid_t uid = set->set & NFS_SET_UID ? set->uid : (uid_t)-1;
	gid_t gid = set->set & NFS_SET_GID ? set->gid : (gid_t)-1;
	char path[32];
	int err = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", node->fd);
	if (set->set & NFS_SET_SIZE) {
		err = set_size(node, cred, set->size);
		if (err)
			return err;
	}
	err = posix_act_as(cred);
	if (err)
		return err;
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
	    fchownat(node->fd, "", uid, gid, AT_EMPTY_PATH))
		return -errno;
	if (set->set & (NFS_SET_MODE | NFS_SET_ACL) && node->type != S_IFLNK)
		err = set_mode(node, path, set);
	return err ? err : set_times(node, set);
}

int posix_setattr(struct nfs_node *node, const struct nfs_cred *cred,
		  const struct nfs_set_attr *set)
{
	int err = set_all(node, cred, set);

	posix_changed(node);		/* part of it may be, also after an error */
	return posix_durable(node, err);
}

int posix_statfs(struct nfs_node *node, struct statvfs *st)
{
	return fstatvfs(node->fd, st) ? -errno : 0;
}

/* The kernel moves no descriptor's position to where a file cannot end. */
static u64 seek_limit(int fd)
{
	u64 good = 0, bad = INT64_MAX;

	if (lseek(fd, INT64_MAX, SEEK_SET) >= 0)
		return INT64_MAX;
	while (bad - good > 1) {
		u64 at = good + (bad - good) / 2;

		if (lseek(fd, (off_t)at, SEEK_SET) >= 0)
			good = at;
		else
			bad = at;
	}
	return good ? good : INT64_MAX;
}

/* Positions of a directory say nothing: of ext4 the rule is known, of others a file has to be asked. */
u64 posix_max_bytes(struct nfs_node *node)
{
	int fd = node->type == S_IFREG ? posix_node_data_fd(node, false) : -1;
	struct statfs fs;

	if (fd >= 0)
		return seek_limit(fd);
	if (fstatfs(node->fd, &fs) < 0 || fs.f_type != EXT4_SUPER_MAGIC)
		return INT64_MAX;
	return (u64)UINT32_MAX * (u64)fs.f_bsize;
}
