// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void default_dir(const char *program, char *path, size_t len)
{
	const char *home = getenv("HOME");

	if (geteuid() == 0 || !home)
		snprintf(path, len, "/var/lib/openrdma/%s", program);
	else
		snprintf(path, len, "%s/.local/state/openrdma/%s", home, program);
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
	int err, fd;

	if (dir)
		snprintf(path, path_len, "%s", dir);
	else
		default_dir(program, path, path_len);
	err = make(path);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
