// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Nodes: found by handle in the cache, else opened by it; their descriptors.
 *
 * A handle on the wire: code (8 bytes), length of the kernel's handle, its type, itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"
#include "targets/nfsd/siphash.h"

union kernel_handle {
	struct file_handle h;
	u8 bytes[sizeof(struct file_handle) + POSIX_HANDLE_MAX];
};

/* ---- handles --------------------------------------------------------------------------------------- */

static int handle_of(int fd, u8 *handle, u8 *len, int *mount_id)
{
	union kernel_handle k;

	k.h.handle_bytes = POSIX_HANDLE_MAX;
	if (name_to_handle_at(fd, "", &k.h, mount_id, AT_EMPTY_PATH))
		return errno == EOVERFLOW ? -EOPNOTSUPP : -errno;
	put_unaligned_be32(k.h.handle_bytes, handle);
	put_unaligned_be32((u32)k.h.handle_type, handle + 4);
	memcpy(handle + 8, k.h.f_handle, k.h.handle_bytes);
	*len = (u8)(8 + k.h.handle_bytes);
	return 0;
}

static int open_handle(struct posix_fs *fs, const u8 *handle, unsigned len)
{
	union kernel_handle k;
	int fd, err;

	k.h.handle_bytes = get_unaligned_be32(handle);
	k.h.handle_type = (int)get_unaligned_be32(handle + 4);
	if (k.h.handle_bytes != len - 8)
		return -EBADMSG;
	memcpy(k.h.f_handle, handle + 8, len - 8);
	err = posix_act_as(NULL);
	if (err)
		return err;
	fd = open_by_handle_at(fs->root_fd, &k.h, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? (errno == EINVAL ? -ESTALE : -errno) : fd;
}

/* ---- cache ------------------------------------------------------------------------------------------ */

static struct list_head *bucket(struct posix_fs *fs, const u8 *handle, unsigned len)
{
	return &fs->hash[siphash(fs->key, handle, len) % POSIX_HASH];
}

static struct nfs_node *cached(struct posix_fs *fs, const u8 *handle, unsigned len)
{
	struct nfs_node *node;

	list_for_each_entry(node, bucket(fs, handle, len), hash)
		if (node->handle_len == len && !memcmp(node->handle, handle, len)) {
			if (!node->refs++)
				list_del_init(&node->lru);
			return node;
		}
	return NULL;
}

void posix_node_free(struct nfs_node *node)
{
	posix_lend_forget(node);
	if (atomic_load(&node->owes_sync))	/* removed, or the server ends */
		atomic_fetch_sub(&node->fs->owing_n, 1);
	if (node->data_fd >= 0)
		close(node->data_fd);
	if (node->dir_fd >= 0)
		close(node->dir_fd);
	close(node->fd);
	pthread_mutex_destroy(&node->lock);
	pthread_mutex_destroy(&node->change.lock);
	sync_round_deinit(&node->sync);
	free(node);
}

void posix_node_unhash(struct nfs_node *node)
{
	list_del_init(&node->lru);
	list_del_init(&node->hash);
	node->fs->node_n--;
}

/* With the lock held; what is to be freed without it.  Those that owe a sync are few (posix_sync_owed()), and stay. */
static struct nfs_node *evict(struct posix_fs *fs)
{
	struct nfs_node *node;

	if (fs->node_n <= fs->node_max || list_empty(&fs->lru))
		return NULL;
	node = list_first_entry(&fs->lru, struct nfs_node, lru);
	posix_node_unhash(node);
	return node;
}

static int node_create(struct posix_fs *fs, int fd, struct nfs_node **out)
{
	struct nfs_node *node = calloc(1, sizeof(*node));
	struct stat st;
	int err;

	if (!node)
		return -ENOMEM;
	if (fstat(fd, &st)) {
		err = -errno;
		goto err_free;
	}
	err = handle_of(fd, node->handle, &node->handle_len, &node->mount_id);
	if (err)
		goto err_free;
	node->fs = fs;
	node->fd = fd;
	node->data_fd = node->dir_fd = -1;
	node->type = st.st_mode & S_IFMT;
	node->dev = st.st_dev;
	node->refs = 1;
	INIT_LIST_HEAD(&node->hash);
	INIT_LIST_HEAD(&node->lru);
	pthread_mutex_init(&node->lock, NULL);
	pthread_mutex_init(&node->change.lock, NULL);
	sync_round_init(&node->sync);
	*out = node;
	return 0;

err_free:
	free(node);
	return err;
}

static void mark_gone(struct nfs_node *node)
{
	pthread_mutex_lock(&node->fs->lock);
	node->gone = true;
	pthread_mutex_unlock(&node->fs->lock);
}

int posix_node_from_fd(struct posix_fs *fs, int fd, struct nfs_node **out)
{
	struct nfs_node *node = NULL, *old, *gone;
	struct stat st;
	int err = node_create(fs, fd, &node);

	if (err) {
		close(fd);
		return err;
	}
	pthread_mutex_lock(&fs->lock);
	old = cached(fs, node->handle, node->handle_len);
	if (!old) {
		list_add(&node->hash, bucket(fs, node->handle, node->handle_len));
		fs->node_n++;
	}
	gone = evict(fs);
	pthread_mutex_unlock(&fs->lock);
	/*
	 * Removed since fd was opened, and forgotten already; who removes it from now on finds this one.  Asked without the
	 * lock: the answer may be a long time coming, and others only want to put a node.
	 */
	if (!old && !fstat(fd, &st) && !st.st_nlink)
		mark_gone(node);
	if (old)
		posix_node_free(node);
	if (gone)
		posix_node_free(gone);
	*out = old ? old : node;
	return 0;
}

int posix_node_find(struct nfs_export *export, const u8 *handle, unsigned len,
		    struct nfs_node **out)
{
	struct posix_fs *fs = posix_fs_of(export);
	struct nfs_node *node;
	int fd;

	if (len <= POSIX_CODE_BYTES + 8 || len > POSIX_CODE_BYTES + sizeof(node->handle))
		return -EBADMSG;
	if (get_unaligned_be64(handle) !=
	    siphash(fs->key, handle + POSIX_CODE_BYTES, len - POSIX_CODE_BYTES))
		return -ESTALE;		/* of another time or another server; or an attempt */
	handle += POSIX_CODE_BYTES;
	len -= POSIX_CODE_BYTES;
	pthread_mutex_lock(&fs->lock);
	node = cached(fs, handle, len);
	pthread_mutex_unlock(&fs->lock);
	if (node) {
		*out = node;
		return 0;
	}
	fd = open_handle(fs, handle, len);
	return fd < 0 ? fd : posix_node_from_fd(fs, fd, out);
}

int posix_node_handle(struct nfs_node *node, u8 *handle, unsigned *len)
{
	put_unaligned_be64(siphash(node->fs->key, node->handle, node->handle_len), handle);
	memcpy(handle + POSIX_CODE_BYTES, node->handle, node->handle_len);
	*len = POSIX_CODE_BYTES + node->handle_len;
	return 0;
}

void posix_node_get(struct nfs_node *node)
{
	pthread_mutex_lock(&node->fs->lock);
	node->refs++;
	pthread_mutex_unlock(&node->fs->lock);
}

/* Closing asks whoever answers for a remote one, and this is called with locks of other exports: posix_idle.c does it. */
void posix_node_put(struct nfs_node *node)
{
	struct posix_fs *fs = node->fs;
	bool remote = fs->export->remote;
	struct nfs_node *gone = NULL;

	pthread_mutex_lock(&fs->lock);
	if (!--node->refs && node->gone && !remote) {
		posix_node_unhash(node);
		gone = node;
	} else if (!node->refs) {
		node->idle_s = posix_idle_now();
		list_add_tail(&node->lru, atomic_load(&node->owes_sync) ? &fs->owing : &fs->lru);
		gone = remote ? NULL : evict(fs);
		if (fs->idle_sleeps)
			pthread_cond_signal(&fs->idle_wake);
	}
	pthread_mutex_unlock(&fs->lock);
	if (gone)
		posix_node_free(gone);
}

void posix_node_forget(struct nfs_node *node)
{
	struct stat st;

	if (!fstat(node->fd, &st) && st.st_nlink)
		return;
	mark_gone(node);
}

void posix_nodes_drop(struct posix_fs *fs)
{
	struct nfs_node *node;

	list_splice_tail_init(&fs->owing, &fs->lru);
	while (!list_empty(&fs->lru)) {
		node = list_first_entry(&fs->lru, struct nfs_node, lru);
		posix_node_unhash(node);
		posix_node_free(node);
	}
	core_assert(!fs->node_n);
}

/* ---- descriptors ------------------------------------------------------------------------------------- */

static int reopen(const struct nfs_node *node, int flags)
{
	int fd, err = posix_act_as(NULL);
	char path[32];

	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", node->fd);
	fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int posix_node_data_fd(struct nfs_node *node, bool write)
{
	int fd = atomic_load(&node->data_fd);

	if (node->type != S_IFREG)
		return node->type == S_IFDIR ? -EISDIR : -EINVAL;
	if (fd >= 0 && (!write || node->writable))
		return fd;
	pthread_mutex_lock(&node->lock);
	fd = atomic_load(&node->data_fd);
	if (fd < 0) {
		/* For both at once: a file is rarely read only, and this way it has one. */
		fd = reopen(node, O_RDWR);
		node->writable = fd >= 0;
		if (fd == -EROFS || fd == -ETXTBSY || fd == -EACCES || fd == -EPERM)
			fd = write ? fd : reopen(node, O_RDONLY);
		if (fd >= 0)
			atomic_store(&node->data_fd, fd);
	} else if (write && !node->writable) {
		int both = reopen(node, O_RDWR);

		/* The old one may be in use: its number goes on living, as the new file. */
		if (both >= 0 && dup3(both, fd, O_CLOEXEC) == fd)
			node->writable = true;
		else
			fd = both < 0 ? both : -errno;
		if (both >= 0)
			close(both);
	}
	pthread_mutex_unlock(&node->lock);
	return fd;
}

int posix_node_dir_fd(struct nfs_node *node)
{
	int fd = atomic_load(&node->dir_fd);

	if (fd >= 0)
		return fd;
	if (node->type != S_IFDIR)
		return -ENOTDIR;
	fd = reopen(node, O_RDONLY | O_DIRECTORY);
	if (fd >= 0)
		atomic_store(&node->dir_fd, fd);
	return fd;
}
