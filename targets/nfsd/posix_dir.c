// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Listing.  Cookies are the file system's own positions (d_off), which stay good while the directory exists; the
 * descriptor's position is moved under the node's lock.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

#define DIRENTS_BYTES 32768

/* As getdents64(2) gives them. */
struct dirent_raw {
	u64 ino;
	s64 off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* Entries of one getdents64() to fn.  False: fn had enough. */
static bool deliver(struct nfs_node *dir, const u8 *buf, long len,
		    bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx)
{
	const struct dirent_raw *d;
	struct nfs_dirent entry;

	for (long at = 0; at < len; at += d->reclen) {
		d = (const void *)(buf + at);
		entry = (struct nfs_dirent){
			.cookie = (u64)d->off,
			.ino = d->ino,
			.name = d->name,
			.name_len = (unsigned)strlen(d->name),
		};
		if (!fn(ctx, &entry))
			return false;
	}
	return true;
}

int posix_readdir(struct nfs_node *dir, const struct nfs_cred *cred, u64 cookie,
		  bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx, bool *eof)
{
	_Alignas(8) u8 buf[DIRENTS_BYTES];
	int err = posix_data_ok(dir, cred, NFS_MAY_READ), fd;
	long n;

	if (dir->type != S_IFDIR)
		return -ENOTDIR;
	if (err)
		return err;
	*eof = false;
	do {
		pthread_mutex_lock(&dir->lock);
		fd = posix_node_dir_fd(dir);
		if (fd >= 0 && lseek(fd, (off_t)cookie, SEEK_SET) < 0)
			fd = -errno;
		n = fd < 0 ? fd : syscall(SYS_getdents64, fd, buf, sizeof(buf));
		if (fd >= 0 && n < 0)
			n = -errno;
		pthread_mutex_unlock(&dir->lock);
		if (n < 0)
			return (int)n;
		if (!n) {
			*eof = true;
			return 0;
		}
		if (!deliver(dir, buf, n, fn, ctx))
			return 0;
		/* The last entry's position: where the next read begins. */
		for (long at = 0; at < n; at += ((struct dirent_raw *)(buf + at))->reclen)
			cookie = (u64)((struct dirent_raw *)(buf + at))->off;
	} while (true);
}
