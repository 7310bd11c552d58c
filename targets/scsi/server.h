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
 *
 * LUNs come and go while it runs.  One thread does that; what has "on the reactor's thread" is done there, for each
 * reactor, and has ended before the next step:
 *
 *   scsi_server_lun_add()                    a slot, which nobody sees yet
 *   scsi_server_lun_join()                   on the reactor's thread
 *   scsi_server_lun_show()                   who logs in may have it
 *   ...
 *   scsi_server_lun_hide()                   no new sessions
 *   scsi_server_lun_idle()                   on the reactor's thread: now all sessions that there are can be told to end
 *   oriser_server_target_drop()
 *   scsi_server_lun_leave()                  on the reactor's thread, until all have said true
 *   scsi_server_lun_remove()
 */
#ifndef TARGETS_SCSI_SERVER_H
#define TARGETS_SCSI_SERVER_H

#include "iser/iser_target.h"
#include "targets/scsi/lun.h"

#define SCSI_LUNS_MAX	512u		/* slots: also of those that are about to end */

struct scsi_server;

extern const struct oriser_backend_ops scsi_backend_ops; /* its ctx is a struct scsi_server */

/* luns get the slots from 0, and are shown; they outlive the server. */
int scsi_server_create(struct lun *const *luns, unsigned lun_n, struct scsi_server **server);
int scsi_server_reactor_add(struct scsi_server *server, const struct store_reactor_cfg *cfg);
/* On the reactor's thread: nothing is left to do (a flush with IMMED outlives its command). */
bool scsi_server_quiet(const struct scsi_server *server, unsigned reactor);
void scsi_server_destroy(struct scsi_server *server);	/* no loop runs any more */

/* -ENOSPC: all slots are taken. */
int scsi_server_lun_add(struct scsi_server *server, struct lun *lun, unsigned *slot);
int scsi_server_lun_join(struct scsi_server *server, unsigned slot, unsigned reactor);
void scsi_server_lun_show(struct scsi_server *server, unsigned slot);
void scsi_server_lun_hide(struct scsi_server *server, unsigned slot);
/* On the reactor's thread: no session has it, nothing is under way. */
bool scsi_server_lun_idle(const struct scsi_server *server, unsigned slot, unsigned reactor);
/* False: it is not idle, and stays. */
bool scsi_server_lun_leave(struct scsi_server *server, unsigned slot, unsigned reactor);
/* It has left all reactors. */
void scsi_server_lun_remove(struct scsi_server *server, unsigned slot);

#endif
