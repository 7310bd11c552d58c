/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What `openrdma` exits with; scripts rely on it, openrdma(1) documents it. */
#ifndef OPENRDMA_EXIT_CODES_H
#define OPENRDMA_EXIT_CODES_H

enum exit_code {
	EXIT_OK			= 0,
	EXIT_FAILED		= 1,	/* anything that has no code of its own */
	EXIT_USAGE		= 2,	/* the command line is wrong */
	EXIT_REFUSED = 3,      /* the target answered no: unknown name or LUN, login refused */
	EXIT_UNREACHABLE	= 4,	/* nobody answered, or not in time */
	EXIT_BUSY		= 5,	/* the device is in use; the name is taken */
	EXIT_UNSUPPORTED	= 6,	/* this machine lacks the way that was asked for */
	EXIT_NOT_ATTACHED	= 7,	/* detach: no such attachment */
};

/* The code for what a library call or a session came back with (negative errno). */
enum exit_code exit_code_of(int err);

#endif
