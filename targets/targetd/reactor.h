/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A reactor: an event loop with an RDMA device instance on it, and the thread that runs it.
 *
 * The first one runs on the main thread (targetd_reactor_run()); the others get a thread each.
 */
#ifndef TARGETS_TARGETD_REACTOR_H
#define TARGETS_TARGETD_REACTOR_H

#include <pthread.h>
#include <stdbool.h>

#include "ual/ual.h"

struct scsi_server;

struct targetd_reactor {
	struct ual_loop *loop;
	struct ual_device *dev;
	struct scsi_server *server;	/* set before it runs */
	unsigned index;
	bool has_thread;
	pthread_t thread;
};

/* 0; or a negative errno: of the loop, or (*device_err) of the device. */
int targetd_reactor_init(struct targetd_reactor *reactor, struct ual *ual, const char *device,
			 unsigned spin_us, bool *device_err);
void targetd_reactor_deinit(struct targetd_reactor *reactor);
int targetd_reactor_start(struct targetd_reactor *reactor);
/* Until ual_loop_stop(), and then until nothing of the SCSI server is under way here. */
void targetd_reactor_run(struct targetd_reactor *reactor);
/* Ends the thread, if there is one. */
void targetd_reactor_join(struct targetd_reactor *reactor);

#endif
