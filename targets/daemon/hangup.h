/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* SIGHUP: read the configuration again.  Told on the main loop. */
#ifndef TARGETS_DAEMON_HANGUP_H
#define TARGETS_DAEMON_HANGUP_H

#include "ual/loop.h"

struct daemon_hangup {
	struct ual_watch watch;
	struct ual_loop *loop;
	void (*fn)(void *ctx);
	void *ctx;
};

/* One in a process.  Signals that come while fn runs are one. */
int daemon_hangup_init(struct daemon_hangup *hangup, struct ual_loop *loop, void (*fn)(void *ctx),
		       void *ctx);
void daemon_hangup_deinit(struct daemon_hangup *hangup);

#endif
