/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Tells a service manager how we are: the protocol of sd_notify(3), a datagram to $NOTIFY_SOCKET. */
#ifndef TARGETS_DAEMON_NOTIFY_H
#define TARGETS_DAEMON_NOTIFY_H

/* "READY=1", "STOPPING=1".  0, also where nobody asked to be told; or a negative errno. */
int daemon_notify(const char *state);

#endif
