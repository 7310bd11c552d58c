/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What openrdma-targetd answers on its admin socket. */
#ifndef TARGETS_TARGETD_ADMIN_H
#define TARGETS_TARGETD_ADMIN_H

#include "iser/iser_target.h"
#include "targets/daemon/admin.h"
#include "targets/daemon/reactor.h"
#include "targets/targetd/luns.h"
#include "targets/targetd/reload.h"

/* Filled by the daemon before the admin thread starts. */
struct targetd_admin {
	struct daemon_admin *socket;	/* NULL: there is none */
	struct daemon_reactor *reactors;
	unsigned reactor_n;
	struct oriser_server *iser;
	const struct targetd_options *options;
	struct targetd_luns *luns;
	struct targetd_reload *reload;
	struct sockaddr_storage portals[TARGETD_PORTALS_MAX];	/* that are listened on */
	unsigned portal_n;
};

extern const struct daemon_admin_ops targetd_admin_ops;	/* ctx: a struct targetd_admin */

#endif
