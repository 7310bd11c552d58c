/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Tables for people: columns as wide as what is in them, two blanks apart. */
#ifndef OPENRDMA_TABLE_H
#define OPENRDMA_TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS_MAX 12

struct text_table {
	const char *const *heads;	/* "-SIZE": to the right */
	unsigned column_n;
	char **cells;
	size_t n, cap;
};

/* heads end with NULL. */
void text_table_init(struct text_table *t, const char *const *heads);
/* Copied; a character that a terminal would obey is shown as '?'. */
void text_table_put(struct text_table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Nothing if there are no rows. */
void text_table_print(const struct text_table *t);
void text_table_deinit(struct text_table *t);

#endif
