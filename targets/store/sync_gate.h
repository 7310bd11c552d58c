/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * When may a finished fdatasync (or synchronous write) be believed?
 *
 * The kernel reports a write-back error once for each open file: of several synchronising calls on one
 * descriptor that overlap in time, any one may be told of the error that concerns another.  So a call
 * that ended well is acknowledged only when every other one that was under way at its end has ended too,
 * and none of them failed.  Later ones do not matter; nobody waits for ever.
 */
#ifndef TARGETS_STORE_SYNC_GATE_H
#define TARGETS_STORE_SYNC_GATE_H

#include "core/env.h"

struct sync_gate {
	uint64_t next;			/* number of the next call */
	struct list_head under_way;	/* by number */
	struct list_head ended;		/* by the number that must have been reached */
};

struct sync_call {
	struct list_head node;
	uint64_t seq;
};

void sync_gate_init(struct sync_gate *gate);
void sync_gate_enter(struct sync_gate *gate, struct sync_call *call);
void sync_gate_end(struct sync_gate *gate, struct sync_call *call);
/* It failed and is answered at once; the others go on. */
void sync_gate_leave(struct sync_call *call);
/* The next call that may be acknowledged, or NULL; ask until NULL after each end and leave. */
struct sync_call *sync_gate_pass(struct sync_gate *gate) __must_check;

#endif
