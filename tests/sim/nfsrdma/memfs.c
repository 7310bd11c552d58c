// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/sim/nfsrdma/memfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOT		0u
#define NAME_BYTES	(NFS_NAME_MAX + 1)

struct entry {
	struct list_head link;
	struct nfs_node *node;
	u64 cookie;
	char name[NAME_BYTES];
};

struct nfs_node {
	struct memfs *fs;
	unsigned id, refs, links;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	u64 change, size;
	u8 *data;
	struct list_head entries;	/* of a directory, by cookie */
};

/* ---- objects ---------------------------------------------------------------------------------------- */

static struct nfs_node *hold(struct nfs_node *node)
{
	node->refs++;
	return node;
}

static struct nfs_node *node_new(struct memfs *fs, const struct nfs_cred *cred, mode_t mode)
{
	struct nfs_node *node = fs->n < MEMFS_NODES ? calloc(1, sizeof(*node)) : NULL;

	if (!node)
		return NULL;
	node->fs = fs;
	node->id = fs->n;
	node->mode = mode;
	node->links = 1;
	node->change = ++fs->ticks;
	node->uid = cred ? cred->uid : 0;
	node->gid = cred ? cred->gid : 0;
	INIT_LIST_HEAD(&node->entries);
	fs->nodes[fs->n++] = node;
	return node;
}

int memfs_init(struct memfs *fs)
{
	return node_new(fs, NULL, S_IFDIR | 0777) ? 0 : -ENOMEM;
}

void memfs_deinit(struct memfs *fs)
{
	for (unsigned i = 0; i < fs->n; i++) {
		struct nfs_node *node = fs->nodes[i];

		core_assert(!node->refs);
		while (!list_empty(&node->entries)) {
			struct entry *e = list_first_entry(&node->entries, struct entry, link);

			list_del(&e->link);
			free(e);
		}
		free(node->data);
		free(node);
	}
	fs->n = 0;
}

static int op_root(struct nfs_export *export, struct nfs_node **node)
{
	struct memfs *fs = export->fs;

	*node = hold(fs->nodes[ROOT]);
	return 0;
}

static int op_find(struct nfs_export *export, const u8 *handle, unsigned len,
		   struct nfs_node **node)
{
	struct memfs *fs = export->fs;
	u32 id;

	if (len != 4)
		return -ESTALE;
	id = get_unaligned_be32(handle);
	if (id >= fs->n || !fs->nodes[id]->links)
		return -ESTALE;
	*node = hold(fs->nodes[id]);
	return 0;
}

static int op_handle(struct nfs_node *node, u8 *handle, unsigned *len)
{
	put_unaligned_be32(node->id, handle);
	*len = 4;
	return 0;
}

static void op_get(struct nfs_node *node)
{
	hold(node);
}

static void op_put(struct nfs_node *node)
{
	core_assert(node->refs);
	node->refs--;
}

/* ---- attributes ------------------------------------------------------------------------------------- */

static void tell(struct memfs *fs, enum memfs_change change, const struct nfs_cred *cred, u64 ino,
		 u64 offset, u64 len, const char *name)
{
	const struct memfs_try try = { change, cred->uid, ino, offset, len, name };

	fs->tried(fs->ctx, &try);
}

static int resize(struct nfs_node *node, u64 size)
{
	u8 *data;

	if (size > node->size) {
		data = realloc(node->data, size);
		if (!data)
			return -ENOSPC;
		memset(data + node->size, 0, size - node->size);
		node->data = data;
	}
	node->size = size;
	node->change = ++node->fs->ticks;
	return 0;
}

static int op_getattr(struct nfs_node *node, struct nfs_attr *attr)
{
	const struct timespec t = { .tv_sec = (time_t)node->change };

	*attr = (struct nfs_attr){ .change = node->change };
	attr->st = (struct stat){ .st_ino = node->id + 2,
				  .st_dev = 1,
				  .st_mode = node->mode,
				  .st_nlink = node->links,
				  .st_uid = node->uid,
				  .st_gid = node->gid,
				  .st_size = (off_t)node->size,
				  .st_blocks = (blkcnt_t)(node->size + 511) / 512,
				  .st_blksize = 4096,
				  .st_atim = t,
				  .st_mtim = t,
				  .st_ctim = t };
	return 0;
}

static int op_setattr(struct nfs_node *node, const struct nfs_cred *cred,
		      const struct nfs_set_attr *set)
{
	if (set->set & NFS_SET_MODE)
		node->mode = (node->mode & S_IFMT) | (set->mode & 07777);
	if (!(set->set & NFS_SET_SIZE))
		return 0;
	tell(node->fs, MEMFS_CUT, cred, node->id + 2, 0, set->size, NULL);
	return resize(node, set->size);
}

static int op_access(struct nfs_node *node, const struct nfs_cred *cred, unsigned want,
		     unsigned *have)
{
	*have = want;
	return 0;
}

static int op_statfs(struct nfs_node *node, struct statvfs *st)
{
	*st = (struct statvfs){ .f_bsize = 4096, .f_frsize = 4096, .f_namemax = NFS_NAME_MAX };
	return 0;
}

/* ---- names ------------------------------------------------------------------------------------------ */

static struct entry *entry_of(struct nfs_node *dir, const char *name)
{
	struct entry *e;

	list_for_each_entry(e, &dir->entries, link)
		if (strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

static int entry_add(struct nfs_node *dir, const char *name, struct nfs_node *node)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->node = node;
	e->cookie = ++dir->fs->ticks + 2;
	strncpy(e->name, name, NFS_NAME_MAX);
	list_add_tail(&e->link, &dir->entries);
	dir->change = ++dir->fs->ticks;
	return 0;
}

static void entry_del(struct nfs_node *dir, struct entry *e)
{
	list_del(&e->link);
	free(e);
	dir->change = ++dir->fs->ticks;
}

static int op_lookup(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		     struct nfs_node **node)
{
	struct entry *e;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		*node = hold(strcmp(name, ".") ? dir->fs->nodes[ROOT] : dir);
		return 0;
	}
	e = entry_of(dir, name);
	if (!e)
		return -ENOENT;
	*node = hold(e->node);
	return 0;
}

static int make(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, mode_t mode,
		struct nfs_node **node)
{
	int err;

	tell(dir->fs, MEMFS_MAKE, cred, 0, 0, 0, name);
	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	if (entry_of(dir, name))
		return -EEXIST;
	*node = node_new(dir->fs, cred, mode);
	if (!*node)
		return -ENOSPC;
	err = entry_add(dir, name, *node);
	if (!err)
		hold(*node);
	return err;
}

/* Of the test's own calls each makes a new name: what exists is not opened. */
static int op_create(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, bool excl,
		     const u8 verifier[8], const struct nfs_set_attr *set, struct nfs_node **node)
{
	return make(dir, cred, name,
		    S_IFREG | (set->set & NFS_SET_MODE ? set->mode & 07777 & ~set->umask : 0600),
		    node);
}

static int op_mkdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		    const struct nfs_set_attr *set, struct nfs_node **node)
{
	return make(dir, cred, name, S_IFDIR | 0755, node);
}

static int op_symlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		      const char *target, struct nfs_node **node)
{
	int err = make(dir, cred, name, S_IFLNK | 0777, node);

	if (err)
		return err;
	err = resize(*node, strlen(target));
	if (!err)
		memcpy((*node)->data, target, strlen(target));
	return err;
}

static ssize_t op_readlink(struct nfs_node *node, char *buf, size_t len)
{
	size_t n = min_t(size_t, len, node->size);

	if (!S_ISLNK(node->mode))
		return -EINVAL;
	memcpy(buf, node->data, n);
	return (ssize_t)n;
}

static int op_mknod(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		    mode_t mode, mode_t umask, dev_t dev, struct nfs_node **node)
{
	return -EOPNOTSUPP;
}

static int op_link(struct nfs_node *node, struct nfs_node *dir, const char *name,
		   const struct nfs_cred *cred)
{
	return -EOPNOTSUPP;
}

static int gone(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, bool is_dir)
{
	struct entry *e = entry_of(dir, name);

	/* Version 4 has one call for both and finds out which. */
	if (e && S_ISDIR(e->node->mode) != is_dir)
		return is_dir ? -ENOTDIR : -EISDIR;
	tell(dir->fs, MEMFS_REMOVE, cred, 0, 0, 0, name);
	if (!e)
		return -ENOENT;
	e->node->links = 0;
	entry_del(dir, e);
	return 0;
}

static int op_unlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	return gone(dir, cred, name, false);
}

static int op_rmdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	return gone(dir, cred, name, true);
}

static int op_rename(struct nfs_node *from, const char *from_name, struct nfs_node *to,
		     const char *to_name, const struct nfs_cred *cred)
{
	struct entry *e = entry_of(from, from_name);
	struct nfs_node *node = e ? e->node : NULL;

	tell(to->fs, MEMFS_RENAME, cred, 0, 0, 0, to_name);
	if (!e)
		return -ENOENT;
	if (entry_of(to, to_name))
		return -EEXIST;
	entry_del(from, e);
	return entry_add(to, to_name, node);
}

static int op_readdir(struct nfs_node *dir, const struct nfs_cred *cred, u64 cookie,
		      bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx, bool *eof)
{
	struct entry *e;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	*eof = false;
	list_for_each_entry(e, &dir->entries, link) {
		const struct nfs_dirent d = { .cookie = e->cookie,
					      .ino = e->node->id + 2,
					      .name = e->name,
					      .name_len = (unsigned)strlen(e->name) };

		if (e->cookie > cookie && !fn(ctx, &d))
			return 0;
	}
	*eof = true;
	return 0;
}

/* ---- data ------------------------------------------------------------------------------------------- */

static ssize_t op_read(struct nfs_node *node, const struct nfs_cred *cred, void *buf, size_t len,
		       u64 offset, bool nowait, bool *eof)
{
	size_t n = offset < node->size ? min_t(u64, len, node->size - offset) : 0;

	if (!S_ISREG(node->mode))
		return S_ISDIR(node->mode) ? -EISDIR : -EINVAL;
	if (nowait && node->fs->blocks(node->fs->ctx))
		return -EAGAIN;
	if (n)
		memcpy(buf, node->data + offset, n);
	*eof = offset + n >= node->size;
	return (ssize_t)n;
}

static void end_loan(struct nfs_loan *loan)
{
	free((u8 *)loan->data);
	op_put(loan->priv);
}

/* Every other page may be lent, as a copy of its own: the file may be cut before it is sent. */
static int op_lend(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u32 len,
		   struct nfs_loan *loan)
{
	u32 n = offset < node->size ? (u32)min_t(u64, len, node->size - offset) : 0;
	u8 *copy;

	if (!S_ISREG(node->mode) || !n || offset / 4096 % 2 || node->fs->blocks(node->fs->ctx))
		return -EAGAIN;
	copy = malloc(n);
	if (!copy)
		return -EAGAIN;
	memcpy(copy, node->data + offset, n);
	*loan = (struct nfs_loan){
		.data = copy,
		.len = n,
		.eof = offset + n == node->size,
		.fd = -1,
		.end = end_loan,
		.priv = hold(node),
	};
	return 0;
}

static ssize_t op_write(struct nfs_node *node, const struct nfs_cred *cred, const void *buf,
			size_t len, u64 offset, bool sync)
{
	int err = 0;

	if (!S_ISREG(node->mode))
		return S_ISDIR(node->mode) ? -EISDIR : -EINVAL;
	tell(node->fs, MEMFS_WRITE, cred, node->id + 2, offset, len, NULL);
	if (offset + len > node->size)
		err = resize(node, offset + len);
	if (err)
		return err;
	memcpy(node->data + offset, buf, len);
	node->change = ++node->fs->ticks;
	return (ssize_t)len;
}

static int op_commit(struct nfs_node *node, u64 offset, u64 len)
{
	return 0;
}

static int op_seek(struct nfs_node *node, enum nfs_seek what, u64 offset, u64 *found)
{
	return -EOPNOTSUPP;
}

static int op_allocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len)
{
	return -EOPNOTSUPP;
}

static ssize_t op_copy(struct nfs_node *from, u64 from_offset, struct nfs_node *to, u64 to_offset,
		       u64 len, const struct nfs_cred *cred, bool clone)
{
	return -EOPNOTSUPP;
}

static ssize_t op_getxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
			   void *buf, size_t len)
{
	return -EOPNOTSUPP;
}

static int op_setxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		       const void *buf, size_t len, int flags)
{
	return -EOPNOTSUPP;
}

static ssize_t op_listxattr(struct nfs_node *node, const struct nfs_cred *cred, char *buf,
			    size_t len)
{
	return -EOPNOTSUPP;
}

static int op_removexattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name)
{
	return -EOPNOTSUPP;
}

static u64 op_write_verifier(struct nfs_export *export)
{
	return 0x6f70656e72646d61;
}

const struct nfs_vfs_ops memfs_ops = {
	.root = op_root,
	.find = op_find,
	.handle = op_handle,
	.get = op_get,
	.put = op_put,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.access = op_access,
	.lookup = op_lookup,
	.readlink = op_readlink,
	.create = op_create,
	.mkdir = op_mkdir,
	.symlink = op_symlink,
	.mknod = op_mknod,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.rename = op_rename,
	.link = op_link,
	.readdir = op_readdir,
	.read = op_read,
	.lend = op_lend,
	.write = op_write,
	.commit = op_commit,
	.seek = op_seek,
	.allocate = op_allocate,
	.deallocate = op_allocate,
	.copy = op_copy,
	.statfs = op_statfs,
	.getxattr = op_getxattr,
	.setxattr = op_setxattr,
	.listxattr = op_listxattr,
	.removexattr = op_removexattr,
	.write_verifier = op_write_verifier,
};
