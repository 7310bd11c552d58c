// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Nodes: found by handle in the cache, else asked of the metadata server by inode number. */
#include <errno.h>
#include <stdlib.h>

#include "targets/nfsd/ceph.h"
#include "targets/nfsd/siphash.h"

/* ---- handles --------------------------------------------------------------------------------------- */

static void vino_put(vinodeno_t vino, u8 bytes[16])
{
	put_unaligned_be64(vino.ino.val, bytes);
	put_unaligned_be64(vino.snapid.val, bytes + 8);
}

int cfs_node_handle(struct nfs_node *node, u8 *handle, unsigned *len)
{
	vino_put(node->vino, handle + CFS_CODE_BYTES);
	put_unaligned_be64(siphash(node->fs->key, handle + CFS_CODE_BYTES, 16), handle);
	*len = CFS_HANDLE_BYTES;
	return 0;
}

/* ---- cache ------------------------------------------------------------------------------------------ */

static struct list_head *bucket(struct cfs *fs, vinodeno_t vino)
{
	u8 bytes[16];

	vino_put(vino, bytes);
	return &fs->hash[siphash(fs->key, bytes, sizeof(bytes)) % CFS_HASH];
}

static struct nfs_node *in_cache(struct cfs *fs, vinodeno_t vino)
{
	struct nfs_node *node;

	list_for_each_entry(node, bucket(fs, vino), hash)
		if (node->vino.ino.val == vino.ino.val && node->vino.snapid.val == vino.snapid.val)
			return node;
	return NULL;
}

static struct nfs_node *use_cached(struct cfs *fs, vinodeno_t vino)
{
	struct nfs_node *node = in_cache(fs, vino);

	if (node && !node->refs++) {
		list_del_init(&node->lru);
		fs->idle_n--;
	}
	return node;
}

void cfs_node_free(struct nfs_node *node)
{
	cfs_files_close(node);
	cfs_dir_close(node);
	ceph_ll_put(node->fs->mount, node->in);
	sync_round_deinit(&node->sync);
	pthread_mutex_destroy(&node->lock);
	free(node);
}

static struct nfs_node *node_create(struct cfs *fs, struct Inode *in, const struct ceph_statx *stx)
{
	struct nfs_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->fs = fs;
	node->refs = 1;
	node->in = in;
	node->vino.ino.val = stx->stx_ino;
	/* Of an inode, the device that libcephfs shows is its snapshot. */
	node->vino.snapid.val = (u64)stx->stx_dev;
	node->type = stx->stx_mode & S_IFMT;
	INIT_LIST_HEAD(&node->hash);
	INIT_LIST_HEAD(&node->lru);
	pthread_mutex_init(&node->lock, NULL);
	sync_round_init(&node->sync);
	return node;
}

int cfs_node_from_inode(struct cfs *fs, struct Inode *in, const struct ceph_statx *stx,
			struct nfs_node **out)
{
	struct nfs_node *node = node_create(fs, in, stx), *old;

	if (!node) {
		ceph_ll_put(fs->mount, in);
		return -ENOMEM;
	}
	pthread_mutex_lock(&fs->lock);
	old = use_cached(fs, node->vino);
	if (!old) {
		list_add(&node->hash, bucket(fs, node->vino));
		fs->node_n++;
	}
	pthread_mutex_unlock(&fs->lock);
	if (old)
		cfs_node_free(node);
	*out = old ? old : node;
	return 0;
}

static int find_inode(struct cfs *fs, vinodeno_t vino, struct nfs_node **out)
{
	struct ceph_statx stx;
	struct Inode *in;
	int err = ceph_ll_lookup_vino(fs->mount, vino, &in);

	/* The metadata server knows no such inode, or none any more. */
	if (err)
		return err == -ENOENT || err == -EINVAL ? -ESTALE : err;
	err = ceph_ll_getattr(fs->mount, in, &stx, CFS_NODE_WANT, 0, fs->self);
	if (!err && !stx.stx_nlink && vino.snapid.val == CEPH_NOSNAP)
		err = -ESTALE;		/* removed: only waits for being forgotten */
	if (err) {
		ceph_ll_put(fs->mount, in);
		return err;
	}
	return cfs_node_from_inode(fs, in, &stx, out);
}

/* Others of the cluster may have removed what nobody here had in use; what is said of it then needs no question. */
static int still_there(struct nfs_node *node)
{
	struct ceph_statx stx;

	return ceph_ll_getattr(node->fs->mount, node->in, &stx, CEPH_STATX_NLINK,
			       AT_STATX_DONT_SYNC, node->fs->self) ||
			       stx.stx_nlink || node->vino.snapid.val != CEPH_NOSNAP
		       ? 0
		       : -ESTALE;
}

int cfs_node_find(struct nfs_export *export, const u8 *handle, unsigned len, struct nfs_node **out)
{
	struct cfs *fs = cfs_of(export);
	struct nfs_node *node;
	vinodeno_t vino;
	bool first;
	int err;

	if (len != CFS_HANDLE_BYTES)
		return -EBADMSG;
	if (get_unaligned_be64(handle) != siphash(fs->key, handle + CFS_CODE_BYTES, 16))
		return -ESTALE;		/* of another time or another server; or an attempt */
	vino.ino.val = get_unaligned_be64(handle + CFS_CODE_BYTES);
	vino.snapid.val = get_unaligned_be64(handle + CFS_CODE_BYTES + 8);
	pthread_mutex_lock(&fs->lock);
	node = use_cached(fs, vino);
	first = node && node->refs == 1;
	pthread_mutex_unlock(&fs->lock);
	if (!node)
		return find_inode(fs, vino, out);
	err = first ? still_there(node) : 0;
	if (err) {
		cfs_node_forget(node);
		cfs_node_put(node);
		return err;
	}
	*out = node;
	return 0;
}

/* ---- references -------------------------------------------------------------------------------------- */

void cfs_node_get(struct nfs_node *node)
{
	pthread_mutex_lock(&node->fs->lock);
	node->refs++;
	pthread_mutex_unlock(&node->fs->lock);
}

/* Never waits: what is to be closed the idle thread closes. */
void cfs_node_put(struct nfs_node *node)
{
	struct cfs *fs = node->fs;

	pthread_mutex_lock(&fs->lock);
	if (!--node->refs) {
		node->idle_ms = node->gone ? 0 : cfs_now_ms();
		/* The oldest are first. */
		if (node->gone)
			list_add(&node->lru, &fs->lru);
		else
			list_add_tail(&node->lru, &fs->lru);
		fs->idle_n++;
		if (node->gone || fs->idle_n > CFS_NODES_MAX)
			pthread_cond_signal(&fs->idle_wake);
	}
	pthread_mutex_unlock(&fs->lock);
}

void cfs_node_forget(struct nfs_node *node)
{
	pthread_mutex_lock(&node->fs->lock);
	node->gone = true;
	pthread_mutex_unlock(&node->fs->lock);
}

void cfs_node_recall(struct cfs *fs, vinodeno_t vino)
{
	struct nfs_node *node;

	pthread_mutex_lock(&fs->lock);
	node = in_cache(fs, vino);
	if (node && !node->refs) {
		node->idle_ms = 0;
		list_del_init(&node->lru);
		list_add(&node->lru, &fs->lru);
		pthread_cond_signal(&fs->idle_wake);
	}
	pthread_mutex_unlock(&fs->lock);
}

struct nfs_node *cfs_node_take_idle(struct cfs *fs, bool all)
{
	struct nfs_node *node = list_first_entry_or_null(&fs->lru, struct nfs_node, lru);

	if (!node ||
	    (!all && fs->idle_n <= CFS_NODES_MAX && node->idle_ms + CFS_IDLE_MS > cfs_now_ms()))
		return NULL;
	list_del_init(&node->lru);
	list_del_init(&node->hash);
	fs->idle_n--;
	fs->node_n--;
	return node;
}
