/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Says when connections come and go, and why. */
#ifndef TARGETS_NFSD_CONN_LOG_H
#define TARGETS_NFSD_CONN_LOG_H

#include "nfsrdma/server/server.h"

/* For server->conn_log.  A few lines a second on each reactor, whatever peers do. */
void nfsd_conn_log(struct nfs_server *server, struct nfs_conn *conn, bool up);
/* For server->refusal_log.  One line a minute on each reactor, with how many there were since the last. */
void nfsd_refusal_log(struct nfs_reactor *reactor, const struct sockaddr_storage *peer,
		      const char *why);

/* The same for nfs_server's refused; any thread. */
void nfsd_refused_log(struct nfs_server *server, const struct nfs_conn *conn, const char *path,
		      const char *why);

#endif
