// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int daemon_pid_file_write(const char *path)
{
	char part[PATH_MAX], line[32];
	int err = 0, fd, len;

	if (snprintf(part, sizeof(part), "%s.%d", path, (int)getpid()) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	len = snprintf(line, sizeof(line), "%d\n", (int)getpid());
	if (write(fd, line, (size_t)len) != len)
		err = errno ? -errno : -EIO;
	close(fd);
	if (!err && rename(part, path) != 0)
		err = -errno;
	if (err)
		unlink(part);
	return err;
}

void daemon_pid_file_remove(const char *path)
{
	unlink(path);
}
