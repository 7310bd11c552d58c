// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int default_dir(const char *program, char *path, size_t len)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (geteuid() == 0 || (!state && !home))
		n = snprintf(path, len, "/var/lib/openrdma/%s", program);
	else if (state && state[0] == '/') /* others are to be ignored, says its specification */
		n = snprintf(path, len, "%s/openrdma/%s", state, program);
	else
		n = snprintf(path, len, "%s/.local/state/openrdma/%s", home ? home : "", program);
	return (size_t)n < len ? 0 : -ENAMETOOLONG;
}

/* mkdir -p */
static int make(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST) {
			*p = '/';
			return -errno;
		}
		*p = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int daemon_state_dir_open(const char *dir, const char *program, char *path, size_t path_len)
{
	int err = 0, fd;

	if (dir)
		err = (size_t)snprintf(path, path_len, "%s", dir) < path_len ? 0 : -ENAMETOOLONG;
	else
		err = default_dir(program, path, path_len);
	if (!err)
		err = make(path);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t daemon_state_read(int dir_fd, const char *name, void *data, size_t max)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *at = data, more;
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < max && (n = read(fd, at + len, max - len)) > 0)
		len += (size_t)n;
	if (len == max && n >= 0)
		n = read(fd, &more, 1) > 0 ? -EFBIG : 0;
	else if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? n : (ssize_t)len;
}

static int fill(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

int daemon_state_write(int dir_fd, const char *name, const void *data, size_t len)
{
	char new[NAME_MAX + 1];
	int fd, err;

	if (snprintf(new, sizeof(new), "%s.new", name) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	fd = openat(dir_fd, new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = fill(fd, data, len);
	close(fd);
	if (!err && (renameat(dir_fd, new, dir_fd, name) || fsync(dir_fd)))
		err = -errno;
	if (err)
		unlinkat(dir_fd, new, 0);
	return err;
}
