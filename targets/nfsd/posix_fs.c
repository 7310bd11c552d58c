// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* An export's directory: opened, its root, its verifier; the table of operations. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"
#include "targets/nfsd/siphash.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1		/* linux/mount.h, which quarrels with sys/mount.h */
#endif

static int root(struct nfs_export *export, struct nfs_node **node)
{
	struct posix_fs *fs = posix_fs_of(export);

	posix_node_get(fs->root);
	*node = fs->root;
	return 0;
}

static u64 write_verifier(struct nfs_export *export)
{
	return atomic_load(&posix_fs_of(export)->verifier);
}

/*
 * The code of a handle is of one export: with another's fsid put before it, a handle of a file that is exported
 * twice, here read-only and there for writing, is not good.
 */
static void key_derive(struct posix_fs *fs, const u8 key[POSIX_KEY_BYTES])
{
	u8 text[9];

	put_unaligned_be64(fs->export->fsid, text);
	for (u8 i = 0; i < 2; i++) {
		text[8] = i;
		put_unaligned_be64(siphash(key, text, sizeof(text)), fs->key + 8 * i);
	}
}

/*
 * Below this directory clients see its own file system only, also where others are mounted on it: exports(5) without
 * crossmnt.  A mount of our own that nobody can mount anything on does that.  Without the privilege for it, or before
 * Linux 5.2, the directory is taken as it is, and names where something is mounted are refused (posix_lookup()).
 */
static int tree_open(struct posix_fs *fs, const char **why)
{
	int err;

	fs->dir_fd = open(fs->export->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fs->dir_fd < 0) {
		err = -errno;
		*why = err == -ENOTDIR ? "it is not a directory" : strerror(-err);
		return err;
	}
	fs->tree_fd = (int)syscall(SYS_open_tree, fs->dir_fd, "",
				   OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH);
	fs->root_fd =
		fs->tree_fd < 0 ? -1 : openat(fs->tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fs->root_fd < 0)
		fs->root_fd = dup(fs->dir_fd);
	if (fs->root_fd >= 0)
		return 0;
	*why = strerror(errno);
	return -errno;
}

/* What answers for this directory is another machine or a program, which may never do it. */
static bool is_remote(int fd)
{
	static const u32 types[] = {
		0x65735546,		/* FUSE */
		0x6969,			/* NFS */
		0xff534d42, 0xfe534d42, 0x517b,		/* CIFS, SMB2, SMB */
		0x00c36400,		/* Ceph */
		0x01021997,		/* 9P */
		0x5346414f, 0x6b414653,	/* AFS */
		0x73757245,		/* Coda */
		0x0bd00bd0,		/* Lustre */
		0x01161970,		/* GFS2 */
		0x7461636f,		/* OCFS2 */
		0x47504653,		/* GPFS */
		0x20030528,		/* OrangeFS */
		0x19830326,		/* BeeGFS */
	};
	struct statfs st;

	if (fstatfs(fd, &st))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((u32)st.f_type == types[i])
			return true;
	return false;
}

static void tree_close(struct posix_fs *fs)
{
	if (fs->root_fd >= 0)
		close(fs->root_fd);
	if (fs->tree_fd >= 0)
		close(fs->tree_fd);
	if (fs->dir_fd >= 0)
		close(fs->dir_fd);
}

static int root_open(struct posix_fs *fs, const char **why)
{
	int fd = dup(fs->root_fd), test, err;

	*why = "it cannot be opened";
	if (fd < 0)
		return -errno;
	err = posix_node_from_fd(fs, fd, &fs->root);
	if (err) {
		*why = err == -EOPNOTSUPP
			       ? "its file system has no file handles (such as overlayfs): export "
				 "another, or mount it with nfs_export=on"
			       : "its file system gives no file handle";
		return err;
	}
	fs->dev = fs->root->dev;
	fs->mount_id = fs->root->mount_id;
	/* The privilege is asked for now, not when the first client comes. */
	{
		union {
			struct file_handle h;
			u8 bytes[sizeof(struct file_handle) + POSIX_HANDLE_MAX];
		} k = { .h = { .handle_bytes = fs->root->handle_len - 8u,
			       .handle_type = (int)get_unaligned_be32(fs->root->handle + 4) } };

		memcpy(k.h.f_handle, fs->root->handle + 8, fs->root->handle_len - 8u);
		test = open_by_handle_at(fs->root_fd, &k.h, O_PATH | O_CLOEXEC);
	}
	if (test < 0) {
		err = -errno;
		*why = err == -EPERM ? "opening files by handle needs root (CAP_DAC_READ_SEARCH)"
				     : "its file system does not open files by handle";
		posix_node_put(fs->root);
		return err;
	}
	close(test);
	return 0;
}

int posix_fs_create(struct nfs_export *export, const u8 key[POSIX_KEY_BYTES], unsigned node_max,
		    struct posix_fs **out, const char **why)
{
	struct posix_fs *fs = calloc(1, sizeof(*fs));
	u64 verifier;
	int err;

	*why = "out of memory";
	if (!fs)
		return -ENOMEM;
	fs->export = export;
	fs->dir_fd = fs->tree_fd = fs->root_fd = -1;
	fs->node_max = node_max;
	key_derive(fs, key);
	INIT_LIST_HEAD(&fs->lru);
	INIT_LIST_HEAD(&fs->owing);
	for (unsigned i = 0; i < POSIX_HASH; i++)
		INIT_LIST_HEAD(&fs->hash[i]);
	pthread_mutex_init(&fs->lock, NULL);
	if (getrandom(&verifier, sizeof(verifier), 0) != sizeof(verifier)) {
		err = -EIO;
		goto err_free;
	}
	atomic_store(&fs->verifier, verifier);
	err = tree_open(fs, why);
	if (!err)
		err = root_open(fs, why);
	if (err)
		goto err_close;
	err = posix_idle_start(fs);
	if (err) {
		*why = "no thread for it";
		posix_node_put(fs->root);
		goto err_close;
	}
	export->vfs = &posix_vfs_ops;
	export->remote = is_remote(fs->root_fd);
	export->fs = fs;
	*out = fs;
	return 0;

err_close:
	posix_nodes_drop(fs);
	tree_close(fs);
err_free:
	pthread_mutex_destroy(&fs->lock);
	free(fs);
	return err;
}

void posix_fs_destroy(struct posix_fs *fs)
{
	if (!fs)
		return;
	posix_idle_stop(fs);
	posix_node_put(fs->root);
	posix_nodes_drop(fs);
	tree_close(fs);
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}

const struct nfs_vfs_ops posix_vfs_ops = {
	.root = root,
	.find = posix_node_find,
	.handle = posix_node_handle,
	.get = posix_node_get,
	.put = posix_node_put,
	.getattr = posix_getattr,
	.setattr = posix_setattr,
	.getacl = posix_getacl,
	.access = posix_access,
	.lookup = posix_lookup,
	.readlink = posix_readlink,
	.create = posix_create,
	.mkdir = posix_mkdir,
	.symlink = posix_symlink,
	.mknod = posix_mknod,
	.unlink = posix_unlink,
	.rmdir = posix_rmdir,
	.rename = posix_rename,
	.link = posix_link,
	.readdir = posix_readdir,
	.read = posix_read,
	.lend = posix_lend,
	.write = posix_write,
	.commit = posix_commit,
	.seek = posix_seek,
	.allocate = posix_allocate,
	.deallocate = posix_deallocate,
	.copy = posix_copy,
	.statfs = posix_statfs,
	.max_bytes = posix_max_bytes,
	.getxattr = posix_getxattr,
	.setxattr = posix_setxattr,
	.listxattr = posix_listxattr,
	.removexattr = posix_removexattr,
	.write_verifier = write_verifier,
};
