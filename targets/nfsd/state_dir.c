// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#define KEY_NAME	"handle-key"
#define KEY_NEW		"handle-key.new"

static int key_make(int dir_fd, uint8_t *key, size_t len)
{
	int fd, err = 0;

	if (getrandom(key, len, 0) != (ssize_t)len)
		return -EIO;
	fd = openat(dir_fd, KEY_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, key, len) != (ssize_t)len || fsync(fd))
		err = errno ? -errno : -EIO;
	close(fd);
	if (!err && (renameat(dir_fd, KEY_NEW, dir_fd, KEY_NAME) || fsync(dir_fd)))
		err = -errno;
	return err;
}

int state_dir_key(int dir_fd, uint8_t *key, size_t len)
{
	int fd = openat(dir_fd, KEY_NAME, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? key_make(dir_fd, key, len) : -errno;
	n = read(fd, key, len);
	close(fd);
	return n == (ssize_t)len ? 0 : -EINVAL;
}
