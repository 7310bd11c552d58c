/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Addresses for people. */
#ifndef TARGETS_DAEMON_ADDR_H
#define TARGETS_DAEMON_ADDR_H

#include <sys/socket.h>

#define DAEMON_ADDR_TEXT	64

/* "192.0.2.1:3260", "[::1]:3260", "[fe80::1%eth0]:3260"; "-" for one that is not known.  The result is text. */
const char *daemon_addr_text(const struct sockaddr_storage *addr, char text[DAEMON_ADDR_TEXT]);

#endif
