/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a library, or a program that it starts, says on standard error and nowhere else: libfuse and fusermount3 give
 * no reason but that.
 *
 *   said_begin(&s);
 *   ... the call ...
 *   said_end(&s, why, sizeof(why));      passed on to standard error too
 */
#ifndef OPENRDMA_SAID_H
#define OPENRDMA_SAID_H

#include <stddef.h>

struct said {
	int file, real;		/* -1: it cannot be caught and goes where it goes */
};

void said_begin(struct said *s);
/* text: its lines as one, cut to fit; empty: nothing was said. */
void said_end(struct said *s, char *text, size_t text_len);

#endif
