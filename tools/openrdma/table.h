/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Tables for people: columns as wide as what is in them, two blanks apart. */
#ifndef OPENRDMA_TABLE_H
#define OPENRDMA_TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS_MAX 12

struct table {
	const char *const *heads;	/* "-SIZE": to the right */
	unsigned column_n;
	char **cells;
	size_t n, cap;
};

/* heads end with NULL. */
void table_init(struct table *t, const char *const *heads);
/* Copied; a character that a terminal would obey is shown as '?'. */
void table_put(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Nothing if there are no rows. */
void table_print(const struct table *t);
void table_deinit(struct table *t);

#endif
