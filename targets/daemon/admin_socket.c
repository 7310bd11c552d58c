// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "targets/daemon/admin.h"
#include "targets/daemon/admin_socket.h"

#define BACKLOG 128

/* 0: that name can be taken; a socket that nobody listens on is no hindrance. */
static int may_take(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -errno : 0;
	close(fd);
	/* EAGAIN: its backlog is full, so there is somebody. */
	return !err || err == -EAGAIN ? -EADDRINUSE : err == -ECONNREFUSED ? 0 : err;
}

/* Under a name of our own first: it has its mode before anybody can connect, and takes the place at once. */
static int listen_at(struct admin_socket *s, const struct sockaddr_un *part)
{
	struct stat st;
	int err;

	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	unlink(part->sun_path);		/* of an earlier process with our number */
	if (bind(s->fd, (const struct sockaddr *)part, sizeof(*part))) {
		err = -errno;
		close(s->fd);
		return err;
	}
	if (chmod(part->sun_path, 0600) || listen(s->fd, BACKLOG) || lstat(part->sun_path, &st) ||
	    rename(part->sun_path, s->addr.sun_path)) {
		err = -errno;
		unlink(part->sun_path);
		close(s->fd);
		return err;
	}
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

int admin_socket_open(struct admin_socket *s, const char *path)
{
	struct sockaddr_un part = { .sun_family = AF_UNIX };
	int err;

	*s = (struct admin_socket){ .fd = -1, .addr.sun_family = AF_UNIX };
	if (snprintf(part.sun_path, sizeof(part.sun_path), "%s.%d", path, (int)getpid()) >=
	    (int)sizeof(part.sun_path))
		return -ENAMETOOLONG;
	snprintf(s->addr.sun_path, sizeof(s->addr.sun_path), "%s", path);
	err = may_take(&s->addr);
	return err ? err : listen_at(s, &part);
}

void admin_socket_close(struct admin_socket *s)
{
	struct stat st;

	if (lstat(s->addr.sun_path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->addr.sun_path);
	close(s->fd);
}
