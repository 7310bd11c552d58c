// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/exports_word.h"

#include <errno.h>
#include <stdlib.h>

#define LINE_FIRST 256

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- lines ------------------------------------------------------------------------------------------ */

static int line_add(struct exports_line *line, int c)
{
	size_t size = line->size ? line->size * 2 : LINE_FIRST;
	char *more;

	if (line->len == EXPORTS_LINE_MAX)
		return -E2BIG;
	if (line->len + 1 >= line->size) {
		more = realloc(line->text, size);
		if (!more)
			return -ENOMEM;
		line->text = more;
		line->size = size;
	}
	line->text[line->len++] = (char)c;
	line->text[line->len] = '\0';
	return 0;
}

/* Behind a backslash: is this the end of the line, and so a blank?  What follows is not taken then. */
static bool goes_on(FILE *file)
{
	int c = getc(file);

	if (c != '\n') {
		ungetc(c, file);
		return false;
	}
	do {
		c = getc(file);
	} while (c == ' ' || c == '\t');
	ungetc(c, file);
	return true;
}

static void skip_comment(FILE *file)
{
	int c;

	do {
		c = getc(file);
	} while (c != '\n' && c != EOF);
	ungetc(c, file);
}

int exports_line_read(struct exports_line *line, FILE *file)
{
	bool quoted = false, in_word = false, any = false;
	int c, err;

	line->len = 0;
	err = line_add(line, '\n');	/* so that there is a text */
	for (; !err && (c = getc(file)) != EOF; any = true) {
		if (c == '#' && !quoted && !in_word) {
			skip_comment(file);
			continue;
		}
		if (c == '\n') {
			line->number++;
			return 1;
		}
		if (!c) {
			line->number++;
			return -EINVAL;
		}
		if (c == '\\' && goes_on(file)) {
			line->number++;
			c = ' ';
		}
		quoted ^= c == '"';
		in_word = quoted || !is_blank(c);
		err = line_add(line, c);
	}
	if (err || any)
		line->number++;		/* the last one has no end */
	return err ? err : any;
}

/* ---- words ------------------------------------------------------------------------------------------ */

static bool is_octet(const char *s)
{
	return s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
	       s[3] >= '0' && s[3] <= '7';
}

int exports_word_next(const char **p, struct exports_word *word)
{
	char *o = word->text, *end = o + sizeof(word->text) - 1;
	bool inside = false;

	word->quoted = false;
	while (is_blank(**p))
		(*p)++;
	if (!**p || **p == '#')
		return 0;
	for (; **p && (inside || !is_blank(**p)); (*p)++) {
		const char *s = *p;

		if (*s == '"') {
			inside = !inside;
			word->quoted = true;
			continue;
		}
		if (o == end)
			return -E2BIG;
		*o++ = is_octet(s) ? (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'))
				   : *s;
		*p += is_octet(s) ? 3 : 0;
	}
	*o = '\0';
	return inside ? -EINVAL : 1;
}
