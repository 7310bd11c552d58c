// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/targetd/options.h"

#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <syslog.h>

#include "core/iwarp/mpa_start.h"
#include "targets/store/store_ops.h"

struct parser {
	struct targetd_options *o;
	char *why;
	size_t why_len;
};

#define BAD(p, ...) store_why((p)->why, (p)->why_len, -EINVAL, __VA_ARGS__)

static int number(struct parser *p, const char *option, const char *text, unsigned min,
		  unsigned max, unsigned *value)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n < min || n > max)
		return BAD(p, "--%s %s: expected a number from %u to %u", option, text, min, max);
	*value = (unsigned)n;
	return 0;
}

/* One of several words; its index. */
static int word(struct parser *p, const char *option, const char *text, const char *const *words,
		unsigned word_n, unsigned *index)
{
	for (unsigned i = 0; i < word_n; i++) {
		if (strcmp(text, words[i]) == 0) {
			*index = i;
			return 0;
		}
	}
	if (word_n == 2)
		return BAD(p, "--%s %s: expected %s or %s", option, text, words[0], words[1]);
	return BAD(p, "--%s %s: expected %s, %s ... or %s", option, text, words[0], words[1],
		   words[word_n - 1]);
}

static int set_portal(struct parser *p, const char *arg)
{
	if (p->o->portal_n == TARGETD_PORTALS_MAX)
		return BAD(p, "--portal %s: more than %u portals", arg, TARGETD_PORTALS_MAX);
	if (targetd_portal_parse(arg, &p->o->portals[p->o->portal_n], p->why, p->why_len))
		return -EINVAL;
	p->o->portal_n++;
	return 0;
}

static int set_lun(struct parser *p, const char *arg)
{
	struct targetd_options *o = p->o;
	struct targetd_lun *more;

	if (o->lun_n == TARGETD_LUNS_MAX)
		return BAD(p, "--lun %s: more than %u LUNs", arg, TARGETD_LUNS_MAX);
	more = realloc(o->luns, (o->lun_n + 1) * sizeof(*more));
	if (!more)
		return BAD(p, "out of memory");
	o->luns = more;
	if (targetd_lun_parse(arg, &o->luns[o->lun_n], p->why, p->why_len))
		return -EINVAL;
	for (unsigned i = 0; i < o->lun_n; i++)
		if (strcmp(o->luns[i].name, o->luns[o->lun_n].name) == 0)
			return BAD(
				p,
				"lun %s: the name is given twice; each LUN is a target of its own",
				o->luns[i].name);
	o->lun_n++;
	return 0;
}

static int set_reactors(struct parser *p, const char *arg)
{
	return number(p, "reactors", arg, 1, TARGETD_REACTORS_MAX, &p->o->reactors);
}

static int set_sessions(struct parser *p, const char *arg)
{
	return number(p, "sessions", arg, 1, 65536, &p->o->sessions_max);
}

static int set_depth(struct parser *p, const char *arg)
{
	return number(p, "depth", arg, 1, 1024, &p->o->depth);
}

static int set_spin(struct parser *p, const char *arg)
{
	return number(p, "spin", arg, 0, 1000000, &p->o->spin_us);
}

static int set_buffers(struct parser *p, const char *arg)
{
	if (targetd_size_parse(arg, &p->o->pool_max) || p->o->pool_max < STORE_IO_MAX)
		return BAD(p, "--buffers %s: expected a size of at least 4M", arg);
	return 0;
}

static int set_aio(struct parser *p, const char *arg)
{
	static const char *const words[] = { "auto", "uring", "threads" };
	unsigned i = 0;

	if (word(p, "aio", arg, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	p->o->aio = (enum aio_engine)i;
	return 0;
}

static int on_off(struct parser *p, const char *option, const char *arg, bool *on)
{
	static const char *const words[] = { "on", "off" };
	unsigned i = 0;

	if (word(p, option, arg, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	*on = i == 0;
	return 0;
}

static int set_crc(struct parser *p, const char *arg)
{
	bool on = false;

	if (on_off(p, "crc", arg, &on))
		return -EINVAL;
	p->o->crc = on ? UAL_CRC_ON : UAL_CRC_OFF;
	return 0;
}

static int set_mpa_revision(struct parser *p, const char *arg)
{
	unsigned n = 0;

	if (number(p, "mpa-revision", arg, 1, 2, &n))
		return -EINVAL;
	p->o->mpa_revision = (uint8_t)n;
	return 0;
}

static int set_mpa_markers(struct parser *p, const char *arg)
{
	return on_off(p, "mpa-markers", arg, &p->o->mpa_markers);
}

static int set_mpa_rtr(struct parser *p, const char *arg)
{
	static const struct {
		const char *name;
		uint8_t bit;
	} types[] = {
		{ "send", MPA_RTR_SEND },
		{ "write", MPA_RTR_WRITE },
		{ "read", MPA_RTR_READ },
	};
	const char *at = arg;
	uint8_t set = 0;

	if (strcmp(arg, "none") == 0) {
		p->o->mpa_rtr = 0;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(at, ",");
		unsigned i = 0;

		while (i < ARRAY_SIZE(types) &&
		       (strlen(types[i].name) != len || strncmp(at, types[i].name, len) != 0))
			i++;
		if (i == ARRAY_SIZE(types))
			return BAD(p, "--mpa-rtr %s: expected none, or some of send,write,read",
				   arg);
		set |= types[i].bit;
		if (!at[len])
			break;
		at += len + 1;
	}
	p->o->mpa_rtr = set;
	return 0;
}

static int set_immediate_data(struct parser *p, const char *arg)
{
	bool on = false;

	if (on_off(p, "immediate-data", arg, &on))
		return -EINVAL;
	p->o->no_immediate_data = !on;
	return 0;
}

static int set_initial_r2t(struct parser *p, const char *arg)
{
	return on_off(p, "initial-r2t", arg, &p->o->initial_r2t);
}

static int set_remote_invalidate(struct parser *p, const char *arg)
{
	bool on = false;

	if (on_off(p, "remote-invalidate", arg, &on))
		return -EINVAL;
	p->o->no_remote_inv = !on;
	return 0;
}

static int set_log_level(struct parser *p, const char *arg)
{
	static const char *const words[] = { "error", "warning", "notice", "info", "debug" };
	unsigned i = 0;

	if (word(p, "log-level", arg, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	p->o->log_level = LOG_ERR + (int)i;
	return 0;
}

static int set_pid_file(struct parser *p, const char *arg)
{
	p->o->pid_file = arg;
	return 0;
}

static int set_device(struct parser *p, const char *arg)
{
	p->o->device = arg;
	return 0;
}

static int set_providers(struct parser *p, const char *arg)
{
	p->o->provider_dir = arg;
	return 0;
}

static int set_foreground(struct parser *p, const char *arg)
{
	return 0;	/* it never does anything else */
}

static const struct {
	const char *name;
	bool has_arg;
	int (*set)(struct parser *p, const char *arg);
} table[] = {
	{ "portal", true, set_portal },
	{ "lun", true, set_lun },
	{ "reactors", true, set_reactors },
	{ "sessions", true, set_sessions },
	{ "depth", true, set_depth },
	{ "spin", true, set_spin },
	{ "buffers", true, set_buffers },
	{ "aio", true, set_aio },
	{ "crc", true, set_crc },
	{ "mpa-revision", true, set_mpa_revision },
	{ "mpa-markers", true, set_mpa_markers },
	{ "mpa-rtr", true, set_mpa_rtr },
	{ "immediate-data", true, set_immediate_data },
	{ "initial-r2t", true, set_initial_r2t },
	{ "remote-invalidate", true, set_remote_invalidate },
	{ "device", true, set_device },
	{ "providers", true, set_providers },
	{ "log-level", true, set_log_level },
	{ "pid-file", true, set_pid_file },
	{ "foreground", false, set_foreground },
};

enum { OPT_TABLE = 256, OPT_HELP = 'h', OPT_VERSION = 'V' };

static int finish(struct parser *p)
{
	struct targetd_options *o = p->o;

	if (!o->lun_n)
		return BAD(p, "nothing to serve; give at least one --lun NAME=PATH (see --help)");
	if (!o->portal_n) {
		targetd_portal_parse("0.0.0.0", &o->portals[0], p->why, p->why_len);
		targetd_portal_parse("[::]", &o->portals[1], p->why, p->why_len);
		o->portals[1].is_default = true;
		o->portal_n = 2;
	}
	if (!o->reactors) {
		cpu_set_t cpus;
		int n = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);

		o->reactors = min_t(unsigned, (unsigned)n, TARGETD_REACTORS_MAX);
	}
	return 0;
}

enum targetd_options_verdict targetd_options_parse(int argc, char *const *argv,
						   struct targetd_options *o, char *why,
						   size_t why_len)
{
	struct parser p = { .o = o, .why = why, .why_len = why_len };
	struct option longs[ARRAY_SIZE(table) + 3] = { { .name = NULL } };
	unsigned n = 0;
	int c;

	for (; n < ARRAY_SIZE(table); n++)
		longs[n] = (struct option){
			.name = table[n].name,
			.has_arg = table[n].has_arg ? required_argument : no_argument,
			.val = OPT_TABLE + (int)n,
		};
	longs[n++] = (struct option){ .name = "help", .val = OPT_HELP };
	longs[n] = (struct option){ .name = "version", .val = OPT_VERSION };

	*o = (struct targetd_options){ .spin_us = UAL_SPIN_DEFAULT, .log_level = LOG_INFO };
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", longs, NULL)) != -1) {
		if (c == OPT_HELP)
			return OPTIONS_HELP;
		if (c == OPT_VERSION)
			return OPTIONS_VERSION;
		if (c == ':') {
			BAD(&p, "%s needs a value (see --help)", argv[optind - 1]);
			return OPTIONS_BAD;
		}
		if (c == '?') {
			BAD(&p, "unknown option %s (see --help)", argv[optind - 1]);
			return OPTIONS_BAD;
		}
		if (table[c - OPT_TABLE].set(&p, optarg))
			return OPTIONS_BAD;
	}
	if (optind < argc) {
		BAD(&p, "'%s' belongs to no option; LUNs are given with --lun NAME=PATH",
		    argv[optind]);
		return OPTIONS_BAD;
	}
	return finish(&p) ? OPTIONS_BAD : OPTIONS_RUN;
}

void targetd_options_deinit(struct targetd_options *o)
{
	free(o->luns);
	o->luns = NULL;
	o->lun_n = 0;
}

const char *targetd_options_help(void)
{
	return "usage: openrdma-targetd [--portal ADDR[:PORT]]... --lun NAME=PATH[,OPTION]... ...\n"
	       "\n"
	       "Serves each LUN as LUN 0 of the target " TARGETD_IQN_PREFIX "NAME over iSER.\n"
	       "\n"
	       "  --lun NAME=PATH[,size=10G]    a file (made with that size if there is none) or block device\n"
	       "  --lun NAME=ram:,size=1G       memory\n"
	       "  --lun NAME=null:,size=1T      reads zeroes, stores nothing\n"
	       "        size=SIZE  ro  direct=on|off  block=512|4096  max-io=SIZE  serial=TEXT\n"
	       "  --portal ADDR[:PORT]          where to listen (default 0.0.0.0:3260 and [::]:3260)\n"
	       "  --reactors N                  threads that serve (default: one for each processor)\n"
	       "  --sessions N                  at once (default 1024)\n"
	       "  --depth N                     commands of a session at once (default 128)\n"
	       "  --spin US                     look for work so long before sleeping (default 30)\n"
	       "  --buffers SIZE                for file data in each reactor, at most (default 64M)\n"
	       "  --aio auto|uring|threads      how files are read and written\n"
	       "  --crc on|off                  off: only if the peer does not ask for it either\n"
	       "  --mpa-revision 1|2  --mpa-markers on|off  --mpa-rtr none|send,write,read\n"
	       "  --immediate-data on|off  --initial-r2t on|off  --remote-invalidate on|off\n"
	       "  --device NAME                 RDMA device (default: the first, hardware before software)\n"
	       "  --providers DIRECTORY         where device drivers are\n"
	       "  --log-level error|warning|notice|info|debug\n"
	       "  --pid-file FILE\n"
	       "  --foreground                  for scripts that say so; it always stays there\n"
	       "  --help  --version\n"
	       "\n"
	       "Sizes are binary: K, M, G, T.  Stops in order on SIGTERM or SIGINT, at once on a second one.\n"
	       "See openrdma-targetd(8).\n";
}
