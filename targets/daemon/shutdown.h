/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* SIGTERM and SIGINT: the first asks for an orderly end, on the main loop; the second ends the process. */
#ifndef TARGETS_DAEMON_SHUTDOWN_H
#define TARGETS_DAEMON_SHUTDOWN_H

#include "ual/loop.h"

struct daemon_shutdown {
	struct ual_watch watch;
	struct ual_loop *loop;
	void (*fn)(void *ctx, int signal);
	void *ctx;
};

/* One in a process. */
int daemon_shutdown_init(struct daemon_shutdown *shutdown, struct ual_loop *loop,
			 void (*fn)(void *ctx, int signal), void *ctx);
void daemon_shutdown_deinit(struct daemon_shutdown *shutdown);

#endif
