/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the program says.  Errors are one line on standard error: "openrdma COMMAND: what, what was
 * expected, what to do".  The background process logs lines with the time instead.
 */
#ifndef OPENRDMA_REPORT_H
#define OPENRDMA_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void report_command(const char *name);		/* the subcommand, for the beginning of each line */
void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* As report_error(), and how to get help; returns EXIT_USAGE. */
int report_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line with date and time on standard error, where the background process has its log file. */
void report_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "64.0 GiB"; the result is buf. */
const char *size_text(uint64_t bytes, char *buf, size_t buf_len);
/* A whole decimal number from min to max and nothing else; false otherwise. */
bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif
