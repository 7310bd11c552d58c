/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The admin socket: a unix socket that answers what a daemon is doing.  One request on a connection:
 *
 *   client                                daemon
 *   "status\n"                   ---->
 *                                <----    an answer, then the end of the stream
 *
 *   status       what there is: a JSON object
 *   metrics      counters in Prometheus' text format
 *   drop ID      ends the session, connection or client that `status` calls so
 *   reload       reads the configuration again, as far as the daemon can
 *   help         these requests
 *   GET /metrics HTTP/1.1    as `metrics`, in HTTP
 *
 * All but metrics are answered by one JSON object in a line, {"ok":true,...} or {"ok":false,"error":"WHY"}.  docs/admin.md
 * documents it for other programs.
 *
 * It has a thread of its own, which takes up to ADMIN_CONNS_MAX connections and gives each ADMIN_CONN_MS; what a
 * request wants to know of a reactor it asks that reactor's thread (daemon_reactor_call()).  So a client that keeps
 * silent, sends garbage or never reads disturbs nobody.
 */
#ifndef TARGETS_DAEMON_ADMIN_H
#define TARGETS_DAEMON_ADMIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "targets/daemon/metrics.h"

#define ADMIN_CONNS_MAX		32	/* then the oldest one goes */
#define ADMIN_CONN_MS		10000
#define ADMIN_REQUEST_MAX	4096	/* bytes */

struct daemon_admin;

/* Called on the admin thread; all are there. */
struct daemon_admin_ops {
	/* Adds to the object; program, version, pid and uptime are in it.  -ENOMEM. */
	int (*status)(void *ctx, json_t *object);
	void (*metrics)(void *ctx, struct metrics *m);
	/* -ENOENT: there is no such; -EINVAL: that is none of ours. */
	int (*drop)(void *ctx, const char *id);
	/* -EINVAL and why, and nothing has changed; -EOPNOTSUPP. */
	int (*reload)(void *ctx, char *why, size_t why_len);
};

struct daemon_admin_cfg {
	/* --admin: a path, or "none"; NULL: the default, without which the daemon can do */
	const char *path;
	const char *program;		/* "openrdma-targetd" */
	const char *socket_name;	/* "targetd.sock" */
	const char *version;
	const struct daemon_admin_ops *ops;
	void *ctx;
};

/*
 * Makes the socket, mode 0600, in place of one that nobody listens on.  *admin NULL: there is none, by wish or because
 * the default path cannot be had.  -errno: has been logged.
 */
int daemon_admin_open(const struct daemon_admin_cfg *cfg, struct daemon_admin **admin);
/* From now on requests are answered: the reactors run, or are about to.  NULL: does nothing; also below. */
int daemon_admin_start(struct daemon_admin *admin);
/* Any thread: no more requests.  Reactors must go on until daemon_admin_stopped(). */
void daemon_admin_stop(struct daemon_admin *admin);
bool daemon_admin_stopped(const struct daemon_admin *admin);
/* It is stopped, or was never started. */
void daemon_admin_close(struct daemon_admin *admin);

/* The default path of this user into path, of PATH_MAX bytes; -ENOENT: there is no place for it. */
int daemon_admin_path(const char *socket_name, char *path);

/* Text that peers made: what is no UTF-8, or not to be printed, as \xNN.  NULL: no memory. */
json_t *daemon_admin_text(const void *text, size_t len);

#endif
