/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What openrdma-nfsd answers on its admin socket. */
#ifndef TARGETS_NFSD_ADMIN_H
#define TARGETS_NFSD_ADMIN_H

#include "nfsrdma/server/server.h"
#include "targets/daemon/admin.h"
#include "targets/daemon/reactor.h"
#include "targets/nfsd/listeners.h"
#include "targets/nfsd/reload.h"

/* Filled by the daemon before the admin thread starts. */
struct nfsd_admin {
	struct daemon_admin *socket;	/* NULL: there is none */
	struct daemon_reactor *reactors;	/* as many as server->reactors, in the same order */
	struct nfs_server *server;
	const struct listeners *listeners;
	struct nfsd_reload *reload;
};

extern const struct daemon_admin_ops nfsd_admin_ops;	/* ctx: a struct nfsd_admin */

#endif
