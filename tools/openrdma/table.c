// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tools/openrdma/table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_table_init(struct text_table *t, const char *const *heads)
{
	*t = (struct text_table){ .heads = heads };
	while (heads[t->column_n])
		t->column_n++;
}

/* Columns of a terminal, near enough: bytes that begin a character of UTF-8. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void tame(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void text_table_put(struct text_table *t, const char *fmt, ...)
{
	char *cell = NULL;
	va_list args;

	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		char **more = realloc(t->cells, cap * sizeof(*more));

		if (!more)
			return;
		t->cells = more;
		t->cap = cap;
	}
	va_start(args, fmt);
	if (vasprintf(&cell, fmt, args) < 0)
		cell = NULL;
	va_end(args);
	if (cell)
		tame(cell);
	t->cells[t->n++] = cell;
}

static const char *cell_at(const struct text_table *t, size_t row, unsigned column)
{
	const char *cell;

	if (row == 0)
		return t->heads[column] + (t->heads[column][0] == '-');
	cell = t->cells[(row - 1) * t->column_n + column];
	return cell ? cell : "";
}

static void print_cell(const char *text, int width, bool right, bool last)
{
	int pad = width - width_of(text);

	if (right)
		printf("%*s%s", pad, "", text);
	else
		printf("%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", stdout);
}

void text_table_print(const struct text_table *t)
{
	size_t rows = t->n / t->column_n + 1;
	int widths[TABLE_COLUMNS_MAX] = { 0 };

	if (rows == 1)
		return;
	for (size_t row = 0; row < rows; row++) {
		for (unsigned i = 0; i < t->column_n; i++) {
			int width = width_of(cell_at(t, row, i));

			if (width > widths[i])
				widths[i] = width;
		}
	}
	for (size_t row = 0; row < rows; row++)
		for (unsigned i = 0; i < t->column_n; i++)
			print_cell(cell_at(t, row, i), widths[i], t->heads[i][0] == '-',
				   i + 1 == t->column_n);
	putchar('\n');
}

void text_table_deinit(struct text_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
}
