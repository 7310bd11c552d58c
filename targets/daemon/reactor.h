/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A reactor: an event loop with an RDMA device instance on it, and the thread that runs it.
 *
 * The first one runs on the main thread (daemon_reactor_run()); the others get a thread each.
 */
#ifndef TARGETS_DAEMON_REACTOR_H
#define TARGETS_DAEMON_REACTOR_H

#include <pthread.h>
#include <stdbool.h>

#include "ual/ual.h"

struct daemon_reactor {
	struct ual_loop *loop;
	struct ual_device *dev;
	/* Optional, set before it runs: nothing of the program is under way here any more. */
	bool (*quiet)(void *ctx, unsigned index);
	void *ctx;
	unsigned index;
	bool has_thread;
	pthread_t thread;
};

void daemon_reactor_deinit(struct daemon_reactor *reactor);
/*
 * n of them with the numbers from 0, in memory of the caller, zeroed.  *opened counts those to be taken apart, also on
 * failure; what failed has been logged.
 */
int daemon_reactors_open(struct daemon_reactor *reactors, unsigned n, struct ual *ual,
			 const char *device, unsigned spin_us, unsigned *opened);
int daemon_reactor_start(struct daemon_reactor *reactor);
/* Until ual_loop_stop(), and then until it is quiet. */
void daemon_reactor_run(struct daemon_reactor *reactor);
/*
 * From another thread than the reactor's: runs fn there and waits for it.  The reactor runs, or is about to.
 */
void daemon_reactor_call(struct daemon_reactor *reactor, void (*fn)(void *ctx, unsigned index),
			 void *ctx);
/* Ends the thread, if there is one. */
void daemon_reactor_join(struct daemon_reactor *reactor);

#endif
