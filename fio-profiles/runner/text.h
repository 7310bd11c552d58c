/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Small helpers for files and sentences. */
#ifndef FIO_PROFILES_TEXT_H
#define FIO_PROFILES_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sentence for the user; what does not fit is cut. */
struct bench_why {
	char text[512];
};
void why_set(struct bench_why *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whole file with a zero byte behind it; free() it.  0 or a negative errno; -EFBIG above max bytes. */
int text_read(const char *path, size_t max, char **text, size_t *len);

/* "4096", "64k", "10G", "1t"; false: not a size or too large. */
bool text_parse_size(const char *text, uint64_t *bytes);
/* A whole number within the limits; false: it is not. */
bool text_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif
