/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Options of a daemon: a table of long names, set from the command line and from a configuration file, which has the
 * same names (config.h).  The file is read first, so the command line adds to it and overrides it.
 */
#ifndef TARGETS_DAEMON_OPTIONS_H
#define TARGETS_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct daemon_options {
	void *ctx;			/* what set() fills */
	char *why;
	size_t why_len;
};

struct daemon_option {
	const char *name;		/* NULL: end of the table */
	char letter;			/* 0: none */
	bool has_arg;
	/* arg: NULL without has_arg; stays where it is.  0, or -EINVAL from daemon_options_bad(). */
	int (*set)(struct daemon_options *p, const char *arg);
};

#define DAEMON_OPTIONS_MAX	48	/* rows of a table */

enum daemon_options_verdict { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

/*
 * --config FILE, --help and --version are known without the table.  OPTIONS_BAD: why says it in a sentence.
 * *text: the file's, which arguments point into as others do into argv; free() it last, in any case.
 */
enum daemon_options_verdict daemon_options_parse(int argc, char *const *argv,
						 const struct daemon_option *table,
						 struct daemon_options *p, char **text);

/* Writes p->why; returns -EINVAL. */
int daemon_options_bad(struct daemon_options *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A whole number from min to max, decimal. */
int daemon_options_number(struct daemon_options *p, const char *option, const char *text,
			  unsigned min, unsigned max, unsigned *value);
/* One of several words; its index. */
int daemon_options_word(struct daemon_options *p, const char *option, const char *text,
			const char *const *words, unsigned word_n, unsigned *index);
int daemon_options_on_off(struct daemon_options *p, const char *option, const char *text, bool *on);
/* --log-level: syslog's number. */
int daemon_options_log_level(struct daemon_options *p, const char *text, int *level);

#endif
