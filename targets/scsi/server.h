/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * SCSI disk device server: the backend of an iSER target (iser/iser_target.h).
 *
 *   scsi_server_create(luns)                 each LUN is LUN 0 of its own target
 *   oriser_server_create(scsi_backend_ops, server)
 *   scsi_server_reactor_add() for each device instance, in order, before loops run and sessions come
 *   ... commands ...
 *   oriser_server_stop(), then until scsi_server_quiet() on each reactor: ual_loop_step()
 *   scsi_server_destroy()
 */
#ifndef TARGETS_SCSI_SERVER_H
#define TARGETS_SCSI_SERVER_H

#include "iser/iser_target.h"
#include "targets/scsi/lun.h"

struct scsi_server;

extern const struct oriser_backend_ops scsi_backend_ops; /* its ctx is a struct scsi_server */

/* luns: the array is copied, the LUNs outlive the server. */
int scsi_server_create(struct lun *const *luns, unsigned lun_n, struct scsi_server **server);
int scsi_server_reactor_add(struct scsi_server *server, const struct store_reactor_cfg *cfg);
/* On the reactor's thread: nothing is left to do (a flush with IMMED outlives its command). */
bool scsi_server_quiet(const struct scsi_server *server, unsigned reactor);
void scsi_server_destroy(struct scsi_server *server);	/* no loop runs any more */

#endif
