/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Blocking work in a child process.
 *
 * Opening our own device, flushing it or taking it down waits for I/O that this process serves; done on the
 * loop's thread it would wait for itself, and a thread blocked so in the kernel would keep a killed process
 * alive.  A child has none of our descriptors, so when we die it gets its error and goes.
 */
#ifndef OPENRDMA_HELPER_H
#define OPENRDMA_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ual/loop.h"

struct helper_result {
	int err;			/* 0 or a negative errno */
	char text[640];			/* a device name, or why it failed */
};

struct helper {				/* storage of the caller, from run to done */
	void (*done)(struct helper *, const struct helper_result *);
	void *ctx;

	/* helper's own */
	struct ual_loop *loop;
	struct ual_watch watch;
	pid_t pid;
	struct helper_result result;
	size_t got;
};

/*
 * Calls work(arg, result) in a child, where only standard error is open besides what work() opens; then
 * done() from the loop, also when the child died without a result (-ECHILD).
 */
int helper_run(struct ual_loop *loop, struct helper *h,
	       void (*work)(const void *arg, struct helper_result *), const void *arg);
/* Runs a program and waits; its exit status, or a negative errno.  Says nothing. */
int helper_spawn(const char *const argv[]);

#endif
