// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/env.h"
#include "targets/daemon/config.h"

enum { OPT_CONFIG = 'C', OPT_HELP = 'h', OPT_VERSION = 'V', OPT_TABLE = 256 };

/* ---- what set() uses -------------------------------------------------------------------------------- */

int daemon_options_bad(struct daemon_options *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->why, p->why_len, fmt, args);
	va_end(args);
	return -EINVAL;
}

int daemon_options_number(struct daemon_options *p, const char *option, const char *text,
			  unsigned min, unsigned max, unsigned *value)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n < min || n > max)
		return daemon_options_bad(p, "--%s %s: expected a number from %u to %u", option,
					  text, min, max);
	*value = (unsigned)n;
	return 0;
}

int daemon_options_word(struct daemon_options *p, const char *option, const char *text,
			const char *const *words, unsigned word_n, unsigned *index)
{
	for (unsigned i = 0; i < word_n; i++) {
		if (strcmp(text, words[i]) == 0) {
			*index = i;
			return 0;
		}
	}
	if (word_n == 2)
		return daemon_options_bad(p, "--%s %s: expected %s or %s", option, text, words[0],
					  words[1]);
	return daemon_options_bad(p, "--%s %s: expected %s, %s ... or %s", option, text, words[0],
				  words[1], words[word_n - 1]);
}

int daemon_options_on_off(struct daemon_options *p, const char *option, const char *text, bool *on)
{
	static const char *const words[] = { "on", "off" };
	unsigned i = 0;

	if (daemon_options_word(p, option, text, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	*on = i == 0;
	return 0;
}

int daemon_options_log_level(struct daemon_options *p, const char *text, int *level)
{
	static const char *const words[] = { "error", "warning", "notice", "info", "debug" };
	unsigned i = 0;

	if (daemon_options_word(p, "log-level", text, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	*level = LOG_ERR + (int)i;
	return 0;
}

/* ---- the configuration file ------------------------------------------------------------------------- */

struct from_file {
	const struct daemon_option *table;
	struct daemon_options *p;
};

static int set_from_file(void *ctx, const char *name, const char *value, char *why, size_t why_len)
{
	const struct from_file *from = ctx;
	const struct daemon_option *option = from->table;
	struct daemon_options p = { .ctx = from->p->ctx, .why = why, .why_len = why_len };

	while (option->name && strcmp(option->name, name) != 0)
		option++;
	if (!option->name)
		return daemon_options_bad(
			&p, "unknown name %s; names are those of the long options", name);
	if (option->has_arg && !value)
		return daemon_options_bad(&p, "%s needs a value: %s = VALUE", name, name);
	if (!option->has_arg && value)
		return daemon_options_bad(&p, "%s takes no value; leave the line out to unset it",
					  name);
	return option->set(&p, value);
}

/* ---- the command line ------------------------------------------------------------------------------- */

struct getopt_table {
	struct option longs[DAEMON_OPTIONS_MAX + 4];
	char shorts[2 * DAEMON_OPTIONS_MAX + 8];
};

static void getopt_table_init(struct getopt_table *t, const struct daemon_option *table)
{
	char *shorts = stpcpy(t->shorts, ":hVC:");
	unsigned n = 0;

	for (; table[n].name; n++) {
		core_assert(n < DAEMON_OPTIONS_MAX);
		t->longs[n] = (struct option){
			.name = table[n].name,
			.has_arg = table[n].has_arg ? required_argument : no_argument,
			.val = OPT_TABLE + (int)n,
		};
		if (table[n].letter) {
			*shorts++ = table[n].letter;
			if (table[n].has_arg)
				*shorts++ = ':';
		}
	}
	*shorts = '\0';
	t->longs[n++] = (struct option){ "config", required_argument, NULL, OPT_CONFIG };
	t->longs[n++] = (struct option){ "help", no_argument, NULL, OPT_HELP };
	t->longs[n++] = (struct option){ "version", no_argument, NULL, OPT_VERSION };
	t->longs[n] = (struct option){ .name = NULL };
}

/* First pass: what decides about all the others.  Mistakes are for the second. */
static enum daemon_options_verdict find_config(int argc, char *const *argv,
					       const struct getopt_table *t,
					       struct daemon_options *p, const char **config)
{
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, t->shorts, t->longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return OPTIONS_RUN;
		if (c == OPT_HELP)
			return OPTIONS_HELP;
		if (c == OPT_VERSION)
			return OPTIONS_VERSION;
		if (c == OPT_CONFIG && *config) {
			daemon_options_bad(p, "--config %s: there is one already: %s", optarg,
					   *config);
			return OPTIONS_BAD;
		}
		if (c == OPT_CONFIG)
			*config = optarg;
	}
	return OPTIONS_RUN;
}

static const struct daemon_option *option_of(const struct daemon_option *table, int c)
{
	if (c >= OPT_TABLE)
		return &table[c - OPT_TABLE];
	while (table->letter != c)
		table++;
	return table;
}

static int set_from_argv(int argc, char *const *argv, const struct getopt_table *t,
			 const struct daemon_option *table, struct daemon_options *p)
{
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, t->shorts, t->longs, NULL)) != -1) {
		if (c == ':')
			return daemon_options_bad(p, "%s needs a value (see --help)",
						  argv[optind - 1]);
		if (c == '?')
			return daemon_options_bad(p, "unknown option %s (see --help)",
						  argv[optind - 1]);
		if (c != OPT_CONFIG && option_of(table, c)->set(p, optarg))
			return -EINVAL;
	}
	if (optind < argc)
		return daemon_options_bad(p, "'%s' belongs to no option (see --help)",
					  argv[optind]);
	return 0;
}

enum daemon_options_verdict daemon_options_parse(int argc, char *const *argv,
						 const struct daemon_option *table,
						 struct daemon_options *p, char **text)
{
	struct from_file from = { .table = table, .p = p };
	enum daemon_options_verdict verdict;
	const char *config = NULL;
	struct getopt_table t;

	*text = NULL;
	getopt_table_init(&t, table);
	verdict = find_config(argc, argv, &t, p, &config);
	if (verdict != OPTIONS_RUN)
		return verdict;
	if (config && daemon_config_read(config, set_from_file, &from, text, p->why, p->why_len))
		return OPTIONS_BAD;
	return set_from_argv(argc, argv, &t, table, p) ? OPTIONS_BAD : OPTIONS_RUN;
}
