/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What version 4 needs beside its program: the state with its records and clock, the first tree above the exports.
 */
#ifndef TARGETS_NFSD_VERSION4_H
#define TARGETS_NFSD_VERSION4_H

#include "nfsrdma/server/nfs4_pseudo.h"
#include "nfsrdma/server/nfs4_state.h"

struct version4 {
	struct nfs_server *server;
	struct nfs4_state *state;
	int records_fd;			/* in the state directory */
	struct ual_loop *loop;
	struct ual_timer tick;
};

/*
 * Fills server->state4, pseudo4 and conn_down; records are kept below state_fd, which stays the caller's.  Reports
 * errors itself.  Close in any case.
 */
int version4_open(struct version4 *v4, struct nfs_server *server, int state_fd, unsigned lease_s,
		  unsigned grace_s);
/* From here on leases run out, by this loop's clock. */
void version4_start(struct version4 *v4, struct ual_loop *loop);
/* No call is under way, the loop stands still.  The tree that the server has now goes too. */
void version4_close(struct version4 *v4);

#endif
