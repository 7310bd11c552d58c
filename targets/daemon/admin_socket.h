/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The socket file: its place, and who may have it. */
#ifndef TARGETS_DAEMON_ADMIN_SOCKET_H
#define TARGETS_DAEMON_ADMIN_SOCKET_H

#include <sys/stat.h>
#include <sys/un.h>

struct admin_socket {
	int fd;
	struct sockaddr_un addr;
	dev_t dev;			/* of our file: another one's is left alone */
	ino_t ino;
};

/*
 * Listens.  -EADDRINUSE: somebody answers there; -EEXIST: something else than a socket has that name; -ENAMETOOLONG;
 * -errno.
 */
int admin_socket_open(struct admin_socket *s, const char *path);
void admin_socket_close(struct admin_socket *s);

#endif
