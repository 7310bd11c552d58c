/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Cleaning up after attachments whose process died without doing it. */
#ifndef OPENRDMA_SWEEP_H
#define OPENRDMA_SWEEP_H

#include "tools/openrdma/state.h"

/*
 * Removes what a dead attachment left on the machine, then its state files.  0, or a negative errno with
 * why: it stays listed then.
 */
int sweep_entry(const char *dir, const struct state_entry *e, char *why, size_t why_len);
/* True when nothing but the state files is left of a dead attachment. */
bool sweep_is_trivial(const struct state_entry *e);

#endif
