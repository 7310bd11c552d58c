// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Files of a node: one for reading, and one for writing (and reading) once somebody writes, since a file that is open
 * for writing keeps other clients of the cluster from caching it.
 *
 * libcephfs writes back later.  What went wrong then is said by the next fsync of a file that was open at that time, so
 * a node keeps its file, and syncs what is unsynced before it closes it.  This is the only place where that is done,
 * one sync of a node at a time (sync_round.h).
 */
#include <errno.h>
#include <fcntl.h>

#include "targets/nfsd/ceph.h"

int cfs_file(struct nfs_node *node, bool write, struct Fh **out)
{
	_Atomic(struct Fh *) *slot = write ? &node->write_fh : &node->read_fh;
	struct Fh *fh = atomic_load(&node->write_fh);
	int err = 0;

	if (node->type != S_IFREG)
		return node->type == S_IFDIR ? -EISDIR : -EINVAL;
	if (!fh)
		fh = atomic_load(slot);
	if (!fh) {
		pthread_mutex_lock(&node->lock);
		fh = atomic_load(slot);
		if (!fh)
			err = ceph_ll_open(node->fs->mount, node->in, write ? O_RDWR : O_RDONLY,
					   &fh, node->fs->self);
		if (!err)
			atomic_store(slot, fh);
		pthread_mutex_unlock(&node->lock);
	}
	if (!err)
		*out = fh;
	return err;
}

/* With the size: a file's data is not found without it. */
static int node_sync(void *ctx, bool all)
{
	struct nfs_node *node = ctx;
	struct Fh *fh = atomic_load(&node->write_fh);

	atomic_store(&node->unsynced, false);
	return fh ? ceph_ll_fsync(node->fs->mount, fh, 0)
		  : ceph_ll_sync_inode(node->fs->mount, node->in, 0);
}

static void node_lost(void *ctx)
{
	cfs_writes_lost(((struct nfs_node *)ctx)->fs);
}

int cfs_sync(struct nfs_node *node)
{
	static const struct sync_round_ops ops = { node_sync, node_lost };

	return sync_round_run(&node->sync, true, &ops, node);
}

/*
 * RFC 1813 4.7: what changes something is answered when it is on stable storage.  The metadata server answers before
 * its journal is written; syncing the inode waits for that.
 */
int cfs_durable(struct nfs_node *node, int err)
{
	return err || node->fs->export->async ? err : cfs_sync(node);
}

void cfs_files_close(struct nfs_node *node)
{
	struct Fh *fh;

	if (atomic_load(&node->unsynced))
		nfs_told_by_verifier(cfs_sync(node));
	fh = atomic_load(&node->write_fh);
	if (fh && ceph_ll_close(node->fs->mount, fh))
		cfs_writes_lost(node->fs);
	fh = atomic_load(&node->read_fh);
	if (fh)
		ceph_ll_close(node->fs->mount, fh);
}
