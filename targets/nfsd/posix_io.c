// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Data: read, written, holes, copies.  posix_sync.c makes it durable. */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

ssize_t posix_read(struct nfs_node *node, const struct nfs_cred *cred, void *buf, size_t len,
		   u64 offset, bool nowait, bool *eof)
{
	struct iovec iov = { buf, len };
	int err = posix_data_ok(node, cred, NFS_MAY_READ), fd;
	ssize_t n;

	if (err)
		return err;
	fd = posix_node_data_fd(node, false);
	if (fd < 0)
		return fd;
	if (offset > (u64)INT64_MAX - len) {	/* behind the end of any file */
		*eof = true;
		return 0;
	}
	n = preadv2(fd, &iov, 1, (off_t)offset, nowait ? RWF_NOWAIT : 0);
	if (n < 0 && nowait && errno == EOPNOTSUPP)
		return -EAGAIN;
	if (n < 0)
		return -errno;
	/* Part of it is in memory: a second try that may wait reads the rest. */
	if (nowait && n && (size_t)n < len) {
		struct stat st;

		if (!fstat(fd, &st) && offset + (u64)n < (u64)st.st_size)
			return -EAGAIN;
	}
	*eof = (size_t)n < len;
	return n;
}

ssize_t posix_write(struct nfs_node *node, const struct nfs_cred *cred, const void *buf, size_t len,
		    u64 offset, bool sync)
{
	int err = posix_data_ok(node, cred, NFS_MAY_WRITE), fd;
	size_t done = 0;
	ssize_t n;

	if (err)
		return err;
	if (offset > (u64)INT64_MAX - len)
		return -EFBIG;
	fd = posix_node_data_fd(node, true);
	if (fd < 0)
		return fd;
	err = posix_act_as(cred);	/* quotas and set-user-ID bits are the caller's */
	if (err)
		return err;
	while (done < len) {
		n = pwrite(fd, (const char *)buf + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !done)
			return -errno;
		if (n <= 0)
			break; /* what was written is told; the next one hears of the error */
		done += (size_t)n;
	}
	if (done) {
		posix_changed(node);
		err = posix_sync_owed(node);
	}
	if (sync && !err)
		err = posix_sync(node, false);
	return err ? err : (ssize_t)done;
}

int posix_seek(struct nfs_node *node, enum nfs_seek what, u64 offset, u64 *found)
{
	int fd = posix_node_data_fd(node, false);
	off_t at;

	if (fd < 0)
		return fd;
	if (offset > INT64_MAX)
		return -ENXIO;
	at = lseek(fd, (off_t)offset, what == NFS_SEEK_DATA ? SEEK_DATA : SEEK_HOLE);
	if (at < 0)
		return -errno;
	*found = (u64)at;
	return 0;
}

static int fallocate_as(struct nfs_node *node, const struct nfs_cred *cred, int mode, u64 offset,
			u64 len)
{
	int err = posix_data_ok(node, cred, NFS_MAY_WRITE), fd;

	if (err)
		return err;
	if (offset > INT64_MAX || len > INT64_MAX - offset)
		return -EFBIG;
	fd = posix_node_data_fd(node, true);
	if (fd < 0)
		return fd;
	err = posix_act_as(cred);
	if (err)
		return err;
	if (fallocate(fd, mode, (off_t)offset, (off_t)len))
		return -errno;
	posix_changed(node);
	err = posix_sync_owed(node);
	return posix_durable(node, err);
}

int posix_allocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len)
{
	return fallocate_as(node, cred, 0, offset, len);
}

int posix_deallocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len)
{
	return fallocate_as(node, cred, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, len);
}

ssize_t posix_copy(struct nfs_node *from, u64 from_offset, struct nfs_node *to, u64 to_offset,
		   u64 len, const struct nfs_cred *cred, bool clone)
{
	struct file_clone_range range = { .src_offset = from_offset,
					  .src_length = len,
					  .dest_offset = to_offset };
	off_t in = (off_t)from_offset, out = (off_t)to_offset;
	int err = posix_data_ok(from, cred, NFS_MAY_READ), from_fd, to_fd;
	ssize_t n;

	if (!err)
		err = posix_data_ok(to, cred, NFS_MAY_WRITE);
	if (err)
		return err;
	if (from_offset > INT64_MAX || to_offset > INT64_MAX)
		return -EINVAL;
	from_fd = posix_node_data_fd(from, false);
	to_fd = posix_node_data_fd(to, true);
	if (from_fd < 0 || to_fd < 0)
		return from_fd < 0 ? from_fd : to_fd;
	err = posix_act_as(cred);
	if (err)
		return err;
	if (clone) {
		range.src_fd = from_fd;
		n = ioctl(to_fd, FICLONERANGE, &range) ? -errno : (ssize_t)len;
	} else {
		n = copy_file_range(from_fd, &in, to_fd, &out, len, 0);
		n = n < 0 ? -errno : n;
	}
	posix_changed(to);
	if (n <= 0)
		return n;
	err = posix_sync_owed(to);
	/* A clone is not followed by a COMMIT. */
	if (clone)
		err = posix_durable(to, err);
	return err ? err : n;
}
