// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Data.  libcephfs caches writes as far as its capabilities go and writes them back later; an error of that is found by
 * syncing, and then nothing that any client wrote unstable is certain any more (cfs_writes_lost).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "targets/nfsd/ceph.h"

#define COPY_BYTES	(1u << 20)	/* of one call; the programs go on */

ssize_t cfs_read(struct nfs_node *node, const struct nfs_cred *cred, void *buf, size_t len,
		 u64 offset, bool nowait, bool *eof)
{
	struct Fh *fh;
	size_t done = 0;
	int err, n;

	if (nowait)
		return -EAGAIN;		/* there is no way to ask what is in memory */
	err = cfs_data_ok(node, cred, NFS_MAY_READ);
	if (!err)
		err = cfs_file(node, false, &fh);
	if (err)
		return err;
	if (offset > (u64)INT64_MAX - len) {	/* behind the end of any file */
		*eof = true;
		return 0;
	}
	/* A read may end early where an object does. */
	while (done < len) {
		n = ceph_ll_read(node->fs->mount, fh, (int64_t)(offset + done), len - done,
				 (char *)buf + done);
		if (n < 0 && !done)
			return n;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	*eof = done < len;
	return (ssize_t)done;
}

ssize_t cfs_write(struct nfs_node *node, const struct nfs_cred *cred, const void *buf, size_t len,
		  u64 offset, bool sync)
{
	struct Fh *fh;
	size_t done = 0;
	int err = cfs_data_ok(node, cred, NFS_MAY_WRITE), n;

	if (err)
		return err;
	if (offset > (u64)INT64_MAX - len)
		return -EFBIG;
	err = cfs_file(node, true, &fh);
	if (!err)
		err = cfs_drop_set_id(node, cred);
	if (err)
		return err;
	while (done < len) {
		n = ceph_ll_write(node->fs->mount, fh, (int64_t)(offset + done), len - done,
				  (const char *)buf + done);
		if (n < 0 && !done)
			return n;
		if (n <= 0)
			break; /* what was written is told; the next one hears of the error */
		done += (size_t)n;
	}
	atomic_store(&node->unsynced, true);
	err = sync ? cfs_sync(node) : 0;
	return err ? err : (ssize_t)done;
}

int cfs_commit(struct nfs_node *node, u64 offset, u64 len)
{
	if (node->type != S_IFREG)
		return node->type == S_IFDIR ? -EISDIR : -EINVAL;
	return cfs_sync(node);
}

/* libcephfs knows of no holes: all of a file is data, and its end is where the first hole is. */
int cfs_seek(struct nfs_node *node, enum nfs_seek what, u64 offset, u64 *found)
{
	struct ceph_statx stx;
	int err = cfs_stat(node, CEPH_STATX_SIZE, &stx);

	if (err)
		return err;
	if (offset >= stx.stx_size)
		return -ENXIO;
	*found = what == NFS_SEEK_DATA ? offset : stx.stx_size;
	return 0;
}

/* Ceph cannot set room aside: later versions refuse to, earlier ones only say so. */
int cfs_allocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len)
{
	return -EOPNOTSUPP;
}

int cfs_deallocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len)
{
	struct Fh *fh;
	int err = cfs_data_ok(node, cred, NFS_MAY_WRITE);

	if (err)
		return err;
	if (offset > INT64_MAX || len > INT64_MAX - offset)
		return -EFBIG;
	err = cfs_file(node, true, &fh);
	if (!err)
		err = cfs_drop_set_id(node, cred);
	if (err)
		return err;
	err = ceph_ll_fallocate(node->fs->mount, fh, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				(int64_t)offset, (int64_t)len);
	atomic_store(&node->unsynced, true);
	return cfs_durable(node, err);
}

/* By way of this machine: Ceph shares no blocks, and what copies objects inside it is not in the library. */
ssize_t cfs_copy(struct nfs_node *from, u64 from_offset, struct nfs_node *to, u64 to_offset,
		 u64 len, const struct nfs_cred *cred, bool clone)
{
	size_t part = len < COPY_BYTES ? (size_t)len : COPY_BYTES;
	bool eof = false;
	ssize_t n;
	u8 *buf;

	if (clone)
		return -EOPNOTSUPP;
	buf = malloc(part ? part : 1);
	if (!buf)
		return -ENOMEM;
	n = cfs_read(from, cred, buf, part, from_offset, false, &eof);
	if (n > 0)
		n = cfs_write(to, cred, buf, (size_t)n, to_offset, false);
	free(buf);
	return n;
}
