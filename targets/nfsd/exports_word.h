/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Lines and words of exports(5), cut as exportfs(8) cuts them. */
#ifndef TARGETS_NFSD_EXPORTS_WORD_H
#define TARGETS_NFSD_EXPORTS_WORD_H

#include <limits.h>
#include <stdio.h>

#include "core/env.h"

#define EXPORTS_LINE_MAX (1u << 20)	/* with the lines that follow it behind backslashes */
#define EXPORTS_WORD_MAX PATH_MAX	/* and its end */

/* Owner: who reads.  Begins as zeroes, text is freed by its owner. */
struct exports_line {
	char *text;
	size_t len, size;
	unsigned number;		/* of the last line of the file that is in it */
};

/*
 * The next line of the file, comments left out: they begin where a word begins, and end with their line, whatever stands
 * there.  A backslash at the end of another line stands for a blank, as what the next one begins with does.
 * 1; 0: there is none; -E2BIG: more than EXPORTS_LINE_MAX; -EINVAL: a zero byte; -ENOMEM.
 */
int exports_line_read(struct exports_line *line, FILE *file);

struct exports_word {
	char text[EXPORTS_WORD_MAX];
	bool quoted;
};

/*
 * The next word: quotes hold blanks, \NNN is an octet.  1; 0: the line, or what is not comment of it, is at its end;
 * -EINVAL: a quote is open; -E2BIG: it does not fit.
 */
int exports_word_next(const char **p, struct exports_word *word);

#endif
