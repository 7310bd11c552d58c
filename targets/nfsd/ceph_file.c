// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Files of a node: one for reading, and one for writing (and reading) once somebody writes, since a file that is open
 * for writing keeps other clients of the cluster from caching it.
 *
 * libcephfs writes back later.  What went wrong then is said by the next fsync of a file that was open at that time, so
 * a node keeps its file, and syncs what is unsynced before it closes it.
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
int cfs_file_sync(struct nfs_node *node)
{
	struct Fh *fh = atomic_load(&node->write_fh);
	int err;

	atomic_store(&node->unsynced, false);
	err = fh ? ceph_ll_fsync(node->fs->mount, fh, 0)
		 : ceph_ll_sync_inode(node->fs->mount, node->in, 0);
	if (err)
		cfs_writes_lost(node->fs);
	return err;
}

/*
 * RFC 1813 4.7: what changes something is answered when it is on stable storage.  The metadata server answers before
 * its journal is written; syncing the inode waits for that.
 */
int cfs_durable(struct nfs_node *node, int err)
{
	if (err || node->fs->export->async)
		return err;
	return ceph_ll_sync_inode(node->fs->mount, node->in, 0);
}

void cfs_files_close(struct nfs_node *node)
{
	struct Fh *fh;

	if (atomic_load(&node->unsynced))
		cfs_file_sync(node);
	fh = atomic_load(&node->write_fh);
	if (fh && ceph_ll_close(node->fs->mount, fh))
		cfs_writes_lost(node->fs);
	fh = atomic_load(&node->read_fh);
	if (fh)
		ceph_ll_close(node->fs->mount, fh);
}
