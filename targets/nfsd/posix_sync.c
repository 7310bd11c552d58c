// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Making things durable: the only place where files of exports are synced.
 *
 * After a failed fsync(2) the kernel has dropped what it could not write, so nothing that any client wrote unstable is
 * certain any more: the export's write verifier changes, before the error or any later success is answered, and clients
 * send it again.  What has gone wrong the kernel tells to files that were open at that time, once to each; so whoever
 * syncs a node does it through the node's one descriptor (sync_round.h), and a descriptor that has something to be
 * told is not closed before it was asked (posix_sync_owed()).
 */
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

static int file_sync(int fd, bool all)
{
	return (all ? fsync(fd) : fdatasync(fd)) ? -errno : 0;
}

int (*posix_sync_file)(int fd, bool all) = file_sync;

static int node_sync(void *ctx, bool all)
{
	struct nfs_node *node = ctx;
	int fd, err;

	if (node->type == S_IFDIR) {
		pthread_mutex_lock(&node->lock);
		fd = posix_node_dir_fd(node);
		pthread_mutex_unlock(&node->lock);
	} else {
		fd = posix_node_data_fd(node, false);
	}
	if (fd < 0)
		return fd;
	/* What is written from here on owes a sync again. */
	if (atomic_exchange(&node->owes_sync, false))
		atomic_fetch_sub(&node->fs->owing_n, 1);
	err = posix_sync_file(fd, all);
	return err == -EINVAL ? 0 : err; /* there is nothing to be synced in such a file system */
}

static void node_lost(void *ctx)
{
	struct posix_fs *fs = ((struct nfs_node *)ctx)->fs;
	u64 verifier;

	if (getrandom(&verifier, sizeof(verifier), 0) != sizeof(verifier))
		verifier = atomic_load(&fs->verifier) + 1;
	atomic_store(&fs->verifier, verifier);
}

int posix_sync(struct nfs_node *node, bool all)
{
	static const struct sync_round_ops ops = { node_sync, node_lost };

	if (node->type != S_IFREG && node->type != S_IFDIR)
		return -EINVAL;
	return sync_round_run(&node->sync, all, &ops, node);
}

int posix_durable(struct nfs_node *node, int err)
{
	if (err || nfs_export_is_async(node->fs->export))
		return err;
	/* Others cannot be opened; their directory is. */
	return node->type == S_IFREG || node->type == S_IFDIR ? posix_sync(node, true) : 0;
}

int posix_sync_owed(struct nfs_node *node)
{
	struct posix_fs *fs = node->fs;

	if (!atomic_exchange(&node->owes_sync, true))
		atomic_fetch_add(&fs->owing_n, 1);
	return atomic_load(&fs->owing_n) > fs->node_max / 2 ? posix_sync(node, false) : 0;
}

int posix_commit(struct nfs_node *node, u64 offset, u64 len)
{
	if (node->type != S_IFREG)
		return node->type == S_IFDIR ? -EISDIR : -EINVAL;
	return posix_sync(node, false);
}
