/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Keeps changes of the same blocks apart.
 *
 * Whole-block writes have no order among themselves, as on any disk.  A write of part of a block is a read
 * and a write to the disk, between which nobody else may change that block: it passes `alone`, and waits
 * for, and holds up, every other change of the same range, in the order of arrival.
 */
#ifndef OPENRDMA_RANGE_GATE_H
#define OPENRDMA_RANGE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"

struct range_gate {
	struct list_head inside, waiting;	/* of range_pass */
	unsigned alone_n;			/* passes in either list that are alone */
};

struct range_pass {			/* storage of the caller, from enter to leave */
	uint64_t start, end;		/* [start, end) */
	bool alone;
	void (*go)(struct range_pass *);	/* it was held up and may pass now */
	struct list_head link;			/* the gate's */
};

void range_gate_init(struct range_gate *g);
/* True: go ahead now.  False: go() will be called, from some range_gate_leave(). */
bool range_gate_enter(struct range_gate *g, struct range_pass *p);
void range_gate_leave(struct range_gate *g, struct range_pass *p);

#endif
